"""pytak's own workers as the client: nobody here wrote them. A plain server drives the conversation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import pytak
import pytest
from lxml import etree

from gateway.clock import SystemClock
from gateway.dialect import Conversation, Peer, Turn
from gateway.formats.cot import CotDecoder, CotEndpoint, Splitter
from gateway.stages import Frame
from gateway.track import Track
from tests.formats.cot.generators import event, frame
from tests.formats.cot.tak.test_endpoint import track


class Desk:
    """Holds one conversation over one asyncio stream."""

    def __init__(self, endpoint: CotEndpoint) -> None:
        self.endpoint = endpoint
        self.taken: asyncio.Queue[Track] = asyncio.Queue()
        self.ready = asyncio.Event()
        self.ended = asyncio.Event()
        self.talk: Conversation | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.talk, self._writer = self.endpoint.converse(Peer(name="hope", address="127.0.0.1")), writer
        splitter = Splitter()
        self._do(self.talk.opened(self.now()))
        self.ready.set()
        while octets := await reader.read(100):
            for one in splitter.feed(octets):
                received = Frame(octets=one, feed="tak", source="south", peer="client", received_at=self.now())
                self._do(self.talk.received(received))
        writer.close()
        await writer.wait_closed()
        self.ended.set()

    def offer(self, tracks: Sequence[Track]) -> None:
        assert self.talk is not None
        self._do(self.talk.offered(tracks, self.now()))

    def now(self) -> datetime:
        return SystemClock().now()

    def _do(self, turn: Turn) -> None:
        assert not turn.decoded.problems
        assert self._writer is not None
        for one in turn.decoded.tracks:
            self.taken.put_nowait(one)
        for octets in turn.octets:
            self._writer.write(octets)


@asynccontextmanager
async def connected(proto: str) -> AsyncIterator[tuple[Desk, asyncio.Queue[bytes], asyncio.Queue[bytes]]]:
    """A desk with pytak connected: its out-queue and in-queue."""
    desk = Desk(CotEndpoint(node="nld-1"))
    server = await asyncio.start_server(desk.met, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    config = {"COT_URL": f"tcp://127.0.0.1:{port}", "TAK_PROTO": proto}
    reader, writer = await pytak.protocol_factory(config)
    out: asyncio.Queue[bytes] = asyncio.Queue()
    into: asyncio.Queue[bytes] = asyncio.Queue()
    workers = [pytak.TXWorker(out, config, writer), pytak.RXWorker(into, config, reader)]
    tasks = [asyncio.ensure_future(worker.run()) for worker in workers]
    try:
        await asyncio.wait_for(desk.ready.wait(), 60)
        yield desk, out, into
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        writer.close()
        await writer.wait_closed()
        await asyncio.wait_for(desk.ended.wait(), 60)
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("proto", ["0", "1"])
async def test_pytak_reports_in_xml_and_in_protobuf(proto: str) -> None:
    async with connected(proto) as (desk, out, _):
        await out.put(pytak.gen_cot(lat=50.5, lon=14.25, hae=300.0, uid="pytak-1", callsign="HOPE"))
        await out.put(event('<contact callsign="B"/><track course="1.0" speed="2.0"/>', uid="pytak-2"))
        first = await asyncio.wait_for(desk.taken.get(), 60)
        second = await asyncio.wait_for(desk.taken.get(), 60)
        assert first.identifiers[0].value == "pytak-1"
        assert first.raw is not None
        assert first.raw.format == ("COT" if proto == "0" else "TAK")
        assert first.state is not None
        assert first.state.altitude_hae_m == 300.0
        assert second.state is not None
        assert second.state.ground_speed_mps == 2.0
        assert desk.talk is not None
        assert desk.talk.title in ("HOPE", "pytak-1")


async def test_pytak_gets_the_offer_and_the_picture_from_the_first_second() -> None:
    async with connected("0") as (desk, _, into):
        desk.offer([track(1), track(2)])
        offer = await asyncio.wait_for(into.get(), 60)
        assert etree.fromstring(offer).get("type") == "t-x-takp-v"
        for number in (1, 2):
            got = await asyncio.wait_for(into.get(), 60)
            (back,) = CotDecoder().decode(frame(got)).tracks
            assert back.identifiers[0].value == track(number).track_id


async def test_pytak_does_not_get_its_own_events_back_and_its_pings_are_answered() -> None:
    async with connected("0") as (desk, out, into):
        assert etree.fromstring(await asyncio.wait_for(into.get(), 60)).get("type") == "t-x-takp-v"
        await out.put(event(uid="mine"))
        mine = await asyncio.wait_for(desk.taken.get(), 60)
        desk.offer([mine, track(7)])
        (back,) = CotDecoder().decode(frame(await asyncio.wait_for(into.get(), 60))).tracks
        assert back.identifiers[0].value == track(7).track_id
        await out.put(event(uid="mine-ping", type="t-x-c-t"))
        assert etree.fromstring(await asyncio.wait_for(into.get(), 60)).get("type") == "t-x-c-t-r"
