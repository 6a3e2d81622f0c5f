"""I062/380: what the aircraft says of itself, where the canonical track has a place for it."""

from __future__ import annotations

from msgspec import Struct

from gateway.formats.asterix.items import CompoundCodec
from gateway.formats.asterix.layout import Plan
from gateway.formats.asterix.records import CODECS
from gateway.track import Position

NM = 1852.0
KNOT = NM / 3600

_item = CODECS[62].items["380"]
assert isinstance(_item, CompoundCodec)
LAYOUT = _item.layout
NAMES = tuple(part.name.rpartition(".")[2] if part is not None else "" for part in LAYOUT.parts)

WHOLE = frozenset({"ADR", "ID", "MHG", "IAS", "TAS", "TAR", "EMC", "IAR", "MAC"})
"""Subfields that the canonical track holds completely; of COM and SAB it holds the flight status only."""
FALLBACK = {"POS": 4, "GAL": 17, "BVR": 19, "GVR": 19, "TAN": 6, "GS": 6}
"""Subfields that stand in for an item of the tracker (by its place in the UAP) when that one is absent."""


class Motion(Struct, frozen=True, gc=False):
    """The moving part of I062/380, SI units."""

    magnetic_heading_deg: float | None
    indicated_airspeed_mps: float | None
    true_airspeed_mps: float | None
    mach: float | None
    turn_rate_degps: float | None
    vertical_rate_mps: float | None
    course_deg: float | None
    ground_speed_mps: float | None
    altitude_hae_m: float | None
    position: Position | None


def _unsigned(octets: bytes, lsb: float) -> float | None:
    return int.from_bytes(octets, "big") * lsb if octets else None


def _signed(octets: bytes, lsb: float) -> float | None:
    return int.from_bytes(octets, "big", signed=True) * lsb if octets else None


def _turn(octets: bytes) -> float:
    """TAR: the rate is seven bits in two's complement, 1/4 deg/s, right positive."""
    rate = octets[1] >> 1
    return (rate - 128 if rate & 0x40 else rate) / 4


def place(octets: bytes) -> Position | None:
    """POS, 180/2^23 deg; nothing for what is no place on earth."""
    latitude = int.from_bytes(octets[:3], "big", signed=True) * 180 / 2**23
    longitude = int.from_bytes(octets[3:], "big", signed=True) * 180 / 2**23
    return Position(latitude, longitude if longitude > -180 else 180.0) if -90 <= latitude <= 90 else None


def motion(parts: list[bytes]) -> Motion:
    """The values of the subfields that move, from the octets of each subfield."""
    indicated, mach = _unsigned(parts[25], KNOT), _unsigned(parts[26], 0.008)
    if parts[3]:  # IAS: the first bit says whether the others are an airspeed or a Mach number
        raw = int.from_bytes(parts[3], "big")
        if raw & 0x8000:
            mach = (raw & 0x7FFF) / 1000 if mach is None else mach
        elif indicated is None:
            indicated = raw * NM / 16384
    geometric, barometric = _signed(parts[13], 6.25 * 0.3048 / 60), _signed(parts[12], 6.25 * 0.3048 / 60)
    speed = _signed(parts[17], NM / 16384)
    return Motion(
        _unsigned(parts[2], 360 / 65536),
        indicated,
        _unsigned(parts[4], KNOT),
        mach,
        _turn(parts[15]) if parts[15] else None,
        geometric if geometric is not None else barometric,
        _unsigned(parts[16], 360 / 65536) if speed != 0 else None,
        speed if speed is None or speed >= 0 else None,
        _signed(parts[22], 6.25 * 0.3048),
        place(parts[21]) if parts[21] else None,
    )


def lost(plan: Plan, record: Plan) -> bool:
    """Whether something of the item is in the raw record only."""
    for index in plan.present:
        name = NAMES[index]
        if name in WHOLE or (name in FALLBACK and FALLBACK[name] not in record.present):
            continue
        return True
    return False


EMPTY: list[bytes] = [b""] * len(NAMES)


def split(octets: bytes) -> tuple[list[bytes], Plan]:
    """Octets of each subfield, and the plan they were cut by."""
    return LAYOUT.split(octets, 0, len(octets))[:2]
