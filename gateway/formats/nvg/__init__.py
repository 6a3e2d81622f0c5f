"""Takes: NATO Vector Graphics documents (1.4, 1.5, 2.0; alone or in SOAP), or `Track`s.

Gives: one `Track` per point that is an object, with extended data kept, or one document valid against 2.0.2.
Fails: with `FormatError` (``NVG-...``, ``XML-...``) per object; its neighbours live.
Trusts: nothing; XML goes through `gateway.xml`.
"""

from __future__ import annotations

from gateway.dialect import Format
from gateway.formats.nvg.codes import CODES
from gateway.formats.nvg.decoder import NvgDecoder
from gateway.formats.nvg.encoder import NvgEncoder
from gateway.formats.nvg.service import NvgService, enquiry
from gateway.formats.nvg.trace import trace

FORMAT = Format(
    name="nvg",
    title="NATO Vector Graphics 2.0.2",
    media_type="application/nvg+xml",
    decoder=NvgDecoder,
    encoder=NvgEncoder,
    trace=trace,
    service=NvgService,
    enquiry=enquiry,
)

__all__ = ["CODES", "FORMAT", "NvgDecoder", "NvgEncoder", "NvgService", "enquiry", "trace"]
