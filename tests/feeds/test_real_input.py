"""Recordings through feeds and codecs: nothing between a file and a national consumer loses a record uncounted."""

from __future__ import annotations

import asyncio
import json
import math
from uuid import NAMESPACE_OID, uuid5

import pytest
from msgspec.structs import replace

from gateway.clock import SystemClock
from gateway.feeds.files import Container, FileReport, read_frames
from gateway.feeds.replay import replay
from gateway.feeds.tcp_in import TcpIn, TcpListenFeed
from gateway.feeds.tcp_out import TcpConnectOutlet, TcpOut
from gateway.feeds.udp_in import UdpFeed, UdpIn
from gateway.feeds.udp_out import UdpOut, UdpOutlet
from gateway.formats.registry import formats
from gateway.limits import Limits
from gateway.stages import Frame
from gateway.track import Track
from tests.data import recording
from tests.feeds.national import event, new_decoder
from tests.feeds.support import T0, track, until
from tests.feeds.test_tcp import Collector, Server, running


async def test_34957_records_of_a_file_reach_a_consumer_of_geojson_lines() -> None:
    form, report = formats()["asterix"], FileReport()
    decoder = new_decoder(form)
    frames = read_frames(
        recording("asterix/sdps_cat062_30min.ff"), form=form, feed="tape", source="sdps", base_time=T0, report=report
    )
    async with Server() as server:
        out = TcpConnectOutlet(
            TcpOut(name="cop", host="127.0.0.1", port=server.port, delimiter=b"\n"),
            encoder=formats()["geojson"].encoder,
            clock=SystemClock(),
            limits=Limits(),
        )
        async with running(out):
            async for frame in replay(frames, factor=math.inf, clock=SystemClock()):
                decoded = decoder.decode(frame)
                assert decoded.problems == ()
                out.offer([_named(one) for one in decoded.tracks])
                if out.waiting > 5_000:  # as the pipeline would: it waits for the disk now and then
                    await until(lambda: out.waiting == 0)
            await until(lambda: len(server.received) == out.counts.octets > 0 and out.waiting == 0)
    assert server.received.count(b"\n") == 34_957
    assert report.frames == 34_957
    assert (out.counts.tracks, out.counts.coalesced, out.counts.dropped) == (34_957, 0, 0)
    first = json.loads(server.received.partition(b"\n")[0])
    assert first["geometry"]["coordinates"][:2] == pytest.approx([16.025367379188538, 51.46114647388458])


def _named(one: Track) -> Track:
    return replace(one, track_id=str(uuid5(NAMESPACE_OID, one.identifiers[0].value)))


async def test_cat062_over_udp_is_read_again_by_a_feed_of_ours() -> None:
    got, form = Collector(), formats()["asterix"]
    feed = UdpFeed(
        UdpIn(name="in", source="sdps", host="127.0.0.1", port=0), sink=got, clock=SystemClock(), limits=Limits()
    )
    out = UdpOutlet(
        UdpOut(name="out", host="127.0.0.1", port=feed.address[1]),
        encoder=form.encoder,
        clock=SystemClock(),
        limits=Limits(),
    )
    now = SystemClock().now()
    tracks = [
        replace(track("x", latitude=50 + number / 100, at=now), track_id=str(uuid5(NAMESPACE_OID, str(number))))
        for number in range(300)
    ]
    async with running(feed), running(out):
        out.offer(tracks)
        await until(lambda: out.waiting == 0 and out.counts.tracks == 300)
        await until(lambda: len(got.frames) == out.counts.frames)
    decoder = new_decoder(form)
    back = [one for frame in got.frames for one in decoder.decode(frame).tracks]
    latitudes = [one.state.position.latitude_deg for one in back if one.state and one.state.position]
    assert latitudes == pytest.approx([50 + number / 100 for number in range(300)], abs=180 / 2**26)
    assert out.counts.losses  # a report that has no home in CAT062 is told


async def test_events_over_tcp_are_cut_right_after_each_and_decoded() -> None:
    got, form = Collector(), formats()["cot"]
    feed = TcpListenFeed(
        TcpIn(name="tak", source="c2", host="127.0.0.1", port=0, form=form),
        sink=got,
        clock=SystemClock(),
        limits=Limits(),
    )
    await feed.start()
    text = b'<?xml version="1.0"?>' + event("a") + event("b") + b"garbage" + event("c")
    async with running(feed):
        _, writer = await asyncio.open_connection(*feed.address)
        for at in range(0, len(text), 7):
            writer.write(text[at : at + 7])
            await asyncio.sleep(0)
        await until(lambda: len(got.frames) == 4)
        writer.close()
        await writer.wait_closed()
    decoder = new_decoder(form)
    decoded = [decoder.decode(frame) for frame in got.frames]
    assert [one.identifiers[0].value for result in decoded for one in result.tracks] == ["a", "b", "c"]
    assert [len(result.problems) for result in decoded] == [0, 0, 1, 0]


FEATURE = {"type": "Feature", "geometry": None, "properties": {"time": "2026-11-22T08:00:00Z"}}


@pytest.mark.parametrize(
    ("text", "container", "count"),
    [
        (json.dumps(FEATURE), Container.STREAM, 1),
        ("\n".join([json.dumps(FEATURE)] * 3), Container.STREAM, 3),
        ("\x1e" + json.dumps(FEATURE) + "\n\x1e" + json.dumps(FEATURE) + "\n", Container.STREAM, 2),
        (json.dumps({"type": "FeatureCollection", "features": [FEATURE] * 3}, indent=2), Container.DOCUMENT, 1),
        ("not json\n" + json.dumps(FEATURE), Container.STREAM, 2),
    ],
)
def test_tells_a_json_document_from_json_lines(text: str, container: Container, count: int) -> None:
    report = FileReport()
    frames: list[Frame] = list(
        read_frames(text.encode(), form=formats()["geojson"], feed="tape", source="s", base_time=T0, report=report)
    )
    assert (report.container, len(frames)) == (container, count)
