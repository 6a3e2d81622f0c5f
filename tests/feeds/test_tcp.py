"""TCP in and out, over real sockets on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from gateway.clock import ManualClock, SystemClock
from gateway.errors import FeedError
from gateway.feeds import codes
from gateway.feeds.tcp_in import MAX_ERRORS_IN_A_ROW, TcpConnectFeed, TcpIn, TcpListenFeed
from gateway.feeds.tcp_out import TcpConnectOutlet, TcpListenOutlet, TcpOut
from gateway.limits import Limits
from gateway.stages import Frame
from tests.feeds.support import BLOCKS, LINES, T0, LineEncoder, track, until


@asynccontextmanager
async def running(part: Any) -> AsyncIterator[None]:
    task = asyncio.ensure_future(part.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Collector:
    def __init__(self) -> None:
        self.frames: list[Frame] = []

    async def __call__(self, frame: Frame) -> None:
        self.frames.append(frame)

    @property
    def octets(self) -> list[bytes]:
        return [frame.octets for frame in self.frames]


def spec(**changes: object) -> TcpIn:
    fields = {"name": "tak", "source": "c2", "host": "127.0.0.1", "port": 0, "form": LINES, **changes}
    return TcpIn(**fields)  # type: ignore[arg-type] # test input


@asynccontextmanager
async def listening(got: Any, *, limits: Limits | None = None, **changes: object) -> AsyncIterator[TcpListenFeed]:
    part = TcpListenFeed(spec(**changes), sink=got, clock=ManualClock(T0), limits=limits or Limits())
    await part.start()
    async with running(part):
        yield part


class Client:
    """A connection of the test's own; all are closed when it ends."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, octets: bytes) -> None:
        self.writer.write(octets)

    async def expect(self, octets: bytes) -> None:
        assert await asyncio.wait_for(self.reader.readexactly(len(octets)), 60) == octets

    async def until_sees(self, *last: bytes) -> bytes:
        text = bytearray()
        while not all(line in text[-16_384:] for line in last):
            octets = await asyncio.wait_for(self.reader.read(1 << 20), 60)
            assert octets, "the other side closed"
            text += octets
        return bytes(text)

    async def expect_closed(self) -> None:
        with suppress(ConnectionError):
            assert await asyncio.wait_for(self.reader.read(1), 60) == b""


@asynccontextmanager
async def client(address: tuple[str, int], *, limit: int = 65_536) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection(*address, limit=limit)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_cuts_each_connection_on_its_own_whatever_the_read_boundaries() -> None:
    got = Collector()
    async with listening(got) as part:
        async with client(part.address) as one, client(part.address) as two:
            for first, second in zip(b"1 50 8\n2 50 8\n", b"3 50 8\n4 50 8\n", strict=True):
                one.send(bytes([first]))
                two.send(bytes([second]))
                await asyncio.sleep(0)
            await until(lambda: len(got.frames) == 4)
            assert part.counts.connected == 2
        await until(lambda: part.counts.connected == 0)
    assert sorted(got.octets) == [b"1 50 8", b"2 50 8", b"3 50 8", b"4 50 8"]
    assert len({frame.peer for frame in got.frames}) == 2
    assert (got.frames[0].feed, got.frames[0].source, got.frames[0].received_at) == ("tak", "c2", T0)


async def test_a_last_record_without_its_end_is_not_lost_when_the_peer_closes() -> None:
    got = Collector()
    async with listening(got) as part:
        async with client(part.address) as peer:
            peer.send(b"1 50 8\n2 50 8")
        await until(lambda: len(got.frames) == 2)
    assert got.octets == [b"1 50 8", b"2 50 8"]


async def test_a_format_without_a_splitter_takes_a_connection_as_one_frame() -> None:
    got = Collector()
    async with listening(got, form=BLOCKS) as part:
        async with client(part.address) as peer:
            peer.send(b"1 50 8\n2 50 8")
        await until(lambda: len(got.frames) == 1)
    assert got.octets == [b"1 50 8\n2 50 8"]


async def test_a_connection_that_cannot_be_followed_is_taken_up_anew_and_harms_no_other() -> None:
    got = Collector()
    async with listening(got) as part, client(part.address) as bad, client(part.address) as good:
        bad.send(b"1 50 8\n\x00garbage\n" + b" " * 8_000 + b"\n2 50 8\n")
        good.send(b"3 50 8\n")
        await until(lambda: len(got.frames) == 2)
        bad.send(b"4 50 8\n")
        await until(lambda: len(got.frames) == 3)
        assert part.counts.connected == 2
    assert sorted(got.octets) == [b"2 50 8", b"3 50 8", b"4 50 8"]
    assert part.counts.stream_errors == 1


