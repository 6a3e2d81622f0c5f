"""Conversations with whoever connects: TAK clients, sensors, headquarters. Each at his own pace."""

from __future__ import annotations

import asyncio

from gateway.clock import Clock
from gateway.dialect import Endpoint
from gateway.feeds.talk import TICK_S, Snapshot, Take, TalkPlace
from gateway.feeds.talk_door import TalkDoor
from gateway.feeds.talk_feed import TalkFeed
from gateway.feeds.talk_stream import Stream
from gateway.limits import Limits


class TalkListenFeed(TalkFeed):
    """Accepts connections, and holds a conversation over each. `start` before `run`; `run` until cancelled."""

    def __init__(
        self,
        place: TalkPlace,
        *,
        endpoint: Endpoint,
        take: Take,
        snapshot: Snapshot,
        clock: Clock,
        limits: Limits,
        tick_s: float = TICK_S,
    ) -> None:
        """`FeedError` (``FEED-028``) when two clients pin the same key."""
        super().__init__(
            place, endpoint=endpoint, take=take, snapshot=snapshot, clock=clock, limits=limits, tick_s=tick_s
        )
        self._door = TalkDoor(place, limits=limits, refused=self._refuse)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens, once started."""
        return self._door.address

    async def start(self) -> None:
        """Listen; `FeedError` (``FEED-020``) when the address cannot be had."""
        await self._door.open()

    async def _serve(self, group: asyncio.TaskGroup) -> None:
        if not self._door.is_open:
            await self._door.open()
        await self._door.serve(self._stream, self._converse, group)

    async def _converse(self, stream: Stream) -> None:
        if stream.session is not None:
            await self._attend(stream.session)

    def _stop_serving(self) -> None:
        self._door.close()
