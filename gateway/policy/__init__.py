"""Takes: admitted tracks and release groups, or a national consumer's view; an opened message from a partner.

Gives: `Release`, `Held` or `Refused`; the tracks that the consumer may see; `Accepted` or a `PolicyError`. Pure.
Fails: closed; whatever no rule and no label permits is refused with that rule's name.
Trusts: the operator's policy, and of a message only what its verified signature covers.
"""

from __future__ import annotations

from gateway.policy.acceptance import accept
from gateway.policy.desk import Desk
from gateway.policy.marking import mark
from gateway.policy.memory import Memory
from gateway.policy.personal import has_personal, personal_parts, withhold_personal
from gateway.policy.policy import Policy
from gateway.policy.release import release
from gateway.policy.view import OWN, View

__all__ = [
    "OWN",
    "Desk",
    "Memory",
    "Policy",
    "View",
    "accept",
    "has_personal",
    "mark",
    "personal_parts",
    "release",
    "withhold_personal",
]
