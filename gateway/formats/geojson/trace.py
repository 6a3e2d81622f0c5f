"""Where each value of a Feature stood, what it said and what it became: for `translate --trace`."""

from __future__ import annotations

import json
import re

from gateway.dialect import FieldTrace
from gateway.errors import FormatError
from gateway.formats.geojson.decoder import GeoJsonDecoder
from gateway.formats.geojson.members import STATE, TRACK
from gateway.stages import Frame

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{},:]|[^\s\[\]{},:"]++', re.DOTALL)
_UNITS = {"deg": "deg", "m": "m", "mps": "m/s", "degps": "deg/s", "mps2": "m/s2", "pct": "%"}
_COORDINATES = (
    ("state.position.longitude_deg", "deg"),
    ("state.position.latitude_deg", "deg"),
    ("state.altitude_hae_m", "m"),
)


def trace(frame: Frame) -> list[FieldTrace]:
    """Every scalar of the frame with its octet offset; `FormatError` if a feature is refused.

    `canonical` is empty for what travels in the extension only.
    """
    decoded = GeoJsonDecoder(keep_raw=False).decode(frame)
    if decoded.problems:
        first = decoded.problems[0]
        raise FormatError(first.code, place=first.place, cause=first.cause)
    text = frame.octets.decode("utf-8")
    return [_field(path, raw, len(text[:at].encode())) for path, raw, at in _scalars(text)]


def _scalars(text: str) -> list[tuple[list[str], str, int]]:
    """(path, raw text, character offset) of each scalar of well-formed JSON texts."""
    found: list[tuple[list[str], str, int]] = []
    path: list[str] = []
    inside: list[str] = []  # the brackets open at this point
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
            key = inside[-1:] == ["{"]
            if inside and not key:
                path[-1] = str(int(path[-1]) + 1)
        elif word == ":":
            key = False
        elif key:
            path[-1] = str(json.loads(word))
        else:
            found.append((list(path), word, match.start()))
    return found


def _field(path: list[str], raw: str, offset: int) -> FieldTrace:
    item = "".join([f"[{name}]" if name.isdigit() else f".{name}" for name in path]).lstrip(".")
    canonical, unit = _meaning(path)
    try:
        value = json.loads(raw)
    except ValueError:  # RFC 8142's record separator
        value = raw
    shown = value if isinstance(value, str) else json.dumps(value)
    return FieldTrace(offset=offset, raw=raw, item=item, value=shown, unit=unit, canonical=canonical)


def _meaning(path: list[str]) -> tuple[str, str]:
    """(canonical name, unit) of the scalar at a path."""
    if path[:1] == ["features"]:
        path = path[2:]
    if path[:2] == ["geometry", "coordinates"] and len(path) == 3 and int(path[2]) < len(_COORDINATES):
        return _COORDINATES[int(path[2])]
    if path == ["id"]:
        return "identifiers[0]", ""
    if path[:1] != ["properties"] or len(path) < 2 or path[1] not in TRACK | STATE:
        return "", ""
    name = ".".join(path[1:])
    last = next((one for one in reversed(path) if not one.isdigit()), "")
    return (f"state.{name}" if path[1] in STATE else name), _UNITS.get(last.rpartition("_")[2], "")
