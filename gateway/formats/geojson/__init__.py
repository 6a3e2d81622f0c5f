"""Takes: GeoJSON (RFC 7946) Features, FeatureCollections and lines of Features, or `Track`s.

Gives: one `Track` per Feature with unknown properties kept as an `Extension`, or Features that lose nothing.
Fails: with `FormatError` (``GEO-...``) per feature; its neighbours live.
Trusts: nothing that it reads.
"""

from __future__ import annotations

from gateway.dialect import Format
from gateway.formats.geojson.codes import CODES
from gateway.formats.geojson.decoder import GeoJsonDecoder
from gateway.formats.geojson.encoder import GeoJsonEncoder
from gateway.formats.geojson.stream import Splitter
from gateway.formats.geojson.trace import trace

FORMAT = Format(
    name="geojson",
    title="GeoJSON (RFC 7946)",
    media_type="application/geo+json",
    decoder=GeoJsonDecoder,
    encoder=GeoJsonEncoder,
    splitter=Splitter,
    trace=trace,
)

__all__ = ["CODES", "FORMAT", "GeoJsonDecoder", "GeoJsonEncoder", "Splitter", "trace"]
