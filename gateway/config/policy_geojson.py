"""One area out of a GeoJSON file (RFC 7946): a Polygon or MultiPolygon, bare or in one Feature."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import msgspec

Ring = tuple[tuple[float, float], ...]
"""Vertices as (latitude, longitude) in degrees; the last one is not the first again."""
Rings = tuple[Ring, ...]
"""The outer ring of a polygon, then its holes."""

MAX_VERTICES = 20_000
"""In all polygons of one file together."""
_WGS84 = ("CRS84", "EPSG::4326", "EPSG:4326")


def read_geojson(octets: bytes) -> tuple[Rings, ...]:
    """The polygons of a GeoJSON text; `ValueError` with the reason for anything else.

    Heights in positions are left out. An edge of more than 180 degrees of longitude, if not along a pole, is refused:
    RFC 7946 (3.1.9) has what crosses the antimeridian cut there, and many tools do not, so nobody could tell what is
    meant.
    """
    try:
        document = msgspec.json.decode(octets)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"not JSON: {str(error)[:120]}") from None
    geometry = _geometry(document)
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"expected a Polygon or MultiPolygon, got {str(kind)[:40]}")
    polygons = [coordinates] if kind == "Polygon" else coordinates
    if not isinstance(polygons, list) or not polygons:
        raise ValueError("it has no polygon")
    left = MAX_VERTICES
    found: list[Rings] = []
    for rings in polygons:
        if not isinstance(rings, list) or not rings:
            raise ValueError("a polygon without a ring")
        made = []
        for ring in rings:
            if not isinstance(ring, list) or len(ring) > left:
                raise ValueError(f"a ring is a list of positions, and a file has at most {MAX_VERTICES} of them")
            left -= len(ring)
            made.append(tuple(_ring(ring)))
        found.append(tuple(made))
    return tuple(found)


def _geometry(document: object) -> dict[str, object]:
    """The one geometry of the document, whatever it is wrapped in."""
    here = _object(document)
    crs = here.get("crs")
    if crs is not None and not any(name in str(crs) for name in _WGS84):
        raise ValueError("it has a reference system of its own (crs); RFC 7946 is WGS 84")
    if here.get("type") == "FeatureCollection":
        features = here.get("features")
        if not isinstance(features, list) or len(features) != 1:
            raise ValueError("expected exactly one Feature in the FeatureCollection; one file is one area")
        here = _object(features[0])
    if here.get("type") == "Feature":
        here = _object(here.get("geometry"))
    return here


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError("expected a GeoJSON object")
    return value


def _ring(ring: list[object]) -> Iterator[tuple[float, float]]:
    vertices = [_position(position) for position in ring]
    if len(vertices) < 4 or vertices[0] != vertices[-1]:
        raise ValueError("a ring has four positions or more, and its last is its first again (RFC 7946, 3.1.6)")
    for (north, one), (there, other) in pairwise(vertices):
        if abs(one - other) > 180 and not (abs(north) == 90 and north == there):  # along a pole all ways are the same
            raise ValueError("an edge of more than 180 degrees of longitude; cut it at the antimeridian (3.1.9)")
    yield from vertices[:-1]


def _position(position: object) -> tuple[float, float]:
    if not isinstance(position, list) or not 2 <= len(position) <= 4:
        raise ValueError("a position is [longitude, latitude]")
    longitude, latitude = position[0], position[1]
    for number in (longitude, latitude):
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise ValueError("a position is [longitude, latitude], in numbers")
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise ValueError("a position is [longitude, latitude] in degrees; this one is outside of them")
    return float(latitude), float(longitude)
