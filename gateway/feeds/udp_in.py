"""A UDP feed in: every datagram is a frame."""

from __future__ import annotations

import asyncio
import socket

from msgspec import Struct

from gateway.clock import Clock
from gateway.feeds.address import Network, PeerFilter, bind, datagram_socket, join_group, kernel_drops, peer_text
from gateway.feeds.frame_queue import FeedCounts, FrameQueue, FrameSink
from gateway.limits import Limits
from gateway.stages import Frame

_PER_WAKE = 256  # datagrams taken before the event loop gets a turn: bounds what a flood does to everything else
_MAX_DATAGRAM = 65_536
_NAMES = 1_024  # printed peer addresses remembered


class UdpIn(Struct, frozen=True, kw_only=True):
    """Where a UDP feed listens, and to whom."""

    name: str
    source: str
    host: str
    port: int
    """0 lets the system choose; `UdpFeed.address` tells."""
    group: str | None = None
    """Multicast group to join; of an address of this machine as `host` only the port then counts."""
    interface: str | None = None
    """Address of the network interface on which to join."""
    receive_buffer: int = 4_194_304
    """Octets asked of the kernel; it gives at most its own maximum (``net.core.rmem_max``)."""
    allow: tuple[Network, ...] = ()
    """Networks that may speak; none means loopback only."""


def _listening_host(host: str, group: str) -> str:
    """Where a member of a group listens: a socket bound to an address of this machine would hear nothing of it."""
    if host in ("0.0.0.0", "::"):
        return host
    return "::" if ":" in group else group  # an IPv6 group of the link would need its interface too


class UdpFeed:
    """Listens from construction on, hands frames on while `run` runs. Use in one event loop.

    The socket is read straight from the loop's readiness callback, many datagrams per wake: 20,000 a second and more.
    """

    def __init__(
        self, spec: UdpIn, *, sink: FrameSink, clock: Clock, limits: Limits, counts: FeedCounts | None = None
    ) -> None:
        """`counts` lets whoever answers there count together with us."""
        self.spec = spec
        self.counts = counts if counts is not None else FeedCounts()
        self.own: set[tuple[str, int]] = set()
        """Addresses that are not heard: from which we ourselves speak to a group that we are in."""
        self._sink = sink
        self._clock = clock
        self._queue = FrameQueue(limits.ingest_queue_frames, self.counts)
        self._filter = PeerFilter(spec.allow)
        self._names: dict[object, str] = {}
        self._buffer = bytearray(_MAX_DATAGRAM)
        self._view = memoryview(self._buffer)
        self._socket = self._open()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        host, port = self._socket.getsockname()[:2]
        return host, port

    @property
    def endpoint(self) -> socket.socket:
        """The socket, for answers from the address at which it listens."""
        return self._socket

    @property
    def waiting(self) -> int:
        """Frames that wait for the pipeline."""
        return len(self._queue)

    async def run(self) -> None:
        """Receive until cancelled. `FeedError` if the address cannot be listened on any more."""
        if self._socket.fileno() < 0:
            self._socket = self._open()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._socket, self._receive)
        try:
            await self._queue.drain(self._sink)
        finally:
            loop.remove_reader(self._socket)
            self.close()

    def close(self) -> None:
        """Stop listening; what waits is not handed on."""
        if self._socket.fileno() >= 0:
            self.read_kernel_drops()
            self._socket.close()

    def read_kernel_drops(self) -> int:
        """Bring `counts.kernel_dropped` up to date and return it."""
        if self._socket.fileno() >= 0:
            self.counts.kernel_dropped = kernel_drops(self._socket)
        return self.counts.kernel_dropped

    def _open(self) -> socket.socket:
        spec = self.spec
        host = spec.host if spec.group is None else _listening_host(spec.host, spec.group)
        sock = datagram_socket(host)
        try:
            if spec.group is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # other listeners to the group may exist
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, spec.receive_buffer)
            bind(sock, host, spec.port)
            if spec.group is not None:
                join_group(sock, spec.group, spec.interface)
        except BaseException:
            sock.close()
            raise
        return sock

    def _receive(self) -> None:
        spec, view, put, now = self.spec, self._view, self._queue.put, self._clock.now
        receive, permits, names, own = self._socket.recvfrom_into, self._filter.permits, self._names, self.own
        for _ in range(_PER_WAKE):
            try:
                length, sender = receive(view)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:  # an ICMP error of some earlier datagram; the socket lives
                self.counts.last_error = error.strerror or str(error)
                return
            if own and sender[:2] in own:
                continue
            if not permits(sender[0]):
                self.counts.refused_peers += 1
                continue
            peer = names.get(sender)
            if peer is None:
                if len(names) >= _NAMES:
                    names.clear()
                peer = names[sender] = peer_text(sender)
            put(Frame(octets=bytes(view[:length]), feed=spec.name, source=spec.source, peer=peer, received_at=now()))
        self.read_kernel_drops()  # so many at once means that we were late, which is when the kernel drops
