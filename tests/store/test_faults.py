"""Both faults of every durable write: failed and not persisted; failed but persisted. And kill -9."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from gateway.clock import ManualClock
from gateway.errors import StoreError
from gateway.limits import Limits
from gateway.store import Outcome, Store, codes
from gateway.store.schema import MIGRATIONS
from tests.store.made import START, answer, incoming, leaf, message_id, opened, receipt, record, sealed

ROOT = Path(__file__).parents[2]


class FaultyConnection(sqlite3.Connection):
    """A real connection whose next commits fail, before or after they are made."""

    before: ClassVar[int] = 0
    after: ClassVar[int] = 0

    def execute(self, sql: str, parameters: Iterable[Any] = ()) -> sqlite3.Cursor:  # type: ignore[override]  # as called
        if sql != "COMMIT":
            return super().execute(sql, parameters)  # type: ignore[arg-type]  # sequences only
        if FaultyConnection.before:
            FaultyConnection.before -= 1
            raise sqlite3.OperationalError("disk I/O error")
        cursor = super().execute(sql)
        if FaultyConnection.after:
            FaultyConnection.after -= 1
            raise sqlite3.OperationalError("disk I/O error")
        return cursor


async def faulty(path: Path) -> Store:
    FaultyConnection.before = FaultyConnection.after = 0
    return await Store.open(path / "store.db", Limits(), ManualClock(START), connection_factory=FaultyConnection)


async def fails(work: Any) -> None:
    with pytest.raises(StoreError) as caught:
        await work
    assert caught.value.code == codes.NOT_DURABLE


@pytest.mark.parametrize("fault", ["before", "after"])
async def test_a_message_whose_commit_failed_is_recorded_once_when_it_comes_again(tmp_path: Path, fault: str) -> None:
    store = await faulty(tmp_path)
    await record(store, sealed(1), leaf())
    setattr(FaultyConnection, fault, 1)
    await fails(record(store, sealed(2), leaf()))
    recorded = await record(store, sealed(2), leaf())
    assert (recorded.seq, recorded.leaf_index) == (2, 1)
    assert (await record(store, sealed(3), leaf())).leaf_index == 2
    assert [one.seq for one in await store.next_outbound("deu", 9)] == [1, 2, 3]
    assert await store.integrity() == []
    await store.close()


@pytest.mark.parametrize("fault", ["before", "after"])
async def test_an_inbound_message_whose_commit_failed_gets_one_receipt(tmp_path: Path, fault: str) -> None:
    store = await faulty(tmp_path)

    async def accept() -> Any:
        return await store.record_inbound(
            incoming(1), leaf=leaf(), receipt=answer("a"), conflict_leaf=leaf(), conflict_receipt=answer("c")
        )

    setattr(FaultyConnection, fault, 1)
    await fails(accept())
    outcome = await accept()
    assert outcome.outcome is (Outcome.NEW if fault == "before" else Outcome.DUPLICATE)
    assert (await accept()).answer == outcome.answer
    assert store.leaf_count() == 1
    await store.close()


@pytest.mark.parametrize("fault", ["before", "after"])
async def test_a_delivery_whose_commit_failed_leaves_one_leaf(tmp_path: Path, fault: str) -> None:
    store = await faulty(tmp_path)
    await record(store, sealed(1), leaf())
    setattr(FaultyConnection, fault, 1)
    await fails(store.record_delivery("deu", 1, receipt(sealed(1)), leaf()))
    assert await store.record_delivery("deu", 1, receipt(sealed(1)), leaf()) == 1
    assert store.leaf_count() == 2
    assert await store.queue_depth("deu") == 0
    await store.close()


@pytest.mark.parametrize("fault", ["before", "after"])
async def test_a_checkpoint_whose_commit_failed_can_be_swapped_again(tmp_path: Path, fault: str) -> None:
    store = await faulty(tmp_path)
    setattr(FaultyConnection, fault, 1)
    await fails(store.swap_checkpoint(0, 1, b"r" * 32, b"note"))
    await store.swap_checkpoint(0, 1, b"r" * 32, b"note")
    await store.close()


async def test_a_failed_commit_fails_its_whole_batch_and_not_the_next(tmp_path: Path) -> None:
    store = await faulty(tmp_path)
    FaultyConnection.before = 1
    results = await asyncio.gather(*(record(store, sealed(n), leaf()) for n in range(10)), return_exceptions=True)
    assert all(isinstance(result, StoreError) for result in results)
    results = await asyncio.gather(*(record(store, sealed(n), leaf()) for n in range(10)))
    assert [result.leaf_index for result in results] == list(range(10))
    await store.close()


async def test_a_full_disk_is_said_and_survived(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await record(store, sealed(1), leaf())
    (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
    store._connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreError) as caught:
        await record(store, sealed(2, body=b"x" * 100_000), leaf())
    assert caught.value.code in {codes.NOT_DURABLE, codes.FAILED_MEMBER}
    assert "SQLITE_FULL" in caught.value.cause
    store._connection.execute("PRAGMA max_page_count = 1000000")
    assert (await record(store, sealed(2, body=b"x" * 100_000), leaf())).leaf_index == 1
    await store.close()


KILLED = """
import asyncio, os, pathlib, signal, sqlite3, sys
from gateway.clock import ManualClock
from gateway.limits import Limits
from gateway.store import Store
from tests.store.made import START, leaf, record, sealed

where, at = sys.argv[2], int(sys.argv[3])
commits = 0

class Killed(sqlite3.Connection):
    def execute(self, sql, parameters=()):
        global commits
        if sql != "COMMIT":
            return super().execute(sql, parameters)
        commits += 1
        if commits == at and where == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        cursor = super().execute(sql)
        if commits == at and where == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return cursor

async def main():
    path = pathlib.Path(sys.argv[1]) / "store.db"
    store = await Store.open(path, Limits(), ManualClock(START), connection_factory=Killed)
    for start in range(0, 100, 10):
        done = await asyncio.gather(*(record(store, sealed(n), leaf()) for n in range(start, start + 10)))
        os.write(1, b"".join(b"%d %d\\n" % (n, one.leaf_index) for n, one in enumerate(done, start)))
    await asyncio.sleep(3600)  # killed from outside

asyncio.run(main())
"""


@pytest.mark.parametrize(("where", "at"), [("before", 2), ("after", 2), ("before", 5), ("after", 6)])
async def test_kill_9_around_a_commit_loses_nothing_that_was_acknowledged(tmp_path: Path, where: str, at: int) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path), where, str(len(MIGRATIONS) + at)]  # each is a commit
    done = subprocess.run(command, cwd=ROOT, env={**os.environ}, capture_output=True, check=False)  # noqa: ASYNC221 - short
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    acknowledged = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    assert acknowledged
    store = await opened(tmp_path)
    for number, index in acknowledged:
        (stored,) = await store.find_messages(message_id(number))
        assert stored.leaf_index == index
    assert await store.integrity() == []
    unacknowledged = store.leaf_count() - len(acknowledged)
    assert unacknowledged == (0 if where == "before" else 10)
    recorded = await record(store, sealed(99), leaf())
    assert recorded.leaf_index == store.leaf_count() - 1
    await store.close()
