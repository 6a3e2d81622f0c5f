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
_SINGLE = re.compile(rf"({_NAME})='([^']*+)'").findall
_EITHER = re.compile(rf"""({_NAME})=(?:"([^"]*+)"|'([^']*+)')""").findall
_CHILDREN = re.compile(rf"<({_NAME})({_ATTRIBUTES}){_SPACE}*+(?:/>|>([^<]*+)</)").findall

_NUMBER = r'"(-?[0-9]{1,9}+(?:\.[0-9]{1,20}+)?+)"'
_LITERAL = r'"([^"<&\x00-\x1f]*+)"'
_USUAL = re.compile(
    rf'(?:{_DECLARATION})?{_SPACE}*+<event version="2\.0" uid={_LITERAL} type={_LITERAL}(?: how={_LITERAL})?+'
    rf" time={_LITERAL} start={_LITERAL} stale={_LITERAL}(?: how={_LITERAL})?+>{_SPACE}*+"
    rf"<point lat={_NUMBER} lon={_NUMBER} hae={_NUMBER} ce={_NUMBER} le={_NUMBER}(?: )?+/>{_SPACE}*+"
    rf"<detail>((?:{_SPACE}*+{_CHILD})*+){_SPACE}*+</detail>{_SPACE}*+</event>{_SPACE}*+"
).fullmatch
_MOTION = re.compile(rf" (course|speed)={_NUMBER} (course|speed)={_NUMBER}").fullmatch
_MOTION_PIECE = re.compile(rf"track (course|speed)={_NUMBER} (course|speed)={_NUMBER}/>").fullmatch

MAX_OCTETS = 16_384  # a longer event is rare, and the full parser has the limits for it

Child = tuple[str, str, str]
"""Name, attributes as they stand, text."""
Numbers = tuple[float, float, float, float, float]
"""lat, lon, hae, ce, le."""


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


def pieces_of(text: str) -> tuple[str, str, list[str]] | None:
    """As `event_of`, with each child as it stands: a piece is what follows the `<` of its start tag, its text included,
    its end tag not. Whoever knows a piece already need not take it apart."""
    match = _EVENT(text)
    if match is None:
        return None
    attributes, point, children, _ = match.groups()
    return attributes, point, _pieces(children) if children else []


def usual_of(text: str) -> tuple[dict[str, str], Numbers, list[str]] | None:
    """Attributes, point and pieces of an event whose attributes stand in one of the orders in which most TAK software
    writes them, with a point of five short decimals in range: half the price of `pieces_of` and what follows it."""
    match = _USUAL(text)
    if match is None:
        return None
    uid, kind, how, time, start, stale, last, lat, lon, hae, ce, le, children, _ = match.groups()
    numbers = _in_range(float(lat), float(lon), float(hae), float(ce), float(le))
    if numbers is None or (how is not None and last is not None):
        return None
    attributes = {"version": "2.0", "uid": uid, "type": kind, "time": time, "start": start, "stale": stale}
    if how is not None:
        attributes["how"] = how
    elif last is not None:
        attributes["how"] = last
    return attributes, numbers, _pieces(children) if children else []


def _pieces(children: str) -> list[str]:
    return [one for one in children.split("<") if one[:1] != "/"][1:]


def child_of(piece: str) -> Child:
    """The child of a piece."""
    child: Child = _CHILDREN(f"<{piece}</")[0]
    return child


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
        parts = text.split('"')
        names = _NAMES.get(tuple(parts[::2])) or _names(parts[::2])
        attributes = dict(zip(names, parts[1::2], strict=True))
        return attributes if len(attributes) == len(names) else None
    pairs = _SINGLE(text) if '"' not in text else [(name, double or single) for name, double, single in _EITHER(text)]
    attributes = dict(pairs)
    return attributes if len(attributes) == len(pairs) else None


_NAMES: dict[tuple[str, ...], list[str]] = {}
_MOST_NAMES = 512  # sets of names that are remembered, each of a few tens of characters


def _names(between: list[str]) -> list[str]:
    """The names in what stands between the values."""
    names = [one.strip(" \t\n\r=") for one in between[:-1]]
    if sum(map(len, between)) < 256:
        if len(_NAMES) >= _MOST_NAMES:
            _NAMES.clear()
        _NAMES[tuple(between)] = names
    return names


def _in_range(latitude: float, longitude: float, hae: float, ce: float, le: float) -> Numbers | None:
    """The numbers but for the cases that need thought: 0/0, -180, a negative error."""
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
    return _motion(_MOTION(text))


def motion_of_piece(piece: str) -> tuple[float, float] | None:
    """As `motion_of`, from a whole piece."""
    return _motion(_MOTION_PIECE(piece))


def _motion(match: re.Match[str] | None) -> tuple[float, float] | None:
    if match is None:
        return None
    name, first, other, second = match.groups()
    if name == other:
        return None
    course, speed = (float(first), float(second)) if name == "course" else (float(second), float(first))
    return (course, speed) if 0.0 <= course < 360.0 and 0.0 < speed < 999999.0 else None
