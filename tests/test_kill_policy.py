"""Kill -9 of whole gateways where policy is at work: while they pass on, and while they read another policy.

What a relay has acknowledged goes on exactly once and as its origin signed it; whichever policy a node was killed in
the middle of reading, its ledger says which one decided on each message.
"""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.config.policy_load import load_policy
from gateway.demo.stage import Player, set_stage
from gateway.demo.stored import received_by, sent_by
from tests.test_kill import Gateway, NationalSystem, leaves
from tests.test_onward import DEU, EU, GROUPS, NLD, PASS_ON, policy_text

WITHIN_S = 60.0


def events(player: Player, event: str) -> list[dict[str, object]]:
    """The leaves of one kind in a node's published ledger; none while it cannot be read."""
    with suppress(Exception):
        return [leaf for leaf in leaves(player) if leaf["ev"] == event]
    return []


async def until_leaves(player: Player, event: str, wanted: Iterable[str], field: str = "mid") -> None:
    """Wait until a published ledger names all of these."""
    missing = set(wanted)
    async with asyncio.timeout(WITHIN_S):
        while missing:
            missing -= {str(leaf.get(field)) for leaf in events(player, event)}
            if missing:
                await asyncio.sleep(0.2)


async def acknowledged(system: NationalSystem, more: int) -> None:
    """Wait until the national system has been told of that many more events."""
    seen = len(system.acknowledged)
    async with asyncio.timeout(WITHIN_S):
        while len(system.acknowledged) < seen + more:  # noqa: ASYNC110 - another task's network traffic
            await asyncio.sleep(0.02)


def put(path: Path, text: str) -> None:
    """Another file in one step, as an operator's tools put it there."""
    beside = path.with_suffix(".new")
    beside.write_text(text)
    beside.rename(path)


@pytest.mark.timeout(240)
async def test_what_a_killed_relay_had_accepted_reaches_the_last_node_once_and_whole(tmp_path: Path) -> None:
    dice = random.Random(17)
    players = set_stage(tmp_path, SystemClock(), simulation="SIMULATED")
    for player in players:
        name = player.nation.node
        text = policy_text(name, PASS_ON if name == DEU else "", GROUPS)
        # What has no ICAO address may have been meant by the marking that asks for one, and would be nobody else's
        put(player.policy_path, text.replace('label = "near"', 'label = "all"'))
    first, middle, last = (Gateway(player) for player in players)
    system = NationalSystem(players[0])
    await asyncio.gather(first.start(), middle.start())
    posting = asyncio.create_task(system.run())
    try:
        # The last node is not there yet: what the middle has accepted it has not passed on when it is killed
        await acknowledged(system, 30)
        before = set(system.messages)
        await until_leaves(players[1], "received", before)
        await middle.end(signal.SIGKILL)
        assert [leaf for leaf in leaves(players[1]) if leaf["ev"] == "delivered"] == []
        assert len(events(players[1], "sent")) >= len(before)
        await asyncio.gather(middle.start(), last.start())
        for _ in range(3):  # now it passes on while it is killed
            await acknowledged(system, 30)
            await asyncio.sleep(dice.uniform(0, 0.3))
            await middle.end(signal.SIGKILL)
            await middle.start()
        await acknowledged(system, 10)
        system.stop.set()
        await posting
        await until_leaves(players[2], "received", system.messages)
        await until_leaves(players[0], "delivered", system.messages)
        relays = {str(leaf["mid"]) for leaf in events(players[1], "sent")}
        await until_leaves(players[1], "delivered", relays)
    finally:
        posting.cancel()
        with suppress(asyncio.CancelledError):
            await posting
        await asyncio.gather(*(one.end(signal.SIGTERM) for one in (first, middle, last) if one.process is not None))

    told = {str(leaf["mid"]): leaf for leaf in leaves(players[0]) if leaf["ev"] == "sent"}
    assert system.messages <= set(told)
    digests = [load_policy(player.policy_path, node=player.nation.node).policy.digest for player in players]
    # The middle: each accepted once, each passed on in one message that cites it, each of those answered once
    taken = [leaf for leaf in leaves(players[1]) if leaf["ev"] == "received"]
    passed = [leaf for leaf in leaves(players[1]) if leaf["ev"] == "sent"]
    answered = [leaf for leaf in leaves(players[1]) if leaf["ev"] == "delivered"]
    assert set(Counter(leaf["mid"] for leaf in taken).values()) == {1}
    assert Counter(leaf["original"] for leaf in passed) == Counter(leaf["sha256"] for leaf in taken)
    assert Counter(leaf["mid"] for leaf in answered) == Counter(leaf["mid"] for leaf in passed)
    assert {(leaf["rule"], leaf["policy"]) for leaf in passed} == {("release.pass-on", digests[1])}
    # The last node: the first one's own message, once, and once the one that it came in, by the same rules
    came = [leaf for leaf in leaves(players[2]) if leaf["ev"] == "received"]
    inner = [leaf for leaf in came if leaf["origin"] == NLD]
    outer = [leaf for leaf in came if leaf["origin"] == DEU]
    assert Counter(leaf["sha256"] for leaf in inner) == Counter(leaf["sha256"] for leaf in taken)
    assert Counter(leaf["sha256"] for leaf in outer) == Counter(leaf["sha256"] for leaf in passed)
    assert {leaf["peer"] for leaf in came} == {DEU}
    for leaf in inner:
        theirs = told[str(leaf["mid"])]
        assert leaf["sha256"] == theirs["sha256"]
        assert (leaf["origin_rule"], leaf["origin_policy"]) == (theirs["rule"], theirs["policy"])
    # And whole: octet for octet what the first one signed
    octets = {one.leaf.mid: one.octets for one in sent_by(players[0])}
    kept = {one.leaf.mid: one.octets for one in received_by(players[2]) if one.leaf.origin == NLD}
    assert system.messages <= set(kept)
    assert all(octets[mid] == one for mid, one in kept.items())
    assert {answer["peer"] for answer in answered} == {EU}


