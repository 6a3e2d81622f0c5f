"""What the writer can be asked to do: each operation validates first and has effects after, within one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from gateway.errors import StoreError
from gateway.stages import Receipt, Recorded
from gateway.store import codes
from gateway.store.held import Keep
from gateway.store.records import (
    AnswerFactory,
    CheckpointRow,
    Idempotent,
    InboundOutcome,
    Incoming,
    LeafFactory,
    Minted,
    Outcome,
    Outgoing,
    Settlement,
)
from gateway.store.schema import INBOUND_AUDIENCE, from_micros, pack_tracks, to_micros, track_key
from gateway.store.transaction import Row, Transaction

T = TypeVar("T")


class Plain(Generic[T]):
    """Any function of a transaction."""

    def __init__(self, function: Callable[[Transaction], T], rows: int = 1) -> None:
        self._function = function
        self.rows = rows
        self.outbound_ids: Sequence[str] = ()
        self.inbound_ids: Sequence[str] = ()

    def apply(self, transaction: Transaction) -> T:
        """The function's result."""
        return self._function(transaction)


class RecordOutbound:
    """Message, dedupe key, leaf, queues, track index, incarnations, answer and what is held: all or nothing."""

    def __init__(
        self,
        messages: Sequence[Outgoing],
        minted: Sequence[Minted],
        idempotency: Sequence[Idempotent],
        keep: Keep | None = None,
    ) -> None:
        self._messages = messages
        self._minted = minted
        self._idempotency = idempotency
        self._keep = keep
        self.rows = len(minted) + len(idempotency) + sum(2 + len(m.sealed.track_ids) for m in messages)
        self.rows += len(keep.rows) if keep is not None else 0
        self.outbound_ids: Sequence[str] = [m.sealed.message_id for m in messages]
        self.inbound_ids: Sequence[str] = ()

    def apply(self, transaction: Transaction) -> list[Recorded]:
        """One `Recorded` per message; the first one's for a message that was recorded before."""
        for message in self._messages:
            self._check_digest(transaction, message)
        fresh = [idempotent for idempotent in self._idempotency if is_fresh(transaction, idempotent)]
        recorded = [self._record(transaction, message) for message in self._messages]
        for minted in self._minted:
            remember_incarnation(transaction, minted)
        for idempotent in fresh:
            remember_response(transaction, idempotent)
        if self._keep is not None:
            self._keep.apply(transaction)
        return recorded

    def _known(self, transaction: Transaction, message: Outgoing) -> Row | None:
        party = transaction.state.parties.get(message.sealed.origin)
        return None if party is None else transaction.outbound_known.get((message.sealed.message_id, party))

    def _check_digest(self, transaction: Transaction, message: Outgoing) -> None:
        known = self._known(transaction, message)
        if known is not None and known[2].hex() != message.sealed.sha256:
            raise StoreError(
                codes.DIGEST_CONFLICT,
                place=f"message {message.sealed.message_id}",
                cause=f"recorded with digest {known[2].hex()[:8]}.., offered with {message.sealed.sha256[:8]}..",
            )

    def _record(self, transaction: Transaction, message: Outgoing) -> Recorded:
        sealed = message.sealed
        self._check_digest(transaction, message)  # again: the call itself may hold one id twice
        known = self._known(transaction, message)
        if known is not None:
            return Recorded(seq=known[5], leaf_index=known[3], recorded_at=from_micros(known[4]), message=sealed)
        digest = bytes.fromhex(sealed.sha256)
        leaf = transaction.leaf(message.leaf)
        seq = transaction.state.next_outbound
        origin = transaction.party(sealed.origin)
        audience = transaction.audience(sealed.recipients)
        keys = [track_key(track_id) for track_id in sealed.track_ids]
        transaction.outbound(
            (
                seq,
                sealed.message_id,
                origin,
                audience,
                digest,
                sealed.key,
                sealed.rule,
                to_micros(sealed.created_at),
                transaction.now_micros,
                leaf,
                pack_tracks(sealed.track_ids),
                sealed.octets,
                transaction.policy(sealed.policy) if sealed.policy else None,
            ),
            [transaction.party(name) for name in sealed.recipients],
        )
        transaction.latest(keys, audience, seq)
        transaction.outbound_known[sealed.message_id, origin] = (
            sealed.message_id,
            origin,
            digest,
            leaf,
            transaction.now_micros,
            seq,
        )
        return Recorded(seq=seq, leaf_index=leaf, recorded_at=transaction.now, message=sealed)


