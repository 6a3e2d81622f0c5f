"""NFFI messages that nobody well-meaning writes: only `FormatError`s, and what was read can be written."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.formats.nffi import CODES, NffiDecoder, NffiEncoder
from gateway.formats.nffi.facets import FACETS
from gateway.limits import Limits
from tests.formats.nffi.making import NOW, decode, frame, identification, message, positional
from tests.formats.nffi.schema import assert_valid

KNOWN = {code.id for code in CODES}
SECTIONS = ("positionalData", "identificationData", "operStatusData", "deviceSpecificData", "detailData")
NAMES = (*SECTIONS, *FACETS, "trackSource", "sourceSystem", "coordinates", "track", "unknown")
PLAIN = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters='<>&"\ufffe\uffff')
VALUES = st.sampled_from(
    [
        "",
        "0",
        "1",
        "-1",
        "NaN",
        "360",
        "1e9",
        "9e99",
        "true",
        "20261122081200",
        "SFGPUCI---*****",
        "SECRET",
        "a b",
        "NLD",
    ]
) | st.text(PLAIN, max_size=20)


@st.composite
def elements(draw: st.DrawFn, names: tuple[str, ...], depth: int) -> str:
    name = draw(st.sampled_from(names))
    keys = st.sampled_from(("accuracy", "secPolicyName", "secClassification", "secCategory", "odd"))
    attributes = "".join(f' {key}="{draw(VALUES)}"' for key in draw(st.lists(keys, max_size=3, unique=True)))
    inner = draw(VALUES)
    if depth:
        inner += "".join(draw(st.lists(elements(NAMES, depth - 1), max_size=4)))
    return f"<{name}{attributes}>{inner}</{name}>"


@given(st.lists(elements(NAMES, 2), max_size=4), st.booleans(), st.sampled_from([None, "NATO"]))
@settings(max_examples=120, deadline=None)
def test_structured_nonsense_is_refused_or_read_and_what_was_read_is_written_validly(
    inner: list[str], usual: bool, policy: str | None
) -> None:
    track = "".join(inner)
    octets = message(positional(track) + identification() + track if usual else track, positional())
    decoded = decode(octets, label_policy=policy)
    assert {problem.code.id for problem in decoded.problems} <= KNOWN
    assert decoded.tracks
    encoded = NffiEncoder().encode(decoded.tracks, NOW)
    assert {problem.code.id for problem in encoded.problems} <= KNOWN
    for octets in encoded.frames:
        assert_valid(octets)


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_octets_are_refused(octets: bytes) -> None:
    decoded = decode(octets)
    assert decoded.tracks == ()
    assert all(problem.code.id.startswith(("NFI-", "XML-")) for problem in decoded.problems)


@given(st.integers(0, 2000), st.binary(min_size=1, max_size=3))
@settings(max_examples=150, deadline=None)
def test_a_message_with_some_octets_changed_is_refused_or_read(at: int, change: bytes) -> None:
    octets = bytearray(message(positional("<speed>36</speed><inclination>350</inclination>") + identification()))
    at %= len(octets)
    octets[at : at + len(change)] = change
    decoded = decode(bytes(octets), label_policy="NATO")
    assert all(problem.code.id.startswith(("NFI-", "XML-")) for problem in decoded.problems)
    for written in NffiEncoder().encode(decoded.tracks, NOW).frames:
        assert_valid(written)


def test_ten_thousand_tracks_are_read_and_written_in_time_that_grows_with_them() -> None:
    limits = Limits(max_frame_octets=16_000_000)

    def seconds(count: int) -> float:
        octets = message(*[positional("<speed>36</speed>") + identification()] * count)
        begin = time.process_time()
        decoded = NffiDecoder(limits=limits).decode(frame(octets))
        assert len(decoded.tracks) == count
        assert len(NffiEncoder().encode(decoded.tracks, NOW).frames) == 1
        return time.process_time() - begin

    small, large = seconds(1_000), seconds(10_000)
    assert large < 40 * small + 1.0
