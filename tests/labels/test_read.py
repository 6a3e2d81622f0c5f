"""What is read, and what is read only to be denied."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lxml import etree
from msgspec.structs import replace

from gateway.errors import PolicyError
from gateway.labels.names import (
    LABEL,
    MAX_ALTERNATIVES,
    MAX_UNKNOWN,
)
from gateway.labels.plain import plain_label, plain_labels
from gateway.labels.read import label_of, labels_of, read_label
from gateway.labels.write import write_label, write_labels
from gateway.track import Label, LabelCategory, Succession
from tests.data import recording
from tests.labels.examples import END, EXAMPLE, LAST, ORIGIN, WRITTEN, changed
from tests.labels.schemas import LABEL_XSD, valid


def test_reads_the_example_either_way() -> None:
    assert read_label(WRITTEN.encode()) == plain_label(WRITTEN) == label_of(etree.fromstring(WRITTEN)) == EXAMPLE
    assert valid(LABEL_XSD, WRITTEN.encode())


@pytest.mark.parametrize(
    "octets",
    [
        WRITTEN.replace("slab:", "").replace("xmlns:slab", "xmlns").encode(),
        WRITTEN.replace("slab", "s4774").encode(),
        f'<?xml version="1.0" encoding="UTF-8"?>\n<!-- a label -->\n{WRITTEN}\n'.encode(),
        WRITTEN.replace("><slab", ">\n\t<slab").replace("></slab", ">\n</slab").encode(),
        WRITTEN.replace("><slab", "><!-- between --><slab").encode(),
        changed(">ALPHA</slab:PolicyIdentifier>", "> ALPHA\n</slab:PolicyIdentifier>"),
        changed(">RESTRICTED<", "><![CDATA[RESTRICTED]]><"),
        changed(">RESTRICTED<", ">&#x52;ESTRICTED<"),
        changed(">2026-09-26T12:00:00Z<", "> 2026-09-26T14:00:00.000+02:00 <"),
        changed(">2026-09-26T12:00:00Z<", ">2026-09-26T12:00:00.0000009Z<"),
        changed("2031-09-26T00:00:00Z", "2031-09-25T24:00:00Z"),
        changed(ORIGIN, f'{ORIGIN}Id="label-1" x:seen="yes" xmlns:x="urn:x" '),
        changed(
            ORIGIN,
            f'{ORIGIN}xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="{LABEL} label.xsd" ',
        ),
    ],
)  # fmt: skip
def test_reads_every_spelling_of_the_same_label(octets: bytes) -> None:
    assert read_label(octets) == EXAMPLE
    assert valid(LABEL_XSD, octets)


@pytest.mark.parametrize("name", ["alternative", "metadata", "C"])
def test_reads_each_document_element(name: str) -> None:
    other = WRITTEN.replace("originatorC" if name == "C" else "originator", name)
    assert read_label(other.encode()) == label_of(etree.fromstring(other)) == EXAMPLE


def test_keeps_every_character_of_values_and_marks() -> None:
    label = read_label(changed(">XAA<", "> XAA  x\u00a0<").replace(b"for the watch only", b" for\tall "))
    assert label.categories[1].values == ("ALPHA", " XAA  x\u00a0")
    assert label.privacy_mark == " for\tall "
    assert read_label(changed(">RESTRICTED<", ">\u00a0RESTRICTED<")).classification == "\u00a0RESTRICTED"


def test_reads_a_succession_and_what_others_add() -> None:
    after = Succession(at=datetime(2030, 1, 1, tzinfo=UTC), label=replace(EXAMPLE, review_at=None))
    octets = write_label(replace(EXAMPLE, successor=after)).replace(
        LAST.encode(), b'<x:a xmlns:x="urn:x" b="1">t<!-- no word of it --><c xml:id="i"/></x:a>' + LAST.encode()
    )
    label = read_label(octets)
    assert label.successor == after
    assert [(one.namespace, one.name, one.xml) for one in label.extensions] == [
        ("urn:x", "a", '<x:a xmlns:x="urn:x" b="1">t<c></c></x:a>')
    ]
    assert valid(LABEL_XSD, octets)


def test_does_not_keep_what_is_added_to_a_succession() -> None:
    after = Succession(at=datetime(2030, 1, 1, tzinfo=UTC), label=replace(EXAMPLE, review_at=None))
    octets = write_label(replace(EXAMPLE, successor=after))
    more = octets.replace(b"</slab:SuccessionHandling>", b'<a xmlns="urn:x"></a></slab:SuccessionHandling>')
    assert more != octets
    assert read_label(more) == read_label(octets)


# What the standard's prose forbids, and what nobody understands: read, told, and so denied (B3.2, B3.6)


@pytest.mark.parametrize(
    ("said", "instead", "unknown", "is_valid"),
    [
        ("<slab:Classification>", '<slab:Classification URI="urn:oid:1.2">', "Classification@URI", True),
        ("<slab:PrivacyMark>", '<slab:PrivacyMark lang="en">', "PrivacyMark@lang", False),
        ('URI="urn:oid:2.25.1">', 'URL="urn:oid:2.25.1">', "PolicyIdentifier@URL", False),
        (' URI="urn:oid:2.25.1.4"', ' x:URI="urn:x" xmlns:x="urn:x"', "Category@{urn:x}URI", False),
        ("<slab:ConfidentialityInformation>", '<slab:ConfidentialityInformation Id="a">',
         "ConfidentialityInformation@Id", False),
        ("<slab:GenericValue>XAA", '<slab:GenericValue xml:lang="en">XAA',
         "GenericValue@{http://www.w3.org/XML/1998/namespace}lang", False),
        ("<slab:GenericValue>XAA</slab:GenericValue>", "<slab:IntegerValue>7</slab:IntegerValue>",
         "Category/IntegerValue", True),
        ("<slab:GenericValue>XAA</slab:GenericValue>", "<slab:BitStringValue>0110</slab:BitStringValue>",
         "Category/BitStringValue", True),
        (END, f'<x:Marking xmlns:x="urn:x">SECRET</x:Marking>{END}', "{urn:x}Marking", True),
    ],
)  # fmt: skip
def test_tells_what_is_forbidden_or_unknown_instead_of_forgetting_it(
    said: str, instead: str, unknown: str, is_valid: bool
) -> None:
    octets = changed(said, instead)
    label = read_label(octets)
    assert label.unknown == (unknown,)
    assert valid(LABEL_XSD, octets) is is_valid
    with pytest.raises(PolicyError, match="LBL-014"):
        write_label(label)


def test_what_is_unknown_in_a_successor_counts_for_the_label() -> None:
    after = Succession(at=datetime(2030, 1, 1, tzinfo=UTC), label=replace(EXAMPLE, review_at=None))
    octets = write_label(replace(EXAMPLE, successor=after))
    begin = octets.rindex(b"<slab:Classification>")
    label = read_label(octets[:begin] + octets[begin:].replace(b"<slab:Classification>", b'<slab:Classification a="">'))
    assert label.unknown == ("Classification@a",)


def test_refuses_a_flood_of_unknown_things() -> None:
    flood = "".join(f'<x{n} xmlns="urn:x"/>' for n in range(MAX_UNKNOWN + 1))
    with pytest.raises(PolicyError, match="LBL-002"):
        read_label(changed(END, flood + END))


# Several labels


def test_two_originator_labels_are_none() -> None:
    twice = etree.fromstring(f"<Label>{WRITTEN}{WRITTEN}</Label>")
    with pytest.raises(PolicyError, match=r"LBL-009.*a second originatorConfidentialityLabel"):
        labels_of(twice)
    legacy = etree.fromstring(f"<Label>{WRITTEN}{WRITTEN.replace('originatorC', 'C')}</Label>")
    with pytest.raises(PolicyError, match=r"LBL-009.*a second ConfidentialityLabel"):
        labels_of(legacy)
    assert plain_labels(WRITTEN * 2) is None


def test_two_metadata_labels_are_none() -> None:
    metadata = WRITTEN.replace("originator", "metadata")
    with pytest.raises(PolicyError, match=r"LBL-009.*a second metadataConfidentialityLabel"):
        labels_of(etree.fromstring(f"<Label>{WRITTEN}{metadata}{metadata}</Label>"))
    assert plain_labels(WRITTEN + metadata * 2) is None


def test_an_alternative_never_replaces_the_originators_label() -> None:
    other = WRITTEN.replace("originator", "alternative")
    with pytest.raises(PolicyError, match=r"LBL-010.*1 alternatives, 0 of metadata"):
        labels_of(etree.fromstring(f"<Label>{other}</Label>"))
    with pytest.raises(PolicyError, match="LBL-010"):
        labels_of([])
    assert plain_labels(other) is None
    assert plain_labels("") is None


def test_bounds_the_alternatives() -> None:
    other = WRITTEN.replace("originator", "alternative")
    most = WRITTEN + other * MAX_ALTERNATIVES
    assert labels_of(etree.fromstring(f"<Label>{most}</Label>")) == plain_labels(most)
    with pytest.raises(PolicyError, match="LBL-002"):
        labels_of(etree.fromstring(f"<Label>{most}{other}</Label>"))
    assert plain_labels(most + other) is None
    with pytest.raises(PolicyError, match="LBL-002"):
        write_labels(replace(EXAMPLE, alternatives=(EXAMPLE,) * (MAX_ALTERNATIVES + 1)))


def test_refuses_an_element_that_is_no_label_beside_labels() -> None:
    with pytest.raises(PolicyError, match=r"LBL-003.*Tlp of namespace none"):
        labels_of(etree.fromstring(f"<Label>{WRITTEN}<Tlp>GREEN</Tlp></Label>"))


# Labels that others made (B3.8): each lacks what the schema wants


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6])
def test_a_label_without_a_creation_time_is_read_only_on_request(number: int) -> None:
    octets = recording(f"labels/nato-4774-17-{number}.nato").read_bytes()
    with pytest.raises(PolicyError) as refused:
        read_label(octets)
    assert refused.value.code.id == "LBL-013"
    assert refused.value.place == "line 1, originatorConfidentialityLabel"
    assert not valid(LABEL_XSD, octets)
    label = read_label(octets, lenient_times=True)
    assert label.policy == "NATO"
    assert label.created_at is None
    assert label.unknown == (("PolicyIdentifier@URL",) if number == 1 else ())
    with pytest.raises(PolicyError, match="LBL-014" if number == 1 else "LBL-013"):
        write_label(label)
    if number > 1:
        completed = write_label(replace(label, created_at=EXAMPLE.created_at))
        assert valid(LABEL_XSD, completed)


def test_reads_what_a_published_label_says() -> None:
    label = read_label(recording("labels/nato-4774-17-6.nato").read_bytes(), lenient_times=True)
    assert label == Label(
        policy="NATO",
        classification="CONFIDENTIAL",
        categories=(
            LabelCategory(tag="Context", kind="PERMISSIVE", values=("KFOR",)),
            LabelCategory(tag="Only", kind="PERMISSIVE", values=("NATO", "IRL", "SWE", "UKR")),
        ),
    )
