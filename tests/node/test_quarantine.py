"""The way into quarantine: bounded, fair, and nothing is lost when the store fails."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.clock import ManualClock
from gateway.errors import StoreError
from gateway.limits import Limits
from gateway.node.quarantine import Quarantine
from gateway.store import Quarantined, Store

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def frame(number: int, *, source: str, octets: bytes = b"x") -> Quarantined:
    return Quarantined(
        at=START, source=source, code="AST-003", place=f"octet {number}", octets=octets, length=len(octets)
    )


async def test_a_flood_of_one_source_costs_no_other_its_place_in_the_queue(tmp_path: Path) -> None:
    limits = Limits(quarantine_waiting=4, quarantine_octets=8)
    store = await Store.open(tmp_path / "store.db", limits, ManualClock(START))
    quarantine = Quarantine(store, limits)
    quarantine.put(frame(0, source="quiet", octets=b"y" * 20))
    for number in range(10):
        quarantine.put(frame(number, source="loud"))
    await quarantine.flush()
    kept = await store.quarantined()
    assert [(one.source, one.place) for one in reversed(kept)] == [
        ("quiet", "octet 0"),
        *(("loud", f"octet {number}") for number in (7, 8, 9)),
    ]
    assert (kept[-1].octets, kept[-1].length) == (b"y" * 8, 20)
    assert quarantine.dropped == 7
    await store.close()


async def test_what_could_not_be_stored_waits_for_the_next_attempt(tmp_path: Path) -> None:
    limits = Limits()
    store = await Store.open(tmp_path / "store.db", limits, ManualClock(START))
    quarantine = Quarantine(store, limits)
    quarantine.put(frame(1, source="radar"))
    await store.close()
    with pytest.raises(StoreError):
        await quarantine.flush()
    quarantine._store = store = await Store.open(tmp_path / "store.db", limits, ManualClock(START))
    await quarantine.flush()
    assert [one.place for one in await store.quarantined()] == ["octet 1"]
    await store.close()


async def test_what_is_being_stored_when_its_writer_is_cancelled_is_stored_once(tmp_path: Path) -> None:
    limits = Limits()
    store = await Store.open(tmp_path / "store.db", limits, ManualClock(START))
    reached, go_on = threading.Event(), threading.Event()

    def held(index: int, time: datetime) -> bytes:
        reached.set()
        assert go_on.wait(60)
        return b"{}"

    busy = asyncio.create_task(store.append_leaf(held))
    assert await asyncio.to_thread(reached.wait, 60)
    quarantine = Quarantine(store, limits)
    for number in range(3):
        quarantine.put(frame(number, source="radar"))
    running = asyncio.create_task(quarantine.run())
    for _ in range(3):
        await asyncio.sleep(0)
    running.cancel()
    go_on.set()
    await asyncio.wait([busy, running])
    assert running.cancelled()
    await quarantine.flush()  # as a node that stops
    assert [one.place for one in await store.quarantined()] == ["octet 2", "octet 1", "octet 0"]
    await store.close()
