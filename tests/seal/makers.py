"""Keys, certificates and messages for the seal's tests, each made the way that a partner or an attacker would."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.seal import DigestAlgorithm, KeyRecord, Signer, Verifier, profile
from gateway.seal.algorithms import signer_of
from gateway.stages import Draft, Exercise, Header, Inbound, Sealed, Simulation
from tests.dated import dated

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
START = profile.START + b'1.0">'
END = profile.END
KINDS = ("p256", "p384", "rsa", "ed25519")


def key_of(kind: str, owner: str = "nld") -> object:
    """One private key per kind and owner; RSA takes a while, so it is made once."""
    return _key(kind, owner)


@cache
def _key(kind: str, owner: str) -> object:
    del owner  # only tells the keys apart
    match kind:
        case "p256":
            return ec.generate_private_key(ec.SECP256R1())
        case "p384":
            return ec.generate_private_key(ec.SECP384R1())
        case "p521":
            return ec.generate_private_key(ec.SECP521R1())
        case "k256":
            return ec.generate_private_key(ec.SECP256K1())
        case "rsa":
            return rsa.generate_private_key(65537, 3072)
        case "rsa2048":
            return rsa.generate_private_key(65537, 2048)
        case "dsa":
            return dsa.generate_private_key(2048)
        case "ed448":
            return ed448.Ed448PrivateKey.generate()
        case _:
            return ed25519.Ed25519PrivateKey.generate()


def key_pem(key: object) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@cache
def authority() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A certificate authority that other tools can be told to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test CA")])
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=3650))
        .not_valid_after(NOW + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
    return certificate, key


def authority_pem() -> bytes:
    return authority()[0].public_bytes(Encoding.PEM)


def certificate_of(
    key: object,
    name: str = "nld",
    *,
    digital_signature: bool = True,
    ca: bool = False,
    tls: bool = False,
    not_before: datetime = NOW - timedelta(days=3000),
    not_after: datetime = NOW + timedelta(days=3000),
) -> x509.Certificate:
    """A leaf of the test authority; valid for years, because other tools read the machine's clock."""
    issuer, issuer_key = authority()
    usage = x509.KeyUsage(digital_signature, not digital_signature, False, False, False, False, False, False, False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if tls:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    return builder.sign(issuer_key, SHA256())


def certificate_pem(kind: str, owner: str = "nld") -> bytes:
    return _certificate_pem(kind, owner)


@cache
def _certificate_pem(kind: str, owner: str) -> bytes:
    return certificate_of(key_of(kind, owner), owner).public_bytes(Encoding.PEM)


@cache
def signer(kind: str = "p256", owner: str = "nld", digest: DigestAlgorithm = DigestAlgorithm.SHA384) -> Signer:
    return Signer.from_pem(owner, key_pem(key_of(kind, owner)), certificate_pem(kind, owner), digest)


def record(kind: str = "p256", owner: str = "nld") -> KeyRecord:
    return KeyRecord.from_certificate_pem(owner, certificate_pem(kind, owner))


def verifier(*records: KeyRecord) -> Verifier:
    return Verifier(records or (record(),))


def document(body: bytes = b"<Header><MessageId>m-1</MessageId></Header>") -> bytes:
    return START + body + END


def draft(octets: bytes, sender: str = "nld", created_at: datetime = NOW) -> Draft:
    header = Header(
        message_id="6a0c2c5e-0000-4000-8000-000000000001",
        created_at=created_at,
        sender=sender,
        recipients=("deu",),
        nonce="0" * 32,
        exercise=Exercise.TEST,
        simulation=Simulation.SIMULATED,
        label=dated("DEMO", "UNCLASSIFIED"),
        rule="release.own-label",
    )
    return Draft(header=header, octets=octets, track_ids=("t-1",))


def sealed(octets: bytes | None = None, kind: str = "p256", owner: str = "nld", **more: DigestAlgorithm) -> Sealed:
    return signer(kind, owner, **more).seal(draft(document() if octets is None else octets, owner))


def inbound(octets: bytes, partner: str = "nld", received_at: datetime = NOW) -> Inbound:
    return Inbound(octets=octets, partner=partner, received_at=received_at)


def malicious(octets: bytes, kind: str = "p256", owner: str = "nld") -> bytes:
    """A message whose signer knows the key and signs whatever it likes, without canonicalising it."""
    pinned = record(kind, owner)
    digest = DigestAlgorithm.SHA384
    text = b64encode(digest.of(octets))
    head, tail = profile.signed_info(pinned.algorithm, digest)
    value = b64encode(signer_of(key_of(kind, owner))(head + text + tail))
    return signature_before_end(octets, signature(text, value, kind, owner))


def signature(digest_text: bytes, value_text: bytes, kind: str = "p256", owner: str = "nld") -> bytes:
    """A whole ds:Signature element of the profile with these two texts."""
    pinned = record(kind, owner)
    tail = profile.signature_tail(b64encode(pinned.certificate_der))
    return (
        profile.signature_head(pinned.algorithm, DigestAlgorithm.SHA384)
        + digest_text
        + profile.SIGNATURE_MIDDLE
        + value_text
        + tail[: -len(END)]
    )


def signature_before_end(octets: bytes, element: bytes) -> bytes:
    assert octets.endswith(END)
    return octets[: -len(END)] + element + END


def split(wire: bytes) -> tuple[bytes, bytes]:
    """A sealed message taken apart: the document without its signature, and the signature."""
    start = wire.rindex(profile.SIGNATURE_START)
    return wire[:start] + END, wire[start : -len(END)]


def other_tools_document(tracks: int) -> bytes:
    """A message of realistic shape and size: about 1 kB for each track."""
    track = (
        b"<Track><TrackId>5f0f0b1e-8a1f-4a53-9d1e-0123456789ab</TrackId>"
        b'<Identifier scheme="mode3a">7000</Identifier>'
        b'<Identifier quality="GARBLED" scheme="callsign">KLM 123</Identifier>'
        b"<Environment>AIR</Environment><Identity><Value>FRIEND</Value><AssignedBy>NLD</AssignedBy></Identity>"
        b'<Platform>FIXED_WING</Platform><Name>O\'Brien &amp; "Sons" &lt;3&gt; \xc3\xa9\xf0\x9f\x9b\xa9</Name>'
        b"<State><Time>2026-11-22T08:12:00.5Z</Time><TimeQuality>TAGGED</TimeQuality><Position><Latitude>52.12345678"
        b"</Latitude><Longitude>4.12345678</Longitude></Position><AltitudeBaro>10668</AltitudeBaro><Course>123.4</Course>"
        b"<GroundSpeed>231.5</GroundSpeed><VerticalRate>-3.2</VerticalRate><Accuracy><Horizontal95>50</Horizontal95>"
        b"</Accuracy></State><SourceRef>src-25-201</SourceRef><Provenance><Gateway>NLD-1</Gateway><InputFormat>ASTERIX_062"
        b"</InputFormat><MappingId>asterix-062/1.21</MappingId></Provenance></Track>"
    )
    return document(b"<Header><MessageId>m-1</MessageId></Header>" + track * tracks)
