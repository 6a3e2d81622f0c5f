"""Whether a label is valid under its security policy, which no schema can tell: numbered rules, each with its code.

 1 nothing that the standard does not name or forbids, and a review time where there is no succession
 2 the policy's name and, where there is one, its URI; a policy that is valid now
 3 a classification that the policy knows
 4 tag sets and values that it knows, under their own URIs, each of the type that the policy gives it
 5 no tag set in two categories of different type
 6 values that are valid now and go with the classification and with each other
 7 as many values of a tag as it may have
 8 what the built-in profile of the policy says

A tag set in two categories of one type is read at its strictest: restrictive values all count, and of permissive ones
those that stand in both.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from gateway.errors import Code
from gateway.labels import codes
from gateway.labels.profiles import Profile
from gateway.labels.spif import PERMISSIVE, Level, Operation, Requirement, Spif, TagSet, Value
from gateway.track import Label, LabelCategory

Sets = dict[str, tuple[str, frozenset[str]]]
"""Tag set to (type, values)."""
_NONE: frozenset[str] = frozenset()
_WORD = 80
"""Characters of a label's word that a finding cites."""


class Finding(Struct, frozen=True, gc=False):
    """One thing that makes a label invalid."""

    code: Code
    place: str
    """Part of the label: ``Classification``, ``Category 'Releasable To'``."""
    cause: str

    def __str__(self) -> str:
        return f"{self.code.id} {self.code.title} ({self.place}: {self.cause})"


class Reading(Struct, frozen=True, kw_only=True):
    """A label in the words of its policy."""

    level: Level | None
    sets: Sets
    """Tag set to (type, values). An empty permissive set is nobody."""
    findings: tuple[Finding, ...] = ()
    """Empty when the label is valid; else the rest is not to be relied on."""


def check_label(label: Label, spif: Spif, now: datetime, *, new: bool = False) -> tuple[Finding, ...]:
    """Everything that makes `label` invalid under `spif` at `now`; empty when it is valid.

    Its successors are checked too, its alternatives are not: they speak in other policies. A mandatory tag set that is
    absent is no matter of validity (`decide` denies it). With `new`, obsolete words are findings: labels that exist may
    have them, labels that are made now may not.
    """
    found = read_by(label, spif, now, new=new).findings
    for successor in successors(label, spif):
        if isinstance(successor, tuple):
            return found + successor
        found += read_by(successor, spif, now, new=new, successor=True).findings
    return found


MAX_SUCCESSORS = 8
"""Links of a chain of successions; stops chains that only cost time."""


def successors(label: Label, spif: Spif) -> list[Label | tuple[Finding, ...]]:
    """The labels that follow `label`, in order; findings instead of one that cannot be decided on."""
    found: list[Label | tuple[Finding, ...]] = []
    following = label.successor
    before: datetime | None = None
    while following is not None:
        if len(found) == MAX_SUCCESSORS:
            return [*found, (_finding(codes.WRONG_SUCCESSION, "Succession", f"more than {MAX_SUCCESSORS}"),)]
        if before is not None and following.at <= before:
            return [*found, (_finding(codes.WRONG_SUCCESSION, "Succession", "not later than the one before"),)]
        if not spif.same_name(following.label.policy):
            cause = f"successor of policy {following.label.policy[:_WORD]!r}"
            return [*found, (_finding(codes.WRONG_SUCCESSION, "Succession", cause),)]
        found.append(following.label)
        before, following = following.at, following.label.successor
    return found


def read_by(label: Label, spif: Spif, now: datetime, *, new: bool = False, successor: bool = False) -> Reading:
    """`label` itself, without its successors, in the words of `spif`, with what makes it invalid.

    A `successor` needs no review time: the standard has no place for one in it.
    """
    found: list[Finding] = []
    # 1, 2
    if label.unknown:
        found.append(foreign_content(label))
    if label.review_at is None and label.successor is None and not successor:
        found.append(_finding(codes.NO_REVIEW_TIME, "label", "no ReviewDateTime and no SuccessionHandling"))
    if label.policy != spif.name or (label.policy_uri is not None and label.policy_uri != spif.uri):
        _policy(label, spif, found)
    if (spif.not_before or spif.not_after) and not _valid_at(now, spif.not_before, spif.not_after):
        found.append(_finding(codes.NOT_VALID_NOW, "policy", f"{spif.name} at {now.isoformat()}"))
    if (
        label.privacy_mark is not None
        and spif.privacy_marks is not None
        and label.privacy_mark not in spif.privacy_marks
    ):
        found.append(_finding(codes.UNKNOWN_PRIVACY_MARK, "PrivacyMark", label.privacy_mark[:_WORD]))
    if spif.needs_privacy_mark and label.privacy_mark is None:
        found.append(_finding(codes.UNKNOWN_PRIVACY_MARK, "PrivacyMark", "none, and the policy asks for one"))
    # 3
    level = spif.levels.get(label.classification) or _level(label.classification, spif, found)
    if level is not None and level.obsolete and new:
        found.append(_finding(codes.OBSOLETE, "Classification", level.name))
    # 4, 5
    sets: Sets = {}
    bound: list[Value] = []
    limited = False
    for category in label.categories:
        tag_set = spif.tag_sets.get(category.tag) or _tag_set(category, spif, found)
        if tag_set is None:
            continue
        values = _values(category, tag_set, spif, found, bound)
        limited = limited or tag_set.limited
        before = sets.get(tag_set.name)
        if before is not None:
            if before[0] != category.kind:
                found.append(_finding(codes.TWO_TYPES, _place(category), f"{before[0]} and {category.kind[:_WORD]}"))
            values = values & before[1] if category.kind == PERMISSIVE else values | before[1]
        sets[tag_set.name] = (category.kind, values)
    # 6, 7, 8
    for value in bound:
        _bounds(value, level, sets, now, found, new=new)
    if level is not None and level.required:
        _requirements(level.required, sets, f"Classification {level.name}", found)
    if limited or spif.demanding:
        _numbers(sets, spif, found)
    if spif.profile is not None:
        _profile(spif.profile, level, sets, found)
    return Reading(level=level, sets=sets, findings=tuple(found))


