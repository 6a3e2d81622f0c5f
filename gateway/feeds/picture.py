"""The current picture: the latest snapshot of each track, whoever reported it.

It is a view, not a store: after a restart it fills again from the feeds and links. An update goes to the end of one
dictionary, so the order of the dictionary is the order of updates, "what changed since" is a walk from its end, and
"the stalest goes first" is its beginning.

A viewer subscribes with a bounded queue. A viewer who is slow loses the oldest events and is told how many; nobody
waits for him.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from gateway.clock import Clock
from gateway.feeds.withdrawals import Withdrawals
from gateway.limits import Limits
from gateway.track import Label, Position, Track

STALE = "STALE"
EVICTED = "EVICTED"


class Entry(Struct, gc=False):
    """One track of the picture. Everybody shares it; only `rendered` is ever written again."""

    seq: int
    """Position among the updates of this picture, from 1; never used twice."""
    track: Track
    origin: str
    """Node that reported it."""
    label: Label | None
    """Label of the message that it came in, for a track without one; absent for our own tracks, which have theirs."""
    updated_at: datetime
    """When this picture learned of it."""
    ended: bool
    via: str = ""
    """Node that told of it in its origin's stead, redacted; empty where the origin's own word was verified."""
    by: str = ""
    """Node that brought the origin's own signed word, whole; empty where the origin brought it itself."""
    rendered: bytes | None = None
    """The track as one viewer's encoder wrote it, so that others need not: a cache of `feeds.http_stream`."""


class Gone(Struct, frozen=True, gc=False):
    """A track that left the picture without saying so."""

    seq: int
    track_id: str
    reason: str
    """``STALE``, ``EVICTED`` (the picture is full) or the reason of a retraction."""
    was: Entry | None = None
    """What it was: who may not see the track is not told that it has gone."""


class Box(Struct, frozen=True, kw_only=True, gc=False):
    """A bounding box in degrees as RFC 7946 section 5: `west` greater than `east` crosses the antimeridian."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, position: Position) -> bool:
        """Whether the point lies in the box or on its edge."""
        if not self.south <= position.latitude_deg <= self.north:
            return False
        if self.west <= self.east:
            return self.west <= position.longitude_deg <= self.east
        return position.longitude_deg >= self.west or position.longitude_deg <= self.east


class PictureCounts(Struct):
    """What the picture has seen since the start."""

    updates: int = 0
    outdated: int = 0
    """Snapshots older than what the picture already had; they change nothing."""
    stale: int = 0
    evicted: int = 0
    retracted: int = 0
    contested: int = 0
    """Snapshots under the id of another origin's track; they change nothing."""
    second_hand: int = 0
    """Redacted snapshots of tracks that the origin itself, or another relay, told of; they change nothing."""
    withdrawn: int = 0
    """Snapshots that came after the withdrawal of their track and are not newer; they change nothing."""


class Subscription:
    """One viewer's bounded queue of changes, in order. Full: the oldest goes and `skipped` counts it."""

    def __init__(self, picture: Picture, bound: int) -> None:
        self._picture = picture
        self._bound = bound
        self._events: deque[Entry | Gone] = deque()
        self._skipped = 0
        self._wake = asyncio.Event()
        self.closed = False

    def offer(self, event: Entry | Gone) -> None:
        """Queue a change; called by the picture."""
        if len(self._events) >= self._bound:
            self._events.popleft()
            self._skipped += 1
        self._events.append(event)
        self._wake.set()

    async def take(self, most: int) -> tuple[list[Entry | Gone], int]:
        """Wait for changes: up to `most` of them, and how many were skipped before the first. Empty once closed."""
        while not self._events and not self.closed:
            self._wake.clear()
            await self._wake.wait()
        skipped, self._skipped = self._skipped, 0
        events = self._events
        return [events.popleft() for _ in range(min(most, len(events)))], skipped

    def close(self) -> None:
        """End the subscription; whoever waits in `take` gets what is left, then nothing."""
        self.closed = True
        self._picture.forget(self)
        self._wake.set()


