"""What waits for a release group is decided anew when it is due: by the policy of then, once, whatever happened."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gateway import pipeline, xml
from gateway import resume as room
from gateway.clock import SystemClock
from gateway.config import load
from gateway.demo.stage import NATIONS, Player, set_stage
from gateway.drafting import Maker
from gateway.errors import StoreError
from gateway.formats import alliance
from gateway.formats.registry import find
from gateway.held import read_own
from gateway.node.assembly import Node
from gateway.stages import Decoded, Exercise, Frame, Intake, Message, Simulation
from gateway.store import HeldBack, Idempotent, Quarantined
from gateway.store.codes import HELD_LOST, NOT_DURABLE
from gateway.track import Identifier, Track
from tests.assembled import aircraft
from tests.test_corridor import running, until

DEU, EU = "deu-1", "eu-1"
HEAD = '[group.all]\npartners = ["deu-1", "eu-1"]\n'
LATE = '[[release]]\nid = "late"\naction = "release"\ndelay_s = 3600\n'


class Shifted:
    """The system's clock, as far ahead as a test says."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> datetime:
        return SystemClock().now() + timedelta(seconds=self.ahead_s)

    def monotonic(self) -> float:
        return SystemClock().monotonic()


class Alone:
    """One running node whose partners are not there; its rules may change, its clock may jump."""

    def __init__(self, player: Player, node: Node, clock: Shifted) -> None:
        self.player = player
        self.node = node
        self.clock = clock

    async def put(self, rules: str) -> None:
        """Reload the policy with these rules for release."""
        write_rules(self.player, rules)
        done = await self.node.reload.now()
        assert done.errors == ()

    async def take(
        self, *tracks: Track, answer: pipeline.Answer | None = None, source: str = "sensors"
    ) -> pipeline.Pending:
        now = self.clock.now()
        octets = b"\n".join(find("geojson").encoder().encode(tracks, now).frames)
        frame = Frame(octets=octets, feed="test", source=source, peer="127.0.0.1", received_at=now)
        return await pipeline.outbound(self.node.rooms, frame, find("geojson").decoder(node="nld-1"), answer)

    async def hold(self, *tracks: Track) -> Intake:
        """Take tracks that all are held back; the answer, once it is durable."""
        async with asyncio.timeout(60):
            intake = await (await self.take(*tracks)).intake()
        assert intake.message_ids == ()
        return intake

    async def leaves(self, event: str) -> list[dict[str, Any]]:
        found = [json.loads(one) for one in await self.node.store.leaves(0, 1_000)]
        return [one for one in found if one["ev"] == event]

    async def sent(self) -> list[Message]:
        """The messages of ours, as they went."""
        found = []
        for one in await self.leaves("sent"):
            (stored,) = await self.node.store.find_messages(one["mid"])
            assert stored.octets is not None
            found.append(alliance.read(xml.parse(stored.octets, max_octets=1 << 22), signed=True))
        return found

    async def gone(self) -> None:
        """Wait until nothing waits any more."""
        await until(lambda: len(self.node.delay) == 0)

    async def kept_back(self, rule: str, tracks: int) -> None:
        """All that waited has gone nowhere, by that rule, and a summary says so."""
        await self.gone()
        assert await self.sent() == []
        assert self.node.counts.tracks_withheld == tracks
        await self.node.ledger.flush_refusals(all_of_them=True)
        (summary,) = await self.leaves("withheld")
        assert (summary["rule"], summary["count"]) == (rule, tracks)

    async def quarantined(self, number: int = 1) -> list[Quarantined]:
        return await kept_by(self.node, number)


async def kept_by(node: Node, number: int) -> list[Quarantined]:
    """What a node's quarantine keeps, once it is so much: the node brings it there in its own time."""
    async with asyncio.timeout(20):
        while len(kept := await node.store.quarantined()) < number:  # noqa: ASYNC110 - another task writes it
            await asyncio.sleep(0.02)
    return kept


def write_rules(player: Player, rules: str) -> None:
    text = player.policy_path.read_text()
    start = text.index("[[release]]") if "[[release]]" in text else text.index("[[accept]]")
    player.policy_path.write_text(text[:start] + rules + text[text.index("[[accept]]") :])


def staged(root: Path, limits: str = "") -> Player:
    player, *_ = set_stage(root, SystemClock(), simulation="SIMULATED", cast=NATIONS)
    assert HEAD.split("\n")[0] in player.policy_path.read_text()
    player.config_path.write_text(f"{player.config_path.read_text()}\n[limits]\nrefusal_summary_s = 0.2\n{limits}")
    write_rules(player, LATE)
    return player


