"""Labels joined and compared: the trap of the published rule, and what no valid label can say."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from gateway.labels.book import Book
from gateway.labels.equivalence import Direction, Equivalence
from gateway.labels.shipped import shipped
from gateway.labels.spif_read import read_spif
from gateway.track import Label, Succession
from tests.labels.spif_texts import (
    NOW,
    REVIEW,
    I,
    P,
    R,
    category,
    clearance,
    label,
    nato,
    nato_shaped,
    policy,
    tag_set,
)  # fmt: skip

SETS = (
    tag_set("Secrets", R, "EMBER ANVIL", oid="2.25.1.1", bodies={"EMBER": "<excludedClass>LOW</excludedClass>"})
    + tag_set("Release", P, "XAA XBB XCC", oid="2.25.1.2")
    + tag_set("Notes", I, "STAFF TRIAL", oid="2.25.1.3")
)
BOOK = Book([policy(SETS), nato_shaped(), read_spif(shipped()["BRAVO"])])


def joined(*labels: Label, book: Book = BOOK) -> Label | None:
    return book.dominant(labels, NOW)


def sets_of(found: Label | None) -> dict[str, tuple[str, ...]]:
    assert found is not None
    return {each.tag: each.values for each in found.categories}


def test_japan_alone_and_switzerland_alone_are_together_nobody() -> None:
    """ADatP-4774.1 4.4 drops the empty intersection, and a label for everybody is left."""
    context = category("Context", P, "NATO", "Releasable")
    japan = nato("CONFIDENTIAL", context, category("Releasable To", P, "NATO", "JPN"))
    swiss = nato("CONFIDENTIAL", context, category("Releasable To", P, "NATO", "CHE"))
    mine = (
        clearance(
            "CONFIDENTIAL", category("Context", P, "Releasable"), category("Releasable To", P, "JPN"), policy="NATO"
        ),
    )
    both = joined(japan, swiss)
    assert sets_of(both) == {"Context": ("NATO", "Releasable"), "Releasable To": ("NATO",)}
    permits = {
        name: BOOK.judge(each, mine, NOW, direction=Direction.ENCRYPT).decision.permit
        for name, each in (("japan", japan), ("swiss", swiss), ("both", both))
    }
    assert permits == {"japan": True, "swiss": False, "both": False}


def test_an_empty_intersection_is_kept_as_nobody() -> None:
    both = joined(label("LOW", category("Release", P, "XAA")), label("LOW", category("Release", P, "XBB")))
    assert sets_of(both) == {"Release": ()}
    everybody = (clearance("LOW", category("Release", P, "XAA", "XBB", "XCC")),)
    decision = BOOK.judge(both, everybody, NOW, direction=Direction.ENCRYPT).decision
    assert (decision.rule, decision.detail) == ("tag-set", "Release: nobody")


def test_absent_is_unrestricted_and_not_nobody() -> None:
    both = joined(label("LOW"), label("LOW", category("Release", P, "XAA", "XBB")))
    assert sets_of(both) == {"Release": ("XAA", "XBB")}


def test_the_highest_classification_all_restrictive_values_and_all_notes() -> None:
    both = joined(
        label("LOW", category("Secrets", R, "ANVIL"), category("Notes", I, "STAFF")),
        label("HIGH", category("Secrets", R, "EMBER"), category("Notes", I, "TRIAL")),
    )
    assert both is not None
    assert both.classification == "HIGH"
    assert sets_of(both) == {"Secrets": ("ANVIL", "EMBER"), "Notes": ("STAFF", "TRIAL")}
    assert BOOK.check(both, NOW) == ()


@pytest.mark.parametrize(
    "labels",
    [
        (),
        (label("LOW", policy="OTHER"),),
        (label("LOW"), label("LOW", policy="OTHER")),
        (label("NONE"), label("LOW")),
        (label("NONE"),),
        (label("LOW", unknown=("x",)), label("LOW")),
        (label("LOW", privacy_mark="a"), label("LOW", privacy_mark="b")),
        (label("LOW", purpose="DRONE_WALL"), label("LOW")),
        (label("LOW", metadata=label("LOW")), label("LOW")),
        (nato("SECRET", category("Context", P, "NATO")), nato("SECRET", category("Context", P, "KFOR"))),
        (nato("SECRET", category("Context", P, "NATO")), nato("SECRET")),
        (nato("SECRET"), nato("SECRET", category("Context", P, "NATO"))),
        (nato("SECRET"),),
        (
            nato("UNCLASSIFIED", category("Context", P, "NATO"), category("Administrative", I, "STAFF")),
            nato("SECRET", category("Context", P, "NATO")),
        ),
    ],
)
def test_where_no_valid_label_says_it_all_there_is_none(labels: tuple[Label, ...]) -> None:
    assert joined(*labels) is None


def test_what_is_joined_is_held_to_the_policy_again() -> None:
    limited = Book([policy(tag_set("Secrets", R, "EMBER ANVIL", oid="2.25.1", tag='singleSelection="true"'))])
    assert limited.dominant([label("LOW", category("Secrets", R, w)) for w in ("EMBER", "EMBER")], NOW) is not None
    assert limited.dominant([label("LOW", category("Secrets", R, w)) for w in ("EMBER", "ANVIL")], NOW) is None


def test_times_and_marks_of_the_joined_label() -> None:
    later, sooner = label("LOW", tlp="GREEN", originator="a", originator_kind="dNSName"), label(
        "HIGH", tlp="AMBER_STRICT", review_at=NOW + timedelta(days=1), created_at=NOW - timedelta(days=1)
    )  # fmt: skip
    both = joined(later, sooner)
    assert both is not None
    assert (both.review_at, both.created_at, both.tlp) == (NOW + timedelta(days=1), NOW, "AMBER_STRICT")
    assert (both.originator, both.originator_kind) == (None, None)
    assert both.policy_uri == "urn:oid:2.25.11112222333344445555666677778888"
    unknown = joined(later, msgspec.structs.replace(later, tlp="x-eu:PURPLE"))
    assert unknown is not None
    assert unknown.tlp == "x-eu:PURPLE"


def test_successors_count_as_their_labels_do() -> None:
    down = label("HIGH", review_at=None, successor=Succession(at=NOW, label=label("MIDDLE", review_at=None)))
    both = joined(down, label("LOW"))
    assert both is not None
    assert (both.classification, both.successor, both.review_at) == ("HIGH", None, NOW)


def test_equal_labels_stay_as_they_are() -> None:
    one = label(
        "LOW", category("Release", P, "XBB", "XAA"), successor=Succession(at=REVIEW, label=label("LOW", review_at=None))
    )
    assert joined(one, one) == one


def bravo(level: str, *nations: str) -> Label:
    return label(level, category("Releasable To", P, *nations), policy="BRAVO")


def test_alternatives_are_joined_where_all_have_them() -> None:
    first = label("LOW", alternatives=(bravo("OPEN", "XAA", "XBB"),))
    second = label("HIGH", alternatives=(bravo("SECRET", "XBB", "XCC"),))
    both = joined(first, second)
    assert both is not None
    (alternative,) = both.alternatives
    assert (alternative.classification, sets_of(alternative)) == ("SECRET", {"Releasable To": ("XBB",)})
    alone = joined(first, label("HIGH"))
    assert alone is not None
    assert alone.alternatives == ()


def test_an_alternative_that_cannot_be_joined_leaves_no_label() -> None:
    first = label("LOW", alternatives=(bravo("OPEN", "XAA"),))
    broken = label("HIGH", alternatives=(bravo("NONE", "XAA"),))
    foreign = [label(level, alternatives=(label(level, policy="OTHER"),)) for level in ("LOW", "HIGH")]
    assert joined(first, broken) is None
    assert joined(*foreign) is None
    assert joined(foreign[0], foreign[0]) == foreign[0]


def _mapping(spifs: list[object]) -> Book:
    equivalence = Equivalence(
        source="TEST", target="BRAVO", direction=Direction.ENCRYPT,
        classifications={"LOW": "LIMITED", "HIGH": "SECRET"},
        values={("Release", "XAA"): ("Releasable To", "XAA"), ("Release", "XBB"): ("Releasable To", "XBB")},
        signed_off_by="a", signed_off_on="2026-01-01",
    )  # fmt: skip
    return Book(spifs, [equivalence])  # type: ignore[arg-type]


def test_a_label_whose_alternative_is_not_believed_is_not_healed_by_one_that_is_stricter() -> None:
    """Its alternative says less than what was signed off: it lets nobody in, so no join and no cover may let it out."""
    book = _mapping([policy(SETS), read_spif(shipped()["BRAVO"])])

    def told(level: str) -> Label:
        release = category("Releasable To", P, "XAA")
        return label("LOW", category("Release", P, "XAA"), alternatives=(label(level, release, policy="BRAVO"),))

    loose, sound, strict = told("OPEN"), told("LIMITED"), told("SECRET")
    mine = (clearance("OPEN LIMITED SECRET", category("Releasable To", P, "XAA"), policy="BRAVO"),)
    judged = [book.judge(one, mine, NOW, direction=Direction.ENCRYPT).decision.rule for one in (loose, sound, strict)]
    assert judged == ["alternative-conflict", "permit", "permit"]
    assert book.dominant([loose, sound], NOW) is None
    assert not book.covers(sound, loose, NOW)
    joined = book.dominant([sound, strict], NOW)
    assert joined is not None
    assert [one.classification for one in joined.alternatives] == ["SECRET"]
    assert book.covers(strict, sound, NOW)


def test_a_label_without_a_release_is_not_joined_into_one_that_maps() -> None:
    """Under its own policy it restricts less, in the other it is nobody's: one label cannot say both."""
    book = _mapping([policy(SETS), read_spif(shipped()["BRAVO"])])
    without, released = label("LOW"), label("LOW", category("Release", P, "XAA"))
    assert joined(without, released) is not None
    assert joined(without, released, book=book) is None
    assert BOOK.covers(released, without, NOW)
    assert not book.covers(released, without, NOW)


