"""What the seal refuses, and with which finding. One valid message, one thing wrong with it at a time."""

from __future__ import annotations

import secrets
from base64 import b64decode, b64encode
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import structs

from gateway.errors import Code, SealError
from gateway.limits import Limits
from gateway.seal import DigestAlgorithm, KeyRecord, VerificationError, Verifier, codes, profile
from tests.seal import makers
from tests.seal.makers import END, KINDS, NOW, START


def finding(octets: bytes, verifier: Verifier | None = None, **more: object) -> SealError:
    """The operator's view of the refusal; fails if the message is accepted."""
    with pytest.raises(VerificationError) as refusal:
        (verifier or makers.verifier()).verify(makers.inbound(octets, **more))
    return refusal.value.finding


@pytest.mark.parametrize("kind", KINDS)
def test_refuses_every_single_flipped_bit(kind: str) -> None:
    wire, verifier = makers.sealed(kind=kind).octets, makers.verifier(makers.record(kind))
    verifier.verify(makers.inbound(wire))
    accepted = []
    for place in range(len(wire)):
        for bit in range(8):
            octets = bytearray(wire)
            octets[place] ^= 1 << bit
            try:
                verifier.verify(makers.inbound(bytes(octets)))
            except VerificationError:
                continue
            accepted.append((place, bit))
    assert accepted == []


def test_refuses_every_truncation_and_every_single_octet_more() -> None:
    wire, verifier = makers.sealed().octets, makers.verifier()
    others = [wire[:length] for length in range(len(wire))]
    others += [wire[:place] + b" " + wire[place:] for place in range(len(wire) + 1)]
    for octets in others:
        finding(octets, verifier)


HEAD = profile.signature_head(makers.record().algorithm, DigestAlgorithm.SHA384)


def _swap(old: bytes, new: bytes) -> bytes:
    wire = makers.sealed().octets
    assert wire.count(old) >= 1
    return wire.replace(old, new)


OUTSIDE_OF_THE_PROFILE = {
    "trailing newline": lambda: makers.sealed().octets + b"\n",
    "trailing element": lambda: makers.sealed().octets + b"<a></a>",
    "white space before the signature's end": lambda: _swap(b"</ds:Signature>", b"\n</ds:Signature>"),
    "another prefix": lambda: _swap(b"ds:", b"sig:"),
    "no prefix": lambda: _swap(b"ds:Signature ", b"Signature "),
    "single quotes": lambda: _swap(b'URI=""', b"URI=''"),
    "an Id reference": lambda: _swap(b'URI=""', b'URI="#m-1"'),
    "no URI": lambda: _swap(b' URI=""', b""),
    "a file reference": lambda: _swap(b'URI=""', b'URI="file:///etc/passwd"'),
    "an XPointer": lambda: _swap(b'URI=""', b'URI="#xpointer(/)"'),
    "inclusive canonicalisation": lambda: _swap(
        b"http://www.w3.org/2001/10/xml-exc-c14n#", b"http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
    ),
    "with comments": lambda: _swap(b"xml-exc-c14n#", b"xml-exc-c14n#WithComments"),
    "an XSLT transform": lambda: _swap(
        b"http://www.w3.org/2000/09/xmldsig#enveloped-signature", b"http://www.w3.org/TR/1999/REC-xslt-19991116"
    ),
    "a third transform": lambda: _swap(
        b"</ds:Transforms>",
        b'<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#base64"></ds:Transform></ds:Transforms>',
    ),
    "two references": lambda: _swap(b"</ds:Reference>", b'</ds:Reference><ds:Reference URI="#x"></ds:Reference>'),
    "a comment in the digest": lambda: _swap(b"<ds:DigestValue>", b"<ds:DigestValue><!-- -->"),
    "a comment in the signature": lambda: _swap(b"</ds:SignatureValue>", b"<!-- --></ds:SignatureValue>"),
    "an instruction in the signature": lambda: _swap(b"<ds:KeyInfo>", b"<?x y?><ds:KeyInfo>"),
    "an Object": lambda: _swap(b"</ds:Signature>", b"<ds:Object></ds:Object></ds:Signature>"),
    "a Manifest": lambda: _swap(
        b"</ds:Signature>", b"<ds:Object><ds:Manifest></ds:Manifest></ds:Object></ds:Signature>"
    ),
    "a KeyValue": lambda: _swap(b"<ds:X509Data>", b"<ds:KeyValue></ds:KeyValue><ds:X509Data>"),
    "a KeyName": lambda: _swap(b"<ds:X509Data>", b"<ds:KeyName>nld</ds:KeyName><ds:X509Data>"),
    "a RetrievalMethod": lambda: _swap(
        b"<ds:X509Data>", b'<ds:RetrievalMethod URI="http://127.0.0.1/"></ds:RetrievalMethod><ds:X509Data>'
    ),
    "an HMAC with a length": lambda: _swap(
        b"</ds:SignatureMethod>", b"<ds:HMACOutputLength>1</ds:HMACOutputLength></ds:SignatureMethod>"
    ),
    "no KeyInfo": lambda: makers.sealed().octets.split(b"<ds:KeyInfo>")[0] + b"</ds:Signature>" + END,
    "an Id on the signature": lambda: _swap(b"<ds:Signature ", b'<ds:Signature Id="s" '),
    "an empty digest": lambda: makers.signature_before_end(makers.document(), makers.signature(b"", b"A" * 88)),
    "an empty signature value": lambda: makers.signature_before_end(
        makers.document(), makers.signature(b"A" * 64, b"")
    ),
    "base64 with a newline": lambda: _swap(b"</ds:X509Certificate>", b"\n</ds:X509Certificate>"),
    "a certificate of 1 MB": lambda: _swap(b"</ds:X509Certificate>", b"A" * 1_000_000 + b"</ds:X509Certificate>"),
    "no signature": makers.document,
    "a signature far from the end": lambda: makers.signature_before_end(
        makers.document(), makers.split(makers.sealed().octets)[1] + b"<a>" + b"x" * 10_000 + b"</a>"
    ),
    "an empty body": lambda: b"",
    "half a start tag": lambda: START[:20],
}


