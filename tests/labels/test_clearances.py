"""Clearances out of XML and into it."""

from __future__ import annotations

import pytest
import xmlschema
from hypothesis import HealthCheck, given, settings
from lxml import etree
from msgspec.structs import replace

from gateway.errors import PolicyError
from gateway.labels.clearance import Clearance
from gateway.labels.clearances import clearance_of, read_clearance, write_clearance
from gateway.labels.names import MAX_CATEGORIES, MAX_CLASSIFICATIONS, MAX_NAME, MAX_VALUES
from gateway.track import LabelCategory
from tests.labels import strategies
from tests.labels.schemas import CLEARANCE_XSD, valid

SECRET = Clearance(
    policy="ALPHA",
    classifications=("UNCLASSIFIED", "SECRET"),
    categories=(LabelCategory(tag="Context", kind="PERMISSIVE", values=("ALPHA",), uri="urn:oid:2.25.1.4"),),
    policy_uri="urn:oid:2.25.1",
)
EXTENSIONS = "sclr:ConfidentialityClearanceExtensions"
WRITTEN = write_clearance(SECRET).decode()
FOREIGN = (
    b"<c:ConfidentialityClearance xmlns:c='urn:nato:stanag:4774:confidentialityclearance:1:0'"
    b" xmlns='urn:nato:stanag:4774:confidentialitymetadatalabel:1:0'><PolicyIdentifier> MOCK\n</PolicyIdentifier>"
    b"<c:ClassificationList><Classification>UNCLASSIFIED</Classification></c:ClassificationList>"
    b"<c:ConfidentialityClearanceExtensions/></c:ConfidentialityClearance>"
)


@given(strategies.clearances())
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_written_is_canonical_valid_and_read_back_as_it_was(clearance: Clearance) -> None:
    octets = write_clearance(clearance)
    root = etree.fromstring(octets)
    assert etree.tostring(root, method="c14n", exclusive=True, with_comments=False) == octets
    assert read_clearance(octets) == clearance_of(root) == clearance
    assert valid(CLEARANCE_XSD, octets)


def test_the_xmlschema_package_agrees() -> None:
    xmlschema.XMLSchema10(str(CLEARANCE_XSD)).validate(WRITTEN)


def test_reads_a_clearance_with_other_prefixes_and_an_empty_place_for_extensions() -> None:
    assert read_clearance(FOREIGN) == Clearance(policy="MOCK", classifications=("UNCLASSIFIED",))
    assert valid(CLEARANCE_XSD, FOREIGN)


@pytest.mark.parametrize(
    ("said", "instead", "code", "words"),
    [
        (
            "sclr:ConfidentialityClearance",
            "sclr:ConfidentialityClearence",
            "LBL-003",
            "expected ConfidentialityClearance",
        ),
        ("confidentialityclearance:1:0", "confidentialityclearance:2:0", "LBL-003", "confidentialityclearance:2:0"),
        ('URI="urn:oid:2.25.1"', 'URL="urn:oid:2.25.1"', "LBL-004", "the standard has URI"),
        ('URI="urn:oid:2.25.1"', 'URI="2.25.1"', "LBL-006", "no absolute URI"),
        (">ALPHA</slab:PolicyIdentifier>", "> </slab:PolicyIdentifier>", "LBL-006", "empty"),
        (">SECRET<", "><", "LBL-006", "empty"),
        (">SECRET<", ">SEC<!-- -->RET<", "LBL-008", "comment"),
        (">SECRET<", ">SEC<b/>RET<", "LBL-008", "inside of a value"),
        ("<sclr:ClassificationList>", "<sclr:ClassificationList>all ", "LBL-008", "text before"),
        ("</sclr:ClassificationList>", "</sclr:ClassificationList>x", "LBL-008", "text after"),
        ("</sclr:ClassificationList>", "<slab:x/></sclr:ClassificationList>", "LBL-001", "well-formed"),
        ("GenericValue", "IntegerValue", "LBL-003", "IntegerValue"),
        ('"PERMISSIVE"', '"permissive"', "LBL-006", "expected one of RESTRICTIVE"),
        ('TagName="Context"', 'tagName="Context"', "LBL-005", "no attribute TagName; there are: tagName, Type, URI"),
        ('Type="PERMISSIVE"', 'Type="PERMISSIVE" x:y="1" xmlns:x="urn:x"', "LBL-003", "Category@{urn:x}y"),
        (
            "</sclr:ConfidentialityClearance>",
            f"<{EXTENSIONS}><x/></{EXTENSIONS}></sclr:ConfidentialityClearance>",
            "LBL-003",
            "x of namespace none",
        ),
        ("</sclr:ConfidentialityClearance>", "<x/></sclr:ConfidentialityClearance>", "LBL-003", "x of namespace none"),
        ("<sclr:ConfidentialityClearance ", '<sclr:ConfidentialityClearance Id="a" ', "LBL-004", "attribute Id"),
    ],
)
def test_refuses_what_it_does_not_understand(said: str, instead: str, code: str, words: str) -> None:
    assert said in WRITTEN
    with pytest.raises(PolicyError) as refused:
        read_clearance(WRITTEN.replace(said, instead).encode())
    assert refused.value.code.id == code
    assert words in f"{refused.value.cause} {refused.value.code.title}"
    assert refused.value.place
    assert refused.value.remedy


