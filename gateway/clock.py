"""The only reader of the wall clock. Everything else is handed a `Clock`, so that tests own the time."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Time as a room sees it."""

    def now(self) -> datetime:
        """The current instant as aware UTC, microsecond resolution."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean anything."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The current instant as aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since an arbitrary start."""
        return time.monotonic()


class ManualClock:
    """A clock that stands still until it is told to move: for tests, replay and simulation."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._monotonic = 0.0

    def now(self) -> datetime:
        """The instant it was last set to."""
        return self._now

    def monotonic(self) -> float:
        """Seconds by which it has been advanced."""
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Move both readings forward by `seconds`."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds


def utc_text(instant: datetime) -> str:
    """`instant` as ``2026-11-22T08:12:00.5Z`` would be: ISO 8601, at most six fractional digits, always ``Z``."""
    return instant.isoformat()[:-6] + "Z"


def later(instant: datetime, seconds: float) -> datetime:
    """So many seconds after `instant` (aware, UTC), and no later than the year 9999 ends, where there is no more time.

    A recording may say any year, and its tracks are decided at their own time.
    """
    try:
        return instant + timedelta(seconds=seconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def parse_utc(text: str) -> datetime:
    """The aware UTC instant of an ISO 8601 time that carries a zone; `ValueError` for any other text."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("a time without a zone")
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("in UTC before the year 1 or after the year 9999") from None
