"""TCP feeds out: a connection that we make and keep, or a port on which many clients listen in.

Each client has its own queue, encoder and task. A client who does not read fills his own queue, gets the latest per
track, and is disconnected when not one write completes in `Limits.request_timeout_s`.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from msgspec import Struct

from gateway.clock import Clock
from gateway.errors import FeedError
from gateway.feeds import codes
from gateway.feeds.address import Network, PeerFilter, peer_text
from gateway.feeds.outlet import EncoderFactory, Flush, OneConsumer, OutletCounts
from gateway.feeds.track_queue import TrackQueue
from gateway.limits import Limits
from gateway.track import Track

_WRITE_BUFFER = 262_144  # octets that may wait in user space for one client before `drain` does
_GOODBYE_S = 1.0  # for the clients' own tasks to notice that their connections have been closed


class TcpOut(Struct, frozen=True, kw_only=True):
    """Where a TCP feed out listens or connects to."""

    name: str
    host: str
    port: int
    delimiter: bytes = b""
    """What each frame must end with on a stream: a line feed for GeoJSON lines, nothing for Cursor on Target."""
    allow: tuple[Network, ...] = ()
    """Networks that may connect (listening only); none means loopback only."""
    max_clients: int = 64
    """Connected at once (listening only); more are refused."""
    tls: ssl.SSLContext | None = None
    coalesce: bool = True
    """Latest wins per track beyond the high-water mark; otherwise the oldest update is dropped."""
    high_water: int | None = None
    """Waiting updates from which on only the latest per track is kept; absent is `feed_out_queue_tracks`."""


class _TcpOutlet:
    """What listening and connecting have in common."""

    def __init__(self, spec: TcpOut, *, encoder: EncoderFactory, clock: Clock, limits: Limits) -> None:
        self.spec = spec
        self._counts = OutletCounts()
        self._encoder = encoder
        self._clock = clock
        self._limits = limits

    def _new_queue(self) -> TrackQueue:
        spec = self.spec
        bound = self._limits.feed_out_queue_tracks
        return TrackQueue(bound, high_water=spec.high_water, coalesce=spec.coalesce)

    async def _serve(self, queue: TrackQueue, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send from the queue until the peer leaves; `FeedError` when it does not read."""
        writer.transport.set_write_buffer_limits(high=_WRITE_BUFFER)
        flush = Flush(queue, self._encoder(), self._clock, self._counts, self.spec.delimiter)
        counts = self._counts
        counts.connections += 1
        counts.connected += 1
        try:
            async with asyncio.TaskGroup() as group:
                sending = group.create_task(self._send(flush, writer), name=f"feed {self.spec.name} send")
                await _until_eof(reader)
                sending.cancel()
        except* FeedError as errors:
            counts.stuck += 1
            counts.last_error = str(errors.exceptions[0])
        except* OSError as errors:
            error = errors.exceptions[0]
            counts.last_error = str(FeedError(codes.DISCONNECTED, place=self._place(), cause=str(error)))
        finally:
            flush.give_back()
            counts.connected -= 1
            writer.transport.abort()
        task = asyncio.current_task()
        if task is not None and task.cancelling():  # while it broke, of which alone the group tells
            raise asyncio.CancelledError

    async def _send(self, flush: Flush, writer: asyncio.StreamWriter) -> None:
        while True:
            frames = await flush.next_frames()
            writer.write(b"".join(frames))
            try:
                async with asyncio.timeout(self._limits.request_timeout_s):
                    await writer.drain()
            except TimeoutError:
                cause = f"{self._limits.request_timeout_s:g} s without a completed write"
                raise FeedError(codes.CONSUMER_STUCK, place=self._place(), cause=cause) from None
            flush.sent(frames)
            await asyncio.sleep(0)  # drain does not wait while the buffer has room

    def _place(self) -> str:
        return f"feed {self.spec.name} {peer_text((self.spec.host, self.spec.port))}"


