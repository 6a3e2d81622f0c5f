"""Which keys may be pinned: the record is made once, strictly, so that verification never has to judge a key."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from msgspec import structs

from gateway.errors import Code, SealError
from gateway.seal import Algorithm, DigestAlgorithm, KeyRecord, Signer, codes
from tests.seal import makers


@pytest.mark.parametrize(
    ("kind", "algorithm"),
    [
        ("p256", Algorithm.ECDSA_P256),
        ("p384", Algorithm.ECDSA_P384),
        ("rsa", Algorithm.RSA),
        ("ed25519", Algorithm.ED25519),
    ],
)
def test_the_key_decides_the_algorithm(kind: str, algorithm: Algorithm) -> None:
    record = makers.record(kind)
    assert record.algorithm is algorithm
    assert record.digests == {DigestAlgorithm.SHA384, DigestAlgorithm.SHA256}
    assert record.subject == "CN=nld"


@pytest.mark.parametrize("kind", ["rsa2048", "dsa", "p521", "k256", "ed448"])
def test_refuses_weak_and_foreign_kinds_of_key(kind: str) -> None:
    pem = makers.certificate_pem(kind)
    with pytest.raises(SealError) as refusal:
        KeyRecord.from_certificate_pem("deu", pem)
    assert refusal.value.code is codes.KEY_KIND
    assert refusal.value.place == "deu"


@pytest.mark.parametrize("more", [{"digital_signature": False}, {"ca": True}, {"tls": True}])
def test_refuses_certificates_that_are_for_something_else(more: dict[str, bool]) -> None:
    pem = makers.certificate_of(makers.key_of("p256"), **more).public_bytes(Encoding.PEM)
    with pytest.raises(SealError) as refusal:
        KeyRecord.from_certificate_pem("deu", pem)
    assert refusal.value.code is codes.KEY_USE


@pytest.mark.parametrize("pem", ["", b"", "no PEM", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_refuses_what_is_no_certificate(pem: str | bytes) -> None:
    with pytest.raises(SealError) as refusal:
        KeyRecord.from_certificate_pem("deu", pem)
    assert refusal.value.code is codes.CERTIFICATE


def test_records_of_one_certificate_are_equal_and_frozen() -> None:
    assert makers.record() == makers.record()
    assert makers.record() != makers.record("p384")
    with pytest.raises(AttributeError):
        makers.record().node = "evil"
    assert structs.replace(makers.record(), node="deu").thumbprint == makers.record().thumbprint


def _refusal(key_pem: bytes | str, certificate_pem: bytes, password: bytes | None = None) -> Code:
    with pytest.raises(SealError) as refusal:
        Signer.from_pem("nld", key_pem, certificate_pem, password=password)
    assert "PRIVATE" not in str(refusal.value)
    return refusal.value.code


def test_a_signer_wants_a_key_that_belongs_to_its_certificate() -> None:
    pem, certificate = makers.key_pem(makers.key_of("p256")), makers.certificate_pem("p256")
    assert Signer.from_pem("nld", pem.decode(), certificate.decode()).record == makers.record()
    assert _refusal(makers.key_pem(makers.key_of("p256", "evil")), certificate) is codes.KEY_MISMATCH
    assert _refusal(makers.key_pem(makers.key_of("rsa")), certificate) is codes.KEY_MISMATCH
    assert _refusal(makers.key_pem(makers.key_of("ed448")), certificate) is codes.KEY_KIND
    assert _refusal("no key", certificate) is codes.CERTIFICATE
    assert _refusal(certificate, certificate) is codes.CERTIFICATE


def test_opens_an_encrypted_key_with_its_password_only() -> None:
    encryption = BestAvailableEncryption(b"correct")
    pem = makers.key_of("p256").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    certificate = makers.certificate_pem("p256")
    assert Signer.from_pem("nld", pem, certificate, password=b"correct").node == "nld"
    assert _refusal(pem, certificate, b"wrong") is codes.CERTIFICATE
    assert _refusal(pem, certificate) is codes.CERTIFICATE
