"""A withdrawal that overtakes its track, on real nodes in a row: nld-1 tells deu-1, which passes on to eu-1. The relay
is held up, and nld-1 tells eu-1 itself that it takes the track back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gateway import onward
from gateway.cli.message import explain_message
from gateway.clock import SystemClock
from gateway.config import load
from gateway.formats import alliance
from gateway.ledger import leaf
from gateway.stages import Accepted, Message, Retraction
from gateway.store import InboundOutcome, Outgoing
from gateway.track import Label, Track
from tests.assembled import aircraft
from tests.policy import relayed as made
from tests.test_corridor import until
from tests.test_onward import DEU, EU, NLD, PASS_ON, Row, events, has, read, row, settled
from tests.test_onward_hostile import IDS, header_like, octets_of
from tests.test_onward_links import four, link, opened

LESS = '[[release]]\nid = "less"\nonward = true\naction = "redact"\ndrop = ["identifiers"]\n'
LATE = '[[release]]\nid = "late"\nonward = true\naction = "release"\ndelay_s = 2\n'


async def withdrawal(nodes: Row, track_id: str, message_id: str, *to: str, at: datetime | None = None) -> Message:
    (first, *_) = await nodes.sent(nodes.nld)
    header = header_like(read(first.octets).header, NLD, to[0], message_id, recipients=tuple(sorted(to)))
    gone = Retraction(track_id=track_id, time=at or SystemClock().now(), reason="RELEASED_IN_ERROR")
    return Message(header=header, retractions=(gone,))


async def withdraw(nodes: Row, track_id: str, message_id: str, *to: str) -> None:
    """nld-1 takes a track back, over its own links."""
    message = await withdrawal(nodes, track_id, message_id, *to)
    sealed = await nodes.nld.rooms.signer.seal_async(alliance.draft(message))
    await nodes.nld.store.record_outbound_all([Outgoing(sealed=sealed, leaf=leaf.sent(sealed))])
    nodes.nld.rooms.wake_links(to)
    for one in to:
        await settled(nodes.nld, one)


@pytest.mark.parametrize("rules", [PASS_ON, LESS], ids=["whole", "redacted"])
async def test_a_track_that_is_older_than_its_withdrawal_is_not_shown_when_it_comes(tmp_path: Path, rules: str) -> None:
    async with row(tmp_path, rules) as nodes:
        nodes.deu.links[EU].pause()
        (one,) = await nodes.tell(aircraft(1))
        await until(lambda: has(nodes.deu, one))
        assert await nodes.deu.store.queue_depth(EU) == 1
        await withdraw(nodes, one, IDS[0], DEU, EU)
        assert not has(nodes.deu, one)
        nodes.deu.links[EU].resume()
        await settled(nodes.deu, EU)
        assert not has(nodes.eu, one)
        assert nodes.eu.counts.tracks_withdrawn == nodes.eu.rooms.picture.counts.withdrawn == 1
        assert nodes.eu.counts.messages_refused == 0
        (relay, *_) = await nodes.sent(nodes.deu)
        told = await asyncio.to_thread(explain_message, load(nodes.players[2].config_path).config, relay.message_id)
        assert told[0].partners[0].state == "accepted"
        (again,) = await nodes.tell(aircraft(1, at=SystemClock().now() + timedelta(seconds=2)))
        assert again == one
        await until(lambda: has(nodes.eu, one))  # a newer state brings it back


async def test_what_was_withdrawn_is_remembered_over_a_restart(tmp_path: Path) -> None:
    async with four(tmp_path, {DEU: lambda text: link(text, EU, "paused = true")}) as nodes:
        (one,) = await nodes.tell(aircraft(1))
        await until(lambda: has(nodes.deu, one))
        await withdraw(nodes, one, IDS[0], EU)
        players = nodes.players
    player = players[1]
    player.config_path.write_text(player.config_path.read_text().replace("paused = true\n", ""))
    async with opened(players) as nodes:
        await settled(nodes.deu, EU)
        assert nodes.eu.counts.tracks_accepted == nodes.eu.counts.tracks_withdrawn == 1
        assert not has(nodes.eu, one)
        assert has(nodes.more[0], one)


@pytest.mark.parametrize("rules", [PASS_ON, LATE], ids=["at once", "delayed"])
async def test_it_is_not_passed_on_nor_held_nor_published(tmp_path: Path, rules: str) -> None:
    async with row(tmp_path, rules) as nodes:
        nodes.nld.links[DEU].pause()
        (one,) = await nodes.tell(aircraft(1))
        (first,) = await nodes.sent(nodes.nld)
        gone = await octets_of(nodes.nld, await withdrawal(nodes, one, IDS[0], DEU))
        assert await nodes.push(nodes.deu, NLD, gone)

        published: list[Track] = []
        publish = nodes.deu.rooms.publish

        def note(tracks: Sequence[Track], origin: str, label: Label | None) -> None:
            published.extend(tracks)
            publish(tracks, origin, label)

        nodes.deu.rooms.publish = note
        nodes.nld.links[DEU].resume()
        await settled(nodes.nld, DEU)
        assert (published, len(nodes.deu.delay)) == ([], 0)
        assert await nodes.sent(nodes.deu) == []
        assert not has(nodes.deu, one)
        received = [entry for entry in await events(nodes.deu) if entry["ev"] == "received"]
        assert [(entry["mid"], entry["tracks"]) for entry in received] == [(IDS[0], 0), (first.message_id, 1)]
        config = load(nodes.players[1].config_path).config
        (told,) = await asyncio.to_thread(explain_message, config, first.message_id)
        assert told.tracks[0].left_out.startswith(f"not taken: {NLD} withdrew it as of ")
        assert told.tracks[0].feeds == ()


async def test_the_other_tracks_of_its_message_go_on_without_it(tmp_path: Path) -> None:
    async with row(tmp_path) as nodes:
        nodes.nld.links[DEU].pause()
        one, two = await nodes.tell(aircraft(1), aircraft(2))
        gone = await octets_of(nodes.nld, await withdrawal(nodes, one, IDS[0], DEU))
        assert await nodes.push(nodes.deu, NLD, gone)
        nodes.nld.links[DEU].resume()
        await until(lambda: has(nodes.eu, two))
        (relay,) = await nodes.sent(nodes.deu)
        assert one.encode() not in (relay.octets or b"")
        derived = read(relay.octets).header.derived
        assert derived is not None
        assert derived.redacted


async def test_a_neighbour_cannot_take_back_beforehand_what_another_tells(tmp_path: Path) -> None:
    """eu-1 says to deu-1 that nld-1 withdrew the track, and that it withdraws it itself: nld-1's word is shown."""
    async with row(tmp_path) as nodes:
        nodes.nld.links[DEU].pause()
        (one,) = await nodes.tell(aircraft(1))
        message = await withdrawal(nodes, one, IDS[0], DEU)
        own = replace(message, header=replace(message.header, sender=EU, message_id=IDS[1]))
        assert await nodes.push(nodes.deu, EU, await octets_of(nodes.eu, own))
        assert len(nodes.deu.rooms.picture.withdrawals) == 1
        nodes.nld.links[DEU].resume()
        await until(lambda: has(nodes.deu, one))