def unsound(label: Label, installed: Iterable[Spif]) -> tuple[Finding, ...]:
    """What makes a label and its successors invalid under whatever policy, for one that is not among the installed.

    That it has the name, in other letters, or the identifier of one that is installed is a finding too.
    """
    found: list[Finding] = []
    each: Label = label
    for _ in range(MAX_SUCCESSORS + 1):
        if each.unknown:
            found.append(foreign_content(each))
        if each is label and label.review_at is None and label.successor is None:
            found.append(_finding(codes.NO_REVIEW_TIME, "label", "no ReviewDateTime and no SuccessionHandling"))
        if each.policy_uri is not None and not each.policy_uri.startswith("urn:oid:"):
            found.append(_finding(codes.WRONG_POLICY_URI, "PolicyIdentifier", repr(each.policy_uri[:_WORD])))
        if not unicodedata.is_normalized("NFKC", each.policy) or not each.policy.isprintable():
            found.append(_finding(codes.LOOK_ALIKE, "PolicyIdentifier", ascii(each.policy[:_WORD])))
        if each.policy != label.policy:
            found.append(_finding(codes.WRONG_SUCCESSION, "Succession", f"successor of policy {each.policy[:_WORD]!r}"))
        kinds: dict[str, str] = {}
        for category in each.categories:
            if kinds.setdefault(category.tag, category.kind) != category.kind:
                cause = f"{kinds[category.tag][:_WORD]} and {category.kind[:_WORD]}"
                found.append(_finding(codes.TWO_TYPES, _place(category), cause))
        if each.successor is None:
            break
        each = each.successor.label
    for spif in installed:
        if spif.uri == label.policy_uri or spif.name.casefold() == label.policy.casefold():
            cause = f"{label.policy[:_WORD]!r} has name or identifier of {spif.name!r} and is another"
            found.append(_finding(codes.WRONG_POLICY, "PolicyIdentifier", cause))
    return tuple(found)


def _finding(code: Code, place: str, cause: str) -> Finding:
    return Finding(code, place, cause)


def foreign_content(label: Label) -> Finding:
    """The finding that a label with anything in `Label.unknown` gets."""
    return _finding(codes.FOREIGN_CONTENT, "ConfidentialityInformation", ", ".join(label.unknown)[:_WORD])


def _place(category: LabelCategory) -> str:
    return f"Category {category.tag[:_WORD]!r}"


def _valid_at(now: datetime, not_before: datetime | None, not_after: datetime | None) -> bool:
    """Half open, so that an instant at which validity ends is one at which decisions change."""
    return (not_before is None or not_before <= now) and (not_after is None or now < not_after)


def _unknown(code: Code, place: str, word: str, found: list[Finding]) -> None:
    if not unicodedata.is_normalized("NFKC", word):
        found.append(_finding(codes.LOOK_ALIKE, place, f"{word[:_WORD]!r} is not in normal form"))
    else:
        found.append(_finding(code, place, repr(word[:_WORD])))


def _policy(label: Label, spif: Spif, found: list[Finding]) -> None:
    if not spif.same_name(label.policy):
        _unknown(codes.WRONG_POLICY, "PolicyIdentifier", label.policy, found)
    if label.policy_uri is not None and label.policy_uri != spif.uri:
        cause = f"{label.policy_uri[:_WORD]!r}, {spif.uri} expected"
        found.append(_finding(codes.WRONG_POLICY_URI, "PolicyIdentifier", cause))


def _level(word: str, spif: Spif, found: list[Finding]) -> Level | None:
    level = spif.level(word)
    if level is None:
        _unknown(codes.UNKNOWN_CLASSIFICATION, "Classification", word, found)
    return level


def _tag_set(category: LabelCategory, spif: Spif, found: list[Finding]) -> TagSet | None:
    tag_set = spif.tag_set(category.tag)
    if tag_set is None:
        _unknown(codes.UNKNOWN_TAG_SET, "Category", category.tag, found)
    return tag_set


