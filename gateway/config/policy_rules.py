"""Rules of the policy file: what is wrong with them, and the terms that the policy room decides by. Pure.

1. Ids are unique, names refer to something.
2. A rule does something: it redacts what it says it redacts, and can match at all.
3. A rule says one thing: it does not release what it takes out, or hold back what it withholds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec import Struct

from gateway.config import codes
from gateway.config.locate import KeyPath
from gateway.config.policy_file import (
    AcceptTable,
    Action,
    ConditionTable,
    IdentityTest,
    LabelTest,
    MarkingTable,
    PolicyFile,
    ReleaseTable,
)
from gateway.config.policy_labels import A_POLICY, Vocabulary
from gateway.config.policy_words import check_classification
from gateway.config.problems import Problem, dotted, unknown_name
from gateway.policy.terms import AcceptRule, AltitudeBand, Condition, Field, Marking, Redaction, ReleaseRule
from gateway.track import Identity, Label

_WILD = ("*", "?")


class Known(Struct, frozen=True, kw_only=True):
    """Names that rules may use."""

    node: str
    sources: Collection[str] | None = None
    """Of ``gateway.toml``; `None` where it is not at hand, and names of sources are not checked."""
    words: Vocabulary
    """Its security policies, their classifications and labels."""
    exercise: bool = False
    """Whether every message of the node says that it is of an exercise (or a test)."""
    simulated: bool = False
    """Whether every message of the node says that what it tells of is simulated."""


def rule_problems(file: PolicyFile, known: Known) -> Iterator[Problem]:
    """Everything that is wrong with the rules of the file."""
    yield from _doubles("marking", [rule.id for rule in file.marking])
    yield from _doubles("release", [rule.id for rule in file.release])
    yield from _doubles("accept", [rule.id for rule in file.accept])
    for index, marking in enumerate(file.marking):
        path: KeyPath = ("marking", index)
        if marking.label not in file.label:
            yield unknown_name((*path, "label"), "label [label.NAME]", marking.label, file.label)
        yield from _condition((*path, "when"), marking.when, file, known)
        yield from _only_own((*path, "when"), marking.when, known, "a marking is for our own tracks")
    for index, release in enumerate(file.release):
        yield from _release(("release", index), release, file, known)
    for index, accept in enumerate(file.accept):
        path = ("accept", index)
        for at, partner in enumerate(accept.partner):
            if partner not in file.partner:
                yield unknown_name((*path, "partner", at), "partner [partner.NAME]", partner, file.partner)
        yield from _twice((*path, "partner"), accept.partner)
        yield from _condition((*path, "when"), accept.when, file, known)
        yield from _never_own((*path, "when"), accept.when, known, "partners' tracks come from none of our sources")


def _doubles(kind: str, ids: Iterable[str]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, rule in enumerate(ids):
        if first.setdefault(rule, index) != index:
            cause = f"[[{kind}]] number {first[rule] + 1} is called {rule} already; messages and ledgers name rules"
            yield Problem(
                code=codes.CONFLICT, path=(kind, index, "id"), cause=cause, remedy="give each rule an id of its own"
            )


def _twice(path: KeyPath, values: Iterable[str]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, value in enumerate(values):
        if value in seen:
            cause = f"{dotted(path)} has {value} twice"
            yield Problem(code=codes.CONFLICT, path=(*path, index), cause=cause, remedy="leave one out")
        seen.add(value)


# ------------------------------------------------------------------------------------------------------------- releases

_REDACTIONS = ("drop", "position_grid_m", "altitude_grid_m", "downgrade")
_LETS_OUT = ("delay_s", "every_s", "personal_data")


def _release(path: KeyPath, rule: ReleaseTable, file: PolicyFile, known: Known) -> Iterator[Problem]:
    for at, group in enumerate(rule.to):
        if group not in file.group:
            yield unknown_name((*path, "to", at), "release group [group.NAME]", group, file.group)
    yield from _twice((*path, "to"), rule.to)
    yield from _twice((*path, "drop"), rule.drop)
    given = [key for key in _REDACTIONS if getattr(rule, key)]
    if rule.action is Action.REDACT and not given:
        cause = f"release rule {rule.id} redacts nothing"
        remedy = 'say what: drop, position_grid_m, altitude_grid_m or downgrade; or action = "release"'
        yield Problem(code=codes.CONFLICT, path=(*path, "action"), cause=cause, remedy=remedy)
    if rule.action is not Action.REDACT:
        for key in given:
            cause = f"release rule {rule.id} has {key} and action = {rule.action.value}"
            remedy = f'write action = "redact", or leave {key} out'
            yield Problem(code=codes.CONFLICT, path=(*path, key), cause=cause, remedy=remedy, at_key=True)
    if rule.action is Action.WITHHOLD:
        for key in _LETS_OUT:
            if getattr(rule, key):
                cause = f"release rule {rule.id} withholds, so {key} has no use"
                yield Problem(
                    code=codes.CONFLICT, path=(*path, key), cause=cause, remedy=f"leave {key} out", at_key=True
                )
    yield from _redaction(path, rule)
    when: KeyPath = (*path, "when")
    yield from _condition(when, rule.when, file, known)
    if rule.onward:
        yield from _never_own(when, rule.when, known, "an onward rule is for partners' tracks, from no source of ours")
    else:
        yield from _only_own(when, rule.when, known, "without onward = true a rule is for our own tracks")


def _redaction(path: KeyPath, rule: ReleaseTable) -> Iterator[Problem]:
    coarsened = (
        (Field.POSITION, "position_grid_m", rule.position_grid_m),
        (Field.ALTITUDE, "altitude_grid_m", rule.altitude_grid_m),
        (Field.IDENTITY, "downgrade", rule.downgrade),
    )
    for field, key, value in coarsened:
        if field in rule.drop and value:
            cause = f"{field.value} is dropped, so {key} has no use"
            yield Problem(
                code=codes.CONFLICT, path=(*path, key), cause=cause, remedy="keep one of the two", at_key=True
            )
    for identity, lower in rule.downgrade.items():
        if identity is lower:
            cause = f"downgrade replaces {identity.value} by itself"
            yield Problem(
                code=codes.CONFLICT, path=(*path, "downgrade", identity.value), cause=cause, remedy="leave it out"
            )


# ----------------------------------------------------------------------------------------------------------- conditions


def _condition(path: KeyPath, when: ConditionTable, file: PolicyFile, known: Known) -> Iterator[Problem]:
    yield from _names_in_condition(path, when, file, known)
    yield from _contradictions(path, when)
    for index, test in enumerate(when.label):
        yield from _label_test((*path, "label", index), test, known)


def _names_in_condition(path: KeyPath, when: ConditionTable, file: PolicyFile, known: Known) -> Iterator[Problem]:
    if known.sources is not None:
        yield from _texts((*path, "source"), when.source, "source [source.NAME] of gateway.toml", known.sources)
    nodes = {known.node, *file.partner}
    yield from _texts((*path, "origin"), when.origin, "partner [partner.NAME], or this node", nodes)
    for key in ("area", "not_area"):
        for index, area in enumerate(getattr(when, key)):
            if area not in file.area:
                yield unknown_name((*path, key, index), "area [area.NAME]", area, file.area)


def _texts(path: KeyPath, texts: Iterable[str], kind: str, known: Collection[str]) -> Iterator[Problem]:
    """Names without a wildcard have to be known; with one they may be about names that are still to come."""
    for index, text in enumerate(texts):
        if text not in known and not any(sign in text for sign in _WILD):
            yield unknown_name((*path, index), kind, text, known)


def _contradictions(path: KeyPath, when: ConditionTable) -> Iterator[Problem]:
    for one, other in (("area", "not_area"), ("has", "lacks")):
        for value in sorted(set(getattr(when, one)) & set(getattr(when, other))):
            cause = f"{value} stands in {one} and in {other}: no track can meet both"
            yield Problem(code=codes.CONFLICT, path=(*path, other), cause=cause, remedy="leave one out")
    if when.min_age_s is not None and when.max_age_s is not None and when.min_age_s > when.max_age_s:
        cause = f"min_age_s = {when.min_age_s:g} is more than max_age_s = {when.max_age_s:g}"
        yield Problem(code=codes.CONFLICT, path=(*path, "min_age_s"), cause=cause, remedy="exchange the two")
    band = when.altitude
    if band is None:
        return
    if band.min_m is None and band.max_m is None:
        cause = "a band of heights needs min_m, max_m or both"
        yield Problem(code=codes.MISSING_KEY, path=(*path, "altitude"), cause=cause, remedy="add a bound")
    elif band.min_m is not None and band.max_m is not None and band.min_m >= band.max_m:
        cause = f"min_m = {band.min_m:g} is not below max_m = {band.max_m:g}"
        yield Problem(code=codes.CONFLICT, path=(*path, "altitude", "min_m"), cause=cause, remedy="exchange the two")


def _label_test(path: KeyPath, test: LabelTest, known: Known) -> Iterator[Problem]:
    spif = known.words.spif(test.policy)
    if spif is None:
        if not known.words.unread:
            yield unknown_name((*path, "policy"), A_POLICY, test.policy, known.words.spifs)
        return
    for index, classification in enumerate(test.classifications):
        yield from check_classification((*path, "classifications", index), classification, spif)


def _only_own(path: KeyPath, when: ConditionTable, known: Known, why: str) -> Iterator[Problem]:
    for index, origin in enumerate(when.origin):
        if origin != known.node and not any(sign in origin for sign in _WILD):
            cause = f"{why}, which {origin} does not sign"
            remedy = "leave origin out, or write onward = true" if path[0] == "release" else "leave origin out"
            yield Problem(code=codes.CONFLICT, path=(*path, "origin", index), cause=cause, remedy=remedy)


def _never_own(path: KeyPath, when: ConditionTable, known: Known, why: str) -> Iterator[Problem]:
    if when.source:
        yield Problem(
            code=codes.CONFLICT, path=(*path, "source"), cause=why, remedy="use when.origin instead", at_key=True
        )
    for index, origin in enumerate(when.origin):
        if origin == known.node:
            cause = f"{origin} is this node: the rule is for partners' tracks"
            yield Problem(code=codes.CONFLICT, path=(*path, "origin", index), cause=cause, remedy="leave it out")


# ------------------------------------------------------------------------------------------------------------ compiling


def condition(when: ConditionTable, known: Known, *, own: bool) -> Condition:
    """The condition of a checked table, of a rule about our `own` tracks or about partners'.

    Partners' tracks are marked by their messages before rules are asked; our own are in no message yet.
    """
    band = when.altitude
    return Condition(
        sources=when.source,
        origins=when.origin,
        formats=when.format,
        environments=frozenset(when.environment),
        identities=frozenset(_identity(one) for one in when.identity),
        platforms=when.platform,
        classes=when.object_class,
        areas=when.area,
        not_areas=when.not_area,
        altitude=None if band is None else AltitudeBand(height=band.height, min_m=band.min_m, max_m=band.max_m),
        exercise=when.exercise,
        simulated=when.simulated,
        # Only where it is asked: what a node is there for leaves every other rule as it was
        unsaid_exercise=own and known.exercise and when.exercise is not None,
        unsaid_simulated=own and known.simulated and when.simulated is not None,
        min_age_s=when.min_age_s,
        max_age_s=when.max_age_s,
        has=frozenset(when.has),
        lacks=frozenset(when.lacks),
        identifiers=dict(when.identifier),
        labels=tuple(_labels(test, known) for test in when.label),
    )


def _labels(test: LabelTest, known: Known) -> tuple[str, tuple[str, ...]]:
    """The test in the security policy's own spelling."""
    spif = known.words.spif(test.policy)
    assert spif is not None, "conditions are checked first"
    return spif.name, tuple(known.words.spell(spif.name, name) or name for name in test.classifications)