async def test_a_withdrawal_does_not_pass_a_track_that_is_about_to_be_recorded(tmp_path: Path) -> None:
    """Else it would go to those who had the track by then, which is nobody, and the track would go on after it."""
    async with row(tmp_path) as nodes:
        nodes.nld.links[DEU].pause()
        (one,) = await nodes.tell(aircraft(1))
        (first,) = await nodes.sent(nodes.nld)
        gone = await octets_of(nodes.nld, await withdrawal(nodes, one, IDS[0], DEU))
        here, go, record = asyncio.Event(), asyncio.Event(), nodes.deu.rooms.inbox.record

        async def slow(*arguments: Any) -> InboundOutcome:
            nodes.deu.rooms.inbox.record = record  # type: ignore[method-assign]  # for one message
            here.set()
            await go.wait()
            return await record(*arguments)

        nodes.deu.rooms.inbox.record = slow  # type: ignore[assignment,method-assign]  # as above
        told = asyncio.create_task(nodes.push(nodes.deu, NLD, first.octets or b""))
        await here.wait()
        back = asyncio.create_task(nodes.push(nodes.deu, NLD, gone))
        await asyncio.wait({back}, timeout=0.3)
        go.set()
        assert await told
        assert await back
        await settled(nodes.deu, EU)
        assert len(await nodes.sent(nodes.deu)) == 2
        assert not has(nodes.deu, one)
        assert not has(nodes.eu, one)
        assert len(nodes.deu.rooms.turns) == 0


async def test_a_withdrawal_from_the_past_takes_back_what_was_told_by_then(tmp_path: Path) -> None:
    async with row(tmp_path) as nodes:
        nodes.nld.links[DEU].pause()
        (one,) = await nodes.tell(aircraft(1))
        long_ago = SystemClock().now() - timedelta(hours=1)
        gone = await octets_of(nodes.nld, await withdrawal(nodes, one, IDS[0], DEU, at=long_ago))
        assert await nodes.push(nodes.deu, NLD, gone)
        nodes.nld.links[DEU].resume()
        await until(lambda: has(nodes.eu, one))


class Counted(tuple[Track, ...]):
    """Tracks that count how often somebody went through all of them."""

    rounds = 0

    def __iter__(self) -> Iterator[Track]:
        self.rounds += 1
        return super().__iter__()


async def test_a_message_of_many_withdrawals_is_not_gone_through_for_each_of_them(tmp_path: Path) -> None:
    ids = [f"00000000-0000-4000-8000-{number:012d}" for number in range(1_000)]
    gone = tuple([Retraction(track_id=one, time=made.NOW, reason="MISTAKE") for one in ids])
    tracks = Counted([made.track(str(number), made.alpha("RESTRICTED", "XNL")) for number in range(1_000)])
    content = made.opened(made.header(made.alpha("RESTRICTED", "XNL"), sender=NLD), *tracks, retractions=gone)
    async with row(tmp_path) as nodes:
        word = await onward.weigh(nodes.deu.rooms, Accepted(opened=content, tracks=tracks, rule="accept.everything"))
    assert tracks.rounds < 10
    assert word.retractions == gone
    assert [(one.track_id, one.until) for one in word.withdrawals] == [(one, made.NOW) for one in ids]
