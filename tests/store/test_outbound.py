from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from gateway.errors import StoreError
from gateway.store import Idempotent, Outgoing, Store, codes
from tests.store.made import START, TRACK, leaf, message_id, opened, record, sealed

BODY = "11" * 32
OTHER = "22" * 32


def asked(key: str = "k", body: str = BODY, response: bytes = b"{}") -> Idempotent:
    return Idempotent(source="radar", key=key, body_sha256=body, response=response)


async def test_records_a_message_with_its_leaf_and_queues_it(store: Store) -> None:
    recorded = await record(store, sealed(1, to=("deu", "fra")), leaf())
    assert (recorded.seq, recorded.leaf_index, recorded.recorded_at) == (1, 0, START)
    assert await store.leaves(0, 10) == [b"leaf 0 " + START.isoformat().encode()]
    assert await store.next_outbound("deu", 10) == [recorded]
    assert await store.next_outbound("fra", 10) == [recorded]
    assert await store.next_outbound("pol", 10) == []


async def test_gives_the_first_record_when_a_message_comes_again(store: Store) -> None:
    first = await record(store, sealed(1), leaf())
    again = await record(store, sealed(1), leaf("another"))
    assert again == first
    assert store.leaf_count() == 1
    assert await store.queue_depth("deu") == 1


async def test_refuses_a_known_id_with_other_content(store: Store) -> None:
    await record(store, sealed(1), leaf())
    with pytest.raises(StoreError) as caught:
        await record(store, sealed(1, body=b"other"), leaf())
    assert caught.value.code == codes.DIGEST_CONFLICT
    assert store.leaf_count() == 1


async def test_one_batch_with_the_same_message_many_times_records_it_once(store: Store) -> None:
    results = await asyncio.gather(*(record(store, sealed(n % 5), leaf()) for n in range(100)))
    assert store.leaf_count() == 5
    assert {recorded.seq for recorded in results} == {1, 2, 3, 4, 5}


async def test_a_failing_leaf_does_not_take_its_neighbours_down(store: Store) -> None:
    def broken(index: int, time: datetime) -> bytes:
        raise ZeroDivisionError

    tasks = [record(store, sealed(n), broken if n % 10 == 3 else leaf()) for n in range(50)]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    failed = [n for n, result in enumerate(results) if isinstance(result, BaseException)]
    assert failed == [3, 13, 23, 33, 43]
    assert all(isinstance(results[n], ZeroDivisionError) for n in failed)
    assert store.leaf_count() == 45
    entries = await store.leaves(0, 100)
    assert [int(entry.split()[1]) for entry in entries] == list(range(45))
    assert await store.integrity() == []


async def test_a_value_that_no_column_takes_fails_only_its_own_message(store: Store) -> None:
    surrogate = sealed(1, tracks=("\ud800",))
    results = await asyncio.gather(
        record(store, sealed(0), leaf()),
        record(store, surrogate, leaf()),
        record(store, sealed(2), leaf()),
        return_exceptions=True,
    )
    assert isinstance(results[1], StoreError)
    assert results[1].code == codes.FAILED_MEMBER
    assert [recorded.message.message_id for recorded in await store.next_outbound("deu", 9)] == [
        message_id(0),
        message_id(2),
    ]
    assert [int(entry.split()[1]) for entry in await store.leaves(0, 9)] == [0, 1]


@pytest.mark.parametrize("size", [0, 65_536])
async def test_refuses_a_leaf_that_no_bundle_can_hold(store: Store, size: int) -> None:
    with pytest.raises(StoreError) as caught:
        await store.append_leaf(lambda index, time: b"x" * size)
    assert caught.value.code == codes.LEAF_TOO_LARGE
    assert await store.append_leaf(lambda index, time: b"x" * 65_535) == 0


async def test_keeps_the_answer_to_a_request_with_its_message(store: Store) -> None:
    await record(store, sealed(1), leaf(), idempotency=[asked(response=b"first")])
    assert await store.find_response("radar", "k") == (BODY, b"first")
    assert await store.find_response("other-source", "k") is None


async def test_refuses_an_idempotency_key_with_another_body_and_records_nothing(store: Store) -> None:
    await store.record_outbound_all((), (), [asked()])
    with pytest.raises(StoreError) as caught:
        await record(store, sealed(1), leaf(), idempotency=[asked(body=OTHER)])
    assert caught.value.code == codes.KEY_CONFLICT
    assert store.leaf_count() == 0
    assert await store.find_messages(message_id(1)) == []


