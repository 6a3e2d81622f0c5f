"""Takes: Cursor on Target 2.0 events (XML, singly or as a stream), or `Track`s.

Gives: one `Track` per event with every unknown detail kept as an `Extension`, or one event per `Track` and its losses.
Fails: with `FormatError` (``COT-...``, ``XML-...``) per event; its neighbours live.
Trusts: nothing; XML goes through `gateway.xml` or through a strict subset of it.
"""

from __future__ import annotations

from gateway.formats.cot.codes import CODES
from gateway.formats.cot.decoder import CotDecoder
from gateway.formats.cot.encoder import CotEncoder
from gateway.formats.cot.stream import Splitter
from gateway.formats.cot.trace import trace
from gateway.stages import Format

FORMAT = Format(
    name="cot",
    title="Cursor on Target 2.0",
    media_type="application/cot+xml",
    decoder=CotDecoder,
    encoder=CotEncoder,
    splitter=Splitter,
    trace=trace,
)

__all__ = ["CODES", "FORMAT", "CotDecoder", "CotEncoder", "Splitter", "trace"]
