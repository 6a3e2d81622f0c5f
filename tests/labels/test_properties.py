"""What no label, clearance or policy may break: properties over random ones of a policy with every kind of set."""

from __future__ import annotations

import random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.labels.book import Book
from gateway.labels.clearance import Clearance
from gateway.labels.decide import decide
from gateway.labels.equivalence import Direction, Equivalence
from gateway.labels.marking import marking
from gateway.labels.shipped import shipped
from gateway.labels.spif_read import read_spif
from gateway.track import Label, LabelCategory, Succession
from tests.labels.spif_texts import NOW, REVIEW, I, P, R, category, clearance, label, policy, tag_set

EXCLUDING = {
    "EMBER": "<excludedClass>LOW</excludedClass>",
    "QUARRY": '<excludedCategory tagSetRef="Release" tagType="permissive" lacv="1"/>',
}
SPIF = policy(
    tag_set("Secrets", R, "EMBER ANVIL QUARRY", oid="2.25.1.1", bodies=EXCLUDING)
    + tag_set("Release", P, "XAA XBB XCC", oid="2.25.1.2")
    + tag_set("Only", P, "XAA XBB XCC", oid="2.25.1.5")
    + tag_set("Notes", I, "STAFF TRIAL", oid="2.25.1.3")
)
BRAVO = read_spif(shipped()["BRAVO"])
KINDS = {"Secrets": R, "Release": P, "Only": P, "Notes": I}
LEVELS = ("LOW", "MIDDLE", "HIGH")
NATIONS = ("XAA", "XBB", "XCC")
MAPPED = Equivalence(
    source="TEST", target="BRAVO", direction=Direction.BOTH,
    classifications={"MIDDLE": "LIMITED", "HIGH": "SECRET"},
    values={
        ("Release", "XAA"): ("Releasable To", "XAA"), ("Release", "XBB"): ("Releasable To", "XBB"),
        ("Only", "XAA"): ("Releasable To", "XAA"), ("Secrets", "ANVIL"): ("Handling", "CUSTOMS"),
    },
    signed_off_by="the operator", signed_off_on="2026-11-01",
)  # fmt: skip
BOOKS = (Book([SPIF, BRAVO]), Book([SPIF, BRAVO], [MAPPED]), Book([SPIF, BRAVO], [MAPPED], follow_succession=True))


