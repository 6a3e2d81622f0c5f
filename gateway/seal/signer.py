"""Our own signature: a draft's canonical octets in, a sealed message out."""

from __future__ import annotations

import asyncio
from hashlib import sha256

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.errors import SealError
from gateway.seal import codes, profile
from gateway.seal.algorithms import Algorithm, DigestAlgorithm, PrivateKey, signer_of
from gateway.seal.keys import KeyRecord
from gateway.stages import Draft, Sealed

THREAD_OCTETS = 1_048_576
"""From here on digesting takes longer (2 ms) than the way to a thread and back."""


class Signer:
    """Seals drafts with one private key. Safe to share between threads and tasks.

    `seal` blocks for about 30 us (one track) to 120 us (50 tracks) with ECDSA P-256 or Ed25519, 0.2 ms with P-384 and
    1 ms with RSA-3072; `seal_async` takes the slow cases off the event loop.
    """

    def __init__(self, record: KeyRecord, key: PrivateKey, digest: DigestAlgorithm = DigestAlgorithm.SHA384) -> None:
        self.record = record
        """The public side; `record.thumbprint` is what partners pin."""
        self.digest = digest
        self._sign = signer_of(key)
        self._head = profile.signature_head(record.algorithm, digest)
        self._info_head, self._info_tail = profile.signed_info(record.algorithm, digest)
        self._tail = profile.signature_tail(profile.base64_text(record.certificate_der))

    @classmethod
    def from_pem(
        cls,
        node: str,
        key_pem: bytes | str,
        certificate_pem: bytes | str,
        digest: DigestAlgorithm = DigestAlgorithm.SHA384,
        *,
        password: bytes | None = None,
    ) -> Signer:
        """The signer of `node`; `password` opens an encrypted key.

        Raises `SealError`: ``SEAL-101`` unreadable, ``102`` kind of key, ``103`` use, ``104`` not a pair.
        """
        record = KeyRecord.from_certificate_pem(node, certificate_pem)
        try:
            key = load_pem_private_key(key_pem.encode() if isinstance(key_pem, str) else key_pem, password)
        except (ValueError, TypeError, UnsupportedAlgorithm):  # the text of these may quote the key: not passed on
            raise SealError(codes.CERTIFICATE, place=node, cause="private key: no PEM key, or its password") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
            raise SealError(codes.KEY_KIND, place=node, cause=f"observed {type(key).__name__}")
        if key.public_key() != record.public_key:
            raise SealError(codes.KEY_MISMATCH, place=node, cause=f"certificate {record.thumbprint[:16]}...")
        return cls(record, key, digest)

    @property
    def node(self) -> str:
        """Whose signature it is."""
        return self.record.node

    def blocks(self, octets: int) -> bool:
        """Whether sealing so many octets takes long enough (0.5 ms) to leave the event loop for it."""
        return self.record.algorithm is Algorithm.RSA or octets >= THREAD_OCTETS

    def seal(self, draft: Draft) -> Sealed:
        """The signed message. A draft that is not a track message of this node is our own bug: `RuntimeError`.

        Raises `SealError` ``SEAL-105`` when the certificate is not valid at the draft's creation.
        """
        header, octets, record = draft.header, draft.octets, self.record
        if not (octets.startswith(profile.START) and octets.endswith(profile.END)) or header.sender != record.node:
            raise RuntimeError(f"draft {header.message_id} is not a track message of {record.node}")
        if not record.not_before <= header.created_at <= record.not_after:
            span = f"valid {record.not_before:%Y-%m-%d} to {record.not_after:%Y-%m-%d}"
            raise SealError(codes.OWN_KEY_EXPIRED, place=record.node, cause=f"{span}, message of {header.created_at}")
        wire = self._wire(octets)
        return Sealed(
            message_id=header.message_id,
            origin=record.node,
            recipients=header.recipients,
            created_at=header.created_at,
            octets=wire,
            sha256=sha256(wire).hexdigest(),
            key=record.thumbprint,
            track_ids=draft.track_ids,
            rule=header.rule or "",
            policy=header.policy or "",
        )

    async def seal_async(self, draft: Draft) -> Sealed:
        """As `seal`, in a thread where it `blocks`."""
        if self.blocks(len(draft.octets)):
            return await asyncio.to_thread(self.seal, draft)
        return self.seal(draft)

    def _wire(self, octets: bytes) -> bytes:
        digest = profile.base64_text(self.digest.of(octets))
        value = profile.base64_text(self._sign(self._info_head + digest + self._info_tail))
        body = memoryview(octets)[: -len(profile.END)]
        return b"".join((body, self._head, digest, profile.SIGNATURE_MIDDLE, value, self._tail))
