"""Confidentiality labels as they stand in a message: whole elements of ADatP-4774 inside of one ``Label`` element.

A label may hold elements of any namespace, ours included, so its text is cut out of a message before anything else is
looked for in it (`cut`), and read by itself. A batch repeats few labels: each distinct text is read once, each distinct
label written once. `gateway.labels` knows the elements; what it refuses becomes this room's error here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from lxml import etree
from msgspec.structs import replace

from gateway.errors import FormatError, PolicyError
from gateway.formats.alliance.codes import BAD_LABEL, UNDATED_LABEL
from gateway.formats.alliance.extensions import NAMESPACE, guard, message_with, within_message
from gateway.formats.alliance.lexical import code
from gateway.formats.alliance.scan import code as known_code
from gateway.formats.alliance.schema import packaged_schema
from gateway.labels.codes import NO_CREATION_TIME
from gateway.labels.names import LABEL, MAX_ALTERNATIVES, MAX_LABEL_OCTETS
from gateway.labels.plain import plain_labels
from gateway.labels.read import labels_of
from gateway.labels.write import write_labels
from gateway.track import Label
from gateway.xml import parse

EMPTY = "<Label></Label>"
"""What `cut` leaves where a label stood."""

_OURS = f"{{{NAMESPACE}}}"
_THEIRS = f"{{{LABEL}}}"
_MOST_OCTETS = (
    MAX_ALTERNATIVES + 4
) * MAX_LABEL_OCTETS  # all labels that one element may hold, and what is around them
_REMEMBERED = 16_384  # characters of a label that is remembered, so that hostile labels cannot make the memory large
_BESIDE = re.compile("(?:<Tlp>([^<&]+)</Tlp>)?+(?:<Purpose>([^<&]+)</Purpose>)?+").fullmatch
_LABELS_ALONE = re.compile(
    rf'(?:</?+slab:[A-Za-z]++(?: xmlns:slab="{LABEL}")?+(?: [A-Za-z]++="[^"<]*+")*+>[^<]*+)++'
).match  # elements of ADatP-4774 and no others


def write(label: Label) -> str:
    """The ``Label`` element, canonical as it stands in a message.

    Raises `FormatError`: ``ALM-016`` for a label without a creation time, ``ALM-017`` for whatever else ADatP-4774 or
    the schema does not admit, ``ALM-002`` for a TLP or purpose that is no code.
    """
    return _write(label) if _size(label) <= _REMEMBERED else _write.__wrapped__(label)


def _size(label: Label) -> int:
    own = sum([len(value) for category in label.categories for value in category.values])
    beside = [*label.alternatives, *([label.metadata] if label.metadata is not None else ())]
    if label.successor is not None:
        beside.append(label.successor.label)
    return own + sum([len(extension.xml) for extension in label.extensions]) + sum(map(_size, beside))


@lru_cache(maxsize=256)
def _write(label: Label) -> str:
    try:
        xml = write_labels(label).decode()
    except PolicyError as error:
        raised = UNDATED_LABEL if error.code is NO_CREATION_TIME else BAD_LABEL
        raise FormatError(raised, place=f"Label/{error.place}", cause=_told(error)) from None
    tlp = "" if label.tlp is None else f"<Tlp>{code(label.tlp, 'Label/Tlp')}</Tlp>"
    purpose = "" if label.purpose is None else f"<Purpose>{code(label.purpose, 'Label/Purpose')}</Purpose>"
    alone = _LABELS_ALONE(xml)
    if alone is None or alone.end() != len(xml):
        xml = within_message(xml)
    _check(xml)
    return f"<Label>{xml}{tlp}{purpose}</Label>"


def _check(xml: str) -> None:
    """Nothing, for labels that every message may hold: what is written is valid, whoever wrote it."""
    try:
        packaged_schema().check(parse(message_with(label=xml), max_octets=_MOST_OCTETS))
    except FormatError as error:
        raise FormatError(BAD_LABEL, place="Label", cause=error.cause) from None


def cut(whole: str, read: Callable[[str], Label]) -> tuple[str, list[Label]]:
    """The text with each ``Label`` element empty (`EMPTY`), and the labels that stood in them, in order.

    Raises `ValueError` for text in another spelling than `write` has, and what `read` raises.
    """
    first, *others = whole.split("<Label>")
    kept = [first]
    found: list[Label] = []
    known: dict[str, Label] = {}
    for part in others:
        inner, closed, rest = part.partition("</Label>")
        if not closed:
            raise ValueError("a label inside of a label, or no label")
        label = known.get(inner)
        if label is None:
            label = known[inner] = read(inner)
        found.append(label)
        kept.append(rest)
    return EMPTY.join(kept), found


def of_text(inner: str) -> Label:
    """The label that the inside of a ``Label`` element of a valid message says.

    Raises `ValueError` for another spelling than ours, `FormatError` (``ALM-017``) for what no label is.
    """
    return _of_text(inner) if len(inner) <= _REMEMBERED else _of_text.__wrapped__(inner)


@lru_cache(maxsize=512)
def _of_text(inner: str) -> Label:
    alone = _LABELS_ALONE(inner)  # nothing unprefixed inside, so what comes after it is beside the labels
    beside = None if alone is None else _BESIDE(inner, alone.end())
    if alone is None or beside is None:
        raise ValueError("foreign elements, or another spelling")
    tlp, purpose = beside.groups()
    label = plain_labels(alone[0])
    if label is None:
        try:
            wrapper = parse(f"<Label>{alone[0]}</Label>".encode(), max_octets=_MOST_OCTETS)
        except FormatError as error:  # a prefix that is declared elsewhere
            raise ValueError(str(error)) from None
        label = _told_labels(wrapper.iterchildren(etree.Element))
    return (
        label if tlp is None and purpose is None else replace(label, tlp=known_code(tlp), purpose=known_code(purpose))
    )


def admitted(inner: str) -> Label:
    """As `of_text`, of a message that nobody has validated: raises `FormatError` or `ValueError` for what the schema
    does not admit, or may not."""
    return _admitted(inner) if len(inner) <= _REMEMBERED else _admitted.__wrapped__(inner)


@lru_cache(maxsize=512)
def _admitted(inner: str) -> Label:
    if ' Id="' in inner:
        raise ValueError("unique or not within its message")
    label = of_text(inner)
    packaged_schema().check(parse(message_with(label=inner), max_octets=_MOST_OCTETS))
    return label


def of_element(wrapper: etree._Element) -> Label:
    """The label that a ``Label`` element of a valid document says, whatever its spelling. Raises `FormatError`."""
    labels: list[etree._Element] = []
    beside: dict[str, str] = {}
    for child in wrapper.iterchildren(etree.Element):
        name = str(child.tag)
        if name.startswith(_THEIRS):
            guard(child, "Label")
            labels.append(child)
        else:
            text = (child.text or "") + "".join([inside.tail or "" for inside in child])
            beside[name.removeprefix(_OURS)] = text.strip(" \t\r\n")
    return replace(_told_labels(labels), tlp=beside.get("Tlp"), purpose=beside.get("Purpose"))


def _told_labels(elements: Iterable[etree._Element]) -> Label:
    try:
        return labels_of(elements)
    except PolicyError as error:
        raise FormatError(BAD_LABEL, place=f"Label/{error.place}", cause=_told(error)) from None


def _told(error: PolicyError) -> str:
    return f"{error.code.id} {error.code.title}{': ' if error.cause else ''}{error.cause}"[:300]
