"""A neighbour that means ill, and races of passing on, on real nodes: fra-1 lies to deu-1, which relays to eu-1."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.clock import SystemClock
from gateway.config import load
from gateway.demo.stage import Player
from gateway.errors import StoreError
from gateway.formats import alliance
from gateway.node.assembly import Node
from gateway.stages import Derivation, Header, Hop, Message, Retraction
from gateway.store.codes import NOT_DURABLE
from gateway.track import Track
from tests.assembled import aircraft
from tests.test_corridor import running, until
from tests.test_onward import DEU, EU, FOUR, FRA, NLD, PASS_ON, Row, events, has, read, row, settled

LESS = '[[release]]\nid = "less"\nonward = true\naction = "redact"\ndrop = ["identifiers"]\n'
IDS = [f"6a0c2c5e-0000-4000-8000-{number:012d}" for number in range(300)]


async def octets_of(node: Node, message: Message) -> bytes:
    """The message under this node's own signature."""
    return (await node.rooms.signer.seal_async(alliance.draft(message))).octets


def header_like(inner: Header, sender: str, to: str, message_id: str, **more: Any) -> Header:
    """A header that `sender` would write for its own message, under the label of another."""
    fields = {
        "message_id": message_id,
        "created_at": SystemClock().now(),
        "sender": sender,
        "recipients": (to,),
        "release_group": None,
        "derived": None,
        "hops": (),
        **more,
    }
    return replace(inner, **fields)


def redacted(origin: str = NLD, number: int = 9) -> Derivation:
    return Derivation(origin=origin, message_id=IDS[number], sha256="00" * 32, redacted=True)


def lie_of(track: Track) -> Track:
    return replace(track, name="LIE")


async def test_a_partners_lie_about_anothers_track_is_not_passed_on_as_the_relays_own_word(tmp_path: Path) -> None:
    async with row(tmp_path, LESS, groups=FOUR) as nodes:
        (one,) = await nodes.tell(aircraft(1))
        (fra,) = nodes.more
        await until(lambda: has(nodes.eu, one))
        await settled(nodes.deu, EU)
        (first,) = await nodes.sent(nodes.nld)
        inner = read(first.octets)
        hop = (Hop(FRA, SystemClock().now()),)
        said = header_like(inner.header, FRA, DEU, IDS[0], derived=redacted(), hops=hop)
        lie = await octets_of(fra, Message(header=said, tracks=(lie_of(inner.tracks[0]),)))
        assert await nodes.push(nodes.deu, FRA, lie)
        plain = header_like(inner.header, FRA, DEU, IDS[1])
        lie = await octets_of(fra, Message(header=plain, tracks=(lie_of(inner.tracks[0]),)))
        assert await nodes.push(nodes.deu, FRA, lie)
        await settled(nodes.deu, EU)
        for node in (nodes.deu, nodes.eu):
            entry = node.rooms.picture.find(one)
            assert entry is not None
            assert (entry.origin, entry.track.name) == (NLD, inner.tracks[0].name)
        assert len(await nodes.sent(nodes.deu)) == 1


async def test_a_partner_cannot_withdraw_anothers_track_by_way_of_the_relay(tmp_path: Path) -> None:
    async with row(tmp_path, LESS, groups=FOUR) as nodes:
        (one,) = await nodes.tell(aircraft(1))
        (fra,) = nodes.more
        await until(lambda: has(nodes.eu, one))
        await settled(nodes.deu, EU)
        (first,) = await nodes.sent(nodes.nld)
        inner, now = read(first.octets), SystemClock().now()
        gone = Retraction(track_id=one, time=now, reason="MISTAKE")
        said = header_like(inner.header, FRA, DEU, IDS[0], derived=redacted(), hops=(Hop(FRA, now),))
        other = replace(inner.tracks[0], track_id=IDS[5])
        assert await nodes.push(
            nodes.deu, FRA, await octets_of(fra, Message(header=said, tracks=(other,), retractions=(gone,)))
        )
        await until(lambda: has(nodes.eu, IDS[5]))
        await settled(nodes.deu, EU)
        assert has(nodes.deu, one)
        assert has(nodes.eu, one)


