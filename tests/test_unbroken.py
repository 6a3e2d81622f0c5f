"""Work that a cancellation waits for."""

from __future__ import annotations

import asyncio
import gc
import threading

import pytest

from gateway.unbroken import in_thread, unbroken


async def test_gives_what_the_work_gives_and_raises_what_it_raises() -> None:
    async def give(value: int) -> int:
        await asyncio.sleep(0)
        return value

    async def fail() -> None:
        raise ValueError("no")

    assert await unbroken(give(3)) == 3
    with pytest.raises(ValueError, match="no"):
        await unbroken(fail())
    assert await in_thread(pow, 2, 5, mod=7) == 4


async def test_a_cancellation_however_often_is_raised_when_the_thread_has_ended() -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        assert go_on.wait(60)
        ended.set()

    lock = asyncio.Lock()

    async def holder() -> None:
        async with lock:
            await in_thread(work)

    task = asyncio.create_task(holder())
    assert await asyncio.to_thread(begun.wait, 60)
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
        assert lock.locked()
    go_on.set()
    await asyncio.wait([task])
    assert task.cancelled()
    assert ended.is_set()
    assert not lock.locked()


async def test_a_time_limit_around_it_strikes_when_the_work_has_ended() -> None:
    go_on, ended = asyncio.Event(), []

    async def work() -> None:
        await go_on.wait()
        ended.append(True)

    async def limited() -> None:
        async with asyncio.timeout(0):
            await unbroken(work())

    task = asyncio.create_task(limited())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not task.done()
    go_on.set()
    with pytest.raises(TimeoutError):
        await task
    assert ended == [True]


async def test_what_the_work_raised_after_a_cancellation_is_no_complaint_of_the_loop() -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    go_on = asyncio.Event()

    async def work() -> None:
        await go_on.wait()
        raise ValueError("too late")

    task = asyncio.create_task(unbroken(work()))
    await asyncio.sleep(0)
    task.cancel()
    go_on.set()
    await asyncio.wait([task])
    assert task.cancelled()
    del task
    gc.collect()  # asyncio complains when such a task goes
    assert complaints == []
