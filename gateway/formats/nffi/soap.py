"""SOAP envelopes of SIP3 (1.1 by its WSDL; 1.2 is taken as well), its fault, and the compressed answer."""

from __future__ import annotations

import base64
import binascii
import zlib

from lxml import etree

from gateway.errors import FormatError
from gateway.formats.nffi import codes
from gateway.formats.nffi.tree import names_of
from gateway.formats.nffi.values import clean, element_text
from gateway.limits import Limits
from gateway.xml import words_of

SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
ENVELOPES = {SOAP_11: "text/xml", SOAP_12: "application/soap+xml"}
"""Media type by the namespace of the envelope."""
SIP3 = "urn:nato:fft:protocols:sip3"
ERRORS = "urn:nato:fft:protocols:sip3:errors"
QUERY = "urn:nato:fft:protocols:nffi13:query"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_GZIP = b"\x1f\x8b"


def body_of(root: etree._Element) -> etree._Element | None:
    """The one element in the Body; `None` if the document is no envelope with exactly one."""
    namespace, name = names_of(root)
    if namespace not in ENVELOPES or name != "Envelope":
        return None
    bodies = [child for child in root if names_of(child) == (namespace, "Body")]
    return bodies[0][0] if len(bodies) == 1 and len(bodies[0]) == 1 else None


def fault_text(body: etree._Element) -> str | None:
    """What a fault says, cut to a line; `None` for an element that is none."""
    if names_of(body)[1] != "Fault":
        return None
    return words_of(body, at_most=200) or "no text"


def envelope(namespace: str, content: str) -> bytes:
    """A whole document: `content` is XML already."""
    text = f'{_DECLARATION}<soap:Envelope xmlns:soap="{namespace}"><soap:Body>{content}</soap:Body></soap:Envelope>'
    return text.encode()


def fault(namespace: str, code: str, text: str) -> bytes:
    """A fault that is the caller's, with SIP3's own detail."""
    words = element_text(clean(text))
    detail = f'<SIP3Fault xmlns="{ERRORS}"><SIP3FCode>{code}</SIP3FCode><SIP3FString>{words}</SIP3FString></SIP3Fault>'
    if namespace == SOAP_12:
        inner = (
            "<soap:Code><soap:Value>soap:Sender</soap:Value></soap:Code>"
            f'<soap:Reason><soap:Text xml:lang="en">{words}</soap:Text></soap:Reason>'
            f"<soap:Detail>{detail}</soap:Detail>"
        )
    else:
        inner = f"<faultcode>soap:Client</faultcode><faultstring>{words}</faultstring><detail>{detail}</detail>"
    return envelope(namespace, f"<soap:Fault>{inner}</soap:Fault>")


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
