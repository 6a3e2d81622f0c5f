"""Documents written by hand, as the elements of the standards are described: what is valid, and what is not.

Each is given to libxml2 and to the xmlschema package, and to xmllint where it is installed; the reader is asked too.
"""

from __future__ import annotations

import subprocess
from functools import lru_cache
from pathlib import Path

import pytest
import xmlschema
from lxml import etree

from gateway.errors import PolicyError
from gateway.labels.clearances import clearance_of
from gateway.labels.read import label_of
from tests.formats.alliance.test_other_tools import need
from tests.labels.schemas import BINDING_XSD, CLEARANCE_XSD, LABEL_XSD, valid

LABEL = "urn:nato:stanag:4774:confidentialitymetadatalabel:1:0"
CLEARANCE = "urn:nato:stanag:4774:confidentialityclearance:1:0"
BINDING = "urn:nato:stanag:4778:bindinginformation:1:0"
ID_TYPES = [
    "rfc822Name",
    "dNSName",
    "directoryName",
    "uniformResourceIdentifier",
    "iPAddress",
    "x400Address",
    "userPrincipalName",
    "jID",
]


def element(name: str, inside: str = "", **attributes: str) -> str:
    said = "".join(f' {key.replace("_", ":")}="{value}"' for key, value in attributes.items())
    return f"<{name}{said}>{inside}</{name}>"


POLICY = element("PolicyIdentifier", "NATO", URI="urn:oid:1.3.26.1.3.1")
SECRET = element("Classification", "SECRET")
VALUE = element("GenericValue", "ATOMAL")
HEAD = POLICY + SECRET
CREATED = element("CreationDateTime", "2026-01-01T00:00:00Z")
STRANGE = {"xmlns_x": "urn:x", "x_y": "z", "TagName": "a", "Type": "PERMISSIVE"}
FOREIGN = '<x:y xmlns:x="urn:x"/>'
WHO = element("OriginatorID", "nld.example", IDType="dNSName")


def info(inside: str = HEAD) -> str:
    return element("ConfidentialityInformation", inside)


def category(inside: str = VALUE, **attributes: str) -> str:
    return element("Category", inside, **(attributes or {"TagName": "Additional Sensitivity", "Type": "RESTRICTIVE"}))


def succession(at: str = "2030-01-01T00:00:00Z", label: str = "", more: str = "", **attributes: str) -> str:
    when = element("SuccessionDateTime", at)
    successor = element("SuccessorConfidentialityLabel", label or info() + CREATED, **attributes)
    return element("SuccessionHandling", when + successor + more)


def label(inside: str = info() + CREATED, name: str = "originatorConfidentialityLabel", **attributes: str) -> str:
    return element(name, inside, xmlns=LABEL, **attributes)


