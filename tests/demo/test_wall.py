"""The players of the drone wall, each alone: SAPIENT node, Remote ID claim, TAK client, map, and the audit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway import xml
from gateway.clock import ManualClock, SystemClock
from gateway.config import load
from gateway.demo.chart import fetch_chart, read_chart
from gateway.demo.sapient_node import REACH_M, SIGMA_M, SITE, SapientNode, azimuth_deg, complaint, is_acceptance
from gateway.demo.sensors import OPERATOR_ID, drone_detection, remote_id_claim
from gateway.demo.sky import AIRPORT, OPERATOR, Aircraft, Sky, travel
from gateway.demo.stage import NATIONS, Nation, Player, free_ports, set_stage
from gateway.demo.tak_client import NAME, TakClient
from gateway.demo.wall_evidence import tells
from gateway.dialect import Peer
from gateway.formats import alliance
from gateway.formats.registry import find
from gateway.formats.sapient.messages import parse
from gateway.formats.sapient.plausible import implausible
from gateway.formats.sapient.validate import validate
from gateway.policy import withhold_personal
from gateway.stages import Frame
from gateway.track import Position, Track

START = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def drones(at: datetime = START) -> dict[str, Aircraft]:
    return {one.kind: one for one in Sky(START).at(at) if not one.squawk}


def frame(octets: bytes, *, at: datetime = START, feed: str = "wall") -> Frame:
    return Frame(octets=octets, feed=feed, source="drone-wall", peer="127.0.0.1:5020", received_at=at)


# ----------------------------------------------------------------------------------------------------- the SAPIENT node


def said() -> list[bytes]:
    """Everything that the node ever says, without its lengths."""
    node, seen = SapientNode(), drones()
    framed = [
        node.registration(START),
        node.status(START),
        node.status(START, new=False),
        node.detection(seen["loiterer"]),
        node.detection(seen["swarm"]),
        node.bearing(seen["swarm"]),
        node.status(START, leaving=True),
    ]
    assert all(int.from_bytes(octets[:4], "little") == len(octets) - 4 for octets in framed)
    return [octets[4:] for octets in framed]


def test_every_message_of_the_sapient_node_is_valid_and_plausible() -> None:
    for octets in said():
        assert validate(parse(octets), octets=octets) == ()
        assert implausible(parse(octets), received_at=START) == ()


def test_a_fusion_node_accepts_it_and_reads_a_place_and_a_bearing() -> None:
    conversation = find("sapient").endpoint(node="deu-1", role="fusion-node").converse(Peer())
    turns = [conversation.received(frame(octets)) for octets in said()]
    assert [turn.decoded.problems for turn in turns] == [()] * len(turns)
    (answer,) = turns[0].octets
    (answer,) = find("sapient").splitter().feed(answer) or [answer]
    assert is_acceptance(answer) is True
    placed, _, bearing = [track for turn in turns for track in turn.decoded.tracks]
    loiterer, leader = drones()["loiterer"], drones()["swarm"]
    assert placed.state.position.latitude_deg == pytest.approx(loiterer.latitude_deg)
    assert placed.state.accuracy.horizontal_95_m == pytest.approx(2.45 * SIGMA_M, rel=0.01)  # of a circle, two axes
    assert placed.state.time == START
    assert placed.platform == "UAV_ROTARY_WING"
    assert placed.state.ground_speed_mps == pytest.approx(loiterer.ground_speed_mps)
    assert placed.state.course_deg == pytest.approx(loiterer.course_deg)
    assert placed.identity is None
    assert bearing.state.position is None
    assert bearing.state.polar.azimuth_deg == pytest.approx(azimuth_deg(leader))
    assert bearing.state.polar.range_m is None
    assert bearing.state.polar.sensor_position == Position(SITE[0], SITE[1])
    assert bearing.state.polar.reach_m == REACH_M


def test_an_object_keeps_its_id_and_two_objects_have_two() -> None:
    node, early, late = SapientNode(), drones(), drones(START + timedelta(seconds=3))
    ids = [
        parse(octets[4:]).detection_report.object_id
        for octets in (
            node.detection(early["loiterer"]),
            node.bearing(early["swarm"]),
            node.detection(late["loiterer"]),
        )
    ]
    assert ids[0] == ids[2] != ids[1]


def test_what_the_gateway_says_against_a_message_is_heard() -> None:
    conversation = find("sapient").endpoint(node="deu-1", role="fusion-node").converse(Peer())
    conversation.received(frame(said()[0]))
    wrong = parse(said()[3])
    wrong.detection_report.location.ClearField("x")
    answers = conversation.received(frame(wrong.SerializeToString())).octets
    messages = [message for octets in answers for message in find("sapient").splitter().feed(octets) or [octets]]
    words = [complaint(message) for message in messages]
    assert len(words) == 1
    assert "location" in words[0]
    assert is_acceptance(messages[0]) is None
    assert complaint(said()[1]) == ""


def test_a_bearing_points_to_where_the_drone_is() -> None:
    for course in (0.0, 45.0, 91.0, 183.0, 359.0):
        latitude, longitude = travel(*AIRPORT, course_deg=course, distance_m=5_000.0)
        drone = replace(drones()["swarm"], latitude_deg=latitude, longitude_deg=longitude)
        assert abs((azimuth_deg(drone) - course + 180.0) % 360.0 - 180.0) < 0.05


# ---------------------------------------------------------------------------------------------- Remote ID and the audit


def heard() -> Track:
    """The Remote ID claim as the gateway has it, with provenance as it stands before policy."""
    (octets,) = (
        find("remoteid").encoder(personal_data=True).encode([remote_id_claim(drones()["loiterer"])], START).frames
    )
    (track,) = find("remoteid").decoder(node="deu-1").decode(frame(octets)).tracks
    return replace(track, track_id="00000000-0000-4000-8000-000000000001")


def test_the_claim_tells_who_operates_the_drone_and_that_he_stands_near_it() -> None:
    track = heard()
    assert track.operator.identifier == OPERATOR_ID
    place = track.operator.position
    assert (place.latitude_deg, place.longitude_deg) == pytest.approx(OPERATOR)
    assert abs(place.latitude_deg - track.state.position.latitude_deg) < 0.02
    assert abs(place.longitude_deg - track.state.position.longitude_deg) < 0.02


def leaving(track: Track) -> tuple[bytes, bool]:
    """A message with the track, and what the audit says of it."""
    encoder = find("alliance").encoder(
        sender="deu-1", recipients=["nld-1"], policy="TEST", classification="UNMARKED", simulation="SIMULATED"
    )
    encoded = encoder.encode([track], START)
    assert encoded.problems == ()
    (octets,) = encoded.frames
    return octets, tells(octets, alliance.read(xml.parse(octets, max_octets=1 << 20)))


def test_the_audit_finds_the_operator_in_a_message_and_nothing_once_he_is_withheld() -> None:
    octets, found = leaving(heard())
    assert found
    assert OPERATOR_ID.encode() in octets
    octets, found = leaving(withhold_personal(heard()))
    assert not found
    assert b"uas_serial" in octets


@pytest.mark.parametrize(
    "smuggled",
    [
        lambda track: replace(track, operator=None),  # the octets are still there
        lambda track: replace(withhold_personal(track), remarks=f"flown by {OPERATOR_ID}"),
        lambda track: replace(withhold_personal(track), remarks=f"from {OPERATOR[0]:.5f} {OPERATOR[1]:.5f}"),
    ],
    ids=["raw", "name", "place"],
)
def test_the_audit_finds_him_in_other_fields_too(smuggled: Callable[[Track], Track]) -> None:
    assert leaving(smuggled(heard()))[1]


# ------------------------------------------------------------------------------------------------------- the TAK client


class TakServer:
    """What a TAK endpoint does, as far as the client sees: hangs up on the first caller, serves the second."""

    def __init__(self) -> None:
        self.callers = 0
        self.heard = b""
        self.served = asyncio.Event()
        self.writer: asyncio.StreamWriter

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.callers += 1
        self.writer = writer
        if self.callers == 1:
            writer.close()
            return
        self.served.set()
        while octets := await reader.read(65_536):
            self.heard += octets
        writer.close()


@pytest.fixture
async def tak() -> AsyncIterator[tuple[TakServer, Player]]:
    server = TakServer()
    listening = await asyncio.start_server(server, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server, player(tak_port=port)


def player(**ports: int) -> Player:
    nation: Nation = NATIONS[0]
    others = dict.fromkeys(("links_port", "http_port", "radar_port", "detector_port", "cot_port", "asterix_sink"), 0)
    return Player(nation=nation, directory=Path(), map_password="secret", **{**others, **ports})


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - what is awaited has no event of its own
            await asyncio.sleep(0.01)


async def test_the_tak_client_calls_again_says_where_it_is_and_counts_drones(tak: tuple[TakServer, Player]) -> None:
    server, commanding = tak
    loiterer, leader = drones()["loiterer"], drones(START + timedelta(seconds=1))["swarm"]
    client = TakClient(
        commanding,
        ManualClock(START),
        said_at={loiterer.time: asyncio.get_running_loop().time()},
        is_heard=True,
    )
    running = asyncio.ensure_future(client.run())
    try:
        async with asyncio.timeout(60):
            await server.served.wait()
        events = find("cot").encoder().encode([drone_detection(loiterer), drone_detection(leader)], START).frames
        server.writer.write(b"".join(events) + events[0])
        await until(lambda: client.events == 3 and f'callsign="{NAME}"'.encode() in server.heard)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert server.callers == 2
    assert b'type="a-f-G-U-C"' in server.heard
    assert len(client.drones) == 2
    assert len(client.delays_s) == 2, "the leader's detection was not the SAPIENT node's"
    assert all(0 <= delay < 10 for delay in client.delays_s)
    assert client.summary().startswith("3 events, 2 drone tracks; the first SAPIENT detection after ")


async def test_a_tak_client_that_only_looks_says_nothing(tak: tuple[TakServer, Player]) -> None:
    server, commanding = tak
    client = TakClient(commanding, ManualClock(START), said_at={}, is_heard=False)
    running = asyncio.ensure_future(client.run())
    try:
        async with asyncio.timeout(60):
            await server.served.wait()
        server.writer.write(find("cot").encoder().encode([drone_detection(drones()["swarm"])], START).frames[0])
        await until(lambda: client.events)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert server.heard == b""
    assert client.summary() == "1 events, 1 drone tracks"


# -------------------------------------------------------------------------------------------------------------- the map


def test_a_map_counts_points_and_bearings_apart() -> None:
    conversation = find("sapient").endpoint(node="deu-1", role="fusion-node").converse(Peer())
    tracks = [track for octets in said() for track in conversation.received(frame(octets)).decoded.tracks]
    (octets,) = find("nvg").encoder().encode(tracks, START).frames
    chart = read_chart(octets)
    # The leader was placed, then only heard: his last snapshot counts, and a bearing is no point
    assert (chart.points, chart.directions, chart.octets, chart.fault) == (1, 1, len(octets), "")


def test_what_is_no_map_is_a_fault() -> None:
    assert "XML-" in read_chart(b"<nvg").fault


async def test_a_map_that_nobody_serves_is_a_fault() -> None:
    (port,) = free_ports(1)
    chart = await fetch_chart(player(map_port=port))
    assert chart.fault
    assert str(chart).startswith("no map: ")


# ------------------------------------------------------------------------------------------------------------ the stage


def test_the_drone_wall_is_on_the_stage_only_where_it_is_asked_for(tmp_path: Path) -> None:
    names = ("sapient", "remoteid", "nvg")
    plain = set_stage(tmp_path / "plain", SystemClock(), simulation="SIMULATED")
    wall = set_stage(tmp_path / "wall", SystemClock(), simulation="SIMULATED", drones=True)
    for one in plain:
        config = load(one.config_path).config
        assert not {feed.format for feed in config.feed.values()} & set(names)
        assert not config.client
    feeds = [set(load(one.config_path).config.feed) for one in wall]
    added = [here - set(load(before.config_path).config.feed) for here, before in zip(feeds, plain, strict=True)]
    assert added == [{"tak"}, {"wall", "receiver"}, {"map"}]
    assert wall[2].map_password not in wall[2].config_path.read_text()
