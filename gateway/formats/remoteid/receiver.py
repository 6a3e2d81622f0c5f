"""A receiver's JSON, in the shapes that are in use, to reports: an object, a list, or objects on lines of their own.

    nested    {"Basic ID": {...}, "Location/Vector Message": {...}, ...}, or a list of such messages of one drone
    flat      {"UAType": 2, "BasicID": "...", "Latitude": ..., "data": {"MAC address": ...}}
    envelope  {"protocol": 1.0, "data": {..., "UASdata": "base64"}}
    MAVLink   {"mavpackettype": "OPEN_DRONE_ID_LOCATION", ...}

Unknown members are listed as losses and stay in the raw record alone, since nobody can tell whether they are personal.
"""

from __future__ import annotations

import json

from gateway.errors import FormatError
from gateway.formats.remoteid import codes
from gateway.formats.remoteid.flat import flat_report, is_flat
from gateway.formats.remoteid.lenient import Json
from gateway.formats.remoteid.mavlink import mavlink_report
from gateway.formats.remoteid.nested import MESSAGES, nested_report
from gateway.formats.remoteid.report import Report
from gateway.limits import Limits

_WHITE = b" \t\r\n\x1e"
_BRACKETS = (b"{", b"[")


def is_text(octets: bytes) -> bool:
    """Whether a frame is JSON and not a broadcast: no message begins as JSON does, but one may begin with a blank."""
    return octets[:1] in _BRACKETS or (len(octets) % 25 != 0 and octets.lstrip(_WHITE)[:1] in _BRACKETS)


def reports(octets: bytes, limits: Limits, problems: list[FormatError]) -> list[Report]:
    """The reports in a frame; each one that is refused goes to `problems` and takes none of the others with it.

    `FormatError` when the frame is no JSON (``RID-008``) or holds too much.
    """
    texts = [octets.strip(_WHITE)]
    try:
        values = [_parse(texts[0])]
    except FormatError:
        texts = [line for part in octets.split(b"\n") if (line := part.strip(_WHITE))]
        if len(texts) < 2 or not all(line[:1] in _BRACKETS for line in texts):
            raise  # one text on many lines
        if len(texts) > limits.max_records_per_frame:
            raise FormatError(codes.TOO_MANY, cause=f"{len(texts)} lines") from None
        values = []
        for number, line in enumerate(texts, 1):
            try:
                values.append(_parse(line))
            except FormatError as error:
                problems.append(FormatError(error.code, place=f"line {number}, {error.place}", cause=error.cause))
    found: list[tuple[list[dict[str, Json]], bytes]] = []
    for at, value in enumerate(values):
        if isinstance(value, list):
            objects = [one for one in value if isinstance(one, dict)]
            if len(objects) < len(value):
                problems.append(FormatError(codes.SHAPE, place=f"record {at}", cause="a list with more than objects"))
            if _is_one_drone(objects):
                found.append((objects, texts[0] if len(texts) == 1 else b""))
            else:
                found.extend(([one], b"") for one in objects)
        elif isinstance(value, dict):
            found.append(([value], texts[0] if len(texts) == 1 else b""))
        else:
            problems.append(FormatError(codes.SHAPE, place=f"record {at}", cause="neither an object nor a list"))
    if len(found) > limits.max_records_per_frame:
        raise FormatError(codes.TOO_MANY, cause=f"{len(found)}, at most {limits.max_records_per_frame}")
    read: list[Report] = []
    for number, (parts, text) in enumerate(found):
        try:
            report = _report(parts, text)
        except FormatError as error:
            place = f"record {number}" + (f", {error.place}" if error.place else "")
            problems.append(FormatError(error.code, place=place, cause=error.cause))
            continue
        if report is not None:
            read.append(report)
    return read


def _report(parts: list[dict[str, Json]], text: bytes) -> Report | None:
    """The report of one object, or of a list of one drone's messages; nothing for a receiver's own state."""
    first = parts[0]
    if "mavpackettype" in first:
        return mavlink_report(first, text)
    if len(parts) > 1 or any(name in first for name in MESSAGES):
        return nested_report(parts, text)
    if is_flat(first):
        return flat_report(first, text)
    raise FormatError(codes.SHAPE, cause=f"members {', '.join(sorted(first))[:80]!a}")


def _is_one_drone(objects: list[dict[str, Json]]) -> bool:
    """Whether the objects of a list are messages of one drone, and not reports of their own."""
    return (
        len(objects) > 1
        and all(sum(name in one for name in MESSAGES) <= 1 for one in objects)
        and (any(name in one for one in objects for name in MESSAGES))
    )


def _parse(octets: bytes) -> Json:
    """The value of one JSON text. NaN, which JSON has not and receivers write, is nothing."""
    try:
        value: Json = json.loads(octets.decode("utf-8"), parse_constant=lambda _: None)
    except UnicodeDecodeError as error:
        raise FormatError(codes.NOT_JSON, place=f"octet {error.start}", cause="not UTF-8") from None
    except json.JSONDecodeError as error:
        raise FormatError(codes.NOT_JSON, place=f"line {error.lineno} column {error.colno}", cause=error.msg) from None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits; brackets without end
        raise FormatError(codes.NOT_JSON, place="text", cause=str(error)[:100]) from None
    return value
