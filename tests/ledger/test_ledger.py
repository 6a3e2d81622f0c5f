from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import threading
from datetime import datetime
from pathlib import Path

import pytest

from gateway.clock import ManualClock
from gateway.errors import LedgerError, StoreError
from gateway.ledger import (
    Demands,
    Ledger,
    Signer,
    codes,
    leaf,
    open_checkpoint,
    open_proof,
    open_receipt,
    prove_index,
    verify,
)
from gateway.ledger.disk import Disk
from gateway.ledger.merkle import tree_root
from gateway.ledger.tiles import WIDTH, TileDirectory
from gateway.limits import Limits
from gateway.store import Store
from tests.ledger.made import ORIGIN, START, digest, entry, files, ledger_at, mid, signer, store_at


async def grow(store: Store, count: int) -> None:
    start = store.leaf_count()
    await asyncio.gather(*(store.append_leaf(entry(n)) for n in range(start, start + count)))


async def test_a_new_ledger_begins_with_who_keeps_it_and_is_published_at_once(tmp_path: Path) -> None:
    store = await store_at(tmp_path)
    ledger = await ledger_at(tmp_path, store)
    (first,) = await store.leaves(0, 10)
    assert json.loads(first) == {
        "ev": "created",
        "key": str(signer().verifier),
        "node": "nld",
        "origin": ORIGIN,
        "seq": 0,
        "t": "2026-11-22T08:00:00Z",
        "v": 1,
    }
    assert open_checkpoint((ledger.directory / "checkpoint").read_bytes(), ledger.verifier).size == 1
    assert verify(ledger.directory, ledger.verifier).ok
    await store.close()


async def test_every_integration_gives_a_ledger_that_verifies_and_continues_the_last(tmp_path: Path) -> None:
    store = await store_at(tmp_path)
    ledger = await ledger_at(tmp_path, store)
    saved = []
    for count in (1, 1, 200, 53, 1, 300, 7):
        saved.append(ledger.checkpoint_note)
        await grow(store, count)
        assert (await ledger.integrate()) is not None
        report = verify(ledger.directory, ledger.verifier, Demands(saved=saved))
        assert report.findings == []
        assert report.entries == ledger.size == store.leaf_count()
    assert await ledger.integrate() is None
    assert not (ledger.directory / "tile/0/000.p").exists()
    assert not (ledger.directory / "tile/entries/001.p").exists()
    assert (ledger.directory / "tile/0/002.p").exists()
    await store.close()


async def test_partial_tiles_of_earlier_checkpoints_stay_until_the_full_one_is_there(tmp_path: Path) -> None:
    store = await store_at(tmp_path)
    ledger = await ledger_at(tmp_path, store)
    await grow(store, 9)
    await ledger.integrate()
    assert sorted(path.name for path in (ledger.directory / "tile/0/000.p").iterdir()) == ["1", "10"]
    await store.close()


async def test_integrates_what_gathered_during_an_outage_in_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.ledger.ledger.STEP_LEAVES", 100)
    store = await store_at(tmp_path)
    ledger = await ledger_at(tmp_path, store)
    await grow(store, 950)
    await ledger.integrate()
    assert ledger.size == 951
    assert verify(ledger.directory, ledger.verifier).ok
    await store.close()


async def test_a_restart_changes_no_octet(tmp_path: Path) -> None:
    store = await store_at(tmp_path)
    ledger = await ledger_at(tmp_path, store)
    await grow(store, 700)
    await ledger.integrate()
    before = files(ledger.directory)
    await store.close()
    store = await store_at(tmp_path)
    ledger = await ledger_at(tmp_path, store)
    assert files(ledger.directory) == before
    assert ledger.size == 701
    await grow(store, 3)
    await ledger.integrate()
    assert verify(ledger.directory, ledger.verifier).ok
    await store.close()