async def withdraw(nodes: Row, track_id: str, message_id: str) -> None:
    """nld-1 withdraws a track of its own at deu-1."""
    (first, *_) = await nodes.sent(nodes.nld)
    now = SystemClock().now()
    header = header_like(read(first.octets).header, NLD, DEU, message_id)
    gone = Retraction(track_id=track_id, time=now, reason="MISTAKE")
    assert await nodes.push(nodes.deu, NLD, await octets_of(nodes.nld, Message(header=header, retractions=(gone,))))


async def test_what_is_withdrawn_while_it_is_held_back_goes_nowhere(tmp_path: Path) -> None:
    late = '[[release]]\nid = "late"\nonward = true\naction = "release"\ndelay_s = 6\n'
    async with row(tmp_path, late) as nodes:
        one, two = await nodes.tell(aircraft(1), aircraft(2))
        await until(lambda: has(nodes.deu, one))
        await withdraw(nodes, one, IDS[0])
        await until(lambda: has(nodes.eu, two))
        await settled(nodes.deu, EU)
        assert not has(nodes.deu, one)
        assert not has(nodes.eu, one)
        octets = b"".join([sent.octets or b"" for sent in await nodes.sent(nodes.deu)])
        assert one.encode() not in octets


async def test_what_was_withdrawn_stays_withdrawn_over_a_restart(tmp_path: Path) -> None:
    async with row(tmp_path) as nodes:
        one, two = await nodes.tell(aircraft(1), aircraft(2))
        await until(lambda: has(nodes.eu, one))
        await withdraw(nodes, one, IDS[0])
        await until(lambda: not has(nodes.eu, one))
        players = nodes.players
    for player in players[1:]:
        async with Node(load(player.config_path).config) as again, running(again):
            assert has(again, two)
            assert not has(again, one)


async def test_of_two_snapshots_of_one_track_the_one_left_out_stays_out_over_a_restart(tmp_path: Path) -> None:
    drop = '[[accept]]\nid = "no-lie"\naction = "drop"\nwhen.has = ["remarks"]\n'
    async with row(tmp_path, "", last=drop) as nodes:
        (one,) = await nodes.tell(aircraft(1))
        await until(lambda: has(nodes.deu, one))
        (first,) = await nodes.sent(nodes.nld)
        inner = read(first.octets)
        (track,) = inner.tracks
        header = header_like(inner.header, NLD, EU, IDS[0])
        both = Message(header=header, tracks=(track, replace(track, remarks="not for us")))
        assert await nodes.push(nodes.eu, NLD, await octets_of(nodes.nld, both))
        entry = nodes.eu.rooms.picture.find(one)
        assert entry is not None
        assert not entry.track.remarks
        players = nodes.players
    async with Node(load(players[2].config_path).config) as again, running(again):
        entry = again.rooms.picture.find(one)
        assert entry is None or not entry.track.remarks


async def test_a_message_that_could_not_be_recorded_goes_on_when_it_comes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    thin = '[[release]]\nid = "thin"\nonward = true\naction = "release"\nevery_s = 600\n'
    async with row(tmp_path, thin) as nodes:
        (zero,) = await nodes.tell(aircraft(1))
        await until(lambda: has(nodes.eu, zero))
        (first,) = await nodes.sent(nodes.nld)
        inner = read(first.octets)
        header = header_like(inner.header, NLD, DEU, IDS[0])
        octets = await octets_of(nodes.nld, Message(header=header, tracks=(replace(inner.tracks[0], track_id=IDS[5]),)))
        inbox = nodes.deu.rooms.inbox
        record = inbox.record

        async def fails(*_: Any) -> Any:
            raise StoreError(NOT_DURABLE, cause="the disk is full")

        monkeypatch.setattr(type(inbox), "record", fails)
        with pytest.raises(StoreError):
            await nodes.push(nodes.deu, NLD, octets)
        monkeypatch.undo()
        assert inbox.record == record
        assert await nodes.push(nodes.deu, NLD, octets)
        await until(lambda: has(nodes.eu, IDS[5]))


