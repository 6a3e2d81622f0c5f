"""What is no label, and what is said of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from gateway.errors import PolicyError
from gateway.labels.names import (
    LABEL,
    MAX_CATEGORIES,
    MAX_LABEL_OCTETS,
    MAX_MARK,
    MAX_NAME,
    MAX_VALUES,
    XSI,
)
from gateway.labels.read import read_label
from gateway.labels.write import write_label
from gateway.track import Label, Succession
from tests.labels.examples import END, EXAMPLE, LAST, ORIGIN, WRITTEN, changed

LATER = datetime(2030, 1, 1, tzinfo=UTC)
ANOTHER = "<a xmlns='urn:x'/>"
CROWD = " ".join(f"a{n}=''" for n in range(65))
CATEGORY = "<slab:Category TagName='A' Type='PERMISSIVE'/>"


@pytest.mark.parametrize(
    ("said", "instead", "code", "place", "words"),
    [
        ("originatorConf", "alternateConf", "LBL-003", "alternateConfidentialityLabel", "alternativeConfidentialityL"),
        (LABEL, "urn:nato:stanag:4774:confidentialitymetadatalabel:2:0", "LBL-003", "line 1", "metadatalabel:2:0"),
        ("slab:", "", "LBL-003", "line 1", "namespace none"),
        ('TagName="Context"', 'tagName="Context"', "LBL-005", "Category[1]/@TagName", "there are: tagName, Type, URI"),
        ('TagName="Context"', 'TagName=""', "LBL-006", "Category[1]/@TagName", "empty"),
        ('Type="PERMISSIVE"', 'Type="Permissive"', "LBL-006", "Category[1]/@Type", "'Permissive', expected one of"),
        ('Type="PERMISSIVE"', 'Type=" PERMISSIVE"', "LBL-006", "Category[1]/@Type", "' PERMISSIVE', expected one of"),
        ('Type="PERMISSIVE" ', "", "LBL-005", "Category[1]/@Type", "there are: TagName, URI"),
        ('ReviewDateTime="2031', 'reviewDateTime="2031', "LBL-004", "@reviewDateTime", "standard has ReviewDateTime"),
        ('ReviewDateTime="2031', 'slab:ReviewDateTime="2031', "LBL-004", "ReviewDateTime", "attribute"),
        (ORIGIN, f'{ORIGIN}Id="1a" ', "LBL-006", "@Id", "no XML name"),
        ("T00:00:00Z", "", "LBL-007", "@ReviewDateTime", "'2031-09-26'"),
        ("2031-09-26T00:00:00Z", "2031-02-29T00:00:00Z", "LBL-007", "@ReviewDateTime", "2031-02-29"),
        ("12:00:00Z", "12:00:00", "LBL-007", "CreationDateTime", "with a zone"),
        ("12:00:00Z", "24:00:01Z", "LBL-007", "CreationDateTime", "24:00:01"),
        ("12:00:00Z", "24:00:00.1Z", "LBL-007", "CreationDateTime", "24:00:00.1"),
        ("12:00:00Z", "12:00:00+15:00", "LBL-007", "CreationDateTime", "+15:00"),
        ("2026-09-26T12:00:00Z", "0001-01-01T00:00:00+01:00", "LBL-007", "CreationDateTime", "years 1 to 9999"),
        ("2026-09-26T12:00:00Z", "0000-01-01T00:00:00Z", "LBL-007", "CreationDateTime", "0000"),
        ("2026-09-26T12:00:00Z", "9999-12-31T24:00:00Z", "LBL-007", "CreationDateTime", "years 1 to 9999"),
        ("<slab:CreationDateTime>2026-09-26T12:00:00Z</slab:CreationDateTime>", "", "LBL-013", "Label",
         "no element CreationDateTime"),
        ("slab:CreationDateTime>2026-09-26T12:00:00Z</slab:CreationDateTime", "slab:creationDateTime/", "LBL-003",
         "Label", "element creationDateTime, expected CreationDateTime"),
        ("<slab:CreationDateTime>", '<slab:CreationDateTime zone="Z">', "LBL-004", "CreationDateTime/@zone", "zone"),
        (">ALPHA</slab:PolicyIdentifier>", "> \n</slab:PolicyIdentifier>", "LBL-006", "PolicyIdentifier", "empty"),
        (">RESTRICTED<", "><", "LBL-006", "Classification", "empty"),
        (">RESTRICTED<", ">SECRET<!-- -->RESTRICTED<", "LBL-008", "Classification", "comment"),
        (">RESTRICTED<", ">SECRET<?x?>RESTRICTED<", "LBL-008", "Classification", "comment"),
        (">RESTRICTED<", "><b>RESTRICTED</b><", "LBL-008", "Classification", "b of namespace none inside of a value"),
        ("<slab:Classification>RESTRICTED</slab:Classification>", "", "LBL-003", "Information",
         "element PrivacyMark, expected Classification"),
        ("<slab:Classification>", "<slab:Classification>SECRET</slab:Classification><slab:Classification>", "LBL-003",
         "ConfidentialityInformation", "element Classification"),
        ("<slab:PrivacyMark>", END, "LBL-001", "line 1", "well-formed"),
        (END, f"<slab:Category/>{END}", "LBL-005", "Category[4]/@TagName", "none"),
        (END, f"<slab:Marking/>{END}", "LBL-003", "Information", "element Marking"),
        (END, f"<Marking/>{END}", "LBL-003", "Information", "Marking of namespace none"),
        (END, f"text{END}", "LBL-008", "Information", "text after Category"),
        (END, f"{END}text", "LBL-008", "Label", "text after ConfidentialityInformation"),
        (END, f"{END}{END.replace('/', '')}{END}", "LBL-003", "Label", "element ConfidentialityInformation"),
        ("<slab:ConfidentialityInformation>", "x<slab:ConfidentialityInformation>", "LBL-008", "Label", "text before"),
        ("GenericValue>XAA</slab:GenericValue", "Value>XAA</slab:Value", "LBL-003", "Category[2]",
         "element Value, expected GenericValue"),
        ("<slab:GenericValue>XAA</slab:GenericValue>", "XAA", "LBL-008", "Category[2]", "text after GenericValue"),
        ("<slab:GenericValue>XAA</slab:GenericValue>", '<GenericValue xmlns="">XAA</GenericValue>', "LBL-003",
         "Category[2]", "GenericValue of namespace none"),
        ('URI="urn:oid:2.25.1"', 'URI="2.25.1"', "LBL-006", "PolicyIdentifier/@URI", "no absolute URI"),
        ('URI="urn:oid:2.25.1"', 'URI="urn:oid:%zz"', "LBL-006", "PolicyIdentifier/@URI", "no absolute URI"),
        ('URI="urn:oid:2.25.1.4"', 'URI=""', "LBL-006", "Category[1]/@URI", "no absolute URI"),
        ('"dNSName"', '"dnsName"', "LBL-006", "OriginatorID/@IDType", "'dnsName', expected one of rfc822Name"),
        (' IDType="dNSName"', "", "LBL-005", "OriginatorID/@IDType", "there are: none"),
        (' IDType="dNSName"', ' IDType="dNSName" a="b"', "LBL-004", "OriginatorID/@a", "attribute a"),
        (LAST, f"<slab:more/>{LAST}", "LBL-003", "Label", "element more"),
        (LAST, f"<more/>{LAST}", "LBL-003", "Label", "more of namespace none"),
        (LAST, f"{ANOTHER * 21}{LAST}", "LBL-002", "Label", "more than 20"),
        (LAST, f'<a xmlns="urn:x"><?p?></a>{LAST}', "LBL-011", "Label/a", "processing instruction"),
        (LAST, f'<a xmlns="urn:x"><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/></a>{LAST}', "LBL-011",
         "Label/a", "signature"),
        (LAST, f'<a xmlns="urn:x"><slab:Classification/></a>{LAST}', "LBL-011", "Label/a", "parts of a label"),
        (LAST, f'<a xmlns="urn:x" xmlns:i="{XSI}" i:type="slab:Category"/>{LAST}', "LBL-011", "Label/a", "xsi:type"),
        (ORIGIN, f'{ORIGIN}xmlns:i="{XSI}" i:nil="1" ', "LBL-004", "Label/@", "nil"),
        (LAST, f'<a xmlns="urn:x">{"x" * 16_384}</a>{LAST}', "LBL-011", "Label/a", "at most 16384"),
        (LAST, f'<a xmlns="urn:x">{"<b>" * 32}{"</b>" * 32}</a>{LAST}', "LBL-011", "Label/a", "deeper than 32"),
        (LAST, f'<a xmlns="urn:x">{"<b/>" * 1_000}</a>{LAST}', "LBL-011", "Label/a", "over 1000 elements"),
        (LAST, f"<a xmlns='urn:x' {CROWD}/>{LAST}", "LBL-011", "Label/a", "over 64"),
        (LAST, f'<a xmlns="urn:x" xmlns:r="relative"><r:b/></a>{LAST}', "LBL-011", "Label/a", ""),
        ("<slab:PrivacyMark>", f"<slab:PrivacyMark>{'x' * MAX_MARK}", "LBL-002", "PrivacyMark", "at most 4096"),
        (">XAA<", f">{'x' * (MAX_NAME + 1)}<", "LBL-002", "GenericValue[2]", "at most 1024"),
        ("<slab:GenericValue>XAA</slab:GenericValue>", "<slab:GenericValue/>" * MAX_VALUES, "LBL-002", "Category[2]",
         "201 values, at most 200"),
        (END, f"{CATEGORY * MAX_CATEGORIES}{END}", "LBL-002", "Information",
         "more than 50"),
        ("<slab:GenericValue>XAA</slab:GenericValue>", f"<slab:GenericValue>{'x' * 1_000}</slab:GenericValue>" * 33,
         "LBL-002", "Label", "at most 32768"),
    ],
)  # fmt: skip
def test_refuses_what_is_no_label_and_says_why(said: str, instead: str, code: str, place: str, words: str) -> None:
    assert said in WRITTEN
    octets = (
        WRITTEN.replace(said, instead).encode()
        if said in ("originatorConf", LABEL, "slab:")
        else changed(said, instead)
    )
    with pytest.raises(PolicyError) as refused:
        read_label(octets)
    error = refused.value
    assert error.code.id == code, error
    assert place in error.place
    assert words in f"{error.cause} {error.code.title}"
    assert error.remedy
    assert len(error.cause) <= 300


def test_refuses_a_sixth_label_that_follows() -> None:
    def following(left: int) -> Label:
        after = replace(EXAMPLE, review_at=None, categories=())
        return replace(after, successor=Succession(at=LATER, label=following(left - 1))) if left else after

    octets = write_label(following(4))
    assert read_label(octets) == following(4)
    with pytest.raises(PolicyError, match="LBL-002"):
        write_label(following(5))
    inner = octets[octets.index(b"<slab:SuccessionHandling>") : octets.rindex(b"</slab:SuccessionHandling>") + 26]
    more = octets.replace(b"</slab:CreationDateTime></slab:S", b"</slab:CreationDateTime>" + inner + b"</slab:S")
    with pytest.raises(PolicyError, match="follow one another"):
        read_label(more)


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"", "LBL-001"),
        (b"<a", "LBL-001"),
        (b'<!DOCTYPE a [<!ENTITY x "SECRET">]><a>&x;</a>', "LBL-001"),
        (WRITTEN.encode("utf-16"), "LBL-001"),
        (WRITTEN.encode() * 2, "LBL-001"),
        (b"\xff" + WRITTEN.encode(), "LBL-001"),
        (WRITTEN.encode() + b" " * MAX_LABEL_OCTETS, "LBL-002"),
    ],
)
def test_refuses_what_is_no_document(octets: bytes, code: str) -> None:
    with pytest.raises(PolicyError, match=code):
        read_label(octets)
