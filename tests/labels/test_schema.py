"""The schemas of labels, clearances and bindings keep their rules, the code keeps to them, and others read them."""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from pathlib import Path

import pytest
import xmlschema
from hypothesis import HealthCheck, given, settings
from lxml import etree

from gateway.errors import PolicyError
from gateway.labels import names
from gateway.labels.binding import Form, binding_information
from gateway.labels.clearances import write_clearance
from gateway.labels.read import label_of
from gateway.labels.write import write_label
from gateway.track import Label
from gateway.xml import parse
from tests.formats.alliance.test_other_tools import JAVA, need, run
from tests.labels import strategies
from tests.labels.examples import EXAMPLE, WRITTEN
from tests.labels.schemas import BINDING_XSD, CLEARANCE_XSD, LABEL_XSD, valid
from tests.labels.test_clearances import SECRET

XS = "{http://www.w3.org/2001/XMLSchema}"
XSDS = {path.name: parse(path.read_bytes(), max_octets=1_000_000) for path in (LABEL_XSD, CLEARANCE_XSD, BINDING_XSD)}
LABEL = XSDS[LABEL_XSD.name]
MODEST = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))

OTHER_SPACE = re.compile(r"(?![ \t\r\n])\s").search  # the xmlschema package takes all spaces of Unicode for blanks
XSDATA = """
import sys
from pathlib import Path
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.serializers import XmlSerializer
from bindings import OriginatorConfidentialityLabel

label = XmlParser().from_path(Path(sys.argv[1]), OriginatorConfidentialityLabel)
Path(sys.argv[2]).write_text(XmlSerializer().render(label), encoding="utf-8")
"""


def facets(name: str) -> dict[str, str]:
    """Facets of a simple type of the label schema, by name."""
    (node,) = [node for node in LABEL.iter(f"{XS}simpleType") if node.get("name") == name]
    return {str(facet.tag).removeprefix(XS): str(facet.get("value")) for facet in node.iter() if facet.get("value")}


def enumeration(name: str) -> tuple[str, ...]:
    (node,) = [node for node in LABEL.iter(f"{XS}simpleType") if node.get("name") == name]
    return tuple(str(facet.get("value")) for facet in node.iter(f"{XS}enumeration"))


def most(schema: str, path: str) -> int:
    """``maxOccurs`` of the one particle at that path."""
    counts = XSDS[schema].xpath(f"{path}/@maxOccurs", namespaces={"x": XS[1:-1]})
    assert isinstance(counts, list)
    (count,) = counts
    return int(str(count))


@pytest.mark.parametrize("root", XSDS.values(), ids=XSDS)
def test_everything_in_a_schema_is_documented_typed_and_bounded(root: etree._Element) -> None:
    for node in root.iter(*(XS + kind for kind in ("element", "attribute", "simpleType", "complexType", "any"))):
        if node.get("ref") is None:
            text = node.findtext(f"{XS}annotation/{XS}documentation")
            assert (text or "").strip(), node.attrib
            assert node.tag not in (f"{XS}element", f"{XS}attribute") or node.get("type"), node.attrib
    for construct in ("all", "union", "list", "include", "redefine", "group", "notation"):
        assert root.find(f".//{XS}{construct}") is None, construct
    assert not root.xpath("//@maxOccurs[.='unbounded'] | //@default | //@fixed | //@nillable | //@substitutionGroup")
    for node in root.iter(f"{XS}simpleType"):
        (restriction,) = node.iter(f"{XS}restriction")
        held = {str(facet.tag).removeprefix(XS) for facet in restriction}
        assert held & {"maxLength", "pattern", "enumeration"} or restriction.get("base") == "xs:ID", node.get("name")


def test_the_code_has_the_bounds_of_the_schemas() -> None:
    for name in ("Name", "TagSetName", "Value", "Uri"):
        assert int(facets(name)["maxLength"]) == names.MAX_NAME
    assert int(facets("Mark")["maxLength"]) == names.MAX_MARK
    assert facets("Uri")["pattern"] == names.URI_PATTERN
    assert facets("Instant")["pattern"] == names.TIME_PATTERN
    assert enumeration("CategoryKind") == names.KINDS
    assert enumeration("OriginatorKind") == names.ORIGINATOR_KINDS
    xsd = LABEL_XSD.name
    assert most(xsd, "//x:complexType[@name='CategoryType']/x:choice") == names.MAX_VALUES
    assert most(xsd, "//x:element[@ref='Category']") == names.MAX_CATEGORIES
    assert most(xsd, "//x:complexType[@name='ConfidentialityInformationType']//x:any") == names.MAX_UNKNOWN
    assert most(xsd, "//x:complexType[@name='ConfidentialityLabelBaseType']//x:any") == names.MAX_EXTENSIONS
    assert most(xsd, "//x:complexType[@name='SuccessionHandlingType']//x:any") == names.MAX_EXTENSIONS
    assert most(CLEARANCE_XSD.name, "//x:element[@ref='slab:Classification']") == names.MAX_CLASSIFICATIONS
    assert most(CLEARANCE_XSD.name, "//x:element[@ref='slab:Category']") == names.MAX_CATEGORIES
    assert LABEL.get("targetNamespace") == names.LABEL
    assert XSDS[CLEARANCE_XSD.name].get("targetNamespace") == names.CLEARANCE
    assert XSDS[BINDING_XSD.name].get("targetNamespace") == names.BINDING
    roots = [node.get("name") for node in LABEL.findall(f"{XS}element")]
    assert tuple(roots[-4:]) == names.LABEL_ELEMENTS