class RecordInbound:
    """A partner's message with its answer: new, seen before, or an incident."""

    def __init__(
        self,
        incoming: Incoming,
        *,
        code: str,
        leaf: LeafFactory | None,
        answer: AnswerFactory,
        conflict_leaf: LeafFactory,
        conflict_answer: AnswerFactory,
    ) -> None:
        self._incoming = incoming
        self._code = code
        self._leaf = leaf
        self._answer = answer
        self._conflict_leaf = conflict_leaf
        self._conflict_answer = conflict_answer
        self.rows = 2 + len(incoming.track_ids)
        self.outbound_ids: Sequence[str] = ()
        self.inbound_ids: Sequence[str] = (incoming.message_id,)

    def apply(self, transaction: Transaction) -> InboundOutcome:
        """The outcome, with the answer that is now durable."""
        incoming, known = self._incoming, self._known(transaction)
        if known is None:
            return self._new(transaction)
        if known[2].hex() == incoming.sha256:
            return InboundOutcome(
                outcome=Outcome.DUPLICATE,
                code=known[5],
                answer=known[6],
                leaf_index=known[3],
                recorded_at=from_micros(known[4]),
            )
        return self._conflict(transaction)

    def is_known(self, transaction: Transaction) -> bool:
        """Whether its id was answered before."""
        return self._known(transaction) is not None

    def _known(self, transaction: Transaction) -> Row | None:
        party = transaction.state.parties.get(self._incoming.origin)
        return None if party is None else transaction.inbound_known.get((self._incoming.message_id, party))

    def _new(self, transaction: Transaction) -> InboundOutcome:
        incoming = self._incoming
        leaf = -1 if self._leaf is None else transaction.leaf(self._leaf)
        answer = self._answer(leaf, transaction.now)
        digest = bytes.fromhex(incoming.sha256)
        origin = transaction.party(incoming.origin)
        seq = transaction.state.next_inbound
        accepted = not self._code
        transaction.inbound(
            (
                seq,
                incoming.message_id,
                origin,
                transaction.party(incoming.partner),
                digest,
                self._code,
                transaction.now_micros,
                leaf,
                answer,
                pack_tracks(incoming.track_ids) if accepted else None,
                incoming.octets if accepted else None,  # what was refused is in quarantine, bounded
            )
        )
        if accepted:
            transaction.latest(map(track_key, incoming.track_ids), INBOUND_AUDIENCE, seq)
        transaction.inbound_known[incoming.message_id, origin] = (
            incoming.message_id,
            origin,
            digest,
            leaf,
            transaction.now_micros,
            self._code,
            answer,
        )
        return InboundOutcome(
            outcome=Outcome.NEW, code=self._code, answer=answer, leaf_index=leaf, recorded_at=transaction.now
        )

    def _conflict(self, transaction: Transaction) -> InboundOutcome:
        """An incident: ledgered once per distinct content, however often it is repeated."""
        incoming = self._incoming
        origin = transaction.party(incoming.origin)
        key = (incoming.message_id, origin, bytes.fromhex(incoming.sha256))
        rows = transaction.read(
            "SELECT leaf, answer, at FROM incident WHERE message_id = ? AND origin = ? AND sha256 = ?", key
        )
        if rows:
            leaf, answer, at = rows[0]
        else:
            leaf = transaction.leaf(self._conflict_leaf)
            answer, at = self._conflict_answer(leaf, transaction.now), transaction.now_micros
            party = transaction.party(incoming.partner)
            transaction.write("INSERT INTO incident VALUES (?, ?, ?, ?, ?, ?, ?)", (*key, party, at, leaf, answer))
        return InboundOutcome(
            outcome=Outcome.CONFLICT,
            code=codes.DIGEST_CONFLICT.id,
            answer=answer,
            leaf_index=leaf,
            recorded_at=from_micros(at),
        )


def is_fresh(transaction: Transaction, idempotent: Idempotent) -> bool:
    """Whether the key is unused; `StoreError` STO-006 when it was used with another body."""
    known = transaction.response(idempotent.source, idempotent.key)
    if known is not None and known[0].hex() != idempotent.body_sha256:
        raise StoreError(
            codes.KEY_CONFLICT,
            place=f"source {idempotent.source}",
            cause=f"used with digest {known[0].hex()[:8]}.., offered with {idempotent.body_sha256[:8]}..",
        )
    return known is None


def remember_response(transaction: Transaction, idempotent: Idempotent) -> None:
    """Keep the answer under its key."""
    body = bytes.fromhex(idempotent.body_sha256)
    transaction.remember((idempotent.source, idempotent.key, body, transaction.now_micros, idempotent.response))


def remember_incarnation(transaction: Transaction, minted: Minted) -> None:
    """Keep what admission must know after a restart."""
    track = track_key(minted.track_id)
    transaction.minted((minted.source, minted.native, track, to_micros(minted.started_at), to_micros(minted.last_seen)))


