"""Retention: what the database no longer has to keep goes, every hour, in steps so small that no message waits."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from gateway.clock import Clock
from gateway.store import Store

INTERVAL_S = 3_600.0


class Retention:
    """Removes the bodies of messages older than `keep`; digests, receipts and leaves stay, so every proof holds."""

    def __init__(self, store: Store, clock: Clock, keep: timedelta) -> None:
        """`keep` of zero keeps everything."""
        self._store = store
        self._clock = clock
        self._keep = keep
        self._log = structlog.get_logger("node")

    async def run(self) -> None:
        """Sweep now and every hour until cancelled; returns at once when everything is kept."""
        while self._keep:
            await self.sweep()
            await asyncio.sleep(INTERVAL_S)

    async def sweep(self) -> int:
        """Remove what is too old now; how many bodies went. What a partner has still to get stays."""
        if not self._keep:
            return 0
        before = self._clock.now() - self._keep
        removed = await self._store.prune(before)
        if removed:
            self._log.info("store.pruned", bodies=removed, before=before.isoformat())
        return removed