@lru_cache(maxsize=1)
def second_opinion() -> xmlschema.XMLSchema10:
    return xmlschema.XMLSchema10(str(LABEL_XSD))


@given(strategies.labels())
@settings(MODEST, max_examples=30)
def test_every_written_label_is_valid_by_two_validators(label: Label) -> None:
    octets = write_label(label)
    assert valid(LABEL_XSD, octets)
    named = [label] if label.successor is None else [label, label.successor.label]
    if not any(OTHER_SPACE(each.policy + each.classification) for each in named):
        second_opinion().validate(octets.decode())


@given(strategies.mutated_labels())
@MODEST
def test_what_the_reader_takes_is_valid_unless_it_tells_of_unknown_things(octets: bytes) -> None:
    try:
        root = etree.fromstring(octets)
        label = label_of(root)
    except (etree.XMLSyntaxError, PolicyError):
        return
    if not label.unknown:
        assert valid(LABEL_XSD, root)


@given(strategies.mutated_labels())
@MODEST
def test_what_is_valid_the_reader_takes_but_for_rules_of_its_own(octets: bytes) -> None:
    try:
        root = etree.fromstring(octets)
    except etree.XMLSyntaxError:
        return
    if not valid(LABEL_XSD, root):
        return
    # Refused all the same: years beyond 9999, markup inside of values, and foreign elements that are out of bounds
    assert refusal(root) in (None, "LBL-007", "LBL-008", "LBL-011")


def refusal(root: etree._Element) -> str | None:
    try:
        label_of(root)
    except PolicyError as error:
        return error.code.id
    return None


def test_xerces_compiles_the_schemas_and_agrees(tmp_path: Path) -> None:
    javac, java = need("javac"), need("java")
    (tmp_path / "Validate.java").write_text(JAVA)
    run(javac, "-d", tmp_path, "Validate.java", cwd=tmp_path)
    label, bad = tmp_path / "label.xml", tmp_path / "bad.xml"
    label.write_bytes(write_label(EXAMPLE))
    bad.write_text(WRITTEN.replace("PERMISSIVE", "Permissive"))
    clearance, binding = tmp_path / "clearance.xml", tmp_path / "binding.xml"
    clearance.write_bytes(write_clearance(SECRET))
    binding.write_bytes(binding_information(EXAMPLE, form=Form.DETACHED, uri="urn:uuid:1"))
    for xsd, documents in ((LABEL_XSD, (label, bad)), (CLEARANCE_XSD, (clearance,)), (BINDING_XSD, (binding,))):
        verdicts = run(java, "-cp", tmp_path, "Validate", xsd, *documents, cwd=tmp_path).splitlines()
        expected = [f"invalid {one.name}" if one is bad else f"valid {one.name}" for one in documents]
        assert [" ".join(verdict.split()[:2]) for verdict in verdicts] == expected


@pytest.mark.parametrize("xsd", [LABEL_XSD, CLEARANCE_XSD, BINDING_XSD], ids=lambda path: path.stem)
def test_xjc_generates_bindings(xsd: Path, tmp_path: Path) -> None:
    run(need("xjc"), "-quiet", "-d", tmp_path, xsd, cwd=tmp_path)
    assert any(tmp_path.rglob("*.java"))


def test_bindings_of_xsdata_read_and_write_a_label_without_loss(tmp_path: Path) -> None:
    package = ("--package", "bindings", "--structure-style", "single-package")
    run(sys.executable, "-W", "ignore", "-m", "xsdata", "generate", LABEL_XSD, *package, cwd=tmp_path)
    (tmp_path / "convert.py").write_text(XSDATA)
    (tmp_path / "label.xml").write_bytes(write_label(EXAMPLE))
    run(sys.executable, "convert.py", "label.xml", "again.xml", cwd=tmp_path)
    assert label_of(parse((tmp_path / "again.xml").read_bytes(), max_octets=100_000)) == EXAMPLE
