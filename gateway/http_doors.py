"""A listening HTTP door: what a stranger can hold of it is bounded, and what is no HTTP gets a bare refusal.

Both sides of the gateway listen through this one: the national side and the partner side. Addresses are counted when a
connection is accepted, before TLS, so that half-open handshakes count too. asyncio's own servers tell the address only
after the handshake; hence the accepting loop here.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from msgspec import Struct

from gateway.limits import Limits

HEADERS = 40
FIELD_OCTETS = 4_096
LINE_OCTETS = 2_048
_LINGER_S = 1.0
_PER_WAKE = 64  # connections accepted before the event loop gets a turn
_EXHAUSTED_S = 0.1  # before the next attempt to accept when the process has no descriptors left


class TurnedAway(StrEnum):
    """Why a connection was closed before it had a request."""

    TOO_MANY = "too_many"
    """Too many were open, in all or from its address; it was closed unread."""
    HANDSHAKE = "handshake"
    """It did not finish TLS, or not in time."""
    HEAD = "head"
    """The head of a request did not come in time."""


class DoorEvents(Struct, frozen=True, kw_only=True):
    """What the side behind the door wants to be told, and what it answers."""

    answer: Callable[[int], web.Response]
    """The answer (400, or 500 for a bug) to what never became a request of the application."""
    note_malformed: Callable[[str, BaseException | None], None]
    """An address sent something that is no acceptable HTTP; counts and logs, and never the caller's octets."""
    note_turned_away: Callable[[TurnedAway], None]
    """A connection was closed before it had a request."""
    note_bug: Callable[[BaseException | None], None]
    """A request met a bug below the application."""


class HttpDoor:
    """Serves one application. `start`, then `stop`; one of each per object."""

    def __init__(
        self,
        app: web.Application,
        *,
        limits: Limits,
        tls: ssl.SSLContext | None,
        events: DoorEvents,
        backlog: int = 512,
    ) -> None:
        self._limits = limits
        self._tls = tls
        self._events = events
        self._backlog = backlog
        self._runner = web.AppRunner(
            app, access_log=None, handle_signals=False, shutdown_timeout=limits.shutdown_timeout_s
        )
        self._held: Counter[str] = Counter()
        self._listening: list[socket.socket] = []
        self._arriving: set[socket.socket] = set()
        self._accepting: asyncio.Task[None] | None = None

    @property
    def server(self) -> web.Server | None:
        """aiohttp's book of connections; none before `start` and after `stop`."""
        return self._runner.server

    @property
    def held(self) -> int:
        """Connections that are open now, half-open ones too."""
        return self._held.total()

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen; the bound address. `OSError` or `OverflowError` when it cannot be had."""
        await self._runner.setup()
        try:
            self._listening = await _listen(host, port, self._backlog)
        except BaseException:
            await self._runner.cleanup()
            raise
        self._accepting = asyncio.create_task(self._accept_all(), name=f"http door {host}:{port}")
        address = self._listening[0].getsockname()
        return str(address[0]), int(address[1])

    async def stop(self) -> None:
        """Accept nothing more, let what is under way end within `Limits.shutdown_timeout_s`, close."""
        if self._accepting is not None:
            self._accepting.cancel()
            await asyncio.gather(self._accepting, return_exceptions=True)
            self._accepting = None
        for listening in self._listening:
            listening.close()
        self._listening = []
        await self._runner.cleanup()

    async def _accept_all(self) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            try:
                for listening in self._listening:
                    loop.add_reader(listening, self._accept, listening, group)
                await loop.create_future()
            finally:
                for listening in self._listening:
                    loop.remove_reader(listening)

    def _accept(self, listening: socket.socket, group: asyncio.TaskGroup) -> None:
        """Accept who waits; straight from the loop's readiness, so that no cancellation can lose a connection."""
        loop = asyncio.get_running_loop()
        for _ in range(_PER_WAKE):
            try:
                connection, peer = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionError):  # nobody, or he has gone already
                return
            except OSError:  # no descriptors left: without a pause the loop would be told so for ever
                loop.remove_reader(listening)
                loop.call_later(_EXHAUSTED_S, self._accept_again, listening, group)
                return
            address = str(peer[0])
            if self._is_full(address):
                self._events.note_turned_away(TurnedAway.TOO_MANY)
                connection.close()
                continue
            connection.setblocking(False)
            self._held[address] += 1
            self._arriving.add(connection)
            greeting = group.create_task(self._greet(connection, address))
            greeting.add_done_callback(partial(self._give_up, connection, address))

    def _accept_again(self, listening: socket.socket, group: asyncio.TaskGroup) -> None:
        if listening in self._listening and self._accepting is not None and not self._accepting.cancelling():
            asyncio.get_running_loop().add_reader(listening, self._accept, listening, group)

    def _give_up(self, connection: socket.socket, address: str, _: object) -> None:
        if connection in self._arriving:  # cancelled before its task began
            self._arriving.remove(connection)
            connection.close()
            self._let_go(address)

    def _is_full(self, address: str) -> bool:
        limits = self._limits
        return (
            self._held[address] >= limits.http_connections_per_address or self._held.total() >= limits.http_connections
        )

    async def _greet(self, connection: socket.socket, address: str) -> None:
        """TLS with a stranger, who may fail at it in any way; then the connection is the application's."""
        self._arriving.remove(connection)
        handler = _Handler(self, address)
        times: dict[str, float] = {}
        if self._tls is not None:
            times = {"ssl_handshake_timeout": self._limits.handshake_timeout_s, "ssl_shutdown_timeout": _LINGER_S}
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: handler, connection, ssl=self._tls, **times
            )
        except Exception:  # what one caller's handshake ends with is nobody else's trouble
            self._events.note_turned_away(TurnedAway.HANDSHAKE)
        finally:
            if not handler.is_connected:  # else its end is told by connection_lost
                self._let_go(address)

    def _let_go(self, address: str) -> None:
        self._held[address] -= 1
        if not self._held[address]:
            del self._held[address]