class Picture:
    """The latest `Track` per `track_id` with its origin. Bounded by `Limits.picture_tracks`."""

    def __init__(self, clock: Clock, limits: Limits, *, silence_s: float | None = None) -> None:
        """`silence_s` is how long a track without a stated end of validity stays; absent is `source_silence_s`."""
        self._clock = clock
        self._bound = limits.picture_tracks
        self._queue = limits.stream_queue_events
        self._silence = timedelta(seconds=limits.source_silence_s if silence_s is None else silence_s)
        self._ahead = timedelta(seconds=limits.created_window_s)
        self._entries: dict[str, Entry] = {}
        self._subscriptions: list[Subscription] = []
        self._seq = 0
        self.withdrawals = Withdrawals(clock, limits)
        """What was withdrawn, for what comes after its withdrawal."""
        self.counts = PictureCounts()
        self.epoch = f"{int(clock.now().timestamp() * 1000):x}"
        """Names this life of the picture: positions of another one mean nothing here."""

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def seq(self) -> int:
        """Position of the newest update."""
        return self._seq

    @property
    def viewers(self) -> int:
        """Subscriptions that are open."""
        return len(self._subscriptions)

    def update(
        self, tracks: Sequence[Track], origin: str, label: Label | None, via: str = "", by: str = ""
    ) -> Collection[str]:
        """Take snapshots that came from `origin` under `label`; one without an id or older than ours changes nothing,
        nor does one that is not newer than the withdrawal of its track.

        The ids that another origin's track bears, which are left as they are: no gateway speaks for another's tracks.
        `via` is a node that tells of them in the origin's stead, redacted: it may say what nobody else has said, and
        the origin's own word always takes its place (ADR 58). `by` is a node that brought the origin's word, whole.
        """
        contested: set[str] = set()
        now = self._clock.now()
        entries, subscriptions, counts = self._entries, self._subscriptions, self.counts
        standing = self.standing(tracks, origin, via, by)
        counts.withdrawn += len(tracks) - len(standing)
        for track in standing:
            track_id = track.track_id
            if track_id is None:
                continue
            old = entries.get(track_id)
            if old is not None:
                if self._is_anothers(old, origin, via, now):
                    if old.origin == origin:
                        counts.second_hand += 1
                    else:
                        counts.contested += 1
                    contested.add(track_id)
                    continue
                if (via or not old.via) and self._is_older(track, old.track, now):
                    counts.outdated += 1
                    continue
                del entries[track_id]
            counts.updates += 1
            self._seq = seq = self._seq + 1
            status = track.status
            ended = status is not None and status.ended is True
            entry = entries[track_id] = Entry(seq, track, origin, label, now, ended, via, by)
            if subscriptions:
                for subscription in subscriptions:
                    subscription.offer(entry)
        if len(entries) > self._bound:
            counts.evicted += self._remove(list(entries)[: len(entries) - self._bound], EVICTED)
        return contested

    def standing(self, tracks: Sequence[Track], origin: str, via: str = "", by: str = "") -> Sequence[Track]:
        """Those of these snapshots that were not withdrawn before they came: what `update` would take."""
        withdrawals = self.withdrawals
        if not withdrawals.concerns(origin, via, by):
            return tracks
        return [track for track in tracks if not withdrawals.hold_back(track, origin, via, by)]

    def contested(self, track_ids: Iterable[str | None], origin: str, via: str = "") -> Collection[str]:
        """Of these ids those for which another speaks: what `update` would leave as they are."""
        now, entries = self._clock.now(), self._entries
        found: set[str] = set()
        for track_id in track_ids:
            old = entries.get(track_id) if track_id is not None else None
            if track_id is not None and old is not None and self._is_anothers(old, origin, via, now):
                found.add(track_id)
        return found

    def find(self, track_id: str) -> Entry | None:
        """The track of that id, stale or not."""
        return self._entries.get(track_id)

    def retract(self, track_id: str, origin: str, reason: str, via: str = "") -> Track | None:
        """Withdraw a track that `origin` should not have sent; viewers are told the reason. The track, if it had it.

        Who tells of it in the origin's stead (`via`) withdraws only what he told, or brought, himself.
        """
        entry = self._entries.get(track_id)
        if entry is None or not self.may_retract(track_id, origin, via):
            return None
        self.counts.retracted += self._remove([track_id], reason)
        return entry.track

    def may_retract(self, track_id: str, origin: str, via: str = "") -> bool | None:
        """Whether the track is theirs to withdraw; `None` for one that the picture does not have."""
        entry = self._entries.get(track_id)
        return None if entry is None else entry.origin == origin and (not via or via in (entry.via, entry.by))

    def expire(self) -> int:
        """Remove what is stale now; how many that were. Readers never see a stale track, called or not."""
        now = self._clock.now()
        gone = self._remove([one for one, entry in self._entries.items() if self._is_stale(entry, now)], STALE)
        self.counts.stale += gone
        return gone

    def query(
        self,
        *,
        box: Box | None = None,
        origin: str | None = None,
        since: int | datetime | None = None,
        shows: Callable[[Entry], bool] | None = None,
        most: int,
    ) -> tuple[list[Entry], bool]:
        """Up to `most` entries in order of update, and whether there are more, of those that `shows` lets through.

        `since` is a position or the time of an update; with it, tracks that ended are told too. A box leaves out
        tracks without a position.
        """
        now = self._clock.now()
        found: list[Entry] = []
        for entry in self._after(since):
            if origin is not None and entry.origin != origin:
                continue
            if since is None and entry.ended:
                continue
            if box is not None:
                state = entry.track.state
                if state is None or state.position is None or not box.holds(state.position):
                    continue
            if self._is_stale(entry, now) or (shows is not None and not shows(entry)):
                continue
            if len(found) == most:
                return found, True
            found.append(entry)
        return found, False

    def subscribe(self, *, since: int | datetime | None = None) -> Subscription:
        """A queue of every change from now on; with `since`, first what changed after that position or time."""
        subscription = Subscription(self, self._queue)
        if since is not None:
            for entry in self._after(since):
                subscription.offer(entry)
        self._subscriptions.append(subscription)
        return subscription

    def forget(self, subscription: Subscription) -> None:
        """Stop offering changes to a subscription; `Subscription.close` calls this."""
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)

    def _after(self, since: int | datetime | None) -> Iterator[Entry]:
        if since is None:
            return iter(self._entries.values())
        found: list[Entry] = []
        for entry in reversed(self._entries.values()):
            if (entry.seq if isinstance(since, int) else entry.updated_at) <= since:  # type: ignore[operator] # same kind
                break
            found.append(entry)
        return reversed(found)

    def _is_anothers(self, old: Entry, origin: str, via: str, now: datetime) -> bool:
        return (old.origin != origin or bool(via and old.via != via)) and not self._is_stale(old, now)

    def _is_older(self, new: Track, old: Track, now: datetime) -> bool:
        if new.state is None or old.state is None or new.state.time >= old.state.time:
            return False
        return old.state.time <= now + self._ahead  # a report from the future must not freeze its track

    def _is_stale(self, entry: Entry, now: datetime) -> bool:
        state = entry.track.state
        if state is not None and state.stale_at is not None and not entry.ended:
            return state.stale_at < now
        return entry.updated_at + self._silence < now

    def _remove(self, track_ids: list[str], reason: str) -> int:
        for track_id in track_ids:
            was = self._entries.pop(track_id)
            self._seq += 1
            gone = Gone(self._seq, track_id, reason, was)
            for subscription in self._subscriptions:
                subscription.offer(gone)
        return len(track_ids)
