"""Takes: messages of SAPIENT (BSI Flex 335 v2.0, and v1.0), from sensor nodes or a parent node; or `Track`s.

Gives: a `Track` per detection and alert, read by what its node has declared; messages for the peer; DetectionReports.
Fails: with `FormatError` (``SAP-...``) per message, told to the peer as an Error; the conversation goes on.
Trusts: what a node declares about itself, once it is valid. Nothing that a node did not declare is assumed.
"""

from __future__ import annotations

from gateway.dialect import Format
from gateway.formats.sapient.cutter import Splitter
from gateway.formats.sapient.decoder import SapientDecoder
from gateway.formats.sapient.edge import EdgeNode
from gateway.formats.sapient.encoder import SapientEncoder
from gateway.formats.sapient.endpoint import endpoint
from gateway.formats.sapient.fusion import FusionNode
from gateway.formats.sapient.trace import trace

FORMAT = Format(
    name="sapient",
    title="SAPIENT (BSI Flex 335 v2.0)",
    media_type="application/x-sapient",
    decoder=SapientDecoder,
    encoder=SapientEncoder,
    splitter=Splitter,
    trace=trace,
    endpoint=endpoint,
)

__all__ = ["FORMAT", "EdgeNode", "FusionNode", "SapientDecoder", "SapientEncoder", "Splitter", "endpoint", "trace"]
