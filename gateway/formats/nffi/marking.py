"""Security markings: each of a track's five sections has its own, a track has one label, and the highest wins."""

from __future__ import annotations

import re

from gateway.errors import FormatError
from gateway.formats.nffi import codes
from gateway.formats.nffi.facets import MARKINGS
from gateway.formats.nffi.values import attribute_text, clean
from gateway.track import Label, LabelCategory, Loss

ATTRIBUTES = ("secPolicyName", "secClassification", "secCategory")
Marking = dict[str, str]
"""Attributes of one section, by name."""

_RANKS = {
    "UNMARKED": 0,
    "UNCLASSIFIED": 1,
    "RESTRICTED": 2,
    "CONFIDENTIAL": 3,
    "SECRET": 4,
    "TOP SECRET": 5,
    "COSMIC TOP SECRET": 5,
}
_RELEASABLE = re.compile(r"RELEASABLE\s+(?:TO|FOR)\s+(.+)", re.IGNORECASE | re.DOTALL).fullmatch
_TAGGED = re.compile(r"([^:]{1,60}):\s*(.+)", re.DOTALL).fullmatch
_RELEASABLE_TO = "Releasable To"


def rank(classification: str) -> int | None:
    """How high a classification stands among the words that NFFI names; `None` for any other word."""
    return _RANKS.get(" ".join(classification.upper().replace("_", " ").removeprefix("NATO ").split()))


def label_of(markings: list[Marking], policy: str) -> Label | None:
    """The label of a track with these sections; `None` where nothing is marked.

    The highest classification, every restrictive category, and only those readers whom all releases name. Raises
    `FormatError` ``NFI-013`` where words cannot be compared, or no reader is left.
    """
    classified = {one["secClassification"].strip() for one in markings if one.get("secClassification", "").strip()}
    if not classified:
        return None
    if len(classified) > 1 and any(rank(one) is None for one in classified):
        cause = f"cannot rank {', '.join(sorted(classified))}"[:160]
        raise FormatError(codes.MARKING, place="positionalData@secClassification", cause=cause)
    highest = max(sorted(classified), key=lambda one: rank(one) or 0)
    restrictive: list[LabelCategory] = []
    readers: set[str] | None = None
    for one in markings:
        for category in _categories(one.get("secCategory", "")):
            if category.kind == "PERMISSIVE":
                readers = set(category.values) if readers is None else readers & set(category.values)
            elif category not in restrictive:
                restrictive.append(category)
    if readers is not None and not readers:
        raise FormatError(
            codes.MARKING, place="positionalData@secCategory", cause="no reader is common to all sections"
        )
    permissive = (
        [LabelCategory(tag=_RELEASABLE_TO, kind="PERMISSIVE", values=tuple(sorted(readers)))] if readers else []
    )
    return Label(policy=policy, classification=highest, categories=(*permissive, *restrictive))


def _categories(text: str) -> list[LabelCategory]:
    found: list[LabelCategory] = []
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        release, tagged = _RELEASABLE(part), _TAGGED(part)
        if release is not None:
            nations = tuple(filter(None, re.split(r"[,\s]+", release[1])))
            found.append(LabelCategory(tag=_RELEASABLE_TO, kind="PERMISSIVE", values=nations))
        elif tagged is not None:
            values = tuple(filter(None, (value.strip() for value in tagged[2].split(","))))
            found.append(LabelCategory(tag=tagged[1].strip(), kind="RESTRICTIVE", values=values or (tagged[2],)))
        else:
            found.append(LabelCategory(tag="Category", kind="RESTRICTIVE", values=(part,)))
    return found


def marking_of(label: Label, lost: list[Loss], *, place: str) -> Marking:
    """A label as the attributes of a section; `FormatError` ``NFI-024`` where it does not fit: never cut."""
    parts: list[str] = []
    for category in label.categories:
        values = ", ".join(category.values)
        if category.kind == "PERMISSIVE" and category.tag.lower() == _RELEASABLE_TO.lower():
            parts.append(f"RELEASABLE TO {values}")
        else:
            parts.append(values if category.tag == "Category" else f"{category.tag}: {values}")
    marking = {"secPolicyName": label.policy, "secClassification": label.classification}
    if parts:
        marking["secCategory"] = "; ".join(parts)
    for name, present in (("label.tlp", label.tlp), ("label.purpose", label.purpose)):
        if present is not None:
            lost.append(Loss(name, "NO_TARGET"))
    check(marking, place=place)
    return marking


def check(marking: Marking, *, place: str) -> None:
    """`FormatError` ``NFI-024`` for a marking that the schema does not admit."""
    for name, value in marking.items():
        if not MARKINGS[name](value) or clean(value) != value:
            raise FormatError(codes.UNMARKABLE, place=place, cause=f"{name} of {len(value)} characters")


def higher(own: Marking | None, kept: Marking, *, place: str) -> Marking:
    """What one section gets of the label's marking and the source's own: the higher, with the categories of both.

    `FormatError` ``NFI-024`` where their words cannot be compared, or both categories do not fit.
    """
    if own is None:
        check(kept, place=place)
        return kept
    ours, theirs = own.get("secClassification", ""), kept.get("secClassification", "")
    base, other = own, kept
    if theirs and theirs.strip().upper() != ours.strip().upper():
        high, low = rank(theirs), rank(ours)
        if high is None or low is None:
            raise FormatError(codes.UNMARKABLE, place=place, cause=f"cannot rank {ours[:30]!r} and {theirs[:30]!r}")
        if high > low:
            base, other = kept, own
    parts = [part.strip() for one in (base, other) for part in one.get("secCategory", "").split(";") if part.strip()]
    marking = base | ({"secCategory": "; ".join(dict.fromkeys(parts))} if parts else {})
    check(marking, place=place)
    return marking


def attributes_text(marking: Marking) -> str:
    """The attributes as they stand in a tag, each with a space before."""
    return "".join(f' {name}="{attribute_text(marking[name])}"' for name in ATTRIBUTES if name in marking)
