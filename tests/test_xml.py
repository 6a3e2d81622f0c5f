"""The words of the one XML parser."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from msgspec.structs import replace

from gateway.errors import FormatError
from gateway.formats import alliance
from gateway.formats.registry import find
from gateway.stages import Frame
from gateway.track import Extension, Loss
from gateway.xml import parse, words_of


@pytest.mark.parametrize(
    ("octets", "place", "cause"),
    [
        (b"<a><b></a>", "line 1 column 11", "Opening and ending tag mismatch: b line 1 and a"),
        (b"<a>\n <b", "line 2 column 4", "Couldn't find end of Start Tag b line 2"),
        (b"", "line 1 column 1", "Document is empty"),
    ],
)
def test_what_is_malformed_says_its_place_once(octets: bytes, place: str, cause: str) -> None:
    with pytest.raises(FormatError) as caught:
        parse(octets, max_octets=100)
    assert (caught.value.place, caught.value.cause) == (place, cause)


@pytest.mark.parametrize("octets", [b'<a><b xml:id="x"/><b xml:id="x"/></a>', b'<a xml:id="1 x"/>'])
def test_equal_or_odd_ids_are_refused_as_other_tools_do_unless_they_are_asked_for(octets: bytes) -> None:
    with pytest.raises(FormatError) as caught:
        parse(octets, max_octets=100)
    assert caught.value.code.id == "XML-001"
    assert parse(octets, max_octets=100, any_ids=True).tag == "a"


def test_words_are_what_a_person_reads_and_no_more_than_was_asked_for() -> None:
    root = parse(b"<f><c>s:Server</c><s>no\n <!-- secret -->data<?p q?></s> <![CDATA[<b>]]></f>", max_octets=100)
    assert words_of(root, at_most=100) == "s:Server no data <b>"
    assert words_of(root, at_most=11) == "s:Server no"
    assert words_of(parse(b"<f> <c/></f>", max_octets=100), at_most=100) == ""


def test_no_message_of_ours_carries_an_id_that_two_records_could_share() -> None:
    detail = b'<foo xml:id="a" b="c"/><x:y xmlns:x="urn:q" xml:id="a"/>'
    times = b'time="2026-11-22T12:00:00Z" start="2026-11-22T12:00:00Z" stale="2026-11-22T12:10:00Z"'
    point = b'<point lat="52.1" lon="7.6" hae="1" ce="1" le="1"/>'
    inner = point + b"<detail>" + detail + b"</detail>"
    event = b'<event version="2.0" uid="u" type="a-u-A" how="m-g" %b>%b</event>' % (times, inner)
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    frame = Frame(octets=event, feed="f", source="s", peer="p", received_at=at)
    (track,) = find("cot").decoder(node="nld-1").decode(frame).tracks
    assert Loss("event//@xml:id", "NOT_MODELLED") in track.provenance[-1].losses
    assert track.extensions
    assert not any("xml:id" in extension.xml for extension in track.extensions)
    named = replace(track, track_id=str(UUID(int=7, version=4)))
    assert alliance.fault(named) is None
    shared = Extension("urn:q", "y", '<y xmlns="urn:q" xml:id="a"></y>')
    refusal = alliance.fault(replace(named, extensions=(shared,)))
    assert refusal is not None
    assert "xml:id" in refusal.cause
