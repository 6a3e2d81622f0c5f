"""The national side over HTTP: one application made from the route table, and the server that runs it.

Hardening, each line against something measured: no session tickets and TLS 1.3 only (a ticket outlives a withdrawn
certificate), the peer checked per request, no content encodings (a 300 KB body can become 300 MB), bounded header
count and sizes, bounded body size and time, idle connections closed, tracebacks of malformed requests rate-limited.
"""

from __future__ import annotations

import logging
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
from gateway.feeds.http_routes import routes
from gateway.feeds.http_stream import VIEWERS, Viewers
from gateway.feeds.http_types import NATIONAL, National
from gateway.feeds.openapi import document
from gateway.limits import Limits

MAX_HEADERS = 40
MAX_HEADER_OCTETS = 4_096
MAX_LINE_OCTETS = 2_048
_LOG_EVERY_S = 10.0
_log = logging.getLogger("gateway.feeds.http.server")


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
        self._host, self._port, self._tls = host, port, tls
        self._limits = limits
        self._runner = web.AppRunner(
            app,
            access_log=None,
            logger=_quiet_logger(clock),
            handle_signals=False,
            keepalive_timeout=limits.idle_timeout_s,  # also bounds how slowly headers may come
            auto_decompress=False,
            max_headers=MAX_HEADERS,
            max_field_size=MAX_HEADER_OCTETS,
            max_line_size=MAX_LINE_OCTETS,
            lingering_time=1.0,
            shutdown_timeout=limits.shutdown_timeout_s,
        )

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens, once started."""
        host, port = self._runner.addresses[0][:2]
        return host, port

    async def start(self) -> None:
        """Listen; `FeedError` (``FEED-020``) when the address cannot be had."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port, ssl_context=self._tls, backlog=512).start()
        except (OSError, OverflowError) as error:
            await self._runner.cleanup()
            cause = getattr(error, "strerror", None) or str(error)
            raise FeedError(codes.BIND, place=peer_text((self._host, self._port)), cause=cause) from None

    async def stop(self) -> None:
        """Stop listening, end live streams, let answers under way finish for `Limits.shutdown_timeout_s`."""
        await self._runner.cleanup()


def _quiet_logger(clock: Clock) -> logging.Logger:
    logger = logging.Logger(_log.name)  # not from the registry: each server has its own memory of when it spoke
    logger.parent = _log
    logger.addFilter(_RateLimit(clock))
    return logger


class _RateLimit(logging.Filter):
    """aiohttp logs a traceback for each malformed request: keep one line in ten seconds, and the number between."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._next_s = 0.0
        self._suppressed = 0

    def filter(self, record: logging.LogRecord) -> bool:
        now_s = self._clock.monotonic()
        if now_s < self._next_s:
            self._suppressed += 1
            return False
        self._next_s = now_s + _LOG_EVERY_S
        error = record.exc_info[1] if record.exc_info else None
        record.msg = f"{record.getMessage()}: {type(error).__name__}" if error else record.getMessage()
        record.args, record.exc_info, record.exc_text = (), None, None
        if self._suppressed:
            record.msg += f" ({self._suppressed} more since)"
            self._suppressed = 0
        return True
