"""Onward release where links are paused, take nothing, or go: nobody else loses anything. And what never goes on: an
original that is too old, and who flies a drone where no rule names it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway import pipeline
from gateway.clock import SystemClock
from gateway.config import load
from gateway.demo.stage import NATIONS, Nation, Player, ledger_verifier, set_stage
from gateway.formats.registry import find
from gateway.ledger import verify
from gateway.node.assembly import Node
from gateway.stages import Derivation, Frame, Hop, Message
from gateway.track import Operator, Position
from tests.assembled import aircraft
from tests.test_corridor import running, until
from tests.test_onward import DEU, EU, FRA, NLD, PASS_ON, Row, events, has, policy_text, read, row, settled
from tests.test_onward_hostile import IDS, header_like, octets_of

BOTH = {
    NLD: {"near": [DEU]},
    DEU: {"far": [EU, FRA]},
    EU: {"all": [NLD, DEU]},
    FRA: {"all": [NLD, DEU]},
}
CAST = (*NATIONS, Nation(node=FRA, nation="FRA", title="A nation further on"))


def link(text: str, partner: str, line: str) -> str:
    """A configuration with a line more in the table of that link."""
    assert f"[link.{partner}]\n" in text
    return text.replace(f"[link.{partner}]\n", f"[link.{partner}]\n{line}\n")


def cut(text: str, partner: str) -> str:
    """A configuration without that link."""
    return re.sub(rf"\n\[link\.{partner}\]\n.*?(?=\n\[|\Z)", "\n", text, flags=re.DOTALL)


def groupless(text: str, partner: str) -> str:
    """A policy that no longer knows that partner."""
    text = text.replace(f'[partner.{partner}]\nclearances = ["{partner}"]\n', "")
    return text.replace(f', "{partner}"', "").replace(f'"{partner}", ', "")


@asynccontextmanager
async def four(
    root: Path, configs: dict[str, Callable[[str], str]], policies: dict[str, Callable[[str], str]] | None = None
) -> AsyncIterator[Row]:
    """Four nodes: the second passes on to the third and the fourth; `configs` and `policies` edit files by node."""
    players = set_stage(root, SystemClock(), simulation="SIMULATED", cast=CAST)
    for player in players:
        name = player.nation.node
        text = policy_text(name, PASS_ON if name == DEU else "", BOTH)
        player.policy_path.write_text((policies or {}).get(name, str)(text))
        player.config_path.write_text(configs.get(name, str)(player.config_path.read_text()))
    async with opened(players) as nodes:
        yield nodes
    for player in players:
        assert verify(player.ledger_directory, ledger_verifier(player)).ok


@asynccontextmanager
async def opened(players: list[Player]) -> AsyncIterator[Row]:
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(Node(load(player.config_path).config)) for player in players]
        async with running(*nodes):
            yield Row(players, nodes)


async def told(nodes: Row, numbers: range) -> list[str]:
    return [(await nodes.tell(aircraft(number)))[0] for number in numbers]


async def test_what_a_paused_partner_is_owed_waits_for_him_and_the_others_have_it_at_once(tmp_path: Path) -> None:
    async with four(tmp_path, {DEU: lambda text: link(text, EU, "paused = true")}) as nodes:
        (fra,) = nodes.more
        ids = await told(nodes, range(1, 6))
        await until(lambda: all(has(fra, one) for one in ids))
        await settled(nodes.deu, FRA)
        assert not any(has(nodes.eu, one) for one in ids)
        relays = await nodes.sent(nodes.deu)
        assert await nodes.deu.store.queue_depth(EU) == len(relays) > 0
        firsts = [one.octets for one in await nodes.sent(nodes.nld)]
        players = nodes.players
    player = players[1]
    player.config_path.write_text(player.config_path.read_text().replace("paused = true\n", ""))
    async with opened(players) as nodes:
        await until(lambda: all(has(nodes.eu, one) for one in ids))
        await settled(nodes.deu, EU)
        assert [read(one.octets).original for one in await nodes.sent(nodes.deu)] == firsts
        came = [leaf["sha256"] for leaf in await events(nodes.eu) if leaf["ev"] == "received" and leaf["origin"] == NLD]
        assert sorted(came) == sorted(sha256(one or b"").hexdigest() for one in firsts)
        assert nodes.more[0].counts.messages_duplicate == 0


async def test_a_partner_that_takes_nothing_from_the_relay_holds_nobody_up(tmp_path: Path) -> None:
    async with four(tmp_path, {EU: lambda text: link(text, DEU, "receive = false")}) as nodes:
        (fra,) = nodes.more
        ids = await told(nodes, range(1, 6))
        await until(lambda: all(has(fra, one) for one in ids))
        await settled(nodes.deu, FRA)
        assert not any(has(nodes.eu, one) for one in ids)
        assert nodes.eu.counts.messages_verified == 0
        relays = await nodes.sent(nodes.deu)
        assert await nodes.deu.store.queue_depth(EU) == len(relays), "it is kept for when he does"
        assert len([leaf for leaf in await events(nodes.deu) if leaf["ev"] == "delivered"]) == len(relays)


async def test_after_a_partner_is_removed_the_others_get_what_they_are_still_owed(tmp_path: Path) -> None:
    """Both are behind when the relay stops; one link is gone when it starts again."""
    pause = {DEU: lambda text: link(link(text, EU, "paused = true"), FRA, "paused = true")}
    async with four(tmp_path, pause) as nodes:
        ids = await told(nodes, range(1, 6))
        await until(lambda: all(has(nodes.deu, one) for one in ids))
        assert await nodes.deu.store.queue_depth(FRA) == await nodes.deu.store.queue_depth(EU) > 0
        players = nodes.players
    deu = players[1]
    deu.config_path.write_text(cut(deu.config_path.read_text().replace("paused = true\n", ""), EU))
    deu.policy_path.write_text(groupless(deu.policy_path.read_text(), EU))
    async with opened(players) as nodes:
        (fra,) = nodes.more
        await until(lambda: all(has(fra, one) for one in ids))
        await settled(nodes.deu, FRA)
        more = await told(nodes, range(11, 14))
        await until(lambda: all(has(fra, one) for one in more))
        assert not any(has(nodes.eu, one) for one in (*ids, *more))
        late = [leaf for leaf in await events(nodes.deu) if leaf["ev"] == "sent"][-1]
        assert late["to"] == [FRA]
        assert nodes.deu.counts.failures == 0
        came = [leaf["mid"] for leaf in await events(fra) if leaf["ev"] == "received"]
        assert len(came) == len(set(came))


async def test_a_partner_removed_by_a_reload_gets_nothing_more_and_the_other_everything(tmp_path: Path) -> None:
    async with four(tmp_path, {}) as nodes:
        (fra,) = nodes.more
        before = await told(nodes, range(1, 4))
        await until(lambda: all(has(fra, one) and has(nodes.eu, one) for one in before))
        path = nodes.players[1].policy_path
        path.write_text(
            path.read_text().replace('[group.far]\npartners = ["eu-1", "fra-1"]', '[group.far]\npartners = ["fra-1"]')
        )
        done = await nodes.deu.reload.now()
        assert (done.errors, done.policy != done.previous) == ((), True)
        after = await told(nodes, range(11, 16))
        await until(lambda: all(has(fra, one) for one in after))
        assert not any(has(nodes.eu, one) for one in after)
        for leaf in await events(nodes.deu):
            if leaf["ev"] == "sent":
                assert leaf["to"] == ([FRA] if leaf["policy"] == done.policy else [EU, FRA])


def short_memory(text: str) -> str:
    return f"{text}\n[limits]\ncreated_age_s = 60\n"


@pytest.mark.parametrize("late_s", [-30.0, 30.0], ids=["young enough", "too old"])
async def test_an_original_that_is_too_old_is_refused_however_fresh_its_relay_is(tmp_path: Path, late_s: float) -> None:
    keeps = {DEU: lambda text: text.replace(PASS_ON, "")}
    async with four(tmp_path, {DEU: short_memory, EU: short_memory}, keeps) as nodes:
        (one,) = await nodes.tell(aircraft(1))
        await until(lambda: has(nodes.deu, one))
        (first,) = await nodes.sent(nodes.nld)
        inner, now = read(first.octets), SystemClock().now()
        age = timedelta(seconds=nodes.eu.config.limits.created_age_s + late_s)
        old = header_like(inner.header, NLD, DEU, IDS[0], created_at=now - age)
        octets = await octets_of(nodes.nld, Message(header=old, tracks=inner.tracks))
        derived = Derivation(origin=NLD, message_id=IDS[0], sha256=sha256(octets).hexdigest(), redacted=False)
        header = header_like(inner.header, DEU, EU, IDS[1], derived=derived, hops=(Hop(DEU, now),))
        relay = await octets_of(nodes.deu, Message(header=header, original=octets))
        assert await nodes.push(nodes.eu, DEU, relay) is (late_s < 0)
        refused = [leaf["code"] for leaf in await events(nodes.eu) if leaf["ev"] == "refused"]
        assert refused == ([] if late_s < 0 else ["SEAL-054"])
        assert has(nodes.eu, one) is (late_s < 0)
        # The node that it was meant for refuses it as well when somebody replays it there
        assert await nodes.push(nodes.deu, NLD, octets) is (late_s < 0)
        assert nodes.deu.counts.messages_refused == (0 if late_s < 0 else 1)


FLOWN = "FINcanarypilot42"


async def tell_drone(nodes: Row) -> str:
    """Hand the first node a drone with its operator, as a counter-drone sensor would; its id."""
    now = SystemClock().now()
    drone = replace(aircraft(1), operator=Operator(identifier=FLOWN, position=Position(60.123456, 24.765432)))
    (octets,) = find("geojson").encoder(personal_data=True).encode([drone], now).frames
    feed = Frame(octets=octets, feed="test", source="sensors", peer="127.0.0.1", received_at=now)
    pending = await pipeline.outbound(nodes.nld.rooms, feed, find("geojson").decoder(node=NLD))
    (one,) = (await pending.intake()).track_ids
    return one


def origin_tells(player: Player, text: str) -> str:
    """The origin lets its partner know who flies."""
    if player.nation.node != NLD:
        return text
    return text.replace(
        'to = ["near"]\naction = "release"\n', 'to = ["near"]\naction = "release"\npersonal_data = true\n'
    )


@pytest.mark.parametrize("named", [False, True], ids=["no rule names it", "a rule names it"])
@pytest.mark.parametrize("by", ["another rule first", "one rule"])
async def test_who_flies_goes_on_only_by_a_rule_that_names_it(tmp_path: Path, named: bool, by: str) -> None:
    rule = PASS_ON + ("personal_data = true\n" if named else "")
    if by == "another rule first":  # which lets personal data go, but nothing of partners on
        rule = '[[release]]\nid = "own"\naction = "release"\npersonal_data = true\n' + rule
    async with row(tmp_path, rule, edit=origin_tells) as nodes:
        one = await tell_drone(nodes)
        await until(lambda: has(nodes.eu, one))
        here = nodes.deu.rooms.picture.find(one)
        assert here is not None
        assert here.track.operator is not None, "the relay was told"
        (first,) = await nodes.sent(nodes.nld)
        (relay,) = await nodes.sent(nodes.deu)
        message = read(relay.octets)
        there = nodes.eu.rooms.picture.find(one)
        assert there is not None
        assert message.header.derived is not None
        assert message.header.derived.redacted is not named
        assert message.original == (first.octets if named else None)
        assert (there.track.operator is not None) is named
        stored = [one.octets or b"" for one in await nodes.eu.store.latest_messages(10)]
        for secret in (FLOWN.encode(), b"60.123456", b"24.765432"):
            assert any(secret in octets for octets in stored) is named, secret
