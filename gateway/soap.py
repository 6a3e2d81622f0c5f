"""SOAP envelopes (1.1 and 1.2): the one element in them, faults in words, and envelopes of our own."""

from __future__ import annotations

from lxml import etree

from gateway.xml import words_of
from gateway.xml_tree import names_of

SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
ENVELOPES = {SOAP_11: "text/xml", SOAP_12: "application/soap+xml"}
"""Media type by the namespace of the envelope."""
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


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


def fault(namespace: str, words: str, detail: str = "") -> bytes:
    """A fault that is the caller's: `words` are escaped, `detail` is XML already."""
    if namespace == SOAP_12:
        inner = (
            "<soap:Code><soap:Value>soap:Sender</soap:Value></soap:Code>"
            f'<soap:Reason><soap:Text xml:lang="en">{words}</soap:Text></soap:Reason>'
            + (f"<soap:Detail>{detail}</soap:Detail>" if detail else "")
        )
    else:
        inner = f"<faultcode>soap:Client</faultcode><faultstring>{words}</faultstring>"
        inner += f"<detail>{detail}</detail>" if detail else ""
    return envelope(namespace, f"<soap:Fault>{inner}</soap:Fault>")
