"""Where each value of a SAPIENT message stood, what it said and what it became: for `translate --trace`."""

from __future__ import annotations

import json
import re
import struct
from datetime import UTC, datetime, timedelta

from gateway.errors import FormatError
from gateway.formats.sapient import codes
from gateway.formats.sapient.json import json_name, read_json
from gateway.formats.sapient.messages import parse
from gateway.formats.sapient.schema import TIMESTAMP
from gateway.formats.sapient.v2 import schema
from gateway.formats.sapient.wire import Place, Wire, varint, walk
from gateway.limits import Limits
from gateway.stages import FieldTrace, Frame

_BOM = b"\xef\xbb\xbf"
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{},:]|[^\s\[\]{},:"]++', re.DOTALL)
_INDEX = re.compile(r"\[[0-9]+\]")
_SHOWN = 64  # octets of one value
_SHOWN_TEXT = 200  # characters

_CANONICAL = {
    "timestamp": "state.time",
    "node_id": "sources[0].source_id",
    "detection_report.object_id": "identifiers[0]",
    "detection_report.id": "identifiers",
    "detection_report.state": "status",
    "detection_report.location.x": "state.position.longitude_deg",
    "detection_report.location.y": "state.position.latitude_deg",
    "detection_report.location.z": "state.altitude",
    "detection_report.location.x_error": "state.accuracy",
    "detection_report.location.y_error": "state.accuracy",
    "detection_report.location.z_error": "state.accuracy",
    "detection_report.range_bearing.range": "state.polar.range_m",
    "detection_report.range_bearing.azimuth": "state.polar.azimuth_deg",
    "detection_report.range_bearing.elevation": "state.polar.elevation_deg",
    "detection_report.range_bearing.range_error": "state.polar.range_95_m",
    "detection_report.range_bearing.azimuth_error": "state.polar.azimuth_95_deg",
    "detection_report.range_bearing.elevation_error": "state.polar.elevation_95_deg",
    "detection_report.enu_velocity.east_rate": "state.velocity",
    "detection_report.enu_velocity.north_rate": "state.velocity",
    "detection_report.enu_velocity.up_rate": "state.vertical_rate_mps",
    "detection_report.detection_confidence": "detection_confidence_pct",
    "detection_report.classification.type": "classification",
    "detection_report.classification.confidence": "classification",
    "detection_report.classification.sub_class.type": "classification",
    "status_report.node_location.x": "state.polar.sensor",
    "status_report.node_location.y": "state.polar.sensor",
    "status_report.node_location.z": "state.polar.sensor_altitude_hae_m",
}
"""Canonical names by path without indexes, a sub-class at any level. Some need what the node registered before they
become a number: a velocity, an error, UTM coordinates."""


def trace(frame: Frame) -> list[FieldTrace]:
    """Every scalar of the frame with its octet offset, binary or JSON; `FormatError` if it is no SAPIENT message.

    `canonical` is empty for what travels as an extension or in the raw record only.
    """
    octets = frame.octets
    if octets.removeprefix(_BOM).lstrip()[:1] == b"{":
        return _json_trace(octets)
    parse(octets)
    return [_field(place, octets) for place in walk(schema(), octets) if _is_scalar(place)]


def _is_scalar(place: Place) -> bool:
    return place.fact is None or (place.fact.type not in schema().messages and place.fact.type != TIMESTAMP)


def _field(place: Place, octets: bytes) -> FieldTrace:
    raw = octets[place.start : place.stop]
    shown = raw[:_SHOWN].hex() + ("..." if len(raw) > _SHOWN else "")
    return FieldTrace(
        offset=place.offset,
        raw=shown,
        item=place.path,
        value=_value(place, octets)[:_SHOWN_TEXT],
        canonical=_canonical(place.path),
    )


def _value(place: Place, octets: bytes) -> str:
    """What the octets of a scalar say."""
    raw = octets[place.start : place.stop]
    kind = place.fact.type if place.fact is not None else ""
    if place.wire is Wire.LENGTH:
        return raw[: 4 * _SHOWN_TEXT].decode("utf-8", "replace") if kind == "string" else raw[:_SHOWN].hex()
    if place.wire is Wire.FIXED64:
        number: float = struct.unpack("<d", raw)[0]
        return repr(number)
    if place.wire is Wire.FIXED32:
        number = struct.unpack("<f", raw)[0]
        return f"{number:.9g}"
    value = varint(octets, place.start, place.stop)[0]
    if kind == "bool":
        return "true" if value else "false"
    enum = schema().enums.get(kind)
    if enum is not None:
        return next((name for number, name in enum.values if number == value), str(value))
    signed = value - 2**64 if value >= 2**63 else value
    return _date(signed) if place.path.endswith(".seconds") else str(signed)


def _date(seconds: int) -> str:
    try:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).isoformat()
    except OverflowError:
        return str(seconds)


def _canonical(path: str) -> str:
    name = _INDEX.sub("", path)
    while ".sub_class.sub_class" in name:
        name = name.replace(".sub_class.sub_class", ".sub_class")
    return _CANONICAL.get(name.removesuffix(".seconds").removesuffix(".nanos"), "")


def _json_trace(octets: bytes) -> list[FieldTrace]:
    read_json(octets, Limits())
    text = octets.decode("utf-8-sig")
    start = len(octets) - len(text.encode())
    found: list[FieldTrace] = []
    at, counted = start, 0
    for path, raw, character in _scalars(text):
        at += len(text[counted:character].encode())
        counted = character
        try:
            value = json.loads(raw)
        except ValueError:  # cannot be in a text that was read
            raise FormatError(codes.NOT_JSON, place=f"octet {at}", cause=raw[:40]) from None
        shown = value if isinstance(value, str) else json.dumps(value)
        item = "".join([f"[{name}]" if name.isdigit() else f".{name}" for name in path]).lstrip(".")
        canonical = _canonical(".".join([_PLAIN.get(name, name) for name in path if not name.isdigit()]))
        found.append(
            FieldTrace(offset=at, raw=raw[:_SHOWN_TEXT], item=item, value=shown[:_SHOWN_TEXT], canonical=canonical)
        )
    return found


_PLAIN = {json_name(part): part for path in _CANONICAL for part in path.split(".")}
"""Field names by their JSON names, of those that have a canonical one."""


def _scalars(text: str) -> list[tuple[list[str], str, int]]:
    """(path, raw text, character offset) of each scalar of a well-formed JSON text."""
    found: list[tuple[list[str], str, int]] = []
    path: list[str] = []
    inside: list[str] = []
    key = False
    for match in _TOKEN.finditer(text):
        word = match.group()
        if word in "{[":
            inside.append(word)
            path.append("0" if word == "[" else "")
            key = word == "{"
        elif word in "}]":
            inside.pop()
            path.pop()
        elif word == ",":
            key = inside[-1] == "{"
            if not key:
                path[-1] = str(int(path[-1]) + 1)
        elif word == ":":
            key = False
        elif key:
            path[-1] = str(json.loads(word))
        else:
            found.append((list(path), word, match.start()))
    return found
