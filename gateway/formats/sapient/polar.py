"""Range and bearing from a node: kept as measured, and a point only where everything that it takes is known."""

from __future__ import annotations

from math import cos, hypot, pi, radians, sin

from msgspec import Struct

from gateway.errors import FormatError
from gateway.formats.sapient.session import codes
from gateway.formats.sapient.session.declared import Meaning
from gateway.formats.sapient.session.nodes import Node
from gateway.formats.sapient.session.pose import needed
from gateway.formats.sapient.v2 import RangeBearing
from gateway.track import Loss, Polar, Position

_SYSTEMS = {1: (1.0, 1.0), 2: (180 / pi, 1.0), 3: (1.0, 1000.0), 4: (180 / pi, 1000.0)}
"""RangeBearingCoordinateSystem: (degrees per unit of angle, metres per unit of range)"""
_NORTHS = {1: "TRUE", 2: "MAGNETIC", 3: "GRID", 4: "PLATFORM"}
_FARTHEST_M = 1e9
_ROUNDING_DEG = 1e-6


class Sighting(Struct, frozen=True, gc=False):
    """Where something is, or in which direction, with 95 % bounds."""

    position: Position | None = None
    hae_m: float | None = None
    msl_m: float | None = None
    polar: Polar | None = None
    horizontal_95_m: float | None = None
    vertical_95_m: float | None = None
    basis: str | None = None


def sighting_of(bearing: RangeBearing, node: Node, meaning: Meaning, path: str, losses: list[Loss]) -> Sighting:
    """What a node measured from where it stands; `FormatError` ``SAP-051`` while it has not said where.

    A point is computed only from a range and an azimuth from true north (or from the heading of a platform, where that
    is configured). Without an elevation the object is placed at the sensor's own height, `correction` says so, and no
    height is given.
    """
    pose = node.pose
    place = needed(pose, node.node_id)
    to_degrees, to_metres = _SYSTEMS[bearing.coordinate_system]
    north = _NORTHS[bearing.datum]
    far = azimuth = elevation = None
    if bearing.HasField("range"):
        far = bearing.range * to_metres
        if not 0 <= far <= _FARTHEST_M:
            raise FormatError(codes.NO_NUMBER, place=f"{path}.range", cause=f"{far:.6g} m")
    if bearing.HasField("azimuth"):
        azimuth = _turned(bearing.azimuth * to_degrees)
    if bearing.HasField("elevation"):
        elevation = bearing.elevation * to_degrees
        if not -90 - _ROUNDING_DEG <= elevation <= 90 + _ROUNDING_DEG:
            cause = f"{elevation:.6g} degrees above the horizon"
            raise FormatError(codes.NO_NUMBER, place=f"{path}.elevation", cause=cause)
        elevation = max(-90.0, min(90.0, elevation))
    errors = _errors(bearing, meaning, to_degrees, to_metres, path, losses)
    true_azimuth = _true(azimuth, north, pose.heading_deg)
    computed = far is not None and true_azimuth is not None and far > 0
    correction = None if not computed else "ELEVATION" if elevation is not None else "ASSUMED_HEIGHT"
    polar = Polar(
        sensor=node.sensor,
        sensor_position=place.position,
        sensor_altitude_msl_m=place.msl_m,
        sensor_altitude_hae_m=place.hae_m,
        range_m=far,
        azimuth_deg=azimuth,
        elevation_deg=elevation,
        north=north if azimuth is not None else None,
        correction=correction,
        reach_m=pose.reach_m if far is None else None,
        range_95_m=errors[0],
        azimuth_95_deg=errors[1],
        elevation_95_deg=errors[2],
    )
    if far is None or true_azimuth is None or far <= 0:
        return Sighting(polar=polar)
    position, height = pose.horizon.point(azimuth_deg=true_azimuth, elevation_deg=elevation or 0.0, range_m=far)
    horizontal, vertical = _spread(far, elevation, errors)
    basis = meaning.error.basis.replace("_XY", "_POLAR") if meaning.error is not None else None
    if elevation is None:
        return Sighting(position, polar=polar, horizontal_95_m=horizontal, basis=basis)
    hae = height if place.hae_m is not None else None
    msl = height if place.hae_m is None and place.msl_m is not None else None
    return Sighting(position, hae, msl, polar, horizontal, vertical, basis)


def _turned(angle_deg: float) -> float:
    turned = angle_deg % 360.0
    return 0.0 if turned == 360.0 else turned  # what a tiny negative angle rounds to


def _true(azimuth_deg: float | None, north: str, heading_deg: float | None) -> float | None:
    if azimuth_deg is None or north == "TRUE":
        return azimuth_deg
    if north == "PLATFORM" and heading_deg is not None:
        return _turned(azimuth_deg + heading_deg)
    return None  # magnetic and grid north are elsewhere, and nobody said where


def _errors(
    bearing: RangeBearing, meaning: Meaning, to_degrees: float, to_metres: float, path: str, losses: list[Loss]
) -> tuple[float | None, float | None, float | None]:
    """95 % bounds of range, azimuth and elevation."""
    stated = (
        ("range_error", bearing.range_error * to_metres, 1e9),
        ("azimuth_error", bearing.azimuth_error * to_degrees, 180.0),
        ("elevation_error", bearing.elevation_error * to_degrees, 180.0),
    )
    kind = meaning.error
    bounds: list[float | None] = []
    for name, value, most in stated:
        bound = None
        if bearing.HasField(name):
            if kind is None or kind.linear is None:
                losses.append(Loss(f"{path}.{name}", "UNDECLARED"))
            else:
                bound = min(value * kind.linear, most)
        bounds.append(bound)
    return bounds[0], bounds[1], bounds[2]


def _spread(
    far: float, elevation_deg: float | None, errors: tuple[float | None, float | None, float | None]
) -> tuple[float | None, float | None]:
    """95 % bounds (radius, half-height) of the point, at first order; `None` where a part is not known."""
    along, turn, tilt = errors
    slope = radians(elevation_deg or 0.0)
    horizontal = vertical = None
    if along is not None and turn is not None and (tilt is not None or elevation_deg is None):
        lift = far * sin(slope) * radians(tilt or 0.0)
        horizontal = hypot(along * cos(slope), far * cos(slope) * radians(turn), lift)
    if along is not None and tilt is not None and elevation_deg is not None:
        vertical = hypot(along * sin(slope), far * cos(slope) * radians(tilt))
    return horizontal, vertical
