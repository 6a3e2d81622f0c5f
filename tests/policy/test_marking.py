"""Our own tracks get the label that policy gives them, and go nowhere without one."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.labels.book import Book
from gateway.policy.condition import Circumstances, meets
from gateway.policy.marking import joined, mark
from gateway.policy.policy import Policy
from gateway.policy.terms import Condition, Existing, Marking
from gateway.track import Label, Position, State, Track
from tests.policy import policies as make
from tests.policy.policies import ANVIL, HIGH, ISSUED, LOW, NODE, NOW, REVIEW, TO_XAT, TO_XIE, TRACK

BARE = replace(TRACK, label=None)
SITE = Marking(id="site", when=Condition(areas=("box",)), label=HIGH)
REST = Marking(id="rest", label=LOW)
GIVEN = Label(policy="ALPHA", classification="RESTRICTED", categories=LOW.categories)
"""As a source gives it: without times."""


def marked(policy: Policy, track: Track) -> Track:
    (one,) = mark(policy, [track], source="radar-north", now=NOW)
    return one


def with_markings(*markings: Marking) -> Policy:
    return make.policy(markings=markings)


def test_the_first_marking_that_is_met_gives_the_label_and_without_one_there_is_none() -> None:
    policy = with_markings(SITE, REST)
    assert marked(policy, BARE).label is HIGH
    far = replace(BARE, state=replace(TRACK.state, position=Position(10.0, 10.0)))  # type: ignore[type-var]
    assert marked(policy, far).label is LOW
    assert marked(with_markings(SITE), far).label is None
    assert marked(with_markings(), BARE).label is None
    assert marked(with_markings(), TRACK).label is None, "what the source gave needs a marking that keeps it"


def test_tracks_of_one_label_share_the_very_same_object() -> None:
    policy = with_markings(REST)
    first, second = mark(policy, [BARE, replace(BARE, track_id="t2")], source="radar-north", now=NOW)
    assert first.label is second.label is LOW
    again = mark(policy, [replace(BARE, label=GIVEN), replace(BARE, label=replace(GIVEN))], source=None, now=NOW)
    assert again[0].label is again[1].label


def test_a_marking_that_may_be_meant_makes_the_label_as_strict_as_both() -> None:
    bearing = replace(BARE, state=State(time=NOW))
    assert marked(with_markings(SITE, REST), bearing).label == replace(HIGH)
    assert marked(with_markings(SITE), bearing).label is None, "nothing is met for certain"
    nations = (Marking(id="a", when=Condition(areas=("box",)), label=TO_XAT), Marking(id="b", label=TO_XIE))
    label = marked(with_markings(*nations), bearing).label
    assert label is not None
    released = {category.tag: set(category.values) for category in label.categories}
    assert released["Releasable To"] == {"ALPHA"}


def test_a_label_that_the_source_gave_is_kept_with_the_times_of_the_policy() -> None:
    label = marked(with_markings(REST), replace(BARE, label=GIVEN)).label
    assert label is not None
    assert (label.classification, label.created_at, label.review_at) == ("RESTRICTED", ISSUED, REVIEW)
    assert label.originator == "nld.example"
    full = make.label("RESTRICTED")
    assert marked(with_markings(REST), replace(BARE, label=full)).label == full


def test_a_label_that_the_source_gave_is_combined_or_refused_as_the_marking_says() -> None:
    combine = with_markings(replace(REST, label=ANVIL, existing=Existing.COMBINE))
    label = marked(combine, replace(BARE, label=replace(GIVEN, classification="SECRET"))).label
    assert label is not None
    assert label.classification == "SECRET"
    assert "ANVIL" in repr(label)
    for existing in (ANVIL, GIVEN):
        both = marked(combine, replace(BARE, label=existing)).label
        assert both is not None
        assert combine.book.covers(both, ANVIL, NOW)
    refuse = with_markings(replace(REST, existing=Existing.REFUSE))
    assert marked(refuse, replace(BARE, label=GIVEN)).label is None
    assert marked(refuse, BARE).label is LOW
    foreign = Label(policy="BRAVO", classification="OPEN")
    assert marked(combine, replace(BARE, label=foreign)).label is None, "no one label says both"


def test_the_label_of_a_combination_is_worked_out_once_until_something_changes() -> None:
    calls = []

    class Counting(Book):
        def dominant(self, labels, now):  # type: ignore[no-untyped-def]
            calls.append(now)
            return super().dominant(labels, now)

    policy = make.policy(
        book=Counting(make.SPIFS.values()), markings=(replace(REST, label=ANVIL, existing=Existing.COMBINE),)
    )
    track = replace(BARE, label=GIVEN)
    for seconds in (0, 1, 86_400, 0, -1, 5):
        mark(policy, [track, track], source=None, now=NOW + timedelta(seconds=seconds))
    assert calls == [NOW, NOW - timedelta(seconds=1)], "the clock was set back once; nothing of ALPHA ever ends"


@given(make.markings(), make.some_tracks(), st.sampled_from([*make.SOURCES, None]))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_compiled_markings_give_what_the_plain_ones_give(
    markings: tuple[Marking, ...], tracks: list[Track], source: str | None
) -> None:
    policy = with_markings(*markings)
    given_ = Circumstances(source=source, origin=NODE, now=NOW, areas=policy.areas)
    found = mark(policy, tracks, source=source, now=NOW)
    assert found == mark(policy, tracks, source=source, now=NOW)
    for track, shown in zip(tracks, found, strict=True):
        asked = []
        for marking in markings:
            met = meets(marking.when, track, given_).met
            if met is not False:
                asked.append(marking)
            if met:
                break
        else:
            asked = []
        expected = joined(policy, asked, track.label, NOW) if asked else None
        assert shown == replace(track, label=expected)
        for marking in asked:
            if shown.label is not None and marking.existing is not Existing.KEEP:
                assert policy.book.covers(shown.label, marking.label, NOW)
