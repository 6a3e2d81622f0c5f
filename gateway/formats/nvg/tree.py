"""Hostile NVG documents as bounded element trees, with NVG's own codes."""

from __future__ import annotations

from lxml import etree

from gateway import xml_tree
from gateway.formats.nvg import codes
from gateway.limits import Limits
from gateway.xml_tree import names_of, plain_attributes, without_ids

MAX_TAGS_PER_RECORD = 40  # a document of the most records stays parsable; floods of empty elements do not
_FAULTS = xml_tree.Faults(too_large=codes.TOO_LARGE, too_many=codes.TOO_MANY, too_deep=codes.TOO_DEEP)


def root_of(octets: bytes, limits: Limits) -> etree._Element:
    """The root of a bounded document without comments and processing instructions; `FormatError` otherwise."""
    return xml_tree.bounded(octets, limits, tags_per_record=MAX_TAGS_PER_RECORD, faults=_FAULTS)


def canonical(element: etree._Element) -> str:
    """Exclusive canonical XML without comments; `FormatError` for what has none (a relative namespace name)."""
    return xml_tree.canonical(element, codes.DETAIL)


__all__ = ["canonical", "names_of", "plain_attributes", "root_of", "without_ids"]
