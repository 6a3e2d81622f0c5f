"""The children of `detail` that have a TAK message of their own, and when that message says everything they say.

The whole-element rule of the protocol: an element goes into its message whole, or whole into `xmlDetail`. So an element
is typed only if it stands there once, has every attribute that the message writes back, no other, no content, and
values that come back as the same text.
"""

from __future__ import annotations

from msgspec import Struct

from gateway.formats.cot.tak.messages import Detail
from gateway.formats.cot.values import decimal_text

_LARGEST_UINT32 = 2**32 - 1


class Typed(Struct, frozen=True):
    """One element with a message of its own."""

    field: str
    """Of the `Detail` message."""
    required: tuple[str, ...]
    optional: frozenset[str] = frozenset()


TYPED = {
    "contact": Typed("contact", ("callsign",), frozenset(("endpoint",))),
    "__group": Typed("group", ("name", "role")),
    "precisionlocation": Typed("precisionLocation", ("geopointsrc", "altsrc")),
    "status": Typed("status", ("battery",)),
    "takv": Typed("takv", ("device", "platform", "os", "version")),
    "track": Typed("track", ("course", "speed")),
}


def put(detail: Detail, name: str, attributes: dict[str, str]) -> bool:
    """Write an element without content into its message, if that loses nothing; whether it did."""
    typed = TYPED[name]
    required = typed.required
    for one in required:
        if not attributes.get(one):
            return False
    if len(attributes) != len(required):
        beyond = attributes.keys() - typed.optional
        if len(beyond) != len(required):
            return False
    if name == "track":
        return _put_track(detail, attributes)
    if name == "status":
        return _put_status(detail, attributes)
    if not all(attributes.values()):
        return False
    target = getattr(detail, typed.field)
    for key, value in attributes.items():
        setattr(target, key, value)
    return True


def _put_track(detail: Detail, attributes: dict[str, str]) -> bool:
    course, speed = _double(attributes["course"]), _double(attributes["speed"])
    if course is None or speed is None:
        return False
    target = detail.track
    target.course = course
    target.speed = speed
    return True


def _double(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    if value == 0.0 and text[0] == "-":  # a default is not written, whatever its sign
        return None
    return value if value - value == 0.0 and decimal_text(value) == text else None


def _put_status(detail: Detail, attributes: dict[str, str]) -> bool:
    text = attributes["battery"]
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        return False
    value = int(text)
    if value > _LARGEST_UINT32 or str(value) != text:
        return False
    detail.status.battery = value
    return True


def taken(detail: Detail) -> list[tuple[str, dict[str, str]]]:
    """The elements that messages of `detail` stand for, as name and attributes, tracks aside.

    Texts that are empty are absent; numbers are always there, because the protocol demands them.
    """
    found: list[tuple[str, dict[str, str]]] = []
    if detail.HasField("contact"):
        contact = detail.contact
        found.append(("contact", _texts(callsign=contact.callsign, endpoint=contact.endpoint)))
    if detail.HasField("group"):
        group = detail.group
        found.append(("__group", _texts(name=group.name, role=group.role)))
    if detail.HasField("precisionLocation"):
        location = detail.precisionLocation
        found.append(("precisionlocation", _texts(altsrc=location.altsrc, geopointsrc=location.geopointsrc)))
    if detail.HasField("status"):
        found.append(("status", {"battery": str(detail.status.battery)}))
    if detail.HasField("takv"):
        takv = detail.takv
        texts = _texts(device=takv.device, os=takv.os, platform=takv.platform, version=takv.version)
        found.append(("takv", texts))
    return found


def _texts(**texts: str) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text}
