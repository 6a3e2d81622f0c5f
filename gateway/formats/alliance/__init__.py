"""The alliance track message: canonical octets out, validated tracks in.

Takes: a `Message`, or a parsed document (verified, or plain for translation).
Gives: exactly the exclusive canonical form, or a `Message` that validated against ``schemas/track-message-1.0.xsd``.
Fails: with `FormatError` (``ALM-...``) at an element.
Trusts: nobody; what is verified is `seal`'s business, who may say it is `policy`'s.
"""

from gateway.dialect import Format
from gateway.formats.alliance.codes import CODES
from gateway.formats.alliance.dialect import AllianceDecoder, AllianceEncoder, AllianceSplitter, marked, told_apart
from gateway.formats.alliance.extensions import NAMESPACE
from gateway.formats.alliance.opened import open_message
from gateway.formats.alliance.read import read
from gateway.formats.alliance.render import ROOT_END, draft, fault, render
from gateway.formats.alliance.schema import Schema, packaged_schema, schema_directory
from gateway.formats.alliance.trace import trace

FORMAT = Format(
    name="alliance",
    title="Alliance track message 1.0 (XML)",
    media_type="application/vnd.alliance.track+xml",
    decoder=AllianceDecoder,
    encoder=AllianceEncoder,
    splitter=AllianceSplitter,
    trace=trace,
)

__all__ = [
    "CODES",
    "FORMAT",
    "NAMESPACE",
    "ROOT_END",
    "Schema",
    "draft",
    "fault",
    "marked",
    "open_message",
    "packaged_schema",
    "read",
    "render",
    "schema_directory",
    "told_apart",
    "trace",
]
