"""The inbox: what the store keeps of a partner's message, with its leaf and our signed answer in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from gateway.errors import GatewayError, PolicyError
from gateway.ledger import Ledger, leaf
from gateway.stages import Accepted, Opened, Verified
from gateway.store import (
    AnswerFactory,
    Cited,
    Enclosed,
    HeldBack,
    InboundOutcome,
    Incoming,
    LeafFactory,
    Outgoing,
    Recall,
    Store,
    Withdrawal,
)
from gateway.store.codes import DIGEST_CONFLICT

UNREAD = "-"
"""Stands for the message id in the refusal of a message that could not be read; its digest names it."""


class Inbox:
    """Records partners' messages, accepted and refused."""

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger

    async def record(
        self,
        accepted: Accepted,
        onward: Sequence[Outgoing] = (),
        track_ids: Sequence[str] | None = None,
        withdrawn: Sequence[Withdrawal] = (),
        waiting: Sequence[HeldBack] = (),
        recall: Recall | None = None,
    ) -> InboundOutcome:
        """The accepted message with its leaf and our receipt in one transaction, or what its id was answered before.

        An original that it encloses is recorded beside it, under its own origin and id; `onward` goes out if there is
        anything new. `track_ids` are those on which it is the newest word; absent is every track that was accepted.
        What it has `withdrawn` is remembered with it; what is held back of it is `waiting` from then on, and what it
        `recall`s is not any more.
        """
        opened = accepted.opened
        verified, header = opened.verified, opened.message.header
        inbound, digest = verified.inbound, sha256(verified.inbound.octets).hexdigest()
        derived = header.derived
        names = tuple(dict.fromkeys(_track_ids(accepted) if track_ids is None else track_ids))
        enclosed = self._enclosed(accepted, digest, names) if opened.original is not None else None
        incoming = Incoming(
            origin=verified.signer,
            message_id=header.message_id,
            sha256=digest,
            octets=inbound.octets,
            partner=inbound.partner,
            track_ids=() if enclosed is not None else names,
        )
        rests_on = opened.content.message.header.derived
        cited = None
        if rests_on is not None:
            cited = Cited(origin=rests_on.origin, message_id=rests_on.message_id, sha256=rests_on.sha256)
        return await self._store.record_inbound(
            incoming,
            leaf=_received(accepted, opened, digest, original=derived.sha256 if derived is not None else ""),
            receipt=self._receipt(verified, digest, header.message_id),
            conflict_leaf=_conflict(verified, digest, header.message_id),
            conflict_receipt=self._receipt(verified, digest, header.message_id, DIGEST_CONFLICT.id),
            enclosed=enclosed,
            cited=cited,
            onward=onward,
            withdrawn=withdrawn,
            waiting=waiting,
            recall=recall,
        )

    def _enclosed(self, accepted: Accepted, relay_digest: str, track_ids: tuple[str, ...]) -> Enclosed:
        """The original as if its origin had sent it, with the answer that its origin would get."""
        relay, original = accepted.opened, accepted.opened.content
        verified, message_id = original.verified, original.message.header.message_id
        digest = sha256(verified.inbound.octets).hexdigest()
        outer = relay.message.header

        def refused_leaf(code: str) -> LeafFactory:
            return leaf.refused(
                message_id=outer.message_id,
                origin=relay.verified.signer,
                peer=relay.verified.inbound.partner,
                sha256=relay_digest,
                code=code,
            )

        return Enclosed(
            origin=verified.signer,
            message_id=message_id,
            sha256=digest,
            octets=verified.inbound.octets,
            track_ids=track_ids,
            leaf=_received(accepted, original, digest, peer=relay.verified.inbound.partner),
            receipt=self._receipt(verified, digest, message_id),
            conflict_leaf=_conflict(verified, digest, message_id, peer=relay.verified.inbound.partner),
            conflict_receipt=self._receipt(verified, digest, message_id, DIGEST_CONFLICT.id),
            refused_leaf=refused_leaf,
            refused_receipt=lambda code: self._receipt(relay.verified, relay_digest, outer.message_id, code),
        )

    async def refuse(
        self, verified: Verified, opened: Opened | None, error: GatewayError, policy: str = ""
    ) -> InboundOutcome:
        """The signed refusal of an authentic message; the original answer when it came before.

        `policy` is the digest of the release policy, whose rule the ledger names where one decided.
        """
        rule = error.rule if isinstance(error, PolicyError) else ""
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
                rule=rule,
                policy=policy if rule else "",
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


def _track_ids(accepted: Accepted) -> tuple[str, ...]:
    return tuple(dict.fromkeys([track.track_id or "" for track in accepted.tracks]))


def _received(accepted: Accepted, opened: Opened, digest: str, *, peer: str = "", original: str = "") -> LeafFactory:
    """The leaf of a message, the relay or what it encloses: by which of our rules, and by which of its signer's."""
    verified, header = opened.verified, opened.message.header
    return leaf.received(
        message_id=header.message_id,
        origin=verified.signer,
        peer=peer or verified.inbound.partner,
        sha256=digest,
        key=verified.key,
        tracks=len(accepted.tracks),
        left_out=len(accepted.left_out),
        rule=accepted.rule,
        policy=accepted.policy,
        origin_rule=header.rule or "",
        origin_policy=header.policy or "",
        original=original,
    )


def _conflict(verified: Verified, digest: str, message_id: str, *, peer: str = "") -> LeafFactory:
    origin, link = verified.signer, peer or verified.inbound.partner
    return leaf.conflict(message_id=message_id, origin=origin, peer=link, sha256=digest)
