"""Onward release, real nodes in a row: nld-1 tells deu-1, which passes on to eu-1 what the label of nld-1 allows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gateway import pipeline, xml
from gateway.cli.message import explain_message
from gateway.cli.message_text import lines
from gateway.clock import SystemClock
from gateway.config import load
from gateway.demo.stage import NATIONS, Nation, Player, ledger_verifier, set_stage
from gateway.formats import alliance
from gateway.formats.registry import find
from gateway.ledger import verify
from gateway.node.assembly import Node
from gateway.seal import KeyRecord, Verifier
from gateway.stages import Derivation, Frame, Header, Hop, Inbound, Message, Retraction
from gateway.store import StoredMessage
from gateway.track import Track
from tests.assembled import aircraft
from tests.test_corridor import running, until

NLD, DEU, EU, FRA = "nld-1", "deu-1", "eu-1", "fra-1"
NATION = {NLD: "XNL", DEU: "XDE", EU: "XAT", FRA: "XFF"}
PASS_ON = '[[release]]\nid = "pass-on"\nonward = true\naction = "release"\n'
GROUPS = {NLD: {"near": [DEU]}, DEU: {"far": [EU], "back": [NLD]}, EU: {"all": [NLD, DEU]}}
FOUR = {**GROUPS, EU: {"further": [FRA]}, FRA: {"all": [NLD, DEU, EU]}}


def category(of: str, tag: str, *values: str) -> str:
    listed = ", ".join(f'"{value}"' for value in values)
    return f'[[{of}.category]]\ntag = "{tag}"\nkind = "PERMISSIVE"\nvalues = [{listed}]\n'


def policy_text(node: str, rules: str, groups: dict[str, dict[str, list[str]]]) -> str:
    """The policy of one node: all read ALPHA, each holds its own nation's release."""
    text = '[policy]\nname = "row"\nissued = "2026-01-01T00:00:00Z"\nreview = "2036-01-01T00:00:00Z"\n'
    text += '[[security_policy]]\nuse = "ALPHA"\n'
    for label, releases in (("all", tuple(NATION.values())), ("near", ("XNL", "XDE"))):
        text += f'[label.{label}]\npolicy = "ALPHA"\nclassification = "RESTRICTED"\n'
        text += category(f"label.{label}", "Context", "ALPHA", "Releasable")
        text += category(f"label.{label}", "Releasable To", *releases)
    for name, nation in NATION.items():
        text += f'[clearance.{name}]\npolicy = "ALPHA"\nclassifications = ["RESTRICTED"]\n'
        text += category(f"clearance.{name}", "Context", "ALPHA", "Releasable")
        text += category(f"clearance.{name}", "Releasable To", nation)
    text += f'[own]\nclearances = ["{node}"]\n'
    for name in groups:
        if name != node:
            text += f'[partner.{name}]\nclearances = ["{name}"]\n'
    for group, members in groups[node].items():
        text += f"[group.{group}]\npartners = {json.dumps(members)}\n"
    text += '[[marking]]\nid = "near"\nwhen.identifier = { icao24 = ["484009"] }\nlabel = "near"\n'
    text += '[[marking]]\nid = "all"\nlabel = "all"\n'
    text += rules
    if node == NLD:
        text += '[[release]]\nid = "to-allies"\nto = ["near"]\naction = "release"\n'
    return text + '[[accept]]\nid = "everything"\n'


class Row:
    """The nodes, running."""

    def __init__(self, players: list[Player], nodes: list[Node]) -> None:
        self.players = players
        self.nld, self.deu, self.eu, *self.more = nodes

    async def tell(self, *tracks: Track) -> list[str]:
        """Hand tracks to the first node as its sensors would; their ids once they are durable there."""
        now = SystemClock().now()
        frames = find("geojson").encoder().encode(tracks, now).frames
        feed = Frame(octets=b"\n".join(frames), feed="test", source="sensors", peer="127.0.0.1", received_at=now)
        pending = await pipeline.outbound(self.nld.rooms, feed, find("geojson").decoder(node=NLD))
        intake = await pending.intake()
        assert intake.problems == ()
        return list(intake.track_ids)

    async def sent(self, node: Node) -> list[StoredMessage]:
        """What a node has sent, as its store has it."""
        leaves = [one for one in await events(node) if one["ev"] == "sent"]
        return [(await node.store.find_messages(one["mid"]))[0] for one in leaves]

    async def push(self, node: Node, partner: str, octets: bytes) -> bool:
        """Push octets to a node as a partner would; whether they were accepted."""
        inbound = Inbound(octets=octets, partner=partner, received_at=SystemClock().now())
        return (await pipeline.inbound(node.rooms, inbound)).accepted


