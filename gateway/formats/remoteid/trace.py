"""Where each field stood, what it said and what it became: for `translate --trace`."""

from __future__ import annotations

import json
import re

from msgspec import Struct

from gateway.dialect import FieldTrace
from gateway.errors import FormatError
from gateway.formats.remoteid import wire
from gateway.formats.remoteid.carriers import unwrap
from gateway.formats.remoteid.receiver import is_text, reports
from gateway.formats.remoteid.texts import plain
from gateway.limits import Limits
from gateway.stages import Frame


class _Field(Struct, frozen=True):
    at: int
    size: int
    item: str
    attribute: str = ""
    unit: str = ""
    canonical: str = ""


_FIELDS: dict[int, tuple[str, tuple[_Field, ...]]] = {
    0: (
        "BasicID",
        (
            _Field(1, 1, "IDType", "id_type"),
            _Field(1, 1, "UAType", "ua_type", "", "platform"),
            _Field(2, 20, "UASID", "uas_id", "", "identifiers"),
        ),
    ),
    1: (
        "Location",
        (
            _Field(1, 1, "Status", "status", "", "status"),
            _Field(1, 2, "Direction", "direction_deg", "deg", "state.course_deg"),
            _Field(3, 1, "SpeedHorizontal", "speed_mps", "m/s", "state.ground_speed_mps"),
            _Field(4, 1, "SpeedVertical", "vertical_mps", "m/s", "state.vertical_rate_mps"),
            _Field(5, 4, "Latitude", "latitude_deg", "deg", "state.position.latitude_deg"),
            _Field(9, 4, "Longitude", "longitude_deg", "deg", "state.position.longitude_deg"),
            _Field(13, 2, "AltitudeBaro", "altitude_baro_m", "m", "state.altitude_baro_m"),
            _Field(15, 2, "AltitudeGeo", "altitude_geo_m", "m", "state.altitude_hae_m"),
            _Field(17, 2, "Height", "height_m", "m", "state.height_takeoff_m"),
            _Field(19, 1, "HorizAccuracy", "horizontal_accuracy", "", "state.accuracy.horizontal_95_m"),
            _Field(19, 1, "VertAccuracy", "vertical_accuracy", "", "state.accuracy.vertical_95_m"),
            _Field(20, 1, "SpeedAccuracy", "speed_accuracy", "", "state.accuracy.speed_95_mps"),
            _Field(20, 1, "BaroAccuracy", "baro_accuracy"),
            _Field(21, 2, "TimeStamp", "since_hour_s", "s", "state.time"),
            _Field(23, 1, "TSAccuracy", "time_accuracy"),
        ),
    ),
    2: ("Authentication", (_Field(1, 1, "AuthType", "auth_type"), _Field(2, 23, "AuthData", "data"))),
    3: ("SelfID", (_Field(1, 1, "DescType", "kind"), _Field(2, 23, "Desc", "text", "", "remarks"))),
    4: (
        "System",
        (
            _Field(1, 1, "OperatorLocationType", "basis", "", "operator.basis"),
            _Field(1, 1, "ClassificationType", "classification"),
            _Field(2, 4, "OperatorLatitude", "latitude_deg", "deg", "operator.position.latitude_deg"),
            _Field(6, 4, "OperatorLongitude", "longitude_deg", "deg", "operator.position.longitude_deg"),
            _Field(10, 2, "AreaCount", "area_count"),
            _Field(12, 1, "AreaRadius", "area_radius_m", "m"),
            _Field(13, 2, "AreaCeiling", "area_ceiling_m", "m"),
            _Field(15, 2, "AreaFloor", "area_floor_m", "m"),
            _Field(17, 1, "CategoryEU", "category", "", "classifications"),
            _Field(17, 1, "ClassEU", "eu_class", "", "classifications"),
            _Field(18, 2, "OperatorAltitudeGeo", "altitude_m", "m", "operator.altitude_hae_m"),
            _Field(20, 4, "Timestamp", "timestamp_s", "s", "operator.time"),
        ),
    ),
    5: (
        "OperatorID",
        (_Field(1, 1, "OperatorIdType", "kind"), _Field(2, 20, "OperatorId", "operator_id", "", "operator.identifier")),
    ),
}
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{},:]|[^\s\[\]{},:"]++', re.DOTALL)
_LEAVES = {
    "id": "identifiers",
    "BasicID": "identifiers",
    "UASID": "identifiers",
    "MAC": "identifiers",
    "MAC address": "identifiers",
    "ua_type": "platform",
    "UAType": "platform",
    "Latitude": "state.position.latitude_deg",
    "Longitude": "state.position.longitude_deg",
    "latitude": "state.position.latitude_deg",
    "longitude": "state.position.longitude_deg",
    "geodetic_altitude": "state.altitude_hae_m",
    "AltitudeGeo": "state.altitude_hae_m",
    "pressure_altitude": "state.altitude_baro_m",
    "AltitudeBaro": "state.altitude_baro_m",
    "speed": "state.ground_speed_mps",
    "SpeedHorizontal": "state.ground_speed_mps",
    "vert_speed": "state.vertical_rate_mps",
    "SpeedVertical": "state.vertical_rate_mps",
    "direction": "state.course_deg",
    "Direction": "state.course_deg",
    "text": "remarks",
    "Desc": "remarks",
    "operator_lat": "operator.position.latitude_deg",
    "operator_lon": "operator.position.longitude_deg",
    "OperatorLatitude": "operator.position.latitude_deg",
    "OperatorLongitude": "operator.position.longitude_deg",
    "operator_id": "operator.identifier",
    "OperatorID": "operator.identifier",
}
_OPERATOR_PARTS = {"latitude": "operator.position.latitude_deg", "longitude": "operator.position.longitude_deg"}


def trace(frame: Frame) -> list[FieldTrace]:
    """Every field of the frame with its octet offset; `FormatError` if the frame, or a message in it, is refused."""
    if is_text(frame.octets):
        problems: list[FormatError] = []
        reports(frame.octets, Limits(), problems)
        if problems:
            raise problems[0]
        text = frame.octets.decode("utf-8")
        return [_leaf(path, raw, len(text[:at].encode())) for path, raw, at in _scalars(text)]
    found: list[FieldTrace] = []
    at = 0
    for octets in unwrap(frame.octets).messages:
        at = frame.octets.index(octets, at)
        found.extend(_message(octets, at))
        at += wire.SIZE
    return found


def _message(octets: bytes, start: int) -> list[FieldTrace]:
    message = wire.decode(octets, [])
    name, fields = _FIELDS[octets[0] >> 4]
    found: list[FieldTrace] = []
    for one in fields:
        value: object = getattr(message, one.attribute)
        if isinstance(value, bytes):
            shown = value.hex() if one.attribute == "data" else plain(value)[0]
        else:
            shown = "unknown" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)
        canonical = one.canonical
        if one.item == "Height" and octets[1] & 4:
            canonical = "state.height_agl_m"
        raw = octets[one.at : one.at + one.size].hex()
        found.append(
            FieldTrace(
                offset=start + one.at,
                raw=raw,
                item=f"{name}.{one.item}",
                value=shown,
                unit=one.unit if value is not None else "",
                canonical=canonical if value is not None else "",
            )
        )
    return found


