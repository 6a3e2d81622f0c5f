"""What every feed out has: a queue, an encoder, a tally of what the format could not carry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from msgspec import Struct, field

from gateway.clock import Clock
from gateway.dialect import Encoder
from gateway.feeds.track_queue import TrackQueue
from gateway.track import Track

FLUSH_TRACKS = 500
"""Tracks encoded at once: long enough to share the cost of a turn, short enough to leave the loop to others."""
_MAX_LOSS_KINDS = 1_000  # (field, reason) pairs told apart; the fields of extensions are named by others


class OutletCounts(Struct):
    """What one feed out, or one client of it, has done since the start. Metrics and status read it."""

    tracks: int = 0
    """Updates encoded and handed to the socket."""
    frames: int = 0
    octets: int = 0
    coalesced: int = 0
    """Updates that a newer one of the same track replaced, because the consumer was slow."""
    dropped: int = 0
    """Updates given up because the queue was full, or the consumer left."""
    unsent: int = 0
    """Datagrams that the system refused to send."""
    unencoded: int = 0
    """Tracks that the format cannot express."""
    connections: int = 0
    connected: int = 0
    stuck: int = 0
    """Connections dropped because their consumer did not read."""
    refused_peers: int = 0
    last_error: str = ""
    losses: dict[tuple[str, str], int] = field(default_factory=dict)
    """(field, reason) of what could not be carried, with how often."""


class Outlet(Protocol):
    """A feed out as `node` sees it."""

    @property
    def counts(self) -> OutletCounts:
        """What it has done so far."""
        ...

    def offer(self, tracks: Sequence[Track]) -> None:
        """Queue updates for the consumer; never waits, never fails."""
        ...

    def forget(self) -> None:
        """Give up what waits: another policy decides what its consumers may see."""
        ...

    async def run(self) -> None:
        """Send until cancelled."""
        ...


class OneConsumer:
    """What feeds out to a single consumer have in common; whoever inherits makes the queue and the counts."""

    _counts: OutletCounts
    _queue: TrackQueue

    @property
    def counts(self) -> OutletCounts:
        """What it has done so far."""
        self._counts.coalesced, self._counts.dropped = self._queue.coalesced, self._queue.dropped
        return self._counts

    @property
    def waiting(self) -> int:
        """Updates that wait."""
        return len(self._queue)

    def offer(self, tracks: Sequence[Track]) -> None:
        """Queue updates for the consumer; never waits, never fails."""
        self._queue.put(tracks)

    def forget(self) -> None:
        """Give up what waits: another policy decides what the consumer may see."""
        self._queue.clear()


def tally_losses(counts: OutletCounts, losses: Iterable[tuple[str, str]]) -> None:
    """Add (field, reason) pairs to the losses; kinds beyond a thousand are counted together as ``other``."""
    for kind in losses:
        known = counts.losses
        if kind not in known and len(known) >= _MAX_LOSS_KINDS:
            kind = ("other", kind[1])
        known[kind] = known.get(kind, 0) + 1


class Flush:
    """One consumer's queue and encoder: what to send next, and what that lost."""

    def __init__(
        self, queue: TrackQueue, encoder: Encoder, clock: Clock, counts: OutletCounts, delimiter: bytes = b""
    ) -> None:
        self._queue = queue
        self._taken: list[Track] = []
        self._taken_at = 0
        self._encoder = encoder
        self._clock = clock
        self._counts = counts
        self._delimiter = delimiter

    async def next_frames(self) -> list[bytes]:
        """Wait for updates, then up to `FLUSH_TRACKS` of them as frames; perhaps none, when none can be expressed."""
        await self._queue.wait()
        self._taken = tracks = self._queue.take(FLUSH_TRACKS)
        self._taken_at = self._queue.cleared
        encoded = self._encoder.encode(tracks, self._clock.now())
        counts = self._counts
        counts.tracks += len(tracks) - len(encoded.problems)
        counts.unencoded += len(encoded.problems)
        if encoded.problems:
            counts.last_error = str(encoded.problems[0])
        if encoded.losses:
            tally_losses(counts, ((loss.field, loss.reason) for _, loss in encoded.losses))
        if not self._delimiter:
            return list(encoded.frames)
        end = self._delimiter
        return [frame if frame.endswith(end) else frame + end for frame in encoded.frames]

    def sent(self, frames: Sequence[bytes]) -> None:
        """Note that the frames have been handed to the socket."""
        self._taken = []
        self._counts.frames += len(frames)
        self._counts.octets += sum(map(len, frames))

    def give_back(self) -> None:
        """Put the updates whose sending was broken off at the head of the queue again: a snapshot may come twice.

        Not so where the queue was forgotten meanwhile.
        """
        if self._taken_at == self._queue.cleared:
            self._queue.put_back(self._taken)
        self._taken = []


EncoderFactory = Callable[[], Encoder]
"""A fresh encoder for one consumer: it may keep session state, such as track numbers."""
