"""Kill -9 of a whole gateway while it decides again on what waits: each message leaves or is withheld, once."""

from __future__ import annotations

import asyncio
import random
import re
import signal
import sqlite3
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.config import load
from gateway.config.policy_load import load_policy
from gateway.demo.stage import Player, set_stage
from gateway.demo.stored import received_by, sent_by
from tests.test_kill import Gateway, NationalSystem, leaves
from tests.test_kill_policy import acknowledged, events, put, until_leaves

SHUT = re.compile(rb">uas-[0-7]")
"""About half of the tracks, and more of the messages."""
STILL_S = 5.0
"""With nothing settled for so long a node settles nothing more while its partners are not there."""
RULE = '[[release]]\nid = "not-these"\nwhen.identifier = {{ cot_uid = [{values}] }}\naction = "withhold"\n'


def settled(player: Player) -> int:
    """How many messages do not wait for a partner any more."""
    path = load(player.config_path).config.database_path()
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM delivery").fetchone()[0])


async def until_settled(player: Player, more: int) -> None:
    """Wait until so many more messages do not wait any more, or what leads the queue is all for a partner to take."""
    path = load(player.config_path).config.database_path()
    began = changed = time.monotonic()
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        first = last = settled(player)
        while last < first + more and time.monotonic() - changed < STILL_S:
            assert time.monotonic() - began < 60
            await asyncio.sleep(0.001)
            (now,) = connection.execute("SELECT count(*) FROM delivery").fetchone()
            if now != last:
                last, changed = now, time.monotonic()


@pytest.mark.timeout(240)
async def test_what_is_withheld_is_withheld_once_and_never_leaves_whenever_the_node_is_killed(tmp_path: Path) -> None:
    dice = random.Random(23)
    players = set_stage(tmp_path, SystemClock(), simulation="SIMULATED")
    player, partner, _ = players
    gateway, other = Gateway(player), Gateway(partner)
    system = NationalSystem(player)
    await gateway.start()
    posting = asyncio.create_task(system.run())
    try:
        await acknowledged(system, 300)
        system.stop.set()
        await posting
        await until_leaves(player, "sent", system.messages)
        await gateway.end(signal.SIGKILL)
        # Its partners are not there; each attempt decides on what waits first, and the node dies somewhere in it
        text = player.policy_path.read_text()
        values = ", ".join(f'"uas-{digit}*"' for digit in range(8))
        put(player.policy_path, text.replace("[[release]]", RULE.format(values=values) + "[[release]]", 1))
        policy = load_policy(player.policy_path, node=player.nation.node).policy
        for _ in range(4):
            await gateway.start()
            await until_settled(player, dice.randint(1, 8))
            await gateway.end(signal.SIGKILL)
        assert settled(player) < 2 * len(system.messages), "it was never killed in the middle of it"
        await asyncio.gather(gateway.start(), other.start())
        octets = {one.leaf.mid: one.octets for one in sent_by(player)}
        shut = {mid for mid, one in octets.items() if SHUT.search(one)}
        assert shut
        assert set(octets) - shut
        await until_leaves(player, "delivered", set(octets) - shut)
        await until_leaves(player, "withheld", shut)
    finally:
        posting.cancel()
        with suppress(asyncio.CancelledError):
            await posting
        await asyncio.gather(*(one.end(signal.SIGTERM) for one in (gateway, other) if one.process is not None))

    name = partner.nation.node
    found = [leaf for leaf in leaves(player) if leaf.get("peer") == name]
    kept = [leaf for leaf in found if leaf["ev"] == "withheld"]
    gone = [leaf for leaf in found if leaf["ev"] == "delivered"]
    assert Counter(leaf["mid"] for leaf in kept) == Counter(shut)
    assert Counter(leaf["mid"] for leaf in gone) == Counter(set(octets) - shut)
    assert {(leaf["rule"], leaf["policy"]) for leaf in kept} == {("release.not-these", policy.digest)}
    assert {leaf["mid"] for leaf in events(partner, "received")} == {leaf["mid"] for leaf in gone}
    for one in received_by(partner):
        assert not SHUT.search(one.octets)
