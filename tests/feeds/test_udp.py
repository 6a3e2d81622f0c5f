"""UDP in and out, over real sockets on loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_network

import pytest

from gateway.clock import ManualClock, SystemClock
from gateway.errors import FeedError
from gateway.feeds import codes
from gateway.feeds.udp_in import UdpFeed, UdpIn
from gateway.feeds.udp_out import UdpOut, UdpOutlet
from gateway.limits import Limits
from gateway.stages import Frame
from gateway.track import Track
from tests.feeds.support import T0, LineEncoder, track, until

GROUP = "239.255.77.77"


@asynccontextmanager
async def running(part: UdpFeed | UdpOutlet) -> AsyncIterator[None]:
    task = asyncio.ensure_future(part.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def spec(**changes: object) -> UdpIn:
    return UdpIn(**{"name": "radar", "source": "north", "host": "127.0.0.1", "port": 0, **changes})  # type: ignore[arg-type] # test input


def feed(sink: Callable[[Frame], Awaitable[None]], *, limits: Limits | None = None, **changes: object) -> UdpFeed:
    return UdpFeed(spec(**changes), sink=sink, clock=ManualClock(T0), limits=limits or Limits())


class Collector:
    def __init__(self) -> None:
        self.frames: list[Frame] = []

    async def __call__(self, frame: Frame) -> None:
        self.frames.append(frame)


def send(address: tuple[str, int], *datagrams: bytes) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("127.0.0.1", 0))
        for datagram in datagrams:
            sender.sendto(datagram, address)
        host, port = sender.getsockname()
        return f"{host}:{port}"


async def test_every_datagram_is_a_frame_with_its_peer_and_time() -> None:
    got = Collector()
    part = feed(got)
    async with running(part):
        peer = send(part.address, b"one", b"", b"two")
        await until(lambda: len(got.frames) == 3)
    assert [f.octets for f in got.frames] == [b"one", b"", b"two"]
    assert got.frames[0] == Frame(octets=b"one", feed="radar", source="north", peer=peer, received_at=T0)
    assert (part.counts.frames, part.counts.octets, part.counts.dropped) == (3, 6, 0)


async def test_datagrams_from_outside_the_allowed_networks_are_refused_and_counted() -> None:
    got = Collector()
    part = feed(got, allow=(ip_network("192.0.2.0/24"),))
    async with running(part):
        send(part.address, b"one", b"two")
        await until(lambda: part.counts.refused_peers == 2)
    assert got.frames == []


async def test_a_full_queue_drops_the_oldest_and_counts_them() -> None:
    released = asyncio.Event()
    got = Collector()

    async def slow(frame: Frame) -> None:
        await released.wait()
        await got(frame)

    part = feed(slow, limits=Limits(ingest_queue_frames=3))
    async with running(part):
        send(part.address, b"0")
        await until(lambda: part.counts.frames == 1 and part.waiting == 0)  # with the sink now
        send(part.address, *(b"%d" % number for number in range(1, 8)))
        await until(lambda: part.counts.frames == 8)
        assert part.waiting == 3
        released.set()
        await until(lambda: len(got.frames) == 4)
    assert [f.octets for f in got.frames] == [b"0", b"5", b"6", b"7"]
    assert part.counts.dropped == 4


async def test_a_frame_that_the_pipeline_cannot_take_stops_nothing() -> None:
    got = Collector()

    async def picky(frame: Frame) -> None:
        if frame.octets == b"bad":
            raise FeedError(codes.INTAKE_FULL, cause="for the test")
        await got(frame)

    part = feed(picky)
    async with running(part):
        send(part.address, b"bad", b"good")
        await until(lambda: len(got.frames) == 1)
    assert part.counts.sink_errors == 1
    assert "FEED-049" in part.counts.last_error


@pytest.mark.parametrize("host", ["0.0.0.0", GROUP, "127.0.0.1"])
async def test_joins_a_multicast_group_on_an_interface_and_hears_it_whatever_address_gives_the_port(host: str) -> None:
    got = Collector()
    part = feed(got, host=host, group=GROUP, interface="127.0.0.1")
    out = UdpOutlet(
        UdpOut(name="out", host=GROUP, port=part.address[1], interface="127.0.0.1"),
        encoder=LineEncoder,
        clock=SystemClock(),
        limits=Limits(),
    )
    out.offer([track("a")])
    async with running(part), running(out):
        await until(lambda: len(got.frames) == 1)
    assert got.frames[0].octets == b"a 50.0 8.0\n"


def test_a_group_that_is_none_is_an_error_with_its_place() -> None:
    with pytest.raises(FeedError) as caught:
        feed(Collector(), group="127.0.0.1", interface="127.0.0.1", host="0.0.0.0")
    assert caught.value.code == codes.MULTICAST
    assert "127.0.0.1" in caught.value.place


async def test_an_address_in_use_is_an_error_with_its_place() -> None:
    first = feed(Collector())
    with pytest.raises(FeedError) as caught:
        feed(Collector(), port=first.address[1])
    assert caught.value.code == codes.BIND
    assert str(first.address[1]) in caught.value.place
    first.close()


async def test_tells_what_the_kernel_dropped() -> None:
    part = feed(Collector(), receive_buffer=2_048)
    send(part.address, *[bytes(1_000)] * 50)
    assert part.read_kernel_drops() > 0
    part.close()


async def test_a_burst_after_a_stall_brings_the_kernels_drops_into_the_counts() -> None:
    part = feed(Collector())
    room = part._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    send(part.address, *[bytes(8)] * (room // 512 + 2_000))  # each costs the kernel over half a KiB of its buffer
    async with running(part):
        await until(lambda: part.counts.kernel_dropped > 0)


async def test_listens_again_when_it_is_run_again() -> None:
    got = Collector()
    part = feed(got)
    async with running(part):
        pass
    async with running(part):
        await asyncio.sleep(0)
        send(part.address, b"one")
        await until(lambda: len(got.frames) == 1)


@asynccontextmanager
async def receiving() -> AsyncIterator[tuple[int, Collector]]:
    got = Collector()
    part = feed(got)
    async with running(part):
        yield part.address[1], got


def outlet(port: int, **changes: object) -> UdpOutlet:
    out = UdpOut(name="out", host="127.0.0.1", port=port, **changes)  # type: ignore[arg-type] # test input
    return UdpOutlet(out, encoder=LineEncoder, clock=SystemClock(), limits=Limits())


async def test_sends_a_datagram_per_frame_and_tallies_what_the_format_loses() -> None:
    async with receiving() as (port, got):
        out = outlet(port)
        out.offer([track("a", name="one"), track("b", name="two"), Track(track_id="c")])
        async with running(out):
            await until(lambda: len(got.frames) == 2)
    assert [f.octets for f in got.frames] == [b"a 50.0 8.0\n", b"b 50.0 8.0\n"]
    counts = out.counts
    assert (counts.tracks, counts.frames, counts.unencoded) == (2, 2, 1)
    assert counts.losses == {("name", "NO_TARGET"): 2}


async def test_many_updates_arrive_complete_and_in_order() -> None:
    async with receiving() as (port, got):
        out = outlet(port)
        async with running(out):
            for number in range(3_000):
                out.offer([track("a", latitude=number / 100)])
                if number % 100 == 0:
                    await until(lambda: out.waiting == 0)
            await until(lambda: len(got.frames) == 3_000)
    assert [f.octets for f in got.frames] == [b"a %s 8.0\n" % str(number / 100).encode() for number in range(3_000)]
    assert (out.counts.coalesced, out.counts.dropped) == (0, 0)


async def test_nobody_listening_is_counted_and_stops_nothing() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as placeholder:
        placeholder.bind(("127.0.0.1", 0))
        port = placeholder.getsockname()[1]
    out = outlet(port)
    async with running(out):
        for number in range(4):
            out.offer([track(str(number))])
            await until(lambda: out.waiting == 0)
            await asyncio.sleep(0.01)  # the kernel's own answer is what is waited for
        await until(lambda: out.counts.unsent >= 1)
    assert "FEED-022" in out.counts.last_error


async def test_an_address_that_is_none_is_an_error() -> None:
    out = UdpOutlet(
        UdpOut(name="out", host="not-an-address", port=1), encoder=LineEncoder, clock=SystemClock(), limits=Limits()
    )
    with pytest.raises(FeedError) as caught:
        await out.run()
    assert caught.value.code == codes.CONNECT