async def test_lost_files_are_written_again_from_the_store(tmp_path: Path) -> None:
    store = await store_at(tmp_path)
    ledger = await ledger_at(tmp_path, store)
    await grow(store, 700)
    await ledger.integrate()
    await store.close()
    before = files(ledger.directory)
    shutil.rmtree(ledger.directory)
    store = await store_at(tmp_path)
    ledger = await ledger_at(tmp_path, store)
    after = files(ledger.directory)
    assert {name: octets for name, octets in before.items() if name in after} == after
    assert verify(ledger.directory, ledger.verifier).ok
    await store.close()


async def test_a_store_restored_from_a_backup_is_refused(tmp_path: Path) -> None:
    store = await store_at(tmp_path)
    ledger = await ledger_at(tmp_path, store)
    await store.close()
    backup = (tmp_path / "store.db").read_bytes()
    store = await store_at(tmp_path)
    await grow(store, 5)
    ledger = await ledger_at(tmp_path, store)
    published = ledger.checkpoint_note
    await store.close()
    (tmp_path / "store.db").write_bytes(backup)
    store = await store_at(tmp_path)
    with pytest.raises(LedgerError) as caught:
        await ledger_at(tmp_path, store)
    assert caught.value.code == codes.FORK
    assert (ledger.directory / "checkpoint").read_bytes() == published
    await store.close()


async def test_a_lost_store_beside_a_published_ledger_is_refused(tmp_path: Path) -> None:
    store = await store_at(tmp_path)
    await ledger_at(tmp_path, store)
    await store.close()
    (tmp_path / "store.db").unlink()
    store = await store_at(tmp_path)
    with pytest.raises(LedgerError) as caught:
        await ledger_at(tmp_path, store)
    assert caught.value.code == codes.FORK
    assert store.leaf_count() == 0
    await store.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE leaf SET entry = CAST(replace(CAST(entry AS TEXT), 'deu', 'fra') AS BLOB) WHERE idx = 300",
        "UPDATE leaf SET entry = CAST(replace(CAST(entry AS TEXT), 'deu', 'fra') AS BLOB) WHERE idx = 599",
        "DELETE FROM leaf WHERE idx = 600",
        "UPDATE checkpoint SET root = zeroblob(32)",
        "UPDATE checkpoint SET size = 5",
    ],
)
async def test_edited_leaves_are_refused_and_nothing_is_signed(tmp_path: Path, statement: str) -> None:
    store = await store_at(tmp_path)
    ledger = await ledger_at(tmp_path, store)
    await grow(store, 600)
    await ledger.integrate()
    await store.close()
    before = files(ledger.directory)
    with sqlite3.connect(tmp_path / "store.db") as connection:
        connection.execute(statement)
    connection.close()
    store = await store_at(tmp_path)
    with pytest.raises(LedgerError) as caught:
        await ledger_at(tmp_path, store)
    assert caught.value.code == codes.FORK
    assert files(ledger.directory) == before
    await store.close()


@pytest.mark.parametrize("by", [signer("other key"), signer(name="other.example/audit/1")])
async def test_another_key_or_origin_is_refused(tmp_path: Path, by: Signer) -> None:
    store = await store_at(tmp_path)
    await ledger_at(tmp_path, store)
    with pytest.raises(LedgerError) as caught:
        await ledger_at(tmp_path, store, by=by)
    assert caught.value.code == codes.WRONG_LOG
    await store.close()


async def test_two_signers_of_one_store_cannot_both_go_on(tmp_path: Path) -> None:
    store = await store_at(tmp_path)
    first = await ledger_at(tmp_path, store)
    second = await ledger_at(tmp_path, store)
    await grow(store, 3)
    await first.integrate()
    await grow(store, 1)
    with pytest.raises(StoreError):
        await second.integrate()
    with pytest.raises(LedgerError) as caught:
        await second.integrate()
    assert caught.value.code == codes.FORK
    assert verify(first.directory, first.verifier).entries == 4
    await store.close()


