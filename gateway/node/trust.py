"""Keys and pins from the configuration's files: whom this node is, and whom it believes."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.config import Config
from gateway.config.policy_load import policy_of
from gateway.errors import ConfigError
from gateway.ledger import Signer as LedgerSigner
from gateway.links import Partner, TlsMaterial
from gateway.node import codes
from gateway.policy.policy import Policy
from gateway.seal import DigestAlgorithm, KeyRecord, Signer, Verifier
from gateway.seal.certificates import spki_pin


def read_signer(config: Config) -> Signer:
    """Our own signing key; `SealError` when key and certificate do not fit."""
    seal = config.seal
    digest = DigestAlgorithm.SHA384 if seal.digest == "sha384" else DigestAlgorithm.SHA256
    return Signer.from_pem(config.node.name, _read(seal.key), _read(seal.certificate), digest)


def read_verifier(config: Config) -> Verifier:
    """The pinned signing keys of every partner that we take messages from."""
    return Verifier(
        [
            KeyRecord.from_certificate_pem(name, _read(path))
            for name, link in config.link.items()
            if link.receive
            for path in link.signing
        ],
        limits=config.limits,
    )


def read_ledger_signer(config: Config) -> LedgerSigner:
    """The key that signs checkpoints and receipts; `ConfigError` ``NODE-002`` unless it is Ed25519."""
    try:
        key = load_pem_private_key(_read(config.ledger.key), None)
    except (ValueError, TypeError):  # their text may quote the key: not passed on
        raise ConfigError(codes.LEDGER_KEY, place=str(config.ledger.key), cause="not a PEM private key") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(codes.LEDGER_KEY, place=str(config.ledger.key), cause=f"observed {type(key).__name__}")
    return LedgerSigner(config.ledger.origin, key)


def own_tls_pin(config: Config) -> str:
    """Hex SHA-256 of the key of the node's own national certificate, with which `gateway status` calls."""
    certificate = config.http.certificate
    if config.http.plain:
        return ""
    try:
        return spki_pin(x509.load_pem_x509_certificate(_read(certificate))).removeprefix("sha256:")
    except ValueError as error:
        raise ConfigError(codes.UNREADABLE, place=str(certificate), cause=str(error)[:200]) from None


def read_partners(config: Config) -> list[Partner]:
    """The partners as the links know them."""
    return [
        Partner(
            name=name,
            url=link.url,
            tls_pins=tuple(pin.removeprefix("sha256:") for pin in link.tls_pins),
            ledger_vkeys=link.ledger_vkeys,
            send=link.send,
            receive=link.receive,
            paused=link.paused,
            max_message_octets=config.link_max_octets(name),
        )
        for name, link in config.link.items()
    ]


def tls_material(config: Config, *partners: str) -> TlsMaterial:
    """Our TLS identity, and the authorities of these partners, or of all."""
    links = [config.link[name] for name in partners] or list(config.link.values())
    return TlsMaterial(
        certificate=config.links.certificate,
        key=config.links.key,
        authorities=tuple(dict.fromkeys(link.ca for link in links)),
        revocations=tuple(dict.fromkeys(path for link in links for path in link.revocations)),
    )


def read_policy(config: Config) -> Policy:
    """The operator's policy, from the policy file and all that it names, held against the configuration.

    Raises `InvalidConfigError` with everything that is wrong, each with its place.
    """
    return policy_of(config).policy


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(codes.UNREADABLE, place=str(path), cause=error.strerror or str(error)) from None
