"""What somebody who wants to see more would try with labels and clearances, and that it fails."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest

from gateway.errors import PolicyError
from gateway.labels.book import Book
from gateway.labels.check import check_label
from gateway.labels.clearance import Clearance
from gateway.labels.decide import decide
from gateway.labels.decision import Judgement
from gateway.labels.equivalence import Direction, Equivalence
from gateway.labels.names import MAX_ALTERNATIVES, MAX_CATEGORIES, MAX_VALUES
from gateway.labels.shipped import shipped
from gateway.labels.spif_read import read_spif
from gateway.labels.write import write_label
from gateway.track import Label, LabelCategory, Succession
from tests.labels.spif_texts import NOW, I, P, R, category, clearance, label, spif_text, tag_set
from tests.labels.test_mapping import ALPHA, BRAVO, alpha, union_nation
from tests.labels.test_mapping import ENCRYPT as SIGNED

PUBLIC = read_spif(shipped()["PUBLIC"])
BOOK = Book([ALPHA, BRAVO, PUBLIC], [SIGNED])
FOLLOWING = Book([ALPHA, BRAVO, PUBLIC], [SIGNED], follow_succession=True)
FREE = label("UNMARKED", policy="PUBLIC")
ANYBODY = (clearance("UNMARKED", policy="PUBLIC"),)
MEMBER = (
    clearance(
        "UNCLASSIFIED RESTRICTED", category("Context", P, "ALPHA"), category("Releasable To", P, "XAA"),
        category("Additional Sensitivity", R, "ANVIL"), policy="ALPHA",
    ),
)  # fmt: skip
SEEN = alpha("RESTRICTED")


def judge(
    tested: Label, held: tuple[Clearance, ...], book: Book = BOOK, to: Direction = Direction.ENCRYPT
) -> Judgement:
    return book.judge(tested, held, NOW, direction=to)


def rule(tested: Label, held: tuple[Clearance, ...], book: Book = BOOK) -> str:
    return judge(tested, held, book).decision.rule


def unioned(level: str, *to: str) -> Label:
    return label(level, category("Releasable To", P, *to), policy="BRAVO")


# -------------------------------------------------------------------------------------------------------- look-alikes

DISGUISES: dict[str, Callable[[str], str]] = {
    "full width": lambda word: chr(ord(word[0]) + 0xFEE0) + word[1:],
    "another alphabet": lambda word: word.translate(str.maketrans("AEOaeo", "\u0410\u0415\u041e\u0430\u0435\u043e")),
    "zero width space": lambda word: word[:2] + "\u200b" + word[2:],
    "word joiner": lambda word: word + "\u2060",
    "soft hyphen": lambda word: word[:1] + "\u00ad" + word[1:],
    "right to left": lambda word: "\u202e" + word[::-1] + "\u202c",
    "combining mark": lambda word: word[0] + "\u0301" + word[1:],
    "byte order mark": lambda word: "\ufeff" + word,
    "trailing space": lambda word: word + " ",
    "no-break space": lambda word: word + "\u00a0",
    "variation selector": lambda word: word + "\ufe00",
    "tag character": lambda word: word + "\U000e0041",
    "another case": str.swapcase,
    "mathematical letters": lambda word: chr(0x1D400 + ord(word[0]) - 65) + word[1:],
    "nothing": lambda word: "",
    "a null": lambda word: word + "\x00",
}


@pytest.mark.parametrize("disguise", DISGUISES)
def test_no_word_of_a_label_is_taken_for_one_that_it_looks_like(disguise: str) -> None:
    change = DISGUISES[disguise]
    whole = alpha("RESTRICTED", category("Additional Sensitivity", R, "ANVIL"), to=("XAA",))
    assert rule(whole, MEMBER) == "permit"
    disguised = rule(msgspec.structs.replace(whole, policy=change("ALPHA")), MEMBER)
    assert disguised in ("unknown-policy", "invalid-label")  # the second where its normal form is another word
    assert rule(msgspec.structs.replace(whole, classification=change("RESTRICTED")), MEMBER) == "invalid-label"
    for index, each in enumerate(whole.categories):
        others = whole.categories[:index], whole.categories[index + 1 :]
        for changed in (
            msgspec.structs.replace(each, tag=change(each.tag)),
            msgspec.structs.replace(each, kind=change(each.kind)),
            msgspec.structs.replace(each, values=(change(each.values[0]),)),
            msgspec.structs.replace(each, values=(*each.values, change(each.values[-1]))),
            msgspec.structs.replace(each, uri=change("urn:oid:A")),
        ):
            tested = msgspec.structs.replace(whole, categories=(*others[0], changed, *others[1]))
            assert rule(tested, MEMBER) == "invalid-label", changed


@pytest.mark.parametrize("disguise", DISGUISES)
def test_no_word_of_a_clearance_is_taken_for_one_that_it_looks_like(disguise: str) -> None:
    change = DISGUISES[disguise]
    whole = alpha("RESTRICTED", category("Additional Sensitivity", R, "ANVIL"), to=("XAA",))
    (mine,) = MEMBER
    for changed in (
        msgspec.structs.replace(mine, policy=change("ALPHA")),
        msgspec.structs.replace(mine, policy_uri=change(ALPHA.uri)),
        msgspec.structs.replace(mine, classifications=("UNCLASSIFIED", change("RESTRICTED"))),
    ):
        assert not judge(whole, (changed,)).decision.permit
    for index, each in enumerate(mine.categories):
        others = mine.categories[:index], mine.categories[index + 1 :]
        for less in (
            msgspec.structs.replace(each, tag=change(each.tag)),
            msgspec.structs.replace(each, kind=change(each.kind)),
            msgspec.structs.replace(each, values=(change(each.values[0]),)),
            msgspec.structs.replace(each, uri=change("urn:oid:A")),
        ):
            changed = msgspec.structs.replace(mine, categories=(*others[0], less, *others[1]))
            assert rule(whole, (changed,)) == "tag-set", less


LETTERS = [chr(n) for n in range(128, 0x11000) if chr(n).lower().isascii() or chr(n).casefold().isascii()]


def test_where_case_does_not_count_no_letter_beyond_ascii_is_folded_into_it() -> None:
    """KELVIN SIGN and LONG S are the ones that become ASCII letters; NFKC makes many more into them."""
    assert {"\u212a", "\u017f"} <= set(LETTERS)
    spif = read_spif(
        spif_text(levels="LOW", sets=tag_set("SKI", P, "SKI", oid="2.25.1.1"), name="SKI"), ignore_case=True
    )
    compatible = [chr(n) for n in range(128, 0x11000) if unicodedata.normalize("NFKC", chr(n)) in tuple("skiSKI")]
    assert len(compatible) > 20
    for letter in (*LETTERS, *compatible):
        for word in (f"{letter}KI", f"S{letter}I", f"SK{letter}"):
            assert not spif.same_name(word)
            assert spif.tag_set(word) is None
            assert spif.value(spif.tag_sets["SKI"], word) is None
            assert spif.level(word) is None


# ------------------------------------------------------------------------------------- policies by name and by address

DECEPTIVE = [
    ("unknown content", {"unknown": ("urn:x:secret",)}, "LBL-041"),
    ("no review time", {"review_at": None}, "LBL-040"),
    ("an identifier that is none", {"policy_uri": "https://example.org/NONE"}, "LBL-042"),
    ("a policy of ours by its identifier", {"policy_uri": ALPHA.uri}, "LBL-043"),
    ("a look-alike of a policy of ours", {"policy": "\uff21LPHA"}, "LBL-047"),
    ("a character that nobody sees", {"policy": "AL\u200bPHA"}, "LBL-047"),
    ("a policy of ours in small letters", {"policy": "alpha"}, "LBL-043"),
    (
        "one set of two types",
        {"categories": (category("Caveat", R, "EYES ONLY"), category("Caveat", I, "EYES ONLY"))},
        "LBL-049",
    ),
    (
        "a successor with unknown content",
        {"successor": Succession(at=NOW, label=label("X", policy="NONE", unknown=("x",)))},
        "LBL-041",
    ),
]


@pytest.mark.parametrize(("change", "code"), [each[1:] for each in DECEPTIVE], ids=[each[0] for each in DECEPTIVE])
def test_an_alternative_does_not_heal_a_label_that_is_invalid_in_any_policy(
    change: dict[str, object], code: str
) -> None:
    sound = label("SECRET", policy="NONE", alternatives=(FREE,))
    assert judge(sound, ANYBODY).basis == "alternative"
    assert rule(sound, ANYBODY) == "permit"
    for direction in (Direction.ENCRYPT, Direction.DECRYPT):
        judgement = judge(msgspec.structs.replace(sound, **change), ANYBODY, to=direction)
        assert judgement.decision.rule == "invalid-label"
        assert code in judgement.decision.detail


def test_a_name_does_not_stand_for_the_policy_of_another_identifier() -> None:
    for policy, uri in (("PUBLIC", ALPHA.uri), ("ALPHA", PUBLIC.uri), ("ALPHA", ALPHA.uri.upper())):
        tested = label("UNMARKED", policy=policy, policy_uri=uri)
        assert rule(tested, (*ANYBODY, *MEMBER)) == "invalid-label"


def test_a_tag_set_is_not_named_by_one_word_and_identified_as_another() -> None:
    """Released to by name, sensitive by identifier: whichever a receiver believes, it is denied."""
    sensitive = ALPHA.tag_sets["Additional Sensitivity"].uri
    for tag, kind, value, uri in (
        ("Releasable To", P, "XAA", sensitive), ("Additional Sensitivity", R, "ANVIL", ALPHA.tag_sets["Only"].uri),
        ("Administrative", I, "EXERCISE", sensitive),
    ):  # fmt: skip
        decision = judge(alpha("RESTRICTED", category(tag, kind, value, uri=uri)), MEMBER).decision
        assert decision.rule == "invalid-label"
        assert "LBL-050" in decision.detail


@pytest.mark.parametrize("first", [R, P, I])
@pytest.mark.parametrize("second", [R, P, I])
def test_one_set_in_two_categories_has_one_type(first: str, second: str) -> None:
    tested = alpha(
        "SECRET", category("Additional Sensitivity", first, "ANVIL"),
        category("Additional Sensitivity", second, "EMBER"),
    )  # fmt: skip
    codes = {each.code.id for each in check_label(tested, ALPHA, NOW)}
    assert codes == (set() if (first, second) == (R, R) else {"LBL-048"} | ({"LBL-049"} if first != second else set()))


# ------------------------------------------------------------------------------------------------------- alternatives


def test_the_clearance_of_the_originators_policy_leaves_an_alternative_no_word() -> None:
    for own in (alpha("SECRET"), alpha("RESTRICTED", category("Only", P, "XBB"))):
        tested = msgspec.structs.replace(own, alternatives=(FREE, SEEN))
        judgement = judge(tested, (*ANYBODY, *MEMBER))
        assert (judgement.decision.permit, judgement.basis) == (False, "originator")


def test_an_alternative_of_the_originators_own_policy_says_nothing() -> None:
    tested = msgspec.structs.replace(alpha("SECRET"), alternatives=(SEEN,))
    assert rule(tested, MEMBER) == "classification"
    assert rule(msgspec.structs.replace(tested, policy_uri="urn:oid:2.25.9"), MEMBER) == "invalid-label"


def test_of_two_alternatives_of_one_policy_the_stricter_counts_in_either_order() -> None:
    loose, strict = unioned("OPEN", "BRV"), unioned("SECRET", "XAA")
    held = union_nation("XAT", "BRV")
    for pair in ((loose, strict), (strict, loose), (loose, FREE, strict)):
        assert rule(label("X", policy="NONE", alternatives=pair), held) == "tag-set"
    assert rule(label("X", policy="NONE", alternatives=(loose, unioned("SECRET", "XAT"))), held) == "permit"


def test_an_alternative_inside_of_an_alternative_or_of_a_label_of_the_label_says_nothing() -> None:
    nested = msgspec.structs.replace(unioned("SECRET", "XAA"), alternatives=(FREE,))
    assert rule(label("X", policy="NONE", alternatives=(nested,)), ANYBODY) == "unknown-policy"
    assert rule(label("X", policy="NONE", metadata=FREE), ANYBODY) == "unknown-policy"


def test_a_label_of_the_label_never_permits_what_the_label_denies() -> None:
    for metadata in (FREE, SEEN, None):
        assert rule(msgspec.structs.replace(alpha("SECRET"), metadata=metadata), MEMBER) == "classification"
    assert rule(msgspec.structs.replace(SEEN, metadata=FREE), MEMBER) != "permit"
    assert rule(msgspec.structs.replace(SEEN, metadata=FREE), (*MEMBER, *ANYBODY)) == "permit"


def test_a_label_covers_none_that_has_a_label_of_its_own_which_it_lacks() -> None:
    """Whom the covering label permits might not be permitted the label of the covered one."""
    guarded = msgspec.structs.replace(SEEN, metadata=alpha("SECRET"))
    assert not BOOK.covers(SEEN, guarded, NOW)
    assert not BOOK.covers(msgspec.structs.replace(SEEN, metadata=SEEN), guarded, NOW)
    assert BOOK.covers(guarded, SEEN, NOW)
    assert BOOK.covers(guarded, guarded, NOW)


def test_an_alternative_alone_is_no_label_to_decide_on() -> None:
    for name in ("alternativeConfidentialityLabel", "metadataConfidentialityLabel"):
        octets = write_label(FREE, name=name)
        for spelling in (octets, octets.replace(b"slab:", b"s4774:").replace(b":slab", b":s4774")):
            with pytest.raises(PolicyError) as caught:
                BOOK.judge_octets(spelling, ANYBODY, NOW, direction=Direction.DECRYPT)
            assert caught.value.code.id == "LBL-010"
    assert BOOK.judge_octets(write_label(FREE), ANYBODY, NOW, direction=Direction.DECRYPT).decision.permit


# ------------------------------------------------------------------------------------------------------- equivalences


@pytest.mark.parametrize(
    "more",
    [
        (), (category("Additional Sensitivity", R, "EMBER"),), (category("Only", P, "XBB"),),
        (category("Administrative", I, "EXERCISE"),),
    ],
    ids=["nothing", "a restrictive value", "a permissive value", "an informative value"],
)  # fmt: skip
def test_nothing_that_is_added_to_a_label_makes_a_loose_alternative_believed(more: tuple[LabelCategory, ...]) -> None:
    tested = msgspec.structs.replace(alpha("SECRET", *more, to=("BRV",)), alternatives=(unioned("OPEN", "BRV"),))
    judgement = judge(tested, union_nation("XAT", "BRV"))
    assert (judgement.decision.rule, judgement.basis) == ("alternative-conflict", "alternative")


@pytest.mark.parametrize("order", [("SECRET", "UNCLASSIFIED"), ("UNCLASSIFIED", "SECRET")])
def test_a_successor_that_does_not_map_makes_no_loose_alternative_believed(order: tuple[str, str]) -> None:
    first, second = (alpha(level, to=("BRV",)) for level in order)
    following = Succession(at=NOW + timedelta(days=1), label=msgspec.structs.replace(second, review_at=None))
    tested = msgspec.structs.replace(first, successor=following, alternatives=(unioned("OPEN", "BRV"),))
    assert rule(tested, union_nation("XAT", "BRV")) == "alternative-conflict"


def test_a_level_above_those_that_map_leaves_the_originator_no_word() -> None:
    """RESTRICTED would be denied beside this alternative; SECRET, of which nothing was signed off, is denied too."""
    book = Book([ALPHA, BRAVO], [msgspec.structs.replace(SIGNED, classifications={"RESTRICTED": "LIMITED"})])
    rules = {
        level: rule(
            msgspec.structs.replace(alpha(level, to=("BRV",)), alternatives=(unioned("OPEN", "BRV"),)),
            union_nation("XAT", "BRV"), book,
        )
        for level in ALPHA.levels
    }  # fmt: skip
    assert rules == {
        "UNCLASSIFIED": "permit", "RESTRICTED": "alternative-conflict", "CONFIDENTIAL": "alternative-conflict",
        "SECRET": "alternative-conflict",
    }  # fmt: skip


def test_equivalences_are_not_chained() -> None:
    """What maps from the first policy to the second, and from there to the third, does not map to the third."""
    sets = tag_set("Release", P, "XAA", oid="2.25.1.1")
    spifs = [read_spif(spif_text(name=name, oid=f"2.25.8{n}", sets=sets)) for n, name in enumerate("ABC")]

    def signed(source: str, target: str) -> Equivalence:
        return Equivalence(
            source=source, target=target, direction=Direction.BOTH, classifications={"LOW": "LOW"},
            values={("Release", "XAA"): ("Release", "XAA")}, signed_off_by="a", signed_off_on="2026-01-01",
        )  # fmt: skip

    book = Book(spifs, [signed("A", "B"), signed("B", "C")])
    release = category("Release", P, "XAA")
    tested = label("LOW", release, policy="A")
    assert rule(tested, (clearance("LOW", release, policy="B"),), book) == "permit"
    assert rule(tested, (clearance("LOW", release, policy="C"),), book) == "not-mapped"
    relabelled = msgspec.structs.replace(tested, alternatives=(label("LOW", release, policy="B"),))
    assert rule(relabelled, (clearance("LOW", release, policy="C"),), book) == "not-mapped"


def test_a_mapped_label_is_held_to_what_is_mandatory_in_the_other_policy() -> None:
    sets = tag_set("Release", P, "XAA", oid="2.25.1.1") + tag_set("Needed", P, "A", oid="2.25.1.2")
    here = read_spif(spif_text(name="HERE", oid="2.25.81", sets=sets))
    there = read_spif(spif_text(name="THERE", oid="2.25.82", sets=sets), mandatory=["Needed"])
    equivalence = Equivalence(
        source="HERE", target="THERE", direction=Direction.ENCRYPT, classifications={"LOW": "LOW"},
        values={("Release", "XAA"): ("Release", "XAA"), ("Needed", "A"): ("Needed", "A")},
        signed_off_by="a", signed_off_on="2026-01-01",
    )  # fmt: skip
    book = Book([here, there], [equivalence])
    mine = (clearance("LOW", category("Release", P, "XAA"), category("Needed", P, "A"), policy="THERE"),)
    release = category("Release", P, "XAA")
    judgement = judge(label("LOW", release, policy="HERE"), mine, book)
    assert (judgement.decision.rule, judgement.decision.detail) == ("missing-mandatory", "Needed")
    assert rule(label("LOW", release, category("Needed", P, "A"), policy="HERE"), mine, book) == "permit"


def test_a_permissive_set_whose_values_map_is_not_left_out() -> None:
    with pytest.raises(PolicyError) as caught:
        Book([ALPHA, BRAVO], [msgspec.structs.replace(SIGNED, discarded=frozenset({"Releasable To"}))])
    assert caught.value.code.id == "LBL-038"


def test_what_is_mapped_always_has_room_in_what_is_sent() -> None:
    def crowded(number: int) -> Label:
        others = tuple(label("X", policy=f"OTHER {n}") for n in range(number))
        return msgspec.structs.replace(alpha("SECRET", to=("BRV",)), alternatives=others)

    held = union_nation("XAT", "BRV")
    fitting = judge(crowded(MAX_ALTERNATIVES - 1), held)
    assert fitting.decision.permit
    assert len(fitting.label.alternatives) == MAX_ALTERNATIVES
    full = judge(crowded(MAX_ALTERNATIVES), held)
    assert (full.decision.rule, full.basis) == ("not-mapped", "equivalence")
    assert len(full.label.alternatives) == MAX_ALTERNATIVES


# --------------------------------------------------------------------------------------------------------- successions


@pytest.mark.parametrize("at", [NOW - timedelta(days=1), NOW, NOW + timedelta(days=1)])
@pytest.mark.parametrize("where", ["label", "successor"])
def test_no_succession_drops_what_nobody_understands(at: object, where: str) -> None:
    lower = msgspec.structs.replace(SEEN, review_at=None)
    first = alpha("RESTRICTED")
    if where == "label":
        first = msgspec.structs.replace(first, unknown=("urn:x:secret",))
    else:
        lower = msgspec.structs.replace(lower, unknown=("urn:x:secret",))
    tested = msgspec.structs.replace(first, successor=Succession(at=at, label=lower))  # type: ignore[arg-type]
    for book in (BOOK, FOLLOWING):
        decision = judge(tested, MEMBER, book).decision
        assert decision.rule == "invalid-label"
        assert "LBL-041" in decision.detail


def test_a_label_whose_succession_is_invalid_is_not_decided_by_an_alternative() -> None:
    for wrong in (alpha("NONE"), label("UNMARKED", policy="PUBLIC"), label("RESTRICTED", policy="ALPHA")):
        following = Succession(at=NOW, label=msgspec.structs.replace(wrong, review_at=None))
        tested = msgspec.structs.replace(SEEN, successor=following, alternatives=(FREE,))
        assert not judge(tested, ANYBODY).decision.permit
        assert judge(tested, ANYBODY).basis == "none"


# ----------------------------------------------------------------------------------------------- clearances, and much


def test_informative_categories_of_a_clearance_grant_nothing_and_take_nothing() -> None:
    (mine,) = MEMBER
    for more in (
        category("Administrative", I, "EXERCISE"), category("Administrative", I), category("Nothing", I, "X"),
        category("Releasable To", I, "XBB"), category("Additional Sensitivity", I, "EMBER"),
    ):  # fmt: skip
        held = (msgspec.structs.replace(mine, categories=(*mine.categories, more)),)
        assert rule(SEEN, held) == "permit"
        assert rule(alpha("RESTRICTED", category("Administrative", I, "EXERCISE")), held) == "permit"
        assert rule(alpha("RESTRICTED", to=("XBB",)), held) == "tag-set"


def test_floods_of_values_are_decided_as_few_are() -> None:
    few = alpha("RESTRICTED", category("Additional Sensitivity", R, "ANVIL"))
    many = alpha("RESTRICTED", *[category("Additional Sensitivity", R, *["ANVIL"] * MAX_VALUES)] * (MAX_CATEGORIES - 1))
    flooded = msgspec.structs.replace(
        many, categories=(*many.categories, category("Additional Sensitivity", R, "LANTERN"))
    )
    assert decide(many, MEMBER[0], ALPHA, NOW) == decide(few, MEMBER[0], ALPHA, NOW)
    assert decide(flooded, MEMBER[0], ALPHA, NOW).rule == "tag-set"


def test_the_memories_give_back_what_they_have() -> None:
    book = Book([ALPHA])
    assert book.judge(SEEN, MEMBER, NOW, direction=Direction.ENCRYPT) is judge(SEEN, MEMBER, book)
    octets = write_label(SEEN)
    first = book.judge_octets(octets, MEMBER, NOW, direction=Direction.ENCRYPT)
    assert len(book._judged_octets) == 1
    book._judged.clear()
    assert book.judge_octets(octets, MEMBER, NOW, direction=Direction.ENCRYPT) is first
