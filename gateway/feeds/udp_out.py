"""A UDP feed out: each frame of the encoder is one datagram, to one address or one multicast group."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Sequence
from ipaddress import ip_address

from msgspec import Struct

from gateway.clock import Clock
from gateway.errors import FeedError
from gateway.feeds import codes
from gateway.feeds.address import datagram_socket, peer_text, send_multicast_on
from gateway.feeds.outlet import EncoderFactory, Flush, OneConsumer, OutletCounts
from gateway.feeds.track_queue import TrackQueue
from gateway.limits import Limits

_BREATH = 128  # datagrams between two turns of the event loop


class UdpOut(Struct, frozen=True, kw_only=True):
    """Where a UDP feed out sends."""

    name: str
    host: str
    """An address or a multicast group."""
    port: int
    interface: str | None = None
    """Address of the network interface for multicast."""
    hops: int = 1
    """Routers that multicast may pass: 1 stays on the local network."""
    send_buffer: int = 4_194_304
    """Octets asked of the kernel."""
    coalesce: bool = True
    """Latest wins per track beyond the high-water mark; otherwise the oldest update is dropped."""
    high_water: int | None = None
    """Waiting updates from which on only the latest per track is kept; absent is `feed_out_queue_tracks`."""


class UdpOutlet(OneConsumer):
    """Sends what is offered. Opened by `run`; safe to offer before."""

    def __init__(self, spec: UdpOut, *, encoder: EncoderFactory, clock: Clock, limits: Limits) -> None:
        self.spec = spec
        self._counts = OutletCounts()
        self._encoder = encoder
        self._clock = clock
        self._queue = TrackQueue(limits.feed_out_queue_tracks, high_water=spec.high_water, coalesce=spec.coalesce)

    async def run(self) -> None:
        """Send until cancelled. `FeedError` when there is no way to the address at all."""
        flush = Flush(self._queue, self._encoder(), self._clock, self._counts)
        sock = self._open()
        self._counts.connected = 1
        try:
            while True:
                await self._send(sock, await flush.next_frames())
        finally:
            self._counts.connected = 0
            sock.close()

    def _open(self) -> socket.socket:
        spec = self.spec
        sock = datagram_socket(spec.host)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, spec.send_buffer)
            if ip_address(spec.host.partition("%")[0]).is_multicast:
                send_multicast_on(sock, spec.interface, spec.hops)
            sock.connect((spec.host, spec.port))
        except (OSError, ValueError, OverflowError) as error:
            sock.close()
            cause = getattr(error, "strerror", None) or str(error)
            raise FeedError(codes.CONNECT, place=self._place(), cause=cause) from None
        except BaseException:
            sock.close()
            raise
        return sock

    async def _send(self, sock: socket.socket, frames: Sequence[bytes]) -> None:
        counts, send = self._counts, sock.send
        for number, frame in enumerate(frames, 1):
            while True:
                try:
                    counts.octets += send(frame)
                    counts.frames += 1
                except (BlockingIOError, InterruptedError):
                    await _writable(sock)
                    continue
                except OSError as error:
                    if error.errno == errno.ENOBUFS:
                        await asyncio.sleep(0.001)  # the device's own queue is full: nothing tells when it is not
                        continue
                    # Nobody listens there (ICMP), no route for now, or the datagram is too large: the next may do
                    counts.unsent += 1
                    counts.last_error = str(
                        FeedError(codes.CONNECT, place=self._place(), cause=error.strerror or str(error))
                    )
                break
            if number % _BREATH == 0:
                await asyncio.sleep(0)
        await asyncio.sleep(0)

    def _place(self) -> str:
        return f"feed {self.spec.name} {peer_text((self.spec.host, self.spec.port))}"


async def _writable(sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_writer(sock, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_writer(sock)
