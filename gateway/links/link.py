"""One partner, outwards: one object, one task, one state.

How a message gets there. The store holds an append-only list of messages and one cursor per partner. A round reads the
oldest messages that wait (`_ROUND_MESSAGES` at most) and posts up to `Limits.in_flight_messages` of them at once over
kept connections. Each verified receipt is recorded with its ledger leaf, in one transaction that also settles the
message. A crash between receipt and record posts the message again, and the partner answers the duplicate with the
original receipt: at-least-once transport, exactly-once effect.

What was released and waits is asked about again, of the gate, where another policy is in force by the time that it is
to leave: also in a round that a reload interrupts. What the gate keeps back is settled as withheld, with its leaf, and
is posted to this partner no more.

What is never done. Nothing counts without a verified receipt: no status code, no inbound traffic. A fault never drops
a message: it ends the round, and the link waits. One message never stops the others for ever: what the partner refuses
under its signature is settled as refused, and what it turns away without one is parked for the operator, but only once
it has taken another message of the same round; else the link as a whole is what it refuses.

When it goes on. New messages wake an idle link, never one that waits for a partner to recover: that would turn each new
message into an attempt. An idle link looks every `Limits.wake_up_s` even if nobody woke it, and asks the partner's
health address every `Limits.idle_timeout_s`, so that a dead link shows without traffic.
"""

from __future__ import annotations

import asyncio
import random as standard_random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from structlog.typing import FilteringBoundLogger

from gateway.clock import Clock
from gateway.errors import GatewayError
from gateway.limits import Limits
from gateway.links import codes
from gateway.links.backoff import Backoff
from gateway.links.client import NotAnyMoreError, PartnerClient
from gateway.links.faults import probably_refused
from gateway.links.metrics import LinkMetrics
from gateway.links.outbox import DeliveredLeaf, Gate, KeptBack, OpenReceipt, Outbox
from gateway.links.partners import Partner, check_partner
from gateway.links.position import Position
from gateway.links.state import LinkEvent, LinkFaultError, LinkState, LinkStatus, Side
from gateway.links.tls import TlsContext
from gateway.stages import Delivery, Recorded
from gateway.store import Settlement

_ROUND_MESSAGES = 8
"""Messages read from the store at once: bounds memory per link to this times the longest message."""


async def deliver(client: PartnerClient, recorded: Recorded, *, still: Callable[[], bool] | None = None) -> Delivery:
    """Post one recorded message; the delivery that the partner's verified receipt proves.

    Takes only a `Recorded`: what is not durable and ledgered cannot leave. `LinkFaultError` for anything but a receipt;
    `NotAnyMoreError` where it is `still` to go no longer, before its first octet.
    """
    return await client.post(recorded, still=still)


