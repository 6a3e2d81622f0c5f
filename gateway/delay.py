"""Tracks that a release group may see only later. They wait in memory, bounded, and are then decided anew.

What waits is lost with the process, and the answer to the national system says so: nothing of it is durable yet.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from gateway.clock import Clock
from gateway.limits import Limits
from gateway.policy.onward import Carried
from gateway.stages import Frame
from gateway.track import Track

_LOOK_S = 0.5
"""How often the queue looks for what is due, at least; bounds what a step of the wall clock can hold up."""


class Delayed(Struct, frozen=True, kw_only=True):
    """Tracks of one frame or message that wait for one release group, as they were before policy saw them."""

    group: str
    tracks: tuple[Track, ...]
    until: datetime
    frame: Frame | None = None
    """Of our own tracks; this or `carried`."""
    carried: Carried | None = None
    """The message of a partner's tracks."""

    @property
    def weight(self) -> int:
        """How much of the bound it takes: its tracks, or a track for each 2 KiB of the frame or message it keeps."""
        octets = self.carried.octets if self.carried is not None else self.frame.octets if self.frame else b""
        return max(len(self.tracks), len(octets) // 2_048)


class Delay:
    """The queue of what waits. Full: what is due first is given up and counted, for it would be the oldest news."""

    def __init__(self, clock: Clock, limits: Limits, resume: Callable[[Delayed], Awaitable[None]]) -> None:
        self._clock = clock
        self._bound = limits.delayed_tracks
        self._resume = resume
        self._heap: list[tuple[datetime, int, Delayed]] = []
        self._count = 0
        self._weight = 0
        self._number = 0
        self._earlier = asyncio.Event()
        self.given_up = 0
        """Tracks, since the start."""

    def __len__(self) -> int:
        """Tracks that wait."""
        return self._count

    def add(self, delayed: Delayed) -> None:
        """Hold these until they are due."""
        self._number += 1
        heapq.heappush(self._heap, (delayed.until, self._number, delayed))
        self._count += len(delayed.tracks)
        self._weight += delayed.weight
        while self._weight > self._bound and len(self._heap) > 1:
            self.given_up += len(self._pop().tracks)
        if self._heap[0][2] is delayed:
            self._earlier.set()

    def withdraw(self, track_ids: Collection[str], origin: str) -> None:
        """These tracks of a partner are not to go on any more: their origin has withdrawn them."""
        kept: list[tuple[datetime, int, Delayed]] = []
        for until, number, delayed in self._heap:
            one = delayed
            if delayed.carried is not None and delayed.carried.origin == origin:
                tracks = tuple([track for track in delayed.tracks if track.track_id not in track_ids])
                if len(tracks) < len(delayed.tracks):
                    self._count += len(tracks) - len(delayed.tracks)
                    self._weight -= delayed.weight
                    one = replace(delayed, tracks=tracks)
                    if not tracks:
                        continue
                    self._weight += one.weight
            kept.append((until, number, one))
        heapq.heapify(kept)
        self._heap = kept

    async def run(self) -> None:
        """Hand on what is due, in order, until cancelled."""
        while True:
            while self._heap and self._heap[0][0] <= self._clock.now():
                await self._resume(self._pop())
            self._earlier.clear()
            wait_s = _LOOK_S
            if self._heap:
                wait_s = min(wait_s, max(0.0, (self._heap[0][0] - self._clock.now()).total_seconds()))
            try:
                async with asyncio.timeout(wait_s):
                    await self._earlier.wait()
            except TimeoutError:
                continue

    def _pop(self) -> Delayed:
        delayed = heapq.heappop(self._heap)[2]
        self._count -= len(delayed.tracks)
        self._weight -= delayed.weight
        return delayed