async def events(node: Node) -> list[dict[str, Any]]:
    return [json.loads(entry) for entry in await node.store.leaves(0, 1_000)]


async def settled(node: Node, partner: str) -> None:
    """Wait until a partner has answered to all that was sent to him."""

    async def depth() -> int:
        return await node.store.queue_depth(partner)

    for _ in range(400):
        if await depth() == 0:
            return
        await asyncio.sleep(0.025)
    pytest.fail("nothing settled")


@asynccontextmanager
async def row(
    root: Path,
    rules: str = PASS_ON,
    *,
    last: str = "",
    groups: dict[str, dict[str, list[str]]] = GROUPS,
    edit: Callable[[Player, str], str] = lambda _, text: text,
) -> AsyncIterator[Row]:
    """The nodes of `groups`; `rules` are the second one's, `last` the third one's. Their ledgers hold when they end.

    `edit` changes the text of a node's policy.
    """
    cast = (*NATIONS, Nation(node=FRA, nation="FRA", title="A nation further on"))
    players = set_stage(root, SystemClock(), simulation="SIMULATED", cast=cast[: len(groups)])
    for player in players:
        name = player.nation.node
        text = policy_text(name, {DEU: rules, EU: last}.get(name, ""), groups)
        player.policy_path.write_text(edit(player, text))
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(Node(load(player.config_path).config)) for player in players]
        async with running(*nodes):
            yield Row(players, nodes)
    for player in players:
        assert verify(player.ledger_directory, ledger_verifier(player)).ok


def read(octets: bytes | None) -> Message:
    """What a stored message says."""
    assert octets is not None
    return alliance.read(xml.parse(octets, max_octets=1 << 22), signed=True)


def has(node: Node, track_id: str) -> bool:
    return node.rooms.picture.find(track_id) is not None


async def test_the_last_node_gets_the_first_ones_message_whole_and_verifies_it_itself(tmp_path: Path) -> None:
    async with row(tmp_path) as nodes:
        ids = await nodes.tell(aircraft(1), aircraft(2))
        await until(lambda: all(has(nodes.eu, one) for one in ids))
        entry = nodes.eu.rooms.picture.find(ids[0])
        assert entry is not None
        assert (entry.origin, entry.via) == (NLD, "")
        assert entry.track.raw is None or entry.track.raw.octets

        (first,) = await nodes.sent(nodes.nld)
        (kept,) = await nodes.eu.store.find_messages(first.message_id)
        assert (kept.origin, kept.partners, kept.octets) == (NLD, (DEU,), first.octets)
        assert kept.octets is not None
        certificate = nodes.players[0].directory / "certs" / f"{NLD}.signing.pem"
        key = KeyRecord.from_certificate_pem(NLD, certificate.read_bytes())
        inbound = Inbound(octets=kept.octets, partner=NLD, received_at=SystemClock().now())
        assert Verifier([key]).verify(inbound).signer == NLD

        (relay,) = await nodes.sent(nodes.deu)
        (came,) = await nodes.eu.store.find_messages(relay.message_id)
        assert (came.origin, came.octets) == (DEU, relay.octets)
        assert nodes.deu.counts.messages_relayed == 1
        assert [await nodes.sent(nodes.eu)] == [[]]


async def test_the_ledgers_of_all_three_agree_on_message_rule_and_policy(tmp_path: Path) -> None:
    async with row(tmp_path) as nodes:
        (one,) = await nodes.tell(aircraft(1))
        await until(lambda: has(nodes.eu, one))
        await settled(nodes.deu, EU)
        (sent,) = [leaf for leaf in await events(nodes.nld) if leaf["ev"] == "sent"]
        assert (sent["rule"], sent["to"]) == ("release.to-allies", [DEU])
        (taken,) = [leaf for leaf in await events(nodes.deu) if leaf["ev"] == "received"]
        assert taken["sha256"] == sent["sha256"]
        assert (taken["origin_rule"], taken["origin_policy"]) == (sent["rule"], sent["policy"])
        assert taken["rule"] == "accept.everything"
        (relayed,) = [leaf for leaf in await events(nodes.deu) if leaf["ev"] == "sent"]
        assert (relayed["rule"], relayed["to"], relayed["original"]) == ("release.pass-on", [EU], sent["sha256"])
        assert relayed["policy"] == taken["policy"]
        inner, outer = [leaf for leaf in await events(nodes.eu) if leaf["ev"] == "received"]
        assert (inner["origin"], inner["peer"], inner["sha256"]) == (NLD, DEU, sent["sha256"])
        assert (inner["origin_rule"], inner["origin_policy"]) == (sent["rule"], sent["policy"])
        assert (outer["origin"], outer["sha256"], outer["original"]) == (DEU, relayed["sha256"], sent["sha256"])
        assert (outer["origin_rule"], outer["origin_policy"]) == (relayed["rule"], relayed["policy"])
        (answered,) = [leaf for leaf in await events(nodes.deu) if leaf["ev"] == "delivered"]
        assert (answered["outcome"], answered["sha256"]) == ("ACCEPTED", relayed["sha256"])


