"""The 25 octets of each message and the pack of them, both ways, bit by bit (ASTM F3411-22a, tables 5 to 13).

Reserved bits are written as zero and not looked at. What is outside its range is absent and listed as a loss; a
position outside its range is refused, for there the octets are something else than what they say.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

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
from gateway.track import Loss

SIZE = 25
PACK_MAX = 9
PACK_HEAD = 3
PACK = 0xF
LOCATION = "Location"
VERSION = 2
"""What we write: F3411-22a and EN 4709-002."""
_VERSIONS = (0, 1, 2)

_LOCATION = struct.Struct("<BBBBbiiHHHBBHBx")
_SYSTEM = struct.Struct("<BBiiHBHHBHIx")
_AUTH_ZERO = struct.Struct("<BBBBI17s")
_ID = struct.Struct("<BB20sxxx")
_SELF = struct.Struct("<BB23s")

_DEGREE = 10_000_000  # latitude and longitude in 1e-7 degrees
_UNKNOWN_TIME = 0xFFFF
_HOUR = 36_000  # tenths of a second
_UNKNOWN_VERTICAL = 126  # 63 m/s in half metres per second
_MOST_VERTICAL = 124
_WEST, _FAST, _OVER_GROUND = 2, 1, 4
_UNKNOWN_DIRECTION = 181  # with the west bit: 361 degrees

_DIRECTION_RANGE = Loss("Location.Direction", "OUT_OF_RANGE")
_VERTICAL_RANGE = Loss("Location.SpeedVertical", "OUT_OF_RANGE")
_TIME_RANGE = Loss("Location.TimeStamp", "OUT_OF_RANGE")

# ------------------------------------------------------------------------------------------------------------ decoding


def decode(octets: bytes, losses: list[Loss]) -> Message:
    """The message of 25 octets; adds to `losses` what it says outside of its range.

    `FormatError` for another length (``RID-002``), version (``RID-003``) or type (``RID-004``), and for a position that
    is not on Earth (``RID-005``).
    """
    if len(octets) != SIZE:
        raise FormatError(codes.LENGTH, cause=f"expected {SIZE} octets, got {len(octets)}")
    if octets[0] & 0xF not in _VERSIONS:
        raise FormatError(codes.VERSION, place="octet 0", cause=f"expected 0 to 2, got {octets[0] & 0xF}")
    reader = _READERS.get(octets[0] >> 4)
    if reader is None:
        raise FormatError(codes.TYPE, place="octet 0", cause=f"expected 0 to 5, got {octets[0] >> 4}")
    return reader(octets, losses)


def split_pack(octets: bytes) -> list[bytes]:
    """The messages of a pack, undecoded; `FormatError` when its head does not agree with its length."""
    if len(octets) < PACK_HEAD or octets[0] >> 4 != PACK:
        raise FormatError(codes.NOT_REMOTE_ID, place="octet 0", cause="not a pack")
    if octets[0] & 0xF not in _VERSIONS:
        raise FormatError(codes.VERSION, place="octet 0", cause=f"expected 0 to 2, got {octets[0] & 0xF}")
    size, count = octets[1], octets[2]
    if size != SIZE:
        raise FormatError(codes.LENGTH, place="octet 1", cause=f"expected messages of {SIZE} octets, got {size}")
    if not 1 <= count <= PACK_MAX:
        raise FormatError(codes.LENGTH, place="octet 2", cause=f"expected 1 to {PACK_MAX} messages, got {count}")
    if len(octets) != PACK_HEAD + count * SIZE:
        cause = f"expected {PACK_HEAD + count * SIZE} octets for {count} messages, got {len(octets)}"
        raise FormatError(codes.LENGTH, place="octet 2", cause=cause)
    return [octets[at : at + SIZE] for at in range(PACK_HEAD, len(octets), SIZE)]


def direction_deg(octet: int, flags: int) -> float | None:
    """Degrees from the octet and the east/west bit; 361 is unknown. `ValueError` for what the segment cannot hold."""
    if flags & _WEST:
        if octet == _UNKNOWN_DIRECTION:
            return None
        if octet <= 180:
            return octet + 180.0
    elif octet < 180:
        return float(octet)
    raise ValueError


def speed_mps(octet: int, flags: int) -> float | None:
    """Metres per second from the octet and the multiplier bit; 255 m/s is unknown."""
    if not flags & _FAST:
        return octet * 0.25
    return None if octet == 255 else octet * 0.75 + 63.75


def altitude_m(half_metres: int) -> float | None:
    """Metres above whatever the field is above; -1000 is unknown."""
    return half_metres * 0.5 - 1000.0 if half_metres else None


def _location(octets: bytes, losses: list[Loss]) -> Location:
    (_, flags, direction, speed, vertical, lat, lon, baro, geo, height, accuracy, more, tenths, quality) = (
        _LOCATION.unpack(octets)
    )
    _check_position(lat, lon, LOCATION)
    known = lat != 0 or lon != 0
    try:
        course = direction_deg(direction, flags)
    except ValueError:
        course = None
        losses.append(_DIRECTION_RANGE)
    climb = None
    if -_MOST_VERTICAL <= vertical <= _MOST_VERTICAL:
        climb = vertical * 0.5
    elif vertical != _UNKNOWN_VERTICAL:
        losses.append(_VERTICAL_RANGE)
    since = None
    if tenths <= _HOUR:
        since = tenths / 10
    elif tenths != _UNKNOWN_TIME:
        losses.append(_TIME_RANGE)
    return Location(
        status=flags >> 4,
        direction_deg=course,
        speed_mps=speed_mps(speed, flags),
        vertical_mps=climb,
        latitude_deg=lat / _DEGREE if known else None,
        longitude_deg=lon / _DEGREE if known else None,
        altitude_baro_m=altitude_m(baro),
        altitude_geo_m=altitude_m(geo),
        over_ground=bool(flags & _OVER_GROUND),
        height_m=altitude_m(height),
        horizontal_accuracy=accuracy & 0xF,
        vertical_accuracy=accuracy >> 4,
        baro_accuracy=more >> 4,
        speed_accuracy=more & 0xF,
        since_hour_s=since,
        time_accuracy=quality & 0xF,
    )


def _system(octets: bytes, losses: list[Loss]) -> System:
    _, flags, lat, lon, count, radius, ceiling, floor, kind, altitude, timestamp = _SYSTEM.unpack(octets)
    _check_position(lat, lon, "System.Operator")
    known = lat != 0 or lon != 0
    return System(
        basis=flags & 3,
        classification=flags >> 2 & 7,
        latitude_deg=lat / _DEGREE if known else None,
        longitude_deg=lon / _DEGREE if known else None,
        area_count=count,
        area_radius_m=radius * 10,
        area_ceiling_m=altitude_m(ceiling),
        area_floor_m=altitude_m(floor),
        category=kind >> 4,
        eu_class=kind & 0xF,
        altitude_m=altitude_m(altitude),
        timestamp_s=timestamp,
    )


def _basic_id(octets: bytes, losses: list[Loss]) -> BasicId:
    _, kind, uas_id = _ID.unpack(octets)
    return BasicId(id_type=kind >> 4, ua_type=kind & 0xF, uas_id=uas_id.rstrip(b"\0"))


def _authentication(octets: bytes, losses: list[Loss]) -> Authentication:
    kind, page = octets[1] >> 4, octets[1] & 0xF
    if page:
        return Authentication(auth_type=kind, page=page, data=octets[2:])
    _, _, last, length, timestamp, data = _AUTH_ZERO.unpack(octets)
    return Authentication(auth_type=kind, last_page=last, length=length, timestamp_s=timestamp, data=data)


def _self_id(octets: bytes, losses: list[Loss]) -> SelfId:
    _, kind, text = _SELF.unpack(octets)
    return SelfId(kind=kind, text=text.partition(b"\0")[0])


def _operator_id(octets: bytes, losses: list[Loss]) -> OperatorId:
    _, kind, text = _ID.unpack(octets)
    return OperatorId(kind=kind, operator_id=text.partition(b"\0")[0])


def _check_position(latitude: int, longitude: int, field: str) -> None:
    if not (-90 * _DEGREE <= latitude <= 90 * _DEGREE and -180 * _DEGREE <= longitude <= 180 * _DEGREE):
        # never the figures of the operator: one of the two may be right
        figures = f"latitude {latitude / _DEGREE:.7f}, longitude {longitude / _DEGREE:.7f}"
        raise FormatError(codes.RANGE, place=field, cause=figures if field == LOCATION else "the operator's")


_READERS: dict[int, Callable[[bytes, list[Loss]], Message]] = {
    0: _basic_id,
    1: _location,
    2: _authentication,
    3: _self_id,
    4: _system,
    5: _operator_id,
}

# ------------------------------------------------------------------------------------------------------------ encoding


def encode(message: Message) -> bytes:
    """The 25 octets of a message. Numbers go to the nearest step; those beyond the field's end go to that end."""
    match message:
        case BasicId():
            return _ID.pack(VERSION, (message.id_type & 0xF) << 4 | message.ua_type & 0xF, message.uas_id)
        case Location():
            return _write_location(message)
        case Authentication():
            head = bytes((0x20 | VERSION, (message.auth_type & 0xF) << 4 | message.page & 0xF))
            if message.page:
                return head + message.data[:23].ljust(23, b"\0")
            page = (message.last_page, message.length, message.timestamp_s, message.data)
            return _AUTH_ZERO.pack(*head, *page)
        case SelfId():
            return _SELF.pack(0x30 | VERSION, message.kind, message.text)
        case System():
            return _write_system(message)
        case OperatorId():
            return _ID.pack(0x50 | VERSION, message.kind, message.operator_id)


