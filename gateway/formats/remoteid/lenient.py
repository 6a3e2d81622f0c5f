"""Values as receivers write them: numbers as text, with units or not, unknown in many ways. Nothing is guessed.

Every function gives nothing for what is not known, and raises `ValueError` for what it cannot read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from gateway.formats.remoteid.messages import code_of

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

UNKNOWN = frozenset({"", "-", "unknown", "undefined", "none", "null", "nan", "n/a", "na", "invalid", "no value"})
_QUANTITY = re.compile(r"([-+]?[0-9]{1,10}(?:\.[0-9]{1,20})?(?:[eE][-+]?[0-9]{1,2})?)\s*([A-Za-z°/]*)")
_CLOCK = re.compile(r"([0-9]{1,2})(?:\s*min\s*|:)([0-9]{1,2}(?:\.[0-9]{1,6})?)(?:\s*s)?")
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?) ?(?:UTC|Z)")
_ADDRESS = re.compile(r"(?:[0-9A-Fa-f]{2}([:-]?))(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}")
_MOST_SECONDS = 3600.0
METRES = {"m": 1.0, "km": 1000.0, "nm": 1852.0}
SPEED = {"m/s": 1.0, "mps": 1.0}
DEGREES = {"deg": 1.0, "°": 1.0, "degrees": 1.0}


def is_unknown(value: Json) -> bool:
    """Whether the value is one of the ways to say nothing."""
    if isinstance(value, str):
        return value.strip().lower() in UNKNOWN
    return value is None or (isinstance(value, float) and value - value != 0.0)


def number(value: Json, units: Mapping[str, float]) -> float | None:
    """The number in the unit whose factor is 1; a text may name one of `units`."""
    if is_unknown(value):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError
    if not isinstance(value, str):
        if abs(value) > 1e15:
            raise ValueError
        return float(value)
    found = _QUANTITY.fullmatch(value.strip())
    if found is None or (found[2] and found[2].lower() not in units):
        raise ValueError
    return float(found[1]) * (units[found[2].lower()] if found[2] else 1.0)


def integer(value: Json, most: int) -> int | None:
    """A whole number from 0 to `most`."""
    found = number(value, {})
    if found is None:
        return None
    if found != int(found) or not 0 <= found <= most:
        raise ValueError
    return int(found)


def code(value: Json, words: Sequence[tuple[str, int]]) -> int | None:
    """A code from 0 to 15, or that of the first word which the text holds."""
    if isinstance(value, str):
        text = value.strip().lower()
        for word, meaning in words:
            if word in text:
                return meaning
    return integer(value, 15)


def accuracy(value: Json, table: tuple[float | None, ...], units: Mapping[str, float]) -> int:
    """An accuracy code: as it is, or the one of a bound such as ``< 10 m``; 0 for unknown."""
    if isinstance(value, str):
        text = value.strip().lstrip("<≤ ")
        if text[-1:].isalpha() and not is_unknown(text):
            bound = number(text, units)
            if bound is None or bound < 0:
                raise ValueError
            return code_of(table, bound)
    return integer(value, 15) or 0


def since_hour_s(value: Json) -> float | None:
    """Seconds since the full hour: of a number, ``6 min 0.5 s``, ``06:00.50``, [6, 0, 50] or a whole date with UTC."""
    if isinstance(value, list) and len(value) == 3:
        minutes, seconds, hundredths = (integer(one, 99) for one in value)
        if minutes is None or seconds is None or hundredths is None:
            return None
        found: float | None = minutes * 60 + seconds + hundredths / 100
    elif isinstance(value, str) and (clock := _CLOCK.fullmatch(value.strip())):
        found = int(clock[1]) * 60 + float(clock[2])
    elif isinstance(value, str) and _INSTANT.fullmatch(value.strip()):
        instant = utc(value)
        assert instant is not None
        found = instant.minute * 60 + instant.second + instant.microsecond / 1e6
    else:
        found = number(value, {"s": 1.0})
        if found == 65535.0 or found == 6553.5:  # 0xFFFF, with and without its scale
            return None
    if found is not None and not 0 <= found <= _MOST_SECONDS:
        raise ValueError
    return found


def utc(value: Json) -> datetime | None:
    """An instant that says itself that it is UTC."""
    if is_unknown(value):
        return None
    found = _INSTANT.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError
    return datetime.fromisoformat(f"{found[1]}T{found[2]}").replace(tzinfo=UTC)


def text(value: Json, most: int) -> str | None:
    """A text of at most `most` characters; nothing where it only says that it says nothing."""
    if is_unknown(value):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError
    found = str(value).strip()
    if len(found) > most:
        raise ValueError
    return found


def address(value: Json) -> str:
    """A link-layer address as ``60:60:1f:1e:30:1e``; empty where there is none. Words after it are its kind."""
    if is_unknown(value):
        return ""
    first = value.split()[0] if isinstance(value, str) and value.split() else ""
    if _ADDRESS.fullmatch(first) is None:
        raise ValueError
    digits = re.sub("[^0-9A-Fa-f]", "", first).lower()
    return ":".join([digits[at : at + 2] for at in range(0, 12, 2)])
