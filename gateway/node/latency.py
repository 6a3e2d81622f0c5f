"""Recent latencies, for the status page; the histogram of the metrics is for the long run."""

from __future__ import annotations

from collections import deque

MAX_SKEW_S = 1.0
MAX_LATENCY_S = 3_600.0


class Latency:
    """Quantiles of the last few thousand readings, in seconds."""

    def __init__(self, keep: int = 4_096) -> None:
        self._readings: deque[float] = deque(maxlen=keep)

    def note(self, seconds: float) -> None:
        """Add one reading. Nothing under way is from the future or an hour old: that is a replayed recording."""
        if -MAX_SKEW_S <= seconds <= MAX_LATENCY_S:
            self._readings.append(max(0.0, seconds))

    def quantiles_ms(self) -> dict[str, float]:
        """``p50``, ``p95`` and ``p99`` in milliseconds; empty without readings."""
        ordered = sorted(self._readings)
        count = len(ordered)
        if not count:
            return {}
        return {f"p{q}": round(ordered[-(-count * q // 100) - 1] * 1000, 2) for q in (50, 95, 99)}
