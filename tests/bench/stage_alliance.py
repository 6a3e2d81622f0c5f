"""Canonical tracks to alliance XML, and back: parse, validate, build."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from lxml import etree
from msgspec.structs import replace

from gateway import xml
from gateway.formats import alliance
from gateway.limits import Limits
from gateway.stages import Inbound, Verified
from tests.bench import corpora
from tests.bench.harness import Row, Target, Work, micros, rates

BATCH = 50
_AT = datetime(2026, 1, 1, tzinfo=UTC)
MAX_OCTETS = Limits().max_message_octets


def run(*, quick: bool) -> list[Row]:
    """Rendering, reading, and the schema alone."""
    origin, frames = corpora.cat062(1_000 if quick else 10_000)
    tracks = [
        replace(track, track_id=str(UUID(int=number % 200, version=4)))
        for number, track in enumerate(corpora.decoded("asterix", frames, node="nld-1", dedupe=False))
    ]
    messages = [corpora.message(tracks[at : at + BATCH]) for at in range(0, len(tracks), BATCH)]
    wires = [alliance.render(message) for message in messages]
    roots = [xml.parse(octets, max_octets=MAX_OCTETS) for octets in wires]
    schema = alliance.packaged_schema()

    def render() -> int:
        return sum(len(message.tracks) for message in messages if alliance.render(message))

    def serialise() -> int:
        for root in roots:
            etree.tostring(root, method="c14n", exclusive=True)
        return len(tracks)

    def parse() -> int:
        for octets in wires:
            xml.parse(octets, max_octets=MAX_OCTETS)
        return len(tracks)

    def validate() -> int:
        for root in roots:
            schema.check(root)
        return len(tracks)

    def read() -> int:
        return sum(len(alliance.read(xml.parse(octets, max_octets=MAX_OCTETS)).tracks) for octets in wires)

    verified = [_verified(octets, root) for octets, root in zip(wires, roots, strict=True)]

    def receive() -> int:
        return sum(len(alliance.open_message(one).message.tracks) for one in verified)

    fast = rates({"render": render, "serialise": serialise})
    works: dict[str, Work] = {"read": read, "parse": parse, "validate": validate, "receive": receive}
    slow = micros(works)
    size = sum(map(len, wires)) // len(tracks)
    return [
        Row(
            stage="alliance render",
            value=fast["render"],
            unit="tracks/s",
            floor=fast["serialise"],
            floor_name="libxml2 exclusive C14N of ready trees",
            target=Target(value=100_000),
            note=f"messages of {BATCH} tracks, {size} octets a track, from {origin}",
        ),
        Row(
            stage="alliance read",
            value=slow["read"],
            unit="us/track",
            faster_is_more=False,
            floor=slow["parse"],
            floor_name="lxml parse alone",
            note="parse, validate, build the tracks",
        ),
        Row(
            stage="alliance open, received",
            value=slow["receive"],
            unit="us/track",
            faster_is_more=False,
            floor=slow["validate"],
            floor_name="XSD validation alone",
            note="step 5 of the receive path, on verified octets: validate and build in one pass (ADR 30)",
        ),
        Row(
            stage="XSD validation alone",
            value=slow["validate"],
            unit="us/track",
            faster_is_more=False,
            floor=slow["parse"],
            floor_name="lxml parse alone",
        ),
    ]


def _verified(octets: bytes, root: etree._Element) -> Verified:
    """As the seal hands it on; the signature is another stage's."""
    inbound = Inbound(octets=octets, partner="nld-1", received_at=_AT)
    return Verified(inbound=inbound, signed=octets, document=root, signer="nld-1", key="00")
