"""Whether a partner's signed answer is the receipt of exactly what was sent. Nothing counts before this says so."""

from __future__ import annotations

from http import HTTPStatus

from gateway.errors import GatewayError
from gateway.links import codes
from gateway.links.outbox import OpenReceipt
from gateway.links.partners import Partner
from gateway.links.state import LinkFaultError, Side
from gateway.stages import Delivery, Receipt, Recorded

ACCEPTED = "ACCEPTED"
REFUSED = "REFUSED"
MAX_NOTE_OCTETS = 65_536
"""A receipt is about 1 kB, 5 kB with post-quantum lines; stops a partner from filling our memory by an answer."""
_OUTCOMES = {HTTPStatus.OK: ACCEPTED, HTTPStatus.UNPROCESSABLE_ENTITY: REFUSED}


def check_receipt(
    note: bytes, status: int, *, recorded: Recorded, partner: Partner, open_receipt: OpenReceipt
) -> Delivery:
    """The delivery that the note proves. `LinkFaultError` (their side, to be retried) when any of these fails:

    1. the note is signed by one of the partner's ledger keys;
    2. it names the partner as the node that answers;
    3. it names our message: origin, id and digest of the octets that were sent;
    4. its outcome is one that we know, and the one that the HTTP status says.
    """
    receipt = _open(note, partner, open_receipt)
    message = recorded.message
    for what, expected, observed in (
        ("node", partner.name, receipt.node),
        ("origin", message.origin, receipt.origin),
        ("message id", message.message_id, receipt.message_id),
        ("sha256", message.sha256, receipt.sha256),
        ("outcome", _OUTCOMES.get(HTTPStatus(status), "none"), str(receipt.outcome)),
    ):
        if expected != observed:
            raise LinkFaultError(
                codes.RECEIPT_OTHER,
                side=Side.THEM,
                place=f"message {message.message_id}",
                cause=f"{what}: expected {expected}, got {observed[:80]}",
            )
    return Delivery(partner=partner.name, recorded=recorded, receipt=receipt)


def _open(note: bytes, partner: Partner, open_receipt: OpenReceipt) -> Receipt:
    cause = "no ledger key is configured"
    for vkey in partner.ledger_vkeys:
        try:
            return open_receipt(note, vkey)
        except GatewayError as error:
            cause = str(error)
    raise LinkFaultError(codes.RECEIPT_UNVERIFIED, side=Side.THEM, place=f"receipt of {partner.name}", cause=cause)
