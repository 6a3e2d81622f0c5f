"""Frames between a socket and the pipeline: bounded, and drained by one task.

The rule when it is full: the oldest frame goes and is counted. Datagrams know no other way; a TCP connection is told
to stop reading well before that, so that the sender waits and nothing is lost.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from msgspec import Struct

from gateway.errors import GatewayError
from gateway.stages import Frame

FrameSink = Callable[[Frame], Awaitable[None]]
"""Takes one frame; it may wait (that is back-pressure), and a `GatewayError` from it is counted, never fatal."""

_BREATH = 64  # frames between two turns of the event loop, when the sink itself never waits


class Pausable(Protocol):
    """A connection that can be told to wait: an `asyncio.ReadTransport`."""

    def pause_reading(self) -> None:
        """Stop taking octets from the peer."""
        ...

    def resume_reading(self) -> None:
        """Go on."""
        ...


class FeedCounts(Struct):
    """What one feed in has seen since the start. Metrics and status read it; nobody resets it."""

    frames: int = 0
    octets: int = 0
    dropped: int = 0
    """Frames that a full queue gave up."""
    kernel_dropped: int = 0
    """Datagrams that the kernel's receive buffer gave up, where the system tells."""
    refused_peers: int = 0
    """Datagrams or connections from outside the allowed networks."""
    connections: int = 0
    """Opened since the start."""
    connected: int = 0
    """Open now."""
    stream_errors: int = 0
    """Times that a stream could not be followed and was taken up again."""
    sink_errors: int = 0
    """Frames that the pipeline could not take."""
    broken_off: int = 0
    """Conversations that could not go on: refused, not understood any more, or met by a bug of ours."""
    last_error: str = ""


class FrameQueue:
    """The bounded queue of one feed."""

    def __init__(self, bound: int, counts: FeedCounts) -> None:
        self._frames: deque[Frame] = deque()
        self._bound = bound
        self._high = max(1, bound * 3 // 4)
        self._low = bound // 4
        self._paused: list[Pausable] = []
        self._wake = asyncio.Event()
        self._ended = False
        self.counts = counts

    def __len__(self) -> int:
        return len(self._frames)

    def put(self, frame: Frame) -> None:
        """Queue a frame; a full queue gives up its oldest."""
        counts = self.counts
        frames = self._frames
        if len(frames) >= self._bound:
            frames.popleft()
            counts.dropped += 1
        counts.frames += 1
        counts.octets += len(frame.octets)
        if not frames:
            self._wake.set()
        frames.append(frame)

    def put_all(self, frames: Iterable[Frame]) -> None:
        """Queue frames of a connection, beyond the bound if need be: it asks `pause_if_full` after few of them."""
        counts, before = self.counts, len(self._frames)
        for frame in frames:
            counts.octets += len(frame.octets)
            self._frames.append(frame)
        counts.frames += len(self._frames) - before
        if self._frames:
            self._wake.set()

    def end(self) -> None:
        """No more frames will come: `wait` says so once the queue is empty."""
        self._ended = True
        self._wake.set()

    def pause_if_full(self, connection: Pausable) -> None:
        """Stop a connection from reading while the queue is three quarters full; it goes on at one quarter."""
        if len(self._frames) >= self._high and connection not in self._paused:
            connection.pause_reading()
            self._paused.append(connection)

    def release(self, connection: Pausable) -> None:
        """Forget a connection that is closing."""
        if connection in self._paused:
            self._paused.remove(connection)

    async def wait(self) -> bool:
        """Return when frames wait; False when the queue is empty and has ended."""
        while not self._frames:
            if self._ended:
                return False
            self._wake.clear()
            await self._wake.wait()
        return True

    def take(self, most: int, octets: int) -> list[Frame]:
        """The first frames: one at least, if there is one, and no further ones beyond `most` or `octets` together."""
        frames = self._frames
        taken: list[Frame] = []
        while frames and len(taken) < most and octets > 0:
            frame = frames.popleft()
            octets -= len(frame.octets)
            taken.append(frame)
        self._resume_if_low()
        return taken

    def clear(self) -> int:
        """Give up what waits, which counts as dropped; how much it was."""
        given_up = len(self._frames)
        self._frames.clear()
        self.counts.dropped += given_up
        return given_up

    async def drain(self, sink: FrameSink) -> None:
        """Hand frames to `sink` in order, one at a time, until cancelled or ended."""
        frames, counts = self._frames, self.counts
        while True:
            if not await self.wait():
                return
            for _ in range(min(_BREATH, len(frames))):
                frame = frames.popleft()
                try:
                    await sink(frame)
                except GatewayError as error:
                    counts.sink_errors += 1
                    counts.last_error = str(error)
                if not frames:  # a full queue may have shrunk it while the sink waited
                    break
            self._resume_if_low()
            await asyncio.sleep(0)

    def _resume_if_low(self) -> None:
        if self._paused and len(self._frames) <= self._low:
            paused, self._paused = self._paused, []
            for connection in paused:
                connection.resume_reading()