async def test_a_connection_that_never_makes_sense_is_closed() -> None:
    got = Collector()
    async with listening(got) as part, client(part.address) as peer:
        for number in range(MAX_ERRORS_IN_A_ROW):
            peer.send(b"\x00")
            await until(lambda number=number: part.counts.stream_errors > number)
        await peer.expect_closed()
    assert "FEED-025" in part.counts.last_error


@pytest.mark.parametrize("limit", [{"allow": (ip_network("192.0.2.0/24"),)}, {"max_connections": 0}])
async def test_peers_from_elsewhere_and_too_many_are_refused(limit: dict[str, object]) -> None:
    got = Collector()
    async with listening(got, **limit) as part, client(part.address) as peer:
        await peer.expect_closed()
    assert part.counts.refused_peers == 1
    assert part.counts.connections == 0


async def test_a_full_queue_makes_the_sender_wait_and_loses_nothing() -> None:
    released = asyncio.Event()
    got = Collector()

    async def slow(frame: Frame) -> None:
        await released.wait()
        await got(frame)

    # One read is at most 256 KiB: 300 lines of 1 KiB, so the queue has room for what is under way when it pauses
    async with listening(slow, limits=Limits(ingest_queue_frames=2_000)) as part:
        lines = [b"%06d 50 8" % number + b" " * 1_000 + b"\n" for number in range(20_000)]
        async with client(part.address) as peer:
            peer.send(b"".join(lines))
            waiting = -1
            while part.waiting != waiting or not waiting:  # until nothing moves any more
                waiting = part.waiting
                await asyncio.sleep(0.05)
            assert part.waiting < 2_000
            assert part.counts.frames < 20_000
            released.set()
            await until(lambda: len(got.frames) == 20_000)
    assert got.octets == [line[:-1] for line in lines]
    assert part.counts.dropped == 0


async def test_an_address_in_use_is_an_error_with_its_place() -> None:
    async with listening(Collector()) as part:
        host, port = part.address
        other = TcpListenFeed(spec(host=host, port=port), sink=Collector(), clock=ManualClock(T0), limits=Limits())
        with pytest.raises(FeedError) as caught:
            await other.start()
        assert caught.value.code == codes.BIND
        assert str(port) in caught.value.place


class Server:
    """The nation's server: counts its clients and sends what it is told."""

    def __init__(self) -> None:
        self.writers: list[asyncio.StreamWriter] = []
        self.received = bytearray()
        self.server: asyncio.Server | None = None
        self.port = 0
        self.reads = asyncio.Event()
        self.reads.set()

    async def __aenter__(self) -> Server:
        self.server = await asyncio.start_server(self._client, "127.0.0.1", self.port, limit=1_024)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self.server is not None
        self.server.close()
        for writer in self.writers:
            writer.transport.abort()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        while True:
            await self.reads.wait()
            octets = await reader.read(65_536)
            if not octets:
                return
            self.received += octets


async def test_keeps_a_connection_and_makes_it_again_with_growing_pauses() -> None:
    got = Collector()
    waits: list[float] = []
    server = Server()
    async with server:
        pass  # its port is known now, and nobody listens there

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    part = TcpConnectFeed(
        spec(port=server.port),
        sink=got,
        clock=ManualClock(T0),
        limits=Limits(backoff_first_s=1, backoff_max_s=8),
        sleep=sleep,
    )
    async with running(part):
        await until(lambda: len(waits) >= 6)
        assert "FEED-022" in part.counts.last_error
        for index, base in enumerate((1, 2, 4, 8, 8, 8)):
            assert 0.8 * base <= waits[index] <= 1.4 * base
        async with server:
            await until(lambda: len(server.writers) == 1)
            server.writers[-1].write(b"1 50 8\n")
            await until(lambda: len(got.frames) == 1)
            before = len(waits)
            server.writers[-1].transport.abort()
            await until(lambda: len(server.writers) == 2)
            assert waits[before] <= 1.4  # it had been heard: the pauses begin anew
            server.writers[-1].write(b"2 50 8\n")
            await until(lambda: len(got.frames) == 2)
    assert got.octets == [b"1 50 8", b"2 50 8"]


def out_spec(**changes: object) -> TcpOut:
    return TcpOut(**{"name": "cop", "host": "127.0.0.1", "port": 0, **changes})  # type: ignore[arg-type] # test input


@asynccontextmanager
async def serving(
    *, limits: Limits | None = None, padding: int = 0, **changes: object
) -> AsyncIterator[TcpListenOutlet]:
    part = TcpListenOutlet(
        out_spec(**changes), encoder=lambda: LineEncoder(padding), clock=SystemClock(), limits=limits or Limits()
    )
    await part.start()
    async with running(part):
        yield part


