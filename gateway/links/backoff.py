"""How long a link waits after failures in a row."""

from __future__ import annotations

from collections.abc import Callable

from gateway.limits import Limits

MAX_RETRY_AFTER_S = 3_600.0
"""A partner may ask for an hour; more would let one wrong header silence a link for days."""
_JITTER = (0.8, 1.4)  # partners that lost the same network do not come back in step


class Backoff:
    """Doubling waits with jitter. Only an exchange that went out well resets it; nothing that comes in does."""

    def __init__(self, limits: Limits, random: Callable[[], float]) -> None:
        self._first_s = limits.backoff_first_s
        self._max_s = limits.backoff_max_s
        self._random = random
        self._failures = 0

    @property
    def failures(self) -> int:
        """Failed attempts in a row."""
        return self._failures

    def reset(self) -> None:
        """Start again from the shortest wait."""
        self._failures = 0

    def failed(self, *, turned_away: bool = False, retry_after_s: float | None = None) -> float:
        """Seconds until the next attempt: the partner's wish if it is longer; the longest wait when turned away."""
        doublings = min(self._failures, 32)  # 2**32 times the first wait is past any limit
        self._failures += 1
        wait_s = self._max_s if turned_away else min(self._max_s, self._first_s * 2.0**doublings)
        low, high = _JITTER
        wait_s *= low + (high - low) * self._random()
        return max(wait_s, min(retry_after_s or 0.0, MAX_RETRY_AFTER_S))
