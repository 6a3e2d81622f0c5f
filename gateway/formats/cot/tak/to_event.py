"""A TAK message straight to the decoder's event, without going through XML text."""

from __future__ import annotations

from collections.abc import Callable

from gateway.errors import FormatError
from gateway.formats.cot import codes as cot_codes
from gateway.formats.cot import document, plain
from gateway.formats.cot.atoms import Meaning, Shape
from gateway.formats.cot.event import MERGED, Event, Part, motion_reading, plain_part
from gateway.formats.cot.tak.messages import CotEvent
from gateway.formats.cot.tak.payload import Payload
from gateway.formats.cot.values import decimal_text
from gateway.limits import Limits
from gateway.track import Extension, Loss

_NO_POINT = (Shape.SILENT, Shape.DELETE)
_LARGEST = 1e9

PlainPart = Callable[[Shape, plain.Child], Part | None]
"""Reads a plain child of `detail`, remembering what it has read before; `None` if the full parser is to refuse it."""
TypedPart = Callable[[Shape, str, dict[str, str]], Part]
"""Reads a child of `detail` that came as a message of its own, remembering likewise."""


def event_of(
    payload: Payload, meaning: Meaning, limits: Limits, plain_child: PlainPart, typed_child: TypedPart
) -> Event:
    """The event as the XML readers would deliver it; `FormatError` as they raise it, and for a point that is absent."""
    shape = meaning.shape
    losses: list[Loss] = list(payload.losses)
    parts = [typed_child(shape, name, texts) for name, texts in payload.typed]
    if payload.motion is not None:
        parts.append(_motion_part(shape, *payload.motion))
    own = _plain_parts(shape, payload.children, plain_child)
    extensions: tuple[Extension, ...] = ()
    if own is not None:
        parts.extend(own)
    tree = payload.tree
    if own is None:
        text = payload.event.detail.xmlDetail
        tree = document.root_of(f"<detail>{text}</detail>".encode(), limits)
    if tree is not None:
        more, extensions = document.parts_of(tree, shape, losses, limits)
        parts.extend(more)
    event = payload.event
    numbers = _numbers(event, shape)
    return Event(
        meaning=meaning,
        attributes=payload.attributes,
        times=payload.times,
        point={} if numbers is not None else _point(event, shape),
        numbers=numbers,
        detail={},
        parts=parts,
        extensions=extensions,
        losses=tuple(losses),
    )


def _plain_parts(shape: Shape, children: list[plain.Child], plain_child: PlainPart) -> list[Part] | None:
    """The children read; `None` if one of the shared kind stands twice, which is the full reader's to sort out."""
    parts: list[Part] = []
    merged: set[str] = set()
    for child in children:
        part = plain_child(shape, child)
        if part is None:
            return None
        if part.name in MERGED:
            if part.name in merged:
                return None
            merged.add(part.name)
        parts.append(part)
    return parts


def _motion_part(shape: Shape, course: float, speed: float) -> Part:
    if 0.0 <= course < 360.0 and 0.0 < speed < 999999.0:
        return Part("track", motion_reading(course, speed), "")
    return plain_part(shape, "track", {"course": _figure(course), "speed": _figure(speed)}, "")


def _numbers(event: CotEvent, shape: Shape) -> tuple[float, float, float, float, float] | None:
    """The point as numbers, unless it needs thought: 0/0, -180, a negative error, no number."""
    latitude, longitude, hae, ce, le = event.lat, event.lon, event.hae, event.ce, event.le
    usual = (
        shape is Shape.ATOM
        and -90.0 <= latitude <= 90.0
        and -180.0 < longitude <= 180.0
        and -_LARGEST < hae < _LARGEST
        and 0.0 <= ce < _LARGEST
        and 0.0 <= le < _LARGEST
        and (latitude or longitude)
    )
    return (latitude, longitude, hae, ce, le) if usual else None


def _point(event: CotEvent, shape: Shape) -> dict[str, str]:
    figures = {"lat": event.lat, "lon": event.lon, "hae": event.hae, "ce": event.ce, "le": event.le}
    if not any(figures.values()) and shape not in _NO_POINT:
        # All five absent: the message has no presence of its own for the point, and 0/0/0 without error is no place.
        raise FormatError(cot_codes.MISSING, place="cotEvent", cause="no point")
    return {name: _figure(value) for name, value in figures.items()}


def _figure(value: float) -> str:
    """As CoT writes it, with XML's word for what is not known; what is no number stays visible."""
    if value in (999999.0, 9999999.0):
        return "9999999.0"
    return decimal_text(value) if value - value == 0.0 else str(value)
