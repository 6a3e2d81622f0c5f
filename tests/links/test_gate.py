"""What was released and waits is asked about again where another policy is in force by the time that it leaves."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from msgspec.structs import replace

from gateway.links import LinkState, codes
from gateway.stages import Recorded
from tests.links.rig import QUICK, Rig, running, sent, stands
from tests.simulators.outbox import MemoryOutbox, SimulatedGate
from tests.simulators.partner import Status

ONE_BY_ONE = msgspec.structs.replace(QUICK, in_flight_messages=1)


async def test_what_was_decided_by_the_policy_in_force_is_not_asked_about(rig: Rig) -> None:
    outbox, gate = MemoryOutbox(), SimulatedGate()
    outbox.add(1, 2, 3)
    gate.shut = {1, 2, 3}
    async with rig.simulator() as partner, running(rig.link(rig.partner(partner), outbox, gate=gate)):
        await outbox.until(lambda: len(outbox.settled) == 3)
    assert gate.asked == []


async def test_what_time_may_have_changed_is_asked_about_though_the_policy_is_the_same(rig: Rig) -> None:
    outbox, gate = MemoryOutbox(), SimulatedGate()
    ids = outbox.add(1, 2, 3)
    gate.shut, gate.due = {1, 2}, {2, 3}
    async with rig.simulator() as partner, running(rig.link(rig.partner(partner), outbox, gate=gate)):
        await outbox.until(lambda: len(outbox.settled) == 2 and len(outbox.withheld) == 1)
    assert sorted(partner.attempts) == sorted([ids[0], ids[2]])
    assert sorted(gate.asked) == [("", 2), ("", 3)]


async def test_what_the_gate_keeps_back_is_settled_with_its_leaf_and_never_posted(rig: Rig) -> None:
    outbox, gate = MemoryOutbox(), SimulatedGate("new")
    ids = outbox.add(1, 2, 3, 4)
    gate.shut = {2, 3}
    async with rig.simulator() as partner:
        link = rig.link(rig.partner(partner), outbox, limits=ONE_BY_ONE, gate=gate)
        async with running(link):
            await outbox.until(lambda: len(outbox.settled) == 2 and len(outbox.withheld) == 2)
            await stands(link, LinkState.UP)
            status = await link.status()
    assert partner.attempts == [ids[0], ids[3]]
    assert outbox.withheld == dict.fromkeys((2, 3), codes.MESSAGE_WITHHELD.id)
    assert [leaf for leaf in outbox.leaves if leaf.startswith(b"withheld")] == [
        f"withheld {one}".encode() for one in ids[1:3]
    ]
    assert sorted(gate.asked) == [("new", seq) for seq in (1, 2, 3, 4)]
    assert (status.withheld, status.delivered, status.queued_messages) == (2, 2, 0)
    told = rig.events("link.message_withheld")
    assert [(event["message"], event["rule"], event["code"]) for event in told] == [
        (one, "release.no", "LINK-025") for one in ids[1:3]
    ]
    assert rig.metric("gateway_link_posted_messages_total", partner="deu-1", outcome="WITHHELD") == 2


async def test_what_is_kept_back_says_nothing_good_of_a_partner_who_is_away(rig: Rig) -> None:
    outbox, gate = MemoryOutbox(), SimulatedGate("new")
    outbox.add(*range(1, 21))
    gate.shut = set(range(1, 21))
    async with rig.simulator() as partner:
        partner.always = Status(503)
        away = rig.partner(partner)
    link = rig.link(away, outbox, gate=gate)
    async with running(link):
        await outbox.until(lambda: len(outbox.withheld) == 20)
        await stands(link, LinkState.BACKOFF)
        status = await link.status()
    assert status.last_good_out is None
    assert status.withheld == 20


async def test_a_reload_in_the_middle_of_a_round_holds_for_what_has_not_left(rig: Rig) -> None:
    outbox, gate = MemoryOutbox(), SimulatedGate()
    ids = outbox.add(1, 2, 3)
    gate.shut = {1, 2, 3}
    async with rig.simulator() as partner:
        partner.gate.clear()
        async with running(rig.link(rig.partner(partner), outbox, limits=ONE_BY_ONE, gate=gate)):
            await partner.until(lambda: partner.most_at_once == 1)
            gate.policy = "new"
            partner.gate.set()
            await outbox.until(lambda: len(outbox.withheld) == 2)
    assert partner.attempts == ids[:1]
    assert sent(outbox) == ids[:1]


async def test_a_reload_while_the_partner_is_called_holds_for_what_was_about_to_leave(rig: Rig) -> None:
    """The connection takes its time, and what was asked before is asked again before the first octet."""
    outbox, gate = MemoryOutbox(), SimulatedGate()
    outbox.add(1)
    gate.shut = {1}
    calling, go = asyncio.Event(), asyncio.Event()
    async with rig.simulator() as partner:
        link = rig.link(rig.partner(partner), outbox, limits=ONE_BY_ONE, gate=gate)
        session = link._client._connections()
        assert session.connector is not None
        connect = session.connector.connect

        async def slow(*args: object, **options: object) -> object:
            connection = await connect(*args, **options)  # type: ignore[arg-type]  # handed through
            calling.set()
            await go.wait()
            return connection

        session.connector.connect = slow  # type: ignore[method-assign, assignment]  # only time passes
        async with running(link):
            async with asyncio.timeout(60):
                await calling.wait()
            gate.policy = "new"
            go.set()
            await outbox.until(lambda: len(outbox.withheld) == 1)
            await stands(link, LinkState.UP)
    assert partner.attempts == []
    assert gate.asked == [("new", 1)]
    assert rig.metric("gateway_link_faults_total", partner="deu-1", code="LINK-016", side="network") == 0


async def test_where_the_gate_cannot_say_nothing_leaves_and_the_link_waits(rig: Rig) -> None:
    outbox, gate = MemoryOutbox(), SimulatedGate("new")
    ids = outbox.add(1)
    gate.failures = 2
    async with rig.simulator() as partner:
        link = rig.link(rig.partner(partner), outbox, limits=ONE_BY_ONE, gate=gate)
        async with running(link):
            await outbox.until(lambda: len(outbox.settled) == 1)
            await stands(link, LinkState.UP)
            status = await link.status()
    assert partner.attempts == ids
    assert len(gate.asked) == 3
    assert status.last_failure is not None
    assert status.last_failure.code == codes.OUR_STORE.id


@pytest.mark.parametrize("is_persisted", [False, True])
async def test_a_message_whose_withholding_could_not_be_recorded_is_withheld_when_it_can(
    rig: Rig, is_persisted: bool
) -> None:
    class Failing(MemoryOutbox):
        left = 1

        async def set_aside(self, *args: object, **options: object) -> int:
            if self.left:
                self.left -= 1
                self.failures = 1
                if not is_persisted:
                    self._fail()
                self.failures = 0
                index = await super().set_aside(*args, **options)  # type: ignore[arg-type]  # handed through
                self.failures = 1
                self._fail()
                return index
            return await super().set_aside(*args, **options)  # type: ignore[arg-type]  # handed through

    outbox, gate = Failing(), SimulatedGate("new")
    outbox.add(1)
    gate.shut = {1}
    async with rig.simulator() as partner:
        link = rig.link(rig.partner(partner), outbox, limits=ONE_BY_ONE, gate=gate)
        async with running(link):
            await outbox.until(lambda: len(outbox.withheld) == 1)
            await stands(link, LinkState.UP)
    assert partner.attempts == []
    assert outbox.leaves == [f"withheld {outbox.messages[0].message.message_id}".encode()]


async def test_a_message_that_names_its_policy_is_compared_with_the_one_in_force(rig: Rig) -> None:
    class Named(MemoryOutbox):
        async def next_outbound(self, partner: str, limit: int) -> list[Recorded]:
            found = await super().next_outbound(partner, limit)
            return [replace(one, message=replace(one.message, policy=f"p{one.seq % 2}")) for one in found]

    outbox, gate = Named(), SimulatedGate("p1")
    outbox.add(1, 2, 3, 4)
    async with rig.simulator() as partner, running(rig.link(rig.partner(partner), outbox, gate=gate)):
        await outbox.until(lambda: len(outbox.settled) == 4)
    assert sorted(gate.asked) == [("p1", 2), ("p1", 4)]
