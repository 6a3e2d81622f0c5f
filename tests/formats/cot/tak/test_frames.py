"""Frames of TAK protocol, alone and among XML, cut and glued anywhere."""

from __future__ import annotations

import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import FormatError
from gateway.formats.cot import CotDecoder, Splitter
from gateway.formats.cot.tak.framing import Framing, mesh_frame, payload_of, stream_frame, varint, varint_at
from gateway.limits import Limits
from tests.formats.cot.generators import EVENT, event, frame
from tests.formats.cot.tak.test_lossless import payload

FRAMES = [
    EVENT,
    stream_frame(payload(uid="a")),
    stream_frame(payload(uid="b", xmlDetail="<remarks></event>\xbf</remarks>".replace("</event>", ""))),
    stream_frame(b""),
    event(uid="c"),
    stream_frame(payload(uid="d", xmlDetail="<a/>" * 60)),
    stream_frame(payload(uid="e")),
    event(uid="f"),
]
STREAM = b"".join(FRAMES)


def split(pieces: list[bytes], splitter: Splitter) -> list[bytes]:
    found = [one for piece in pieces for one in splitter.feed(piece)]
    return found + splitter.rest()


def test_a_cut_at_every_octet_gives_the_same_frames() -> None:
    for at in range(len(STREAM) + 1):
        assert split([STREAM[:at], STREAM[at:]], Splitter()) == FRAMES, at


def test_octet_by_octet_gives_the_same_frames() -> None:
    assert split([STREAM[at : at + 1] for at in range(len(STREAM))], Splitter()) == FRAMES


@settings(max_examples=100)
@given(st.lists(st.integers(1, 400), max_size=30))
def test_any_cuts_give_the_same_frames(sizes: list[int]) -> None:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(STREAM[at : at + size])
        at += size
    assert split([*pieces, STREAM[at:]], Splitter()) == FRAMES


def test_one_frame_of_both_kinds_is_decoded_event_by_event() -> None:
    decoded = CotDecoder().decode(frame(STREAM))
    assert not decoded.problems
    assert [track.identifiers[0].value for track in decoded.tracks][1:] == ["a", "b", "c", "d", "e", "f"]
    assert decoded.silent == 1
    assert {track.raw.format for track in decoded.tracks if track.raw} == {"COT", "TAK"}


@pytest.mark.parametrize(
    "header",
    [b"\xbf\xff\xff\xff\xff\x0f", b"\xbf\x80\x80\x80\x80\x10", b"\xbf" + varint(2**63), b"\xbf" + varint(1_048_576)],
)
def test_a_length_up_to_4_gb_and_beyond_is_refused_before_anything_is_allocated(header: bytes) -> None:
    tracemalloc.start()
    splitter = Splitter()
    with pytest.raises(FormatError) as caught:
        splitter.feed(header)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.code.id == "TAK-003"
    assert peak < 100_000
    with pytest.raises(FormatError):  # and that is the end of the stream
        splitter.feed(EVENT)
    assert splitter.rest() == []


def test_frames_before_a_refused_length_are_handed_over_first() -> None:
    splitter = Splitter()
    assert splitter.feed(EVENT + FRAMES[1] + b"\xbf\xff\xff\xff\xff\x0f" + EVENT) == [EVENT, FRAMES[1]]
    with pytest.raises(FormatError):
        splitter.feed(b"")


def test_a_refused_length_at_the_very_end_is_not_lost_either() -> None:
    octets = EVENT + FRAMES[1] + b"\xbf\xff\xff\xff\xff\x0f" + EVENT
    splitter = Splitter()
    assert splitter.feed(octets) == [EVENT, FRAMES[1]]
    assert [one[:6] for one in splitter.rest()] == [b"\xbf\xff\xff\xff\xff\x0f"]
    decoded = CotDecoder().decode(frame(octets))
    assert len(decoded.tracks) == 2
    assert [error.code.id for error in decoded.problems] == ["TAK-004"]