@pytest.mark.parametrize("name", OUTSIDE_OF_THE_PROFILE)
def test_refuses_whatever_the_template_does_not_have(name: str) -> None:
    outside = {codes.TEMPLATE, codes.NO_SIGNATURE, codes.ROOT}
    assert finding(OUTSIDE_OF_THE_PROFILE[name]()).code in outside


def test_refuses_a_second_signature_whichever_of_them_holds() -> None:
    document, good = makers.split(makers.sealed().octets)
    bad = makers.signature(b"A" * 64, b"A" * 86 + b"==")
    for first, second in ((good, good), (bad, good), (good, bad)):
        assert finding(document[: -len(END)] + first + second + END).code is codes.DIGEST


def test_refuses_a_second_signature_that_the_signer_itself_signed() -> None:
    document, good = makers.split(makers.sealed().octets)
    assert finding(makers.malicious(document[: -len(END)] + good + END)).code is codes.MARKUP


@pytest.mark.parametrize(
    "uri",
    [
        b"http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        b"http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        b"http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        b"http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        b"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
        b"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
        b"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        b"http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519",
    ],
)
def test_the_key_record_decides_the_algorithm_and_never_the_message(uri: bytes) -> None:
    assert finding(_swap(b"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", uri)).code is codes.ALGORITHM


@pytest.mark.parametrize(
    "uri",
    [
        b"http://www.w3.org/2000/09/xmldsig#sha1",
        b"http://www.w3.org/2001/04/xmldsig-more#md5",
        b"http://www.w3.org/2001/04/xmlenc#sha512",
    ],
)
def test_refuses_other_digests(uri: bytes) -> None:
    assert finding(_swap(b"http://www.w3.org/2001/04/xmldsig-more#sha384", uri)).code is codes.ALGORITHM


def test_refuses_a_digest_that_the_key_record_does_not_allow() -> None:
    pinned = structs.replace(makers.record(), digests=frozenset({DigestAlgorithm.SHA384}))
    wire = makers.sealed(digest=DigestAlgorithm.SHA256).octets
    makers.verifier().verify(makers.inbound(wire))
    assert finding(wire, makers.verifier(pinned)).code is codes.ALGORITHM


def test_refuses_a_certificate_that_is_not_pinned() -> None:
    error = finding(makers.sealed(owner="evil").octets)
    assert error.code is codes.UNKNOWN_KEY
    assert makers.record(owner="evil").thumbprint in error.cause


