"""Health, metrics and status: what an operator's tools ask."""

from __future__ import annotations

import msgspec
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from gateway.errors import FeedError
from gateway.feeds import codes
from gateway.feeds.http_guard import national_of
from gateway.feeds.http_problems import problem_response
from gateway.feeds.http_query import check_names
from gateway.feeds.http_types import JSON

DOCUMENT: web.AppKey[bytes] = web.AppKey("openapi", bytes)


async def get_live(request: web.Request) -> web.StreamResponse:
    """Answer, which is all that it proves."""
    check_names(request)
    return _json({"live": True})


async def get_ready(request: web.Request) -> web.StreamResponse:
    """200 when tracks are taken, else 503 with what is missing."""
    check_names(request)
    missing = list(national_of(request).missing())
    if missing:
        return problem_response(FeedError(codes.NOT_READY, cause=", ".join(missing)), missing=missing)
    return _json({"ready": True})


async def get_metrics(request: web.Request) -> web.StreamResponse:
    """The node's own registry in the Prometheus text format."""
    check_names(request)
    body = generate_latest(national_of(request).registry)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


async def get_status(request: web.Request) -> web.StreamResponse:
    """What the node says of itself."""
    check_names(request)
    return _json(dict(national_of(request).status()))


async def get_openapi(request: web.Request) -> web.StreamResponse:
    """The description of all this."""
    check_names(request)
    return web.Response(body=request.app[DOCUMENT], headers={"Content-Type": JSON})


def _json(document: dict[str, object]) -> web.Response:
    return web.Response(body=msgspec.json.encode(document), headers={"Content-Type": JSON})
