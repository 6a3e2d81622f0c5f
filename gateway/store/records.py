"""What goes into the store and what comes out, as frozen values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from gateway.stages import Receipt, Recorded, Sealed

LeafFactory = Callable[[int, datetime], bytes]
"""Builds a ledger entry (1 to 65,535 octets) from the index and the time that the store assigns.

It runs on the writer thread inside the transaction, perhaps twice, so it must be quick and have no effects.
"""

AnswerFactory = Callable[[int, datetime], bytes]
"""Builds a signed receipt or refusal from the leaf index (-1 without a leaf) and the time; rules as for a leaf."""


class Minted(Struct, frozen=True, kw_only=True, gc=False):
    """One incarnation of a native track number: what admission must remember over a restart."""

    source: str
    native: str
    track_id: str
    started_at: datetime
    last_seen: datetime


class Idempotent(Struct, frozen=True, kw_only=True, gc=False):
    """The stored answer to a request that a client may repeat."""

    source: str
    """Configured name of the source that asked: keys of two sources never meet."""
    key: str
    """The client's ``Idempotency-Key``."""
    body_sha256: str
    """Hex digest of the request body; the same key with another one is a conflict."""
    response: bytes
    """What to answer again."""


class Outgoing(Struct, frozen=True, kw_only=True, gc=False):
    """A sealed message with the factory of its ledger entry."""

    sealed: Sealed
    leaf: LeafFactory


class Incoming(Struct, frozen=True, kw_only=True, gc=False):
    """A verified message from a partner, as the store needs it."""

    origin: str
    """Node that signed."""
    message_id: str
    sha256: str
    """Hex digest of `octets`."""
    octets: bytes
    partner: str
    """Link on which it came; differs from `origin` when it was relayed."""
    track_ids: tuple[str, ...] = ()


class Enclosed(Struct, frozen=True, kw_only=True, gc=False):
    """Another node's message, whole inside a partner's, with how it and its relay are ledgered and answered."""

    origin: str
    """Node that signed it."""
    message_id: str
    sha256: str
    """Hex digest of `octets`."""
    octets: bytes
    track_ids: tuple[str, ...] = ()
    leaf: LeafFactory
    receipt: AnswerFactory
    """What its origin is answered, should it send the same octets itself."""
    conflict_leaf: LeafFactory
    conflict_receipt: AnswerFactory
    refused_leaf: Callable[[str], LeafFactory]
    """Of the relay, where the original was refused before with this code."""
    refused_receipt: Callable[[str], AnswerFactory]

    def incoming(self, partner: str) -> Incoming:
        """The original as a message that came from this partner."""
        return Incoming(
            origin=self.origin,
            message_id=self.message_id,
            sha256=self.sha256,
            octets=self.octets,
            partner=partner,
            track_ids=self.track_ids,
        )


class Cited(Struct, frozen=True, kw_only=True, gc=False):
    """Another node's message, from which a partner made the one that it sent."""

    origin: str
    message_id: str
    sha256: str


class Withdrawal(Struct, frozen=True, kw_only=True, gc=False):
    """A track that was withdrawn: states of it that are not newer do not come back."""

    track_id: str
    origin: str
    """Node whose track it is."""
    teller: str
    """Node whose word the withdrawal is: the origin's own, or that of one who told or brought the track."""
    until: datetime
    """States up to this time of applicability are withdrawn."""
    noted_at: datetime


class Outcome(StrEnum):
    """What became of a message that a partner sent."""

    NEW = "new"
    DUPLICATE = "duplicate"
    """Seen before with the same digest: the answer is the original one, acceptance or refusal."""
    CONFLICT = "conflict"
    """Seen before with another digest: an incident."""


class InboundOutcome(Struct, frozen=True, kw_only=True, gc=False):
    """What became of an inbound message, and the one answer that its sender ever gets."""

    outcome: Outcome
    code: str
    """Error code of a refusal; empty when the message stands accepted."""
    answer: bytes
    """The signed receipt or refusal, durable."""
    leaf_index: int
    """-1 when it has no leaf of its own."""
    recorded_at: datetime
    repeated: bool = False
    """It is new, and the message that it passes on or was made from is here already: there is nothing to hand on."""


