"""The leftovers of a CoT source as its extension carries them, made ready to be written into an event again.

The extension may come from a partner, so it is read like anything from outside. Canonical fields always win over it:
it fills only what they leave open, and never an event's name, type or times.
"""

from __future__ import annotations

from lxml import etree
from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import FormatError
from gateway.formats.cot import codes, document, plain
from gateway.formats.cot.event import MERGED, NAMESPACE
from gateway.formats.cot.values import attribute_text, element_text, number_of
from gateway.limits import Limits

_OPENING = f'<event xmlns="{NAMESPACE}"'
_END = "</event"
_CANONICAL = frozenset(("type", "time", "start", "stale", "version"))
_NUMBERS = frozenset(("lat", "lon", "hae", "ce", "le"))


class KeptChild(Struct, frozen=True):
    """A child of `detail` whose attributes may be joined by canonical ones: ``<name`` attributes `tail`."""

    name: str
    attributes: dict[str, str]
    tail: str
    """From the end of the attributes to the end of the element."""
    plain: bool
    """Without children and namespaces."""


class Kept(Struct, frozen=True):
    """Leftovers of one event."""

    attributes: dict[str, str]
    """Of `event`: how, opex, access, caveat, releasableTo, qos and whatever the source invented."""
    point: dict[str, str]
    detail: str
    """Attributes of `detail` as text."""
    merged: dict[str, KeptChild]
    """The first child of each name that canonical fields share."""
    others: str
    """All other children as text."""
    cut: bool = False
    """Children were left out: see `_unambiguous`."""


NO_LEFTOVERS = Kept({}, {}, "", {}, "")


def kept_of(xml: str, limits: Limits) -> Kept:
    """The leftovers in an extension's text; `FormatError` if it is not what such an extension is."""
    if xml.startswith(_OPENING):
        found = plain.kept_of("<event" + xml[len(_OPENING) :])
        kept = None if found is None else _plain(found)
        if kept is not None:
            return _unambiguous(kept)
    root = document.root_of(xml.encode("utf-8", "surrogatepass"), limits)
    if root.tag != f"{{{NAMESPACE}}}event":
        raise FormatError(codes.NOT_AN_EVENT, place="extension", cause=f"observed {str(root.tag)[:60]}")
    return _unambiguous(_nested(root))


def foreign_of(xml: str, limits: Limits) -> str:
    """The canonical text of an extension that is not CoT's, fit to stand in a `detail`; `FormatError` if it is not."""
    text = document.canonical(document.root_of(xml.encode("utf-8", "surrogatepass"), limits))
    if _END in text:
        raise FormatError(codes.DETAIL, place="extension", cause="an event inside of an event")
    return text


def _unambiguous(kept: Kept) -> Kept:
    """The leftovers without children that hold an `event` of their own.

    TAK clients cut a stream at the first `</event>`, wherever it stands. Whoever could put an event into the detail of
    another would speak to them past every policy.
    """
    merged = {name: one for name, one in kept.merged.items() if _END not in one.tail}
    others = "" if _END in kept.others else kept.others
    if len(merged) == len(kept.merged) and others == kept.others:
        return kept
    return replace(kept, merged=merged, others=others, cut=True)


def attributes_text(attributes: dict[str, str]) -> str:
    """Attributes as they stand in a tag, each with a space before."""
    return "".join([f' {name}="{attribute_text(value)}"' for name, value in attributes.items()])


def _plain(found: tuple[str, str, str, list[plain.Child]]) -> Kept | None:
    attributes, point = plain.attributes_of(found[0]), plain.attributes_of(found[1])
    if attributes is None or point is None or plain.attributes_of(found[2]) is None:
        return None
    merged: dict[str, KeptChild] = {}
    others: list[str] = []
    for name, text_attributes, text in found[3]:
        own = plain.attributes_of(text_attributes)
        if own is None:
            return None
        if name in MERGED and name not in merged:
            merged[name] = KeptChild(name, own, f">{text}</{name}>" if text else "/>", True)
        else:
            others.append(f"<{name}{text_attributes}" + (f">{text}</{name}>" if text else "/>"))
    return Kept(_filling(attributes), _figures(point), found[2], merged, "".join(others))


def _nested(root: etree._Element) -> Kept:
    etree.strip_tags(root, etree.Comment, etree.ProcessingInstruction)
    point: dict[str, str] = {}
    detail = ""
    merged: dict[str, KeptChild] = {}
    others: list[str] = []
    for child in root:
        if child.tag == f"{{{NAMESPACE}}}point":
            point = document.plain_attributes(child)
        elif child.tag == f"{{{NAMESPACE}}}detail":
            detail = attributes_text(document.plain_attributes(child))
            for grandchild in list(child):
                grandchild.tail = None
                name = etree.QName(grandchild).localname
                own = etree.QName(grandchild).namespace == NAMESPACE
                if own and name in MERGED and name not in merged:
                    merged[name] = _merged_child(name, grandchild)
                else:
                    others.append(document.returned(grandchild))
    return Kept(_filling(document.plain_attributes(root)), _figures(point), detail, merged, "".join(others))


def _merged_child(name: str, element: etree._Element) -> KeptChild:
    attributes = document.plain_attributes(element)
    for key in attributes:
        del element.attrib[key]
    if len(element) == 0 and not element.keys():
        text = element_text(element.text or "")
        return KeptChild(name, attributes, f">{text}</{name}>" if text else "/>", True)
    return KeptChild(name, attributes, document.returned(element)[len(name) + 1 :], False)


def _filling(attributes: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if name not in _CANONICAL}


def _figures(point: dict[str, str]) -> dict[str, str]:
    """Without figures that are none: what we write is valid CoT."""
    usable: dict[str, str] = {}
    for name, value in point.items():
        if name in _NUMBERS:
            try:
                if number_of(value) is None or not set(value) <= set("+-.0123456789"):
                    continue
            except ValueError:
                continue
        usable[name] = value
    return usable