def pack(messages: Sequence[bytes]) -> bytes:
    """Up to nine messages of 25 octets as one pack."""
    if not 1 <= len(messages) <= PACK_MAX:
        raise ValueError("a pack holds one to nine messages")
    return bytes((PACK << 4 | VERSION, SIZE, len(messages))) + b"".join(messages)


def _write_location(message: Location) -> bytes:
    flags = message.status << 4 | (_OVER_GROUND if message.over_ground else 0)
    direction = _UNKNOWN_DIRECTION + 180
    if message.direction_deg is not None:
        # 360 has an octet of its own and is kept; what rounds up to it is north
        direction = 360 if message.direction_deg == 360.0 else round(message.direction_deg) % 360
    if direction >= 180:
        flags |= _WEST
        direction -= 180
    speed, fast = speed_octet(message.speed_mps)
    vertical = _UNKNOWN_VERTICAL
    if message.vertical_mps is not None:
        vertical = max(-_MOST_VERTICAL, min(_MOST_VERTICAL, round(message.vertical_mps * 2)))
    tenths = _UNKNOWN_TIME if message.since_hour_s is None else round(message.since_hour_s * 10)
    return _LOCATION.pack(
        0x10 | VERSION,
        flags | fast,
        direction,
        speed,
        vertical,
        _degrees(message.latitude_deg),
        _degrees(message.longitude_deg),
        half_metres(message.altitude_baro_m),
        half_metres(message.altitude_geo_m),
        half_metres(message.height_m),
        message.vertical_accuracy << 4 | message.horizontal_accuracy,
        message.baro_accuracy << 4 | message.speed_accuracy,
        tenths,
        message.time_accuracy,
    )


