"""What keeps the node from doing its work right now, by room: said once when it begins, and once when it is over."""

from __future__ import annotations

from datetime import datetime

import structlog
from msgspec import Struct

from gateway.clock import Clock
from gateway.errors import GatewayError

REPEAT_S = 60.0
"""A trouble that lasts is logged again after so long, with how often it struck."""


class Trouble(Struct):
    """One room that fails."""

    room: str
    code: str
    text: str
    since: datetime
    count: int = 1
    logged_at: float = 0.0


class Health:
    """The troubles of a node. The readiness page, the status and the log all read from here."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._log = structlog.get_logger("node")
        self._troubles: dict[str, Trouble] = {}
        self.last: Trouble | None = None
        """The newest trouble, kept after it is over."""

    def report(self, room: str, error: GatewayError | None) -> None:
        """`room` failed, or (without an error) did its work."""
        known = self._troubles.get(room)
        if error is None:
            if known is not None:
                del self._troubles[room]
                self._log.warning("health.recovered", room=room, code=known.code, count=known.count)
            return
        now = self._clock.monotonic()
        if known is None or known.code != error.code.id:
            known = Trouble(room, error.code.id, str(error), self._clock.now(), logged_at=now)
            self._troubles[room] = self.last = known
        else:
            known.count += 1
            if now - known.logged_at < REPEAT_S:
                return
            known.logged_at = now
        self._log.error("health.failed", room=room, code=known.code, error=known.text, count=known.count)

    def missing(self) -> list[str]:
        """What keeps the node from being ready, in words; nothing when it is well."""
        return [f"{trouble.room}: {trouble.text}" for trouble in self._troubles.values()]
