"""Signed receipts by another hand: C2SP signed notes written and read without the gateway's own ledger."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gateway.clock import parse_utc, utc_text
from gateway.errors import Code, LedgerError
from gateway.stages import Receipt

_BAD = Code("SIM-001", "the note does not verify", "")


class NoteKey:
    """An Ed25519 key that signs receipts under a name."""

    def __init__(self, name: str, seed: str | None = None) -> None:
        self.name = name
        octets = hashlib.sha256((seed or name).encode()).digest()
        self._key = Ed25519PrivateKey.from_private_bytes(octets)

    @property
    def vkey(self) -> str:
        public = b"\x01" + self._key.public_key().public_bytes_raw()
        return f"{self.name}+{_key_id(self.name, public).hex()}+{base64.b64encode(public).decode()}"

    def sign(self, text: str) -> bytes:
        public = b"\x01" + self._key.public_key().public_bytes_raw()
        signature = base64.b64encode(_key_id(self.name, public) + self._key.sign(text.encode())).decode()
        return f"{text}\n— {self.name} {signature}\n".encode()

    def receipt(
        self,
        *,
        node: str,
        origin: str,
        message_id: str,
        sha256: str,
        outcome: str,
        code: str,
        leaf: int,
        time: datetime,
    ) -> bytes:
        fields = {
            "code": code, "leaf": leaf, "mid": message_id, "node": node, "origin": origin, "outcome": outcome,
            "sha256": sha256, "t": utc_text(time),
        }  # fmt: skip
        return self.sign(json.dumps(fields, separators=(",", ":"), sort_keys=True) + "\n")


def open_receipt(note: bytes, vkey: str) -> Receipt:
    """The receipt of a note; `LedgerError` unless the key of `vkey` signed it."""
    try:
        text, _, tail = note.decode().rpartition("\n— ")
        name, _, encoded = tail.rstrip("\n").partition(" ")
        key_name, _, key = vkey.split("+", 2)
        public = base64.b64decode(key)
        signature = base64.b64decode(encoded)
        if name != key_name or signature[:4] != _key_id(name, public):
            raise LedgerError(_BAD, cause=f"signed by {name[:40]}")
        Ed25519PublicKey.from_public_bytes(public[1:]).verify(signature[4:], text.encode())
        fields = json.loads(text)
        return Receipt(
            node=fields["node"],
            origin=fields["origin"],
            message_id=fields["mid"],
            sha256=fields["sha256"],
            outcome=fields["outcome"],
            code=fields["code"],
            leaf_index=fields["leaf"],
            time=parse_utc(fields["t"]),
            note=note,
        )
    except (ValueError, KeyError, InvalidSignature) as error:
        raise LedgerError(_BAD, cause=type(error).__name__) from None


def _key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
