"""What one frame says, whichever shape it had: messages of one transmitter, and what the receiver adds."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from gateway.formats.remoteid.messages import Message
from gateway.track import Loss


class Heard(Struct, frozen=True, kw_only=True, gc=False):
    """One message of a report."""

    message: Message
    octets: bytes = b""
    """As broadcast; empty where a receiver has decoded it."""
    losses: tuple[Loss, ...] = ()


class Report(Struct, frozen=True, kw_only=True):
    """Messages of one transmitter."""

    heard: tuple[Heard, ...]
    address: str = ""
    """Of the transmitter, ``60:60:1f:1e:30:1e``; empty where nobody says."""
    is_whole: bool = False
    """The messages belong to one aircraft, whatever came before: a pack, or a receiver's report."""
    facts: Mapping[str, str] = {}
    """What the receiver says of the reception, under the names of `leftovers.NAMES`."""
    losses: tuple[Loss, ...] = ()
    text: bytes = b""
    """The receiver's own JSON. It may tell of the operator where nothing else of the report does."""
