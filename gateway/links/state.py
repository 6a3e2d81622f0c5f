"""Where a link stands, as one enum with a transition table, and what an operator is told about it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from gateway.errors import Code, LinkError


class LinkState(StrEnum):
    """The one word for a link; never three booleans."""

    UP = "UP"
    """The last exchange was good and nothing old waits."""
    CATCHING_UP = "CATCHING_UP"
    """Messages that waited are under way; also the state from the start until the first exchange."""
    BACKOFF = "BACKOFF"
    """The last attempt failed for a reason that may pass; the next one is timed."""
    REFUSED = "REFUSED"
    """One side does not let the other in; retried slowly, because somebody must change something."""
    PAUSED = "PAUSED"
    """The operator or the configuration says: send nothing. The queue is kept."""


class LinkEvent(StrEnum):
    """What moves a link from one state to another."""

    CAUGHT_UP = "CAUGHT_UP"
    """An exchange was good and the queue is short."""
    BEHIND = "BEHIND"
    """An exchange was good and more waits than one round takes."""
    FAILED = "FAILED"
    """An attempt failed for a reason that may pass."""
    TURNED_AWAY = "TURNED_AWAY"
    """An attempt failed for a reason that somebody must change."""
    PAUSE = "PAUSE"
    RESUME = "RESUME"


TRANSITIONS: dict[tuple[LinkState, LinkEvent], LinkState] = {
    **{
        (state, event): target
        for state in (LinkState.UP, LinkState.CATCHING_UP, LinkState.BACKOFF, LinkState.REFUSED)
        for event, target in (
            (LinkEvent.CAUGHT_UP, LinkState.UP),
            (LinkEvent.BEHIND, LinkState.CATCHING_UP),
            (LinkEvent.FAILED, LinkState.BACKOFF),
            (LinkEvent.TURNED_AWAY, LinkState.REFUSED),
            (LinkEvent.PAUSE, LinkState.PAUSED),
        )
    },
    # What was under way when the operator paused may still end, well or badly: the link stays paused.
    (LinkState.PAUSED, LinkEvent.CAUGHT_UP): LinkState.PAUSED,
    (LinkState.PAUSED, LinkEvent.BEHIND): LinkState.PAUSED,
    (LinkState.PAUSED, LinkEvent.FAILED): LinkState.PAUSED,
    (LinkState.PAUSED, LinkEvent.TURNED_AWAY): LinkState.PAUSED,
    (LinkState.PAUSED, LinkEvent.PAUSE): LinkState.PAUSED,
    # Nothing is known after a pause: the link must show by an exchange that it is up.
    (LinkState.PAUSED, LinkEvent.RESUME): LinkState.CATCHING_UP,
}
"""Every move there is. A pair that is absent (a resume of what is not paused) moves nothing."""


class Side(StrEnum):
    """Whose side a fault is on."""

    US = "us"
    THEM = "them"
    NETWORK = "network"


class LinkFaultError(LinkError):
    """An attempt that failed: on whose side it was, and what may cure it.

    `turned_away`: waiting alone does not. `one_message`: the next message may fare better. `retry_after_s`: the partner
    asked for so long.
    """

    def __init__(
        self,
        code: Code,
        *,
        side: Side,
        place: str = "",
        cause: str = "",
        remedy: str = "",
        turned_away: bool = False,
        one_message: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(code, place=place, cause=cause, remedy=remedy)
        self.side = side
        self.turned_away = turned_away
        self.one_message = one_message
        self.retry_after_s = retry_after_s


class LinkFailure(Struct, frozen=True, kw_only=True):
    """The last thing that went wrong on a link, kept after it is cured."""

    code: str
    title: str
    place: str
    cause: str
    remedy: str
    side: Side
    at: datetime


class MessageRefusal(Struct, frozen=True, kw_only=True):
    """The last message that the partner did not take; its body is kept, and so is the reason."""

    message_id: str
    code: str
    """The partner's own code where it signed a refusal, ours where the message was parked."""
    parked: bool
    """Off the queue until an operator retries it; false: refused for good, under the partner's signature."""
    at: datetime


class LinkStatus(Struct, frozen=True, kw_only=True):
    """A link at one instant: the answer to "is it us or them?"."""

    partner: str
    url: str
    state: LinkState
    since: datetime
    queued_messages: int
    """Recorded for the partner and not receipted; -1 when our store does not say."""
    last_good_out: datetime | None
    """Last verified receipt or answered probe."""
    last_good_in: datetime | None
    """Last message taken from the partner. Says nothing about the way out."""
    last_failure: LinkFailure | None
    retry_at: datetime | None
    """Next attempt while in BACKOFF or REFUSED."""
    attempts_failed: int
    """In a row."""
    delivered: int
    """Receipts since the start."""
    refused: int
    """Signed refusals of single messages since the start."""
    parked: int
    """Messages that the partner turned away without a signature, or that are too long for it, since the start."""
    withheld: int
    """Messages that waited, and that the policy in force by then kept back, since the start."""
    last_refusal: MessageRefusal | None
    our_certificate_days: float | None
    their_certificate_days: float | None
    """Of the certificate that the partner showed last; None before the first connection."""
    clock_skew_s: float | None
    """Partner's clock minus ours, by the Date of its last answer: to the second, plus the time under way."""
