"""The pin of a certificate: who holds a key is known by the key, whatever certificates are issued for it."""

from __future__ import annotations

from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def spki_pin(certificate_der: bytes) -> str:
    """Hex SHA-256 of a certificate's public key (SPKI, DER)."""
    key = x509.load_der_x509_certificate(certificate_der).public_key()
    return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
