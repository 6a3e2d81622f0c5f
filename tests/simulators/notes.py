"""Signed receipts by another hand: notes written from the protocol document, without the gateway's own ledger."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class NoteKey:
    """An Ed25519 key that signs receipts under a name, made from a seed so that a restarted process has it again."""

    def __init__(self, name: str, seed: str | None = None) -> None:
        self.name = name
        self.secret = hashlib.sha256((seed or name).encode()).digest()
        self._key = Ed25519PrivateKey.from_private_bytes(self.secret)
        self._public = b"\x01" + self._key.public_key().public_bytes_raw()
        self._id = hashlib.sha256(name.encode() + b"\n" + self._public).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self._id.hex()}+{base64.b64encode(self._public).decode()}"

    def sign(self, text: str) -> bytes:
        signature = base64.b64encode(self._id + self._key.sign(text.encode())).decode()
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
        lines = (
            "alliance-gateway/receipt/v1",
            f"node {node}",
            f"origin {origin}",
            f"message {message_id}",
            f"sha256 {sha256}",
            f"outcome {outcome}",
            f"code {code or '-'}",
            f"leaf {leaf}",
            f"time {time.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%S.%fZ')}",
        )
        return self.sign("\n".join(lines) + "\n")
