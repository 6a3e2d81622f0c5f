"""The flat shape: the names of the open C library's fields in one object, and the receiver's own under ``data``.

What the receivers that write it hand on as a memory image (``UASdata``) is read by `image`.
"""

from __future__ import annotations

import base64
import binascii
from functools import partial

from gateway.errors import FormatError
from gateway.formats.remoteid import codes, lenient
from gateway.formats.remoteid.image import read_image
from gateway.formats.remoteid.lenient import METRES, SPEED, Json
from gateway.formats.remoteid.members import Members
from gateway.formats.remoteid.messages import (
    EPOCH,
    HORIZONTAL_BOUNDS_M,
    SPEED_BOUNDS_MPS,
    VERTICAL_BOUNDS_M,
    Location,
    Message,
    OperatorId,
    SelfId,
    System,
)
from gateway.formats.remoteid.report import Heard, Report
from gateway.formats.remoteid.values import (
    altitude,
    basic_id,
    course,
    latitude,
    longitude,
    over_ground,
    speed,
    vertical,
    without_null_island,
)
from gateway.track import Loss

_NAMES = frozenset({"Latitude", "BasicID", "BasicID_0", "UASID", "UASID_0", "OperatorLatitude", "Desc", "OperatorID"})
_STATE = frozenset({"status", "firmware version", "model"})
_code = partial(lenient.code, words=())


def is_flat(value: dict[str, Json]) -> bool:
    """Whether an object has this shape, or wraps it."""
    return any(name in value for name in _NAMES) or isinstance(value.get("data"), dict)


def flat_report(value: dict[str, Json], text: bytes) -> Report | None:
    """The report of one object; nothing for a receiver that tells of itself."""
    losses: list[Loss] = []
    outer = Members(value, "", losses)
    inner = outer.inner("data") or {}
    members = Members(inner, "data/", losses)
    address = members.take(("MAC address", "MAC"), lenient.address) or ""
    address = outer.take(("MAC", "mac"), lenient.address) or address
    facts = _facts(members)
    heard: list[Heard] = []
    if isinstance(image := inner.get("UASdata"), str) and not any(name in value for name in _NAMES):
        members.skip("UASdata")
        heard = [Heard(message=message) for message in read_image(_decoded(image))]
    else:
        members.skip("UASdata")
        heard = [Heard(message=message) for message in _messages(outer)]
    outer.skip("protocol", "topic")
    members.skip("timestamp", "extra")
    outer.note_unread()
    members.note_unread()
    if not heard:
        if _STATE & inner.keys():
            return None
        raise FormatError(codes.SHAPE, cause="no message that could be read")
    return Report(
        heard=tuple(heard),
        address=address,
        is_whole=True,
        facts=facts,
        losses=tuple(losses),
        text=text,
    )


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise FormatError(codes.MEMORY_IMAGE, place="data/UASdata", cause="not base64") from None


def _facts(members: Members) -> dict[str, str]:
    facts: dict[str, str] = {}
    for name, fact in (("RSSI", "rssi-dbm"), ("channel", "channel")):
        value = members.take((name,), partial(lenient.number, units={"dbm": 1.0}))
        if value is not None:
            facts[fact] = f"{value:.10g}"
    for names, fact in ((("sensor ID", "sensor_id"), "receiver"), (("type",), "transport")):
        text = members.take(names, partial(lenient.text, most=100))
        if text is not None and text.isprintable():
            facts[fact] = text
    return facts


