"""A message that waits for a partner is decided again where the policy has changed since it was released.

It was signed as it is, so it goes whole or not at all. It stays released for a partner where

1  he is in a release group still,
2  his clearances permit the label of the message and that of each track, and those labels are still what the markings
   and equivalences give, and
3  the rule that let it out stands, with none before it that did not stand there; or else its content is let out anew,
   and nothing of it would be taken out, held back for longer, or thinned out.

Which source a track came from, and what was taken out of it, the message does not tell: both count as not said (ADR
53). So an answer may be stricter than that of a release on the day, and is never laxer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from gateway.labels.equivalence import Direction
from gateway.policy.condition import HEIGHTS, Circumstances, meets
from gateway.policy.engine import NO_LABEL, NO_MEMBER, NO_RULE, RULE, keeps_back, terms_of
from gateway.policy.judging import LABEL_REFUSED
from gateway.policy.marking import joined
from gateway.policy.outline import Outline, bare, outline_of, still_lets_out
from gateway.policy.personal import MOST_LOSSES
from gateway.policy.policy import Policy
from gateway.policy.redact import REASONS, takes_nothing
from gateway.policy.terms import Condition, Existing, Marking, ReleaseRule
from gateway.policy.ways import NO_TIME, RATE, held_until
from gateway.stages import Header
from gateway.track import Label, Track

OTHER_LABEL = "release.refused.label-changed"
"""Its tracks would go under a label that is not covered by the one that they bear."""
REDACTED = "release.refused.redaction"
"""The rule would take something out, and what is signed cannot be changed."""
HELD = "release.refused.delay"
"""The rule would hold it for longer."""


class Waiting(Struct, frozen=True, kw_only=True):
    """What is to be known of a message that waits."""

    header: Header
    origin: str
    """Whose tracks it tells of."""
    label: Label
    """Of what tells of them: the message, or the original inside."""
    tracks: tuple[Track, ...]
    """All of its tracks, those of the original where one is inside, each with its label."""
    is_whole: bool = False
    """It passes another node's message on as that was signed."""
    withdraws: bool = False
    """It has withdrawals, of its own or in the original."""


class Kept(Struct, frozen=True, kw_only=True):
    """Why a message does not go to a partner any more."""

    rule: str
    """As ledgers name it."""
    why: str


def decide_again(policy: Policy, old: Outline | None, waiting: Waiting, *, partner: str, now: datetime) -> Kept | None:
    """Why the message does not go to the partner by this policy; nothing if it does.

    `old` is the outline of the policy that released it; without one nothing counts as left as it was. What withdraws
    tracks and tells of none always goes: it says nothing to those who have them, and less than nothing to others.
    """
    if waiting.withdraws and not waiting.tracks:
        return None
    # 1
    groups = [group for group, members in policy.groups.items() if partner in members]
    if not groups or partner == waiting.origin:
        return Kept(rule=NO_MEMBER, why=f"{partner} is in no release group")
    # 2
    is_own = waiting.origin == policy.node
    kept = _judged(policy, old, waiting, partner, now)
    if kept is not None:
        return kept
    given = Circumstances(source=None, origin=waiting.origin, now=now, areas=policy.areas)
    tracks = waiting.tracks
    if is_own and not _gives_the_same_labels(old, policy):
        found = _relabelled(policy, tracks, given)
        if isinstance(found, Kept):
            return found
        tracks = found
    # 3
    is_as_labelled = tracks is waiting.tracks
    for group in groups:
        kept = None
        if not _rule_stands(old, policy, waiting, group, is_as_labelled=is_as_labelled):
            kept = _released_again(policy, group, tracks, given)
        if kept is None:
            return None
    return kept


