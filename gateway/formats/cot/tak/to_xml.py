"""A TAK message to the CoT event as XML that it stands for."""

from __future__ import annotations

from lxml import etree

from gateway.formats.cot.kept import attributes_text
from gateway.formats.cot.tak.messages import TakMessage
from gateway.formats.cot.tak.payload import payload_of
from gateway.formats.cot.values import decimal_text, element_text, time_text
from gateway.limits import Limits
from gateway.track import Loss

_NOT_KNOWN = "9999999.0"
_UNKNOWN = frozenset((999999.0, 9999999.0))


def xml_of(made: TakMessage, limits: Limits) -> tuple[bytes, tuple[Loss, ...]] | None:
    """The event without an XML declaration, and what was left out; `None` for a message without an event.

    `FormatError` as `payload_of`.
    """
    payload = payload_of(made, limits)
    if payload is None:
        return None
    event = payload.event
    time, start, stale = (time_text(instant) for instant in payload.times)
    attributes = {"version": "2.0"} | payload.attributes | {"time": time, "start": start, "stale": stale}
    point = {
        "lat": _figure(event.lat),
        "lon": _figure(event.lon),
        "hae": _figure(event.hae),
        "ce": _figure(event.ce),
        "le": _figure(event.le),
    }
    inner = [f"<{name}{attributes_text(texts)}/>" for name, texts in payload.typed]
    if payload.motion is not None:
        course, speed = payload.motion
        inner.append(f'<track course="{_figure(course)}" speed="{_figure(speed)}"/>')
    if payload.tree is not None:
        inner.append(_content(payload.tree))
    for name, texts_of_child, text in payload.children:
        inner.append(f"<{name}{texts_of_child}" + (f">{text}</{name}>" if text else "/>"))
    detail = f"<detail>{''.join(inner)}</detail>" if inner else "<detail/>"
    xml = f"<event{attributes_text(attributes)}><point{attributes_text(point)}/>{detail}</event>"
    return xml.encode(), payload.losses


def _content(detail: etree._Element) -> str:
    out = [element_text(detail.text or "")]
    for child in detail:
        own = etree.tostring(child, encoding="unicode", with_tail=False)
        out.append(own + element_text(child.tail or ""))
    return "".join(out)


def _figure(value: float) -> str:
    return _NOT_KNOWN if value in _UNKNOWN or value - value != 0.0 else decimal_text(value)
