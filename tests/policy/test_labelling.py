"""The label of a batch is at least as strict as every track's, and permits every recipient; or the batch parts."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.labels.clearance import Clearance
from gateway.labels.equivalence import Direction
from gateway.policy.labelling import batch_labels
from gateway.track import Label, LabelCategory, Track
from tests.policy import policies as make
from tests.policy.policies import ANVIL, HIGH, LABELS, LOW, NATIONS, NOW, TO_XAT, TO_XIE, TRACK

POLICY = make.policy()


def tracks_of(*labels: Label | None) -> list[Track]:
    return [replace(TRACK, track_id=f"t{n}", label=label) for n, label in enumerate(labels)]


def test_tracks_of_one_label_go_under_it_itself() -> None:
    tracks = tracks_of(LOW, replace(LOW), LOW)
    ((label, those),) = batch_labels(POLICY, tracks, ("bel",), NOW)
    assert label is LOW
    assert those == tuple(tracks)
    assert batch_labels(POLICY, [], ("bel",), NOW) == []


def test_one_label_stands_for_all_where_it_permits_every_recipient() -> None:
    tracks = tracks_of(LOW, ANVIL, LOW)
    ((label, those),) = batch_labels(POLICY, tracks, ("deu",), NOW)
    assert those == tuple(tracks)
    assert all(POLICY.book.covers(label, one, NOW) for one in (LOW, ANVIL))


def test_an_empty_permissive_set_is_nobody_so_the_tracks_part_in_their_order() -> None:
    only_at = tuple(replace(one, values=("XAT",)) if one.tag == "Releasable To" else one for one in TO_XAT.categories)
    only_ie = tuple(replace(one, values=("XIE",)) if one.tag == "Releasable To" else one for one in TO_XIE.categories)
    first, second = replace(TO_XAT, categories=only_at), replace(TO_XIE, categories=only_ie)
    both = {**NATIONS, "both": (make.clearance("UNCLASSIFIED", to="XAT"),)}
    tracks = tracks_of(first, second, first)
    parts = batch_labels(make.policy(partners=both), tracks, ("both",), NOW)
    assert [(label, [one.track_id for one in those]) for label, those in parts] == [
        (first, ["t0", "t2"]),
        (second, ["t1"]),
    ]


def test_labels_of_policies_that_have_no_words_in_common_part() -> None:
    bravo = replace(LOW, policy="BRAVO", classification="OPEN", categories=(), policy_uri=None)
    assert len(batch_labels(POLICY, tracks_of(LOW, bravo), ("bel",), NOW)) == 2


def test_a_track_without_a_label_is_a_mistake_of_ours() -> None:
    for labels in ((None,), (LOW, None)):
        with pytest.raises(RuntimeError, match="without a label"):
            batch_labels(POLICY, tracks_of(*labels), ("bel",), NOW)


@given(
    st.lists(st.sampled_from(LABELS), min_size=1, max_size=6), st.lists(st.sampled_from(sorted(NATIONS)), unique=True)
)
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_whoever_a_batch_label_permits_may_see_every_track_of_it(labels: list[Label], members: list[str]) -> None:
    book = POLICY.book
    recipients = [  # as release() leaves them: each track has been decided for each of them
        member
        for member in members
        if all(book.judge(one, NATIONS[member], NOW, direction=Direction.ENCRYPT).decision.permit for one in labels)
    ]
    tracks = tracks_of(*labels)
    parts = batch_labels(POLICY, tracks, recipients, NOW)
    assert sorted(one.track_id or "" for _, those in parts for one in those) == [one.track_id for one in tracks]
    for label, those in parts:
        assert not book.check(label, NOW)
        assert all(book.covers(label, one.label or HIGH, NOW) for one in those)
        for clearances in NATIONS.values():
            if book.judge(label, clearances, NOW, direction=Direction.ENCRYPT).decision.permit:
                for one in those:
                    assert book.judge(one.label, clearances, NOW, direction=Direction.ENCRYPT).decision.permit
        for member in recipients:
            assert book.judge(label, NATIONS[member], NOW, direction=Direction.ENCRYPT).decision.permit


def test_a_label_that_all_tracks_share_and_a_recipient_may_not_see_is_not_given() -> None:
    """Whoever holds two nations may see what is for either; what both have in common is for a third."""

    def released(*nations: str) -> Label:
        category = LabelCategory(tag="Releasable To", kind="PERMISSIVE", values=nations)
        bare = Label(policy="BRAVO", classification="OPEN", categories=(category,))
        return make.book().complete(bare, created_at=make.ISSUED, review_at=make.REVIEW)

    held = LabelCategory(tag="Releasable To", kind="PERMISSIVE", values=("XAA", "XBB"))
    two = Clearance(policy="BRAVO", classifications=("OPEN",), categories=(held,))
    first, second = released("XAA", "XCC"), released("XBB", "XCC")
    policy = make.policy(partners={"two": (two,)})
    for label in (first, second):
        assert policy.book.judge(label, (two,), NOW, direction=Direction.ENCRYPT).decision.permit
    together = policy.book.dominant([first, second], NOW)
    assert together is not None
    assert not policy.book.check(together, NOW)
    assert [label for label, _ in batch_labels(policy, tracks_of(first, second), ("two",), NOW)] == [first, second]
