"""The pieces of an event's text, each from the canonical fields and from what its CoT source left over."""

from __future__ import annotations

import math
import re
from functools import lru_cache

from gateway.errors import FormatError
from gateway.formats.cot import codes
from gateway.formats.cot.atoms import ATOM, DELETE, DETECTION, Shape
from gateway.formats.cot.event import OPERATOR, SCHEMES
from gateway.formats.cot.kept import Kept, KeptChild, attributes_text
from gateway.formats.cot.losses import TYPES
from gateway.formats.cot.values import (
    CIRCULAR_95,
    LINEAR_95,
    attribute_text,
    decimal_text,
    element_text,
    is_plain,
    is_plain_text,
    is_xml,
)
from gateway.track import Accuracy, Label, Loss, Operator, Polar, State, Status, Track

_NOT_KNOWN = "9999999.0"
_HOW = re.compile(r"\w(?:-\w+)*+").fullmatch
_NO_ACCURACY = Accuracy()
_OWN_BASES = frozenset({None, "COT_CE", "COT_SIGMA"})
_POLAR_LOSSES = {
    "range_rate_mps": "NO_TARGET",
    "range_95_m": "NO_TARGET",
    "azimuth_95_deg": "NO_TARGET",
    "elevation_95_deg": "NO_TARGET",
    "sensor_altitude_msl_m": "NO_DATUM",
}
_NO_BASIS = Loss("state.accuracy.basis", "NO_TARGET")


def child(kept: KeptChild, canonical: dict[str, str]) -> str:
    """A kept child of `detail` with its canonical attributes, which win."""
    return f"<{kept.name}{attributes_text(kept.attributes | canonical)}{kept.tail}"


def names(track: Track, kept: Kept, operator: Operator | None, lost: list[Loss]) -> tuple[str, str, str]:
    """The uid, the `contact` piece and the `uid` piece; `FormatError` for a track without any name.

    An `operator` without a place has no event of his own: his registration stands with the aircraft's names.
    """
    uid = callsign = None
    others: dict[str, str] = {}
    plain = "uid" not in kept.merged
    for identifier in track.identifiers:
        scheme, value = identifier.scheme, identifier.value
        if scheme == "cot_uid" and uid is None:
            uid = value
        elif scheme == "callsign" and callsign is None:
            callsign = value
        elif scheme in SCHEMES and scheme not in others and ((clean := is_plain(value)) or is_xml(value)):
            others[scheme] = value
            plain = plain and clean
        else:
            lost.append(_no_target(scheme))
        if identifier.quality is not None:
            lost.append(Loss(f"identifiers.{scheme}.quality", "NO_TARGET"))
    if uid is None:
        uid = track.track_id
        if uid is None and track.identifiers:
            uid = f"{track.identifiers[0].scheme}:{track.identifiers[0].value}"
    if not uid:
        raise FormatError(codes.NO_NAME)
    if not is_plain(uid) and not is_xml(uid):
        raise FormatError(codes.NOT_XML, cause="control characters in the uid")
    if callsign is None:
        callsign = track.name
    elif track.name is not None and track.name != callsign:
        lost.append(Loss("name", "NO_TARGET"))
    if callsign is not None and is_plain(callsign) and "contact" not in kept.merged:
        contact = f'<contact callsign="{callsign}"/>'
    else:
        if callsign is not None and not is_xml(callsign):
            lost.append(Loss("identifiers.callsign", "OUT_OF_RANGE"))
            callsign = None
        contact = _named("contact", {} if callsign is None else {"callsign": callsign}, kept)
    if not others and operator is None:
        return uid, contact, "" if plain else _named("uid", others, kept)
    if operator is not None and operator.position is None and operator.identifier:
        if is_xml(operator.identifier):
            others[OPERATOR] = operator.identifier
            plain = plain and is_plain(operator.identifier)
        else:
            lost.append(Loss("operator.identifier", "OUT_OF_RANGE"))
    if others and plain:
        attributes = "".join([f' {scheme}="{value}"' for scheme, value in others.items()])
        return uid, contact, f"<uid{attributes}/>"
    return uid, contact, _named("uid", others, kept)


@lru_cache(maxsize=256)
def _no_target(scheme: str) -> Loss:
    return Loss(f"identifiers.{scheme}", "NO_TARGET")


def _named(name: str, canonical: dict[str, str], kept: Kept) -> str:
    own = kept.merged.get(name)
    if own is not None:
        return child(own, canonical)
    return f"<{name}{attributes_text(canonical)}/>" if canonical else ""


