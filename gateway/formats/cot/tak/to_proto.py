"""A CoT event as XML to a TAK message: without loss, or with what it lost."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from lxml import etree

from gateway.errors import FormatError
from gateway.formats.cot import codes as cot_codes
from gateway.formats.cot import document, plain
from gateway.formats.cot.event import required
from gateway.formats.cot.tak import codes
from gateway.formats.cot.tak.details import TYPED, put
from gateway.formats.cot.tak.messages import CotEvent, TakMessage, new_message
from gateway.formats.cot.values import attribute_text, element_text, number_of, time_of
from gateway.limits import Limits
from gateway.track import Loss

UNKNOWN = 999999.0  # how TAK messages say "not known" in hae, ce and le
_UNKNOWN = frozenset((UNKNOWN, 9999999.0))
_LARGEST = 1e9  # as `number_of` has it
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_FINER_THAN_MICROSECONDS = re.compile(r"\.[0-9]{6}[0-9]*?[1-9]").search
_MILLISECONDS_LONG = len("2026-11-22T08:12:00.500Z")

_TEXTS = {
    "type": "type",
    "uid": "uid",
    "how": "how",
    "access": "access",
    "qos": "qos",
    "opex": "opex",
    "caveat": "caveat",
    "releasableTo": "releaseableTo",  # the protocol's own spelling
}
_TIMES = (("sendTime", "time"), ("startTime", "start"), ("staleTime", "stale"))
_FIGURES = ("lat", "lon", "hae", "ce", "le")
_OTHERS = frozenset(("version", "time", "start", "stale"))


def message_of(octets: bytes, limits: Limits) -> tuple[TakMessage, tuple[Loss, ...]]:
    """The event's message, and what the message has no place for.

    `FormatError` for what is no event (``XML-...``, ``COT-...``), and ``TAK-005`` for one that has no time or place
    that a message could hold.
    """
    text = plain.text_of(octets)
    found = plain.event_of(text) if text is not None else None
    if found is not None:
        attributes, point = plain.attributes_of(found[0]), plain.attributes_of(found[1])
        if attributes is not None and point is not None:
            made = new_message()
            losses: list[Loss] = []
            if _plain_detail(made.cotEvent, found[2]):
                _event(made.cotEvent, attributes, point, losses)
                return made, tuple(losses)
    return _from_tree(document.root_of(octets, limits))


def _plain_detail(event: CotEvent, children: list[plain.Child]) -> bool:
    """Fill `detail`; False if an attribute stands twice, which the full parser is to refuse."""
    if not children:
        return True
    detail = event.detail
    names = [child[0] for child in children]
    rest: list[str] = []
    for name, text_attributes, text in children:
        attributes = plain.attributes_of(text_attributes)
        if attributes is None:
            return False
        if text or name not in TYPED or names.count(name) > 1 or not put(detail, name, attributes):
            rest.append(f"<{name}{text_attributes}" + (f">{text}</{name}>" if text else "/>"))
    if rest:
        detail.xmlDetail = "".join(rest)
    return True


def _from_tree(root: etree._Element) -> tuple[TakMessage, tuple[Loss, ...]]:
    if root.tag != "event":
        raise FormatError(cot_codes.NOT_AN_EVENT, place="root", cause=f"observed {str(root.tag)[:60]}")
    made = new_message()
    losses: list[Loss] = []
    point: etree._Element | None = None
    detail: etree._Element | None = None
    for child in root:
        if child.tag == "point" and point is None:
            point = child
        elif child.tag == "detail" and detail is None:
            detail = child
        else:
            losses.append(_left_out(child))
    if point is None:
        raise FormatError(cot_codes.MISSING, place="event", cause="no point")
    if len(point):
        losses.append(Loss("event/point/*", "NO_TARGET"))
    for name, element in (("event", root), ("event/point", point), ("event/detail", detail)):
        if element is not None and any(str(key)[0] == "{" for key in element.keys()):  # noqa: SIM118 - an element is no dict
            losses.append(Loss(f"{name}@*", "NO_TARGET"))
    _event(made.cotEvent, document.plain_attributes(root), document.plain_attributes(point), losses)
    if detail is not None:
        losses.extend(Loss(f"event/detail@{key[:60]}", "NO_TARGET") for key in document.plain_attributes(detail))
        _tree_detail(made.cotEvent, detail)
    return made, tuple(losses)


def _left_out(child: etree._Element) -> Loss:
    tag: object = child.tag  # a function for comments and instructions, whatever the stubs say
    if not isinstance(tag, str):
        return document.COMMENT_LOSS
    return Loss(f"event/{etree.QName(child).localname[:60]}", "NO_TARGET")


def _tree_detail(event: CotEvent, detail: etree._Element) -> None:
    names: list[object] = [child.tag for child in detail]
    rest: list[str] = []
    _text(detail.text, rest)
    for child in detail:
        name: object = child.tag
        typed = (
            isinstance(name, str)
            and name in TYPED
            and names.count(name) == 1
            and not len(child)
            and not child.text
            and all(str(key)[0] != "{" for key in child.keys())  # noqa: SIM118 - an element is no dict
            and put(event.detail, name, document.plain_attributes(child))
        )
        if not typed:
            rest.append(etree.tostring(child, encoding="unicode", with_tail=False))
        _text(child.tail, rest)
    if rest:
        event.detail.xmlDetail = "".join(rest)


def _text(text: str | None, rest: list[str]) -> None:
    if text and text.strip():
        rest.append(element_text(text))


def _event(event: CotEvent, attributes: dict[str, str], point: dict[str, str], losses: list[Loss]) -> None:
    required(attributes)
    for name, text in attributes.items():
        field = _TEXTS.get(name)
        if field is None:
            if name not in _OTHERS or (name == "version" and text != "2.0"):
                losses.append(Loss(f"event@{name[:60]}", "NO_TARGET"))
        elif text:
            setattr(event, field, text)
        else:
            losses.append(Loss(f"event@{name}", "NO_TARGET"))
    known: dict[str, tuple[int, bool]] = {}
    for field, name in _TIMES:
        text = attributes[name]
        if text not in known:
            known[text] = _milliseconds(text, name)
        milliseconds, truncated = known[text]
        setattr(event, field, milliseconds)
        if truncated:
            losses.append(Loss(f"event@{name}", "TRUNCATED"))
    for name in _FIGURES:
        value = _figure(point.get(name), name, losses)
        if value is not None:
            setattr(event, name, value)
        elif name in ("lat", "lon"):
            raise FormatError(codes.NOT_PROTOBUF, place=f"event/point@{name}", cause="not known")
        else:
            setattr(event, name, UNKNOWN)
    if len(point) > len(_FIGURES):
        losses.extend(Loss(f"event/point@{name[:60]}", "NO_TARGET") for name in _beyond(point))


def _beyond(point: dict[str, str]) -> Iterable[str]:
    return (name for name in point if name not in _FIGURES)


def _milliseconds(text: str, name: str) -> tuple[int, bool]:
    """Since 1970, and whether that leaves out a part of the time."""
    instant = time_of(text, place=f"event@{name}")
    finer = instant.microsecond % 1000 or (len(text) > _MILLISECONDS_LONG and _FINER_THAN_MICROSECONDS(text))
    value = (instant - _EPOCH) // _MILLISECOND
    if value <= 0:
        raise FormatError(codes.NOT_PROTOBUF, place=f"event@{name}", cause=f"observed {text[:40]!r}, before 1970")
    return value, bool(finer)


def _figure(text: str | None, name: str, losses: list[Loss]) -> float | None:
    try:
        usual = float(text or "")
        if repr(usual) == text and -_LARGEST < usual < _LARGEST and usual not in _UNKNOWN:
            return usual
    except ValueError:
        pass
    try:
        value = number_of(text)
    except ValueError:
        if name in ("lat", "lon"):
            cause = f"observed {attribute_text(text or '')[:40]!r}"
            raise FormatError(cot_codes.POINT, place=f"event/point@{name}", cause=cause) from None
        losses.append(Loss(f"event/point@{name}", "OUT_OF_RANGE"))
        return None
    if value is not None and text is not None and repr(value) != text and Decimal(repr(value)) != Decimal(text.strip()):
        losses.append(Loss(f"event/point@{name}", "ROUNDED"))
    return value
