"""What NVG puts into SOAP (1.1 by the service's WSDL; 1.2 is taken as well): its service's name, and faults."""

from __future__ import annotations

from gateway import soap
from gateway.formats.nvg.values import clean, element_text
from gateway.soap import ENVELOPES, SOAP_11, body_of, envelope, fault_text

SERVICE = "https://tide.act.nato.int/wsdl/2012/nvg"
"""Namespace of the operations of NVG 2.0."""


def fault(namespace: str, text: str) -> bytes:
    """A fault that is the caller's."""
    return soap.fault(namespace, element_text(clean(text)))


__all__ = ["ENVELOPES", "SERVICE", "SOAP_11", "body_of", "envelope", "fault", "fault_text"]