class TcpConnectOutlet(OneConsumer, _TcpOutlet):
    """Keeps one connection to a consumer: reconnects with back-off and jitter; what is offered meanwhile waits."""

    def __init__(
        self,
        spec: TcpOut,
        *,
        encoder: EncoderFactory,
        clock: Clock,
        limits: Limits,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        super().__init__(spec, encoder=encoder, clock=clock, limits=limits)
        self._sleep = sleep
        self._queue = self._new_queue()

    async def run(self) -> None:
        """Connect and send until cancelled."""
        wait_s = self._limits.backoff_first_s
        while True:
            streams = await self._connect()
            if streams is not None:
                before = self._counts.octets
                await self._serve(self._queue, *streams)
                if self._counts.octets > before:
                    wait_s = self._limits.backoff_first_s
            await self._sleep(wait_s * random.uniform(0.8, 1.4))  # noqa: S311 - jitter is no secret
            wait_s = min(wait_s * 2, self._limits.backoff_max_s)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        spec, timeout_s = self.spec, self._limits.connect_timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.open_connection(spec.host, spec.port, ssl=spec.tls, limit=4_096)
        except OSError as error:  # TimeoutError and ssl.SSLError are among them
            cause = error.strerror or str(error) or f"no answer in {timeout_s:g} s"
            self._counts.last_error = str(FeedError(codes.CONNECT, place=self._place(), cause=cause))
            return None


class TcpListenOutlet(_TcpOutlet):
    """Serves any number of clients, each at his own pace. `start` before `run`; `run` until cancelled."""

    def __init__(
        self,
        spec: TcpOut,
        *,
        encoder: EncoderFactory,
        clock: Clock,
        limits: Limits,
        snapshot: Callable[[], Sequence[Track]] | None = None,
    ) -> None:
        """`snapshot` gives the tracks with which a new client begins; absent, he begins with the next update."""
        super().__init__(spec, encoder=encoder, clock=clock, limits=limits)
        self._filter = PeerFilter(spec.allow)
        self._snapshot = snapshot
        self._server: asyncio.Server | None = None
        self._clients: dict[asyncio.StreamWriter, TrackQueue] = {}
        self._empty = asyncio.Event()
        self._empty.set()
        self._left_coalesced = 0
        self._left_dropped = 0

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens, once started."""
        assert self._server is not None, "start() comes first"
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    @property
    def counts(self) -> OutletCounts:
        """What it has done so far, all clients together; an update for three clients counts three times."""
        queues = self._clients.values()
        self._counts.coalesced = self._left_coalesced + sum(queue.coalesced for queue in queues)
        self._counts.dropped = self._left_dropped + sum(queue.dropped for queue in queues)
        return self._counts

    @property
    def waiting(self) -> int:
        """Updates that wait for the slowest client."""
        return max((len(queue) for queue in self._clients.values()), default=0)

    def offer(self, tracks: Sequence[Track]) -> None:
        """Queue updates for every client; never waits, never fails."""
        for queue in self._clients.values():
            queue.put(tracks)

    def forget(self) -> None:
        """Give up what waits for any client: another policy decides what he may see."""
        for queue in self._clients.values():
            queue.clear()

    async def start(self) -> None:
        """Listen; `FeedError` (``FEED-020``) when the address cannot be had."""
        spec = self.spec
        try:
            self._server = await asyncio.start_server(
                self._client,
                spec.host,
                spec.port,
                ssl=spec.tls,
                ssl_handshake_timeout=self._limits.handshake_timeout_s if spec.tls is not None else None,
                limit=4_096,
                backlog=128,
            )
        except (OSError, OverflowError) as error:
            cause = getattr(error, "strerror", None) or str(error)
            raise FeedError(codes.BIND, place=peer_text((spec.host, spec.port)), cause=cause) from None

    async def run(self) -> None:
        """Serve until cancelled; clients are disconnected then."""
        if self._server is None:
            await self.start()
        assert self._server is not None
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._server.close()
            self._server = None
            for writer in list(self._clients):
                writer.transport.abort()
            with suppress(TimeoutError):
                async with asyncio.timeout(_GOODBYE_S):
                    await self._empty.wait()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername") or ("", 0)
        if not self._filter.permits(peer[0]) or len(self._clients) >= self.spec.max_clients:
            self._counts.refused_peers += 1
            self._counts.last_error = str(FeedError(codes.PEER_REFUSED, place=peer_text(peer)))
            writer.transport.abort()
            return
        queue = self._clients[writer] = self._new_queue()
        self._empty.clear()
        if self._snapshot is not None:
            queue.put(self._snapshot())
        try:
            await self._serve(queue, reader, writer)
        finally:
            del self._clients[writer]
            if not self._clients:
                self._empty.set()
            self._left_coalesced += queue.coalesced
            self._left_dropped += queue.dropped + len(queue)


async def _until_eof(reader: asyncio.StreamReader) -> None:
    """Return when the peer has closed; what it says until then is not for us."""
    with suppress(ConnectionError):
        while await reader.read(4_096):
            pass