def _messages(members: Members) -> list[Message]:
    found: list[Message] = []
    for suffix in ("", "_0", "_1"):
        uas_id = members.take((f"BasicID{suffix}", f"UASID{suffix}"), partial(lenient.text, most=100))
        if uas_id is not None:
            id_type, ua_type = members.take((f"IDType{suffix}",), _code), members.take((f"UAType{suffix}",), _code)
            message, kept = basic_id(id_type, ua_type, uas_id)
            if message is not None:
                found.append(message)
            if not kept:
                members.lose(f"BasicID{suffix}", "OUT_OF_RANGE")
    location = _location(members)
    if location is not None:
        found.append(location)
    desc = members.take(("Desc",), partial(lenient.text, most=200))
    if desc is not None:
        found.append(SelfId(kind=members.take(("DescType",), _code) or 0, text=desc.encode("utf-8", "replace")))
    system = _system(members)
    if system is not None:
        found.append(system)
    owner = members.take(("OperatorID", "OperatorId"), partial(lenient.text, most=100))
    if owner is not None:
        found.append(OperatorId(operator_id=owner.encode("utf-8", "replace")))
    members.skip("IDType", "UAType", "DescType", "OperatorIdType")
    return found


def _location(members: Members) -> Location | None:
    take = members.take
    status = take(("Status",), _code)
    lat, lon = without_null_island(take(("Latitude",), latitude), take(("Longitude",), longitude))
    height, above = take(("Height",), altitude), take(("HeightType",), over_ground)
    if height is not None and above is None:
        members.lose("Height", "NO_DATUM")
        height = None
    message = Location(
        status=status or 0,
        direction_deg=take(("Direction",), course),
        speed_mps=take(("SpeedHorizontal",), speed),
        vertical_mps=take(("SpeedVertical",), vertical),
        latitude_deg=lat,
        longitude_deg=lon,
        altitude_baro_m=take(("AltitudeBaro",), altitude),
        altitude_geo_m=take(("AltitudeGeo",), altitude),
        over_ground=bool(above),
        height_m=height,
        horizontal_accuracy=take(("HorizAccuracy",), lambda one: lenient.accuracy(one, HORIZONTAL_BOUNDS_M, METRES))
        or 0,
        vertical_accuracy=take(("VertAccuracy",), lambda one: lenient.accuracy(one, VERTICAL_BOUNDS_M, METRES)) or 0,
        baro_accuracy=take(("BaroAccuracy",), lambda one: lenient.accuracy(one, VERTICAL_BOUNDS_M, METRES)) or 0,
        speed_accuracy=take(("SpeedAccuracy",), lambda one: lenient.accuracy(one, SPEED_BOUNDS_MPS, SPEED)) or 0,
        since_hour_s=take(("TimeStamp", "TimestampLocation"), lenient.since_hour_s),
        time_accuracy=take(("TSAccuracy",), _code) or 0,
    )
    said = (message.latitude_deg, message.altitude_geo_m, message.altitude_baro_m, message.height_m, message.speed_mps)
    return message if status is not None or any(one is not None for one in said) else None


def _system(members: Members) -> System | None:
    take = members.take
    lat, lon = without_null_island(take(("OperatorLatitude",), latitude), take(("OperatorLongitude",), longitude))
    basis = take(("OperatorLocationType",), _code)
    seconds = take(("TimestampRaw",), partial(lenient.integer, most=0xFFFFFFFF))
    at = take(("Timestamp",), lambda one: lenient.utc(one[0] if isinstance(one, list) and one else one))
    if seconds is None and at is not None:
        seconds = max(0, round((at - EPOCH).total_seconds()))
    classification = take(("ClassificationType",), _code)
    count = take(("AreaCount",), partial(lenient.integer, most=0xFFFF))
    radius = take(("AreaRadius",), partial(lenient.integer, most=2550))
    message = System(
        basis=3 if basis is None else min(basis, 3),
        classification=classification or 0,
        latitude_deg=lat,
        longitude_deg=lon,
        area_count=1 if count is None else count,
        area_radius_m=radius or 0,
        area_ceiling_m=take(("AreaCeiling",), altitude),
        area_floor_m=take(("AreaFloor",), altitude),
        category=take(("CategoryEU",), _code) or 0,
        eu_class=take(("ClassEU",), _code) or 0,
        altitude_m=take(("OperatorAltitudeGeo",), altitude),
        timestamp_s=seconds or 0,
    )
    said = (lat, message.altitude_m, basis, classification, count)
    return message if any(one is not None for one in said) else None
