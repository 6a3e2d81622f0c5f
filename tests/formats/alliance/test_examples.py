"""The published examples are what the renderer makes of their source, and valid everywhere."""

from __future__ import annotations

import pytest

from gateway.formats.alliance import ROOT_END, packaged_schema, read, render
from gateway.limits import Limits
from gateway.xml import parse
from tests.formats.alliance import examples

SIGNATURE = (
    b'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>'
    b'<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:CanonicalizationMethod>'
    b'<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"></ds:SignatureMethod>'
    b'<ds:Reference URI=""><ds:Transforms>'
    b'<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform>'
    b'<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform></ds:Transforms>'
    b'<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#sha384"></ds:DigestMethod>'
    b"<ds:DigestValue>AAAA</ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue>AAAA</ds:SignatureValue>"
    b"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
)


def signed(octets: bytes) -> bytes:
    """As it stands on the wire, as far as a schema can see."""
    return octets[: -len(ROOT_END)] + SIGNATURE + ROOT_END


@pytest.mark.parametrize("name", examples.EXAMPLES)
def test_an_example_is_what_its_source_renders(name: str) -> None:
    assert examples.path(name).read_bytes() == render(examples.EXAMPLES[name]())


@pytest.mark.parametrize("name", examples.EXAMPLES)
def test_an_example_reads_back(name: str) -> None:
    octets = examples.path(name).read_bytes()
    assert read(parse(octets, max_octets=Limits().max_message_octets)) == examples.EXAMPLES[name]()


@pytest.mark.parametrize("name", examples.EXAMPLES)
def test_an_example_validates_with_its_signature_in_place(name: str) -> None:
    packaged_schema().check(parse(signed(examples.path(name).read_bytes()), max_octets=Limits().max_message_octets))


def test_there_is_no_example_without_a_source() -> None:
    assert {path.stem for path in examples.path("x").parent.iterdir()} == set(examples.EXAMPLES)