class _Handler(web.RequestHandler):
    """aiohttp's connection with a time for heads, and without its error pages: they echo what the caller sent.

    When a head is complete is read from `_request_count`, `_messages` and `_waiter`, for want of anything public; the
    tests of both doors fail when a new aiohttp names them otherwise.
    """

    __slots__ = ("_address", "_door", "_head_timer", "is_connected")

    def __init__(self, door: HttpDoor, address: str) -> None:
        server = door.server
        assert server is not None
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=door._limits.idle_timeout_s,
            access_log=None,  # type: ignore[arg-type]  # aiohttp's own spelling of none
            auto_decompress=False,
            max_headers=HEADERS,
            max_field_size=FIELD_OCTETS,
            max_line_size=LINE_OCTETS,
            lingering_time=_LINGER_S,
        )
        self._door = door
        self._address = address
        self._head_timer: asyncio.TimerHandle | None = None
        self.is_connected = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.is_connected = True
        super().connection_made(transport)
        self._time_head()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._head_came()
        self._door._let_go(self._address)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        before = self._request_count
        super().data_received(data)
        if self._request_count != before:
            self._head_came()
        elif self._head_timer is None and self._waiter is not None and not self._messages:
            self._time_head()  # between two requests, and this is not yet all of the next one's head

    def _time_head(self) -> None:
        loop = asyncio.get_running_loop()
        self._head_timer = loop.call_later(self._door._limits.header_timeout_s, self._too_late)

    def _head_came(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _too_late(self) -> None:
        self._head_timer = None
        self._door._events.note_turned_away(TurnedAway.HEAD)
        self.force_close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        events = self._door._events
        if isinstance(exc, ConnectionError):  # the caller has gone, or was cut off: no bug, and nobody to answer
            raise exc
        if isinstance(exc, HttpProcessingError):
            status = 400
            events.note_malformed(self._address, exc)
        else:
            status = 500
            events.note_bug(exc)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun")
        response = events.answer(status)
        response.force_close()
        return response

    def log_exception(self, *args: Any, **kw: Any) -> None:
        error = kw.get("exc_info")
        self._door._events.note_bug(error if isinstance(error, BaseException) else None)


async def _listen(host: str, port: int, backlog: int) -> list[socket.socket]:
    """A listening socket for each address of the host."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    listening: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            opened = socket.socket(family, kind, protocol)
            listening.append(opened)
            opened.setblocking(False)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # else it would take IPv4's port too
            opened.bind(address)
            opened.listen(backlog)
    except BaseException:
        for one in listening:
            one.close()
        raise
    return listening