def test_an_alternative_is_not_dropped_where_an_equivalence_would_speak_in_its_place() -> None:
    book = _mapping([policy(SETS), read_spif(shipped()["BRAVO"])])
    first = label("LOW", category("Release", P, "XAA"), alternatives=(bravo("SECRET", "XAA"),))
    second = label("HIGH", category("Release", P, "XAA"))
    assert joined(first, second) is not None
    assert joined(first, second, book=book) is None
    assert not book.covers(second, first, NOW)


@pytest.mark.parametrize(
    ("strict", "loose"),
    [
        (label("HIGH"), label("LOW")),
        (label("LOW", category("Release", P, "XAA")), label("LOW")),
        (label("LOW", category("Release", P, "XAA")), label("LOW", category("Release", P, "XAA", "XBB"))),
        (label("LOW", category("Release", P)), label("LOW", category("Release", P, "XAA"))),
        (label("LOW", category("Secrets", R, "ANVIL")), label("LOW")),
        (label("HIGH", successor=Succession(at=NOW, label=label("LOW", review_at=None))), label("HIGH")),
    ],
)
def test_one_label_covers_another(strict: Label, loose: Label) -> None:
    assert BOOK.covers(strict, loose, NOW)
    assert not BOOK.covers(loose, strict, NOW) or strict.successor is not None
    assert BOOK.covers(strict, strict, NOW)