def point_piece(state: State, shape: Shape, kept: Kept, lost: list[Loss], *, place: str) -> str:
    """The `point`; `FormatError` ``COT-020`` where the track says of no place that it could be."""
    position = state.position
    polar = state.polar
    attributes = kept.point
    altitude = state.altitude_hae_m
    if shape is DELETE:
        figures = {"lat": "0.0", "lon": "0.0", "hae": _NOT_KNOWN, "ce": _NOT_KNOWN, "le": _NOT_KNOWN}
        return f"<point{attributes_text(figures | attributes)}/>"
    ce = le = _NOT_KNOWN
    if shape is DETECTION and position is None:
        position = polar.sensor_position if polar is not None else None
        if polar is not None:
            altitude = polar.sensor_altitude_hae_m if altitude is None else altitude
            if polar.reach_m is not None:
                ce = _figure(polar.reach_m, place)
    accuracy = state.accuracy
    if accuracy is not None:
        if accuracy.basis not in _OWN_BASES:
            lost.append(_NO_BASIS)
        if shape is ATOM:
            # Millimetres: what CoT stated to the millimetre comes back as the same number, through the alliance too.
            if accuracy.horizontal_95_m is not None:
                ce = _figure(round(accuracy.horizontal_95_m / CIRCULAR_95, 3), place)
            if accuracy.vertical_95_m is not None:
                le = _figure(round(accuracy.vertical_95_m / LINEAR_95, 3), place)
        elif accuracy.horizontal_95_m is not None or accuracy.vertical_95_m is not None:
            lost.append(Loss("state.accuracy", "NO_TARGET"))
    hae = _NOT_KNOWN if altitude is None else _figure(altitude, place)
    if position is None:
        if "lat" not in attributes or "lon" not in attributes:
            raise FormatError(codes.NO_PLACE, place=place)
        lat, lon = attributes["lat"], attributes["lon"]
    else:
        latitude, longitude = position.latitude_deg, position.longitude_deg
        if not (-90.0 <= latitude <= 90.0 and -180.0 <= longitude <= 180.0):
            raise FormatError(codes.NOT_FINITE, place=place, cause="position")
        lat, lon = decimal_text(latitude), decimal_text(longitude)
    if not attributes:
        return f'<point lat="{lat}" lon="{lon}" hae="{hae}" ce="{ce}" le="{le}"/>'
    figures = {"lat": lat, "lon": lon, "hae": hae, "ce": ce, "le": le}
    fill = {name: text for name, text in attributes.items() if figures.get(name, _NOT_KNOWN) == _NOT_KNOWN}
    return f"<point{attributes_text(figures | fill)}/>"


def motion_piece(state: State, kept: Kept, lost: list[Loss]) -> str:
    """The `track` piece; its schema demands course and speed, so one alone is a loss."""
    course, ground, vertical = state.course_deg, state.ground_speed_mps, state.vertical_rate_mps
    accuracy = state.accuracy or _NO_ACCURACY
    own = kept.merged.get("track")
    place = "track"
    bare = own is None and accuracy.course_95_deg is None and accuracy.speed_95_mps is None
    if bare and vertical is None and ground and course is not None:
        return f'<track course="{_figure(course, place)}" speed="{_figure(ground, place)}"/>'
    if bare and vertical is not None and ground and course is not None:
        speed = round(math.hypot(ground, vertical), 4)
        slope = round(math.degrees(math.atan2(vertical, ground)), 6)
        figures = _figure(course, place), _figure(slope, place), _figure(speed, place)
        return '<track course="{}" slope="{}" speed="{}"/>'.format(*figures)
    canonical: dict[str, str] = {}
    if course is not None:
        canonical["course"] = _figure(course, place)
    if ground is not None:
        speed = ground
        if vertical is not None:
            speed = round(math.hypot(ground, vertical), 4)
            if speed or own is None or "slope" not in own.attributes:
                canonical["slope"] = _figure(round(math.degrees(math.atan2(vertical, ground)), 6), place)
        canonical["speed"] = _figure(speed, place)
        if not speed and course is None and (own is None or "course" not in own.attributes):
            canonical["course"] = "0.0"  # a thing at rest has no direction, and the schema wants one
    elif vertical is not None:
        lost.append(Loss("state.vertical_rate_mps", "NO_TARGET"))
    if accuracy.course_95_deg is not None:
        canonical["eCourse"] = _figure(round(accuracy.course_95_deg / LINEAR_95, 4), place)
    if accuracy.speed_95_mps is not None:
        canonical["eSpeed"] = _figure(round(accuracy.speed_95_mps / LINEAR_95, 4), place)
    if own is not None:
        return child(own, canonical)
    if "course" in canonical and "speed" in canonical:
        return f"<track{attributes_text(canonical)}/>"
    for name, field in (("course", "course_deg"), ("speed", "ground_speed_mps"), ("slope", "vertical_rate_mps")):
        if name in canonical:
            lost.append(Loss(f"state.{field}", "NO_TARGET"))
    if "eCourse" in canonical or "eSpeed" in canonical:
        lost.append(Loss("state.accuracy", "NO_TARGET"))
    return ""


