"""A closed line of straight edges in latitude and longitude: which side of it a point is on, exactly."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from math import floor

from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import PolicyError
from gateway.policy import codes

Vertex = tuple[float, float]
"""Latitude and longitude in degrees."""
Edge = tuple[float, float, float, float]
"""From (longitude, latitude) to (longitude, latitude), the former not above the latter; longitudes are unrolled."""

MOST_BANDS = 256
_SURE = 4 * 2.0**-52
"""A determinant of this share of its terms has the sign that it seems to have (Shewchuk 1997 needs less)."""


class Box(Struct, frozen=True, kw_only=True, gc=False):
    """All points between two latitudes and two longitudes, borders included; `west` is below `east`."""

    south: float
    west: float
    north: float
    east: float


class Ring(Struct, frozen=True, kw_only=True, gc=False):
    """A closed line. `ring` makes it, and refuses edges that cross each other.

    Inside is what a line to the far west leaves across an odd number of edges: where a ring touches itself at a vertex
    and goes around a place twice, that place is outside.
    """

    edges: tuple[Edge, ...]
    bands: tuple[tuple[Edge, ...], ...]
    """The edges that touch each of equally high bands of latitude, from south to north."""
    box: Box
    poles: frozenset[float]
    """Latitudes of poles that are on it, where no longitude means anything."""

    def side(self, latitude_deg: float, longitude_deg: float) -> int:
        """1 inside, 0 on the line, -1 outside."""
        box = self.box
        if not box.south <= latitude_deg <= box.north:
            return -1
        if latitude_deg in self.poles:
            return 0
        edges = self.bands[self._band(latitude_deg)]
        longitude = longitude_deg + 360.0 * floor((box.east - longitude_deg) / 360.0)  # the easternmost that fits
        while longitude >= box.west:
            side = _side(edges, latitude_deg, longitude)
            if side >= 0:
                return side
            longitude -= 360.0
        return -1

    def holds_box(self, box: Box) -> bool | None:
        """Whether all of the box is inside, all of it outside (False), or the line may come near it (`None`)."""
        own = self.box
        if box.north < own.south or box.south > own.north:
            return False
        if box.south <= -90.0 or box.north >= 90.0:  # a pole has every longitude
            return None
        edges = {edge for band in self.bands[self._band(box.south) : self._band(box.north) + 1] for edge in band}
        shift = 360.0 * floor((own.east - box.west) / 360.0)
        west, east = box.west + shift, box.east + shift
        while east >= own.west:
            if any(_touches(edge, box.south, west, box.north, east) for edge in edges):
                return None
            west, east = west - 360.0, east - 360.0
        return self.side((box.south + box.north) / 2, (box.west + box.east) / 2) > 0

    def _band(self, latitude_deg: float) -> int:
        """Number of the band of a latitude, which grows with it; the first and the last hold what is beyond."""
        box, count = self.box, len(self.bands)
        number = int((latitude_deg - box.south) / (box.north - box.south) * count)
        return 0 if number < 0 else min(number, count - 1)


def ring(vertices: Sequence[Vertex], *, place: str) -> Ring:
    """The ring through vertices that are places on the earth; the last may repeat the first.

    Raises `PolicyError` ``POL-010`` for fewer than three or no width, ``POL-012`` for one that crosses itself,
    ``POL-013`` for one around a pole.
    """
    points = [point for index, point in enumerate(vertices) if index == 0 or point != vertices[index - 1]]
    if len(points) > 1 and points[0] == points[-1]:
        points.pop()
    different = len(set(points))
    if different < 3:
        raise PolicyError(codes.NO_AREA, place=place, cause=f"{different} different vertices; expected 3 or more")
    line = _unrolled(points, place)
    edges = [_edge(a, b) for a, b in itertools.pairwise(line)]
    crossing = _crossing(edges)
    if crossing is not None:
        a, b = crossing
        cause = f"edges {_words(a)} and {_words(b)} cross each other"
        raise PolicyError(codes.CROSSED_AREA, place=place, cause=cause)
    if _is_straight(line):
        raise PolicyError(codes.NO_AREA, place=place, cause="all of its vertices are on one line")
    south, north = min(edge[1] for edge in edges), max(edge[3] for edge in edges)
    west, east = min(x for x, _ in line), max(x for x, _ in line)
    bare = Ring(
        edges=tuple(edges),
        bands=((),) * min(len(edges), MOST_BANDS),
        box=Box(south=south, west=west, north=north, east=east),
        poles=frozenset(y for _, y in line if abs(y) == 90.0),
    )
    bands: list[list[Edge]] = [[] for _ in bare.bands]
    for edge in bare.edges:
        for number in range(bare._band(edge[1]), bare._band(edge[3]) + 1):
            bands[number].append(edge)
    return replace(bare, bands=tuple(map(tuple, bands)))


def _unrolled(points: Sequence[Vertex], place: str) -> list[tuple[float, float]]:
    """(longitude, latitude) along the ring and back to its start, no step wider than 180 degrees but one along a pole.

    From one end of all longitudes to the other is nowhere, but at a pole, where it ends an area that goes around it.
    """
    turns = 0
    line = [(points[0][1], points[0][0])]
    for here, there in zip(points, (*points[1:], points[0]), strict=True):
        step = there[1] - here[1]
        if abs(step) == 360.0 and here[0] == there[0] and abs(here[0]) == 90.0:
            step = 0.0
        turns += -1 if step > 180 else 1 if step < -180 else 0
        line.append((there[1] + 360.0 * turns, there[0]))
    if turns:
        raise PolicyError(codes.AREA_AROUND_POLE, place=place, cause="the edges go once around the earth")
    return line


def _edge(a: tuple[float, float], b: tuple[float, float]) -> Edge:
    return (*a, *b) if a[1] <= b[1] else (*b, *a)


def _is_straight(line: Sequence[tuple[float, float]]) -> bool:
    """Whether all of it is on one straight line."""
    start = line[0]
    other = next(point for point in line if point != start)
    edge = _edge(start, other)
    return all(_turn(edge, x, y) == 0 for x, y in line)


def _turn(edge: Edge, x: float, y: float) -> int:
    """1 when the point is left of the edge as it goes north, -1 when right, 0 exactly on its line."""
    ax, ay, bx, by = edge
    left, right = (bx - ax) * (y - ay), (x - ax) * (by - ay)
    turn = left - right
    if abs(turn) > _SURE * (abs(left) + abs(right)):
        return 1 if turn > 0 else -1
    fx, fy = Fraction(ax), Fraction(ay)
    exact = (Fraction(bx) - fx) * (Fraction(y) - fy) - (Fraction(x) - fx) * (Fraction(by) - fy)
    return 1 if exact > 0 else -1 if exact < 0 else 0


def _side(edges: Sequence[Edge], y: float, x: float) -> int:
    """1 inside, 0 on the line, -1 outside: counts the edges that a line from the point to the west meets."""
    inside = -1
    for edge in edges:
        ax, ay, bx, by = edge
        if not ay <= y <= by:
            continue
        if ax > x and bx > x:
            continue
        if ax < x and bx < x:
            if y < by:  # half open, so that a vertex counts once; never met by a level edge
                inside = -inside
            continue
        turn = _turn(edge, x, y)
        if turn == 0:
            if ay < by or min(ax, bx) <= x <= max(ax, bx):
                return 0
        elif turn < 0 and y < by:
            inside = -inside
    return inside


def _touches(edge: Edge, south: float, west: float, north: float, east: float) -> bool:
    """Whether the edge has a point in common with a box, borders included."""
    ax, ay, bx, by = edge
    if by < south or ay > north or (ax < west and bx < west) or (ax > east and bx > east):
        return False
    turns = {_turn(edge, x, y) for x in (west, east) for y in (south, north)}
    return turns not in ({1}, {-1})


def _crossing(edges: Sequence[Edge]) -> tuple[Edge, Edge] | None:
    """Two edges that cross each other in their midst, if there are any; that they touch is no harm."""
    under_way: list[Edge] = []
    for edge in sorted(edges, key=lambda one: one[1]):
        under_way = [one for one in under_way if one[3] > edge[1]]
        for other in under_way:
            if _cross(edge, other):
                return edge, other
        under_way.append(edge)
    return None


def _cross(a: Edge, b: Edge) -> bool:
    """Whether they cross: the ends of each on the two sides of the other."""
    if max(a[0], a[2]) <= min(b[0], b[2]) or max(b[0], b[2]) <= min(a[0], a[2]):
        return False
    if _turn(a, b[0], b[1]) * _turn(a, b[2], b[3]) >= 0:
        return False
    return _turn(b, a[0], a[1]) * _turn(b, a[2], a[3]) < 0


def _words(edge: Edge) -> str:
    ax, ay, bx, by = edge
    return f"({ay:g}, {_wrapped(ax):g})-({by:g}, {_wrapped(bx):g})"


def _wrapped(longitude_deg: float) -> float:
    return longitude_deg if -180 <= longitude_deg <= 180 else (longitude_deg + 180) % 360 - 180
