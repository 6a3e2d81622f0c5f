"""Tracks that a release group may see only later. They wait in the store and are decided anew when they are due.

What waits is durable before anybody is told so. Memory holds nothing of it but when to look next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime

from gateway.clock import Clock
from gateway.limits import Limits
from gateway.store import HeldBack, Waiting

_LOOK_S = 0.5
"""How often the queue looks for what is due, at least; bounds what a step of the wall clock can hold up."""


class Delay:
    """Has what is due decided, in the order in which it is due, a portion at a time."""

    def __init__(
        self, clock: Clock, limits: Limits, waiting: Waiting, resume: Callable[[Sequence[HeldBack]], Awaitable[None]]
    ) -> None:
        """`resume` has what it is handed stop waiting, or raises the `StoreError` that keeps it from doing so."""
        self._clock = clock
        self._most = limits.batch_max_tracks
        self._waiting = waiting
        self._resume = resume
        self._next: datetime | None = None
        """When the first of what waits is due, as far as is known."""
        self._earlier = asyncio.Event()
        self.lost = 0
        """Tracks, since the start, that were too old when they could have gone, or could not be read any more."""

    def __len__(self) -> int:
        """Tracks that wait."""
        return self._waiting.tracks

    @property
    def given_up(self) -> int:
        """Tracks, since the start, that had to make room."""
        return self._waiting.given_up

    def note(self, rows: Iterable[HeldBack]) -> None:
        """These wait now, durably."""
        for row in rows:
            self._learn(row.until)

    async def run(self) -> None:
        """Hand on what is due, in order, until cancelled; what was due while nobody looked comes first."""
        while True:
            self._next = None
            if self._waiting.tracks:
                found = await self._waiting.due(self._clock.now(), self._most)
                if found.rows:
                    await self._resume(found.rows)
                    continue
                if found.next is not None:
                    self._learn(found.next)
            self._earlier.clear()  # what came meanwhile has been learnt
            try:
                async with asyncio.timeout(self._wait_s()):
                    await self._earlier.wait()
            except TimeoutError:
                continue

    def _learn(self, until: datetime) -> None:
        if self._next is None or until < self._next:
            self._next = until
            self._earlier.set()

    def _wait_s(self) -> float:
        if self._next is None:
            return _LOOK_S
        return min(_LOOK_S, max(0.0, (self._next - self._clock.now()).total_seconds()))
