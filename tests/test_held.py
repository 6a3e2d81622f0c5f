"""What waits, as it is written and read again: every fact of our own tracks, the right ones of a partner's message."""

from __future__ import annotations

import typing
from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from gateway import held as room
from gateway.clock import SystemClock
from gateway.drafting import Maker
from gateway.errors import StoreError
from gateway.formats import alliance
from gateway.held import as_admitted, hold_own, hold_theirs, places_of, read_own, read_theirs, renderable
from gateway.limits import Limits
from gateway.policy.acceptance import accept
from gateway.policy.onward import carry
from gateway.policy.terms import AcceptRule, Admittance, Condition, Field
from gateway.seal import Verifier
from gateway.stages import Exercise, Frame, Held, Simulation
from gateway.store import HeldBack
from gateway.store.codes import HELD_LOST
from gateway.track import Identifier, Position, RawRecord, State, Track
from tests.policy.relayed import ACCEPT_ALL, NOW, alpha, header, opened, policy, track
from tests.strategies import tracks

MAKER = Maker(node="aaa", exercise=Exercise.EXERCISE, simulation=Simulation.REAL, clock=SystemClock())
FRAME = Frame(octets=b"octets that are not kept", feed="radar", source="sensors", peer="192.0.2.1:5", received_at=NOW)
ALL = alpha("RESTRICTED", "ALPHA", "XBB", "XCC", "XDD")
LOW = alpha("UNCLASSIFIED", "ALPHA", "XBB", "XCC", "XDD")


def verdict(*waiting: Track, group: str = "press") -> Held:
    return Held(group=group, tracks=waiting, rule="release.late", until=NOW)


# ------------------------------------------------------------------------------------------------------------ our own


@given(st.lists(tracks(), min_size=1, max_size=4), st.integers(1, 3))
def test_our_own_tracks_come_back_with_every_fact_and_their_frame_without_its_octets(
    some: list[Track], most: int
) -> None:
    rows = hold_own(FRAME, verdict(*some), MAKER, most)
    assert [row.tracks for row in rows] == [min(most, len(some) - at) for at in range(0, len(some), most)]
    read = [read_own(row, MAKER) for row in rows]
    assert tuple(one for _, back, _ in read for one in back) == tuple(some)
    assert {frame for frame, _, _ in read} == {replace(FRAME, octets=b"")}
    live = replace(MAKER, exercise=Exercise.OPERATIONAL)
    assert {maker.exercise for _, _, maker in [read_own(row, live) for row in rows]} == {Exercise.EXERCISE}
    for row in rows:
        assert (row.group, row.until, row.source, row.message, row.names) == ("press", NOW, "sensors", None, ())


def test_a_track_that_says_nothing_comes_back_so() -> None:
    (row,) = hold_own(FRAME, verdict(Track()), MAKER, 9)
    assert read_own(row, MAKER)[1] == (Track(),)


def test_whole_numbers_and_odd_floats_come_back_as_what_they_are() -> None:
    state = State(
        time=NOW, position=Position(latitude_deg=52, longitude_deg=-0.0), mach=float("inf"), course_deg=5e-324
    )
    (row,) = hold_own(FRAME, verdict(Track(state=state)), MAKER, 9)
    (back,) = read_own(row, MAKER)[1]
    assert back.state == state
    assert repr(back.state.position.longitude_deg) == "-0.0"  # type: ignore[union-attr]  # it is there


def test_a_row_weighs_its_tracks_or_a_track_for_each_2_kib() -> None:
    light = hold_own(FRAME, verdict(*[Track()] * 40), MAKER, 500)
    assert [(row.tracks, row.weight) for row in light] == [(40, 40)]
    heavy = Track(raw=RawRecord("COT", b"x" * 20_480))
    ((row),) = hold_own(FRAME, verdict(heavy), MAKER, 500)
    assert (row.tracks, row.weight) == (1, 10)


@given(st.binary(max_size=300))
def test_a_row_that_is_damaged_is_refused_as_lost_and_as_nothing_else(body: bytes) -> None:
    (row,) = hold_own(FRAME, verdict(Track(name="a")), MAKER, 9)
    for bad in (body, row.body[: len(body)], row.body + body[:1]):
        with_bad = replace(row, body=bad)
        failure: StoreError | None = None
        try:
            assert read_own(with_bad, MAKER)
        except StoreError as error:
            failure = error
        assert failure is None or (failure.code, failure.place) == (HELD_LOST, "1 tracks for group press")
        with pytest.raises(StoreError) as caught:
            read_theirs(with_bad, None, Verifier([]), node="bbb", now=NOW, limits=Limits())
        assert caught.value.code == HELD_LOST


