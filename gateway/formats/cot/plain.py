"""The plain shape of XML that TAK clients write, read by one anchored expression instead of a parser.

Plain is a strict subset of well-formed XML 1.0 without a DTD: no comments, no processing instructions, no entity or
character references, no CDATA, no namespaces or colons, ASCII names, no control characters but white space between
tags, and a detail whose children have no children. Whatever is not plain is somebody else's to parse: every function
here answers `None` for it. Differential tests hold the result equal to the full parser's.

The expressions use possessive quantifiers throughout, so a text that does not match costs one pass.
"""

from __future__ import annotations

import re

_SPACE = r"[ \t\n\r]"
_NAME = r"[A-Za-z_][A-Za-z0-9_.\-]*+"
_VALUE = r"""(?:"[^"<&\x00-\x1f]*+"|'[^'"<&\x00-\x1f]*+')"""
_ATTRIBUTES = rf"(?:{_SPACE}++{_NAME}={_VALUE})*+"
_TEXT = r"[^<&>\x00-\x08\x0b-\x1f]*+"
_CHILD = rf"<(?P<child>{_NAME}){_ATTRIBUTES}{_SPACE}*+(?:/>|>{_TEXT}</(?P=child){_SPACE}*+>)"
_DECLARATION = (
    r"""<\?xml version=(?:"1\.0"|'1\.0')(?: encoding=(?:"(?:UTF|utf)-8"|'(?:UTF|utf)-8'))?"""
    r"""(?: standalone=(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t]*+\?>"""
)

_EVENT = re.compile(
    rf"(?:{_DECLARATION})?{_SPACE}*+<event({_ATTRIBUTES}){_SPACE}*+>{_SPACE}*+"
    rf"<point({_ATTRIBUTES}){_SPACE}*+(?:/>|></point>){_SPACE}*+"
    rf"(?:<detail(?:/>|>((?:{_SPACE}*+{_CHILD})*+){_SPACE}*+</detail>){_SPACE}*+)?</event>{_SPACE}*+"
).fullmatch
_KEPT = re.compile(
    rf"<event({_ATTRIBUTES})>(?:<point({_ATTRIBUTES})></point>)?"
    rf"(?:<detail({_ATTRIBUTES})>((?:{_SPACE}*+{_CHILD})*+)</detail>)?</event>"
).fullmatch
_CONTENT = re.compile(rf"(?:{_SPACE}*+{_CHILD})*+{_SPACE}*+").fullmatch
_DOUBLE = re.compile(rf'({_NAME})="([^"]*+)"').findall
_SINGLE = re.compile(rf"({_NAME})='([^']*+)'").findall
_EITHER = re.compile(rf"""({_NAME})=(?:"([^"]*+)"|'([^']*+)')""").findall
_CHILDREN = re.compile(rf"<({_NAME})({_ATTRIBUTES}){_SPACE}*+(?:/>|>([^<]*+)</)").findall

_NUMBER = r'"(-?[0-9]{1,9}+(?:\.[0-9]{1,20}+)?+)"'
_NUMBERS = re.compile(rf" lat={_NUMBER} lon={_NUMBER} hae={_NUMBER} ce={_NUMBER} le={_NUMBER}").fullmatch
_MOTION = re.compile(rf" (course|speed)={_NUMBER} (course|speed)={_NUMBER}").fullmatch

MAX_OCTETS = 16_384  # a longer event is rare, and the full parser has the limits for it

Child = tuple[str, str, str]
"""Name, attributes as they stand, text."""


def text_of(octets: bytes) -> str | None:
    """The octets as text if all its characters are XML's and its size is plain."""
    if len(octets) > MAX_OCTETS:
        return None
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        return None
    # Control characters are excluded by the expressions; surrogates cannot come out of UTF-8.
    if not octets.isascii() and ("\ufffe" in text or "\uffff" in text):
        return None
    return None if "xmlns" in text else text


def event_of(text: str) -> tuple[str, str, list[Child]] | None:
    """(attributes of event, attributes of point, children of detail) of a plain event."""
    match = _EVENT(text)
    if match is None:
        return None
    attributes, point, children, _ = match.groups()
    return attributes, point, _CHILDREN(children) if children else []


def kept_of(text: str) -> tuple[str, str, str, list[Child]] | None:
    """(attributes of event, of point, of detail, children of detail) of a plain extension without its `xmlns`."""
    if "xmlns" in text or "\ufffe" in text or "\uffff" in text:
        return None
    match = _KEPT(text)
    if match is None:
        return None
    attributes, point, detail, children, _ = match.groups()
    return attributes, point or "", detail or "", _CHILDREN(children) if children else []


def children_of(text: str) -> list[Child] | None:
    """The children in a plain content of `detail` that stands alone, without its tags."""
    if len(text) > MAX_OCTETS or "xmlns" in text or "\ufffe" in text or "\uffff" in text:
        return None
    return _CHILDREN(text) if _CONTENT(text) is not None else None


def attributes_of(text: str) -> dict[str, str] | None:
    """The attributes as a dictionary; `None` if one stands twice, which is not well-formed."""
    if "'" not in text:
        pairs = _DOUBLE(text)
    elif '"' not in text:
        pairs = _SINGLE(text)
    else:
        pairs = [(name, double or single) for name, double, single in _EITHER(text)]
    attributes = dict(pairs)
    return attributes if len(attributes) == len(pairs) else None


def numbers_of(text: str) -> tuple[float, float, float, float, float] | None:
    """lat, lon, hae, ce and le of a point that has exactly these, in this order, as short decimals in range.

    Answers `None` for the cases that need thought: 0/0, -180, a negative error.
    """
    match = _NUMBERS(text)
    if match is None:
        return None
    latitude, longitude, hae, ce, le = map(float, match.groups())
    if (
        -90.0 <= latitude <= 90.0
        and -180.0 < longitude <= 180.0
        and ce >= 0.0
        and le >= 0.0
        and (latitude or longitude)
    ):
        return latitude, longitude, hae, ce, le
    return None


def motion_of(text: str) -> tuple[float, float] | None:
    """Course and speed of a `track` that has exactly these, as short decimals, in range and moving."""
    match = _MOTION(text)
    if match is None:
        return None
    name, first, other, second = match.groups()
    if name == other:
        return None
    course, speed = (float(first), float(second)) if name == "course" else (float(second), float(first))
    return (course, speed) if 0.0 <= course < 360.0 and 0.0 < speed < 999999.0 else None
