"""Takes: admitted tracks and a release group or a national consumer's view; an opened message from a partner.

Gives: `Release` or `Refused`; the tracks that the consumer may see; `Accepted` or a `PolicyError`. Pure functions.
Fails: closed; whatever no rule permits is refused with that rule's name.
Trusts: the operator's policy, and of a message only what its verified signature covers.
"""

from __future__ import annotations

from gateway.policy.inbound import accept
from gateway.policy.outbound import release
from gateway.policy.personal import has_personal, personal_parts, withhold_personal
from gateway.policy.rules import Policy, Rule
from gateway.policy.view import View

__all__ = ["Policy", "Rule", "View", "accept", "has_personal", "personal_parts", "release", "withhold_personal"]