def remarks_piece(remarks: str | None, kept: Kept, lost: list[Loss]) -> str:
    """The `remarks` piece, with the source's own attributes."""
    own = kept.merged.get("remarks")
    if own is None and remarks is not None and is_plain_text(remarks):
        return f"<remarks>{remarks}</remarks>"
    if remarks is not None and not is_xml(remarks):
        lost.append(Loss("remarks", "OUT_OF_RANGE"))
        remarks = None
    if remarks is None:
        return "" if own is None else child(own, {})
    if own is None:
        return f"<remarks>{element_text(remarks)}</remarks>"
    if own.plain:
        return f"<remarks{attributes_text(own.attributes)}>{element_text(remarks)}</remarks>"
    return f"<remarks>{element_text(remarks)}</remarks>" + child(own, {})


def emergency_piece(status: Status, kept: Kept) -> str:
    """TAK's `emergency`, where it has a type for the emergency."""
    text = TYPES.get(status.emergency or "")
    own = kept.merged.get("emergency")
    if text is None:
        return child(own, {}) if own is not None and "type" in own.attributes else ""
    return f'<emergency type="{text}"/>' if own is None else child(own, {"type": text})


def sensor_piece(polar: Polar | None, kept: Kept, lost: list[Loss]) -> str:
    """The `sensor` piece of a detection: the bearing, if it counts from true north."""
    canonical: dict[str, str] = {}
    if polar is not None:
        if polar.azimuth_deg is not None:
            if polar.north == "TRUE":
                canonical["azimuth"] = _figure(polar.azimuth_deg, "polar")
            else:
                lost.append(Loss("state.polar.azimuth_deg", "NO_TARGET"))
        if polar.elevation_deg is not None:
            canonical["elevation"] = _figure(polar.elevation_deg, "polar")
        if polar.range_m is not None:
            canonical["range"] = _figure(polar.range_m, "polar")
        for name, reason in _POLAR_LOSSES.items():
            if getattr(polar, name) is not None:
                lost.append(Loss(f"state.polar.{name}", reason))
    return _named("sensor", canonical, kept)


def link_piece(target: str, kept: Kept) -> str:
    """The `link` of a delete event, and TAK's request to do it without asking."""
    own = kept.merged.get("link")
    if own is not None:
        return (
            f"<link{attributes_text({'relation': 'none', 'type': 'none'} | own.attributes | {'uid': target})}{own.tail}"
        )
    return f'<link uid="{attribute_text(target)}" relation="none" type="none"/><__forcedelete/>'


@lru_cache(maxsize=256)
def _is_how(text: str) -> bool:
    return _HOW(text) is not None and is_xml(text)


def how_text(status: Status, kept: Kept) -> str:
    """How the coordinates came about: as the source said, else what the status says, else "relayed by a gateway"."""
    own = kept.attributes.get("how", "")
    if own and (_is_how(own) if len(own) < 64 else _is_how.__wrapped__(own)):
        return own
    if status.simulated:
        return "m-s"
    if status.coasted:
        return "m-p"
    return "m-f" if status.mono_sensor is False or status.amalgamated else "m-r"


def marking(label: Label, kept: dict[str, str], lost: list[Loss], *, place: str) -> dict[str, str]:
    """access, caveat and releasableTo of a track that has a label, and perhaps its source's own marking.

    Nothing here can tell which of two words is stricter, so where they differ both are written, and a track may go only
    where both allow; `FormatError` ``COT-025`` when that is nowhere.
    """
    attributes = {"access": _joined(label.classification, kept.get("access"))}
    for category in label.categories:
        if category.tag == "Releasable To":
            own = tuple([word for word in re.split(r"[,;\s]+", kept.get("releasableTo", "")) if word])
            if own and own != category.values:
                shared = [nation for nation in category.values if nation in own]
                if not shared:
                    raise FormatError(codes.NOWHERE, place=place, cause="label and source name different nations")
                attributes["releasableTo"] = ",".join(shared)
            elif not own:
                attributes["releasableTo"] = ",".join(category.values)
        elif category.tag == "Caveat" and len(category.values) == 1:
            attributes["caveat"] = _joined(category.values[0], kept.get("caveat"))
        else:
            lost.append(Loss(f"label.categories.{category.tag}"[:200], "NO_TARGET"))
    if label.tlp is not None:
        lost.append(Loss("label.tlp", "NO_TARGET"))
    if label.purpose is not None:
        lost.append(Loss("label.purpose", "NO_TARGET"))
    return attributes


def _joined(word: str, kept: str | None) -> str:
    if not kept:
        return word
    return kept if word in kept.split("; ") else f"{word}; {kept}"


def _figure(value: float, place: str) -> str:
    text = repr(value)
    if "n" in text:  # NaN and the infinities
        raise FormatError(codes.NOT_FINITE, place=place)
    return text if "e" not in text else decimal_text(value)
