"""The listening side of stream conversations: what a stranger can hold of it is bounded.

A connection is looked at when it is accepted, before TLS: its network, how many are open, how many handshakes its
address has under way. asyncio's own servers tell of a connection only after the handshake; hence the accepting here.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Awaitable, Callable

from gateway.errors import FeedError, GatewayError
from gateway.feeds import codes
from gateway.feeds.address import PeerFilter, peer_text
from gateway.feeds.talk import TalkPlace
from gateway.feeds.talk_stream import Stream
from gateway.limits import Limits

_BACKLOG = 128
_EXHAUSTED_S = 0.1  # before the next attempt to accept when the process has no descriptors left
_GOODBYE_S = 1.0  # for the closing of a TLS session
_PER_WAKE = 64  # connections accepted before the event loop gets a turn
_ONE_ADDRESS = 4  # part of the handshakes that one address may have under way

Greet = Callable[[socket.socket, tuple[str, int]], None]


class TalkDoor:
    """Accepts connections. `open`, then `serve`, then `close`; and again."""

    def __init__(self, place: TalkPlace, *, limits: Limits, refused: Callable[[str, GatewayError], None]) -> None:
        """`refused` is told the address of who was not let in, and why."""
        self._place = place
        self._limits = limits
        self._refused = refused
        self._filter = PeerFilter(place.allow)
        self._listening: list[socket.socket] = []
        self._open = 0
        self._arriving: set[socket.socket] = set()
        self._greeting: Counter[str] = Counter()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens, once open."""
        assert self._listening, "start() comes first"
        host, port = self._listening[0].getsockname()[:2]
        return host, port

    @property
    def is_open(self) -> bool:
        """Whether it listens."""
        return bool(self._listening)

    async def open(self) -> None:
        """Listen; `FeedError` (``FEED-020``) when the address cannot be had."""
        place = self._place
        try:
            self._listening = await _listen(place.host, place.port)
        except (OSError, OverflowError) as error:
            cause = getattr(error, "strerror", None) or str(error)
            raise FeedError(codes.BIND, place=peer_text((place.host, place.port)), cause=cause) from None

    def close(self) -> None:
        """Listen no more; connections live on."""
        for listening in self._listening:
            listening.close()
        self._listening = []

    async def serve(
        self, make: Callable[[], Stream], attend: Callable[[Stream], Awaitable[None]], group: asyncio.TaskGroup
    ) -> None:
        """Accept until cancelled; `attend` is awaited in a task of `group` for each connection that stands."""
        loop = asyncio.get_running_loop()

        def greet(connection: socket.socket, peer: tuple[str, int]) -> None:
            self._open += 1
            self._arriving.add(connection)
            task = group.create_task(
                self._greet(connection, peer, make(), attend), name=f"feed {self._place.name} peer"
            )
            task.add_done_callback(lambda _: self._let_go(connection))

        try:
            for listening in self._listening:
                loop.add_reader(listening, self._accept, listening, greet)
            await loop.create_future()
        finally:
            for listening in self._listening:
                loop.remove_reader(listening)

    def _accept(self, listening: socket.socket, greet: Greet) -> None:
        """Accept who waits; straight from the loop's readiness, so that no cancellation can lose a connection."""
        for _ in range(_PER_WAKE):
            try:
                connection, peer = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionError):  # nobody, or he has gone already
                return
            except OSError:  # no descriptors left: without a pause the loop would be told so for ever
                loop = asyncio.get_running_loop()
                loop.remove_reader(listening)
                loop.call_later(_EXHAUSTED_S, self._accept_again, listening, greet)
                return
            refusal = self._refusal(str(peer[0]))
            if refusal is not None:
                connection.close()
                self._refused(peer_text(peer), refusal)
                continue
            connection.setblocking(False)
            greet(connection, peer)

    def _accept_again(self, listening: socket.socket, greet: Greet) -> None:
        if listening in self._listening:
            asyncio.get_running_loop().add_reader(listening, self._accept, listening, greet)

    def _let_go(self, connection: socket.socket) -> None:
        self._open -= 1
        if connection in self._arriving:  # cancelled before its task began
            self._arriving.remove(connection)
            connection.close()

    def _refusal(self, host: str) -> FeedError | None:
        if not self._filter.permits(host):
            return FeedError(codes.PEER_REFUSED, place=host)
        most = self._place.max_connections
        if self._open >= most:
            return FeedError(codes.CROWDED, place=host, cause=f"{most} are open")
        if self._greeting[host] >= max(1, most // _ONE_ADDRESS):
            return FeedError(codes.CROWDED, place=host, cause=f"{self._greeting[host]} handshakes of it are under way")
        return None

    async def _greet(
        self,
        connection: socket.socket,
        peer: tuple[str, int],
        stream: Stream,
        attend: Callable[[Stream], Awaitable[None]],
    ) -> None:
        """TLS with a stranger, who may fail at it in any way; then the conversation."""
        self._arriving.remove(connection)
        try:
            await self._shake_hands(connection, str(peer[0]), stream)
        except Exception as error:  # what one caller's handshake ends with is nobody else's trouble
            cause = getattr(error, "reason", None) or str(error) or type(error).__name__
            self._refused(peer_text(peer), FeedError(codes.HANDSHAKE, place=peer_text(peer), cause=cause))
            return
        await attend(stream)

    async def _shake_hands(self, connection: socket.socket, host: str, stream: Stream) -> None:
        tls = self._place.tls
        times: dict[str, float] = {}
        if tls is not None:
            times = {"ssl_handshake_timeout": self._limits.handshake_timeout_s, "ssl_shutdown_timeout": _GOODBYE_S}
        self._greeting[host] += 1
        try:
            loop = asyncio.get_running_loop()
            await loop.connect_accepted_socket(lambda: stream, connection, ssl=tls, **times)
        finally:
            self._greeting[host] -= 1
            if not self._greeting[host]:
                del self._greeting[host]


async def _listen(host: str, port: int) -> list[socket.socket]:
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
            opened.listen(_BACKLOG)
    except BaseException:
        for one in listening:
            one.close()
        raise
    return listening
