"""Messages as one line of JSON in the nested shape, with the members that DroneID and DragonSync read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from gateway.clock import utc_text
from gateway.formats.remoteid.messages import (
    EPOCH,
    HORIZONTAL_BOUNDS_M,
    OPERATOR_BASES,
    SPEED_BOUNDS_MPS,
    VERTICAL_BOUNDS_M,
    Authentication,
    BasicId,
    Location,
    Message,
    OperatorId,
    SelfId,
    System,
    bound_of,
)
from gateway.formats.remoteid.nested import BASIC, LOCATION, OPERATOR, SELF, SYSTEM
from gateway.formats.remoteid.texts import identifier

_ID_TYPES = (
    "None",
    "Serial Number (ANSI/CTA-2063-A)",
    "CAA Assigned Registration ID",
    "UTM Assigned UUID",
    "Specific Session ID",
)
_STATUSES = ("Undeclared", "Ground", "Airborne", "Emergency", "Remote ID System Failure")
_Members = dict[str, object]


def json_line(messages: Sequence[Message]) -> bytes:
    """One object and a line feed. What is not known is left out, so that no reader takes it for a number."""
    found: dict[str, object] = {}
    ids: list[_Members] = []
    for message in messages:
        match message:
            case BasicId():
                ids.append(_basic_id(message))
                found[BASIC] = ids if len(ids) > 1 else ids[0]
            case Location():
                found[LOCATION] = _location(message)
            case SelfId():
                found[SELF] = {"text": message.text.decode("utf-8", "replace"), "text_type": message.kind}
            case System():
                found[SYSTEM] = _system(message)
            case OperatorId():
                found[OPERATOR] = {"operator_id": message.operator_id.decode("utf-8", "replace")}
            case Authentication():
                continue
    return msgspec.json.encode(found) + b"\n"


def _basic_id(message: BasicId) -> _Members:
    name = identifier(message)
    kind = _ID_TYPES[message.id_type] if message.id_type < len(_ID_TYPES) else "None"
    return {"id_type": kind, "ua_type": message.ua_type, "id": name.value if name is not None else ""}


def _location(message: Location) -> _Members:
    values: _Members = {
        "op_status": _STATUSES[message.status] if message.status < len(_STATUSES) else _STATUSES[0],
        "latitude": message.latitude_deg,
        "longitude": message.longitude_deg,
        "direction": message.direction_deg,
        "speed": message.speed_mps,
        "vert_speed": message.vertical_mps,
        "pressure_altitude": message.altitude_baro_m,
        "geodetic_altitude": message.altitude_geo_m,
        "height_agl": message.height_m,
        "height_type": None if message.height_m is None else "Above Ground" if message.over_ground else "Above Takeoff",
        "horizontal_accuracy": _below(bound_of(HORIZONTAL_BOUNDS_M, message.horizontal_accuracy), "m"),
        "vertical_accuracy": _below(bound_of(VERTICAL_BOUNDS_M, message.vertical_accuracy), "m"),
        "baro_accuracy": _below(bound_of(VERTICAL_BOUNDS_M, message.baro_accuracy), "m"),
        "speed_accuracy": _below(bound_of(SPEED_BOUNDS_MPS, message.speed_accuracy), "m/s"),
        "timestamp": message.since_hour_s,
        "timestamp_accuracy": f"{message.time_accuracy / 10:.1f} s" if message.time_accuracy else None,
    }
    return {name: value for name, value in values.items() if value is not None}


def _below(bound: float | None, unit: str) -> str | None:
    return None if bound is None else f"<{bound:.10g} {unit}"


def _system(message: System) -> _Members:
    placed = message.latitude_deg is not None or message.altitude_m is not None
    at = EPOCH + timedelta(seconds=message.timestamp_s) if message.timestamp_s else None
    values: _Members = {
        "operator_lat": message.latitude_deg,
        "operator_lon": message.longitude_deg,
        "operator_altitude_geo": message.altitude_m,
        "operator_location_type": OPERATOR_BASES[message.basis] if placed and message.basis < 3 else None,
        "classification_type": message.classification,
        "ua_category": message.category,
        "ua_class": message.eu_class,
        "area_count": message.area_count,
        "area_radius": message.area_radius_m,
        "area_ceiling": message.area_ceiling_m,
        "area_floor": message.area_floor_m,
        "timestamp": None if at is None else utc_text(at),
        "timestamp_raw": message.timestamp_s or None,
    }
    return {name: value for name, value in values.items() if value is not None}
