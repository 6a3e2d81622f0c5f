"""Step 5 of the receive path: a verified document becomes a message that is valid."""

from __future__ import annotations

from gateway.errors import FormatError
from gateway.formats.alliance.codes import SIGNED
from gateway.formats.alliance.read import from_octets, from_tree, is_signed
from gateway.formats.alliance.recognise import message_of
from gateway.formats.alliance.schema import packaged_schema
from gateway.stages import Opened, Verified


def open_message(verified: Verified, *, always_validate: bool = False) -> Opened:
    """The message of a verified document, certainly valid. Raises `FormatError` (``ALM-...``) as `read`.

    The signed octets equal the canonical form of the tree, so they are read as they stand where they can be. Octets
    that `recognise` takes need no validator (ADR 30); all others, or all with `always_validate`, go through libxml2.
    """
    document, octets = verified.document, verified.signed
    if is_signed(document):
        raise FormatError(SIGNED, place="TrackMessage")
    message = None if always_validate else message_of(octets)
    if message is None:
        packaged_schema().check(document)
        message = None if b"<Extensions" in octets else from_octets(octets, [])
    return Opened(verified=verified, message=message or from_tree(document))
