"""What a receipt says, line by line, and what it promises an auditor. Standard library and `cryptography` only."""

from __future__ import annotations

import re

from gateway.errors import LedgerError
from gateway.ledger import codes
from gateway.ledger.note import Verifier, open_note
from gateway.ledger.verify import Promise

HEADER = "alliance-gateway/receipt/v1"
FIELDS = ("node", "origin", "message", "sha256", "outcome", "code", "leaf", "time")
ACCEPTED = "ACCEPTED"
REFUSED = "REFUSED"
MAX_RECEIPT_OCTETS = 16_384  # a receipt is under 1 kB; bounds what a partner's answer makes us hold

_SHA256 = re.compile(r"[0-9a-f]{64}")
_LEAF = re.compile(r"-1|0|[1-9][0-9]{0,18}")


def read_receipt(note: bytes, key: Verifier) -> dict[str, str]:
    """The lines of a receipt that `key` signed, by name; an empty ``code`` when it accepts. The time is not looked at.

    `LedgerError` LED-001 to LED-003 when the note does not hold, LED-022 when it holds and is no receipt.
    """
    if len(note) > MAX_RECEIPT_OCTETS:
        raise bad_receipt(f"expected at most {MAX_RECEIPT_OCTETS:,} octets, observed {len(note):,}")
    lines = open_note(note, key).split("\n")
    if len(lines) != len(FIELDS) + 2 or lines[0] != HEADER:
        raise bad_receipt(f"expected {HEADER} and {len(FIELDS)} lines")
    values = {}
    for name, line in zip(FIELDS, lines[1:-1], strict=True):
        label, _, value = line.partition(" ")
        if label != name or not value:
            raise bad_receipt(f"expected the line {name!r}")
        values[name] = value
    values["code"] = "" if values["code"] == "-" else values["code"]
    if values["outcome"] != (REFUSED if values["code"] else ACCEPTED):
        raise bad_receipt("outcome and code contradict each other")
    if not _SHA256.fullmatch(values["sha256"]) or not _LEAF.fullmatch(values["leaf"]):
        raise bad_receipt("the digest or the leaf index is malformed")
    return values


def open_promise(note: bytes, key: Verifier) -> Promise:
    """What a receipt promises to stand in its signer's ledger; leaf -1, where a summary holds it, promises nothing.

    Errors as for `read_receipt`.
    """
    values = read_receipt(note, key)
    return Promise(leaf_index=int(values["leaf"]), message_id=values["message"], sha256=values["sha256"])


def bad_receipt(cause: str) -> LedgerError:
    """LED-022."""
    return LedgerError(codes.BAD_RECEIPT, cause=cause)