def _judged(policy: Policy, old: Outline | None, waiting: Waiting, partner: str, now: datetime) -> Kept | None:
    """2: why his clearances do not permit its labels, or these are not what equivalences give any more."""
    labels = dict.fromkeys([waiting.header.label, waiting.label])
    for track in waiting.tracks:
        if track.label is None:
            return Kept(rule=NO_LABEL, why=f"track {track.track_id} has no label")
        labels[track.label] = None
    held = policy.partners.get(partner, ())
    has_same_words = old is not None and old.words == outline_of(policy).words
    for label in labels:
        decision = policy.book.judge(label, held, now, direction=Direction.ENCRYPT).decision
        if not decision.permit:
            words = f"{label.policy[:40]} {label.classification[:40]} does not permit {partner}"
            return Kept(rule=LABEL_REFUSED + decision.rule, why=f"{words}: {decision.detail}".rstrip(": "))
        # Whoever passes on by an alternative must not rest on one that nobody signs off any more; an origin's own
        # stand under its own signature
        if label.alternatives and not (has_same_words or waiting.is_whole):
            missing = _not_given(policy, label, waiting.header.recipients, now)
            if missing is not None:
                words = f"{missing.policy[:40]} {missing.classification[:40]}"
                return Kept(rule=OTHER_LABEL, why=f"no marking or equivalence gives the alternative {words}")
    return None


def _not_given(policy: Policy, label: Label, recipients: Sequence[str], now: datetime) -> Label | None:
    """An alternative of a label that neither a marking nor a signed-off equivalence gives."""
    plain = replace(label, alternatives=())
    itself = bare(plain)
    marked = [
        one
        for marking in policy.markings
        if bare(replace(marking.label, alternatives=())) == itself
        for one in marking.label.alternatives
    ]
    given = {bare(one) for one in marked}
    for name in recipients:
        judgement = policy.book.judge(plain, policy.partners.get(name, ()), now, direction=Direction.ENCRYPT)
        given.update(map(bare, judgement.label.alternatives))
    return next((one for one in label.alternatives if bare(one) not in given), None)


def _gives_the_same_labels(old: Outline | None, policy: Policy) -> bool:
    new = outline_of(policy)
    return old is not None and (old.markings, old.words) == (new.markings, new.words)


def _relabelled(policy: Policy, tracks: tuple[Track, ...], given: Circumstances) -> tuple[Track, ...] | Kept:
    """The tracks with the labels that markings give them now, which those that they bear must cover.

    The very same tuple where these are the same. Whether a source or a marking gave a track its label is not said, so
    both readings must hold.
    """
    changed = False
    found: list[Track] = []
    for track in tracks:
        own = track.label
        assert own is not None, "asked before"
        asked = _asked(policy, track, given)
        label = joined(policy, asked, None, given.now) if asked else None
        refuses = any(one.existing is Existing.REFUSE for one in asked)
        if label is not None and not refuses and bare(label) == _without_added(own, label):
            found.append(track)
            continue
        for one in (label, joined(policy, asked, own, given.now) if asked else None):
            if one is None:
                return Kept(rule=NO_LABEL, why=f"track {track.track_id}: no marking that is met says its label")
            if not policy.book.covers(own, one, given.now):
                words = f"{one.policy[:40]} {one.classification[:40]}"
                return Kept(rule=OTHER_LABEL, why=f"track {track.track_id} would go under {words}")
        changed = True
        found.append(replace(track, label=label))
    return tuple(found) if changed else tracks


def _without_added(own: Label, given: Label) -> Label:
    """What a label says without alternatives that were added to the given one for those who read no other."""
    told = bare(own)
    return replace(told, alternatives=told.alternatives[: len(given.alternatives)])


def _asked(policy: Policy, track: Track, given: Circumstances) -> list[Marking]:
    """The markings that the track may meet, down to one that it does meet; none where it meets none."""
    asked: list[Marking] = []
    for marking in policy.markings:
        met = _reads(marking.when, track, given)
        if met is not False:
            asked.append(marking)
        if met:
            return asked
    return []


def _rule_stands(old: Outline | None, policy: Policy, waiting: Waiting, group: str, *, is_as_labelled: bool) -> bool:
    """3: whether the rule that let it out, and those before it, are as they were."""
    header = waiting.header
    if old is None or header.rule is None:
        return False
    onward, new = waiting.origin != policy.node, outline_of(policy)
    if not is_as_labelled and any(one.asks_label for one in new.rules_for(group, onward=onward)):
        return False
    return still_lets_out(old, new, header.rule, was=header.release_group, group=group, onward=onward)


