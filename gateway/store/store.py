"""The store's door: durable operations that survive a crash as one transaction each, and look-ups."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from gateway.clock import Clock
from gateway.errors import StoreError
from gateway.limits import Limits
from gateway.stages import Receipt, Recorded
from gateway.store import codes, held, reader
from gateway.store.held import HeldBack, Recall
from gateway.store.opening import open_writer, take_lock
from gateway.store.operations import (
    Plain,
    RecordInbound,
    RecordOutbound,
    remember_incarnation,
    resume,
    settle,
    swap_checkpoint,
)
from gateway.store.policies import policy_outline, remember_policy
from gateway.store.quarantine import quarantine
from gateway.store.reader import Readers
from gateway.store.records import (
    AnswerFactory,
    CheckpointRow,
    Cited,
    Counts,
    Enclosed,
    Exceptional,
    Idempotent,
    InboundOutcome,
    Incoming,
    LeafFactory,
    Minted,
    Outgoing,
    Quarantined,
    QueueState,
    Settlement,
    StoredMessage,
    StoreInfo,
    Withdrawal,
)
from gateway.store.relayed import RecordRelayed
from gateway.store.resumed import Waiting
from gateway.store.retention import prune_memory, prune_step
from gateway.store.transaction import Transaction
from gateway.store.withdrawals import withdrawals
from gateway.store.writer import Writer, describe

PRUNE_STEP = 200  # bodies per transaction, so that retention never holds up a message for long


class Store:
    """Durable rows of one gateway in one SQLite file. What a method returned is on disk.

    One process, one writer thread with group commit, a few reading threads. Methods are safe to call from any task of
    the loop that opened it.
    """

    def __init__(self, *, path: Path, limits: Limits, writer: Writer, readers: Readers, info: StoreInfo) -> None:
        self._path = path
        self._limits = limits
        self._writer = writer
        self._readers = readers
        self.info = info
        """Engine and schema, for the start-up log."""
        self.waiting = Waiting(writer, readers, limits.delayed_tracks)
        """Tracks that wait until a release group may see them."""
        self._connection: sqlite3.Connection
        self._lock: int

    @classmethod
    async def open(
        cls,
        path: Path,
        limits: Limits,
        clock: Clock,
        *,
        connection_factory: type[sqlite3.Connection] = sqlite3.Connection,
    ) -> Store:
        """The store at `path`, made or migrated as needed.

        `StoreError` STO-002 when it cannot be opened, STO-003 when a newer version wrote it, STO-004 when another
        process has it.
        """
        path = Path(path)
        lock = await asyncio.to_thread(take_lock, path)
        try:
            connection, info = await asyncio.to_thread(open_writer, path, connection_factory)
            try:
                readers = Readers(path)
                writer = Writer(connection, path, limits, clock)
            except sqlite3.Error as error:
                connection.close()
                raise StoreError(codes.CANNOT_OPEN, place=str(path), cause=describe(error)) from error
        except BaseException:
            os.close(lock)
            raise
        store = cls(path=path, limits=limits, writer=writer, readers=readers, info=info)
        store._connection = connection
        store._lock = lock
        return store

    async def close(self) -> None:
        """Finish what is under way, copy the write-ahead log back and let go of the file."""
        await self._writer.close()
        await self._readers.close()
        with contextlib.suppress(sqlite3.Error):  # a log that could not be copied back is read at the next start
            await asyncio.to_thread(self._connection.execute, "PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    # ------------------------------------------------------------------------------------------------------ messages

    async def record_outbound_all(
        self,
        messages: Sequence[Outgoing],
        minted: Sequence[Minted] = (),
        idempotency: Sequence[Idempotent] = (),
        waiting: Sequence[HeldBack] = (),
    ) -> list[Recorded]:
        """The messages, durable with their leaves, their places in the recipients' queues and their track index, the
        answers to the requests that they came from, and what is `waiting` of the same frames: all in one transaction,
        or none.

        A message recorded before with the same digest: its first record, and nothing new is written for it.
        `StoreError` STO-005 when one was recorded with another digest, STO-006 when an idempotency key was used with
        another body.
        """
        keep = self.waiting.keep(waiting)
        recorded = await self._writer.submit(RecordOutbound(messages, minted, idempotency, keep))
        self.waiting.count(keep)
        return recorded

    async def record_inbound(
        self,
        incoming: Incoming,
        *,
        leaf: LeafFactory,
        receipt: AnswerFactory,
        conflict_leaf: LeafFactory,
        conflict_receipt: AnswerFactory,
        enclosed: Enclosed | None = None,
        cited: Cited | None = None,
        onward: Sequence[Outgoing] = (),
        withdrawn: Sequence[Withdrawal] = (),
        waiting: Sequence[HeldBack] = (),
        recall: Recall | None = None,
    ) -> InboundOutcome:
        """An accepted message, durable with leaf and receipt; or what its id was answered before.

        A duplicate gets the original answer, whatever it was. The same id with another digest is an incident with a
        leaf of its own (one per distinct content) and `conflict_receipt` as its answer.

        What it has `enclosed` is recorded under its own origin and id, with its own leaf and receipt; where that was
        answered before, the answer binds. What goes `onward` from it is recorded in the same transaction, and so is
        what it has `withdrawn` and what is `waiting` of it, unless it is a duplicate or a conflict, or all of it was
        here before (`repeated`). What it `recall`s does not wait any more.
        """
        keep = self.waiting.keep(waiting)
        operation = RecordRelayed(
            incoming,
            leaf=leaf,
            answer=receipt,
            conflict_leaf=conflict_leaf,
            conflict_answer=conflict_receipt,
            enclosed=enclosed,
            cited=cited,
            onward=onward,
            withdrawn=withdrawn,
            limits=self._limits,
            keep=keep,
            recall=recall,
        )
        outcome = await self._writer.submit(operation)
        self.waiting.count(keep)
        return outcome

    async def record_refusal(
        self,
        incoming: Incoming,
        code: str,
        *,
        receipt: AnswerFactory,
        conflict_leaf: LeafFactory,
        conflict_receipt: AnswerFactory,
        leaf: LeafFactory | None = None,
    ) -> InboundOutcome:
        """A verified message that is refused with `code`: its answer, durable, so that a duplicate gets the same.

        The body is not kept (quarantine has it, bounded). Without `leaf` the refusal stands in a summary and the
        receipt gets index -1. When the id was answered before, that answer stands, an acceptance too.
        """
        return await self._writer.submit(
            RecordInbound(
                incoming,
                code=code,
                leaf=leaf,
                answer=receipt,
                conflict_leaf=conflict_leaf,
                conflict_answer=conflict_receipt,
            )
        )

    async def find_messages(self, message_id: str) -> list[StoredMessage]:
        """Every message with this id, with leaf index, receipts and answer; usually one."""
        return await self._readers.run(partial(reader.messages, message_id=message_id))

    async def told(self, track_ids: Sequence[str]) -> dict[str, frozenset[str]]:
        """For each of these tracks the partners that were sent a message with it, as far as retention reaches."""
        return await self._readers.run(partial(reader.told, track_ids=track_ids))

    async def speakers(self, track_ids: Sequence[str]) -> dict[str, str]:
        """For each of these tracks that partners told of the node that signed the newest word, as far as retention."""
        return await self._readers.run(partial(reader.speakers, track_ids=track_ids))

    async def withdrawals(self) -> list[Withdrawal]:
        """The tracks that partners withdrew and of which older messages may still come, as they were noted."""
        return await self._readers.run(withdrawals)

    async def latest_messages(self, limit: int) -> list[StoredMessage]:
        """Up to `limit` messages that hold the newest word on some track, oldest first, to rebuild the picture."""
        return await self._readers.run(partial(reader.latest_messages, limit=limit))

    # -------------------------------------------------------------------------------------------------------- queues

    async def next_outbound(self, partner: str, limit: int, after: int = 0) -> list[Recorded]:
        """Messages that wait for `partner`, oldest first; beyond sequence `after` for those already in flight."""
        return await self._readers.run(partial(reader.next_outbound, partner=partner, limit=limit, after=after))

    async def record_delivery(self, partner: str, seq: int, receipt: Receipt, leaf: LeafFactory) -> int:
        """Keep the partner's receipt and move its cursor, with a leaf; the leaf's index.

        A refusing receipt settles the message too and leaves a row among the exceptions. Receipts may come in any
        order: the cursor stops before the first message that waits. A second receipt for a message changes nothing and
        gives the first one's leaf. `StoreError` STO-008 when the message is not for this partner.
        """
        state = Settlement.REFUSED if receipt.outcome == "REFUSED" else None
        return await self._settle(partner, seq, receipt=receipt, state=state, code=receipt.code, cause="", leaf=leaf)

    async def set_aside(
        self, partner: str, seq: int, state: Settlement, *, code: str, cause: str = "", leaf: LeafFactory | None = None
    ) -> int:
        """Take a message off a partner's queue without a receipt, for one of the reasons but ``refused``; its leaf."""
        return await self._settle(partner, seq, receipt=None, state=state, code=code, cause=cause, leaf=leaf)

    async def _settle(
        self,
        partner: str,
        seq: int,
        *,
        receipt: Receipt | None,
        state: Settlement | None,
        code: str,
        cause: str,
        leaf: LeafFactory | None,
    ) -> int:
        def work(transaction: Transaction) -> int:
            return settle(transaction, partner, seq, receipt=receipt, state=state, code=code, cause=cause, leaf=leaf)

        return await self._writer.submit(Plain(work, rows=3))

    async def resume(self, partner: str, seq: int) -> None:
        """Queue a parked message again; `StoreError` STO-008 unless it is parked."""
        await self._writer.submit(Plain(lambda transaction: resume(transaction, partner, seq)))

    async def queue_depth(self, partner: str) -> int:
        """Messages that wait for `partner`."""
        return await self._readers.run(partial(reader.queue_depth, partner=partner))

    async def queues(self) -> list[QueueState]:
        """The queue of every node that ever was a recipient, by name."""
        return await self._readers.run(reader.queues)

    async def exceptions(self, partner: str | None = None, limit: int = 100) -> list[Exceptional]:
        """Messages that did not go the ordinary way, newest first."""
        return await self._readers.run(partial(reader.exceptions, partner=partner, limit=limit))

    # -------------------------------------------------------------------------------------------------------- ledger

    async def append_leaf(self, factory: LeafFactory) -> int:
        """Append one ledger entry; its index."""
        return await self._writer.submit(Plain(lambda transaction: transaction.leaf(factory)))

    async def remember_policy(self, digest: str, outline: bytes) -> None:
        """Keep what is to be known of a release policy for as long as messages wait that it decided."""
        await self._writer.submit(Plain(lambda transaction: remember_policy(transaction, digest, outline)))

    async def policy_outline(self, digest: str) -> bytes | None:
        """What `remember_policy` kept of it; nothing where it did not."""
        return await self._readers.run(partial(policy_outline, digest=digest))

    async def leaves(self, start: int, limit: int) -> list[bytes]:
        """Up to `limit` entries from index `start`."""
        return await self._readers.run(partial(reader.leaves, start=start, limit=limit))

    def leaf_count(self) -> int:
        """Entries on disk."""
        return self._writer.leaves

    async def checkpoint(self) -> CheckpointRow | None:
        """The last checkpoint, absent before the first."""
        return await self._readers.run(reader.checkpoint)

    async def swap_checkpoint(self, old_size: int, size: int, root: bytes, note: bytes) -> None:
        """Replace the last checkpoint by a larger one, if it still has `old_size` (0 before the first).

        Repeating a swap that went through is allowed; anything else that does not fit is `StoreError` STO-007.
        """
        new = CheckpointRow(size, root, note)
        await self._writer.submit(Plain(lambda transaction: swap_checkpoint(transaction, old_size, new)))

    # ---------------------------------------------------------------------------------------------- the national side

    async def find_response(self, source: str, key: str) -> tuple[str, bytes] | None:
        """(hex digest of the body, stored response) under a source's idempotency key."""
        return await self._readers.run(partial(reader.response, source=source, key=key))

    async def track_secret(self) -> bytes:
        """32 random octets that were made with the database: the key of the node's track identifiers."""
        return await self._readers.run(reader.track_secret)

    async def load_incarnations(self) -> list[Minted]:
        """What admission remembered, least recently seen first, up to `Limits.incarnations`."""
        return await self._readers.run(partial(reader.incarnations, limit=self._limits.incarnations))

    async def record_incarnations(self, minted: Sequence[Minted]) -> None:
        """Remember incarnations whose tracks no message carries."""

        def work(transaction: Transaction) -> None:
            for one in minted:
                remember_incarnation(transaction, one)

        await self._writer.submit(Plain(work, rows=len(minted)))

    async def quarantine(self, record: Quarantined) -> int:
        """Keep a refused frame for the operator, cut to `Limits.quarantine_octets`; its id.

        Beyond `Limits.quarantine_records` or `Limits.quarantine_total_octets` the oldest goes of the source that holds
        the most: a source can only push out its own.
        """
        return await self._writer.submit(Plain(lambda transaction: quarantine(transaction, record, self._limits)))

    async def quarantined(self, limit: int = 100, before: int | None = None) -> list[Quarantined]:
        """Refused frames, newest first; those older than id `before` for the next page."""
        return await self._readers.run(partial(reader.quarantined, limit=limit, before=before, only=None))

    # ---------------------------------------------------------------------------------------------------- the whole

    async def prune(self, before: datetime) -> int:
        """Remove bodies recorded before `before`; how many went.

        Leaves, digests, receipts and dedupe keys stay, and so does what some partner has still to get, or what tracks
        that wait came in: it ends at the first such message of its direction. Works in small steps, each durable, so it
        may be interrupted.
        """
        total = 0
        while step := await self._writer.submit(Plain(lambda t: prune_step(t, before, PRUNE_STEP), PRUNE_STEP)):
            total += step
        await self._writer.submit(Plain(lambda t: prune_memory(t, before, self._limits.incarnations)))
        return total

    async def counts(self) -> Counts:
        """Totals for status and metrics."""
        return Counts(backlog=self._writer.backlog, **await self._readers.run(reader.totals))

    async def integrity(self) -> list[str]:
        """What is wrong with the database, as sentences; empty when nothing is. Reads all of it."""
        return await self._readers.run(reader.findings) + await self._readers.run(held.findings)