async def test_a_full_disk_is_tried_again_by_the_loop(tmp_path: Path) -> None:
    store = await store_at(tmp_path)
    limits = Limits(integrate_interval_s=0.001)
    ledger = await Ledger.open(store, tmp_path / "ledger", signer(), "nld", ManualClock(START), limits)
    staging = ledger.directory / ".staging"
    shutil.rmtree(staging)
    staging.write_bytes(b"in the way")
    await grow(store, 3)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        loop = group.create_task(ledger.run())
        while ledger.problem is None:  # noqa: ASYNC110 - the loop under test has no event to wait for
            await asyncio.sleep(0)
        assert ledger.problem.code == codes.CANNOT_WRITE
        staging.unlink()
        staging.mkdir()
        while ledger.size < 4 or ledger.problem is not None:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0)
        loop.cancel()
    assert verify(ledger.directory, ledger.verifier).ok
    await store.close()


async def test_an_integration_that_is_cancelled_ends_before_the_next_one_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that stops cancels the loop while a thread of it writes, and publishes the rest at once."""
    store = await store_at(tmp_path)
    ledger = await ledger_at(tmp_path, store)
    reached, go_on = threading.Event(), threading.Event()
    publish = Disk.publish

    def held(disk: Disk, note: bytes) -> None:
        if not reached.is_set():
            reached.set()
            assert go_on.wait(60)
        publish(disk, note)

    monkeypatch.setattr(Disk, "publish", held)
    await grow(store, 3)
    first = asyncio.create_task(ledger.integrate())
    assert await asyncio.to_thread(reached.wait, 10)
    first.cancel()
    await asyncio.wait([first])
    assert first.cancelled()
    await grow(store, 5)
    closing = asyncio.create_task(ledger.close())
    await asyncio.wait([closing], timeout=0.3)  # as far as it can come meanwhile
    go_on.set()
    await closing
    await ledger.settled()
    assert ledger.size == store.leaf_count() == 9
    await store.close()
    await asyncio.get_running_loop().shutdown_default_executor()  # no thread of either is left
    assert open_checkpoint((ledger.directory / "checkpoint").read_bytes(), ledger.verifier).size == 9
    assert verify(ledger.directory, ledger.verifier).entries == 9


async def test_refusals_are_summarised_when_their_interval_is_over_and_at_the_end(tmp_path: Path) -> None:
    clock = ManualClock(START)
    store = await Store.open(tmp_path / "store.db", Limits(), clock)
    ledger = await Ledger.open(store, tmp_path / "ledger", signer(), "nld", clock, Limits())
    for _ in range(1000):
        ledger.count_refusal(peer="deu", code="SEA-001")
    await ledger.flush_refusals()
    assert store.leaf_count() == 1
    clock.advance(10)
    await ledger.flush_refusals()
    ledger.count_refusal(peer="fra", code="SEA-002")
    await ledger.close()
    records = [json.loads(octets) for octets in await store.leaves(1, 9)]
    assert [(record["peer"], record["code"], record["count"]) for record in records] == [
        ("deu", "SEA-001", 1000),
        ("fra", "SEA-002", 1),
    ]
    assert ledger.size == 3
    await store.close()


async def test_refusals_that_the_store_does_not_take_stay_counted(tmp_path: Path) -> None:
    store = await store_at(tmp_path)
    ledger = await ledger_at(tmp_path, store)
    for peer in ("deu", "deu", "fra"):
        ledger.count_refusal(peer=peer, code="SEA-001")
    await store.close()
    for _ in range(2):
        with pytest.raises(StoreError):
            await ledger.flush_refusals(all_of_them=True)
        assert len(ledger.refusals) == 3


async def test_a_summary_that_is_being_written_when_its_writer_is_cancelled_is_written_once(tmp_path: Path) -> None:
    store = await store_at(tmp_path)
    ledger = await ledger_at(tmp_path, store)
    reached, go_on = threading.Event(), threading.Event()

    def held(index: int, time: datetime) -> bytes:
        reached.set()
        assert go_on.wait(60)
        return leaf.created(node="nld", origin=ledger.origin, key=str(ledger.verifier))(index, time)

    busy = asyncio.create_task(store.append_leaf(held))
    assert await asyncio.to_thread(reached.wait, 60)
    for peer in ("deu", "deu", "fra"):
        ledger.count_refusal(peer=peer, code="SEA-001")
    writing = asyncio.create_task(ledger.flush_refusals(all_of_them=True))
    await asyncio.sleep(0)
    writing.cancel()
    go_on.set()
    await asyncio.wait([busy, writing])
    assert writing.cancelled()
    await ledger.close()  # as a node that stops
    records = [json.loads(octets) for octets in await store.leaves(2, 9)]
    assert [(record["peer"], record["count"]) for record in records] == [("deu", 2), ("fra", 1)]
    await store.close()


async def test_what_policy_withheld_is_summarised_by_group_rule_and_policy(tmp_path: Path) -> None:
    clock = ManualClock(START)
    store = await Store.open(tmp_path / "store.db", Limits(), clock)
    ledger = await Ledger.open(store, tmp_path / "ledger", signer(), "nld", clock, Limits())
    for _ in range(3):
        ledger.count_withheld(group="eu", rule="release.refused.no-rule", policy="a" * 64, tracks=40)
    ledger.count_withheld(group="eu", rule="release.refused.no-rule", policy="b" * 64, tracks=1)
    ledger.count_refusal(peer="eu", code="release.refused.no-rule")  # another kind of thing under the same names
    await ledger.close()
    records = [json.loads(octets) for octets in await store.leaves(1, 9)]
    assert [(one["ev"], one.get("group"), one.get("policy", "")[:1], one["count"]) for one in records] == [
        ("withheld", "eu", "a", 120),
        ("withheld", "eu", "b", 1),
        ("refused", None, "", 1),
    ]
    assert {one.get("rule") for one in records[:2]} == {"release.refused.no-rule"}
    salts = [one["salt"] for one in records[:2]]
    assert [len(salt) for salt in salts] == [32, 32]
    assert len(set(salts)) == 2, "partners see the hashes, and must not find what they are of by trying"
    await store.close()


async def test_a_flood_of_kinds_is_lumped_together_and_loses_no_count(tmp_path: Path) -> None:
    clock = ManualClock(START)
    store = await Store.open(tmp_path / "store.db", Limits(), clock)
    ledger = await Ledger.open(store, tmp_path / "ledger", signer(), "nld", clock, Limits())
    for number in range(5_000):
        ledger.count_withheld(group=f"g{number}", rule=f"r{number}", policy="a" * 64, tracks=2)
    assert len(ledger.refusals) == 10_000
    assert len(ledger.refusals.due(0.0, all_of_them=True)) <= 2_001
    await store.close()


async def test_a_receipt_names_the_leaf_that_is_then_proven(tmp_path: Path) -> None:
    store = await store_at(tmp_path)
    ledger = await ledger_at(tmp_path, store)
    index = await store.append_leaf(leaf.received(message_id=mid(5), origin="deu", peer="deu", sha256=digest(5)))
    note = ledger.receipt(origin="deu", message_id=mid(5), sha256=digest(5), leaf_index=index, time=START)
    receipt = open_receipt(note, ledger.verifier)
    await ledger.integrate()
    proof, _ = open_proof(prove_index(ledger.directory, ledger.verifier, receipt.leaf_index), ledger.verifier)
    assert json.loads(proof.entry)["mid"] == receipt.message_id
    await store.close()


async def test_the_published_tiles_give_the_published_root(tmp_path: Path) -> None:
    store = await store_at(tmp_path)
    ledger = await ledger_at(tmp_path, store)
    await grow(store, 2 * WIDTH + 3)
    head = await ledger.integrate()
    assert head is not None
    assert tree_root(head.size, TileDirectory(ledger.directory, head.size).node()) == head.root
    await store.close()
