"""What waits for a release group, as the rooms above see it: what is due, and how it stops waiting."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from gateway.store import held
from gateway.store.held import Due, HeldBack, Keep
from gateway.store.operations import RecordOutbound
from gateway.store.reader import Readers
from gateway.store.records import Outgoing, StoredMessage
from gateway.store.transaction import Transaction
from gateway.store.writer import Writer


class RecordResumed:
    """Rows stop waiting and what became of them is recorded: in one transaction, if they are as they were read."""

    def __init__(self, rows: Sequence[HeldBack], messages: Sequence[Outgoing], keep: Keep) -> None:
        self._rows = rows
        self._outbound = RecordOutbound(messages, (), ())
        self._keep = keep
        self.rows = len(rows) + len(keep.rows) + self._outbound.rows
        self.outbound_ids = self._outbound.outbound_ids
        self.inbound_ids: Sequence[str] = ()

    def apply(self, transaction: Transaction) -> bool:
        """Whether it was done; if not, nothing was, for a row has gone or lost a track since."""
        if not held.is_unchanged(transaction, self._rows):
            return False
        self._outbound.apply(transaction)
        held.release(transaction, self._rows)
        self._keep.apply(transaction)
        return True


class Waiting:
    """The tracks that wait; part of the store."""

    def __init__(self, writer: Writer, readers: Readers, bound: int) -> None:
        self._writer = writer
        self._readers = readers
        self._bound = bound
        self.given_up = 0
        """Tracks that had to make room since the store was opened."""

    @property
    def tracks(self) -> int:
        """Tracks that wait, on disk."""
        return self._writer.held_tracks

    def keep(self, rows: Sequence[HeldBack]) -> Keep:
        """These rows as part of an operation; `count` it when it is done."""
        return Keep(rows, self._bound)

    def count(self, keep: Keep) -> None:
        """An operation that had rows wait is durable."""
        self.given_up += keep.given_up

    async def due(self, now: datetime, most: int) -> Due:
        """Rows that are due, first what was due first, of about `most` tracks and at least one; or the next time."""
        return await self._readers.run(partial(held.due, now=now, most=most))

    async def message(self, seq: int) -> StoredMessage | None:
        """The inbound message with this sequence, absent when there is none."""
        return await self._readers.run(partial(held.inbound, seq=seq))

    async def resume(
        self, rows: Sequence[HeldBack], messages: Sequence[Outgoing] = (), again: Sequence[HeldBack] = ()
    ) -> bool:
        """These rows stop waiting; `messages` that resulted are recorded, and `again` waits: in one transaction.

        False, and nothing done, when one of the rows is not as it was read: it had to make room, or what is in it was
        withdrawn. `StoreError` as when messages are recorded.
        """
        keep = self.keep(again)
        done = await self._writer.submit(RecordResumed(rows, messages, keep))
        self.count(keep)
        return done
