"""Rules that hold something back only in corners: without each of them, one of these labels would get further."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from gateway.errors import PolicyError
from gateway.labels.book import Book
from gateway.labels.check import check_label
from gateway.labels.decide import decide
from gateway.labels.decision import Decision
from gateway.labels.equivalence import Direction, Equivalence
from gateway.labels.mapping import map_label, stated_levels
from gateway.labels.spif_read import read_spif
from gateway.track import Label, Succession
from tests.labels.spif_texts import NOW, I, P, R, category, clearance, label, spif_text, tag_set
from tests.labels.test_mapping import ALPHA, BRAVO, alpha
from tests.labels.test_mapping import ENCRYPT as SIGNED

SETS = (
    tag_set("Secrets", R, "EMBER ANVIL", oid="2.25.1.1")
    + tag_set("Release", P, "XAA XBB", oid="2.25.1.2")
    + tag_set("Notes", I, "STAFF TRIAL", oid="2.25.1.3")
)
HERE = read_spif(spif_text(name="HERE", oid="2.25.81", sets=SETS))
THERE = read_spif(spif_text(name="THERE", oid="2.25.82", sets=SETS))
RELEASED = category("Release", P, "XAA")


def here(level: str, *more: object) -> Label:
    return label(level, RELEASED, *more, policy="HERE")  # type: ignore[arg-type]


def signed(levels: dict[str, str], **more: object) -> Equivalence:
    found = Equivalence(
        source="HERE", target="THERE", direction=Direction.ENCRYPT, classifications=levels,
        values={("Release", "XAA"): ("Release", "XAA")}, signed_off_by="a", signed_off_on="2026-01-01",
    )  # fmt: skip
    return msgspec.structs.replace(found, **more)


def test_an_alternative_does_not_speak_for_a_label_whose_mandatory_set_is_empty() -> None:
    book = Book([ALPHA, BRAVO])
    alternative = label("OPEN", category("Releasable To", P, "BRV"), policy="BRAVO")
    held = (clearance("OPEN", category("Releasable To", P, "BRV"), policy="BRAVO"),)
    tested = label("SECRET", category("Context", P), policy="ALPHA", alternatives=(alternative,))
    decision = book.judge(tested, held, NOW, direction=Direction.DECRYPT).decision
    assert (decision.rule, decision.detail) == ("missing-mandatory", "Context")


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_decision_holds_until_the_next_change_and_not_the_last(number: int) -> None:
    days = [NOW + timedelta(days=n) for n in (1, 2, 3)]
    chain: Succession | None = None
    for day in reversed(days):
        chain = Succession(at=day, label=label("LOW", policy="HERE", review_at=None, successor=chain))
    tested = label("LOW", policy="HERE", review_at=None, successor=chain)
    now = NOW + timedelta(days=number)
    assert decide(tested, clearance("LOW", policy="HERE"), HERE, now).until == days[number]
    over = decide(tested, clearance("LOW", policy="HERE"), HERE, days[-1])
    assert over.until is None


def test_labels_that_map_alike_are_joined_and_cover_each_other() -> None:
    book = Book([HERE, THERE], [signed({"LOW": "LOW", "HIGH": "HIGH"})])
    low, high = here("LOW"), here("HIGH")
    joined = book.dominant([low, high], NOW)
    assert joined is not None
    assert joined.classification == "HIGH"
    assert book.covers(high, low, NOW)


def test_labels_whose_levels_map_the_other_way_round_are_not_joined() -> None:
    """HIGH here is LOW there: the joined label would be HIGH, and go to whom LOW here is denied."""
    book = Book([HERE, THERE], [signed({"LOW": "HIGH", "HIGH": "LOW"})])
    low, high = here("LOW"), here("HIGH")
    held = (clearance("LOW", RELEASED, policy="THERE"),)
    permits = {each.classification: book.judge(each, held, NOW, direction=Direction.ENCRYPT).decision.permit
               for each in (low, high)}  # fmt: skip
    assert permits == {"LOW": False, "HIGH": True}
    assert book.dominant([low, high], NOW) is None
    assert not book.covers(high, low, NOW)


def test_equivalences_of_other_policies_have_no_say_in_joining() -> None:
    back = signed({"LOW": "HIGH", "HIGH": "LOW"}, source="THERE", target="HERE")
    book = Book([HERE, THERE], [back])
    assert book.dominant([here("LOW"), here("HIGH")], NOW) is not None
    assert book.covers(here("HIGH"), here("LOW"), NOW)


def test_alternatives_of_policies_that_are_not_installed_are_covered_by_themselves_alone() -> None:
    book = Book([HERE])
    strange, other = label("A", policy="NONE"), label("B", policy="NONE")
    one, same, another = (
        msgspec.structs.replace(here("LOW"), alternatives=(each,)) for each in (strange, strange, other)
    )
    assert book.covers(one, same, NOW)
    assert not book.covers(one, another, NOW)
    assert book.dominant([one, another], NOW) is None


def test_restrictive_values_of_two_categories_count_all() -> None:
    tested = label("LOW", category("Secrets", R, "EMBER"), category("Secrets", R, "ANVIL"), policy="HERE")
    for held, permitted in ((("EMBER",), False), (("ANVIL",), False), (("EMBER", "ANVIL"), True), ((), False)):
        mine = clearance("LOW", category("Secrets", R, *held), policy="HERE")
        assert decide(tested, mine, HERE, NOW).permit == permitted


@pytest.mark.parametrize(("seconds", "valid"), [(1, True), (0, False), (-1, False)])
def test_a_successor_comes_later_than_the_one_before(seconds: int, valid: bool) -> None:
    last = Succession(at=NOW + timedelta(seconds=seconds), label=label("LOW", policy="HERE", review_at=None))
    first = Succession(at=NOW, label=label("LOW", policy="HERE", review_at=None, successor=last))
    found = check_label(label("LOW", policy="HERE", successor=first), HERE, NOW)
    assert [each.code.id for each in found] == ([] if valid else ["LBL-060"])


def test_a_value_excludes_one_of_its_own_name_in_another_set() -> None:
    excluding = '<excludedCategory tagSetRef="Release" tagType="permissive" lacv="1"/>'
    sets = tag_set("Release", P, "XAA XBB", oid="2.25.1") + tag_set(
        "Only", P, "XAA XBB", oid="2.25.2", bodies={"XAA": excluding}
    )
    spif = read_spif(spif_text(sets=sets))
    for value, codes in (("XAA", ["LBL-055"]), ("XBB", [])):
        tested = label("LOW", category("Only", P, "XAA"), category("Release", P, value))
        assert [each.code.id for each in check_label(tested, spif, NOW)] == codes


def test_labels_that_have_one_set_in_two_types_are_not_joined() -> None:
    mixed = (
        '<securityCategoryTagSet name="Mixed" id="2.25.5">'
        '<securityCategoryTag tagType="restrictive"><tagCategory name="A" lacv="1"/></securityCategoryTag>'
        '<securityCategoryTag tagType="tagType7"><tagCategory name="B" lacv="1"/></securityCategoryTag>'
        "</securityCategoryTagSet>"
    )
    book = Book([read_spif(spif_text(sets=mixed))])
    one, other = label("LOW", category("Mixed", R, "A")), label("LOW", category("Mixed", I, "B"))
    assert book.check(one, NOW) == book.check(other, NOW) == ()
    assert book.dominant([one, other], NOW) is None
    assert book.dominant([one, label("HIGH")], NOW) is not None


def test_an_alternative_that_all_have_stays_as_it_is() -> None:
    book = Book([HERE, THERE])
    later = Succession(at=NOW, label=label("LOW", policy="THERE", review_at=None))
    alternative = label("HIGH", policy="THERE", review_at=None, successor=later)
    several = [msgspec.structs.replace(here(level), alternatives=(alternative,)) for level in ("LOW", "HIGH")]
    joined = book.dominant(several, NOW)
    assert joined is not None
    assert joined.alternatives == (alternative,)


def test_a_label_is_completed_without_changing_what_it_says() -> None:
    book = Book([HERE])
    wrong = label("LOW", category("Release", P, "XAA", uri="urn:oid:2.25.1.1"), policy="HERE", policy_uri="urn:oid:2.9")
    whole = book.complete(wrong, created_at=NOW, review_at=NOW)
    assert (whole.categories, whole.policy_uri) == (wrong.categories, "urn:oid:2.9")
    assert {each.code.id for each in book.check(whole, NOW)} == {"LBL-042", "LBL-050"}


def test_where_case_does_not_count_the_identifier_still_does() -> None:
    spif = read_spif(spif_text(name="Quiet", oid="2.25.84"), ignore_case=True)
    assert check_label(label("low", policy="QUIET", policy_uri="urn:oid:2.25.84"), spif, NOW) == ()
    for policy in ("QUIET", "Quiet"):
        (finding,) = check_label(label("LOW", policy=policy, policy_uri="urn:oid:2.25.85"), spif, NOW)
        assert finding.code.id == "LBL-042"


def test_current_words_are_for_new_labels() -> None:
    tested = here("LOW", category("Secrets", R, "ANVIL"), category("Notes", I, "STAFF"))
    assert check_label(tested, HERE, NOW, new=True) == ()
    sets = SETS.replace('name="ANVIL"', 'name="ANVIL" requiredClass="LOW"')
    limited = read_spif(spif_text(name="HERE", oid="2.25.81", sets=sets))
    assert check_label(tested, limited, NOW, new=True) == ()


@pytest.mark.parametrize(
    ("window", "valid"),
    [
        ('notBefore="2027-01-01T00:00:00Z"', False), ('notAfter="2026-01-01T00:00:00Z"', False),
        ('notBefore="2026-01-01T00:00:00Z"', True), ('notAfter="2027-01-01T00:00:00Z"', True),
    ],
)  # fmt: skip
def test_one_end_of_a_policys_time_is_enough_to_bound_it(window: str, valid: bool) -> None:
    spif = read_spif(spif_text(root=f'schemaVersion="2.1" {window}'))
    assert [each.code.id for each in check_label(label("LOW"), spif, NOW)] == ([] if valid else ["LBL-052"])


@pytest.mark.parametrize("turn", [1, -1])
def test_the_number_of_values_is_held_whichever_category_comes_last(turn: int) -> None:
    sets = SETS.replace('tagType="permissive"', 'tagType="permissive" maxSelection="1"')
    spif = read_spif(spif_text(sets=sets))
    categories = (category("Release", P, "XAA", "XBB"), category("Notes", I, "STAFF"))[::turn]
    assert [each.code.id for each in check_label(label("LOW", *categories), spif, NOW)] == ["LBL-056"]


def test_a_label_needs_no_privacy_mark_where_the_policy_lists_some() -> None:
    listing = read_spif(spif_text(extra='<privacyMarks><privacyMark name="QUIET"/></privacyMarks>'))
    assert check_label(label("LOW"), listing, NOW) == ()
    assert [each.code.id for each in check_label(label("LOW", privacy_mark=""), listing, NOW)] == ["LBL-059"]


def test_a_label_needs_a_privacy_mark_where_the_policy_asks_for_one() -> None:
    marks = '<privacyMarks minSelection="1" maxSelection="1"><privacyMark name="QUIET"/></privacyMarks>'
    spif = read_spif(spif_text(extra=marks))
    assert check_label(label("LOW", privacy_mark="QUIET"), spif, NOW) == ()
    assert [each.code.id for each in check_label(label("LOW"), spif, NOW)] == ["LBL-059"]
    with pytest.raises(PolicyError) as caught:
        read_spif(spif_text(extra=marks.replace('"1" max', '"2" max')))
    assert caught.value.code.id == "LBL-033"


def test_levels_of_a_policy_with_which_all_equivalence_is_conditional_are_not_adopted() -> None:
    need = '<requiredCategory operation="all"><categoryGroup tagSetRef="Release" tagType="permissive" lacv="1"/>'
    stated = {"LOW": '<equivalentClassification policyRef="B" lacv="1" applied="both"/>'}
    for inside, expected in (("", {"LOW": "LOW"}), (f"{need}</requiredCategory>", {})):
        policy = f'<equivalentPolicy name="B" id="2.25.82">{inside}</equivalentPolicy>'
        extra = f"<equivalentPolicies>{policy}</equivalentPolicies>"
        source = read_spif(spif_text(sets=SETS, level_bodies=stated, extra=extra))
        assert stated_levels(source, THERE, Direction.BOTH) == expected


def test_an_equivalence_is_for_its_own_two_policies() -> None:
    elsewhere = read_spif(spif_text(name="ELSEWHERE", oid="2.25.83", sets=SETS))
    held = (clearance("LOW", RELEASED, policy="THERE"),)
    for source, target in (("HERE", "ELSEWHERE"), ("ELSEWHERE", "THERE"), ("THERE", "HERE")):
        book = Book([HERE, THERE, elsewhere], [signed({"LOW": "LOW"}, source=source, target=target)])
        judgement = book.judge(here("LOW"), held, NOW, direction=Direction.ENCRYPT)
        assert (judgement.decision.rule, judgement.basis) == ("not-mapped", "none")


def mapped(tested: Label, **more: object) -> Label | Decision:
    """By an equivalence that no book has looked at before."""
    return map_label(tested, signed({"LOW": "LOW", "HIGH": "HIGH"}, **more), HERE, THERE, NOW)


def test_mapping_denies_by_itself_whatever_was_checked_before() -> None:
    foreign = Succession(at=NOW, label=label("LOW", policy="THERE", review_at=None))
    secret = here("LOW", category("Secrets", R, "EMBER"))
    for tested, more, rule in (
        (label("LOW", policy="HERE"), {}, "not-released"),
        (label("MIDDLE", RELEASED, policy="HERE"), {}, "not-mapped"),
        (label("NONE", RELEASED, policy="HERE"), {}, "invalid-label"),
        (msgspec.structs.replace(here("LOW"), successor=foreign), {}, "invalid-label"),
        (secret, {}, "not-mapped"),
        (secret, {"discarded": frozenset({"Secrets"})}, "not-mapped"),
    ):
        found = mapped(tested, **more)
        assert isinstance(found, Decision)
        assert (found.permit, found.rule) == (False, rule)
    strict = msgspec.structs.replace(HERE, mandatory=frozenset({"Notes"}))
    found = map_label(here("LOW", category("Notes", I)), signed({"LOW": "LOW"}), strict, THERE, NOW)
    assert isinstance(found, Decision)
    assert (found.rule, found.detail) == ("missing-mandatory", "Notes")


def test_a_restriction_or_a_note_with_a_counterpart_is_no_release() -> None:
    values = {("Secrets", "EMBER"): ("Secrets", "EMBER"), ("Notes", "STAFF"): ("Notes", "STAFF")}
    for more in (category("Secrets", R, "EMBER"), category("Notes", I, "STAFF")):
        found = mapped(label("LOW", more, policy="HERE"), values=values)
        assert isinstance(found, Decision)
        assert found.rule == "not-released"
        held = (clearance("LOW", category("Secrets", R, "EMBER"), policy="THERE"),)
        book = Book([HERE, THERE], [signed({"LOW": "LOW"}, values=values)])
        judgement = book.judge(label("LOW", more, policy="HERE"), held, NOW, direction=Direction.ENCRYPT)
        assert judgement.decision.rule == "not-released"


def test_a_level_that_is_stated_twice_or_does_not_exist_is_not_adopted() -> None:
    stated = {
        "LOW": '<equivalentClassification policyRef="B" lacv="9" applied="both"/>',
        "MIDDLE": '<equivalentClassification policyRef="B" lacv="2" applied="both"/>'
        '<equivalentClassification policyRef="B" lacv="1" applied="encrypt"/>',
        "HIGH": '<equivalentClassification policyRef="B" lacv="3" applied="both"/>' * 2,
    }
    extra = '<equivalentPolicies><equivalentPolicy name="B" id="2.25.82"/></equivalentPolicies>'
    source = read_spif(spif_text(level_bodies=stated, extra=extra))
    assert stated_levels(source, THERE, Direction.ENCRYPT) == {"HIGH": "HIGH"}
    assert stated_levels(source, THERE, Direction.DECRYPT) == {"MIDDLE": "MIDDLE", "HIGH": "HIGH"}


def test_a_label_covers_all_that_another_will_be() -> None:
    rising = Succession(at=NOW, label=label("HIGH", policy="HERE", review_at=None))
    other = label("LOW", policy="HERE", successor=rising)
    for follow in (False, True):
        book = Book([HERE], follow_succession=follow)
        assert not book.covers(label("MIDDLE", policy="HERE"), other, NOW)
        assert book.covers(label("HIGH", policy="HERE"), other, NOW)


def test_no_label_covers_one_that_nobody_may_see() -> None:
    odd = tag_set("Odd", R, "A", oid="2.25.6").replace('tagType="restrictive"', 'tagType="notApplicable"')
    book = Book([read_spif(spif_text(name="HERE", oid="2.25.81", sets=SETS + odd))])
    nobodys = here("LOW", category("Odd", "NOT_APPLICABLE", "A"))
    held = (clearance("LOW HIGH", RELEASED, category("Odd", "NOT_APPLICABLE", "A"), policy="HERE"),)
    assert not book.judge(nobodys, held, NOW, direction=Direction.ENCRYPT).decision.permit
    assert book.judge(here("HIGH"), held, NOW, direction=Direction.ENCRYPT).decision.permit
    assert not book.covers(here("HIGH"), nobodys, NOW)


def test_a_set_of_no_type_that_labels_can_have_is_not_left_out() -> None:
    odd = tag_set("Odd", R, "A", oid="2.25.6").replace('tagType="restrictive"', 'tagType="notApplicable"')
    source = read_spif(spif_text(name="HERE", oid="2.25.81", sets=SETS + odd))
    with pytest.raises(PolicyError) as caught:
        Book([source, THERE], [signed({"LOW": "LOW"}, discarded=frozenset({"Odd"}))])
    assert caught.value.code.id == "LBL-038"


def test_each_successor_is_mapped_with_its_own_time() -> None:
    days = [NOW + timedelta(days=n) for n in (1, 5, 9)]
    levels = ["HIGH", "LOW", "LOW"]
    chain: Succession | None = None
    for day, level in reversed(list(zip(days, levels, strict=True))):
        chain = Succession(at=day, label=msgspec.structs.replace(here(level), review_at=None, successor=chain))
    found = mapped(msgspec.structs.replace(here("HIGH"), successor=chain))
    assert isinstance(found, Label)
    told = []
    following = found.successor
    while following is not None:
        told.append((following.at, following.label.policy, following.label.classification))
        following = following.label.successor
    assert told == [(day, "THERE", level) for day, level in zip(days, levels, strict=True)]


def test_what_decides_nothing_needs_no_counterpart() -> None:
    plain = mapped(here("LOW"))
    assert isinstance(plain, Label)
    values = {("Release", "XAA"): ("Release", "XAA"), ("Secrets", "EMBER"): ("Secrets", "ANVIL"),
              ("Notes", "STAFF"): ("Notes", "TRIAL")}  # fmt: skip
    for more in (category("Notes", I, "TRIAL"), category("Notes", I), category("Secrets", R)):
        assert mapped(here("LOW", more)) == plain
        assert mapped(here("LOW", more), values=values) == plain
    full = mapped(here("LOW", category("Notes", I, "STAFF"), category("Secrets", R, "EMBER")), values=values)
    assert isinstance(full, Label)
    assert [(each.tag, each.kind, each.values) for each in full.categories[1:]] == [
        ("Notes", I, ("TRIAL",)), ("Secrets", R, ("ANVIL",)),
    ]  # fmt: skip


def test_members_of_one_alliance_alone() -> None:
    """Who is in the alliance alone gets nothing by a clearance of the union, and the other way round."""
    book = Book([ALPHA, BRAVO], [SIGNED])
    alliance = clearance(
        "RESTRICTED", category("Context", P, "ALPHA"), category("Releasable To", P, "XTR"), policy="ALPHA"
    )
    union = clearance("LIMITED", category("Releasable To", P, "XIE", "BRV"), policy="BRAVO")
    to_union, to_all = alpha("RESTRICTED", to=("BRV",)), alpha("RESTRICTED")
    to_one = alpha("RESTRICTED", to=("XTR",))
    table = {
        (name, who): book.judge(tested, (held,), NOW, direction=Direction.ENCRYPT).decision.rule
        for name, tested in (("union", to_union), ("all", to_all), ("one", to_one))
        for who, held in (("alliance", alliance), ("union", union))
    }
    assert table == {
        ("union", "alliance"): "tag-set", ("union", "union"): "permit", ("all", "alliance"): "permit",
        ("all", "union"): "not-released", ("one", "alliance"): "permit", ("one", "union"): "not-released",
    }  # fmt: skip
