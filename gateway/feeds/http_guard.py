"""The one middleware: who calls, what it costs, and every failure as a problem document.

1. The peer is checked on every request, not once per connection: a keep-alive connection outlives a withdrawn pin.
2. A connection older than `Limits.connection_age_s` is closed after its answer.
3. Nothing but a problem document leaves on failure; a bug of ours is logged and says no more than its code.
4. Answers carry headers that keep a browser from guessing, framing or caching them.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from time import perf_counter
from weakref import WeakKeyDictionary

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from msgspec import Struct
from prometheus_client import Counter, Gauge, Histogram

from gateway.errors import FeedError, GatewayError
from gateway.feeds import codes
from gateway.feeds.http_problems import SECURITY_HEADERS, from_http, problem_response
from gateway.feeds.http_types import NATIONAL, HttpSource, National
from gateway.feeds.picture import Entry
from gateway.feeds.pins import spki_pin

PIN: web.RequestKey[str] = web.RequestKey("pin", str)
"""SPKI pin of the caller's certificate; absent on a plain connection."""
SOURCE: web.RequestKey[HttpSource] = web.RequestKey("source", HttpSource)

_OPERATIONS = frozenset({"/healthz/live", "/healthz/ready", "/metrics"})
_log = structlog.get_logger("http")


class _Peer(Struct):
    """One TLS connection: fixed for its life, since TLS 1.3 knows no renegotiation."""

    pin: str
    since_s: float


class HttpMetrics:
    """Counts and times of requests, in the node's own registry."""

    def __init__(self, national: National) -> None:
        registry = national.registry
        labels = ("method", "route")
        self._requests = Counter(
            "gateway_http_requests_total", "National HTTP requests answered.", (*labels, "status"), registry=registry
        )
        self._seconds = Histogram(
            "gateway_http_request_seconds",
            "Time to answer a national HTTP request, streams until they end.",
            labels,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
            registry=registry,
        )
        viewers = Gauge("gateway_http_viewers", "Live viewers connected now.", registry=registry)
        viewers.set_function(lambda: national.picture.viewers)
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        key = (method, route, status)
        pair = self._children.get(key)
        if pair is None:  # method and route come from our table, so this is bounded
            pair = (self._requests.labels(method, route, str(status)), self._seconds.labels(method, route))
            self._children[key] = pair
        pair[0].inc()
        pair[1].observe(seconds)


class Guard:
    """The middleware of one application."""

    def __init__(self, national: National) -> None:
        self._national = national
        self._metrics = HttpMetrics(national)
        self._peers: WeakKeyDictionary[ssl.SSLObject, _Peer] = WeakKeyDictionary()

    def middleware(self) -> Middleware:
        """What `web.Application(middlewares=...)` takes."""

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._handle(request, handler)

        return guard

    async def _handle(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        began = perf_counter()
        resource = request.match_info.route.resource
        route = resource.canonical if resource is not None else "unknown"
        try:
            aged = self._check_peer(request, route)
            response = await handler(request)
        except (TimeoutError, GatewayError, web.HTTPException) as error:
            aged = isinstance(error, FeedError) and error.code in (codes.BODY_TIMEOUT, codes.BODY_TOO_LARGE)
            response = _answer(error)
        except (ConnectionError, asyncio.CancelledError):
            raise  # the caller has gone, or we are stopping
        except Exception:
            aged = False
            _log.exception("http.failed", route=route)
            response = problem_response(FeedError(codes.INTERNAL))
        if not response.prepared:
            response.headers.update(SECURITY_HEADERS)
            if aged:
                response.force_close()
        method = request.method if resource is not None else "OTHER"
        self._metrics.observe(method, route, response.status, perf_counter() - began)
        return response

    def _check_peer(self, request: web.Request, route: str) -> bool:
        """Whether the connection is due to be closed; `FeedError` when its peer may not call."""
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the caller has gone")
        connection: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        aged, pin = False, None
        if connection is not None:
            now_s = self._national.clock.monotonic()
            peer = self._peers.get(connection)
            if peer is None:
                peer = self._peers[connection] = _Peer(_pin_of(connection), now_s)
            request[PIN] = pin = peer.pin
            aged = now_s - peer.since_s > self._national.limits.connection_age_s
        source = self._national.source_of(pin)
        if source is not None:
            request[SOURCE] = source
        elif not (self._national.public_operations and route in _OPERATIONS):
            raise FeedError(codes.NOT_PERMITTED, cause=f"public key {pin or 'absent'}")
        return aged


def still_permitted(request: web.Request) -> bool:
    """Whether the caller of a long-lived answer may go on being answered."""
    return national_of(request).source_of(request.get(PIN)) is not None


def source_of(request: web.Request) -> HttpSource:
    """The source that calls; every route but health and metrics has one."""
    return request[SOURCE]


def shown_to(request: web.Request) -> Callable[[Entry], bool] | None:
    """Which entries of the picture the caller may see; nothing when that is all of them."""
    view, own = source_of(request).view, national_of(request).node
    if view.own and view.allied and view.clearances is None:
        return None
    return lambda entry: bool(view.filter((entry.track,), is_own=entry.origin == own, label=entry.label))


def national_of(request: web.Request) -> National:
    """What the application was made with."""
    return request.app[NATIONAL]


def _pin_of(connection: ssl.SSLObject) -> str:
    certificate = connection.getpeercert(binary_form=True)
    return "" if certificate is None else spki_pin(certificate)


def _answer(error: Exception) -> web.Response:
    if isinstance(error, GatewayError):
        return problem_response(error)
    if isinstance(error, web.HTTPException):
        return from_http(error)
    return problem_response(FeedError(codes.BODY_TIMEOUT))
