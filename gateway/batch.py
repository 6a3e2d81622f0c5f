"""Batches: tracks for the same partners by the same rule share one message, one signature, one POST, one ledger leaf.

All of a batch was decided by one policy: a reload begins new ones. A batch closes when it is `batch_max_delay_s` old or
holds `batch_max_tracks`, whichever is first. Batches that a stored answer promises together are bonded: they close
together, and become durable in one transaction or not at all. What happens to closed batches is the pipeline's
business; the gatherer only decides when, keeps the order, and bounds what is under way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from uuid import uuid4

from msgspec import Struct

from gateway.errors import FormatError, GatewayError
from gateway.limits import Limits
from gateway.policy.policy import Policy
from gateway.stages import Frame, Release
from gateway.store import HeldBack, Idempotent, Minted
from gateway.track import Track

_Key = tuple[str, tuple[str, ...], str, str]
"""Release group, recipients, rule and policy digest."""
_SHELF: _Key = ("", (), "", "")
_NOTHING = Release(group="", recipients=(), tracks=(), rule="", policy="")
"""Of a batch for which nothing is released: what it holds is decided later."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of a batch: a durable message, or the error that kept it from becoming one."""

    refused: tuple[tuple[str, FormatError], ...] = ()
    """(track_id, why) of tracks that the alliance format cannot express."""
    more_message_ids: tuple[str, ...] = ()
    """Of further messages, where one would have been too large."""
    failure: GatewayError | None = None
    """Nothing of the batch is durable."""


class Batch:
    """Tracks on their way into one message."""

    __slots__ = (
        "begun",
        "done",
        "frames",
        "group",
        "held",
        "held_tracks",
        "idempotency",
        "message_id",
        "opened_at",
        "policy",
        "recipients",
        "rule",
        "tracks",
    )

    def __init__(self, release: Release, policy: Policy, opened_at: float, done: asyncio.Future[Outcome]) -> None:
        self.message_id = str(uuid4())
        """Known from the first track on, so that a stored answer can name the message before it is signed."""
        self.group = release.group
        self.recipients = release.recipients
        self.rule = release.rule
        self.policy = policy
        self.tracks: list[Track] = []
        self.frames: list[tuple[int, Frame]] = []
        """How many of the tracks came from which frame, in order."""
        self.begun: list[Minted] = []
        self.idempotency: list[Idempotent] = []
        self.held: list[HeldBack] = []
        """Tracks of the same frames that wait for another release group."""
        self.held_tracks = 0
        self.opened_at = opened_at
        self.done = done

    @property
    def size(self) -> int:
        """Tracks in it, and tracks that are held with it."""
        return len(self.tracks) + self.held_tracks

    def frame_of(self, track: Track) -> Frame:
        """The frame that brought a track of this batch; the track itself, not one that is equal to it."""
        at = next(index for index, one in enumerate(self.tracks) if one is track)
        for count, frame in self.frames:
            if at < count:
                return frame
            at -= count
        raise RuntimeError("a batch knows the frame of each of its tracks")


