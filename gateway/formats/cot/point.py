"""What `point` means: where the object is, or where its sensor is, or nothing, by the shape of the event."""

from __future__ import annotations

from msgspec import Struct

from gateway.errors import FormatError
from gateway.formats.cot import codes
from gateway.formats.cot.atoms import ATOM, DELETE, DETECTION, Shape
from gateway.formats.cot.event import Event, Reading
from gateway.formats.cot.values import CIRCULAR_95, LINEAR_95, number_of
from gateway.track import Loss, Polar, Position

_MODELLED = frozenset(("lat", "lon", "hae", "ce", "le"))
_NONE: dict[str, str] = {}


class Point(Struct, frozen=True):
    """A point, read. Accuracies are 95 % bounds; `leftover` is what no field took."""

    position: Position | None
    altitude_hae_m: float | None
    horizontal_95_m: float | None
    vertical_95_m: float | None
    leftover: dict[str, str]
    polar: Polar | None = None
    losses: tuple[Loss, ...] = ()


def point_of(event: Event, uid: str, shape: Shape, reading: Reading) -> Point:
    """The event's point; `FormatError` ``COT-006`` for a place that is not on Earth."""
    numbers = event.numbers
    if numbers is None or shape is not ATOM:
        return _any_point(event.point, uid, shape, reading)
    latitude, longitude, hae, ce, le = numbers
    return Point(
        Position(latitude, longitude),
        None if hae == 9999999.0 or hae == 999999.0 else hae,
        None if ce == 9999999.0 or ce == 999999.0 else ce * CIRCULAR_95,
        None if le == 9999999.0 or le == 999999.0 else le * LINEAR_95,
        _NONE,
    )


def _any_point(attributes: dict[str, str], uid: str, shape: Shape, reading: Reading) -> Point:
    losses: list[Loss] = []
    leftover = {key: value for key, value in attributes.items() if key not in _MODELLED}
    place = _place(attributes)
    hae, ce, le = (_number(attributes, name, losses) for name in ("hae", "ce", "le"))
    if place is not None and place.latitude_deg == 0.0 == place.longitude_deg and hae is None and ce is None:
        place = None  # TAK clients without a fix write 0/0 with everything unknown
        leftover |= {"lat": attributes["lat"], "lon": attributes["lon"]}
    if shape is DELETE:
        return Point(None, None, None, None, dict(attributes), losses=tuple(losses))
    if shape is DETECTION:
        if "le" in attributes:
            leftover["le"] = attributes["le"]
        return Point(None, None, None, None, leftover, _polar(place, uid, hae, ce, reading), tuple(losses))
    if shape is ATOM:
        horizontal = None if ce is None else ce * CIRCULAR_95
        vertical = None if le is None else le * LINEAR_95
        return Point(place, hae, horizontal, vertical, leftover, losses=tuple(losses))
    for name, value in (("ce", ce), ("le", le)):  # an area, not an error
        if value is not None:
            leftover[name] = attributes[name]
    return Point(place, hae, None, None, leftover, losses=tuple(losses))


def _polar(place: Position | None, uid: str, hae: float | None, ce: float | None, reading: Reading) -> Polar:
    bearing = reading.bearing
    azimuth = bearing.azimuth_deg if bearing else None
    return Polar(
        sensor=f"cot:{uid}",
        sensor_position=place,
        sensor_altitude_hae_m=hae,
        range_m=bearing.range_m if bearing else None,
        azimuth_deg=azimuth,
        elevation_deg=bearing.elevation_deg if bearing else None,
        north="TRUE" if azimuth is not None else None,
        reach_m=ce,
    )


def _place(attributes: dict[str, str]) -> Position | None:
    values: list[float | None] = []
    for name, bound in (("lat", 90.0), ("lon", 180.0)):
        text = attributes.get(name)
        if text is None:
            raise FormatError(codes.MISSING, place="event/point", cause=f"no attribute {name}")
        try:
            value = number_of(text)
            if value is not None and not -bound <= value <= bound:
                raise ValueError
        except ValueError:
            raise FormatError(codes.POINT, place=f"event/point@{name}", cause=f"observed {text[:40]!r}") from None
        values.append(value)
    latitude, longitude = values
    if latitude is None or longitude is None:
        return None
    return Position(latitude_deg=latitude, longitude_deg=180.0 if longitude == -180.0 else longitude)


def _number(attributes: dict[str, str], name: str, losses: list[Loss]) -> float | None:
    try:
        value = number_of(attributes.get(name))
        if value is not None and value < 0.0 and name != "hae":
            raise ValueError
    except ValueError:
        losses.append(Loss(f"event/point@{name}", "OUT_OF_RANGE"))
        return None
    return value
