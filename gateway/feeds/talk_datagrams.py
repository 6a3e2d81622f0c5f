"""The wire of a conversation over datagrams: each frame is one, sent to a group or to everybody lately heard."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from gateway.errors import FeedError
from gateway.feeds import codes
from gateway.feeds.address import SocketAddress, datagram_socket, peer_text, send_multicast_on
from gateway.feeds.outlet import OutletCounts
from gateway.feeds.talk import TalkPlace

_BREATH = 128  # datagrams sent between two turns of the event loop
_MOST_WAITING = 4_096  # frames that wait for the kernel; tracks wait in their own queue long before
_BUSY_S = 0.001  # when the device's own queue is full: nothing tells when it is not

Targets = Callable[[], Iterable[SocketAddress]]
"""Whom a frame is for, now."""


class Datagrams:
    """Sends frames without ever waiting; `writable` tells whether the kernel keeps up."""

    def __init__(self, sock: socket.socket, targets: Targets, counts: OutletCounts) -> None:
        self.writable = asyncio.Event()
        self.writable.set()
        self.stuck_since_s: float | None = None
        self._socket = sock
        self._targets = targets
        self._counts = counts
        self._waiting: deque[bytes] = deque()
        self._for_others: deque[SocketAddress] = deque()  # of the first that waits: whom it still has to be sent to
        self._soon: asyncio.Handle | None = None
        self._waits_for_kernel = False
        self._emptied = asyncio.Event()
        self._emptied.set()

    def send(self, frames: Sequence[bytes]) -> None:
        """Send frames, in order; those that find too many waiting are counted as unsent."""
        room = max(0, _MOST_WAITING - len(self._waiting))
        self._waiting.extend(frames[:room])
        self._counts.unsent += len(frames) - len(frames[:room])
        if self._waiting and self._soon is None and not self._waits_for_kernel:
            self._emptied.clear()
            self._flush()

    async def finish(self, within_s: float) -> None:
        """Wait until what was to be sent has been, within that time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._emptied.wait()

    def stop_listening(self) -> None:
        """Nothing to do: who conducts the conversation does not pass on what he hears."""

    def close(self) -> None:
        """Nothing to do: there is no connection, and the socket is not ours."""

    def abort(self) -> None:
        """Forget what was to be sent."""
        self._come_back_no_more()
        self._waiting.clear()
        self._for_others.clear()
        self._rest()

    def _come_back_no_more(self) -> None:
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        if self._waits_for_kernel:
            self._waits_for_kernel = False
            asyncio.get_running_loop().remove_writer(self._socket)

    def _rest(self) -> None:
        self.writable.set()
        self._emptied.set()

    def _flush(self) -> None:
        """Send what one turn of the loop may send, and come back for the rest."""
        loop = asyncio.get_running_loop()
        self._come_back_no_more()
        waiting, others = self._waiting, self._for_others
        for _ in range(_BREATH):
            if not others:
                others.extend(self._targets() if waiting else ())
                while waiting and not others:  # nobody is there to hear
                    waiting.popleft()
                if not others:
                    self._rest()
                    return
            try:
                self._socket.sendto(waiting[0], others[0])
            except (BlockingIOError, InterruptedError):
                self.writable.clear()
                loop.add_writer(self._socket, self._flush)
                self._waits_for_kernel = True
                return
            except OSError as error:
                if error.errno == errno.ENOBUFS:
                    self.writable.clear()
                    self._soon = loop.call_later(_BUSY_S, self._flush)
                    return
                # Nobody listens there (ICMP), no route for now, or the datagram is too large: the next may do
                self._counts.unsent += 1
                cause = error.strerror or str(error)
                self._counts.last_error = str(FeedError(codes.CONNECT, place=peer_text(others[0]), cause=cause))
            others.popleft()
            if not others:
                waiting.popleft()
        self.writable.clear()
        self._soon = loop.call_soon(self._flush)


def group_socket(place: TalkPlace) -> socket.socket:
    """A socket that speaks to the place's group and knows its own address; `FeedError` when there is no way to it."""
    assert place.group is not None, "only for a place with a group"
    sock = datagram_socket(place.group)
    try:
        send_multicast_on(sock, place.interface, place.hops)
        sock.connect((place.group, place.port))
    except (OSError, OverflowError) as error:
        sock.close()
        cause = getattr(error, "strerror", None) or str(error)
        raise FeedError(codes.CONNECT, place=peer_text((place.group, place.port)), cause=cause) from None
    except BaseException:
        sock.close()
        raise
    return sock
