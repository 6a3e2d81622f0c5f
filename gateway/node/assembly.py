"""A running gateway: rooms assembled from a configuration, supervised, watched, stopped cleanly.

Start: trust, store, ledger, admission from what the store remembers, the picture from the newest messages, links,
feeds, the two HTTP doors. Stop: the doors, feeds and links close first, then open batches become durable, then the
ledger publishes its last checkpoint, then the store closes. A crash at any point loses nothing that was acknowledged.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

import structlog
from prometheus_client import CollectorRegistry

from gateway.admission import Admission
from gateway.batch import Batch, Gatherer
from gateway.clock import Clock, SystemClock
from gateway.config import Config
from gateway.config.national import Direction, FeedKind
from gateway.delay import Delay
from gateway.dialect import Decoder
from gateway.drafting import Maker
from gateway.errors import GatewayError
from gateway.feeds.clients import Shown
from gateway.feeds.http import HttpServer
from gateway.feeds.outlet import Outlet
from gateway.feeds.picture import Picture
from gateway.formats.registry import formats
from gateway.inbox import Inbox
from gateway.ledger import Ledger, leaf, open_receipt
from gateway.links import (
    Link,
    LinkMetrics,
    PartnerBook,
    PartnerDoor,
    PartnerServer,
    ReceiptAnswer,
    ServerTls,
    client_tls,
)
from gateway.node import trust
from gateway.node.documents import open_documents
from gateway.node.gate import PolicyGate, remember
from gateway.node.health import Health
from gateway.node.latency import Latency
from gateway.node.memory import rebuild_picture
from gateway.node.metrics import NodeCollector
from gateway.node.national import open_national
from gateway.node.quarantine import Quarantine
from gateway.node.reload import Reload
from gateway.node.retention import Retention
from gateway.node.review import Review
from gateway.node.sockets import FeedIn, Outlets, is_inward, open_feed, open_outlet
from gateway.node.status import read_status
from gateway.node.supervisor import Supervisor
from gateway.node.talks import feed_view, open_talk
from gateway.pipeline import Answer, Pending, dispatch, inbound, outbound
from gateway.policy import Desk, Memory
from gateway.resume import resume
from gateway.rooms import Counts, Rooms
from gateway.seal import Signer, Verifier
from gateway.stages import Delivery, Frame, Inbound
from gateway.store import HeldBack, LeafFactory, Store
from gateway.unbroken import unbroken

TOUCH_S = 5.0
"""How often the store learns which tracks are alive: a restart within the sources' silence keeps their identifiers."""
HOUSEKEEPING_S = 0.5
ENDING_DAYS = 30.0
"""From here on the end of the signing certificate is spoken of at every start and in the status."""


