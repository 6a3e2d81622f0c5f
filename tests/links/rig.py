"""A link wired to a simulated partner over real sockets, with waits short enough for tests."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import structlog
from msgspec.structs import replace
from prometheus_client import CollectorRegistry
from structlog.testing import LogCapture

from gateway.clock import Clock, SystemClock
from gateway.ledger.receipt import open_receipt
from gateway.limits import Limits
from gateway.links import Link, LinkMetrics, LinkState, Partner, TlsContext, client_tls, server_tls
from gateway.links.outbox import Gate, Outbox
from gateway.stages import Delivery
from gateway.store import LeafFactory
from tests.links.pki import Authority, Leaf, material
from tests.simulators.outbox import MemoryOutbox, SimulatedGate
from tests.simulators.partner import PartnerSimulator

QUICK = Limits(
    in_flight_messages=4,
    backoff_first_s=0.01,
    backoff_max_s=0.05,
    wake_up_s=0.05,
)
IMPATIENT = replace(QUICK, request_timeout_s=0.3, body_timeout_s=0.3)
"""For those who wait for the end of a time; all others have to bear a busy machine."""


def delivered_leaf(delivery: Delivery) -> LeafFactory:
    """A leaf as the ledger would make it."""
    return lambda index, time: f"{index} {delivery.receipt.message_id} {delivery.receipt.outcome}".encode()


class Rig:
    """Our side and the partner's: certificates, log, metrics, and links made from them."""

    def __init__(self, directory: Path) -> None:
        self.authority = Authority("alliance", directory)
        self.ours = self.authority.issue("nld-1")
        self.theirs = self.authority.issue("deu-1")
        self.registry = CollectorRegistry()
        self.metrics = LinkMetrics(self.registry)
        self.log = LogCapture()
        self.logger = structlog.wrap_logger(structlog.PrintLogger(), processors=[self.log]).bind()

    def simulator(self, name: str = "deu-1", leaf: Leaf | None = None) -> PartnerSimulator:
        tls: ssl.SSLContext = server_tls(material(leaf or self.theirs, self.authority)).context
        return PartnerSimulator(name, tls)

    def client_tls(self) -> TlsContext:
        return client_tls(material(self.ours, self.authority))

    def partner(self, simulator: PartnerSimulator, **changes: object) -> Partner:
        fields: dict[str, object] = {
            "name": simulator.name,
            "url": simulator.url,
            "tls_pins": (self.theirs.pin,),
            "ledger_vkeys": (simulator.key.vkey,),
        }
        return Partner(**(fields | changes))  # type: ignore[arg-type]  # the fields of Partner

    def link(
        self,
        partner: Partner,
        outbox: Outbox,
        *,
        limits: Limits = QUICK,
        clock: Clock | None = None,
        random: Callable[[], float] = lambda: 0.5,
        gate: Gate | None = None,
    ) -> Link:
        return Link(
            partner=partner,
            tls=self.client_tls(),
            outbox=outbox,
            gate=gate or SimulatedGate(),
            open_receipt=open_receipt,
            delivered_leaf=delivered_leaf,
            limits=limits,
            clock=clock or SystemClock(),
            metrics=self.metrics,
            log=self.logger,
            random=random,
        )

    def events(self, name: str) -> list[dict[str, object]]:
        return [dict(entry) for entry in self.log.entries if entry["event"] == name]

    def metric(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0


@contextlib.asynccontextmanager
async def running(*links: Link) -> AsyncIterator[None]:
    """Run links as the node would, each in a task of a group, until the block ends."""

    async def run(link: Link) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await link.run()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run(link)) for link in links]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


async def until(done: Callable[[], bool], seconds: float = 60.0) -> None:
    """Return when `done` holds, asking on each turn of the loop: for states that no event announces."""
    async with asyncio.timeout(seconds):
        while not done():  # noqa: ASYNC110 (metrics and states have no event)
            await asyncio.sleep(0.001)


async def stands(link: Link, state: LinkState) -> None:
    """Return when the link is in that state."""
    await until(lambda: link.state is state)


def sent(outbox: MemoryOutbox) -> list[str]:
    """Ids of the settled messages, by seq."""
    return [outbox.settled[seq].message_id for seq in sorted(outbox.settled)]
