"""TCP feeds in: connections that we accept, or one that we make and keep.

The format's splitter cuts each connection's octets into frames. Where it cannot follow, only that connection is taken
up anew, behind the place; where it cannot too often in a row, the connection is closed. A full queue stops the reading,
so that the sender waits: nothing is dropped on TCP unless one read alone overfills the queue.
"""

from __future__ import annotations

import asyncio
import random
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import cast

from msgspec import Struct

from gateway.clock import Clock
from gateway.dialect import Format, Splitter
from gateway.errors import FeedError, FormatError
from gateway.feeds import codes
from gateway.feeds.address import Network, PeerFilter, peer_text
from gateway.feeds.cutting import Cutter
from gateway.feeds.frame_queue import FeedCounts, FrameQueue, FrameSink
from gateway.limits import Limits
from gateway.stages import Frame

MAX_ERRORS_IN_A_ROW = 16
"""Reads that cannot be followed, with no good frame between them, before a connection is closed."""
_SLICE = 4_096  # after an error the read is gone through in slices of this many octets, to lose no more than one


class TcpIn(Struct, frozen=True, kw_only=True):
    """Where a TCP feed listens or connects to, and what is spoken there."""

    name: str
    source: str
    host: str
    port: int
    form: Format
    """Its splitter cuts the stream; without one each connection's octets are one frame at its end."""
    allow: tuple[Network, ...] = ()
    """Networks that may connect (listening only); none means loopback only."""
    max_connections: int = 256
    """Open at once (listening only); more are refused."""
    tls: ssl.SSLContext | None = None


class _Whole:
    """The splitter of a format that has none: a connection is one frame, taken from the cutter's rest at its end."""

    def feed(self, octets: bytes) -> list[bytes]:
        return []


class _Connection(asyncio.Protocol):
    """One connection of a feed."""

    def __init__(self, feed: _TcpFeed) -> None:
        self._feed = feed
        self._transport: asyncio.Transport | None = None
        self._peer = ""
        self._cutter = feed.cutter()
        self._errors = 0
        self.heard = False
        """A good frame came."""
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        address = transport.get_extra_info("peername") or ("", 0)
        self._peer = peer_text(address)
        if not self._feed.admits(address[0]):
            self._feed.counts.refused_peers += 1
            self._feed.counts.last_error = str(FeedError(codes.PEER_REFUSED, place=self._peer))
            self._transport.abort()
            return
        sock: socket.socket | None = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # a peer that vanished is noticed in the end
        self._feed.opened(self)

    def data_received(self, data: bytes) -> None:
        try:
            frames = self._cutter.feed(data)
        except (FormatError, FeedError) as error:
            self._note(error)
            frames = self._recover(data)
        self._hand_on(frames)
        assert self._transport is not None
        if self._errors >= MAX_ERRORS_IN_A_ROW:
            self._feed.counts.last_error = str(FeedError(codes.STREAM_LOST, place=self._peer))
            self._transport.abort()
        elif not self._transport.is_closing():
            self._feed.queue.pause_if_full(self._transport)

    def eof_received(self) -> bool:
        return False  # close our side too

    def connection_lost(self, exc: Exception | None) -> None:
        self._hand_on(self._cutter.rest())
        if self._transport is not None:
            self._feed.queue.release(self._transport)
        self._feed.lost(self)
        if not self.closed.done():
            self.closed.set_result(None)

    def abort(self) -> None:
        """Close without ceremony."""
        if self._transport is not None:
            self._transport.abort()

    def _recover(self, data: bytes) -> list[bytes]:
        """The frames of a read that could not be followed as a whole, slice by slice."""
        found: list[bytes] = []
        self._cutter = self._feed.cutter()
        for at in range(0, len(data), _SLICE):
            try:
                found += self._cutter.feed(data[at : at + _SLICE])
            except (FormatError, FeedError):
                self._cutter = self._feed.cutter()
        return found

    def _note(self, error: FormatError | FeedError) -> None:
        self._errors += 1
        counts = self._feed.counts
        counts.stream_errors += 1
        counts.last_error = f"{self._peer}: {error}"

    def _hand_on(self, frames: list[bytes]) -> None:
        feed = self._feed
        for octets in frames:
            self._errors = 0
            self.heard = True
            feed.queue.put(
                Frame(
                    octets=octets,
                    feed=feed.spec.name,
                    source=feed.spec.source,
                    peer=self._peer,
                    received_at=feed.clock.now(),
                )
            )


