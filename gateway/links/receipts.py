"""Whether a partner's signed answer is the receipt of exactly what was sent. Nothing counts before this says so."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from gateway.errors import GatewayError
from gateway.ledger.note import Verifier
from gateway.links import codes
from gateway.links.outbox import OpenReceipt
from gateway.links.state import LinkFaultError, Side
from gateway.stages import Delivery, Receipt, Recorded

ACCEPTED = "ACCEPTED"
REFUSED = "REFUSED"
MAX_NOTE_OCTETS = 65_536
"""A receipt is about 1 kB, 5 kB with post-quantum lines; stops a partner from filling our memory by an answer."""
_OUTCOMES = {HTTPStatus.OK: ACCEPTED, HTTPStatus.UNPROCESSABLE_ENTITY: REFUSED}


_UNREAD = ("", "-")


def check_receipt(
    note: bytes,
    status: int,
    *,
    recorded: Recorded,
    partner: str,
    keys: Sequence[Verifier],
    open_receipt: OpenReceipt,
) -> Delivery:
    """The delivery that the note proves. `LinkFaultError` (their side, to be retried) when any of these fails:

    1. the note is signed by one of the partner's ledger keys;
    2. it names the partner as the node that answers;
    3. it names our message: origin, id and digest of the octets that were sent; only a refusal of what could not be
       read may leave the id out, for the digest names the message too;
    4. its outcome is one that we know, and the one that the HTTP status says.
    """
    receipt = _open(note, partner, keys, open_receipt)
    message = recorded.message
    outcome = _OUTCOMES.get(HTTPStatus(status), "none")
    unread = outcome == REFUSED and receipt.message_id in _UNREAD
    for what, expected, observed in (
        ("node", partner, receipt.node),
        ("origin", message.origin, receipt.origin),
        ("message id", message.message_id, message.message_id if unread else receipt.message_id),
        ("sha256", message.sha256, receipt.sha256),
        ("outcome", outcome, str(receipt.outcome)),
    ):
        if expected != observed:
            raise LinkFaultError(
                codes.RECEIPT_OTHER,
                side=Side.THEM,
                place=f"message {message.message_id}",
                cause=f"{what}: expected {expected}, got {observed[:80]}",
            )
    return Delivery(partner=partner, recorded=recorded, receipt=receipt)


def _open(note: bytes, partner: str, keys: Sequence[Verifier], open_receipt: OpenReceipt) -> Receipt:
    cause = "no ledger key is configured"
    for key in keys:
        try:
            return open_receipt(note, key)
        except GatewayError as error:
            cause = str(error)
    raise LinkFaultError(codes.RECEIPT_UNVERIFIED, side=Side.THEM, place=f"receipt of {partner}", cause=cause)
