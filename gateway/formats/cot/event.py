"""One CoT event as its two readers deliver it, and what the children of `detail` say.

`plain` and `document` both end here, so that the fast reader cannot mean anything else than the full one. What a
canonical field takes is *taken*; everything else is *left over* and travels in an `Extension`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from gateway.errors import FormatError
from gateway.formats.cot import codes
from gateway.formats.cot.atoms import Meaning, Shape, is_type
from gateway.formats.cot.values import LINEAR_95, element_text, element_xml, number_of
from gateway.track import Extension, Identifier, Loss

NAMESPACE = "urn:alliance:track-exchange:ext:cot:2.0"
"""Where CoT's own elements, which have no namespace, live inside an `Extension`."""

SCHEMES = frozenset(
    (
        "icao24",
        "mode3a",
        "mmsi",
        "imo",
        "registration",
        "flight_plan",
        "system_track",
        "uas_serial",
        "uas_session",
        "uas_registration",
        "mac",
        "sapient_object",
    )
)
"""Identifier schemes that travel as attributes of CoT's `uid` detail, its place for other systems' names."""

OPERATOR = "uas_operator"
"""Attribute of the same detail for the registration of who flies: personal data, and so no identifier."""
OPERATOR_SUFFIX = ".operator"
"""What the event of an aircraft's operator adds to the aircraft's uid, which its `link` names as parent."""

EMERGENCIES = {
    "911 Alert": "GENERAL",
    "In Contact": "TROOPS_IN_CONTACT",
    "Troops In Contact": "TROOPS_IN_CONTACT",
    "Ring The Bell": "RING_THE_BELL",
    "Geo-fence Breached": "GEOFENCE_BREACHED",
}


class Motion(Struct, frozen=True, kw_only=True):
    """What `track` says, in canonical terms."""

    course_deg: float | None = None
    ground_speed_mps: float | None = None
    vertical_rate_mps: float | None = None
    course_95_deg: float | None = None
    speed_95_mps: float | None = None


class Bearing(Struct, frozen=True, kw_only=True):
    """What `sensor` says about the thing that it noticed."""

    azimuth_deg: float | None = None
    elevation_deg: float | None = None
    range_m: float | None = None


class Reading(Struct, frozen=True, kw_only=True):
    """What one child of `detail` says, and which of its attributes said it."""

    taken: tuple[str, ...] = ()
    text_taken: bool = False
    partial: bool = False
    """Says less than the element's schema demands: it stays visible, so that it can be written as it was."""
    callsign: str | None = None
    remarks: str | None = None
    emergency: str | None = None
    motion: Motion | None = None
    bearing: Bearing | None = None
    target: str | None = None
    """Uid of the track that a delete event removes."""
    parent: str | None = None
    """Uid of the object that this one belongs to."""
    identifiers: tuple[Identifier, ...] = ()
    operator: str | None = None
    losses: tuple[Loss, ...] = ()


NOTHING = Reading()


class Part(Struct, frozen=True):
    """A child of `detail`: its meaning, and the canonical text of what is left over (empty when nothing is)."""

    name: str
    reading: Reading
    leftover: str


class Event(Struct, frozen=True, kw_only=True):
    """An event as read."""

    meaning: Meaning
    attributes: dict[str, str]
    times: tuple[datetime, datetime, datetime] | None = None
    """time, start and stale where they came as numbers; then `attributes` lack them."""
    point: dict[str, str]
    numbers: tuple[float, float, float, float, float] | None = None
    """lat, lon, hae, ce, le where a point of the plainest kind says nothing else; `point` may be empty then."""
    detail: dict[str, str]
    """Attributes of the detail element itself."""
    parts: tuple[Part, ...] | list[Part]
    extensions: tuple[Extension, ...] = ()
    """Children of `detail` that have a namespace of their own."""
    losses: tuple[Loss, ...] = ()


def read(shape: Shape, name: str, attributes: dict[str, str], text: str) -> Reading:
    """What a child of `detail` says in an event of this shape."""
    reader = _READERS.get(name)
    return NOTHING if reader is None else reader(shape, attributes, text)


def plain_part(shape: Shape, name: str, attributes: dict[str, str], text: str) -> Part:
    """A child of `detail` that has neither children nor namespaces, read."""
    reading = read(shape, name, attributes, text)
    if not reading.taken and not reading.text_taken:
        return Part(name, reading, element_xml(name, attributes, element_text(text)))
    rest = {key: value for key, value in attributes.items() if key not in reading.taken}
    content = "" if reading.text_taken else element_text(text)
    left = rest or content.strip() or reading.partial
    return Part(name, reading, element_xml(name, rest, content) if left else "")


def _contact(shape: Shape, attributes: dict[str, str], text: str) -> Reading:
    callsign = attributes.get("callsign")
    return NOTHING if callsign is None else Reading(taken=("callsign",), callsign=callsign or None)


def _remarks(shape: Shape, attributes: dict[str, str], text: str) -> Reading:
    return Reading(text_taken=True, remarks=text if text.strip() else None)


def _uid(shape: Shape, attributes: dict[str, str], text: str) -> Reading:
    known = [name for name, value in attributes.items() if name in SCHEMES and value]
    operator = attributes.get(OPERATOR) or None
    return Reading(
        taken=(*known, OPERATOR) if operator else tuple(known),
        identifiers=tuple([Identifier(name, attributes[name]) for name in sorted(known)]),
        operator=operator,
    )


