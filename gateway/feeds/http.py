"""The national side over HTTP: one application made from the route table, and the server that runs it.

Hardening, each line against something measured: no session tickets and TLS 1.3 only (a ticket outlives a withdrawn
certificate), the peer checked per request, no content encodings (a 300 KB body can become 300 MB), bounded body size
and time. What can be bounded before there is a request (connections, handshakes, heads) is `gateway.http_doors`.
"""

from __future__ import annotations

import ssl
from pathlib import Path

import msgspec
from aiohttp import web

from gateway.clock import Clock
from gateway.errors import FeedError
from gateway.feeds import codes
from gateway.feeds.address import peer_text
from gateway.feeds.http_guard import Guard
from gateway.feeds.http_messages import INTAKES, Intakes
from gateway.feeds.http_operations import DOCUMENT
from gateway.feeds.http_refusals import Refusals
from gateway.feeds.http_routes import routes
from gateway.feeds.http_stream import VIEWERS, Viewers
from gateway.feeds.http_types import NATIONAL, National
from gateway.feeds.openapi import document
from gateway.http_doors import HttpDoor
from gateway.limits import Limits


def national_app(national: National) -> web.Application:
    """The application; serve it with `HttpServer`."""
    guard = Guard(national)
    app = web.Application(middlewares=[guard.middleware()], client_max_size=national.limits.max_message_octets)
    table = routes(national.formats, national.limits)
    app[NATIONAL] = national
    app[INTAKES] = Intakes(national)
    app[VIEWERS] = viewers = Viewers()
    app[DOCUMENT] = msgspec.json.encode(document(table, national.formats, version=national.version))
    app.on_shutdown.append(viewers.close_all)
    app.add_routes(
        [
            web.route(route.method, route.path, route.handler)
            if route.method != "GET"
            else web.get(route.path, route.handler, allow_head=False)
            for route in table
        ]
    )
    return app


def server_context(*, certificate: Path, key: Path, client_ca: Path) -> ssl.SSLContext:
    """Mutual TLS 1.3 for the national side; `FeedError` (``FEED-020``) when a file cannot be used.

    To replace the server's certificate, load the new files into the context that is in use: connections live on.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_cert_chain(certificate, key)
        context.load_verify_locations(client_ca)
    except (OSError, ssl.SSLError) as error:
        place = f"{certificate}, {key}, {client_ca}"
        raise FeedError(codes.BIND, place=place, cause=error.strerror or str(error)) from None
    return context


class HttpServer:
    """A running application. `start`, then `address`; `stop` ends streams and waits for answers under way."""

    def __init__(
        self,
        app: web.Application,
        *,
        host: str,
        port: int,
        tls: ssl.SSLContext | None,
        limits: Limits,
        clock: Clock,
    ) -> None:
        """Without `tls` it is for loopback; the configuration refuses anything else."""
        self._host, self._port = host, port
        refusals = Refusals(app[NATIONAL], clock)
        self._door = HttpDoor(app, limits=limits, tls=tls, events=refusals.events())
        refusals.watch(self._door)
        self._address: tuple[str, int] | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens, once started."""
        assert self._address is not None, "start() comes first"
        return self._address

    async def start(self) -> None:
        """Listen; `FeedError` (``FEED-020``) when the address cannot be had."""
        try:
            self._address = await self._door.start(self._host, self._port)
        except (OSError, OverflowError) as error:
            cause = getattr(error, "strerror", None) or str(error)
            raise FeedError(codes.BIND, place=peer_text((self._host, self._port)), cause=cause) from None

    async def stop(self) -> None:
        """Stop listening, end live streams, let answers under way finish for `Limits.shutdown_timeout_s`."""
        await self._door.stop()
