"""Which members an object of each canonical type has, taken from the types themselves, and their bounds."""

from __future__ import annotations

import typing
from types import UnionType

from msgspec import Struct
from msgspec.structs import fields

from gateway.track import State, Track

NAMESPACE = "urn:alliance:track-exchange:ext:geojson:1"
"""Where properties that no field holds live inside an `Extension`, as JSON text."""

SCHEME = "geojson_id"
"""Identifier scheme of a Feature's own `id`."""


class Member(Struct, frozen=True):
    """One member of an object: the struct that it holds (alone or in a list), and whether it is an open code."""

    nested: type[Struct] | None
    code: bool


def _member(kind: type[Struct], name: str, declared: object) -> Member:
    candidates: list[object] = [declared]
    nested: type[Struct] | None = None
    while candidates:
        one = candidates.pop()
        if isinstance(one, type) and issubclass(one, Struct):
            nested = one
        elif typing.get_origin(one) in (tuple, typing.Union, UnionType):
            candidates.extend(typing.get_args(one))
    return Member(nested, str(kind.__annotations__[name]).startswith("OpenCode"))


def _tables() -> dict[type[Struct], dict[str, Member]]:
    tables: dict[type[Struct], dict[str, Member]] = {}
    waiting: list[type[Struct]] = [Track, State]
    while waiting:
        kind = waiting.pop()
        if kind in tables:
            continue
        tables[kind] = {field.name: _member(kind, field.name, field.type) for field in fields(kind)}
        waiting.extend(member.nested for member in tables[kind].values() if member.nested is not None)
    return tables


TABLES = _tables()
"""Members by struct type."""

STATE = {name: member for name, member in TABLES[State].items() if name != "position"}
TRACK = {name: member for name, member in TABLES[Track].items() if name not in ("state", "raw")}
PROPERTIES = TRACK | STATE
"""What `properties` may hold besides unknown members: the track's fields and its state's, side by side."""

OPERATOR = "operator"
"""Personal data: written on demand only, and nothing of it ever travels in an `Extension`."""

BOUNDS: dict[str, tuple[float, float]] = {
    "latitude_deg": (-90.0, 90.0),
    "longitude_deg": (-180.0, 180.0),
    "confidence_pct": (0.0, 100.0),
    "detection_confidence_pct": (0.0, 100.0),
    "elevation_deg": (-90.0, 90.0),
    "length_m": (0.0, 1e4),
    "width_m": (0.0, 1e4),
    "height_m": (0.0, 1e4),
    "ground_speed_mps": (0.0, 1e5),
    "range_m": (0.0, 1e9),
    "reach_m": (0.0, 1e9),
    "range_95_m": (0.0, 1e9),
    "azimuth_95_deg": (0.0, 180.0),
    "elevation_95_deg": (0.0, 180.0),
    "horizontal_95_m": (0.0, 1e8),
    "vertical_95_m": (0.0, 1e8),
    "course_95_deg": (0.0, 1e4),
    "speed_95_mps": (0.0, 1e5),
    "indicated_airspeed_mps": (0.0, 1e5),
    "true_airspeed_mps": (0.0, 1e5),
    "mach": (0.0, 1e3),
}
"""Inclusive bounds by name; every other number lies within a thousand million."""

BEARINGS = frozenset(("course_deg", "heading_deg", "magnetic_heading_deg", "azimuth_deg"))
"""0 to below 360; 360 is read as 0."""

ANY_BOUND = (-1e9, 1e9)
