"""Identity of tracks: incarnations of reused numbers, restarts, plots, implausible values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.admission import NAMESPACE, Admission
from gateway.limits import Limits
from gateway.track import Identifier, Loss, Provenance, State, Status, Track

SECRET = bytes(range(32))
START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def report(
    number: int = 1473, *, after_s: float = 0.0, started: bool | None = None, ended: bool | None = None
) -> Track:
    return Track(
        identifiers=(Identifier("system_track", f"70/16/{number}"), Identifier("mode3a", "5414")),
        status=Status(started=started, ended=ended),
        state=State(time=START + timedelta(seconds=after_s)),
    )


def ids(admission: Admission, *tracks: Track, source: str = "sdps") -> list[str]:
    admitted, _ = admission.admit(source, tracks, START)
    assert all(track.track_id for track in admitted.tracks)
    return [track.track_id or "" for track in admitted.tracks]


@pytest.fixture
def admission() -> Admission:
    return Admission("nld-1", Limits(), secret=SECRET)


def test_one_number_keeps_its_identifier_while_it_is_alive(admission: Admission) -> None:
    first, second = ids(admission, report(), report(after_s=4))
    assert first == second
    assert str(UUID(first)) == first


def test_a_number_that_starts_again_is_another_track(admission: Admission) -> None:
    before, after = ids(admission, report(), report(after_s=4, started=True))
    assert before != after


def test_a_number_that_ended_is_another_track_when_it_comes_back(admission: Admission) -> None:
    before, last, after = ids(admission, report(), report(after_s=4, ended=True), report(after_s=8))
    assert before == last
    assert last != after


def test_a_late_report_belongs_to_the_track_that_ended(admission: Admission) -> None:
    _, last, late = ids(admission, report(), report(after_s=4, ended=True), report(after_s=3))
    assert late == last


def test_silence_longer_than_the_sources_time_out_ends_a_track() -> None:
    admission = Admission("nld-1", Limits(), secret=SECRET, silence_s={"slow": 130.0})
    before, after = ids(admission, report(), report(after_s=121))
    assert before != after
    before, after = ids(admission, report(), report(after_s=121), source="slow")
    assert before == after


def test_the_same_number_of_two_sources_is_two_tracks(admission: Admission) -> None:
    assert ids(admission, report(), source="a") != ids(admission, report(), source="b")


def test_a_restart_with_the_stored_incarnations_changes_nothing() -> None:
    before = Admission("nld-1", Limits(), secret=SECRET)
    admitted, begun = before.admit("sdps", [report()], START)
    after = Admission("nld-1", Limits(), secret=SECRET, known=begun)
    assert ids(after, report(after_s=4)) == [admitted.tracks[0].track_id]


def test_a_long_lived_track_survives_a_restart_through_what_was_touched() -> None:
    before = Admission("nld-1", Limits(), secret=SECRET)
    (first, *_) = ids(before, report(), report(after_s=50), report(after_s=100))
    touched = before.touched()
    assert [minted.track_id for minted in touched] == [first]
    assert before.touched() == []
    after = Admission("nld-1", Limits(), secret=SECRET, known=touched)
    assert ids(after, report(after_s=140)) == [first]


def test_every_plot_without_a_name_of_its_own_is_a_track_of_its_own(admission: Admission) -> None:
    plot = Track(identifiers=(Identifier("mode3a", "7000"),), state=State(time=START))
    first, second = ids(admission, plot, plot)
    assert first != second


def test_the_table_forgets_the_longest_silent_first() -> None:
    admission = Admission("nld-1", Limits(incarnations=10), secret=SECRET)
    for number in range(10):
        ids(admission, report(number, after_s=number))
    kept = ids(admission, report(9, after_s=20))
    ids(admission, report(99, after_s=21))
    assert len(admission) <= 10
    assert ids(admission, report(9, after_s=22)) == kept


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("vertical_rate_mps", -860.0),
        ("ground_speed_mps", 9_000.0),
        ("altitude_hae_m", -4_000.0),
        ("altitude_baro_m", 2e5),
    ],
)
def test_flags_what_is_implausible_and_carries_it_unchanged(admission: Admission, field: str, value: float) -> None:
    provenance = (Provenance(gateway="nld-1", input_format="ASTERIX_062", mapping_id="m"),)
    track = Track(state=State(time=START, **{field: value}), provenance=provenance)
    admitted, _ = admission.admit("sdps", [track], START)
    state = admitted.tracks[0].state
    assert state is not None
    assert getattr(state, field) == value
    assert admitted.tracks[0].provenance[0].losses == (Loss(f"state.{field}", "IMPLAUSIBLE"),)
    assert admission.flagged == 1


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.booleans(), st.floats(0, 300)), max_size=40))
def test_equal_input_gives_equal_identifiers(steps: list[tuple[int, bool, bool, float]]) -> None:
    tracks = [report(n, started=s, ended=e, after_s=round(t, 3)) for n, s, e, t in steps]
    first, second = Admission("nld-1", Limits(), secret=SECRET), Admission("nld-1", Limits(), secret=SECRET)
    assert ids(first, *tracks) == ids(second, *tracks)


def test_an_identifier_tells_nobody_whose_number_it_was_made_of() -> None:
    """Who knows node, source, number and time exactly, and the algorithm, must still not be able to check a guess."""
    (minted,) = ids(Admission("nld-1", Limits(), secret=SECRET), report())
    (guessed,) = ids(Admission("nld-1", Limits(), secret=bytes(32)), report())
    assert minted != guessed
    assert minted != str(uuid5(NAMESPACE, "nld-1\nsdps\nsystem_track:70/16/1473\n2026-11-22T08:00:00Z"))


def test_no_plot_tells_whose_it_is() -> None:
    plot = Track(identifiers=(Identifier("mode3a", "7000"),), state=State(time=START))
    assert ids(Admission("nld-1", Limits(), secret=SECRET), plot) != ids(
        Admission("nld-1", Limits(), secret=bytes(32)), plot
    )
