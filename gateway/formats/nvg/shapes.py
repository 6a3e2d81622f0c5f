"""Detections without a position: what NVG can draw of them at the sensor, without a point for the target.

    bearing with its error and a reach or range      arcband, as wide as the error
    bearing without an error                         polyline from the sensor, as long as the reach or range
    range without a bearing                          arcband all around, as thick as the range's error
    neither, with a reach                            circle

A line of bearing has no width of its own, and an arcband of no width would be drawn as a whole ring (the schema says
so), hence the polyline. Where nothing says how far it goes, nothing is drawn: a length would be invented.
"""

from __future__ import annotations

from msgspec import Struct

from gateway.errors import FormatError
from gateway.formats.nvg import codes
from gateway.formats.nvg.values import is_finite, number_text
from gateway.geodesy import LineOfSight, Site
from gateway.track import Loss, Polar, Position

_FARTHEST_M = 1_000_000.0  # no sensor on Earth notices farther; the great circle is not ours to draw beyond


class Shape(Struct, frozen=True):
    """An element, and the canonical paths that it says already."""

    element: str
    attributes: str
    kind: str
    carries: frozenset[str]


def shape_of(polar: Polar | None, lost: list[Loss], *, place: str) -> Shape:
    """What is drawn for a measurement; `FormatError` ``NVG-020`` where nothing can be."""
    sensor = polar.sensor_position if polar is not None else None
    if polar is None or sensor is None:
        raise FormatError(codes.NO_PLACE, place=place, cause="no position, and no sensor's position")
    if not (-90 <= sensor.latitude_deg <= 90 and -180 <= sensor.longitude_deg <= 180):
        raise FormatError(codes.NOT_FINITE, place=place, cause="sensor's position")
    far = next((one for one in (polar.range_m, polar.reach_m) if one is not None), None)
    if far is None or not 0 < far <= _FARTHEST_M:
        raise FormatError(codes.NO_PLACE, place=place, cause="neither range nor reach says how far it may be")
    azimuth = polar.azimuth_deg if polar.azimuth_deg is not None and is_finite(polar.azimuth_deg) else None
    if azimuth is not None and polar.north != "TRUE":
        lost.append(Loss("state.polar.azimuth_deg", "NO_DATUM"))  # drawn from true north it would point elsewhere
        azimuth = None
    centre = f' cx="{number_text(sensor.longitude_deg)}" cy="{number_text(sensor.latitude_deg)}"'
    error = polar.azimuth_95_deg
    if azimuth is not None and error is not None and 0 < error < 180:
        band = _band(polar, far, start=(azimuth - error) % 360, end=(azimuth + error) % 360)
        return Shape("arcband", centre + band, "bearing", frozenset())
    if azimuth is not None:
        return Shape("polyline", _line(sensor, azimuth % 360, far, place), "bearing", frozenset())
    if polar.range_m is not None:
        return Shape("arcband", centre + _band(polar, far, start=0.0, end=360.0), "range", frozenset())
    return Shape("circle", f'{centre} r="{number_text(far)}"', "presence", frozenset())


def _band(polar: Polar, far: float, *, start: float, end: float) -> str:
    near = 0.0
    if polar.range_m is not None:
        error = polar.range_95_m if polar.range_95_m is not None and is_finite(polar.range_95_m) else 0.0
        near, far = max(0.0, far - abs(error)), far + abs(error)
    return (
        f' minr="{number_text(near)}" maxr="{number_text(far)}"'
        f' startangle="{number_text(start)}" endangle="{number_text(end)}"'
    )


def _line(sensor: Position, azimuth: float, far: float, place: str) -> str:
    site = Site(latitude_deg=sensor.latitude_deg, longitude_deg=sensor.longitude_deg, altitude_msl_m=0.0)
    end = LineOfSight(site).point(range_m=far, azimuth_deg=azimuth, height_m=0.0)
    if end is None:
        raise FormatError(codes.NO_PLACE, place=place, cause="the line of bearing has no end on Earth")
    first, last = (f"{one.longitude_deg:.9f},{one.latitude_deg:.9f}" for one in (sensor, end))
    return f' points="{first} {last}"'