def settle(
    transaction: Transaction,
    partner: str,
    seq: int,
    *,
    receipt: Receipt | None,
    state: Settlement | None,
    code: str,
    cause: str,
    leaf: LeafFactory | None,
) -> int:
    """Take one message off a partner's queue and move the cursor over all that is settled; index of the leaf.

    A message that is settled already stays as it is and gets no second leaf: its index, -1 where it has none.
    """
    party = _queued(transaction, partner, seq)
    known = transaction.read("SELECT leaf, state FROM delivery WHERE party = ? AND seq = ?", (party, seq))
    if known and not (known[0][1] == Settlement.PARKED and receipt is not None):
        return int(known[0][0])
    index = -1 if leaf is None else transaction.leaf(leaf)
    mark = "delivered" if state is None else state.value
    theirs = (None, None, None, None, None)
    if receipt is not None:
        theirs = (receipt.node, receipt.outcome, receipt.leaf_index, to_micros(receipt.time), receipt.note)  # type: ignore[assignment]  # the columns' own types
    node, outcome, their_leaf, their_time, note = theirs
    transaction.write(
        "REPLACE INTO delivery VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (party, seq, transaction.now_micros, mark, index, node, outcome, code, their_leaf, their_time, note),
    )
    if state is None:
        transaction.write("DELETE FROM exceptional WHERE party = ? AND seq = ?", (party, seq))
    else:
        transaction.write(
            "REPLACE INTO exceptional VALUES (?, ?, ?, ?, ?, ?)",
            (party, seq, state.value, code, cause, transaction.now_micros),
        )
    if not known:
        transaction.write("UPDATE party SET settled = settled + 1 WHERE id = ?", (party,))
    _advance(transaction, party)
    return index


def resume(transaction: Transaction, partner: str, seq: int) -> None:
    """Queue a parked message again: the cursor goes back to before it, and passes by all that is settled."""
    party = _queued(transaction, partner, seq)
    parked = (party, seq, Settlement.PARKED.value)
    if transaction.write("DELETE FROM exceptional WHERE party = ? AND seq = ? AND state = ?", parked).rowcount != 1:
        raise StoreError(codes.UNKNOWN_MESSAGE, place=f"partner {partner}, message {seq}", cause="it is not parked")
    if not transaction.read("SELECT 1 FROM outbound WHERE seq = ? AND octets IS NOT NULL", (seq,)):
        cause = "its body was removed by retention, so there is nothing to send"
        raise StoreError(codes.UNKNOWN_MESSAGE, place=f"partner {partner}, message {seq}", cause=cause)
    transaction.write("DELETE FROM delivery WHERE party = ? AND seq = ?", (party, seq))
    transaction.write("UPDATE party SET settled = settled - 1, cursor = min(cursor, ?) WHERE id = ?", (seq - 1, party))


def _queued(transaction: Transaction, partner: str, seq: int) -> int:
    """The partner's number; `StoreError` STO-008 unless the message is for it."""
    party = transaction.state.parties.get(partner)
    if party is None or not transaction.read("SELECT 1 FROM recipient WHERE party = ? AND seq = ?", (party, seq)):
        raise StoreError(codes.UNKNOWN_MESSAGE, place=f"partner {partner}, message {seq}")
    return party


def _advance(transaction: Transaction, party: int) -> None:
    """Move the cursor to just before the first message that still waits."""
    waiting = transaction.read(
        """SELECT r.seq FROM party AS p JOIN recipient AS r ON r.party = p.id AND r.seq > p.cursor
           WHERE p.id = ? AND NOT EXISTS (SELECT 1 FROM delivery AS d WHERE d.party = r.party AND d.seq = r.seq)
           ORDER BY r.seq LIMIT 1""",
        (party,),
    )
    transaction.write(
        """UPDATE party SET cursor = coalesce(
             (SELECT max(seq) FROM recipient WHERE party = ? AND seq < ? AND seq > cursor), cursor) WHERE id = ?""",
        (party, waiting[0][0] if waiting else transaction.state.next_outbound, party),
    )


def swap_checkpoint(transaction: Transaction, old_size: int, new: CheckpointRow) -> None:
    """Replace the last checkpoint if it is the expected one; `StoreError` STO-007 if it is not, or is larger."""
    rows = transaction.read("SELECT size, root, note FROM checkpoint")
    size = rows[0][0] if rows else 0
    same = bool(rows) and (rows[0][0], rows[0][1]) == (new.size, new.root)
    if same:
        return  # a repetition after a commit in doubt
    if size != old_size or new.size < size or (rows and new.size == size):
        raise StoreError(
            codes.CHECKPOINT_MOVED,
            cause=f"expected to replace size {old_size} by {new.size}, observed size {size}",
        )
    transaction.write("REPLACE INTO checkpoint VALUES (1, ?, ?, ?)", (new.size, new.root, new.note))