def _identity(test: IdentityTest) -> Identity | None:
    return None if test is IdentityTest.NONE else Identity(test.value)


def marking(table: MarkingTable, labels: Mapping[str, Label], known: Known) -> Marking:
    """The marking of a checked table."""
    when = condition(table.when, known, own=True)
    return Marking(id=table.id, when=when, label=labels[table.label], existing=table.existing)


def release_rule(table: ReleaseTable, known: Known) -> ReleaseRule:
    """The release rule of a checked table."""
    redaction = Redaction(
        drop=frozenset(table.drop),
        position_grid_m=table.position_grid_m,
        altitude_grid_m=table.altitude_grid_m,
        identities=dict(table.downgrade),
    )
    return ReleaseRule(
        id=table.id,
        groups=frozenset(table.to),
        when=condition(table.when, known, own=not table.onward),
        release=table.action is not Action.WITHHOLD,
        redaction=redaction,
        personal_data=table.personal_data,
        onward=table.onward,
        delay_s=table.delay_s,
        every_s=table.every_s,
    )


def accept_rule(table: AcceptTable, known: Known) -> AcceptRule:
    """The rule for acceptance of a checked table."""
    when = condition(table.when, known, own=False)
    return AcceptRule(id=table.id, partners=frozenset(table.partner), when=when, admit=table.action)
