"""Texts of CoT attributes to values with units, and back. Pure functions."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from functools import lru_cache

from gateway.errors import FormatError
from gateway.formats.cot.codes import TIME

# One-sigma figures to 95 % bounds. `ce` is the sigma of a circular normal error (MITRE event schema), whose radius
# has a Rayleigh distribution; the others are one-dimensional normal errors.
CIRCULAR_95 = math.sqrt(-2.0 * math.log(0.05))
LINEAR_95 = 1.959963984540054

UNKNOWN = 9999999.0  # what CoT writes for "not known", in point@hae, @ce and @le
_UNKNOWN_NUMBERS = frozenset((9999999.0, 999999.0))  # the XML and the protobuf spelling
_UNKNOWN_TEXTS = frozenset(("", "nan", "unknown", "none", "null", "n/a", "na", "?", "???"))
_LARGEST = 1e9  # metres or m/s; nothing that moves near Earth has a larger figure, and an infinity is not one

_PLAIN_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z").fullmatch
_ANY_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})"
).fullmatch
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?").fullmatch


def time_of(text: str, *, place: str) -> datetime:
    """The aware UTC instant of an `xs:dateTime` with a zone, to the microsecond; `FormatError` ``COT-004``."""
    try:
        if _PLAIN_TIME(text):
            return datetime.fromisoformat(text)
        text = text.strip(" \t\r\n")
        if _ANY_TIME(text):
            return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    cause = "no zone, so no instant" if _ANY_TIME(text + "Z") else f"observed {text[:40]!r}"
    raise FormatError(TIME, place=place, cause=cause)


def time_text(instant: datetime) -> str:
    """`instant` as CoT writes times: milliseconds, or microseconds where it has them, always `Z`."""
    clock = instant.time().isoformat("microseconds" if instant.microsecond % 1000 else "milliseconds")
    return f"{_day(instant.date())}{clock}Z"  # half the cost of isoformat() with a zone


@lru_cache(maxsize=64)
def _day(day: date) -> str:
    return f"{day.isoformat()}T"


def number_of(text: str | None) -> float | None:
    """The number, or `None` where the text means "not known"; `ValueError` for any other text.

    Not known are absence, the empty text, NaN, "unknown" and their like, and 9999999 or 999999.
    """
    if text is None:
        return None
    if _NUMBER(text):
        value = float(text)
        if value in _UNKNOWN_NUMBERS:
            return None
        if -_LARGEST < value < _LARGEST:
            return value
        raise ValueError(text)
    text = text.strip(" \t\r\n")
    if text.lower() in _UNKNOWN_TEXTS:
        return None
    if _NUMBER(text):
        return number_of(text)
    raise ValueError(text)


def decimal_text(value: float) -> str:
    """`value` as `xs:decimal`, which has no exponent; as many digits as tell it from its neighbours."""
    text = repr(value)
    return text if "e" not in text else f"{value:.12f}"


_ATTRIBUTE_SPECIALS = re.compile(r'[&<>"\x00-\x1f\ufffe\uffff\ud800-\udfff]')
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]").search
_TEXT_SPECIALS = re.compile(r"[&<>\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]").search
_C14N_ATTRIBUTE = {"&": "&amp;", "<": "&lt;", '"': "&quot;", "\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;"}
_C14N_TEXT = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"}
_ATTRIBUTE_TABLE = str.maketrans(_C14N_ATTRIBUTE)
_TEXT_TABLE = str.maketrans(_C14N_TEXT)


def is_plain(text: str) -> bool:
    """Whether `text` stands in an attribute as it is: XML can carry it, and nothing in it is escaped."""
    return _ATTRIBUTE_SPECIALS.search(text) is None


def is_plain_text(text: str) -> bool:
    """The same for the content of an element."""
    return _TEXT_SPECIALS(text) is None


def is_xml(text: str) -> bool:
    """Whether XML 1.0 can carry every character."""
    return _NOT_XML(text) is None


def attribute_text(text: str) -> str:
    """`text` escaped for an attribute in double quotes, as canonical XML does; the caller has checked `is_xml`."""
    return text.translate(_ATTRIBUTE_TABLE) if _ATTRIBUTE_SPECIALS.search(text) else text


def element_text(text: str) -> str:
    """`text` escaped for an element's content, as canonical XML does; the caller has checked `is_xml`."""
    return text.translate(_TEXT_TABLE) if _TEXT_SPECIALS(text) else text


def element_xml(name: str, attributes: dict[str, str], content: str = "") -> str:
    """The canonical form of an element with attributes of no namespace; `content` is XML already."""
    pairs = "".join([f' {key}="{attribute_text(attributes[key])}"' for key in sorted(attributes)])
    return f"<{name}{pairs}>{content}</{name}>"
