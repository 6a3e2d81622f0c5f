"""SAPIENT detections: octets to tracks, through the conversation of a fusion node, through a gateway; and back."""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
from datetime import UTC, datetime

import msgspec
import uvloop
from msgspec import Struct
from sapient_msg.bsi_flex_335_v2_0 import sapient_message_pb2 as pb

from gateway.config.policy_starter import simple_policy
from gateway.demo.stage import free_ports
from gateway.dialect import Peer as Caller
from gateway.formats.registry import find
from gateway.formats.sapient.v2 import SapientMessage
from tests.bench import rig, sapient_load
from tests.bench.corpora import frame
from tests.bench.harness import REPEATS, Peer, Row, Target, rates
from tests.data import ROOT

REPORTS, QUICK_REPORTS = 10_000, 2_000
STREAM, QUICK_STREAM = 60_000, 20_000
LOAD_S = 240.0
GATEWAY_CORE, LOAD_CORE = 0, 1
FEED = """
[feed.sensors]
direction = "both"
kind = "tcp-listen"
format = "sapient"
source = "sensors"
address = "127.0.0.1:{port}"
options = {{ role = "fusion-node", time_window_s = 600.0 }}
"""


class Passage(Struct, frozen=True, kw_only=True):
    """One run of the load through a gateway."""

    rate: float
    """Detections a second, from the first write to the answer to what followed the last."""
    cpu_rate: float
    """Detections for each second of the gateway's CPU time."""
    taken: int


def run(*, quick: bool) -> list[Row]:
    """Decode, converse, pass through a node, encode."""
    count = QUICK_REPORTS if quick else REPORTS
    return [*_formats(count), *_gateway(QUICK_STREAM if quick else STREAM, 1 if quick else REPEATS)]


def _formats(count: int) -> list[Row]:
    now = datetime.now(UTC)
    nodes = sapient_load.sensors()
    opening = [frame(octets[4:], now) for octets in sapient_load.opening(nodes, now)]
    octets = [one[4:] for one in sapient_load.reports(nodes, count, now)]
    frames = [frame(one, now) for one in octets]
    form = find("sapient")
    assert form.endpoint is not None

    def decode() -> int:
        decoder = form.decoder()
        for one in opening:
            decoder.decode(one)
        return sum(len(decoder.decode(one).tracks) for one in frames)

    def converse() -> int:
        conversation = form.endpoint(role="fusion-node").converse(Caller(address="bench"))  # type: ignore[misc]  # checked above
        conversation.opened(now)
        for one in opening:
            conversation.received(one)
        return sum(len(conversation.received(one).decoded.tracks) for one in frames)

    def parse() -> int:
        for one in octets:
            SapientMessage.FromString(one)
        return len(octets)

    decoder = form.decoder()
    tracks = [track for one in (*opening, *frames) for track in decoder.decode(one).tracks]
    assert len(tracks) == count, "the corpus decodes"
    messages = [SapientMessage.FromString(one) for one in octets]

    def encode() -> int:
        encoder = form.encoder(node="bench", announce_s=0.0)
        return sum(len(encoder.encode(tracks[at : at + 500], now).frames) for at in range(0, len(tracks), 500))

    def serialise() -> int:
        for one in messages:
            one.SerializeToString()
        return len(messages)

    works = {"decode": decode, "converse": converse, "parse": parse, "encode": encode, "serialise": serialise}
    measured = rates({**works, "peer": lambda: _read(octets)})
    size = sum(map(len, octets)) // count
    note = f"generated reports of {size} octets, {sapient_load.NODES} nodes, {sapient_load.OBJECTS} objects"
    floor = "protobuf parse alone"
    peer = Peer(name="sapient-msg", value=measured["peer"], note="parse and read the same fields; nothing is validated")
    return [
        Row(
            stage="SAPIENT decode",
            value=measured["decode"],
            unit="detections/s",
            floor=measured["parse"],
            floor_name=floor,
            peers=(peer,),
            target=Target(value=20_000),
            note=f"{note}; every message validated against the standard, the original octets kept",
        ),
        Row(
            stage="SAPIENT fusion node, conversation",
            value=measured["converse"],
            unit="detections/s",
            floor=measured["parse"],
            floor_name=floor,
            target=Target(value=20_000),
            note=f"{note}; the same, and whose node it is, and what is to be answered",
        ),
        Row(
            stage="SAPIENT encode",
            value=measured["encode"],
            unit="detections/s",
            floor=measured["serialise"],
            floor_name="protobuf serialising ready messages",
            note="as an edge node reports tracks to its parent; losses listed",
        ),
    ]


def _read(octets: list[bytes]) -> int:
    """What a reader does who trusts every message: the fields that our tracks have, as Python values."""
    found = 0
    for one in octets:
        message = pb.SapientMessage.FromString(one)
        report, place = message.detection_report, message.detection_report.location
        said = (
            message.node_id,
            message.timestamp.ToDatetime(UTC),
            report.report_id,
            report.object_id,
            report.detection_confidence,
            (place.x, place.y, place.z, place.x_error, place.y_error, place.z_error),
            (report.enu_velocity.east_rate, report.enu_velocity.north_rate, report.enu_velocity.up_rate),
            [(kind.type, kind.confidence, [sub.type for sub in kind.sub_class]) for kind in report.classification],
        )
        found += bool(said)
    return found


def _gateway(count: int, repeats: int) -> list[Row]:
    passages = [uvloop.run(_pass(count)) for _ in range(repeats)]
    wall = statistics.median(one.rate for one in passages)
    lost = max(count - one.taken for one in passages)
    return [
        Row(
            stage="SAPIENT into a gateway",
            value=statistics.median(one.cpu_rate for one in passages),
            unit="detections/s",
            target=Target(value=20_000),
            note=f"{count:,} reports over one TCP connection; cut, validated, given their track_id, in the picture; "
            f"per second of one core's time, {wall:,.0f} by the clock; lost: {lost:,}",
        )
    ]


async def _pass(count: int) -> Passage:
    async with rig.pair(cores=(GATEWAY_CORE, LOAD_CORE)) as (gateway, _):
        port = open_sensors(gateway, links=False)
        await gateway.start()
        before = gateway.cpu_s()
        command = [sys.executable, "-m", "tests.bench.sapient_load", str(port), str(count)]
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        os.sched_setaffinity(process.pid, {LOAD_CORE})
        try:
            async with asyncio.timeout(LOAD_S):
                said, _ = await process.communicate()
        except BaseException:
            process.kill()
            await process.wait()
            raise
        spent = gateway.cpu_s() - before
        await asyncio.sleep(1.0)  # the status is half a second old at most
        taken = rig.corridor(await gateway.status(), "tracks_received")
        await gateway.stop()
        return Passage(rate=msgspec.json.decode(said)["rate"], cpu_rate=count / spent, taken=taken)


def open_sensors(gateway: rig.Gateway, *, links: bool) -> int:
    """Give a gateway that is not running yet a SAPIENT fusion node on a port of its own."""
    (port,) = free_ports(1)
    path = gateway.player.config_path
    text = path.read_text() if links else rig.without(path.read_text(), "link.deu-1")
    if not links:
        gateway.player.policy_path.write_text(simple_policy())
    head, mark, tail = text.replace('formats = ["', 'formats = ["sapient", "', 1).partition("\n[link.")
    path.write_text(head + FEED.format(port=port) + mark + tail)
    return port
