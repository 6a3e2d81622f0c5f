"""What is written is canonical, is what was meant, and is read back as it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree
from msgspec.structs import replace

from gateway.errors import PolicyError
from gateway.labels.names import LABEL, LABEL_ELEMENTS, MAX_CATEGORIES, MAX_EXTENSIONS, MAX_MARK, MAX_NAME, MAX_VALUES
from gateway.labels.plain import plain_label
from gateway.labels.plain import plain_labels as recognised
from gateway.labels.read import label_of, labels_of, read_label
from gateway.labels.write import write_label, write_labels
from gateway.track import Extension, Label, Succession
from tests.labels import strategies
from tests.labels.examples import EXAMPLE

MODEST = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


def canonical(octets: bytes) -> bytes:
    return etree.tostring(etree.fromstring(octets), method="c14n", exclusive=True, with_comments=False)


@given(strategies.labels())
@MODEST
def test_what_is_written_is_canonical_and_is_read_back_as_it_was(label: Label) -> None:
    octets = write_label(label)
    assert canonical(octets) == octets
    assert read_label(octets) == label
    assert label_of(etree.fromstring(octets)) == label


@given(strategies.plain_labels())
@MODEST
def test_a_label_in_plain_words_is_recognised_as_the_reader_reads_it(label: Label) -> None:
    octets = write_label(label)
    assert plain_label(octets.decode()) == label_of(etree.fromstring(octets)) == label


@given(strategies.labels_with_others())
@MODEST
def test_alternatives_and_metadata_stand_beside_the_label(label: Label) -> None:
    octets = write_labels(label)
    assert labels_of(etree.fromstring(b"<Label>" + octets + b"</Label>")) == label
    assert recognised(octets.decode()) in (None, label)


AT = datetime(2026, 9, 26, 12, tzinfo=UTC)
CATEGORY = EXAMPLE.categories[0]
NOTE = Extension("urn:x", "a", '<a xmlns="urn:x"></a>')


@pytest.mark.parametrize(
    ("label", "code", "place"),
    [
        (replace(EXAMPLE, created_at=None), "LBL-013", "CreationDateTime"),
        (replace(EXAMPLE, created_at=datetime(2026, 1, 1)), "LBL-007", "CreationDateTime"),
        (replace(EXAMPLE, review_at=datetime(2026, 1, 1)), "LBL-007", "@ReviewDateTime"),
        (
            replace(EXAMPLE, review_at=datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))),
            "LBL-007",
            "@ReviewDateTime",
        ),
        (replace(EXAMPLE, policy=""), "LBL-006", "PolicyIdentifier"),
        (replace(EXAMPLE, policy="AL\x00PHA"), "LBL-012", "PolicyIdentifier"),
        (replace(EXAMPLE, classification="SECRET\n"), "LBL-006", "Classification"),
        (replace(EXAMPLE, classification="\ud800"), "LBL-012", "Classification"),
        (replace(EXAMPLE, privacy_mark="\x1b[31m"), "LBL-012", "PrivacyMark"),
        (replace(EXAMPLE, privacy_mark="x" * (MAX_MARK + 1)), "LBL-002", "PrivacyMark"),
        (replace(EXAMPLE, policy_uri="not a uri"), "LBL-006", "PolicyIdentifier/@URI"),
        (replace(EXAMPLE, originator_kind=None), "LBL-006", "OriginatorID"),
        (replace(EXAMPLE, originator_kind="dnsName"), "LBL-006", "OriginatorID"),
        (replace(EXAMPLE, originator=None), "LBL-006", "OriginatorID"),
        (replace(EXAMPLE, categories=(CATEGORY,) * (MAX_CATEGORIES + 1)), "LBL-002", "Information"),
        (replace(EXAMPLE, categories=(replace(CATEGORY, kind="ENUMERATED"),)), "LBL-006", "Category[1]/@Type"),
        (replace(EXAMPLE, categories=(CATEGORY, replace(CATEGORY, tag=""))), "LBL-005", "Category[2]/@TagName"),
        (replace(EXAMPLE, categories=(replace(CATEGORY, tag="\ufffe"),)), "LBL-012", "Category[1]/@TagName"),
        (replace(EXAMPLE, categories=(replace(CATEGORY, uri="2.25"),)), "LBL-006", "Category[1]/@URI"),
        (replace(EXAMPLE, categories=(replace(CATEGORY, values=("\x07",)),)), "LBL-012", "Category[1]"),
        (replace(EXAMPLE, categories=(replace(CATEGORY, values=("A",) * (MAX_VALUES + 1)),)), "LBL-002", "Category[1]"),
        (replace(EXAMPLE, categories=(replace(CATEGORY, values=("x" * MAX_NAME,) * 32),)), "LBL-002", "Label"),
        (replace(EXAMPLE, unknown=("Classification@URI",)), "LBL-014", "Label"),
        (replace(EXAMPLE, successor=Succession(at=AT, label=EXAMPLE)), "LBL-014", "SuccessionHandling"),
        (
            replace(EXAMPLE, successor=Succession(at=AT, label=replace(EXAMPLE, review_at=None, tlp="RED"))),
            "LBL-014",
            "SuccessionHandling",
        ),
        (
            replace(EXAMPLE, successor=Succession(at=AT, label=replace(EXAMPLE, review_at=None, created_at=None))),
            "LBL-013",
            "SuccessorConfidentialityLabel/CreationDateTime",
        ),
        (replace(EXAMPLE, alternatives=(replace(EXAMPLE, alternatives=(EXAMPLE,)),)), "LBL-014", "alternative"),
        (replace(EXAMPLE, alternatives=(replace(EXAMPLE, tlp="RED"),)), "LBL-014", "alternative"),
        (replace(EXAMPLE, metadata=replace(EXAMPLE, metadata=EXAMPLE)), "LBL-014", "metadata"),
        (replace(EXAMPLE, metadata=replace(EXAMPLE, purpose="AIR_DEFENCE")), "LBL-014", "metadata"),
        (replace(EXAMPLE, extensions=(NOTE,) * (MAX_EXTENSIONS + 1)), "LBL-002", "Label"),
        (replace(EXAMPLE, extensions=(replace(NOTE, xml="<a"),)), "LBL-011", "Label/a"),
        (replace(EXAMPLE, extensions=(replace(NOTE, xml="\ud800"),)), "LBL-011", "Label/a"),
        (replace(EXAMPLE, extensions=(replace(NOTE, xml='<a xmlns="urn:x"/>'),)), "LBL-011", "Label/a"),
        (replace(EXAMPLE, extensions=(replace(NOTE, namespace="urn:y"),)), "LBL-011", "Label/a"),
        (replace(EXAMPLE, extensions=(Extension("", "a", "<a></a>"),)), "LBL-011", "Label/a"),
        (replace(EXAMPLE, extensions=(Extension(LABEL, "a", f'<a xmlns="{LABEL}"></a>'),)), "LBL-011", "Label/a"),
        (replace(EXAMPLE, extensions=(replace(NOTE, xml='<a xmlns="urn:x" xml:id="i"></a>'),)), "LBL-011", "Label/a"),
        (replace(EXAMPLE, extensions=(replace(NOTE, xml="x" * 20_000),)), "LBL-011", "Label/a"),
    ],
)
def test_writes_nothing_that_could_not_be_read_or_would_say_less(label: Label, code: str, place: str) -> None:
    with pytest.raises(PolicyError) as refused:
        write_labels(label)
    assert refused.value.code.id == code
    assert place in refused.value.place


def test_writes_times_in_utc_and_each_name_that_the_standard_has() -> None:
    east = timezone(timedelta(hours=2))
    label = replace(EXAMPLE, created_at=datetime(2026, 9, 26, 14, 0, 0, 500_000, tzinfo=east))
    for name in LABEL_ELEMENTS:
        root = etree.fromstring(write_label(label, name=name))
        assert root.tag == f"{{{LABEL}}}{name}"
        assert root.findtext(f"{{{LABEL}}}CreationDateTime") == "2026-09-26T12:00:00.500000Z"
    with pytest.raises(PolicyError, match="LBL-003"):
        write_label(label, name="alternateConfidentialityLabel")


def test_what_stands_beside_a_label_is_not_in_its_element() -> None:
    beside = replace(EXAMPLE, tlp="GREEN", purpose="AIR_DEFENCE", alternatives=(EXAMPLE,), metadata=EXAMPLE)
    assert write_label(beside) == write_label(EXAMPLE)
    assert len(write_labels(beside)) > 2 * len(write_labels(EXAMPLE))
