"""The inbox: what the store keeps of a partner's message, with its leaf and our signed answer in one transaction."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from gateway.errors import GatewayError
from gateway.ledger import Ledger, leaf
from gateway.stages import Accepted, Opened, Verified
from gateway.store import AnswerFactory, InboundOutcome, Incoming, LeafFactory, Store
from gateway.store.codes import DIGEST_CONFLICT

UNREAD = "-"
"""Stands for the message id in the refusal of a message that could not be read; its digest names it."""


class Inbox:
    """Records partners' messages, accepted and refused."""

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger

    async def record(self, accepted: Accepted) -> InboundOutcome:
        """The accepted message with its leaf and our receipt in one transaction, or what its id was answered before."""
        verified, header = accepted.opened.verified, accepted.opened.message.header
        inbound, digest = verified.inbound, sha256(verified.inbound.octets).hexdigest()
        return await self._store.record_inbound(
            Incoming(
                origin=verified.signer,
                message_id=header.message_id,
                sha256=digest,
                octets=inbound.octets,
                partner=inbound.partner,
                track_ids=tuple(dict.fromkeys(track.track_id or "" for track in accepted.tracks)),
            ),
            leaf=leaf.received(
                message_id=header.message_id,
                origin=verified.signer,
                peer=inbound.partner,
                sha256=digest,
                key=verified.key,
                tracks=len(accepted.tracks),
                rule=accepted.rule,
            ),
            receipt=self._receipt(verified, digest, header.message_id),
            conflict_leaf=_conflict(verified, digest, header.message_id),
            conflict_receipt=self._receipt(verified, digest, header.message_id, DIGEST_CONFLICT.id),
        )

    async def refuse(self, verified: Verified, opened: Opened | None, error: GatewayError) -> InboundOutcome:
        """The signed refusal of an authentic message; the original answer when it came before."""
        message_id = opened.message.header.message_id if opened is not None else UNREAD
        inbound, digest = verified.inbound, sha256(verified.inbound.octets).hexdigest()
        return await self._store.record_refusal(
            Incoming(
                origin=verified.signer,
                message_id=message_id if opened is not None else digest,
                sha256=digest,
                octets=inbound.octets,
                partner=inbound.partner,
            ),
            error.code.id,
            leaf=leaf.refused(
                message_id=message_id,
                origin=verified.signer,
                peer=inbound.partner,
                sha256=digest,
                code=error.code.id,
            ),
            receipt=self._receipt(verified, digest, message_id, error.code.id),
            conflict_leaf=_conflict(verified, digest, message_id),
            conflict_receipt=self._receipt(verified, digest, message_id, DIGEST_CONFLICT.id),
        )

    def _receipt(self, verified: Verified, digest: str, message_id: str, code: str = "") -> AnswerFactory:
        """Signs our answer once the store has assigned leaf and time."""

        def sign(leaf_index: int, time: datetime) -> bytes:
            return self._ledger.receipt(
                origin=verified.signer,
                message_id=message_id,
                sha256=digest,
                leaf_index=leaf_index,
                time=time,
                code=code,
            )

        return sign


def _conflict(verified: Verified, digest: str, message_id: str) -> LeafFactory:
    return leaf.conflict(message_id=message_id, origin=verified.signer, peer=verified.inbound.partner, sha256=digest)
