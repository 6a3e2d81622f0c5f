"""What a relay says of another's track in redacted form: shown where nobody else has said anything, and no more."""

from __future__ import annotations

from datetime import timedelta

from gateway.clock import ManualClock
from gateway.feeds.picture import Entry, Picture
from gateway.limits import Limits
from tests.feeds.support import LABEL, T0, track

LATER = T0 + timedelta(seconds=5)


def picture() -> tuple[Picture, ManualClock]:
    clock = ManualClock(T0)
    return Picture(clock, Limits()), clock


def only(shown: Picture) -> Entry:
    (entry,), _ = shown.query(most=10)
    return entry


def test_a_second_hand_track_is_its_origins_and_says_by_whom_it_was_told() -> None:
    shown, _ = picture()
    assert shown.update([track("a")], "nld", LABEL, "deu") == set()
    assert (only(shown).origin, only(shown).via) == ("nld", "deu")
    assert shown.update([track("a", at=LATER)], "nld", LABEL, "deu") == set()
    assert shown.counts.updates == 2


def test_it_never_takes_the_place_of_the_origins_own_word() -> None:
    shown, _ = picture()
    shown.update([track("a", latitude=1)], "nld", LABEL)
    assert shown.update([track("a", at=LATER, latitude=2)], "nld", LABEL, "deu") == {"a"}
    assert only(shown).via == ""
    assert (shown.counts.second_hand, shown.counts.contested, shown.counts.updates) == (1, 0, 1)


def test_the_origins_own_word_takes_its_place_even_if_it_is_older() -> None:
    shown, _ = picture()
    shown.update([track("a", at=LATER, latitude=2)], "nld", LABEL, "deu")
    assert shown.update([track("a", at=T0, latitude=1)], "nld", LABEL) == set()
    assert (only(shown).via, only(shown).track.state.time) == ("", T0)  # type: ignore[union-attr]  # it has one


def test_of_two_who_tell_of_it_the_first_goes_on_until_it_is_stale() -> None:
    shown, clock = picture()
    shown.update([track("a")], "nld", LABEL, "deu")
    assert shown.update([track("a", at=LATER)], "nld", LABEL, "fra") == {"a"}
    assert only(shown).via == "deu"
    clock.advance(Limits().source_silence_s + 1)
    assert shown.update([track("a", at=clock.now())], "nld", LABEL, "fra") == set()
    assert only(shown).via == "fra"


def test_nobody_speaks_second_hand_for_a_track_of_somebody_else() -> None:
    shown, _ = picture()
    shown.update([track("a")], "bel", LABEL)
    assert shown.update([track("a", at=LATER)], "nld", LABEL, "deu") == {"a"}
    assert (shown.counts.contested, shown.counts.second_hand) == (1, 0)


def test_who_tells_second_hand_withdraws_what_he_told_himself_and_the_origin_withdraws_all() -> None:
    shown, _ = picture()
    shown.update([track("a"), track("b")], "nld", LABEL, "deu")
    shown.update([track("c")], "nld", LABEL)
    assert shown.retract("c", "nld", "MISTAKE", "deu") is None
    assert shown.retract("a", "nld", "MISTAKE", "fra") is None
    assert shown.retract("a", "bel", "MISTAKE") is None
    assert shown.retract("a", "nld", "MISTAKE", "deu") is not None
    assert shown.retract("b", "nld", "MISTAKE") is not None
    assert len(shown) == 1
