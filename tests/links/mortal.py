"""Two small gateways, each a process that may be killed at any point.

    python -m tests.links.mortal sender|receiver DIRECTORY

The sender records messages as fast as its store confirms them, writes the id of each confirmed one to ``acknowledged``,
and delivers them by a real link from a real store. The receiver takes them by the real partner side into a real store.
``$MORTAL=point:count`` lets the process kill itself (SIGKILL) the count-th time that it comes to the point. With the
file ``stop`` in its directory the sender records no more, and ends once everything is receipted.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from prometheus_client import CollectorRegistry

from gateway.clock import SystemClock
from gateway.ledger import leaf
from gateway.ledger.note import Signer
from gateway.ledger.receipt import open_receipt, sign_receipt
from gateway.limits import Limits
from gateway.links import (
    Link,
    LinkMetrics,
    Partner,
    PartnerBook,
    PartnerDoor,
    PartnerServer,
    ReceiptAnswer,
    ServerTls,
    TlsMaterial,
    client_tls,
)
from gateway.stages import Inbound, Receipt, Recorded
from gateway.store import Incoming, LeafFactory, Outgoing, Settlement, Store
from tests.simulators.notes import NoteKey
from tests.simulators.outbox import SimulatedGate, sealed

KEY = NoteKey("deu-1.example/audit/1")
LIMITS = Limits(backoff_first_s=0.02, backoff_max_s=0.2, wake_up_s=0.1, request_timeout_s=5.0)
_BACKLOG = 100  # messages that the sender is ahead of the link: traffic all the time, and a bounded end
_MESSAGE_ID = re.compile(rb"MessageId>([0-9a-f-]{36})<")


class Fate:
    """Kills this process at the point that the environment names."""

    def __init__(self) -> None:
        self._point, _, count = os.environ.get("MORTAL", "").partition(":")
        self._left = int(count or 0)

    def meet(self, point: str) -> None:
        if point == self._point:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class MortalOutbox:
    """The store, with a chance to die before and after each receipt is recorded."""

    def __init__(self, store: Store, fate: Fate) -> None:
        self._store, self._fate = store, fate

    async def next_outbound(self, partner: str, limit: int) -> Sequence[Recorded]:
        return await self._store.next_outbound(partner, limit)

    async def record_delivery(self, partner: str, seq: int, receipt: Receipt, leaf: LeafFactory) -> int:
        self._fate.meet("receipt-verified")
        index = await self._store.record_delivery(partner, seq, receipt, leaf)
        self._fate.meet("receipt-recorded")
        return index

    async def set_aside(
        self, partner: str, seq: int, state: Settlement, *, code: str, cause: str = "", leaf: LeafFactory | None = None
    ) -> int:
        raise AssertionError("nothing here may be set aside")

    async def queue_depth(self, partner: str) -> int:
        return await self._store.queue_depth(partner)


async def send(directory: Path, settings: dict[str, str]) -> None:
    fate, clock, log = Fate(), SystemClock(), structlog.wrap_logger(structlog.ReturnLogger()).bind()
    store = await Store.open(directory / "gateway.db", LIMITS, clock)
    partner = Partner(name="deu-1", url=settings["url"], tls_pins=(settings["their_pin"],), ledger_vkeys=(KEY.vkey,))
    link = Link(
        partner=partner,
        tls=client_tls(_material(settings)),
        outbox=MortalOutbox(store, fate),
        gate=SimulatedGate(),
        open_receipt=open_receipt,
        delivered_leaf=lambda delivery: leaf.delivered(partner=delivery.partner, receipt=delivery.receipt),
        limits=LIMITS,
        clock=clock,
        metrics=LinkMetrics(CollectorRegistry()),
        log=log,
    )
    number = (await store.counts()).outbound
    with (directory / "acknowledged").open("a", buffering=1) as acknowledged:

        async def produce() -> None:
            nonlocal number
            while not (directory / "stop").exists():
                if await store.queue_depth("deu-1") >= _BACKLOG:
                    await asyncio.sleep(0.01)
                    continue
                number += 1
                message = sealed(number, "deu-1", size=1_000)
                fate.meet("before-accept")
                await store.record_outbound_all([Outgoing(sealed=message, leaf=leaf.sent(message))])
                fate.meet("accepted")
                acknowledged.write(message.message_id + "\n")
                link.wake()
            while await store.queue_depth("deu-1"):  # noqa: ASYNC110 (the store has no event for it)
                await asyncio.sleep(0.01)

        async with asyncio.TaskGroup() as group:
            delivering = group.create_task(link.run())
            await produce()
            delivering.cancel()
    await store.close()


async def receive(directory: Path, settings: dict[str, str]) -> None:
    fate, clock, log = Fate(), SystemClock(), structlog.wrap_logger(structlog.ReturnLogger()).bind()
    store = await Store.open(directory / "gateway.db", LIMITS, clock)
    signer = Signer(KEY.name, Ed25519PrivateKey.from_private_bytes(KEY.secret))

    async def take(inbound: Inbound) -> ReceiptAnswer:
        found = _MESSAGE_ID.search(inbound.octets)
        assert found is not None
        message_id, sha256 = found[1].decode(), hashlib.sha256(inbound.octets).hexdigest()

        def receipt(index: int, time):  # type: ignore[no-untyped-def]  # an AnswerFactory
            return sign_receipt(
                signer, node="deu-1", origin="nld-1", message_id=message_id, sha256=sha256, leaf_index=index, time=time
            )

        def conflict(index: int, time):  # type: ignore[no-untyped-def]  # an AnswerFactory
            raise AssertionError("the same id came with another body")

        fate.meet("before-commit")
        outcome = await store.record_inbound(
            Incoming(
                origin="nld-1", message_id=message_id, sha256=sha256, octets=inbound.octets, partner=inbound.partner
            ),
            leaf=leaf.received(message_id=message_id, origin="nld-1", peer=inbound.partner, sha256=sha256),
            receipt=receipt,
            conflict_leaf=conflict,
            conflict_receipt=conflict,
        )
        fate.meet("committed")
        return ReceiptAnswer(note=outcome.answer, accepted=not outcome.code)

    partner = Partner(name="nld-1", url="https://127.0.0.1:1", tls_pins=(settings["their_pin"],), ledger_vkeys=())
    door = PartnerDoor(
        node="deu-1",
        book=PartnerBook([partner]),
        tls=ServerTls(_material(settings)),
        handle=take,
        limits=LIMITS,
        clock=clock,
        metrics=LinkMetrics(CollectorRegistry()),
        log=log,
        heard=lambda partner: fate.meet("answering"),
    )
    server = PartnerServer(door, host="127.0.0.1", port=int(settings["port"]))
    await server.start()
    (directory / "port").write_text(str(server.address.port))
    await server.run()


def _material(settings: dict[str, str]) -> TlsMaterial:
    return TlsMaterial(
        certificate=Path(settings["certificate"]), key=Path(settings["key"]), authorities=(Path(settings["authority"]),)
    )


def main() -> None:
    role, directory = sys.argv[1], Path(sys.argv[2])
    settings = json.loads((directory / "settings.json").read_text())
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run((send if role == "sender" else receive)(directory, settings))


if __name__ == "__main__":
    main()
