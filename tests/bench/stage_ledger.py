"""Leaves to tiles and a signed checkpoint; and a ledger in a plain directory, verified whole."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.clock import SystemClock
from gateway.ledger import Ledger, Signer, leaf, verify
from gateway.limits import Limits
from gateway.store import Store
from tests.bench.harness import REPEATS, Row

WRITERS = 200


def run(*, quick: bool) -> list[Row]:
    """Leaves per second, elapsed time: files and fsync are part of it."""
    count = 4_000 if quick else 20_000
    integrate, check, floor = [], [], []
    for _ in range(REPEATS):
        with tempfile.TemporaryDirectory() as directory:
            grown, verified = asyncio.run(_round(Path(directory), count))
        integrate.append(grown)
        check.append(verified)
        floor.append(_hashes(count))
    name = "two SHA-256 for each leaf"
    return [
        Row(
            stage="ledger integrate",
            value=statistics.median(integrate),
            unit="leaves/s",
            floor=statistics.median(floor),
            floor_name=name,
            note="read from the store, hash, write bundles and tiles, sign, compare-and-swap, publish; all fsynced",
        ),
        Row(
            stage="ledger verify",
            value=statistics.median(check),
            unit="leaves/s",
            floor=statistics.median(floor),
            floor_name=name,
            note="every entry hashed and parsed, every tile compared",
        ),
    ]


def _hashes(count: int) -> float:
    entry = bytes(400)
    began = time.process_time()
    for _ in range(count):
        sha256(sha256(entry).digest() * 2).digest()
    return count / (time.process_time() - began)


async def _round(directory: Path, count: int) -> tuple[float, float]:
    limits, clock = Limits(), SystemClock()
    store = await Store.open(directory / "store.db", limits, clock)
    signer = Signer("nld.example/audit/1", Ed25519PrivateKey.generate())
    ledger = await Ledger.open(store, directory / "ledger", signer, node="nld-1", clock=clock, limits=limits)
    numbers = iter(range(count))

    async def append() -> None:
        for number in numbers:
            digest = sha256(str(number).encode()).hexdigest()
            await store.append_leaf(
                leaf.received(message_id=str(uuid4()), origin="deu-1", peer="deu-1", sha256=digest, tracks=2)
            )

    async with asyncio.TaskGroup() as group:
        for _ in range(WRITERS):
            group.create_task(append())
    began = time.perf_counter()
    await ledger.integrate()
    grown = count / (time.perf_counter() - began)
    await store.close()
    began = time.perf_counter()
    report = verify(directory / "ledger", signer.verifier)
    verified = report.entries / (time.perf_counter() - began)
    assert report.ok, report.findings
    assert report.entries == count + 1
    return grown, verified