class Gatherer:
    """One open batch per release group, recipients, rule and policy, and a bound on what is not yet durable."""

    def __init__(self, limits: Limits, dispatch: Callable[[Sequence[Batch]], Awaitable[None]]) -> None:
        """`dispatch` takes a closed batch, or all of those that are bonded."""
        self._limits = limits
        self._dispatch = dispatch
        self._open: dict[_Key, Batch] = {}
        self._bonds: dict[Batch, list[Batch]] = {}
        """All that a batch is bonded with, itself among them: the same list for each of these."""
        self._timer: asyncio.TimerHandle | None = None
        self._closed: asyncio.Queue[Batch] = asyncio.Queue()  # bounded by `max_pending` through `room`
        self._pending = 0
        self._max_pending = 40 * limits.batch_max_tracks
        self._room = asyncio.Event()
        self._room.set()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def pending(self) -> int:
        """Tracks that are gathered and not yet durable."""
        return self._pending

    @property
    def is_full(self) -> bool:
        """Whether more tracks would have to wait."""
        return not self._room.is_set()

    async def room(self) -> None:
        """Wait until more tracks may be gathered: the back-pressure of a slow disk on the feeds."""
        await self._room.wait()

    def add(self, release: Release, policy: Policy, begun: tuple[Minted, ...], frame: Frame) -> Batch:
        """The batch that took the tracks of `release`, all from `frame` and decided by `policy`.

        Its `done` resolves after the commit.
        """
        key = (release.group, release.recipients, release.rule, policy.digest)
        batch = self._open.get(key) or self._batch(key, release, policy)
        tracks = release.tracks
        batch.tracks.extend(tracks)
        batch.frames.append((len(tracks), frame))
        if begun:
            batch.begun.extend(begun)
        self._count(len(tracks))
        if len(batch.tracks) >= self._limits.batch_max_tracks:
            self._close(key)
        return batch

    def hold(self, rows: Sequence[HeldBack], policy: Policy, batch: Batch | None = None) -> Batch:
        """The batch in whose transaction these become durable: the one that took other tracks of the same frame, before
        anything was waited for; or one without tracks of its own."""
        own = batch is None
        if batch is None:
            batch = self._batch(_SHELF, _NOTHING, policy)
        tracks = sum(row.tracks for row in rows)
        batch.held.extend(rows)
        batch.held_tracks += tracks
        self._count(tracks)
        if own and batch.size >= self._limits.batch_max_tracks:
            self._close(_SHELF)
        return batch

    def bond(self, batches: Sequence[Batch]) -> None:
        """Have these become durable together or not at all, with all that any of them is bonded with already.

        They took tracks of one frame, and nothing was waited for since. They close together, now where one of them has.
        """
        bonds = self._bonds
        together = bonds.get(batches[0])
        if together is not None and all(bonds.get(batch) is together for batch in batches):
            return  # by an earlier frame
        together = list(dict.fromkeys([mate for batch in batches for mate in bonds.get(batch, (batch,))]))
        if len(together) > 1:
            bonds.update(dict.fromkeys(together, together))
            if len(together) > sum(bonds.get(batch) is together for batch in self._open.values()):
                self._close_mates(together)

    def _batch(self, key: _Key, release: Release, policy: Policy) -> Batch:
        batch = self._open.get(key)
        if batch is None:
            loop = asyncio.get_running_loop()
            batch = self._open[key] = Batch(release, policy, loop.time(), loop.create_future())
            if self._timer is None:
                self._timer = loop.call_later(self._limits.batch_max_delay_s, self._on_timer)
        return batch

    def _count(self, tracks: int) -> None:
        if not self._pending:
            self._idle.clear()
        self._pending += tracks
        if self._pending >= self._max_pending:
            self._room.clear()

    def _close(self, key: _Key) -> None:
        batch = self._open.pop(key)
        self._closed.put_nowait(batch)
        if batch in self._bonds:
            self._close_mates(self._bonds[batch])

    def _close_mates(self, together: list[Batch]) -> None:
        for key, batch in list(self._open.items()):
            if self._bonds.get(batch) is together:
                self._closed.put_nowait(self._open.pop(key))

    def _on_timer(self) -> None:
        """Close what is old enough; look again when the next one will be."""
        loop = asyncio.get_running_loop()
        self._timer = None
        now = loop.time()
        delay = self._limits.batch_max_delay_s
        for key, batch in list(self._open.items()):
            if now - batch.opened_at >= delay - 0.0005 and key in self._open:  # it may have closed with another
                self._close(key)
        if self._open:
            oldest = min(batch.opened_at for batch in self._open.values())
            self._timer = loop.call_later(max(0.0005, oldest + delay - now), self._on_timer)

    def flush(self) -> None:
        """Close every open batch now: at shutdown, and when nobody should wait for company."""
        while self._open:
            self._close(next(iter(self._open)))

    async def run(self) -> None:
        """Dispatch closed batches in order, several at a time, until cancelled; what is under way then ends first."""
        stop: asyncio.CancelledError | None = None
        async with asyncio.TaskGroup() as group:
            try:
                while True:
                    batch = await self._closed.get()
                    together = self._bonds.pop(batch, None) or [batch]
                    if together[0] is batch:  # the others come by themselves, and have gone with it
                        group.create_task(self._one(together), name=f"dispatch {batch.group}")
            except asyncio.CancelledError as error:
                stop = error  # a group that saw it would cancel dispatches between signature and record
        if stop is not None:
            raise stop

    async def drain(self) -> None:
        """Return once everything gathered so far is durable or has failed."""
        self.flush()
        await self._idle.wait()

    async def _one(self, together: Sequence[Batch]) -> None:
        try:
            await self._dispatch(together)
        finally:
            self._pending -= sum([batch.size for batch in together])
            if self._pending < self._max_pending:
                self._room.set()
            if not self._pending:
                self._idle.set()
