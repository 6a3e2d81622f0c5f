"""Recording a partner's message that rests on another node's, or from which messages of our own go on."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from gateway.limits import Limits
from gateway.store.held import Keep, Recall, withdraw
from gateway.store.operations import RecordInbound, RecordOutbound
from gateway.store.records import (
    AnswerFactory,
    Cited,
    Enclosed,
    InboundOutcome,
    Incoming,
    LeafFactory,
    Outcome,
    Outgoing,
    Withdrawal,
)
from gateway.store.transaction import Transaction
from gateway.store.withdrawals import remember_withdrawals


class RecordRelayed:
    """The message, the original that it encloses, what goes onward, now or later, and what is withdrawn: in one
    transaction, once.

    The original stands in the store under its own origin and id, with a leaf and a receipt of its own, so that it is
    the same message whichever way it came first. What was answered to it once binds its relays: they are refused as it
    was, and nothing is handed on a second time.
    """

    def __init__(
        self,
        incoming: Incoming,
        *,
        leaf: LeafFactory,
        answer: AnswerFactory,
        conflict_leaf: LeafFactory,
        conflict_answer: AnswerFactory,
        enclosed: Enclosed | None,
        cited: Cited | None,
        onward: Sequence[Outgoing],
        withdrawn: Sequence[Withdrawal],
        limits: Limits,
        keep: Keep,
        recall: Recall | None,
    ) -> None:
        self._incoming = incoming
        self._leaf = leaf
        self._answer = answer
        self._conflict_leaf = conflict_leaf
        self._conflict_answer = conflict_answer
        self._relay = self._reception(incoming, "", leaf, answer)
        self._enclosed = enclosed
        self._cited = cited
        self._onward = RecordOutbound(onward, (), ())
        self._withdrawn = withdrawn
        self._limits = limits
        self._keep = keep
        self._recall = recall
        self.rows = self._relay.rows + self._onward.rows + (2 if enclosed is None else 4 + len(enclosed.track_ids))
        self.rows += 3 * len(withdrawn) + len(keep.rows)
        self.outbound_ids: Sequence[str] = self._onward.outbound_ids
        others = [one.message_id for one in (enclosed, cited) if one is not None]
        self.inbound_ids: Sequence[str] = (incoming.message_id, *others)

    def apply(self, transaction: Transaction) -> InboundOutcome:
        """The outcome for the relay; `repeated` where what it rests on was here already."""
        if self._relay.is_known(transaction):
            return self._relay.apply(transaction)
        repeated, enclosed = False, self._enclosed
        if enclosed is not None:
            original = RecordInbound(
                enclosed.incoming(self._incoming.partner),
                code="",
                leaf=enclosed.leaf,
                answer=enclosed.receipt,
                conflict_leaf=enclosed.conflict_leaf,
                conflict_answer=enclosed.conflict_receipt,
            ).apply(transaction)
            if original.code:  # refused when it came before, or another content under its id
                leaf, answer = enclosed.refused_leaf(original.code), enclosed.refused_receipt(original.code)
                return self._reception(self._incoming, original.code, leaf, answer).apply(transaction)
            repeated = original.outcome is not Outcome.NEW
        if self._cited is not None:
            repeated = repeated or _is_accepted(transaction, self._cited)
        if repeated:  # nothing is handed on, so it is nobody's newest word, after a restart neither
            relay = replace(self._incoming, track_ids=())
            return replace(self._reception(relay, "", self._leaf, self._answer).apply(transaction), repeated=True)
        outcome = self._relay.apply(transaction)
        seq = transaction.state.next_inbound - 1  # its own: what it encloses was recorded before it
        self._onward.apply(transaction)
        if self._withdrawn:
            remember_withdrawals(transaction, self._withdrawn, self._limits)
        if self._recall is not None:
            withdraw(transaction, self._recall)
        self._keep.apply(transaction, seq)
        return outcome

    def _reception(self, incoming: Incoming, code: str, leaf: LeafFactory, answer: AnswerFactory) -> RecordInbound:
        return RecordInbound(
            incoming,
            code=code,
            leaf=leaf,
            answer=answer,
            conflict_leaf=self._conflict_leaf,
            conflict_answer=self._conflict_answer,
        )


def _is_accepted(transaction: Transaction, cited: Cited) -> bool:
    """Whether the cited message itself was accepted here."""
    party = transaction.state.parties.get(cited.origin)
    known = None if party is None else transaction.inbound_known.get((cited.message_id, party))
    return known is not None and not known[5] and known[2].hex() == cited.sha256