def test_a_row_of_another_form_is_not_guessed_at() -> None:
    (row,) = hold_own(FRAME, verdict(Track()), MAKER, 9)
    other = replace(row, form=room.FORM + 1)
    with pytest.raises(StoreError) as caught:
        read_own(other, MAKER)
    assert "expected form 1, observed 2" in caught.value.cause
    with pytest.raises(StoreError, match="form"):
        read_theirs(other, None, Verifier([]), node="bbb", now=NOW, limits=Limits())


def shape(of: type[Struct]) -> str:
    """Every struct that `of` reaches, with the names and types of its fields, as a digest."""
    found: dict[str, dict[str, str]] = {}
    waiting: list[object] = [of]
    while waiting:
        one = waiting.pop()
        if isinstance(one, type) and issubclass(one, Struct):
            if one.__name__ not in found:
                hints = typing.get_type_hints(one)
                found[one.__name__] = {name: str(hints[name]) for name in one.__struct_fields__}
                waiting += hints.values()
        else:
            waiting += typing.get_args(one)
    return sha256(msgspec.json.encode(found, order="sorted")).hexdigest()[:16]


def test_another_shape_of_a_track_is_another_form() -> None:
    """Add to this table when `Track` changes: a new number of `FORM`, unless rows of before are read rightly."""
    known = {1: "112d3d884f35f0bdbce3eb41b17675f6"}
    assert known[room.FORM] == shape(room._Own) + shape(room._Places)


def test_verdicts_are_kept_with_the_tracks_that_policy_has_not_touched() -> None:
    admitted = (Track(name="a"), Track(name="b"), Track(name="a"))
    marked = tuple(replace(one, label=ALL) for one in admitted)
    back = as_admitted(verdict(marked[2], marked[1]), admitted, marked)
    assert back.tracks == (admitted[1], admitted[2])
    assert back.tracks[1] is admitted[2]


def test_what_the_alliance_format_cannot_express_is_told_once_and_kept_nowhere() -> None:
    good, bad = Track(track_id="00000000-0000-4000-8000-000000000001"), Track(identifiers=(Identifier("mode3a", ""),))
    good = replace(good, state=State(time=NOW))
    assert alliance.fault(good) is None
    fault = alliance.fault(bad)
    assert fault is not None
    fit, faults = renderable([verdict(good, bad), verdict(bad, group="other")])
    assert [one.tracks for one in fit] == [(good,), ()]
    assert [str(one) for one in faults] == [str(fault)]
    assert hold_own(FRAME, fit[1], MAKER, 9) == []


# -------------------------------------------------------------------------------------------------------- a partner's


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["", "x", "drop"]), st.booleans()), max_size=8), st.data())
def test_of_a_partners_message_the_very_snapshots_wait_that_were_held(
    said: list[tuple[int, str, bool]], data: st.DataObject
) -> None:
    """One id may be there several times, some of its snapshots left out, some equal."""
    told = [
        track(str(number), LOW if low else None, remarks=remark or None, name="no" if remark == "drop" else None)
        for number, remark, low in said
    ]
    message = opened(header(ALL), *told)
    drop = AcceptRule(id="drop", admit=Admittance.DROP, when=Condition(has=frozenset({Field.NAME})))
    by = policy(accepts=(drop, ACCEPT_ALL), groups={"others": ("ccc",)})
    content = message.content.message
    accepted = accept(by, message, NOW, alliance.marked(content.tracks, content.header))
    contested = data.draw(st.sets(st.sampled_from([one.track_id for one in told]))) if told else set()
    mine = tuple(one for one in accepted.tracks if one.track_id not in contested)
    carried = carry(accepted, node="bbb", origin="aaa", tracks=mine)
    places = places_of(accepted, carried)
    assert len(places) == len(mine)
    assert list(places) == sorted(set(places))
    labelled = [replace(one, label=one.label or ALL) for one in alliance.marked(content.tracks, content.header)]
    assert tuple(labelled[place] for place in places) == carried.tracks
    chosen = tuple(one for one in carried.tracks if data.draw(st.booleans()))
    row = hold_theirs(carried, places, verdict(*chosen), 7)
    assert (row.source, row.message, row.tracks, row.weight) == ("aaa", 7, len(chosen), len(chosen))
    assert row.names == tuple(one.track_id for one in chosen)
    body = msgspec.msgpack.decode(row.body, type=room._Places)
    assert (body.accepted, body.whole) == (places, carried.is_whole)
    assert tuple(labelled[place] for place in body.held) == chosen


def test_a_partners_row_holds_no_second_copy_of_his_tracks() -> None:
    message = opened(header(ALL), *[track(str(number + 1), remarks="x" * 500) for number in range(100)])
    accepted = accept(policy(groups={"others": ("ccc",)}), message, NOW)
    carried = carry(accepted, node="bbb", origin="aaa")
    row: HeldBack = hold_theirs(carried, places_of(accepted, carried), verdict(*carried.tracks))
    assert len(row.body) < 500
