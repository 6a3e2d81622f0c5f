"""Locations of SAPIENT to points on Earth, and their errors to 95 % bounds by what the node declared."""

from __future__ import annotations

from math import cos, degrees, isfinite, radians

from msgspec import Struct

from gateway.errors import FormatError
from gateway.formats.sapient.session import codes
from gateway.formats.sapient.session.errors import ErrorKind, LengthUnit
from gateway.formats.sapient.utm import position_of, zone_of
from gateway.formats.sapient.v2 import Location
from gateway.track import Position

DEGREES, RADIANS, UTM = 1, 2, 5
"""LocationCoordinateSystem: latitude and longitude in degrees or radians, and UTM; heights in metres in all three."""
ELLIPSOID, GEOID = 1, 2
"""LocationDatum: what heights count from. Positions are on WGS 84 in either case."""

_HIGHEST_M = 1e9
_ALONG_MERIDIAN_M = 111_132.95  # a degree of latitude and
_ALONG_EQUATOR_M = 111_319.49  # one of longitude at the equator: for errors, where a percent does not matter

_STEEPEST_DEG = 89.9
_LONGEST_ZONE = 8
_SMALLEST_M, _LARGEST_M = 0.01, 100_000.0  # believable errors beside latitude and longitude


class Place(Struct, frozen=True, gc=False):
    """A point, with its height above what the datum says."""

    position: Position
    hae_m: float | None = None
    msl_m: float | None = None


def is_unknown(location: Location) -> bool:
    """Whether it is latitude and longitude 0/0: what a receiver without a fix says, and no place where anybody is."""
    return location.x == 0.0 == location.y and location.coordinate_system in (DEGREES, RADIANS)


def place_of(location: Location, zone: str, path: str, letters: str = "band") -> Place:
    """Where a location is. `zone` is the declared UTM zone, for locations that name none.

    `FormatError` for what is nowhere: ``SAP-053``, ``SAP-054``.
    """
    x, y, system = location.x, location.y, location.coordinate_system
    position: Position | None
    if system == DEGREES:
        latitude, longitude = y, x
    elif system == RADIANS:
        latitude, longitude = degrees(y), degrees(x)
    elif system == UTM:
        return _with_height(_utm(location, zone, path, letters), location, path)
    else:
        raise FormatError(codes.NO_PLACE, place=f"{path}.coordinate_system", cause=f"coordinate system {system}")
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        cause = f"latitude (y) {latitude:.9g}, longitude (x) {longitude:.9g} degrees"
        raise FormatError(codes.NO_PLACE, place=path, cause=cause)
    position = Position(latitude, 180.0 if longitude == -180 else longitude)
    return _with_height(position, location, path)


def _utm(location: Location, declared: str, path: str, letters: str) -> Position:
    text = location.utm_zone or declared
    zone = zone_of(text, letters=letters) if 0 < len(text) <= _LONGEST_ZONE else None  # what is asked is remembered
    if zone is None:
        cause = f"zone {text[:20]!r}" if text else "no utm_zone, and the Registration declares none"
        raise FormatError(codes.NO_ZONE, place=f"{path}.utm_zone", cause=cause)
    position = position_of(location.x, location.y, zone)
    if position is None:
        cause = f"easting (x) {location.x:.9g}, northing (y) {location.y:.9g} m are not in zone {text[:20]}"
        raise FormatError(codes.NO_PLACE, place=path, cause=cause)
    return position


def _with_height(position: Position, location: Location, path: str) -> Place:
    if not location.HasField("z"):
        return Place(position)
    z = location.z
    if not -_HIGHEST_M <= z <= _HIGHEST_M:
        raise FormatError(codes.NO_PLACE, place=f"{path}.z", cause=f"observed {z:.9g} m")
    datum = location.datum
    if datum == ELLIPSOID:
        return Place(position, z)
    if datum == GEOID:
        return Place(position, None, z)
    raise FormatError(codes.NO_PLACE, place=f"{path}.datum", cause=f"datum {datum}")


def horizontal_95(location: Location, latitude_deg: float, kind: ErrorKind) -> float | None:
    """95 % radius in metres of a location's x and y errors; `None` where their unit is not known or cannot be true.

    x and y errors are in the unit that the node declared for its errors; where it declared none, only those of UTM
    have one.
    """
    scale = _metres_per_unit(location.coordinate_system, kind.unit, latitude_deg)
    if scale is None or kind.circular is None:
        return None
    x = location.x_error * scale[0] if location.HasField("x_error") else 0.0
    y = location.y_error * scale[1] if location.HasField("y_error") else 0.0
    worst = max(x, y)
    # Said in metres and written in degrees, or the other way round: such a bound would be worse than none
    in_metres = kind.unit in (LengthUnit.METRE, LengthUnit.KILOMETRE)
    if location.coordinate_system != UTM and (0 < worst < _SMALLEST_M if in_metres else worst > _LARGEST_M):
        return None
    return worst * kind.circular if isfinite(worst) and min(x, y) >= 0 else None


def degrees_per_metre(latitude_deg: float) -> tuple[float, float]:
    """Degrees of longitude and of latitude in one metre, as `horizontal_95` counts them: its inverse.

    At the poles, where a longitude is no length any more, as at 89.9 degrees.
    """
    return 1 / (_ALONG_EQUATOR_M * _shrunk(latitude_deg)), 1 / _ALONG_MERIDIAN_M


def _shrunk(latitude_deg: float) -> float:
    return cos(radians(max(-_STEEPEST_DEG, min(_STEEPEST_DEG, latitude_deg))))


def _metres_per_unit(system: int, unit: LengthUnit | None, latitude_deg: float) -> tuple[float, float] | None:
    if unit is LengthUnit.METRE or (unit is None and system == UTM):
        return 1.0, 1.0
    if unit is LengthUnit.KILOMETRE:
        return 1000.0, 1000.0
    if unit is None or system == UTM:
        return None  # degrees of error in metres of easting: one of the two is not what it says
    factor = degrees(1.0) if unit is LengthUnit.RADIAN else 1.0
    return factor * _ALONG_EQUATOR_M * _shrunk(latitude_deg), factor * _ALONG_MERIDIAN_M
