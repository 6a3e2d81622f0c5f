"""The current picture: latest per track, bounded, stale tracks gone, viewers told what they missed."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from gateway.clock import ManualClock
from gateway.feeds.picture import EVICTED, STALE, Box, Entry, Gone, Picture
from gateway.limits import Limits
from gateway.track import Status, Track
from tests.feeds.support import LABEL, T0, track


def said(event: Entry | Gone) -> tuple[int, str, str]:
    """What is told of a track that has gone; what it was is kept beside it."""
    assert isinstance(event, Gone)
    assert event.was is not None
    assert event.was.track.track_id == event.track_id
    return event.seq, event.track_id, event.reason


def picture(**limits: float) -> tuple[Picture, ManualClock]:
    clock = ManualClock(T0)
    return Picture(clock, Limits(**limits)), clock  # type: ignore[arg-type] # the bounds under test


def ids(shown: Picture, **query: object) -> list[str | None]:
    return [entry.track.track_id for entry in shown.query(most=1000, **query)[0]]  # type: ignore[arg-type] # as given


def test_keeps_the_latest_of_each_track_with_its_origin_in_order_of_update() -> None:
    shown, _ = picture()
    shown.update([track("a"), track("b")], "nld", LABEL)
    shown.update([track("a", at=T0 + timedelta(seconds=1))], "nld", LABEL)
    entries, more = shown.query(most=10)
    assert [(e.track.track_id, e.origin, e.seq) for e in entries] == [("b", "nld", 2), ("a", "nld", 3)]
    assert not more
    assert len(shown) == 2


def test_an_older_snapshot_changes_nothing_and_is_counted() -> None:
    shown, _ = picture()
    shown.update([track("a", at=T0, latitude=1)], "nld", LABEL)
    shown.update([track("a", at=T0 - timedelta(seconds=5), latitude=2)], "nld", LABEL)
    (entry,), _ = shown.query(most=10)
    assert entry.track.state is not None
    assert entry.track.state.position is not None
    assert entry.track.state.position.latitude_deg == 1
    assert (shown.counts.updates, shown.counts.outdated) == (1, 1)


def test_a_report_from_the_future_does_not_freeze_its_track() -> None:
    shown, _ = picture(created_window_s=300)
    shown.update([track("a", at=T0 + timedelta(days=1), latitude=1)], "nld", LABEL)
    shown.update([track("a", at=T0, latitude=2)], "nld", LABEL)
    (entry,), _ = shown.query(most=10)
    assert entry.track.state is not None
    assert entry.track.state.time == T0


def test_a_track_without_an_id_is_no_part_of_the_picture() -> None:
    shown, _ = picture()
    shown.update([Track()], "nld", LABEL)
    assert len(shown) == 0


@pytest.mark.parametrize(("stale_s", "lives_s"), [(None, 60), (20, 20), (600, 600)])
def test_a_track_goes_at_its_stated_end_of_validity_or_after_silence(stale_s: float | None, lives_s: float) -> None:
    shown, clock = picture(source_silence_s=60)
    shown.update([track("a", stale_s=stale_s)], "nld", LABEL)
    clock.advance(lives_s)
    assert ids(shown) == ["a"]
    clock.advance(0.001)
    assert ids(shown) == []
    assert len(shown) == 1
    assert shown.expire() == 1
    assert (len(shown), shown.counts.stale) == (0, 1)


def test_an_ended_track_is_told_to_those_who_ask_since_and_to_nobody_else() -> None:
    shown, clock = picture(source_silence_s=60)
    shown.update([track("a"), track("b")], "nld", LABEL)
    ended = replace(track("a", at=T0 + timedelta(seconds=1), stale_s=-5), status=Status(ended=True))
    shown.update([ended], "nld", LABEL)
    assert ids(shown) == ["b"]
    assert ids(shown, since=2) == ["a"]
    clock.advance(61)
    assert shown.expire() == 2


def test_full_the_stalest_goes_first_and_viewers_are_told() -> None:
    shown, _ = picture(picture_tracks=2)
    viewer = shown.subscribe()
    shown.update([track("a"), track("b")], "nld", LABEL)
    shown.update([track("a", at=T0 + timedelta(seconds=1)), track("c")], "nld", LABEL)
    assert ids(shown) == ["a", "c"]
    assert shown.counts.evicted == 1
    events, _ = asyncio.run(viewer.take(10))
    assert said(events[-1]) == (5, "b", EVICTED)


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        (Box(west=7, south=49, east=9, north=51), True),
        (Box(west=8, south=50, east=8, north=50), True),
        (Box(west=9, south=49, east=10, north=51), False),
        (Box(west=7, south=51, east=9, north=52), False),
        (Box(west=170, south=49, east=9, north=51), True),  # over the antimeridian
        (Box(west=170, south=49, east=-170, north=51), False),
    ],
)
def test_a_box_holds_its_edges_and_may_cross_the_antimeridian(box: Box, inside: bool) -> None:
    shown, _ = picture()
    shown.update([track("a", latitude=50, longitude=8), Track(track_id="bearing-only")], "nld", LABEL)
    assert ids(shown, box=box) == (["a"] if inside else [])


def test_since_a_position_or_a_time_gives_what_changed_after_it_and_pages() -> None:
    shown, clock = picture()
    shown.update([track("a"), track("b"), track("c")], "nld", LABEL)
    clock.advance(1)
    shown.update([track("a", at=T0 + timedelta(seconds=1))], "nld", LABEL)
    assert ids(shown, since=2) == ["c", "a"]
    assert ids(shown, since=T0) == ["a"]
    first, more = shown.query(since=0, most=2)
    assert ([e.track.track_id for e in first], more) == (["b", "c"], True)
    assert ids(shown, since=first[-1].seq) == ["a"]
    assert ids(shown, origin="deu") == []


async def test_a_viewer_gets_changes_in_order_and_waits_for_more() -> None:
    shown, clock = picture(source_silence_s=60)
    viewer = shown.subscribe()
    waiting = asyncio.ensure_future(viewer.take(10))
    await asyncio.sleep(0)
    assert not waiting.done()
    shown.update([track("a")], "nld", LABEL)
    events, skipped = await waiting
    assert [(type(e), e.seq) for e in events] == [(Entry, 1)]
    assert skipped == 0
    clock.advance(61)
    shown.expire()
    ((gone,), skipped) = await viewer.take(10)
    assert (said(gone), skipped) == ((2, "a", STALE), 0)


async def test_a_slow_viewer_loses_the_oldest_and_is_told_how_many() -> None:
    shown, _ = picture(stream_queue_events=3)
    slow, fast = shown.subscribe(), shown.subscribe()
    for number in range(5):
        shown.update([track(str(number))], "nld", LABEL)
        await fast.take(10)
    events, skipped = await slow.take(10)
    assert ([e.seq for e in events], skipped) == ([3, 4, 5], 2)
    shown.update([track("5")], "nld", LABEL)
    assert (await slow.take(10))[1] == 0
    assert (await fast.take(10))[1] == 0


async def test_a_viewer_who_comes_back_gets_what_changed_meanwhile_in_its_latest_state() -> None:
    shown, _ = picture()
    shown.update([track("a"), track("b"), track("c")], "nld", LABEL)
    shown.update([track("b", at=T0 + timedelta(seconds=1))], "nld", LABEL)
    viewer = shown.subscribe(since=1)
    assert [e.seq for e in (await viewer.take(10))[0]] == [3, 4]


async def test_a_closed_subscription_ends_the_wait_and_costs_nothing_more() -> None:
    shown, _ = picture()
    viewer = shown.subscribe()
    waiting = asyncio.ensure_future(viewer.take(10))
    await asyncio.sleep(0)
    viewer.close()
    assert await waiting == ([], 0)
    assert shown.viewers == 0
    shown.update([track("a")], "nld", LABEL)
    viewer.close()


def test_a_retraction_names_its_reason() -> None:
    shown, _ = picture()
    viewer = shown.subscribe()
    shown.update([track("a")], "nld", LABEL)
    assert shown.retract("unknown", "nld", "ERROR") is None
    assert shown.retract("a", "deu", "ERROR") is None  # not its own
    withdrawn = shown.retract("a", "nld", "ERROR")
    assert withdrawn is not None
    assert withdrawn.track_id == "a"
    assert (len(shown), shown.counts.retracted) == (0, 1)
    assert said(asyncio.run(viewer.take(10))[0][-1]) == (2, "a", "ERROR")


def test_nobody_speaks_for_another_origins_track() -> None:
    shown, _ = picture()
    assert not shown.update([track("a")], "nld", LABEL)
    assert shown.update([track("a"), track("b")], "deu", LABEL) == {"a"}
    entries, _ = shown.query(most=10)
    assert [(entry.track.track_id, entry.origin) for entry in entries] == [("a", "nld"), ("b", "deu")]
    assert shown.counts.contested == 1
