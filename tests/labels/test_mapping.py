"""Equivalences between policies: nothing maps by itself, a mapped level is no release, each direction for itself."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from gateway.errors import PolicyError
from gateway.labels.book import Book
from gateway.labels.clearance import Clearance
from gateway.labels.decision import Decision, Judgement
from gateway.labels.equivalence import Direction, Equivalence
from gateway.labels.mapping import map_label, stated_levels
from gateway.labels.shipped import shipped
from gateway.labels.spif_read import read_spif
from gateway.track import Label, LabelCategory, Succession
from tests.labels.spif_texts import NOW, I, P, R, category, clearance, label, spif_text, tag_set

ALPHA, BRAVO = (read_spif(shipped()[name]) for name in ("ALPHA", "BRAVO"))
ALLIANCE_NOT_UNION = ("XTR", "XNO", "XGB", "XUS")
UNION_NOT_ALLIANCE = ("XAT", "XIE", "XCY", "XMT")
BOTH_OF_THEM = ("XNL", "XDE")
EVERYBODY = (*ALLIANCE_NOT_UNION, *UNION_NOT_ALLIANCE, *BOTH_OF_THEM)
VALUES = {("Releasable To", "BRV"): ("Releasable To", "BRV")} | {
    ("Releasable To", nation): ("Releasable To", nation) for nation in (*UNION_NOT_ALLIANCE, *BOTH_OF_THEM)
}
ENCRYPT = Equivalence(
    source="ALPHA", target="BRAVO", direction=Direction.ENCRYPT,
    classifications=stated_levels(ALPHA, BRAVO, Direction.ENCRYPT),
    values=VALUES | {("Additional Sensitivity", "LANTERN"): ("Handling", "KEEPSAKE")},
    discarded=frozenset({"Context", "Administrative"}), signed_off_by="the operator", signed_off_on="2026-11-01",
)  # fmt: skip
BOOK = Book([ALPHA, BRAVO], [ENCRYPT])


def alpha(level: str, *categories: LabelCategory, to: tuple[str, ...] = ()) -> Label:
    context = category("Context", P, "ALPHA", *(("Releasable",) if to else ()))
    release = (category("Releasable To", P, "ALPHA", *to),) if to else ()
    return label(level, context, *release, *categories, policy="ALPHA")


def union_nation(name: str, *grouping: str) -> tuple[Clearance, ...]:
    held = category("Releasable To", P, name, *grouping), category("Handling", R, "KEEPSAKE")
    return (clearance("OPEN LIMITED CONFIDENTIAL SECRET", *held, policy="BRAVO"),)


def judge(
    tested: Label, held: tuple[Clearance, ...], book: Book = BOOK, to: Direction = Direction.ENCRYPT
) -> Judgement:
    return book.judge(tested, held, NOW, direction=to)


def permitted(tested: Label, *, grouping: tuple[str, ...]) -> set[str]:
    return {name for name in EVERYBODY if judge(tested, union_nation(name, *grouping)).decision.permit}


def test_released_to_the_union_is_released_to_its_members_alone() -> None:
    """The grouping is a value like others: who holds it is in it. Members of the alliance alone do not hold it."""
    to_union = alpha("RESTRICTED", to=("BRV",))
    assert permitted(to_union, grouping=("BRV",)) == set(EVERYBODY)
    assert permitted(to_union, grouping=()) == set()
    judgement = judge(to_union, union_nation("XAT", "BRV"))
    assert (judgement.basis, judgement.decided_on.classification) == ("equivalence", "LIMITED")
    assert judgement.decided_on.categories == (
        category("Releasable To", P, "BRV", uri=BRAVO.tag_sets["Releasable To"].uri),
    )


@pytest.mark.parametrize("nation", UNION_NOT_ALLIANCE)
def test_a_union_member_outside_the_alliance_sees_what_is_released_to_it_or_to_the_union(nation: str) -> None:
    held = union_nation(nation, "BRV")
    assert judge(alpha("SECRET", to=(nation,)), held).decision.permit
    assert judge(alpha("SECRET", to=("BRV",)), held).decision.permit
    assert judge(alpha("SECRET"), held).decision.rule == "not-released"
    other = next(each for each in UNION_NOT_ALLIANCE if each != nation)
    assert judge(alpha("SECRET", to=(other,)), held).decision.rule == "tag-set"


@pytest.mark.parametrize("nation", ALLIANCE_NOT_UNION)
def test_an_alliance_member_outside_the_union_is_decided_by_the_alliances_policy(nation: str) -> None:
    held = category("Context", P, "ALPHA"), category("Releasable To", P, "ALPHA", nation)
    mine = (clearance("UNCLASSIFIED RESTRICTED CONFIDENTIAL SECRET", *held, policy="ALPHA"),)
    for tested in (alpha("SECRET"), alpha("SECRET", to=("BRV",)), alpha("SECRET", to=(nation,))):
        judgement = judge(tested, mine)
        assert (judgement.decision.permit, judgement.basis) == (True, "originator")
    union_only = (clearance("OPEN LIMITED", category("Releasable To", P, nation), policy="BRAVO"),)
    assert judge(alpha("RESTRICTED", to=(nation,)), union_only).decision.rule == "not-released"
    assert judge(alpha("RESTRICTED", to=("BRV", nation)), union_only).decision.rule == "tag-set"


@pytest.mark.parametrize("nation", BOTH_OF_THEM)
def test_who_is_in_both_is_decided_by_the_labels_own_policy(nation: str) -> None:
    own = clearance(
        "UNCLASSIFIED", category("Context", P, "ALPHA"), category("Releasable To", P, "ALPHA"), policy="ALPHA"
    )
    judgement = judge(alpha("SECRET", to=(nation,)), (*union_nation(nation, "BRV"), own))
    assert (judgement.basis, judgement.decision.rule) == ("originator", "classification")


def test_nothing_maps_by_default_though_the_file_states_levels() -> None:
    judgement = judge(alpha("SECRET", to=("BRV",)), union_nation("XAT", "BRV"), Book([ALPHA, BRAVO]))
    assert (judgement.decision.rule, judgement.basis) == ("not-mapped", "none")


def test_a_direction_is_not_the_other() -> None:
    tested, held = alpha("SECRET", to=("BRV",)), union_nation("XAT", "BRV")
    for signed, works in ((Direction.ENCRYPT, {0}), (Direction.DECRYPT, {1}), (Direction.BOTH, {0, 1})):
        book = Book([ALPHA, BRAVO], [msgspec.structs.replace(ENCRYPT, direction=signed)])
        answers = [judge(tested, held, book, each).decision for each in (Direction.ENCRYPT, Direction.DECRYPT)]
        assert {n for n, each in enumerate(answers) if each.permit} == works
        assert all(each.permit or each.rule == "not-mapped" for each in answers)


def test_the_way_back_needs_an_equivalence_of_its_own() -> None:
    back = label("SECRET", category("Releasable To", P, "XNL", "ALF"), policy="BRAVO")
    held = category("Context", P, "ALPHA"), category("Releasable To", P, "ALPHA", "XNL")
    mine = (clearance("SECRET", *held, policy="ALPHA"),)
    assert judge(back, mine, to=Direction.DECRYPT).decision.rule == "not-mapped"


def test_a_level_without_a_counterpart_is_not_mapped() -> None:
    judgement = judge(alpha("UNCLASSIFIED", to=("BRV",)), union_nation("XAT", "BRV"))
    assert (judgement.decision.rule, judgement.basis) == ("not-mapped", "equivalence")


def test_every_restrictive_value_needs_a_counterpart() -> None:
    sensitive = category("Additional Sensitivity", R, "LANTERN")
    mapped = judge(alpha("SECRET", sensitive, to=("BRV",)), union_nation("XAT", "BRV"))
    assert mapped.decision.permit
    assert category("Handling", R, "KEEPSAKE", uri=BRAVO.tag_sets["Handling"].uri) in mapped.decided_on.categories
    more = category("Additional Sensitivity", R, "LANTERN", "EMBER")
    assert judge(alpha("SECRET", more, to=("BRV",)), union_nation("XAT", "BRV")).decision.rule == "not-mapped"


def test_what_is_mapped_is_held_to_the_rules_of_the_other_policy() -> None:
    """KEEPSAKE does not go with LIMITED."""
    judgement = judge(
        alpha("RESTRICTED", category("Additional Sensitivity", R, "LANTERN"), to=("BRV",)), union_nation("XAT", "BRV")
    )
    assert (judgement.decision.rule, judgement.basis) == ("invalid-label", "equivalence")
    assert "LBL-053" in judgement.decision.detail


def test_permissive_values_without_a_counterpart_are_not_released() -> None:
    mixed = judge(alpha("SECRET", to=("XAA", "XIE")), union_nation("XIE"))
    assert mixed.decided_on.categories[0].values == ("XIE",)
    assert mixed.decision.permit
    assert judge(alpha("SECRET", to=("XAA",)), union_nation("XAA")).decision.rule == "not-released"


def test_a_set_that_only_keeps_some_in_is_not_left_out_unless_the_operator_says_so() -> None:
    only = alpha("SECRET", category("Only", P, "XNL"), to=("BRV",))
    assert judge(only, union_nation("XAT", "BRV")).decision.rule == "not-released"
    values = dict(VALUES) | {("Only", "XNL"): ("Releasable To", "XNL")}
    book = Book([ALPHA, BRAVO], [msgspec.structs.replace(ENCRYPT, values=values)])
    for nation in ("XAT", "XNL"):
        assert judge(only, union_nation(nation, "BRV"), book).decision.rule == "not-released"
    both = alpha("SECRET", category("Only", P, "XNL"), to=("XNL", "XAT"))
    assert judge(both, union_nation("XNL"), book).decision.permit
    assert not judge(both, union_nation("XAT"), book).decision.permit


def test_a_set_of_which_no_value_is_left_is_nobody() -> None:
    sets = (
        tag_set("Release", P, "XAA XBB", oid="2.25.1.1") + tag_set("Also", P, "ONE TWO", oid="2.25.1.2")
    )  # fmt: skip
    here = read_spif(spif_text(sets=sets))
    there = read_spif(spif_text(name="THERE", oid="2.25.77", sets=sets))
    equivalence = Equivalence(
        source="TEST", target="THERE", direction=Direction.BOTH, classifications={"LOW": "LOW"},
        values={("Release", "XAA"): ("Release", "XAA"), ("Also", "ONE"): ("Also", "ONE")},
        signed_off_by="a", signed_off_on="2026-01-01",
    )  # fmt: skip
    tested = label("LOW", category("Release", P, "XAA"), category("Also", P, "TWO"))
    mapped = map_label(tested, equivalence, here, there, NOW)
    assert isinstance(mapped, Label)
    assert {each.tag: each.values for each in mapped.categories} == {"Release": ("XAA",), "Also": ()}
    mine = (clearance("LOW", category("Release", P, "XAA"), category("Also", P, "ONE", "TWO"), policy="THERE"),)
    judgement = judge(tested, mine, Book([here, there], [equivalence]))
    assert judgement.decision.detail == "Also: nobody"


def test_an_invalid_label_maps_to_nothing() -> None:
    for tested, rule in (
        (alpha("NONE", to=("BRV",)), "invalid-label"),
        (label("SECRET", category("Releasable To", P, "BRV"), policy="ALPHA"), "missing-mandatory"),
    ):
        assert judge(tested, union_nation("XAT", "BRV")).decision.rule == rule
        mapped = map_label(tested, ENCRYPT, ALPHA, BRAVO, NOW)
        assert isinstance(mapped, Decision)
        assert mapped.rule == rule


def test_what_is_sent_has_the_mapped_label_as_an_alternative() -> None:
    tested, held = alpha("SECRET", to=("BRV",)), union_nation("XAT", "BRV")
    sent = judge(tested, held)
    assert sent.label.alternatives == (sent.decided_on,)
    assert msgspec.structs.replace(sent.label, alternatives=()) == tested
    assert (sent.decided_on.review_at, sent.decided_on.created_at) == (tested.review_at, tested.created_at)
    both = Book([ALPHA, BRAVO], [msgspec.structs.replace(ENCRYPT, direction=Direction.BOTH)])
    received = judge(tested, held, both, Direction.DECRYPT)
    assert received.decision.permit
    assert received.label == tested
    assert judge(sent.label, held, both, Direction.DECRYPT).basis == "alternative"


def test_successors_are_mapped_too_and_the_stricter_applies() -> None:
    lower = msgspec.structs.replace(alpha("RESTRICTED", to=("BRV",)), review_at=None)
    following = Succession(at=NOW + timedelta(days=1), label=lower)
    down = msgspec.structs.replace(alpha("SECRET", to=("BRV",)), successor=following)
    mapped = judge(down, union_nation("XAT", "BRV")).decided_on
    assert mapped.successor is not None
    assert (mapped.classification, mapped.successor.label.classification) == ("SECRET", "LIMITED")
    limited = (clearance("OPEN LIMITED", category("Releasable To", P, "BRV"), policy="BRAVO"),)
    assert judge(down, limited).decision.rule == "classification"
    unmapped = Succession(at=NOW, label=msgspec.structs.replace(alpha("UNCLASSIFIED", to=("BRV",)), review_at=None))
    assert (
        judge(msgspec.structs.replace(down, successor=unmapped), union_nation("XAT", "BRV")).decision.rule
        == "not-mapped"
    )


DECRYPT = msgspec.structs.replace(ENCRYPT, direction=Direction.DECRYPT)
INBOUND = Book([ALPHA, BRAVO], [DECRYPT])


@pytest.mark.parametrize(
    ("level", "to", "rule"),
    [
        ("SECRET", ("BRV",), "permit"),
        ("SECRET", ("XAT",), "alternative-conflict"),
        ("LIMITED", ("BRV",), "alternative-conflict"),
        ("SECRET", ("BRV", "XAA"), "alternative-conflict"),
        ("SECRET", (), "tag-set"),
    ],
)
def test_an_alternative_that_is_less_strict_than_what_was_signed_off_is_denied(
    level: str, to: tuple[str, ...], rule: str
) -> None:
    alternative = label(level, category("Releasable To", P, *to), policy="BRAVO")
    tested = msgspec.structs.replace(alpha("SECRET", to=("BRV",)), alternatives=(alternative,))
    judgement = judge(tested, union_nation("XAT", "BRV"), INBOUND, Direction.DECRYPT)
    assert (judgement.decision.rule, judgement.basis) == (rule, "alternative")


def test_an_alternative_of_what_releases_nothing_is_denied() -> None:
    alternative = label("SECRET", category("Releasable To", P, "BRV"), policy="BRAVO")
    tested = msgspec.structs.replace(alpha("SECRET"), alternatives=(alternative,))
    judgement = judge(tested, union_nation("XAT", "BRV"), INBOUND, Direction.DECRYPT)
    assert judgement.decision.rule == "alternative-conflict"
    assert "not-released" in judgement.decision.detail


def test_where_nothing_was_signed_off_the_originators_alternative_stands() -> None:
    alternative = label("OPEN", category("Releasable To", P, "BRV"), policy="BRAVO")
    tested = msgspec.structs.replace(alpha("UNCLASSIFIED", to=("BRV",)), alternatives=(alternative,))
    for book in (INBOUND, Book([ALPHA, BRAVO])):
        judgement = judge(tested, union_nation("XAT", "BRV"), book, Direction.DECRYPT)
        assert (judgement.decision.permit, judgement.basis) == (True, "alternative")


def test_stated_levels_are_those_of_the_direction_and_without_conditions() -> None:
    stated = {
        "LOW": '<equivalentClassification policyRef="B" lacv="1" applied="encrypt"/>',
        "MIDDLE": '<equivalentClassification policyRef="B" lacv="2" applied="decrypt"/>',
        "HIGH": '<equivalentClassification policyRef="B" lacv="3" applied="both"/>'
        '<equivalentClassification policyRef="C" lacv="1" applied="both"/>',
    }
    others = (
        '<equivalentPolicies><equivalentPolicy name="B" id="2.25.71"/>'
        '<equivalentPolicy name="C" id="2.25.72"/></equivalentPolicies>'
    )
    here = read_spif(spif_text(level_bodies=stated, extra=others))
    there = read_spif(spif_text(name="WHATEVER", oid="2.25.71", levels="ONE TWO THREE"))
    assert stated_levels(here, there, Direction.ENCRYPT) == {"LOW": "ONE", "HIGH": "THREE"}
    assert stated_levels(here, there, Direction.DECRYPT) == {"MIDDLE": "TWO", "HIGH": "THREE"}
    assert stated_levels(here, there, Direction.BOTH) == {"HIGH": "THREE"}
    assert stated_levels(there, here, Direction.BOTH) == {}


@pytest.mark.parametrize(
    ("change", "code", "word"),
    [
        ({"source": "NONE"}, "LBL-038", "NONE"),
        ({"target": "NONE"}, "LBL-038", "NONE"),
        ({"target": "ALPHA"}, "LBL-038", "itself"),
        ({"classifications": {"NONE": "SECRET"}}, "LBL-038", "NONE"),
        ({"classifications": {"SECRET": "NONE"}}, "LBL-038", "NONE"),
        ({"values": {("Releasable To", "NONE"): ("Releasable To", "BRV")}}, "LBL-038", "NONE"),
        ({"values": {("Releasable To", "BRV"): ("None", "BRV")}}, "LBL-038", "None"),
        ({"values": {("Additional Sensitivity", "EMBER"): ("Use", "TRIAL")}}, "LBL-038", "INFORMATIVE"),
        ({"values": {("Additional Sensitivity", "EMBER"): ("Releasable To", "BRV")}}, "LBL-038", "PERMISSIVE"),
        ({"discarded": frozenset({"Additional Sensitivity"})}, "LBL-038", "restrictive"),
        ({"discarded": frozenset({"None"})}, "LBL-038", "None"),
        ({"signed_off_by": " "}, "LBL-039", "signed_off_by"),
        ({"signed_off_on": ""}, "LBL-039", "signed_off_on"),
    ],
)
def test_an_equivalence_that_the_policies_do_not_bear_out_is_refused(
    change: dict[str, object], code: str, word: str
) -> None:
    with pytest.raises(PolicyError) as caught:
        Book([ALPHA, BRAVO], [msgspec.structs.replace(ENCRYPT, **change)])
    assert caught.value.code.id == code
    assert word in caught.value.cause


@pytest.mark.parametrize("first", list(Direction))
@pytest.mark.parametrize("second", list(Direction))
def test_for_one_direction_there_is_one_equivalence(first: Direction, second: Direction) -> None:
    pair = [msgspec.structs.replace(ENCRYPT, direction=each) for each in (first, second)]
    if {first, second} == {Direction.ENCRYPT, Direction.DECRYPT}:
        assert Book([ALPHA, BRAVO], pair).equivalences == tuple(pair)
    else:
        with pytest.raises(PolicyError) as caught:
            Book([ALPHA, BRAVO], pair)
        assert caught.value.code.id == "LBL-038"


def test_informative_sets_are_left_out_or_mapped_and_decide_nothing() -> None:
    noted = alpha("SECRET", category("Administrative", I, "EXERCISE"), to=("BRV",))
    assert judge(noted, union_nation("XAT", "BRV")).decision.permit
    values = dict(VALUES) | {("Administrative", "EXERCISE"): ("Use", "EXERCISE")}
    kept = msgspec.structs.replace(ENCRYPT, values=values, discarded=frozenset({"Context"}))
    judgement = judge(noted, union_nation("XAT", "BRV"), Book([ALPHA, BRAVO], [kept]))
    assert judgement.decision.permit
    assert ("Use", ("EXERCISE",)) in {(each.tag, each.values) for each in judgement.decided_on.categories}