class Direction(StrEnum):
    """Which way a stored message went."""

    OUTBOUND = "outbound"
    INBOUND = "inbound"


class StoredMessage(Struct, frozen=True, kw_only=True, gc=False):
    """A message as the store holds it."""

    direction: Direction
    seq: int
    origin: str
    message_id: str
    sha256: str
    recorded_at: datetime
    leaf_index: int
    octets: bytes | None
    """Absent once retention has removed it; digest and leaf stay."""
    track_ids: tuple[str, ...]
    partners: tuple[str, ...]
    """Recipients of an outbound message; the link that an inbound one came on."""
    receipts: tuple[Receipt, ...] = ()
    """From the partners, for an outbound message."""
    answer: bytes | None = None
    """Ours, for an inbound message."""
    code: str = ""
    """Why an inbound message was refused; empty when accepted."""


class Settlement(StrEnum):
    """Why a queued message is no longer waiting for a partner, other than an accepting receipt."""

    PARKED = "parked"
    """By an operator or after a fault that only people can mend; may be resumed."""
    REFUSED = "refused"
    """The partner refused it for good."""
    SUPERSEDED = "superseded"
    """A newer state of every track in it went instead."""
    EXPIRED = "expired"
    WITHHELD = "withheld"
    """The policy that came into force while it waited keeps it from this partner. Final: no later policy queues it."""


class Exceptional(Struct, frozen=True, kw_only=True, gc=False):
    """One (message, partner) that did not go the ordinary way."""

    partner: str
    seq: int
    state: Settlement
    code: str
    cause: str
    at: datetime
    message_id: str


class Standing(Struct, frozen=True, kw_only=True, gc=False):
    """How one partner stands to one outbound message."""

    partner: str
    state: str = "waiting"
    """``waiting``, ``delivered`` or a `Settlement`."""
    code: str = ""
    cause: str = ""
    at: datetime | None = None
    """When it came to that; absent while it waits."""
    leaf_index: int = -1
    """Of the entry in our ledger that says so; -1 where there is none."""


class Quarantined(Struct, frozen=True, kw_only=True, gc=False):
    """A refused frame or message, kept for the operator."""

    id: int = 0
    """Assigned by the store."""
    at: datetime
    source: str
    """Configured source or partner that sent it."""
    feed: str = ""
    """Feed on which it came, such as ``http``; `links` for a partner's message."""
    peer: str = ""
    """Address that it came from, as the feed knows it."""
    code: str
    place: str
    cause: str = ""
    octets: bytes
    """Cut to `Limits.quarantine_octets`."""
    length: int
    """Before the cut."""


class CheckpointRow(Struct, frozen=True, gc=False):
    """The last checkpoint for which this store let the ledger sign."""

    size: int
    root: bytes
    """32 octets."""
    note: bytes
    """The signed note; empty before the first."""


class QueueState(Struct, frozen=True, kw_only=True, gc=False):
    """One partner's queue at a glance."""

    partner: str
    cursor: int
    """Every message for the partner up to this one is settled."""
    depth: int
    """Messages that wait."""
    settled: int


class Counts(Struct, frozen=True, kw_only=True, gc=False):
    """Totals for status and metrics, since the store was made."""

    outbound: int
    inbound: int
    leaves: int
    checkpoint_size: int
    quarantined: int
    incidents: int
    incarnations: int
    backlog: int
    """Writes that wait for the writer now."""


class StoreInfo(Struct, frozen=True, kw_only=True, gc=False):
    """What the database is, for the start-up log and support."""

    path: str
    engine: str
    """Such as ``SQLite 3.40.1``."""
    schema_version: int
    wal_reset_bug: bool
    """SQLite from 3.7.0 to 3.51.2 can lose a commit when two connections write or checkpoint at once; this store has
    one connection that does either, so it is not exposed, and neither must any tool be that opens the file to write."""


__all__ = [
    "AnswerFactory",
    "CheckpointRow",
    "Counts",
    "Direction",
    "Exceptional",
    "Idempotent",
    "InboundOutcome",
    "Incoming",
    "LeafFactory",
    "Minted",
    "Outcome",
    "Outgoing",
    "Quarantined",
    "QueueState",
    "Receipt",
    "Recorded",
    "Sealed",
    "Settlement",
    "StoreInfo",
    "StoredMessage",
]
