"""What a link needs of the store and the ledger, as protocols: the rooms below fulfil them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.stages import Delivery, Receipt, Recorded


class Outbox(Protocol):
    """The durable queue of each partner: append-only messages and one cursor. Calls may raise `StoreError`.

    The link is the only one that moves its partner's cursor, and moves it in order of `seq`.
    """

    async def next_outbound(self, partner: str, limit: int) -> Sequence[Recorded]:
        """The oldest messages for the partner after its cursor, in order of `seq`, at most `limit`."""
        ...

    async def record_delivery(self, delivery: Delivery) -> None:
        """Keep the receipt with its ledger leaf and pass the cursor over the message, in one transaction.

        The receipt's outcome says whether the message counts as delivered or as refused by the partner.
        Durable when it returns.
        """
        ...

    async def queue_depth(self, partner: str) -> int:
        """Messages for the partner that are neither receipted nor refused."""
        ...


class OpenReceipt(Protocol):
    """Reads a signed receipt note."""

    def __call__(self, note: bytes, vkey: str) -> Receipt:
        """The receipt; `GatewayError` unless the note is well-formed and that key signed it."""
        ...