async def test_a_redacted_track_cites_the_original_and_says_what_was_withheld(tmp_path: Path) -> None:
    redact = '[[release]]\nid = "less"\nonward = true\naction = "redact"\ndrop = ["identifiers"]\n'
    async with row(tmp_path, redact) as nodes:
        (one,) = await nodes.tell(aircraft(1))
        await until(lambda: has(nodes.eu, one))
        entry = nodes.eu.rooms.picture.find(one)
        assert entry is not None
        assert (entry.origin, entry.via) == (NLD, DEU)
        assert entry.track.identifiers == ()
        assert entry.track.label == nodes.deu.rooms.picture.find(one).track.label  # type: ignore[union-attr]
        last = entry.track.provenance[-1]
        assert last.gateway == DEU
        assert "identifiers" in {loss.field.split(".")[0] for loss in last.losses}
        (first,) = await nodes.sent(nodes.nld)
        (relay,) = await nodes.sent(nodes.deu)
        assert relay.octets is not None
        message = read(relay.octets)
        derived = message.header.derived
        assert derived is not None
        assert (derived.origin, derived.message_id, derived.redacted) == (NLD, first.message_id, True)
        assert derived.sha256 == first.sha256
        assert message.original is None
        assert [hop.node for hop in message.header.hops] == [DEU]
        assert await nodes.eu.store.find_messages(first.message_id) == []


async def test_a_label_that_does_not_permit_the_last_node_stops_in_the_middle(tmp_path: Path) -> None:
    async with row(tmp_path) as nodes:
        (near,) = await nodes.tell(aircraft(9))
        (other,) = await nodes.tell(aircraft(1))
        await until(lambda: has(nodes.eu, other))
        assert has(nodes.deu, near)
        assert not has(nodes.eu, near)
        assert len(await nodes.sent(nodes.deu)) == 1
        octets = b"".join([one.octets or b"" for one in await nodes.sent(nodes.deu)])
        assert near.encode() not in octets
        assert nodes.deu.counts.tracks_withheld >= 1


async def test_of_a_mixed_message_the_last_node_gets_its_part_alone(tmp_path: Path) -> None:
    async with row(tmp_path) as nodes:
        near, other = await nodes.tell(aircraft(9), aircraft(1))
        await until(lambda: has(nodes.eu, other))
        assert has(nodes.deu, near)
        assert not has(nodes.eu, near)
        messages = [read(one.octets) for one in await nodes.sent(nodes.deu)]
        told = {track.track_id for one in messages for track in one.tracks}
        assert near not in told
        assert all(one.original is None or near.encode() not in one.original for one in messages)


async def test_without_an_onward_rule_the_middle_passes_nothing_on(tmp_path: Path) -> None:
    own = '[[release]]\nid = "own"\naction = "release"\n'
    async with row(tmp_path, own) as nodes:
        (one,) = await nodes.tell(aircraft(1))
        await until(lambda: has(nodes.deu, one))
        await settled(nodes.nld, DEU)
        assert await nodes.sent(nodes.deu) == []
        assert not has(nodes.eu, one)


async def test_nothing_goes_round_where_everybody_passes_on(tmp_path: Path) -> None:
    async with row(tmp_path, last=PASS_ON) as nodes:
        for number in range(1, 4):
            await nodes.tell(aircraft(number))
        await until(lambda: len(nodes.eu.rooms.picture) == 3)
        await settled(nodes.deu, EU)
        assert await nodes.sent(nodes.eu) == []
        assert all(leaf["to"] == [EU] for leaf in await events(nodes.deu) if leaf["ev"] == "sent")
        assert nodes.nld.counts.messages_verified == 0


