"""``GET /v1/stream``: the picture live, as server-sent events.

    event: track     data: a GeoJSON Feature          id: its position
    event: gone      data: {"track_id", "reason"}     a track that left the picture without an end report
    event: skipped   data: {"count"}                  the viewer was too slow and missed so many

A viewer who comes back with ``Last-Event-ID`` (or asks ``since``) first gets every track that changed meanwhile, in its
latest state. Silence is broken by a comment now and then, so that both sides notice a dead connection.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress

from aiohttp import web

from gateway.dialect import Encoder
from gateway.errors import FeedError
from gateway.feeds import codes
from gateway.feeds.http_guard import national_of, shown_to, still_permitted
from gateway.feeds.http_problems import SECURITY_HEADERS, refusal
from gateway.feeds.http_query import View, check_names, position_text, since_of, view_of
from gateway.feeds.http_tracks import GEOJSON_FORMAT, feature
from gateway.feeds.http_types import EVENTS, National
from gateway.feeds.negotiation import choose
from gateway.feeds.picture import Entry, Gone, Subscription

MAX_VIEWERS = 64
"""Live viewers of one node; each costs a queue and a share of the loop."""
HEARTBEAT_S = 15.0
GLANCE_S = 1.0
"""How soon a silent stream notices that its viewer has left or may not look any more."""
_TOGETHER = 100  # events written at once


class Viewers:
    """The live viewers of one application, so that a stop can end their streams."""

    def __init__(self) -> None:
        self._open: set[Subscription] = set()

    def admit(self, subscription: Subscription) -> None:
        """Keep a viewer; `FeedError` when there are too many."""
        if len(self._open) >= MAX_VIEWERS:
            subscription.close()
            raise FeedError(codes.TOO_MANY_VIEWERS, cause=f"{len(self._open)} are connected")
        self._open.add(subscription)

    def leave(self, subscription: Subscription) -> None:
        """Forget a viewer."""
        subscription.close()
        self._open.discard(subscription)

    async def close_all(self, _app: web.Application) -> None:
        """End every stream; an aiohttp shutdown signal."""
        for subscription in list(self._open):
            subscription.close()


VIEWERS: web.AppKey[Viewers] = web.AppKey("viewers", Viewers)


async def get_stream(request: web.Request) -> web.StreamResponse:
    """Stream changes until the viewer leaves, loses permission, or the node stops."""
    national = national_of(request)
    check_names(request, "bbox", "since", "origin")
    if choose(request.headers.get("Accept"), (EVENTS,)) is None:
        raise refusal(codes.NOT_ACCEPTABLE, f"offered is {EVENTS}")
    view = view_of(request, national.picture)
    last = request.headers.get("Last-Event-ID")
    since = view.since if not last else since_of(last, national.picture, "header Last-Event-ID")
    subscription = national.picture.subscribe(since=since)
    viewers = request.app[VIEWERS]
    viewers.admit(subscription)
    try:
        response = web.StreamResponse(headers={**SECURITY_HEADERS, "Content-Type": EVENTS, "X-Accel-Buffering": "no"})
        await response.prepare(request)
        with suppress(ConnectionError, TimeoutError):  # a viewer who left, or who does not read
            await _stream(request, response, national, subscription, view)
        return response
    finally:
        viewers.leave(subscription)


async def _stream(
    request: web.Request, response: web.StreamResponse, national: National, subscription: Subscription, view: View
) -> None:
    encoder, shows = national.encoder_of(GEOJSON_FORMAT), shown_to(request)
    clock, limits = national.clock, national.limits
    began_s = spoke_s = clock.monotonic()
    await response.write(b"retry: 2000\n: %s\n\n" % national.node.encode())
    while not subscription.closed:
        try:
            async with asyncio.timeout(GLANCE_S):
                events, skipped = await subscription.take(_TOGETHER)
        except TimeoutError:
            events, skipped = [], 0
        now_s = clock.monotonic()
        left = request.transport is None or request.transport.is_closing()
        if left or not still_permitted(request) or now_s - began_s > limits.connection_age_s:
            return
        octets = b"".join(_event(encoder, national, event, view) for event in events if _is_shown(event, shows))
        if skipped:
            octets = b'event: skipped\ndata: {"count":%d}\n\n' % skipped + octets
        if not octets and now_s - spoke_s >= HEARTBEAT_S:
            octets = b": \n\n"
        if octets:
            spoke_s = now_s
            async with asyncio.timeout(limits.request_timeout_s):
                await response.write(octets)
        await asyncio.sleep(0)


def _is_shown(event: Entry | Gone, shows: Callable[[Entry], bool] | None) -> bool:
    """Whether the viewer may know of it: also that a track has gone is told to those alone who might see it."""
    entry = event.was if isinstance(event, Gone) else event
    return shows is None or (entry is not None and shows(entry))


def _event(encoder: Encoder, national: National, event: Entry | Gone, view: View) -> bytes:
    place = position_text(national.picture, event.seq).encode()
    if isinstance(event, Gone):
        data = json.dumps({"track_id": event.track_id, "reason": event.reason}).encode()
        return b"event: gone\nid: %s\ndata: %s\n\n" % (place, data)
    if view.origin is not None and event.origin != view.origin:
        return b""
    if view.box is not None:
        state = event.track.state
        if state is None or state.position is None or not view.box.holds(state.position):
            return b""
    rendered = feature(encoder, national, event)
    return b"event: track\nid: %s\ndata: %s\n\n" % (place, rendered) if rendered else b""
