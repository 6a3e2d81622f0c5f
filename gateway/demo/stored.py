"""What lies in a player's database and ledger after the run: messages sent and received, each with its leaf."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from gateway import xml
from gateway.config import load
from gateway.demo.evidence import Leaf, leaves_of
from gateway.demo.stage import Player
from gateway.formats import alliance
from gateway.stages import Message
from gateway.store.reader import messages
from gateway.store.records import Direction
from gateway.store.schema import connect_reader
from gateway.track import Label, Track

_MOST_OCTETS = 64 << 20
"""Of a message that was stored: it was no larger than its node's limit, whatever that is."""


class Stored(Struct, frozen=True, dict=True):
    """One message, octet for octet, and the leaf that says how it went or came."""

    octets: bytes
    leaf: Leaf

    @cached_property
    def message(self) -> Message:
        """What it says, read when it is first asked for."""
        return alliance.read(xml.parse(self.octets, max_octets=_MOST_OCTETS), validate=False, signed=True)

    @property
    def labelled(self) -> list[tuple[Track, Label]]:
        """The tracks, each with the label that it goes under: its own, or the message's."""
        return [(track, track.label or self.message.header.label) for track in self.message.tracks]


def sent_by(player: Player) -> Iterator[Stored]:
    """Every message that left a node, in the order of its ledger, read one by one: there may be a great many."""
    yield from _stored(player, "sent", Direction.OUTBOUND)


def received_by(player: Player) -> Iterator[Stored]:
    """Every message that a node accepted, in the order of its ledger, read one by one."""
    yield from _stored(player, "received", Direction.INBOUND)


def _stored(player: Player, event: str, direction: Direction) -> Iterator[Stored]:
    path = load(player.config_path).config.database_path()
    with contextlib.closing(connect_reader(path)) as connection:
        for leaf in leaves_of(player):
            if leaf.ev != event:
                continue
            for one in messages(connection, leaf.mid):
                if one.octets is not None and one.direction is direction and one.sha256 == leaf.sha256:
                    yield Stored(one.octets, leaf)
