"""Every format in, every format out, at a running pair of gateways: dry runs of all pairs, and posts that cross."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from gateway.clock import SystemClock
from gateway.demo.stage import Player
from gateway.formats.registry import find, formats
from gateway.stages import Exercise, Frame, Simulation
from gateway.track import Accuracy, Environment, Identifier, Operator, Position, State, Status, Track
from tests.assembled import Assembly, aircraft, assembled
from tests.labelled import PLAIN
from tests.test_corridor import near

NAMES = ("alliance", "asterix", "cot", "geojson")
"""Formats that carry an airliner both ways."""
OTHERS = tuple(sorted(set(formats()) - set(NAMES)))
"""Formats for drones, soldiers and sensors."""
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "alliance": {
        "sender": "nld-1",
        "exercise": Exercise.EXERCISE,
        "simulation": Simulation.SIMULATED,
        "label": PLAIN,
    },
    "asterix": {"category": 62, "sac": 70, "sic": 16},
}
HALF_LSB_DEG = 180 / 2**25 / 2
ORIGINAL = 9144.0
"""Metres above the ellipsoid, and on 1013.25 hPa."""


def any_source(_player: Player, text: str) -> str:
    """The source may speak every format."""
    changed = text.replace('formats = ["asterix", "cot", "geojson"]', f"formats = {sorted(formats())}")
    assert changed != text
    return changed


@pytest.fixture(scope="module")
def gateways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assembly]:
    with assembled(tmp_path_factory.mktemp("matrix"), count=2, edit=any_source) as assembly:
        yield assembly
        assembly.assert_well()


def record(name: str, track: Track) -> bytes:
    """One record of a format."""
    encoded = find(name).encoder(**OPTIONS.get(name, {})).encode([track], SystemClock().now())
    assert not encoded.problems
    (octets,) = encoded.frames
    return octets


def read(name: str, octets: bytes) -> Track:
    """The only track of octets in a format, as its own decoder reads them."""
    frame = Frame(octets=octets, feed="f", source="s", peer="p", received_at=SystemClock().now())
    decoded = find(name).decoder().decode(frame)
    assert not decoded.problems, decoded.problems[0]
    (track,) = decoded.tracks
    return track


def check_same_aircraft(got: Track, want: Track) -> None:
    """Whatever it was written in on the way."""
    state, original = got.state, want.state
    assert state is not None
    assert state.position is not None
    assert original is not None
    assert original.position is not None
    assert near(state.position.latitude_deg, original.position.latitude_deg, HALF_LSB_DEG)
    assert near(state.position.longitude_deg, original.position.longitude_deg, HALF_LSB_DEG)
    assert near(state.altitude_hae_m, original.altitude_hae_m, 6.25 * 0.3048 / 2)
    assert near(state.ground_speed_mps, original.ground_speed_mps, 0.25)
    assert near(state.course_deg, original.course_deg, 0.1)
    assert state.time == original.time
    names, expected = ({one.scheme: one.value for one in track.identifiers} for track in (got, want))
    assert {scheme: names.get(scheme) for scheme in ("callsign", "icao24", "mode3a")} == {
        scheme: expected[scheme] for scheme in ("callsign", "icao24", "mode3a")
    }
    assert got.status is not None
    assert got.status.simulated is True


@pytest.mark.parametrize(("origin", "target"), list(product(NAMES, NAMES)))
def test_translates_every_format_to_every_format(gateways: Assembly, origin: str, target: str) -> None:
    track = aircraft(100)
    door, path = gateways.national(0), f"/v1/translate/{origin}/{target}"
    body, media_type = record(origin, track), find(origin).media_type
    before = gateways.nodes[0].counts.tracks_received

    listed = door.post(path, body, media_type)
    assert listed.status == 200, listed.body
    document = listed.json()
    assert (document["from"], document["to"], document["tracks"], document["refused"]) == (origin, target, 1, [])
    assert document["media_type"] == find(target).media_type
    (frame,) = document["frames"]
    octets = frame["text"].encode() if "text" in frame else b64decode(frame["base64"], validate=True)
    assert ("base64" in frame) is (target == "asterix")
    check_same_aircraft(read(target, octets), track)
    # Loss is data: what the target has no place for is named, and nothing that arrived is
    lost = {one["field"] for one in document["losses"] if one["stage"] == "encode"}
    assert ("state.stale_at" in lost) is (target == "asterix" and origin != "asterix")
    assert ("state.altitude_baro_m" in lost) is (target == "cot" and origin != "cot")
    assert not lost & {"state.position", "state.ground_speed_mps", "identifiers.icao24", "identifiers.callsign"}

    bare = door.post(path, body, media_type, Accept=find(target).media_type)
    assert bare.status == 200
    assert bare.headers["Content-Type"] == find(target).media_type
    assert bare.headers["Gateway-Losses"] == str(len(document["losses"]))
    assert bare.headers["Gateway-Refused"] == "0"
    check_same_aircraft(read(target, bare.body), track)

    assert gateways.nodes[0].counts.tracks_received == before, "a dry run takes nothing in"


@pytest.mark.parametrize(
    ("origin", "target"),
    [pair for pair in product((*NAMES, *OTHERS), repeat=2) if not set(pair) <= set(NAMES)],
)
def test_what_a_format_does_not_carry_is_listed_and_what_it_does_is_read_again(
    gateways: Assembly, origin: str, target: str
) -> None:
    """A drone in every format, to every format: written and read again, or refused with a code; never in silence."""
    encoded = find(origin).encoder(**OPTIONS.get(origin, {})).encode([drone()], SystemClock().now())
    assert encoded.frames or encoded.problems, f"{origin} says nothing of a drone, and not why"
    if not encoded.frames:
        return
    door, path = gateways.national(0), f"/v1/translate/{origin}/{target}"
    answer = door.post(path, b"".join(encoded.frames), find(origin).media_type)
    assert answer.status == 200, answer.body
    document = answer.json()
    assert document["tracks"] or document["refused"] or document["silent"]
    if document["tracks"] and not document["frames"]:
        assert any(one["stage"] == "encode" for one in document["refused"]), "a track that vanished without a word"
    decoder = find(target).decoder()
    for frame in document["frames"]:
        octets = frame["text"].encode() if "text" in frame else b64decode(frame["base64"], validate=True)
        given = Frame(octets=octets, feed="f", source="s", peer="p", received_at=SystemClock().now())
        assert not decoder.decode(given).problems, f"{target} does not read what it writes"


def drone() -> Track:
    """A small drone, its height above the ellipsoid, and who flies it."""
    now = SystemClock().now().replace(microsecond=0)
    return Track(
        track_id="00000000-0000-4000-8000-000000004711",
        identifiers=(Identifier("uas_serial", "1581F5FKD229Q00ABCDE"),),
        environment=Environment.AIR,
        platform="UAV",
        status=Status(confirmed=True, simulated=True),
        operator=Operator(identifier="NLDr8pilot", position=Position(52.37011, 4.70891), basis="LIVE_GNSS"),
        state=State(
            time=now,
            stale_at=now + timedelta(minutes=5),
            position=Position(52.125, 7.625),
            altitude_hae_m=120.0,
            course_deg=90.0,
            ground_speed_mps=12.0,
            vertical_rate_mps=0.5,
            accuracy=Accuracy(horizontal_95_m=10.0, vertical_95_m=10.0, speed_95_mps=1.0),
        ),
    )


@pytest.mark.parametrize(("name", "number"), list(zip(NAMES, (2, 1, 3, 4), strict=True)))
def test_what_is_posted_in_any_format_is_durable_and_comes_out_of_the_partner(
    gateways: Assembly, name: str, number: int
) -> None:
    track = aircraft(number)
    answer = gateways.national(0).post(f"/v1/messages/{name}", record(name, track), find(name).media_type)
    assert answer.status == 202, answer.body
    intake = answer.json()
    assert (intake["accepted"], intake["refused"], intake["withheld"]) == (1, [], [])
    (track_id,), (message_id,) = intake["track_ids"], intake["message_ids"]
    (stored,) = gateways.do(gateways.nodes[0].store.find_messages(message_id))
    assert stored.track_ids == (track_id,)

    partner, picture = gateways.national(1), gateways.nodes[1].rooms.picture
    gateways.until(lambda: any(entry.track.track_id == track_id for entry in picture.query(most=100)[0]))
    for shown in ("geojson", "cot", "alliance"):
        answer = partner.call("GET", "/v1/tracks?origin=nld-1", Accept=find(shown).media_type)
        assert answer.status == 200, answer.body
        (same,) = [one for one in decode_all(shown, answer.body) if callsign(one) == f"TEST{number}"]
        check_same_aircraft(same, track)


def decode_all(name: str, body: bytes) -> list[Track]:
    """Every track of a picture."""
    form = find(name)
    frames = [body] if form.splitter is None or name == "geojson" else form.splitter().feed(body)
    decoder = form.decoder()
    tracks: list[Track] = []
    for octets in frames:
        frame = Frame(octets=octets, feed="f", source="s", peer="p", received_at=SystemClock().now())
        decoded = decoder.decode(frame)
        assert not decoded.problems, decoded.problems[0]
        tracks += decoded.tracks
    return tracks


def callsign(track: Track) -> str | None:
    return next((one.value for one in track.identifiers if one.scheme == "callsign"), None)
