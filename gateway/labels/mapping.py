"""What a label of one policy says in another, by an equivalence that an operator has signed off, and by nothing else.

A mapped level is no release: the label must carry a permissive value that has a counterpart, or nobody may have it. Of
a restrictive set every value needs its counterpart; of a permissive one those without one are not released, and a set
of which none is left means nobody. The result is only words until it has been decided under the other policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from gateway.errors import PolicyError
from gateway.labels import codes
from gateway.labels.check import Reading, read_by, successors
from gateway.labels.decide import deny
from gateway.labels.decision import Decision
from gateway.labels.equivalence import Direction, Equivalence
from gateway.labels.spif import INFORMATIVE, PERMISSIVE, RESTRICTIVE, Spif
from gateway.track import Label, LabelCategory, Succession


def map_label(label: Label, equivalence: Equivalence, source: Spif, target: Spif, now: datetime) -> Label | Decision:
    """`label` in the words of `target`, or the decision that denies it.

    Rules: ``invalid-label``, ``not-mapped`` (a level or restrictive value without a counterpart), ``not-released`` (no
    permissive value with one). Successors are mapped like the label itself, and each must have a counterpart.
    """
    reading = read_by(label, source, now)
    mapped = _map(label, reading, equivalence, source, target)
    if isinstance(mapped, Decision) or label.successor is None:
        return mapped
    following: list[tuple[datetime, Label]] = []
    at = label.successor
    for each in successors(label, source):
        if isinstance(each, tuple):
            return deny("invalid-label", str(each[0]))
        found = _map(each, read_by(each, source, now, successor=True), equivalence, source, target)
        if isinstance(found, Decision):
            return found
        following.append((at.at, found))
        at = each.successor or at
    chain: Succession | None = None
    for instant, found in reversed(following):
        chain = Succession(at=instant, label=msgspec.structs.replace(found, successor=chain, review_at=None))
    return msgspec.structs.replace(mapped, successor=chain)


def _map(label: Label, reading: Reading, equivalence: Equivalence, source: Spif, target: Spif) -> Label | Decision:
    if reading.findings or reading.level is None:
        return deny("invalid-label", str(reading.findings[0]) if reading.findings else "no classification")
    for name in source.mandatory:
        if name not in reading.sets or not reading.sets[name][1]:
            return deny("missing-mandatory", name)
    level = equivalence.classifications.get(reading.level.name)
    if level is None:
        return deny("not-mapped", f"{reading.level.name} of {source.name} in {target.name}")
    sets: dict[str, tuple[str, frozenset[str]]] = {}
    for name, (kind, values) in reading.sets.items():
        if kind != RESTRICTIVE and name in equivalence.discarded:
            continue
        for tag_set in _targets(name, equivalence) if kind == PERMISSIVE else ():
            sets[tag_set] = _narrowed(sets.get(tag_set), PERMISSIVE, values, name, tag_set, equivalence)
        if kind == PERMISSIVE and not _targets(name, equivalence):
            return deny("not-released", f"{name}: no value has a counterpart in {target.name}")
        if kind == PERMISSIVE:
            continue
        for value in sorted(values):
            there = equivalence.values.get((name, value))
            if there is not None:
                sets[there[0]] = (kind, sets.get(there[0], (kind, frozenset()))[1] | {there[1]})
            elif kind == RESTRICTIVE:
                return deny("not-mapped", f"{value!r} of {name!r} in {target.name}")
    if not any(kind == PERMISSIVE and values for kind, values in sets.values()):
        return deny("not-released", f"{label.classification} of {source.name} without a release in {target.name}")
    return Label(
        policy=target.name,
        policy_uri=target.uri,
        classification=level,
        categories=tuple(
            LabelCategory(tag=name, kind=kind, values=tuple(sorted(values)), uri=target.tag_sets[name].uri)
            for name, (kind, values) in sets.items()
        ),
        originator=label.originator,
        originator_kind=label.originator_kind,
        created_at=label.created_at,
        review_at=label.review_at,
    )


def _targets(tag_set: str, equivalence: Equivalence) -> tuple[str, ...]:
    """The tag sets of the target in which values of a permissive set have counterparts."""
    return tuple(dict.fromkeys(there[0] for here, there in equivalence.values.items() if here[0] == tag_set))


def _narrowed(
    before: tuple[str, frozenset[str]] | None,
    kind: str,
    values: frozenset[str],
    name: str,
    tag_set: str,
    equivalence: Equivalence,
) -> tuple[str, frozenset[str]]:
    """The counterparts of `values` in `tag_set`; two sets that lead into one must both let somebody in."""
    there = [equivalence.values.get((name, value)) for value in values]
    found = frozenset(member[1] for member in there if member is not None and member[0] == tag_set)
    return kind, found if before is None else found & before[1]


def stated_levels(spif: Spif, target: Spif, direction: Direction) -> Mapping[str, str]:
    """The classifications of `target` that the file of `spif` calls equivalent, for an operator to adopt.

    Only what it states for `direction` (``both`` counts for each); what it makes depend on further categories is left
    out, since nobody has said that they are there, and so is a level of which it states two.
    """
    names = {level.lacv: level.name for level in target.levels.values()}
    found: dict[str, set[str]] = {}
    for level in spif.levels.values():
        for stated in level.equivalents:
            if (
                stated.policy == target.oid
                and not stated.conditional
                and stated.lacv in names
                and stated.direction in (direction, Direction.BOTH)
            ):
                found.setdefault(level.name, set()).add(names[stated.lacv])
    return {name: there.pop() for name, there in found.items() if len(there) == 1}


def held_to_policies(equivalences: Sequence[Equivalence], spifs: Mapping[str, Spif]) -> None:
    """Raises `PolicyError` (``LBL-038``, ``LBL-039``) for equivalences that the policies do not bear out.

    Both policies must be installed, and know every word. Values keep their type, since a restrictive value that becomes
    a permissive or informative one would let somebody in; no restrictive set is discarded. For one direction between
    two policies there is one equivalence.
    """
    applying: set[tuple[str, str, Direction]] = set()
    for equivalence in equivalences:
        place = f"equivalence {equivalence.source} to {equivalence.target} ({equivalence.direction.value})"
        for what in _faults(equivalence, spifs):
            raise PolicyError(codes.BAD_EQUIVALENCE, place=place, cause=what)
        if not (equivalence.signed_off_by.strip() and equivalence.signed_off_on.strip()):
            raise PolicyError(codes.NOT_SIGNED_OFF, place=place, cause="signed_off_by and signed_off_on")
        both = equivalence.direction is Direction.BOTH
        for direction in (Direction.ENCRYPT, Direction.DECRYPT) if both else (equivalence.direction,):
            if (equivalence.source, equivalence.target, direction) in applying:
                raise PolicyError(codes.BAD_EQUIVALENCE, place=place, cause=f"another one is for {direction.value} too")
            applying.add((equivalence.source, equivalence.target, direction))


def _faults(equivalence: Equivalence, spifs: Mapping[str, Spif]) -> Iterable[str]:
    source, target = spifs.get(equivalence.source), spifs.get(equivalence.target)
    if source is None or target is None:
        yield f"{equivalence.source if source is None else equivalence.target!r} is no installed security policy"
        return
    if source is target:
        yield "a policy needs no equivalence with itself"
    for here, there in equivalence.classifications.items():
        if here not in source.levels:
            yield f"{source.name} has no classification {here!r}"
        if there not in target.levels:
            yield f"{target.name} has no classification {there!r}"
    for here_member, there_member in equivalence.values.items():
        kinds = []
        for spif, (tag_set, value) in ((source, here_member), (target, there_member)):
            found = spif.tag_sets[tag_set].values.get(value) if tag_set in spif.tag_sets else None
            if found is None:
                yield f"{spif.name} has no value {value!r} in a tag set {tag_set!r}"
                return
            kinds.append(found.kind)
        if kinds[0] != kinds[1]:
            yield f"{here_member} is {kinds[0]}, {there_member} is {kinds[1]}"
    for name in sorted(equivalence.discarded):
        if name not in source.tag_sets:
            yield f"{source.name} has no tag set {name!r}"
        elif RESTRICTIVE in source.tag_sets[name].kinds:
            yield f"{name!r} is restrictive and is never discarded"
        elif source.tag_sets[name].kinds - {PERMISSIVE, INFORMATIVE}:
            yield f"{name!r} is of no type that labels can have"
        elif any(name == tag_set for tag_set, _ in equivalence.values):
            yield f"{name!r} has values that are mapped, and is discarded"
