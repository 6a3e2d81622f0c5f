"""The rules of labels that no schema enforces: each with its code, and what keeps to them passes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.labels import codes
from gateway.labels.check import MAX_SUCCESSORS, Finding, check_label
from gateway.labels.decide import decide
from gateway.labels.read import read_label
from gateway.labels.spif import Spif
from gateway.labels.spif_read import read_spif
from gateway.track import Label, Succession
from tests.labels.spif_texts import (
    NOW,
    I,
    P,
    R,
    category,
    clearance,
    label,
    nato,
    nato_shaped,
    policy,
    spif_text,
    tag_set,
)

SETS = (
    tag_set("Secrets", R, "EMBER ANVIL", oid="2.25.1.1", bodies={"EMBER": "<excludedClass>LOW</excludedClass>"})
    + tag_set("Release", P, "XAA XBB XCC", oid="2.25.1.2")
    + tag_set("Notes", I, "STAFF", oid="2.25.1.3")
)


def found(tested: Label, spif: Spif | None = None, *, new: bool = False) -> list[str]:
    return [each.code.id for each in check_label(tested, spif or policy(SETS), NOW, new=new)]


def test_a_label_that_keeps_to_every_rule_has_no_findings() -> None:
    whole = label(
        "MIDDLE", category("Secrets", R, "EMBER", uri="urn:oid:2.25.1.1"), category("Release", P, "XAA", "XBB"),
        category("Notes", I, "STAFF"), policy_uri="urn:oid:2.25.11112222333344445555666677778888",
    )  # fmt: skip
    assert check_label(whole, policy(SETS), NOW) == ()


def test_a_label_needs_a_review_time_or_a_succession() -> None:
    assert found(label("LOW", review_at=None)) == ["LBL-040"]
    following = Succession(at=NOW, label=label("LOW", review_at=None))
    assert found(label("LOW", review_at=None, successor=following)) == []


def test_a_review_time_that_has_passed_invalidates_nothing() -> None:
    assert found(label("LOW", review_at=NOW - timedelta(days=9_000))) == []


def test_content_that_the_standard_forbids_is_never_ignored() -> None:
    assert found(label("LOW", unknown=("Classification/@URI",))) == ["LBL-041"]


@pytest.mark.parametrize(
    "wrong", ["urn:oid:2.25.9", "2.25.11112222333344445555666677778888", "https://example.org/TEST", ""]
)
def test_a_policy_uri_is_the_oid_of_its_policy(wrong: str) -> None:
    assert found(label("LOW", policy_uri=wrong)) == ["LBL-042"]


def test_a_label_of_another_policy_is_not_valid_under_this_one() -> None:
    assert found(label("LOW", policy="OTHER")) == ["LBL-043"]


def test_unknown_words_are_findings() -> None:
    assert found(label("NONE")) == ["LBL-044"]
    assert found(label("LOW", category("None", P, "XAA"))) == ["LBL-045"]
    assert found(label("LOW", category("Release", P, "XAA", "XZZ"))) == ["LBL-046"]


@pytest.mark.parametrize("word", ["ＬＯＷ", "ⅬOW", "LOẈ̇", "LO\u2060W", "ＬOW "])
def test_look_alikes_are_refused(word: str) -> None:
    assert found(label(word)) in (["LBL-047"], ["LBL-044"])


def test_words_that_only_look_like_ours_are_said_to_be_so() -> None:
    assert found(label("ＬＯＷ")) == ["LBL-047"]
    assert found(label("LOW", category("Release", P, "ＸＡＡ"))) == ["LBL-047"]
    assert found(label("LOW", category("Ｒelease", P, "XAA"))) == ["LBL-047"]
    assert found(label("LOW", policy="ＴEST")) == ["LBL-047"]


@pytest.mark.parametrize("word", [" {}", "{} ", "\t{}", "{}\n"])
def test_nothing_is_trimmed(word: str) -> None:
    assert found(label(word.format("LOW"))) == ["LBL-044"]
    assert found(label("LOW", category(word.format("Release"), P, "XAA"))) == ["LBL-045"]
    assert found(label("LOW", category("Release", P, word.format("XAA")))) == ["LBL-046"]


def test_case_counts_unless_the_policy_ignores_it() -> None:
    lower = label("low", category("release", P, "xaa"), policy="test")
    assert found(lower) == ["LBL-043", "LBL-044", "LBL-045"]
    assert found(lower, read_spif(spif_text(sets=SETS), ignore_case=True)) == []


@pytest.mark.parametrize("word", ["Kelvin", "ſilent", "Straße"])
def test_only_ascii_letters_are_folded(word: str) -> None:
    """U+212A lower-cases to k and U+017F upper-cases to S: both would be look-alikes."""
    spif = read_spif(spif_text(levels="kelvin silent strasse STRASSE2"), ignore_case=True)
    looks_alike = word.replace("Kelvin", "\u212aelvin")
    assert found(label(looks_alike), spif) in (["LBL-047"], ["LBL-044"])
    assert found(label("KELVIN"), spif) == []


def test_a_restrictive_set_that_is_sent_as_informative_does_not_leave_the_decision() -> None:
    smuggled = label("HIGH", category("Secrets", I, "EMBER"))
    assert found(smuggled) == ["LBL-048"]
    assert decide(smuggled, clearance("HIGH"), policy(SETS), NOW).rule == "invalid-label"


@pytest.mark.parametrize("kind", [P, I, "Permissive", "restrictive", ""])
def test_a_category_has_the_type_that_the_policy_gives_it(kind: str) -> None:
    assert found(label("HIGH", category("Secrets", kind, "EMBER"))) == ["LBL-048"]


def test_a_value_has_the_type_that_its_tag_has() -> None:
    mixed = policy(
        '<securityCategoryTagSet name="Mixed" id="2.25.5">'
        '<securityCategoryTag tagType="restrictive"><tagCategory name="A" lacv="1"/></securityCategoryTag>'
        '<securityCategoryTag tagType="tagType7"><tagCategory name="B" lacv="1"/></securityCategoryTag>'
        "</securityCategoryTagSet>"
    )
    assert found(label("LOW", category("Mixed", R, "A")), mixed) == []
    assert found(label("LOW", category("Mixed", I, "A")), mixed) == ["LBL-048"]
    assert found(label("LOW", category("Mixed", R, "A"), category("Mixed", I, "B")), mixed) == ["LBL-049"]


def test_a_type_that_no_label_can_have_is_never_valid() -> None:
    odd = policy(tag_set("Odd", R, "A", oid="2.25.6").replace('tagType="restrictive"', 'tagType="notApplicable"'))
    for kind in (R, P, I, "NOT_APPLICABLE"):
        tested = label("LOW", category("Odd", kind, "A"))
        assert not decide(tested, clearance("LOW", category("Odd", kind, "A")), odd, NOW).permit


def test_a_tag_uri_is_that_of_its_tag_set() -> None:
    assert found(label("LOW", category("Release", P, "XAA", uri="urn:oid:2.25.1.1"))) == ["LBL-050"]


def test_obsolete_words_are_read_but_not_written_anew() -> None:
    sets = tag_set("Release", P, "XAA", oid="2.25.1").replace('name="XAA"', 'name="XAA" obsolete="true"')
    spif = read_spif(spif_text(sets=sets).replace(b'hierarchy="1"', b'hierarchy="1" obsolete="1"'))
    old = label("LOW", category("Release", P, "XAA"))
    assert found(old, spif) == []
    assert found(old, spif, new=True) == ["LBL-051", "LBL-051"]


def test_values_and_policies_are_valid_in_their_time_alone() -> None:
    window = 'name="XAA" notBefore="2026-01-01T00:00:00Z" notAfter="2027-01-01T00:00:00Z"'
    sets = tag_set("Release", P, "XAA", oid="2.25.1").replace('name="XAA"', window)
    spif = read_spif(spif_text(sets=sets, root='schemaVersion="2.1" notAfter="2028-01-01T00:00:00Z"'))
    tested = label("LOW", category("Release", P, "XAA"))
    expected = {2025: ["LBL-052"], 2026: [], 2027: ["LBL-052"], 2028: ["LBL-052", "LBL-052"]}
    for year, findings in expected.items():
        now = NOW.replace(year=year, month=1, day=1, hour=0)
        assert [each.code.id for each in check_label(tested, spif, now)] == findings, year


def test_values_go_with_classifications() -> None:
    assert found(label("LOW", category("Secrets", R, "EMBER"))) == ["LBL-053"]
    spif = policy(
        tag_set("Notes", I, "STAFF", oid="2.25.1").replace('name="STAFF"', 'name="STAFF" requiredClass="LOW"')
    )
    assert found(label("LOW", category("Notes", I, "STAFF")), spif) == []
    assert found(label("HIGH", category("Notes", I, "STAFF")), spif) == ["LBL-053"]


def _requiring(operation: str, *groups: str) -> Spif:
    inside = "".join(f'<categoryGroup tagSetRef="Release" tagType="permissive" {group}/>' for group in groups)
    body = f'<requiredCategory operation="{operation}">{inside}</requiredCategory>'
    sets = tag_set("Release", P, "XAA XBB XCC", oid="2.25.1")
    return read_spif(spif_text(sets=sets, level_bodies={"HIGH": body}))


@pytest.mark.parametrize(
    ("operation", "groups", "allowed"),
    [
        ("onlyOne", ('lacv="1"', 'lacv="2"'), ["XAA", "XBB", "XAA XCC", "XBB XCC"]),
        ("oneOrMore", ('lacv="1"', 'lacv="2"'), ["XAA", "XBB", "XAA XBB", "XAA XCC", "XBB XCC", "XAA XBB XCC"]),
        ("all", ('lacv="1"', 'lacv="2"'), ["XAA XBB", "XAA XBB XCC"]),
        ("all", ('all="true"',), ["XAA", "XBB", "XCC", "XAA XBB", "XAA XCC", "XBB XCC", "XAA XBB XCC"]),
        ("onlyOne", ('all="true"',), ["XAA", "XBB", "XCC"]),
        ("onlyOne", ('all="true"', 'lacv="1"'), ["XAA", "XBB", "XCC"]),
    ],
)
def test_classifications_ask_for_categories(operation: str, groups: tuple[str, ...], allowed: list[str]) -> None:
    spif = _requiring(operation, *groups)
    for words in ("", "XAA", "XBB", "XCC", "XAA XBB", "XAA XCC", "XBB XCC", "XAA XBB XCC"):
        tested = label("HIGH", category("Release", P, *words.split()))
        assert found(tested, spif) == ([] if words in allowed else ["LBL-054"]), words
        assert found(label("LOW", category("Release", P, *words.split())), spif) == []


def test_values_ask_for_and_exclude_others() -> None:
    bodies = {
        "EMBER": '<requiredCategory operation="oneOrMore">'
        '<categoryGroup tagSetRef="Release" tagType="permissive" all="1"/></requiredCategory>',
        "ANVIL": '<excludedCategory tagSetRef="Secrets" tagType="restrictive" all="true"/>',
    }
    spif = policy(
        tag_set("Secrets", R, "EMBER ANVIL", oid="2.25.1", bodies=bodies) + tag_set("Release", P, "XAA", oid="2.25.2")
    )
    assert found(label("LOW", category("Secrets", R, "EMBER")), spif) == ["LBL-054"]
    assert found(label("LOW", category("Secrets", R, "EMBER"), category("Release", P, "XAA")), spif) == []
    assert found(label("LOW", category("Secrets", R, "ANVIL")), spif) == []
    both = label("LOW", category("Secrets", R, "ANVIL", "EMBER"), category("Release", P, "XAA"))
    assert found(both, spif) == ["LBL-055"]


@pytest.mark.parametrize(
    ("limit", "allowed"),
    [('singleSelection="true"', {0, 1}), ('maxSelection="2"', {0, 1, 2}), ('minSelection="2"', {2, 3})],
)
def test_a_tag_has_as_many_values_as_it_may(limit: str, allowed: set[int]) -> None:
    spif = policy(tag_set("Release", P, "XAA XBB XCC", oid="2.25.1", tag=limit))
    for number in range(4):
        tested = label("LOW", category("Release", P, *("XAA", "XBB", "XCC")[:number]))
        assert found(tested, spif) == ([] if number in allowed else ["LBL-056"])


def test_what_a_tag_asks_for_at_least_it_asks_of_labels_without_its_set_too() -> None:
    spif = policy(tag_set("Release", P, "XAA XBB", oid="2.25.1", tag='minSelection="1"'))
    assert found(label("LOW"), spif) == ["LBL-056"]
    assert found(label("LOW", category("Release", P, "XAA")), spif) == []


def test_duplicates_and_order_change_nothing() -> None:
    once = label("LOW", category("Release", P, "XAA"), category("Secrets", R, "ANVIL"))
    often = label(
        "LOW", category("Secrets", R, "ANVIL", "ANVIL"), category("Release", P, "XAA", "XAA"),
        category("Release", P, "XAA"), category("Secrets", R, "ANVIL"),
    )  # fmt: skip
    for held in ((), ("XAA",), ("XBB",)):
        mine = clearance("LOW", category("Release", P, *held), category("Secrets", R, "ANVIL"))
        assert decide(once, mine, policy(SETS), NOW) == decide(often, mine, policy(SETS), NOW)


def test_a_permissive_set_in_two_categories_is_read_at_its_strictest() -> None:
    split = label("LOW", category("Release", P, "XAA", "XBB"), category("Release", P, "XBB", "XCC"))
    permitted = {
        nation: decide(split, clearance("LOW", category("Release", P, nation)), policy(SETS), NOW).permit
        for nation in ("XAA", "XBB", "XCC")
    }
    assert permitted == {"XAA": False, "XBB": True, "XCC": False}


REAL = category("Context", P, "NATO")
WITH = category("Context", P, "NATO", "Releasable")


@pytest.mark.parametrize(
    ("tested", "expected"),
    [
        (nato("UNCLASSIFIED", REAL), []),
        (nato("unclassified", category("CONTEXT", P, "nato")), []),
        (nato("SECRET", WITH, category("Releasable To", P, "NATO", "JPN")), []),
        (nato("SECRET", WITH), ["LBL-057"]),
        (nato("SECRET", REAL, category("Releasable To", P, "NATO", "JPN")), ["LBL-057"]),
        (nato("SECRET", WITH, category("Releasable To", P, "JPN")), ["LBL-057"]),
        (nato("SECRET", category("Context", P, "NATO", "KFOR")), ["LBL-057"]),
        (nato("SECRET", category("Context", P)), ["LBL-057"]),
        (nato("SECRET", category("Context", P, "Releasable"), category("Releasable To", P, "JPN")), ["LBL-057"]),
        (nato("UNCLASSIFIED", REAL, category("Administrative", I, "STAFF")), []),
        (nato("RESTRICTED", REAL, category("Administrative", I, "STAFF")), ["LBL-058"]),
    ],
)
def test_the_policy_of_nato_has_rules_that_its_file_cannot_say(tested: Label, expected: list[str]) -> None:
    assert found(tested, nato_shaped()) == expected


def test_a_privacy_mark_is_one_that_the_policy_lists_if_it_lists_any() -> None:
    listing = read_spif(spif_text(extra='<privacyMarks><privacyMark name="IN CONFIDENCE"/></privacyMarks>'))
    assert found(label("LOW", privacy_mark="anything")) == []
    assert found(label("LOW", privacy_mark="IN CONFIDENCE"), listing) == []
    assert found(label("LOW", privacy_mark="anything"), listing) == ["LBL-059"]


def _chain(length: int, *, policy: str = "TEST", step_s: int = 1) -> Label:
    following = None
    for n in range(length, 0, -1):
        at = NOW + timedelta(seconds=n * step_s)
        following = Succession(at=at, label=label("LOW", policy=policy, review_at=None, successor=following))
    return label("LOW", successor=following)


def test_successions_are_bounded_forward_and_of_one_policy() -> None:
    assert found(_chain(MAX_SUCCESSORS)) == []
    assert found(_chain(MAX_SUCCESSORS + 1)) == ["LBL-060"]
    assert found(_chain(2, step_s=-1)) == ["LBL-060"]
    assert found(_chain(1, policy="OTHER")) == ["LBL-060"]


def test_successors_are_held_to_the_same_rules() -> None:
    following = Succession(at=NOW, label=label("NONE", review_at=None))
    assert found(label("LOW", successor=following)) == ["LBL-044"]


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("<PolicyIdentifier URI='urn:oid:1.3.26.1.3.2'>NATO</PolicyIdentifier>{}SECRET</Classification>", "LBL-042"),
        ("<PolicyIdentifier>NATO</PolicyIdentifier><Classification URI='urn:x:y'>SECRET</Classification>", "LBL-041"),
        ("<PolicyIdentifier>NATO</PolicyIdentifier>{}SECRET</Classification><x:y xmlns:x='urn:x'/>", "LBL-041"),
    ],
)
def test_findings_in_labels_as_they_come(inside: str, code: str) -> None:
    inside = inside.format("<Classification>")
    octets = (
        '<originatorConfidentialityLabel xmlns="urn:nato:stanag:4774:confidentialitymetadatalabel:1:0"'
        f' ReviewDateTime="2030-01-01T00:00:00Z"><ConfidentialityInformation>{inside}</ConfidentialityInformation>'
        "<CreationDateTime>2026-01-01T00:00:00Z</CreationDateTime></originatorConfidentialityLabel>"
    )
    assert code in found(read_label(octets.encode()), nato_shaped())


def test_a_finding_reads_as_a_sentence_with_its_code_and_place() -> None:
    finding = Finding(codes.UNKNOWN_VALUE, "Category 'Release'", "'XZZ'")
    assert str(finding) == "LBL-046 tag set does not have the value (Category 'Release': 'XZZ')"
