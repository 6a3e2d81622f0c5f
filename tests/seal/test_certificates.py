"""Development certificates: complete, usable by real TLS, separate by purpose, and known for what they are."""

from __future__ import annotations

import shutil
import ssl
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509.verification import PolicyBuilder, Store

from gateway.errors import SealError
from gateway.seal import KeyRecord, Signer, codes
from gateway.seal.certificates import LIFE_DAYS, Written, is_development, spki_pin, write_development
from tests.seal import makers

NOW = datetime.now(UTC).replace(microsecond=0)  # real TLS reads the machine's clock


@pytest.fixture
def written(tmp_path: Path) -> dict[str, Written]:
    files = write_development(tmp_path / "certs", "nld", now=NOW, sources=("radar-north",), names=("gw.example", "::2"))
    return {file.path.name: file for file in files}


def _certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_writes_what_the_configuration_looks_for(written: dict[str, Written]) -> None:
    assert sorted(written) == [
        "ca.key",
        "ca.pem",
        "nld.ledger.key",
        "nld.ledger.pub",
        "nld.signing.key",
        "nld.signing.pem",
        "nld.tls.key",
        "nld.tls.pem",
        "radar-north.client.key",
        "radar-north.client.pem",
    ]
    assert written["nld.tls.pem"].names == ("nld", "localhost", "127.0.0.1", "::1", "gw.example", "::2")
    assert {file.not_after for name, file in written.items() if name.endswith(".pem")} == {
        NOW + timedelta(days=LIFE_DAYS)
    }


def test_private_keys_are_readable_by_their_owner_alone(written: dict[str, Written]) -> None:
    for name, file in written.items():
        mode = stat.S_IMODE(file.path.stat().st_mode)
        assert (mode, file.private) == ((0o600, True) if name.endswith(".key") else (0o644, False))
    directory = written["ca.pem"].path.parent
    assert {path.name for path in directory.iterdir()} == set(written)  # no temporary file stays


def test_the_pin_is_the_digest_of_the_public_key(written: dict[str, Written]) -> None:
    certificate = _certificate(written["nld.tls.pem"].path)
    spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert spki_pin(certificate) == written["nld.tls.pem"].pin == "sha256:" + sha256(spki).hexdigest()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command is not installed (Debian: openssl)")
def test_openssl_computes_the_same_pin(written: dict[str, Written]) -> None:
    path = written["nld.tls.pem"].path
    pem = subprocess.run(["openssl", "x509", "-in", path, "-noout", "-pubkey"], check=True, capture_output=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], check=True, capture_output=True, input=pem)
    assert spki_pin(_certificate(path)) == "sha256:" + sha256(der.stdout).hexdigest()


def test_every_certificate_is_known_as_development(written: dict[str, Written]) -> None:
    for name, file in written.items():
        if name.endswith(".pem"):
            assert is_development(_certificate(file.path))
    assert not is_development(makers.authority()[0])


def test_a_certificate_issued_by_a_development_authority_is_known_by_its_issuer(written: dict[str, Written]) -> None:
    authority = _certificate(written["ca.pem"].path)
    key = load_pem_private_key(written["ca.key"].path.read_bytes(), None)
    builder = x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(authority.subject)
    builder = builder.public_key(makers.key_of("p256").public_key()).serial_number(7)
    plain = builder.not_valid_before(NOW).not_valid_after(NOW).sign(key, makers.SHA256())
    assert is_development(plain)


def test_the_signing_pair_seals_and_verifies(written: dict[str, Written]) -> None:
    pem = written["nld.signing.pem"].path.read_bytes()
    signer = Signer.from_pem("nld", written["nld.signing.key"].path.read_bytes(), pem)
    sealed = signer.seal(makers.draft(makers.document(), created_at=NOW))
    verifier = makers.verifier(KeyRecord.from_certificate_pem("nld", pem))
    assert verifier.verify(makers.inbound(sealed.octets, received_at=NOW)).signer == "nld"


def test_a_tls_certificate_cannot_be_pinned_for_messages(written: dict[str, Written]) -> None:
    for name in ("nld.tls.pem", "radar-north.client.pem", "ca.pem"):
        with pytest.raises(SealError) as refusal:
            KeyRecord.from_certificate_pem("nld", written[name].path.read_bytes())
        assert refusal.value.code is codes.KEY_USE


def test_a_signing_certificate_cannot_be_used_for_tls(written: dict[str, Written]) -> None:
    store = Store([_certificate(written["ca.pem"].path)])
    verifier = PolicyBuilder().store(store).time(NOW).build_client_verifier()
    verifier.verify(_certificate(written["radar-north.client.pem"].path), [])
    with pytest.raises(x509.verification.VerificationError):
        verifier.verify(_certificate(written["nld.signing.pem"].path), [])


def test_mutual_tls_works_with_them(written: dict[str, Written]) -> None:
    directory = written["ca.pem"].path.parent
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for context, stem in ((server, "nld.tls"), (client, "radar-north.client")):
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(directory / f"{stem}.pem", directory / f"{stem}.key")
        context.load_verify_locations(directory / "ca.pem")
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        context.verify_mode = ssl.CERT_REQUIRED
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = client.wrap_bio(to_client, to_server, server_hostname="127.0.0.1")
    far = server.wrap_bio(to_server, to_client, server_side=True)
    done: set[ssl.SSLObject] = set()
    for _ in range(10):
        for side in (near, far):
            try:
                side.do_handshake()
                done.add(side)
            except ssl.SSLWantReadError:
                continue
    assert done == {near, far}
    assert far.getpeercert()["subject"][-1] == (("commonName", "radar-north"),)


