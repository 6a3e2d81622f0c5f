"""What went between the players, as stored messages and leaves tell it: small facts of each track, kept for all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from gateway.config.policy_load import LoadedPolicy, load_policy
from gateway.demo.evidence import Leaf
from gateway.demo.sky import AIRPORT, FIGHTERS
from gateway.demo.stage import Player
from gateway.demo.stored import Stored, received_by, sent_by
from gateway.policy.area import circle
from gateway.policy.parts import is_systems_name
from gateway.stages import Derivation
from gateway.track import Label, Loss, Track

AIRPORT_RADIUS_M = 8_000.0
GRID_M = 100.0
"""Of positions that civil aviation gets: none is further from where the drone was."""
POLAR_WITHHELD = Loss("state.polar", "WITHHELD")
SECRETS = (
    *(callsign.encode() for callsign, _ in FIGHTERS),
    *(f">{address}<".encode() for _, address in FIGHTERS),
)
"""How the fighters are named in messages."""
_SHORTEST = 4
"""Characters of a word that is worth looking for among octets."""
_NEAR = circle(latitude_deg=AIRPORT[0], longitude_deg=AIRPORT[1], radius_m=AIRPORT_RADIUS_M)
_NEARLY = circle(latitude_deg=AIRPORT[0], longitude_deg=AIRPORT[1], radius_m=AIRPORT_RADIUS_M + GRID_M)


class Seen(Struct, frozen=True, kw_only=True, gc=False):
    """One snapshot of a track as it stands in one message."""

    track_id: str | None
    time: datetime | None
    name: str
    """Its callsign, if it has one."""
    label: Label
    """That it goes under: its own, or the message's."""
    is_drone: bool
    is_near: bool
    """Within the area of the airport."""
    is_nearly: bool
    """The same, with the slack that a coarse position has."""
    measured: bool
    """It has what a sensor measured."""
    raw: bool
    listed: bool
    """It lists that the measurement was withheld."""

    @property
    def snapshot(self) -> tuple[str | None, datetime | None]:
        """What makes it one and the same report in messages to several groups."""
        return self.track_id, self.time


class Passed(Struct, frozen=True):
    """One message at its sender or at a receiver."""

    leaf: Leaf
    sender: str
    tracks: tuple[Seen, ...]
    secrets: frozenset[bytes]
    """Those of `SECRETS` that stand in it."""
    derived: Derivation | None
    """The message of another node that it says it is made from."""


class Exchange(Struct, frozen=True):
    """Everything that went between the players, by node."""

    players: dict[str, Player]
    policies: dict[str, LoadedPolicy]
    sent: dict[str, list[Passed]]
    received: dict[str, list[Passed]]
    words: frozenset[bytes] = frozenset()
    """What names the sensors that saw drones, and what they name their tracks, as the first node got it."""

    def to(self, sender: str, recipient: str) -> list[Passed]:
        """Messages of a node that are addressed to another."""
        return [one for one in self.sent[sender] if recipient in one.leaf.to]

    def arrived(self, sender: str, recipient: str) -> list[Passed]:
        """Messages of a node that another accepted."""
        return [one for one in self.received[recipient] if one.sender == sender]

    def seen_by(self, recipient: str) -> list[Passed]:
        """All that one node was ever given: what others addressed to it, and what it took in from anybody."""
        return [one for sender in self.sent for one in self.to(sender, recipient)] + self.received[recipient]

    def octets_to(self, recipient: str) -> Iterator[bytes]:
        """The same, octet for octet."""
        for player in self.players.values():
            yield from (one.octets for one in sent_by(player) if recipient in one.leaf.to)
        yield from (one.octets for one in received_by(self.players[recipient]))


def read_exchange(players: Sequence[Player]) -> Exchange:
    """From databases, ledgers and policy files. No node is running."""
    by_node = {player.nation.node: player for player in players}
    first = players[0].nation.node
    labels: dict[Label, Label] = {}
    words: set[str] = set()
    sent: dict[str, list[Passed]] = {}
    for node, player in by_node.items():
        sent[node] = []
        for one in sent_by(player):
            sent[node].append(_passed(one, labels))
            if first in one.leaf.to:
                words.update(word for track in one.message.tracks if is_drone(track) for word in sensor_words(track))
    return Exchange(
        players=by_node,
        policies={node: load_policy(player.policy_path, node=node) for node, player in by_node.items()},
        sent=sent,
        received={node: [_passed(one, labels) for one in received_by(player)] for node, player in by_node.items()},
        words=frozenset(word.encode() for word in words),
    )


def _passed(one: Stored, labels: dict[Label, Label]) -> Passed:
    """The facts of a message; `labels` has each label once, for many tracks."""
    return Passed(
        one.leaf,
        one.message.header.sender,
        tuple(_seen(track, labels.setdefault(label, label)) for track, label in one.labelled),
        frozenset(word for word in SECRETS if word in one.octets),
        one.message.header.derived,
    )


def _seen(track: Track, label: Label) -> Seen:
    state = track.state
    point = state.position if state is not None else None
    at = (point.latitude_deg, point.longitude_deg) if point is not None else None
    return Seen(
        track_id=track.track_id,
        time=state.time if state is not None else None,
        name=next((one.value for one in track.identifiers if one.scheme == "callsign"), ""),
        label=label,
        is_drone=is_drone(track),
        is_near=at is not None and _NEAR.holds(*at),
        is_nearly=at is not None and _NEARLY.holds(*at),
        measured=state is not None and state.polar is not None,
        raw=track.raw is not None,
        listed=bool(track.provenance) and POLAR_WITHHELD in track.provenance[-1].losses,
    )


def is_drone(track: Track) -> bool:
    """Whether a sensor calls it an uncrewed aircraft."""
    return (track.platform or "").startswith("UAV")


def sensor_words(track: Track) -> Iterator[str]:
    """Names of the sensors that saw it, the names that they gave it, and the formats in which they spoke."""
    words = [word for source in track.sources for word in (source.id, source.name)]
    words += [one.value for one in track.identifiers if is_systems_name(one)]
    words += [word for hop in track.provenance for word in (hop.input_format, hop.mapping_id)]
    if track.state is not None and track.state.polar is not None:
        words.append(track.state.polar.sensor)
    if track.identity is not None and track.identity.assigned_by is not None:
        words.append(track.identity.assigned_by)
    return (word for word in words if len(word) >= _SHORTEST)
