"""Thousands of random labels and clearances are decided twice: by the gateway, and by a second opinion."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from gateway.labels.clearance import Clearance
from gateway.labels.decide import decide
from gateway.labels.shipped import shipped
from gateway.labels.spif import Spif
from gateway.labels.spif_read import read_spif
from gateway.track import Label, LabelCategory
from tests.data import recording
from tests.labels.oracle import Oracle
from tests.labels.spif_texts import NOW, REVIEW, I, P, R, category, spif_text, tag_set

NUMBER = 2_500
"""Decisions for each policy; about a quarter of a second."""


def made_up() -> bytes:
    """A policy in which everything that a file can say is said."""
    bodies = {
        "ONE": "<excludedClass>LOW</excludedClass>",
        "TWO": '<requiredCategory operation="onlyOne"><categoryGroup tagSetRef="Open" tagType="permissive" all="true"/>'
        '<categoryGroup tagSetRef="Notes" tagType="tagType7" lacv="1"/></requiredCategory>',
        "THREE": '<excludedCategory tagSetRef="Closed" tagType="restrictive" all="true"/>',
        "FOUR": '<requiredCategory operation="all"><categoryGroup tagSetRef="Open" tagType="permissive" lacv="1"/>'
        '<categoryGroup tagSetRef="Open" tagType="permissive" lacv="2"/></requiredCategory>',
    }
    closed = tag_set("Closed", R, "ONE TWO THREE FOUR", oid="2.25.1.1", bodies=bodies)
    opened = tag_set("Open", P, "XAA XBB XCC OLD", oid="2.25.1.2", tag='maxSelection="3"').replace(
        'name="OLD"', 'name="OLD" notAfter="2026-01-01T00:00:00+00:00"'
    )
    notes = tag_set("Notes", I, "STAFF TRIAL", oid="2.25.1.3").replace(
        'name="TRIAL"', 'name="TRIAL" requiredClass="HIGH"'
    )
    needed = tag_set("Needed", P, "A B", oid="2.25.1.4", tag='minSelection="1"')
    levels = {
        "HIGH": '<requiredCategory operation="oneOrMore"><categoryGroup tagSetRef="Open" tagType="permissive"'
        ' all="true"/><categoryGroup tagSetRef="Closed" tagType="restrictive" lacv="1"/></requiredCategory>'
    }
    marks = '<privacyMarks><privacyMark name="QUIET"/></privacyMarks>'
    return spif_text(sets=closed + opened + notes + needed, level_bodies=levels, extra=marks)


POLICIES: dict[str, Callable[[], bytes]] = {
    "alpha": lambda: shipped()["ALPHA"],
    "bravo": lambda: shipped()["BRAVO"],
    "made up": made_up,
    "nato": lambda: recording("labels/nato-4774-policy.xml").read_bytes(),
}
ODD_WORDS = ("", " ", "NONE", "ＸＡＡ", "ALPHA ", "\u200bALPHA", "АLPHA", "xaa", "Context", "Releasable")


def _words(chance: random.Random, known: list[str], most: int, odd: float) -> tuple[str, ...]:
    picked = chance.choices(known, k=chance.randint(0, most)) if known else []
    return tuple(_odd(chance, word, odd) for word in picked)


def _odd(chance: random.Random, word: str, odd: float) -> str:
    """The word, seldom in other letters, most seldom another."""
    if chance.random() < odd / 2:
        return chance.choice(ODD_WORDS)
    return word.lower() if chance.random() < odd / 2 else word


def _categories(chance: random.Random, spif: Spif, names: list[str], most: int, odd: float) -> list[LabelCategory]:
    found = []
    for name in names:
        tag_set = spif.tag_sets[name]
        (kind,) = tag_set.kinds
        if chance.random() < odd:
            kind = chance.choice([R, P, I])
        values = _words(chance, list(tag_set.values)[:12], most, odd)
        uri = chance.choice(
            [None, tag_set.uri, *(each.uri for each in spif.tag_sets.values())][: 2 if odd < 0.1 else 9]
        )
        found.append(LabelCategory(tag=_odd(chance, name, odd), kind=kind, values=values, uri=uri))
    return found


def _consistent(chance: random.Random, found: list[LabelCategory], spif: Spif) -> list[LabelCategory]:
    """As the built-in and mandatory rules want it, so that decisions get to their last steps."""
    if "Context" not in spif.tag_sets or chance.random() < 0.2:
        return found
    found = [each for each in found if each.tag != "Context"]
    context = chance.choice([name for name in list(spif.tag_sets["Context"].values)[:12] if name != "Releasable"])
    released = [each for each in found if each.tag == "Releasable To"]
    values = (context, "Releasable") if released else (context,)
    rest = [each for each in found if each.tag != "Releasable To"]
    rest += [replace(each, values=(*each.values, context)) for each in released]
    return [*rest, LabelCategory(tag="Context", kind=P, values=values)]


def _label(chance: random.Random, spif: Spif) -> Label:
    odd = chance.choice([0.0, 0.0, 0.0, 0.02, 0.15])
    names = chance.choices(list(spif.tag_sets), k=chance.randint(0, 3))
    names = names if odd else list(dict.fromkeys(names))
    categories = _categories(chance, spif, names, 3, odd)
    if odd == 0:
        categories = [each for each in categories if each.values] if chance.random() < 0.8 else categories
        categories = _consistent(chance, categories, spif)
    if "Needed" in spif.tag_sets and chance.random() < 0.9:
        categories.append(LabelCategory(tag="Needed", kind=P, values=(chance.choice("AB"),)))
    return Label(
        policy=_odd(chance, spif.name, odd),
        policy_uri=chance.choice([None, spif.uri, spif.uri, "urn:oid:2.25.9"] if odd else [None, spif.uri]),
        classification=_odd(chance, chance.choice(list(spif.levels)), odd),
        categories=tuple(categories),
        privacy_mark=chance.choice([None, None, "QUIET", "LOUD"]) if odd else None,
        unknown=("x",) if odd and chance.random() < 0.05 else (),
        review_at=None if odd and chance.random() < 0.05 else REVIEW,
        created_at=NOW,
    )


def _clearance(chance: random.Random, spif: Spif) -> Clearance:
    odd = chance.choice([0.0, 0.0, 0.05])
    names = chance.choices(list(spif.tag_sets), k=chance.randint(0, 2)) + list(spif.tag_sets) * chance.randint(0, 1)
    return Clearance(
        policy=_odd(chance, spif.name, odd / 2),
        policy_uri=chance.choice([None, spif.uri, spif.uri, "urn:oid:2.25.9"] if odd else [None, spif.uri]),
        classifications=tuple(_odd(chance, each, odd) for each in spif.levels if chance.random() < 0.85),
        categories=tuple(_categories(chance, spif, names, 14, odd)),
    )


@pytest.mark.parametrize("name", POLICIES)
def test_a_second_opinion_decides_the_same(name: str) -> None:
    octets = POLICIES[name]()
    spif, oracle = read_spif(octets), Oracle(octets)
    chance = random.Random(4774)  # the same labels every time
    seen: Counter[str] = Counter()
    for _ in range(NUMBER):
        tested, mine = _label(chance, spif), _clearance(chance, spif)
        decision = decide(tested, mine, spif, NOW)
        assert decision.rule == oracle.decide(tested, mine, NOW), (decision, tested, mine)
        assert decision.permit == (decision.rule == "permit")
        seen[decision.rule] += 1
    expected = {"permit", "invalid-label", "policy-mismatch", "classification", "tag-set"}
    expected |= {"missing-mandatory"} if spif.mandatory else set()
    assert set(seen) == expected
    assert min(seen.values()) >= 10, seen  # no step is compared by a handful of labels alone


def test_the_second_opinion_is_one() -> None:
    """It decides the rows of the table of published examples by itself."""
    octets = recording("labels/nato-4774-policy.xml").read_bytes()
    oracle = Oracle(octets)
    held = (
        category("Context", P, "Releasable", "KFOR"), category("Releasable To", P, "SWE"),
        category("Only", P, "SWE"),
    )  # fmt: skip
    mine = Clearance(policy="NATO", classifications=("RESTRICTED", "CONFIDENTIAL"), categories=held)

    def rule(level: str, *categories: LabelCategory) -> str:
        tested = Label(policy="NATO", classification=level, categories=categories, review_at=REVIEW)
        return oracle.decide(tested, mine, NOW)

    context = category("Context", P, "NATO", "Releasable")
    only = category("Only", P, "BEL", "CAN")
    release = category("Releasable To", P, "NATO", "SWE")
    assert rule("RESTRICTED", context, only, release) == "tag-set"
    assert rule("RESTRICTED", context, release) == "permit"
    assert rule("TOP SECRET", category("Context", P, "NATO")) == "classification"
    assert rule("RESTRICTED") == "missing-mandatory"
    assert rule("RESTRICTED", context) == "invalid-label"
    kfor = category("Context", P, "KFOR"), category("Only", P, "NATO", "IRL", "SWE", "UKR")
    assert rule("CONFIDENTIAL", *kfor) == "permit"
