"""Track numbers for one consumer: allotted per track, given back at the end of the track or after silence."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from msgspec import Struct


class Held(Struct):
    """A number in use."""

    number: int
    seen: datetime


class TrackNumbers:
    """Numbers 1 to `highest`. A number that came free is used again as late as possible."""

    def __init__(self, highest: int, silence_s: float) -> None:
        self._highest = highest
        self._silence = timedelta(seconds=silence_s)
        self._next = 1
        self._free: deque[int] = deque()
        self._held: dict[str, Held] = {}

    def __len__(self) -> int:
        return len(self._held)

    def allot(self, key: str, now: datetime) -> tuple[int, bool] | None:
        """The number of the track and whether this is its first report; `None` when all are taken."""
        held = self._held.get(key)
        if held is not None and now - held.seen <= self._silence:
            held.seen = now
            return held.number, False
        if held is not None:
            self.release(key)
        number = self._take(now)
        if number is None:
            return None
        self._held[key] = Held(number, now)
        return number, True

    def release(self, key: str) -> None:
        """The track ended: its number may be used again, after all others that are free."""
        held = self._held.pop(key, None)
        if held is not None:
            self._free.append(held.number)

    def _take(self, now: datetime) -> int | None:
        if self._next <= self._highest:
            self._next += 1
            return self._next - 1
        if not self._free:
            for key in [key for key, held in self._held.items() if now - held.seen > self._silence]:
                self.release(key)
        return self._free.popleft() if self._free else None
