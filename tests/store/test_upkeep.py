from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.clock import ManualClock
from gateway.errors import StoreError
from gateway.limits import Limits
from gateway.store import CheckpointRow, Direction, Minted, Quarantined, Store, codes
from gateway.store.schema import MIGRATIONS
from tests.store.made import START, answer, incoming, leaf, message_id, opened, receipt, record, sealed

TRACKS = [f"00000000-0000-4000-8000-{n:012}" for n in range(6)]


def minted(native: str, seconds: float = 0.0) -> Minted:
    return Minted(
        source="radar",
        native=native,
        track_id=TRACKS[0],
        started_at=START,
        last_seen=START + timedelta(seconds=seconds),
    )


def frame(number: int, octets: bytes = b"\x30\x00", *, source: str = "radar") -> Quarantined:
    return Quarantined(
        at=START,
        source=source,
        feed="udp",
        peer="192.0.2.1:8600",
        code="AST-003",
        place=f"octet {number}",
        octets=octets,
        length=len(octets),
    )


async def test_the_checkpoint_is_swapped_only_for_the_expected_one(store: Store) -> None:
    assert await store.checkpoint() is None
    await store.swap_checkpoint(0, 3, b"r" * 32, b"note 3")
    await store.swap_checkpoint(3, 5, b"s" * 32, b"note 5")
    assert await store.checkpoint() == CheckpointRow(5, b"s" * 32, b"note 5")
    for old, size, root in ((3, 6, b"t"), (5, 4, b"t"), (5, 5, b"t"), (0, 9, b"t")):
        with pytest.raises(StoreError) as caught:
            await store.swap_checkpoint(old, size, root * 32, b"")
        assert caught.value.code == codes.CHECKPOINT_MOVED


async def test_a_swap_that_went_through_may_be_repeated(store: Store) -> None:
    await store.swap_checkpoint(0, 3, b"r" * 32, b"note")
    await store.swap_checkpoint(0, 3, b"r" * 32, b"note")


async def test_quarantine_keeps_the_newest_and_cuts_long_ones(tmp_path: Path) -> None:
    store = await opened(tmp_path, quarantine_records=3, quarantine_octets=4)
    ids = [await store.quarantine(frame(n, b"x" * 10)) for n in range(5)]
    kept = await store.quarantined()
    assert [record.id for record in kept] == ids[:1:-1]
    assert (kept[0].octets, kept[0].length, kept[0].place) == (b"xxxx", 10, "octet 4")
    assert [record.id for record in await store.quarantined(limit=1, before=ids[4])] == [ids[3]]
    assert (kept[0].feed, kept[0].peer) == ("udp", "192.0.2.1:8600")
    await store.close()


async def test_a_source_that_floods_the_quarantine_pushes_out_its_own_frames_alone(tmp_path: Path) -> None:
    store = await opened(tmp_path, quarantine_records=6)
    await asyncio.gather(*(store.quarantine(frame(n, source="quiet")) for n in range(2)))
    await asyncio.gather(*(store.quarantine(frame(n, source="loud")) for n in range(50)))
    kept = await store.quarantined()
    assert [(record.source, record.place) for record in kept] == [
        *(("loud", f"octet {n}") for n in (49, 48, 47, 46)),
        *(("quiet", f"octet {n}") for n in (1, 0)),
    ]
    assert (await store.counts()).quarantined == 6
    assert await store.integrity() == []
    await store.close()


async def test_the_quarantine_is_bounded_in_octets_and_who_takes_most_room_pays(tmp_path: Path) -> None:
    store = await opened(tmp_path, quarantine_total_octets=100)
    for number in range(3):
        await store.quarantine(frame(number, b"x" * 10, source="small"))
    for number in range(9):
        await store.quarantine(frame(number, b"x" * 30, source="large"))
    kept = await store.quarantined()
    assert [(record.source, record.place) for record in kept] == [
        ("large", "octet 8"),
        ("large", "octet 7"),
        *(("small", f"octet {n}") for n in (2, 1, 0)),
    ]
    assert await store.integrity() == []
    await store.close()