def test_refuses_a_classification_with_an_identifier() -> None:
    octets = FOREIGN.replace(b"<Classification>", b'<Classification URI="urn:oid:1.2">')
    with pytest.raises(PolicyError, match=r"LBL-004.*attribute URI"):
        read_clearance(octets)


def test_refuses_a_clearance_for_nothing() -> None:
    octets = FOREIGN.replace(b"<Classification>UNCLASSIFIED</Classification>", b"")
    with pytest.raises(PolicyError, match=r"LBL-005.*no element Classification"):
        read_clearance(octets)
    with pytest.raises(PolicyError, match=r"LBL-002.*0 classifications"):
        write_clearance(replace(SECRET, classifications=()))


@pytest.mark.parametrize(
    "clearance",
    [
        replace(SECRET, classifications=("A",) * (MAX_CLASSIFICATIONS + 1)),
        replace(SECRET, categories=SECRET.categories * (MAX_CATEGORIES + 1)),
        replace(SECRET, categories=(replace(SECRET.categories[0], values=("A",) * (MAX_VALUES + 1)),)),
        replace(SECRET, policy="A" * (MAX_NAME + 1)),
        replace(SECRET, categories=(replace(SECRET.categories[0], values=("A" * MAX_NAME,) * 40),)),
    ],
)
def test_neither_writes_nor_reads_more_than_its_bounds(clearance: Clearance) -> None:
    with pytest.raises(PolicyError, match="LBL-002"):
        write_clearance(clearance)
    (name, *others) = clearance.classifications
    slab = "urn:nato:stanag:4774:confidentialitymetadatalabel:1:0"
    held = "".join(
        f"<s:Category TagName='{one.tag}' Type='{one.kind}'>"
        + "".join(f"<s:GenericValue>{value}</s:GenericValue>" for value in one.values)
        + "</s:Category>"
        for one in clearance.categories
    )
    octets = (
        f"<ConfidentialityClearance xmlns='urn:nato:stanag:4774:confidentialityclearance:1:0' xmlns:s='{slab}'>"
        f"<s:PolicyIdentifier>{clearance.policy}</s:PolicyIdentifier><ClassificationList>"
        + "".join(f"<s:Classification>{one}</s:Classification>" for one in (name, *others))
        + f"</ClassificationList>{held}</ConfidentialityClearance>"
    )
    with pytest.raises(PolicyError, match="LBL-002"):
        read_clearance(octets.encode())


@pytest.mark.parametrize(
    ("clearance", "code"),
    [
        (replace(SECRET, policy=" ALPHA"), "LBL-006"),
        (replace(SECRET, classifications=("A  B",)), "LBL-006"),
        (replace(SECRET, classifications=("\x00",)), "LBL-012"),
        (replace(SECRET, policy_uri="2.25"), "LBL-006"),
        (replace(SECRET, categories=(replace(SECRET.categories[0], kind="permissive"),)), "LBL-006"),
        (replace(SECRET, categories=(replace(SECRET.categories[0], tag=""),)), "LBL-005"),
    ],
)
def test_writes_nothing_that_the_schema_would_refuse(clearance: Clearance, code: str) -> None:
    with pytest.raises(PolicyError, match=code):
        write_clearance(clearance)
