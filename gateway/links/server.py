"""The partner side as HTTP: what a partner may ask, checked in a numbered order before a message is read.

Whoever gets here has a certificate that TLS verified; which partner it is, the pin says, on every request, because a
kept connection outlives a revocation. A refusal before verification is a problem document that tells no more than its
public code: every failure inside verification has the same one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import Path

from aiohttp import web
from msgspec import Struct, json
from structlog.typing import FilteringBoundLogger

from gateway.clock import Clock, utc_text
from gateway.errors import Code, GatewayError, LedgerError, LinkError, StoreError
from gateway.limits import Limits
from gateway.links import codes
from gateway.links.connections import Connections
from gateway.links.metrics import LinkMetrics
from gateway.links.partners import Partner, PartnerBook
from gateway.links.protocol import HEALTH, LEDGER, MEDIA_TYPE, MESSAGES, PROBLEM_TYPE, RECEIPT_TYPE
from gateway.links.refusals import RefusalLog
from gateway.links.tiles import TILE_TYPE, tile_path
from gateway.links.tls import ServerTls
from gateway.stages import Inbound

_BUSY_RETRY_S = 1
"""What a partner is asked to wait when it has too much under way, or our store has."""


class ReceiptAnswer(Struct, frozen=True, kw_only=True):
    """The signed note that answers a message, first or repeated."""

    note: bytes
    accepted: bool
    """False for a signed refusal."""


Handle = Callable[[Inbound], Awaitable[ReceiptAnswer]]
"""Verify, open, check, accept and record a message; the answer is durable when it returns.

`StoreError` and `LedgerError` say that it cannot be recorded now, any other `GatewayError` that it does not verify.
"""


class PartnerDoor(Struct, frozen=True, kw_only=True):
    """What the partner side needs of the rest of the node."""

    node: str
    book: PartnerBook
    tls: ServerTls
    handle: Handle
    limits: Limits
    clock: Clock
    metrics: LinkMetrics
    log: FilteringBoundLogger
    heard: Callable[[str], None]
    """Told the partner's name after each message that was answered with a signed note."""
    ledger: Path | None = None
    """Directory of the public tree; None when it is not served."""
    entries: bool = False
    """Whether partners may read the entries beside the hashes of them: they tell what policy keeps from whom."""


ANSWER_HEADERS = {
    "Server": "alliance-track-gateway",  # and not which library in which version
    "X-Content-Type-Options": "nosniff",
}


def problem_answer(code: Code, status: HTTPStatus) -> web.Response:
    """A refusal as its caller gets it: the code, and nothing of what was sent."""
    document = LinkError(code).problem(int(status))
    return web.Response(body=json.encode(document), status=status, content_type=PROBLEM_TYPE)


def partner_app(door: PartnerDoor, connections: Connections) -> web.Application:
    """The application of the partner side. Serve it with `PartnerServer`, which sets what only the server can."""
    routes = _Routes(door, connections)
    app = web.Application(middlewares=[routes.guard], client_max_size=door.limits.max_message_octets)
    app.router.add_post(MESSAGES, routes.take_message)
    app.router.add_get(HEALTH, routes.health)
    app.router.add_get(LEDGER + "/checkpoint", routes.checkpoint)
    app.router.add_get(LEDGER + "/tile/{path:.+}", routes.tile)
    return app


_PARTNER = web.RequestKey("partner", Partner)


