"""NVG documents that nobody well-meaning writes: only `FormatError`s, bounded work."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.formats.nvg import CODES, NvgDecoder, NvgEncoder
from gateway.limits import Limits
from tests.data import recording
from tests.formats.nvg.making import NOW, NVG, NVG_15, assert_rules, decode, document, frame, losses, point


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(recording("nvg/nvg.data.2.0.xsd")))


KNOWN = {code.id for code in CODES}
ATTRIBUTES = ("x", "y", "z", "speed", "course", "symbol", "uri", "label", "modifiers", "rotation", "href", "odd")
CHILDREN = (
    "ExtendedData",
    "Section",
    "SimpleData",
    "textInfo",
    "TimeStamp",
    "TimeSpan",
    "end",
    "extension",
    "metadata",
    "q",
)
VALUES = st.sampled_from(
    [
        "",
        "0",
        "1",
        "-1",
        "NaN",
        "9e99",
        "app6d:10060100001100000000",
        "app6b:S",
        "T:a;;",
        "a:b:c",
        "#alliance-track",
        "identifier.x",
    ]
) | st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters='<>&"\ufffe\uffff'), max_size=12
)


@st.composite
def elements(draw: st.DrawFn, names: tuple[str, ...], depth: int = 3) -> str:
    name = draw(st.sampled_from(names))
    keys = draw(st.lists(st.sampled_from((*ATTRIBUTES, "key", "schemaRef", "schemaId", "id")), max_size=6, unique=True))
    attributes = "".join(f' {key}="{draw(VALUES)}"' for key in keys)
    if name == "point" and draw(st.booleans()):
        attributes = ' x="1" y="2" uri="u"'
    inner = draw(VALUES)
    if depth:
        inner += "".join(draw(st.lists(elements(CHILDREN, depth - 1), max_size=3)))
    return f"<{name}{attributes}>{inner}</{name}>"


@given(
    st.lists(elements(("point", "g", "circle", "arcband", "polyline", "Schema", "q")), max_size=4),
    st.sampled_from([NVG, NVG_15, "", "urn:other"]),
    st.sampled_from(["2.0.2", "1.5", "", "x"]),
)
@settings(max_examples=100, deadline=None)
def test_structured_nonsense_is_refused_or_read_and_what_was_read_can_be_written(
    inner: list[str], namespace: str, version: str
) -> None:
    decoded = decode(document("".join(inner), namespace=namespace, version=version))
    assert {problem.code.id for problem in decoded.problems} <= KNOWN
    encoded = NvgEncoder().encode(decoded.tracks, NOW)
    assert {problem.code.id for problem in encoded.problems} <= KNOWN
    assert_rules(encoded.frames[0])


DOCUMENTS = st.lists(elements(("point", "g", "circle", "Schema"), 3), max_size=4)


@given(DOCUMENTS, st.sampled_from([NVG, NVG_15, ""]))
@settings(max_examples=100, deadline=None)
def test_whatever_was_read_is_written_as_the_schema_demands(
    schema: etree.XMLSchema, inner: list[str], namespace: str
) -> None:
    decoded = decode(document("".join(inner), namespace=namespace))
    schema.assertValid(etree.fromstring(NvgEncoder().encode(decoded.tracks, NOW).frames[0]))


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_octets_are_refused(octets: bytes) -> None:
    decoded = decode(octets)
    assert decoded.tracks == ()
    assert all(problem.code.id.startswith(("NVG-", "XML-")) for problem in decoded.problems)


@given(st.integers(0, 2000), st.binary(min_size=1, max_size=3))
@settings(max_examples=100, deadline=None)
def test_a_document_with_some_octets_changed_is_refused_or_read(at: int, change: bytes) -> None:
    data = '<ExtendedData schemaRef="#s"><SimpleData key="a">1</SimpleData></ExtendedData>'
    data += "<TimeStamp>2026-11-22T08:00:00Z</TimeStamp>"
    octets = bytearray(document(point('symbol="app6d:10060100001100000000" speed="9"', data)))
    at %= len(octets)
    octets[at : at + len(change)] = change
    decoded = decode(bytes(octets))
    assert all(problem.code.id.startswith(("NVG-", "XML-")) for problem in decoded.problems)
    NvgEncoder().encode(decoded.tracks, NOW)


def test_a_huge_schema_that_every_point_refers_to_does_not_multiply_the_document() -> None:
    fields = "".join(f'<SimpleField id="f{n}" type="string"/>' for n in range(8_000))
    data = '<ExtendedData schemaRef="#s"/>'
    points = "".join(point("", data, uri=f"urn:x:{n}") for n in range(3_000))
    begin = time.process_time()
    decoded = decode(document(f'<Schema schemaId="s">{fields}</Schema>{points}'))
    assert len(decoded.tracks) == 3_000
    assert sum(len(one.extensions[0].xml) for one in decoded.tracks) < 3_000 * 9_000
    assert ("nvg/Schema", "NO_TARGET") in losses(decoded.tracks[0])
    assert time.process_time() - begin < 20.0


def test_ten_thousand_points_are_read_and_written_in_time_that_grows_with_them() -> None:
    limits = Limits(max_frame_octets=8_000_000)

    def seconds(count: int) -> float:
        inner = "".join(point('symbol="app6d:10060100001100000000" speed="9"', uri=f"urn:x:{n}") for n in range(count))
        begin = time.process_time()
        decoded = NvgDecoder(limits=limits).decode(frame(document(inner)))
        encoded = NvgEncoder().encode(decoded.tracks, NOW)
        assert len(decoded.tracks) == count
        assert len(encoded.frames[0]) > count * 100
        return time.process_time() - begin

    small, large = seconds(1_000), seconds(10_000)
    assert large < 40 * small + 1.0
