"""The day on which the release policy is to be reviewed: said when it has come, by a node that decides on."""

from __future__ import annotations

import structlog

from gateway.clock import utc_text
from gateway.policy import Desk

_DAY_S = 86_400.0


class Review:
    """Watches the date of the policy in force. It stops nothing: labels past their review date hold, and so does it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._log = structlog.get_logger("policy")
        self._told = ""

    @property
    def days_left(self) -> float | None:
        """Days until the policy in force is to be reviewed, negative after that; `None` where it does not say."""
        at = self._desk.policy.review_at
        return None if at is None else (at - self._desk.clock.now()).total_seconds() / _DAY_S

    def look(self) -> None:
        """Say that the date has passed, once for each policy that comes into force."""
        policy, left = self._desk.policy, self.days_left
        if left is None or left > 0 or policy.review_at is None or policy.digest == self._told:
            return
        self._told = policy.digest
        self._log.warning(
            "policy.review_passed", policy=policy.digest, name=policy.name, review=utc_text(policy.review_at)
        )