class _Routes:
    def __init__(self, door: PartnerDoor, connections: Connections) -> None:
        self._door = door
        self._refusals = RefusalLog(door.log, door.clock, door.limits.refusal_summary_s)
        self._connections = connections

    @web.middleware
    async def guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Checks 1 to 4, and the shape of every answer."""
        with self._connections.request(request.protocol):
            response = await self._answer(request, handler)
        if self._connections.ends(request.protocol):
            response.force_close()
        response.headers["Date"] = format_datetime(self._door.clock.now(), usegmt=True)
        response.headers.update(ANSWER_HEADERS)
        return response

    async def _answer(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            request[_PARTNER] = self._admit(request)
            return await handler(request)
        except _Refusal as refusal:
            return self._refuse(request, refusal)
        except web.HTTPException as error:  # no such address or method
            return _problem(_Refusal(HTTPStatus(error.status), codes.NOT_HERE))
        except Exception as error:  # our bug: the partner learns nothing of it, the operator all
            return self._refuse(request, _Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, codes.NOT_NOW, reason=error))

    def _admit(self, request: web.Request) -> Partner:
        door = self._door
        connection = request.transport.get_extra_info("ssl_object") if request.transport is not None else None
        # 1. The connection was made under the trust of now; otherwise it is made again and verified again
        if connection is None or connection.context is not door.tls.current.context:
            raise _Refusal(HTTPStatus.MISDIRECTED_REQUEST, codes.RECONNECT, close=True, expected=True)
        # 2. The certificate's key is pinned for one partner, and the certificate has not ended
        partner = door.book.of_peer(connection.getpeercert(binary_form=True), door.clock.now())
        if partner is None:
            raise _Refusal(HTTPStatus.FORBIDDEN, codes.NOT_A_PARTNER, close=True)
        # 3. We take messages from it
        if partner.paused or not partner.receive:
            raise _Refusal(HTTPStatus.FORBIDDEN, codes.NOT_RECEIVING, partner=partner.name)
        # 4. It has not too much under way
        if self._connections.under_way(partner.name) >= door.limits.partner_requests:
            raise _Refusal(
                HTTPStatus.TOO_MANY_REQUESTS, codes.TOO_MANY, partner=partner.name, retry_after_s=_BUSY_RETRY_S
            )
        return partner

    async def take_message(self, request: web.Request) -> web.StreamResponse:
        """Checks 5 to 8, then the rest of the house, then the signed note."""
        door, partner = self._door, request[_PARTNER]
        with self._connections.message(partner.name):
            octets = await self._body(request, partner)
            started = door.clock.monotonic()
            answer = await self._handled(
                Inbound(octets=octets, partner=partner.name, received_at=door.clock.now()), partner
            )
        outcome = "ACCEPTED" if answer.accepted else "REFUSED"
        door.metrics.received.labels(partner.name, outcome).inc()
        door.metrics.handle_seconds.labels(partner.name).observe(door.clock.monotonic() - started)
        door.heard(partner.name)
        status = HTTPStatus.OK if answer.accepted else HTTPStatus.UNPROCESSABLE_ENTITY
        return web.Response(body=answer.note, status=status, content_type=RECEIPT_TYPE, charset="utf-8")

    async def _body(self, request: web.Request, partner: Partner) -> bytes:
        # 5. Exactly the media type, once, and no encoding that would have to be undone before verification
        headers = request.headers
        if headers.getall("Content-Type", []) != [MEDIA_TYPE] or "Content-Encoding" in headers:
            raise _Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, codes.WRONG_TYPE, partner=partner.name, close=True)
        # 6. A stated length, 7. within the partner's cap: refused before a single octet is read
        length = request.content_length
        if not length:
            raise _Refusal(HTTPStatus.LENGTH_REQUIRED, codes.LENGTH_REQUIRED, partner=partner.name, close=True)
        if length > min(partner.max_message_octets, self._door.limits.max_message_octets):
            raise _Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, codes.TOO_LONG, partner=partner.name, close=True)
        # 8. All of it arrives in time
        try:
            async with asyncio.timeout(self._door.limits.body_timeout_s):
                return await request.read()
        except TimeoutError:
            raise _Refusal(HTTPStatus.REQUEST_TIMEOUT, codes.TOO_SLOW, partner=partner.name, close=True) from None

    async def _handled(self, inbound: Inbound, partner: Partner) -> ReceiptAnswer:
        try:
            async with asyncio.timeout(self._door.limits.request_timeout_s):
                return await self._door.handle(inbound)
        except (StoreError, LedgerError, TimeoutError) as error:
            raise _Refusal(
                HTTPStatus.SERVICE_UNAVAILABLE,
                codes.NOT_NOW,
                partner=partner.name,
                retry_after_s=_BUSY_RETRY_S,
                reason=error,
            ) from None
        except GatewayError as error:
            raise _Refusal(HTTPStatus.BAD_REQUEST, codes.NOT_ACCEPTED, partner=partner.name, reason=error) from None

    async def health(self, request: web.Request) -> web.StreamResponse:
        """Who answers and what time it has: that a message would be taken is said by the status."""
        door = self._door
        body = {"node": door.node, "partner": request[_PARTNER].name, "time": utc_text(door.clock.now())}
        return web.Response(body=json.encode(body), content_type="application/json")

    async def checkpoint(self, request: web.Request) -> web.StreamResponse:
        """The ledger's newest checkpoint."""
        path = self._tree() / "checkpoint"
        if not await asyncio.to_thread(path.is_file):
            raise _Refusal(HTTPStatus.NOT_FOUND, codes.NOT_HERE, expected=True)
        headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
        return web.FileResponse(path, headers=headers)

    async def tile(self, request: web.Request) -> web.StreamResponse:
        """One tile, or entry bundle where partners may read those, as C2SP tlog-tiles lays them out; immutable."""
        name = request.match_info["path"]
        path = tile_path(self._tree(), name)
        if name.startswith("entries/") and not self._door.entries:
            raise _Refusal(HTTPStatus.NOT_FOUND, codes.NOT_HERE, expected=True)
        if path is None or not await asyncio.to_thread(path.is_file):
            raise _Refusal(HTTPStatus.NOT_FOUND, codes.NOT_HERE, expected=True)
        headers = {"Content-Type": TILE_TYPE, "Cache-Control": "public, max-age=31536000, immutable"}
        return web.FileResponse(path, headers=headers)

    def _tree(self) -> Path:
        if self._door.ledger is None:
            raise _Refusal(HTTPStatus.NOT_FOUND, codes.NOT_HERE, expected=True)
        return self._door.ledger

    def _refuse(self, request: web.Request, refusal: _Refusal) -> web.StreamResponse:
        self._door.metrics.turned_away.labels(refusal.code.id).inc()
        if not refusal.expected:
            self._refusals.note(refusal.partner or request.remote or "", refusal.code, refusal.reason)
        return _problem(refusal)


class _Refusal(Exception):  # noqa: N818 (a refusal is an answer here, not an error that anyone sees)
    def __init__(
        self,
        status: HTTPStatus,
        code: Code,
        *,
        partner: str = "",
        close: bool = False,
        expected: bool = False,
        retry_after_s: int | None = None,
        reason: BaseException | None = None,
    ) -> None:
        super().__init__(code.id)
        self.status = status
        self.code = code
        self.partner = partner
        self.close = close
        self.expected = expected
        self.retry_after_s = retry_after_s
        self.reason = reason


def _problem(refusal: _Refusal) -> web.Response:
    # The reason stays in our log: an answer that told which check failed would guide an attacker past it.
    response = problem_answer(refusal.code, refusal.status)
    if refusal.retry_after_s is not None:
        response.headers["Retry-After"] = str(refusal.retry_after_s)
    if refusal.close:
        response.force_close()
    return response
