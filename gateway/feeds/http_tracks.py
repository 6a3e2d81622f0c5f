"""``GET /v1/tracks``: the current picture, in the format that the caller accepts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from aiohttp import web

from gateway.feeds import codes
from gateway.feeds.http_guard import national_of
from gateway.feeds.http_problems import refusal
from gateway.feeds.http_query import check_names, limit_of, position_text, view_of
from gateway.feeds.http_types import GEOJSON, JSON, National
from gateway.feeds.negotiation import choose
from gateway.feeds.picture import Entry
from gateway.stages import Encoder

GEOJSON_FORMAT = "geojson"
READABLE = (GEOJSON_FORMAT, "alliance", "cot")
"""Formats in which the picture can be had, the default first."""
_CHUNK = 250  # tracks encoded between two turns of the event loop

POSITION_HEADER = "Gateway-Position"
MORE_HEADER = "Gateway-More"


async def get_tracks(request: web.Request) -> web.StreamResponse:
    """Answer with the tracks that the query asks for, in order of update, and the position to go on from."""
    national = national_of(request)
    check_names(request, "bbox", "since", "origin", "limit")
    offered = offered_types(national)
    media_type = choose(request.headers.get("Accept"), tuple(offered))
    if media_type is None:
        raise refusal(codes.NOT_ACCEPTABLE, f"offered are {', '.join(offered)}")
    name = offered[media_type]
    limits = national.limits
    most = limits.max_tracks_per_message if name == "alliance" else limits.picture_tracks
    view = view_of(request, national.picture)
    limit = limit_of(request, most=most)
    newest = national.picture.seq
    entries, more = national.picture.query(box=view.box, origin=view.origin, since=view.since, most=limit)
    last = entries[-1].seq if more else newest
    if name == GEOJSON_FORMAT:
        body = await _collection(national, entries)
    else:
        body = await _encoded(national.encoder_of(name), national, entries)
    headers = {
        "Content-Type": media_type,
        POSITION_HEADER: position_text(national.picture, last),
        MORE_HEADER: "true" if more else "false",
        "Vary": "Accept",
    }
    return web.Response(body=body, headers=headers)


def offered_types(national: National) -> dict[str, str]:
    """Media type to format name of what the picture can be had in, best first."""
    offered: dict[str, str] = {}
    for name in READABLE:
        form = national.formats.get(name)
        if form is not None:
            offered.setdefault(form.media_type, name)
            if name == GEOJSON_FORMAT:
                offered.setdefault(GEOJSON, name)
                offered.setdefault(JSON, name)
    return offered


def feature(encoder: Encoder, national: National, entry: Entry) -> bytes:
    """One entry as a GeoJSON Feature with its ``origin``; empty when it cannot be one. Made once for all viewers."""
    rendered = entry.rendered
    if rendered is None:
        frames = encoder.encode((entry.track,), national.clock.now()).frames
        rendered = frames[0].strip(b"\x1e\n ") if frames else b""
        if rendered.endswith(b"}"):
            rendered = rendered[:-1] + b',"origin":' + json.dumps(entry.origin).encode() + b"}"
        entry.rendered = rendered
    return rendered


async def _collection(national: National, entries: Sequence[Entry]) -> bytes:
    encoder = national.encoder_of(GEOJSON_FORMAT)
    features: list[bytes] = []
    for number, entry in enumerate(entries, 1):
        rendered = feature(encoder, national, entry)
        if rendered:
            features.append(rendered)
        if number % _CHUNK == 0:
            await asyncio.sleep(0)
    return b'{"type":"FeatureCollection","features":[' + b",".join(features) + b"]}"


async def _encoded(encoder: Encoder, national: National, entries: Sequence[Entry]) -> bytes:
    """All entries in one message (alliance) or as elements back to back (Cursor on Target)."""
    await asyncio.sleep(0)
    encoded = encoder.encode([entry.track for entry in entries], national.clock.now())
    return b"".join(encoded.frames)
