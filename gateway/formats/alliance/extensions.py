"""Foreign elements: checked, spliced into a message so that the whole stays canonical, and taken out again.

An `Extension` holds one element in exclusive canonical form *by itself*. Inside a message the default namespace is the
alliance's, which changes the canonical form of exactly three kinds of descendants:

    unprefixed, no namespace          gains ``xmlns=""`` (or it would fall into the alliance namespace)
    unprefixed, alliance namespace    loses its declaration (an ancestor has it already)
    everything else                   stays as it is

`splice` does that on the text, in one pass over the start tags. It needs no tree, and it is exact because the input is
proven canonical first: there a default declaration stands directly after the tag's name and nowhere without need.

Most foreign elements are *plain*: one default declaration on the outermost tag, no prefix, nothing but elements,
attributes and text. `plain_elements` proves that by the text alone; such an element is the same inside and by itself.
"""

from __future__ import annotations

import re
from copy import deepcopy
from functools import lru_cache
from itertools import pairwise

from lxml import etree

from gateway.errors import FormatError
from gateway.formats.alliance.codes import BAD_EXTENSION, HOSTILE
from gateway.formats.alliance.schema import packaged_schema
from gateway.labels.names import LABEL
from gateway.limits import Limits
from gateway.track import Extension
from gateway.xml import parse
from gateway.xml_tree import without_ids

NAMESPACE = "urn:alliance:track-exchange:1"
_LIMITS = Limits()
XMLDSIG = "http://www.w3.org/2000/09/xmldsig#"
_OURS = f"{{{NAMESPACE}}}"
_LABEL_IDS = etree.XPath("boolean(descendant-or-self::l:*[@Id])", namespaces={"l": LABEL})
_PLACES = (f"{_OURS}Header/{_OURS}Extensions", f"{_OURS}Track/{_OURS}Extensions", f"{_OURS}Extensions")
_TAG = re.compile(r'<(/?)([^\s/<>!?]+)(?: xmlns="([^"]*)")?((?: [^\s=<>]+="[^"<]*")*)>')
# Canonical attribute values may hold ">" but neither quotes nor "<".


_LONGEST_PLAIN = 4_096  # characters; fewer than 600 elements, far below what `guard` refuses
_DEEPEST_PLAIN = 32
_MOST_PLAIN_ATTRIBUTES = 32
_MOST_EXTENSIONS = 64  # maxOccurs of the wildcard
_NOT_XML = r"\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
_PLAIN_NAME = "(?!xmlns)[A-Za-z_][A-Za-z0-9_.-]*+"
_PLAIN_TEXT = f"(?:[^<>&\\r{_NOT_XML}]++|&(?:amp|lt|gt|#xD);)*+"
_PLAIN_VALUE = f'(?:[^"<>&\\t\\n\\r{_NOT_XML}]++|&(?:amp|lt|quot|#x9|#xA|#xD);)*+'
_PLAIN_NAMESPACE = (
    rf'(?!(?:{re.escape(NAMESPACE)}|{re.escape(LABEL)})")(?:urn:[A-Za-z0-9][A-Za-z0-9:._-]*+'
    r"|https?://(?!www\.w3\.org)[a-z0-9][a-z0-9.-]*+(?:/[A-Za-z0-9._-]++)*+/?+)"
)  # absolute, none that XML itself or its signatures give a meaning to, and none that the schema declares elements of
_SPELT_PLAINLY = re.compile(
    f'(?:<(?:/{_PLAIN_NAME}|{_PLAIN_NAME}(?: xmlns="{_PLAIN_NAMESPACE}")?+(?: {_PLAIN_NAME}="{_PLAIN_VALUE}")*+)>'
    f"{_PLAIN_TEXT})*+"
).fullmatch
_PLAIN_TAG = re.compile(r'<(/?)([^ >]+)(?: xmlns="([^"]+)")?([^>]*)>')
_PLAIN_ATTRIBUTE = re.compile(r' ([^ =]+)="[^"]*"')


