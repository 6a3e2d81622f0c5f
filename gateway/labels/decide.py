"""May this clearance see this label? Six numbered steps, each of which denies; what passes all of them is permitted.

 1 label and clearance are of the policy                      policy-mismatch
 2 the label is valid under it                                invalid-label
 3 every mandatory tag set has a value                        missing-mandatory
 4 the clearance lists the classification                     classification
 5 each tag set: all restrictive values held, one permissive
   value of each set held, informative ones ignored           tag-set
 6 permit                                                     permit

A label that names successors is decided as the stricter of itself and all of them, whatever the clock says, unless
succession is followed: then as the one whose time has come. A review time that has passed changes nothing.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from gateway.labels.check import Reading, foreign_content, read_by, successors
from gateway.labels.clearance import Clearance
from gateway.labels.decision import Decision
from gateway.labels.spif import INFORMATIVE, PERMISSIVE, RESTRICTIVE, Spif
from gateway.track import Label

PERMIT = Decision(permit=True, rule="permit")
_NOTHING: frozenset[str] = frozenset()
_MAX_HOLDINGS = 4_096
"""Clearances remembered for one policy: those of all partners, feeds and clients."""


class Holding(Struct, frozen=True):
    """A clearance in the words of its policy. What the policy does not know, or knows otherwise, grants nothing."""

    levels: frozenset[str]
    values: dict[str, frozenset[str]]
    """Tag set to values held."""


def decide(
    label: Label, clearance: Clearance, policy: Spif, now: datetime, *, follow_succession: bool = False
) -> Decision:
    """Whether `clearance` permits `label` under `policy` at `now`, and by which rule. Never raises.

    `Decision.until` is when the answer may change by itself.
    """
    instant = changes_at(label, policy, now)
    decision = _decide(label, clearance, policy, now, follow_succession=follow_succession)
    return decision if instant is None else until(decision, instant)


def until(decision: Decision, instant: datetime | None) -> Decision:
    """The same decision with the earlier of its own end and `instant`."""
    if instant is None or (decision.until is not None and decision.until <= instant):
        return decision
    return Decision(permit=decision.permit, rule=decision.rule, detail=decision.detail, until=instant)


def changes_at(label: Label, policy: Spif, now: datetime) -> datetime | None:
    """When the same label may get another answer: the next instant that the policy or its successions name."""
    if not policy.boundaries and label.successor is None:
        return None
    instants = list(policy.boundaries)
    following = label.successor
    while following is not None:
        instants.append(following.at)
        following = following.label.successor
    return min((instant for instant in instants if instant > now), default=None)


def _decide(label: Label, clearance: Clearance, policy: Spif, now: datetime, *, follow_succession: bool) -> Decision:
    # 1
    if label.policy != policy.name and not policy.same_name(label.policy):
        return deny("policy-mismatch", f"label of {label.policy[:80]!r}, policy {policy.name!r}")
    held = holding(clearance, policy)
    if held is None:
        return deny("policy-mismatch", f"clearance of {clearance.policy[:80]!r}, policy {policy.name!r}")
    if label.successor is None:
        return permits(read_by(label, policy, now), held, policy)
    # each of the chain is held to steps 2 to 6
    chain = successors(label, policy)
    applying: list[Label] = [label]
    for each in chain:
        if isinstance(each, tuple):
            return deny("invalid-label", str(each[0]))
        applying.append(each)
    for each in applying:  # no time that has come lifts what nobody understands
        if each.unknown:
            return deny("invalid-label", str(foreign_content(each)))
    decisions = [
        permits(read_by(each, policy, now, successor=each is not label), held, policy)
        for each in (applying if not follow_succession else [in_force(label, now)])
    ]
    return next((each for each in decisions if not each.permit), PERMIT)


def in_force(label: Label, now: datetime) -> Label:
    """The label itself, or that of its successors whose time has come last."""
    for _ in range(64):
        if label.successor is None or label.successor.at > now:
            break
        label = label.successor.label
    return label


def deny(rule: str, detail: str = "") -> Decision:
    """A denial."""
    return Decision(permit=False, rule=rule, detail=detail)


def permits(reading: Reading, held: Holding, policy: Spif) -> Decision:
    """Steps 2 to 6."""
    # 2
    if reading.findings or reading.level is None:
        return deny("invalid-label", str(reading.findings[0]) if reading.findings else "no classification")
    sets = reading.sets
    # 3
    for name in policy.mandatory:
        if name not in sets or not sets[name][1]:
            return deny("missing-mandatory", name)
    # 4
    if reading.level.name not in held.levels:
        return deny("classification", reading.level.name)
    # 5
    for name, (kind, values) in sets.items():
        mine = held.values.get(name, _NOTHING)
        if kind == RESTRICTIVE:
            if not values <= mine:
                return deny("tag-set", f"{name}: lacks {', '.join(sorted(values - mine))}")
        elif kind == PERMISSIVE:
            if values.isdisjoint(mine):
                return deny("tag-set", f"{name}: {'none of ' + ', '.join(sorted(values)) if values else 'nobody'}")
        elif kind != INFORMATIVE:
            return deny("tag-set", f"{name}: of type {kind[:40]}")
    # 6
    return PERMIT


def invalid(label: Label, policy: Spif, now: datetime) -> Decision | None:
    """Steps 2 and 3 alone, for a label and its successors: the denial, or nothing."""
    chain: list[Label] = [label]
    for each in successors(label, policy):
        if isinstance(each, tuple):
            return deny("invalid-label", str(each[0]))
        chain.append(each)
    for each in chain:
        reading = read_by(each, policy, now, successor=each is not label)
        if reading.findings or reading.level is None:
            return deny("invalid-label", str(reading.findings[0]) if reading.findings else "no classification")
        for name in policy.mandatory:
            if name not in reading.sets or not reading.sets[name][1]:
                return deny("missing-mandatory", name)
    return None


def holding(clearance: Clearance, policy: Spif) -> Holding | None:
    """What a clearance grants under `policy`; `None` when it is of another."""
    known: dict[Clearance, Holding | None] = policy.__dict__.setdefault("holdings", {})
    try:
        return known[clearance]
    except KeyError:
        if len(known) >= _MAX_HOLDINGS:
            known.clear()
        return known.setdefault(clearance, _holding(clearance, policy))


def _holding(clearance: Clearance, policy: Spif) -> Holding | None:
    if not policy.same_name(clearance.policy) or clearance.policy_uri not in (None, policy.uri):
        return None
    levels = {level.name for name in clearance.classifications if (level := policy.level(name)) is not None}
    values: dict[str, frozenset[str]] = {}
    for category in clearance.categories:
        tag_set = policy.tag_set(category.tag)
        if tag_set is None or category.uri not in (None, tag_set.uri):
            continue
        found = (policy.value(tag_set, name) for name in category.values)
        mine = frozenset(value.name for value in found if value is not None and value.kind == category.kind)
        values[tag_set.name] = values.get(tag_set.name, _NOTHING) | mine
    return Holding(levels=frozenset(levels), values=values)