class Link:
    """The delivery loop towards one partner, and where it stands."""

    def __init__(
        self,
        *,
        partner: Partner,
        tls: TlsContext,
        outbox: Outbox,
        gate: Gate,
        open_receipt: OpenReceipt,
        delivered_leaf: DeliveredLeaf,
        limits: Limits,
        clock: Clock,
        metrics: LinkMetrics,
        log: FilteringBoundLogger,
        random: Callable[[], float] = standard_random.random,
    ) -> None:
        check_partner(partner)
        self._partner = partner
        self._outbox = outbox
        self._gate = gate
        self._delivered_leaf = delivered_leaf
        self._limits = limits
        self._clock = clock
        self._metrics = metrics
        self._client = PartnerClient(partner=partner, tls=tls, open_receipt=open_receipt, limits=limits, clock=clock)
        self._backoff = Backoff(limits, random)
        self._position = Position(partner.name, clock=clock, metrics=metrics, log=log.bind(link=partner.name))
        self._closed_in_a_row = 0
        self._probed_at: float | None = None
        self._shown_at: float | None = None
        self._replacement: tuple[Partner, TlsContext] | None = None
        self._woken = asyncio.Event()  # there may be work
        self._urged = asyncio.Event()  # an operator or a reload wants an attempt now, back-off or not
        if not self._sends(partner):
            self._position.move(LinkEvent.PAUSE)

    @property
    def partner(self) -> Partner:
        """As configured now."""
        return self._replacement[0] if self._replacement is not None else self._partner

    @property
    def state(self) -> LinkState:
        """The one word for this link."""
        return self._position.state

    def wake(self) -> None:
        """There is a new message. Does not shorten a back-off."""
        self._woken.set()

    def retry_now(self) -> None:
        """An operator wants the next attempt at once."""
        self._urged.set()
        self._woken.set()

    def pause(self) -> None:
        """Send nothing from now on; what is under way ends first."""
        self._position.move(LinkEvent.PAUSE)

    def resume(self) -> None:
        """Send again."""
        self._position.move(LinkEvent.RESUME)
        self._backoff.reset()
        self.retry_now()

    def replace(self, partner: Partner, tls: TlsContext) -> None:
        """Take over a new configuration before the next round, at once if the link waits.

        Raises as `check_partner` does, and then changes nothing.
        """
        check_partner(partner)
        self._replacement = (partner, tls)
        self.retry_now()

    def heard(self) -> None:
        """A message of the partner was answered. Noted, and nothing else: it proves nothing about the way out."""
        self._position.good_in()

    async def status(self) -> LinkStatus:
        """Where the link stands, with the queue as the store counts it."""
        try:
            queued = await self._outbox.queue_depth(self._partner.name)
        except GatewayError:
            queued = -1
        self._metrics.queue.labels(self._partner.name).set(queued)
        now = self._clock.now()
        peer, ours = self._client.peer, self._client.tls.expiries[0].days_left(now)
        theirs = (peer.ends_at - now).total_seconds() / 86_400 if peer is not None else None
        self._position.certificates(ours, theirs)
        return self._position.status(
            url=self._partner.url,
            queued_messages=queued,
            attempts_failed=self._backoff.failures,
            our_certificate_days=ours,
            their_certificate_days=theirs,
        )

    async def run(self) -> None:
        """Deliver until cancelled. A fault of the world moves the state; a bug of ours is raised."""
        try:
            while True:
                if await self._paused():
                    continue
                try:
                    more = await self._round()
                except LinkFaultError as fault:
                    await self._rest(fault)
                else:
                    await self._show()
                    if not more and not self._urged.is_set():
                        await self._idle()
        finally:
            await self._client.close()

    @staticmethod
    def _sends(partner: Partner) -> bool:
        return partner.send and not partner.paused

    async def _take_over(self) -> None:
        if self._replacement is None:
            return
        (partner, tls), self._replacement = self._replacement, None
        before, self._partner = self._partner, partner
        await self._client.replace(partner, tls)
        self._backoff.reset()
        self._closed_in_a_row = 0
        if self._sends(before) != self._sends(partner):
            self._position.move(LinkEvent.RESUME if self._sends(partner) else LinkEvent.PAUSE)

    async def _paused(self) -> bool:
        """Take over a new configuration; wait once, and say so, if the link is to send nothing."""
        self._urged.clear()
        await self._take_over()
        if self._position.state is not LinkState.PAUSED:
            return False
        await self._wait(self._urged, self._limits.wake_up_s)
        return True

    async def _round(self) -> bool:
        """Deliver what one read of the store gives; whether there may be more. Probes if there is nothing."""
        self._woken.clear()
        await self._client.renew()
        try:
            batch = await self._outbox.next_outbound(self._partner.name, _ROUND_MESSAGES)
        except GatewayError as error:
            raise self._ours(error) from None
        if not batch:
            await self._probe()
            return False
        more = len(batch) == _ROUND_MESSAGES
        if not await self._deliver_all(batch):
            return True  # all of it was kept back: nothing is known of the partner
        self._good(behind=more)
        return more or self._woken.is_set()

    async def _deliver_all(self, batch: Sequence[Recorded]) -> int:
        """Post them, several at once; record each receipt. How many the partner answered.

        Raises the worst fault once nothing is under way.
        """
        remaining = iter(batch)
        faults: list[LinkFaultError] = []
        unwanted: list[tuple[Recorded, LinkFaultError]] = []
        taken = 0

        async def post_some(group: asyncio.TaskGroup) -> None:
            nonlocal taken
            for recorded in remaining:
                try:
                    delivery = await self._post(recorded)
                except LinkFaultError as fault:
                    (unwanted.append((recorded, fault)) if fault.one_message else faults.append(fault))
                else:
                    if delivery is not None:
                        taken += 1
                        group.create_task(record(delivery))  # the next message does not wait for our disk
                if faults or self._position.state is LinkState.PAUSED:
                    return

        async def record(delivery: Delivery) -> None:
            try:
                await self._record(delivery)
            except LinkFaultError as fault:
                faults.append(fault)

        async with asyncio.TaskGroup() as group:
            for _ in range(self._limits.in_flight_messages):
                group.create_task(post_some(group))
        for recorded, fault in unwanted:
            if taken or fault.side is Side.US:
                await self._park(recorded, fault)
            else:
                faults.append(fault)
        if faults:
            raise max(faults, key=lambda fault: fault.turned_away)
        return taken

    async def _post(self, recorded: Recorded) -> Delivery | None:
        """The delivery; nothing for a message that the policy in force keeps back, which is settled by that."""
        while True:
            policy = self._gate.policy
            is_asked = recorded.message.policy != policy or self._gate.is_due(recorded)
            if is_asked and await self._is_kept_back(recorded):
                return None
            started = self._clock.monotonic()
            try:
                delivery = await deliver(self._client, recorded, still=partial(self._is_in_force, policy))
            except NotAnyMoreError:
                continue  # another policy came into force while the partner was called
            self._metrics.post_seconds.labels(self._partner.name).observe(self._clock.monotonic() - started)
            return delivery

    def _is_in_force(self, policy: str) -> bool:
        return self._gate.policy == policy

    async def _is_kept_back(self, recorded: Recorded) -> bool:
        """Ask the gate; what it keeps back is off the queue for good when this returns."""
        try:
            kept = await self._gate.keeps_back(self._partner.name, recorded)
            if kept is not None:
                await self._withhold(recorded, kept)
        except GatewayError as error:
            raise self._ours(error) from None
        return kept is not None

    async def _withhold(self, recorded: Recorded, kept: KeptBack) -> None:
        await self._outbox.set_aside(
            self._partner.name,
            recorded.seq,
            Settlement.WITHHELD,
            code=codes.MESSAGE_WITHHELD.id,
            cause=f"{kept.rule} of policy {kept.policy}: {kept.cause}",
            leaf=kept.leaf,
        )
        self._position.withheld(recorded.message.message_id, kept)

    async def _record(self, delivery: Delivery) -> None:
        seq, leaf = delivery.recorded.seq, self._delivered_leaf(delivery)
        try:
            await self._outbox.record_delivery(self._partner.name, seq, delivery.receipt, leaf)
        except GatewayError as error:
            raise self._ours(error) from None
        self._closed_in_a_row = 0
        self._backoff.reset()
        self._position.receipted(delivery)
        if self._position.state is not LinkState.UP:
            self._position.move(LinkEvent.BEHIND)
        self._position.skew(self._client.skew_s)

    async def _park(self, recorded: Recorded, fault: LinkFaultError) -> None:
        try:
            await self._outbox.set_aside(
                self._partner.name, recorded.seq, Settlement.PARKED, code=fault.code.id, cause=fault.cause
            )
        except GatewayError as error:
            raise self._ours(error) from None
        self._position.parked(recorded.message.message_id, fault)

    async def _probe(self) -> None:
        now = self._clock.monotonic()
        waiting = self._position.state in (LinkState.BACKOFF, LinkState.REFUSED, LinkState.CATCHING_UP)
        if waiting or self._probed_at is None or now - self._probed_at >= self._limits.idle_timeout_s:
            await self._client.probe()
            self._probed_at = now
            self._position.skew(self._client.skew_s)
            self._good(behind=False)

    def _good(self, *, behind: bool) -> None:
        self._closed_in_a_row = 0
        self._backoff.reset()
        self._position.good_out()
        self._position.move(LinkEvent.BEHIND if behind else LinkEvent.CAUGHT_UP)

    def _ours(self, error: GatewayError) -> LinkFaultError:
        return LinkFaultError(codes.OUR_STORE, side=Side.US, place=self._partner.name, cause=str(error))

    async def _rest(self, fault: LinkFaultError) -> None:
        """Note the fault and wait: longer each time, as long as the partner asks, slowly when turned away."""
        if fault.code is codes.CLOSED_WITHOUT_ANSWER:
            self._closed_in_a_row += 1
            if self._closed_in_a_row > 1:
                fault = probably_refused(fault, self._client.presented)
        else:
            self._closed_in_a_row = 0
        wait_s = self._backoff.failed(turned_away=fault.turned_away, retry_after_s=fault.retry_after_s)
        self._position.failed(fault, retry_at=self._after(wait_s))
        await self._show()
        await self._wait(self._urged, wait_s)

    async def _show(self) -> None:
        """Bring the gauges up to date, now and then."""
        now = self._clock.monotonic()
        if self._shown_at is None or now - self._shown_at >= self._limits.wake_up_s:
            self._shown_at = now
            await self.status()

    async def _idle(self) -> None:
        await self._wait(self._woken, self._limits.wake_up_s)

    def _after(self, wait_s: float) -> datetime:
        return self._clock.now() + timedelta(seconds=wait_s)

    @staticmethod
    async def _wait(event: asyncio.Event, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass
