"""Labels compared and joined: which is at least as strict as others, and what several say together.

The classification is the highest, restrictive values are united, permissive ones intersected. A permissive set that is
absent restricts nothing; one that is left empty lets nobody in, and is kept, never dropped: dropping it would make a
label for "Japan alone" and one for "Switzerland alone" together a label for everybody (the rule as it is published,
ADatP-4774.1 4.4, does that). What is made of labels is valid under the policy again, or there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from gateway.labels.check import Reading, Sets, read_by, successors
from gateway.labels.spif import INFORMATIVE, PERMISSIVE, RESTRICTIVE, Spif
from gateway.track import Label, LabelCategory

_TLP = ("CLEAR", "GREEN", "AMBER", "AMBER_STRICT", "RED")


def readings(label: Label, spif: Spif, now: datetime) -> list[Reading] | None:
    """The label and all its successors in the words of `spif`; `None` when one is invalid or lacks a mandatory set."""
    chain: list[Label] = [label]
    for each in successors(label, spif):
        if isinstance(each, tuple):
            return None
        chain.append(each)
    found = [read_by(each, spif, now, successor=each is not label) for each in chain]
    for reading in found:
        if reading.findings or reading.level is None:
            return None
        if any(name not in reading.sets or not reading.sets[name][1] for name in spif.mandatory):
            return None
    return found


def covers(label: Label, other: Label, spif: Spif, now: datetime, *, follow_succession: bool = False) -> bool:
    """Whether `label` is at least as strict as `other`: whom it permits, the other permits too. Both are of `spif`.

    That holds for clearances without gaps in their classifications. False when either is invalid. Where succession is
    followed, every label of the one's chain must be as strict as every label of the other's.
    """
    mine, theirs = readings(label, spif, now), readings(other, spif, now)
    if mine is None or theirs is None:
        return False
    enough = all if follow_succession and label != other else any
    return all(enough(_stricter(one, another) for one in mine) for another in theirs)


def _stricter(one: Reading, other: Reading) -> bool:
    if one.level is None or other.level is None or one.level.rank < other.level.rank:
        return False
    for name, (kind, values) in other.sets.items():
        mine = one.sets.get(name)
        if kind == PERMISSIVE:
            if mine is None or not mine[1] <= values:
                return False
        elif kind == RESTRICTIVE:
            if values and (mine is None or not values <= mine[1]):
                return False
        elif kind != INFORMATIVE:  # of a type that nobody is permitted
            return False
    return True


def dominant(labels: Sequence[Label], spif: Spif, now: datetime) -> Label | None:
    """The least label of `spif` that is at least as strict as each of `labels`; `None` when no valid one says it all.

    Successors count like their labels, and the result has none: it is as strict as each of them at any time. It has
    no alternatives; `Book.dominant` joins those. The earliest review time is its own. `None` too when privacy marks,
    purposes or labels of the labels differ, which no join can say.
    """
    if not labels:
        return None
    if all(label == labels[0] for label in labels) and readings(labels[0], spif, now) is not None:
        return msgspec.structs.replace(labels[0], alternatives=())
    found: list[Reading] = []
    for label in labels:
        each = readings(label, spif, now)
        if each is None:
            return None
        found += each
    if any(len({getattr(label, name) for label in labels}) > 1 for name in ("privacy_mark", "purpose", "metadata")):
        return None
    level = max((reading.level for reading in found if reading.level is not None), key=lambda each: each.rank)
    sets = _join([reading.sets for reading in found])
    if sets is None:
        return None
    originators = {(label.originator, label.originator_kind) for label in labels}
    originator, kind = originators.pop() if len(originators) == 1 else (None, None)
    joined = Label(
        policy=spif.name,
        policy_uri=spif.uri,
        classification=level.name,
        categories=tuple(
            LabelCategory(
                tag=name, kind=sets[name][0], values=tuple(sorted(sets[name][1])), uri=spif.tag_sets[name].uri
            )
            for name in spif.tag_sets
            if name in sets
        ),
        tlp=_strictest(label.tlp for label in labels),
        purpose=labels[0].purpose,
        privacy_mark=labels[0].privacy_mark,
        originator=originator,
        originator_kind=kind,
        created_at=max((label.created_at for label in labels if label.created_at is not None), default=None),
        review_at=min(
            [label.review_at for label in labels if label.review_at is not None]
            + [label.successor.at for label in labels if label.successor is not None],
            default=None,
        ),
        metadata=labels[0].metadata,
    )
    return joined if readings(joined, spif, now) is not None else None


def _join(all_sets: Sequence[Sets]) -> Sets | None:
    found: Sets = {}
    for sets in all_sets:
        for name, (kind, values) in sets.items():
            before = found.get(name)
            if before is None:
                found[name] = (kind, values)
            elif before[0] != kind:
                return None  # one set as two types: no label can say that
            else:
                found[name] = (kind, before[1] & values if kind == PERMISSIVE else before[1] | values)
    return found


def _strictest(marks: Iterable[str | None]) -> str | None:
    """The strictest Traffic Light Protocol marking; one that is not known is stricter than all that are."""
    present = [mark for mark in marks if mark is not None]
    return max(present, key=lambda mark: (_TLP.index(mark) if mark in _TLP else len(_TLP), mark), default=None)
