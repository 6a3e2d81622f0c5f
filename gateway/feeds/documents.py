"""The picture as a document that clients fetch: an NVG import subscription, a SIP3 pull, on an address of its own.

Each client asks as often as it likes and gets what its own view shows. Nothing is kept between two requests but the
client's service; what a request costs is bounded:

1. Who may connect at all, how many and how long is `gateway.http_doors` and the feed's networks.
2. Who asks is `documents_auth`, on every request: a connection outlives a withdrawn key.
3. One document per client is worked on at a time, beside the loop, and `WAITING` more may wait; then 429.
4. A caller who does not read his answer is cut off after `Limits.request_timeout_s`.

A document that did not change has the same `ETag`: 304 to who knows it.
"""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import Callable, Sequence
from hashlib import sha256
from weakref import WeakKeyDictionary

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from msgspec import Struct

from gateway.clock import Clock
from gateway.dialect import Answer, Format, Request, Service
from gateway.errors import FeedError, FormatError, GatewayError
from gateway.feeds import codes
from gateway.feeds.address import Network, PeerFilter, peer_text
from gateway.feeds.clients import Client
from gateway.feeds.documents_auth import Authenticator
from gateway.feeds.http_body import Body
from gateway.feeds.http_problems import SECURITY_HEADERS, from_http, problem_response, status_of
from gateway.feeds.outlet import OutletCounts, tally_losses
from gateway.http_doors import DoorEvents, HttpDoor, TurnedAway
from gateway.limits import Limits
from gateway.policy import View
from gateway.track import Track
from gateway.unbroken import in_thread

WAITING = 4
"""Requests of one client beside the one that is worked on."""
_THREADS = 2  # documents made at once: the rest of the node needs the machine too
_COMPRESSED_FROM = 1_024  # octets; less is not worth it
_LEVEL = 5
_STATUS = {codes.UNPROVED.id: 401, codes.PIN_REFUSED.id: 403, codes.PEER_REFUSED.id: 403}
_BUSY = frozenset({codes.TOO_MANY_ATTEMPTS.id, codes.CLIENT_BUSY.id})
_log = structlog.get_logger("http")

CLIENT: web.RequestKey[Client] = web.RequestKey("client", Client)


class DocumentPlace(Struct, frozen=True, kw_only=True):
    """Where documents are served, and to whom."""

    name: str
    host: str
    port: int
    form: Format
    allow: tuple[Network, ...] = ()
    """Networks that may ask; none means loopback only."""
    clients: tuple[Client, ...] = ()
    """Who may ask; none means that whoever the networks let in may, and sees `view`."""
    view: View = View()
    tls: ssl.SSLContext | None = None
    """See `documents_auth.documents_context`. Without it passwords are taken on loopback only."""


class _Desk(Struct):
    """One client's service, and the order of its requests."""

    service: Service
    turn: asyncio.Lock
    waiting: int = 0


