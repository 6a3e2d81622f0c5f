"""The trace of a track message: where each value stood and what it became."""

from __future__ import annotations

import re
import typing
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec import Struct
from msgspec.structs import fields, replace

from gateway.dialect import FieldTrace
from gateway.errors import FormatError
from gateway.formats.alliance import FORMAT, render, trace
from gateway.formats.alliance.trace import FIELDS
from gateway.stages import Frame, Message
from gateway.track import Extension, Track
from tests.formats.alliance import examples
from tests.formats.alliance.test_examples import signed
from tests.strategies import messages

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def frame(octets: bytes) -> Frame:
    return Frame(octets=octets, feed="file", source="nld", peer="test", received_at=NOW)


def by_item(octets: bytes) -> dict[str, FieldTrace]:
    return {field.item: field for field in trace(frame(octets))}


def test_the_trace_shows_where_each_value_stood() -> None:
    octets = render(examples.airliner())
    found = by_item(octets)
    for field in trace(frame(octets)):
        assert octets[field.offset :].startswith(field.raw.encode())
    latitude = found["Track[1]/State/Position/Latitude"]
    assert (latitude.canonical, latitude.unit) == ("state.position.latitude_deg", "deg")
    state = examples.airliner().tracks[0].state
    assert state is not None
    assert state.position is not None
    assert float(latitude.value) == state.position.latitude_deg
    assert found["Track[1]/RawRecord"].canonical == "raw.octets"
    assert found["Header/Nonce"].canonical == ""
    assert found["TrackMessage@version"].raw == "1.0"


def test_an_identifier_is_named_by_its_scheme() -> None:
    traces = [field for field in trace(frame(render(examples.airliner()))) if field.item == "Track[1]/Identifier"]
    names = examples.airliner().tracks[0].identifiers
    assert [(field.canonical, field.value) for field in traces] == [(f"identifiers.{n.scheme}", n.value) for n in names]


def test_tracks_are_counted() -> None:
    found = by_item(render(examples.drone()))
    assert {"Track[1]/TrackId", "Track[2]/TrackId"} <= found.keys()
    assert "Track[3]/TrackId" not in found


def test_foreign_elements_and_signatures_become_nothing() -> None:
    extension = Extension("urn:x", "Name", '<Name xmlns="urn:x"><TrackId a="1">t</TrackId></Name>')
    message = examples.minimal()
    message = replace(message, tracks=(replace(message.tracks[0], extensions=(extension,)),))
    found = by_item(signed(render(message)))
    assert found["Track[1]/Extensions/Name/TrackId"].value == "t"
    assert found["Track[1]/Extensions/Name/TrackId@a"].value == "1"
    assert {field.canonical for item, field in found.items() if "Extensions" in item or "Signature" in item} == {""}
    assert any(item.startswith("Signature/") for item in found)


def test_text_is_shown_as_it_stands_and_as_it_reads() -> None:
    octets = render(examples.minimal()).replace(
        b"</Environment>",
        b"</Environment><Name> </Name><Remarks>&#x80;&amp;copy<![CDATA[&lt;<b>]]><!-- c --></Remarks>",
    )
    texts = [(f.item, f.raw, f.value) for f in trace(frame(octets)) if f.item in ("Track[1]/Name", "Track[1]/Remarks")]
    assert texts == [
        ("Track[1]/Name", " ", " "),
        ("Track[1]/Remarks", "&#x80;&amp;copy", "\x80&copy"),
        ("Track[1]/Remarks", "&lt;<b>", "&lt;<b>"),
    ]


def test_prefixes_are_no_part_of_the_path() -> None:
    octets = render(examples.minimal()).replace(b"xmlns=", b"xmlns:t=")
    octets = (
        re.sub(rb"<(/?)(\w+)(?![\w:])", rb"<\1t:\2", octets).replace(b"slab:", b"s4774:").replace(b":slab=", b":s4774=")
    )
    assert by_item(octets).keys() == by_item(render(examples.minimal())).keys()


def test_a_message_that_is_refused_has_no_trace() -> None:
    with pytest.raises(FormatError) as caught:
        trace(frame(b"<event/>"))
    assert caught.value.code.id == "ALM-010"


def test_a_retraction_is_traced_though_it_is_no_track() -> None:
    assert by_item(render(examples.retraction()))["Retraction/Reason"].canonical == ""


@pytest.mark.parametrize("canonical", sorted({name for name, _ in FIELDS.values()}))
def test_every_canonical_name_exists(canonical: str) -> None:
    kind: type[Struct] = Track
    for name in canonical.split("."):
        declared = {field.name: field.type for field in fields(kind)}[name]
        waiting, kind = [declared], Struct
        while waiting:
            one = waiting.pop()
            if isinstance(one, type) and issubclass(one, Struct):
                kind = one
            waiting.extend(typing.get_args(one))


@pytest.mark.parametrize("name", sorted(examples.EXAMPLES))
def test_every_element_of_a_track_becomes_something(name: str) -> None:
    for field in trace(frame(render(examples.EXAMPLES[name]()))):
        if field.item.startswith("Track[") and "Extensions" not in field.item:
            assert field.canonical, field.item


@given(messages())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_message_that_is_read_has_a_trace(message: Message) -> None:
    octets = render(message)
    for field in trace(frame(octets)):
        assert octets[field.offset :].startswith(field.raw.encode())


def test_the_registry_knows_the_trace() -> None:
    assert FORMAT.trace is trace
