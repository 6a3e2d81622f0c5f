"""Our client against our server: what the one side closes, the other understands."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.clock import SystemClock
from gateway.ledger import leaf
from gateway.ledger.note import Signer
from gateway.ledger.receipt import sign_receipt
from gateway.links import (
    Link,
    LinkState,
    Partner,
    PartnerBook,
    PartnerDoor,
    PartnerServer,
    ReceiptAnswer,
    ServerTls,
    Side,
    codes,
)
from gateway.stages import Inbound
from gateway.store import Incoming, Outgoing, Store
from tests.links.pki import material
from tests.links.rig import QUICK, Rig, running, stands, until
from tests.simulators.notes import NoteKey
from tests.simulators.outbox import sealed

KEY = NoteKey("deu-1.example/audit/1")
LIMITS = msgspec.structs.replace(QUICK, request_timeout_s=5.0)


class Receiver:
    """A gateway that records what it takes in a real store and signs for it."""

    def __init__(self, rig: Rig, store: Store) -> None:
        self.rig, self.store = rig, store
        self.signer = Signer(KEY.name, Ed25519PrivateKey.from_private_bytes(KEY.secret))
        self.partner = Partner(name="nld-1", url="https://127.0.0.1:1", tls_pins=(rig.ours.pin,), ledger_vkeys=())
        self.book = PartnerBook([self.partner])
        self.tls = ServerTls(material(rig.theirs, rig.authority))
        door = PartnerDoor(
            node="deu-1",
            book=self.book,
            tls=self.tls,
            handle=self.take,
            limits=LIMITS,
            clock=SystemClock(),
            metrics=rig.metrics,
            log=rig.logger,
            heard=lambda partner: None,
        )
        self.server = PartnerServer(door, host="127.0.0.1", port=0)

    async def take(self, inbound: Inbound) -> ReceiptAnswer:
        sha256 = hashlib.sha256(inbound.octets).hexdigest()
        message_id = inbound.octets.split(b"MessageId>")[1][:36].decode()

        def answer(code: str):  # type: ignore[no-untyped-def]  # an AnswerFactory
            return lambda index, time: sign_receipt(
                self.signer, node="deu-1", origin="nld-1", message_id=message_id, sha256=sha256,
                leaf_index=index, time=time, code=code,
            )  # fmt: skip

        outcome = await self.store.record_inbound(
            Incoming(
                origin="nld-1", message_id=message_id, sha256=sha256, octets=inbound.octets, partner=inbound.partner
            ),
            leaf=leaf.received(message_id=message_id, origin="nld-1", peer=inbound.partner, sha256=sha256),
            receipt=answer(""),
            conflict_leaf=leaf.conflict(message_id=message_id, origin="nld-1", peer=inbound.partner, sha256=sha256),
            conflict_receipt=answer("STO-005"),
        )
        return ReceiptAnswer(note=outcome.answer, accepted=not outcome.code)

    def as_partner(self) -> Partner:
        url = f"https://127.0.0.1:{self.server.address.port}"
        return Partner(name="deu-1", url=url, tls_pins=(self.rig.theirs.pin,), ledger_vkeys=(KEY.vkey,))


class Pair:
    """A sender's store and link, and a receiver."""

    def __init__(self, rig: Rig, store: Store, receiver: Receiver) -> None:
        self.store, self.receiver = store, receiver
        self.link: Link = rig.link(receiver.as_partner(), store, limits=LIMITS)

    async def add(self, *numbers: int, size: int = 2_000) -> None:
        for number in numbers:
            message = sealed(number, "deu-1", size=size)
            await self.store.record_outbound_all([Outgoing(sealed=message, leaf=leaf.sent(message))])
        self.link.wake()

    async def drained(self) -> None:
        async with asyncio.timeout(60):
            while await self.store.queue_depth("deu-1"):  # noqa: ASYNC110 (the store has no event for it)
                await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def pair(rig: Rig, directory: Path) -> AsyncIterator[Pair]:
    ours = await Store.open(directory / "ours.db", LIMITS, SystemClock())
    theirs = await Store.open(directory / "theirs.db", LIMITS, SystemClock())
    receiver = Receiver(rig, theirs)
    await receiver.server.start()
    try:
        yield Pair(rig, ours, receiver)
    finally:
        await receiver.server.stop()
        await ours.close()
        await theirs.close()