@asynccontextmanager
async def started(player: Player, clock: Shifted | None = None, failures: int = 0) -> AsyncIterator[Alone]:
    clock = clock or Shifted()
    async with Node(load(player.config_path).config, clock=clock) as node, running(node):
        yield Alone(player, node, clock)
        assert (node.counts.failures, node.supervisor.bugs) == (failures, 0)


async def test_what_was_held_goes_after_a_restart_when_it_is_due_and_not_before(tmp_path: Path) -> None:
    player, clock = staged(tmp_path), Shifted()
    async with started(player, clock) as made:
        intake = await made.hold(aircraft(1), aircraft(2))
        assert [one.until is not None for one in intake.refused] == [True]
        assert (len(made.node.delay), made.node.counts.tracks_delayed) == (2, 2)
        assert await made.sent() == []
    async with started(player, clock) as made:
        assert len(made.node.delay) == 2
        await asyncio.sleep(0.6)  # it looks, and nothing is due
        assert len(made.node.delay) == 2
        clock.ahead_s = 3_601
        await made.gone()
        (message,) = await made.sent()
        assert tuple(one.track_id for one in message.tracks) == intake.track_ids
        assert message.header.rule == "release.late"
        assert message.header.recipients == (DEU, EU)
        counts = made.node.counts
        assert (counts.messages_signed, counts.tracks_signed, counts.tracks_released) == (1, 2, 2)
        assert await made.node.store.integrity() == []
    async with started(player, clock) as made:
        assert len(made.node.delay) == 0
        await asyncio.sleep(0.6)
        assert len(await made.sent()) == 1


async def test_the_policy_of_then_decides_with_its_own_redaction(tmp_path: Path) -> None:
    player, clock = staged(tmp_path), Shifted()
    async with started(player, clock) as made:
        await made.hold(aircraft(1))
    less = '[[release]]\nid = "less"\naction = "redact"\ndrop = ["identifiers", "altitude"]\n'
    write_rules(player, less)
    clock.ahead_s = 3_601
    async with started(player, clock) as made:
        await made.gone()
        (message,) = await made.sent()
        (track,) = message.tracks
        assert (message.header.rule, message.header.policy) == ("release.less", made.node.desk.policy.digest)
        assert track.identifiers == ()
        assert track.state is not None
        assert (track.state.altitude_hae_m, track.state.altitude_baro_m) == (None, None)
        assert {loss.reason for loss in track.provenance[-1].losses} >= {"WITHHELD"}


async def test_what_the_policy_of_then_keeps_back_goes_nowhere_and_is_summarised(tmp_path: Path) -> None:
    player, clock = staged(tmp_path), Shifted()
    async with started(player, clock) as made:
        await made.hold(aircraft(1), aircraft(2))
        no_more = '[[release]]\nid = "no"\naction = "withhold"\n'
        await made.put(no_more)
        clock.ahead_s = 3_601
        await made.kept_back("release.no", 2)


async def test_what_waits_for_a_group_that_is_no_more_goes_nowhere_and_is_summarised(tmp_path: Path) -> None:
    player, clock = staged(tmp_path), Shifted()
    async with started(player, clock) as made:
        await made.hold(aircraft(1), aircraft(2))
        text = player.policy_path.read_text()
        player.policy_path.write_text(text.replace("[group.all]", "[group.everybody]"))
        assert (await made.node.reload.now()).errors == ()
        clock.ahead_s = 3_601
        await made.kept_back("release.refused.no-member", 2)


async def test_what_came_in_an_exercise_goes_as_such_from_a_node_that_is_in_operation_by_then(tmp_path: Path) -> None:
    player, clock = staged(tmp_path), Shifted()
    async with started(player, clock) as made:
        await made.hold(aircraft(1))
    text = player.config_path.read_text()
    marks = 'exercise = "EXERCISE"\nsimulation = "SIMULATED"\n'
    player.config_path.write_text(text.replace(marks, 'exercise = "OPERATIONAL"\nsimulation = "REAL"\n'))
    async with started(player, clock) as made:
        await made.hold(aircraft(2))
        clock.ahead_s = 3_605
        await made.gone()
        marked = {one.header.exercise: (one.header.simulation, len(one.tracks)) for one in await made.sent()}
        assert marked == {
            Exercise.EXERCISE: (Simulation.SIMULATED, 1),
            Exercise.OPERATIONAL: (Simulation.REAL, 1),
        }


