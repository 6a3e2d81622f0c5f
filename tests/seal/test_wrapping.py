"""Signature wrapping: fourteen ways to hand a consumer content that the signature does not cover.

XSW1 to XSW8 of Somorovsky et al., adapted to our envelope, and six more. Each with three forms of reference: the whole
document, an Id on the root, an Id on the body. Where a general tool accepts one, that shows that the attack is real.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

import pytest
from lxml import etree

from gateway.seal import DigestAlgorithm, VerificationError, profile
from gateway.seal.algorithms import signer_of
from tests.seal import makers
from tests.seal.makers import END, START
from tests.seal.test_interoperability import xmlsec_accepts

EXTENSIONS, EXTENSIONS_END = b"<Extensions>", b"</Extensions>"
BODY, EVIL_BODY = b"<Track>FRIEND</Track>", b"<Track>EVIL</Track>"


def _document(reference: str, body: bytes) -> bytes:
    start = START[:-1] + b' Id="m-1">' if reference == "#m-1" else START
    return start + (b'<Body Id="b-1">%s</Body>' if reference == "#b-1" else b"<Body>%s</Body>") % body + END


def _evil_document(reference: str) -> bytes:
    """The attacker's: the same shape, another Id, so that the reference still finds the signed element."""
    return _document(reference, EVIL_BODY).replace(b'Id="m-1"', b'Id="m-2"').replace(b'Id="b-1"', b'Id="b-2"')


def _signature(reference: str, document: bytes) -> bytes:
    """A ds:Signature that really covers what `reference` points to, as a general tool would make it."""
    element = etree.fromstring(document)
    if reference == "#b-1":
        element = element[0]
    covered = etree.tostring(element, method="c14n", exclusive=True)
    text = b64encode(DigestAlgorithm.SHA384.of(covered))
    head, tail = profile.signed_info(makers.record().algorithm, DigestAlgorithm.SHA384)
    uri = b'URI="%s"' % reference.encode()
    head = head.replace(b'URI=""', uri)
    value = b64encode(signer_of(makers.key_of("p256"))(head + text + tail))
    return makers.signature(text, value).replace(b'URI=""', uri)


def _inside(element: bytes, child: bytes, tag: bytes) -> bytes:
    place = element.rindex(b"</" + tag + b">")
    return element[:place] + child + element[place:]


def _object(signature: bytes, child: bytes) -> bytes:
    return _inside(signature, b"<ds:Object>" + child + b"</ds:Object>", b"ds:Signature")


def _body_of(document: bytes) -> bytes:
    return document[document.index(b"<Body") : -len(END)]


def _insert(document: bytes, child: bytes) -> bytes:
    return document[: -len(END)] + child + END


def _first(document: bytes, child: bytes) -> bytes:
    place = document.index(b"<Body")
    return document[:place] + child + document[place:]


# Each takes the signed document, its signature, and the attacker's document.
WRAPS: dict[str, Callable[[bytes, bytes, bytes], bytes]] = {
    "1 original in an Object of the signature": lambda good, sig, evil: _insert(evil, _object(sig, good)),
    "2 original as sibling before the signature": lambda good, sig, evil: _insert(evil, good + sig),
    "3 original with its signature as sibling of the evil body": lambda good, sig, evil: _insert(
        evil, _insert(good, sig)
    ),
    "4 original with its signature inside of the evil body": lambda good, sig, evil: _inside(
        evil, _insert(good, sig), b"Body"
    ),
    "5 original as sibling after the signature": lambda good, sig, evil: _insert(evil, sig + good),
    "6 original in the KeyInfo": lambda good, sig, evil: _insert(evil, _inside(sig, good, b"ds:KeyInfo")),
    "7 original in Extensions, signature last": lambda good, sig, evil: _insert(
        evil, EXTENSIONS + good + EXTENSIONS_END + sig
    ),
    "8 original body in an Object": lambda good, sig, evil: _insert(evil, _object(sig, _body_of(good))),
    "9 evil body before the original body": lambda good, sig, evil: _insert(_first(good, _body_of(evil)), sig),
    "10 signature first, original in Extensions": lambda good, sig, evil: _insert(
        _first(evil, sig), EXTENSIONS + good + EXTENSIONS_END
    ),
    "11 original body in Extensions, signature last": lambda good, sig, evil: _insert(
        evil, EXTENSIONS + _body_of(good) + EXTENSIONS_END + sig
    ),
    "12 a comment that splits the text": lambda good, sig, evil: _insert(
        good.replace(b"FRIEND", b"FRI<!-- -->END"), sig
    ),
    "13 evil document before the sealed one": lambda good, sig, evil: evil + _insert(good, sig),
    "14 signature in another signature": lambda good, sig, evil: _insert(evil, _object(sig, _insert(good, sig))),
}
REFERENCES = ("", "#m-1", "#b-1")


@pytest.mark.parametrize("reference", REFERENCES)
@pytest.mark.parametrize("name", WRAPS)
def test_refuses_every_wrapping(name: str, reference: str) -> None:
    good = _document(reference, BODY)
    octets = WRAPS[name](good, _signature(reference, good), _evil_document(reference))
    with pytest.raises(VerificationError):
        makers.verifier().verify(makers.inbound(octets))


def test_the_unwrapped_message_is_accepted() -> None:
    good = _document("", BODY)
    assert makers.verifier().verify(makers.inbound(_insert(good, _signature("", good)))).signed == good


@pytest.mark.parametrize("reference", REFERENCES[1:])
def test_the_wrappings_are_real_attacks_on_a_general_tool(reference: str) -> None:
    good = _document(reference, BODY)
    signature = _signature(reference, good)
    accepted = {
        name
        for name, wrap in WRAPS.items()
        if b"EVIL" in (octets := wrap(good, signature, _evil_document(reference)))
        and xmlsec_accepts(octets, makers.certificate_pem("p256"), id_attribute="Id")
    }
    assert len(accepted) >= 2, accepted


def test_a_comment_that_splits_text_is_accepted_by_a_general_tool() -> None:
    good = _document("", BODY)
    octets = WRAPS["12 a comment that splits the text"](good, _signature("", good), b"")
    assert xmlsec_accepts(octets, makers.certificate_pem("p256"))
    assert etree.fromstring(octets).findtext("{*}Body/{*}Track") == "FRI"
