"""The six messages of ASTM F3411-22a / EN 4709-002 in SI units, and the tables of their codes.

Unknown is `None`, never a special number. Fields are as one transmitter broadcasts them; nothing is joined here.
"""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct

EPOCH = datetime(2019, 1, 1, tzinfo=UTC)
"""Of the timestamps in System and Authentication messages."""

NONE, SERIAL, REGISTRATION, UTM, SESSION = range(5)
"""Kinds of id of a Basic ID message."""
GROUND, AIRBORNE, EMERGENCY, FAILURE = 1, 2, 3, 4
"""Operational status of a Location message."""
OTHER_TYPE = 15
"""UA type of an aircraft that is none of the others."""

HORIZONTAL_BOUNDS_M = (None, 18520.0, 7408.0, 3704.0, 1852.0, 926.0, 555.6, 185.2, 92.6, 30.0, 10.0, 3.0, 1.0)
VERTICAL_BOUNDS_M = (None, 150.0, 45.0, 25.0, 10.0, 3.0, 1.0)
SPEED_BOUNDS_MPS = (None, 10.0, 3.0, 1.0, 0.3)
"""95 % bounds by code; 0 is unknown and further codes are reserved."""

OPERATOR_BASES = ("TAKEOFF", "LIVE_GNSS", "FIXED")
CATEGORIES = {1: "OPEN", 2: "SPECIFIC", 3: "CERTIFIED"}
CLASSES = {1: "C0", 2: "C1", 3: "C2", 4: "C3", 5: "C4", 6: "C5", 7: "C6"}
"""European category and class by code (classification type 1)."""
EU = 1


class BasicId(Struct, frozen=True, kw_only=True, gc=False):
    """Type 0: one id of the aircraft."""

    id_type: int = NONE
    ua_type: int = 0
    uas_id: bytes = b""
    """At most 20 octets, without the padding: ASCII, but a UUID or a session id is binary."""


class Location(Struct, frozen=True, kw_only=True, gc=False):
    """Type 1: where the aircraft is."""

    status: int = 0
    direction_deg: float | None = None
    """0 to 360 over ground, true."""
    speed_mps: float | None = None
    vertical_mps: float | None = None
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    """Absent together: 0/0 is the broadcast's unknown."""
    altitude_baro_m: float | None = None
    altitude_geo_m: float | None = None
    """Above the WGS 84 ellipsoid."""
    over_ground: bool = False
    """`height_m` is above ground, not above the place of take-off."""
    height_m: float | None = None
    horizontal_accuracy: int = 0
    vertical_accuracy: int = 0
    baro_accuracy: int = 0
    speed_accuracy: int = 0
    since_hour_s: float | None = None
    """0 to 3600 since the full hour, UTC."""
    time_accuracy: int = 0
    """Tenths of a second; 0 is unknown."""


class Authentication(Struct, frozen=True, kw_only=True, gc=False):
    """Type 2: one page. `last_page`, `length` and `timestamp_s` stand on page 0 only."""

    auth_type: int = 0
    page: int = 0
    last_page: int = 0
    length: int = 0
    timestamp_s: int = 0
    """Since `EPOCH`."""
    data: bytes = b""
    """17 octets on page 0, 23 on others, padding included: the length is known on page 0 alone."""


class SelfId(Struct, frozen=True, kw_only=True, gc=False):
    """Type 3: a text about the flight."""

    kind: int = 0
    """0 text, 1 emergency, 2 extended status."""
    text: bytes = b""


class System(Struct, frozen=True, kw_only=True, gc=False):
    """Type 4: where the operator is, and the area of a group. The operator's place is personal data."""

    basis: int = 0
    """What the operator's place is, in `OPERATOR_BASES`; 3 is reserved."""
    classification: int = 0
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    area_count: int = 1
    area_radius_m: int = 0
    area_ceiling_m: float | None = None
    area_floor_m: float | None = None
    category: int = 0
    eu_class: int = 0
    altitude_m: float | None = None
    """Of the operator, above the ellipsoid."""
    timestamp_s: int = 0
    """Since `EPOCH`; 0 is absent."""


class OperatorId(Struct, frozen=True, kw_only=True, gc=False):
    """Type 5: the operator's registration. Personal data."""

    kind: int = 0
    operator_id: bytes = b""


Message = BasicId | Location | Authentication | SelfId | System | OperatorId


def bound_of(table: tuple[float | None, ...], code: int) -> float | None:
    """The 95 % bound of an accuracy code, or nothing for unknown and reserved ones."""
    return table[code] if code < len(table) else None


def code_of(table: tuple[float | None, ...], bound: float) -> int:
    """The tightest code whose bound is not below `bound`, so that nothing is overstated; 0 where none is."""
    for code in range(len(table) - 1, 0, -1):
        known = table[code]
        if known is not None and bound <= known:
            return code
    return 0