def plain_elements(inner: str) -> tuple[Extension, ...]:
    """The elements that make up the text, each in exclusive canonical form by itself and as it stands.

    Raises `ValueError` for text that is not certainly a list of plain foreign elements; says nothing against it.
    """
    if len(inner) > _LONGEST_PLAIN or _SPELT_PLAINLY(inner) is None:
        raise ValueError("not plain")
    found: list[Extension] = []
    opened: list[str] = []
    begin, namespace = 0, ""
    for tag in _PLAIN_TAG.finditer(inner):
        closing, name, declared, attributes = tag.groups()
        if closing:
            if not opened or opened.pop() != name:
                raise ValueError("not balanced")
            if not opened:
                end = tag.end()
                found.append(Extension(namespace, name, inner[begin:end]))
                begin = end
            continue
        if opened:
            if declared is not None or len(opened) == _DEEPEST_PLAIN:
                raise ValueError("another namespace, or deep")
        elif declared is None or tag.start() != begin:
            raise ValueError("no namespace, or text between elements")
        else:
            namespace = declared
        opened.append(name)
        if attributes.count("=") > 1 and not _in_order(attributes):
            raise ValueError("attributes")
    if opened or begin != len(inner) or len(found) > _MOST_EXTENSIONS:
        raise ValueError("unbalanced, text after elements, or too many")
    return tuple(found)


def _in_order(attributes: str) -> bool:
    """Whether each name stands once, in canonical order."""
    names = _PLAIN_ATTRIBUTE.findall(attributes)
    return len(names) <= _MOST_PLAIN_ATTRIBUTES and all(one < other for one, other in pairwise(names))


def _is_plain(extension: Extension) -> bool:
    try:
        return plain_elements(extension.xml) == (extension,)
    except ValueError:
        return False


def splice(extension: Extension) -> str:
    """The element as it stands inside a message. Raises `FormatError` for what is not canonical by itself."""
    if len(extension.xml) > _LIMITS.max_text_octets:
        raise FormatError(BAD_EXTENSION, place="Extensions", cause=f"{len(extension.xml)} characters")
    return _splice(extension) if len(extension.xml) < 4096 else _splice.__wrapped__(extension)


@lru_cache(maxsize=512)
def _splice(extension: Extension) -> str:
    if _is_plain(extension):
        return extension.xml
    _check(extension)
    return within_message(extension.xml)


def within_message(xml: str) -> str:
    """An element as it stands inside a message, from its exclusive canonical form by itself."""
    written: list[str] = []
    scope = [("", NAMESPACE)]  # default namespace in force (by itself, inside the message)
    last = 0
    for tag in _TAG.finditer(xml):
        closing, name, declared, rest = tag.groups()
        if closing:
            scope.pop()
            continue
        alone, inside = scope[-1]
        if ":" not in name:
            alone = alone if declared is None else declared
            declaration = "" if alone == inside else f' xmlns="{alone}"'
            written += (xml[last : tag.start()], "<", name, declaration, rest, ">")
            last = tag.end()
            inside = alone
        scope.append((alone, inside))
    written.append(xml[last:])
    return "".join(written)


def _check(extension: Extension) -> None:
    try:
        octets = extension.xml.encode()
    except UnicodeEncodeError:
        raise FormatError(BAD_EXTENSION, place="Extensions", cause="lone surrogate") from None
    root = parse(octets, max_octets=4 * _LIMITS.max_text_octets)
    guard(root)
    if without_ids(root):
        cause = "holds an xml:id; two records of one message could have the same, and no tool would read it"
        raise FormatError(BAD_EXTENSION, place="Extensions", cause=cause)
    if root.tag != f"{{{extension.namespace}}}{extension.name}":
        raise FormatError(BAD_EXTENSION, place="Extensions", cause="the root element has another name")
    if extension.namespace in ("", NAMESPACE):
        raise FormatError(BAD_EXTENSION, place="Extensions", cause="not a foreign namespace")
    if canonical(root) != octets:
        raise FormatError(BAD_EXTENSION, place="Extensions", cause="not in exclusive canonical form")
    if LABEL in extension.xml:  # the one namespace besides ours whose elements the schema knows, wherever they stand
        _check_labels(root, extension.xml)


def _check_labels(root: etree._Element, xml: str) -> None:
    if holds_label_ids(root):
        cause = "holds a label with an Id; two records of one message could have the same, and no tool would read it"
        raise FormatError(BAD_EXTENSION, place="Extensions", cause=cause)
    try:
        packaged_schema().check(
            parse(message_with(extensions=within_message(xml)), max_octets=8 * _LIMITS.max_text_octets)
        )
    except FormatError as error:
        raise FormatError(BAD_EXTENSION, place="Extensions", cause=error.cause) from None


def holds_label_ids(element: etree._Element) -> bool:
    """Whether there is a label with an ``Id``, which the schema wants unique within a message."""
    return bool(_LABEL_IDS(element))