def test_covering_needs_valid_labels_of_one_policy_and_the_same_alternatives() -> None:
    low = label("LOW")
    assert not BOOK.covers(label("NONE"), low, NOW)
    assert not BOOK.covers(low, label("NONE"), NOW)
    assert not BOOK.covers(low, label("LOW", policy="NATO"), NOW)
    assert not BOOK.covers(label("LOW", policy="OTHER"), label("LOW", policy="OTHER"), NOW)
    assert not BOOK.covers(label("LOW", alternatives=(bravo("OPEN", "XAA"),)), low, NOW)
    assert BOOK.covers(low, label("LOW", alternatives=(bravo("OPEN", "XAA"),)), NOW)
    wide, narrow = bravo("OPEN", "XAA", "XBB"), bravo("OPEN", "XAA")
    assert BOOK.covers(label("LOW", alternatives=(narrow,)), label("LOW", alternatives=(wide,)), NOW)
    assert not BOOK.covers(label("LOW", alternatives=(wide,)), label("LOW", alternatives=(narrow,)), NOW)


def test_where_succession_is_followed_a_label_that_will_fall_covers_only_what_falls_as_far() -> None:
    following = Book([policy(SETS)], follow_succession=True)
    falling = label("HIGH", successor=Succession(at=NOW, label=label("LOW", review_at=None)))
    assert BOOK.covers(falling, label("HIGH"), NOW)
    assert not following.covers(falling, label("HIGH"), NOW)
    assert following.covers(falling, falling, NOW)
    assert following.covers(label("HIGH"), falling, NOW)
