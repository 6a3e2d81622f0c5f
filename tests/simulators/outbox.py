"""A queue in memory with the store's contract, for tests of a link without a disk; it can be told to fail."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from gateway.errors import StoreError
from gateway.links.outbox import KeptBack
from gateway.stages import Receipt, Recorded, Sealed
from gateway.store import LeafFactory, Settlement
from gateway.store.codes import NOT_DURABLE


def sealed(number: int, *recipients: str, size: int = 0, origin: str = "nld-1") -> Sealed:
    """A message with the id of `number`, padded to `size` octets. The links never look inside."""
    message_id = str(UUID(int=number))
    text = f"<TrackMessage><MessageId>{message_id}</MessageId>".encode()
    octets = text + b"." * max(0, size - len(text) - 15) + b"</TrackMessage>"
    return Sealed(
        message_id=message_id,
        origin=origin,
        recipients=recipients,
        created_at=datetime(2026, 11, 22, tzinfo=UTC),
        octets=octets,
        sha256=hashlib.sha256(octets).hexdigest(),
        key="00" * 32,
        track_ids=(),
    )


class SimulatedGate:
    """Lets everything go; or keeps back the messages that it is told to, by number."""

    def __init__(self, policy: str = "") -> None:
        self.policy = policy
        self.shut: set[int] = set()
        self.asked: list[tuple[str, int]] = []
        """Policy and seq of each question."""
        self.failures = 0
        """So many of the next questions fail."""
        self.due: set[int] = set()
        """Numbers of messages that are asked about though the same policy decided on them."""

    def is_due(self, recorded: Recorded) -> bool:
        return recorded.seq in self.due

    async def keeps_back(self, partner: str, recorded: Recorded) -> KeptBack | None:
        self.asked.append((self.policy, recorded.seq))
        if self.failures:
            self.failures -= 1
            raise StoreError(NOT_DURABLE, cause="told to")
        if recorded.seq not in self.shut:
            return None
        word = f"withheld {recorded.message.message_id}".encode()
        return KeptBack(rule="release.no", policy=self.policy, cause="told to", leaf=lambda index, time: word)


class MemoryOutbox:
    """One partner's queue; `settled` holds the receipts by seq, in the order in which they were recorded."""

    def __init__(self) -> None:
        self.messages: list[Recorded] = []
        self.settled: dict[int, Receipt] = {}
        self.parked: dict[int, str] = {}
        self.withheld: dict[int, str] = {}
        self.leaves: list[bytes] = []
        self.failures = 0
        """So many of the next calls fail."""
        self.reads = 0
        self._changed = asyncio.Event()

    def add(self, *numbers: int, size: int = 0) -> list[str]:
        """Record messages for the partner ``deu-1``; their ids."""
        for number in numbers:
            message = sealed(number, "deu-1", size=size)
            seq = len(self.messages) + 1
            at = datetime(2026, 11, 22, tzinfo=UTC)
            self.messages.append(Recorded(seq=seq, leaf_index=seq, recorded_at=at, message=message))
        return [str(UUID(int=number)) for number in numbers]

    async def until(self, done: Callable[[], bool], seconds: float = 60.0) -> None:
        """Return when `done` holds; it is asked after each change here."""
        async with asyncio.timeout(seconds):
            while not done():
                await self._changed.wait()
                self._changed.clear()

    async def next_outbound(self, partner: str, limit: int) -> Sequence[Recorded]:
        self.reads += 1
        self._changed.set()
        self._fail()
        gone = {*self.settled, *self.parked, *self.withheld}
        return [one for one in self.messages if one.seq not in gone][:limit]

    async def record_delivery(self, partner: str, seq: int, receipt: Receipt, leaf: LeafFactory) -> int:
        self._fail()
        assert seq not in self.settled, "a link records a receipt once"
        self.settled[seq] = receipt
        self.leaves.append(leaf(len(self.leaves), receipt.time))
        self._changed.set()
        return len(self.leaves) - 1

    async def set_aside(
        self, partner: str, seq: int, state: Settlement, *, code: str, cause: str = "", leaf: LeafFactory | None = None
    ) -> int:
        self._fail()
        assert state in (Settlement.PARKED, Settlement.WITHHELD)
        (self.parked if state is Settlement.PARKED else self.withheld)[seq] = code
        if leaf is not None:
            self.leaves.append(leaf(len(self.leaves), datetime(2026, 11, 22, tzinfo=UTC)))
        self._changed.set()
        return len(self.leaves) - 1 if leaf is not None else -1

    async def queue_depth(self, partner: str) -> int:
        self._fail()
        return len(self.messages) - len(self.settled) - len(self.parked) - len(self.withheld)

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreError(NOT_DURABLE, cause="told to")
