"""The schema keeps its authoring rules, and the code keeps to the schema."""

from __future__ import annotations

import keyword
import re
from pathlib import Path

import pytest
from lxml import etree

from gateway.errors import FormatError
from gateway.formats.alliance import NAMESPACE, Schema, lexical, packaged_schema, plain, read
from gateway.formats.alliance.fragments import RAW_OCTETS, STATUS_FACTS
from gateway.formats.alliance.original import ORIGINAL_OCTETS
from gateway.labels.names import LABEL, MAX_ALTERNATIVES
from gateway.limits import Limits
from gateway.stages import Exercise, Simulation
from gateway.symbols import PLATFORMS
from gateway.track import Environment, Identity
from gateway.xml import parse
from tests.formats.alliance import examples

XS = "{http://www.w3.org/2001/XMLSchema}"
ROOT = parse(packaged_schema().path.read_bytes(), max_octets=1_000_000)
TYPES = {node.get("name"): node for node in ROOT if node.tag in (f"{XS}simpleType", f"{XS}complexType")}
KEYWORDS_OF_JAVA_AND_C = """
    abstract base bool boolean byte case catch char class const default delegate double enum event explicit extern
    false final fixed float foreach goto implicit int interface internal long namespace native new null object
    operator out override package params private protected public readonly ref sbyte sealed short static string
    struct super switch synchronized this throw throws transient true type uint ulong unsafe virtual void volatile
"""


def facets(name: str) -> dict[str, str]:
    """Facets of a simple type, by name; of a repeated one the last."""
    return {str(node.tag).removeprefix(XS): node.get("value", "") for node in TYPES[name].iter() if node.get("value")}


def enumeration(name: str) -> list[str]:
    return [node.get("value", "") for node in TYPES[name].iter(f"{XS}enumeration")]


def test_uses_none_of_the_constructs_that_binding_tools_stumble_over() -> None:
    for construct in ("choice", "all", "union", "list", "include", "redefine", "group", "notation"):
        assert ROOT.find(f".//{XS}{construct}") is None, construct
    for attribute in ("default", "fixed", "abstract", "nillable", "mixed", "substitutionGroup", "block", "final"):
        assert not ROOT.xpath(f"//@{attribute}"), attribute
    assert not ROOT.xpath("//@maxOccurs[.='unbounded']")
    assert not ROOT.xpath("//*[local-name()='any'][@processContents!='lax']")


def test_all_types_are_named_and_global_and_there_is_one_document_element() -> None:
    assert (ROOT.get("elementFormDefault"), ROOT.get("targetNamespace")) == ("qualified", NAMESPACE)
    assert [node.get("name") for node in ROOT.findall(f"{XS}element")] == ["TrackMessage"]
    untyped = ROOT.xpath("//x:element[not(@type)]", namespaces={"x": XS[1:-1]})
    assert list(untyped) == TYPES["LabelType"].xpath(".//x:element[@ref]", namespaces={"x": XS[1:-1]})
    assert not ROOT.xpath("//x:attribute[not(@type)]", namespaces={"x": XS[1:-1]})


def test_takes_the_elements_of_labels_from_the_one_other_schema_beside_it() -> None:  # ADR 56
    (found,) = ROOT.findall(f".//{XS}import")
    assert dict(found.attrib) == {"namespace": LABEL, "schemaLocation": "confidentiality-label-1.0.xsd"}
    beside = parse((packaged_schema().path.parent / found.get("schemaLocation", "")).read_bytes(), max_octets=1_000_000)
    assert beside.get("targetNamespace") == LABEL
    declared = {node.get("name") for node in beside.findall(f"{XS}element")}
    rows = [
        (row.get("ref") or row.get("name"), row.get("maxOccurs", "1"))
        for row in TYPES["LabelType"].iter(f"{XS}element")
    ]
    assert rows == [
        ("slab:originatorConfidentialityLabel", "1"),
        ("slab:alternativeConfidentialityLabel", str(MAX_ALTERNATIVES)),
        ("slab:metadataConfidentialityLabel", "1"),
        ("Tlp", "1"),
        ("Purpose", "1"),
    ]
    assert declared >= {name.removeprefix("slab:") for name, _ in rows if name.startswith("slab:")}