WHEN = element("SuccessionDateTime", "2030-01-01T00:00:00Z")
SUCCESSOR = element("SuccessorConfidentialityLabel", info() + CREATED)
VALID = {
    **{f"kind {name}": label(name=name) for name in (
        "originatorConfidentialityLabel", "alternativeConfidentialityLabel", "metadataConfidentialityLabel",
        "ConfidentialityLabel",
    )},
    **{f"type {name}": label(info() + element("OriginatorID", "a", IDType=name) + CREATED) for name in ID_TYPES},
    **{f"kind of category {name}": label(info(HEAD + category(TagName="a", Type=name)) + CREATED) for name in (
        "RESTRICTIVE", "PERMISSIVE", "INFORMATIVE",
    )},
    "identifier and review": label(Id="a1", ReviewDateTime="2031-01-01T00:00:00+02:00"),
    "foreign attribute of the label": label(xmlns_x="urn:x", x_y="z"),
    "policy without identifier": label(info(element("PolicyIdentifier", "NATO") + SECRET) + CREATED),
    "no values": label(info(HEAD + category("")) + CREATED),
    "integer value": label(info(HEAD + category(element("IntegerValue", "7"))) + CREATED),
    "bit string": label(info(HEAD + category(element("BitStringValue", "0101"))) + CREATED),
    "identifier of a classification": label(info(POLICY + element("Classification", "A", URI="urn:x:y")) + CREATED),
    "identifier of a category": label(info(HEAD + category(TagName="a", Type="PERMISSIVE", URI="urn:x:y")) + CREATED),
    "privacy mark": label(info(HEAD + element("PrivacyMark", "IN CONFIDENCE") + category()) + CREATED),
    "empty privacy mark": label(info(HEAD + element("PrivacyMark")) + CREATED),
    "two categories": label(info(HEAD + category() + category(TagName="b", Type="PERMISSIVE")) + CREATED),
    "foreign information": label(info(HEAD + FOREIGN) + CREATED),
    "succession": label(info() + CREATED + succession()),
    "foreign in a succession": label(info() + CREATED + succession(more=FOREIGN)),
    "succession of a succession": label(info() + CREATED + succession(label=info() + CREATED + succession())),
    "foreign at the end": label(info() + WHO + CREATED + succession() + FOREIGN),
    "blanks around names": label(info(element("PolicyIdentifier", " NATO ") + SECRET) + CREATED),
    "fractions and leap day": label(info() + element("CreationDateTime", "2028-02-29T23:59:59.999999Z")),
}  # fmt: skip
INVALID = {
    "misspelt": label(name="alternateConfidentialityLabel"),
    "no information": label(CREATED),
    "no creation time": label(info()),
    "no policy": label(info(SECRET) + CREATED),
    "no classification": label(info(POLICY) + CREATED),
    "two policies": label(info(POLICY + HEAD) + CREATED),
    "two classifications": label(info(HEAD + SECRET) + CREATED),
    "classification first": label(info(SECRET + POLICY) + CREATED),
    "empty policy": label(info(element("PolicyIdentifier") + SECRET) + CREATED),
    "blank classification": label(info(POLICY + element("Classification", "  ")) + CREATED),
    "mark after categories": label(info(HEAD + category() + element("PrivacyMark", "a")) + CREATED),
    "two marks": label(info(HEAD + element("PrivacyMark", "a") * 2) + CREATED),
    "category without name": label(info(HEAD + category(Type="PERMISSIVE")) + CREATED),
    "category of small letters": label(info(HEAD + category(tagName="a", Type="PERMISSIVE")) + CREATED),
    "category of no type": label(info(HEAD + category(TagName="a")) + CREATED),
    "type in small letters": label(info(HEAD + category(TagName="a", Type="Permissive")) + CREATED),
    "empty tag name": label(info(HEAD + category(TagName="", Type="PERMISSIVE")) + CREATED),
    "address for identifier": label(info(element("PolicyIdentifier", "NATO", URL="urn:oid:1.2") + SECRET) + CREATED),
    "text in a category": label(info(HEAD + category("ATOMAL")) + CREATED),
    "foreign value": label(info(HEAD + category(FOREIGN)) + CREATED),
    "foreign attribute of a category": label(info(HEAD + category(**STRANGE)) + CREATED),
    "qualified attribute": label(info(HEAD + category(xmlns_s=LABEL, s_TagName="a", Type="PERMISSIVE")) + CREATED),
    "unqualified element": label(info(HEAD + '<Category xmlns="" TagName="a" Type="PERMISSIVE"/>') + CREATED),
    "no namespace": label().replace(f' xmlns="{LABEL}"', ""),
    "originator of no type": label(info() + element("OriginatorID", "a") + CREATED),
    "originator of another type": label(info() + element("OriginatorID", "a", IDType="DNSName") + CREATED),
    "originator after the time": label(info() + CREATED + WHO),
    "two originators": label(info() + WHO * 2 + CREATED),
    "date without time": label(info() + element("CreationDateTime", "2026-01-01")),
    "time without zone": label(info() + element("CreationDateTime", "2026-01-01T00:00:00")),
    "no such day": label(info() + element("CreationDateTime", "2026-02-30T00:00:00Z")),
    "review that is no time": label(ReviewDateTime="soon"),
    "identifier that is no name": label(Id="1 a"),
    "unknown attribute of the label": label(Version="1"),
    "succession without time": label(info() + CREATED + element("SuccessionHandling", SUCCESSOR)),
    "succession without label": label(info() + CREATED + element("SuccessionHandling", WHEN)),
    "successor with review": label(info() + CREATED + succession(ReviewDateTime="2031-01-01T00:00:00Z")),
    "successor with identifier": label(info() + CREATED + succession(Id="a1")),
    "two successions": label(info() + CREATED + succession() * 2),
    "foreign before the time": label(info() + FOREIGN + CREATED),
    "more than bounds": label(info(HEAD + category(VALUE * 201)) + CREATED),
    "no absolute identifier": label(info(element("PolicyIdentifier", "NATO", URI="NATO") + SECRET) + CREATED),
}  # fmt: skip


def listed(inside: str) -> str:
    return element("c:ClassificationList", inside)


def clearance(inside: str) -> str:
    return element("c:ConfidentialityClearance", inside, xmlns=LABEL, xmlns_c=CLEARANCE)


