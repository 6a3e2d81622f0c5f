"""A conversation over datagrams: with a multicast group, or with whoever has spoken to us lately.

There is one conversation for all of them, since a datagram has no connection to hold one over; each frame says who sent
it. What the dialect answers goes to all of them too. Our own datagrams, which a group brings back, are not heard.
Who sends a datagram proves nothing: without a group, one that forges a permitted address draws our answers there, so
`allow` should name no more than the network of those who take part.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Awaitable, Callable, Iterable

from gateway.clock import Clock
from gateway.dialect import Endpoint, Peer
from gateway.feeds.address import SocketAddress, peer_text
from gateway.feeds.clients import Caller
from gateway.feeds.talk import TICK_S, Snapshot, Take, TalkPlace
from gateway.feeds.talk_datagrams import Datagrams, group_socket
from gateway.feeds.talk_feed import TalkFeed
from gateway.feeds.talk_session import Session
from gateway.feeds.udp_in import UdpFeed, UdpIn
from gateway.limits import Limits
from gateway.stages import Frame


class TalkUdpFeed(TalkFeed):
    """Converses over datagrams. `start` before `run`; `run` until cancelled.

    A conversation that cannot go on is closed and begun anew with back-off and jitter.
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
        super().__init__(
            place, endpoint=endpoint, take=take, snapshot=snapshot, clock=clock, limits=limits, tick_s=tick_s
        )
        self._sleep = sleep
        self._udp: UdpFeed | None = None
        self._speaking: socket.socket | None = None  # our own, where we speak to a group
        self._session: Session | None = None
        self._lately: dict[str, tuple[SocketAddress, float]] = {}
        self._looked_s = 0.0

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens, once started."""
        assert self._udp is not None, "start() comes first"
        return self._udp.address

    @property
    def waiting(self) -> int:
        """Frames that wait for the conversation."""
        return self._udp.waiting if self._udp is not None else 0

    async def start(self) -> None:
        """Listen; `FeedError` when the address (``FEED-020``) or the group (``FEED-021``) cannot be had."""
        place, desk = self.place, self._desk
        spec = UdpIn(
            name=place.name,
            source=place.source,
            host=place.host,
            port=place.port,
            group=place.group,
            interface=place.interface,
            allow=place.allow,
        )
        self._udp = UdpFeed(spec, sink=self._hear, clock=desk.clock, limits=desk.limits, counts=self.counts)
        if place.group is not None:
            try:
                self._speaking = group_socket(place)
            except BaseException:
                self._close()
                raise
            host, port = self._speaking.getsockname()[:2]
            self._udp.own.add((host, port))

    async def run(self) -> None:
        """Converse until cancelled; our last words are sent then."""
        try:
            await super().run()
        finally:
            self._close()

    async def _serve(self, group: asyncio.TaskGroup) -> None:
        if self._udp is None:
            await self.start()
        udp, place, limits = self._udp, self.place, self._desk.limits
        assert udp is not None, "it has just been started"
        group.create_task(udp.run(), name=f"feed {place.name} receive")
        wire = Datagrams(self._speaking or udp.endpoint, self._targets, self._desk.out)
        peer = Peer(address=peer_text((place.group or place.host, place.port or udp.address[1])))
        caller = Caller(peer=peer, view=place.view, source=place.source)
        wait_s = limits.backoff_first_s
        while True:
            self._session = session = Session(self._desk, caller, wire, is_datagram=True)
            await asyncio.wait([group.create_task(self._attend(session), name=f"feed {place.name} converse")])
            if session.has_heard:
                wait_s = limits.backoff_first_s
            await self._sleep(wait_s * random.uniform(0.8, 1.4))  # noqa: S311 - jitter is no secret
            wait_s = min(wait_s * 2, limits.backoff_max_s)

    async def _hear(self, frame: Frame) -> None:
        session = self._session
        if self._speaking is None:
            self._remember(frame.peer)
        if session is None or session.is_over:  # between two conversations
            self.counts.dropped += 1
            return
        heard = session.receive((frame,))
        if heard:
            await session.hand_on(heard)

    def _remember(self, peer: str) -> None:
        """Note who spoke, so that he is answered; beyond the bound he is heard, but not answered."""
        lately, now_s = self._lately, self._desk.clock.monotonic()
        known = lately.get(peer)
        if known is None:
            self._forget(now_s)
            if len(lately) >= self.place.max_connections:
                self.counts.refused_peers += 1
                return
            host, _, port = peer.rpartition(":")
            known = lately[peer] = (host.strip("[]"), int(port)), now_s
            if self._session is not None:
                self._session.begin_again()
        lately[peer] = known[0], now_s

    def _forget(self, now_s: float) -> None:
        """Forget those who have been silent for `Limits.idle_timeout_s`."""
        oldest_s = now_s - self._desk.limits.idle_timeout_s
        for peer in [peer for peer, (_, heard_s) in self._lately.items() if heard_s < oldest_s]:
            del self._lately[peer]

    def _targets(self) -> Iterable[SocketAddress]:
        place = self.place
        if place.group is not None:
            return ((place.group, place.port),)
        now_s = self._desk.clock.monotonic()
        if now_s - self._looked_s > 1.0:
            self._looked_s = now_s
            self._forget(now_s)
        return [address for address, _ in self._lately.values()]

    def _close(self) -> None:
        self._session = None
        if self._udp is not None:
            self._udp.close()
            self._udp = None
        if self._speaking is not None:
            self._speaking.close()
            self._speaking = None
