"""Tracks that wait for a release group: durable with what they came with, bounded, and gone once and for all."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.errors import StoreError
from gateway.store import HeldBack, Idempotent, InboundOutcome, Outcome, Outgoing, Recall, Store, codes, held
from gateway.store.schema import MIGRATIONS, connect_writer, migrate, unpack_tracks
from tests.store.made import START, TRACK, answer, incoming, leaf, message_id, opened, sealed
from tests.store.test_faults import FaultyConnection, fails, faulty
from tests.store.test_relayed import OTHER, enclosed

AGES = START + timedelta(days=400)


def row(
    seconds: float, *, tracks: int = 1, weight: int | None = None, group: str = "press", body: bytes = b"b"
) -> HeldBack:
    """Tracks of our own that are due so long after the start."""
    return HeldBack(
        group=group,
        until=START + timedelta(seconds=seconds),
        source="radar",
        since=START,
        form=1,
        body=body,
        tracks=tracks,
        weight=tracks if weight is None else weight,
    )


def theirs(seconds: float, *names: str, origin: str = "deu") -> HeldBack:
    return replace(row(seconds, tracks=len(names)), source=origin, names=names)


async def keep(store: Store, *rows: HeldBack, numbers: Sequence[int] = ()) -> None:
    await store.record_outbound_all([Outgoing(sealed=sealed(n), leaf=leaf()) for n in numbers], waiting=rows)


async def take(
    store: Store, number: int, *rows: HeldBack, recall: Recall | None = None, inside: int | None = None
) -> InboundOutcome:
    return await store.record_inbound(
        incoming(number),
        leaf=leaf("received"),
        receipt=answer("accepted"),
        conflict_leaf=leaf("conflict"),
        conflict_receipt=answer("incident"),
        enclosed=None if inside is None else enclosed(inside),
        waiting=rows,
        recall=recall,
    )


def gone(*track_ids: str) -> Recall:
    return Recall(origin="deu", track_ids=frozenset(track_ids))


async def everything(store: Store) -> list[HeldBack]:
    """What waits, with its numbers left out."""
    return [replace(one, id=0) for one in await rows_of(store)]


async def rows_of(store: Store) -> list[HeldBack]:
    return list((await store.waiting.due(AGES, 1 << 40)).rows)


async def test_what_waits_is_read_as_it_was_written_also_after_the_store_was_opened_again(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    ours, partners = row(30, tracks=3, weight=9, body=bytes(range(256))), theirs(20, TRACK, "no uuid", TRACK)
    await keep(store, ours)
    await take(store, 1, partners)
    expected = [replace(partners, message=1), ours]
    assert await everything(store) == expected
    assert store.waiting.tracks == 6
    await store.close()
    store = await opened(tmp_path)
    assert await everything(store) == expected
    assert (store.waiting.tracks, store.waiting.given_up) == (6, 0)
    assert await store.integrity() == []
    await store.close()


async def test_what_is_due_comes_in_the_order_in_which_it_is_due_and_what_is_not_stays(store: Store) -> None:
    await keep(store, row(30, body=b"late"), row(10, body=b"early"), row(10, body=b"early too"), row(99))
    assert (await store.waiting.due(START, 100)).next == START + timedelta(seconds=10)
    found = await store.waiting.due(START + timedelta(seconds=30), 100)
    assert [one.body for one in found.rows] == [b"early", b"early too", b"late"]
    assert found.next is None
    assert await store.waiting.due(START + timedelta(seconds=9.999999), 100) == (await store.waiting.due(START, 100))


async def test_nothing_waits_in_a_new_store(store: Store) -> None:
    found = await store.waiting.due(AGES, 100)
    assert (found.rows, found.next, store.waiting.tracks) == ((), None, 0)


async def test_rows_come_in_portions_of_so_many_tracks_and_at_least_one(store: Store) -> None:
    await keep(store, row(1, tracks=70), row(2, tracks=40), row(3, tracks=60), row(4, tracks=999))
    sizes = []
    while rows := (await store.waiting.due(AGES, 100)).rows:
        sizes.append([one.tracks for one in rows])
        assert await store.waiting.resume(rows)
    assert sizes == [[70], [40, 60], [999]]
    await keep(store, *[row(1) for _ in range(200)])
    assert len((await store.waiting.due(AGES, 1_000)).rows) == 64


async def test_what_waits_is_durable_with_the_message_and_the_answer_that_promise_it_or_not_at_all(
    store: Store,
) -> None:
    answered = Idempotent(source="radar", key="k", body_sha256="aa" * 32, response=b"held until")
    await store.record_outbound_all([], [], [answered], [row(5)])
    other = replace(answered, body_sha256="bb" * 32)
    with pytest.raises(StoreError) as caught:
        await store.record_outbound_all([Outgoing(sealed=sealed(1), leaf=leaf())], [], [other], [row(6)])
    assert caught.value.code == codes.KEY_CONFLICT
    assert await everything(store) == [row(5)]
    assert store.leaf_count() == 0


async def test_what_resulted_is_recorded_in_the_transaction_in_which_a_row_stops_waiting(store: Store) -> None:
    await keep(store, row(1), row(2))
    (first, second) = await rows_of(store)
    again = row(9, body=b"again")
    assert await store.waiting.resume([first], [Outgoing(sealed=sealed(1), leaf=leaf())], [again])
    assert await everything(store) == [row(2), again]
    assert (await store.queue_depth("deu"), store.leaf_count()) == (1, 1)
    # A row that has gone resumes nothing a second time, whatever goes with it
    assert not await store.waiting.resume([second, first], [Outgoing(sealed=sealed(2), leaf=leaf())], [row(10)])
    assert await everything(store) == [row(2), again]
    assert (await store.queue_depth("deu"), store.leaf_count()) == (1, 1)


async def test_a_number_is_given_to_one_row_alone(store: Store) -> None:
    await keep(store, row(1))
    rows = await rows_of(store)
    assert await store.waiting.resume(rows)
    await keep(store, row(1))
    assert not await store.waiting.resume(rows), "another row has come since"
    assert await everything(store) == [row(1)]


@pytest.mark.parametrize("inside", [None, 7])
async def test_a_partners_tracks_wait_with_the_message_that_they_came_in(store: Store, inside: int | None) -> None:
    outcome = await take(store, 1, theirs(5, TRACK), inside=inside)
    assert outcome.outcome is Outcome.NEW
    (waiting,) = await rows_of(store)
    assert waiting.message is not None
    stored = await store.waiting.message(waiting.message)
    assert stored is not None
    assert (stored.message_id, stored.octets) == (message_id(1), b"<Message/>")
    assert await store.waiting.message(99) is None
    # Nothing of a duplicate, of a conflict, or of what was here before waits
    await take(store, 1, theirs(6, TRACK), inside=inside)
    await store.record_inbound(
        incoming(1, body=b"<Other/>"),
        leaf=leaf(),
        receipt=answer("a"),
        conflict_leaf=leaf(),
        conflict_receipt=answer("c"),
        waiting=[theirs(7, TRACK)],
    )
    if inside is not None:
        assert (await take(store, 2, theirs(8, TRACK), inside=inside)).repeated
    assert len(await rows_of(store)) == 1


async def test_what_its_origin_withdraws_waits_no_more_and_nothing_else_goes_with_it(store: Store) -> None:
    await take(store, 1, theirs(1, TRACK, OTHER, TRACK), theirs(2, TRACK), theirs(3, TRACK, origin="fra"))
    await keep(store, replace(row(4), source="deu"))
    before = await rows_of(store)
    await take(store, 2, recall=gone(TRACK, "a track that nobody holds"))
    left = await everything(store)
    assert [(one.source, one.names, one.tracks, one.weight) for one in left] == [
        ("deu", (OTHER,), 1, 1),
        ("fra", (TRACK,), 1, 1),
        ("deu", (), 1, 1),
    ]
    assert store.waiting.tracks == 3
    # Who read a row before its track was withdrawn cannot have it go
    assert not await store.waiting.resume(before[:1], [Outgoing(sealed=sealed(1), leaf=leaf())])
    assert await store.queue_depth("deu") == 0
    await take(store, 3, theirs(5, TRACK), recall=gone(OTHER))
    assert [one.names for one in await everything(store)] == [(TRACK,), (), (TRACK,)]
    assert await store.integrity() == []


async def names_that_wait(store: Store) -> Counter[str]:
    found = await store._readers.run(lambda connection: connection.execute("SELECT names FROM held").fetchall())
    return Counter([name for (packed,) in found for name in unpack_tracks(packed)])


@pytest.mark.parametrize("number", [0, 1, 2, 8, 9, 60])
async def test_as_much_goes_whether_few_tracks_are_withdrawn_or_many(store: Store, number: int) -> None:
    uuids, others = [str(UUID(int=one)) for one in range(40)], [f"not a uuid {one}" for one in range(40)]
    for at in range(0, 40, 2):  # rows of uuids, of other names, and of both
        rows = theirs(1, *uuids[at : at + 2]), theirs(1, uuids[at], others[at]), theirs(2, others[39])
        await take(store, at, *rows)
    before = await names_that_wait(store)
    assert before.total() == 100
    chosen = set(random.Random(number).sample(uuids + others, number))
    await take(store, 99, recall=gone(*chosen))
    left = await names_that_wait(store)
    assert left == Counter({name: count for name, count in before.items() if name not in chosen})
    assert store.waiting.tracks == left.total()


async def test_to_take_one_track_out_not_every_row_is_unpacked(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [theirs(1, str(UUID(int=one))) for one in range(100)]
    await take(store, 1, *rows)
    unpacked: list[object] = []

    def unpack(packed: bytes | str | None) -> tuple[str, ...]:
        unpacked.append(packed)
        return unpack_tracks(packed)

    monkeypatch.setattr(held, "unpack_tracks", unpack)
    await take(store, 2, recall=gone(rows[7].names[0]))
    assert (len(unpacked), store.waiting.tracks) == (1, 99)


async def test_when_it_is_full_what_would_be_the_oldest_news_is_given_up_and_counted(tmp_path: Path) -> None:
    store = await opened(tmp_path, delayed_tracks=3)
    await keep(store, row(10, tracks=2, body=b"ab"), row(20, body=b"c"))
    assert (store.waiting.tracks, store.waiting.given_up) == (3, 0)
    await keep(store, row(30, body=b"d"))
    assert [one.body for one in await everything(store)] == [b"c", b"d"]
    assert (store.waiting.tracks, store.waiting.given_up) == (2, 2)
    await keep(store, row(5, body=b"due first", tracks=2))
    assert [one.body for one in await everything(store)] == [b"c", b"d"], "it would be the oldest news itself"
    assert store.waiting.given_up == 4
    await store.close()


async def test_of_rows_beyond_the_bound_as_few_go_as_must_and_never_the_last(tmp_path: Path) -> None:
    store = await opened(tmp_path, delayed_tracks=100)
    await keep(store, *[row(n) for n in range(150)])
    assert (store.waiting.tracks, store.waiting.given_up) == (100, 50)
    await keep(store, row(1_000, tracks=3, weight=5_000))
    assert (store.waiting.tracks, store.waiting.given_up) == (3, 150)
    assert await store.integrity() == []
    await store.close()


async def test_a_message_of_which_tracks_wait_keeps_its_body_until_they_have_gone(store: Store) -> None:
    for number in (1, 2, 3):
        await take(store, number, *([theirs(5, TRACK)] if number == 2 else []))
    later = START + timedelta(days=1)
    assert await store.prune(later) == 1
    bodies = [(await store.find_messages(message_id(number)))[0].octets is not None for number in (1, 2, 3)]
    assert bodies == [False, True, True]
    assert await store.integrity() == []
    assert await store.waiting.resume(await rows_of(store))
    assert await store.prune(later) == 2


async def test_a_row_without_its_message_is_found_by_the_integrity_check(store: Store) -> None:
    await take(store, 1, theirs(5, TRACK))
    store._connection.execute("UPDATE inbound SET octets = NULL")
    assert await store.integrity() == ["of 1 rows of tracks that wait for a release group the message is gone"]


async def test_many_writers_and_one_who_resumes_lose_nothing_and_repeat_nothing(store: Store) -> None:
    dice = random.Random(5)
    bodies = [f"{n}".encode() for n in range(300)]
    found: list[bytes] = []

    async def write(some: list[bytes]) -> None:
        for body in some:
            await keep(store, row(dice.uniform(0, 10), body=body))

    async def resume() -> None:
        while len(found) < len(bodies):
            rows = (await store.waiting.due(AGES, 7)).rows
            if rows and await store.waiting.resume(rows):
                found.extend(one.body for one in rows)

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(resume())
        for at in range(0, 300, 30):
            group.create_task(write(bodies[at : at + 30]))
    assert sorted(found) == sorted(bodies)
    assert store.waiting.tracks == 0


# --------------------------------------------------------------------------------------------------- faults, and before


@pytest.mark.parametrize("fault", ["before", "after"])
async def test_rows_whose_commit_failed_wait_or_do_not_and_are_counted_as_they_are(tmp_path: Path, fault: str) -> None:
    store = await faulty(tmp_path)
    await keep(store, row(1))
    setattr(FaultyConnection, fault, 1)
    await fails(keep(store, row(2, tracks=5)))
    there = fault == "after"
    assert await everything(store) == [row(1), *([row(2, tracks=5)] if there else [])]
    await keep(store, row(3))
    assert store.waiting.tracks == (7 if there else 2)
    await store.close()


@pytest.mark.parametrize("fault", ["before", "after"])
async def test_a_row_whose_resumption_failed_goes_exactly_once(tmp_path: Path, fault: str) -> None:
    store = await faulty(tmp_path)
    await keep(store, row(1))
    setattr(FaultyConnection, fault, 1)
    number = 0
    await fails(store.waiting.resume(await rows_of(store), [Outgoing(sealed=sealed(number), leaf=leaf())]))
    while rows := await rows_of(store):  # as whoever resumes does: reads again, and makes the message anew
        number += 1
        assert await store.waiting.resume(rows, [Outgoing(sealed=sealed(number), leaf=leaf())])
    assert number == (1 if fault == "before" else 0)
    await keep(store, row(9))  # what a commit in doubt left is counted with the next one
    assert (await store.queue_depth("deu"), store.leaf_count(), store.waiting.tracks) == (1, 1, 1)
    await store.close()


@pytest.mark.parametrize("fault", ["before", "after"])
async def test_a_partners_message_whose_commit_failed_has_its_tracks_wait_once(tmp_path: Path, fault: str) -> None:
    store = await faulty(tmp_path)
    setattr(FaultyConnection, fault, 1)
    await fails(take(store, 1, theirs(5, TRACK)))
    await take(store, 1, theirs(5, TRACK))
    assert len(await rows_of(store)) == 1
    setattr(FaultyConnection, fault, 1)
    await fails(take(store, 2, recall=gone(TRACK)))
    await take(store, 2, recall=gone(TRACK))
    assert (await rows_of(store), store.waiting.tracks) == ([], 0)
    assert await store.integrity() == []
    await store.close()


async def test_a_member_that_fails_beside_rows_takes_none_of_them_along(store: Store) -> None:
    bad = replace(row(1), group="\ud800")  # no column takes it
    results = await asyncio.gather(keep(store, row(2)), keep(store, bad), keep(store, row(3)), return_exceptions=True)
    assert [isinstance(result, StoreError) for result in results] == [False, True, False]
    assert await everything(store) == [row(2), row(3)]
    assert store.waiting.tracks == 2


async def test_a_store_of_every_version_before_comes_to_hold_tracks_back(tmp_path: Path) -> None:
    for version in range(1, len(MIGRATIONS)):
        path = tmp_path / str(version)
        path.mkdir()
        with contextlib.closing(connect_writer(path / "store.db")) as connection:
            migrate(connection, MIGRATIONS[:version])
            assert not _has_table(connection, "held") or version >= 7
        store = await opened(path)
        await keep(store, row(1))
        await take(store, 1, theirs(2, TRACK))
        assert len(await rows_of(store)) == 2
        await store.close()


def _has_table(connection: sqlite3.Connection, name: str) -> bool:
    return bool(connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = ?", (name,)).fetchone()[0])


# ------------------------------------------------------------------------------------------------------ against a model

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("keep"), st.integers(0, 20), st.integers(1, 4)),
        st.tuples(st.just("theirs"), st.integers(0, 20), st.lists(st.sampled_from("abc"), min_size=1, max_size=4)),
        st.tuples(st.just("recall"), st.sets(st.sampled_from("abc"), min_size=1), st.none()),
        st.tuples(st.just("resume"), st.integers(0, 20), st.integers(1, 9)),
        st.tuples(st.just("reopen"), st.none(), st.none()),
    ),
    max_size=25,
)


@settings(max_examples=30, deadline=None)
@given(STEPS)
def test_whatever_is_done_what_waits_is_what_a_list_in_memory_would_hold(steps: list[tuple[str, Any, Any]]) -> None:
    bound = 12

    async def run(path: Path) -> None:
        store = await opened(path, delayed_tracks=bound)
        model: list[tuple[int, int, str]] = []  # (due, order, names or tracks)
        lost = 0
        for number, (what, one, two) in enumerate(steps, 1):
            if what in ("keep", "theirs"):
                if what == "keep":
                    await keep(store, row(one, tracks=two))
                    model.append((one, number, "." * two))
                else:
                    await take(store, number, theirs(one, *two))
                    model.append((one, number, "".join(two)))
                model.sort()
                while sum(len(names) for *_, names in model) > bound and len(model) > 1:
                    lost += len(model.pop(0)[2])
            elif what == "recall":
                await take(store, number, recall=gone(*one))
                left = [(due, at, "".join(name for name in names if name not in one)) for due, at, names in model]
                model = [entry for entry in left if entry[2]]
            elif what == "resume":
                rows = (await store.waiting.due(START + timedelta(seconds=one), two)).rows
                assert await store.waiting.resume(rows)
                assert [one.tracks for one in rows] == [len(names) for *_, names in model[: len(rows)]]
                model = model[len(rows) :]
                assert rows or not model or model[0][0] > one
            else:
                await store.close()
                store = await opened(path, delayed_tracks=bound)
                lost = 0
            assert store.waiting.tracks == sum(len(names) for *_, names in model)
            assert store.waiting.given_up == lost
        assert ["".join(one.names) or "." * one.tracks for one in await rows_of(store)] == [
            names for *_, names in model
        ]
        assert await store.integrity() == []
        await store.close()

    with TemporaryDirectory() as directory:
        asyncio.run(run(Path(directory)))