async def test_an_original_too_large_to_be_enclosed_goes_on_as_its_tracks_and_its_withdrawals(tmp_path: Path) -> None:
    async with row(tmp_path) as nodes:
        (one,) = await nodes.tell(aircraft(1))
        await until(lambda: has(nodes.eu, one))
        await settled(nodes.deu, EU)
        (first,) = await nodes.sent(nodes.nld)
        inner, now = read(first.octets), SystemClock().now()
        header = header_like(inner.header, NLD, DEU, IDS[0])
        tracks = tuple(replace(inner.tracks[0], track_id=IDS[number], remarks="x" * 13_000) for number in range(1, 251))
        gone = Retraction(track_id=one, time=now, reason="MISTAKE")
        octets = await octets_of(nodes.nld, Message(header=header, tracks=tracks, retractions=(gone,)))
        assert 3_150_000 < len(octets) < 4_194_304
        assert await nodes.push(nodes.deu, NLD, octets)
        await until(lambda: all(has(nodes.eu, name) for name in IDS[1:251]) and not has(nodes.eu, one))
        await settled(nodes.deu, EU)
        relays = [read(one.octets) for one in (await nodes.sent(nodes.deu))[1:]]
        assert all(one.header.derived is not None and one.header.derived.redacted for one in relays)
        assert nodes.deu.counts.failures == 0


EVERYBODY = {
    NLD: {"near": [DEU, EU]},
    DEU: {"all": [NLD, EU, FRA]},
    EU: {"all": [NLD, DEU, FRA]},
    FRA: {"all": [NLD, DEU, EU]},
}


def all_pass_on(player: Player, text: str) -> str:
    return text if PASS_ON in text else text.replace("[[accept]]", PASS_ON + "[[accept]]")


async def test_where_everybody_passes_on_to_everybody_each_gets_it_once_and_it_ends(tmp_path: Path) -> None:
    async with row(tmp_path, last=PASS_ON, groups=EVERYBODY, edit=all_pass_on) as nodes:
        (fra,) = nodes.more
        ids = [(await nodes.tell(aircraft(number)))[0] for number in range(1, 9)]
        await until(lambda: all(has(fra, one) for one in ids))
        for node in (nodes.deu, nodes.eu):
            await settled(node, FRA)
        told = await nodes.sent(nodes.nld)
        assert all(one.octets is not None for one in told)
        for node in (nodes.deu, nodes.eu):
            assert {leaf["original"] for leaf in await events(node) if leaf["ev"] == "sent"} == {
                one.sha256 for one in told
            }
            assert len(await nodes.sent(node)) == len(told)
        assert await nodes.sent(fra) == []
        assert fra.counts.tracks_accepted == fra.rooms.picture.counts.updates == len(ids)
        assert fra.counts.messages_duplicate == len(told)
        assert nodes.nld.counts.messages_verified == 0


