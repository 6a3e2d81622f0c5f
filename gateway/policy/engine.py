"""The release rules of one policy, compiled: what many tracks have in common is decided once.

Rules that a track may meet, and its label, make its plan: a way for each release group, or two where members part.
Plans are remembered; a track costs the look-ups that find its plan, and one line in the list of each way.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from gateway.labels.names import weight_in_all
from gateway.policy.judging import Permission, permission
from gateway.policy.match import Masks, Matcher
from gateway.policy.memory import Memory
from gateway.policy.personal import has_personal
from gateway.policy.policy import Policy
from gateway.policy.redact import merged, redact
from gateway.policy.terms import Redaction, ReleaseRule
from gateway.stages import Held, Refused, Release
from gateway.track import Label, Track

NO_RULE = "release.refused.no-rule"
"""No rule applies."""
NO_LABEL = "release.refused.no-label"
"""A rule lets it out, and it has no label."""
NO_MEMBER = "release.refused.no-member"
"""The release group has no partner."""
NO_TIME = "release.refused.no-time"
"""The rule delays, and the track does not say from when it is."""
RATE = "release.refused.rate"
"""The group has had a snapshot of the track within the rule's time."""
RULE = "release."

MOST_PLANS = 16_384
_PLAN_WEIGHT = 1_024
"""Characters of a label that count as one plan more: partners choose how large theirs are."""
MOST_ROUTES = 1_024
MOST_AHEAD_S = 300.0
"""What a sensor's clock may be ahead of ours: a track of a later time would be held for ever."""
_HOLD_STEP_S = 1.0
"""Tracks are held until a whole second, so that those of one scan are held together."""


class Shape(Struct, frozen=True, kw_only=True, eq=False):
    """What is done to a track on one way. One object for all ways on which it is the same."""

    redaction: Redaction
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


Plan = tuple[tuple[Way, Shape | None], ...]
"""The ways of a track; on those that let it out, as what."""


class Matched(Struct, frozen=True, kw_only=True):
    """What the rules say of a track for one group, before its label is asked."""

    rule: ReleaseRule | None
    """The one that decides; none when no rule applies."""
    beside: tuple[ReleaseRule, ...] = ()
    """Rules above that take something out, which the track may meet: what they take out is taken out too."""


class Terms(Struct, frozen=True, kw_only=True, gc=False):
    """What the deciding rule and those beside it add up to."""

    redaction: Redaction
    personal_data: bool
    delay_s: float
    every_s: float


class Route:
    """What is remembered for the tracks of one source or partner."""

    def __init__(self, given: Masks, groups: Mapping[str, tuple[str, ...]]) -> None:
        self.given = given
        self.groups = groups
        """Release groups with those members that tracks of this origin may go to."""
        self.plans: dict[tuple[Masks, Label | None], Plan] = {}


