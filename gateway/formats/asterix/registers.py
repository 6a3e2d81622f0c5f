"""Comm-B registers 5,0 and 6,0 of I048/250 (ICAO Doc 9871): what the aircraft says of its own motion.

Other registers stay in the raw record. A field counts only where its status bit is set.
"""

from __future__ import annotations

from msgspec import Struct

from gateway.formats.asterix.memo import Memo

KNOT_MPS = 1852.0 / 3600
RATE_LSB_MPS = 32 * 0.3048 / 60  # 32 ft/min
MODELLED = frozenset({0x50, 0x60})


class Motion(Struct, frozen=True, gc=False):
    """SI units; absent where no register says it."""

    magnetic_heading_deg: float | None = None
    indicated_airspeed_mps: float | None = None
    true_airspeed_mps: float | None = None
    mach: float | None = None
    turn_rate_degps: float | None = None
    vertical_rate_mps: float | None = None


def _unsigned(data: int, status: int, last: int) -> int | None:
    """The field behind the status bit up to bit `last`; bits count from 1 at the left of 56, as in the register."""
    if not data >> 56 - status & 1:
        return None
    return data >> 56 - last & (1 << last - status) - 1


def _signed(data: int, status: int, last: int) -> int | None:
    raw = _unsigned(data, status, last)
    width = last - status
    return None if raw is None else raw - (1 << width) if raw >> width - 1 else raw


def _times(raw: int | None, lsb: float) -> float | None:
    return None if raw is None else raw * lsb


def _motion(octets: bytes) -> Motion | None:
    """The registers of one I048/250 that are read here, if any; of a repeated register the last one counts."""
    if not any(octets[place] in MODELLED for place in range(8, len(octets), 8)):
        return None
    heading = indicated = airspeed = mach = turn = rate = None
    for place in range(1, len(octets), 8):
        data = int.from_bytes(octets[place : place + 7], "big")
        if octets[place + 7] == 0x50:
            turn = _times(_signed(data, 35, 45), 8 / 256)
            airspeed = _times(_unsigned(data, 46, 56), 2 * KNOT_MPS)
        elif octets[place + 7] == 0x60:
            heading = _times(_signed(data, 1, 12), 90 / 512)
            indicated = _times(_unsigned(data, 13, 23), KNOT_MPS)
            mach = _times(_unsigned(data, 24, 34), 2.048 / 512)
            rate = _times(_signed(data, 35, 45), RATE_LSB_MPS)
            if rate is None:  # inertial where there is no barometric one
                rate = _times(_signed(data, 46, 56), RATE_LSB_MPS)
    return Motion(None if heading is None else heading % 360.0, indicated, airspeed, mach, turn, rate)


motions: Memo[bytes, Motion | None] = Memo(_motion)
