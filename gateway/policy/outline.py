"""What of a release policy decides: prints of its rules, by which it shows later what another policy left as it was.

A message was decided by the rules for its release group, in order, down to the one that let it out. Where another
policy has the same rules in the same order down to that one, or fewer of them, that one still lets it out: none before
it was met. So names, words for people, rules for others and rules further down may change without asking again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from hashlib import sha256

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from gateway.labels.book import Book
from gateway.policy.area import Area, Polygon
from gateway.policy.policy import Policy
from gateway.policy.terms import Condition, Marking, ReleaseRule
from gateway.track import Label

VERSION = 2
"""Another one where this software reads rules, labels or prints otherwise: then nothing counts as left as it was."""
PREFIX = "release."
_KEPT = " outline"


class Line(Struct, frozen=True, kw_only=True, gc=False):
    """One release rule."""

    id: str
    print: str
    """Hex digest of all that it does, but for its name and whom it is for."""
    groups: tuple[str, ...]
    """Release groups; none is every group."""
    onward: bool
    asks_label: bool
    """Whether it is about labels."""


class Outline(Struct, frozen=True, kw_only=True):
    """What is remembered of a policy for as long as messages wait that it decided."""

    version: int
    lines: tuple[Line, ...]
    markings: str
    """Hex digest of all markings."""
    words: str
    """Hex digest of the security policies and equivalences."""

    def rules_for(self, group: str | None, *, onward: bool) -> list[Line]:
        """The rules that are tried for one group, in order."""
        return [one for one in self.lines if one.onward is onward and (not one.groups or group in one.groups)]


def outline_of(policy: Policy) -> Outline:
    """The outline of a policy: worked out once for each."""
    known: Outline | None = policy.__dict__.get(_KEPT)
    if known is None:
        areas = {name: _print(_area(area)) for name, area in policy.areas.items()}
        known = policy.__dict__[_KEPT] = Outline(
            version=VERSION,
            lines=tuple([_line(rule, areas) for rule in policy.releases]),
            markings=_print([_marking(one, areas) for one in policy.markings]),
            words=_print(_words(policy.book)),
        )
    return known


def to_octets(outline: Outline) -> bytes:
    """The outline as the store keeps it."""
    return msgspec.json.encode(outline)


def from_octets(octets: bytes | None) -> Outline | None:
    """The outline that these octets are; nothing for octets of another version, or of anything else."""
    try:
        found = msgspec.json.decode(octets or b"", type=Outline)
    except msgspec.MsgspecError:
        return None
    return found if found.version == VERSION else None


def still_lets_out(old: Outline, new: Outline, rule: str, *, was: str | None, group: str, onward: bool) -> bool:
    """Whether what `rule` of the old policy let out to the group `was` is let out to `group` by the new one as it is.

    `rule` is as messages name it. Where they name several, none of the rules for the group may have changed.
    """
    before, after = old.rules_for(was, onward=onward), new.rules_for(group, onward=onward)
    last = next((index for index, one in enumerate(before) if PREFIX + one.id == rule), None)
    if last is None:
        return bool(before) and [one.print for one in before] == [one.print for one in after]
    at = 0
    for one in after:
        while at <= last and before[at].print != one.print:
            at += 1
        if at >= last:
            return at == last
        at += 1
    return False


def bare(label: Label) -> Label:
    """What a label says, without when and by whom it was given, which any edit of a policy changes."""
    metadata = None if label.metadata is None else bare(label.metadata)
    alternatives = tuple([bare(one) for one in label.alternatives])
    after = label.successor
    after = None if after is None else replace(after, label=bare(after.label))
    fields = {"created_at": None, "review_at": None, "originator": None, "originator_kind": None}
    return replace(label, alternatives=alternatives, metadata=metadata, successor=after, **fields)


def _line(rule: ReleaseRule, areas: Mapping[str, str]) -> Line:
    does = (rule.release, rule.redaction, rule.personal_data, rule.delay_s, rule.every_s)
    return Line(
        id=rule.id,
        print=_print([_condition(rule.when, areas), *does]),
        groups=tuple(sorted(rule.groups)),
        onward=rule.onward,
        asks_label=bool(rule.when.labels),
    )


def _marking(marking: Marking, areas: Mapping[str, str]) -> list[object]:
    return [_condition(marking.when, areas), bare(marking.label), marking.existing]


def _condition(when: Condition, areas: Mapping[str, str]) -> list[object]:
    """The condition with its areas as they lie, whatever they are called."""
    inside, outside = ([areas[name] for name in names] for names in (when.areas, when.not_areas))
    return [replace(when, areas=(), not_areas=()), inside, outside]


def _area(area: Area) -> list[object]:
    return [
        [shape.outer.edges, [hole.edges for hole in shape.holes]] if isinstance(shape, Polygon) else shape
        for shape in area.shapes
    ]


def _words(book: Book) -> list[object]:
    said = [replace(one, signed_off_by="", signed_off_on="") for one in book.equivalences]
    return [[book.spifs[name] for name in sorted(book.spifs)], said, book.follow_succession]


def _print(value: object) -> str:
    return sha256(msgspec.json.encode(_plain(value))).hexdigest()


def _plain(value: object) -> object:
    """Data as lists, texts and numbers in an order of its own: equal data gives equal octets, in every process."""
    if isinstance(value, Struct):
        return [type(value).__name__, *[_plain(getattr(value, name)) for name in value.__struct_fields__]]
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return _ordered([[_plain(key), _plain(one)] for key, one in value.items()])
    if isinstance(value, frozenset | set):
        return _ordered([_plain(one) for one in value])
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(one) for one in value]
    return value


def _ordered(values: list[object]) -> list[object]:
    return sorted(values, key=msgspec.json.encode)
