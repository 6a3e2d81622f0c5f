"""What an auditor finds of the drone wall: that the operator of a drone did not leave, and what each hop lost."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Iterator

from msgspec import Struct, json

from gateway import xml
from gateway.config import load
from gateway.demo.evidence import Evidence, leaves_of
from gateway.demo.sensors import OPERATOR_ID
from gateway.demo.sky import OPERATOR
from gateway.demo.stage import Player
from gateway.formats import alliance
from gateway.policy.personal import OPERATOR_WITHHELD
from gateway.stages import Message
from gateway.store.reader import messages
from gateway.store.schema import connect_reader
from gateway.track import Track

EXPLAIN_S = 20.0
_SHOWN_LOSSES = 4
_PLACE = tuple(f"{degrees:.4f}".encode() for degrees in OPERATOR)


class _Loss(Struct):
    field: str
    reason: str


class _Hop(Struct):
    input_format: str
    losses: list[_Loss] = []


class _Feed(Struct):
    feed: str
    format: str
    shown: bool
    why: str = ""
    losses: list[_Loss] = []


class _Track(Struct):
    track_id: str
    hops: list[_Hop]
    feeds: list[_Feed]


class _Explained(Struct):
    tracks: list[_Track]


class _Sent(Struct, frozen=True):
    """One message that left, as it left."""

    octets: bytes
    message: Message


async def examine_wall(players: list[Player], *, claims: int) -> Evidence:
    """`claims` Remote ID reports told of an operator. The players: TAK clients, sensors, map. No node is running."""
    sensing = players[1]
    sent = await asyncio.to_thread(lambda: list(_sent(sensing)))
    leaked = sum(tells(one.octets, one.message) for one in sent)
    withheld = sum(_is_withheld(track) for one in sent for track in one.message.tracks)
    line = (
        f"{claims} Remote ID reports told {sensing.nation.node} where the operator stands: {leaked} of the {len(sent)} "
        f"messages that left it do, {withheld} tracks in them list him as withheld"
    )
    holds = not leaked and bool(withheld) == bool(claims)
    found = _detection(sent)
    if found is None:
        return Evidence(holds, (line, "no SAPIENT detection was sent"), ())
    message, track = found
    message_id = message.header.message_id
    told = await asyncio.gather(*(_explain(player, message_id) for player in players))
    lines = tuple(_hops(players, [next(_of(one, track.track_id), None) for one in told]))
    commands = tuple(
        f"gateway explain {message_id} --config {player.config_path}" for player in (players[0], players[1])
    )
    intro = f"message {message_id} took a SAPIENT detection across; what could not be carried:"
    return Evidence(holds and all(told), (line, intro, *lines), commands)


def _sent(player: Player) -> Iterator[_Sent]:
    """Every message that left a node, from its database."""
    config = load(player.config_path).config
    with contextlib.closing(connect_reader(config.database_path())) as connection:
        for leaf in leaves_of(player):
            if leaf.ev != "sent":
                continue
            for stored in messages(connection, leaf.mid):
                if stored.octets is not None:
                    root = xml.parse(stored.octets, max_octets=config.limits.max_message_octets)
                    yield _Sent(stored.octets, alliance.read(root, validate=False, signed=True))


def tells(octets: bytes, message: Message) -> bool:
    """Whether a message says who operates a drone or from where, in whatever field, or has octets that may."""
    if OPERATOR_ID.encode() in octets or all(degrees in octets for degrees in _PLACE):
        return True
    return any(
        track.operator is not None or (track.raw is not None and track.raw.format.startswith("REMOTE"))
        for track in message.tracks
    )


def _is_withheld(track: Track) -> bool:
    return any(OPERATOR_WITHHELD in hop.losses for hop in track.provenance)


def _detection(sent: list[_Sent]) -> tuple[Message, Track] | None:
    """The newest message with a SAPIENT detection that has a place, and that track."""
    for one in reversed(sent):
        for track in one.message.tracks:
            is_placed = track.state is not None and track.state.position is not None
            if is_placed and track.provenance and track.provenance[0].input_format == "SAPIENT":
                return one.message, track
    return None


async def _explain(player: Player, message_id: str) -> list[_Explained]:
    """What the ordinary command says of the message at one node; nothing when it fails."""
    words = ("explain", message_id, "--config", str(player.config_path), "--json")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(EXPLAIN_S):
            octets, _ = await process.communicate()
        return json.decode(octets, type=list[_Explained])
    except (TimeoutError, ValueError):
        return []
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _of(told: list[_Explained], track_id: str | None) -> Iterator[_Track]:
    for one in told:
        yield from (track for track in one.tracks if track.track_id == track_id)


def _hops(players: list[Player], tracks: list[_Track | None]) -> Iterator[str]:
    """One line for the decoder of the sensors' node, one for each of the others' own systems."""
    commanding, sensing, mapping = players
    shown = {player.nation.node: track for player, track in zip(players, tracks, strict=True)}
    first = shown[sensing.nation.node]
    if first is not None and first.hops:
        hop = first.hops[0]
        yield f"  {sensing.nation.node:<6} reads {hop.input_format}: {_losses(hop.losses)}"
    for player, name, what in ((commanding, "tak", "its TAK clients"), (mapping, "map", "its map")):
        track = shown[player.nation.node]
        for feed in track.feeds if track is not None else []:
            if feed.feed == name:
                lost = _losses(feed.losses) if feed.shown else f"not shown: {feed.why}"
                yield f"  {player.nation.node:<6} shows {what} ({feed.format}): {lost}"


def _losses(losses: list[_Loss]) -> str:
    if not losses:
        return "nothing lost"
    named = ", ".join(f"{loss.field} {loss.reason}" for loss in losses[:_SHOWN_LOSSES])
    rest = len(losses) - _SHOWN_LOSSES
    return f"{named}, and {rest} more" if rest > 0 else named
