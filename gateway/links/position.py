"""A link's position and its history: state, since when, last good in and out, last failure and whose side it was on."""

from __future__ import annotations

from datetime import datetime

from structlog.typing import FilteringBoundLogger

from gateway.clock import Clock
from gateway.links import codes, events
from gateway.links.metrics import LinkMetrics
from gateway.links.outbox import KeptBack
from gateway.links.receipts import ACCEPTED
from gateway.links.state import (
    TRANSITIONS,
    LinkEvent,
    LinkFailure,
    LinkFaultError,
    LinkState,
    LinkStatus,
    MessageRefusal,
)
from gateway.stages import Delivery

SKEW_ALARM_S = 30.0
"""Clocks that differ by more are worth a call: a tenth of the default window in which messages may be early."""
_STATE_EVENTS = {
    LinkState.UP: events.UP,
    LinkState.CATCHING_UP: events.CATCHING_UP,
    LinkState.BACKOFF: events.DOWN,
    LinkState.REFUSED: events.REFUSED,
    LinkState.PAUSED: events.PAUSED,
}


class Position:
    """Moves by the transition table only; tells metrics and the log about each move and each fault, once."""

    def __init__(self, partner: str, *, clock: Clock, metrics: LinkMetrics, log: FilteringBoundLogger) -> None:
        self._partner = partner
        self._clock = clock
        self._metrics = metrics
        self._log = log
        self._state = LinkState.CATCHING_UP
        self._since = clock.now()
        self._good_out: datetime | None = None
        self._good_in: datetime | None = None
        self._failure: LinkFailure | None = None
        self._retry_at: datetime | None = None
        self._skew_s: float | None = None
        self._skewed = False
        self._delivered = 0
        self._refused = 0
        self._parked = 0
        self._withheld = 0
        self._refusal: MessageRefusal | None = None
        metrics.show_state(partner, self._state)

    @property
    def state(self) -> LinkState:
        """The current one."""
        return self._state

    def move(self, event: LinkEvent) -> None:
        """Take the transition that the table has for this event, if it has one."""
        target = TRANSITIONS.get((self._state, event))
        if target not in (LinkState.BACKOFF, LinkState.REFUSED):
            self._retry_at = None
        if target is None or target is self._state:
            return
        before, self._state, self._since = self._state, target, self._clock.now()
        self._metrics.show_state(self._partner, target)
        failure = self._failure if target in (LinkState.BACKOFF, LinkState.REFUSED) else None
        if failure is None:
            self._log.info(_STATE_EVENTS[target], before=before.value)
        else:
            self._log.warning(
                _STATE_EVENTS[target],
                before=before.value,
                code=failure.code,
                side=failure.side.value,
                place=failure.place,
                cause=failure.cause,
            )

    def failed(self, fault: LinkFaultError, *, retry_at: datetime) -> None:
        """An attempt failed."""
        changed = self._failure is None or self._failure.code != fault.code.id
        self._failure = LinkFailure(
            code=fault.code.id,
            title=fault.code.title,
            place=fault.place,
            cause=fault.cause,
            remedy=fault.remedy,
            side=fault.side,
            at=self._clock.now(),
        )
        self._metrics.faults.labels(self._partner, fault.code.id, fault.side.value).inc()
        before = self._state
        self.move(LinkEvent.TURNED_AWAY if fault.turned_away else LinkEvent.FAILED)
        self._retry_at = retry_at if self._state is not LinkState.PAUSED else None
        if changed and before is self._state:  # the same state for another reason is news; the same reason is not
            self._log.warning(
                events.FAULT, code=fault.code.id, side=fault.side.value, place=fault.place, cause=fault.cause
            )

    def good_out(self) -> None:
        """The partner answered well."""
        self._good_out = self._clock.now()
        self._metrics.last_good.labels(self._partner, "out").set(self._good_out.timestamp())

    def good_in(self) -> None:
        """A message of the partner was taken. Moves no state and no back-off: it proves nothing about the way out."""
        self._good_in = self._clock.now()
        self._metrics.last_good.labels(self._partner, "in").set(self._good_in.timestamp())

    def receipted(self, delivery: Delivery) -> None:
        """A receipt was verified and recorded."""
        self.good_out()
        receipt = delivery.receipt
        outcome = str(receipt.outcome)
        self._metrics.posted.labels(self._partner, outcome).inc()
        if outcome == ACCEPTED:
            self._delivered += 1
        else:
            self._refused += 1
            self._refusal = MessageRefusal(
                message_id=receipt.message_id, code=receipt.code[:80], parked=False, at=self._clock.now()
            )
            self._log.warning(
                events.MESSAGE_REFUSED,
                code=codes.MESSAGE_REFUSED.id,
                message=receipt.message_id,
                their_code=receipt.code[:80],
            )

    def parked(self, message_id: str, fault: LinkFaultError) -> None:
        """A message was taken off the queue for an operator to look at."""
        self._parked += 1
        self._refusal = MessageRefusal(message_id=message_id, code=fault.code.id, parked=True, at=self._clock.now())
        self._metrics.posted.labels(self._partner, "PARKED").inc()
        self._log.warning(
            events.MESSAGE_PARKED,
            code=fault.code.id,
            side=fault.side.value,
            message=message_id,
            cause=fault.cause,
        )

    def withheld(self, message_id: str, kept: KeptBack) -> None:
        """A message that waited was taken off the queue because the policy in force keeps it back."""
        self._withheld += 1
        self._metrics.posted.labels(self._partner, "WITHHELD").inc()
        self._log.warning(
            events.MESSAGE_WITHHELD,
            code=codes.MESSAGE_WITHHELD.id,
            message=message_id,
            rule=kept.rule,
            policy=kept.policy,
            cause=kept.cause,
        )

    def skew(self, skew_s: float | None) -> None:
        """The partner's clock minus ours, as its last answer showed."""
        if skew_s is None:
            return
        self._skew_s = skew_s
        self._metrics.clock_skew.labels(self._partner).set(skew_s)
        skewed = abs(skew_s) > SKEW_ALARM_S
        if skewed and not self._skewed:
            self._log.warning(events.CLOCK_SKEWED, code=codes.CLOCK_SKEWED.id, skew_s=round(skew_s, 1))
        self._skewed = skewed

    def certificates(self, ours: float, theirs: float | None) -> None:
        """Days left on both certificates."""
        self._metrics.certificate_days.labels(self._partner, "ours").set(ours)
        if theirs is not None:
            self._metrics.certificate_days.labels(self._partner, "theirs").set(theirs)

    def status(
        self,
        *,
        url: str,
        queued_messages: int,
        attempts_failed: int,
        our_certificate_days: float | None,
        their_certificate_days: float | None,
    ) -> LinkStatus:
        """All of it at this instant."""
        return LinkStatus(
            partner=self._partner,
            url=url,
            state=self._state,
            since=self._since,
            queued_messages=queued_messages,
            last_good_out=self._good_out,
            last_good_in=self._good_in,
            last_failure=self._failure,
            retry_at=self._retry_at,
            attempts_failed=attempts_failed,
            delivered=self._delivered,
            refused=self._refused,
            parked=self._parked,
            withheld=self._withheld,
            last_refusal=self._refusal,
            our_certificate_days=our_certificate_days,
            their_certificate_days=their_certificate_days,
            clock_skew_s=self._skew_s,
        )
