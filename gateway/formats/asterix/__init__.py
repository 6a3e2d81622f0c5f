"""Takes: ASTERIX datagrams (EUROCONTROL-SPEC-0149) of CAT034, CAT048 and CAT062, or `Track`s.

Gives: `Track`s of CAT048 and CAT062 records, or CAT062 and CAT048 datagrams with what each track lost.
Fails: with `FormatError` (AST-...) per record, its octet offset as the place; the rest of a datagram lives.
Trusts: nothing that it reads; knows the editions of its tables only, because nothing on the wire names an edition.
"""

from gateway.dialect import Format
from gateway.formats.asterix.codes import CODES
from gateway.formats.asterix.decoder import AsterixDecoder
from gateway.formats.asterix.encoder import AsterixEncoder
from gateway.formats.asterix.records import CODECS, CategoryCodec, Record, block
from gateway.formats.asterix.trace import trace

FORMAT = Format(
    name="asterix",
    title="ASTERIX CAT034, CAT048, CAT062 (EUROCONTROL)",
    media_type="application/x-asterix",
    decoder=AsterixDecoder,
    encoder=AsterixEncoder,
    trace=trace,
)

__all__ = ["CODECS", "CODES", "FORMAT", "AsterixDecoder", "AsterixEncoder", "CategoryCodec", "Record", "block", "trace"]
