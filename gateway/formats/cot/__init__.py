"""Takes: Cursor on Target 2.0 events (XML or TAK protocol version 1, singly or as a stream), or `Track`s.

Gives: one `Track` per event with every unknown detail kept as an `Extension`, or one event per `Track` and its losses;
conversations with TAK clients, servers and meshes.
Fails: with `FormatError` (``COT-...``, ``TAK-...``, ``XML-...``) per event; its neighbours live.
Trusts: nothing; XML goes through `gateway.xml` or through a strict subset of it.
"""

from __future__ import annotations

from gateway.dialect import Format
from gateway.formats.cot.codes import CODES as _COT_CODES
from gateway.formats.cot.decoder import CotDecoder
from gateway.formats.cot.encoder import CotEncoder
from gateway.formats.cot.stream import Splitter
from gateway.formats.cot.tak.codes import CODES as _TAK_CODES
from gateway.formats.cot.tak.endpoint import CotEndpoint
from gateway.formats.cot.trace import trace

CODES = (*_COT_CODES, *_TAK_CODES)

FORMAT = Format(
    name="cot",
    title="Cursor on Target 2.0 and TAK protocol 1",
    media_type="application/cot+xml",
    decoder=CotDecoder,
    encoder=CotEncoder,
    splitter=Splitter,
    trace=trace,
    endpoint=CotEndpoint,
)

__all__ = ["CODES", "FORMAT", "CotDecoder", "CotEncoder", "CotEndpoint", "Splitter", "trace"]
