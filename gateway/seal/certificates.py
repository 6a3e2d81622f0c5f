"""Development certificates: all that one node needs to run against others on the same desk, and never in earnest.

One directory per node. The names are those that the configuration looks for by default:

    ca.pem            ca.key             the node's own authority
    NODE.tls.pem      NODE.tls.key       TLS server and client towards partners and national systems
    NODE.signing.pem  NODE.signing.key   signs messages and nothing else (no TLS use, an extended key usage of its own)
    NODE.ledger.pub   NODE.ledger.key    Ed25519: signs checkpoints and receipts
    SOURCE.client.pem SOURCE.client.key  TLS client of a national source, one each

`issue_client` makes certificates for devices besides, whose keys leave the node with them.

Every certificate says ``O=DEVELOPMENT ONLY`` and carries a private extension, so that `is_development` knows it
whatever the file is called, and the production profile refuses it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from tempfile import mkstemp

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import SealError
from gateway.seal import codes
from gateway.seal.keys import load_certificate

ORGANIZATION = "DEVELOPMENT ONLY"
# Arcs under 2.25 are made from a UUID and need no registry (ITU-T X.667).
DEVELOPMENT_OID = x509.ObjectIdentifier("2.25.155334844840010375118552952455123794789")
MESSAGE_SIGNING_OID = x509.ObjectIdentifier("2.25.175564796024351285773397058721365087598")
"""Extended key usage of a message-signing certificate: it is fit for nothing that checks usages for TLS."""

LIFE_DAYS = 90
"""Short, so that a forgotten development node stops by itself."""
_CLIENT_RSA_BITS = 2048  # what Android and iOS clients of that family generate themselves, and all of them take
_BACKDATE = timedelta(minutes=5)  # the clocks of two desks differ
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,40}")  # becomes a file name and, with a word behind, a common name
_HOST = re.compile(r"[A-Za-z0-9*][A-Za-z0-9_.*-]{0,252}")


class Written(Struct, frozen=True, kw_only=True):
    """One file that was written, as `gateway certs dev` prints it."""

    path: Path
    purpose: str
    """What it is, in words."""
    names: tuple[str, ...] = ()
    """DNS names and addresses of a certificate."""
    not_after: datetime | None = None
    """End of a certificate's validity."""
    pin: str = ""
    """`spki_pin` of a certificate."""
    private: bool = False
    """A private key: mode 0600."""


class _Pair(Struct, frozen=True, kw_only=True):
    """What one certificate of a node is for."""

    stem: str
    common_name: str
    purpose: str
    usages: tuple[x509.ObjectIdentifier, ...]
    names: tuple[str, ...] = ()


def write_development(
    directory: Path,
    node: str,
    *,
    now: datetime,
    sources: Sequence[str] = (),
    names: Sequence[str] = (),
    overwrite: bool = False,
) -> list[Written]:
    """Make and write what `node` lacks in `directory`, each file whole or not at all; what was written.

    Files that exist stay, so that a new source gets its certificate without breaking pins; `overwrite` renews
    everything. `names` are further DNS names or addresses of the node besides its own name, ``localhost`` and the
    loopback addresses; a TLS certificate that lacks one is made anew under its key, so its pin holds. `sources` each
    get a national client certificate. Valid from five minutes before `now` for 90 days. Raises `SealError`:
    ``SEAL-106`` a file cannot be written, or its other half is missing; ``SEAL-107`` a name that cannot stand in a
    certificate; ``SEAL-101`` a TLS certificate to be widened is not of the authority beside it.
    """
    pairs = _pairs(node, sources, names)
    desk = _Desk(directory, overwrite=overwrite)
    authority, authority_key = _authority(desk, node, now)
    for pair in pairs:
        if desk.lacks(f"{pair.stem}.pem", f"{pair.stem}.key"):
            key = ec.generate_private_key(ec.SECP256R1())
            certificate = _leaf(pair, key.public_key(), authority, authority_key, now)
            desk.add_certificate(f"{pair.stem}.pem", certificate, pair.purpose, pair.names)
            desk.add_key(f"{pair.stem}.key", key, f"key of {pair.purpose}")
        elif pair.stem == f"{node}.tls" and names:
            own = desk.read_certificate(f"{pair.stem}.pem", authority)
            wider = replace(pair, names=tuple(dict.fromkeys((*_names(own), *names))))
            if set(wider.names) != set(_names(own)):
                certificate = _leaf(wider, _public_key(own), authority, authority_key, now)
                desk.add_certificate(f"{pair.stem}.pem", certificate, pair.purpose, wider.names)
    if desk.lacks(f"{node}.ledger.pub", f"{node}.ledger.key"):
        ledger_key = ed25519.Ed25519PrivateKey.generate()
        public = ledger_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        desk.add(Written(path=directory / f"{node}.ledger.pub", purpose="ledger public key"), public)
        desk.add_key(f"{node}.ledger.key", ledger_key, "ledger key")
    return desk.write()