def test_a_length_that_is_no_number_is_refused() -> None:
    with pytest.raises(FormatError) as caught:
        Splitter().feed(b"\xbf" + b"\x80" * 10)
    assert caught.value.code.id == "TAK-001"


def test_a_frame_of_exactly_the_limit_is_taken() -> None:
    framed = stream_frame(payload())
    limits = Limits(max_frame_octets=len(framed))
    assert Splitter(limits).feed(framed) == [framed]
    with pytest.raises(FormatError):
        Splitter(Limits(max_frame_octets=len(framed) - 1)).feed(framed)


def test_a_stream_that_ends_in_a_frame_hands_over_what_is_there_to_be_refused() -> None:
    cut = FRAMES[1][:-1]
    (rest,) = split([EVENT + cut], Splitter())[1:]
    assert rest == cut
    assert CotDecoder().decode(frame(rest)).problems[0].code.id == "TAK-004"


def test_a_mesh_message_over_tcp_ends_with_the_connection() -> None:
    octets = mesh_frame(payload(uid="m") + b" ")  # field 4, cut: still whole in the hand-over
    assert split([octets[:1], octets[1:5], octets[5:]], Splitter()) == [octets]
    whole = mesh_frame(payload(uid="m"))
    decoded = CotDecoder().decode(frame(split([whole[at : at + 1] for at in range(len(whole))], Splitter())[0]))
    assert decoded.tracks[0].identifiers[0].value == "m"
    with pytest.raises(FormatError) as caught:
        Splitter(Limits(max_frame_octets=100)).feed(mesh_frame(b" " * 200))
    assert caught.value.code.id == "TAK-003"


def test_the_octet_inside_xml_or_garbage_begins_no_frame() -> None:
    remarks = event("<remarks>¿\u07ff</remarks>")  # both end in 0xbf
    assert Splitter().feed(remarks) == [remarks]
    assert split([b"noise\xbf\x02ab" + EVENT], Splitter()) == [b"noise\xbf\x02ab", EVENT]
    assert split([b"\xef\xbb\xbf" + EVENT], Splitter()) == [EVENT]


def test_an_empty_frame_does_not_swallow_what_follows() -> None:
    octets = b"\xbf\x00" + stream_frame(payload()) + b"\xbf\x00"
    splitter = Splitter()
    assert splitter.feed(octets) == [b"\xbf\x00", stream_frame(payload()), b"\xbf\x00"]
    decoded = CotDecoder().decode(frame(octets))
    assert (len(decoded.tracks), decoded.silent, decoded.problems) == (1, 2, ())


@pytest.mark.parametrize("version", [2, 300])
def test_a_mesh_of_another_version_is_refused(version: int) -> None:
    octets = b"\xbf" + varint(version) + b"\xbf" + payload()
    assert CotDecoder().decode(frame(octets)).problems[0].code.id == "TAK-002"


@given(st.integers(0, 2**64 - 1))
def test_numbers_come_back(value: int) -> None:
    octets = varint(value)
    assert varint_at(octets + b"\x00", 0) == (value, len(octets))
    assert varint_at(octets[:-1], 0) is None


def test_both_framings_are_told_apart() -> None:
    assert payload_of(stream_frame(b"ab") + b"c") == (b"ab", Framing.STREAM, 4)
    assert payload_of(mesh_frame(b"ab")) == (b"ab", Framing.MESH, 5)


@settings(max_examples=200)
@given(st.randoms(use_true_random=False))
def test_no_stream_raises_anything_but_our_errors(source: random.Random) -> None:
    octets = bytearray(STREAM)
    for _ in range(source.randint(1, 6)):
        octets[source.randrange(len(octets))] = source.choice((0xBF, 0x80, 0x00, 0x3C, source.randrange(256)))
    splitter, decoder = Splitter(), CotDecoder()
    try:
        found, at = [], 0
        while at < len(octets):
            size = source.randint(1, 500)
            found += splitter.feed(bytes(octets[at : at + size]))
            at += size
        found += splitter.rest()
    except FormatError:
        pass
    for one in found:
        decoder.decode(frame(one))
