"""NFFI 1.3 as an XML schema of our own, from its published facets: the oracle of what we write.

Element names, order and facets are facts of the format; the text is ours. `gateway.formats.nffi.facets` states them a
second time, in another way, so that a slip in one is found by the other.
"""

from __future__ import annotations

from lxml import etree

NFFI = "urn:nato:fft:protocols:nffi13"


def _word(name: str, most: int, characters: str = r"[A-Za-z0-9\.,:\*\-]*", least: int = 0) -> str:
    return (
        f'<simpleType name="{name}"><restriction base="string"><minLength value="{least}"/><maxLength value="{most}"/>'
        f'<pattern value="{characters}"/></restriction></simpleType>'
    )


def _range(name: str, low: str = "", high: str = "", *, below: str = "Inclusive", above: str = "Exclusive") -> str:
    bounds = (f'<min{below} value="{low}"/>' if low else "") + (f'<max{above} value="{high}"/>' if high else "")
    return f'<simpleType name="{name}"><restriction base="double">{bounds}</restriction></simpleType>'


def _words(name: str, *values: str) -> str:
    inner = "".join(f'<enumeration value="{value}"/>' for value in values)
    return f'<simpleType name="{name}"><restriction base="string">{inner}</restriction></simpleType>'


def _measured(name: str, kind: str, accuracy: str) -> str:
    return (
        f'<complexType name="{name}"><simpleContent><extension base="n:{kind}">'
        f'<attribute name="accuracy" type="n:{accuracy}"/></extension></simpleContent></complexType>'
    )


def _element(name: str, kind: str, occurs: str = "") -> str:
    return f'<element name="{name}" type="{kind if ":" in kind else "n:" + kind}"{occurs}/>'


_OPTIONAL = ' minOccurs="0"'
_MARKINGS = "".join(
    f'<attribute name="{name}" type="n:{name}"/>' for name in ("secPolicyName", "secClassification", "secCategory")
)


def _sequence(name: str, *elements: str, attributes: str = "") -> str:
    return f'<complexType name="{name}"><sequence>{"".join(elements)}</sequence>{attributes}</complexType>'


_TYPES = [
    _word("secPolicyName", 256, ".*"),
    _word("secClassification", 30, ".*", 1),
    _word("secCategory", 256, ".*"),
    _word("country", 3, "[A-Z]{3}"),
    _word("system", 30),
    _word("transponder", 60, least=1),
    _word("dateTime", 14, r"\d{14}"),
    _range("latitude", "-90", "90", above="Inclusive"),
    _range("longitude", "-180", "180", below="Exclusive", above="Inclusive"),
    _range("any"),
    _range("angle", "0", "360"),
    _range("positive", "0"),
    _range("speedError", "0", "10000"),
    _measured("Latitude", "latitude", "positive"),
    _measured("Longitude", "longitude", "positive"),
    _measured("Altitude", "any", "positive"),
    _measured("Angle", "angle", "angle"),
    _measured("Speed", "positive", "speedError"),
    _words(
        "reliability",
        "COMPLETELY RELIABLE",
        "USUALLY RELIABLE",
        "FAIRLY RELIABLE",
        "NOT USUALLY RELIABLE",
        "UNRELIABLE",
        "RELIABILITY CANNOT BE JUDGED",
    ),
    _words(
        "credibility",
        "CONFIRMED BY OTHER SOURCES",
        "PROBABLY TRUE",
        "POSSIBLY TRUE",
        "DOUBTFULLY TRUE",
        "IMPROBABLE",
        "TRUTH CANNOT BE JUDGED",
    ),
    _words(
        "status",
        "OPERATIONAL",
        "SUBSTANTIALLY OPERATIONAL",
        "MARGINALLY OPERATIONAL",
        "TEMPORARILY NOT OPERATIONAL",
        "NOT OPERATIONAL",
        "NOT KNOWN",
    ),
    _word("symbol", 15, r"[A-Z0-9\-]{15}"),
    _word("shortName", 15, least=1),
    _word("thirty", 30),
    _word("phone", 30, r"[0-9\+]*"),
    _word("alphanumeric", 30, "[A-Za-z0-9]*"),
    _word("sixty", 60),
    _sequence(
        "System",
        _element("country", "country", _OPTIONAL),
        _element("system", "system"),
        _element("subsystem", "system", _OPTIONAL),
    ),
    _sequence("Source", _element("sourceSystem", "System"), _element("transponderId", "transponder")),
    _sequence(
        "Coordinates",
        _element("latitude", "Latitude"),
        _element("longitude", "Longitude"),
        _element("altitude", "Altitude", _OPTIONAL),
    ),
    _sequence(
        "Positional",
        _element("trackSource", "Source"),
        _element("dateTime", "dateTime"),
        _element("coordinates", "Coordinates"),
        _element("bearing", "Angle", _OPTIONAL),
        _element("speed", "Speed", _OPTIONAL),
        _element("reliability", "reliability", _OPTIONAL),
        _element("credibility", "credibility", _OPTIONAL),
        _element("inclination", "Angle", _OPTIONAL),
        attributes=_MARKINGS,
    ),
    _sequence(
        "Identification",
        _element("unitSymbol", "symbol"),
        _element("unitShortName", "shortName"),
        attributes=_MARKINGS,
    ),
    _sequence(
        "Operational",
        _element("footprint", "positive", _OPTIONAL),
        _element("strength", "xsd:unsignedShort", _OPTIONAL),
        _element("statusCode", "status", _OPTIONAL),
        attributes=_MARKINGS,
    ),
    _sequence(
        "Device",
        _element("additionalId", "thirty", _OPTIONAL),
        _element("phoneNumber", "phone", _OPTIONAL),
        _element("serialNumber", "alphanumeric", _OPTIONAL),
        _element("terminalType", "alphanumeric", _OPTIONAL),
        _element("terminalId", "alphanumeric", _OPTIONAL),
        _element("specialUserDefined", "sixty", _OPTIONAL),
        _element("alert", "xsd:boolean", _OPTIONAL),
        _element("remarks", "sixty", ' minOccurs="0" maxOccurs="4"'),
        attributes=_MARKINGS,
    ),
    _sequence(
        "Detail",
        '<any processContents="skip" minOccurs="0" maxOccurs="unbounded"/>',
        attributes=_MARKINGS + '<anyAttribute processContents="skip"/>',
    ),
    _sequence(
        "Track",
        _element("positionalData", "Positional"),
        _element("identificationData", "Identification", _OPTIONAL),
        _element("operStatusData", "Operational", _OPTIONAL),
        _element("deviceSpecificData", "Device", _OPTIONAL),
        _element("detailData", "Detail", _OPTIONAL),
    ),
    _sequence("Message", _element("track", "Track", ' minOccurs="0" maxOccurs="unbounded"')),
]

_XSD = "http://www.w3.org/2001/XMLSchema"
_ROOT = f'<schema xmlns="{_XSD}" xmlns:xsd="{_XSD}" xmlns:n="{NFFI}" targetNamespace="{NFFI}"'
_MESSAGE = '<element name="NFFIMessage" type="n:Message"/>'
SCHEMA = etree.XMLSchema(
    etree.fromstring(f'{_ROOT} elementFormDefault="qualified">{_MESSAGE}{"".join(_TYPES)}</schema>')
)


def assert_valid(octets: bytes) -> etree._Element:
    """The root of a message that validates."""
    root = etree.fromstring(octets)
    SCHEMA.assertValid(root)
    return root
