"""Who the partners are, and which certificate key is whose. The pin decides, never the subject's text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import Struct

from gateway.errors import LinkError
from gateway.ledger.note import Verifier
from gateway.limits import Limits
from gateway.links import codes

_PIN = re.compile(r"[0-9a-f]{64}")
_MAX_REMEMBERED = 1_024  # certificates whose key digest is kept: stops a partner with many certificates from growing it


class Partner(Struct, frozen=True, kw_only=True):
    """One partner gateway as configured."""

    name: str
    """Node name, as it stands in messages and receipts."""
    url: str
    """``https://host:port``."""
    tls_pins: tuple[str, ...]
    """Hex SHA-256 of the SubjectPublicKeyInfo of its TLS certificates: the current one and the next."""
    ledger_vkeys: tuple[str, ...]
    """C2SP verifier keys that may sign its receipts: the current one and the next."""
    send: bool = True
    """Whether we send there."""
    receive: bool = True
    """Whether we take messages from there."""
    paused: bool = False
    """Neither way, until the operator says otherwise. The queue is kept."""
    max_message_octets: int = Limits().max_message_octets
    """Longest message taken from there and sent there."""


class PeerCertificate(Struct, frozen=True, kw_only=True):
    """What matters of a certificate that a peer presented."""

    pin: str
    subject: str
    starts_at: datetime
    ends_at: datetime


def read_peer(der: bytes) -> PeerCertificate:
    """The pin (SHA-256 of the public key), name and validity of a DER certificate that TLS has verified.

    `LinkError` LINK-013 for one that OpenSSL takes and we cannot read.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return PeerCertificate(
            pin=hashlib.sha256(spki).hexdigest(),
            subject=certificate.subject.rfc4514_string(),
            starts_at=certificate.not_valid_before_utc,
            ends_at=certificate.not_valid_after_utc,
        )
    except (ValueError, UnsupportedAlgorithm) as error:
        raise LinkError(codes.THEIR_CERTIFICATE, cause=f"it cannot be read: {type(error).__name__}") from None


class PartnerBook:
    """The current partners by pin. Replaced as a whole on reload; asked on every request."""

    def __init__(self, partners: Iterable[Partner]) -> None:
        self._peers: dict[bytes, PeerCertificate] = {}
        self.replace(partners)

    def replace(self, partners: Iterable[Partner]) -> None:
        """Trust these partners and no other from now on. On `LinkError` the former book stays."""
        by_pin: dict[str, Partner] = {}
        by_name: dict[str, Partner] = {}
        for partner in partners:
            check_partner(partner)
            by_name[partner.name] = partner
            for pin in partner.tls_pins:
                other = by_pin.setdefault(pin, partner)
                if other.name != partner.name:
                    raise LinkError(codes.PIN_SHARED, place=partner.name, cause=f"pin {pin[:16]}.. is {other.name}'s")
        self._by_pin, self._by_name = by_pin, by_name

    def __getitem__(self, name: str) -> Partner:
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def of_peer(self, der: bytes | None, now: datetime) -> Partner | None:
        """Whose certificate this is; None for a stranger, and for one that ended while its connection lived on."""
        if der is None:
            return None
        peer = self._peers.get(der)
        if peer is None:
            if len(self._peers) >= _MAX_REMEMBERED:
                self._peers.clear()
            try:
                peer = self._peers[der] = read_peer(der)
            except LinkError:
                return None
        return self._by_pin.get(peer.pin) if peer.starts_at <= now <= peer.ends_at else None


def check_partner(partner: Partner) -> None:
    """Return if the address is an https origin, every pin a SHA-256 in lower-case hex, every ledger key one.

    `LinkError` LINK-004 or LINK-006, or the ledger's own error for a key.
    """
    parts = urlsplit(partner.url)
    try:
        complete = parts.scheme == "https" and parts.hostname and parts.port is not None
    except ValueError:
        complete = False
    if not complete or parts.path not in ("", "/") or parts.query or parts.fragment or parts.username:
        raise LinkError(
            codes.ADDRESS_INVALID, place=partner.name, cause=f"expected https://host:port, got {partner.url!r}"
        )
    for pin in partner.tls_pins:
        if not _PIN.fullmatch(pin):
            raise LinkError(codes.PIN_INVALID, place=partner.name, cause=f"got {pin!r}")
    verifiers(partner)


def verifiers(partner: Partner) -> tuple[Verifier, ...]:
    """The partner's ledger keys, parsed; `LedgerError` for one that is none."""
    return tuple(Verifier.parse(vkey) for vkey in partner.ledger_vkeys)
