"""Whatever octets come: a label, a clearance, or a `PolicyError`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.errors import PolicyError
from gateway.labels.clearances import read_clearance, write_clearance
from gateway.labels.plain import plain_label, plain_labels
from gateway.labels.read import label_of, labels_of, read_label
from gateway.labels.write import write_label, write_labels
from tests.labels import strategies
from tests.labels.test_clearances import WRITTEN as CLEARANCE

T = TypeVar("T")
FUZZ = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))


def outcome(read: Callable[[], T]) -> T | None:
    """What was read, or None where it was refused in words; everything else is an error."""
    try:
        return read()
    except PolicyError as error:
        if not error.code.id.startswith("LBL-") or not error.place:
            raise AssertionError(error) from error
        return None


@given(strategies.mutated_labels(), st.booleans())
@FUZZ
def test_only_policy_errors_leave_the_reader(octets: bytes, lenient: bool) -> None:
    label = outcome(lambda: read_label(octets, lenient_times=lenient))
    if label is None:
        return
    if label.unknown or label.created_at is None:
        with pytest.raises(PolicyError):
            write_label(label)
        return
    written = write_label(label)  # what is read can be written, and says the same
    assert read_label(written) == label


@given(strategies.mutated_labels())
@FUZZ
def test_both_ways_of_reading_agree(octets: bytes) -> None:
    text = octets.decode("ascii", "replace")
    quick = plain_label(text)
    if quick is not None:
        assert label_of(etree.fromstring(text.encode())) == quick
    beside = plain_labels(text)
    if beside is not None:
        assert labels_of(etree.fromstring(f"<a>{text}</a>")) == beside
        assert labels_of(etree.fromstring(b"<a>" + write_labels(beside) + b"</a>")) == beside


@given(st.binary(max_size=200))
@FUZZ
def test_noise_is_no_label(octets: bytes) -> None:
    for read in (read_label, read_clearance):
        with pytest.raises(PolicyError):
            read(octets)


@given(st.data())
@FUZZ
def test_only_policy_errors_leave_the_reader_of_clearances(data: st.DataObject) -> None:
    text = CLEARANCE
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        until = at + data.draw(st.integers(0, 30))
        piece = data.draw(st.sampled_from(["", "<x/>", " ", "<!---->", "a='b'", text[at:until] * 2]))
        text = text[:at] + piece + text[until:]
    clearance = outcome(lambda: read_clearance(text.encode()))
    assert clearance is None or read_clearance(write_clearance(clearance)) == clearance
