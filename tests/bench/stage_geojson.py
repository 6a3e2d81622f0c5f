"""GeoJSON features to canonical tracks, and back."""

from __future__ import annotations

import msgspec

from gateway.formats.registry import find
from tests.bench import corpora
from tests.bench.harness import Row, rates


def run(*, quick: bool) -> list[Row]:
    """Decode, encode."""
    origin, frames = corpora.cat062(2_000 if quick else 10_000)
    tracks = corpora.decoded("asterix", frames, node="nld-1", dedupe=False)
    form = find("geojson")
    lines = [corpora.frame(octets) for octets in form.encoder().encode(tracks, corpora.START).frames]
    objects = [msgspec.json.decode(one.octets) for one in lines]

    def decode() -> int:
        decoder = form.decoder()
        return sum(len(decoder.decode(one).tracks) for one in lines)

    def parse() -> int:
        for one in lines:
            msgspec.json.decode(one.octets)
        return len(lines)

    def encode() -> int:
        return len(form.encoder().encode(tracks, corpora.START).frames)

    def serialise() -> int:
        for one in objects:
            msgspec.json.encode(one)
        return len(objects)

    measured = rates({"decode": decode, "parse": parse, "encode": encode, "serialise": serialise})
    size = sum(len(one.octets) for one in lines) // len(lines)
    return [
        Row(
            stage="GeoJSON decode",
            value=measured["decode"],
            unit="features/s",
            floor=measured["parse"],
            floor_name="msgspec decode alone",
            note=f"features of {size} octets from {origin}",
        ),
        Row(
            stage="GeoJSON encode",
            value=measured["encode"],
            unit="features/s",
            floor=measured["serialise"],
            floor_name="msgspec encode of ready objects",
        ),
    ]
