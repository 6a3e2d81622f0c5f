"""Universal Transverse Mercator to latitude and longitude on WGS 84, within a millimetre and in three microseconds.

Krüger's series in the third flattening, to its sixth power (C. F. F. Karney, "Transverse Mercator with an accuracy of a
few nanometers", 2011, equations 14, 15 and 36; latitude from the conformal one by the usual series). The number of a
zone is taken as written: over Norway and Svalbard, and next to a border, sensors use their neighbour's zone.
"""

from __future__ import annotations

import cmath
from functools import lru_cache
from math import asin, atan2, cos, cosh, degrees, sin, sinh

from msgspec import Struct

from gateway.track import Position

_F = 1 / 298.257223563
_N = _F / (2 - _F)
_SCALE = 0.9996
_RADIUS = 6378137.0 / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64 + _N**6 / 256) * _SCALE

# Coefficients of n, n^2, ... n^6 for the terms in sin 2j
_BETA = tuple(
    sum(factor * _N**power for power, factor in terms.items())
    for terms in (
        {1: 1 / 2, 2: -2 / 3, 3: 37 / 96, 4: -1 / 360, 5: -81 / 512, 6: 96199 / 604800},
        {2: 1 / 48, 3: 1 / 15, 4: -437 / 1440, 5: 46 / 105, 6: -1118711 / 3870720},
        {3: 17 / 480, 4: -37 / 840, 5: -209 / 4480, 6: 5569 / 90720},
        {4: 4397 / 161280, 5: -11 / 504, 6: -830251 / 7257600},
        {5: 4583 / 161280, 6: -108847 / 3991680},
        {6: 20648693 / 638668800},
    )
)
_DELTA = tuple(
    sum(factor * _N**power for power, factor in terms.items())
    for terms in (
        {1: 2, 2: -2 / 3, 3: -2, 4: 116 / 45, 5: 26 / 45, 6: -2854 / 675},
        {2: 7 / 3, 3: -8 / 5, 4: -227 / 45, 5: 2704 / 315, 6: 2323 / 945},
        {3: 56 / 15, 4: -136 / 35, 5: -1262 / 105, 6: 73814 / 2835},
        {4: 4279 / 630, 5: -332 / 35, 6: -399572 / 14175},
        {5: 4174 / 315, 6: -144838 / 6237},
        {6: 601676 / 22275},
    )
)

_BANDS = "CDEFGHJKLMNPQRSTUVWX"  # eight degrees of latitude each from 80 S; X is twelve
_FALSE_EASTING = 500_000.0
_FALSE_NORTHING = 10_000_000.0
_EASTINGS = (100_000.0, 900_000.0)  # beyond lies another zone but one, or a number that is no easting
_NORTHINGS = {True: (-10_000.0, 9_400_000.0), False: (1_000_000.0, 10_000_100.0)}
_BAND_SLACK_DEG = 1.0  # an object that crosses into the next band is reported in the old one for a while


class Zone(Struct, frozen=True, gc=False):
    """A zone as written, such as ``30U``."""

    number: int
    """1 to 60, counted east from 180 W."""
    north: bool
    south_deg: float | None = None
    """Southern edge of the latitude band that the letter names; absent where it names a hemisphere."""
    north_deg: float | None = None


@lru_cache(maxsize=256)
def zone_of(text: str, *, letters: str = "band") -> Zone | None:
    """The zone that `text` names; `None` if it names none.

    The letter is a latitude band (``30U``, as the standard's own examples have it) or, with ``letters="hemisphere"``,
    N or S. ``N`` is north in either reading and bounds nothing; ``S`` is a northern band in the first.
    """
    text = text.strip()
    number, letter = text[:-1].strip(), text[-1:].upper()
    if not number.isascii() or not number.isdigit() or len(number) > 2 or not 1 <= int(number) <= 60:
        return None
    if letters == "hemisphere":
        return Zone(int(number), letter == "N") if letter in ("N", "S") else None
    if letter == "N":
        return Zone(int(number), True)
    at = _BANDS.find(letter) if letter else -1
    if at < 0:
        return None
    south = -80.0 + 8.0 * at
    return Zone(int(number), south >= 0, south, 84.0 if letter == "X" else south + 8.0)


def position_of(easting_m: float, northing_m: float, zone: Zone) -> Position | None:
    """The point; `None` where the figures are no UTM coordinates, or lie outside of the zone's latitude band."""
    low, high = _NORTHINGS[zone.north]
    if not (_EASTINGS[0] <= easting_m <= _EASTINGS[1] and low <= northing_m <= high):
        return None
    northing = northing_m if zone.north else northing_m - _FALSE_NORTHING
    zeta = complex(northing, easting_m - _FALSE_EASTING) / _RADIUS
    zeta -= _clenshaw(_BETA, zeta)
    xi, eta = zeta.real, zeta.imag
    chi = asin(sin(xi) / cosh(eta))
    latitude = degrees(chi + _clenshaw(_DELTA, complex(chi)).real)
    south, north = zone.south_deg, zone.north_deg
    if south is not None and north is not None and not south - _BAND_SLACK_DEG <= latitude <= north + _BAND_SLACK_DEG:
        return None
    longitude = 6 * zone.number - 183 + degrees(atan2(sinh(eta), cos(xi)))
    return Position(
        latitude, longitude + 360 if longitude <= -180 else longitude - 360 if longitude > 180 else longitude
    )


def _clenshaw(terms: tuple[float, ...], angle: complex) -> complex:
    """The sum of `terms[j]` sin 2(j + 1) `angle`."""
    double = 2 * angle
    twice = 2 * cmath.cos(double)
    after, now = 0j, 0j
    for term in reversed(terms):
        after, now = now, term + twice * now - after
    return now * cmath.sin(double)
