"""Query parameters: every one known, given once, and in its range, or a refusal that says which is not."""

from __future__ import annotations

import re
from datetime import datetime

from aiohttp import web
from msgspec import Struct

from gateway.clock import parse_utc
from gateway.errors import FeedError
from gateway.feeds import codes
from gateway.feeds.http_problems import refusal
from gateway.feeds.picture import Box, Picture

_POSITION = re.compile(r"([0-9a-f]{1,16})-([0-9]{1,15})", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,20})?([eE]-?[0-9]{1,3})?", re.ASCII)
_ORIGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)

_LONGITUDE = {"type": "number", "minimum": -180, "maximum": 180}
_LATITUDE = {"type": "number", "minimum": -90, "maximum": 90}
BBOX_SCHEMA: dict[str, object] = {
    "type": "array",
    "prefixItems": [_LONGITUDE, _LATITUDE, _LONGITUDE, _LATITUDE],
    "items": False,
    "minItems": 4,
    "maxItems": 4,
}
ORIGIN_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


class View(Struct, frozen=True, kw_only=True):
    """What part of the picture a caller asks for."""

    box: Box | None
    origin: str | None
    since: int | datetime | None


def check_names(request: web.Request, *known: str) -> None:
    """Refuse parameters that are unknown or given twice: both are mistakes that would otherwise change nothing."""
    for name in request.query:
        if name not in known:
            raise refusal(codes.QUERY, f"known are {', '.join(known) or 'none'}", place=f"query {name[:40]!r}")
        if len(request.query.getall(name)) > 1:
            raise refusal(codes.QUERY, "given more than once", place=f"query {name!r}")


def view_of(request: web.Request, picture: Picture) -> View:
    """The ``bbox``, ``origin`` and ``since`` of a request."""
    query = request.query
    origin = query.get("origin")
    if origin is not None and _ORIGIN.fullmatch(origin) is None:
        raise _wrong("origin", "the name of a node", origin)
    bbox, since = query.get("bbox"), query.get("since")
    return View(
        box=None if bbox is None else _box(bbox),
        origin=origin,
        since=None if since is None else since_of(since, picture, "query 'since'"),
    )


def limit_of(request: web.Request, *, most: int) -> int:
    """The ``limit`` of a request, 1 to `most`; `most` when absent."""
    text = request.query.get("limit")
    if text is None:
        return most
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) >= 1):
        raise _wrong("limit", f"1 to {most}", text)
    return min(int(text), most)


def since_of(text: str, picture: Picture, place: str) -> int | datetime:
    """A position of this picture, or a time. A position of a former life of it means: everything."""
    position = _POSITION.fullmatch(text)
    if position is not None:
        return int(position[2]) if position[1] == picture.epoch else 0
    try:
        return parse_utc(text)
    except (ValueError, OverflowError):
        cause = f"expected a time such as 2026-11-22T08:12:00Z or a position, observed {text[:40]!r}"
        raise FeedError(codes.QUERY, place=place, cause=cause) from None


def position_text(picture: Picture, seq: int) -> str:
    """A position as callers are told it."""
    return f"{picture.epoch}-{seq}"


def _box(text: str) -> Box:
    parts = text.split(",")
    if len(parts) != 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        raise _wrong("bbox", "west,south,east,north in degrees", text)
    west, south, east, north = map(float, parts)
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise _wrong("bbox", "longitudes in -180..180, latitudes in -90..90, south not above north", text)
    return Box(west=west, south=south, east=east, north=north)


def _wrong(name: str, expected: str, observed: str) -> FeedError:
    return refusal(codes.QUERY, f"expected {expected}, observed {observed[:60]!r}", place=f"query {name!r}")