EXTENSIONS = element("c:ConfidentialityClearanceExtensions", FOREIGN)
VALID_CLEARANCES = {
    "one level": clearance(POLICY + listed(SECRET)),
    "levels and categories": clearance(POLICY + listed(SECRET * 3) + category() + category("")),
    "extensions": clearance(POLICY + listed(SECRET) + category() + EXTENSIONS),
}
INVALID_CLEARANCES = {
    "no level": clearance(POLICY + listed("")),
    "no list": clearance(POLICY + SECRET),
    "no policy": clearance(listed(SECRET)),
    "categories first": clearance(POLICY + category() + listed(SECRET)),
    "list of the label's namespace": clearance(POLICY + element("ClassificationList", SECRET)),
    "two lists": clearance(POLICY + listed(SECRET) * 2),
    "creation time": clearance(POLICY + listed(SECRET) + CREATED),
}


def bound(inside: str) -> str:
    held = element("b:MetadataBindingContainer", element("b:MetadataBinding", inside))
    return element("b:BindingInformation", held, xmlns_b=BINDING)


METADATA, DATA = element("b:Metadata", label()), element("b:Data", "<z/>")
HERE = '<b:DataReference URI="" xmlns:m="http://www.w3.org/2005/05/xmlmime" m:contentType="text/xml"/>'
VALID_BINDINGS = {
    "data": bound(METADATA + DATA),
    "reference": bound(METADATA + HERE),
    "both references": bound('<b:MetadataReference URI="#a"/>' + HERE),
    "several": bound(METADATA * 2 + DATA + HERE),
}
INVALID_BINDINGS = {
    "two labels in one": bound(element("b:Metadata", label() * 2) + DATA),
    "no data": bound(METADATA),
    "no metadata": bound(DATA),
    "data first": bound(DATA + METADATA),
    "empty data": bound(METADATA + element("b:Data")),
    "reference to nowhere": bound(METADATA + element("b:DataReference")),
    "no container": element("b:BindingInformation", xmlns_b=BINDING),
    "binding without container": bound(METADATA + DATA).replace("MetadataBindingContainer", "MetadataBinding"),
}  # fmt: skip
CASES = [
    pytest.param(xsd, text, expected, id=f"{xsd.stem.split('-')[1]} {'valid' if expected else 'invalid'}: {name}")
    for xsd, cases, expected in (
        (LABEL_XSD, VALID, True), (LABEL_XSD, INVALID, False), (CLEARANCE_XSD, VALID_CLEARANCES, True),
        (CLEARANCE_XSD, INVALID_CLEARANCES, False), (BINDING_XSD, VALID_BINDINGS, True),
        (BINDING_XSD, INVALID_BINDINGS, False),
    )
    for name, text in cases.items()
]  # fmt: skip


@lru_cache(maxsize=3)
def second_opinion(xsd: Path) -> xmlschema.XMLSchema10:
    return xmlschema.XMLSchema10(str(xsd))


@pytest.mark.parametrize(("xsd", "text", "expected"), CASES)
def test_two_validators_say_what_is_valid(xsd: Path, text: str, expected: bool) -> None:
    assert valid(xsd, text.encode()) == expected
    assert second_opinion(xsd).is_valid(text) == expected


def test_xmllint_says_the_same(tmp_path: Path) -> None:
    tool = need("xmllint")
    for case in CASES:
        xsd, text, expected = case.values
        assert isinstance(text, str)
        (tmp_path / "one.xml").write_text(text)
        command = [tool, "--nonet", "--noout", "--schema", str(xsd), str(tmp_path / "one.xml")]
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
        assert (done.returncode == 0) == expected, (case.id, done.stderr)


UNDERSTOOD_AND_DENIED = ("integer value", "bit string", "identifier of a classification", "foreign information")
DENIED_NOT_REFUSED = ("address for identifier", "foreign attribute of a category")


@pytest.mark.parametrize("name", VALID)
def test_the_reader_takes_what_is_valid_and_tells_of_what_the_prose_forbids(name: str) -> None:
    found = label_of(etree.fromstring(VALID[name]))
    assert bool(found.unknown) == (name in UNDERSTOOD_AND_DENIED)


@pytest.mark.parametrize("name", INVALID)
def test_the_reader_refuses_what_is_not_valid_with_its_place(name: str) -> None:
    if name in DENIED_NOT_REFUSED:
        assert label_of(etree.fromstring(INVALID[name])).unknown
        return
    with pytest.raises(PolicyError) as caught:
        label_of(etree.fromstring(INVALID[name]))
    assert "line 1, " in caught.value.place


@pytest.mark.parametrize("name", [*VALID_CLEARANCES, *INVALID_CLEARANCES])
def test_clearances_are_read_when_they_are_valid_and_nothing_in_them_is_foreign(name: str) -> None:
    root = etree.fromstring({**VALID_CLEARANCES, **INVALID_CLEARANCES}[name])
    if name in VALID_CLEARANCES and name != "extensions":
        assert clearance_of(root).policy == "NATO"
    else:
        with pytest.raises(PolicyError):
            clearance_of(root)
