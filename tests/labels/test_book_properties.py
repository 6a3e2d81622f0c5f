"""What makes a label stricter never lets anybody in, whatever alternatives and equivalences there are."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.labels.book import Book
from gateway.labels.clearance import Clearance
from gateway.labels.equivalence import Direction
from gateway.track import Label
from tests.labels.spif_texts import NOW, P, R, category
from tests.labels.test_properties import (
    BOOKS,
    BRAVO,
    LEVELS,
    MAPPED,
    NATIONS,
    SPIF,
    bravo_clearances,
    clearances,
    values_of,
    whole_labels,
    without,
)

SOME = msgspec.structs.replace(MAPPED, classifications={"MIDDLE": "LIMITED"})
EVERY = (*BOOKS, Book([SPIF, BRAVO], [SOME]))
"""The last one has a counterpart for the middle level alone."""
HELD = st.tuples(clearances(), bravo_clearances(), st.sampled_from([1, 2, 2, 2, 3])).map(
    lambda found: tuple(each for bit, each in ((1, found[0]), (2, found[1])) if found[2] & bit)
)
DIRECTIONS = st.sampled_from([Direction.ENCRYPT, Direction.DECRYPT])


def permits(book: Book, tested: Label, held: tuple[Clearance, ...], direction: Direction) -> bool:
    return book.judge(tested, held, NOW, direction=direction).decision.permit


@settings(max_examples=250)
@given(whole_labels(True), HELD, st.sampled_from(EVERY), DIRECTIONS, st.sampled_from(["EMBER", "ANVIL", "NONE"]))
def test_adding_a_restrictive_value_never_permits(
    tested: Label, held: tuple[Clearance, ...], book: Book, direction: Direction, value: str
) -> None:
    more = category("Secrets", R, *values_of(tested, "Secrets"), value)
    stricter = msgspec.structs.replace(tested, categories=(*without(tested, "Secrets"), more))
    assert permits(book, tested, held, direction) or not permits(book, stricter, held, direction)


@settings(max_examples=250)
@given(whole_labels(True), HELD, st.sampled_from(EVERY), DIRECTIONS, st.sampled_from(LEVELS))
def test_raising_the_classification_never_permits(
    tested: Label, held: tuple[Clearance, ...], book: Book, direction: Direction, level: str
) -> None:
    raised = msgspec.structs.replace(tested, classification=level)
    if LEVELS.index(level) <= LEVELS.index(tested.classification) or book.check(tested, NOW):
        return  # a value may not go with the lower level: raising it makes the label valid
    assert permits(book, tested, held, direction) or not permits(book, raised, held, direction)


@settings(max_examples=250)
@given(
    whole_labels(True), HELD, st.sampled_from(EVERY), DIRECTIONS, st.sampled_from(["Release", "Only"]),
    st.sampled_from(NATIONS),
)  # fmt: skip
def test_removing_a_permissive_value_never_permits(
    tested: Label, held: tuple[Clearance, ...], book: Book, direction: Direction, tag: str, value: str
) -> None:
    had = values_of(tested, tag)
    less = category(tag, P, *(each for each in had if each != value))
    stricter = msgspec.structs.replace(tested, categories=(*without(tested, tag), less))
    if had and "QUARRY" not in values_of(tested, "Secrets"):  # what excludes a value asks for its absence
        assert permits(book, tested, held, direction) or not permits(book, stricter, held, direction)


@settings(max_examples=300)
@given(whole_labels(True), whole_labels(True), HELD, st.sampled_from(EVERY), DIRECTIONS)
def test_a_second_alternative_of_a_policy_and_a_label_of_the_label_never_permit(
    tested: Label, other: Label, held: tuple[Clearance, ...], book: Book, direction: Direction
) -> None:
    (second,) = other.alternatives
    before = permits(book, tested, held, direction)
    twice = msgspec.structs.replace(tested, alternatives=(*tested.alternatives, second))
    assert before or not permits(book, twice, held, direction)
    turned = msgspec.structs.replace(tested, alternatives=(second, *tested.alternatives))
    assert permits(book, turned, held, direction) == permits(book, twice, held, direction)
    guarded = msgspec.structs.replace(tested, metadata=second)
    assert before or not permits(book, guarded, held, direction)
