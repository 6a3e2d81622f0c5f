"""A label as people read it: the marking line that its security policy prescribes.

Policy, classification, then the categories in the order of the policy, each set's values in its order too, with the
prefixes, separators and suffixes that the policy gives. A language takes the phrases of that language, then those of
its primary one (``fr`` for ``fr-CA``), then those of none.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from gateway.labels.check import read_by
from gateway.labels.spif import Level, Marking, Qualifier, Spif, Tag, Value
from gateway.track import Label

_PAGE = frozenset({"pageTop", "pageBottom", "pageTopBottom"})
_MANNER = frozenset({"noNameDisplay", "noMarkingDisplay", "suppressClassName", "replacePolicy"})
"""Codes that say how something is displayed, not where."""


def marking(label: Label, spif: Spif, now: datetime, *, language: str = "") -> str:
    """The marking line of `label` under `spif`; empty for a label that is not valid: no words are known for it."""
    reading = read_by(label, spif, now, successor=True)
    if reading.findings or reading.level is None:
        return ""
    values = [
        (tag, [tag_set.values[name] for name in tag.values if name in reading.sets[tag_set.name][1]])
        for tag_set in spif.tag_sets.values()
        if tag_set.name in reading.sets
        for tag in tag_set.tags
    ]
    chosen = [value for _, present in values for value in present]
    parts = [
        _policy(spif, reading.level, chosen, language),
        "" if _any(chosen, "suppressClassName") else _words(reading.level, reading.level.name, language),
        *(_tag(tag, present, language) for tag, present in values),
        label.privacy_mark or "",
    ]
    line = " ".join(part for part in parts if part)
    return _qualified(line, spif.qualifiers, language)


def _policy(spif: Spif, level: Level, values: list[Value], language: str) -> str:
    """The policy's word, unless the classification, a value or the policy itself replaces it, perhaps by nothing."""
    parts: list[Level | Value | Spif] = [level, *values, spif]
    for part in parts:
        replacing = _best((each for each in part.markings if "replacePolicy" in each.codes), language)
        if replacing is not None and replacing.phrase is not None:
            return replacing.phrase
    return _words(spif, spif.name, language)


def _words(part: Level | Value | Spif, name: str, language: str) -> str:
    """What is displayed for one part: its phrase, else its name, unless the policy wants neither."""
    here = [each for each in part.markings if "replacePolicy" not in each.codes and _on_page(each.codes)]
    best = _best(here, language)
    if best is None:
        # a value whose only phrase replaces the policy's word is not said twice
        return "" if any({"replacePolicy", "noNameDisplay"} <= each.codes for each in part.markings) else name
    if "noMarkingDisplay" in best.codes:
        return ""
    if best.phrase is not None:
        return best.phrase
    return "" if "noNameDisplay" in best.codes else name


def _tag(tag: Tag, values: list[Value], language: str) -> str:
    words = [_qualified(_words(value, value.name, language), value.qualifiers, language) for value in values]
    words = [word for word in words if word]
    separator = _qualifier(tag.qualifiers, "separator", language)
    line = ("/" if separator is None else separator).join(words)
    return _qualified(line, tag.qualifiers, language)


def _qualified(line: str, qualifiers: tuple[Qualifier, ...], language: str) -> str:
    if not line or not qualifiers:
        return line
    prefix = _qualifier(qualifiers, "prefix", language) or ""
    return f"{prefix}{line}{_qualifier(qualifiers, 'suffix', language) or ''}"


def _qualifier(qualifiers: Iterable[Qualifier], code: str, language: str) -> str | None:
    found = [each for each in qualifiers if each.code == code and (each.place is None or each.place in _PAGE)]
    for wanted in _languages(language):
        for each in found:
            if each.language == wanted:
                return each.text
    return None


def _best(markings: Iterable[Marking], language: str) -> Marking | None:
    found = list(markings)
    for wanted in _languages(language):
        for each in found:
            if each.language == wanted:
                return each
    return None


def _languages(language: str) -> tuple[str | None, ...]:
    return (language, language.partition("-")[0], None) if language else (None,)


def _on_page(codes: frozenset[str]) -> bool:
    """Whether a phrase belongs on the line: what names no place at all does, what names other places does not."""
    places = codes - _MANNER
    return not places or not places.isdisjoint(_PAGE)


def _any(values: Iterable[Value], code: str) -> bool:
    return any(code in each.codes for value in values for each in value.markings)
