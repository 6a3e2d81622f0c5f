"""Why one track goes to one partner, or does not: rule by rule, in words. Slow, plain, and the same as `release`."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from gateway.labels.decision import Judgement
from gateway.labels.equivalence import Direction
from gateway.policy.condition import Circumstances, meets
from gateway.policy.engine import NO_LABEL, NO_RULE, RULE, keeps_back, terms_of
from gateway.policy.judging import permission
from gateway.policy.marking import joined
from gateway.policy.policy import Policy
from gateway.policy.redact import REASONS, redact
from gateway.policy.terms import Existing, Marking, ReleaseRule
from gateway.policy.ways import NO_TIME, held_until
from gateway.track import Label, Loss, Track


class Tried(Struct, frozen=True, kw_only=True):
    """One rule that was tried on the track."""

    rule: str
    """Its id as ledgers have it: ``mark.<id>`` or ``release.<id>``."""
    met: bool | None
    """`None`: the track does not say what the rule asks for."""
    why: str
    """The first part of its condition that is not met or not said, in words; empty when it is met."""
    effect: str
    """``decides``; ``passed`` (not met); ``adds`` (not said: what it takes out, or the label that it gives, counts
    beside the deciding rule's)."""


class Marked(Struct, frozen=True, kw_only=True):
    """Where the label of one of our own tracks comes from."""

    tried: tuple[Tried, ...]
    rule: str
    """The marking that decided; empty when none applies."""
    given: Label | None
    """What the source gave."""
    label: Label | None
    """What the track goes under; without one it goes nowhere."""
    why: str
    """How the two became one, in words."""


class Verdict(Struct, frozen=True, kw_only=True):
    """What becomes of the track for one release group, and for the partner in it."""

    group: str
    tried: tuple[Tried, ...]
    rule: str
    """What decided: ``release.<id>`` or ``release.refused....``"""
    released: bool
    """Whether the partner gets it: now, or from `until` on."""
    why: str
    judgement: Judgement | None
    """What the partner's clearances say of the label; absent where no rule let the track get so far."""
    label: Label | None
    """Label that it goes under, with what equivalences add to it."""
    losses: tuple[Loss, ...]
    """What is taken out of it or made coarser."""
    track: Track | None
    """As the partner gets it."""
    until: datetime | None
    """Held until then."""
    every_s: float
    """At most one snapshot in that time."""


class Explanation(Struct, frozen=True, kw_only=True):
    """All that decides whether one partner gets one track."""

    track: Track
    """As it was, before any marking."""
    partner: str
    origin: str
    source: str | None
    now: datetime
    policy: str
    """Digest of the policy."""
    marked: Marked | None
    """Absent for a partner's track: its origin has labelled it."""
    verdicts: tuple[Verdict, ...]
    """One for each release group that the partner is in; without any it gets nothing."""

    @property
    def released(self) -> bool:
        """Whether the partner gets it by any group."""
        return any(one.released for one in self.verdicts)


def trace(policy: Policy, track: Track, *, source: str | None, origin: str, partner: str, now: datetime) -> Explanation:
    """Explain what becomes of a track on its way to a partner. `origin` is the node that signed it, ours for our own.

    How often a snapshot may go (`every_s`) depends on those before it and is told, not decided.
    """
    given = Circumstances(source=source, origin=origin, now=now, areas=policy.areas)
    is_own = origin == policy.node
    marked = _marked(policy, track, given) if is_own else None
    shown = track if marked is None else replace(track, label=marked.label)
    groups = [group for group, members in policy.groups.items() if partner in members and (is_own or partner != origin)]
    return Explanation(
        track=track,
        partner=partner,
        origin=origin,
        source=source,
        now=now,
        policy=policy.digest,
        marked=marked,
        verdicts=tuple([_verdict(policy, group, partner, shown, given) for group in groups]),
    )


def _marked(policy: Policy, track: Track, given: Circumstances) -> Marked:
    tried = []
    asked: list[Marking] = []
    decides = ""
    for marking in policy.markings:
        answer = meets(marking.when, track, given)
        effect = "decides" if answer.met else "passed" if answer.met is False else "adds"
        tried.append(Tried(rule=f"mark.{marking.id}", met=answer.met, why=answer.why, effect=effect))
        if answer.met is not False:
            asked.append(marking)
        if answer.met:
            decides = f"mark.{marking.id}"
            break
    label = joined(policy, asked, track.label, given.now) if decides else None
    return Marked(
        tried=tuple(tried),
        rule=decides,
        given=track.label,
        label=label,
        why=_marking_words(asked[-1] if decides else None, len(asked), track.label, label),
    )


def _marking_words(marking: Marking | None, asked: int, own: Label | None, label: Label | None) -> str:
    if marking is None:
        return "no marking is met: it goes nowhere"
    how = "the marking gives it"
    if own is not None:
        how = {
            Existing.KEEP: "the source gave it, and the marking keeps it",
            Existing.COMBINE: "it is at least as strict as the source's and the marking's",
            Existing.REFUSE: "the marking refuses what comes with a label: it goes nowhere",
        }[marking.existing]
        if label is None and marking.existing is Existing.COMBINE:
            how = "no valid label is as strict as the source's and the marking's: it goes nowhere"
    if asked > 1:
        how += (
            "; it is at least as strict as those of markings that it may meet"
            if label
            else ("; and no valid label is as strict as all markings that it may meet: it goes nowhere")
        )
    return how


def _verdict(policy: Policy, group: str, partner: str, track: Track, given: Circumstances) -> Verdict:
    is_own = given.origin == policy.node
    members = tuple([member for member in policy.groups[group] if is_own or member != given.origin])
    tried: list[Tried] = []
    beside: list[ReleaseRule] = []
    decisive: ReleaseRule | None = None
    for rule in policy.releases:
        if rule.onward is is_own or (rule.groups and group not in rule.groups):
            continue
        answer = meets(rule.when, track, given)
        decides = answer.met is True or (answer.met is None and not rule.release)
        adds = answer.met is None and rule.release and keeps_back(rule)
        effect = "decides" if decides else "adds" if adds else "passed"
        tried.append(Tried(rule=RULE + rule.id, met=answer.met, why=answer.why, effect=effect))
        if adds:
            beside.append(rule)
        if decides:
            decisive = rule
            break
    told = _Told(group=group, tried=tuple(tried))
    if decisive is None:
        return told.refused(NO_RULE, "no rule applies")
    if not decisive.release:
        return told.refused(RULE + decisive.id, "the rule withholds")
    if track.label is None:
        return told.refused(NO_LABEL, "it has no label")
    return _judged(policy, told, partner, members, track, decisive, beside, given.now)


class _Told(Struct, frozen=True, kw_only=True):
    """What is known of a verdict before its end."""

    group: str
    tried: tuple[Tried, ...]

    def refused(self, rule: str, why: str, judgement: Judgement | None = None, label: Label | None = None) -> Verdict:
        """A verdict by which the partner gets nothing."""
        return Verdict(
            group=self.group,
            tried=self.tried,
            rule=rule,
            released=False,
            why=why,
            judgement=judgement,
            label=label,
            losses=(),
            track=None,
            until=None,
            every_s=0.0,
        )


def _judged(
    policy: Policy,
    told: _Told,
    partner: str,
    members: tuple[str, ...],
    track: Track,
    rule: ReleaseRule,
    beside: list[ReleaseRule],
    now: datetime,
) -> Verdict:
    """The verdict of a track that a rule lets out: what its label says, and what is left of it."""
    assert track.label is not None, "asked before"
    allowed = permission(policy, track.label, members, now)
    clearances = policy.partners.get(partner, ())
    judgement = policy.book.judge(allowed.label, clearances, now, direction=Direction.ENCRYPT)
    refused_by = next((why for why, names in allowed.denied if partner in names), None)
    if refused_by is not None:
        judgement = policy.book.judge(track.label, clearances, now, direction=Direction.ENCRYPT)
        words = f"its label does not permit {partner}: {judgement.decision.rule} {judgement.decision.detail}".rstrip()
        return told.refused(refused_by, words, judgement, track.label)
    terms = terms_of(rule, beside)
    until = held_until(track, terms.delay_s, now) if terms.delay_s else None
    if terms.delay_s and until is None:
        return told.refused(NO_TIME, "the rule delays, and it does not say its time", judgement, allowed.label)
    shown = redact(track, terms.redaction, personal_data=terms.personal_data, node=policy.node)
    before = set(track.provenance[-1].losses) if track.provenance else set()
    after = shown.provenance[-1].losses if shown is not track and shown.provenance else ()
    return Verdict(
        group=told.group,
        tried=told.tried,
        rule=RULE + rule.id,
        released=True,
        why="the rule releases and the label permits",
        judgement=judgement,
        label=allowed.label,
        losses=tuple([loss for loss in after if loss not in before and loss.reason in REASONS]),
        track=replace(shown, label=allowed.label),
        until=until if until is not None and until > now else None,
        every_s=terms.every_s,
    )