def some(values: tuple[str, ...], *usual: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    """Some of the values, most often such as meet those of others."""
    return st.sampled_from([*usual, *usual, ()]) | st.lists(st.sampled_from(values), max_size=3).map(tuple)


def categories(odd: bool = False) -> st.SearchStrategy[tuple[LabelCategory, ...]]:
    def one(name: str) -> st.SearchStrategy[LabelCategory]:
        values = (*SPIF.tag_sets[name].values, *(("UNKNOWN",) if odd else ()))
        usual = (("XAA",), ("XAA", "XBB")) if KINDS[name] == P else (values[1:2],)
        return some(values, *usual).map(lambda found: category(name, KINDS[name], *found))

    names = st.lists(st.sampled_from(["Release", "Release", "Secrets", "Only", "Notes"]), max_size=3, unique=True)
    return names.flatmap(lambda found: st.tuples(*(one(name) for name in found)))


def labels(odd: bool = False) -> st.SearchStrategy[Label]:
    return st.builds(lambda level, found: label(level, *found), st.sampled_from(LEVELS), categories(odd))


def bravo_labels() -> st.SearchStrategy[Label]:
    return st.builds(
        lambda level, found: label(level, category("Releasable To", P, *found), policy="BRAVO"),
        st.sampled_from(["OPEN", "LIMITED", "SECRET"]), some(NATIONS, ("XAA",), ("XAA", "XBB")),
    )  # fmt: skip


def whole_labels(alternative: bool | None = None) -> st.SearchStrategy[Label]:
    """With alternatives: all of them, none, or as it comes."""
    least, most = {True: (1, 1), False: (0, 0), None: (0, 1)}[alternative]
    alternatives = st.lists(bravo_labels(), min_size=least, max_size=most).map(tuple)
    return st.builds(lambda one, others: msgspec.structs.replace(one, alternatives=others), labels(), alternatives)


def several() -> st.SearchStrategy[list[Label]]:
    """Labels of one batch."""
    kinds = st.sampled_from([True, False, None])
    return kinds.flatmap(lambda kind: st.lists(whole_labels(kind), min_size=1, max_size=3))


def clearances() -> st.SearchStrategy[Clearance]:
    """With a highest classification and everything below, as clearances are."""

    def one(name: str) -> st.SearchStrategy[LabelCategory]:
        values = tuple(SPIF.tag_sets[name].values)
        return some(values, values).map(lambda found: category(name, KINDS[name], *found))

    held = st.tuples(*(one(name) for name in KINDS))
    return st.builds(
        lambda highest, found: clearance(" ".join(LEVELS[:highest]), *found), st.sampled_from([0, 1, 2, 3, 3, 3]), held
    )


def bravo_clearances() -> st.SearchStrategy[Clearance]:
    return st.builds(
        lambda highest, nations, handling: clearance(
            " ".join(list(BRAVO.levels)[:highest]), category("Releasable To", P, *nations),
            category("Handling", R, *handling), policy="BRAVO",
        ),
        st.sampled_from([0, 2, 4, 4, 4]), some(NATIONS, NATIONS, ("XAA",)), st.sampled_from([(), ("CUSTOMS",)]),
    )  # fmt: skip


def permits(tested: Label, mine: Clearance) -> bool:
    return decide(tested, mine, SPIF, NOW).permit


def without(tested: Label, tag: str) -> tuple[LabelCategory, ...]:
    return tuple(each for each in tested.categories if each.tag != tag)


def values_of(tested: Label, tag: str) -> tuple[str, ...]:
    return next((each.values for each in tested.categories if each.tag == tag), ())


@given(labels(odd=True), clearances(), st.sampled_from([*SPIF.tag_sets["Secrets"].values, "UNKNOWN"]))
def test_adding_a_restrictive_value_never_permits(tested: Label, mine: Clearance, value: str) -> None:
    more = category("Secrets", R, *values_of(tested, "Secrets"), value)
    stricter = msgspec.structs.replace(tested, categories=(*without(tested, "Secrets"), more))
    assert permits(tested, mine) or not permits(stricter, mine)


@given(labels(), clearances(), st.sampled_from(["Release", "Only"]), st.sampled_from(NATIONS))
def test_removing_a_permissive_value_never_permits(tested: Label, mine: Clearance, tag: str, value: str) -> None:
    had = values_of(tested, tag)
    less = category(tag, P, *(each for each in had if each != value))
    stricter = msgspec.structs.replace(tested, categories=(*without(tested, tag), less))
    if had and "QUARRY" not in values_of(tested, "Secrets"):  # what excludes a value asks for its absence
        assert permits(tested, mine) or not permits(stricter, mine)


@given(labels(), clearances(), st.sampled_from([*LEVELS, "NONE"]))
def test_a_classification_that_is_not_listed_never_permits(tested: Label, mine: Clearance, level: str) -> None:
    raised = msgspec.structs.replace(tested, classification=level)
    assert level in mine.classifications or not permits(raised, mine)


@given(labels(odd=True), clearances(), st.randoms(use_true_random=False))
def test_order_and_duplicates_change_nothing(tested: Label, mine: Clearance, chance: random.Random) -> None:
    shuffled = [
        msgspec.structs.replace(each, values=tuple(chance.sample(each.values * 2, len(each.values) * 2)))
        for each in (*tested.categories, *(tested.categories and chance.choices(tested.categories, k=2)))
    ]
    chance.shuffle(shuffled)
    again = msgspec.structs.replace(tested, categories=tuple(shuffled))
    first, second = decide(tested, mine, SPIF, NOW), decide(again, mine, SPIF, NOW)
    assert (first.permit, first.rule == "tag-set") == (second.permit, second.rule == "tag-set")


@settings(max_examples=150)
@given(
    several(), clearances(), bravo_clearances(),
    st.sampled_from(BOOKS), st.integers(1, 3), st.sampled_from([Direction.ENCRYPT, Direction.DECRYPT]),
)  # fmt: skip
def test_whom_a_joined_label_permits_each_of_the_labels_permits(
    each: list[Label], mine: Clearance, other: Clearance, book: Book, which: int, direction: Direction
) -> None:
    held = tuple(one for one, bit in ((mine, 1), (other, 2)) if which & bit)
    joined = book.dominant(each, NOW)
    if joined is None or not book.judge(joined, held, NOW, direction=direction).decision.permit:
        return
    for one in each:
        decision = book.judge(one, held, NOW, direction=direction).decision
        assert decision.permit, (decision, one, joined)


@settings(max_examples=150)
@given(
    whole_labels(), whole_labels(), clearances(), bravo_clearances(), st.sampled_from(BOOKS), st.integers(1, 3),
    st.sampled_from([Direction.ENCRYPT, Direction.DECRYPT]),
)  # fmt: skip
def test_whom_a_covering_label_permits_the_covered_one_permits(
    one: Label, another: Label, mine: Clearance, other: Clearance, book: Book, which: int, direction: Direction
) -> None:
    held = tuple(each for each, bit in ((mine, 1), (other, 2)) if which & bit)
    if book.covers(one, another, NOW) and book.judge(one, held, NOW, direction=direction).decision.permit:
        assert book.judge(another, held, NOW, direction=direction).decision.permit


@given(st.lists(labels(), min_size=1, max_size=4))
def test_a_joined_label_is_valid_and_covers_each(each: list[Label]) -> None:
    joined = BOOKS[0].dominant(each, NOW)
    if joined is not None:
        assert BOOKS[0].check(joined, NOW) == ()
        assert all(BOOKS[0].covers(joined, one, NOW) for one in each)


@given(labels(odd=True), bravo_clearances())
def test_nothing_is_mapped_without_a_signed_off_equivalence(tested: Label, other: Clearance) -> None:
    assert not BOOKS[0].judge(tested, (other,), NOW, direction=Direction.ENCRYPT).decision.permit


@given(whole_labels(), clearances(), bravo_clearances(), st.sampled_from(BOOKS))
def test_a_judgement_out_of_the_memory_is_the_one_that_a_fresh_book_gives(
    tested: Label, mine: Clearance, other: Clearance, book: Book
) -> None:
    fresh = Book(book.spifs.values(), book.equivalences, follow_succession=book.follow_succession)
    for held in ((mine,), (other,), (mine, other), ()):
        first = book.judge(tested, held, NOW, direction=Direction.ENCRYPT)
        assert first == book.judge(tested, held, NOW, direction=Direction.ENCRYPT)
        assert first == fresh.judge(tested, held, NOW, direction=Direction.ENCRYPT)


WORDS = st.sampled_from([
    "LOW", "low", "ＬＯＷ", "", " ", "x" * 300, "\u202e", "\x00", "Release", "Secrets", "XAA", "EMBER", "TEST", "TEST",
    "BRAVO", "OPEN", "Releasable To", R, P, I, "urn:oid:2.25.1.1", "\ud800", "ß", "İ", "{}",
])  # fmt: skip
ODD_CATEGORIES = st.lists(
    st.builds(
        LabelCategory, tag=WORDS, kind=WORDS, values=st.lists(WORDS, max_size=3).map(tuple), uri=st.none() | WORDS
    ),
    max_size=3,
).map(tuple)
ODD = st.builds(
    Label, policy=WORDS, classification=WORDS, categories=ODD_CATEGORIES, policy_uri=st.none() | WORDS,
    review_at=st.none() | st.just(REVIEW), privacy_mark=st.none() | WORDS, unknown=st.sampled_from([(), (), ("x",)]),
)  # fmt: skip


def odd_labels() -> st.SearchStrategy[Label]:
    """With a successor, an alternative and a label of the label, each as odd."""

    def assembled(first: Label, others: list[Label]) -> Label:
        successor, alternative, metadata = (*others, None, None, None)[:3]
        return msgspec.structs.replace(
            first,
            successor=Succession(at=NOW, label=successor) if successor else None,
            alternatives=(alternative,) if alternative else (),
            metadata=metadata,
        )

    return st.builds(assembled, ODD, st.lists(ODD, max_size=3))


@given(odd_labels(), ODD_CATEGORIES, st.lists(WORDS, max_size=3).map(tuple), st.sampled_from(BOOKS))
def test_whatever_a_label_or_a_clearance_says_it_is_decided(
    tested: Label, held: tuple[LabelCategory, ...], levels: tuple[str, ...], book: Book
) -> None:
    mine = tuple(Clearance(policy=name, classifications=levels, categories=held) for name in (tested.policy, "BRAVO"))
    judgement = book.judge(tested, mine, NOW, direction=Direction.DECRYPT)
    assert judgement.decision.permit == (judgement.decision.rule == "permit")
    assert not (judgement.decision.permit and judgement.decided_on.unknown)
    joined = book.dominant([tested], NOW)
    assert joined is None or book.covers(joined, tested, NOW)
    assert marking(tested, SPIF, NOW) == "" or tested.policy == "TEST"
    assert book.complete(tested, created_at=NOW, review_at=REVIEW).classification == tested.classification
