"""Streams cut at every boundary, and traces."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import FormatError
from gateway.formats.remoteid import FORMAT, RemoteIdDecoder, Splitter, trace
from gateway.limits import Limits
from tests.formats.remoteid.support import BASIC_ID, LOCATION, MAC, PACK, beacon, frame
from tests.formats.remoteid.test_receiver import FLAT, NESTED

BINARY = [PACK, BASIC_ID, LOCATION, PACK]
TEXTS = [
    json.dumps(NESTED).encode(),
    json.dumps(FLAT, indent=2).encode(),
    json.dumps([{"a": 'br"ack\\et } ] {'}, {}]).encode(),
]


def cut(octets: bytes, ends: list[int]) -> list[bytes]:
    splitter = Splitter()
    frames: list[bytes] = []
    at = 0
    for end in [*sorted(ends), len(octets)]:
        frames += splitter.feed(octets[at:end])
        at = max(at, end)
    return frames + splitter.rest()


def test_messages_and_packs_are_cut_at_every_boundary() -> None:
    whole = b"".join(BINARY)
    for at in range(len(whole)):
        assert cut(whole, [at]) == BINARY


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 4_000), max_size=8), st.sampled_from([b"\n", b"\r\n", b"", b",\n", b" \x1e"]))
def test_json_is_cut_where_its_bracket_closes_on_one_line_or_many(ends: list[int], between: bytes) -> None:
    assert cut(between.join(TEXTS) + between, ends) == TEXTS


def test_a_torso_is_handed_over_at_the_end() -> None:
    assert cut(PACK[:40], []) == [PACK[:40]]
    assert cut(b'{"a": 1}\n{"b', []) == [b'{"a": 1}', b'{"b']
    assert cut(b"\r\n\r\n", []) == []


def test_what_is_neither_is_refused_and_the_next_octets_begin_afresh() -> None:
    splitter = Splitter()
    for octets in (b"\x99\x99\x99", PACK[:1] + b"\x19\x0a", b"{} nonsense", b"[]x"):
        with pytest.raises(FormatError, match="RID-012"):
            splitter.feed(octets)
        assert splitter.feed(PACK) == [PACK]
        splitter.rest()


def test_an_object_without_an_end_is_refused_at_the_limit() -> None:
    splitter = Splitter(Limits(max_frame_octets=1_000))
    assert splitter.feed(b'{"a": [' * 140) == []
    with pytest.raises(FormatError, match="RID-010"):
        splitter.feed(b'{"a": [' * 10)
    assert splitter.feed(b"{}") == [b"{}"]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=6))
def test_any_octets_are_cut_or_refused_and_nothing_else_leaves_the_decoder(chunks: list[bytes]) -> None:
    splitter, decoder = Splitter(), RemoteIdDecoder()
    frames: list[bytes] = []
    for chunk in chunks:
        try:
            frames += splitter.feed(chunk)
        except FormatError:
            continue
    for octets in [*frames, *splitter.rest(), *chunks]:
        decoder.decode(frame(octets))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["unknown", "NaN"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([NESTED, FLAT]), st.data())
def test_any_value_in_any_member_is_read_or_refused(shape: dict[str, object], data: st.DataObject) -> None:
    value = json.loads(json.dumps(shape))
    target = value
    for _ in range(2):
        name = data.draw(st.sampled_from(sorted(target)))
        if isinstance(target[name], dict) and data.draw(st.booleans()):
            target = target[name]
        else:
            target[name] = data.draw(JSON)
            break
    decoded = RemoteIdDecoder().decode(frame(json.dumps(value).encode()))
    for track in decoded.tracks:
        assert track.identity is None
        assert "nan" not in str(track.state).lower()


def test_the_trace_of_a_pack_names_every_field_with_its_offset() -> None:
    fields = {field.item: field for field in trace(frame(PACK))}
    latitude = fields["Location.Latitude"]
    assert (latitude.offset, latitude.raw, latitude.value) == (28 + 5, "42bf241b", "45.539309")
    assert (latitude.unit, latitude.canonical) == ("deg", "state.position.latitude_deg")
    assert fields["Location.Height"].canonical == "state.height_agl_m"
    assert fields["OperatorID.OperatorId"].value == "98765432100123456789"
    assert fields["System.AreaCount"].canonical == ""
    inside = {field.item: field for field in trace(frame(beacon(PACK, MAC)))}
    assert inside["Location.Latitude"].offset == len(beacon(PACK)) - len(PACK) + 33


def test_the_trace_of_json_names_every_scalar() -> None:
    octets = json.dumps(NESTED).encode()
    for field in trace(frame(octets)):
        assert octets[field.offset :].startswith(field.raw.encode())
    fields = {field.item: field for field in trace(frame(octets))}
    assert fields["System Message.operator_lat"].canonical == "operator.position.latitude_deg"
    assert fields["Location/Vector Message.latitude"].canonical == "state.position.latitude_deg"


@pytest.mark.parametrize("octets", [b"{", b"\x99", PACK[:-1], b'{"x": 1}'])
def test_the_trace_of_what_is_refused_is_refused(octets: bytes) -> None:
    with pytest.raises(FormatError):
        trace(frame(octets))


def test_the_registry_entry_is_complete() -> None:
    assert FORMAT.name == "remoteid"
    assert FORMAT.splitter is Splitter
    assert FORMAT.trace is trace
