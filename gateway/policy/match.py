"""Many conditions against one track at once: which are met, and which may be.

Each kind of fact that conditions ask for is a table from the fact's value to two sets of conditions, as bits of a
number: those that are not excluded by it, and those that it meets. What holds for a track is the intersection over its
facts. So a track costs a few look-ups, however many conditions there are, and no track that looks like no other makes
it cost more. `gateway.policy.condition` is the same, one by one and in words.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from math import inf, nextafter
from typing import Generic, TypeVar

from gateway.policy.area import Area
from gateway.policy.cells import Cells
from gateway.policy.condition import HEIGHTS, any_matches, matches
from gateway.policy.parts import PRESENCE
from gateway.policy.terms import Condition
from gateway.track import Environment, Identifier, Identity, Label, Track

MOST_KEPT = 16_384
"""Values of one kind of fact that are remembered; then they are forgotten and worked out anew."""

Masks = tuple[int, int]
"""(conditions that are not excluded, conditions that are met), bit n for condition n."""
Verdict = bool | None
_Status = tuple[bool | None, bool | None]
"""Whether a track says that it is of an exercise, and simulated."""
_NO_STATUS: _Status = (None, None)
Key = TypeVar("Key", bound=Hashable)


class Table(dict[Key, Masks], Generic[Key]):
    """From a fact to the conditions that it meets, worked out when it is first seen."""

    def __init__(
        self,
        conditions: Sequence[Condition],
        asks: Callable[[Condition], bool],
        test: Callable[[Condition, Key], Verdict],
    ) -> None:
        super().__init__()
        self._asking = [(1 << bit, one) for bit, one in enumerate(conditions) if asks(one)]
        self._others = (1 << len(conditions)) - 1 - sum(bit for bit, _ in self._asking)
        self._test = test
        self.is_asked = bool(self._asking)

    def __missing__(self, fact: Key) -> Masks:
        maybe = sure = self._others
        for bit, condition in self._asking:
            met = self._test(condition, fact)
            if met is not False:
                maybe |= bit
                if met:
                    sure |= bit
        if len(self) >= MOST_KEPT:
            self.clear()
        self[fact] = maybe, sure
        return maybe, sure

    @property
    def unsaid(self) -> Masks:
        """For a track that does not say it."""
        return self._others | sum(bit for bit, _ in self._asking), self._others


class Scale:
    """A table for a number, of which conditions ask only whether it is above or below some bounds (one or more)."""

    def __init__(self, table: Table[float], bounds: Iterable[float]) -> None:
        self._bounds = sorted(set(bounds))
        self.unsaid = table.unsaid
        self._masks: list[Masks] = []  # below the first bound, on it, between it and the second, ...
        for bound in self._bounds:
            self._masks += [table[nextafter(bound, -inf)], table[bound]]
        self._masks.append(table[nextafter(self._bounds[-1], inf)])

    def __getitem__(self, value: float) -> Masks:
        bounds = self._bounds
        return self._masks[bisect_left(bounds, value) + bisect_right(bounds, value)]


class Matcher:
    """The conditions of a list of rules, compiled."""

    def __init__(self, conditions: Sequence[Condition], areas: Mapping[str, Area]) -> None:
        self._all = (1 << len(conditions)) - 1
        self._what: Table[tuple[Environment, Identity | None, str | None]] = Table(conditions, _asks_what, _test_what)
        self._status: Table[_Status] = Table(conditions, _asks_status, _test_status)
        self._formats: Table[tuple[str, ...]] = Table(
            conditions,
            lambda one: bool(one.formats),
            lambda one, said: any_matches(one.formats, said) if said else None,
        )
        self._classes: Table[tuple[str, ...]] = Table(conditions, lambda one: bool(one.classes), _test_classes)
        self._labels: Table[Label | None] = Table(conditions, lambda one: bool(one.labels), _test_label)
        self._sources: Table[str | None] = Table(
            conditions,
            lambda one: bool(one.sources),
            lambda one, source: None if source is None else any_matches(one.sources, [source]),
        )
        self._origins: Table[str] = Table(
            conditions, lambda one: bool(one.origins), lambda one, origin: any_matches(one.origins, [origin])
        )
        self._identifiers = {
            scheme: Names(conditions, scheme)
            for scheme in sorted({scheme for one in conditions for scheme in one.identifiers})
        }
        self._parts = [
            (PRESENCE[field], *_presence_masks(conditions, field))
            for field in sorted({field for one in conditions for field in one.has | one.lacks})
        ]
        self._heights = [
            (name, _height_scale(conditions, kind)) for kind, name in HEIGHTS.items() if _bands(conditions, kind)
        ]
        self._ages = _age_scale(conditions)
        self._cells = _cells(conditions, areas)
        self._asks_motion = bool(self._cells is not None or self._heights or self._ages is not None)
        tables = (self._what, self._status, self._formats, self._classes, self._labels)
        self.asks_tracks = bool(
            self._asks_motion or self._identifiers or self._parts or any(table.is_asked for table in tables)
        )
        """Whether the answer is another one for different tracks of one source."""

    def given(self, source: str | None, origin: str) -> Masks:
        """What holds for every track of a source or a partner."""
        source_masks, origin_masks = self._sources[source], self._origins[origin]
        return source_masks[0] & origin_masks[0], source_masks[1] & origin_masks[1]

    def masks(self, track: Track, now: datetime, given: Masks) -> Masks:
        """Which conditions the track does not exclude, and which it meets."""
        if not self.asks_tracks:
            return given
        maybe, sure = given
        if self._what.is_asked:
            identity = track.identity
            found = self._what[track.environment, identity.value if identity is not None else None, track.platform]
            maybe &= found[0]
            sure &= found[1]
        if self._asks_motion:
            found = self._motion(track, now)
            maybe &= found[0]
            sure &= found[1]
        if self._status.is_asked:
            status = track.status
            found = self._status[_NO_STATUS if status is None else (status.exercise, status.simulated)]
            maybe &= found[0]
            sure &= found[1]
        if self._formats.is_asked:
            found = self._formats[tuple([one.input_format for one in track.provenance])]
            maybe &= found[0]
            sure &= found[1]
        if self._classes.is_asked:
            classes = track.classifications
            found = self._classes[tuple([one.type for one in classes]) if classes else ()]
            maybe &= found[0]
            sure &= found[1]
        if self._labels.is_asked:
            found = self._labels[track.label]
            maybe &= found[0]
            sure &= found[1]
        for is_there, there, lacking in self._parts:
            mask = there if is_there(track) else lacking
            maybe &= mask
            sure &= mask
        if self._identifiers:
            found = self._named(track.identifiers)
            maybe &= found[0]
            sure &= found[1]
        return maybe, sure

    def _motion(self, track: Track, now: datetime) -> Masks:
        """Where it is and how old."""
        maybe = sure = self._all
        state = track.state
        if self._cells is not None:
            point = state.position if state is not None else None
            found = self._cells.unsaid if point is None else self._cells.at(point.latitude_deg, point.longitude_deg)
            maybe &= found[0]
            sure &= found[1]
        for name, scale in self._heights:
            height: float | None = getattr(state, name, None)
            found = scale.unsaid if height is None else scale[height]
            maybe &= found[0]
            sure &= found[1]
        if self._ages is not None:
            found = self._ages.unsaid if state is None else self._ages[(now - state.time).total_seconds()]
            maybe &= found[0]
            sure &= found[1]
        return maybe, sure

    def _named(self, identifiers: Sequence[Identifier]) -> Masks:
        """What its names meet: for each scheme, any of its values."""
        maybe = sure = self._all
        for scheme, table in self._identifiers.items():
            some = certain = 0
            is_said = False
            for one in identifiers:
                if one.scheme == scheme:
                    is_said = True
                    found = table[one.value]
                    some |= found[0]
                    certain |= found[1]
            if not is_said:
                some, certain = table.unsaid
            maybe &= some
            sure &= certain
        return maybe, sure


def _asks_what(condition: Condition) -> bool:
    return bool(condition.environments or condition.identities or condition.platforms)


def _test_what(condition: Condition, fact: tuple[Environment, Identity | None, str | None]) -> Verdict:
    environment, identity, platform = fact
    if condition.environments and environment not in condition.environments:
        return False
    if condition.identities and identity not in condition.identities:
        return False
    if not condition.platforms:
        return True
    return None if platform is None else any_matches(condition.platforms, [platform])


def _asks_status(condition: Condition) -> bool:
    return condition.exercise is not None or condition.simulated is not None


def _test_status(condition: Condition, fact: _Status) -> Verdict:
    exercise = condition.unsaid_exercise if fact[0] is None else fact[0]
    simulated = condition.unsaid_simulated if fact[1] is None else fact[1]
    if condition.exercise is not None and condition.exercise is not exercise:
        return False
    return condition.simulated is None or condition.simulated is simulated


def _test_classes(condition: Condition, types: tuple[str, ...]) -> Verdict:
    if not types:
        return None
    return any_matches([one.casefold() for one in condition.classes], [one.casefold() for one in types])


def _test_label(condition: Condition, label: Label | None) -> Verdict:
    if label is None:
        return None
    return any(
        policy == label.policy and (not levels or label.classification in levels) for policy, levels in condition.labels
    )


class Names(dict[str, Masks]):
    """A table for the values of one scheme of identifiers, of which there are as many as objects: quick to make.

    Values are looked up among the texts, compared with the beginnings, and only then with other patterns, all in any
    letter case: a rule about an address means it however a source writes it.
    """

    def __init__(self, conditions: Sequence[Condition], scheme: str) -> None:
        super().__init__()
        asking: dict[str, int] = {}
        bits = 0
        for bit, one in enumerate(conditions):
            for pattern in map(str.casefold, one.identifiers.get(scheme, ())):
                asking[pattern] = asking.get(pattern, 0) | 1 << bit
            bits |= (scheme in one.identifiers) << bit
        self._others = (1 << len(conditions)) - 1 - bits
        self.unsaid = self._others | bits, self._others
        self._texts: dict[str, int] = {}
        self._beginnings: list[tuple[str, int]] = []
        self._patterns: list[tuple[str, int]] = []
        for pattern, bits in asking.items():
            beginning = pattern.rstrip("*")
            if "*" in beginning or "?" in beginning:
                self._patterns.append((pattern, bits))
            elif beginning != pattern:
                self._beginnings.append((beginning, bits))
            else:
                self._texts[pattern] = bits

    def __missing__(self, value: str) -> Masks:
        text = value.casefold()
        met = self._others | self._texts.get(text, 0)
        for beginning, bits in self._beginnings:
            if text.startswith(beginning):
                met |= bits
        for pattern, bits in self._patterns:
            if matches(pattern, text):
                met |= bits
        if len(self) >= MOST_KEPT:
            self.clear()
        self[value] = met, met
        return met, met


def _presence_masks(conditions: Sequence[Condition], field: object) -> tuple[int, int]:
    """(conditions that a track with the part may meet, those that one without it may meet)."""
    there = lacking = 0
    for bit, one in enumerate(conditions):
        there |= (field not in one.lacks) << bit
        lacking |= (field not in one.has) << bit
    return there, lacking


def _bands(conditions: Sequence[Condition], kind: object) -> list[float]:
    """The bounds of all bands of a kind of height."""
    bands = [one.altitude for one in conditions if one.altitude is not None and one.altitude.height is kind]
    return [bound for band in bands for bound in (band.min_m, band.max_m) if bound is not None] or [0.0] * bool(bands)


def _height_scale(conditions: Sequence[Condition], kind: object) -> Scale:
    def test(condition: Condition, height: float) -> Verdict:
        band = condition.altitude
        assert band is not None, "asked only of those that have one"
        return (band.min_m is None or band.min_m <= height) and (band.max_m is None or height < band.max_m)

    table: Table[float] = Table(conditions, lambda one: one.altitude is not None and one.altitude.height is kind, test)
    return Scale(table, _bands(conditions, kind))


def _age_scale(conditions: Sequence[Condition]) -> Scale | None:
    def test(condition: Condition, age: float) -> Verdict:
        low, high = condition.min_age_s, condition.max_age_s
        return (low is None or low <= age) and (high is None or age <= high)

    bounds = [bound for one in conditions for bound in (one.min_age_s, one.max_age_s) if bound is not None]
    if not bounds:
        return None
    return Scale(Table(conditions, lambda one: one.min_age_s is not None or one.max_age_s is not None, test), bounds)


def _cells(conditions: Sequence[Condition], areas: Mapping[str, Area]) -> Cells | None:
    names = sorted({name for one in conditions for name in (*one.areas, *one.not_areas)})
    if not names:
        return None
    bits = {name: 1 << index for index, name in enumerate(names)}

    def test(condition: Condition, inside: int) -> Verdict:
        if condition.areas and not any(inside & bits[name] for name in condition.areas):
            return False
        return not any(inside & bits[name] for name in condition.not_areas)

    table: Table[int] = Table(conditions, lambda one: bool(one.areas or one.not_areas), test)
    return Cells([(bits[name], areas[name]) for name in names], table, table.unsaid)