def _emergency(shape: Shape, attributes: dict[str, str], text: str) -> Reading:
    code = EMERGENCIES.get(attributes.get("type", ""))
    if code is None or attributes.get("cancel", "false").lower() not in ("false", "0"):
        return NOTHING
    return Reading(taken=("type",), emergency=code)


def _link(shape: Shape, attributes: dict[str, str], text: str) -> Reading:
    target = attributes.get("uid")
    if not target:
        return NOTHING
    if shape is Shape.DELETE:
        return Reading(taken=("uid",), target=target)
    return Reading(parent=target) if attributes.get("relation") == "p-p" else NOTHING


class _Attributes:
    """Numbers out of an element's attributes; what cannot be used stays left over, and is listed."""

    def __init__(self, element: str, attributes: dict[str, str]) -> None:
        self._element = element
        self._attributes = attributes
        self.taken: list[str] = []
        self.losses: list[Loss] = []

    def number(self, name: str, low: float, high: float) -> float | None:
        """The attribute's number if it lies within the bounds (inclusive)."""
        text = self._attributes.get(name)
        if text is None:
            return None
        try:
            value = number_of(text)
            if value is not None and not low <= value <= high:
                raise ValueError
        except ValueError:
            self.losses.append(Loss(f"event/detail/{self._element}@{name}", "OUT_OF_RANGE"))
            return None
        self.taken.append(name)
        return value


def _track(shape: Shape, attributes: dict[str, str], text: str) -> Reading:
    numbers = _Attributes("track", attributes)
    course = numbers.number("course", 0.0, 360.0)
    speed = numbers.number("speed", 0.0, 1e6)
    slope = numbers.number("slope", -90.0, 90.0)
    course_sigma = numbers.number("eCourse", 0.0, 360.0)
    speed_sigma = numbers.number("eSpeed", 0.0, 1e6)
    if course == 360.0:
        course = 0.0
    ground, vertical = speed, None
    if slope is not None and speed is None:
        numbers.taken.remove("slope")
    elif slope is not None and speed is not None:
        # CoT track schema: speed is three-dimensional; who sends only the horizontal part sends no slope.
        ground, vertical = speed * math.cos(math.radians(slope)), speed * math.sin(math.radians(slope))
    if speed == 0.0:  # a thing at rest has no direction: what the source wrote stays left over
        for name, value in (("course", course), ("slope", slope)):
            if value:
                numbers.taken.remove(name)
        course = None
    motion = Motion(
        course_deg=course,
        ground_speed_mps=ground,
        vertical_rate_mps=vertical,
        course_95_deg=None if course_sigma is None else course_sigma * LINEAR_95,
        speed_95_mps=None if speed_sigma is None else speed_sigma * LINEAR_95,
    )
    partial = (course is None) != (ground is None) and ground != 0.0
    return Reading(taken=tuple(numbers.taken), partial=partial, motion=motion, losses=tuple(numbers.losses))


def motion_reading(course: float, speed: float) -> Reading:
    """The reading of a `track` that has only a course below 360 and a speed above zero, both in range."""
    return Reading(taken=_COURSE_AND_SPEED, motion=Motion(course_deg=course, ground_speed_mps=speed))


_COURSE_AND_SPEED = ("course", "speed")


def _sensor(shape: Shape, attributes: dict[str, str], text: str) -> Reading:
    if shape is not Shape.DETECTION:
        return NOTHING
    numbers = _Attributes("sensor", attributes)
    azimuth = numbers.number("azimuth", 0.0, 360.0)
    bearing = Bearing(
        azimuth_deg=0.0 if azimuth == 360.0 else azimuth,
        elevation_deg=numbers.number("elevation", -90.0, 90.0),
        range_m=numbers.number("range", 0.0, 1e8),
    )
    return Reading(taken=tuple(numbers.taken), bearing=bearing, losses=tuple(numbers.losses))


_READERS: dict[str, Callable[[Shape, dict[str, str], str], Reading]] = {
    "contact": _contact,
    "remarks": _remarks,
    "uid": _uid,
    "emergency": _emergency,
    "link": _link,
    "track": _track,
    "sensor": _sensor,
}
MERGED = frozenset(_READERS)
"""Children of `detail` of which the first is shared between canonical fields and leftovers."""


def required(attributes: dict[str, str]) -> tuple[str, str, str, str]:
    """uid, time, start and stale of an event that has what it must have; `FormatError` for any other, or an old one."""
    version = attributes.get("version", "2.0")
    if version != "2.0":
        try:
            old = (number_of(version) or 0.0) < 2.0
        except ValueError:
            old = True
        if old:
            raise FormatError(codes.VERSION, place="event@version", cause=f"observed {version[:20]!r}")
    try:
        uid, kind = attributes["uid"], attributes["type"]
        time, start, stale = attributes["time"], attributes["start"], attributes["stale"]
    except KeyError as error:
        raise FormatError(codes.MISSING, place="event", cause=f"no attribute {error.args[0]}") from None
    if not uid:
        raise FormatError(codes.MISSING, place="event@uid", cause="empty")
    if not is_type(kind):
        raise FormatError(codes.TYPE, place="event@type", cause=f"observed {kind[:60]!r}")
    return uid, time, start, stale


def named(attributes: dict[str, str]) -> str:
    """The uid of an event whose times are known already; `FormatError` if it has none, or no type."""
    kind = attributes["type"]
    if not is_type(kind):
        raise FormatError(codes.TYPE, place="event@type", cause=f"observed {kind[:60]!r}")
    return attributes["uid"]