def test_refuses_the_key_of_another_partner() -> None:
    verifier = makers.verifier(makers.record(), makers.record(owner="deu"))
    wire = makers.sealed(owner="deu").octets
    verifier.verify(makers.inbound(wire, "deu"))
    assert finding(wire, verifier, partner="nld").code is codes.FOREIGN_KEY


def test_refuses_a_pinned_certificate_over_another_key() -> None:
    theirs = makers.sealed(owner="evil").octets
    ours = b64encode(makers.record().certificate_der)
    forged = theirs.replace(b64encode(makers.record(owner="evil").certificate_der), ours)
    assert finding(forged).code is codes.SIGNATURE


def test_accepts_the_current_and_the_next_key_of_a_partner() -> None:
    verifier = Verifier({record.thumbprint: record for record in (makers.record(), makers.record("p384"))})
    for kind in ("p256", "p384"):
        assert verifier.verify(makers.inbound(makers.sealed(kind=kind).octets)).key == makers.record(kind).thumbprint


@pytest.mark.parametrize("seconds", [-1, 86_401])
def test_refuses_a_key_outside_of_its_validity(seconds: int) -> None:
    key = makers.key_of("p256")
    certificate = makers.certificate_of(key, not_before=NOW, not_after=NOW + timedelta(days=1))
    pinned = KeyRecord.from_certificate_pem("nld", certificate.public_bytes(Encoding.PEM))
    wire = makers.sealed().octets.replace(b64encode(makers.record().certificate_der), b64encode(pinned.certificate_der))
    verifier = makers.verifier(pinned)
    for inside in (0, 86_400):
        verifier.verify(makers.inbound(wire, received_at=NOW + timedelta(seconds=inside)))
    assert finding(wire, verifier, received_at=NOW + timedelta(seconds=seconds)).code is codes.KEY_EXPIRED


def test_refuses_a_second_spelling_of_the_same_base64() -> None:
    wire = makers.sealed().octets  # 64 octets end in "A==", "Q==", "g==" or "w==": the padding bits are free
    start = wire.index(b"<ds:SignatureValue>") + len(b"<ds:SignatureValue>")
    value = wire[start : start + 88]
    other = value[:85] + bytes([value[85] + 1]) + value[86:]
    assert b64decode(other) == b64decode(value)
    assert finding(wire.replace(value, other)).code is codes.SIGNATURE


P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def _with_value(octets: bytes) -> bytes:
    wire = makers.sealed().octets
    start = wire.index(b"<ds:SignatureValue>") + len(b"<ds:SignatureValue>")
    return wire[:start] + b64encode(octets) + wire[wire.index(b"</ds:SignatureValue>") :]


def _value() -> tuple[int, int]:
    wire = makers.sealed().octets
    octets = b64decode(wire[wire.index(b"<ds:SignatureValue>") + 19 : wire.index(b"</ds:SignatureValue>")])
    return int.from_bytes(octets[:32], "big"), int.from_bytes(octets[32:], "big")


def _raw(r: int, s: int, width: int = 32) -> bytes:
    return r.to_bytes(width, "big") + s.to_bytes(width, "big")


R, S = _value()
BAD_VALUES = {
    "r is 0": _raw(0, S),
    "s is 0": _raw(R, 0),
    "both are 0": _raw(0, 0),
    "r is n": _raw(P256_ORDER, S),
    "s is n": _raw(R, P256_ORDER),
    "s is n and r is 0": _raw(0, P256_ORDER),
    "r + n": _raw((R + P256_ORDER) % 2**256, S),
    "r is 1 and s is 1": _raw(1, 1),
    "all ones": b"\xff" * 64,
    "r and s swapped": _raw(S, R),
    "DER": encode_dss_signature(R, S),
    "too short": _raw(R, S)[:-1] + b"",
    "a leading zero on s": _raw(R, S)[:32] + b"\0" + _raw(R, S)[32:],
    "a leading zero on each": _raw(R, S, 33),
    "of P-384's length": _raw(R, S, 48),
    "a trailing octet": _raw(R, S) + b"\0",
    "of RSA's length": b"\x01" * 384,
}


