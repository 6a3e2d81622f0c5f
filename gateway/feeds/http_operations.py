"""Health, metrics and status: what an operator's tools ask."""

from __future__ import annotations

import msgspec
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from gateway.errors import FeedError
from gateway.feeds import codes
from gateway.feeds.http_guard import national_of, source_of
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


async def post_policy_reload(request: web.Request) -> web.StreamResponse:
    """Read the release policy again: 200 once it decides, 422 with everything that is wrong with it."""
    check_names(request)
    if not source_of(request).is_operator:
        raise FeedError(codes.NOT_PERMITTED, cause="only the node's own certificate may change the policy")
    done = await national_of(request).reload_policy()
    if done.errors:
        errors = [
            {
                "code": error.code.id,
                "title": error.code.title,
                "place": error.place,
                "cause": error.cause,
                "remedy": error.remedy,
            }
            for error in done.errors
        ]
        cause = f"{len(errors)} wrong, the first: {done.errors[0].code.title}"
        return problem_response(FeedError(codes.POLICY_KEPT, cause=cause), policy=done.policy, errors=errors)
    return _json({"policy": done.policy, "previous": done.previous, "changed": done.policy != done.previous})


async def get_openapi(request: web.Request) -> web.StreamResponse:
    """The description of all this."""
    check_names(request)
    return web.Response(body=request.app[DOCUMENT], headers={"Content-Type": JSON})


def _json(document: dict[str, object]) -> web.Response:
    return web.Response(body=msgspec.json.encode(document), headers={"Content-Type": JSON})