async def test_serves_every_client_every_update_with_the_delimiter_once() -> None:
    async with serving(delimiter=b"\n") as part:
        async with client(part.address) as one, client(part.address) as two, client(part.address) as three:
            await until(lambda: part.counts.connected == 3)
            part.offer([track("a", name="lost"), track("b")])
            for peer in (one, two, three):
                await peer.expect(b"a 50.0 8.0\nb 50.0 8.0\n")
        await until(lambda: part.counts.connected == 0)
    assert (part.counts.tracks, part.counts.frames) == (6, 6)
    assert part.counts.losses == {("name", "NO_TARGET"): 3}


async def test_a_new_client_begins_with_the_current_picture() -> None:
    part = TcpListenOutlet(
        out_spec(),
        encoder=LineEncoder,
        clock=SystemClock(),
        limits=Limits(),
        snapshot=lambda: [track("a"), track("b")],
    )
    await part.start()
    async with running(part), client(part.address) as peer:
        await peer.expect(b"a 50.0 8.0\nb 50.0 8.0\n")


async def test_a_slow_client_gets_the_latest_of_each_track_and_harms_no_other() -> None:
    total, end = 20_000, b" " * 1_000 + b"\n"  # 20 MB: more than the kernel takes for a sleeper
    last = (b"a 19998 8.0" + end, b"b 19999 8.0" + end)
    async with (
        serving(padding=1_000, high_water=100) as part,
        client(part.address, limit=1_024) as slow,
        client(part.address, limit=1 << 24) as fast,
    ):
        await until(lambda: part.counts.connected == 2)
        for at in range(0, total, 50):
            part.offer([track("ab"[n % 2], at=T0 + timedelta(seconds=n), latitude=n) for n in range(at, at + 50)])
            await until(lambda: min(map(len, part._clients.values())) == 0)  # one keeps up, the other does not read
        assert part.counts.coalesced > 0
        assert (await fast.until_sees(*last)).count(b"\n") == total
        assert (await slow.until_sees(*last)).count(b"\n") == total - part.counts.coalesced
        assert part.counts.dropped == 0


async def test_a_client_that_never_reads_is_disconnected_in_the_end() -> None:
    async with serving(limits=Limits(request_timeout_s=0.05)) as part, client(part.address, limit=1_024):
        await until(lambda: part.counts.connected == 1)
        while part.counts.stuck == 0:
            part.offer([track("a")] * 20_000)
            await asyncio.sleep(0.01)
        await until(lambda: part.counts.connected == 0)
    assert "FEED-026" in part.counts.last_error


async def test_clients_from_elsewhere_are_refused() -> None:
    async with serving(allow=(ip_network("192.0.2.0/24"),)) as part, client(part.address) as peer:
        await peer.expect_closed()
    assert part.counts.refused_peers == 1


async def test_what_is_offered_while_the_consumer_is_away_is_sent_when_he_is_back() -> None:
    server = Server()
    async with server:
        pass

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(0)

    part = TcpConnectOutlet(
        out_spec(port=server.port), encoder=LineEncoder, clock=SystemClock(), limits=Limits(), sleep=sleep
    )
    part.offer([track("a"), track("b")])
    async with running(part):
        await until(lambda: "FEED-022" in part.counts.last_error)
        async with server:
            await until(lambda: server.received == b"a 50.0 8.0\nb 50.0 8.0\n")
            server.writers[-1].transport.abort()
            await until(lambda: part.counts.connections >= 2)
            part.offer([track("c")])
            await until(lambda: server.received.endswith(b"c 50.0 8.0\n"))
    assert (part.counts.tracks, part.counts.dropped) == (3, 0)


async def test_a_stop_that_comes_in_the_moment_that_the_consumer_breaks_off_ends_the_feed() -> None:
    class Breaking(LineEncoder):
        def encode(self, tracks: Any, now: Any) -> Any:
            raise ConnectionResetError("the consumer has gone")

    async with Server() as server:
        part = TcpConnectOutlet(
            out_spec(port=server.port), encoder=Breaking, clock=SystemClock(), limits=Limits(backoff_first_s=600.0)
        )
        task = asyncio.ensure_future(part.run())
        await until(lambda: part.counts.connected == 1)
        await asyncio.sleep(0)
        part.offer([track("a")])
        task.cancel()  # both are seen in the next turn of the loop
        done, _ = await asyncio.wait([task], timeout=60)
        task.cancel()
        assert done
        assert task.cancelled()
    assert "the consumer has gone" in part.counts.last_error