async def exchange(rig: Rig, directory: Path) -> None:
    async with pair(rig, directory) as both, running(both.link):
        await both.add(*range(1, 101))
        await both.drained()
        await stands(both.link, LinkState.UP)
        assert (await both.receiver.store.counts()).inbound == 100
        assert (await both.store.counts()).leaves == 200


async def test_everything_recorded_here_is_recorded_there_with_a_receipt(rig: Rig, tmp_path: Path) -> None:
    await exchange(rig, tmp_path)


def test_the_same_holds_on_uvloop(rig: Rig, tmp_path: Path) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(exchange(rig, tmp_path))


async def test_a_reload_of_trust_over_there_costs_no_message_and_no_failure(rig: Rig, tmp_path: Path) -> None:
    async with pair(rig, tmp_path) as both, running(both.link):
        await both.add(1, 2, 3)
        await both.drained()
        renewed = rig.authority.issue("deu-1")
        both.link.replace(
            msgspec.structs.replace(both.link.partner, tls_pins=(rig.theirs.pin, renewed.pin)), rig.client_tls()
        )
        both.receiver.tls.reload(material(renewed, rig.authority, revocations=(rig.authority.revoke(),)))
        await both.add(4, 5, 6)
        await both.drained()
        await stands(both.link, LinkState.UP)
        status = await both.link.status()
        assert status.last_failure is None
        assert status.delivered == 6


async def test_when_they_revoke_us_the_link_says_so_and_delivers_once_they_take_it_back(
    rig: Rig, tmp_path: Path
) -> None:
    async with pair(rig, tmp_path) as both, running(both.link):
        await both.add(1)
        await both.drained()
        both.receiver.tls.reload(material(rig.theirs, rig.authority, revocations=(rig.authority.revoke(rig.ours),)))
        await both.add(2)
        await stands(both.link, LinkState.REFUSED)
        failure = (await both.link.status()).last_failure
        assert failure is not None
        assert (failure.code, failure.side) == (codes.OUR_CERTIFICATE_REFUSED.id, Side.US)
        assert await both.store.queue_depth("deu-1") == 1
        both.receiver.tls.reload(material(rig.theirs, rig.authority, revocations=(rig.authority.revoke(),)))
        await both.drained()
        assert (await both.receiver.store.counts()).inbound == 2


async def test_when_they_pause_us_the_queue_waits(rig: Rig, tmp_path: Path) -> None:
    async with pair(rig, tmp_path) as both, running(both.link):
        both.receiver.book.replace([msgspec.structs.replace(both.receiver.partner, paused=True)])
        await both.add(1, 2)
        await stands(both.link, LinkState.REFUSED)
        failure = (await both.link.status()).last_failure
        assert failure is not None
        assert (failure.code, failure.side) == (codes.PARTNER_REFUSES.id, Side.THEM)
        assert "403" in failure.cause
        assert codes.NOT_RECEIVING.id in failure.cause
        both.receiver.book.replace([both.receiver.partner])
        await both.drained()
        await until(lambda: both.link.state is LinkState.UP)


async def test_the_same_id_with_another_body_is_refused_logged_and_ledgered_on_both_sides(
    rig: Rig, tmp_path: Path
) -> None:
    async with pair(rig, tmp_path) as both, running(both.link):
        other = sealed(1, "deu-1", size=500)
        await both.receiver.take(_inbound(other.octets))
        await both.add(1)
        await both.drained()
        (event,) = rig.events("link.message_refused")
        assert event["their_code"] == "STO-005"
        assert (await both.receiver.store.counts()).incidents == 1
        (here,) = await both.store.find_messages(other.message_id)
        assert str(here.receipts[0].outcome) == "REFUSED"


@pytest.mark.parametrize("messages", [200])
async def test_a_partner_that_sends_to_us_does_not_look_reachable_for_it(
    rig: Rig, tmp_path: Path, messages: int
) -> None:
    async with pair(rig, tmp_path) as both, running(both.link):
        await both.receiver.server.stop()
        await both.add(1)
        await stands(both.link, LinkState.BACKOFF)
        for _ in range(messages):
            both.link.heard()
        status = await both.link.status()
        assert status.state is LinkState.BACKOFF
        assert status.last_good_in is not None
        assert status.queued_messages == 1


def _inbound(octets: bytes) -> Inbound:
    return Inbound(octets=octets, partner="nld-1", received_at=SystemClock().now())
