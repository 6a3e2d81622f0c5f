"""The quick way of reading a label, and the slow one."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.labels.names import (
    MAX_CATEGORIES,
    MAX_MARK,
    MAX_NAME,
    MAX_VALUES,
)
from gateway.labels.plain import plain_label
from gateway.labels.read import label_of
from gateway.labels.write import write_label
from tests.labels import strategies
from tests.labels.examples import END, LAST, WRITTEN
from tests.labels.schemas import LABEL_XSD, valid

PIECES = (
    "  ", " ", "", "<!-- -->", "&#x20;", "</slab:GenericValue><slab:GenericValue>", ' URI="urn:oid:1"', ' URI=""',
    '<slab:Category TagName="A" Type="PERMISSIVE"></slab:Category>', "<slab:PrivacyMark></slab:PrivacyMark>", "24",
    "00", '" Type="RESTRICTIVE', "PERMISSIVE", "x" * MAX_NAME, ".123456", ".1234567", "-02-30T", "/", ">", "'", "]]>",
    '<slab:Category TagName="A" Type="PERMISSIVE"></slab:Category>' * MAX_CATEGORIES,
    "<slab:GenericValue></slab:GenericValue>" * MAX_VALUES,
)  # fmt: skip


@given(st.data())
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_recognised_is_what_the_reader_reads(data: st.DataObject) -> None:
    """Texts near the plain spelling: where the quick way takes one, the slow way takes it as the same label."""
    text = write_label(data.draw(strategies.plain_labels())).decode()
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 3))
        piece = data.draw(st.sampled_from(PIECES) | st.text(" -:<>&\"'Z09aA\t\u00e9", max_size=3))
        text = text[:at] + piece + text[at + cut :]
    label = plain_label(text)
    if label is not None:
        assert label == label_of(etree.fromstring(text))
        assert valid(LABEL_XSD, text.encode())


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        (">ALPHA</slab:PolicyIdentifier>", "> ALPHA</slab:PolicyIdentifier>"),
        (">RESTRICTED<", ">VERY  RESTRICTED<"),
        (">RESTRICTED<", ">RESTRICTED <"),
        (">XAA<", f">{'x' * (MAX_NAME + 1)}<"),
        ("for the watch only", "x" * (MAX_MARK + 1)),
        ("nld.example", "x" * (MAX_NAME + 1)),
        ("2026-09-26T", "2026-02-30T"),
        ("2031-09-26T", "0000-02-28T"),
        ("12:00:00Z", "24:00:00Z"),
        ("<slab:GenericValue>XAA</slab:GenericValue>", "<slab:GenericValue></slab:GenericValue>" * (MAX_VALUES + 1)),
        (END, '<slab:Category TagName="A" Type="PERMISSIVE"></slab:Category>' * MAX_CATEGORIES + END),
        (END, f'<slab:Category TagName="{"A" * (MAX_NAME + 1)}" Type="PERMISSIVE"></slab:Category>{END}'),
        (LAST, f"<!-- -->{LAST}"),
        (LAST, f"{LAST} "),
        (LAST, LAST.replace("originator", "alternative")),
    ],
)
def test_the_quick_way_leaves_to_the_slow_one_what_has_to_be_weighed(said: str, instead: str) -> None:
    assert said in WRITTEN
    assert plain_label(WRITTEN.replace(said, instead)) is None