async def test_incarnations_survive_a_restart_least_recent_first(tmp_path: Path) -> None:
    store = await opened(tmp_path, incarnations=2)
    await record(store, sealed(1), leaf(), [minted("1", 5), minted("2", 1)])
    await store.record_incarnations([minted("3", 9), minted("1", 10)])
    await store.close()
    again = await opened(tmp_path, incarnations=2)
    assert await again.load_incarnations() == [minted("3", 9), minted("1", 10)]
    await again.prune(START)
    assert (await again.counts()).incarnations == 2
    await again.close()


async def test_the_latest_messages_give_the_picture_again(store: Store) -> None:
    await record(store, sealed(1, tracks=TRACKS[:2]), leaf())
    await record(store, sealed(2, tracks=TRACKS[1:3]), leaf())
    await record(store, sealed(3, tracks=TRACKS[:2]), leaf())
    await store.record_inbound(
        incoming(4, tracks=TRACKS[3:4]),
        leaf=leaf(),
        receipt=answer("a"),
        conflict_leaf=leaf(),
        conflict_receipt=answer("c"),
    )
    found = await store.latest_messages(10)
    assert sorted((m.direction, m.message_id) for m in found) == [
        (Direction.INBOUND, message_id(4)),
        (Direction.OUTBOUND, message_id(2)),
        (Direction.OUTBOUND, message_id(3)),
    ]
    assert found[-1].track_ids in {tuple(TRACKS[3:4]), tuple(TRACKS[:2])}
    assert len(await store.latest_messages(1)) == 1


async def test_two_release_groups_keep_their_own_newest_message_of_a_track(store: Store) -> None:
    await record(store, sealed(1, to=("deu",), tracks=TRACKS[:1]), leaf())
    await record(store, sealed(2, to=("fra",), tracks=TRACKS[:1]), leaf())
    assert [m.message_id for m in await store.latest_messages(10)] == [message_id(1), message_id(2)]


async def test_retention_removes_bodies_and_nothing_else(tmp_path: Path) -> None:
    clock = ManualClock(START)
    store = await Store.open(tmp_path / "store.db", Limits(), clock)
    for number in range(1, 6):
        await record(store, sealed(number), leaf())
        await store.record_delivery("deu", number, receipt(sealed(number)), leaf())
        clock.advance(10)
    leaves = store.leaf_count()
    assert await store.prune(START + timedelta(seconds=25)) == 3
    assert store.leaf_count() == leaves
    (old,) = await store.find_messages(message_id(1))
    (new,) = await store.find_messages(message_id(4))
    assert (old.octets, old.sha256, len(old.receipts)) == (None, sealed(1).sha256, 1)
    assert new.octets == sealed(4).octets
    assert (await record(store, sealed(1), leaf())).seq == 1
    assert await store.prune(START + timedelta(seconds=25)) == 0
    await store.close()


async def test_retention_spares_what_a_partner_has_still_to_get(tmp_path: Path) -> None:
    clock = ManualClock(START)
    store = await Store.open(tmp_path / "store.db", Limits(), clock)
    for number in range(1, 4):
        await record(store, sealed(number, to=("deu", "fra")), leaf())
    for number in range(1, 4):
        await store.record_delivery("deu", number, receipt(sealed(number)), leaf())
    await store.record_delivery("fra", 1, receipt(sealed(1)), leaf())
    assert await store.prune(START + timedelta(days=1)) == 1
    assert [recorded.seq for recorded in await store.next_outbound("fra", 10)] == [2, 3]
    await store.close()


async def test_counts_and_information(store: Store) -> None:
    await record(store, sealed(1), leaf(), [minted("1")])
    await store.quarantine(frame(1))
    counts = await store.counts()
    assert (counts.outbound, counts.inbound, counts.leaves, counts.quarantined, counts.incarnations) == (1, 0, 1, 1, 1)
    assert store.info.engine.startswith("SQLite 3.")
    assert store.info.schema_version == len(MIGRATIONS)


async def test_the_key_of_track_identifiers_is_made_once_and_no_other_store_has_it(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    first = await opened(tmp_path)
    secret = await first.track_secret()
    await first.close()
    again, other = await opened(tmp_path), await opened(tmp_path / "other")
    assert len(secret) == 32
    assert await again.track_secret() == secret
    assert await other.track_secret() != secret
    await again.close()
    await other.close()
