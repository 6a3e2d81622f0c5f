"""Release groups at their edges: one that goes while its batch is open, a rate over a reload, a thousand tracks of
twenty labels at once."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from gateway import pipeline, xml
from gateway.clock import SystemClock
from gateway.config import load
from gateway.demo.stage import NATIONS, Player, set_stage
from gateway.formats import alliance
from gateway.formats.registry import find
from gateway.node.assembly import Node
from gateway.stages import Frame, Message, Refused
from gateway.track import Identifier, Track
from tests.assembled import Assembly, aircraft, assembled
from tests.test_corridor import running, until

DEU, EU = "deu-1", "eu-1"
GROUPS = '[group.all]\npartners = ["deu-1", "eu-1"]\n'
TO_ALL = '[[release]]\nid = "everything"\naction = "release"\n'


class Alone:
    """One running node, its partners not there, and its policy file."""

    def __init__(self, player: Player, node: Node) -> None:
        self.node = node
        self.text = player.policy_path.read_text()
        self._path = player.policy_path
        assert GROUPS.split("\n")[0] in self.text

    async def put(self, text: str) -> str:
        """Reload this policy; its digest."""
        self._path.write_text(text)
        done = await self.node.reload.now()
        assert done.errors == ()
        assert done.policy != done.previous
        return done.policy

    async def take(self, *tracks: Track) -> pipeline.Pending:
        now = SystemClock().now()
        octets = b"\n".join(find("geojson").encoder().encode(tracks, now).frames)
        frame = Frame(octets=octets, feed="test", source="sensors", peer="127.0.0.1", received_at=now)
        return await pipeline.outbound(self.node.rooms, frame, find("geojson").decoder(node="nld-1"))

    async def leaves(self, event: str) -> list[dict[str, Any]]:
        found = [json.loads(one) for one in await self.node.store.leaves(0, 1_000)]
        return [one for one in found if one["ev"] == event]


@asynccontextmanager
async def alone(root: Path, limits: str = "") -> AsyncIterator[Alone]:
    player, *_ = set_stage(root, SystemClock(), simulation="SIMULATED", cast=NATIONS)
    player.config_path.write_text(f"{player.config_path.read_text()}\n[limits]\nrefusal_summary_s = 0.2\n{limits}")
    async with Node(load(player.config_path).config) as node, running(node):
        made = Alone(player, node)
        yield made
        assert (node.counts.failures, node.supervisor.bugs) == (0, 0)


def without_groups(text: str) -> str:
    """The policy without its group, nor rules that name it or could."""
    head, _, rest = text.partition("[group.all]")
    return head + rest[rest.index("[[accept]]") :]


async def test_a_group_that_goes_while_its_batch_is_open_gets_the_batch_and_nothing_after(tmp_path: Path) -> None:
    async with alone(tmp_path, "batch_max_delay_s = 30\n") as made:
        first = made.node.desk.policy.digest
        pending = await made.take(aircraft(1), aircraft(2))
        (batch,) = pending.batches
        assert not batch.done.done()
        second = await made.put(without_groups(made.text))
        async with asyncio.timeout(60):
            intake = await pending.intake()
        assert (len(intake.track_ids), intake.problems) == (2, ())
        (sent,) = await made.leaves("sent")
        assert (sent["to"], sent["policy"], sent["tracks"]) == ([DEU, EU], first, 2)
        (stored,) = await made.node.store.find_messages(intake.message_ids[0])
        assert set(stored.partners) == {DEU, EU}
        after = await made.take(aircraft(3))
        assert (after.batches, after.refused) == ((), ())
        assert len(await made.leaves("sent")) == 1
        # And back again: it is a new batch by the new policy
        third = await made.put(made.text.replace('name = "', 'name = "again ', 1))
        pending = await made.take(aircraft(4))
        made.node.gatherer.flush()
        await pending.intake()
        assert [one["policy"] for one in await made.leaves("sent")] == [first, third]
        assert second not in (first, third)


async def test_what_comes_while_the_change_is_written_down_waits_no_longer_than_what_came_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was still decided by the old policy, and must not lie about under the new one."""
    async with alone(tmp_path, "batch_max_delay_s = 30\n") as made:
        first = made.node.desk.policy.digest
        append, taken = made.node.store.append_leaf, list[pipeline.Pending]()

        async def slow(leaf: Any) -> int:
            taken.append(await made.take(aircraft(1)))
            return await append(leaf)

        with monkeypatch.context() as patched:
            patched.setattr(made.node.store, "append_leaf", slow)
            await made.put(without_groups(made.text))
        (pending,) = taken
        async with asyncio.timeout(60):
            await pending.intake()
        (sent,) = await made.leaves("sent")
        assert sent["policy"] == first


