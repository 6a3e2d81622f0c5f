"""A withdrawal is remembered for what comes after it: who may withdraw what, until when, and how much is kept."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.clock import ManualClock
from gateway.feeds.picture import Picture
from gateway.feeds.withdrawals import Withdrawals
from gateway.limits import Limits
from gateway.stages import Retraction
from gateway.store import Withdrawal
from gateway.track import Track
from tests.feeds.support import LABEL, T0, track

LATER = T0 + timedelta(seconds=5)
LATEST = T0 + timedelta(seconds=10)


def picture(**limits: object) -> tuple[Picture, ManualClock]:
    clock = ManualClock(T0)
    return Picture(clock, Limits(**limits)), clock  # type: ignore[arg-type]  # a test's own names


def gone(track_id: str = "a", at: datetime = LATER) -> Retraction:
    return Retraction(track_id=track_id, time=at, reason="MISTAKE")


def withdraw(shown: Picture, retraction: Retraction, origin: str = "nld", via: str = "") -> None:
    """As the corridor does with what a partner withdraws."""
    entry = shown.find(retraction.track_id)
    known = [entry.track] if entry is not None and entry.origin == origin else []
    withdrawal = shown.withdrawals.of(retraction, origin, via, known)
    shown.retract(retraction.track_id, origin, retraction.reason, via)
    shown.withdrawals.note(withdrawal)


def received(one: Track, at: datetime) -> Track:
    assert one.state is not None
    return replace(one, state=replace(one.state, received_at=at))


def test_what_comes_after_its_withdrawal_is_not_shown_and_is_counted() -> None:
    shown, _ = picture()
    withdraw(shown, gone())
    shown.update([track("a"), track("a", at=LATER), track("b")], "nld", LABEL)
    assert (shown.find("a"), shown.find("b") is not None) == (None, True)
    assert (shown.counts.withdrawn, shown.counts.updates) == (2, 1)


def test_a_newer_state_brings_the_track_back_and_an_older_one_still_does_not_take_its_place() -> None:
    shown, clock = picture()
    withdraw(shown, gone())
    shown.update([track("a", at=LATEST)], "nld", LABEL)
    assert shown.find("a") is not None
    clock.advance(Limits().source_silence_s + 20)
    shown.expire()
    shown.update([track("a", at=T0)], "nld", LABEL)
    assert shown.find("a") is None


def test_a_track_that_was_shown_and_withdrawn_does_not_come_back_by_another_way() -> None:
    shown, _ = picture()
    shown.update([track("a")], "nld", LABEL)
    withdraw(shown, gone())
    shown.update([track("a")], "nld", LABEL, "", "deu")
    shown.update([track("a")], "nld", LABEL, "deu")
    assert shown.find("a") is None


def test_a_sensors_clock_that_is_ahead_does_not_bring_back_what_was_withdrawn() -> None:
    shown, _ = picture()
    ahead = track("a", at=LATEST)
    shown.update([ahead], "nld", LABEL)
    withdraw(shown, gone(at=LATER))
    shown.update([ahead], "nld", LABEL, "deu")
    assert shown.find("a") is None, "that very state was withdrawn"
    withdraw(shown, gone("b", LATER))
    shown.update([received(track("b", at=LATEST), T0)], "nld", LABEL)
    assert shown.find("b") is None, "its first gateway had it before it was withdrawn"
    shown.update([received(track("b", at=LATEST), LATEST)], "nld", LABEL)
    assert shown.find("b") is not None


def test_a_state_without_a_time_is_not_known_to_be_newer() -> None:
    shown, _ = picture()
    withdraw(shown, gone())
    shown.update([replace(track("a"), state=None)], "nld", LABEL)
    assert shown.find("a") is None


def test_a_withdrawal_from_the_future_freezes_its_track_no_longer_than_a_message_may_be_ahead() -> None:
    shown, clock = picture()
    withdraw(shown, gone(at=T0 + timedelta(days=365)))
    ahead = T0 + timedelta(seconds=Limits().created_window_s)
    shown.update([track("a", at=ahead)], "nld", LABEL)
    assert shown.find("a") is None
    clock.advance(Limits().created_window_s + 1)
    shown.update([track("a", at=clock.now())], "nld", LABEL)
    assert shown.find("a") is not None


def test_nobody_withdraws_in_advance_what_is_anothers() -> None:
    shown, _ = picture()
    withdraw(shown, gone(), origin="fra")
    withdraw(shown, gone(), origin="nld", via="fra")
    for via, by in (("", ""), ("", "deu"), ("deu", "")):
        assert shown.standing([track("a")], "nld", via, by) == [track("a")]
    assert shown.standing([track("a")], "nld", "fra") == []
    assert shown.standing([track("a")], "nld", "", "fra") == [], "what he brings is his to withdraw, as in the picture"


def test_the_origin_withdraws_whoever_tells() -> None:
    shown, _ = picture()
    withdraw(shown, gone())
    for via, by in (("", ""), ("", "deu"), ("deu", "")):
        assert shown.standing([track("a")], "nld", via, by) == []


def test_where_nothing_was_withdrawn_nothing_is_looked_at() -> None:
    shown, _ = picture()
    tracks = [track("a")]
    assert shown.standing(tracks, "nld") is tracks
    withdraw(shown, gone("b"), origin="fra")
    assert shown.standing(tracks, "nld") is tracks


def test_it_is_remembered_as_long_as_a_message_may_be_on_its_way() -> None:
    shown, clock = picture(created_age_s=60.0)
    withdraw(shown, gone("a"))
    clock.advance(60.0)
    assert shown.standing([track("a")], "nld") == []
    clock.advance(0.001)
    assert shown.standing([track("a")], "nld") == [track("a")]
    withdraw(shown, gone("b"))
    assert len(shown.withdrawals) == 1, "what is over goes with the next"


def test_whoever_withdraws_the_most_is_forgotten_first() -> None:
    shown, _ = picture(picture_tracks=10)
    withdraw(shown, gone("a"))
    for number in range(50):
        withdraw(shown, gone(f"x{number}"), origin="fra")
        withdraw(shown, gone("of an invented origin"), origin=f"o{number}", via="fra")
    assert len(shown.withdrawals) == 10
    assert shown.standing([track("a")], "nld") == []
    assert shown.standing([track("x49")], "fra") == []
    assert shown.standing([track("x0")], "fra") == [track("x0")]


def test_of_two_withdrawals_of_one_track_the_later_time_holds_however_they_come() -> None:
    for times in ((T0, LATER), (LATER, T0)):
        shown, _ = picture()
        for at in times:
            withdraw(shown, gone(at=at))
        assert shown.standing([track("a", at=LATER)], "nld") == []
        assert len(shown.withdrawals) == 1


def test_what_is_too_old_when_a_node_starts_is_not_taken() -> None:
    clock = ManualClock(T0)
    kept = Withdrawals(clock, Limits(created_age_s=60.0))
    kept.note(Withdrawal(track_id="a", origin="nld", teller="nld", until=T0, noted_at=T0 - timedelta(seconds=61)))
    assert len(kept) == 0
    assert not kept.concerns("nld")


EVENTS = st.lists(
    st.tuples(st.booleans(), st.sampled_from("ab"), st.integers(0, 9), st.sampled_from(["", "deu"])), max_size=8
)


@settings(max_examples=100)
@given(EVENTS, st.randoms(use_true_random=False))
def test_in_whatever_order_an_origins_words_come_what_it_withdrew_last_is_not_shown(
    events: list[tuple[bool, str, int, str]], random: object
) -> None:
    """Tracks and withdrawals of one origin, by two ways, in every order."""
    events = list({(one[1], one[2]): one for one in events}.values())
    want: dict[str, tuple[int, bool]] = {}
    for withdrawn, name, second, _ in events:
        want[name] = max(want.get(name, (-1, False)), (second, withdrawn))
    random.shuffle(events)  # type: ignore[attr-defined]  # hypothesis gives a Random
    shown, _ = picture()
    for withdrawn, name, second, by in events:
        at = T0 + timedelta(seconds=second)
        if withdrawn:
            withdraw(shown, gone(name, at))
        else:
            shown.update([track(name, at=at)], "nld", LABEL, "", by)
    for name, (_, withdrawn) in want.items():
        if withdrawn:
            assert shown.find(name) is None