@pytest.mark.timeout(240)
async def test_a_node_killed_while_it_reads_policies_runs_by_the_one_on_disk_and_its_ledger_says_all(
    tmp_path: Path,
) -> None:
    dice = random.Random(19)
    player, *_ = players = set_stage(tmp_path, SystemClock(), simulation="SIMULATED")
    text = player.policy_path.read_text()
    texts = [text.replace('name = "', f'name = "{number} ', 1) for number in range(3)]
    possible = set()
    for one in texts:
        put(player.policy_path, one)
        possible.add(load_policy(player.policy_path, node=NLD).policy.digest)
    assert len(possible) == len(texts)
    gateway, partner = Gateway(player), Gateway(players[1])
    system = NationalSystem(player)
    await asyncio.gather(gateway.start(), partner.start())
    posting = asyncio.create_task(system.run())
    ready = asyncio.Event()

    async def reload() -> None:
        """Put another policy there and say so, as fast as it is taken; only to a node that has begun to answer."""
        number = 0
        while True:
            await ready.wait()
            number += 1
            put(player.policy_path, texts[number % len(texts)])
            assert gateway.process is not None
            with suppress(ProcessLookupError):
                gateway.process.send_signal(signal.SIGHUP)
            await asyncio.sleep(dice.uniform(0.005, 0.08))

    await acknowledged(system, 5)
    ready.set()
    reloading = asyncio.create_task(reload())
    try:
        for _ in range(4):
            await acknowledged(system, 15)
            await asyncio.sleep(dice.uniform(0, 0.4))
            ready.clear()  # whatever was asked last is under way, or done, or not begun
            await gateway.end(signal.SIGKILL)
            await gateway.start()
            await acknowledged(system, 15)  # it answers again: its handlers stand
            ready.set()
        ready.clear()
        reloading.cancel()
        await gateway.end(signal.SIGKILL)
        put(player.policy_path, texts[0])
        await gateway.start()
        known = set(system.messages)
        await acknowledged(system, 15)
        system.stop.set()
        await posting
        await until_leaves(players[1], "received", system.messages)
    finally:
        for task in (posting, reloading):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await asyncio.gather(gateway.end(signal.SIGTERM), partner.end(signal.SIGTERM))

    on_disk = load_policy(player.policy_path, node=NLD).policy.digest
    found = leaves(player)  # it verifies
    policies = [leaf for leaf in found if leaf["ev"] == "policy"]
    assert policies[-1]["sha256"] == on_disk
    assert "previous" not in policies[-1], "in force since the start"
    assert {str(leaf["sha256"]) for leaf in policies} == possible
    assert sum("previous" in leaf for leaf in policies) > 10, "it hardly ever read another one"
    assert sum("previous" not in leaf for leaf in policies) == 6
    # Each change names the one that it takes the place of, and each message one that was announced by this process
    in_force, announced, used = "", set[str](), set[str]()
    fresh = 0
    for leaf in found:
        if leaf["ev"] == "policy":
            if "previous" in leaf:
                assert leaf["previous"] == in_force
                announced.add(str(leaf["sha256"]))
            else:
                announced = {str(leaf["sha256"])}
            in_force = str(leaf["sha256"])
        elif leaf["ev"] == "sent":
            assert leaf["policy"] in announced
            used.add(str(leaf["policy"]))
            if leaf["mid"] in system.messages - known and in_force == on_disk:
                fresh += leaf["policy"] == on_disk
    assert used == possible
    assert fresh > 0
    # Whoever got it has the same digest under the sender's signature
    theirs = {leaf["mid"]: leaf["origin_policy"] for leaf in leaves(players[1]) if leaf["ev"] == "received"}
    ours = {leaf["mid"]: leaf["policy"] for leaf in found if leaf["ev"] == "sent"}
    assert system.messages <= set(theirs)
    assert all(ours[mid] == policy for mid, policy in theirs.items())
