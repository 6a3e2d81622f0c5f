"""A security policy as frozen values: what one XML SPIF 2.1 file says, ready for decisions.

Names stand for what labels carry (ADatP-4774 writes names, not label-and-certificate values).
`gateway.labels.spif_read` makes these from a file and holds every reference in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from msgspec import Struct

from gateway.labels.equivalence import Direction
from gateway.labels.profiles import Profile

RESTRICTIVE, PERMISSIVE, INFORMATIVE = "RESTRICTIVE", "PERMISSIVE", "INFORMATIVE"
NOT_APPLICABLE = "NOT_APPLICABLE"
"""A tag type that no category of a label can have: whatever uses it is denied."""

Group = tuple[str, frozenset[str]]
"""(tag set, values of it), as the policy spells them."""


class Operation(StrEnum):
    """How many of the groups of a requirement a label must have."""

    ONLY_ONE = "onlyOne"
    """Exactly one value out of all groups together."""
    ONE_OR_MORE = "oneOrMore"
    ALL = "all"
    """A value of each group."""


class Requirement(Struct, frozen=True, gc=False):
    """Categories that a classification or value must be accompanied by."""

    operation: Operation
    groups: tuple[Group, ...]


class Marking(Struct, frozen=True, gc=False):
    """What is displayed for a part of a label (`markingData`)."""

    phrase: str | None
    codes: frozenset[str]
    language: str | None = None


class Qualifier(Struct, frozen=True, gc=False):
    """What is displayed before, after or between values (`qualifier`)."""

    text: str
    code: str
    """``prefix``, ``suffix`` or ``separator``."""
    place: str | None = None
    """Marking code: where it applies."""
    language: str | None = None


class StatedLevel(Struct, frozen=True, gc=False):
    """A classification of another policy that the file calls equivalent. Nothing maps by it unless adopted."""

    policy: str
    """OID of that policy."""
    lacv: int
    direction: Direction
    conditional: bool = False
    """The file requires further categories with it; such a level is never adopted."""


class Level(Struct, frozen=True, kw_only=True, gc=False):
    """One classification."""

    name: str
    lacv: int
    rank: int
    """Its place in the hierarchy: higher is more confidential."""
    obsolete: bool = False
    required: tuple[Requirement, ...] = ()
    equivalents: tuple[StatedLevel, ...] = ()
    markings: tuple[Marking, ...] = ()
    qualifiers: tuple[Qualifier, ...] = ()


class Value(Struct, frozen=True, kw_only=True, gc=False):
    """One value of a tag set, and what it may stand with."""

    name: str
    tag_set: str
    lacv: str
    kind: str
    """``RESTRICTIVE``, ``PERMISSIVE``, ``INFORMATIVE`` or `NOT_APPLICABLE`."""
    tag: int
    """Which tag of its set it belongs to."""
    required_class: str | None = None
    excluded_classes: frozenset[str] = frozenset()
    required: tuple[Requirement, ...] = ()
    excluded: tuple[Group, ...] = ()
    """Groups of which no other value may stand beside it."""
    obsolete: bool = False
    not_before: datetime | None = None
    not_after: datetime | None = None
    markings: tuple[Marking, ...] = ()
    qualifiers: tuple[Qualifier, ...] = ()
    plain: bool = False
    """Nothing of the above limits it."""


class Tag(Struct, frozen=True, kw_only=True, gc=False):
    """Values of a set that are chosen and displayed together (`securityCategoryTag`)."""

    name: str
    kind: str
    at_least: int = 0
    at_most: int | None = None
    values: tuple[str, ...] = ()
    qualifiers: tuple[Qualifier, ...] = ()


class TagSet(Struct, frozen=True, kw_only=True, gc=False):
    """One set of values that a category of a label names."""

    name: str
    oid: str
    tags: tuple[Tag, ...]
    values: dict[str, Value]
    """By name."""
    folded: dict[str, str] = {}
    """ASCII names in lower case to names, where case is ignored."""
    kinds: frozenset[str]
    limited: bool = False
    """Some tag bounds how many values may be chosen."""
    uri: str


class Spif(Struct, frozen=True, kw_only=True, dict=True, eq=False):
    """One security policy. Immutable; `dict` holds what is computed once."""

    name: str
    oid: str
    uri: str
    """``urn:oid:`` and the OID."""
    version: str = "1"
    levels: dict[str, Level]
    """Classifications by name, in the order of the file."""
    tag_sets: dict[str, TagSet]
    mandatory: frozenset[str] = frozenset()
    """Tag sets of which every label must have a value."""
    ignore_case: bool = False
    """ASCII letters of names are compared without regard to case."""
    privacy_marks: frozenset[str] | None = None
    """Those that labels may have; `None` is any."""
    needs_privacy_mark: bool = False
    not_before: datetime | None = None
    not_after: datetime | None = None
    boundaries: tuple[datetime, ...] = ()
    """Instants at which anything of it begins or ceases to be valid, sorted: decisions may change there."""
    profile: Profile | None = None
    """Rules beyond the file."""
    equivalent_policies: dict[str, str] = {}
    """Names, as the file uses them, of policies that it states equivalences with, to their OIDs."""
    markings: tuple[Marking, ...] = ()
    qualifiers: tuple[Qualifier, ...] = ()

    @cached_property
    def demanding(self) -> tuple[str, ...]:
        """Tag sets with a tag of which a label has a least number of values."""
        return tuple(each.name for each in self.tag_sets.values() if any(tag.at_least for tag in each.tags))

    @cached_property
    def folded_levels(self) -> dict[str, str]:
        """Lower-case ASCII names of classifications to names; empty where case counts."""
        return folded(self.levels) if self.ignore_case else {}

    @cached_property
    def folded_sets(self) -> dict[str, str]:
        """Lower-case ASCII names of tag sets to names; empty where case counts."""
        return folded(self.tag_sets) if self.ignore_case else {}

    def same_name(self, name: str) -> bool:
        """Whether `name` is this policy's."""
        return name == self.name or (self.ignore_case and name.isascii() and name.lower() == self.name.lower())

    def level(self, name: str) -> Level | None:
        """The classification that a label's word names."""
        found = self.levels.get(name)
        if found is None and name.isascii():
            found = self.levels.get(self.folded_levels.get(name.lower(), ""))
        return found

    def tag_set(self, name: str) -> TagSet | None:
        """The tag set that a label's word names."""
        found = self.tag_sets.get(name)
        if found is None and name.isascii():
            found = self.tag_sets.get(self.folded_sets.get(name.lower(), ""))
        return found

    def value(self, tag_set: TagSet, name: str) -> Value | None:
        """The value of a set that a label's word names."""
        found = tag_set.values.get(name)
        if found is None and name.isascii():
            found = tag_set.values.get(tag_set.folded.get(name.lower(), ""))
        return found


def folded(names: Iterable[str]) -> dict[str, str]:
    """ASCII names in lower case to the names. Other letters are never folded: their look-alikes are no equals."""
    return {name.lower(): name for name in names if name.isascii()}