def _scalars(text: str) -> list[tuple[list[str], str, int]]:
    """(path, raw text, character offset) of each scalar of well-formed JSON texts."""
    found: list[tuple[list[str], str, int]] = []
    path: list[str] = []
    inside: list[str] = []
    is_key = False
    for match in _TOKEN.finditer(text):
        word = match.group()
        if word in "{[":
            inside.append(word)
            path.append("0" if word == "[" else "")
            is_key = word == "{"
        elif word in "}]":
            inside.pop()
            path.pop()
        elif word == ",":
            is_key = inside[-1:] == ["{"]
            if inside and not is_key:
                path[-1] = str(int(path[-1]) + 1)
        elif word == ":":
            is_key = False
        elif is_key:
            path[-1] = str(json.loads(word))
        else:
            found.append((list(path), word, match.start()))
    return found


def _leaf(path: list[str], raw: str, offset: int) -> FieldTrace:
    item = ".".join(path)
    name = path[-1] if path else ""
    canonical = _OPERATOR_PARTS.get(name) if "System Message" in path else None
    try:
        value = json.loads(raw)
    except ValueError:
        value = raw
    shown = value if isinstance(value, str) else json.dumps(value)
    return FieldTrace(offset=offset, raw=raw, item=item, value=shown, canonical=canonical or _LEAVES.get(name, ""))
