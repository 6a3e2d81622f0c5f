"""MAVLink's ``OPEN_DRONE_ID_*`` messages (12900 to 12905, 12915) as JSON with the names of the message definitions.

One object is one message. Units are MAVLink's: degrees in 1e-7, centidegrees, centimetres per second. Which of several
drones it is of stands in ``id_or_mac``, where that is an address.
"""

from __future__ import annotations

from functools import partial

from gateway.errors import FormatError
from gateway.formats.remoteid import codes, lenient, wire
from gateway.formats.remoteid.carriers import Carried, unwrap
from gateway.formats.remoteid.lenient import Json
from gateway.formats.remoteid.members import Members
from gateway.formats.remoteid.messages import (
    Authentication,
    BasicId,
    Location,
    Message,
    OperatorId,
    SelfId,
    System,
)
from gateway.formats.remoteid.report import Heard, Report
from gateway.formats.remoteid.values import altitude, course, latitude, longitude, speed, vertical, without_null_island
from gateway.track import Loss

PREFIX = "OPEN_DRONE_ID_"
_ARM_STATUS, _PACK = "ARM_STATUS", "MESSAGE_PACK"
_code = partial(lenient.code, words=())
_METRES = 2550


def mavlink_report(value: dict[str, Json], text: bytes) -> Report | None:
    """The report of one message; nothing for the arming status, which is of the transmitter's own vehicle."""
    kind = str(value.get("mavpackettype"))
    if not kind.startswith(PREFIX):
        raise FormatError(codes.SHAPE, place="mavpackettype", cause=f"expected {PREFIX}..., got {kind[:40]!a}")
    kind = kind.removeprefix(PREFIX)
    if kind == _ARM_STATUS:
        return None
    losses: list[Loss] = []
    members = Members(value, "", losses)
    members.skip("mavpackettype", "target_system", "target_component")
    address = members.take(("id_or_mac",), _address) or ""
    heard: list[Heard] = []
    if kind == _PACK:
        heard = _packed(members)
    elif (read := _READERS.get(kind)) is not None:
        heard = [Heard(message=read(members))]
    else:
        raise FormatError(codes.SHAPE, place="mavpackettype", cause=f"{kind[:40]!a} is not known")
    members.note_unread()
    return Report(
        heard=tuple(heard),
        address=address,
        is_whole=kind == _PACK,
        losses=tuple(losses),
        text=text,
    )


def _octets(value: Json) -> bytes:
    """Octets as a list of numbers, signed or not, or as a text."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if not isinstance(value, list) or len(value) > 249:
        raise ValueError
    found = bytearray()
    for one in value:
        if isinstance(one, bool) or not isinstance(one, int):
            raise ValueError
        found.append(one & 0xFF if -128 <= one <= 255 else -1)  # bytearray refuses -1
    return bytes(found)


def _address(value: Json) -> str:
    octets = _octets(value).rstrip(b"\0")
    return octets.hex(":") if len(octets) == 6 else ""


def _packed(members: Members) -> list[Heard]:
    octets = members.take(("messages",), _octets) or b""
    count = members.take(("msg_pack_size",), partial(lenient.integer, most=wire.PACK_MAX)) or 0
    members.skip("single_message_size")
    carried: Carried = unwrap(bytes((0xF2, wire.SIZE, count)) + octets[: count * wire.SIZE])
    found: list[Heard] = []
    for message in carried.messages:
        losses: list[Loss] = []
        decoded = wire.decode(message, losses)
        found.append(Heard(message=decoded, octets=message, losses=tuple(losses)))
    return found


def _scaled(value: Json, divisor: float) -> float | None:
    found = lenient.number(value, {})
    return None if found is None else found / divisor


def _basic(members: Members) -> Message:
    return BasicId(
        id_type=members.take(("id_type",), _code) or 0,
        ua_type=members.take(("ua_type",), _code) or 0,
        uas_id=(members.take(("uas_id",), _octets) or b"")[:20].rstrip(b"\0"),
    )


def _location(members: Members) -> Message:
    take = members.take
    lat, lon = without_null_island(
        take(("latitude",), lambda one: latitude(_scaled(one, 1e7))),
        take(("longitude",), lambda one: longitude(_scaled(one, 1e7))),
    )
    return Location(
        status=take(("status",), _code) or 0,
        direction_deg=take(("direction",), lambda one: course(_scaled(one, 100.0))),
        speed_mps=take(("speed_horizontal",), lambda one: speed(_scaled(one, 100.0))),
        vertical_mps=take(("speed_vertical",), lambda one: vertical(_scaled(one, 100.0))),
        latitude_deg=lat,
        longitude_deg=lon,
        altitude_baro_m=take(("altitude_barometric",), altitude),
        altitude_geo_m=take(("altitude_geodetic",), altitude),
        over_ground=take(("height_reference",), _code) == 1,
        height_m=take(("height",), altitude),
        horizontal_accuracy=take(("horizontal_accuracy",), _code) or 0,
        vertical_accuracy=take(("vertical_accuracy",), _code) or 0,
        baro_accuracy=take(("barometer_accuracy",), _code) or 0,
        speed_accuracy=take(("speed_accuracy",), _code) or 0,
        since_hour_s=take(("timestamp",), lenient.since_hour_s),
        time_accuracy=take(("timestamp_accuracy",), _code) or 0,
    )


def _self_id(members: Members) -> Message:
    return SelfId(
        kind=members.take(("description_type",), partial(lenient.integer, most=255)) or 0,
        text=(members.take(("description",), _octets) or b"")[:23].partition(b"\0")[0],
    )


def _system(members: Members) -> Message:
    take = members.take
    lat, lon = without_null_island(
        take(("operator_latitude",), lambda one: latitude(_scaled(one, 1e7))),
        take(("operator_longitude",), lambda one: longitude(_scaled(one, 1e7))),
    )
    return System(
        basis=min(take(("operator_location_type",), _code) or 0, 3),
        classification=min(take(("classification_type",), _code) or 0, 7),
        latitude_deg=lat,
        longitude_deg=lon,
        area_count=take(("area_count",), partial(lenient.integer, most=0xFFFF)) or 0,
        area_radius_m=take(("area_radius",), partial(lenient.integer, most=_METRES)) or 0,
        area_ceiling_m=take(("area_ceiling",), altitude),
        area_floor_m=take(("area_floor",), altitude),
        category=take(("category_eu",), _code) or 0,
        eu_class=take(("class_eu",), _code) or 0,
        altitude_m=take(("operator_altitude_geo",), altitude),
        timestamp_s=take(("timestamp",), partial(lenient.integer, most=0xFFFFFFFF)) or 0,
    )


def _operator(members: Members) -> Message:
    return OperatorId(
        kind=members.take(("operator_id_type",), partial(lenient.integer, most=255)) or 0,
        operator_id=(members.take(("operator_id",), _octets) or b"")[:20].partition(b"\0")[0],
    )


def _authentication(members: Members) -> Message:
    members.skip("last_page_index", "length", "timestamp", "authentication_data")  # the message as a whole is a loss
    return Authentication(
        auth_type=members.take(("authentication_type",), _code) or 0, page=members.take(("data_page",), _code) or 0
    )


_READERS = {
    "AUTHENTICATION": _authentication,
    "BASIC_ID": _basic,
    "LOCATION": _location,
    "SELF_ID": _self_id,
    "SYSTEM": _system,
    "OPERATOR_ID": _operator,
}
