"""``UASdata``: the open C library's whole record of one drone as it lies in memory (little-endian, 64 bit), in base64.

Receivers that run the library hand it on like that. Floats are the library's decoded values, with its special numbers
for what is not known; a part counts when its valid flag at the end is set.
"""

from __future__ import annotations

import math
import struct

from gateway.errors import FormatError
from gateway.formats.remoteid import codes
from gateway.formats.remoteid.messages import (
    Authentication,
    BasicId,
    Location,
    Message,
    OperatorId,
    SelfId,
    System,
)
from gateway.formats.remoteid.values import without_null_island

_BASIC = struct.Struct("<ii21s3x")
_LOCATION = struct.Struct("<ifffddffifiiiiif")
_SELF = struct.Struct("<i24s")
_SYSTEM = struct.Struct("<iiddHHffiifI")
_OPERATOR = struct.Struct("<i21s3x")
_LOCATION_AT, _SELF_AT, _SYSTEM_AT, _OPERATOR_AT, _FLAGS_AT = 64, 776, 808, 864, 892
_PAGES_AT, _PAGE_SIZE, _PAGES = 136, 40, 16
_FLAGS = struct.Struct("<2BB16BBBB")
_SIZES = (914, 915, 916, 917, 918, 919, 920)  # with or without the padding at the end
_UNKNOWN_ALTITUDE = -1000.0


def read_image(octets: bytes) -> list[Message]:
    """The messages in an image; `FormatError` (``RID-013``, ``RID-005``) for another size or values out of range."""
    if len(octets) not in _SIZES:
        cause = f"expected {_SIZES[0]} to {_SIZES[-1]} octets, got {len(octets)}"
        raise FormatError(codes.MEMORY_IMAGE, place="data/UASdata", cause=cause)
    flags = _FLAGS.unpack_from(octets, _FLAGS_AT)
    if any(flag > 1 for flag in flags):
        raise FormatError(codes.MEMORY_IMAGE, place="data/UASdata", cause="valid flags are neither 0 nor 1")
    found: list[Message] = []
    for number in range(2):
        if flags[number]:
            ua_type, id_type, name = _BASIC.unpack_from(octets, number * _BASIC.size)
            _check(0 <= ua_type <= 15 and 0 <= id_type <= 15, "BasicID")
            found.append(BasicId(id_type=id_type, ua_type=ua_type, uas_id=name[:20].rstrip(b"\0")))
    if flags[2]:
        found.append(_location(octets))
    for page in range(_PAGES):
        if flags[3 + page]:  # only that it is there: what it signs is the broadcast, which this is not
            kind = octets[_PAGES_AT + page * _PAGE_SIZE + 4]
            found.append(Authentication(auth_type=kind & 0xF, page=page))
    if flags[19]:
        kind, text = _SELF.unpack_from(octets, _SELF_AT)
        _check(0 <= kind <= 255, "SelfID")
        found.append(SelfId(kind=kind, text=text[:23].partition(b"\0")[0]))
    if flags[20]:
        found.append(_system(octets))
    if flags[21]:
        kind, name = _OPERATOR.unpack_from(octets, _OPERATOR_AT)
        _check(0 <= kind <= 255, "OperatorID")
        found.append(OperatorId(kind=kind, operator_id=name[:20].partition(b"\0")[0]))
    return found


def _location(octets: bytes) -> Location:
    (status, direction, speed, vertical, lat, lon, baro, geo, over, height, *accuracies, since) = _LOCATION.unpack_from(
        octets, _LOCATION_AT
    )
    _check(0 <= status <= 15 and over in (0, 1) and all(0 <= one <= 15 for one in accuracies), "Location")
    lat, lon = _point(lat, lon, "Location")
    return Location(
        status=status,
        direction_deg=_value(direction, 361.0, 0.0, 360.0),
        speed_mps=_value(speed, 255.0, 0.0, 254.25),
        vertical_mps=_value(vertical, 63.0, -62.0, 62.0),
        latitude_deg=lat,
        longitude_deg=lon,
        altitude_baro_m=_altitude(baro),
        altitude_geo_m=_altitude(geo),
        over_ground=bool(over),
        height_m=_altitude(height),
        horizontal_accuracy=accuracies[0],
        vertical_accuracy=accuracies[1],
        baro_accuracy=accuracies[2],
        speed_accuracy=accuracies[3],
        time_accuracy=accuracies[4],
        since_hour_s=None if (found := _value(since, 65535.0, 0.0, 3600.0)) is None else round(found, 1),
    )


def _system(octets: bytes) -> System:
    basis, kind, lat, lon, count, radius, ceiling, floor, category, eu_class, altitude, seconds = _SYSTEM.unpack_from(
        octets, _SYSTEM_AT
    )
    _check(0 <= basis <= 3 and 0 <= kind <= 7 and 0 <= category <= 15 and 0 <= eu_class <= 15, "System")
    lat, lon = _point(lat, lon, "System.Operator")
    return System(
        basis=basis,
        classification=kind,
        latitude_deg=lat,
        longitude_deg=lon,
        area_count=count,
        area_radius_m=radius,
        area_ceiling_m=_altitude(ceiling),
        area_floor_m=_altitude(floor),
        category=category,
        eu_class=eu_class,
        altitude_m=_altitude(altitude),
        timestamp_s=seconds,
    )


def _point(latitude: float, longitude: float, field: str) -> tuple[float | None, float | None]:
    if not (-90.0 <= latitude <= 90.0 and -180.0 <= longitude <= 180.0):  # NaN is neither
        figures = f"latitude {latitude:.7g}, longitude {longitude:.7g}"
        raise FormatError(codes.RANGE, place=field, cause=figures if field == "Location" else "the operator's")
    return without_null_island(latitude, longitude)


def _altitude(value: float) -> float | None:
    return _value(value, _UNKNOWN_ALTITUDE, _UNKNOWN_ALTITUDE, 31767.5)


def _value(value: float, unknown: float, least: float, most: float) -> float | None:
    return value if value != unknown and math.isfinite(value) and least <= value <= most else None


def _check(holds: bool, part: str) -> None:
    if not holds:
        raise FormatError(codes.MEMORY_IMAGE, place=f"data/UASdata {part}", cause="a code out of its range")
