"""The way into quarantine: bounded and never waited for, so that a flood of rubbish holds nothing else up."""

from __future__ import annotations

import asyncio
from collections import Counter

from msgspec.structs import replace

from gateway.limits import Limits
from gateway.store import Quarantined, Store
from gateway.unbroken import unbroken


class Quarantine:
    """Refused frames on their way to the store. Full: the oldest of the source with most of them goes, counted."""

    def __init__(self, store: Store, limits: Limits) -> None:
        self._store = store
        self._octets = limits.quarantine_octets
        self._waiting: list[Quarantined] = []
        self._of: Counter[str] = Counter()
        self._bound = limits.quarantine_waiting
        self._wake = asyncio.Event()
        self.dropped = 0
        """Refused frames that were counted and not kept."""

    def put(self, record: Quarantined) -> None:
        """Keep `record`, some time soon; of a long frame only what will be kept waits in memory."""
        if len(record.octets) > self._octets:
            record = replace(record, octets=record.octets[: self._octets])
        if len(self._waiting) >= self._bound:
            greediest = self._of.most_common(1)[0][0]
            self._take(next(at for at, one in enumerate(self._waiting) if one.source == greediest))
            self.dropped += 1
        self._waiting.append(record)
        self._of[record.source] += 1
        self._wake.set()

    async def run(self) -> None:
        """Store what comes until cancelled."""
        while True:
            await self._wake.wait()
            await self.flush()

    async def flush(self) -> None:
        """Store everything that waits. What could not be stored waits on, and the store's error is raised."""
        self._wake.clear()
        while self._waiting:
            await unbroken(self._keep(self._take(0)))  # a stop neither loses one nor stores it twice

    async def _keep(self, record: Quarantined) -> None:
        try:
            await self._store.quarantine(record)
        except BaseException:
            self._waiting.insert(0, record)
            self._of[record.source] += 1
            self._wake.set()
            raise

    def _take(self, at: int) -> Quarantined:
        record = self._waiting.pop(at)
        self._of[record.source] -= 1
        if not self._of[record.source]:
            del self._of[record.source]
        return record
