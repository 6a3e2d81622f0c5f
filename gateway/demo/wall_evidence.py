"""What an auditor finds of the drone wall: that the operator of a drone did not leave, and what each hop lost."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct, json

from gateway.demo.evidence import Evidence
from gateway.demo.sensors import OPERATOR_ID
from gateway.demo.sky import OPERATOR
from gateway.demo.stage import Player
from gateway.demo.stored import sent_by
from gateway.policy.personal import OPERATOR_WITHHELD
from gateway.stages import Message
from gateway.track import Track

EXPLAIN_S = 60.0
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
    """What is to be seen of the drone wall in the messages of its node."""

    messages: int
    leaked: int
    """Messages that tell of the operator."""
    withheld: int
    """Detections that list him as withheld."""
    detection: tuple[str, tuple[str, str]] | None
    """The newest one of SAPIENT with a place that went to both nodes: its track, and the message to each."""


async def examine_wall(players: list[Player], *, claims: int) -> Evidence:
    """`claims` Remote ID reports told of an operator. No node is running.

    The first three players have TAK clients, the sensors, and a map.
    """
    commanding, sensing, mapping = players[:3]
    sent = await asyncio.to_thread(_examine_sent, sensing, (commanding.nation.node, mapping.nation.node))
    line = (
        f"{claims} Remote ID reports told {sensing.nation.node} where the operator stands: {sent.leaked} of the "
        f"{sent.messages} messages that left it do, {sent.withheld} tracks in them list him as withheld"
    )
    holds = not sent.leaked and bool(sent.withheld) == bool(claims)
    found = sent.detection
    if found is None:
        return Evidence(holds, (line, "no SAPIENT detection was sent"), ())
    track_id, (to_commanding, to_mapping) = found
    asked = ((sensing, to_commanding), (commanding, to_commanding), (mapping, to_mapping))
    told = await asyncio.gather(*(_explain(player, message_id) for player, message_id in asked))
    lines = tuple(_hops(asked, [next(_of(one, track_id), None) for one in told]))
    commands = tuple(f"gateway explain {message_id} --config {player.config_path}" for player, message_id in asked[1:])
    where = ", ".join(f"{message_id} to {player.nation.node}" for player, message_id in asked[1:])
    intro = f"a SAPIENT detection went across in messages {where}; what could not be carried:"
    return Evidence(holds and all(told), (line, intro, *lines), commands)


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


def _snapshot(track: Track) -> tuple[str | None, datetime | None]:
    """What makes it one and the same detection in messages to several groups."""
    return track.track_id, track.state.time if track.state is not None else None


def _examine_sent(player: Player, nodes: tuple[str, str]) -> _Sent:
    """Look once at everything that a node sent; the detection is to have gone to both of `nodes`."""
    count = leaked = 0
    withheld = set()
    detections: dict[tuple[str | None, datetime | None], dict[str, str]] = {}
    for one in sent_by(player):
        count += 1
        leaked += tells(one.octets, one.message)
        for track in one.message.tracks:
            if _is_withheld(track):
                withheld.add(_snapshot(track))
            is_placed = track.state is not None and track.state.position is not None
            if is_placed and track.provenance and track.provenance[0].input_format == "SAPIENT":
                for node in one.leaf.to:
                    detections.setdefault(_snapshot(track), {})[node] = one.message.header.message_id
    for (track_id, _), messages in reversed(detections.items()):
        if track_id is not None and all(node in messages for node in nodes):
            found = track_id, (messages[nodes[0]], messages[nodes[1]])
            return _Sent(count, leaked, len(withheld), found)
    return _Sent(count, leaked, len(withheld), None)


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


def _hops(asked: tuple[tuple[Player, str], ...], tracks: list[_Track | None]) -> Iterator[str]:
    """One line for the decoder of the sensors' node, one for each of the others' own systems."""
    (sensing, _), (commanding, _), (mapping, _) = asked
    shown = {player.nation.node: track for (player, _), track in zip(asked, tracks, strict=True)}
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
