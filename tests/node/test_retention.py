"""The database does not grow for ever: bodies go when their time is over, and what they proved stays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.clock import ManualClock, SystemClock
from gateway.config import Config, load
from gateway.config.policy_starter import simple_policy
from gateway.demo.stage import set_stage
from gateway.limits import Limits
from gateway.node.assembly import Node
from gateway.node.retention import Retention
from gateway.stages import Receipt, Sealed
from gateway.store import Outgoing, Store

NOW = SystemClock().now()
DAY_S = 86_400


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[tuple[Store, ManualClock]]:
    clock = ManualClock(NOW)
    store = await Store.open(tmp_path / "gateway.db", Limits(), clock)
    yield store, clock
    await store.close()


def sealed(number: int) -> Sealed:
    return Sealed(
        message_id=f"message-{number}",
        origin="nld-1",
        recipients=("deu-1",),
        created_at=NOW,
        octets=b"<x/>" * 100,
        sha256=f"{number:064x}",
        key="ab" * 32,
        track_ids=(f"track-{number}",),
    )


async def deliver(store: Store, message: Sealed) -> None:
    (recorded,) = await store.record_outbound_all([Outgoing(sealed=message, leaf=lambda index, _: b"sent %d" % index)])
    receipt = Receipt(
        node="deu-1",
        origin="nld-1",
        message_id=message.message_id,
        sha256=message.sha256,
        outcome="ACCEPTED",
        code="",
        leaf_index=1,
        time=NOW,
        note=b"note",
    )
    await store.record_delivery("deu-1", recorded.seq, receipt, lambda index, _: b"delivered %d" % index)


async def octets_of(store: Store, number: int) -> bytes | None:
    (message,) = await store.find_messages(f"message-{number}")
    return message.octets


async def test_a_body_goes_when_its_days_are_over_and_its_leaf_and_receipt_stay(
    store: tuple[Store, ManualClock],
) -> None:
    kept, clock = store
    retention = Retention(kept, clock, timedelta(days=30))
    await deliver(kept, sealed(1))
    clock.advance(20 * DAY_S)
    await deliver(kept, sealed(2))
    assert await retention.sweep() == 0
    clock.advance(10.5 * DAY_S)
    assert await retention.sweep() == 1
    assert await octets_of(kept, 1) is None
    assert await octets_of(kept, 2) is not None
    (message,) = await kept.find_messages("message-1")
    assert [receipt.note for receipt in message.receipts] == [b"note"]
    assert kept.leaf_count() == 4


async def test_what_a_partner_has_still_to_get_is_kept(store: tuple[Store, ManualClock]) -> None:
    kept, clock = store
    await kept.record_outbound_all([Outgoing(sealed=sealed(1), leaf=lambda index, _: b"sent %d" % index)])
    clock.advance(400 * DAY_S)
    assert await Retention(kept, clock, timedelta(days=30)).sweep() == 0
    assert await octets_of(kept, 1) is not None


async def test_zero_days_keep_everything_and_the_task_ends(store: tuple[Store, ManualClock]) -> None:
    kept, clock = store
    await deliver(kept, sealed(1))
    clock.advance(400 * DAY_S)
    async with asyncio.timeout(60):
        await Retention(kept, clock, timedelta(0)).run()
    assert await octets_of(kept, 1) is not None


async def test_a_node_sweeps_when_it_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    player = set_stage(tmp_path, SystemClock(), simulation="SIMULATED")[0]
    config: Config = load(player.config_path).config.model_copy(update={"feed": {}, "link": {}})
    player.policy_path.write_text(simple_policy())
    clock, swept = ManualClock(NOW), asyncio.Event()
    async with Node(config, clock=clock) as node:
        await deliver(node.store, sealed(1))
        clock.advance(31 * DAY_S)
        prune = node.store.prune

        async def watched(before: datetime) -> int:
            removed = await prune(before)
            swept.set()
            return removed

        monkeypatch.setattr(node.store, "prune", watched)
        running = asyncio.create_task(node.run())
        async with asyncio.timeout(60):
            await swept.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert await octets_of(node.store, 1) is None
