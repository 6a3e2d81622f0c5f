"""The release rules of one policy, compiled: what many tracks have in common is decided once.

Rules that a track may meet, and its label, make its plan: a way for each release group, or two where members part.
Plans are remembered; a track costs the look-ups that find its plan, and one line in the list of each way.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from gateway.labels.names import weight_in_all
from gateway.policy.judging import Permission, permission
from gateway.policy.match import Masks, Matcher
from gateway.policy.memory import Memory
from gateway.policy.personal import has_personal
from gateway.policy.policy import Policy
from gateway.policy.redact import merged
from gateway.policy.terms import Redaction, ReleaseRule
from gateway.policy.ways import Outbound, Shape, Way, labelled
from gateway.stages import Held, Refused, Release
from gateway.track import Label, Track

NO_RULE = "release.refused.no-rule"
"""No rule applies."""
NO_LABEL = "release.refused.no-label"
"""A rule lets it out, and it has no label."""
NO_MEMBER = "release.refused.no-member"
"""The release group has no partner."""
RULE = "release."

MOST_PLANS = 16_384
_PLAN_WEIGHT = 1_024
"""Characters of a label that count as one plan more: partners choose how large theirs are."""
MOST_ROUTES = 1_024


class Plan(Struct, frozen=True, kw_only=True, eq=False):
    """What becomes of tracks that meet the same rules and have the same label."""

    ways: tuple[tuple[Way, Shape | None], ...]
    """Where they go; on the ways that let them out, as what."""
    is_plain: bool
    """Every way lets them out at once, and as they are but for personal data."""


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
        self.forget()

    def forget(self) -> None:
        """Work every plan out anew."""
        self.plans.clear()
        self.last: tuple[Masks, Label | None, Plan] | None = None
        """The plan of the last track, which is mostly that of the next: found without looking into its label."""


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
        source: str | None,
        origin: str,
        now: datetime,
        memory: Memory,
        groups: Collection[str] | None,
    ) -> list[Release | Refused | Held]:
        """See the function of this name."""
        if not tracks or not self._of_group or (origin != self._policy.node and not self._onward):
            return []  # without a group, or a rule that lets a partner's tracks go on, there is nothing to decide
        if self._since is None or now < self._since or (self._until is not None and now >= self._until):
            self._forget(now)
        route = self._routes.get((source, origin)) or self._route(source, origin)
        plans = self._plans_of(route, tracks, now)
        first = plans[0]
        is_one = len(plans) == 1 or plans.count(first) == len(plans)  # as it is for most frames
        if is_one and first.is_plain and groups is None and not has_personal(tracks):
            return self._all_out(first, tracks)
        outbound = Outbound(self._policy, tracks, now, memory)
        if is_one:
            for way, shape in first.ways:
                if groups is None or way.group in groups:
                    outbound.go_all(way, shape)
            return outbound.verdicts
        found: dict[Way, tuple[list[int], list[Shape | None]]] = {}
        for index, plan in enumerate(plans):
            for way, shape in plan.ways:
                those = found.get(way)
                if those is None:
                    found[way] = [index], [shape]
                else:
                    those[0].append(index)
                    those[1].append(shape)
        for way, (indices, shapes) in found.items():
            if groups is None or way.group in groups:
                outbound.go(way, indices, shapes)
        return outbound.verdicts

    def _plans_of(self, route: Route, tracks: Sequence[Track], now: datetime) -> list[Plan]:
        """The plan of each track."""
        met = given = route.given
        matcher, known, last = self._matcher, route.plans, route.last
        plans: list[Plan] = []
        for track in tracks:
            if matcher.asks_tracks:
                met = matcher.masks(track, now, given)
            label = track.label
            if last is None or label is not last[1] or met != last[0]:
                key = met, label
                plan = known.get(key)
                last = met, label, self._plan(route, key, now) if plan is None else plan
            plans.append(last[2])
        route.last = last
        return plans

    def _all_out(self, plan: Plan, tracks: Sequence[Track]) -> list[Release | Refused | Held]:
        """The verdicts of a plan that is plain, for tracks with nothing personal."""
        digest = self._policy.digest
        verdicts: list[Release | Refused | Held] = []
        label: Label | None = None
        shown: tuple[Track, ...] = ()
        for way, shape in plan.ways:
            assert shape is not None, "every way that lets tracks out has one"
            if shape.label is not label:  # groups that see the same see the very same objects
                label = shape.label
                shown = labelled(tracks, label)
            verdicts.append(Release(group=way.group, recipients=way.names, tracks=shown, rule=way.rule, policy=digest))
        return verdicts

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
        """Work out what becomes of tracks that meet the same rules and have the same label."""
        if self._plans >= MOST_PLANS:
            for other in self._routes.values():
                other.forget()
            self._ways.clear()
            self._shapes.clear()
            self._plans = 0
        self._since = now  # a clock that is set back finds no answer of a later time
        (maybe, sure), label = key
        ways = tuple(
            [
                way
                for group, members in route.groups.items()
                for way in self._ways_of(group, members, self._matched(maybe & self._of_group[group], sure), label, now)
            ]
        )
        is_plain = all(way.is_at_once and shape is not None and shape.is_bare for way, shape in ways)
        plan = route.plans[key] = Plan(ways=ways, is_plain=is_plain)
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
            shape = Shape(
                redaction=terms.redaction,
                is_bare=terms.redaction.is_empty,
                personal_data=terms.personal_data,
                label=allowed.label,
            )
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


def _bits(flags: Iterable[bool]) -> int:
    """Bit n for the nth flag."""
    return sum(1 << bit for bit, flag in enumerate(flags) if flag)