async def test_what_is_delayed_goes_on_whole_when_it_is_old_enough(tmp_path: Path) -> None:
    late = '[[release]]\nid = "late"\nonward = true\naction = "release"\ndelay_s = 6\n'
    async with row(tmp_path, late) as nodes:
        (one,) = await nodes.tell(aircraft(1))
        await until(lambda: has(nodes.deu, one))
        assert await nodes.sent(nodes.deu) == []
        await until(lambda: has(nodes.eu, one))
        (relay,) = await nodes.sent(nodes.deu)
        (first,) = await nodes.sent(nodes.nld)
        assert read(relay.octets).original == first.octets


async def test_a_relay_of_a_relay_carries_the_first_nodes_own_octets(tmp_path: Path) -> None:
    async with row(tmp_path, last=PASS_ON, groups=FOUR) as nodes:
        (one,) = await nodes.tell(aircraft(1))
        (fra,) = nodes.more
        await until(lambda: has(fra, one))
        (first,) = await nodes.sent(nodes.nld)
        (second,) = await nodes.sent(nodes.eu)
        message = read(second.octets)
        assert message.original == first.octets
        assert [hop.node for hop in message.header.hops] == [DEU, EU]
        (kept,) = await fra.store.find_messages(first.message_id)
        assert (kept.origin, kept.partners) == (NLD, (EU,))
        assert (fra.rooms.picture.find(one).origin, await nodes.sent(fra)) == (NLD, [])  # type: ignore[union-attr]


async def test_what_was_redacted_once_goes_on_as_it_was_redacted(tmp_path: Path) -> None:
    redact = '[[release]]\nid = "less"\nonward = true\naction = "redact"\ndrop = ["identifiers"]\n'
    async with row(tmp_path, redact, last=PASS_ON, groups=FOUR) as nodes:
        (one,) = await nodes.tell(aircraft(1))
        (fra,) = nodes.more
        await until(lambda: has(fra, one))
        entry = fra.rooms.picture.find(one)
        assert entry is not None
        assert (entry.origin, entry.via, entry.track.identifiers) == (NLD, DEU, ())
        (redacted,) = await nodes.sent(nodes.deu)
        (passed,) = await nodes.sent(nodes.eu)
        message = read(passed.octets)
        assert message.original == redacted.octets
        assert message.header.derived is not None
        assert (message.header.derived.origin, message.header.derived.redacted) == (DEU, False)


# ------------------------------------------------------------------------------------------------------ bad neighbours


def relay_header(nodes: Row, octets: bytes, message_id: str, **more: Any) -> Header:
    """A relay's header as the middle node would write it, or nearly."""
    inner = read(octets).header
    now = SystemClock().now()
    derived = Derivation(origin=NLD, message_id=inner.message_id, sha256=sha256(octets).hexdigest(), redacted=False)
    fields = {
        "message_id": message_id,
        "created_at": now,
        "sender": DEU,
        "recipients": (EU,),
        "derived": derived,
        "hops": (Hop(DEU, now),),
        **more,
    }
    return replace(inner, release_group=None, **fields)


async def sealed(nodes: Row, message: Message) -> bytes:
    return (await nodes.deu.rooms.signer.seal_async(alliance.draft(message))).octets


ONE, TWO = "6a0c2c5e-0000-4000-8000-000000000001", "6a0c2c5e-0000-4000-8000-000000000002"


async def test_a_tampered_original_is_refused_counted_and_ledgered(tmp_path: Path) -> None:
    async with row(tmp_path, "") as nodes:
        (one,) = await nodes.tell(aircraft(1))
        await until(lambda: has(nodes.deu, one))
        (first,) = await nodes.sent(nodes.nld)
        octets = first.octets or b""
        forged = octets.replace(b"TEST1", b"TEST2")
        assert forged != octets
        derived = replace(
            relay_header(nodes, octets, ONE).derived,
            sha256=sha256(forged).hexdigest(),  # type: ignore[type-var]
        )
        header = relay_header(nodes, octets, ONE, derived=derived)
        assert not await nodes.push(nodes.eu, DEU, await sealed(nodes, Message(header=header, original=forged)))
        assert not has(nodes.eu, one)
        assert nodes.eu.counts.messages_refused == 1
        (refused,) = [leaf for leaf in await events(nodes.eu) if leaf["ev"] == "refused"]
        assert refused["code"] == "SEAL-063"
        true = await sealed(nodes, Message(header=relay_header(nodes, octets, TWO), original=octets))
        assert await nodes.push(nodes.eu, DEU, true)
        assert has(nodes.eu, one)