def _write_system(message: System) -> bytes:
    return _SYSTEM.pack(
        0x40 | VERSION,
        message.classification << 2 | message.basis,
        _degrees(message.latitude_deg),
        _degrees(message.longitude_deg),
        min(message.area_count, 0xFFFF),
        min(message.area_radius_m // 10, 0xFF),
        half_metres(message.area_ceiling_m),
        half_metres(message.area_floor_m),
        message.category << 4 | message.eu_class,
        half_metres(message.altitude_m),
        message.timestamp_s,
    )


def speed_octet(speed: float | None) -> tuple[int, int]:
    """(octet, multiplier bit): quarters up to 63.75 m/s, then three quarters up to 254.25 m/s, which is "or more"."""
    if speed is None:
        return 255, _FAST
    quarters = round(speed * 4)
    if quarters <= 255:
        return max(quarters, 0), 0
    steps = round((speed - 63.75) / 0.75)
    return (min(steps, 254), _FAST) if steps else (255, 0)


def half_metres(altitude: float | None) -> int:
    """The field of an altitude; what is below -999.5 m or above 31767.5 m goes to that end, for 0 means unknown."""
    return 0 if altitude is None else min(max(round((altitude + 1000.0) * 2), 1), 0xFFFF)


def _degrees(value: float | None) -> int:
    return 0 if value is None else round(value * _DEGREE)
