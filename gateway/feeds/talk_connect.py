"""A conversation with a server of the nation: one connection, made again with back-off and jitter, for ever."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from gateway.clock import Clock
from gateway.dialect import Endpoint
from gateway.errors import FeedError
from gateway.feeds import codes
from gateway.feeds.address import peer_text
from gateway.feeds.talk import TICK_S, Snapshot, Take, TalkPlace
from gateway.feeds.talk_feed import TalkFeed
from gateway.feeds.talk_session import Session
from gateway.limits import Limits

_GOODBYE_S = 1.0  # for the closing of a TLS session


class TalkConnectFeed(TalkFeed):
    """Calls, converses, and calls again when that has ended; `run` until cancelled.

    The wait doubles with every call that came to nothing: nobody answered, the dialect was refused, or the peer left
    before a frame of his was taken.
    """

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
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`FeedError` (``FEED-028``) when two clients pin the same key."""
        super().__init__(
            place, endpoint=endpoint, take=take, snapshot=snapshot, clock=clock, limits=limits, tick_s=tick_s
        )
        self._sleep = sleep

    @property
    def address(self) -> tuple[str, int]:
        """Whom it calls."""
        return self.place.host, self.place.port

    async def start(self) -> None:
        """Nothing has to be had before it calls."""

    async def _serve(self, group: asyncio.TaskGroup) -> None:
        limits = self._desk.limits
        wait_s = limits.backoff_first_s
        while True:
            session = await self._call()
            if session is not None:
                name = f"feed {self.place.name} peer"
                await asyncio.wait([group.create_task(self._attend(session), name=name)])
                if not session.last_error:
                    self.counts.last_error = str(FeedError(codes.DISCONNECTED, place=self._whom()))
                if session.has_heard and not session.has_failed:
                    wait_s = limits.backoff_first_s
            await self._sleep(wait_s * random.uniform(0.8, 1.4))  # noqa: S311 - jitter is no secret
            wait_s = min(wait_s * 2, limits.backoff_max_s)

    async def _call(self) -> Session | None:
        place, limits = self.place, self._desk.limits
        loop = asyncio.get_running_loop()
        goodbye_s = _GOODBYE_S if place.tls is not None else None
        try:
            async with asyncio.timeout(limits.connect_timeout_s):
                _, stream = await loop.create_connection(
                    self._stream, place.host, place.port, ssl=place.tls, ssl_shutdown_timeout=goodbye_s
                )
                return stream.session
        except (OSError, OverflowError, ValueError) as error:  # TimeoutError and ssl.SSLError are among them
            cause = getattr(error, "strerror", None) or str(error) or f"no answer in {limits.connect_timeout_s:g} s"
            self.counts.last_error = str(FeedError(codes.CONNECT, place=self._whom(), cause=cause))
        return None

    def _whom(self) -> str:
        return f"feed {self.place.name} {peer_text((self.place.host, self.place.port))}"
