"""Tracks that wait for one consumer: every update while he keeps up, the latest per track when he does not.

Up to the high-water mark the queue is a plain line and each update goes out. Beyond it the line collapses to one
update per track, where each track keeps the place of its oldest waiting update, so that none starves; it is a line
again as soon as it has been emptied. More distinct tracks than the bound: the one that waits longest goes.
All of it is counted.

A picture with which a consumer begins stands before the line and needs no bound of its own: it is as large as the
picture, its tracks are shared, and it only shrinks.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from itertools import islice

from gateway.track import Track


class TrackQueue:
    """The queue of one consumer. `put` never waits and never fails: a slow consumer harms no other."""

    def __init__(self, bound: int, *, high_water: int | None = None, coalesce: bool = True) -> None:
        """`bound` is `Limits.feed_out_queue_tracks`; without `coalesce` a full line just gives up its oldest."""
        self._bound = bound
        self._high_water = min(bound, bound if high_water is None else high_water)
        self._coalesce = coalesce
        self._first: deque[Track] = deque()
        self._line: deque[Track] = deque()
        self._latest: dict[object, Track] = {}
        self._wake = asyncio.Event()
        self.offered = 0
        self.coalesced = 0
        """Updates that a newer one of the same track replaced."""
        self.dropped = 0
        """Updates that were given up for want of room."""
        self.cleared = 0
        """How often what waited was forgotten: what was taken before is not put back after that."""

    def __len__(self) -> int:
        return len(self._first) + len(self._line) + len(self._latest)

    @property
    def collapsed(self) -> bool:
        """Whether the consumer is behind and gets only the latest of each track."""
        return bool(self._latest)

    def begin_with(self, picture: Iterable[Track]) -> None:
        """Forget what waits and begin anew with a picture; what is put later comes after all of it."""
        self.clear()
        self._first.extend(picture)
        if self._first:
            self._wake.set()

    def clear(self) -> None:
        """Forget what waits: nobody wants it any more, or nobody may have it."""
        self.cleared += 1
        self._first.clear()
        self._line.clear()
        self._latest.clear()

    def put(self, tracks: Iterable[Track]) -> None:
        """Queue updates in order."""
        before = self.offered
        for track in tracks:
            self.offered += 1
            if self._latest:
                self._keep_latest(track)
            elif len(self._line) < self._high_water:
                self._line.append(track)
            elif self._coalesce:
                self._collapse()
                self._keep_latest(track)
            else:
                self._line.popleft()
                self.dropped += 1
                self._line.append(track)
        if self.offered != before:
            self._wake.set()

    def put_back(self, tracks: Iterable[Track]) -> None:
        """Return what was taken to the head of the queue, or not where something newer of the track waits already."""
        if self._latest:
            waiting = self._latest
            self._latest = {}
            for track in tracks:
                self._keep_latest(track)
            for track in waiting.values():
                self._keep_latest(track)
        else:
            self._line.extendleft(reversed(list(tracks)))
        self._wake.set()

    async def wait(self) -> None:
        """Return when something waits."""
        while not self._first and not self._line and not self._latest:
            self._wake.clear()
            await self._wake.wait()

    def take(self, most: int) -> list[Track]:
        """Up to `most` updates, oldest first, and no longer ours."""
        first, line = self._first, self._line
        taken = [first.popleft() for _ in range(min(most, len(first)))]
        taken.extend(line.popleft() for _ in range(min(most - len(taken), len(line))))
        if len(taken) < most and self._latest:
            latest = self._latest
            keys = list(islice(latest, most - len(taken)))
            taken.extend(latest.pop(key) for key in keys)
        return taken

    def _collapse(self) -> None:
        for track in self._line:
            self._keep_latest(track)
        self._line.clear()

    def _keep_latest(self, track: Track) -> None:
        latest = self._latest
        key: object = track.track_id or object()  # a plot without an identity is its own
        if key in latest:
            self.coalesced += 1
        elif len(latest) >= self._bound:
            del latest[next(iter(latest))]
            self.dropped += 1
        latest[key] = track
