"""One stream connection of a conversation: octets to frames on one side, frames to octets on the other.

What one read brings is cut slice by slice, and only while the inbox has room; the rest of it is held, and the peer is
not read from until it is cut. So what a peer can make us hold is one read and one inbox, whatever he sends.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import cast

from gateway.clock import Clock
from gateway.errors import GatewayError
from gateway.feeds.cutting import Cutter
from gateway.feeds.talk_session import Session

_WRITE_BUFFER = 262_144  # octets that may wait in user space for one peer before tracks wait in their queue
_SLICE = 16_384  # octets cut at once: what a slice adds to a full inbox is bounded by it
_KEEP_ALIVE = (  # a peer that vanished without a word is noticed after two minutes
    (socket.SO_KEEPALIVE, socket.SOL_SOCKET, 1),
    (getattr(socket, "TCP_KEEPIDLE", 0), socket.IPPROTO_TCP, 60),
    (getattr(socket, "TCP_KEEPINTVL", 0), socket.IPPROTO_TCP, 15),
    (getattr(socket, "TCP_KEEPCNT", 0), socket.IPPROTO_TCP, 4),
)

Meet = Callable[["Stream"], Session | None]
"""Told of a connection that stands: the session that is to be held over it, or none when its peer was refused."""


class Stream(asyncio.Protocol):
    """The wire of one session, and the protocol of its transport."""

    def __init__(self, meet: Meet, cutter: Cutter, clock: Clock) -> None:
        self.writable = asyncio.Event()
        self.writable.set()
        self.stuck_since_s: float | None = None
        self.session: Session | None = None
        """Present from the beginning of the connection, unless its peer was refused."""
        self.transport: asyncio.Transport | None = None
        self._meet = meet
        self._cutter = cutter
        self._clock = clock
        self._held = b""
        self._ask_again = False  # of what is wrong after the frames that it gave, a splitter tells when asked again
        self._is_paused = False
        self._has_ended = False  # the peer says no more
        self._is_deaf = False  # we listen no more
        self._is_leaving = False  # we say no more either
        self._closed = asyncio.Event()

    # ------------------------------------------------------------------------------------------- as asyncio's protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands, and TLS too where there is any."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=_WRITE_BUFFER)
        sock: socket.socket | None = transport.get_extra_info("socket")
        if sock is not None:
            with suppress(OSError):  # he may have gone already, of which we are told next
                for option, level, value in _KEEP_ALIVE:
                    if option:
                        sock.setsockopt(level, option, value)
        self.session = self._meet(self)
        if self.session is None:
            self._is_deaf = True
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """The peer says something."""
        if not self._is_deaf:
            self._held += data
            self._cut()

    def eof_received(self) -> bool:
        """The peer says no more; whether we may still speak."""
        assert self.transport is not None
        # Over TLS there is no half of a connection; otherwise our last words can still reach a peer that only listens
        may_speak = not self._is_leaving and self.transport.get_extra_info("ssl_object") is None
        self._has_ended = True
        self._end_if_cut()
        return may_speak

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has gone."""
        self._has_ended = True
        self.stuck_since_s = None
        self.writable.set()
        self._closed.set()
        if self.session is not None and exc is not None:
            self.session.note_loss(exc)
        self._end_if_cut()

    def pause_writing(self) -> None:
        """The peer does not take what we write."""
        self.stuck_since_s = self._clock.monotonic()
        self.writable.clear()

    def resume_writing(self) -> None:
        """He does again."""
        self.stuck_since_s = None
        self.writable.set()

    # ---------------------------------------------------------------------------------------------- as an inbox's peer

    def pause_reading(self) -> None:
        """Hold what is not cut yet, and read no more."""
        self._is_paused = True
        if self.transport is not None and not self.transport.is_closing() and self.transport.is_reading():
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Go on with what is held, then read."""
        self._is_paused = False
        self._cut()
        self._read_on()

    def _read_on(self) -> None:
        transport = self.transport
        if self._is_paused or self._has_ended or transport is None or transport.is_closing():
            return
        if not transport.is_reading():
            transport.resume_reading()

    def _cut(self) -> None:
        session, held, at, piece = self.session, self._held, 0, b""
        if session is None or self._is_deaf:
            return
        while (at < len(held) or self._ask_again) and not self._is_paused:
            try:
                cut = self._cutter.feed(held[at : at + _SLICE])
            except GatewayError as error:
                self._is_deaf, self._held = True, b""
                session.cannot_follow(held[at : at + _SLICE] or piece, error)
                return
            piece = held[at : at + _SLICE]
            at += len(piece)
            self._ask_again = bool(cut)
            if cut:
                session.inbox.put_all(session.frames(cut))
                session.inbox.pause_if_full(self)
        self._held = held[at:]
        self._end_if_cut()

    def _end_if_cut(self) -> None:
        """Tell the session that the peer says no more, once everything that he said is in the inbox."""
        session = self.session
        if session is None or self._is_deaf or self._held or not self._has_ended:
            return
        self._is_deaf = True
        try:
            rest = self._cutter.rest()
        except GatewayError as error:
            session.cannot_follow(b"", error)
            return
        session.inbox.put_all(session.frames(rest))
        session.end()

    # --------------------------------------------------------------------------------------------- as a session's wire

    def send(self, frames: Sequence[bytes]) -> None:
        """Write frames as one; they are forgotten when the connection has gone."""
        if self.transport is not None and not self.transport.is_closing() and not self._closed.is_set():
            self.transport.write(frames[0] if len(frames) == 1 else b"".join(frames))

    def stop_listening(self) -> None:
        """Forget what the peer says from now on, and what is not cut yet."""
        self._is_deaf, self._held = True, b""

    async def finish(self, within_s: float) -> None:
        """Close so that the peer gets what is written: a connection closed with octets unread would be reset."""
        transport = self.transport
        if transport is None:
            return
        is_tls = transport.get_extra_info("ssl_object") is not None
        self.stop_listening()
        self._is_paused, self._is_leaving = False, True
        if not transport.is_closing():
            if is_tls or self._has_ended:
                transport.close()
            else:
                try:
                    transport.write_eof()
                except (OSError, RuntimeError):  # reset a moment ago, of which the loop knows nothing yet
                    transport.abort()
                self._read_on()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    await self._closed.wait()
        finally:
            transport.abort()

    def close(self) -> None:
        """Close after what is written, without waiting for it."""
        if self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        """Close without ceremony."""
        if self.transport is not None:
            self.transport.abort()
