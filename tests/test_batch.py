"""When a batch closes, in what order, and how much may be under way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from msgspec.structs import replace

from gateway.batch import Batch, Gatherer, Outcome
from gateway.labels.book import Book
from gateway.limits import Limits
from gateway.policy import Policy
from gateway.stages import Frame, Release
from gateway.store import HeldBack
from gateway.track import Track

FRAME = Frame(octets=b"", feed="f", source="s", peer="p", received_at=datetime(2026, 11, 22, tzinfo=UTC))
POLICY = Policy(name="plain", digest="a" * 64, node="nld-1", book=Book(()))
OTHER = Policy(name="plain", digest="b" * 64, node="nld-1", book=Book(()))


def released(count: int, *, group: str = "allies", first: int = 0) -> Release:
    tracks = tuple(Track(track_id=f"{first + index}") for index in range(count))
    return Release(group=group, recipients=("deu-1",), tracks=tracks, rule="all", policy=POLICY.digest)


class Sink:
    """Keeps what was dispatched; holds dispatches back while `gate` is clear."""

    def __init__(self) -> None:
        self.batches: list[list[str | None]] = []
        self.together: list[list[str]] = []
        """Release groups of each dispatch."""
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, batches: Sequence[Batch]) -> None:
        self.batches += [[track.track_id for track in batch.tracks] for batch in batches]
        self.together.append([batch.group for batch in batches])
        await self.gate.wait()
        for batch in batches:
            batch.done.set_result(Outcome())


@asynccontextmanager
async def running(gatherer: Gatherer) -> AsyncIterator[None]:
    task = asyncio.create_task(gatherer.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_full_batch_closes_at_once() -> None:
    sink = Sink()
    gatherer = Gatherer(Limits(batch_max_tracks=3, batch_max_delay_s=60), sink)
    async with running(gatherer):
        first = gatherer.add(released(2), POLICY, (), FRAME)
        assert gatherer.add(released(1, first=2), POLICY, (), FRAME) is first
        assert (await first.done).failure is None
    assert sink.batches == [["0", "1", "2"]]


async def test_a_lone_track_waits_no_longer_than_the_delay() -> None:
    sink = Sink()
    gatherer = Gatherer(Limits(batch_max_delay_s=0.01), sink)
    async with running(gatherer):
        loop = asyncio.get_running_loop()
        began = loop.time()
        await gatherer.add(released(1), POLICY, (), FRAME).done
        assert loop.time() - began >= 0.009
    assert sink.batches == [["0"]]


async def test_groups_never_share_a_message() -> None:
    sink = Sink()
    gatherer = Gatherer(Limits(batch_max_delay_s=0.01), sink)
    async with running(gatherer):
        one, two = (
            gatherer.add(released(1), POLICY, (), FRAME),
            gatherer.add(released(1, group="eu"), POLICY, (), FRAME),
        )
        assert one is not two
        await asyncio.gather(one.done, two.done)
    assert len(sink.batches) == 2


async def test_a_slow_disk_holds_the_feeds_back() -> None:
    sink = Sink()
    sink.gate.clear()
    gatherer = Gatherer(Limits(batch_max_tracks=1, batch_max_delay_s=60), sink)
    async with running(gatherer):
        batches = [gatherer.add(released(1), POLICY, (), FRAME) for _ in range(40)]
        waiting = asyncio.create_task(gatherer.room())
        await asyncio.sleep(0)
        assert not waiting.done()
        sink.gate.set()
        await waiting
        await asyncio.gather(*(batch.done for batch in batches))
        await gatherer.drain()
    assert gatherer.pending == 0


async def test_draining_closes_what_is_open_and_waits_for_it() -> None:
    sink = Sink()
    gatherer = Gatherer(Limits(batch_max_delay_s=60), sink)
    async with running(gatherer):
        batch = gatherer.add(released(1), POLICY, (), FRAME)
        await gatherer.drain()
        assert batch.done.done()


async def test_what_is_under_way_ends_before_a_stop_and_what_only_waits_is_dispatched_by_who_drains() -> None:
    sink = Sink()
    sink.gate.clear()
    gatherer = Gatherer(Limits(batch_max_tracks=1, batch_max_delay_s=60), sink)
    stopping = asyncio.create_task(gatherer.run())
    begun = gatherer.add(released(1), POLICY, (), FRAME)
    while not sink.batches:  # noqa: ASYNC110 - one turn of the loop for each step
        await asyncio.sleep(0)
    taken = gatherer.add(released(1, first=1), POLICY, (), FRAME)
    await asyncio.sleep(0)  # the queue has handed it over, and its dispatch has not begun
    stopping.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    waiting = gatherer.add(released(1, first=2), POLICY, (), FRAME)
    assert not stopping.done()
    sink.gate.set()
    await asyncio.wait([stopping])
    assert stopping.cancelled()
    assert begun.done.done()
    assert not waiting.done.done()
    async with running(gatherer):
        await gatherer.drain()
    assert [one.done.result().failure for one in (begun, taken, waiting)] == [None] * 3
    assert gatherer.pending == 0


async def test_a_batch_knows_which_frame_brought_a_track_even_one_that_equals_another() -> None:
    sink = Sink()
    gatherer = Gatherer(Limits(batch_max_delay_s=60), sink)
    frames = [replace(FRAME, peer=str(number)) for number in range(3)]
    async with running(gatherer):
        for number, frame in enumerate(frames):
            batch = gatherer.add(released(number + 1), POLICY, (), frame)
        assert [batch.frame_of(track).peer for track in batch.tracks] == ["0", "1", "1", "2", "2", "2"]
        await gatherer.drain()


async def test_tracks_that_another_policy_rule_or_set_of_recipients_let_out_share_no_message() -> None:
    sink = Sink()
    gatherer = Gatherer(Limits(batch_max_delay_s=60), sink)
    plain = released(1)
    others = [
        gatherer.add(replace(plain, rule="another"), POLICY, (), FRAME),
        gatherer.add(replace(plain, recipients=("bel-1",)), POLICY, (), FRAME),
        gatherer.add(plain, OTHER, (), FRAME),
    ]
    first = gatherer.add(plain, POLICY, (), FRAME)
    assert len({id(batch) for batch in (first, *others)}) == 4
    assert first.policy is POLICY
    assert others[2].policy is OTHER


def waiting(tracks: int) -> HeldBack:
    return HeldBack(
        group="late", until=FRAME.received_at, source="s", since=FRAME.received_at, form=1, body=b"", tracks=tracks,
        weight=tracks,
    )  # fmt: skip


async def test_what_is_held_goes_to_disk_with_the_batch_that_took_other_tracks_of_its_frame() -> None:
    sink = Sink()
    gatherer = Gatherer(Limits(batch_max_delay_s=60, batch_max_tracks=5), sink)
    full = gatherer.add(released(5), POLICY, (), FRAME)  # closed already, and not yet dispatched
    assert gatherer.hold([waiting(2)], POLICY, full) is full
    assert (full.held, full.size, gatherer.pending) == ([waiting(2)], 7, 7)
    async with running(gatherer):
        await gatherer.drain()
    assert gatherer.pending == 0


async def test_what_is_held_alone_shares_a_commit_counts_as_under_way_and_is_waited_for() -> None:
    sink = Sink()
    gatherer = Gatherer(Limits(batch_max_delay_s=60, batch_max_tracks=5), sink)
    first = gatherer.hold([waiting(2)], POLICY)
    assert gatherer.hold([waiting(1)], OTHER) is first
    assert (first.tracks, first.recipients, first.size) == ([], (), 3)
    assert gatherer.hold([waiting(2)], POLICY) is first, "now it is full"
    second = gatherer.hold([waiting(1)], POLICY)
    assert second is not first
    async with running(gatherer):
        await gatherer.drain()
        assert first.done.done()
        assert second.done.done()
    assert gatherer.pending == 0
    for _ in range(40):
        gatherer.hold([waiting(5)], POLICY)
    assert gatherer.is_full, "the feeds wait"


def bonded(gatherer: Gatherer, *groups: str, tracks: int = 1) -> list[Batch]:
    """The batches that took the tracks of one frame, whose answer is to be stored."""
    batches = [gatherer.add(released(tracks, group=group), POLICY, (), FRAME) for group in groups]
    gatherer.bond(batches)
    return batches


async def test_batches_that_an_answer_promises_together_close_together_and_are_dispatched_as_one() -> None:
    sink = Sink()
    gatherer = Gatherer(Limits(batch_max_delay_s=60, batch_max_tracks=3), sink)
    async with running(gatherer):
        alone = gatherer.add(released(1, group="alone"), POLICY, (), FRAME)
        one, two = bonded(gatherer, "one", "two")
        assert bonded(gatherer, "two", "one") == [two, one], "again, and no other"
        gatherer.add(released(1, group="one"), POLICY, (), FRAME)  # now it is full
        await asyncio.gather(one.done, two.done)
        assert sink.together == [["one", "two"]]
        assert not alone.done.done(), "who has no part in it waits for company"
        assert gatherer.pending == 1
        assert bonded(gatherer, "one")[0] is not one
        await gatherer.drain()
    assert (sink.together[1:], gatherer.pending) == ([["alone"], ["one"]], 0)


async def test_who_is_bonded_with_one_is_bonded_with_all_that_it_is_bonded_with() -> None:
    sink = Sink()
    gatherer = Gatherer(Limits(batch_max_delay_s=0.01), sink)
    async with running(gatherer):
        batches = [*bonded(gatherer, "a", "b"), *bonded(gatherer, "c", "d"), *bonded(gatherer, "b", "c")]
        await asyncio.gather(*(batch.done for batch in batches))
    assert sink.together == [["a", "b", "c", "d"]]
    assert sink.batches == [["0"], ["0", "0"], ["0", "0"], ["0"]]
    assert gatherer.pending == 0


async def test_what_has_closed_already_takes_with_it_what_it_is_bonded_with() -> None:
    sink = Sink()
    gatherer = Gatherer(Limits(batch_max_delay_s=60, batch_max_tracks=2), sink)
    async with running(gatherer):
        first = bonded(gatherer, "a", "b")
        # The frame's tracks fill `a`, which closes with the `b` of the frame before, and begin another `b`
        second = bonded(gatherer, "a", "b")
        assert (second[0], second[1] is not first[1]) == (first[0], True)
        both = bonded(gatherer, "c", "d", tracks=2)  # each closes by itself
        await asyncio.gather(*(batch.done for batch in (*first, *second, *both)))
    assert sink.together == [["a", "b", "b"], ["c", "d"]]
    assert gatherer.pending == 0


async def test_a_flush_closes_what_is_bonded_once_and_another_policy_shares_none_of_its_messages() -> None:
    sink = Sink()
    gatherer = Gatherer(Limits(batch_max_delay_s=60), sink)
    async with running(gatherer):
        old = bonded(gatherer, "a", "b")
        gatherer.flush()  # as a reload does
        new = [gatherer.add(released(1, group=group), OTHER, (), FRAME) for group in "ab"]
        gatherer.bond(new)
        assert not {*old} & {*new}
        await gatherer.drain()
    assert sink.together == [["a", "b"], ["a", "b"]]


async def test_what_is_bonded_and_waits_when_it_stops_is_dispatched_as_one_by_who_drains() -> None:
    sink = Sink()
    gatherer = Gatherer(Limits(batch_max_delay_s=60), sink)
    batches = bonded(gatherer, "a", "b", "c")
    assert gatherer.hold([waiting(2)], POLICY, batches[0]) is batches[0]
    gatherer.flush()
    async with running(gatherer):
        pass  # stopped before anything was taken
    assert (sink.together, gatherer.pending) == ([], 5)
    async with running(gatherer):
        await gatherer.drain()
    assert sink.together == [["a", "b", "c"]]
    assert (gatherer.pending, gatherer.is_full) == (0, False)
