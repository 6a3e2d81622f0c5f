"""The listening socket of the partner side: hardened HTTP, and a sweep over what stays open."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from http import HTTPStatus
from typing import NamedTuple

from aiohttp import http_parser, web

from gateway.errors import LinkError
from gateway.http_doors import DoorEvents, HttpDoor
from gateway.links import codes, events
from gateway.links.connections import Connections
from gateway.links.partners import Partner, PartnerBook
from gateway.links.refusals import RefusalLog
from gateway.links.server import ANSWER_HEADERS, PartnerDoor, partner_app, problem_answer
from gateway.links.tls import Expiry, TlsMaterial

_SWEEP_S = 1.0


class Address(NamedTuple):
    """Where the partner side listens."""

    host: str
    port: int


class PartnerServer:
    """Serves the partner application until it is stopped. One `run` per object."""

    def __init__(self, door: PartnerDoor, *, host: str, port: int, backlog: int = 128) -> None:
        self._door = door
        self._asked = Address(host, port)
        self._connections = Connections(door.clock)
        self._address: Address | None = None
        self._refusals = RefusalLog(door.log, door.clock, door.limits.refusal_summary_s)
        self._http = HttpDoor(
            partner_app(door, self._connections),
            limits=door.limits,
            tls=door.tls.base,
            backlog=backlog,
            events=DoorEvents(
                answer=_answer,
                note_malformed=self._note_malformed,
                note_turned_away=lambda reason: door.metrics.connections_refused.labels(reason.value).inc(),
                note_bug=lambda error: self._refusals.note("", codes.NOT_NOW, error),
            ),
        )

    @property
    def address(self) -> Address:
        """The bound address, with the port that the system chose where 0 was asked for."""
        if self._address is None:
            raise RuntimeError("the partner side does not listen yet")
        return self._address

    def under_way(self, partner: str) -> int:
        """Messages of the partner that are being worked on."""
        return self._connections.under_way(partner)

    async def start(self) -> None:
        """Listen. `LinkError` LINK-007 when the address cannot be had, LINK-008 without the compiled HTTP parser."""
        if http_parser.HttpRequestParser is http_parser.HttpRequestParserPy:
            # The two differ in what they refuse, and only the compiled one was tried against the attacks in the tests.
            raise LinkError(codes.PARSER_MISSING)
        host, port = self._asked
        try:
            self._address = Address(*await self._http.start(host, port))
        except OSError as error:
            cause = error.strerror or type(error).__name__
            raise LinkError(codes.CANNOT_LISTEN, place=f"{host}:{port}", cause=cause) from None
        host, port = self._address
        self._door.log.info(events.LISTENING, host=host, port=port)

    async def run(self) -> None:
        """Sweep open connections until cancelled, then let requests end and close.

        A bug of ours is raised, and leaves the door open: it can be run again.
        """
        try:
            while True:
                await asyncio.sleep(_SWEEP_S)
                self.sweep()
        except asyncio.CancelledError:
            await self.stop()
            raise

    def reload(self, material: TlsMaterial, partners: Sequence[Partner]) -> None:
        """Trust these from now on, on open connections too. On an error all of the former trust stays in use.

        `LinkError` (or the ledger's own for a key) as `server_tls` and `PartnerBook` raise it.
        """
        PartnerBook(partners)
        self._door.tls.reload(material)
        self._door.book.replace(partners)
        closed = self.sweep()
        days = {
            f"{expiry.what} {expiry.subject}": round(expiry.days_left(self._door.clock.now()))
            for expiry in self.expiries
        }
        self._door.log.info(events.TRUST_RELOADED, partners=len(partners), closed=closed, days_left=days)

    @property
    def expiries(self) -> tuple[Expiry, ...]:
        """What ends in the trust that is in use: our certificate, the authorities, their revocation lists."""
        return self._door.tls.current.expiries

    async def stop(self) -> None:
        """Accept nothing more, let what is under way end within `Limits.shutdown_timeout_s`, close."""
        await self._http.stop()

    def sweep(self) -> int:
        """Close, after their current request, connections that are too old, too many or under a former trust.

        The number closed. What a request would be refused for anyway is closed here without waiting for one.
        """
        server = self._http.server
        # One that closes already is left alone: asked twice, asyncio's TLS forgets what it was, and tells no more of it
        open_now = [
            handler
            for handler in (server.connections if server else ())
            if handler.transport is not None and not handler.transport.is_closing()
        ]
        self._door.metrics.connections.set(len(open_now))
        self._connections.keep(open_now)
        held: Counter[str] = Counter()
        closed = 0
        for handler in open_now:
            transport = handler.transport
            if transport is not None and not self._may_stay(handler, transport, held):
                self._connections.end(handler, transport)
                closed += 1
        return closed

    def _note_malformed(self, address: str, error: BaseException | None) -> None:
        self._door.metrics.turned_away.labels(codes.MALFORMED.id).inc()
        # Its words quote the caller, so only its kind is kept
        self._refusals.note(address, codes.MALFORMED, LinkError(codes.MALFORMED, cause=type(error).__name__))

    def _may_stay(self, protocol: asyncio.BaseProtocol, transport: asyncio.Transport, held: Counter[str]) -> bool:
        door = self._door
        if self._connections.age_s(protocol) > door.limits.connection_age_s:
            return False
        connection = transport.get_extra_info("ssl_object")
        if connection is None or connection.context is not door.tls.current.context:
            return False
        partner = door.book.of_peer(connection.getpeercert(binary_form=True), door.clock.now())
        if partner is None:
            return False
        held[partner.name] += 1
        return held[partner.name] <= door.limits.partner_connections


def _answer(status: int) -> web.Response:
    code = codes.MALFORMED if status == HTTPStatus.BAD_REQUEST else codes.NOT_NOW
    response = problem_answer(code, HTTPStatus(status))
    response.headers.update(ANSWER_HEADERS)
    return response
