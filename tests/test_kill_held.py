"""Kill -9 of whole gateways while tracks wait for their time: what a 202 said is held goes when it is due, and once."""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.demo.stage import Player, set_stage
from gateway.demo.stored import received_by, sent_by
from tests.test_kill import Gateway, NationalSystem, leaves
from tests.test_kill_policy import WITHIN_S, acknowledged, put, until_leaves
from tests.test_onward import DEU, EU, GROUPS, NLD, policy_text

LATE_S = 12
"""Longer than a busy machine takes to be told of all that is to wait, and to be killed."""


def with_release(player: Player, rule: str) -> str:
    """A player's policy with this rule for release alone."""
    text = player.policy_path.read_text()
    return text[: text.index("[[release]]")] + f"[[release]]\n{rule}\n" + text[text.index("[[accept]]") :]


def sent_tracks(player: Player) -> Counter[str]:
    """How often each track of a node went in messages of its own; nothing while its ledger cannot be read."""
    with suppress(Exception):
        return Counter([track.track_id or "" for one in sent_by(player) for track in one.message.tracks])
    return Counter()


async def until_sent(player: Player, wanted: set[str]) -> Counter[str]:
    """Wait until a node has sent all of these tracks; how often each of all went."""
    async with asyncio.timeout(WITHIN_S):
        while not wanted <= set(found := sent_tracks(player)):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.3)
    return found


async def post_some(system: NationalSystem, number: int) -> set[str]:
    """Have a national system post until so many more are acknowledged, and then stop; the track ids of all."""
    system.stop.clear()
    posting = asyncio.create_task(system.run())
    try:
        await acknowledged(system, number)
    finally:
        system.stop.set()
        await posting
    return {one for ids in system.acknowledged.values() for one in ids}


@pytest.mark.timeout(240)
async def test_what_was_held_when_the_node_was_killed_goes_when_due_by_the_policy_that_it_finds(tmp_path: Path) -> None:
    players = set_stage(tmp_path, SystemClock(), simulation="SIMULATED")
    player = players[0]
    put(player.policy_path, with_release(player, f'id = "late"\naction = "release"\ndelay_s = {LATE_S}'))
    gateway, partner = Gateway(player), Gateway(players[1])
    system = NationalSystem(player)
    await asyncio.gather(gateway.start(), partner.start())
    try:
        tracks = await post_some(system, 20)
        await gateway.end(signal.SIGKILL)
        assert system.messages == set(), "a 202 that named a message"
        assert [leaf for leaf in leaves(player) if leaf["ev"] == "sent"] == []
        # Another policy is on disk when it comes back: it decides, and it hides what these are called
        put(player.policy_path, with_release(player, 'id = "less"\naction = "redact"\ndrop = ["identifiers"]'))
        await gateway.start()
        went = await until_sent(player, tracks)
        sent = [str(leaf["mid"]) for leaf in leaves(player) if leaf["ev"] == "sent"]
        await until_leaves(players[1], "received", sent)
    finally:
        await asyncio.gather(gateway.end(signal.SIGTERM), partner.end(signal.SIGTERM))
    assert went == Counter(tracks), "each once"
    for one in sent_by(player):
        assert one.message.header.rule == "release.less"
        assert all(track.identifiers == () for track in one.message.tracks)
        # Not before its time: LATE_S after it came, whatever was down
        for track in one.message.tracks:
            assert track.state is not None
            assert track.state.received_at is not None
            assert (one.message.header.created_at - track.state.received_at).total_seconds() >= LATE_S
    theirs = Counter(track.track_id for one in received_by(players[1]) for track in one.message.tracks)
    assert theirs == Counter(tracks)


@pytest.mark.timeout(150)
async def test_killed_again_and_again_it_sends_everything_that_it_held_once(tmp_path: Path) -> None:
    dice = random.Random(23)
    players = set_stage(tmp_path, SystemClock(), simulation="SIMULATED")
    player = players[0]
    put(player.policy_path, with_release(player, 'id = "late"\naction = "release"\ndelay_s = 1'))
    gateway = Gateway(player)
    system = NationalSystem(player)
    await gateway.start()
    posting = asyncio.create_task(system.run())
    try:
        for _ in range(4):
            await acknowledged(system, 25)
            await asyncio.sleep(dice.uniform(0, 1.2))  # some wait, some are due, some are being decided
            await gateway.end(signal.SIGKILL)
            await gateway.start()
        system.stop.set()
        await posting
        tracks = {one for ids in system.acknowledged.values() for one in ids}
        went = await until_sent(player, tracks)
    finally:
        posting.cancel()
        with suppress(asyncio.CancelledError):
            await posting
        await gateway.end(signal.SIGTERM)
    assert len(tracks) >= 100
    assert went == Counter(tracks)


@pytest.mark.timeout(240)
async def test_a_relay_that_is_killed_while_it_holds_passes_on_whole_and_once(tmp_path: Path) -> None:
    players = set_stage(tmp_path, SystemClock(), simulation="SIMULATED")
    late = f'[[release]]\nid = "late"\nonward = true\naction = "release"\ndelay_s = {LATE_S}\n'
    for player in players:
        name = player.nation.node
        text = policy_text(name, late if name == DEU else "", GROUPS)
        put(player.policy_path, text.replace('label = "near"', 'label = "all"'))
    first, middle, last = (Gateway(player) for player in players)
    system = NationalSystem(players[0])
    await asyncio.gather(first.start(), middle.start(), last.start())
    try:
        tracks = await post_some(system, 12)
        await until_leaves(players[1], "received", system.messages)
        await middle.end(signal.SIGKILL)
        assert [leaf for leaf in leaves(players[1]) if leaf["ev"] == "sent"] == []
        await middle.start()
        await until_leaves(players[2], "received", system.messages)
    finally:
        await asyncio.gather(*(one.end(signal.SIGTERM) for one in (first, middle, last)))
    octets = {one.leaf.mid: one.octets for one in sent_by(players[0])}
    came = [one for one in received_by(players[2]) if one.leaf.origin == NLD]
    assert Counter(one.leaf.mid for one in came) == Counter(system.messages)
    assert all(one.octets == octets[one.leaf.mid] for one in came)
    assert {track.track_id for one in came for track in one.message.tracks} == tracks
    passed = [leaf for leaf in leaves(players[1]) if leaf["ev"] == "sent"]
    assert Counter(str(leaf["original"]) for leaf in passed) == Counter(one.leaf.sha256 for one in came)
    assert {str(leaf["rule"]) for leaf in passed} == {"release.late"}
    assert {str(one) for leaf in passed for one in leaf["to"]} == {EU}  # type: ignore[attr-defined]  # a list of names
