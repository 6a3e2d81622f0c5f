"""The walk that decides and the walk that explains must agree, whatever the message."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import FormatError
from gateway.formats.sapient import codes, v1, v2
from gateway.formats.sapient.json import validate_json, write_json
from gateway.formats.sapient.messages import SapientMessage, parse, serialise
from gateway.formats.sapient.plausible import implausible
from gateway.formats.sapient.validate import Checker, validate
from tests.formats.sapient.samples import SENT_S, detection, every_kind

SAMPLES = [serialise(message) for message in every_kind()]
CHECKER = Checker(v2.schema())
CHECKER_1 = Checker(v1.schema())


def mutated(octets: bytes, changes: list[tuple[int, int]]) -> bytes:
    changed = bytearray(octets)
    for at, value in changes:
        changed[at % len(changed)] = value
    return bytes(changed)


CHANGES = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6)


@settings(max_examples=1_500, deadline=None)
@given(st.sampled_from(SAMPLES), CHANGES)
def test_mutated_messages_are_refused_or_judged_and_both_walks_agree(
    octets: bytes, changes: list[tuple[int, int]]
) -> None:
    octets = mutated(octets, changes)
    try:
        message = parse(octets)
    except FormatError:
        return
    assert CHECKER.good(message) == (not CHECKER.explain(message))
    faults = validate(message, octets=octets)
    assert len(faults) <= 100
    if not faults:
        implausible(message)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(SAMPLES), CHANGES)
def test_the_same_holds_for_version_1(octets: bytes, changes: list[tuple[int, int]]) -> None:
    try:
        message = v1.parse_v1(mutated(octets, changes))
    except FormatError:
        return
    assert CHECKER_1.good(message) == (not CHECKER_1.explain(message))
    upgraded, losses = v1.upgrade(message)
    assert parse(serialise(upgraded)) == upgraded
    assert all(one.field and one.reason for one in losses)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_random_octets_are_refused_or_judged(octets: bytes) -> None:
    try:
        message = parse(octets)
    except FormatError:
        return
    assert validate(message, octets=octets)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(SAMPLES),
    st.integers(0, 10_000),
    st.sampled_from(
        [b"null", b"NaN", b'"', b"{", b"[]", b"1e999", b"-1", b'"x"', b"true", b"\xff", b",", b"0" * 5_000]
    ),
)
def test_mutated_json_is_refused_or_judged(octets: bytes, at: int, patch: bytes) -> None:
    text = write_json(parse(octets))
    place = at % len(text)
    try:
        faults = validate_json(text[:place] + patch + text[place + 3 :])
    except FormatError as refused:
        code = refused.code
    else:
        assert len(faults) <= 100
        return
    if code not in (codes.NOT_JSON, codes.TOO_DEEP):
        raise AssertionError(code)


def test_a_tree_of_classes_as_deep_as_the_parser_allows_is_judged() -> None:
    message = detection()
    inner = message.detection_report.classification[0].sub_class[0]
    for level in range(2, 90):
        inner = inner.sub_class.add(type="x", confidence=0.5, level=level)
    octets = serialise(message)
    assert validate(parse(octets), octets=octets) == ()
    inner.level = -1
    octets = serialise(message)
    (fault,) = validate(parse(octets), octets=octets)
    assert fault.path.endswith("sub_class[0].level")
    assert fault.path.count("sub_class[0]") == 89


def test_a_frame_full_of_what_the_parser_drops_is_judged_in_bounded_work() -> None:
    octets = serialise(detection()) + b"\x12\x00" * 400_000
    message = parse(octets)
    faults = validate(message, octets=octets)
    assert [one.code for one in faults] == [codes.ID_FORM, codes.TWICE]


def test_a_frame_full_of_unknown_fields_is_judged_in_bounded_work() -> None:
    octets = b"".join([bytes([0x80 | number & 0x78, 0x10 + number % 100, 0]) for number in range(200_000)])
    try:
        message = parse(octets)
    except FormatError:
        pytest.fail("the octets are well formed")
    assert len(validate(message, octets=octets)) <= 100


def test_messages_of_many_shapes_are_judged_alike() -> None:
    for bits in range(256):
        message = detection()
        report = message.detection_report
        for bit, name in enumerate(("z", "x_error", "y_error", "z_error")):
            if bits >> bit & 1:
                report.location.ClearField(name)
        for bit, name in enumerate(("detection_confidence", "classification", "enu_velocity")):
            if bits >> (bit + 4) & 1:
                report.ClearField(name)
        if bits >> 7 & 1:
            message.ClearField("destination_id")
        assert validate(message, octets=serialise(message)) == ()


def test_judging_leaves_the_message_as_it_was() -> None:
    message = SapientMessage()
    message.CopyFrom(detection())
    message.timestamp.seconds = SENT_S
    before = serialise(message)
    validate(message, octets=before)
    implausible(message)
    assert serialise(message) == before