class Engine:
    """The compiled rules of one policy. Not for more than one thread."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._rules = policy.releases
        self._matcher = Matcher([rule.when for rule in policy.releases], policy.areas)
        self._own = _bits(not rule.onward for rule in policy.releases)
        self._onward = _bits(rule.onward for rule in policy.releases)
        self._of_group = {
            group: _bits(not rule.groups or group in rule.groups for rule in policy.releases) for group in policy.groups
        }
        self._forget(None)

    def _forget(self, now: datetime | None) -> None:
        """Start anew: labels may read otherwise from now on."""
        self._routes: dict[tuple[str | None, str], Route] = {}
        self._ways: dict[tuple[object, ...], Way] = {}
        self._shapes: dict[tuple[object, ...], Shape] = {}
        self._terms: dict[tuple[str, ...], Terms] = {}
        self._plans = 0
        self._since = now
        self._until: datetime | None = None

    def release(
        self,
        tracks: Sequence[Track],
        *,
        source: str | None,
        origin: str,
        now: datetime,
        memory: Memory,
        groups: Collection[str] | None,
    ) -> list[Release | Refused | Held]:
        """See the function of this name."""
        if not tracks or (origin != self._policy.node and not self._onward):
            return []  # without a rule that lets a partner's tracks go on there is nothing to decide
        if self._since is None or now < self._since or (self._until is not None and now >= self._until):
            self._forget(now)
        route = self._route(source, origin)
        matcher, given, plans = self._matcher, route.given, route.plans
        found: dict[Way, tuple[list[int], list[Shape | None]]] = {}
        for index, track in enumerate(tracks):
            key = matcher.masks(track, now, given), track.label
            plan = plans.get(key)
            if plan is None:
                plan = self._plan(route, key, now)
            for way, shape in plan:
                those = found.get(way)
                if those is None:
                    found[way] = [index], [shape]
                else:
                    those[0].append(index)
                    those[1].append(shape)
        outbound = _Outbound(self._policy, tracks, now, memory)
        for way, (indices, shapes) in found.items():
            if groups is None or way.group in groups:
                outbound.go(way, indices, shapes)
        return outbound.verdicts

    def _route(self, source: str | None, origin: str) -> Route:
        route = self._routes.get((source, origin))
        if route is None:
            policy = self._policy
            is_own = origin == policy.node
            applying = self._own if is_own else self._onward
            maybe, sure = self._matcher.given(source, origin)
            groups = {
                group: members if is_own else tuple([member for member in members if member != origin])
                for group, members in policy.groups.items()
            }
            if not is_own:
                groups = {group: members for group, members in groups.items() if members}
            if len(self._routes) >= MOST_ROUTES:
                self._routes.clear()
            route = self._routes[source, origin] = Route((maybe & applying, sure & applying), groups)
        return route

    def _plan(self, route: Route, key: tuple[Masks, Label | None], now: datetime) -> Plan:
        """What becomes of tracks that meet the same rules and have the same label."""
        if self._plans >= MOST_PLANS:
            for other in self._routes.values():
                other.plans.clear()
            self._ways.clear()
            self._shapes.clear()
            self._plans = 0
        (maybe, sure), label = key
        plan = tuple(
            [
                way
                for group, members in route.groups.items()
                for way in self._ways_of(group, members, self._matched(maybe & self._of_group[group], sure), label, now)
            ]
        )
        route.plans[key] = plan
        self._plans += 1 if label is None else 1 + weight_in_all(label) // _PLAN_WEIGHT
        return plan

    def _matched(self, maybe: int, sure: int) -> Matched:
        """The first rule that decides. A rule that keeps something back is met by what may meet it."""
        beside: list[ReleaseRule] = []
        while maybe:
            bit = (maybe & -maybe).bit_length() - 1
            maybe &= maybe - 1
            rule = self._rules[bit]
            if sure >> bit & 1 or not rule.release:
                return Matched(rule=rule, beside=tuple(beside))
            if keeps_back(rule):
                beside.append(rule)
        return Matched(rule=None)

    def _ways_of(
        self, group: str, members: tuple[str, ...], matched: Matched, label: Label | None, now: datetime
    ) -> list[tuple[Way, Shape | None]]:
        rule = matched.rule
        if not members:
            return [(self._refusal(group, NO_MEMBER), None)]
        if rule is None:
            return [(self._refusal(group, NO_RULE), None)]
        if not rule.release:
            return [(self._refusal(group, RULE + rule.id), None)]
        if label is None:
            return [(self._refusal(group, NO_LABEL), None)]
        allowed = permission(self._policy, label, members, now)
        if allowed.until is not None:
            self._until = allowed.until if self._until is None else min(self._until, allowed.until)
        ways: list[tuple[Way, Shape | None]] = []
        if allowed.permitted:
            ways.append(self._released(group, matched, rule, allowed))
        if not ways or not ways[0][0].denied:
            is_whole = not ways and len(allowed.denied) == 1
            ways += [(self._refusal(group, why, () if is_whole else names), None) for why, names in allowed.denied]
        return ways

    def _refusal(self, group: str, rule: str, names: tuple[str, ...] = ()) -> Way:
        key = (group, rule, names)
        way = self._ways.get(key)
        if way is None:
            way = self._ways[key] = Way(group=group, rule=rule, names=names)
        return way

    def _released(self, group: str, matched: Matched, rule: ReleaseRule, allowed: Permission) -> tuple[Way, Shape]:
        ids = (rule.id, *[one.id for one in matched.beside])
        terms = self._terms.get(ids)
        if terms is None:
            terms = self._terms[ids] = terms_of(rule, matched.beside)
        shape = self._shapes.get((ids, allowed.label))
        if shape is None:
            shape = Shape(redaction=terms.redaction, personal_data=terms.personal_data, label=allowed.label)
            self._shapes[ids, allowed.label] = shape
        denied = allowed.denied if terms.delay_s else ()
        key = (group, rule.id, allowed.permitted, denied, terms.delay_s, terms.every_s)
        way = self._ways.get(key)
        if way is None:
            way = self._ways[key] = Way(
                group=group,
                rule=RULE + rule.id,
                names=allowed.permitted,
                released=True,
                is_whole=not allowed.denied,
                denied=denied,
                delay_s=terms.delay_s,
                every_s=terms.every_s,
            )
        return way, shape


def keeps_back(rule: ReleaseRule) -> bool:
    """Whether a rule that releases also takes something out, delays or thins out."""
    return bool(rule.delay_s or rule.every_s) or not rule.redaction.is_empty


def terms_of(rule: ReleaseRule, beside: Sequence[ReleaseRule]) -> Terms:
    """What holds for a track that a rule lets out and that may meet those beside: the strictest of each."""
    rules = (*beside, rule)
    return Terms(
        redaction=merged([one.redaction for one in rules]) if beside else rule.redaction,
        personal_data=all(one.personal_data for one in rules),
        delay_s=max(one.delay_s for one in rules),
        every_s=max(one.every_s for one in rules),
    )


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
    until = since + timedelta(seconds=delay_s)
    return until if not until.microsecond else until.replace(microsecond=0) + timedelta(seconds=_HOLD_STEP_S)


class _Outbound:
    """The tracks of one call on their ways."""

    def __init__(self, policy: Policy, tracks: Sequence[Track], now: datetime, memory: Memory) -> None:
        self.verdicts: list[Release | Refused | Held] = []
        self._policy = policy
        self._tracks = tuple(tracks)
        self._now = now
        self._memory = memory
        self._is_personal = has_personal(self._tracks)
        self._shaped: dict[Shape, dict[int, Track]] = {}
        self._whole: dict[Shape | None, tuple[Track, ...]] = {}

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
            tracks = self._as_shown(indices, shapes)
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
        whole = self._whole.get(first)
        if whole is None:
            whole = self._whole[first] = tuple([self._shape(first, index) for index in indices])
        return whole

    def _shape(self, shape: Shape | None, index: int) -> Track:
        assert shape is not None, "every way that lets tracks out has one"
        track = self._tracks[index]
        if shape.redaction.is_empty and (shape.personal_data or not self._is_personal):
            return track if track.label is shape.label else replace(track, label=shape.label)
        shaped = self._shaped.setdefault(shape, {})
        known = shaped.get(index)
        if known is None:
            known = redact(track, shape.redaction, personal_data=shape.personal_data, node=self._policy.node)
            if known.label is not shape.label:
                known = replace(known, label=shape.label)
            shaped[index] = known
        return known


def _bits(flags: Iterable[bool]) -> int:
    """Bit n for the nth flag."""
    return sum(1 << bit for bit, flag in enumerate(flags) if flag)