def _values(
    category: LabelCategory, tag_set: TagSet, spif: Spif, found: list[Finding], bound: list[Value]
) -> frozenset[str]:
    """The values of a category as the policy spells them; those that anything limits are added to `bound`."""
    if category.uri is not None and category.uri != tag_set.uri:
        cause = f"{category.uri[:_WORD]!r}, {tag_set.uri} expected"
        found.append(_finding(codes.WRONG_TAG_URI, _place(category), cause))
    kind = category.kind
    if kind not in tag_set.kinds:
        cause = f"{kind[:_WORD]}, {' or '.join(sorted(tag_set.kinds))} expected"
        found.append(_finding(codes.WRONG_TYPE, _place(category), cause))
    names: list[str] = []
    known = tag_set.values
    for word in category.values:
        value = known.get(word) or spif.value(tag_set, word)
        if value is None:
            _unknown(codes.UNKNOWN_VALUE, _place(category), word, found)
            continue
        if value.kind != kind and kind in tag_set.kinds:
            cause = f"{value.name!r} is {value.kind}, sent as {kind[:_WORD]}"
            found.append(_finding(codes.WRONG_TYPE, _place(category), cause))
        if not value.plain:
            bound.append(value)
        names.append(value.name)
    return frozenset(names)


def _bounds(
    value: Value,
    level: Level | None,
    sets: Sets,
    now: datetime,
    found: list[Finding],
    *,
    new: bool,
) -> None:
    """Rule 6 for one value."""
    place = f"value {value.name!r}"
    if value.obsolete and new:
        found.append(_finding(codes.OBSOLETE, place, "obsolete"))
    if not _valid_at(now, value.not_before, value.not_after):
        found.append(_finding(codes.NOT_VALID_NOW, place, f"at {now.isoformat()}"))
    if level is not None:
        if level.name in value.excluded_classes:
            found.append(_finding(codes.CLASS_EXCLUDED, place, f"excludes {level.name}"))
        if value.required_class not in (None, level.name):
            found.append(_finding(codes.CLASS_EXCLUDED, place, f"goes with {value.required_class} alone"))
    for name, values in value.excluded:
        others = _of(name, values, sets) - ({value.name} if name == value.tag_set else set())
        if others:
            cause = f"excludes {', '.join(sorted(others))[:_WORD]} of {name!r}"
            found.append(_finding(codes.CATEGORY_EXCLUDED, place, cause))
    if value.required:
        _requirements(value.required, sets, place, found)


def _requirements(
    required: tuple[Requirement, ...],
    sets: Sets,
    place: str,
    found: list[Finding],
) -> None:
    for requirement in required:
        present = [_of(name, values, sets) for name, values in requirement.groups]
        if requirement.operation is Operation.ALL:
            met = all(present)
        elif requirement.operation is Operation.ONE_OR_MORE:
            met = any(present)
        else:
            groups = zip(requirement.groups, present, strict=True)
            met = len({(name, value) for (name, _), values in groups for value in values}) == 1
        if not met:
            names = [f"{', '.join(sorted(values)[:8])} of {name!r}" for name, values in requirement.groups]
            cause = f"{requirement.operation.value}: {'; '.join(names)[:200]}"
            found.append(_finding(codes.CATEGORY_MISSING, place, cause))


def _of(name: str, values: frozenset[str], sets: Sets) -> frozenset[str]:
    """Those of the values that the label has in a tag set."""
    mine = sets.get(name)
    return values & mine[1] if mine is not None else _NONE


def _numbers(sets: Sets, spif: Spif, found: list[Finding]) -> None:
    """Rule 7. What a tag asks for at least, it asks of every label."""
    for name in dict.fromkeys((*sets, *spif.demanding)):
        values = sets[name][1] if name in sets else _NONE
        for tag in spif.tag_sets[name].tags:
            number = len(values.intersection(tag.values))
            if number < tag.at_least or (tag.at_most is not None and number > tag.at_most):
                cause = f"{number} values, at least {tag.at_least} and at most {tag.at_most or 'any number'}"
                found.append(_finding(codes.WRONG_NUMBER, f"Category {name!r}", cause))


def _profile(profile: Profile, level: Level | None, sets: Sets, found: list[Finding]) -> None:
    """Rule 8. A context that is absent is a missing mandatory tag set, which `decide` denies."""
    context = sets.get(profile.context)
    release = sets.get(profile.release)
    if context is not None:
        real = context[1] - {profile.helper}
        if len(real) != 1:
            found.append(_finding(codes.WRONG_CONTEXT, profile.context, f"{len(real)} contexts, exactly one expected"))
        if (profile.helper in context[1]) != (release is not None):
            cause = f"{profile.helper!r} just when there is a {profile.release!r}"
            found.append(_finding(codes.WRONG_CONTEXT, profile.context, cause))
        if release is not None and not real <= release[1]:
            cause = f"does not repeat {', '.join(sorted(real))}"
            found.append(_finding(codes.WRONG_CONTEXT, profile.release, cause))
    if profile.administrative in sets and level is not None and level.name != profile.lowest:
        cause = f"{profile.administrative!r} at {level.name}"
        found.append(_finding(codes.WRONG_ADMINISTRATIVE, profile.administrative, cause))
