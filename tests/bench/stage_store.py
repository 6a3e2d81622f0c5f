"""Durable commits: 64 writers that each wait for the disk before they write again."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import tempfile
import time
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from gateway.clock import SystemClock
from gateway.ledger import leaf
from gateway.limits import Limits
from gateway.stages import Sealed
from gateway.store import Outgoing, Store
from tests.bench.harness import REPEATS, Row

WRITERS, OCTETS = 64, 2_048


def run(*, quick: bool) -> list[Row]:
    """Messages per second, elapsed time: the disk is part of it."""
    count = 2_000 if quick else 12_000
    ours, bare = [], []
    for _ in range(REPEATS):
        with tempfile.TemporaryDirectory() as directory:
            bare.append(_bare(Path(directory) / "bare.db", count))
            ours.append(asyncio.run(_store(Path(directory) / "store.db", count)))
    return [
        Row(
            stage="store, group commit",
            value=statistics.median(ours),
            unit="messages/s",
            floor=statistics.median(bare),
            floor_name=f"sqlite3: one row of {OCTETS} octets, commit every {WRITERS}",
            note=f"{WRITERS} writers, messages of {OCTETS} octets with leaf, queue of one partner and track index",
        )
    ]


def _bare(path: Path, count: int) -> float:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE message (id TEXT PRIMARY KEY, octets BLOB)")
    body = bytes(OCTETS)
    began = time.perf_counter()
    for start in range(0, count, WRITERS):
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO message VALUES (?, ?)", [(str(n + start), body) for n in range(WRITERS)])
        connection.execute("COMMIT")
    spent = time.perf_counter() - began
    connection.close()
    return count / spent


async def _store(path: Path, count: int) -> float:
    store = await Store.open(path, Limits(), SystemClock())
    messages = iter([_sealed() for _ in range(count)])

    async def write() -> None:
        for sealed in messages:
            await store.record_outbound_all([Outgoing(sealed=sealed, leaf=leaf.sent(sealed))])

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(WRITERS):
            group.create_task(write())
    spent = time.perf_counter() - began
    await store.close()
    return count / spent


def _sealed() -> Sealed:
    octets = uuid4().bytes * (OCTETS // 16)
    return Sealed(
        message_id=str(uuid4()),
        origin="nld-1",
        recipients=("deu-1",),
        created_at=datetime.now(UTC),
        octets=octets,
        sha256=sha256(octets).hexdigest(),
        key="ab" * 32,
        track_ids=(str(uuid4()),),
        rule="bench",
    )
