"""The signed head of the ledger (C2SP tlog-checkpoint): origin, size, root."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from gateway.errors import LedgerError
from gateway.ledger import codes
from gateway.ledger.merkle import HASH_OCTETS, MAX_SIZE
from gateway.ledger.note import Verifier, open_note


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint states."""

    origin: str
    """Name of the ledger: ``<gateway>/audit/<generation>``."""
    size: int
    """Leaves that it covers."""
    root: bytes
    """32 octets."""

    def text(self) -> str:
        """The text that is signed, without extension lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """What `text` states; extension lines are allowed and ignored. `LedgerError` LED-005 when it is malformed."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
            raise LedgerError(codes.BAD_CHECKPOINT, cause="expected lines of origin, size and root")
        origin, size, root = lines[:3]
        if not (size.isascii() and size.isdigit()) or str(int(size[:20])) != size or int(size) > MAX_SIZE:
            raise LedgerError(codes.BAD_CHECKPOINT, cause="the size is not a decimal number without leading zeros")
        try:
            octets = base64.b64decode(root, validate=True)
        except binascii.Error as error:
            raise LedgerError(codes.BAD_CHECKPOINT, cause="the root is not base64") from error
        if len(octets) != HASH_OCTETS or base64.b64encode(octets).decode() != root:
            raise LedgerError(codes.BAD_CHECKPOINT, cause=f"the root is not {HASH_OCTETS} octets in canonical base64")
        return cls(origin, int(size), octets)


def open_checkpoint(note: bytes, key: Verifier) -> Checkpoint:
    """The checkpoint in a note that the ledger's key signed; its origin must be the key's name."""
    checkpoint = Checkpoint.parse(open_note(note, key))
    if checkpoint.origin != key.name:
        raise LedgerError(codes.WRONG_LOG, cause=f"expected origin {key.name}, observed another")
    return checkpoint
