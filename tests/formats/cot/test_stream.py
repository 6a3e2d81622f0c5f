from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.formats.cot import CotDecoder, Splitter, codes
from gateway.limits import Limits
from tests.formats.cot.generators import EVENT, event, frame

TRAPS = [
    EVENT,
    event("<!-- </event> <event> -->", uid="a"),
    event("<![CDATA[</event>]]>", uid="b"),
    event("<?pi </event>?>", uid="c"),
    event('<event a="1"><x/></event><event/>', uid="d"),
    event("<a b='\">' c=\"'\"/>", uid="e").replace(b"</event>", b"</event \n>"),
    event("<eventual/>", uid="f"),
]
BETWEEN = [b"", b"\n", b"\r\n \t", b'<?xml version="1.0"?>', b'\n<?xml version="1.0" encoding="UTF-8"?>\n']


def split(chunks: list[bytes], limits: Limits | None = None) -> list[bytes]:
    splitter = Splitter(limits)
    frames = [one for chunk in chunks for one in splitter.feed(chunk)]
    return frames + splitter.rest()


def stream() -> tuple[bytes, list[bytes]]:
    octets = b""
    expected = []
    for index, one in enumerate(TRAPS):
        between = BETWEEN[index % len(BETWEEN)]
        octets += between + one
        expected.append(between.strip() + (b"\n" if between.endswith(b"?>\n") else b"") + one)
    return octets, expected


def test_a_cut_at_every_octet_gives_the_same_events() -> None:
    octets, expected = stream()
    assert split([octets]) == expected
    for cut in range(len(octets) + 1):
        assert split([octets[:cut], octets[cut:]]) == expected
    assert split([bytes([octet]) for octet in octets]) == expected


@settings(max_examples=60)
@given(st.lists(st.integers(1, 400), max_size=20))
def test_any_cuts_give_the_same_events(sizes: list[int]) -> None:
    octets, expected = stream()
    chunks, start = [], 0
    for size in sizes:
        chunks.append(octets[start : start + size])
        start += size
    assert split([*chunks, octets[start:]]) == expected


def test_an_event_is_complete_right_after_its_end_tag() -> None:
    splitter = Splitter()
    assert splitter.feed(EVENT) == [EVENT]
    assert splitter.feed(TRAPS[1]) == [TRAPS[1]]
    assert splitter.feed(EVENT[:-1]) == []
    assert splitter.feed(EVENT[-1:]) == [EVENT]


def test_an_end_tag_inside_a_value_is_refused_and_the_stream_goes_on() -> None:
    broken = event('<a b="</event>"/>')
    frames = split([broken + EVENT])
    assert frames[-1] == EVENT
    assert all(CotDecoder().decode(frame(one)).problems for one in frames[:-1])


def test_an_open_quote_does_not_swallow_the_next_event() -> None:
    frames = split([event("<!-- x --><a b='>") + EVENT + EVENT])
    assert frames[-1] == EVENT


@pytest.mark.parametrize("garbage", [b"noise", b"</event>", b"<eventual/>", b"<ev"])
def test_what_is_no_event_becomes_a_frame_to_be_refused(garbage: bytes) -> None:
    frames = split([garbage + b" " + EVENT + garbage])
    assert frames == [garbage, EVENT, garbage]
    assert CotDecoder().decode(frame(garbage)).problems


def test_an_event_over_the_limit_is_refused_and_the_stream_resynchronises() -> None:
    limits = Limits(max_frame_octets=1_000)
    big = event("x" * 5_000)
    for size in (1, 100, 100_000):
        octets = EVENT + big + EVENT
        frames = split([octets[at : at + size] for at in range(0, len(octets), size)], limits)
        assert [frames[0], frames[-1]] == [EVENT, EVENT]
        assert len(frames) == 3
        assert len(frames[1]) == 1_001
        assert CotDecoder(limits=limits).decode(frame(frames[1])).problems[0].code is codes.TOO_LARGE


def test_endless_garbage_is_bounded() -> None:
    splitter = Splitter(Limits(max_frame_octets=1_000))
    frames = [one for _ in range(100) for one in splitter.feed(b"z" * 999)]
    assert len(frames) == 1
    assert splitter.feed(EVENT) == [EVENT]


@pytest.mark.parametrize("filling", [b"x", b"<", b"<a>", b"<!--", b"</event", b"<event ", b'"', b"<!-- -->"])
def test_the_cost_is_linear(filling: bytes) -> None:
    def cost(size: int) -> float:
        octets = b'<event a="' + filling * (size // len(filling))
        best = 1e9
        for _ in range(2):
            splitter = Splitter(Limits(max_frame_octets=10_000_000))
            begin = time.process_time()
            for at in range(0, len(octets), 64):
                splitter.feed(octets[at : at + 64])
            best = min(best, time.process_time() - begin)
        return best

    small, large = cost(40_000), cost(320_000)
    assert large < 24 * small + 0.02  # eight times the octets; a quadratic cost would be sixty-four times


@settings(max_examples=150)
@given(
    st.lists(
        st.sampled_from(
            [b"<event ", b"<event>", b"</event>", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?xml ", b"?>", b"'", b'"']
        )
        | st.binary(max_size=5).filter(lambda octets: b"\xbf" not in octets),  # which may announce a length to refuse
        max_size=40,
    ),
    st.integers(1, 7),
)
def test_nothing_is_lost_whatever_the_octets(pieces: list[bytes], size: int) -> None:
    octets = b"".join(pieces)
    whole = split([octets])
    assert split([octets[at : at + size] for at in range(0, len(octets), size)]) == whole
    assert b"".join(b"".join(whole).split()) == b"".join(octets.replace(b"\xef\xbb\xbf", b"").split())