async def test_the_first_answer_under_a_key_stays(store: Store) -> None:
    await store.record_outbound_all((), (), [asked(response=b"first")])
    await store.record_outbound_all((), (), [asked(response=b"second")])
    assert await store.find_response("radar", "k") == (BODY, b"first")


async def test_several_messages_are_recorded_all_or_none(store: Store) -> None:
    await record(store, sealed(2), leaf())
    bad = [Outgoing(sealed=sealed(1), leaf=leaf()), Outgoing(sealed=sealed(2, body=b"other"), leaf=leaf())]
    with pytest.raises(StoreError) as caught:
        await store.record_outbound_all(bad, idempotency=[asked()])
    assert caught.value.code == codes.DIGEST_CONFLICT
    assert await store.find_messages(message_id(1)) == []
    assert await store.find_response("radar", "k") is None
    good = [Outgoing(sealed=sealed(n), leaf=leaf()) for n in (3, 4)]
    recorded = await store.record_outbound_all(good, idempotency=[asked("k3"), asked("k4")])
    assert [one.seq for one in recorded] == [2, 3]
    assert await store.find_response("radar", "k4") == (BODY, b"{}")


async def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    tracks = [TRACK, "not-a-uuid", "3F2504E0-4F89-41D3-9A0C-0305E82C3301"]
    first = await opened(tmp_path)
    recorded = await record(first, sealed(1, to=("fra", "deu"), tracks=tracks), leaf())
    await first.close()
    again = await opened(tmp_path)
    assert again.leaf_count() == 1
    assert await again.next_outbound("fra", 1) == [recorded]
    assert (await record(again, sealed(2), leaf())).leaf_index == 1
    await again.close()


async def test_a_full_queue_makes_callers_wait_and_loses_nothing(tmp_path: Path) -> None:
    store = await opened(tmp_path, group_commit_queue=4, group_commit_rows=3)
    await asyncio.gather(*(record(store, sealed(n), leaf()) for n in range(200)))
    assert store.leaf_count() == 200
    assert (await store.counts()).backlog == 0
    await store.close()


async def test_the_queue_never_grows_beyond_its_bound(tmp_path: Path) -> None:
    store = await opened(tmp_path, group_commit_queue=4)
    seen = []

    def look(index: int, time: datetime) -> bytes:
        seen.append(store._writer.backlog)
        return b"leaf"

    await asyncio.gather(*(store.append_leaf(look) for _ in range(100)))
    assert max(seen) == 4
    await store.close()


async def test_a_cancelled_caller_does_not_disturb_the_others(store: Store) -> None:
    tasks = [asyncio.ensure_future(record(store, sealed(n), leaf())) for n in range(20)]
    await asyncio.sleep(0)
    tasks[4].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) is asyncio.CancelledError for result in results].count(True) == 1
    assert (await record(store, sealed(4), leaf())).seq <= 20


async def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await store.close()
    with pytest.raises(StoreError) as caught:
        await store.append_leaf(leaf())
    assert caught.value.code == codes.CLOSED
    with pytest.raises(StoreError) as caught:
        await store.queue_depth("deu")
    assert caught.value.code == codes.CLOSED


async def test_what_is_under_way_when_the_store_closes_is_recorded(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    task = asyncio.ensure_future(record(store, sealed(1), leaf()))
    await asyncio.sleep(0)
    await store.close()
    assert (await task).leaf_index == 0


async def test_a_call_that_fails_after_its_first_message_leaves_nothing_and_harms_no_neighbour(store: Store) -> None:
    twice = [Outgoing(sealed=sealed(1), leaf=leaf()), Outgoing(sealed=sealed(1, body=b"other"), leaf=leaf())]
    results = await asyncio.gather(
        record(store, sealed(0), leaf()),
        store.record_outbound_all(twice),
        record(store, sealed(2), leaf()),
        return_exceptions=True,
    )
    assert isinstance(results[1], StoreError)
    assert results[1].code == codes.DIGEST_CONFLICT
    assert await store.find_messages(message_id(1)) == []
    assert [recorded.leaf_index for recorded in await store.next_outbound("deu", 9)] == [0, 1]
    assert await store.integrity() == []