class Issued(Struct, frozen=True, kw_only=True):
    """A client certificate with its private key, and the authority that signed it; not on disk yet."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey
    authority: x509.Certificate

    @property
    def pin(self) -> str:
        """`spki_pin` of the certificate."""
        return spki_pin(self.certificate)


def issue_client(directory: Path, name: str, *, now: datetime) -> Issued:
    """A TLS client certificate with an RSA key of 2048 bits, signed by the development authority in `directory`.

    For devices whose software takes no other kind of key. Raises `SealError`: ``SEAL-101`` there is no authority that
    is ours, ``SEAL-104`` its halves do not belong together, ``SEAL-107`` a name that cannot stand in a certificate.
    """
    _check_name(name)
    authority, authority_key = _Desk(directory, overwrite=False).read_authority()
    key = rsa.generate_private_key(public_exponent=65537, key_size=_CLIENT_RSA_BITS)
    usages = (ExtendedKeyUsageOID.CLIENT_AUTH,)
    pair = _Pair(stem=name, common_name=name, purpose=f"TLS client {name}", usages=usages, names=(name,))
    certificate = _leaf(pair, key.public_key(), authority, authority_key, now)
    return Issued(certificate=certificate, key=key, authority=authority)


def is_development(certificate: x509.Certificate) -> bool:
    """Whether a certificate is marked as for development, by its extension or by any of its names."""
    try:
        if any(extension.oid == DEVELOPMENT_OID for extension in certificate.extensions):
            return True
    except ValueError:  # extensions that cannot be read cannot clear it
        return True
    organizations = (
        *certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME),
        *certificate.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME),
    )
    return any(attribute.value == ORGANIZATION for attribute in organizations)


def spki_pin(certificate: x509.Certificate) -> str:
    """``sha256:`` and the hex digest of the certificate's public key (SubjectPublicKeyInfo, DER): survives a renewal
    under the same key."""
    spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"sha256:{sha256(spki).hexdigest()}"


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64]),  # upper bound of X.520
        ]
    )


def _builder(subject: x509.Name, issuer: x509.Name, now: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATE)
        .not_valid_after(now + timedelta(days=LIFE_DAYS))
        .add_extension(x509.UnrecognizedExtension(DEVELOPMENT_OID, b"\x05\x00"), critical=False)  # DER NULL
    )


def _key_usage(*, leaf: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=leaf,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not leaf,
        crl_sign=not leaf,
        encipher_only=False,
        decipher_only=False,
    )


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise SealError(
            codes.CERTIFICATE_NAME, place=repr(name)[:80], cause="letters, digits, '-', '_', '.'; at most 41"
        )


def _pairs(node: str, sources: Sequence[str], names: Sequence[str]) -> list[_Pair]:
    for name in (node, *sources):
        _check_name(name)
    server_names = tuple(dict.fromkeys((node, "localhost", "127.0.0.1", "::1", *names)))
    tls = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
    signing = (MESSAGE_SIGNING_OID,)
    pairs = [
        _Pair(stem=f"{node}.tls", common_name=node, purpose="TLS server and client", usages=tls, names=server_names),
        _Pair(stem=f"{node}.signing", common_name=f"{node} message signing", purpose="message signing", usages=signing),
    ]
    client = (ExtendedKeyUsageOID.CLIENT_AUTH,)
    for source in sources:
        purpose = f"TLS client of source {source}"
        pairs.append(
            _Pair(stem=f"{source}.client", common_name=source, purpose=purpose, usages=client, names=(source,))
        )
    return pairs


def _authority(desk: _Desk, node: str, now: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """The authority that the directory has already, or a new one."""
    if not desk.lacks("ca.pem", "ca.key"):
        return desk.read_authority()
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"{node} development CA")
    certificate = (
        _builder(name, name, now)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(leaf=False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
    desk.add_certificate("ca.pem", certificate, "certificate authority", ())
    desk.add_key("ca.key", key, "key of certificate authority")
    return certificate, key


def _leaf(
    pair: _Pair,
    key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    now: datetime,
) -> x509.Certificate:
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    builder = (
        _builder(_name(pair.common_name), authority.subject, now)
        .public_key(key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(leaf=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage(pair.usages), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(issuer_key, critical=False)
    )
    if pair.names:
        alternatives = x509.SubjectAlternativeName([_general_name(name) for name in pair.names])
        builder = builder.add_extension(alternatives, critical=False)
    return builder.sign(authority_key, SHA256())


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    """DNS names and addresses that it has."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    addresses = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    return (*names.get_values_for_type(x509.DNSName), *addresses)


