"""What a link needs of the store and the ledger, as protocols: the rooms below fulfil them as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from gateway.ledger.note import Verifier
from gateway.stages import Delivery, Receipt, Recorded
from gateway.store import LeafFactory, Settlement


class Outbox(Protocol):
    """The durable queue of each partner: append-only messages and one cursor. Any call may raise `StoreError`."""

    async def next_outbound(self, partner: str, limit: int) -> Sequence[Recorded]:
        """The oldest messages that wait for the partner, in order of `seq`, at most `limit`."""
        ...

    async def record_delivery(self, partner: str, seq: int, receipt: Receipt, leaf: LeafFactory) -> int:
        """Keep the receipt with its ledger leaf and settle the message, in one transaction; the leaf's index.

        The receipt's outcome says whether the message counts as delivered or as refused by the partner. Receipts may
        come in any order: the cursor stops before the first message that waits. Durable when it returns.
        """
        ...

    async def set_aside(
        self, partner: str, seq: int, state: Settlement, *, code: str, cause: str = "", leaf: LeafFactory | None = None
    ) -> int:
        """Take a message off the queue without a receipt, for an operator to look at; the leaf's index or -1."""
        ...

    async def queue_depth(self, partner: str) -> int:
        """Messages that wait for the partner."""
        ...


class KeptBack(Struct, frozen=True, kw_only=True):
    """Why a message does not go to a partner any more."""

    rule: str
    """Of the policy, as ledgers name it."""
    policy: str
    """Hex SHA-256 of the policy that decided."""
    cause: str
    """In words, for the operator."""
    leaf: LeafFactory


class Gate(Protocol):
    """Who may still get what was released and waits. What it decides on, links do not know."""

    @property
    def policy(self) -> str:
        """Hex SHA-256 of the policy in force. What was decided by that one is asked about again where it is due."""
        ...

    def is_due(self, recorded: Recorded) -> bool:
        """Whether time alone may have changed what the message was decided on. Quick: asked before each is sent."""
        ...

    async def keeps_back(self, partner: str, recorded: Recorded) -> KeptBack | None:
        """Why the message does not go to the partner, by the policy in force; nothing if it does.

        May raise `GatewayError` where that cannot be found out now; then it waits.
        """
        ...


class OpenReceipt(Protocol):
    """Reads a signed receipt note."""

    def __call__(self, note: bytes, key: Verifier, /) -> Receipt:
        """The receipt; `GatewayError` unless the note is well-formed and that key signed it."""
        ...


DeliveredLeaf = Callable[[Delivery], LeafFactory]
"""Makes the ledger's leaf for a verified receipt, acceptance or refusal."""