@pytest.mark.parametrize("name", BAD_VALUES)
def test_refuses_malformed_ecdsa_values(name: str) -> None:
    value = BAD_VALUES[name]
    expected = codes.SIGNATURE if len(b64encode(value).rstrip(b"=")) >= 86 else codes.TEMPLATE
    assert finding(_with_value(value)).code is expected


def test_the_mirrored_ecdsa_value_is_the_same_message() -> None:
    """(r, n - s) verifies by the mathematics of ECDSA: so duplicates are found by message id, never by wire digest."""
    wire = makers.sealed().octets
    r, s = _value()
    mirrored = _with_value(_raw(r, P256_ORDER - s))
    assert mirrored != wire
    assert makers.verifier().verify(makers.inbound(mirrored)).signed == makers.document()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("octets", [64, 96, 384])
def test_refuses_random_signatures_of_every_length(kind: str, octets: int) -> None:
    wire, verifier = makers.sealed(kind=kind).octets, makers.verifier(makers.record(kind))
    start = wire.index(b"<ds:SignatureValue>") + len(b"<ds:SignatureValue>")
    random = b64encode(secrets.token_bytes(octets))
    assert (
        finding(wire[:start] + random + wire[wire.index(b"</ds:SignatureValue>") :], verifier).code is codes.SIGNATURE
    )


def test_refuses_an_altered_document_with_the_digest_to_match() -> None:
    altered = makers.document(b"<Header><MessageId>m-2</MessageId></Header>")
    value = makers.sealed().octets.split(b"<ds:SignatureValue>")[1].split(b"<")[0]
    digest = b64encode(DigestAlgorithm.SHA384.of(altered))
    assert finding(makers.signature_before_end(altered, makers.signature(digest, value))).code is codes.SIGNATURE


def test_refuses_a_message_above_the_cap_and_takes_one_at_it() -> None:
    wire = makers.sealed().octets
    Verifier([makers.record()], limits=Limits(max_message_octets=len(wire))).verify(makers.inbound(wire))
    small = Verifier([makers.record()], limits=Limits(max_message_octets=len(wire) - 1))
    assert finding(wire, small).code is codes.TOO_LARGE


