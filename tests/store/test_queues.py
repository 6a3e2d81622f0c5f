from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from gateway.errors import StoreError
from gateway.store import Settlement, Store, codes
from gateway.store.reader import NEXT_OUTBOUND
from tests.store.made import leaf, opened, receipt, record, sealed


async def fill(store: Store, count: int, to: tuple[str, ...] = ("deu",)) -> None:
    for number in range(1, count + 1):
        await record(store, sealed(number, to=to), leaf())


async def cursor(store: Store, partner: str) -> int:
    return next(queue.cursor for queue in await store.queues() if queue.partner == partner)


async def test_a_receipt_moves_the_cursor_and_is_kept_with_its_leaf(store: Store) -> None:
    await fill(store, 2)
    waiting = await store.next_outbound("deu", 10)
    proof = receipt(waiting[0].message)
    assert await store.record_delivery("deu", 1, proof, leaf("delivered")) == 2
    assert await cursor(store, "deu") == 1
    assert await store.queue_depth("deu") == 1
    assert [recorded.seq for recorded in await store.next_outbound("deu", 10)] == [2]
    found = await store.find_messages(waiting[0].message.message_id)
    assert found[0].receipts == (proof,)
    assert (await store.leaves(2, 1))[0].startswith(b"delivered 2")


async def test_the_cursor_waits_for_the_oldest_receipt(store: Store) -> None:
    await fill(store, 4)
    waiting = await store.next_outbound("deu", 10)
    for recorded in waiting[1:3]:
        await store.record_delivery("deu", recorded.seq, receipt(recorded.message), leaf())
    assert await cursor(store, "deu") == 0
    assert [recorded.seq for recorded in await store.next_outbound("deu", 10)] == [1, 4]
    await store.record_delivery("deu", 1, receipt(waiting[0].message), leaf())
    assert await cursor(store, "deu") == 3
    assert [recorded.seq for recorded in await store.next_outbound("deu", 10)] == [4]


async def test_reads_on_beyond_what_is_in_flight(store: Store) -> None:
    await fill(store, 5)
    assert [recorded.seq for recorded in await store.next_outbound("deu", 2, after=2)] == [3, 4]


async def test_a_second_receipt_changes_nothing(store: Store) -> None:
    await fill(store, 1)
    message = sealed(1)
    first = await store.record_delivery("deu", 1, receipt(message), leaf())
    again = await store.record_delivery("deu", 1, receipt(message, outcome="REFUSED", code="X-1"), leaf())
    assert again == first
    assert store.leaf_count() == 2
    assert await store.exceptions() == []
    assert await store.queue_depth("deu") == 0


async def test_a_partner_that_refuses_is_passed_by_and_the_row_is_kept(store: Store) -> None:
    await fill(store, 2)
    await store.record_delivery("deu", 1, receipt(sealed(1), outcome="REFUSED", code="POL-001"), leaf())
    assert [recorded.seq for recorded in await store.next_outbound("deu", 10)] == [2]
    (row,) = await store.exceptions("deu")
    assert (row.partner, row.seq, row.state, row.code) == ("deu", 1, Settlement.REFUSED, "POL-001")


async def test_a_parked_message_can_be_resumed(store: Store) -> None:
    await fill(store, 3)
    await store.set_aside("deu", 1, Settlement.PARKED, code="LNK-001", cause="certificate expired", leaf=leaf("parked"))
    await store.record_delivery("deu", 2, receipt(sealed(2)), leaf())
    assert await cursor(store, "deu") == 2
    await store.resume("deu", 1)
    assert [recorded.seq for recorded in await store.next_outbound("deu", 10)] == [1, 3]
    assert await store.queue_depth("deu") == 2
    assert await store.exceptions() == []
    await store.record_delivery("deu", 1, receipt(sealed(1)), leaf())
    assert await cursor(store, "deu") == 2
    assert await store.integrity() == []


async def test_a_receipt_that_comes_while_a_message_is_parked_counts(store: Store) -> None:
    await fill(store, 1)
    await store.set_aside("deu", 1, Settlement.PARKED, code="LNK-001")
    await store.record_delivery("deu", 1, receipt(sealed(1)), leaf())
    assert await store.exceptions() == []
    assert len((await store.find_messages(sealed(1).message_id))[0].receipts) == 1
    assert await store.integrity() == []


async def test_only_a_parked_message_resumes(store: Store) -> None:
    await fill(store, 1)
    with pytest.raises(StoreError) as caught:
        await store.resume("deu", 1)
    assert caught.value.code == codes.UNKNOWN_MESSAGE


@pytest.mark.parametrize(("partner", "seq"), [("fra", 1), ("deu", 9)])
async def test_refuses_a_receipt_for_a_message_that_was_not_for_the_partner(
    store: Store, partner: str, seq: int
) -> None:
    await fill(store, 1)
    with pytest.raises(StoreError) as caught:
        await store.record_delivery(partner, seq, receipt(sealed(1)), leaf())
    assert caught.value.code == codes.UNKNOWN_MESSAGE
    assert store.leaf_count() == 1


async def test_each_partner_has_a_cursor_of_its_own(store: Store) -> None:
    await fill(store, 3, to=("deu", "fra"))
    for seq in (1, 2, 3):
        await store.record_delivery("deu", seq, receipt(sealed(seq)), leaf())
    assert [(queue.partner, queue.cursor, queue.depth) for queue in await store.queues()] == [
        ("deu", 3, 0),
        ("fra", 0, 3),
    ]


async def test_cursors_hold_after_a_restart(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await fill(store, 3)
    await store.record_delivery("deu", 1, receipt(sealed(1)), leaf())
    await store.close()
    again = await opened(tmp_path)
    assert [recorded.seq for recorded in await again.next_outbound("deu", 10)] == [2, 3]
    await again.close()


async def test_a_queue_is_an_indexed_range_read_however_many_partners_there_are(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    everyone = tuple(f"p{n:03}" for n in range(200))
    await fill(store, 3, to=everyone)
    await record(store, sealed(9, to=("p007",)), leaf())
    assert [recorded.seq for recorded in await store.next_outbound("p007", 10)] == [1, 2, 3, 4]
    await store.close()
    connection = sqlite3.connect(tmp_path / "store.db")
    values = {"after": 0, "partner": "p007", "limit": 10}
    plan = connection.execute(f"EXPLAIN QUERY PLAN {NEXT_OUTBOUND}", values).fetchall()
    connection.close()
    text = " | ".join(row[3] for row in plan)
    assert "SCAN" not in text
    assert "TEMP B-TREE" not in text