def test_every_type_element_and_attribute_is_documented() -> None:
    for node in ROOT.iter(f"{XS}element", f"{XS}attribute", f"{XS}simpleType", f"{XS}complexType"):
        documentation = node.find(f"{XS}annotation/{XS}documentation")
        assert ((documentation is not None and documentation.text) or "").strip(), node.get("name")


def test_no_element_is_named_like_a_keyword() -> None:
    names = {node.get("name", "") for node in ROOT.iter(f"{XS}element", f"{XS}attribute")}
    reserved = set(KEYWORDS_OF_JAVA_AND_C.split()) | {word.lower() for word in keyword.kwlist}
    assert not {name for name in names if name.lower() in reserved}


def test_every_text_and_number_is_bounded() -> None:
    for name, node in TYPES.items():
        if node.tag == f"{XS}complexType":
            continue
        base = node.find(f"{XS}restriction").get("base")
        found = set(facets(name))
        if base == "xs:decimal":
            assert "fractionDigits" in found, name
            assert len(found & {"minInclusive", "minExclusive"}) == 1, name
            assert len(found & {"maxInclusive", "maxExclusive"}) == 1, name
        elif base == "xs:integer":
            assert {"minInclusive", "maxInclusive"} <= found, name
        else:
            assert found & {"maxLength", "pattern", "enumeration"}, name
    plain = {node.get("type") for node in ROOT.iter(f"{XS}element", f"{XS}attribute")} - {*TYPES, None}
    assert plain == {"xs:boolean"}


def test_no_element_stands_inside_of_one_of_its_own_name() -> None:  # the reader cuts strings by this
    def walk(type_name: str, above: tuple[str, ...]) -> None:
        for element in TYPES[type_name].iter(f"{XS}element") if type_name in TYPES else ():
            if element.get("ref"):  # of labels, whose text is cut out before
                continue
            assert element.get("name") not in above
            walk(element.get("type"), (*above, element.get("name")))

    walk("TrackMessageType", ("TrackMessage",))


@pytest.mark.parametrize(
    ("name", "grid"),
    [
        ("LatitudeDeg", lexical.LATITUDE),
        ("LongitudeDeg", lexical.LONGITUDE),
        ("BearingDeg", lexical.BEARING),
        ("ElevationDeg", lexical.ELEVATION),
        ("AngleErrorDeg", lexical.ANGLE_ERROR),
        ("Metre", lexical.METRE),
        ("NonNegativeMetre", lexical.LENGTH),
        ("MetrePerSecond", lexical.RATE),
        ("NonNegativeMetrePerSecond", lexical.SPEED),
        ("MetrePerSecondSquared", lexical.ACCELERATION),
        ("DegreePerSecond", lexical.TURN_RATE),
        ("MachNumber", lexical.MACH),
        ("Percent", lexical.PERCENT),
        ("CovarianceTerm", lexical.COVARIANCE),
    ],
)
def test_the_code_has_the_bounds_and_digits_of_the_schema(name: str, grid: lexical.Grid) -> None:
    held = facets(name)
    assert int(held.get("minInclusive") or held["minExclusive"]) == grid.low
    assert int(held.get("maxInclusive") or held["maxExclusive"]) == grid.high
    assert int(held["fractionDigits"]) == grid.digits
    assert ("minExclusive" in held or "maxExclusive" in held) == (grid.wrap is not None)


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("Uuid", lexical.UUID),
        ("Nonce", lexical.NONCE),
        ("Sha256", lexical.SHA256),
        ("RuleId", lexical.RULE_ID),
        ("OpenCode", lexical.OPEN_CODE),
        ("SchemeCode", lexical.SCHEME_CODE),
        ("NodeName", lexical.NODE_NAME),
        ("SourceId", lexical.SOURCE_ID),
        ("Nation", lexical.NATION),
        ("MessageVersion", lexical.VERSION),
    ],
)
def test_the_code_has_the_patterns_of_the_schema(name: str, pattern: str) -> None:
    assert facets(name)["pattern"] == pattern


