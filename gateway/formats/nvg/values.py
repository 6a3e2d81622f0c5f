"""Texts of NVG attributes to values with units, and back. Pure functions."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

KMH = 1 / 3.6  # metres per second
KNOT = 1852 / 3600

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?").fullmatch
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})"
).fullmatch
_LARGEST = 1e9  # metres or m/s; nothing that moves near Earth has a larger figure
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_ATTRIBUTE = str.maketrans({"&": "&amp;", "<": "&lt;", '"': "&quot;", "\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;"})
_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"})
# RFC 3986, 4.1, without the addresses in brackets; what does not fit is no xs:anyURI for strict readers
_HOST = r"[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2}"
_LATER = rf"(?:/(?:{_HOST}|[:@])*)*"
_PLACE = rf"//(?:(?:{_HOST}|:)*@)?(?:{_HOST})*(?::[0-9]{{1,5}})?{_LATER}|/(?:(?:{_HOST}|[:@])+{_LATER})?"
_URI = re.compile(
    rf"(?:[A-Za-z][A-Za-z0-9+.-]*:(?:{_PLACE}|(?:{_HOST}|[:@])+{_LATER})?|{_PLACE}|(?:{_HOST}|@)+{_LATER}|(?=[?#]))"
    rf"(?:\?(?:{_HOST}|[:@/?])*)?(?:#(?:{_HOST}|[:@/?])*)?"
).fullmatch
_NCNAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*").fullmatch


def number_of(text: str | None) -> float | None:
    """The finite number of an xs:double, `None` for an absent or empty text; `ValueError` for any other text."""
    if text is None:
        return None
    text = text.strip(" \t\r\n")
    if not text:
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
    """The aware UTC instant of an xs:dateTime with a zone; `None` for any other text: local time is no instant."""
    text = text.strip(" \t\r\n")
    if not _TIME(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def time_text(instant: datetime) -> str:
    """`instant` as an xs:dateTime in UTC, to the microsecond where it has them."""
    return instant.astimezone(UTC).isoformat()[:-6] + "Z"


def is_finite(value: float) -> bool:
    """Whether the number can be written at all."""
    return math.isfinite(value)


def clean(text: str) -> str:
    """`text` without the characters that XML 1.0 cannot carry."""
    return _NOT_XML.sub("", text)


def attribute_text(text: str) -> str:
    """`text` escaped for an attribute in double quotes, as canonical XML does."""
    return text.translate(_ATTRIBUTE)


def element_text(text: str) -> str:
    """`text` escaped for an element's content, as canonical XML does."""
    return text.translate(_TEXT)


def is_uri(text: str) -> bool:
    """Whether `text` can stand in `uri` or `href` as it is; a stray percent sign or a space cannot."""
    return _URI(text) is not None


def is_ncname(text: str) -> bool:
    """Whether `text` is an ASCII NCName: what a key or its prefix may be."""
    return _NCNAME(text) is not None


def is_key(text: str, prefixes: dict[str, str]) -> bool:
    """Whether `text` is an xs:QName whose prefix, if it has one, is among `prefixes`. `delta:MIM:x` never is one."""
    prefix, colon, local = text.partition(":")
    if not colon:
        return is_ncname(text)
    return is_ncname(prefix) and is_ncname(local) and prefix in prefixes