async def test_a_group_that_goes_while_tracks_are_held_back_from_it_gets_none_of_them(tmp_path: Path) -> None:
    async with alone(tmp_path) as made:
        await made.put(made.text.replace('action = "release"\n', 'action = "release"\ndelay_s = 6\n'))
        pending = await made.take(aircraft(1))
        (held,) = pending.refused
        assert isinstance(held, Refused)
        assert held.until is not None
        assert made.node.rooms.delay is not None
        await made.put(without_groups(made.text))
        await until(lambda: len(made.node.rooms.delay or ()) == 0)
        await made.node.gatherer.drain()
        assert await made.leaves("sent") == []


async def test_a_rate_holds_over_a_reload_and_ends_with_its_rule(tmp_path: Path) -> None:
    thin = 'action = "release"\nevery_s = 600\n'
    async with alone(tmp_path) as made:
        slow = made.text.replace('action = "release"\n', thin)
        await made.put(slow)
        one = aircraft(1)

        async def goes(track: Track) -> bool:
            pending = await made.take(track)
            await pending.intake()
            return bool(pending.batches)

        assert await goes(one)
        assert not await goes(one)
        await made.put(slow.replace('name = "', 'name = "again ', 1))
        assert not await goes(one), "another policy, and still too soon"
        assert await goes(aircraft(2)), "this one never went"
        await made.put(slow.replace('id = "everything"\naction = "release"', 'id = "other"\naction = "release"'))
        assert not await goes(one), "the group is the same, whatever its rule is called"
        await made.put(made.text)
        assert await goes(one)
        await made.put(slow)
        # What went while nothing thinned out was not counted: the time runs from what the rule let go
        assert not await goes(one)
        await until_summary(made)
        rules = {leaf["rule"] for leaf in await made.leaves("withheld")}
        assert rules == {"release.refused.rate"}


async def until_summary(made: Alone) -> None:
    await made.node.ledger.flush_refusals(all_of_them=True)
    for _ in range(200):
        if await made.leaves("withheld"):
            return
        await asyncio.sleep(0.02)
    pytest.fail("nothing was summarised")


# ------------------------------------------------------------------------------------------- many labels in one POST

TRACKS = 1_000
LEVELS = ("UNCLASSIFIED", "RESTRICTED")
NATION = {"nld-1": "XNL", DEU: "XDE", EU: "XAT"}
SETS: tuple[tuple[str, ...], ...] = (
    ("XNL", "XDE", "XAT"),
    ("XNL", "XDE"),
    ("XNL", "XAT"),
    ("XNL",),
    ("XDE",),
    ("XAT",),
    ("XDE", "XAT"),
    ("XFF", "XDE"),
    ("XFF", "XAT"),
    ("XFF",),
)
LABELS = [(level, values) for level in LEVELS for values in SETS]
CLEARED = {DEU: LEVELS, EU: ("UNCLASSIFIED",)}
"""The levels that the partners may see."""


def category(table: str, tag: str, values: Sequence[str]) -> str:
    return f'[[{table}.category]]\ntag = "{tag}"\nkind = "PERMISSIVE"\nvalues = {json.dumps(list(values))}\n'


