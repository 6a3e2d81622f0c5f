"""``GET /v1/tracks``: what the caller may see of the current picture, as he accepts it, without personal data."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from aiohttp import web

from gateway.dialect import Encoder
from gateway.feeds import codes
from gateway.feeds.http_guard import national_of, shown_to
from gateway.feeds.http_problems import refusal
from gateway.feeds.http_query import check_names, limit_of, position_text, view_of
from gateway.feeds.http_types import GEOJSON, JSON, National
from gateway.feeds.negotiation import choose
from gateway.feeds.picture import Entry
from gateway.policy import withhold_personal
from gateway.stages import Encoded

GEOJSON_FORMAT = "geojson"
READABLE = (GEOJSON_FORMAT, "alliance", "cot")
"""Formats in which the picture can be had, the default first."""
_CHUNK = 250  # tracks encoded between two turns of the event loop

POSITION_HEADER = "Gateway-Position"
MORE_HEADER = "Gateway-More"
OMITTED_HEADER = "Gateway-Omitted"


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
    one_message = name == "alliance"  # an answer is one document, and two of them are none
    most = min(limits.batch_max_tracks, limits.max_tracks_per_message) if one_message else limits.picture_tracks
    view = view_of(request, national.picture)
    limit = limit_of(request, most=most)
    newest = national.picture.seq
    entries, more = national.picture.query(
        box=view.box, origin=view.origin, since=view.since, shows=shown_to(request), most=limit
    )
    if name == GEOJSON_FORMAT:
        body, omitted = await _collection(national, entries)
    else:
        await asyncio.sleep(0)
        encoded = _encode(national, name, entries)
        while one_message and len(encoded.frames) > 1:
            entries, more = entries[: len(entries) // 2], True
            encoded = _encode(national, name, entries)
        body, omitted = b"".join(encoded.frames), len(encoded.problems)
    headers = {
        POSITION_HEADER: position_text(national.picture, entries[-1].seq if more else newest),
        MORE_HEADER: "true" if more else "false",
        OMITTED_HEADER: str(omitted),
        "Vary": "Accept",
    }
    if not body:
        return web.Response(status=204, headers=headers)
    return web.Response(body=body, headers={"Content-Type": media_type, **headers})


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
    """One entry as a GeoJSON Feature with its ``origin``, and ``via`` whom it was told if not by that.

    Empty when it cannot be one. Made once for all viewers.
    """
    rendered = entry.rendered
    if rendered is None:
        frames = encoder.encode((withhold_personal(entry.track),), national.clock.now()).frames
        rendered = frames[0].strip(b"\x1e\n ") if frames else b""
        if rendered.endswith(b"}"):
            via = b',"via":' + json.dumps(entry.via).encode() if entry.via else b""
            rendered = rendered[:-1] + b',"origin":' + json.dumps(entry.origin).encode() + via + b"}"
        entry.rendered = rendered
    return rendered


async def _collection(national: National, entries: Sequence[Entry]) -> tuple[bytes, int]:
    encoder = national.encoder_of(GEOJSON_FORMAT)
    features: list[bytes] = []
    for number, entry in enumerate(entries, 1):
        rendered = feature(encoder, national, entry)
        if rendered:
            features.append(rendered)
        if number % _CHUNK == 0:
            await asyncio.sleep(0)
    body = b'{"type":"FeatureCollection","features":[' + b",".join(features) + b"]}"
    return body, len(entries) - len(features)


def _encode(national: National, name: str, entries: Sequence[Entry]) -> Encoded:
    return national.encoder_of(name).encode([withhold_personal(entry.track) for entry in entries], national.clock.now())
