"""Errors as HTTP answers: RFC 9457 problem documents with our code, place, cause and remedy."""

from __future__ import annotations

import msgspec
from aiohttp import web

from gateway.errors import Code, FeedError, FormatError, GatewayError, StoreError
from gateway.feeds import codes
from gateway.feeds.http_types import PROBLEM

_STATUS: dict[str, int] = {
    codes.UNKNOWN_FORMAT.id: 404,
    codes.NOT_PERMITTED.id: 403,
    codes.FORMAT_NOT_PERMITTED.id: 403,
    codes.MEDIA_TYPE.id: 415,
    codes.CONTENT_ENCODING.id: 415,
    codes.BODY_TOO_LARGE.id: 413,
    codes.FRAME_TOO_LARGE.id: 413,
    codes.TOO_MANY_RECORDS.id: 413,
    codes.BODY_TIMEOUT.id: 408,
    codes.EMPTY_BODY.id: 400,
    codes.INTAKE_FULL.id: 429,
    codes.IDEMPOTENCY_CONFLICT.id: 409,
    codes.IDEMPOTENCY_BUSY.id: 409,
    codes.IDEMPOTENCY_KEY.id: 400,
    codes.NOT_ACCEPTABLE.id: 406,
    codes.QUERY.id: 400,
    codes.ALL_REFUSED.id: 422,
    codes.NO_ROUTE.id: 404,
    codes.METHOD.id: 405,
    codes.BAD_REQUEST.id: 400,
    codes.TOO_MANY_VIEWERS.id: 429,
    codes.INTERNAL.id: 500,
    codes.NOT_READY.id: 503,
    codes.POLICY_KEPT.id: 422,
}
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Server": "gateway",
    "X-Content-Type-Options": "nosniff",
}
_RETRY_AFTER_S = {408: "1", 429: "1", 503: "5"}


def status_of(error: GatewayError) -> int:
    """The HTTP status of an error: the caller's fault where it is, 503 for a store that refuses, else 500."""
    known = _STATUS.get(error.code.id)
    if known is not None:
        return known
    if isinstance(error, FormatError):
        return 422
    return 503 if isinstance(error, StoreError) else 500


def problem_response(error: GatewayError, *, status: int | None = None, **members: object) -> web.Response:
    """The error as a problem document; `members` are added to it. A 5xx tells the code, not the cause."""
    status = status_of(error) if status is None else status
    document = error.problem(status)
    if status >= 500 and not isinstance(error, FeedError):
        document["detail"] = document["place"] = ""  # what our disk or keys say is for the operator
    document.update(members)
    headers = {"Content-Type": PROBLEM}
    if status in _RETRY_AFTER_S:
        headers["Retry-After"] = _RETRY_AFTER_S[status]
    elif error.code is codes.IDEMPOTENCY_BUSY:
        headers["Retry-After"] = "1"
    return web.Response(status=status, body=msgspec.json.encode(document), headers=headers)


def from_http(error: web.HTTPException) -> web.Response:
    """What aiohttp itself refuses, as a problem document like ours."""
    code = {404: codes.NO_ROUTE, 405: codes.METHOD, 413: codes.BODY_TOO_LARGE}.get(error.status, codes.BAD_REQUEST)
    response = problem_response(FeedError(code, cause=error.reason), status=error.status)
    if "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    return response


def refusal(code: Code, cause: str = "", *, place: str = "", remedy: str = "") -> FeedError:
    """A request that is refused; the guard turns it into the answer."""
    return FeedError(code, cause=cause, place=place, remedy=remedy)
