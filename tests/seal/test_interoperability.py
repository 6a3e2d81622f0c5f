"""Our messages are ordinary enveloped XMLDSig: other people's tools verify them, and refuse them once altered."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import signxml
import xmlsec
from cryptography import x509
from lxml import etree

from gateway.seal import DigestAlgorithm
from tests.seal import makers
from tests.seal.makers import KINDS

NIST_KINDS = ("p256", "p384", "rsa")  # no released xmlsec or signxml knows Ed25519
MESSAGES = [(kind, digest) for kind in KINDS for digest in DigestAlgorithm]


def _wire(kind: str, digest: DigestAlgorithm) -> bytes:
    return makers.sealed(makers.other_tools_document(2), kind, digest=digest).octets


def _altered(wire: bytes) -> bytes:
    assert b"52.12345678" in wire
    return wire.replace(b"52.12345678", b"53.12345678", 1)


@pytest.mark.skipif(shutil.which("xmlsec1") is None, reason="xmlsec1 is not installed (Debian: xmlsec1)")
@pytest.mark.parametrize("digest", DigestAlgorithm)
@pytest.mark.parametrize("kind", NIST_KINDS)
def test_xmlsec1_verifies_our_messages(kind: str, digest: DigestAlgorithm, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(makers.authority_pem())

    def verify(octets: bytes) -> int:
        (tmp_path / "message.xml").write_bytes(octets)
        command = ["xmlsec1", "--verify", "--trusted-pem", "ca.pem", "message.xml"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False).returncode

    wire = _wire(kind, digest)
    assert verify(wire) == 0
    assert verify(_altered(wire)) != 0


@pytest.mark.parametrize("digest", DigestAlgorithm)
@pytest.mark.parametrize("kind", NIST_KINDS)
def test_python_xmlsec_verifies_our_messages(kind: str, digest: DigestAlgorithm) -> None:
    wire = _wire(kind, digest)
    assert xmlsec_accepts(wire, makers.certificate_pem(kind))
    assert not xmlsec_accepts(_altered(wire), makers.certificate_pem(kind))


@pytest.mark.parametrize("digest", DigestAlgorithm)
@pytest.mark.parametrize("kind", NIST_KINDS)
def test_signxml_verifies_our_messages(kind: str, digest: DigestAlgorithm) -> None:
    wire, certificate = _wire(kind, digest), x509.load_pem_x509_certificate(makers.certificate_pem(kind))
    result = signxml.XMLVerifier().verify(wire, x509_cert=certificate)
    assert etree.tostring(result.signed_xml, method="c14n", exclusive=True) == makers.other_tools_document(2)
    with pytest.raises(signxml.InvalidSignature):
        signxml.XMLVerifier().verify(_altered(wire), x509_cert=certificate)


@pytest.mark.skipif(
    shutil.which("javac") is None or shutil.which("java") is None,
    reason="no JDK is installed (Debian: default-jdk-headless)",
)
def test_the_jdk_verifies_our_messages_of_every_kind(tmp_path: Path) -> None:
    source = Path(__file__).with_name("Verify.java")
    subprocess.run(["javac", "-d", str(tmp_path), str(source)], check=True, capture_output=True, timeout=100)
    arguments, expected = [], []
    for number, (kind, digest) in enumerate(MESSAGES):
        certificate = tmp_path / f"{kind}.pem"
        certificate.write_bytes(makers.certificate_pem(kind))
        wire = _wire(kind, digest)
        for octets, verdict in ((wire, "valid"), (_altered(wire), "invalid")):
            message = tmp_path / f"{number}-{verdict}.xml"
            message.write_bytes(octets)
            arguments += [str(certificate), str(message)]
            expected.append(verdict)
    command = ["java", "-Xshare:auto", "-cp", str(tmp_path), "Verify", *arguments]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=100).stdout
    assert output.split("\n")[:-1] == expected


def xmlsec_accepts(octets: bytes, certificate: bytes, *, id_attribute: str | None = None) -> bool:
    """The verdict of python-xmlsec under a pinned certificate."""
    try:
        root = etree.fromstring(octets)
    except etree.XMLSyntaxError:
        return False
    node = xmlsec.tree.find_node(root, xmlsec.constants.NodeSignature)
    if node is None:
        return False
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(certificate, xmlsec.constants.KeyDataFormatCertPem, None)
    try:
        if id_attribute is not None:
            xmlsec.tree.add_ids(root, [id_attribute])
        context.verify(node)
    except xmlsec.Error:
        return False
    return True
