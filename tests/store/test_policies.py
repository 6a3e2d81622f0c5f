"""By which policy each message was decided, and what becomes of one that a later policy withholds."""

from __future__ import annotations

import contextlib
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.errors import StoreError
from gateway.store import Settlement, Store, codes
from gateway.store.reader import Readers, standings
from gateway.store.records import Standing
from gateway.store.schema import MIGRATIONS, connect_writer, migrate, to_micros
from tests.store.made import START, leaf, opened, receipt, record, sealed
from tests.store.test_faults import FaultyConnection, fails, faulty

ONE, TWO = "11" * 32, "22" * 32


async def test_a_message_knows_by_which_policy_it_was_decided(store: Store) -> None:
    for number, policy in enumerate((ONE, TWO, ONE, ""), 1):
        await record(store, replace(sealed(number), policy=policy), leaf())
    assert [one.message.policy for one in await store.next_outbound("deu", 9)] == [ONE, TWO, ONE, ""]


async def test_policies_outlast_a_restart_and_a_failed_commit(tmp_path: Path) -> None:
    store = await faulty(tmp_path)
    FaultyConnection.before = 1
    await fails(record(store, replace(sealed(1), policy=ONE), leaf()))
    await record(store, replace(sealed(1), policy=TWO), leaf())
    await record(store, replace(sealed(2), policy=ONE), leaf())
    await store.close()
    store = await opened(tmp_path)
    await record(store, replace(sealed(3), policy=TWO), leaf())
    assert [one.message.policy for one in await store.next_outbound("deu", 9)] == [TWO, ONE, TWO]
    assert await store.integrity() == []
    await store.close()


async def test_an_outline_is_kept_under_its_policy_and_replaced(store: Store) -> None:
    assert await store.policy_outline(ONE) is None
    await record(store, replace(sealed(1), policy=ONE), leaf())
    assert await store.policy_outline(ONE) is None
    for outline in (b"first", b"second"):
        await store.remember_policy(ONE, outline)
        await store.remember_policy(TWO, outline[::-1])
        assert (await store.policy_outline(ONE), await store.policy_outline(TWO)) == (outline, outline[::-1])


async def test_messages_of_an_older_version_were_decided_by_nobody_knows_which(tmp_path: Path) -> None:
    with contextlib.closing(connect_writer(tmp_path / "store.db")) as connection:
        migrate(connection, MIGRATIONS[:5])
        message, now = sealed(1), to_micros(START)
        connection.execute("INSERT INTO party (id, name, addressed) VALUES (1, 'nld', 0), (2, 'deu', 1)")
        connection.execute("""INSERT INTO audience VALUES (1, '["deu"]')""")
        row = (1, message.message_id, 1, 1, bytes.fromhex(message.sha256), message.key, "r", now, now, 0, b"", b"x")
        connection.execute(f"INSERT INTO outbound VALUES ({','.join('?' * 12)})", row)
        connection.execute("INSERT INTO leaf VALUES (0, ?, ?)", (now, b"leaf"))
        connection.execute("INSERT INTO recipient VALUES (2, 1)")
    store = await opened(tmp_path)
    await record(store, replace(sealed(2), policy=ONE), leaf())
    assert [one.message.policy for one in await store.next_outbound("deu", 9)] == ["", ONE]
    assert await store.integrity() == []
    await store.close()


async def standing(store: Store) -> dict[str, Standing]:
    readers = Readers(Path(store.info.path))
    try:
        return {one.partner: one for one in await readers.run(partial(standings, seq=1))}
    finally:
        await readers.close()


async def test_what_is_withheld_from_one_partner_still_waits_for_the_others(store: Store) -> None:
    await record(store, sealed(1, to=("deu", "fra")), leaf())
    await record(store, sealed(2, to=("deu",)), leaf())
    state, words = Settlement.WITHHELD, "release.no: the rule withholds"
    assert await store.set_aside("deu", 1, state, code="LINK-025", cause=words, leaf=leaf("withheld")) == 2
    assert [one.seq for one in await store.next_outbound("deu", 9)] == [2]
    assert [one.seq for one in await store.next_outbound("fra", 9)] == [1]
    found = await standing(store)
    assert (found["deu"].state, found["deu"].code, found["deu"].cause) == ("withheld", "LINK-025", words)
    assert (found["deu"].leaf_index, found["fra"].state) == (2, "waiting")
    (row,) = await store.exceptions()
    assert (row.partner, row.state, row.cause) == ("deu", state, words)
    assert (await store.leaves(2, 1))[0].startswith(b"withheld 2")
    assert await store.integrity() == []


async def test_what_is_withheld_stays_withheld(store: Store) -> None:
    """Not by an operator's retry, nor by a receipt that comes late, nor when it is decided again."""
    await record(store, sealed(1), leaf())
    first = await store.set_aside("deu", 1, Settlement.WITHHELD, code="LINK-025", leaf=leaf("withheld"))
    with pytest.raises(StoreError) as caught:
        await store.resume("deu", 1)
    assert caught.value.code == codes.UNKNOWN_MESSAGE
    assert await store.record_delivery("deu", 1, receipt(sealed(1)), leaf("delivered")) == first
    assert await store.set_aside("deu", 1, Settlement.WITHHELD, code="LINK-025", leaf=leaf("again")) == first
    assert store.leaf_count() == 2
    assert (await standing(store))["deu"].state == "withheld"


@pytest.mark.parametrize("fault", ["before", "after"])
async def test_a_withheld_message_whose_commit_failed_leaves_one_leaf(tmp_path: Path, fault: str) -> None:
    store = await faulty(tmp_path)
    await record(store, sealed(1), leaf())

    async def withhold() -> int:
        return await store.set_aside("deu", 1, Settlement.WITHHELD, code="LINK-025", leaf=leaf("withheld"))

    setattr(FaultyConnection, fault, 1)
    await fails(withhold())
    if fault == "before":
        assert [one.seq for one in await store.next_outbound("deu", 9)] == [1], "it waits, and is decided again"
    assert await withhold() == 1
    assert store.leaf_count() == 2
    assert await store.queue_depth("deu") == 0
    await store.close()
