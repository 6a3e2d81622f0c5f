"""A partner's message-signing key as the operator pinned it. The record decides everything; a message only names it."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from msgspec import Struct

from gateway.errors import SealError
from gateway.seal import codes
from gateway.seal.algorithms import Algorithm, DigestAlgorithm, PublicKey, algorithm_of

_BOTH_DIGESTS = frozenset(DigestAlgorithm)
_TLS_USES = {
    ExtendedKeyUsageOID.SERVER_AUTH,
    ExtendedKeyUsageOID.CLIENT_AUTH,
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
}


class KeyRecord(Struct, frozen=True, kw_only=True):
    """One pinned key: whose it is, what it may do, and when. Make it with `from_certificate_pem`."""

    node: str
    """The partner that signs with it."""
    thumbprint: str
    """Hex SHA-256 of the certificate (DER)."""
    certificate_der: bytes
    algorithm: Algorithm
    """The only one that is accepted under this key, whatever a message says."""
    digests: frozenset[DigestAlgorithm]
    """The digests that are accepted."""
    public_key: PublicKey
    not_before: datetime
    not_after: datetime
    """Validity, both ends included, aware UTC."""
    subject: str
    """For people."""

    @classmethod
    def from_certificate_pem(
        cls, node: str, pem: bytes | str, *, digests: frozenset[DigestAlgorithm] = _BOTH_DIGESTS
    ) -> KeyRecord:
        """The record of one PEM certificate.

        Raises `SealError`: ``SEAL-101`` unreadable, ``SEAL-102`` DSA, RSA under 3072 bits or another curve,
        ``SEAL-103`` a certificate of an authority or of TLS (one key must not speak two protocols).
        """
        certificate = load_certificate(pem)
        try:
            key: object = certificate.public_key()
        except (ValueError, UnsupportedAlgorithm) as error:
            raise SealError(codes.KEY_KIND, place=node, cause=str(error)[:200]) from None
        algorithm = algorithm_of(key)
        if algorithm is None:
            raise SealError(codes.KEY_KIND, place=node, cause=f"observed {_kind(key)}")
        _require_message_use(certificate, node)
        assert isinstance(key, PublicKey)
        der = certificate.public_bytes(Encoding.DER)
        return cls(
            node=node,
            thumbprint=sha256(der).hexdigest(),
            certificate_der=der,
            algorithm=algorithm,
            digests=digests,
            public_key=key,
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            subject=certificate.subject.rfc4514_string(),
        )


def load_certificate(pem: bytes | str) -> x509.Certificate:
    """The first certificate of a PEM text; `SealError` (``SEAL-101``) if there is none."""
    try:
        return x509.load_pem_x509_certificate(pem.encode() if isinstance(pem, str) else pem)
    except ValueError as error:
        raise SealError(codes.CERTIFICATE, cause=str(error)[:200]) from None


def _kind(key: object) -> str:
    size = getattr(key, "key_size", "")
    curve = getattr(getattr(key, "curve", None), "name", "")
    return " ".join(str(part) for part in (type(key).__name__.strip("_"), curve, size) if part)


def _require_message_use(certificate: x509.Certificate, node: str) -> None:
    """Refuse certificates that are not for signing messages (digitalSignature, no authority, no TLS use)."""
    try:
        extensions = certificate.extensions
    except ValueError as error:  # duplicate or malformed extension
        raise SealError(codes.CERTIFICATE, place=node, cause=str(error)[:200]) from None
    cause = ""
    for extension in extensions:
        match extension.value:
            case x509.KeyUsage(digital_signature=False):
                cause = "KeyUsage lacks digitalSignature"
            case x509.BasicConstraints(ca=True):
                cause = "it is a certificate authority's"
            case x509.ExtendedKeyUsage() as uses if _TLS_USES.intersection(uses):
                cause = "ExtendedKeyUsage names TLS"
    if cause:
        raise SealError(codes.KEY_USE, place=node, cause=cause)
