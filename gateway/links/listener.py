"""The listening socket of the partner side: hardened HTTP, and a sweep over what stays open."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from aiohttp import http_parser, web

from gateway.errors import LinkError
from gateway.links import codes, events
from gateway.links.connections import Connections
from gateway.links.partners import Partner, PartnerBook
from gateway.links.server import PartnerDoor, partner_app
from gateway.links.tls import Expiry, TlsMaterial

_SWEEP_S = 1.0
_HEADERS = 40
_FIELD_OCTETS = 4_096
_LINE_OCTETS = 2_048
_HANDSHAKE_S = 5.0  # stops strangers, who never get further than this, from holding sockets
_LINGER_S = 1.0


class Address(NamedTuple):
    """Where the partner side listens."""

    host: str
    port: int


class PartnerServer:
    """Serves the partner application until it is stopped. One `run` per object."""

    def __init__(self, door: PartnerDoor, *, host: str, port: int, backlog: int = 128) -> None:
        self._door = door
        self._asked = Address(host, port)
        self._backlog = backlog
        self._connections = Connections(door.clock)
        self._address: Address | None = None
        limits = door.limits
        self._runner = web.AppRunner(
            partner_app(door, self._connections),
            access_log=None,
            logger=_quiet_logger(),
            handle_signals=False,
            keepalive_timeout=limits.idle_timeout_s,  # in aiohttp also the time that headers may take
            auto_decompress=False,
            max_headers=_HEADERS,
            max_field_size=_FIELD_OCTETS,
            max_line_size=_LINE_OCTETS,
            lingering_time=_LINGER_S,
            shutdown_timeout=limits.shutdown_timeout_s,
        )
        self._listening: asyncio.Server | None = None

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
        await self._runner.setup()
        server = self._runner.server
        assert server is not None
        host, port = self._asked
        try:
            self._listening = await asyncio.get_running_loop().create_server(
                server,
                host,
                port,
                ssl=self._door.tls.base,
                ssl_handshake_timeout=_HANDSHAKE_S,
                ssl_shutdown_timeout=_LINGER_S,
                backlog=self._backlog,
            )
        except OSError as error:
            await self._runner.cleanup()
            cause = error.strerror or type(error).__name__
            raise LinkError(codes.CANNOT_LISTEN, place=f"{host}:{port}", cause=cause) from None
        host, port = self._listening.sockets[0].getsockname()[:2]
        self._address = Address(host, port)
        self._door.log.info(events.LISTENING, host=host, port=port)

    async def run(self) -> None:
        """Sweep open connections until cancelled, then let requests end and close."""
        try:
            while True:
                await asyncio.sleep(_SWEEP_S)
                self.sweep()
        finally:
            await self.stop()

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
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        await self._runner.cleanup()

    def sweep(self) -> int:
        """Close, after their current request, connections that are too old, too many or under a former trust.

        The number closed. What a request would be refused for anyway is closed here without waiting for one.
        """
        server = self._runner.server
        open_now = [handler for handler in server.connections if handler.transport is not None] if server else []
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


def _quiet_logger() -> logging.Logger:
    """Says nothing: aiohttp logs a traceback per malformed request, a flood that a stranger could steer."""
    logger = logging.getLogger("gateway.links.http")
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    return logger