BODY = b"<Header><MessageId>m-1</MessageId></Header>"
SIGNED_BY_A_MALICIOUS_PARTNER: dict[str, tuple[bytes, Code]] = {
    "a comment": (makers.document(BODY + b"<a>x<!-- -->y</a>"), codes.MARKUP),
    "an instruction": (makers.document(BODY + b"<?x y?>"), codes.MARKUP),
    "CDATA": (makers.document(BODY + b"<a><![CDATA[x]]></a>"), codes.MARKUP),
    "an empty-element tag": (makers.document(BODY + b"<a/>"), codes.NOT_CANONICAL),
    "single quotes": (makers.document(BODY + b"<a b='c'></a>"), codes.NOT_CANONICAL),
    "two spaces": (makers.document(BODY + b'<a  b="c"></a>'), codes.NOT_CANONICAL),
    "a space before the end": (makers.document(BODY + b"<a ></a>"), codes.NOT_CANONICAL),
    "a space in an end tag": (makers.document(BODY + b"<a></a >"), codes.NOT_CANONICAL),
    "a newline in a tag": (makers.document(BODY + b'<a\nb="c"></a>'), codes.NOT_CANONICAL),
    "unordered attributes": (makers.document(BODY + b'<a c="1" b="2"></a>'), codes.NOT_CANONICAL),
    "a raw > in text": (makers.document(BODY + b"<a>x>y</a>"), codes.NOT_CANONICAL),
    "a character reference": (makers.document(BODY + b"<a>&#65;</a>"), codes.NOT_CANONICAL),
    "a quote entity in text": (makers.document(BODY + b"<a>&quot;</a>"), codes.NOT_CANONICAL),
    "a > entity in a value": (makers.document(BODY + b'<a b="&gt;"></a>'), codes.NOT_CANONICAL),
    "a carriage return": (makers.document(BODY + b"<a>x\r\ny</a>"), codes.NOT_CANONICAL),
    "a tab in a value": (makers.document(BODY + b'<a b="x\ty"></a>'), codes.NOT_CANONICAL),
    "an unused namespace": (makers.document(BODY + b'<a xmlns:x="urn:x"></a>'), codes.NOT_CANONICAL),
    "a repeated namespace": (
        makers.document(BODY + b'<a xmlns="urn:alliance:track-exchange:1"></a>'),
        codes.NOT_CANONICAL,
    ),
    "a relative namespace": (makers.document(BODY + b'<e:a xmlns:e="1"></e:a>'), codes.NOT_CANONICAL),
    "an undeclared prefix": (makers.document(BODY + b"<e:a></e:a>"), codes.PARSE),
    "not well-formed": (makers.document(BODY + b"<a></b>"), codes.PARSE),
    "two roots": (makers.document(BODY) + makers.document(BODY), codes.PARSE),
    "a control character": (makers.document(BODY + b"<a>\x01</a>"), codes.PARSE),
    "overlong UTF-8": (makers.document(BODY + b"<a>\xc0\xaf</a>"), codes.PARSE),
    "a surrogate": (makers.document(BODY + b"<a>\xed\xa0\x80</a>"), codes.PARSE),
    "Latin-1": (makers.document(BODY + b"<a>\xe9</a>"), codes.PARSE),
    "an entity": (makers.document(BODY + b"<a>&x;</a>"), codes.PARSE),
    "nesting": (makers.document(BODY + b"<a>" * 300 + b"</a>" * 300), codes.PARSE),
    "65 attributes": (
        makers.document(BODY + b"<a" + b"".join(b' a%02d="1"' % n for n in range(65)) + b"></a>"),
        codes.FLOOD,
    ),
    "another signature": (
        makers.document(BODY + b'<ds:Object xmlns:ds="http://www.w3.org/2000/09/xmldsig#"></ds:Object>'),
        codes.MARKUP,
    ),
    "an XML declaration": (b'<?xml version="1.0"?>' + makers.document(BODY), codes.ROOT),
    "an XML 1.1 declaration": (b'<?xml version="1.1"?>' + makers.document(BODY), codes.ROOT),
    "an encoding": (b'<?xml version="1.0" encoding="UTF-7"?>' + makers.document(BODY), codes.ROOT),
    "a byte-order mark": (b"\xef\xbb\xbf" + makers.document(BODY), codes.ROOT),
    "a document type": (b"<!DOCTYPE a>" + makers.document(BODY), codes.ROOT),
    "a document type with an entity": (b'<!DOCTYPE a [<!ENTITY x "y">]>' + makers.document(BODY), codes.ROOT),
    "leading white space": (b"\n" + makers.document(BODY), codes.ROOT),
    "another root": (b'<Other xmlns="urn:alliance:track-exchange:1">' + END, codes.ROOT),
    "another namespace": (b'<TrackMessage xmlns="urn:alliance:track-exchange:2" version="2.0">' + END, codes.ROOT),
}


@pytest.mark.parametrize("name", SIGNED_BY_A_MALICIOUS_PARTNER)
def test_refuses_signed_octets_that_others_could_read_otherwise(name: str) -> None:
    octets, code = SIGNED_BY_A_MALICIOUS_PARTNER[name]
    assert finding(makers.malicious(octets)).code is code


def test_accepts_64_attributes_on_one_element() -> None:
    octets = makers.document(BODY + b"<a" + b"".join(b' a%02d="1"' % n for n in range(64)) + b"></a>")
    assert makers.verifier().verify(makers.inbound(makers.malicious(octets))).signed == octets


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "cp037"])
def test_refuses_other_encodings(encoding: str) -> None:
    text = makers.sealed().octets.decode()
    octets = text.encode(encoding)
    if octets != text.encode():
        assert finding(octets).code in {codes.ROOT, codes.TEMPLATE}


def test_accepts_canonical_octets_of_a_foreign_namespace() -> None:
    body = BODY + b'<Extensions><n:a xmlns:n="urn:nation"><n:b c="d">x</n:b></n:a></Extensions>'
    octets = makers.document(body)
    assert makers.verifier().verify(makers.inbound(makers.sealed(octets).octets)).signed == octets


def test_text_may_speak_of_xml_signatures() -> None:
    body = BODY + b'<a xmlns="urn:x">see http://www.w3.org/2000/09/xmldsig# and &lt;ds:Signature&gt;</a>'
    octets = makers.document(body)
    assert makers.verifier().verify(makers.inbound(makers.sealed(octets).octets)).signed == octets