async def test_a_longer_delay_that_came_meanwhile_holds_it_again_once(tmp_path: Path) -> None:
    player, clock = staged(tmp_path), Shifted()
    async with started(player, clock) as made:
        await made.hold(aircraft(1))
        await made.put(LATE.replace("3600", "7200"))
        clock.ahead_s = 3_601
        await until(lambda: made.node.counts.tracks_delayed == 2)
        assert len(made.node.delay) == 1
        assert await made.sent() == []
    clock.ahead_s = 7_201
    async with started(player, clock) as made:
        await made.gone()
        assert len(await made.sent()) == 1


async def test_a_source_is_told_what_is_held_only_once_it_is_durable(tmp_path: Path) -> None:
    player, clock = staged(tmp_path), Shifted()

    def answer(_: Intake) -> Idempotent:
        return Idempotent(source="sensors", key="k", body_sha256="ab" * 32, response=b"held")

    async with started(player, clock, failures=1) as made:
        store = made.node.store
        record = store.record_outbound_all

        async def fails(*_: Any) -> Any:
            store.record_outbound_all = record  # type: ignore[method-assign]  # once
            raise StoreError(NOT_DURABLE, cause="the disk is full")

        store.record_outbound_all = fails  # type: ignore[assignment]  # a disk that is full
        pending = await made.take(aircraft(1), answer=answer)
        with pytest.raises(StoreError) as caught:
            await pending.intake()
        assert caught.value.code == NOT_DURABLE
        assert (len(made.node.delay), await store.find_response("sensors", "k")) == (0, None)
        # It comes again, and is held once, with the answer that says so
        pending = await made.take(aircraft(1), answer=answer)
        assert (await pending.intake()).message_ids == ()
        assert len(made.node.delay) == 1
        assert await store.find_response("sensors", "k") == ("ab" * 32, b"held")


async def test_what_goes_at_once_and_what_is_held_of_one_frame_are_durable_together(tmp_path: Path) -> None:
    player, clock = staged(tmp_path), Shifted()
    at_once = '[[release]]\nid = "now"\nwhen.identifier = { icao24 = ["484001"] }\naction = "release"\n'
    write_rules(player, at_once + LATE)
    async with started(player, clock) as made:
        pending = await made.take(aircraft(1), aircraft(2))
        assert (len(pending.batches), pending.shelf) == (1, None)
        intake = await pending.intake()
        assert (len(intake.message_ids), len(made.node.delay)) == (1, 1)
        clock.ahead_s = 3_601
        await made.gone()
        assert [[one.track_id for one in message.tracks] for message in await made.sent()] == [
            [intake.track_ids[0]],
            [intake.track_ids[1]],
        ]


@pytest.mark.parametrize("persisted", [False, True])
async def test_a_commit_that_fails_when_it_is_due_sends_it_exactly_once(tmp_path: Path, persisted: bool) -> None:
    player, clock = staged(tmp_path), Shifted()
    write_rules(player, LATE + "every_s = 86400\n")  # what did not go must not count as gone
    async with started(player, clock) as made:
        await made.hold(aircraft(1), aircraft(2))
        waiting, tried = made.node.store.waiting, list[int]()
        resume = waiting.resume

        async def doubtful(rows: Sequence[HeldBack], *more: Any) -> bool:
            tried.append(len(rows))
            if len(tried) > 1:
                return await resume(rows, *more)
            if persisted:
                assert await resume(rows, *more)
            raise StoreError(NOT_DURABLE, cause="the disk is full")

        waiting.resume = doubtful  # type: ignore[assignment]  # a disk in doubt
        clock.ahead_s = 3_601
        await until(lambda: tried)
        await made.gone()
        (message,) = await made.sent()
        assert len(message.tracks) == 2
        assert len(tried) == (1 if persisted else 2)
        await until(lambda: any(one.restarts == 1 for one in made.node.supervisor.tasks if one.name == "delay"))


async def test_a_row_that_changes_while_it_is_decided_is_decided_again(tmp_path: Path) -> None:
    player, clock = staged(tmp_path), Shifted()
    write_rules(player, LATE + "every_s = 86400\n")
    async with started(player, clock) as made:
        await made.hold(aircraft(1))
        await made.hold(aircraft(2))
        waiting, tried = made.node.store.waiting, list[int]()
        resume = waiting.resume

        async def overtaken(rows: Sequence[HeldBack], *more: Any) -> bool:
            tried.append(len(rows))
            if len(tried) == 1:  # one of them has to make room just now
                assert await resume(rows[:1])
            return await resume(rows, *more)

        waiting.resume = overtaken  # type: ignore[assignment]  # somebody else at work
        clock.ahead_s = 3_601
        await made.gone()
        (message,) = await made.sent()
        assert [len(message.tracks), tried] == [1, [2, 1]]


# ------------------------------------------------------------------------------------------------ what can never go