class Node:
    """One gateway. `async with Node(config) as node: await node.run()`; `run` ends when cancelled."""

    def __init__(self, config: Config, *, clock: Clock | None = None) -> None:
        self.config = config
        self.clock = clock or SystemClock()
        self.registry = CollectorRegistry()
        self.started_at: datetime = self.clock.now()
        self.counts = Counts()
        self.latency = Latency()
        self.supervisor = Supervisor()
        self.health = Health(self.clock)
        self.links: dict[str, Link] = {}
        self.feeds: dict[str, FeedIn] = {}
        self.outlets = Outlets(config.node.name)
        self.log = structlog.get_logger("node")
        self.store: Store
        self.ledger: Ledger
        self.desk: Desk
        """Where the release policy in force lies."""
        self.reload = Reload(self)
        self.review: Review
        self.rooms: Rooms
        self.partner_server: PartnerServer | None = None
        self.national_server: HttpServer
        self.is_ready = False
        self.tls_pin = trust.own_tls_pin(config)
        self.status: dict[str, object] = {}
        """As of the last housekeeping, at most `HOUSEKEEPING_S` ago."""

    async def __aenter__(self) -> Node:
        await self._assemble()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    @property
    def signing_days_left(self) -> float:
        """Days until the certificate that signs our messages ends."""
        return (self.rooms.signer.record.not_after - self.clock.now()).total_seconds() / 86_400

    @property
    def missing(self) -> list[str]:
        """What keeps the node from being ready, in words; nothing when it is."""
        return self.health.missing() if self.is_ready else ["the node is starting or stopping"]

    # ------------------------------------------------------------------------------------------------------ assembly

    async def _assemble(self) -> None:
        config, clock, limits = self.config, self.clock, self.config.limits
        signer, verifier = trust.read_signer(config), trust.read_verifier(config)
        key = trust.read_ledger_signer(config)
        self.desk = Desk(trust.read_policy(config), clock)
        self.review = Review(self.desk)
        config.node.data.mkdir(parents=True, exist_ok=True)
        self.store = await Store.open(config.node.data / "gateway.db", limits, clock)
        try:
            self.ledger = await Ledger.open(
                self.store,
                config.ledger.directory,
                key,
                node=config.node.name,
                clock=clock,
                limits=limits,
            )
            self.quarantine = Quarantine(self.store, limits)
            self.gatherer = Gatherer(limits, self._dispatch)
            self.delay = Delay(clock, limits, self.store.waiting, self._resume)
            self.rooms = await self._make_rooms(signer, verifier)
            await rebuild_picture(self.rooms)
            if len(self.delay):
                self.log.info("held.found", tracks=len(self.delay))
            await self._ledger_start()
            self._open_links()
            self._open_feeds()
            self.national_server = open_national(self)
            self.registry.register(NodeCollector(self))
        except BaseException:
            await self.store.close()
            raise

    async def _make_rooms(self, signer: Signer, verifier: Verifier) -> Rooms:
        config, clock, limits = self.config, self.clock, self.config.limits
        return Rooms(
            node=config.node.name,
            maker=Maker(
                node=config.node.name,
                exercise=config.node.exercise,
                simulation=config.node.simulation,
                clock=clock,
            ),
            clock=clock,
            limits=limits,
            desk=self.desk,
            memory=Memory(),
            admission=Admission(
                config.node.name,
                limits,
                secret=await self.store.track_secret(),
                silence_s={name: config.source_silence_s(name) for name in config.source},
                known=await self.store.load_incarnations(),
            ),
            signer=signer,
            verifier=verifier,
            store=self.store,
            ledger=self.ledger,
            inbox=Inbox(self.store, self.ledger),
            quarantine=self.quarantine.put,
            picture=Picture(clock, limits),
            publish=self.outlets.publish,
            wake_links=self._wake,
            counts=self.counts,
            report=self.health.report,
            note_latency=self.latency.note,
            gatherer=self.gatherer,
            delay=self.delay,
        )

    async def _ledger_start(self) -> None:
        """State in the ledger with which configuration and which signing key the node runs from now on."""
        days = self.signing_days_left
        if days < ENDING_DAYS:
            self.log.warning("certificate.ending", days_left=round(days, 1))
        digest = sha256(repr(self.config).encode()).hexdigest()  # of every effective value; keys are paths in it
        await self.store.append_leaf(leaf.config_changed(sha256=digest, detail="started"))
        policy = self.desk.policy
        await remember(self.store, policy)
        await self.store.append_leaf(leaf.policy_changed(sha256=policy.digest, detail="in force since the start"))
        key = self.rooms.signer.record.thumbprint
        await self.store.append_leaf(leaf.key_changed(key=key, node=self.config.node.name, detail="signs from now on"))

    def _open_links(self) -> None:
        config = self.config
        partners = trust.read_partners(config)
        metrics, log = LinkMetrics(self.registry), structlog.get_logger("links")
        gate = PolicyGate(self.desk, self.store, config.limits)
        for partner in partners:
            self.links[partner.name] = Link(
                partner=partner,
                tls=client_tls(trust.tls_material(config, partner.name)),
                outbox=self.store,
                gate=gate,
                open_receipt=open_receipt,
                delivered_leaf=_delivered,
                limits=config.limits,
                clock=self.clock,
                metrics=metrics,
                log=log,
            )
        if any(partner.receive for partner in partners):
            door = PartnerDoor(
                node=config.node.name,
                book=PartnerBook(partners),
                tls=ServerTls(trust.tls_material(config)),
                handle=self.take_inbound,
                limits=config.limits,
                clock=self.clock,
                metrics=metrics,
                log=log,
                heard=lambda partner: self.links[partner].heard(),
                ledger=config.ledger.directory,
                entries=config.ledger.entries_to_partners,
            )
            listen = config.links.listen
            self.partner_server = PartnerServer(door, host=listen.host, port=listen.port, backlog=config.links.backlog)

    def _open_feeds(self) -> None:
        known = formats()
        for name, table in self.config.feed.items():
            form = known[table.format]
            if table.direction is Direction.BOTH:
                talk = open_talk(self.config, name, form, take=self._take, snapshot=self.snapshot, desk=self.desk)
                self.outlets.add_talk(name, talk)
            elif table.kind is FeedKind.HTTP:
                self.outlets.documents[name] = open_documents(
                    self.config, name, form, snapshot=self.snapshot, desk=self.desk
                )
            elif is_inward(table):
                self.feeds[name] = open_feed(self.config, name, form, take=self._take, clock=self.clock)
            else:
                outlet: Outlet = open_outlet(self.config, name, form, snapshot=self.snapshot, desk=self.desk)
                self.outlets.add(name, outlet, feed_view(self.config, name, self.desk))

    def snapshot(self) -> list[Shown]:
        """The current picture, for a client that connects."""
        own, entries = self.config.node.name, self.rooms.picture.query(most=self.config.limits.picture_tracks)[0]
        return [Shown(entry.track, entry.origin == own, entry.label) for entry in entries]

    # ------------------------------------------------------------------------------------------------------- running

    async def run(self, *, ready: asyncio.Event | None = None) -> None:
        """Run until cancelled. `ready` is set when doors, conversations and documents are open; plain feeds follow."""
        supervisor = self.supervisor
        supervisor.add("ledger", self.ledger.run)
        supervisor.add("batches", self.gatherer.run)
        supervisor.add("delay", self.delay.run)
        supervisor.add("quarantine", self.quarantine.run)
        supervisor.add("housekeeping", self._keep_house)
        keep = timedelta(days=self.config.store.keep_days)
        supervisor.add("policy reload", self.reload.run)
        supervisor.add("retention", Retention(self.store, self.clock, keep).run)
        for name, link in self.links.items():
            supervisor.add(f"link {name}", link.run)
        for name, outlet in self.outlets.by_name.items():
            supervisor.add(f"feed {name}", outlet.run)
        for name, feed in self.feeds.items():
            supervisor.add(f"feed {name}", feed.run)
        for name, talk in self.outlets.talks.items():
            await talk.start()
            supervisor.add(f"feed {name}", talk.run)
        for name, documents in self.outlets.documents.items():
            await documents.start()
            supervisor.add(f"feed {name}", documents.run)
        if self.partner_server is not None:
            await self.partner_server.start()
            supervisor.add("links listener", self.partner_server.run)
        await self.national_server.start()
        self.log.info("node.started", node=self.config.node.name, store=self.store.info.engine)
        self.is_ready = True
        if ready is not None:
            ready.set()
        try:
            await supervisor.run()
        finally:
            self.is_ready = False
            self.gatherer.flush()
            async with self._dispatching():  # callers under way wait for it
                await self.national_server.stop()

    async def _keep_house(self) -> None:
        """What is due now and then: stale tracks leave the picture, the store learns who is alive, status is read."""
        touched = self.clock.monotonic()
        while True:
            self.status = await read_status(self)
            self.review.look()
            await asyncio.sleep(HOUSEKEEPING_S)
            self.rooms.picture.expire()
            self.health.report("ledger", self.ledger.problem)
            if self.clock.monotonic() - touched >= TOUCH_S:
                touched = self.clock.monotonic()
                await self._touch()

    async def _touch(self) -> None:
        moved = self.rooms.admission.touched()
        if moved:
            await self.store.record_incarnations(moved)

    async def _close(self) -> None:
        """Make durable what is open, publish the last checkpoint, close the store; bounded in time.

        What fails keeps none of the others back, and what is being written when the time is over ends first.
        """
        limit_s = self.config.limits.shutdown_timeout_s
        try:
            async with asyncio.timeout(limit_s):
                for step in (self._drain, self.quarantine.flush, self._touch, self.ledger.close):
                    try:
                        await step()
                    except GatewayError as error:
                        self.log.warning("node.unclean_stop", code=error.code.id, error=str(error))
        except TimeoutError:
            self.log.warning("node.unclean_stop", code="", error=f"not done after {limit_s:g} s")
        finally:
            await self.ledger.settled()
            await self.store.close()
            self.log.info("node.stopped", node=self.config.node.name)

    async def _drain(self) -> None:
        async with self._dispatching():
            await self.gatherer.drain()

    @contextlib.asynccontextmanager
    async def _dispatching(self) -> AsyncIterator[None]:
        """Closed batches become durable meanwhile: the supervised dispatcher has been stopped with everything else."""
        async with asyncio.TaskGroup() as group:
            dispatching = group.create_task(self.gatherer.run(), name="last batches")
            try:
                yield
            finally:
                dispatching.cancel()

    # ------------------------------------------------------------------------------------------- what the doors call

    async def take(self, frame: Frame, decoder: Decoder, answer: Answer | None = None) -> Pending:
        """The outbound corridor for one frame."""
        return await outbound(self.rooms, frame, decoder, answer)

    def _take(self, frame: Frame, decoder: Decoder) -> Awaitable[object]:
        return outbound(self.rooms, frame, decoder)

    async def take_inbound(self, message: Inbound) -> ReceiptAnswer:
        """The inbound corridor for one message.

        To its end, even beyond the time of a request: what is recorded and not handed on would come again as a
        duplicate, and never reach a consumer.
        """
        return await unbroken(inbound(self.rooms, message))

    async def _dispatch(self, batches: Sequence[Batch]) -> None:
        await dispatch(self.rooms, batches)

    async def _resume(self, rows: Sequence[HeldBack]) -> None:
        await resume(self.rooms, rows)

    def _wake(self, partners: Sequence[str]) -> None:
        for partner in partners:
            link = self.links.get(partner)
            if link is not None:
                link.wake()


def _delivered(delivery: Delivery) -> LeafFactory:
    return leaf.delivered(partner=delivery.partner, receipt=delivery.receipt)