class _TcpFeed:
    """What listening and connecting have in common."""

    def __init__(self, spec: TcpIn, *, sink: FrameSink, clock: Clock, limits: Limits) -> None:
        self.spec = spec
        self.counts = FeedCounts()
        self.clock = clock
        self.queue = FrameQueue(limits.ingest_queue_frames, self.counts)
        self._sink = sink
        self._limits = limits
        self._connections: set[_Connection] = set()

    @property
    def waiting(self) -> int:
        """Frames that wait for the pipeline."""
        return len(self.queue)

    def cutter(self) -> Cutter:
        """A fresh cutter for one connection."""
        make: Callable[[], Splitter] = self.spec.form.splitter or _Whole
        return Cutter(make(), max_octets=self._limits.max_frame_octets)

    def admits(self, host: str) -> bool:
        """Whether a peer may connect now."""
        return True

    def opened(self, connection: _Connection) -> None:
        """Note a connection that was admitted."""
        self._connections.add(connection)
        self.counts.connections += 1
        self.counts.connected = len(self._connections)

    def lost(self, connection: _Connection) -> None:
        """Note the end of a connection."""
        self._connections.discard(connection)
        self.counts.connected = len(self._connections)

    def _abort_all(self) -> None:
        for connection in list(self._connections):
            connection.abort()


class TcpListenFeed(_TcpFeed):
    """Accepts connections from the allowed networks. `start` before `run`; `run` until cancelled."""

    def __init__(self, spec: TcpIn, *, sink: FrameSink, clock: Clock, limits: Limits) -> None:
        super().__init__(spec, sink=sink, clock=clock, limits=limits)
        self._filter = PeerFilter(spec.allow)
        self._server: asyncio.Server | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens, once started."""
        assert self._server is not None, "start() comes first"
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    def admits(self, host: str) -> bool:
        """Whether a peer may connect: an allowed network, and not too many already."""
        return self._filter.permits(host) and len(self._connections) < self.spec.max_connections

    async def start(self) -> None:
        """Listen; `FeedError` (``FEED-020``) when the address cannot be had."""
        spec = self.spec
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: _Connection(self),
                spec.host,
                spec.port,
                ssl=spec.tls,
                ssl_handshake_timeout=self._limits.handshake_timeout_s if spec.tls is not None else None,
                backlog=128,
            )
        except (OSError, OverflowError) as error:
            place = peer_text((spec.host, spec.port))
            raise FeedError(codes.BIND, place=place, cause=getattr(error, "strerror", None) or str(error)) from None

    async def run(self) -> None:
        """Serve until cancelled; connections are closed then."""
        if self._server is None:
            await self.start()
        try:
            await self.queue.drain(self._sink)
        finally:
            assert self._server is not None
            self._server.close()
            self._abort_all()
            self._server = None


class TcpConnectFeed(_TcpFeed):
    """Keeps one connection to a server of the nation: reconnects with back-off and jitter, for ever."""

    def __init__(
        self,
        spec: TcpIn,
        *,
        sink: FrameSink,
        clock: Clock,
        limits: Limits,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        super().__init__(spec, sink=sink, clock=clock, limits=limits)
        self._sleep = sleep

    async def run(self) -> None:
        """Receive until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.queue.drain(self._sink), name=f"feed {self.spec.name} drain")
            try:
                await self._keep_connected()
            finally:
                self._abort_all()

    async def _keep_connected(self) -> None:
        wait_s = self._limits.backoff_first_s
        while True:
            connection = await self._connect()
            if connection is not None:
                await connection.closed
                self.counts.last_error = str(FeedError(codes.DISCONNECTED, place=self._place()))
                if connection.heard:
                    wait_s = self._limits.backoff_first_s
            await self._sleep(wait_s * random.uniform(0.8, 1.4))  # noqa: S311 - jitter is no secret
            wait_s = min(wait_s * 2, self._limits.backoff_max_s)

    async def _connect(self) -> _Connection | None:
        spec = self.spec
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._limits.connect_timeout_s):
                _, connection = await loop.create_connection(
                    lambda: _Connection(self), spec.host, spec.port, ssl=spec.tls
                )
                return connection
        except OSError as error:  # TimeoutError and ssl.SSLError are among them
            cause = error.strerror or str(error) or f"no answer in {self._limits.connect_timeout_s:g} s"
            self.counts.last_error = str(FeedError(codes.CONNECT, place=self._place(), cause=cause))
        return None

    def _place(self) -> str:
        return f"feed {self.spec.name} {peer_text((self.spec.host, self.spec.port))}"
