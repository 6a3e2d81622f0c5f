"""Tracks that are held back: when they come out, in what order, and what gives way when there are too many."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

from gateway.clock import ManualClock
from gateway.delay import Delay, Delayed
from gateway.limits import Limits
from gateway.stages import Frame
from gateway.track import Track

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
FRAME = Frame(octets=b"", feed="f", source="s", peer="p", received_at=NOW)


def delayed(seconds: float, *ids: str, group: str = "press") -> Delayed:
    tracks = tuple(Track(track_id=one) for one in ids)
    return Delayed(group=group, tracks=tracks, frame=FRAME, until=NOW + timedelta(seconds=seconds))


class Sink:
    """Takes what comes out."""

    def __init__(self) -> None:
        self.ids: list[str | None] = []
        self.came = asyncio.Event()

    async def __call__(self, one: Delayed) -> None:
        self.ids += [track.track_id for track in one.tracks]
        self.came.set()


@asynccontextmanager
async def running(delay: Delay) -> AsyncIterator[None]:
    task = asyncio.create_task(delay.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def came(sink: Sink) -> None:
    async with asyncio.timeout(5):
        await sink.came.wait()
    sink.came.clear()


async def test_what_is_due_comes_out_in_the_order_in_which_it_is_due() -> None:
    clock, sink = ManualClock(NOW), Sink()
    delay = Delay(clock, Limits(), sink)
    delay.add(delayed(30, "late"))
    delay.add(delayed(10, "early"))
    delay.add(delayed(10, "early too"))
    delay.add(delayed(99, "not yet"))
    clock.advance(30)
    async with running(delay):
        await came(sink)
        await asyncio.sleep(0)
    assert sink.ids == ["early", "early too", "late"]
    assert len(delay) == 1


async def test_nothing_comes_out_before_its_time() -> None:
    clock, sink = ManualClock(NOW), Sink()
    delay = Delay(clock, Limits(), sink)
    delay.add(delayed(10, "a"))
    async with running(delay):
        clock.advance(9.999)
        delay.add(delayed(0, "due at once"))  # wakes the queue, which then looks at everything
        await came(sink)
    assert sink.ids == ["due at once"]


async def test_when_it_is_full_what_would_be_the_oldest_news_is_given_up_and_counted() -> None:
    clock, sink = ManualClock(NOW), Sink()
    delay = Delay(clock, Limits(delayed_tracks=3), sink)
    delay.add(delayed(10, "a", "b"))
    delay.add(delayed(20, "c"))
    assert (len(delay), delay.given_up) == (3, 0)
    delay.add(delayed(30, "d"))
    assert (len(delay), delay.given_up) == (2, 2)
    clock.advance(60)
    async with running(delay):
        await came(sink)
    assert sink.ids == ["c", "d"]


async def test_one_frame_of_more_tracks_than_may_wait_still_waits_alone() -> None:
    delay = Delay(ManualClock(NOW), Limits(delayed_tracks=1), Sink())
    delay.add(delayed(10, "a", "b", "c"))
    assert (len(delay), delay.given_up) == (3, 0)
