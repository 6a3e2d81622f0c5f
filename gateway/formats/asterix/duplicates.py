"""Exact repetitions of data blocks: networks come in pairs (A and B) and each delivers the same block."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b


class DuplicateFilter:
    """Remembers digests of blocks for `window_s` seconds of reception time, `limit` of them at most."""

    def __init__(self, window_s: float, limit: int) -> None:
        self._window = window_s
        self._limit = limit
        self._seen: dict[bytes, float] = {}

    def seen(self, block: bytes, received_at: datetime) -> bool:
        """Whether the same octets came within the window before; remembers them if not."""
        return self.seen_at(block, received_at.timestamp())

    def seen_at(self, block: bytes, received: float) -> bool:
        """`seen` with the reception time as seconds since 1970."""
        digest = blake2b(block, digest_size=16).digest()
        known = self._seen
        first = known.get(digest)
        if first is not None and abs(received - first) <= self._window:
            return True
        if first is not None:
            del known[digest]  # to stand last again: the table is in order of arrival
        elif len(known) >= self._limit:
            del known[next(iter(known))]
        known[digest] = received
        return False

    def __len__(self) -> int:
        return len(self._seen)

    def forget(self, received: float) -> None:
        """Drop what left the window."""
        known = self._seen
        while known:
            oldest = next(iter(known))
            if received - known[oldest] <= self._window:
                return
            del known[oldest]
