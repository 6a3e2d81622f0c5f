"""Words of labels and clearances, held against the security policy that they are of: what is wrong, and where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.config import codes
from gateway.config.labels import CategoryTable
from gateway.config.locate import KeyPath
from gateway.config.problems import Problem, did_you_mean
from gateway.labels.spif import Spif
from gateway.track import LabelCategory


def check_classification(path: KeyPath, name: str, spif: Spif) -> Iterator[Problem]:
    """A classification that the policy does not have."""
    if spif.level(name) is None:
        yield _not_a_word(path, f"{spif.name} has no classification", name, spif.levels)


def check_categories(path: KeyPath, categories: Iterable[CategoryTable], spif: Spif) -> Iterator[Problem]:
    """Tag sets and values that the policy does not have, or not of that kind."""
    seen: set[tuple[str, str]] = set()
    for index, category in enumerate(categories):
        at: KeyPath = (*path, index)
        tag_set = spif.tag_set(category.tag)
        if tag_set is None:
            yield _not_a_word((*at, "tag"), f"{spif.name} has no tag set", category.tag, spif.tag_sets)
            continue
        kind = category.kind.value
        if (tag_set.name, kind) in seen:
            cause = f'tag set "{tag_set.name}" stands in two {kind} categories'
            yield Problem(code=codes.CONFLICT, path=(*at, "tag"), cause=cause, remedy="put their values into one")
        seen.add((tag_set.name, kind))
        if kind not in tag_set.kinds:
            kinds = " and ".join(sorted(tag_set.kinds))
            cause = (
                f'tag set "{tag_set.name}" of {spif.name} is {kinds}, not {kind}: another kind would change decisions'
            )
            yield Problem(code=codes.LABEL, path=(*at, "kind"), cause=cause, remedy=f"write {kinds}")
            continue
        known = [value.name for value in tag_set.values.values() if value.kind == kind]
        for number, name in enumerate(category.values):
            value = spif.value(tag_set, name)
            if value is None or value.kind != kind:
                cause = f'tag set "{tag_set.name}" of {spif.name} has no {kind} value'
                yield _not_a_word((*at, "values", number), cause, name, known)


def categories_of(categories: Iterable[CategoryTable], spif: Spif) -> tuple[LabelCategory, ...]:
    """Checked categories in the policy's own spelling, with the identifiers of their tag sets."""
    made = []
    for category in categories:
        tag_set = spif.tag_set(category.tag)
        assert tag_set is not None, "categories are checked first"
        values = [spif.value(tag_set, name) for name in category.values]
        names = tuple(dict.fromkeys(value.name for value in values if value is not None))
        made.append(LabelCategory(tag=tag_set.name, kind=category.kind.value, values=names, uri=tag_set.uri))
    return tuple(made)


def _not_a_word(path: KeyPath, cause: str, name: str, known: Iterable[str]) -> Problem:
    names = list(known)
    listed = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    return Problem(
        code=codes.LABEL, path=path, cause=f'{cause} "{name[:60]}"; it has {listed}', remedy=did_you_mean(name, names)
    )
