"""Where each field of a message stood, what it said and what it became: for `translate --trace`.

What a velocity or an error becomes depends on the node's Registration, which need not be in the same frame: the value
shown is the one that was sent, and the canonical name says where it goes.
"""

from __future__ import annotations

import struct

from gateway.dialect import FieldTrace
from gateway.errors import FormatError
from gateway.formats.sapient.intake import Piece, invalid, pieces_of
from gateway.formats.sapient.json import read_json
from gateway.formats.sapient.kept import float32_text
from gateway.formats.sapient.messages import parse, serialise
from gateway.formats.sapient.schema import Schema
from gateway.formats.sapient.table_v1 import VERSION as V1
from gateway.formats.sapient.v1 import parse_v1, upgrade, validate_v1, version_of
from gateway.formats.sapient.v1 import schema as v1_schema
from gateway.formats.sapient.v2 import schema as v2_schema
from gateway.formats.sapient.validate import validate
from gateway.formats.sapient.wire import Place, Wire, varint, walk
from gateway.limits import Limits
from gateway.stages import Frame

_SHOWN = 64  # octets or characters of one value
_REPORT = "detection_report"
_FIELDS: dict[str, tuple[str, str]] = {
    "timestamp.seconds": ("state.time", "s"),
    "timestamp.nanos": ("state.time", "ns"),
    "node_id": ("identifiers.sapient_object", ""),
    f"{_REPORT}.report_id": ("provenance.input_message_id", ""),
    f"{_REPORT}.object_id": ("identifiers.sapient_object", ""),
    f"{_REPORT}.state": ("status.ended", ""),
    f"{_REPORT}.id": ("name", ""),
    f"{_REPORT}.detection_confidence": ("detection_confidence_pct", ""),
    f"{_REPORT}.location.x": ("state.position.longitude_deg", ""),
    f"{_REPORT}.location.y": ("state.position.latitude_deg", ""),
    f"{_REPORT}.location.z": ("state.altitude_hae_m", "m"),
    f"{_REPORT}.location.x_error": ("state.accuracy.horizontal_95_m", ""),
    f"{_REPORT}.location.y_error": ("state.accuracy.horizontal_95_m", ""),
    f"{_REPORT}.location.z_error": ("state.accuracy.vertical_95_m", "m"),
    f"{_REPORT}.range_bearing.range": ("state.polar.range_m", ""),
    f"{_REPORT}.range_bearing.azimuth": ("state.polar.azimuth_deg", ""),
    f"{_REPORT}.range_bearing.elevation": ("state.polar.elevation_deg", ""),
    f"{_REPORT}.range_bearing.range_error": ("state.polar.range_95_m", ""),
    f"{_REPORT}.range_bearing.azimuth_error": ("state.polar.azimuth_95_deg", ""),
    f"{_REPORT}.range_bearing.elevation_error": ("state.polar.elevation_95_deg", ""),
    f"{_REPORT}.range_bearing.datum": ("state.polar.north", ""),
    f"{_REPORT}.enu_velocity.east_rate": ("state.course_deg, state.ground_speed_mps", ""),
    f"{_REPORT}.enu_velocity.north_rate": ("state.course_deg, state.ground_speed_mps", ""),
    f"{_REPORT}.enu_velocity.up_rate": ("state.vertical_rate_mps", ""),
    "status_report.node_location.x": ("state.polar.sensor_position.longitude_deg", ""),
    "status_report.node_location.y": ("state.polar.sensor_position.latitude_deg", ""),
    "status_report.node_location.z": ("state.polar.sensor_altitude_hae_m", "m"),
    "alert.alert_id": ("identifiers.sapient_alert", ""),
    "alert.alert_type": ("classifications", ""),
    "alert.description": ("remarks", ""),
    "alert.confidence": ("detection_confidence_pct", ""),
    "alert.location.x": ("state.position.longitude_deg", ""),
    "alert.location.y": ("state.position.latitude_deg", ""),
}


def trace(frame: Frame) -> list[FieldTrace]:
    """Every scalar of the frame's messages, in order; `FormatError` if one is refused.

    Offsets count in the frame, for JSON from the beginning of the message in protobuf. `canonical` is empty for what
    travels in the extension only.
    """
    limits = Limits()
    fields: list[FieldTrace] = []
    for piece in pieces_of(frame.octets, limits):
        octets, schema, geoid = _checked(piece, limits)
        start = 0 if piece.json else piece.offset
        messages = schema.messages
        for place in walk(schema, octets):
            if place.fact is None or place.fact.type in messages or place.fact.type == "Timestamp":
                continue
            fields.append(_field(place, octets, start, schema, geoid=geoid))
    return fields


def _checked(piece: Piece, limits: Limits) -> tuple[bytes, Schema, bool]:
    """The octets of a valid message, the facts of its version, and whether its height is above the geoid."""
    if piece.json:
        message = read_json(piece.octets, limits)
        octets = serialise(message)
    else:
        octets = piece.octets
        message = parse(octets)
    if version_of(message) == V1:
        old = parse_v1(octets)
        faults = validate_v1(old, octets=octets)
        message, schema = upgrade(old)[0], v1_schema()
    else:
        faults, schema = validate(message, octets=octets), v2_schema()
    if faults:
        error = invalid(message, faults)
        raise FormatError(error.code, place=f"octet {piece.offset}, {error.place}", cause=error.cause)
    return octets, schema, message.detection_report.location.datum == 2


def _field(place: Place, octets: bytes, start: int, schema: Schema, *, geoid: bool) -> FieldTrace:
    raw = octets[place.start : place.stop]
    canonical, unit = _FIELDS.get(place.path, ("", ""))
    if geoid and place.path == f"{_REPORT}.location.z":
        canonical = "state.altitude_msl_m"
    if place.path.startswith(f"{_REPORT}.classification[") and place.path.endswith((".type", ".confidence")):
        canonical = "classifications"
    return FieldTrace(
        offset=start + place.offset,
        raw=raw[:_SHOWN].hex(),
        item=place.path,
        value=_value(place, raw, octets, schema)[:_SHOWN],
        unit=unit,
        canonical=canonical,
    )


def _value(place: Place, raw: bytes, octets: bytes, schema: Schema) -> str:
    fact = place.fact
    assert fact is not None
    if place.wire is Wire.FIXED64 and fact.type == "double":
        return repr(struct.unpack("<d", raw)[0])
    if place.wire is Wire.FIXED32 and fact.type == "float":
        return float32_text(struct.unpack("<f", raw)[0])
    if place.wire is Wire.VARINT:
        number = varint(octets, place.start, place.stop)[0]
        enum = schema.enums.get(fact.type)
        if enum is not None:
            return next((name for value, name in enum.values if value == number), str(number))
        if fact.type == "bool":
            return str(bool(number)).lower()
        return str(number - (1 << 64) if number >> 63 else number)
    if fact.type == "string":
        return raw.decode("utf-8", "replace")
    return raw[:_SHOWN].hex()