def _released_again(policy: Policy, group: str, tracks: Iterable[Track], given: Circumstances) -> Kept | None:
    """3: why a track of it would not go to the group, or not as it is."""
    is_own = given.origin == policy.node
    rules = [one for one in policy.releases if one.onward is not is_own and (not one.groups or group in one.groups)]
    for track in tracks:
        kept = _let_out(policy, rules, track, given)
        if kept is not None:
            return replace(kept, why=f"track {track.track_id}: {kept.why}")
    return None


def _let_out(policy: Policy, rules: Iterable[ReleaseRule], track: Track, given: Circumstances) -> Kept | None:
    beside: list[ReleaseRule] = []
    for rule in rules:
        met = _reads(rule.when, track, given)
        if met is False:
            continue
        if not rule.release:
            return Kept(rule=RULE + rule.id, why="the rule withholds" if met else "the rule withholds what it may be")
        if met:
            return _as_it_is(policy, rule, beside, track, given.now)
        if keeps_back(rule):
            beside.append(rule)
    return Kept(rule=NO_RULE, why="no rule is known to apply")


def _as_it_is(
    policy: Policy, rule: ReleaseRule, beside: Sequence[ReleaseRule], track: Track, now: datetime
) -> Kept | None:
    """Why a track that a rule lets out would not go as it is, and now."""
    terms = terms_of(rule, beside)
    if terms.every_s:
        return Kept(rule=RATE, why=f"{RULE}{rule.id} thins out")
    if terms.delay_s:
        until = held_until(track, terms.delay_s, now)
        if until is None or until > now:
            return Kept(rule=NO_TIME if until is None else HELD, why=f"{RULE}{rule.id} delays")
    if not takes_nothing(track, terms.redaction, personal_data=terms.personal_data, node=policy.node):
        return Kept(rule=REDACTED, why=f"{RULE}{rule.id} would take something out")
    return None


# -------------------------------------------------------------------------------------------- what is not said any more


def _reads(when: Condition, track: Track, given: Circumstances) -> bool | None:
    """Whether a track that was redacted here meets a condition: what was taken out or changed is not said."""
    gone = _taken(track)
    asked = _without(when, gone) if gone else when
    met = meets(asked, track, given).met
    return met if asked is when or met is False else None


def _taken(track: Track) -> frozenset[str]:
    """Names of the parts that policy took out of the track, changed, or may have: of its last gateway, which is us."""
    if not track.provenance:
        return frozenset()
    losses = track.provenance[-1].losses
    names = {loss.field for loss in losses if loss.reason in REASONS}
    if len(losses) >= MOST_LOSSES:  # some may not have been told
        names.add("*")
    roots = [name.partition(".")[0] for name in names if not (name in _BESIDE or name.startswith("state."))]
    return frozenset([*names, *roots])


_BESIDE = frozenset(("classifications.scheme", "identity.assigned_by", "provenance.input_message_id"))
"""Parts of parts without which the rest is as it was."""
_PARTS: dict[str, tuple[str, ...]] = {
    "formats": ("provenance",),
    "identities": ("identity",),
    "platforms": ("platform", "classifications"),
    "classes": ("classifications",),
    "areas": ("state.position",),
    "not_areas": ("state.position",),
    "altitude": tuple([f"state.{name}" for name in HEIGHTS.values()]),
    "identifiers": ("identifiers",),
}
"""Parts of a condition, and the names under which what they ask for is taken. Flags, times, labels and the environment
are never taken."""
_NOTHING = Condition()


def _without(when: Condition, gone: frozenset[str]) -> Condition:
    """The condition without what it asks of parts that are gone; the very same one when that is all of it."""
    hidden = [
        part
        for part, names in _PARTS.items()
        if getattr(when, part) != getattr(_NOTHING, part)
        and ("*" in gone or not gone.isdisjoint(names) or ("state" in gone and names[0].startswith("state.")))
    ]
    hidden += [part for part in ("has", "lacks") if getattr(when, part)]
    if not hidden:
        return when
    return replace(when, **{part: getattr(_NOTHING, part) for part in hidden})