def _public_key(certificate: x509.Certificate) -> ec.EllipticCurvePublicKey:
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey), "a certificate of this authority's making"
    return key


def _general_name(name: str) -> x509.GeneralName:
    try:
        address: IPv4Address | IPv6Address = ip_address(name)
    except ValueError:
        if not _HOST.fullmatch(name):
            raise SealError(codes.CERTIFICATE_NAME, place=repr(name)[:80], cause="no DNS name or address") from None
        return x509.DNSName(name)
    return x509.IPAddress(address)


class _Desk:
    """One directory and what is about to be written there."""

    def __init__(self, directory: Path, *, overwrite: bool) -> None:
        self._directory = directory
        self._overwrite = overwrite
        self._files: list[tuple[Written, bytes]] = []

    def lacks(self, public: str, private: str) -> bool:
        """Whether the two have to be made; one without the other is somebody's mistake, and stays untouched."""
        present = [name for name in (public, private) if (self._directory / name).exists()]
        if len(present) == 1 and not self._overwrite:
            cause = f"of {public} and {private} only {present[0]} exists"
            raise SealError(codes.CERTIFICATE_WRITE, place=str(self._directory), cause=cause)
        return self._overwrite or not present

    def read_authority(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        """The authority that stands in the directory."""
        place = str(self._directory / "ca.pem")
        try:
            certificate = load_certificate((self._directory / "ca.pem").read_bytes())
            key = load_pem_private_key((self._directory / "ca.key").read_bytes(), None)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
            raise SealError(codes.CERTIFICATE, place=place, cause="ca.pem or ca.key is not ours") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise SealError(codes.KEY_MISMATCH, place=place)
        return certificate, key

    def read_certificate(self, name: str, authority: x509.Certificate) -> x509.Certificate:
        """A certificate of the directory that its authority has made here."""
        place = str(self._directory / name)
        try:
            certificate = load_certificate((self._directory / name).read_bytes())
            certificate.verify_directly_issued_by(authority)
        except (OSError, ValueError, TypeError, InvalidSignature):
            cause = "it is not of the authority beside it, so no name can be added"
            raise SealError(codes.CERTIFICATE, place=place, cause=cause) from None
        if not isinstance(certificate.public_key(), ec.EllipticCurvePublicKey):
            raise SealError(codes.CERTIFICATE, place=place, cause="its key is none of ours")
        return certificate

    def add(self, written: Written, octets: bytes) -> None:
        """A file to write."""
        self._files.append((written, octets))

    def add_certificate(self, name: str, certificate: x509.Certificate, purpose: str, names: tuple[str, ...]) -> None:
        """A certificate to write."""
        written = Written(
            path=self._directory / name,
            purpose=purpose,
            names=names,
            not_after=certificate.not_valid_after_utc,
            pin=spki_pin(certificate),
        )
        self.add(written, certificate.public_bytes(Encoding.PEM))

    def add_key(self, name: str, key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey, purpose: str) -> None:
        """A private key to write, readable by its owner alone."""
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.add(Written(path=self._directory / name, purpose=purpose, private=True), pem)

    def write(self) -> list[Written]:
        """Everything to disk."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            for written, octets in self._files:
                _write(written.path, octets, 0o600 if written.private else 0o644)
        except OSError as error:
            raise SealError(codes.CERTIFICATE_WRITE, place=str(self._directory), cause=str(error)) from None
        return [written for written, _ in self._files]


def write_private(path: Path, octets: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all; `SealError` ``SEAL-106`` when it cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, octets, 0o600)
    except OSError as error:
        raise SealError(codes.CERTIFICATE_WRITE, place=str(path), cause=str(error)) from None


def _write(path: Path, octets: bytes, mode: int) -> None:
    """Write beside, then rename: nobody ever reads half a key, and `mkstemp` makes it 0600 from its first octet."""
    handle, temporary = mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(octets)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