def test_the_ledger_pair_belongs_together(written: dict[str, Written]) -> None:
    key = load_pem_private_key(written["nld.ledger.key"].path.read_bytes(), None)
    public = load_pem_public_key(written["nld.ledger.pub"].path.read_bytes())
    assert isinstance(key, Ed25519PrivateKey)
    assert isinstance(public, Ed25519PublicKey)
    assert key.public_key() == public


def test_a_second_run_adds_what_is_missing_and_keeps_what_is_there(written: dict[str, Written]) -> None:
    directory = written["ca.pem"].path.parent
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    added = write_development(directory, "nld", now=NOW, sources=("radar-north", "cot-south"))
    assert [file.path.name for file in added] == ["cot-south.client.pem", "cot-south.client.key"]
    assert all((directory / name).read_bytes() == octets for name, octets in before.items())
    _certificate(added[0].path).verify_directly_issued_by(_certificate(directory / "ca.pem"))
    assert write_development(directory, "nld", now=NOW, sources=("cot-south",)) == []


def test_overwriting_renews_everything(written: dict[str, Written]) -> None:
    directory = written["ca.pem"].path.parent
    renewed = write_development(directory, "nld", now=NOW, sources=("radar-north",), overwrite=True)
    assert {file.path.name for file in renewed} == set(written)
    assert all(file.pin != written[file.path.name].pin for file in renewed if file.pin)


def test_refuses_half_a_pair(written: dict[str, Written]) -> None:
    key = written["nld.tls.key"].path
    key.unlink()
    with pytest.raises(SealError) as refusal:
        write_development(key.parent, "nld", now=NOW)
    assert refusal.value.code is codes.CERTIFICATE_WRITE
    assert "only nld.tls.pem exists" in refusal.value.cause


def test_refuses_an_authority_that_is_not_a_pair(written: dict[str, Written]) -> None:
    directory = written["ca.pem"].path.parent
    written["ca.key"].path.write_bytes(written["nld.tls.key"].path.read_bytes())
    with pytest.raises(SealError) as refusal:
        write_development(directory, "nld", now=NOW)
    assert refusal.value.code is codes.KEY_MISMATCH
    written["ca.key"].path.write_bytes(b"no key")
    with pytest.raises(SealError) as refusal:
        write_development(directory, "nld", now=NOW)
    assert refusal.value.code is codes.CERTIFICATE


def test_refuses_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "certs").write_text("a file")
    with pytest.raises(SealError) as refusal:
        write_development(tmp_path / "certs", "nld", now=NOW)
    assert refusal.value.code is codes.CERTIFICATE_WRITE


@pytest.mark.parametrize("name", ["", "../nld", "a/b", "nld\n", "é", "x" * 42, "-x"])
def test_refuses_names_that_cannot_be_files_or_subjects(name: str, tmp_path: Path) -> None:
    for arguments in ({"node": name}, {"node": "nld", "sources": (name,)}):
        with pytest.raises(SealError) as refusal:
            write_development(tmp_path / "certs", now=NOW, **arguments)
        assert refusal.value.code is codes.CERTIFICATE_NAME
    assert not (tmp_path / "certs").exists()


def test_refuses_a_host_that_is_no_name(tmp_path: Path) -> None:
    with pytest.raises(SealError) as refusal:
        write_development(tmp_path / "certs", "nld", now=NOW, names=("no host",))
    assert refusal.value.code is codes.CERTIFICATE_NAME


def test_a_host_that_is_asked_for_later_is_added_under_the_same_key(
    tmp_path: Path, written: dict[str, Written]
) -> None:
    before, added = _certificate(tmp_path / "certs/nld.tls.pem"), ("gw.nld.example", "192.0.2.7")
    files = write_development(tmp_path / "certs", "nld", now=NOW, names=added)
    assert [file.path.name for file in files] == ["nld.tls.pem"]
    assert files[0].names == ("nld", "localhost", "gw.example", "127.0.0.1", "::1", "::2", *added)
    after = _certificate(tmp_path / "certs/nld.tls.pem")
    assert spki_pin(after) == spki_pin(before) == files[0].pin
    after.verify_directly_issued_by(_certificate(tmp_path / "certs/ca.pem"))
    assert write_development(tmp_path / "certs", "nld", now=NOW, names=("192.0.2.7",)) == []


def test_no_host_is_added_to_a_certificate_that_somebody_else_made(tmp_path: Path, written: dict[str, Written]) -> None:
    write_development(tmp_path / "others", "nld", now=NOW)
    (tmp_path / "certs/nld.tls.pem").write_bytes((tmp_path / "others/nld.tls.pem").read_bytes())
    with pytest.raises(SealError) as refusal:
        write_development(tmp_path / "certs", "nld", now=NOW, names=("gw.nld.example",))
    assert refusal.value.code is codes.CERTIFICATE
