"""The book: which label decides, what it remembers and for how long, and what it adds to labels."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import pytest

from gateway.errors import PolicyError
from gateway.labels import book as book_module
from gateway.labels.book import Book
from gateway.labels.clearance import Clearance
from gateway.labels.equivalence import Direction
from gateway.labels.shipped import shipped
from gateway.labels.spif_read import read_spif
from gateway.labels.write import write_label
from gateway.track import Label, Succession
from tests.labels.spif_texts import NOW, REVIEW, P, R, category, clearance, label, policy, rules, spif_text, tag_set

SETS = tag_set("Secrets", R, "EMBER ANVIL", oid="2.25.1.1") + tag_set("Release", P, "XAA XBB", oid="2.25.1.2")
TEST = policy(SETS)
OTHER = read_spif(spif_text(name="OTHER", oid="2.25.71", levels="OPEN SHUT"))
BOOK = Book([TEST, OTHER])
ENCRYPT = Direction.ENCRYPT
MINE = (clearance("LOW", category("Release", P, "XAA")),)
THEIRS = (clearance("OPEN", policy="OTHER"),)


def other(level: str, **more: object) -> Label:
    return label(level, policy="OTHER", **more)


@pytest.mark.parametrize(
    ("tested", "held", "rule", "basis"),
    [
        (None, MINE, "no-label", "none"),
        (label("LOW"), MINE, "permit", "originator"),
        (label("HIGH"), MINE, "classification", "originator"),
        (label("LOW"), (), "not-mapped", "none"),
        (label("LOW"), THEIRS, "not-mapped", "none"),
        (label("LOW", policy="NONE"), MINE, "unknown-policy", "none"),
        (label("LOW", policy="NONE"), (clearance("LOW", policy="NONE"),), "unknown-policy", "none"),
        (label("LOW", alternatives=(other("OPEN"),)), THEIRS, "permit", "alternative"),
        (label("LOW", alternatives=(other("SHUT"),)), THEIRS, "classification", "alternative"),
        (label("LOW", alternatives=(other("SHUT"), other("OPEN"))), THEIRS, "classification", "alternative"),
        (label("LOW", alternatives=(label("X", policy="NONE"), other("OPEN"))), THEIRS, "permit", "alternative"),
        (label("HIGH", alternatives=(other("OPEN"),)), (*THEIRS, *MINE), "classification", "originator"),
        (label("LOW", policy="NONE", alternatives=(other("OPEN"),)), THEIRS, "permit", "alternative"),
        (label("NONE", alternatives=(other("OPEN"),)), THEIRS, "invalid-label", "none"),
    ],
)
def test_which_label_decides(tested: Label | None, held: tuple[Clearance, ...], rule: str, basis: str) -> None:
    judgement = BOOK.judge(tested, held, NOW, direction=ENCRYPT)
    assert (judgement.decision.rule, judgement.basis) == (rule, basis)
    assert judgement.decision.permit == (rule == "permit")


def test_an_alternative_never_replaces_a_label_that_lacks_what_is_mandatory() -> None:
    strict = Book([read_spif(spif_text(sets=SETS), mandatory=["Release"]), OTHER])
    tested = label("LOW", alternatives=(other("OPEN"),))
    assert strict.judge(tested, THEIRS, NOW, direction=ENCRYPT).decision.rule == "missing-mandatory"


def test_the_first_clearance_of_a_policy_speaks_for_it() -> None:
    held = (clearance("LOW"), clearance("HIGH"))
    assert not BOOK.judge(label("HIGH"), held, NOW, direction=ENCRYPT).decision.permit


def test_whoever_may_not_see_the_label_of_the_label_may_not_have_it() -> None:
    tested = label("LOW", metadata=label("HIGH"))
    judgement = BOOK.judge(tested, MINE, NOW, direction=ENCRYPT)
    assert judgement.decision.rule == "metadata-label"
    assert BOOK.judge(tested, (clearance("LOW HIGH"),), NOW, direction=ENCRYPT).decision.permit
    foreign = label("LOW", metadata=label("LOW", policy="NONE"))
    assert BOOK.judge(foreign, MINE, NOW, direction=ENCRYPT).decision.rule == "metadata-label"


def test_octets_are_judged_as_their_label_and_remembered() -> None:
    octets = write_label(label("LOW", category("Release", P, "XAA")))
    fresh = Book([TEST, OTHER])
    first = fresh.judge_octets(octets, MINE, NOW, direction=ENCRYPT)
    assert first.decision.permit
    assert fresh.judge_octets(bytes(bytearray(octets)), MINE, NOW, direction=ENCRYPT) is first
    assert fresh.read(octets) is fresh.read(bytes(bytearray(octets)))
    assert not fresh.judge_octets(octets, THEIRS, NOW, direction=ENCRYPT).decision.permit


def test_octets_that_are_no_label_are_refused_each_time() -> None:
    for _ in range(2):
        with pytest.raises(PolicyError):
            BOOK.judge_octets(b"<label/>", MINE, NOW, direction=ENCRYPT)


TIMED = policy(
    tag_set("Release", P, "XAA", oid="2.25.1").replace(
        'name="XAA"', 'name="XAA" notBefore="2026-06-01T00:00:00Z" notAfter="2027-01-01T00:00:00Z"'
    )
)


def _by_label(book: Book, tested: Label, now: datetime) -> bool:
    return book.judge(tested, MINE, now, direction=ENCRYPT).decision.permit


def _by_octets(book: Book, tested: Label, now: datetime) -> bool:
    return book.judge_octets(write_label(tested), MINE, now, direction=ENCRYPT).decision.permit


@pytest.mark.parametrize("judge", [_by_label, _by_octets])
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2)])
def test_no_answer_is_remembered_beyond_its_time_in_either_direction(
    judge: Callable[[Book, Label, datetime], bool], order: tuple[int, ...]
) -> None:
    book, tested = Book([TIMED]), label("LOW", category("Release", P, "XAA"))
    begin, end = TIMED.boundaries
    tick = timedelta(microseconds=1)
    answers = [(begin - tick, False), (begin, True), (end - tick, True), (end, False)]
    for _ in range(2):
        for n in order:
            assert judge(book, tested, answers[n][0]) == answers[n][1], answers[n]


@pytest.mark.parametrize("where", ["label", "alternative", "metadata"])
def test_a_succession_that_is_followed_is_never_served_stale(where: str) -> None:
    book = Book([TEST, OTHER], follow_succession=True)
    policy_name, level, later = ("OTHER", "SHUT", "OPEN") if where == "alternative" else ("TEST", "HIGH", "LOW")
    following = Succession(at=NOW, label=label(later, policy=policy_name, review_at=None))
    falling = label(level, policy=policy_name, review_at=None, successor=following)
    tested = {
        "label": falling,
        "alternative": label("LOW", alternatives=(falling,)),
        "metadata": label("LOW", metadata=falling),
    }[where]
    held = THEIRS if where == "alternative" else MINE
    before = NOW - timedelta(microseconds=1)
    for _ in range(2):
        first = book.judge(tested, held, before, direction=ENCRYPT).decision
        assert (first.permit, first.until) == (False, NOW)
        second = book.judge(tested, held, NOW, direction=ENCRYPT).decision
        assert (second.permit, second.until) == (True, None)


def test_memories_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book_module, "MAX_REMEMBERED", 4)
    book = Book([TEST])
    for n in range(20):
        octets = write_label(label("LOW", privacy_mark=f"mark {n}"))
        book.judge_octets(octets, MINE, NOW, direction=ENCRYPT)
    assert max(len(book._judged), len(book._judged_octets), len(book._read)) <= 4
    monkeypatch.setattr(book_module, "MAX_REMEMBERED_OCTETS", 10)
    long = Book([TEST])
    long.judge_octets(octets, MINE, NOW, direction=ENCRYPT)
    assert not long._judged_octets
    assert not long._read


def test_large_labels_are_remembered_by_their_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    large = label("LOW", alternatives=tuple(label("LOW", policy=f"P{n}", privacy_mark="x" * 1_000) for n in range(4)))
    monkeypatch.setattr(book_module, "MAX_REMEMBERED_WEIGHT", 10_000)
    book = Book([TEST])
    for n in range(20):
        judged = book.judge(msgspec.structs.replace(large, privacy_mark=f"mark {n}"), MINE, NOW, direction=ENCRYPT)
        assert judged == book.judge(
            msgspec.structs.replace(large, privacy_mark=f"mark {n}"), MINE, NOW, direction=ENCRYPT
        )
        assert 0 < len(book._judged) <= 3


def test_clearances_of_one_policy_are_remembered_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.labels.decide._MAX_HOLDINGS", 4)
    spif = policy(SETS)
    for n in range(20):
        Book([spif]).judge(label("LOW"), (clearance(f"LOW N{n}"),), NOW, direction=ENCRYPT)
    assert len(spif.__dict__["holdings"]) <= 4


@pytest.mark.parametrize(
    "twin",
    [
        spif_text(name="TEST", oid="2.25.99"),
        spif_text(name="TWIN"),
        spif_text(name="test", oid="2.25.99", extra=rules('ignoreCase="true"')),
    ],
)
def test_two_policies_of_one_name_or_identifier_are_refused(twin: bytes) -> None:
    for spifs in ([TEST, read_spif(twin)], [read_spif(twin), TEST]):
        with pytest.raises(PolicyError) as caught:
            Book(spifs)
        assert caught.value.code.id == "LBL-037"


def test_names_of_policies_are_found_as_they_compare() -> None:
    book = Book([read_spif(octets) for octets in shipped().values()])
    assert book.spif("public") is book.spif("PUBLIC") is not None
    assert book.spif("alpha") is None
    assert book.judge(
        label("unmarked", policy="Public"), (clearance("UNMARKED", policy="public"),), NOW, direction=ENCRYPT
    ).decision.permit


def test_a_check_looks_at_alternatives_and_the_label_of_the_label_too() -> None:
    assert BOOK.check(label("LOW", alternatives=(other("OPEN"), label("X", policy="NONE"))), NOW) == ()
    assert [each.code.id for each in BOOK.check(label("LOW", alternatives=(other("NONE"),)), NOW)] == ["LBL-044"]
    assert [each.code.id for each in BOOK.check(label("LOW", metadata=label("NONE")), NOW)] == ["LBL-044"]
    assert [each.code.id for each in BOOK.check(label("LOW", policy="NONE"), NOW)] == ["LBL-043"]


def test_a_label_is_completed_with_what_it_lacks_and_keeps_what_it_has() -> None:
    bare = Label(
        policy="TEST", classification="LOW", categories=(category("Release", P, "XAA"), category("None", P)),
        alternatives=(Label(policy="OTHER", classification="OPEN"), Label(policy="NONE", classification="X")),
        metadata=Label(policy="TEST", classification="LOW"),
    )  # fmt: skip
    whole = BOOK.complete(bare, created_at=NOW, review_at=REVIEW, originator="node.example")
    for each, uri in (
        (whole, TEST.uri), (whole.alternatives[0], OTHER.uri), (whole.alternatives[1], None),
        (whole.metadata, TEST.uri),
    ):  # fmt: skip
        assert each is not None
        assert (each.policy_uri, each.created_at, each.review_at) == (uri, NOW, REVIEW)
        assert (each.originator, each.originator_kind) == ("node.example", "dNSName")
    assert [each.uri for each in whole.categories] == ["urn:oid:2.25.1.2", None]
    kept = msgspec.structs.replace(bare, created_at=REVIEW, review_at=NOW, originator="a", originator_kind="jID")
    again = BOOK.complete(kept, created_at=NOW, review_at=REVIEW, originator="node.example")
    assert (again.created_at, again.review_at, again.originator, again.originator_kind) == (REVIEW, NOW, "a", "jID")
    assert BOOK.complete(bare, created_at=NOW, review_at=REVIEW).originator is None


def test_a_label_with_a_successor_gets_no_review_time_but_its_successor_is_completed() -> None:
    following = Succession(at=NOW, label=Label(policy="TEST", classification="LOW"))
    whole = BOOK.complete(
        Label(policy="TEST", classification="HIGH", successor=following), created_at=NOW, review_at=REVIEW
    )
    assert whole.review_at is None
    assert whole.successor is not None
    assert (whole.successor.label.created_at, whole.successor.label.review_at) == (NOW, None)
    assert whole.successor.label.policy_uri == TEST.uri
    assert BOOK.check(whole, NOW) == ()
    assert BOOK.read(write_label(whole)) == whole
