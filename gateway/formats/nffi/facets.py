"""What the schema of NFFI 1.3 admits in each element, and texts made to fit with what that loses.

One table decides both what is written and what of another system's leftovers may stand in its own place.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gateway.formats.nffi.values import number_of
from gateway.track import Loss

_WORD = "A-Za-z0-9.,:*-"
_ILLEGAL = re.compile(f"[^{_WORD}]")

UNIT_SHORT_NAME = 15
TRANSPONDER_ID = 60
SYSTEM = 30
REMARKS = 60
MOST_REMARKS = 4

Facet = Callable[[str], bool]


def _pattern(text: str) -> Facet:
    compiled = re.compile(text)
    return lambda value: compiled.fullmatch(value) is not None


def _number(low: float, high: float, *, open_above: bool = False, open_below: bool = False) -> Facet:
    def holds(text: str) -> bool:
        try:
            value = number_of(text)
        except ValueError:
            return False
        if value is None or value < low or value > high:
            return False
        return not (open_above and value == high) and not (open_below and value == low)

    return holds


def _words(*values: str) -> Facet:
    known = frozenset(values)
    return lambda value: value in known


_ANGLE = _number(0, 360, open_above=True)
FACETS: dict[str, Facet] = {
    "country": _pattern("[A-Z]{3}"),
    "system": _pattern(f"[{_WORD}]{{0,{SYSTEM}}}"),
    "subsystem": _pattern(f"[{_WORD}]{{0,{SYSTEM}}}"),
    "transponderId": _pattern(f"[{_WORD}]{{1,{TRANSPONDER_ID}}}"),
    "dateTime": _pattern("[0-9]{14}"),
    "latitude": _number(-90, 90),
    "longitude": _number(-180, 180, open_below=True),
    "altitude": _number(-1e9, 1e9),
    "bearing": _ANGLE,
    "speed": _number(0, 1e9),
    "inclination": _ANGLE,
    "reliability": _words(
        "COMPLETELY RELIABLE",
        "USUALLY RELIABLE",
        "FAIRLY RELIABLE",
        "NOT USUALLY RELIABLE",
        "UNRELIABLE",
        "RELIABILITY CANNOT BE JUDGED",
    ),
    "credibility": _words(
        "CONFIRMED BY OTHER SOURCES",
        "PROBABLY TRUE",
        "POSSIBLY TRUE",
        "DOUBTFULLY TRUE",
        "IMPROBABLE",
        "TRUTH CANNOT BE JUDGED",
    ),
    "unitSymbol": _pattern("[A-Z0-9-]{15}"),
    "unitShortName": _pattern(f"[{_WORD}]{{1,{UNIT_SHORT_NAME}}}"),
    "footprint": _number(0, 1e9),
    "strength": _pattern("0*(?:[0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"),
    "statusCode": _words(
        "OPERATIONAL",
        "SUBSTANTIALLY OPERATIONAL",
        "MARGINALLY OPERATIONAL",
        "TEMPORARILY NOT OPERATIONAL",
        "NOT OPERATIONAL",
        "NOT KNOWN",
    ),
    "additionalId": _pattern(f"[{_WORD}]{{0,30}}"),
    "phoneNumber": _pattern("[0-9+]{0,30}"),
    "serialNumber": _pattern("[A-Za-z0-9]{0,30}"),
    "terminalType": _pattern("[A-Za-z0-9]{0,30}"),
    "terminalId": _pattern("[A-Za-z0-9]{0,30}"),
    "specialUserDefined": _pattern(f"[{_WORD}]{{0,60}}"),
    "alert": _words("true", "false", "1", "0"),
    "remarks": _pattern(f"[{_WORD}]{{0,{REMARKS}}}"),
}
ACCURACIES: dict[str, Facet] = {
    "latitude": _number(0, 1e9),
    "longitude": _number(0, 1e9),
    "altitude": _number(0, 1e9),
    "bearing": _ANGLE,
    "speed": _number(0, 10_000, open_above=True),
    "inclination": _ANGLE,
}
MARKINGS: dict[str, Facet] = {
    "secPolicyName": lambda value: len(value) <= 256,
    "secClassification": lambda value: 1 <= len(value) <= 30,
    "secCategory": lambda value: len(value) <= 256,
}


def word(text: str, most: int, field: str, lost: list[Loss]) -> str:
    """`text` as the schema's words are written: other characters become hyphens, the rest is cut; each is a loss."""
    fitting = _ILLEGAL.sub("-", text)
    if fitting != text:
        lost.append(Loss(field, "NO_CODE"))
    if len(fitting) > most:
        lost.append(Loss(field, "TRUNCATED"))
    return fitting[:most]