async def test_one_original_by_two_ways_changes_the_picture_once_and_has_one_answer(tmp_path: Path) -> None:
    async with row(tmp_path) as nodes:
        (one,) = await nodes.tell(aircraft(1))
        await until(lambda: has(nodes.eu, one))
        await settled(nodes.deu, EU)
        (first,) = await nodes.sent(nodes.nld)
        octets = first.octets or b""
        before = nodes.eu.rooms.picture.counts.updates
        again = await sealed(nodes, Message(header=relay_header(nodes, octets, ONE), original=octets))
        assert await nodes.push(nodes.eu, DEU, again)
        assert await nodes.push(nodes.eu, NLD, octets)  # not addressed to eu-1, and answered as it was answered before
        assert nodes.eu.rooms.picture.counts.updates == before
        assert nodes.eu.counts.messages_duplicate == 1
        assert nodes.eu.counts.tracks_accepted == 1


async def test_a_second_hand_snapshot_never_takes_the_place_of_the_origins_own(tmp_path: Path) -> None:
    async with row(tmp_path) as nodes:
        (one,) = await nodes.tell(aircraft(1))
        await until(lambda: has(nodes.eu, one))
        (first,) = await nodes.sent(nodes.nld)
        inner = read(first.octets)
        (track,) = inner.tracks
        lie = replace(track, name="LIE")
        elsewhere = Derivation(origin=NLD, message_id=TWO, sha256="00" * 32, redacted=True)
        header = relay_header(nodes, first.octets or b"", ONE, derived=elsewhere)
        assert await nodes.push(nodes.eu, DEU, await sealed(nodes, Message(header=header, tracks=(lie,))))
        entry = nodes.eu.rooms.picture.find(one)
        assert entry is not None
        assert (entry.track.name, entry.via) == (track.name, "")
        assert nodes.eu.rooms.picture.counts.second_hand == 1


async def test_a_withdrawal_follows_the_track(tmp_path: Path) -> None:
    async with row(tmp_path) as nodes:
        (one,) = await nodes.tell(aircraft(1))
        await until(lambda: has(nodes.eu, one))
        (first,) = await nodes.sent(nodes.nld)
        inner = read(first.octets)
        now = SystemClock().now()
        gone = Retraction(track_id=one, time=now, reason="MISTAKE")
        header = replace(inner.header, message_id=ONE, created_at=now)
        message = alliance.draft(Message(header=header, retractions=(gone,)))
        octets = (await nodes.nld.rooms.signer.seal_async(message)).octets
        assert await nodes.push(nodes.deu, NLD, octets)
        await until(lambda: not has(nodes.eu, one))
        relay = (await nodes.sent(nodes.deu))[-1]
        assert read(relay.octets).original == octets


async def test_a_restarted_node_remembers_whose_tracks_it_was_told(tmp_path: Path) -> None:
    async with row(tmp_path) as nodes:
        (one,) = await nodes.tell(aircraft(1))
        await until(lambda: has(nodes.eu, one))
        players = nodes.players
    async with Node(load(players[2].config_path).config) as again, running(again):
        entry = again.rooms.picture.find(one)
        assert entry is not None
        assert (entry.origin, entry.via) == (NLD, "")


async def test_what_a_rule_leaves_out_is_counted_in_the_ledger_and_stays_out_over_a_restart(tmp_path: Path) -> None:
    drop = '[[accept]]\nid = "not-this"\naction = "drop"\nwhen.identifier = { icao24 = ["484002"] }\n'
    async with row(tmp_path, last=drop) as nodes:
        one, two = await nodes.tell(aircraft(1), aircraft(2))
        await until(lambda: has(nodes.eu, one))
        assert not has(nodes.eu, two)
        inner, outer = [leaf for leaf in await events(nodes.eu) if leaf["ev"] == "received"]
        assert (inner["tracks"], inner["left_out"], outer["left_out"]) == (1, 1, 1)
        config = load(nodes.players[2].config_path).config
        (told,) = await asyncio.to_thread(explain_message, config, inner["mid"])
        assert (told.left_out, [track.track_id for track in told.tracks]) == (1, [one, two])
        assert [track.left_out for track in told.tracks] == ["", "accept.not-this"]
        assert told.tracks[0].feeds
        assert not told.tracks[1].feeds
        assert "  left out   accept.not-this" in list(lines(told))
        (told,) = await asyncio.to_thread(explain_message, config, outer["mid"])
        assert (told.original, told.tracks, told.left_out) == (inner["mid"], (), 1)
        players = nodes.players
    async with Node(load(players[2].config_path).config) as again, running(again):
        assert has(again, one)
        assert not has(again, two)
