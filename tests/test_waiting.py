"""Partners are away, tracks are released to them and wait, and the policy changes: by a reload, and by a restart.

What the new policy keeps back never leaves; what it allows arrives once the partners are there; the ledgers say so.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gateway import pipeline, xml
from gateway.cli.message import explain_message
from gateway.clock import SystemClock
from gateway.config import load
from gateway.demo.stage import NATIONS, Player, ledger_verifier, set_stage
from gateway.formats import alliance
from gateway.formats.registry import find
from gateway.ledger import leaf as leaf_of
from gateway.ledger import verify
from gateway.node.assembly import Node
from gateway.node.gate import read_waiting
from gateway.stages import Frame, Message, Retraction
from gateway.store import Outgoing
from gateway.track import Identifier, Identity, IdentityGroup, Track
from tests.assembled import aircraft
from tests.test_corridor import running, until
from tests.test_nothing_leaks import BASE
from tests.test_onward import PASS_ON, policy_text

NLD, DEU, EU = "nld-1", "deu-1", "eu-1"
RULES = """
[partner.deu-1]
clearances = ["plain", "amber"]
[partner.eu-1]
clearances = ["plain", "amber"]
[group.all]
partners = ["deu-1", "eu-1"]
[[marking]]
id = "secret"
when.identity = ["SUSPECT"]
label = "amber"
[[marking]]
id = "plain"
label = "plain"
[[release]]
id = "everything"
action = "release"
"""
HOSTILE, SUSPECT, NEUTRAL = "canaryhostile", "canarysuspect", "canaryneutral"
ALL = {HOSTILE, SUSPECT, NEUTRAL}
KEEP_HOSTILE = '[[release]]\nid = "no-hostile"\nwhen.identity = ["HOSTILE"]\naction = "withhold"\n'
FIRST = '[[release]]\nid = "everything"'
Change = Callable[[str], str]


def put_first(rule: str) -> Change:
    return lambda text: text.replace(FIRST, f"{rule}{FIRST}")


def swap(old: str, new: str) -> Change:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return change


PARTNER_EU = '[partner.eu-1]\nclearances = ["plain", "amber"]'
CHANGES: dict[str, tuple[Change, set[str], set[str], set[str]]] = {
    # What changes, what deu-1 still gets, what eu-1 still gets, the rules that keep back the rest
    "unrelated": (
        lambda text: (
            text.replace('name = "Canaries"', 'name = "Other"').replace('issued = "2026-01', 'issued = "2026-02')
            + '[[release]]\nid = "below"\naction = "withhold"\n'
        ),
        ALL,
        ALL,
        set(),
    ),
    "out of the group": (swap('["deu-1", "eu-1"]', '["deu-1"]'), ALL, set(), {"release.refused.no-member"}),
    "a rule withholds": (put_first(KEEP_HOSTILE), ALL - {HOSTILE}, ALL - {HOSTILE}, {"release.no-hostile"}),
    "a redaction": (
        swap('action = "release"\n', 'action = "redact"\ndrop = ["name"]\n'),
        set(),
        set(),
        {"release.refused.redaction"},
    ),
    "a redaction of one kind": (
        put_first('[[release]]\nid = "less"\nwhen.identity = ["HOSTILE"]\naction = "redact"\ndrop = ["identifiers"]\n'),
        ALL - {HOSTILE},
        ALL - {HOSTILE},
        {"release.refused.redaction"},
    ),
    "a lower clearance": (
        swap(PARTNER_EU, '[partner.eu-1]\nclearances = ["plain"]'),
        ALL,
        ALL - {SUSPECT},
        {"release.refused.label.not-mapped"},
    ),
    "a stricter marking": (
        swap('when.identity = ["SUSPECT"]', 'when.identity = ["SUSPECT", "HOSTILE"]'),
        ALL - {HOSTILE},
        ALL - {HOSTILE},
        {"release.refused.label-changed"},
    ),
}  # fmt: skip


class Away:
    """One node whose partners are not there yet."""

    def __init__(self, players: list[Player]) -> None:
        self.players = players
        self.text = players[0].policy_path.read_text()

    def config(self, index: int) -> Any:
        return load(self.players[index].config_path).config

    def put(self, text: str) -> None:
        assert text != self.text
        self.players[0].policy_path.write_text(text)

    async def reload(self, node: Node, text: str) -> None:
        self.put(text)
        done = await node.reload.now()
        assert done.errors == ()
        assert done.policy != done.previous

    async def leaves(self, node: Node, event: str) -> list[dict[str, Any]]:
        found = [json.loads(entry) for entry in await node.store.leaves(0, 10_000)]
        return [leaf for leaf in found if leaf["ev"] == event]

    def database(self) -> Path:
        path: Path = self.config(0).database_path()
        return path

    @asynccontextmanager
    async def node(self) -> AsyncIterator[Node]:
        async with Node(self.config(0)) as node, running(node):
            yield node
            assert (node.counts.failures, node.supervisor.bugs) == (0, 0)

    @asynccontextmanager
    async def partners(self, node: Node) -> AsyncIterator[list[Node]]:
        """The others, there at last, with everything settled that waits for them."""
        async with AsyncExitStack() as stack:
            others = [await stack.enter_async_context(Node(self.config(index))) for index in (1, 2)]
            async with running(*others):
                for link in node.links.values():
                    link.retry_now()
                for name in (DEU, EU):
                    await empty(node, name)
                yield others


async def empty(node: Node, partner: str) -> None:
    for _ in range(1_000):
        if await node.store.queue_depth(partner) == 0:
            return
        await asyncio.sleep(0.02)
    pytest.fail("something waits still")


def track(number: int, name: str, identity: Identity) -> Track:
    made = aircraft(number)
    kept = [one for one in made.identifiers if one.scheme != "callsign"]
    return replace(
        made, identifiers=(*kept, Identifier("callsign", name)), name=name, identity=IdentityGroup(value=identity)
    )


async def take(node: Node, *tracks: Track) -> list[str]:
    """Tracks of a national system, each in a message of its own; the ids of those."""
    found: list[str] = []
    for one in tracks:
        now = SystemClock().now()
        octets = b"\n".join(find("geojson").encoder().encode([one], now).frames)
        frame = Frame(octets=octets, feed="test", source="sensors", peer="127.0.0.1", received_at=now)
        pending = await pipeline.outbound(node.rooms, frame, find("geojson").decoder(node=node.rooms.node))
        await node.gatherer.drain()
        found += (await pending.intake()).message_ids
    return found


async def three(node: Node) -> list[str]:
    return await take(
        node,
        track(1, HOSTILE, Identity.HOSTILE),
        track(2, SUSPECT, Identity.SUSPECT),
        track(3, NEUTRAL, Identity.NEUTRAL),
    )


@pytest.fixture
def away(tmp_path: Path) -> Away:
    players = set_stage(tmp_path, SystemClock(), simulation="SIMULATED", cast=NATIONS)
    for player in players:
        rules = RULES if player.nation.node == NLD else ""
        player.policy_path.write_text(BASE + rules)
    return Away(players)


async def octets_of(node: Node) -> bytes:
    """Everything that a node was sent."""
    return b"\n".join([one.octets for one in await node.store.latest_messages(1_000) if one.octets is not None])


def found_in(octets: bytes) -> set[str]:
    return {name for name in ALL if name.encode() in octets}


async def assert_ledgers_agree(away: Away, nld: Node, others: list[Node]) -> None:
    """What the sender says was delivered is what the partners say they received, and the rest is withheld, once."""
    digest = nld.desk.policy.digest
    sent = {leaf["mid"]: leaf for leaf in await away.leaves(nld, "sent")}
    kept = [leaf for leaf in await away.leaves(nld, "withheld") if "mid" in leaf]
    delivered = await away.leaves(nld, "delivered")
    for name, other in zip((DEU, EU), others, strict=True):
        received = {leaf["mid"]: leaf["sha256"] for leaf in await away.leaves(other, "received")}
        assert {leaf["mid"]: leaf["sha256"] for leaf in delivered if leaf["peer"] == name} == received
        mine = [leaf for leaf in kept if leaf["peer"] == name]
        assert len(mine) == len({leaf["mid"] for leaf in mine})
        assert {leaf["mid"] for leaf in mine} == set(sent) - set(received)
    for leaf in kept:
        assert leaf["policy"] == digest
        assert leaf["sha256"] == sent[leaf["mid"]]["sha256"]
        assert len(leaf["salt"]) == 32
    assert await nld.store.integrity() == []


@pytest.mark.parametrize("restarts", [False, True], ids=["reload", "restart"])
@pytest.mark.parametrize("change", CHANGES)
async def test_what_a_new_policy_keeps_back_never_leaves_and_the_rest_arrives(
    away: Away, change: str, restarts: bool
) -> None:
    edit, for_deu, for_eu, rules = CHANGES[change]
    async with AsyncExitStack() as stack:
        nld = await stack.enter_async_context(away.node())
        ids = await three(nld)
        assert [await nld.store.queue_depth(name) for name in (DEU, EU)] == [3, 3]
        if restarts:
            await stack.aclose()
            away.put(edit(away.text))
            nld = await stack.enter_async_context(away.node())
        else:
            await away.reload(nld, edit(away.text))
        async with away.partners(nld) as others:
            told = [await octets_of(other) for other in others]
            assert [found_in(one) for one in told] == [for_deu, for_eu]
            await assert_ledgers_agree(away, nld, others)
            kept = [leaf for leaf in await away.leaves(nld, "withheld") if "mid" in leaf]
            assert {leaf["rule"] for leaf in kept} == rules
            assert len(kept) == 6 - len(for_deu) - len(for_eu)
            statuses = [await nld.links[name].status() for name in (DEU, EU)]
            assert [(one.withheld, one.delivered) for one in statuses] == [
                (3 - len(for_deu), len(for_deu)),
                (3 - len(for_eu), len(for_eu)),
            ]
            assert len(await nld.store.exceptions()) == len(kept)
            await explained(away, nld, ids, kept)
        await nld.ledger.flush_refusals(all_of_them=True)
    for player in away.players:
        assert verify(player.ledger_directory, ledger_verifier(player)).ok


async def explained(away: Away, nld: Node, ids: list[str], kept: list[dict[str, Any]]) -> None:
    """`gateway explain` says for each partner whether it got the message, or which rule of which policy kept it."""
    withheld = {(leaf["mid"], leaf["peer"]): leaf for leaf in kept}
    for message_id in ids:
        (told,) = await asyncio.to_thread(explain_message, away.config(0), message_id)
        for partner in told.partners:
            leaf = withheld.get((message_id, partner.name))
            assert partner.state == ("delivered" if leaf is None else "withheld")
            if leaf is not None:
                assert partner.code == "LINK-025"
                assert partner.leaf_index == leaf["seq"]
                assert f"{leaf['rule']} of policy {nld.desk.policy.digest}" in partner.cause


async def test_a_looser_policy_afterwards_does_not_send_what_was_withheld(away: Away) -> None:
    async with away.node() as nld:
        await three(nld)
        await away.reload(nld, put_first(KEEP_HOSTILE)(away.text))
        await until(lambda: all(withheld(nld, name) == 1 for name in (DEU, EU)))
        before = away.text
        away.text = ""
        await away.reload(nld, before)
        async with away.partners(nld) as others:
            assert [found_in(await octets_of(other)) for other in others] == [ALL - {HOSTILE}] * 2


def withheld(node: Node, name: str) -> int:
    """How many the link kept back, by its metric: what was tried and kept back while the partner is away counts."""
    found = node.registry.get_sample_value(
        "gateway_link_posted_messages_total", {"partner": name, "outcome": "WITHHELD"}
    )
    for link in node.links.values():
        link.retry_now()
    return int(found or 0)


async def test_a_policy_that_comes_back_before_anything_was_tried_keeps_nothing_back(away: Away) -> None:
    """What decides is the policy in force when a message leaves."""
    async with away.node() as nld:
        for link in nld.links.values():
            link.pause()
        await three(nld)
        await away.reload(nld, put_first(KEEP_HOSTILE)(away.text))
        before, away.text = away.text, ""
        await away.reload(nld, before)
        for link in nld.links.values():
            link.resume()
        async with away.partners(nld) as others:
            assert [found_in(await octets_of(other)) for other in others] == [ALL, ALL]


@pytest.mark.parametrize("forgets", ["UPDATE outbound SET policy = NULL", "UPDATE policy SET outline = NULL"])
@pytest.mark.parametrize("change", ["unrelated", "a rule withholds", "out of the group"])
async def test_what_a_node_of_an_older_version_left_waiting_is_decided_by_its_content(
    away: Away, change: str, forgets: str
) -> None:
    edit, for_deu, for_eu, _ = CHANGES[change]
    async with away.node() as nld:
        await three(nld)
    with closing(sqlite3.connect(away.database())) as connection:
        connection.execute(forgets)
        connection.commit()
    away.put(edit(away.text))
    async with away.node() as nld, away.partners(nld) as others:
        assert [found_in(await octets_of(other)) for other in others] == [for_deu, for_eu]
        await assert_ledgers_agree(away, nld, others)


async def test_a_message_that_cannot_be_read_again_goes_to_nobody(away: Away) -> None:
    async with away.node() as nld:
        (first, *_) = await three(nld)
    with closing(sqlite3.connect(away.database())) as connection:
        connection.execute("UPDATE outbound SET octets = substr(octets, 1, 400) WHERE message_id = ?", (first,))
        connection.commit()
    away.put(CHANGES["unrelated"][0](away.text))
    async with away.node() as nld, away.partners(nld) as others:
        assert [found_in(await octets_of(other)) for other in others] == [ALL - {HOSTILE}] * 2
        kept = [leaf for leaf in await away.leaves(nld, "withheld") if "mid" in leaf]
        assert [(leaf["mid"], leaf["rule"]) for leaf in kept] == [(first, "release.refused.unreadable")] * 2


# ---------------------------------------------------------------------------------------------------------- onward

GROUPS = {NLD: {"near": [DEU]}, DEU: {"far": [EU]}, EU: {"all": [NLD, DEU]}}
LESS = PASS_ON.replace('action = "release"', 'action = "redact"\ndrop = ["identifiers"]')
NO_MORE = '[[release]]\nid = "no-more"\nwhen.area = ["here"]\nonward = true\naction = "withhold"\n'
HERE = "[area.here]\ncircle = { latitude_deg = 52.125, longitude_deg = 7.625, radius_m = 5000 }\n"
NOT_FAR = swap('[partner.eu-1]\nclearances = ["eu-1"]', "[partner.eu-1]\nclearances = []")
ONWARD: dict[str, tuple[Change, bool]] = {
    "unrelated": (lambda text: text.replace('name = "row"', 'name = "other"'), True),
    "an own rule": (lambda text: text + '[[release]]\nid = "own"\naction = "withhold"\n', True),
    "another place": (swap("[[release]]", f"{HERE.replace('52.1', '9.1')}{NO_MORE}[[release]]"), True),
    "a rule withholds": (swap("[[release]]", f"{HERE}{NO_MORE}[[release]]"), False),
    "no rule": (lambda text: text.replace(PASS_ON, "").replace(LESS, ""), False),
    "a lower clearance": (NOT_FAR, False),
    "out of the group": (swap('[group.far]\npartners = ["eu-1"]\n', ""), False),
    "a redaction": (
        lambda text: text.replace('action = "release"\n', 'action = "redact"\ndrop = ["status"]\n').replace(
            'drop = ["identifiers"]', 'drop = ["identifiers", "status"]'
        ),
        False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", [PASS_ON, LESS], ids=["whole", "redacted"])
@pytest.mark.parametrize("change", ONWARD)
async def test_what_goes_onward_is_decided_again_and_withdrawals_always_go(
    tmp_path: Path, change: str, rule: str
) -> None:
    edit, goes = ONWARD[change]
    players = set_stage(tmp_path, SystemClock(), simulation="SIMULATED", cast=NATIONS)
    for player in players:
        name = player.nation.node
        text = policy_text(name, rule if name == DEU else "", GROUPS)
        player.policy_path.write_text(text.replace('label = "near"', 'label = "all"'))
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(Node(load(one.config_path).config)) for one in players[:2]]
        await stack.enter_async_context(running(*nodes))
        nld, deu = nodes
        await take(nld, aircraft(1))
        await until(lambda: deu.counts.messages_relayed == 1)
        await withdraw(nld)
        await until(lambda: deu.counts.messages_relayed == 2)
        before = players[1].policy_path.read_text()
        players[1].policy_path.write_text(edit(before))
        assert edit(before) != before
        done = await deu.reload.now()
        assert (done.errors, done.policy == done.previous) == ((), False)
        eu = await stack.enter_async_context(Node(load(players[2].config_path).config))
        await stack.enter_async_context(running(eu))
        deu.links[EU].retry_now()
        await empty(deu, EU)
        came = [json.loads(one) for one in await eu.store.leaves(0, 1_000)]
        received = [leaf for leaf in came if leaf["ev"] == "received" and leaf["origin"] == DEU]
        kept = [json.loads(one) for one in await deu.store.leaves(0, 1_000)]
        kept = [leaf for leaf in kept if leaf["ev"] == "withheld" and "mid" in leaf]
        assert (len(received), len(kept)) == ((2, 0) if goes else (1, 1))
        if not goes:
            (only,) = await eu.store.find_messages(received[0]["mid"])
            waiting = read_waiting(only.octets or b"", deu.config.limits)
            assert (waiting.tracks, waiting.withdraws) == ((), True)


async def withdraw(nld: Node) -> None:
    """A message of the first node that its last track should not have been sent."""
    (stored,) = [one for one in await nld.store.latest_messages(10) if one.origin == NLD]
    now = SystemClock().now()
    gone = Retraction(track_id=stored.track_ids[0], time=now, reason="MISTAKE")

    assert stored.octets is not None
    header = alliance.read(xml.parse(stored.octets, max_octets=1 << 22), signed=True).header
    header = replace(header, message_id="6a0c2c5e-0000-4000-8000-000000000009", created_at=now, nonce="0" * 32)
    draft = alliance.draft(Message(header=header, retractions=(gone,)))
    sealed = await nld.rooms.signer.seal_async(draft)

    await nld.store.record_outbound_all([Outgoing(sealed=sealed, leaf=leaf_of.sent(sealed))])
    nld.links[DEU].wake()
