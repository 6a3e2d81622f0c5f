"""Hostile XML documents as bounded element trees, elements as canonical text, and where each part stands.

For formats whose frames are documents: each passes its own error codes, and says how many tags a record may have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy

from lxml import etree
from msgspec import Struct

from gateway.errors import Code, FormatError
from gateway.limits import Limits
from gateway.xml import parse

_ID = "{http://www.w3.org/XML/1998/namespace}id"
_MARKUP = re.compile(
    rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|</(?P<end>[^\s>]+)\s*>"
    rb"|<(?P<start>[^\s/>!?]+)(?P<attributes>(?:[^\"'>]|\"[^\"]*\"|'[^']*')*)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(rb"([^\s=]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")


class Faults(Struct, frozen=True, kw_only=True):
    """A format's codes for documents that are out of bounds."""

    too_large: Code
    too_many: Code
    too_deep: Code


def bounded(octets: bytes, limits: Limits, *, tags_per_record: int, faults: Faults) -> etree._Element:
    """The root of a bounded document without comments and processing instructions; `FormatError` otherwise.

    `tags_per_record` times `limits.max_records_per_frame` is how many tags a document may have: one of the most records
    stays parsable, floods of empty elements do not.
    """
    if len(octets) > limits.max_frame_octets:
        cause = f"{len(octets)} octets, at most {limits.max_frame_octets}"
        raise FormatError(faults.too_large, place=f"octet {limits.max_frame_octets}", cause=cause)
    most = limits.max_records_per_frame * tags_per_record
    if octets.count(b"<") > most:
        raise FormatError(faults.too_many, place="document", cause=f"more than {most} tags")
    root = parse(octets, max_octets=limits.max_frame_octets, any_ids=True)
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > limits.max_xml_depth:
            raise FormatError(faults.too_deep, place="document", cause=f"nested deeper than {limits.max_xml_depth}")
        below: list[etree._Element] = []
        for element in level:
            if len(element.attrib) > limits.max_xml_attributes:
                name = str(element.tag)[:60]
                raise FormatError(
                    faults.too_deep, place=name, cause=f"more than {limits.max_xml_attributes} attributes"
                )
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


def canonical(element: etree._Element, fault: Code) -> str:
    """Exclusive canonical XML without comments; `FormatError` for what has none (a relative namespace name)."""
    try:
        alone = deepcopy(element)  # libxml2 canonicalises a branch of another document wrongly in some cases
        octets: bytes = etree.tostring(alone, method="c14n", exclusive=True, with_comments=False, with_tail=False)
        return octets.decode("utf-8")
    except (etree.LxmlError, ValueError) as error:
        raise FormatError(fault, place=str(element.tag)[:60], cause=str(error)[:120]) from None


def plain_attributes(element: etree._Element) -> dict[str, str]:
    """The element's attributes that have no namespace."""
    return {str(name): str(value) for name, value in element.items() if str(name)[0] != "{"}


def without_ids(root: etree._Element) -> bool:
    """Take every ``xml:id`` out; whether there was any.

    Leftovers of several objects stand in one document, where equal ids make it unreadable to consumers who check them.
    """
    found = False
    for node in root.iter(etree.Element):
        if node.get(_ID) is not None:
            del node.attrib[_ID]
            found = True
    return found


def parts_of(octets: bytes) -> Iterator[tuple[str, bytes, int]]:
    """(path with local names, raw octets, offset) of each attribute and text of one well-formed document."""
    path: list[str] = []
    text_from = 0
    for mark in _MARKUP.finditer(octets):
        text = octets[text_from : mark.start()]
        if path and text.strip():
            yield "/".join(path), text.strip(), text_from + len(text) - len(text.lstrip())
        text_from = mark.end()
        if mark["end"]:
            path = path[:-1]
        elif mark["start"]:
            path.append(mark["start"].decode("utf-8", "replace").rpartition(":")[2])
            for attribute in _ATTRIBUTE.finditer(mark["attributes"]):
                group = 2 if attribute[2] is not None else 3
                at = mark.start("attributes") + attribute.start(group)
                yield f"{'/'.join(path)}@{attribute[1].decode('utf-8', 'replace')}", attribute[group], at
            if mark["attributes"].endswith(b"/"):
                path.pop()
