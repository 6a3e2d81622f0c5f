"""Values as the schema writes them: text, codes, times and quantities, each checked while it is written.

A value that the schema would refuse is refused here, so that nothing invalid is ever rendered. The bounds and digits
are those of ``track-message-1.0.xsd``; a test compares them with the file.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache

from gateway.errors import FormatError
from gateway.formats.alliance.codes import BAD_CODE, BAD_TEXT, EMPTY, NAIVE_TIME, NOT_FINITE, TOO_LONG

SHORT_TEXT = 1_024
LONG_TEXT = 16_384

RULE_ID = r"[a-z0-9][a-z0-9._\-]{0,127}"
OPEN_CODE = r"[A-Z][A-Z0-9_]{0,39}|x-[a-z0-9]{1,20}:[A-Za-z0-9_.\-]{1,60}"
SCHEME_CODE = r"[a-z][a-z0-9_]{0,39}|x-[a-z0-9]{1,20}:[A-Za-z0-9_.\-]{1,60}"
NODE_NAME = r"[A-Za-z0-9][A-Za-z0-9._:/@+\-]{0,127}"
SOURCE_ID = r"[A-Za-z_][A-Za-z0-9._\-]{0,127}"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
NONCE = r"[0-9a-f]{32}"
SHA256 = r"[0-9a-f]{64}"
NATION = r"[A-Z]{3}"
VERSION = r"1\.(0|[1-9][0-9]{0,2})"

# What XML 1.0 cannot carry at all, and what canonical XML writes otherwise in text
_forbidden = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]").search
_special = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]").search


def text(value: str, place: str, longest: int = SHORT_TEXT) -> str:
    """`value` as canonical XML text. Raises `FormatError` for empty, over-long and unrepresentable text."""
    if _special(value) is None and 0 < len(value) <= longest:
        return value
    if not value:
        raise FormatError(EMPTY, place=place)
    if len(value) > longest:
        raise FormatError(TOO_LONG, place=place, cause=f"{len(value)} characters, at most {longest}")
    bad = _forbidden(value)
    if bad is not None:
        raise FormatError(BAD_TEXT, place=place, cause=f"U+{ord(bad.group()):04X} at character {bad.start()}")
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#xD;")


@lru_cache(maxsize=4096)
def _matches(pattern: str, value: str) -> bool:
    return re.fullmatch(pattern, value) is not None


def code(value: str, place: str, pattern: str = OPEN_CODE) -> str:
    """`value` if it has the form of its registry; such values need no escaping. Raises `FormatError` otherwise."""
    if len(value) <= 160 and _matches(pattern, value):  # short first: the cache holds no hostile giant
        return value
    raise FormatError(BAD_CODE, place=place, cause=f"{value[:60]!a}, expected {pattern}")


_is_uuid = re.compile(UUID).fullmatch


def uuid(value: str, place: str) -> str:
    """`value` if it is a lower-case UUID. Raises `FormatError` otherwise."""
    if _is_uuid(value) is None:
        raise FormatError(BAD_CODE, place=place, cause=f"{value[:60]!a}, expected a lower-case UUID")
    return value


def time(instant: datetime, place: str) -> str:
    """`instant` in UTC, ending in Z, six fractional digits or none. Raises `FormatError` if it has no zone."""
    if instant.tzinfo is not UTC:
        if instant.tzinfo is None:
            raise FormatError(NAIVE_TIME, place=place)
        try:
            instant = instant.astimezone(UTC)
        except OverflowError:
            raise FormatError(NOT_FINITE, place=place, cause="time outside of the years 1 to 9999") from None
    return f"{_day(instant.date())}{instant.time().isoformat()}Z"  # half the cost of isoformat() with a zone


@lru_cache(maxsize=64)
def _day(day: date) -> str:
    return f"{day.isoformat()}T"


class Grid:
    """The values of one decimal type of the schema: its inclusive bounds and its fractional digits.

    `wrap` is the (bound, other) pair of a circle: `bound` is written as `other`.
    """

    def __init__(self, low: int, high: int, digits: int, wrap: tuple[int, int] | None = None) -> None:
        self.low = low
        self.high = high
        self.digits = digits
        self.wrap = wrap

    def element(self, name: str, value: float) -> str:
        """``<name>value</name>``, rounded to the grid, without exponent and without negative zero.

        Raises `FormatError` for NaN, infinities and whatever lies outside of the bounds.
        """
        if not self.low <= value <= self.high:  # NaN is outside of every bound
            raise FormatError(NOT_FINITE, place=name, cause=f"{value!r}, expected {self.low} to {self.high}")
        written = f"{value:z.{self.digits}f}"
        if self.wrap is not None and written == f"{self.wrap[0]:.{self.digits}f}":
            written = f"{self.wrap[1]:.{self.digits}f}"
        return f"<{name}>{written}</{name}>"


LATITUDE = Grid(-90, 90, 8)
LONGITUDE = Grid(-180, 180, 8, wrap=(-180, 180))
BEARING = Grid(0, 360, 4, wrap=(360, 0))
ELEVATION = Grid(-90, 90, 4)
ANGLE_ERROR = Grid(0, 180, 4)
METRE = Grid(-1_000_000_000, 1_000_000_000, 3)
LENGTH = Grid(0, 1_000_000_000, 3)
RATE = Grid(-1_000_000, 1_000_000, 4)
SPEED = Grid(0, 1_000_000, 4)
ACCELERATION = Grid(-100_000, 100_000, 4)
TURN_RATE = Grid(-10_000, 10_000, 4)
MACH = Grid(0, 1_000, 4)
PERCENT = Grid(0, 100, 4)
COVARIANCE = Grid(-1_000_000_000_000_000, 1_000_000_000_000_000, 9)
