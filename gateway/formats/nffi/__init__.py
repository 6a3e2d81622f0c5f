"""Takes: NFFI 1.3 messages (singly, as a TCP stream, or in SIP3's SOAP answers), or `Track`s.

Gives: one `Track` per track with what no field holds kept as an `Extension`, or one message that fits 1.3's facets.
Fails: with `FormatError` (``NFI-...``, ``XML-...``) per track; its neighbours live.
Trusts: nothing; XML goes through `gateway.xml`.
"""

from __future__ import annotations

from gateway.dialect import Format
from gateway.formats.nffi.codes import CODES
from gateway.formats.nffi.decoder import NffiDecoder
from gateway.formats.nffi.encoder import NffiEncoder
from gateway.formats.nffi.service import NffiService, enquiry
from gateway.formats.nffi.stream import Splitter
from gateway.formats.nffi.trace import trace

FORMAT = Format(
    name="nffi",
    title="NATO Friendly Force Information 1.3",
    media_type="application/nffi+xml",
    decoder=NffiDecoder,
    encoder=NffiEncoder,
    splitter=Splitter,
    trace=trace,
    service=NffiService,
    enquiry=enquiry,
)

__all__ = ["CODES", "FORMAT", "NffiDecoder", "NffiEncoder", "NffiService", "Splitter", "enquiry", "trace"]
