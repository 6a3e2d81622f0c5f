"""The filter of a SIP3 pull: a period, a list of systems, areas. Parsed strictly: what is not understood is a fault."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime

from lxml import etree
from msgspec import Struct

from gateway.errors import FormatError
from gateway.formats.nffi import codes
from gateway.formats.nffi.facets import FACETS
from gateway.formats.nffi.soap import QUERY, SIP3
from gateway.formats.nffi.tree import names_of
from gateway.formats.nffi.values import number_of, time_of
from gateway.track import Position

_EARTH_M = 6_371_008.8  # mean radius: a circle is right to half a per cent
_MOST_POINTS = 1_000
_UNSIGNED = re.compile(r"[0-9]{1,18}").fullmatch
Area = Callable[[Position], bool]
Pattern = tuple[str, ...]
Who = tuple[str, str, str, str]
"""country, system, subsystem, transponderId as written; absent ones empty."""


class Query(Struct, frozen=True):
    """What a consumer asked for."""

    start: datetime | None = None
    end: datetime | None = None
    systems: tuple[tuple[Pattern | None, ...], ...] | None = None
    """One pattern per part of `Who`, `None` where the filter does not say; absent is no restriction."""
    exclusive: bool = False
    areas: tuple[Area, ...] = ()
    """A track in any of them passes; none is no restriction."""

    def passes(self, who: Who, time: datetime, position: Position) -> bool:
        """Whether a track is asked for."""
        if (self.start is not None and time < self.start) or (self.end is not None and time > self.end):
            return False
        if self.systems is not None:
            listed = any(
                all(pattern is None or _fits(pattern, part) for pattern, part in zip(one, who, strict=True))
                for one in self.systems
            )
            if listed == self.exclusive:
                return False
        return not self.areas or any(area(position) for area in self.areas)


def query_of(request: etree._Element) -> Query:
    """The query in a ReqResFilter; `FormatError` ``NFI-033`` for what is not understood, never ignored."""
    query = Query()
    for child in request:
        name = names_of(child)
        if name == (SIP3, "period"):
            start, end = (_instant(child, key) for key in ("start", "end"))
            if start is None:
                raise _bad("period", "no start")
            query = Query(start, end, query.systems, query.exclusive, query.areas)
        elif name == (QUERY, "NFFIFilter"):
            query = _filter(child, query)
        else:
            raise _bad("ReqResFilter", f"observed {str(child.tag)[:80]}")
    return query


def _bad(place: str, cause: str) -> FormatError:
    return FormatError(codes.FILTER, place=place, cause=cause)


def _instant(element: etree._Element, key: str) -> datetime | None:
    text = element.get(key)
    if text is None:
        return None
    time = time_of(text) if FACETS["dateTime"](text) else None
    if time is None:
        raise _bad(f"period@{key}", f"expected YYYYMMDDhhmmss, observed {text[:30]!r}")
    return time


def _filter(element: etree._Element, query: Query) -> Query:
    systems, exclusive, areas = query.systems, query.exclusive, list(query.areas)
    for child in element:
        space, name = names_of(child)
        if space != QUERY:
            raise _bad("NFFIFilter", f"observed {str(child.tag)[:80]}")
        if name == "historyDepth":
            # One position per track is what there is, whatever depth is asked for
            if not _UNSIGNED((child.text or "").strip() or "1"):
                raise _bad("NFFIFilter/historyDepth", f"observed {(child.text or '')[:30]!r}")
        elif name == "systemList":
            systems, exclusive = _systems(child)
        elif name == "geoFilter":
            areas.extend(_area(one) for one in child)
        else:
            raise _bad("NFFIFilter", f"{name[:40]} is not offered")
    return Query(query.start, query.end, systems, exclusive, tuple(areas))


def _systems(element: etree._Element) -> tuple[tuple[tuple[Pattern | None, ...], ...], bool]:
    exclusive = False
    found: list[tuple[Pattern | None, ...]] = []
    for child in element:
        name = names_of(child)
        if name == (QUERY, "incl_excl"):
            word = (child.text or "").strip() or "INCLUSIVE"
            if word not in ("INCLUSIVE", "EXCLUSIVE"):
                raise _bad("systemList/incl_excl", f"observed {word[:30]!r}")
            exclusive = word == "EXCLUSIVE"
        elif name == (QUERY, "trackSource"):
            parts: dict[str, str] = {}
            for one in child.iter():
                if len(one) == 0 and names_of(one)[0] == QUERY:
                    parts[names_of(one)[1]] = (one.text or "").strip()
            names = ("country", "system", "subsystem", "transponderId")
            if unknown := set(parts) - {*names, "sourceSystem", "trackSource"}:
                raise _bad("systemList/trackSource", f"observed {sorted(unknown)[0][:40]}")
            found.append(tuple(_wildcard(parts[one]) if one in parts else None for one in names))
        else:
            raise _bad("systemList", f"observed {str(child.tag)[:80]}")
    if not found:
        raise _bad("systemList", "no trackSource")
    return tuple(found), exclusive


def _wildcard(text: str) -> Pattern:
    """The literal parts between wildcards; `%` stands for any characters."""
    if len(text) > 60:
        raise _bad("systemList/trackSource", f"{len(text)} characters")
    return tuple(text.split("%"))


def _fits(pattern: Pattern, text: str) -> bool:
    """Whether the text is the parts in order with anything between: one pass, no backtracking."""
    first, *middle = pattern
    if not middle:
        return text == first
    last = middle.pop()
    if not text.startswith(first) or len(text) < len(first) + len(last):
        return False
    at = len(first)
    end = len(text) - len(last)
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return at <= end and text.endswith(last)


def _area(element: etree._Element) -> Area:
    space, name = names_of(element)
    if space == QUERY and name == "rectangular":
        west, north = _corner(element, "leftTopCorner")
        east, south = _corner(element, "rightBottomCorner")
        if south > north:
            raise _bad("geoFilter/rectangular", "the top lies south of the bottom")
        return _rectangle(west, south, east, north)
    if space == QUERY and name == "circle":
        longitude, latitude = _corner(element, "center")
        radius = element.find(f"{{{QUERY}}}radius")
        text = (radius.text or "").strip() if radius is not None else ""
        if not _UNSIGNED(text):
            raise _bad("geoFilter/circle/radius", f"observed {text[:30]!r}")
        return lambda one: _distance_m(latitude, longitude, one) <= int(text)
    if space == QUERY and name == "closedPolygon":
        points = [_place(one) for one in element if names_of(one) == (QUERY, "point")]
        if not 3 <= len(points) <= _MOST_POINTS or len(points) != len(element):
            raise _bad("geoFilter/closedPolygon", f"{len(points)} points, expected 3 to {_MOST_POINTS}")
        return lambda one: _inside(points, one)
    raise _bad("geoFilter", f"observed {str(element.tag)[:80]}")


def _corner(element: etree._Element, name: str) -> tuple[float, float]:
    corner = element.find(f"{{{QUERY}}}{name}")
    if corner is None:
        raise _bad(f"geoFilter/{names_of(element)[1]}", f"no {name}")
    return _place(corner)


def _place(element: etree._Element) -> tuple[float, float]:
    """(longitude, latitude) of a corner or point."""
    values: list[float] = []
    for name in ("longitude", "latitude"):
        child = element.find(f"{{{QUERY}}}{name}")
        text = (child.text or "").strip() if child is not None else ""
        value = number_of(text) if FACETS[name](text) else None
        if value is None:
            raise _bad(f"geoFilter/{names_of(element)[1]}", f"{name} {text[:30]!r}")
        values.append(value)
    return values[0], values[1]


def _rectangle(west: float, south: float, east: float, north: float) -> Area:
    def holds(one: Position) -> bool:
        if not south <= one.latitude_deg <= north:
            return False
        if west <= east:
            return west <= one.longitude_deg <= east
        return one.longitude_deg >= west or one.longitude_deg <= east  # across the 180th meridian

    return holds


def _distance_m(latitude: float, longitude: float, one: Position) -> float:
    """Along the great circle, by the haversine formula."""
    first, second = math.radians(latitude), math.radians(one.latitude_deg)
    half = math.sin((second - first) / 2) ** 2
    turn = math.sin(math.radians(one.longitude_deg - longitude) / 2) ** 2
    return 2 * _EARTH_M * math.asin(math.sqrt(min(1.0, half + math.cos(first) * math.cos(second) * turn)))


def _inside(points: list[tuple[float, float]], one: Position) -> bool:
    """Even-odd rule in degrees, with longitudes unrolled from the first point so that the 180th meridian is no edge."""
    first = points[0][0]
    unrolled = [(first + (x - first + 180) % 360 - 180, y) for x, y in points]
    x, y = first + (one.longitude_deg - first + 180) % 360 - 180, one.latitude_deg
    inside = False
    previous = unrolled[-1]
    for point in unrolled:
        (x1, y1), (x2, y2) = previous, point
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
        previous = point
    return inside