def message_with(*, label: str = "", extensions: str = "") -> bytes:
    """The least message that holds them, for the validator to look at them by themselves."""
    label = label or (
        f'<slab:originatorConfidentialityLabel xmlns:slab="{LABEL}"><slab:ConfidentialityInformation>'
        "<slab:PolicyIdentifier>P</slab:PolicyIdentifier><slab:Classification>C</slab:Classification>"
        "</slab:ConfidentialityInformation><slab:CreationDateTime>2000-01-01T00:00:00Z</slab:CreationDateTime>"
        "</slab:originatorConfidentialityLabel>"
    )
    return (
        f'<TrackMessage xmlns="{NAMESPACE}" version="1.0"><Header>'
        "<MessageId>00000000-0000-4000-8000-000000000000</MessageId><CreatedTime>2000-01-01T00:00:00Z</CreatedTime>"
        f"<SenderNode>n</SenderNode><Nonce>{'0' * 32}</Nonce><ExerciseIndicator>TEST</ExerciseIndicator>"
        f"<SimulationIndicator>SIMULATED</SimulationIndicator><Label>{label}</Label></Header>"
        f"<Extensions>{extensions}</Extensions></TrackMessage>"
    ).encode()


_DEEPEST = _LIMITS.max_xml_depth
_MOST_ELEMENTS = _LIMITS.max_text_octets // len("<b></b>")
_CROWDED = f"descendant-or-self::*[@*[{_LIMITS.max_xml_attributes + 1}]]"
_FLOODED = etree.XPath(f"boolean({_CROWDED} | {'/'.join('*' * (_DEEPEST - 1))} | descendant::*[{_MOST_ELEMENTS}])")
_ANY_CROWDED = etree.XPath(f"boolean({_CROWDED})")
_SIGNATURE_OR_INSTRUCTION = etree.XPath(
    "boolean(descendant-or-self::d:* | descendant::processing-instruction())", namespaces={"d": XMLDSIG}
)


def guard(element: etree._Element, place: str = "Extensions") -> None:
    """Nothing, for an element that is cheap to canonicalise and safe to carry. Raises `FormatError` for others.

    A second signature would make tools that verify the first one found verify the wrong one.
    """
    if _FLOODED(element):
        cause = f"{_DEEPEST} levels, {_MOST_ELEMENTS} elements, or over {_LIMITS.max_xml_attributes} attributes on one"
        raise FormatError(HOSTILE, place=place, cause=cause)
    if _SIGNATURE_OR_INSTRUCTION(element):
        raise FormatError(BAD_EXTENSION, place=place, cause="holds an XML signature or a processing instruction")


def guard_attributes(document: etree._Element) -> None:
    """Nothing, for a document that is cheap to validate: every attribute too many is an error that libxml2 keeps.

    Raises `FormatError` (``ALM-013``). For documents that no partner has signed.
    """
    if _ANY_CROWDED(document):
        cause = f"over {_LIMITS.max_xml_attributes} attributes on one element"
        raise FormatError(HOSTILE, place="TrackMessage", cause=cause)


def canonical(element: etree._Element) -> bytes:
    """The exclusive canonical form of an element by itself, comments left out."""
    try:
        return etree.tostring(element, method="c14n", exclusive=True, with_comments=False, with_tail=False)
    except (etree.LxmlError, ValueError) as error:  # relative namespace URIs
        raise FormatError(BAD_EXTENSION, place="Extensions", cause=str(error)[:200]) from None


def lift(document: etree._Element) -> tuple[etree._Element, list[tuple[Extension, ...]]]:
    """A copy of a valid document in which each ``Extensions`` holds an index into the list of what it held before."""
    for path in _PLACES:
        for wrapper in document.iterfind(path):
            for element in wrapper.iterchildren(etree.Element):
                guard(element)  # before anything is copied
    copied = deepcopy(document)
    taken: list[tuple[Extension, ...]] = []
    for path in _PLACES:
        for wrapper in copied.iterfind(path):
            taken.append(_take(wrapper))
            for child in list(wrapper):
                wrapper.remove(child)
            wrapper.text = str(len(taken) - 1)
    return copied, taken


def _take(wrapper: etree._Element) -> tuple[Extension, ...]:
    """The foreign elements of one ``Extensions`` element, each in canonical form by itself."""
    found = []
    for element in wrapper.iterchildren(etree.Element):
        name = etree.QName(element)
        xml = canonical(element).decode()
        if len(xml) > _LIMITS.max_text_octets:
            raise FormatError(BAD_EXTENSION, place="Extensions", cause=f"{len(xml)} characters")
        found.append(Extension(name.namespace or "", name.localname, xml))
    return tuple(found)
