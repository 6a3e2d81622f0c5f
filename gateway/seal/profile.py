"""The COW-1 profile ("canonical on wire"): how a signed message looks, octet by octet.

The octets on the wire are the exclusive canonical form (XML-EXC-C14N) of the document with one ``ds:Signature`` spliced
in before the root end tag. It is ordinary enveloped XMLDSig to every other tool. To us it is a prefix, a template of
constants with five variable texts, and an end tag: no parser runs before the signature holds.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from functools import cache

from gateway.seal.algorithms import Algorithm, DigestAlgorithm

NAMESPACE = "urn:alliance:track-exchange:1"
START = f'<TrackMessage xmlns="{NAMESPACE}" version="'.encode()
END = b"</TrackMessage>"
SIGNATURE_NAMESPACE = "http://www.w3.org/2000/09/xmldsig#"

TAIL_OCTETS = 9 * 1024
"""The signature with its certificate lies in the last so many octets: bounds the search in a hostile message."""

_EXCLUSIVE = b"http://www.w3.org/2001/10/xml-exc-c14n#"
_ENVELOPED = b"http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_OPEN = b'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
_INFO_OPEN = b"<ds:SignedInfo>"
# As a document subset, SignedInfo carries the namespace that it inherits on the wire (XML-EXC-C14N 3).
_INFO_OPEN_CANONICAL = b'<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
_INFO_1 = (
    b'<ds:CanonicalizationMethod Algorithm="' + _EXCLUSIVE + b'"></ds:CanonicalizationMethod>'
    b'<ds:SignatureMethod Algorithm="'
)
_INFO_2 = (
    b'"></ds:SignatureMethod><ds:Reference URI=""><ds:Transforms>'
    b'<ds:Transform Algorithm="' + _ENVELOPED + b'"></ds:Transform>'
    b'<ds:Transform Algorithm="' + _EXCLUSIVE + b'"></ds:Transform></ds:Transforms>'
    b'<ds:DigestMethod Algorithm="'
)
_INFO_3 = b'"></ds:DigestMethod><ds:DigestValue>'
_INFO_4 = b"</ds:DigestValue></ds:Reference></ds:SignedInfo>"
_VALUE_OPEN = b"<ds:SignatureValue>"
_KEY_INFO_OPEN = b"</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>"
_CLOSE = b"</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"

_URI = rb"([A-Za-z0-9:/.#-]{1,80})"
_BASE64 = rb"([A-Za-z0-9+/]{%d,%d}={0,2})"
TEMPLATE = re.compile(
    re.escape(_OPEN + _INFO_OPEN + _INFO_1)
    + _URI
    + re.escape(_INFO_2)
    + _URI
    + re.escape(_INFO_3)
    + _BASE64 % (43, 64)
    + re.escape(_INFO_4 + _VALUE_OPEN)
    + _BASE64 % (86, 1368)
    + re.escape(_KEY_INFO_OPEN)
    + _BASE64 % (200, 6000)
    + re.escape(_CLOSE + END)
)
"""The whole tail of a message. Groups: signature URI, digest URI, digest, signature value, certificate."""

SIGNATURE_START = _OPEN


@cache
def signed_info(algorithm: Algorithm, digest: DigestAlgorithm) -> tuple[bytes, bytes]:
    """Canonical ``SignedInfo`` before and after the digest text, built of constants."""
    head = _INFO_OPEN_CANONICAL + _INFO_1 + algorithm.uri.encode() + _INFO_2 + digest.uri.encode() + _INFO_3
    return head, _INFO_4


@cache
def signature_head(algorithm: Algorithm, digest: DigestAlgorithm) -> bytes:
    """The wire's octets from the signature's start tag up to the digest text."""
    return _OPEN + _INFO_OPEN + _INFO_1 + algorithm.uri.encode() + _INFO_2 + digest.uri.encode() + _INFO_3


def signature_tail(certificate_b64: bytes) -> bytes:
    """The wire's octets from the end of the signature value to the end of the message."""
    return _KEY_INFO_OPEN + certificate_b64 + _CLOSE + END


SIGNATURE_MIDDLE = _INFO_4 + _VALUE_OPEN
"""The wire's octets between the digest text and the signature value."""


def base64_text(octets: bytes) -> bytes:
    """`octets` in base64 on one line."""
    return b2a_base64(octets, newline=False)
