"""Authorities, certificates and revocation lists for tests, made in memory and written where asked."""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.links import TlsMaterial


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Leaf:
    """A certificate with its key, as files."""

    def __init__(
        self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, directory: Path, stem: str
    ) -> None:
        self.certificate = certificate
        self.certificate_file = directory / f"{stem}.pem"
        self.key_file = directory / f"{stem}.key"
        self.certificate_file.write_bytes(certificate.public_bytes(Encoding.PEM))
        self.key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    @property
    def pin(self) -> str:
        spki = self.certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(spki).hexdigest()


class Authority:
    """A certificate authority that also issues revocation lists."""

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._serials = 0
        self._lists = 0
        self.file = directory / f"{name}.pem"
        usage = x509.KeyUsage(
            digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name(name))
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now() - timedelta(days=1))
            .not_valid_after(now() + timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self.file.write_bytes(self.certificate.public_bytes(Encoding.PEM))

    def issue(
        self,
        name: str,
        *,
        starts: timedelta = timedelta(hours=-1),
        ends: timedelta = timedelta(days=7),
        usages: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH),
        host: str = "127.0.0.1",
    ) -> Leaf:
        """A certificate for a gateway on loopback, valid from an hour ago for a week unless told."""
        key = ec.generate_private_key(ec.SECP256R1())
        self._serials += 1
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now() + starts)
            .not_valid_after(now() + ends)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
            .add_extension(x509.ExtendedKeyUsage(list(usages)), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return Leaf(certificate, key, self._directory, f"{name}-{self.name}-{self._serials}")

    def revoke(
        self, *leaves: Leaf, made: timedelta = timedelta(hours=-1), next_update: timedelta = timedelta(days=1)
    ) -> Path:
        """A new revocation list that names these certificates."""
        self._lists += 1
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now() + made + timedelta(seconds=self._lists))
            .next_update(now() + next_update)
            .add_extension(x509.CRLNumber(self._lists), critical=False)
        )
        for leaf in leaves:
            revoked = (
                x509.RevokedCertificateBuilder()
                .serial_number(leaf.certificate.serial_number)
                .revocation_date(now() - timedelta(minutes=1))
                .build()
            )
            builder = builder.add_revoked_certificate(revoked)
        path = self._directory / f"{self.name}-{self._lists}.crl"
        path.write_bytes(builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM))
        return path


def material(leaf: Leaf, *authorities: Authority, revocations: tuple[Path, ...] = ()) -> TlsMaterial:
    """The files of one gateway."""
    return TlsMaterial(
        certificate=leaf.certificate_file,
        key=leaf.key_file,
        authorities=tuple(authority.file for authority in authorities),
        revocations=revocations,
    )
