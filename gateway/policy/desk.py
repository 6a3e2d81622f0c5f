"""Where the policy in force lies. A reload puts another one there, whole; nobody else ever changes it.

Whoever decides takes the policy once and decides all of one frame, message or offer by it.
"""

from __future__ import annotations

from gateway.clock import Clock
from gateway.policy.policy import Policy


class Desk:
    """The policy in force, and the time by which it decides."""

    def __init__(self, policy: Policy, clock: Clock) -> None:
        self.clock = clock
        self.policy = policy
        self.since = clock.now()
        """When it came into force."""

    def put(self, policy: Policy) -> None:
        """Decide by `policy` from now on."""
        self.policy = policy
        self.since = self.clock.now()
