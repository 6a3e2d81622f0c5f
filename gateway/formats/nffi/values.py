"""Texts of NFFI elements to values with units, and back. Pure functions."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

NFFI = "urn:nato:fft:protocols:nffi13"
"""Namespace of NFFI 1.3."""
KMH = 1 / 3.6  # metres per second

# Probable errors (half of the cases) to 95 % bounds, for normal errors on a circle and on a line
CEP_95 = math.sqrt(math.log(20.0) / math.log(2.0))
PROBABLE_95 = 1.959963984540054 / 0.6744897501960817

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?").fullmatch
_STAMP = re.compile(r"([0-9]{14})(?:\.([0-9]+))?Z?").fullmatch
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})"
).fullmatch
_LARGEST = 1e9
_UNKNOWN = frozenset(("", "nan", "unknown", "none", "null", "n/a"))
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_ATTRIBUTE = str.maketrans({"&": "&amp;", "<": "&lt;", '"': "&quot;", "\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;"})
_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"})


def number_of(text: str | None) -> float | None:
    """The finite number, `None` where the text means "not known"; `ValueError` for any other text."""
    text = (text or "").strip(" \t\r\n")
    if text.lower() in _UNKNOWN:
        return None
    if _NUMBER(text):
        value = float(text)
        if -_LARGEST < value < _LARGEST:
            return value
    raise ValueError(text[:40])


def number_text(value: float) -> str:
    """`value` as xs:double writes it; as many digits as tell it from its neighbours."""
    text = repr(float(value))
    return text[:-2] if text.endswith(".0") else text


def time_of(text: str) -> datetime | None:
    """The UTC instant of a dateTime (YYYYMMDDhhmmss); of other forms only those with a fraction or a zone."""
    text = text.strip(" \t\r\n")
    try:
        found = _STAMP(text)
        if found is not None:
            digits = found[1]
            parts = [int(digits[:4])] + [int(digits[at : at + 2]) for at in range(4, 14, 2)]
            micro = int((found[2] or "0")[:6].ljust(6, "0"))
            return datetime(*parts[:6], micro, tzinfo=UTC)  # type: ignore[arg-type,misc]  # six integers
        if _ISO(text):
            return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return None


def time_text(instant: datetime) -> str:
    """`instant` as YYYYMMDDhhmmss in UTC: the second that it lies in."""
    utc = instant.astimezone(UTC)
    return f"{utc.year:04d}{utc.month:02d}{utc.day:02d}{utc.hour:02d}{utc.minute:02d}{utc.second:02d}"


def clean(text: str) -> str:
    """`text` without the characters that XML 1.0 cannot carry."""
    return _NOT_XML.sub("", text)


def attribute_text(text: str) -> str:
    """`text` escaped for an attribute in double quotes, as canonical XML does."""
    return text.translate(_ATTRIBUTE)


def element_text(text: str) -> str:
    """`text` escaped for an element's content, as canonical XML does."""
    return text.translate(_TEXT)