async def test_what_cannot_be_read_is_given_up_and_kept_and_what_is_beside_it_goes(tmp_path: Path) -> None:
    player, clock = staged(tmp_path), Shifted()
    async with started(player, clock, failures=2) as made:
        await made.hold(aircraft(1))
        (row,) = (await made.node.store.waiting.due(clock.now() + timedelta(days=9), 99)).rows
        newer = replace(row, form=9, until=row.until - timedelta(seconds=1), source="of a newer version")
        torn = replace(row, body=row.body[:-9], until=row.until - timedelta(seconds=2), source="torn")
        await made.node.store.record_outbound_all((), waiting=[newer, torn])
        await made.hold(aircraft(2))
        clock.ahead_s = 3_601
        await made.gone()
        messages = await made.sent()
        assert sum(len(one.tracks) for one in messages) == 2
        assert made.node.delay.lost == 2
        kept = {one.source: one for one in await made.quarantined(2)}
        assert {one.code for one in kept.values()} == {HELD_LOST.id}
        assert kept["torn"].octets == torn.body
        assert kept["of a newer version"].cause == "expected form 1, observed 9"


async def test_what_has_become_too_old_is_given_up(tmp_path: Path) -> None:
    player, clock = staged(tmp_path, "created_age_s = 86400\n"), Shifted()
    async with started(player, clock) as made:
        await made.hold(aircraft(1))
    clock.ahead_s = 86_500
    async with started(player, clock, failures=1) as made:
        await made.hold(aircraft(2))
        await until(lambda: made.node.delay.lost == 1)
        (kept,) = await made.quarantined()
        assert (await made.sent(), kept.code) == ([], HELD_LOST.id)
        clock.ahead_s += 3_601
        await made.gone()
        assert len(await made.sent()) == 1


async def test_a_bug_that_one_row_meets_stops_nothing_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    player, clock = staged(tmp_path), Shifted()

    def breaks(row: HeldBack, maker: Maker) -> Any:
        read = read_own(row, maker)
        if any(one.remarks == "boom" for one in read[1]):
            raise ZeroDivisionError
        return read

    monkeypatch.setattr(room, "read_own", breaks)
    async with started(player, clock, failures=1) as made:
        await made.hold(aircraft(1))
        await made.hold(replace(aircraft(2), remarks="boom"))
        await made.hold(aircraft(3))
        clock.ahead_s = 3_601
        await made.gone()
        assert sum(len(one.tracks) for one in await made.sent()) == 2
        (kept,) = await made.quarantined()
        assert kept.cause == "a bug met it: ZeroDivisionError"


async def test_what_the_format_cannot_express_is_refused_when_it_is_held_with_the_frames_octets(tmp_path: Path) -> None:
    player = staged(tmp_path)
    async with started(player) as made:
        bad = replace(aircraft(1), identifiers=(*aircraft(1).identifiers, Identifier("callsign", "x" * 2_000)))
        assert alliance.fault(bad) is not None
        frame = Frame(octets=b"as it came", feed="test", source="sensors", peer="p", received_at=made.clock.now())

        class Reader:
            def decode(self, _: Frame) -> Any:
                return Decoded(tracks=(replace(bad, track_id=None), replace(aircraft(2), track_id=None)))

        pending = await pipeline.outbound(made.node.rooms, frame, Reader())
        await pending.intake()
        assert len(made.node.delay) == 1
        (kept,) = await made.quarantined()
        assert kept.octets == b"as it came"
        assert made.node.counts.records_refused == 1


async def test_policies_without_delays_write_nothing_that_waits(tmp_path: Path) -> None:
    player = staged(tmp_path)
    write_rules(player, LATE.replace("delay_s = 3600\n", ""))
    async with started(player) as made:
        pending = await made.take(aircraft(1))
        (batch,) = pending.batches
        assert (batch.held, pending.shelf) == ([], None)
        await pending.intake()
        assert len(await made.sent()) == 1


async def test_what_waits_over_a_stop_is_bounded_and_the_oldest_news_makes_room(tmp_path: Path) -> None:
    player, clock = staged(tmp_path, "delayed_tracks = 5\n"), Shifted()
    async with started(player, clock) as made:
        for number in range(1, 5):
            await made.hold(aircraft(number))
            clock.ahead_s += 2
    async with started(player, clock) as made:
        await made.hold(aircraft(5), aircraft(6), aircraft(7))
        assert (len(made.node.delay), made.node.delay.given_up) == (5, 2)
        clock.ahead_s += 3_601
        await made.gone()
        names = {one.value for message in await made.sent() for track in message.tracks for one in track.identifiers}
        assert {f"TEST{number}" for number in range(1, 8)} & names == {f"TEST{number}" for number in range(3, 8)}
