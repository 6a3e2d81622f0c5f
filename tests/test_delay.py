"""Tracks that are held back, on disk: when they come out and in what order, whatever the clock does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.clock import ManualClock
from gateway.delay import Delay
from gateway.errors import StoreError
from gateway.limits import Limits
from gateway.store import HeldBack, Store
from gateway.store.codes import NOT_DURABLE

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def row(seconds: float, name: str) -> HeldBack:
    until = NOW + timedelta(seconds=seconds)
    return HeldBack(group="press", until=until, source="s", since=NOW, form=1, body=name.encode(), tracks=1, weight=1)


class Sink:
    """A store, and whoever has what is due decided: here it just goes."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        self.store = store
        self.clock = clock
        self.delay = Delay(clock, Limits(), store.waiting, self)
        self.out: list[str] = []
        self.came = asyncio.Event()
        self.fails = 0

    async def __call__(self, rows: Sequence[HeldBack]) -> None:
        if self.fails:
            self.fails -= 1
            raise StoreError(NOT_DURABLE, cause="the disk is full")
        assert await self.store.waiting.resume(rows)
        self.out += [one.body.decode() for one in rows]
        self.came.set()

    async def add(self, *rows: HeldBack) -> None:
        """Have these wait, as the corridor does."""
        await self.store.record_outbound_all((), waiting=rows)
        self.delay.note(rows)

    async def until(self, *names: str) -> None:
        async with asyncio.timeout(60):
            while self.out != list(names):
                await self.came.wait()
                self.came.clear()


@asynccontextmanager
async def made(path: Path) -> AsyncIterator[Sink]:
    clock = ManualClock(NOW)
    store = await Store.open(path / "store.db", Limits(), clock)
    try:
        yield Sink(store, clock)
    finally:
        await store.close()


@asynccontextmanager
async def running(delay: Delay) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(delay.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, StoreError):
            await task


async def test_what_is_due_comes_out_in_the_order_in_which_it_is_due(tmp_path: Path) -> None:
    async with made(tmp_path) as sink:
        await sink.add(row(30, "late"), row(10, "early"), row(10, "early too"), row(99, "not yet"))
        sink.clock.advance(30)
        async with running(sink.delay):
            await sink.until("early", "early too", "late")
        assert len(sink.delay) == 1


async def test_nothing_comes_out_before_its_time(tmp_path: Path) -> None:
    async with made(tmp_path) as sink:
        await sink.add(row(10, "a"))
        async with running(sink.delay):
            sink.clock.advance(9.999)
            await sink.add(row(0, "due at once"))  # wakes the queue, which then looks at everything
            await sink.until("due at once")
        assert len(sink.delay) == 1


async def test_what_was_due_while_nobody_looked_comes_first_after_a_restart(tmp_path: Path) -> None:
    async with made(tmp_path) as sink:
        await sink.add(row(20, "b"), row(10, "a"), row(500, "d"))
    async with made(tmp_path) as sink:
        assert len(sink.delay) == 3
        sink.clock.advance(400)
        await sink.add(row(30, "c"))
        async with running(sink.delay):
            await sink.until("a", "b", "c")
        assert (len(sink.delay), sink.delay.given_up, sink.delay.lost) == (1, 0, 0)


async def test_a_clock_that_is_set_forward_brings_it_out_and_one_set_back_keeps_it(tmp_path: Path) -> None:
    async with made(tmp_path) as sink:
        await sink.add(row(3_600, "hour"), row(7_200, "two hours"))
        async with running(sink.delay):
            sink.clock.advance(3_600)  # nobody tells the queue: it looks now and then
            await sink.until("hour")
            sink.clock.advance(-86_400 - 3_600)
            await sink.add(row(-86_400, "due by the new clock"))
            await sink.until("hour", "due by the new clock")
            assert len(sink.delay) == 1
            sink.clock.advance(30 * 86_400)
            await sink.until("hour", "due by the new clock", "two hours")


async def test_a_disk_that_fails_loses_nothing_of_what_waits(tmp_path: Path) -> None:
    async with made(tmp_path) as sink:
        await sink.add(row(0, "a"), row(0, "b"))
        sink.fails = 1
        async with running(sink.delay) as task:
            with pytest.raises(StoreError):
                await task  # its supervisor says so, and runs it again
        assert len(sink.delay) == 2
        async with running(sink.delay):
            await sink.until("a", "b")


async def test_more_than_one_portion_comes_out_one_after_the_other(tmp_path: Path) -> None:
    async with made(tmp_path) as sink:
        names = [f"{number:03}" for number in range(300)]
        await sink.add(*[row(number / 100, name) for number, name in enumerate(names)])
        sink.clock.advance(3)
        async with running(sink.delay):
            await sink.until(*names)
