"""The ways that released tracks go: as they are shown, held until their time, thinned out; or refused, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from gateway.clock import later
from gateway.policy.memory import Memory
from gateway.policy.personal import has_personal
from gateway.policy.policy import Policy
from gateway.policy.redact import redact
from gateway.policy.terms import Redaction
from gateway.stages import Held, Refused, Release
from gateway.track import Label, Track

NO_TIME = "release.refused.no-time"
"""The rule delays, and the track does not say from when it is."""
RATE = "release.refused.rate"
"""The group has had a snapshot of the track within the rule's time."""
MOST_AHEAD_S = 300.0
"""What a sensor's clock may be ahead of ours: a track of a later time would be held for ever."""
_HOLD_STEP_S = 1.0
"""Tracks are held until a whole second, so that those of one scan are held together."""


class Shape(Struct, frozen=True, kw_only=True, eq=False):
    """What is done to a track on one way. One object for all ways on which it is the same."""

    redaction: Redaction
    is_bare: bool
    """The rules themselves take nothing out."""
    personal_data: bool
    label: Label


class Way(Struct, frozen=True, kw_only=True, eq=False):
    """Where tracks of a plan go, or why they do not."""

    group: str
    rule: str
    names: tuple[str, ...] = ()
    """Recipients; of a refusal the members that it is about, none of them for all."""
    released: bool = False
    is_whole: bool = True
    """Whether all members of the group are recipients."""
    denied: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(rule, members) whose clearances do not permit the label, where the rule delays: told when the tracks go."""
    delay_s: float = 0.0
    every_s: float = 0.0

    @property
    def is_at_once(self) -> bool:
        """Whether all tracks on it go, and now."""
        return self.released and not self.delay_s and not self.every_s


def labelled(tracks: Sequence[Track], label: Label) -> tuple[Track, ...]:
    """The tracks, under this very label."""
    for track in tracks:
        if track.label is not label:
            return tuple([one if one.label is label else replace(one, label=label) for one in tracks])
    return tuple(tracks)


def held_until(track: Track, delay_s: float, now: datetime) -> datetime | None:
    """From when on a track may go by a rule that delays; nothing when it does not say, believably, from when it is.

    It is no older than when the first gateway got it says: a sensor whose clock is slow must not end the delay.
    """
    state = track.state
    if state is None:
        return None
    since = state.time if state.received_at is None else max(state.time, state.received_at)
    if (since - now).total_seconds() > MOST_AHEAD_S:
        return None
    until = later(since, delay_s)
    return until if not until.microsecond else later(until.replace(microsecond=0), _HOLD_STEP_S)


class Outbound:
    """The tracks of one call on their ways."""

    __slots__ = ("_memory", "_now", "_personal", "_policy", "_shaped", "_tracks", "_whole", "verdicts")

    def __init__(self, policy: Policy, tracks: Sequence[Track], now: datetime, memory: Memory) -> None:
        self.verdicts: list[Release | Refused | Held] = []
        self._policy = policy
        self._tracks = tuple(tracks)
        self._now = now
        self._memory = memory
        self._personal: bool | None = None
        self._shaped: dict[Shape, dict[int, Track]] = {}
        self._whole: dict[Shape | None, tuple[Track, ...]] = {}

    def go_all(self, way: Way, shape: Shape | None) -> None:
        """Settle what becomes of all of the tracks, which go the same way in the same shape."""
        if way.is_at_once:
            self._release(way, self._all_as(shape))
        else:
            self.go(way, list(range(len(self._tracks))), [shape] * len(self._tracks))

    def go(self, way: Way, indices: list[int], shapes: list[Shape | None]) -> None:
        """Settle what becomes of the tracks with these indices, each in its shape."""
        if not way.released:
            self._refuse(way, way.rule, indices, way.names)
            return
        if way.delay_s or way.every_s:
            shape_of = dict(zip(indices, shapes, strict=True))
            if way.delay_s:
                indices = self._held(way, indices)
            if way.every_s:
                indices = self._thinned(way, indices, shape_of)
            shapes = [shape_of[index] for index in indices]
        if indices:
            self._release(way, self._as_shown(indices, shapes))

    def _release(self, way: Way, tracks: tuple[Track, ...]) -> None:
        self.verdicts.append(
            Release(group=way.group, recipients=way.names, tracks=tracks, rule=way.rule, policy=self._policy.digest)
        )

    def _refuse(self, way: Way, rule: str, indices: Iterable[int], members: tuple[str, ...] = ()) -> None:
        names = tuple([self._tracks[index].track_id or "" for index in indices])
        self.verdicts.append(Refused(group=way.group, track_ids=names, rule=rule, members=members))

    def _held(self, way: Way, indices: list[int]) -> list[int]:
        """The tracks that are old enough; the others are held, or refused when they do not say how old they are."""
        going: list[int] = []
        timeless: list[int] = []
        held: dict[datetime, list[Track]] = {}
        for index in indices:
            until = held_until(self._tracks[index], way.delay_s, self._now)
            if until is None:
                timeless.append(index)
            elif until <= self._now:
                going.append(index)
            else:
                held.setdefault(until, []).append(self._tracks[index])
        decided = [*timeless, *going]
        for rule, members in way.denied if decided else ():
            self._refuse(way, rule, decided, members)
        if timeless:
            self._refuse(way, NO_TIME, timeless, () if way.is_whole else way.names)
        for until, tracks in held.items():
            self.verdicts.append(Held(group=way.group, tracks=tuple(tracks), rule=way.rule, until=until))
        return going

    def _thinned(self, way: Way, indices: list[int], shape_of: Mapping[int, Shape | None]) -> list[int]:
        """The tracks of which the group has had no snapshot for long enough; the others are refused."""
        going: list[int] = []
        spared: list[int] = []
        for index in indices:
            shown = self._shape(shape_of[index], index)
            admits = self._memory.admits(way.group, shown, every_s=way.every_s, now=self._now)
            (going if admits else spared).append(index)
        if spared:
            self._refuse(way, RATE, spared, () if way.is_whole else way.names)
        return going

    def _as_shown(self, indices: list[int], shapes: list[Shape | None]) -> tuple[Track, ...]:
        """The tracks as the way's group sees them, worked out once for all groups that see the same."""
        first = shapes[0]
        if len(indices) < len(self._tracks) or shapes.count(first) < len(shapes):
            return tuple([self._shape(shape, index) for index, shape in zip(indices, shapes, strict=True)])
        return self._all_as(first)

    def _all_as(self, shape: Shape | None) -> tuple[Track, ...]:
        assert shape is not None, "every way that lets tracks out has one"
        whole = self._whole.get(shape)
        if whole is None:
            if self._is_whole(shape):
                whole = labelled(self._tracks, shape.label)
            else:
                whole = tuple([self._shape(shape, index) for index in range(len(self._tracks))])
            self._whole[shape] = whole
        return whole

    def _is_whole(self, shape: Shape) -> bool:
        """Whether nothing is taken out of any of the tracks."""
        if not shape.is_bare:
            return False
        if shape.personal_data:
            return True
        if self._personal is None:
            self._personal = has_personal(self._tracks)
        return not self._personal

    def _shape(self, shape: Shape | None, index: int) -> Track:
        assert shape is not None, "every way that lets tracks out has one"
        track = self._tracks[index]
        if self._is_whole(shape):
            return track if track.label is shape.label else replace(track, label=shape.label)
        shaped = self._shaped.setdefault(shape, {})
        known = shaped.get(index)
        if known is None:
            known = redact(track, shape.redaction, personal_data=shape.personal_data, node=self._policy.node)
            if known.label is not shape.label:
                known = replace(known, label=shape.label)
            shaped[index] = known
        return known
