"""Takes: Remote ID (ASTM F3411-22a, EN 4709-002) messages as broadcast or as a receiver's JSON, or `Track`s.

Gives: one `Track` per position with all that is known of its transmitter, or a pack or JSON object per track.
Fails: with `FormatError` (``RID-...``) per message or report; its neighbours live.
Trusts: nothing; whoever has a transmitter can say that he is any aircraft anywhere.
"""

from __future__ import annotations

from gateway.dialect import Format
from gateway.formats.remoteid.codes import CODES
from gateway.formats.remoteid.decoder import RemoteIdDecoder
from gateway.formats.remoteid.encoder import RemoteIdEncoder
from gateway.formats.remoteid.stream import Splitter
from gateway.formats.remoteid.trace import trace

FORMAT = Format(
    name="remoteid",
    title="Remote ID (ASTM F3411-22a, EN 4709-002)",
    media_type="application/x-remoteid",
    decoder=RemoteIdDecoder,
    encoder=RemoteIdEncoder,
    splitter=Splitter,
    trace=trace,
)

__all__ = ["CODES", "FORMAT", "RemoteIdDecoder", "RemoteIdEncoder", "Splitter", "trace"]
