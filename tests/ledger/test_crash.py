"""A fault at every system call of an integration: the call fails, or the process is killed there. Then a restart."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import LedgerError
from gateway.ledger import Checkpoint, Demands, open_checkpoint, verify
from tests.ledger.made import entry, ledger_at, signer, store_at

CALLS = ("open", "write", "fsync", "rename", "mkdir")
BEFORE, ADDED = 254, 5  # the batch fills the first tile and begins the second: every kind of file is written


class Faults:
    """Counts the ledger's system calls and lets the n-th one fail, before or after it took effect."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int, *, after: bool) -> None:
        self.calls = 0
        self.armed = True
        for name in CALLS:
            monkeypatch.setattr(f"gateway.ledger.disk.os.{name}", self._faulty(name, getattr(os, name), at, after))

    def _faulty(self, name: str, real: Any, at: int, after: bool) -> Any:
        def call(*values: Any, **options: Any) -> Any:
            if not self.armed:
                return real(*values, **options)
            self.calls += 1
            if self.calls == at and not after:
                raise OSError(28, f"no space left at {name}")
            result = real(*values, **options)
            if self.calls == at and name != "open":  # an open that fails gives no handle to leak
                raise OSError(5, f"i/o error after {name}")
            return result

        return call


async def prepare(path: Path) -> bytes:
    store = await store_at(path)
    ledger = await ledger_at(path, store)
    await asyncio.gather(*(store.append_leaf(entry(n)) for n in range(1, BEFORE)))
    await ledger.integrate()
    await asyncio.gather(*(store.append_leaf(entry(n)) for n in range(BEFORE, BEFORE + ADDED)))
    await store.close()
    return ledger.checkpoint_note


async def recovered(path: Path, old: bytes, seen: list[bytes]) -> None:
    """After a restart the tree is valid, nothing acknowledged is missing, and no size has two roots."""
    store = await store_at(path)
    ledger = await ledger_at(path, store)
    assert ledger.size == store.leaf_count() == BEFORE + ADDED
    report = verify(ledger.directory, ledger.verifier, Demands(saved=[old, *seen]))
    assert report.findings == []
    assert report.entries == BEFORE + ADDED
    await store.close()


def published(path: Path) -> Checkpoint:
    return open_checkpoint((path / "ledger/checkpoint").read_bytes(), signer().verifier)


@pytest.mark.parametrize("after", [False, True])
async def test_a_failing_system_call_anywhere_leaves_a_ledger_that_recovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    old = await prepare(tmp_path / "master")
    at = failures = 0
    while True:
        at += 1
        path = tmp_path / str(at)
        subprocess.run(["cp", "-a", str(tmp_path / "master"), str(path)], check=True)  # noqa: ASYNC221 - short
        with monkeypatch.context() as patch:
            faults = Faults(patch, at, after=after)
            faults.armed = False
            store = await store_at(path)
            faults.armed = True
            try:
                await ledger_at(path, store)
            except LedgerError:
                failures += 1
            faults.armed = False
            head = verify(path / "ledger", signer().verifier, Demands(saved=[old]))
            assert head.findings == []
            row = await store.checkpoint()
            assert row is not None
            await store.close()
        await recovered(path, old, [(path / "ledger/checkpoint").read_bytes(), row.note])
        if faults.calls < at:
            break
    assert at > 25
    assert failures > 20  # the rest hit calls whose failure harms nobody, such as removing old partial tiles


async def test_a_running_ledger_goes_on_after_every_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = await prepare(tmp_path)
    store = await store_at(tmp_path)
    ledger = await ledger_at(tmp_path, store)
    number = BEFORE + ADDED
    failures = 0
    for at in range(1, 30):
        await store.append_leaf(entry(number))
        number += 1
        with monkeypatch.context() as patch:
            Faults(patch, at, after=at % 2 == 0)
            try:
                await ledger.integrate()
            except LedgerError:
                failures += 1
        await ledger.integrate()
        assert ledger.size == store.leaf_count() == number
    assert failures > 10
    report = verify(ledger.directory, ledger.verifier, Demands(saved=[old]))
    assert report.findings == []
    await store.close()


KILLED = """
import asyncio, os, pathlib, signal, sqlite3, sys
from gateway.clock import ManualClock
from gateway.ledger import Ledger
from gateway.limits import Limits
from gateway.store import Store
from tests.ledger.made import START, signer
import gateway.ledger.disk

calls, at = 0, 0

def counted(real):
    def call(*values, **options):
        global calls
        calls += 1
        if calls == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*values, **options)
    return call

class Counted(sqlite3.Connection):
    def execute(self, sql, parameters=()):
        return counted(super().execute)(sql, parameters) if sql == "COMMIT" else super().execute(sql, parameters)

async def main(path):
    store = await Store.open(path / "store.db", Limits(), ManualClock(START), connection_factory=Counted)
    await Ledger.open(store, path / "ledger", signer(), "nld", ManualClock(START), Limits())
    await store.close()

for name in sys.argv[2:]:
    setattr(gateway.ledger.disk.os, name, counted(getattr(os, name)))
base = pathlib.Path(sys.argv[1])
while True:
    at += 1
    os.spawnlp(os.P_WAIT, "cp", "cp", "-a", str(base / "master"), str(base / str(at)))
    child = os.fork()
    if child == 0:
        asyncio.run(main(base / str(at)))
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        break
print(at)
"""


async def test_a_kill_at_every_system_call_and_commit_leaves_a_ledger_that_recovers(tmp_path: Path) -> None:
    old = await prepare(tmp_path / "master")
    command = [sys.executable, "-c", KILLED, str(tmp_path), "write", "fsync", "rename", "mkdir"]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, check=False)  # noqa: ASYNC221 - short
    assert done.returncode == 0, done.stderr.decode()
    points = int(done.stdout)
    assert points > 25
    sizes = set()
    for at in range(1, points + 1):
        path = tmp_path / str(at)
        left = verify(path / "ledger", signer().verifier, Demands(saved=[old]))
        assert left.findings == []
        sizes.add(left.entries)
        await recovered(path, old, [(path / "ledger/checkpoint").read_bytes()])
    assert sizes == {BEFORE, BEFORE + ADDED}
