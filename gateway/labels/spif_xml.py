"""Elements of an XML SPIF file, each held to what the schema lets it have."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime

from lxml import etree

from gateway.errors import Code, PolicyError
from gateway.labels import codes
from gateway.labels.names import time_of as instant_of
from gateway.labels.spif import Marking, Qualifier

SPIF_NAMESPACE = "http://www.xmlspif.org/spif"
GATEWAY = "{urn:alliance:gateway:spif:1}"
"""Our own element in ``extensions``, the place that the schema has for what it does not say itself."""
MAX_WORD = 256
"""Characters of a name or phrase (schema bound of most of them)."""
_HARMLESS = ("{http://www.w3.org/2001/XMLSchema-instance}", "{http://www.w3.org/XML/1998/namespace}")
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]{0,39})){1,40}")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_MARKING_CODES = frozenset((
    "pageTop", "pageBottom", "pageTopBottom", "documentStart", "documentEnd", "noNameDisplay", "noMarkingDisplay",
    "suppressClassName", "firstLineOfText", "lastLineOfText", "subject", "xHeader", "portionMarking", "inputTitle",
    "waterMark", "replacePolicy",
))  # fmt: skip


class Node:
    """One element of the file, with its place in words."""

    __slots__ = ("element", "name", "place")

    def __init__(self, element: etree._Element, place: str) -> None:
        self.element = element
        self.name = str(element.tag).rpartition("}")[2]
        self.place = place

    def get(self, name: str) -> str | None:
        """An attribute as it stands."""
        return self.element.get(name)

    def text(self) -> str:
        """The element's own text, without the white space around it; nothing else stands in it, no comment either."""
        if len(self.element):
            raise refuse(codes.SPIF_UNKNOWN, self, "markup inside of a text")
        return (self.element.text or "").strip()

    def only(self, attributes: str, children: str, *, text: bool = False) -> None:
        """Refuses any other attribute or child element than those named, and text where there is none to be."""
        texts = [] if text else [self.element.text, *(child.tail for child in self.element)]
        stray = next((each.strip() for each in texts if each is not None and each.strip()), None)
        if stray is not None:
            raise refuse(codes.SPIF_UNKNOWN, self, f"text {stray[:60]!r}")
        allowed = attributes.split()
        for key in self.element.attrib:
            name = str(key)
            if name not in allowed and not name.startswith(_HARMLESS):
                raise refuse(codes.SPIF_UNKNOWN, self, f"attribute {name[:80]}")
        allowed = children.split()
        for child in self.element.iterchildren(tag=etree.Element):
            namespace, _, name = str(child.tag)[1:].rpartition("}")
            if namespace != SPIF_NAMESPACE or name not in allowed:
                raise refuse(codes.SPIF_UNKNOWN, self, f"element {str(child.tag)[:120]}")


def refuse(code: Code, node: Node, cause: str) -> PolicyError:
    """The error that the file is refused with."""
    return PolicyError(code, place=node.place, cause=cause)


def nodes(node: Node, name: str) -> Iterator[Node]:
    """The child elements of a name, in order."""
    for child in node.element.iterchildren(f"{{{SPIF_NAMESPACE}}}{name}"):
        yield Node(child, f"line {child.sourceline} {name}")


def one(node: Node, name: str) -> Node:
    """The only child element of a name."""
    found = list(nodes(node, name))
    if len(found) != 1:
        raise refuse(codes.SPIF_VALUE, node, f"{len(found)} elements {name}, exactly one expected")
    return found[0]


def optional(node: Node, name: str) -> Node | None:
    """The child element of a name, at most one."""
    return one(node, name) if next(nodes(node, name), None) is not None else None


def word(node: Node, attribute: str) -> str:
    """A name that labels use: bounded, in normal form, without white space around it."""
    value = node.get(attribute) or ""
    held_to_form(node, attribute, value)
    return value


