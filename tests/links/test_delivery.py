"""Exactly-once effect over a transport that drops anything at any point."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from gateway.links import LinkState, Side, codes
from gateway.stages import Recorded
from tests.links.rig import IMPATIENT, QUICK, Rig, running, sent, stands
from tests.simulators.outbox import MemoryOutbox, sealed
from tests.simulators.partner import Act, Status

LOSES_NOTHING = [
    Act.DROP_ON_ACCEPT,
    Act.DROP_BEFORE_BODY,
    Act.DROP_BEFORE_COMMIT,
    Act.DROP_AFTER_COMMIT,
    Act.DROP_IN_RECEIPT,
    Act.HANG_BEFORE_COMMIT,
    Act.HANG_AFTER_COMMIT,
    Act.TRICKLE,
    Act.WRONG_DIGEST,
    Act.WRONG_SIGNER,
    Act.WRONG_NODE,
    Act.WRONG_MESSAGE,
    Act.WRONG_OUTCOME,
    Act.UNKNOWN_OUTCOME,
    Act.NO_NOTE,
    Act.HUGE_NOTE,
    Act.GARBAGE,
]


async def test_delivers_what_waits_in_order_and_keeps_each_receipt(rig: Rig) -> None:
    outbox = MemoryOutbox()
    ids = outbox.add(*range(1, 101))
    async with rig.simulator() as partner:
        link = rig.link(rig.partner(partner), outbox, limits=msgspec.structs.replace(QUICK, in_flight_messages=1))
        async with running(link):
            await outbox.until(lambda: len(outbox.settled) == 100)
            await stands(link, LinkState.UP)
            status = await link.status()
    assert sent(outbox) == partner.effects == partner.attempts == ids
    assert [outbox.settled[seq].note for seq in range(1, 101)] == [partner.note_of(one) for one in ids]
    assert len(outbox.leaves) == 100
    assert partner.connections == 1
    assert (status.delivered, status.queued_messages, status.last_failure) == (100, 0, None)
    assert status.their_certificate_days == pytest.approx(7, abs=0.1)
    assert rig.metric("gateway_link_posted_messages_total", partner="deu-1", outcome="ACCEPTED") == 100


async def test_keeps_no_more_under_way_than_agreed(rig: Rig) -> None:
    outbox = MemoryOutbox()
    outbox.add(*range(1, 41))
    async with rig.simulator() as partner:
        partner.gate.clear()
        async with running(rig.link(rig.partner(partner), outbox)):
            await partner.until(lambda: partner.most_at_once == QUICK.in_flight_messages)
            partner.gate.set()
            await outbox.until(lambda: len(outbox.settled) == 40)
    assert partner.most_at_once == partner.connections == QUICK.in_flight_messages


@pytest.mark.parametrize("act", LOSES_NOTHING, ids=lambda act: act.name)
async def test_a_fault_at_any_point_neither_loses_nor_repeats_a_message(rig: Rig, act: Act) -> None:
    outbox = MemoryOutbox()
    first = outbox.add(1, 2)
    async with rig.simulator() as partner:
        link = rig.link(rig.partner(partner), outbox, limits=msgspec.structs.replace(IMPATIENT, in_flight_messages=1))
        async with running(link):
            await outbox.until(lambda: len(outbox.settled) == 2)
            partner.next(act)  # meets a kept connection
            second = outbox.add(3, 4)
            link.wake()
            await outbox.until(lambda: len(outbox.settled) == 4)
            partner.next(act, act)  # and the repetition too
            third = outbox.add(5, 6)
            link.wake()
            await outbox.until(lambda: len(outbox.settled) == 6)
    assert partner.effects == sent(outbox) == first + second + third
    for message_id, receipt in zip(sent(outbox), (outbox.settled[seq] for seq in range(1, 7)), strict=True):
        assert receipt.note == partner.note_of(message_id), "a duplicate is answered with the original receipt"
    assert partner.incidents == []


@pytest.mark.parametrize("act", [Act.WRONG_DIGEST, Act.WRONG_SIGNER, Act.WRONG_NODE, Act.WRONG_OUTCOME, Act.NO_NOTE])
async def test_a_receipt_that_proves_something_else_never_counts_and_is_their_fault(rig: Rig, act: Act) -> None:
    outbox = MemoryOutbox()
    outbox.add(1)
    async with rig.simulator() as partner:
        partner.always = act
        link = rig.link(rig.partner(partner), outbox)
        async with running(link):
            await partner.until(lambda: len(partner.attempts) >= 3)
            await stands(link, LinkState.BACKOFF)
            status = await link.status()
    assert outbox.settled == {}
    assert status.last_failure is not None
    assert status.last_failure.side is Side.THEM
    assert status.last_failure.code in (codes.RECEIPT_OTHER.id, codes.RECEIPT_UNVERIFIED.id)
    assert status.queued_messages == 1


async def test_accepts_receipts_of_the_next_ledger_key_too(rig: Rig) -> None:
    outbox = MemoryOutbox()
    outbox.add(1)
    async with rig.simulator() as partner:
        keys = (partner.impostor.vkey, partner.key.vkey)
        async with running(rig.link(rig.partner(partner, ledger_vkeys=keys), outbox)):
            await outbox.until(lambda: len(outbox.settled) == 1)


async def test_a_signed_refusal_of_one_message_is_recorded_and_the_link_goes_on(rig: Rig) -> None:
    outbox = MemoryOutbox()
    ids = outbox.add(1, 2, 3)
    async with rig.simulator() as partner:
        partner.next(Act.ACCEPT, Act.REFUSE)
        link = rig.link(rig.partner(partner), outbox, limits=msgspec.structs.replace(QUICK, in_flight_messages=1))
        async with running(link):
            await outbox.until(lambda: len(outbox.settled) == 3)
            await stands(link, LinkState.UP)
            status = await link.status()
    assert [str(outbox.settled[seq].outcome) for seq in (1, 2, 3)] == ["ACCEPTED", "REFUSED", "ACCEPTED"]
    assert partner.effects == [ids[0], ids[2]]
    assert (status.delivered, status.refused) == (2, 1)
    (event,) = rig.events("link.message_refused")
    assert (event["message"], event["their_code"], event["code"]) == (ids[1], "SIM-422", "LINK-022")


async def test_the_same_id_with_another_body_is_refused_there_and_logged_here(rig: Rig) -> None:
    outbox = MemoryOutbox()
    outbox.add(1)
    async with rig.simulator() as partner:
        link = rig.link(rig.partner(partner), outbox)
        async with running(link):
            await outbox.until(lambda: len(outbox.settled) == 1)
            forged = sealed(1, "deu-1", size=500)
            at = outbox.messages[0].recorded_at
            outbox.messages.append(Recorded(seq=2, leaf_index=2, recorded_at=at, message=forged))
            link.wake()
            await outbox.until(lambda: len(outbox.settled) == 2)
    assert partner.incidents == [forged.message_id]
    assert partner.effects == [forged.message_id]
    assert str(outbox.settled[2].outcome) == "REFUSED"
    assert outbox.settled[2].code == "SIM-409"
    assert rig.events("link.message_refused")


async def test_our_own_store_failing_is_our_side_and_the_duplicate_gets_its_original_receipt(rig: Rig) -> None:
    class Forgetful(MemoryOutbox):
        """Fails both ways: not persisted, and persisted but not said so."""

        def __init__(self) -> None:
            super().__init__()
            self.mood = itertools.count()

        async def record_delivery(self, *args: object, **options: object) -> int:
            mood = next(self.mood)
            if mood == 0:
                self.failures = 1
            index = await super().record_delivery(*args, **options)  # type: ignore[arg-type]  # handed through
            if mood == 1:
                self.failures = 1
                self._fail()
            return index

    outbox = Forgetful()
    ids = outbox.add(1, 2)
    async with rig.simulator() as partner:
        link = rig.link(rig.partner(partner), outbox, limits=msgspec.structs.replace(QUICK, in_flight_messages=1))
        async with running(link):
            await outbox.until(lambda: len(outbox.settled) == 2)
            await stands(link, LinkState.UP)
            status = await link.status()
    assert partner.effects == ids
    assert [outbox.settled[seq].note for seq in (1, 2)] == [partner.note_of(one) for one in ids]
    assert status.last_failure is not None
    assert (status.last_failure.side, status.last_failure.code) == (Side.US, codes.OUR_STORE.id)


async def test_a_message_longer_than_agreed_is_parked_and_does_not_stop_the_others(rig: Rig) -> None:
    outbox = MemoryOutbox()
    outbox.add(1, size=3_000)
    outbox.add(2)
    async with rig.simulator() as partner, running(rig.link(rig.partner(partner, max_message_octets=2_000), outbox)):
        await outbox.until(lambda: len(outbox.settled) == 1 and len(outbox.parked) == 1)
    assert outbox.parked == {1: codes.TOO_LONG.id}
    assert [event["side"] for event in rig.events("link.message_parked")] == ["us"]


@pytest.mark.parametrize("status", [400, 413])
async def test_a_message_turned_away_without_a_signature_is_parked_only_once_another_was_taken(
    rig: Rig, status: int
) -> None:
    outbox = MemoryOutbox()
    outbox.add(1)
    async with rig.simulator() as partner:
        partner.always = Status(status)
        link = rig.link(rig.partner(partner), outbox, limits=msgspec.structs.replace(QUICK, in_flight_messages=1))
        async with running(link):
            await partner.until(lambda: len(partner.attempts) >= 3)
            await stands(link, LinkState.REFUSED)
            assert (outbox.parked, outbox.settled) == ({}, {})
            poison = outbox.messages[0].message.message_id
            partner.always = Act.ACCEPT
            partner.judge = lambda octets: Status(status) if poison.encode() in octets else None
            outbox.add(2)
            await outbox.until(lambda: len(outbox.parked) == 1)
    assert outbox.parked == {1: codes.PARTNER_REFUSES.id}
    assert list(outbox.settled) == [2]
