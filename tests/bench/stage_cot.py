"""Cursor on Target events to canonical tracks, and back."""

from __future__ import annotations

from lxml import etree

from gateway.formats.registry import find
from tests.bench import corpora, peers
from tests.bench.harness import Row, Target, rates


def run(*, quick: bool) -> list[Row]:
    """Decode, encode."""
    events = corpora.cot(2_000 if quick else 10_000)
    frames = tuple(map(corpora.frame, events))
    form = find("cot")
    tracks = corpora.decoded("cot", frames)
    assert len(tracks) == len(events), "the corpus decodes"
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    trees = [etree.fromstring(one, parser) for one in events]

    def decode() -> int:
        decoder = form.decoder()
        return sum(len(decoder.decode(one).tracks) for one in frames)

    def parse() -> int:
        for one in events:
            etree.fromstring(one, parser)
        return len(events)

    def encode() -> int:
        encoder = form.encoder()
        return sum(
            len(encoder.encode(tracks[at : at + 500], corpora.START).frames) for at in range(0, len(tracks), 500)
        )

    def serialise() -> int:
        for tree in trees:
            etree.tostring(tree)
        return len(trees)

    measured = rates({"decode": decode, "parse": parse, "encode": encode, "serialise": serialise})
    size = sum(map(len, events)) // len(events)
    return [
        Row(
            stage="CoT decode",
            value=measured["decode"],
            unit="events/s",
            floor=measured["parse"],
            floor_name="lxml parse alone",
            peers=(peers.measure("synapse-cdm", "synapse-cot", events[:1_000]),),
            target=Target(value=40_000),
            note=f"generated events of {size} octets; every detail read, the original octets kept",
        ),
        Row(
            stage="CoT encode",
            value=measured["encode"],
            unit="events/s",
            floor=measured["serialise"],
            floor_name="lxml serialising ready trees",
            note="with losses listed",
        ),
    ]
