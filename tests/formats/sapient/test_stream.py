from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import FormatError
from gateway.feeds.cutting import Cutter
from gateway.formats.sapient import codes
from gateway.formats.sapient.messages import serialise
from gateway.formats.sapient.stream import Splitter, frame
from gateway.limits import Limits
from tests.formats.sapient.samples import every_kind

MESSAGES = [serialise(message) for message in every_kind()]
STREAM = b"".join([frame(octets) for octets in MESSAGES])
SMALL = Limits(max_frame_octets=1_000)


def test_a_frame_is_four_octets_of_length_little_endian_and_the_message() -> None:
    assert frame(b"abc") == b"\x03\x00\x00\x00abc"
    assert Splitter().feed(frame(b"x" * 300)) == [b"x" * 300]


def test_a_stream_cut_in_two_at_every_octet_gives_the_same_frames() -> None:
    for cut in range(len(STREAM) + 1):
        splitter = Splitter()
        assert splitter.feed(STREAM[:cut]) + splitter.feed(STREAM[cut:]) == MESSAGES
        assert splitter.rest() == []


def test_a_stream_of_single_octets_gives_the_same_frames() -> None:
    splitter = Splitter()
    frames = [one for at in range(len(STREAM)) for one in splitter.feed(STREAM[at : at + 1])]
    assert frames == MESSAGES
    assert splitter.rest() == []


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_a_stream_cut_and_glued_anywhere_gives_the_same_frames(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    splitter = Splitter()
    frames = [one for a, b in pairwise(places) for one in splitter.feed(STREAM[a:b])]
    assert frames == MESSAGES


@pytest.mark.parametrize("size", [1_001, 2**20 + 1, 2**31, 2**32 - 1])
def test_a_length_above_the_limit_is_refused_before_anything_is_kept(size: int) -> None:
    splitter = Splitter(SMALL)
    with pytest.raises(FormatError) as refused:
        splitter.feed(struct.pack("<I", size) + b"x")
    assert refused.value.code is codes.TOO_LARGE
    assert refused.value.place == "octet 0"
    assert str(size) in refused.value.cause
    assert "closed" in refused.value.cause


def test_the_largest_length_allowed_is_taken() -> None:
    assert Splitter(SMALL).feed(frame(b"x" * 1_000)) == [b"x" * 1_000]


def test_an_empty_frame_is_refused() -> None:
    with pytest.raises(FormatError) as refused:
        Splitter().feed(b"\0\0\0\0")
    assert refused.value.code is codes.EMPTY_FRAME


def test_what_was_complete_before_a_wrong_length_is_kept_and_the_stream_has_ended() -> None:
    splitter = Splitter(SMALL)
    assert splitter.feed(frame(b"good") + b"\xff\xff\xff\xff" + frame(b"never")) == [b"good"]
    for again in (b"", frame(b"never")):
        with pytest.raises(FormatError) as refused:
            splitter.feed(again)
        assert refused.value.code is codes.TOO_LARGE
        assert refused.value.place == "octet 8"
    with pytest.raises(FormatError):
        splitter.rest()


@pytest.mark.parametrize("left", [b"\x05", b"\x05\0\0", b"\x05\0\0\0", b"\x05\0\0\0abcd"])
def test_a_stream_that_ends_inside_a_frame_is_told(left: bytes) -> None:
    splitter = Cutter(Splitter(), max_octets=10)
    assert splitter.feed(frame(b"whole") + left) == [b"whole"]
    with pytest.raises(FormatError) as refused:
        splitter.rest()
    assert refused.value.code is codes.CUT_OFF
    assert refused.value.place == "octet 9"
    assert splitter.rest() == []


def test_many_small_frames_in_one_read_cost_no_more_than_their_octets() -> None:
    frames = Splitter().feed(frame(b"x") * 50_000)
    assert len(frames) == 50_000


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=8))
def test_any_octets_are_frames_or_a_refusal(chunks: list[bytes]) -> None:
    splitter = Splitter(SMALL)
    try:
        frames = [one for chunk in chunks for one in splitter.feed(chunk)]
        frames += splitter.rest()
    except FormatError:
        return
    assert b"".join([frame(one) for one in frames]) == b"".join(chunks)


@pytest.mark.parametrize(
    ("octets", "hint"),
    [
        ((300).to_bytes(4, "big") + b"x", "in big-endian order it would be 300"),
        (b"\x16\x03\x01\x02\x00\x01", "TLS handshake"),
        (b"\xff\xff\xff\xff", ""),
    ],
)
def test_a_wrong_length_is_told_with_the_mistake_that_it_looks_like(octets: bytes, hint: str) -> None:
    with pytest.raises(FormatError) as caught:
        Splitter().feed(octets)
    assert hint in caught.value.cause
    assert ("(" in caught.value.cause) is bool(hint)
