"""What lies in a player's database and ledger after the run: messages sent and received, each with its leaf."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

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


class Stored(Struct, frozen=True):
    """One message, octet for octet, and the leaf that says how it went or came."""

    octets: bytes
    message: Message
    leaf: Leaf

    @property
    def labelled(self) -> list[tuple[Track, Label]]:
        """The tracks, each with the label that it goes under: its own, or the message's."""
        return [(track, track.label or self.message.header.label) for track in self.message.tracks]


def sent_by(player: Player) -> list[Stored]:
    """Every message that left a node, in the order of its ledger."""
    return list(_stored(player, "sent", Direction.OUTBOUND))


def received_by(player: Player) -> list[Stored]:
    """Every message that a node accepted, in the order of its ledger."""
    return list(_stored(player, "received", Direction.INBOUND))


def _stored(player: Player, event: str, direction: Direction) -> Iterator[Stored]:
    config = load(player.config_path).config
    with contextlib.closing(connect_reader(config.database_path())) as connection:
        for leaf in leaves_of(player):
            if leaf.ev != event:
                continue
            for one in messages(connection, leaf.mid):
                if one.octets is not None and one.direction is direction and one.sha256 == leaf.sha256:
                    root = xml.parse(one.octets, max_octets=config.limits.max_message_octets)
                    yield Stored(one.octets, alliance.read(root, validate=False, signed=True), leaf)
