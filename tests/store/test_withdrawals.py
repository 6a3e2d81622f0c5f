"""Withdrawals are kept with the message that withdraws, bounded per node, and are there after a restart."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace

from gateway.store import Cited, InboundOutcome, Store, Withdrawal
from gateway.store.schema import MIGRATIONS, connect_writer, migrate
from gateway.store.withdrawals import withdrawals
from tests.store.made import START, TRACK, answer, incoming, leaf, message_id, opened
from tests.store.test_inbound import refuse

GONE = Withdrawal(track_id=TRACK, origin="nld", teller="deu", until=START, noted_at=START)


def numbered(number: int, **more: object) -> Withdrawal:
    return replace(GONE, track_id=f"3f2504e0-4f89-41d3-9a0c-{number:012d}", **more)


async def withdraw(
    store: Store, number: int, *gone: Withdrawal, body: bytes = b"<Message/>", cited: Cited | None = None
) -> InboundOutcome:
    return await store.record_inbound(
        incoming(number, body=body),
        leaf=leaf(),
        receipt=answer("accepted"),
        conflict_leaf=leaf("conflict"),
        conflict_receipt=answer("incident"),
        cited=cited,
        withdrawn=gone,
    )


async def test_what_was_withdrawn_is_there_after_a_restart_in_the_order_in_which_it_was_noted(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await withdraw(store, 1, numbered(1), numbered(2, teller="eu"))
    await withdraw(store, 2, numbered(3))
    await store.close()
    again = await opened(tmp_path)
    assert await again.withdrawals() == [numbered(1), numbered(2, teller="eu"), numbered(3)]
    await again.close()


async def test_a_withdrawal_that_is_repeated_stands_once_with_the_later_time_and_as_the_newest(store: Store) -> None:
    late, early = START + timedelta(seconds=9), START - timedelta(seconds=9)
    await withdraw(store, 1, numbered(1), numbered(2))
    await withdraw(store, 2, numbered(1, until=late, noted_at=late))
    await withdraw(store, 3, numbered(1, until=early, noted_at=late))
    await withdraw(store, 4, numbered(1, origin="fra"))
    assert await store.withdrawals() == [
        numbered(2),
        numbered(1, until=late, noted_at=late),
        numbered(1, origin="fra"),
    ]


async def test_whoever_withdraws_much_pushes_out_his_own_alone(tmp_path: Path) -> None:
    store = await opened(tmp_path, picture_tracks=3)
    await withdraw(store, 1, numbered(1, teller="eu"))
    await withdraw(store, 2, *[numbered(number) for number in range(10, 15)])
    assert [one.track_id[-2:] for one in await store.withdrawals()] == ["01", "12", "13", "14"]
    await store.close()


async def test_what_is_older_than_any_message_may_be_goes_with_the_next_withdrawal(tmp_path: Path) -> None:
    store = await opened(tmp_path, created_age_s=60)
    await withdraw(store, 1, numbered(1, noted_at=START - timedelta(seconds=61)))
    assert await store.withdrawals() == []
    await withdraw(store, 2, numbered(2, noted_at=START - timedelta(seconds=59)))
    assert len(await store.withdrawals()) == 1
    await store.close()


async def test_a_message_that_was_answered_before_withdraws_nothing(store: Store) -> None:
    await refuse(store, incoming(1))
    await withdraw(store, 1, GONE)  # its id was refused
    await withdraw(store, 2)
    await withdraw(store, 2, GONE, body=b"<Other/>")  # another content under a known id
    first = incoming(2)
    await withdraw(store, 3, GONE, cited=Cited(origin=first.origin, message_id=message_id(2), sha256=first.sha256))
    assert await store.withdrawals() == []


def test_a_database_that_an_older_version_wrote_has_none(tmp_path: Path) -> None:
    """Commands read it before the node has been started with this version."""
    with contextlib.closing(connect_writer(tmp_path / "store.db")) as connection:
        migrate(connection, MIGRATIONS[:4])
        assert withdrawals(connection) == []
        migrate(connection)
        assert withdrawals(connection) == []
