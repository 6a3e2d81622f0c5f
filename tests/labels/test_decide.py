"""The decision: each step denies by its own rule, and nothing but all of them permits."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from gateway.labels.decide import decide
from gateway.labels.spif_read import read_spif
from gateway.track import Label, Succession
from tests.labels.spif_texts import NOW, I, P, R, category, clearance, label, policy, spif_text, tag_set

SETS = (
    tag_set("Secrets", R, "EMBER ANVIL", oid="2.25.1.1")
    + tag_set("Release", P, "XAA XBB", oid="2.25.1.2")
    + tag_set("Also", P, "ONE TWO", oid="2.25.1.4")
    + tag_set("Notes", I, "STAFF", oid="2.25.1.3")
)
SPIF = policy(SETS)
ALL = clearance(
    "LOW MIDDLE HIGH",
    category("Secrets", R, "EMBER", "ANVIL"),
    category("Release", P, "XAA"),
    category("Also", P, "ONE"),
)


def rule(tested: Label, mine: object = ALL, **more: object) -> str:
    return decide(tested, mine, SPIF, NOW, **more).rule  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tested", "expected", "detail"),
    [
        (label("HIGH", policy="OTHER"), "policy-mismatch", "OTHER"),
        (label("NONE"), "invalid-label", "LBL-044"),
        (label("LOW", category("Release", P, "XAA")), "permit", ""),
        (label("LOW"), "permit", ""),
        (label("LOW", category("Release", P, "XAA", "XBB")), "permit", ""),
        (label("LOW", category("Release", P, "XBB")), "tag-set", "Release: none of XBB"),
        (label("LOW", category("Release", P)), "tag-set", "Release: nobody"),
        (label("LOW", category("Release", P, "XAA"), category("Also", P, "TWO")), "tag-set", "Also"),
        (label("LOW", category("Release", P, "XAA"), category("Also", P, "ONE")), "permit", ""),
        (label("LOW", category("Secrets", R, "EMBER", "ANVIL")), "permit", ""),
        (label("LOW", category("Secrets", R)), "permit", ""),
        (label("LOW", category("Notes", I, "STAFF")), "permit", ""),
        (label("LOW", category("Notes", I, "OTHER")), "invalid-label", "LBL-046"),
    ],
)
def test_each_step_has_its_rule(tested: Label, expected: str, detail: str) -> None:
    decision = decide(tested, ALL, SPIF, NOW)
    assert (decision.rule, decision.permit) == (expected, expected == "permit")
    assert detail in decision.detail


def test_restrictive_values_must_all_be_held() -> None:
    mine = clearance("LOW", category("Secrets", R, "EMBER"))
    decision = decide(label("LOW", category("Secrets", R, "EMBER", "ANVIL")), mine, SPIF, NOW)
    assert (decision.rule, decision.detail) == ("tag-set", "Secrets: lacks ANVIL")


def test_classifications_are_a_list_and_no_upper_bound() -> None:
    mine = clearance("HIGH")
    assert rule(label("HIGH"), mine) == "permit"
    assert rule(label("LOW"), mine) == "classification"


def test_a_clearance_of_another_policy_says_nothing() -> None:
    assert rule(label("LOW"), clearance("LOW", policy="OTHER")) == "policy-mismatch"
    other_oid = msgspec.structs.replace(clearance("LOW"), policy_uri="urn:oid:2.25.9")
    assert rule(label("LOW"), other_oid) == "policy-mismatch"


@pytest.mark.parametrize(
    "held",
    [
        category("Release", P, "XZZ"), category("Release", R, "XAA"), category("Relaese", P, "XAA"),
        category("Release", P, "XAA", uri="urn:oid:2.25.9"), category("Release", P, "ＸＡＡ"), category("Release", P),
        category("Release", P, "xaa"),
    ],
)  # fmt: skip
def test_what_the_policy_does_not_know_in_a_clearance_grants_nothing(held: object) -> None:
    mine = clearance("LOW ＨIGH", held)  # type: ignore[arg-type]
    assert rule(label("LOW", category("Release", P, "XAA")), mine) == "tag-set"
    assert rule(label("HIGH"), mine) == "classification"


def test_a_mandatory_set_needs_a_value() -> None:
    strict = read_spif(spif_text(sets=SETS), mandatory=["Release"])
    for tested in (label("LOW"), label("LOW", category("Release", P)), label("LOW", category("Notes", I, "STAFF"))):
        decision = decide(tested, ALL, strict, NOW)
        assert (decision.rule, decision.detail) == ("missing-mandatory", "Release")
    assert decide(label("LOW", category("Release", P, "XAA")), ALL, strict, NOW).permit


DOWN = label("HIGH", successor=Succession(at=NOW, label=label("LOW", review_at=None)))
UP = label("LOW", successor=Succession(at=NOW + timedelta(days=1), label=label("HIGH", review_at=None)))


@pytest.mark.parametrize("tested", [DOWN, UP])
@pytest.mark.parametrize("days", [-2, 0, 2])
def test_the_stricter_of_originator_and_successor_applies_whatever_the_clock_says(tested: Label, days: int) -> None:
    now = NOW + timedelta(days=days)
    assert not decide(tested, clearance("LOW"), SPIF, now).permit
    assert not decide(tested, clearance("HIGH"), SPIF, now).permit
    assert decide(tested, clearance("LOW HIGH"), SPIF, now).permit


def test_where_succession_is_followed_the_successor_applies_from_its_time_on() -> None:
    before = NOW - timedelta(microseconds=1)
    for now, permitted in ((before, "HIGH"), (NOW, "LOW")):
        for level in ("LOW", "HIGH"):
            decision = decide(DOWN, clearance(level), SPIF, now, follow_succession=True)
            assert decision.permit == (level == permitted)
    assert decide(DOWN, clearance("HIGH"), SPIF, before, follow_succession=True).until == NOW


def test_an_undecidable_successor_denies_either_way() -> None:
    odd = label("LOW", successor=Succession(at=NOW, label=label("LOW", policy="OTHER", review_at=None)))
    assert rule(odd) == "invalid-label"
    assert rule(odd, follow_succession=True) == "invalid-label"
    unknown = label("LOW", successor=Succession(at=NOW, label=label("NONE", review_at=None)))
    assert rule(unknown) == "invalid-label"


def test_a_decision_says_until_when_it_holds() -> None:
    window = 'name="XAA" notAfter="2027-01-01T00:00:00Z"'
    spif = policy(tag_set("Release", P, "XAA", oid="2.25.1").replace('name="XAA"', window))
    tested, mine = label("LOW", category("Release", P, "XAA")), clearance("LOW", category("Release", P, "XAA"))
    first = decide(tested, mine, spif, NOW)
    assert first.permit
    assert first.until is not None
    second = decide(tested, mine, spif, first.until)
    assert (second.permit, second.until) == (False, None)
    assert decide(tested, mine, spif, first.until - timedelta(microseconds=1)).permit