class DocumentServer:
    """Serves one place. `start`, then `address`; `run` until cancelled.

    `service` makes the service of a client by its name, `picture` gives the tracks that a client may see now.
    """

    def __init__(
        self,
        place: DocumentPlace,
        *,
        service: Callable[[str], Service],
        picture: Callable[[Client], Sequence[Track]],
        clock: Clock,
        limits: Limits,
    ) -> None:
        self.place = place
        self._service = service
        self._picture = picture
        self._clock = clock
        self._limits = limits
        self._counts = OutletCounts()
        self._filter = PeerFilter(place.allow)
        self._callers = Authenticator(place.clients, view=place.view, clock=clock, limits=limits)
        self._desks: dict[str, _Desk] = {}
        self._threads = asyncio.Semaphore(_THREADS)
        self._since: WeakKeyDictionary[asyncio.BaseTransport, float] = WeakKeyDictionary()
        app = web.Application(middlewares=[self._middleware()], client_max_size=limits.max_message_octets)
        for path in ("/", f"/{place.form.name}"):
            app.router.add_route("GET", path, self._fetch)  # HEAD has a route of its own
            app.router.add_route("HEAD", path, self._fetch)
            app.router.add_route("POST", path, self._ask)
        events = DoorEvents(
            answer=_bare,
            note_malformed=self._note_malformed,
            note_turned_away=self._note_turned_away,
            note_bug=lambda error: _log.error("http.failed", route=place.name, exc_info=error),
        )
        self._door = HttpDoor(app, limits=limits, tls=place.tls, events=events)
        self._address: tuple[str, int] | None = None

    @property
    def counts(self) -> OutletCounts:
        """What it has done so far; a frame is a document, a refused peer a request without proof."""
        self._counts.connected = self._door.held
        return self._counts

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens, once started."""
        assert self._address is not None, "start() comes first"
        return self._address

    async def start(self) -> None:
        """Listen; `FeedError` (``FEED-020``) when the address cannot be had."""
        place = self.place
        try:
            self._address = await self._door.start(place.host, place.port)
        except (OSError, OverflowError) as error:
            cause = getattr(error, "strerror", None) or str(error)
            raise FeedError(codes.BIND, place=peer_text((place.host, place.port)), cause=cause) from None

    async def run(self) -> None:
        """Serve until cancelled; answers under way end within `Limits.shutdown_timeout_s`."""
        if self._address is None:
            await self.start()
        try:
            await asyncio.Event().wait()
        finally:
            await self._door.stop()
            self._address = None

    # ------------------------------------------------------------------------------------------------------- requests

    def _middleware(self) -> Middleware:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._guard(request, handler)

        return guard

    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Who asks, and every failure as a problem document; then the answer, within its time."""
        aged = False
        try:
            aged = await self._admit(request)
            response = await handler(request)
        except (GatewayError, web.HTTPException) as error:
            response = self._refused(error)
            aged = aged or (isinstance(error, FeedError) and error.code in (codes.BODY_TIMEOUT, codes.BODY_TOO_LARGE))
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:
            _log.exception("http.failed", route=self.place.name)
            response = problem_response(FeedError(codes.INTERNAL))
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        if aged:
            response.force_close()
        await self._send(request, response)
        return response

    async def _admit(self, request: web.Request) -> bool:
        """Note the client in the request; whether its connection is due to be closed."""
        transport = request.transport
        address = request.remote or ""
        if transport is None:
            raise ConnectionResetError("the caller has gone")
        if not self._filter.permits(address):
            raise FeedError(codes.PEER_REFUSED, place=address)
        connection: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        header = request.headers.get("Authorization")
        request[CLIENT] = await self._callers.identify(connection, header, address)
        now_s = self._clock.monotonic()
        since_s = self._since.setdefault(transport, now_s)
        if since_s == now_s:
            self._counts.connections += 1
        return now_s - since_s > self._limits.connection_age_s

    async def _fetch(self, request: web.Request) -> web.Response:
        client = request[CLIENT]
        ask = Request(method="GET", query=_query(request), media_type="", client=client.name)
        answer = await self._answer(client, ask)
        return await self._response(request, answer, is_cacheable=True)

    async def _ask(self, request: web.Request) -> web.Response:
        client = request[CLIENT]
        octets = await Body(request, self._limits).read()
        ask = Request(
            method="POST",
            query=_query(request),
            media_type=request.content_type.lower(),
            octets=octets,
            client=client.name,
        )
        answer = await self._answer(client, ask)
        return await self._response(request, answer, is_cacheable=False)

    async def _answer(self, client: Client, ask: Request) -> Answer:
        """What the client's service answers, made beside the loop."""
        desk = self._desks.get(client.name)
        if desk is None:
            desk = self._desks[client.name] = _Desk(service=self._service(client.name), turn=asyncio.Lock())
        if desk.waiting > WAITING:
            raise FeedError(codes.CLIENT_BUSY, place=client.name, cause=f"{desk.waiting} are under way")
        desk.waiting += 1
        try:
            try:
                async with asyncio.timeout(self._limits.request_timeout_s):
                    await desk.turn.acquire()
            except TimeoutError:
                raise FeedError(codes.CLIENT_BUSY, place=client.name, cause="no turn in time") from None
            try:
                async with self._threads:
                    tracks = self._picture(client)
                    answer = await in_thread(desk.service.answer, ask, tracks, self._clock.now())
            finally:
                desk.turn.release()
        finally:
            desk.waiting -= 1
        counts = self._counts
        counts.tracks += max(0, len(tracks) - len(answer.problems))
        counts.unencoded += len(answer.problems)
        if answer.problems:
            counts.last_error = str(answer.problems[0])
        tally_losses(counts, ((loss.field, loss.reason) for _, loss in answer.losses))
        return answer

    async def _response(self, request: web.Request, answer: Answer, *, is_cacheable: bool) -> web.Response:
        """The answer with its digest as tag, compressed where that is wanted, or 304 where nothing changed."""
        headers = {"Cache-Control": "private, no-cache", "Content-Type": answer.media_type}
        octets = answer.octets
        if is_cacheable and answer.status == 200:
            tag = f'W/"{sha256(octets).hexdigest()[:32]}"'  # weak: compressed or not, it is the same document
            headers |= {"ETag": tag, "Vary": "Accept-Encoding, Authorization"}
            if _knows(request.headers.get("If-None-Match", ""), tag):
                del headers["Content-Type"]
                return web.Response(status=304, headers=headers)
        if len(octets) >= _COMPRESSED_FROM and _takes_gzip(request.headers.get("Accept-Encoding", "")):
            octets = await asyncio.to_thread(gzip.compress, octets, _LEVEL, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return web.Response(status=answer.status, headers=headers, body=octets)

    async def _send(self, request: web.Request, response: web.StreamResponse) -> None:
        """Write the answer; a caller who does not read it is cut off."""
        try:
            async with asyncio.timeout(self._limits.request_timeout_s):
                await response.prepare(request)
                await response.write_eof()
        except TimeoutError:
            counts = self._counts
            counts.stuck += 1
            counts.last_error = str(FeedError(codes.CONSUMER_STUCK, place=request.remote or ""))
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionResetError("the caller does not read") from None
        if response.status in (200, 304) and request.get(CLIENT) is not None:
            self._counts.frames += 1
            if isinstance(response, web.Response) and isinstance(response.body, bytes) and request.method != "HEAD":
                self._counts.octets += len(response.body)

    # ------------------------------------------------------------------------------------------------------- refusals

    def _refused(self, error: Exception) -> web.Response:
        if isinstance(error, web.HTTPException):
            return from_http(error)
        assert isinstance(error, GatewayError)
        if isinstance(error, FormatError):
            return problem_response(error, status=400)
        status = _STATUS.get(error.code.id, 429 if error.code.id in _BUSY else status_of(error))
        if status in (401, 403, 429):
            self._counts.refused_peers += 1
            self._counts.last_error = str(error)
        is_asking = status in (401, 403) and self._callers.takes_passwords and error.code is not codes.PEER_REFUSED
        response = problem_response(error, status=401 if is_asking else status)
        if is_asking:
            response.headers["WWW-Authenticate"] = f'Basic realm="{self.place.name}", charset="UTF-8"'
        return response

    def _note_malformed(self, address: str, error: BaseException | None) -> None:
        self._counts.last_error = str(FeedError(codes.BAD_REQUEST, place=address, cause=type(error).__name__))

    def _note_turned_away(self, reason: TurnedAway) -> None:
        self._counts.refused_peers += 1
        self._counts.last_error = f"connection refused: {reason.value}"


def _bare(status: int) -> web.Response:
    error = FeedError(codes.BAD_REQUEST if status == 400 else codes.INTERNAL)
    response = problem_response(error, status=status)
    response.headers.update(SECURITY_HEADERS)
    return response


def _query(request: web.Request) -> dict[str, str]:
    """The query's parameters; `FeedError` for one that comes twice: no service could know which one was meant."""
    for name in request.query:
        if len(request.query.getall(name)) > 1:
            raise FeedError(codes.BAD_REQUEST, place=f"query {name[:40]!a}", cause="the parameter comes more than once")
    return dict(request.query)


def _knows(header: str, tag: str) -> bool:
    """Whether an If-None-Match names the tag, weakly compared (RFC 9110, 13.1.2)."""
    own = tag.removeprefix("W/")
    return any(one.strip() == "*" or one.strip().removeprefix("W/") == own for one in header.split(","))


def _takes_gzip(header: str) -> bool:
    """Whether gzip is among the encodings that a caller accepts (RFC 9110, 12.5.3)."""
    for one in header.lower().split(","):
        name, *parameters = [part.strip() for part in one.split(";")]
        if name in ("gzip", "*"):
            return not any(part.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000") for part in parameters)
    return False
