"""Recent latencies, for the status page; the histogram of the metrics is for the long run."""

from __future__ import annotations

from collections import deque


class Latency:
    """Quantiles of the last few thousand readings, in seconds."""

    def __init__(self, keep: int = 4_096) -> None:
        self._readings: deque[float] = deque(maxlen=keep)

    def note(self, seconds: float) -> None:
        """Add one reading; a negative one (clocks differ) counts as zero."""
        self._readings.append(max(0.0, seconds))

    def quantiles_ms(self) -> dict[str, float]:
        """``p50``, ``p95`` and ``p99`` in milliseconds; empty without readings."""
        ordered = sorted(self._readings)
        if not ordered:
            return {}
        last = len(ordered) - 1
        return {f"p{q}": round(ordered[min(last, last * q // 100)] * 1000, 2) for q in (50, 95, 99)}
