"""What SIP3 puts into SOAP (1.1 by its WSDL; 1.2 is taken as well): its names, its fault, its compressed answer."""

from __future__ import annotations

import base64
import binascii
import zlib

from gateway import soap
from gateway.errors import FormatError
from gateway.formats.nffi import codes
from gateway.formats.nffi.values import clean, element_text
from gateway.limits import Limits
from gateway.soap import ENVELOPES, SOAP_11, body_of, envelope, fault_text

SIP3 = "urn:nato:fft:protocols:sip3"
ERRORS = "urn:nato:fft:protocols:sip3:errors"
QUERY = "urn:nato:fft:protocols:nffi13:query"
_GZIP = b"\x1f\x8b"


def fault(namespace: str, code: str, text: str) -> bytes:
    """A fault that is the caller's, with SIP3's own detail."""
    words = element_text(clean(text))
    detail = f'<SIP3Fault xmlns="{ERRORS}"><SIP3FCode>{code}</SIP3FCode><SIP3FString>{words}</SIP3FString></SIP3Fault>'
    return soap.fault(namespace, words, detail)


def decompressed(text: str, limits: Limits) -> bytes:
    """The document in a compressedMessage: GZIP, told by its first octets; bounded, whatever it would grow to."""
    try:
        octets = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise FormatError(codes.COMPRESSION, place="compressedMessage", cause="not base64") from None
    if octets[:2] != _GZIP:
        raise FormatError(codes.COMPRESSION, place="compressedMessage", cause="not GZIP")
    machine = zlib.decompressobj(wbits=31)
    try:
        plain = machine.decompress(octets, limits.max_frame_octets + 1)
    except zlib.error as error:
        raise FormatError(codes.COMPRESSION, place="compressedMessage", cause=str(error)[:80]) from None
    if len(plain) > limits.max_frame_octets:
        raise FormatError(
            codes.TOO_LARGE, place="compressedMessage", cause=f"more than {limits.max_frame_octets} octets"
        )
    if not machine.eof:
        raise FormatError(codes.COMPRESSION, place="compressedMessage", cause="it ends too soon")
    return plain


__all__ = [
    "ENVELOPES",
    "ERRORS",
    "QUERY",
    "SIP3",
    "SOAP_11",
    "body_of",
    "decompressed",
    "envelope",
    "fault",
    "fault_text",
]