def held_to_form(node: Node, what: str, value: str) -> None:
    """Refuses what no label could say: empty, long, or not what it looks like."""
    if not value or value != value.strip() or len(value) > MAX_WORD:
        raise refuse(codes.SPIF_VALUE, node, f"{what}: 1 to {MAX_WORD} characters without white space around them")
    if not unicodedata.is_normalized("NFKC", value):
        raise refuse(codes.SPIF_VALUE, node, f"{what} is not in normal form (NFKC)")
    if not value.isprintable():
        raise refuse(codes.SPIF_VALUE, node, f"{what} {value[:60]!r} has characters that nobody sees")


def oid(node: Node, attribute: str) -> str:
    """An object identifier."""
    value = node.get(attribute) or ""
    if not _OID.fullmatch(value):
        raise refuse(codes.SPIF_VALUE, node, f"{attribute} {value[:60]!r} is no object identifier")
    return value


def integer(node: Node, attribute: str) -> int:
    """A whole number."""
    value = (node.get(attribute) or "").strip()
    if not _INTEGER.fullmatch(value):
        raise refuse(codes.SPIF_VALUE, node, f"{attribute} {value[:60]!r} is no whole number")
    return int(value)


def lacv_of(node: Node) -> str:
    """A label-and-certificate value as the key that references use: whole numbers without leading zeros, else text."""
    value = (node.get("lacv") or "").strip()
    if not value or len(value) > MAX_WORD:
        raise refuse(codes.SPIF_VALUE, node, "lacv is missing or too long")
    return str(int(value)) if _INTEGER.fullmatch(value) else value


def switch(node: Node, attribute: str) -> bool:
    """A truth value (xs:boolean); absent is false."""
    value = (node.get(attribute) or "false").strip()
    if value not in ("true", "false", "1", "0"):
        raise refuse(codes.SPIF_VALUE, node, f"{attribute} {value[:60]!r} is neither true nor false")
    return value in ("true", "1")


def choice(node: Node, attribute: str, among: tuple[str, ...]) -> str:
    """One of the words that the schema lists."""
    value = node.get(attribute) or ""
    if value not in among:
        raise refuse(codes.SPIF_VALUE, node, f"{attribute} {value[:60]!r}, one of {', '.join(among)} expected")
    return value


def time_of(node: Node, attribute: str) -> datetime | None:
    """An instant (xs:dateTime with a zone) or nothing."""
    value = node.get(attribute)
    if value is None:
        return None
    try:
        return instant_of(value.strip())
    except ValueError:
        cause = f"{attribute} {value[:60]!r} is no date and time (xs:dateTime) with a time zone"
        raise refuse(codes.SPIF_VALUE, node, cause) from None


def read_markings(node: Node) -> tuple[Marking, ...]:
    """What is displayed for the part (`markingData`)."""
    found = []
    for data in nodes(node, "markingData"):
        data.only("phrase", "code")
        marks = set()
        for code in nodes(data, "code"):
            code.only("", "", text=True)
            if code.text() not in _MARKING_CODES:
                raise refuse(codes.SPIF_UNKNOWN, code, f"marking code {code.text()[:60]!r}")
            marks.add(code.text())
        phrase = data.get("phrase")
        if phrase is not None and len(phrase) > MAX_WORD:
            raise refuse(codes.SPIF_VALUE, data, f"phrase: at most {MAX_WORD} characters")
        found.append(Marking(phrase, frozenset(marks), data.get(_LANG)))
    return tuple(found)


def read_qualifiers(node: Node) -> tuple[Qualifier, ...]:
    """What is displayed around and between values (`markingQualifier`)."""
    found = []
    for group in nodes(node, "markingQualifier"):
        group.only("markingCode", "qualifier")
        place = group.get("markingCode")
        if place is not None and place not in _MARKING_CODES:
            raise refuse(codes.SPIF_UNKNOWN, group, f"marking code {place[:60]!r}")
        for each in nodes(group, "qualifier"):
            each.only("markingQualifier qualifierCode", "")
            text = each.get("markingQualifier")
            if text is None or len(text) > MAX_WORD:
                raise refuse(codes.SPIF_VALUE, each, f"markingQualifier: present, at most {MAX_WORD} characters")
            code = choice(each, "qualifierCode", ("prefix", "suffix", "separator"))
            language = each.get(_LANG) or group.get(_LANG)
            found.append(Qualifier(text, code, place, language))
    return tuple(found)
