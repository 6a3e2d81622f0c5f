"""Equivalences of the policy file: what is wrong with them, and what they map."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.config import codes
from gateway.config.locate import KeyPath
from gateway.config.policy_file import EquivalenceTable, PolicyFile
from gateway.config.policy_labels import A_POLICY, Vocabulary
from gateway.config.policy_words import check_classification
from gateway.config.problems import Problem, unknown_name
from gateway.labels.equivalence import Direction, Equivalence
from gateway.labels.mapping import stated_levels
from gateway.labels.spif import RESTRICTIVE, Spif, Value


def read_equivalences(file: PolicyFile, words: Vocabulary, made: list[Equivalence]) -> Iterator[Problem]:
    """Put every sound equivalence of the file into `made`; what is wrong with the others."""
    taken: dict[tuple[str, str, Direction], int] = {}
    for index, table in enumerate(file.equivalence):
        path: KeyPath = ("equivalence", index)
        source, target = words.spif(table.from_policy), words.spif(table.to_policy)
        if source is None or target is None:
            for key, found in (("from_policy", source), ("to_policy", target)):
                if found is None and not words.unread:
                    yield unknown_name((*path, key), A_POLICY, getattr(table, key), words.spifs)
            continue
        problems = [*_itself(path, source, target), *_taken(path, index, table, source, target, taken)]
        problems += _values(path, table, source, target)
        problems += _discarded(path, table, source)
        levels = _levels(path, table, source, target, problems)
        yield from problems
        if not problems:
            made.append(_equivalence(table, source, target, levels))


def _itself(path: KeyPath, source: Spif, target: Spif) -> Iterator[Problem]:
    if source is target:
        cause = f"{source.name} to itself: a label needs no equivalence within its own policy"
        yield Problem(code=codes.CONFLICT, path=(*path, "to_policy"), cause=cause, remedy="name another policy")


def _taken(
    path: KeyPath,
    index: int,
    table: EquivalenceTable,
    source: Spif,
    target: Spif,
    taken: dict[tuple[str, str, Direction], int],
) -> Iterator[Problem]:
    ways = (Direction.ENCRYPT, Direction.DECRYPT) if table.direction is Direction.BOTH else (table.direction,)
    for way in ways:
        other = taken.setdefault((source.name, target.name, way), index)
        if other != index:
            cause = f"{source.name} to {target.name} for {way.value} is number {other + 1} already"
            yield Problem(code=codes.CONFLICT, path=path, cause=cause, remedy="join the two", at_key=True)
            return


# --------------------------------------------------------------------------------------------------------------- levels


def _levels(
    path: KeyPath, table: EquivalenceTable, source: Spif, target: Spif, problems: list[Problem]
) -> dict[str, str]:
    if not table.levels:
        levels = dict(stated_levels(source, target, table.direction))
        if not levels:
            cause = f"the file of {source.name} states no classification of {target.name} for {table.direction.value}"
            remedy = "write which is which in levels"
            problems.append(Problem(code=codes.MISSING_KEY, path=path, cause=cause, remedy=remedy, at_key=True))
        return levels
    found: dict[str, str] = {}
    for one, other in table.levels.items():
        at: KeyPath = (*path, "levels", one)
        wrong = [*check_classification(at, one, source), *check_classification(at, other, target)]
        problems += wrong
        level, mapped = source.level(one), target.level(other)
        if level is None or mapped is None:
            continue
        if level.name in found:
            cause = f"{level.name} is mapped twice"
            problems.append(Problem(code=codes.CONFLICT, path=at, cause=cause, remedy="keep one of the two"))
        found[level.name] = mapped.name
    return found


# --------------------------------------------------------------------------------------------------------------- values


def _values(path: KeyPath, table: EquivalenceTable, source: Spif, target: Spif) -> Iterator[Problem]:
    mapped: set[tuple[str, str]] = set()
    for index, row in enumerate(table.value):
        at: KeyPath = (*path, "value", index)
        one, wrong = _value(at, "from", row.from_tag, row.from_value, source)
        other, too = _value(at, "to", row.to_tag, row.to_value, target)
        yield from [*wrong, *too]
        if one is None or other is None:
            continue
        if one.kind != other.kind:
            cause = f"{row.from_tag} {row.from_value} is {one.kind}, {row.to_tag} {row.to_value} is {other.kind}"
            remedy = "map values of one kind: another kind would change what they decide"
            yield Problem(code=codes.LABEL, path=(*at, "to_value"), cause=cause, remedy=remedy)
        key = _member(source, row.from_tag, row.from_value)
        if key in mapped:
            cause = f"{row.from_tag} {row.from_value} is mapped twice"
            yield Problem(code=codes.CONFLICT, path=(*at, "from_value"), cause=cause, remedy="keep one of the two")
        mapped.add(key)


def _value(path: KeyPath, side: str, tag: str, name: str, spif: Spif) -> tuple[Value | None, list[Problem]]:
    """The value that a row names on one side, or why there is none."""
    tag_set = spif.tag_set(tag)
    if tag_set is None:
        kind = f"tag set of {spif.name}"
        return None, [unknown_name((*path, f"{side}_tag"), kind, tag, spif.tag_sets)]
    value = spif.value(tag_set, name)
    if value is None:
        kind = f'value of tag set "{tag_set.name}" of {spif.name}'
        return None, [unknown_name((*path, f"{side}_value"), kind, name, tag_set.values)]
    return value, []


def _member(spif: Spif, tag: str, name: str) -> tuple[str, str]:
    """A known tag set and value, as their policy spells them."""
    tag_set = spif.tag_set(tag)
    value = None if tag_set is None else spif.value(tag_set, name)
    assert tag_set is not None, "rows are checked first"
    assert value is not None, "rows are checked first"
    return tag_set.name, value.name


def _discarded(path: KeyPath, table: EquivalenceTable, source: Spif) -> Iterator[Problem]:
    mapped = {_set_name(source, row.from_tag) for row in table.value}
    for index, name in enumerate(table.discard):
        at: KeyPath = (*path, "discard", index)
        tag_set = source.tag_set(name)
        if tag_set is None:
            yield unknown_name(at, f"tag set of {source.name}", name, source.tag_sets)
        elif RESTRICTIVE in tag_set.kinds:
            cause = f'tag set "{tag_set.name}" of {source.name} is restrictive: without it more could be seen'
            yield Problem(code=codes.LABEL, path=at, cause=cause, remedy="map its values, or leave them unmapped")
        elif tag_set.name in mapped:
            cause = f'values of "{tag_set.name}" are mapped, and the tag set is discarded'
            yield Problem(code=codes.CONFLICT, path=at, cause=cause, remedy="keep one of the two")


def _set_name(spif: Spif, name: str) -> str:
    found = spif.tag_set(name)
    return name if found is None else found.name


def _equivalence(table: EquivalenceTable, source: Spif, target: Spif, levels: dict[str, str]) -> Equivalence:
    values = {}
    for row in table.value:
        values[_member(source, row.from_tag, row.from_value)] = _member(target, row.to_tag, row.to_value)
    return Equivalence(
        source=source.name,
        target=target.name,
        direction=table.direction,
        classifications=levels,
        values=values,
        discarded=frozenset(_set_name(source, name) for name in table.discard),
        signed_off_by=table.signed_off_by,
        signed_off_on=table.signed_off_on.isoformat(),
    )
