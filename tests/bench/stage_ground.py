"""Remote ID, NVG and NFFI: octets to tracks and back. No targets: these come by hundreds, not by tens of thousands."""

from __future__ import annotations

import struct
from datetime import datetime, timedelta
from uuid import UUID

from lxml import etree

from gateway.formats.registry import find
from gateway.stages import Frame
from gateway.track import (
    Environment,
    Identifier,
    Identity,
    IdentityGroup,
    Operator,
    Position,
    Source,
    State,
    Track,
)
from tests.bench.corpora import START, frame
from tests.bench.harness import Row, rates

OBJECTS, TURNS, QUICK_TURNS = 250, 16, 4
LAYOUTS = {  # of the 25 octets of a Remote ID message, by type
    0: struct.Struct("<BB20s3s"),
    1: struct.Struct("<BBBBBiiHHHBBHBB"),
    4: struct.Struct("<BBiiHBHHBHI"),
    5: struct.Struct("<BB20s3s"),
}
OPTIONS: dict[str, dict[str, object]] = {"remoteid": {"personal_data": True}, "nvg": {}, "nffi": {"node": "bench"}}
UNITS = {"remoteid": "packs/s", "nvg": "tracks/s", "nffi": "tracks/s"}
TITLES = {"remoteid": "Remote ID", "nvg": "NVG", "nffi": "NFFI"}


def run(*, quick: bool) -> list[Row]:
    """Two rows for each format."""
    turns = QUICK_TURNS if quick else TURNS
    return [row for name in OPTIONS for row in _rows(name, turns)]


def _rows(name: str, turns: int) -> list[Row]:
    form = find(name)
    scenes = [(START + timedelta(seconds=turn), _scene(turn)) for turn in range(turns)]
    frames: list[Frame] = []
    for now, tracks in scenes:
        encoded = form.encoder(**OPTIONS[name]).encode(tracks, now)
        assert not encoded.problems, encoded.problems
        frames += [frame(octets, now) for octets in encoded.frames]
    trees = [] if name == "remoteid" else [etree.fromstring(one.octets) for one in frames]

    def decode() -> int:
        decoder = form.decoder()
        return sum(len(decoder.decode(one).tracks) for one in frames)

    def encode() -> int:
        encoder = form.encoder(**OPTIONS[name])
        for now, tracks in scenes:
            encoder.encode(tracks, now)
        return turns * OBJECTS

    def parse() -> int:
        if name == "remoteid":
            for one in frames:
                _unpack(one.octets)
        else:
            for one in frames:
                etree.fromstring(one.octets)
        return turns * OBJECTS

    def serialise() -> int:
        for tree in trees:
            etree.tostring(tree)
        return turns * OBJECTS

    assert decode() == turns * OBJECTS, "the corpus decodes"
    works = {"decode": decode, "encode": encode, "parse": parse}
    measured = rates(works if name == "remoteid" else {**works, "serialise": serialise})
    size = sum(len(one.octets) for one in frames) // (turns * OBJECTS)
    title, unit = TITLES[name], UNITS[name]
    shape = "packs of 4 messages" if name == "remoteid" else f"documents of {OBJECTS} tracks"
    return [
        Row(
            stage=f"{title} decode",
            value=measured["decode"],
            unit=unit,
            floor=measured["parse"],
            floor_name="struct.unpack of the messages" if name == "remoteid" else "lxml parse alone",
            note=f"generated {shape}, {size} octets for each track; messages of a drone joined, the original kept"
            if name == "remoteid"
            else f"generated {shape}, {size} octets for each track",
        ),
        Row(
            stage=f"{title} encode",
            value=measured["encode"],
            unit=unit,
            floor=measured.get("serialise"),
            floor_name="" if name == "remoteid" else "lxml serialising ready trees",
            note="with losses listed" + ("; operator written too" if name == "remoteid" else ""),
        ),
    ]


def _unpack(octets: bytes) -> None:
    for at in range(3, len(octets), 25):
        LAYOUTS[octets[at] >> 4].unpack_from(octets, at)


def _scene(turn: int) -> list[Track]:
    return [_track(number, turn, START + timedelta(seconds=turn)) for number in range(OBJECTS)]


def _track(number: int, turn: int, now: datetime) -> Track:
    return Track(
        track_id=str(UUID(int=number + 1, version=4)),
        identifiers=(Identifier("uas_serial", f"1581F5FKD229{number:05d}"), Identifier("callsign", f"D{number:04d}")),
        environment=Environment.AIR,
        identity=IdentityGroup(value=Identity.FRIEND),
        platform="UAV",
        operator=Operator(
            identifier=f"FIN87astrdge{number:04d}", position=Position(latitude_deg=54.6, longitude_deg=25.2)
        ),
        state=State(
            time=now,
            received_at=now,
            position=Position(latitude_deg=54.0 + number * 0.001 + turn * 1e-4, longitude_deg=25.0 + number * 0.001),
            altitude_hae_m=120.0 + number % 50,
            course_deg=float((number + turn) % 360),
            ground_speed_mps=12.5,
            vertical_rate_mps=0.5,
        ),
        sources=(Source(id="src-rf", name="rf", modality="RF"),),
    )