def test_the_code_has_the_lengths_and_enumerations_of_the_schema() -> None:
    assert int(facets("ShortText")["maxLength"]) == lexical.SHORT_TEXT
    assert int(facets("LongText")["maxLength"]) == lexical.LONG_TEXT
    assert int(facets("RawOctets")["maxLength"]) == RAW_OCTETS
    assert int(facets("OriginalOctets")["maxLength"]) == ORIGINAL_OCTETS
    for name, members in (("Identity", Identity), ("Environment", Environment)):
        assert enumeration(name) == [member.value for member in members]
    assert enumeration("Exercise") == [member.value for member in Exercise]
    assert enumeration("Simulation") == [member.value for member in Simulation]
    assert [node.get("name") for node in TYPES["StatusType"].iter(f"{XS}element")] == [name for _, name in STATUS_FACTS]
    most = {node.get("name"): node.get("maxOccurs") for node in TYPES["TrackMessageType"].iter(f"{XS}element")}
    assert int(most["Track"]) == int(most["Retraction"]) == Limits().max_tracks_per_message


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        (b"<Latitude>52.30861092", b"<Latitude>90.00000001"),
        (b"<Latitude>52.30861092", b"<Latitude>52.308610921"),
        (b"<Latitude>52.30861092", b"<Latitude>NaN"),
        (b"<Latitude>52.30861092", b"<Latitude>5e1"),
        (b"<Longitude>4.76388931", b"<Longitude>-180"),
        (b"<CourseOverGround>271.5342", b"<CourseOverGround>360"),
        (b"<Time>2026-11-22T08:12:00.500000Z", b"<Time>2026-11-22T08:12:00.500000"),
        (b"<Time>2026-11-22T08:12:00.500000Z", b"<Time>2026-11-22T24:00:00Z"),
        (b"<Time>2026-11-22T08:12:00.500000Z", b"<Time>2026-02-30T08:12:00Z"),
        (b"<Time>2026-11-22T08:12:00.500000Z", b"<Time>2026-11-22T08:12:00.5000001Z"),
        (b"<Environment>AIR", b"<Environment>WATER"),
        (b"<Platform>FIXED_WING", b"<Platform>fixed wing"),
        (b"<Name>KLM1017</Name>", b"<Name></Name>"),
        (b"<Name>KLM1017</Name>", b"<Name>a</Name><Name>b</Name>"),
        (b"<Name>KLM1017</Name>", b"<Name>a</Name><Unknown></Unknown>"),
        (b'<SourceRef>src-25-14<', b"<SourceRef>src-25-15<"),
        (b'version="1.0"', b'version="2.0"'),
        (b"<SimulationIndicator>REAL</SimulationIndicator>", b""),
        (b"<TrackId>", b"<TrackId>X"),
    ],
)  # fmt: skip
def test_refuses_a_document_that_is_invalid_at_one_place(said: bytes, instead: bytes) -> None:
    octets = examples.path("airliner").read_bytes()
    assert said in octets
    with pytest.raises(FormatError) as refused:
        read(parse(octets.replace(said, instead, 1), max_octets=Limits().max_message_octets))
    assert refused.value.code.id == "ALM-010"
    assert refused.value.place.startswith("line ")
    assert refused.value.cause


def test_compiles_the_schema_when_it_is_first_used(tmp_path: Path) -> None:
    schema = Schema(tmp_path / "later.xsd")
    (tmp_path / "later.xsd").write_bytes(packaged_schema().path.read_bytes())
    beside = packaged_schema().path.with_name("confidentiality-label-1.0.xsd")
    (tmp_path / beside.name).write_bytes(beside.read_bytes())
    schema.check(parse(examples.path("minimal").read_bytes(), max_octets=10_000))


def test_names_the_element_that_is_wrong() -> None:
    document = etree.fromstring("<other/>")
    with pytest.raises(FormatError) as refused:
        packaged_schema().check(document)
    assert "other" in refused.value.cause


def test_white_space_counts_where_the_schema_says_so_and_nowhere_else() -> None:
    def is_text(kind: str) -> bool:
        extended = TYPES[kind].find(f"{XS}simpleContent/{XS}extension") if kind in TYPES else None
        return kind in ("ShortText", "LongText") or (extended is not None and is_text(extended.get("base", "")))

    texts = {node.get("name") for node in ROOT.iter(f"{XS}element") if is_text(node.get("type", ""))}
    assert texts == plain._WRITTEN_BY_PEOPLE


def test_the_registry_of_platforms_is_the_one_of_the_symbols_room() -> None:
    text = (Path(__file__).parents[3] / "docs" / "alliance-message.md").read_text()
    (row,) = [line for line in text.splitlines() if line.startswith("| Platforms |")]
    assert re.findall(r"`(\w+)`", row) == list(PLATFORMS)
