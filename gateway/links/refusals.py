"""Refused requests in the log: the first of each kind at once, the rest as a count, so that nobody can flood it."""

from __future__ import annotations

from structlog.typing import FilteringBoundLogger

from gateway.clock import Clock
from gateway.errors import Code, GatewayError
from gateway.links import events

_MAX_KINDS = 256  # (peer, code) pairs remembered: stops a scanner from growing the table; then it starts afresh


class RefusalLog:
    """One event per (peer, code) and `every_s` at most, with the number of those that were not logged before it."""

    def __init__(self, log: FilteringBoundLogger, clock: Clock, every_s: float) -> None:
        self._log = log
        self._clock = clock
        self._every_s = every_s
        self._kinds: dict[tuple[str, str], tuple[float, int]] = {}

    def note(self, peer: str, code: Code, reason: BaseException | None) -> None:
        """A request of `peer` was refused; `reason` is for the operator alone."""
        key = (peer, code.id)
        now = self._clock.monotonic()
        last, unlogged = self._kinds.get(key, (None, 0))
        if last is not None and now - last < self._every_s:
            self._kinds[key] = (last, unlogged + 1)
            return
        if len(self._kinds) >= _MAX_KINDS:
            self._kinds.clear()
        self._kinds[key] = (now, 0)
        reason_code = reason.code.id if isinstance(reason, GatewayError) else ""
        cause = "" if reason is None else str(reason) if reason_code else f"{type(reason).__name__}: {reason}"
        self._log.warning(
            events.REQUEST_REFUSED, peer=peer, code=code.id, reason=reason_code, cause=cause, unlogged=unlogged
        )
