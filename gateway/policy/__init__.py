"""Takes: admitted tracks and a release group; an opened message from a partner.

Gives: `Release` or `Refused`; `Accepted` or a `PolicyError`. Pure functions.
Fails: closed; whatever no rule permits is refused with that rule's name.
Trusts: the operator's policy, and of a message only what its verified signature covers.
"""

from __future__ import annotations

from gateway.policy.inbound import accept
from gateway.policy.outbound import release
from gateway.policy.rules import Policy, Rule

__all__ = ["Policy", "Rule", "accept", "release"]