async def test_one_original_by_every_way_at_once_is_taken_once(tmp_path: Path) -> None:
    async with row(tmp_path, "", last=PASS_ON, groups=FOUR) as nodes:
        (one,) = await nodes.tell(aircraft(1))
        await until(lambda: has(nodes.deu, one))
        (first,) = await nodes.sent(nodes.nld)
        inner, (fra,) = read(first.octets), nodes.more
        header = header_like(inner.header, NLD, DEU, IDS[0], recipients=(DEU, EU))
        octets = await octets_of(nodes.nld, Message(header=header, tracks=(replace(inner.tracks[0], track_id=IDS[5]),)))
        derived = Derivation(origin=NLD, message_id=IDS[0], sha256=sha256(octets).hexdigest(), redacted=False)
        relays = []
        for number in range(1, 9):
            hops = (Hop(DEU, SystemClock().now()),)
            outer = header_like(inner.header, DEU, EU, IDS[number], derived=derived, hops=hops)
            relays.append(await octets_of(nodes.deu, Message(header=outer, original=octets)))
        ways = [nodes.push(nodes.eu, DEU, relay) for relay in relays] + [nodes.push(nodes.eu, NLD, octets)]
        assert all(await asyncio.gather(*ways))
        await until(lambda: has(fra, IDS[5]))
        await settled(nodes.eu, FRA)
        assert nodes.eu.counts.tracks_accepted == nodes.eu.rooms.picture.counts.updates == 1
        assert len([leaf for leaf in await events(nodes.eu) if leaf.get("sha256") == derived.sha256]) == 1
        assert len(await nodes.sent(nodes.eu)) == 1
        assert fra.counts.messages_verified == 1


@pytest.mark.parametrize(
    "wrong", ["no original", "both", "nested", "own tracks beside", "not a recipient", "hop of us"]
)
async def test_what_a_relay_says_of_itself_must_hold_together(tmp_path: Path, wrong: str) -> None:
    async with row(tmp_path, "") as nodes:
        (one,) = await nodes.tell(aircraft(1))
        await until(lambda: has(nodes.deu, one))
        (first,) = await nodes.sent(nodes.nld)
        inner, now = read(first.octets), SystemClock().now()
        octets = first.octets or b""
        if wrong == "not a recipient":
            elsewhere = header_like(inner.header, NLD, FRA, IDS[1])
            octets = await octets_of(nodes.nld, Message(header=elsewhere, tracks=inner.tracks))
        message_id = read(octets).header.message_id
        derived = Derivation(origin=NLD, message_id=message_id, sha256=sha256(octets).hexdigest(), redacted=False)
        hops = (Hop(EU, now), Hop(DEU, now)) if wrong == "hop of us" else (Hop(DEU, now),)
        header = header_like(inner.header, DEU, EU, IDS[0], derived=derived, hops=hops)
        message = Message(header=header, original=octets)
        code = {
            "not a recipient": "SEAL-056",
            "hop of us": "SEAL-055",
            "nested": "SEAL-064",
            "own tracks beside": "ALM-015",
        }.get(wrong, "SEAL-058")
        if wrong == "no original":
            message = Message(header=header, tracks=inner.tracks)
        elif wrong == "both":
            message = Message(header=replace(header, derived=replace(derived, redacted=True)), original=octets)
        elif wrong == "own tracks beside":
            made = alliance.draft(message)
            track = alliance.draft(Message(header=header, tracks=inner.tracks)).octets.decode()
            track = track[track.index("<Track>") : track.index("</Track>") + 8]
            beside = made.octets.replace(b"</Header>", b"</Header>" + track.encode(), 1)
            bad = (await nodes.deu.rooms.signer.seal_async(replace(made, octets=beside))).octets
        elif wrong == "nested":
            outer = await octets_of(nodes.deu, message)
            cited = Derivation(origin=DEU, message_id=IDS[0], sha256=sha256(outer).hexdigest(), redacted=False)
            fra_header = header_like(inner.header, NLD, EU, IDS[3], derived=cited, hops=(Hop(DEU, now), Hop(NLD, now)))
            bad = await octets_of(nodes.nld, Message(header=fra_header, original=outer))
        if wrong not in ("own tracks beside", "nested"):
            bad = await octets_of(nodes.deu, message)
        assert not await nodes.push(nodes.eu, NLD if wrong == "nested" else DEU, bad)
        (refused,) = [leaf for leaf in await events(nodes.eu) if leaf["ev"] == "refused"]
        assert refused["code"] == code
        assert not has(nodes.eu, one)
