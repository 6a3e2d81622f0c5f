"""Hostile NFFI documents as bounded element trees, and elements as canonical text."""

from __future__ import annotations

from copy import deepcopy

from lxml import etree

from gateway.errors import FormatError
from gateway.formats.nffi import codes
from gateway.limits import Limits
from gateway.xml import parse

_ID = "{http://www.w3.org/XML/1998/namespace}id"
MAX_TAGS_PER_RECORD = 100  # a message of the most tracks stays parsable; floods of empty elements do not


def root_of(octets: bytes, limits: Limits) -> etree._Element:
    """The root of a bounded document without comments and processing instructions; `FormatError` otherwise."""
    if len(octets) > limits.max_frame_octets:
        cause = f"{len(octets)} octets, at most {limits.max_frame_octets}"
        raise FormatError(codes.TOO_LARGE, place=f"octet {limits.max_frame_octets}", cause=cause)
    most = limits.max_records_per_frame * MAX_TAGS_PER_RECORD
    if octets.count(b"<") > most:
        raise FormatError(codes.TOO_MANY, place="document", cause=f"more than {most} tags")
    root = parse(octets, max_octets=limits.max_frame_octets)
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > limits.max_xml_depth:
            raise FormatError(codes.TOO_DEEP, place="document", cause=f"nested deeper than {limits.max_xml_depth}")
        below: list[etree._Element] = []
        for element in level:
            if len(element.attrib) > limits.max_xml_attributes:
                name = str(element.tag)[:60]
                raise FormatError(codes.TOO_DEEP, place=name, cause=f"more than {limits.max_xml_attributes} attributes")
            below.extend(element)
        level = below
    etree.strip_tags(root, etree.Comment, etree.ProcessingInstruction)
    return root


def names_of(element: etree._Element) -> tuple[str, str]:
    """(namespace, local name) of an element; the namespace is empty where there is none."""
    tag = str(element.tag)
    if tag[0] != "{":
        return "", tag
    namespace, _, name = tag[1:].partition("}")
    return namespace, name


def canonical(element: etree._Element) -> str:
    """Exclusive canonical XML without comments; `FormatError` for what has none (a relative namespace name)."""
    try:
        alone = deepcopy(element)  # libxml2 canonicalises a branch of another document wrongly in some cases
        octets: bytes = etree.tostring(alone, method="c14n", exclusive=True, with_comments=False, with_tail=False)
        return octets.decode("utf-8")
    except (etree.LxmlError, ValueError) as error:
        raise FormatError(codes.DETAIL, place=str(element.tag)[:60], cause=str(error)[:120]) from None


def plain_attributes(element: etree._Element) -> dict[str, str]:
    """The element's attributes that have no namespace."""
    return {str(name): str(value) for name, value in element.items() if str(name)[0] != "{"}


def without_ids(root: etree._Element) -> bool:
    """Take every ``xml:id`` out; whether there was any.

    Leftovers of several objects stand in one document, where equal ids make it unreadable to consumers who check them.
    """
    found = False
    for node in root.iter():
        if node.get(_ID) is not None:
            del node.attrib[_ID]
            found = True
    return found
