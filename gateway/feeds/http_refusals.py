"""What never became a request of the application: answered without echo, counted, and logged seldom."""

from __future__ import annotations

import structlog
from aiohttp import web
from prometheus_client import Counter, Gauge

from gateway.clock import Clock
from gateway.errors import FeedError
from gateway.feeds import codes
from gateway.feeds.http_problems import SECURITY_HEADERS, problem_response
from gateway.feeds.http_types import National
from gateway.http_doors import DoorEvents, HttpDoor, TurnedAway

_log = structlog.get_logger("http")


class Refusals:
    """The national side's part of its door."""

    def __init__(self, national: National, clock: Clock) -> None:
        registry = national.registry
        self._clock = clock
        self._every_s = national.limits.refusal_summary_s
        self._next_s = 0.0
        self._unlogged = 0
        self._malformed = Counter(
            "gateway_http_malformed_requests_total", "What came and is no acceptable HTTP.", registry=registry
        )
        self._turned_away = Counter(
            "gateway_http_connections_refused_total",
            "National connections closed before they had a request.",
            ["reason"],
            registry=registry,
        )
        self._held = Gauge(
            "gateway_http_connections", "National connections open now, half-open ones too.", registry=registry
        )
        for reason in TurnedAway:
            self._turned_away.labels(reason.value)

    def events(self) -> DoorEvents:
        """What the door tells, and what it answers."""
        return DoorEvents(
            answer=_answer,
            note_malformed=self._note_malformed,
            note_turned_away=lambda reason: self._turned_away.labels(reason.value).inc(),
            note_bug=lambda error: _log.error("http.failed", route="", exc_info=error),
        )

    def watch(self, door: HttpDoor) -> None:
        """Show how many connections the door holds."""
        self._held.set_function(lambda: door.held)

    def _note_malformed(self, address: str, error: BaseException | None) -> None:
        """Count it; one line per `Limits.refusal_summary_s`, whoever the callers are: nobody floods the log."""
        self._malformed.inc()
        now_s = self._clock.monotonic()
        if now_s < self._next_s:
            self._unlogged += 1
            return
        self._next_s = now_s + self._every_s
        _log.warning("http.malformed", peer=address, cause=type(error).__name__, unlogged=self._unlogged)
        self._unlogged = 0


def _answer(status: int) -> web.Response:
    error = FeedError(codes.BAD_REQUEST if status == 400 else codes.INTERNAL)
    response = problem_response(error, status=status)
    response.headers.update(SECURITY_HEADERS)
    return response
