"""The two queues of a conversation: what connections need of them beyond what other feeds do."""

from __future__ import annotations

import asyncio

from gateway.feeds.frame_queue import FeedCounts, FrameQueue
from gateway.feeds.track_queue import TrackQueue
from gateway.stages import Frame
from tests.feeds.support import T0, track


def frame(octets: bytes) -> Frame:
    return Frame(octets=octets, feed="f", source="s", peer="p", received_at=T0)


def names(queue: TrackQueue, most: int = 100) -> list[str | None]:
    return [one.track_id for one in queue.take(most)]


def test_a_picture_replaces_what_waits_stands_before_what_follows_and_needs_no_bound() -> None:
    queue = TrackQueue(2)
    queue.put([track("old")])
    queue.begin_with(track(str(number)) for number in range(5))
    queue.put([track("a"), track("b")])
    assert len(queue) == 7
    assert names(queue, 3) == ["0", "1", "2"]
    assert names(queue) == ["3", "4", "a", "b"]
    assert queue.dropped == 0


def test_a_picture_replaces_a_collapsed_line_too() -> None:
    queue = TrackQueue(2, high_water=1)
    queue.put([track("a"), track("b")])
    assert queue.collapsed
    queue.begin_with([track("c")])
    assert names(queue) == ["c"]
    assert not queue.collapsed


async def test_a_picture_wakes_who_waits_and_a_cleared_queue_lets_him_wait_on() -> None:
    queue = TrackQueue(10)
    waiting = asyncio.ensure_future(queue.wait())
    await asyncio.sleep(0)
    queue.put([track("a")])
    queue.clear()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not waiting.done()
    queue.begin_with([track("b")])
    await asyncio.wait_for(waiting, 60)
    assert names(queue) == ["b"]


def test_frames_of_a_connection_are_all_kept_and_counted() -> None:
    counts = FeedCounts()
    queue = FrameQueue(2, counts)
    queue.put_all(frame(b"12") for _ in range(5))
    assert (len(queue), counts.frames, counts.octets, counts.dropped) == (5, 5, 10, 0)


def test_a_turn_is_bounded_by_frames_and_by_octets_and_has_one_frame_at_least() -> None:
    queue = FrameQueue(10, FeedCounts())
    queue.put_all([frame(b"x" * 100), frame(b"y"), frame(b"z"), frame(b"w")])
    assert [one.octets[:1] for one in queue.take(2, 1_000)] == [b"x", b"y"]
    assert [one.octets for one in queue.take(9, 1)] == [b"z"]
    assert [one.octets for one in queue.take(9, 9)] == [b"w"]
    assert queue.take(9, 9) == []


async def test_an_ended_queue_is_emptied_first_and_drains_to_its_end() -> None:
    queue = FrameQueue(10, FeedCounts())
    queue.put(frame(b"1"))
    queue.end()
    assert await queue.wait()
    taken: list[bytes] = []

    async def sink(one: Frame) -> None:
        taken.append(one.octets)

    await asyncio.wait_for(queue.drain(sink), 60)
    assert taken == [b"1"]
    assert not await queue.wait()


def test_frames_given_up_are_counted() -> None:
    counts = FeedCounts()
    queue = FrameQueue(10, counts)
    queue.put_all([frame(b"1"), frame(b"2")])
    assert queue.clear() == 2
    assert (len(queue), counts.dropped) == (0, 2)
