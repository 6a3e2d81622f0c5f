"""Signed receipts: the answer to a pushed message, as a signed note that anybody can check offline.

    alliance-gateway/receipt/v1
    node <who answers>
    origin <who signed the message>
    message <message id>
    sha256 <hex digest of the octets on the wire>
    outcome ACCEPTED | REFUSED
    code <error code, or ->
    leaf <index in the answering node's ledger, or -1>
    time <UTC>

The first line can never open a checkpoint (a ledger's origin ends in its generation), so one key serves for both.
"""

from __future__ import annotations

from datetime import datetime

from gateway.clock import parse_utc, utc_text
from gateway.errors import LedgerError
from gateway.ledger import codes
from gateway.ledger.note import Signer, Verifier
from gateway.ledger.promise import ACCEPTED, FIELDS, HEADER, REFUSED, bad_receipt, read_receipt
from gateway.stages import Receipt

_MAX_VALUE = 1_024


def sign_receipt(
    signer: Signer,
    *,
    node: str,
    origin: str,
    message_id: str,
    sha256: str,
    leaf_index: int,
    time: datetime,
    code: str = "",
) -> bytes:
    """The note by which `node` accepts a message, or refuses it with `code`.

    `LedgerError` LED-023 for a value that does not fit on a line.
    """
    values = (
        node,
        origin,
        message_id,
        sha256,
        REFUSED if code else ACCEPTED,
        code or "-",
        str(leaf_index),
        utc_text(time),
    )
    for name, value in zip(FIELDS, values, strict=True):
        if not value or not value.isprintable() or len(value) > _MAX_VALUE:
            raise LedgerError(codes.NOT_FITTING, place=f"receipt, {name}", cause="expected 1 to 1,024 characters")
    lines = [HEADER, *(f"{name} {value}" for name, value in zip(FIELDS, values, strict=True))]
    return signer.note("\n".join(lines) + "\n")


def open_receipt(note: bytes, key: Verifier) -> Receipt:
    """The receipt in a note that `key` signed.

    `LedgerError` LED-001 to LED-003 when the note does not hold, LED-022 when it holds and is no receipt.
    """
    values = read_receipt(note, key)
    try:
        time = parse_utc(values["time"])
    except ValueError as error:
        raise bad_receipt("the time is malformed") from error
    return Receipt(
        node=values["node"],
        origin=values["origin"],
        message_id=values["message"],
        sha256=values["sha256"],
        outcome=values["outcome"],
        code=values["code"],
        leaf_index=int(values["leaf"]),
        time=time,
        note=note,
    )
