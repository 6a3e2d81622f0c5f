"""A partner's tracks that wait while the relay is down: whole if they may, less what was withdrawn, by keys of then."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from gateway.clock import SystemClock
from gateway.config import load
from gateway.node.assembly import Node
from gateway.stages import Message, Retraction
from gateway.track import Track
from tests.assembled import aircraft
from tests.test_corridor import running, until
from tests.test_onward import DEU, EU, NLD, Row, events, has, policy_text, read, row, settled
from tests.test_onward import GROUPS as NODES
from tests.test_onward_hostile import IDS, header_like, octets_of, withdraw
from tests.test_resume import Shifted, kept_by

LATE = '[[release]]\nid = "late"\nonward = true\naction = "release"\ndelay_s = 3600\n'


@asynccontextmanager
async def later(
    nodes: Row, rules: str = LATE, *, groups: dict[str, dict[str, list[str]]] = NODES, failures: int = 0
) -> AsyncIterator[tuple[Node, Node]]:
    """The second and the third node, started again an hour later, the second with these rules."""
    clock = Shifted()
    clock.ahead_s = 3_601
    _, deu, eu = nodes.players
    deu.policy_path.write_text(policy_text(DEU, rules, groups))
    async with (
        Node(load(deu.config_path).config, clock=clock) as relay,
        Node(load(eu.config_path).config, clock=clock) as last,
        running(relay, last),
    ):
        yield relay, last
        assert (relay.counts.failures, relay.supervisor.bugs) == (failures, 0)
        assert await relay.store.integrity() == []


async def held(root: Path, *tracks: Track, gone: int = 0) -> tuple[Row, list[str], bytes]:
    """A row that has ended, while the second node held these tracks of the first one, of which some were withdrawn."""
    async with row(root, LATE) as nodes:
        ids = await nodes.tell(*tracks)
        await until(lambda: len(nodes.deu.delay) == len(tracks))
        for number in range(gone):
            await withdraw(nodes, ids[number], IDS[number])
        assert len(nodes.deu.delay) == len(tracks) - gone
        assert await nodes.sent(nodes.deu) == []
        (first, *_) = await nodes.sent(nodes.nld)
    assert first.octets is not None
    return nodes, ids, first.octets


async def all_sent(nodes: Row, relay: Node) -> list[Message]:
    return [read(one.octets) for one in await nodes.sent(relay)]


async def test_what_was_held_goes_on_whole_after_a_restart_once(tmp_path: Path) -> None:
    nodes, ids, original = await held(tmp_path, aircraft(1), aircraft(2))
    async with later(nodes) as (relay, last):
        await until(lambda: all(has(last, one) for one in ids))
        (message,) = await all_sent(nodes, relay)
        assert message.original == original
        assert (message.header.rule, message.header.policy) == ("release.late", relay.desk.policy.digest)
        assert len(relay.delay) == 0
        await settled(relay, EU)
        (answered,) = [leaf for leaf in await events(relay) if leaf["ev"] == "delivered"]
        assert answered["outcome"] == "ACCEPTED"
    async with later(nodes) as (relay, _):
        assert (len(relay.delay), len(await all_sent(nodes, relay))) == (0, 1)


async def test_the_policy_of_then_redacts_it(tmp_path: Path) -> None:
    nodes, (one,), _ = await held(tmp_path, aircraft(1))
    less = '[[release]]\nid = "less"\nonward = true\naction = "redact"\ndrop = ["identifiers"]\n'
    async with later(nodes, less) as (relay, last):
        await until(lambda: has(last, one))
        (message,) = await all_sent(nodes, relay)
        assert (message.original, message.header.rule) == (None, "release.less")
        assert [track.identifiers for track in message.tracks] == [()]
        assert message.header.derived is not None
        assert (message.header.derived.origin, message.header.derived.redacted) == (NLD, True)


async def test_a_policy_of_then_that_passes_nothing_on_lets_it_go_nowhere(tmp_path: Path) -> None:
    nodes, _, _ = await held(tmp_path, aircraft(1))
    async with later(nodes, "") as (relay, _):
        await until(lambda: len(relay.delay) == 0)
        assert await all_sent(nodes, relay) == []
        await until(lambda: relay.counts.tracks_withheld == 1)


async def test_a_group_that_is_no_more_by_then_gets_nothing_and_that_is_counted(tmp_path: Path) -> None:
    nodes, _, _ = await held(tmp_path, aircraft(1))
    async with later(nodes, groups={**NODES, DEU: {"further": [EU]}}) as (relay, _):
        await until(lambda: len(relay.delay) == 0)
        assert await all_sent(nodes, relay) == []
        await until(lambda: relay.counts.tracks_withheld == 1)


async def test_what_was_withdrawn_before_a_restart_does_not_go_after_it(tmp_path: Path) -> None:
    nodes, (one, two), _ = await held(tmp_path, aircraft(1), aircraft(2), gone=1)
    async with later(nodes) as (relay, last):
        await until(lambda: has(last, two))
        (message,) = await all_sent(nodes, relay)
        assert message.original is None, "the whole of it would tell of what was withdrawn"
        assert [track.track_id for track in message.tracks] == [two]
        assert not has(last, one)
        octets = b"".join([sent.octets or b"" for sent in await nodes.sent(relay)])
        assert one.encode() not in octets


async def test_what_was_withdrawn_as_a_whole_waits_no_more(tmp_path: Path) -> None:
    nodes, _, _ = await held(tmp_path, aircraft(1), aircraft(2), gone=2)
    async with later(nodes) as (relay, _):
        assert len(relay.delay) == 0
        assert await all_sent(nodes, relay) == []


async def test_of_two_snapshots_of_one_track_those_that_were_left_out_stay_out(tmp_path: Path) -> None:
    drop = '[[accept]]\nid = "no-lie"\naction = "drop"\nwhen.has = ["remarks"]\n'
    async with row(tmp_path, LATE) as nodes:
        players = nodes.players
        text = players[1].policy_path.read_text()
        players[1].policy_path.write_text(text.replace("[[accept]]", f"{drop}[[accept]]", 1))
        assert (await nodes.deu.reload.now()).errors == ()
        await nodes.tell(aircraft(1))
        await until(lambda: len(nodes.deu.delay) == 1)
        (first,) = await nodes.sent(nodes.nld)
        inner = read(first.octets)
        seen = replace(inner.tracks[0], track_id=IDS[5])
        said = (replace(seen, remarks="not for them"), replace(seen, name="B"), replace(seen, remarks="nor this"), seen)
        header = header_like(inner.header, NLD, DEU, IDS[0])
        assert await nodes.push(nodes.deu, NLD, await octets_of(nodes.nld, Message(header=header, tracks=said)))
        assert len(nodes.deu.delay) == 3
    async with later(nodes) as (relay, last):
        await until(lambda: has(last, IDS[5]))
        await until(lambda: len(relay.delay) == 0)
        (message,) = [one for one in await all_sent(nodes, relay) if one.tracks]
        assert [(track.track_id, track.name, track.remarks) for track in message.tracks] == [
            (IDS[5], "B", None),
            (IDS[5], seen.name, None),
        ]


async def test_what_a_partner_signed_whose_key_is_not_pinned_any_more_is_given_up(tmp_path: Path) -> None:
    nodes, _, _ = await held(tmp_path, aircraft(1))
    config = nodes.players[1].config_path
    text = config.read_text()
    pinned = re.search(rf"\[link\.{NLD}\].*?^signing = (.*?)$", text, re.MULTILINE | re.DOTALL)
    assert pinned is not None
    config.write_text(text.replace(pinned[1], pinned[1].replace(NLD, EU)))
    async with later(nodes, failures=1) as (relay, _):
        await until(lambda: relay.delay.lost == 1)
        assert (len(relay.delay), await all_sent(nodes, relay)) == (0, [])
        (kept,) = await kept_by(relay, 1)
        assert (kept.source, kept.feed, kept.code[:5]) == (NLD, "delay", "SEAL-")


async def test_a_withdrawal_that_comes_while_a_track_is_decided_follows_it(tmp_path: Path) -> None:
    async with row(tmp_path, LATE.replace("3600", "2")) as nodes:
        relay = nodes.deu
        waiting, resume, pushed = relay.store.waiting, relay.store.waiting.resume, list[asyncio.Task[bool]]()
        one, two = await nodes.tell(aircraft(1), aircraft(2))
        await until(lambda: len(relay.delay) == 2)
        (first,) = await nodes.sent(nodes.nld)
        header = header_like(read(first.octets).header, NLD, DEU, IDS[0])
        gone = Retraction(track_id=one, time=SystemClock().now(), reason="MISTAKE")
        withdrawal = await octets_of(nodes.nld, Message(header=header, retractions=(gone,)))

        async def overtaken(*some: Any) -> bool:
            pushed.append(asyncio.create_task(nodes.push(relay, NLD, withdrawal)))
            await asyncio.sleep(0.2)  # long enough for it to come through, were it let
            assert not pushed[0].done()
            return await resume(*some)

        waiting.resume = overtaken  # type: ignore[assignment]  # a partner who is quick
        await until(lambda: pushed and pushed[0].done())
        assert await pushed[0]
        await until(lambda: has(nodes.eu, two))
        await settled(relay, EU)
        assert len(await nodes.sent(relay)) == 2
        assert not has(nodes.eu, one)
