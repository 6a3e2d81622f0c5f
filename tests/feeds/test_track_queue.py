"""The queue of one consumer: every update while he keeps up, latest per track when he does not."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.clock import ManualClock
from gateway.feeds.outlet import Flush, OutletCounts
from gateway.feeds.track_queue import TrackQueue
from gateway.formats.registry import find
from gateway.track import Track
from tests.feeds.support import T0, track


def update(name: str, second: int) -> Track:
    return track(name, at=T0 + timedelta(seconds=second))


def shown(tracks: list[Track]) -> list[tuple[str | None, int]]:
    return [(t.track_id, int((t.state.time - T0).total_seconds())) for t in tracks if t.state is not None]


def test_every_update_passes_in_order_while_the_consumer_keeps_up() -> None:
    queue = TrackQueue(10)
    for second in range(30):
        queue.put([update("a", second)])
        assert shown(queue.take(5)) == [("a", second)]
    assert (queue.offered, queue.coalesced, queue.dropped) == (30, 0, 0)


def test_beyond_the_high_water_mark_only_the_latest_of_each_track_is_kept_in_its_oldest_place() -> None:
    queue = TrackQueue(10, high_water=4)
    queue.put([update("a", 0), update("b", 1), update("a", 2), update("b", 3)])
    assert not queue.collapsed
    queue.put([update("c", 4), update("b", 5)])
    assert queue.collapsed
    assert shown(queue.take(10)) == [("a", 2), ("b", 5), ("c", 4)]
    assert (queue.coalesced, queue.dropped) == (3, 0)
    queue.put([update("a", 6), update("a", 7)])
    assert shown(queue.take(10)) == [("a", 6), ("a", 7)]


def test_more_distinct_tracks_than_the_bound_drop_the_one_that_waits_longest() -> None:
    queue = TrackQueue(3)
    queue.put([update(name, second) for second, name in enumerate("abcde")])
    assert shown(queue.take(10)) == [("c", 2), ("d", 3), ("e", 4)]
    assert queue.dropped == 2


def test_without_coalescing_a_full_line_drops_its_oldest() -> None:
    queue = TrackQueue(3, coalesce=False)
    queue.put([update("a", second) for second in range(5)])
    assert shown(queue.take(10)) == [("a", 2), ("a", 3), ("a", 4)]
    assert (queue.coalesced, queue.dropped) == (0, 2)


def test_plots_without_an_identity_are_never_one_track() -> None:
    queue = TrackQueue(5, high_water=1)
    queue.put([Track(), Track(), Track()])
    assert len(queue.take(10)) == 3


def test_what_was_taken_and_not_sent_goes_first_unless_something_newer_waits() -> None:
    queue = TrackQueue(10, high_water=3)
    queue.put([update("a", 0), update("b", 1)])
    taken = queue.take(1)
    queue.put_back(taken)
    assert shown(queue.take(1)) == [("a", 0)]
    queue.put([update("b", 2), update("a", 3), update("b", 4), update("c", 5)])
    assert queue.collapsed
    queue.put_back([update("a", 0), update("d", 0)])
    assert shown(queue.take(10)) == [("a", 3), ("d", 0), ("b", 4), ("c", 5)]


async def test_waits_until_something_comes() -> None:
    queue = TrackQueue(3)
    waiting = asyncio.ensure_future(queue.wait())
    await asyncio.sleep(0)
    queue.put([])
    await asyncio.sleep(0)
    assert not waiting.done()
    queue.put([update("a", 0)])
    await waiting


@given(
    st.lists(st.one_of(st.sampled_from("abcdefgh"), st.integers(1, 4)), max_size=80),
    st.integers(1, 6),
    st.integers(1, 6),
    st.booleans(),
)
def test_nothing_is_lost_uncounted_and_the_last_of_each_surviving_track_wins(
    steps: list[str | int], bound: int, high_water: int, coalesce: bool
) -> None:
    queue = TrackQueue(bound, high_water=high_water, coalesce=coalesce)
    taken: list[Track] = []
    for second, step in enumerate(steps):
        if isinstance(step, int):
            taken += queue.take(step)
        else:
            queue.put([update(step, second)])
            assert len(queue) <= bound
    taken += queue.take(1000)
    assert queue.offered == len(taken) + queue.coalesced + queue.dropped
    for name in "abcdefgh":
        seconds = [second for track_id, second in shown(taken) if track_id == name]
        assert seconds == sorted(seconds)
    if steps and isinstance(steps[-1], str):
        assert shown(taken)[-1][1] <= len(steps)
        assert (steps[-1], len(steps) - 1) in shown(taken)


async def test_what_was_taken_before_the_queue_was_forgotten_is_not_put_back() -> None:
    queue = TrackQueue(10)
    flush = Flush(queue, find("geojson").encoder(), ManualClock(T0), OutletCounts())
    queue.put([track("a"), track("b")])
    assert await flush.next_frames()
    flush.give_back()
    assert len(queue) == 2
    assert await flush.next_frames()
    queue.clear()
    flush.give_back()
    assert len(queue) == 0
