"""An area on the ground: polygons with holes, or a circle. Whether a point is in it, and whether a whole box is.

An area is closed: its border belongs to it, the borders of its holes too. So a rule that asks for "inside" is met on
the border, and one that asks for "outside" is not. Polygons are exact: the answer is that of real arithmetic on the
coordinates as given, not that of rounded ones. A circle is one on the sphere of mean radius, within 0.6 % of what it is
on the ellipsoid.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import asin, cos, isfinite, radians, sin, sqrt

from msgspec import Struct

from gateway.errors import PolicyError
from gateway.policy import codes
from gateway.policy.ring import Box, Ring, Vertex, ring

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the WGS 84 ellipsoid (IUGG R1)."""
MOST_VERTICES = 100_000
MOST_RADIUS_M = 5_000_000.0
_SLACK_M = 1.0
"""Far above what rounding does to a distance on the earth."""


class Circle(Struct, frozen=True, kw_only=True, gc=False):
    """A cap on the sphere."""

    latitude_deg: float
    longitude_deg: float
    radius_m: float

    def distance_m(self, latitude_deg: float, longitude_deg: float) -> float:
        """Great-circle distance of a point from the centre, by the haversine: exact to a millimetre for near points."""
        north = sin(radians(latitude_deg - self.latitude_deg) / 2)
        east = sin(radians(longitude_deg - self.longitude_deg) / 2)
        chord = north * north + cos(radians(self.latitude_deg)) * cos(radians(latitude_deg)) * east * east
        return 2 * EARTH_RADIUS_M * asin(sqrt(min(1.0, chord)))

    def holds(self, latitude_deg: float, longitude_deg: float) -> bool:
        """Whether the point is no further off than the radius."""
        return self.distance_m(latitude_deg, longitude_deg) <= self.radius_m

    def holds_box(self, box: Box) -> bool | None:
        """Whether it holds all of the box, nothing of it (False), or perhaps some (`None`)."""
        middle = (box.south + box.north) / 2, (box.west + box.east) / 2
        # No point of the box is further from its middle than half its height and half its width where it is widest
        widest = max(cos(radians(box.south)), cos(radians(box.north)), 1.0 if box.south < 0 < box.north else 0.0)
        reach = EARTH_RADIUS_M * radians((box.north - box.south) / 2 + widest * (box.east - box.west) / 2) + _SLACK_M
        distance = self.distance_m(*middle)
        if distance - reach > self.radius_m:
            return False
        return True if distance + reach < self.radius_m else None


class Polygon(Struct, frozen=True, kw_only=True, gc=False):
    """One outer ring without its holes."""

    outer: Ring
    holes: tuple[Ring, ...] = ()

    def holds(self, latitude_deg: float, longitude_deg: float) -> bool:
        """Whether the point is inside the outer ring or on it, and inside no hole; a hole's border is not the hole."""
        if self.outer.side(latitude_deg, longitude_deg) < 0:
            return False
        for hole in self.holes:  # noqa: SIM110 # on the path of tracks near a border
            if hole.side(latitude_deg, longitude_deg) > 0:
                return False
        return True

    def holds_box(self, box: Box) -> bool | None:
        """Whether it holds all of the box, nothing of it (False), or perhaps some (`None`)."""
        answer = self.outer.holds_box(box)
        if answer is False:
            return False
        for hole in self.holes:
            inside = hole.holds_box(box)
            if inside is True:
                return False
            if inside is None:
                answer = None
        return answer


class Area(Struct, frozen=True, kw_only=True, gc=False):
    """A named area's shape. Made by `polygon`, `circle` and `polygons`, which refuse what is none."""

    shapes: tuple[Polygon | Circle, ...]

    def holds(self, latitude_deg: float, longitude_deg: float) -> bool:
        """Whether the point (degrees, WGS 84) is in the area or on its border."""
        for shape in self.shapes:  # noqa: SIM110 # on the path of tracks near a border
            if shape.holds(latitude_deg, longitude_deg):
                return True
        return False

    def holds_box(self, box: Box) -> bool | None:
        """Whether it holds all of a box of coordinates, nothing of it (False), or perhaps some of it (`None`).

        `None` is never wrong; it is what an index asks again about, point by point.
        """
        answer: bool | None = False
        for shape in self.shapes:
            inside = shape.holds_box(box)
            if inside is True:
                return True
            if inside is None:
                answer = None
        return answer


def polygon(vertices: Iterable[Sequence[float]], *, place: str = "") -> Area:
    """The area within one ring of (latitude, longitude) in degrees, joined by lines that are straight in these.

    An edge of more than 180 degrees of longitude goes the other way, across the antimeridian. The last vertex may
    repeat the first. Raises `PolicyError` ``POL-010`` to ``POL-013``; `place` says where for the operator.
    """
    return polygons([[vertices]], place=place)


def polygons(parts: Iterable[Iterable[Iterable[Sequence[float]]]], *, place: str = "") -> Area:
    """The area of several polygons, each a list of rings as for `polygon`: the outer one, then its holes.

    Raises `PolicyError` ``POL-010`` to ``POL-013``.
    """
    shapes: list[Polygon | Circle] = []
    vertices = 0
    for number, part in enumerate(parts, 1):
        rings = []
        for index, points in enumerate(part):
            where = place if index == 0 else f"{place}, hole {index}"
            rings.append(ring(_vertices(points, where), place=where if number == 1 else f"{where}, polygon {number}"))
            vertices += len(rings[-1].edges)
            if vertices > MOST_VERTICES:
                raise PolicyError(codes.NO_AREA, place=place, cause=f"more than {MOST_VERTICES:,} vertices")
        if not rings:
            raise PolicyError(codes.NO_AREA, place=place, cause=f"polygon {number} has no ring")
        shapes.append(Polygon(outer=rings[0], holes=tuple(rings[1:])))
    if not shapes:
        raise PolicyError(codes.NO_AREA, place=place, cause="no polygon")
    return Area(shapes=tuple(shapes))


def circle(*, latitude_deg: float, longitude_deg: float, radius_m: float, place: str = "") -> Area:
    """The area no further than `radius_m` (up to 5,000 km) from a point, along the great circle.

    Raises `PolicyError` ``POL-010`` and ``POL-011``.
    """
    _check_vertex((latitude_deg, longitude_deg), place)
    if not 0 < radius_m <= MOST_RADIUS_M:
        cause = f"a radius of {radius_m} m; expected more than 0 and at most {MOST_RADIUS_M:,.0f} m"
        raise PolicyError(codes.NO_AREA, place=place, cause=cause)
    return Area(shapes=(Circle(latitude_deg=latitude_deg, longitude_deg=longitude_deg, radius_m=radius_m),))


def _vertices(points: Iterable[Sequence[float]], place: str) -> list[Vertex]:
    return [_check_vertex(point, f"{place}, vertex {index}") for index, point in enumerate(points, 1)]


def _check_vertex(point: Sequence[float], place: str) -> Vertex:
    """A vertex as (latitude, longitude), if it is a place on the earth."""
    if len(point) < 2:
        raise PolicyError(codes.NO_PLACE, place=place, cause=f"{len(point)} numbers; expected latitude and longitude")
    latitude, longitude = float(point[0]), float(point[1])
    for name, value, most in (("latitude", latitude, 90.0), ("longitude", longitude, 180.0)):
        if not isfinite(value) or not -most <= value <= most:
            cause = f"{name} {value}; expected {-most:g} to {most:g} (the order is latitude, longitude)"
            raise PolicyError(codes.NO_PLACE, place=place, cause=cause)
    return latitude, longitude
