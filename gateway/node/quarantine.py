"""The way into quarantine: bounded and never waited for, so that a flood of rubbish holds nothing else up."""

from __future__ import annotations

import asyncio
from collections import deque

from gateway.limits import Limits
from gateway.store import Quarantined, Store


class Quarantine:
    """Refused frames on their way to the store. Full: the oldest waiting goes and is counted."""

    def __init__(self, store: Store, limits: Limits) -> None:
        self._store = store
        self._octets = limits.quarantine_octets
        self._waiting: deque[Quarantined] = deque()
        self._bound = limits.quarantine_waiting
        self._wake = asyncio.Event()
        self.dropped = 0
        """Refused frames that were counted and not kept."""

    def put(self, record: Quarantined) -> None:
        """Keep `record`, some time soon."""
        if len(self._waiting) >= self._bound:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append(record)
        self._wake.set()

    async def run(self) -> None:
        """Store what comes until cancelled."""
        while True:
            await self._wake.wait()
            await self.flush()

    async def flush(self) -> None:
        """Store everything that waits."""
        self._wake.clear()
        while self._waiting:
            await self._store.quarantine(self._waiting[0])
            self._waiting.popleft()
