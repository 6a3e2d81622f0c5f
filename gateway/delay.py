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
        if any(self._next is None or row.until < self._next for row in rows):
            self._earlier.set()

    async def run(self) -> None:
        """Hand on what is due, in order, until cancelled; what was due while nobody looked comes first."""
        while True:
            self._earlier.clear()
            self._next = None
            wait_s = _LOOK_S
            if self._waiting.tracks:
                now = self._clock.now()
                found = await self._waiting.due(now, self._most)
                if found.rows:
                    await self._resume(found.rows)
                    continue
                self._next = found.next
                if found.next is not None:
                    wait_s = min(wait_s, max(0.0, (found.next - now).total_seconds()))
            try:
                async with asyncio.timeout(wait_s):
                    await self._earlier.wait()
            except TimeoutError:
                continue