def many_labels(player: Player) -> str:
    """Twenty labels, each for the tracks whose callsign names it; all rules release everything."""
    text = '[policy]\nname = "many"\nissued = "2026-01-01T00:00:00Z"\nreview = "2036-01-01T00:00:00Z"\n'
    text += '[[security_policy]]\nuse = "ALPHA"\n'
    for number, (level, values) in enumerate(LABELS):
        text += f'[label.l{number}]\npolicy = "ALPHA"\nclassification = "{level}"\n'
        text += category(f"label.l{number}", "Context", ("ALPHA", "Releasable"))
        text += category(f"label.l{number}", "Releasable To", values)
    for name, nation in NATION.items():
        levels = json.dumps(list(CLEARED.get(name, LEVELS)))
        text += f'[clearance.{name}]\npolicy = "ALPHA"\nclassifications = {levels}\n'
        text += category(f"clearance.{name}", "Context", ("ALPHA", "Releasable"))
        text += category(f"clearance.{name}", "Releasable To", (nation,))
    others = [name for name in NATION if name != player.nation.node]
    text += f'[own]\nclearances = ["{player.nation.node}"]\n'
    text += "".join(f'[partner.{name}]\nclearances = ["{name}"]\n' for name in others)
    text += f"[group.all]\npartners = {json.dumps(others)}\n"
    for number in range(len(LABELS)):
        when = f'when.identifier = {{ callsign = ["L{number:02}*"] }}'
        text += f'[[marking]]\nid = "m{number}"\n{when}\nlabel = "l{number}"\n'
    return text + TO_ALL + '[[accept]]\nid = "everything"\n'


@pytest.fixture
def gateways(tmp_path: Path) -> Any:
    with assembled(tmp_path, count=3, policy=many_labels) as assembly:
        yield assembly


def messages(gateways: Assembly, node: Node) -> list[Message]:
    async def stored() -> list[bytes]:
        return [one.octets for one in await node.store.latest_messages(1_000) if one.octets is not None]

    return [
        alliance.read(xml.parse(octets, max_octets=1 << 24), signed=True) for octets in gateways.do(stored()) if octets
    ]


def releasable(label: Any) -> tuple[str, tuple[str, ...]]:
    (values,) = [one.values for one in label.categories if one.tag == "Releasable To"]
    return label.classification, tuple(sorted(values))


def test_of_a_thousand_tracks_of_twenty_labels_each_partner_gets_his_own_once_under_its_label(
    gateways: Assembly,
) -> None:
    now = SystemClock().now()
    names = [f"L{number % len(LABELS):02}X{number:04}" for number in range(TRACKS)]
    tracks = []
    for number, name in enumerate(names):
        made = aircraft(number + 1, at=now)
        kept = [one for one in made.identifiers if one.scheme not in ("callsign", "mode3a")]
        tracks.append(replace(made, identifiers=(*kept, Identifier("callsign", name))))
    octets = b"\n".join(find("geojson").encoder().encode(tracks, now).frames)
    answer = gateways.national(0).post("/v1/messages/geojson", octets, find("geojson").media_type)
    assert answer.status == 202, answer.body
    assert len(answer.json()["track_ids"]) == TRACKS

    allowed = {
        partner: Counter(
            name
            for name in names
            if LABELS[int(name[1:3])][0] in CLEARED[partner] and NATION[partner] in LABELS[int(name[1:3])][1]
        )
        for partner in (DEU, EU)
    }
    assert [len(allowed[DEU]), len(allowed[EU])] == [500, 250]
    nld, deu, eu = gateways.nodes
    gateways.until(lambda: deu.counts.tracks_accepted >= 500 and eu.counts.tracks_accepted >= 250)
    book = nld.desk.policy.book
    for node in (deu, eu):
        partner = node.rooms.node
        got = Counter[str]()
        for message in messages(gateways, node):
            assert partner in message.header.recipients
            for track in message.tracks:
                (name,) = [one.value for one in track.identifiers if one.scheme == "callsign"]
                got[name] += 1
                level, values = LABELS[int(name[1:3])]
                own = track.label or message.header.label
                assert releasable(own) == (level, tuple(sorted(values)))
                assert book.covers(message.header.label, own, now)
                assert all(name in allowed[other] for other in message.header.recipients)
        assert got == allowed[partner]
        assert node.counts.messages_refused == 0
    leaves = [msgspec.json.decode(one) for one in gateways.do(nld.store.leaves(0, 10_000))]
    sent = [one for one in leaves if one["ev"] == "sent"]
    assert sum(one["tracks"] * len(one["to"]) for one in sent) == 750
    gateways.assert_well()
