"""A whole node in this process: what it answers, what it refuses, what it remembers over a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from gateway.clock import ManualClock, SystemClock
from gateway.config import Config, load
from gateway.demo.stage import Player, ledger_verifier, set_stage
from gateway.errors import FeedError, LedgerError, SealError
from gateway.feeds import codes as feed_codes
from gateway.feeds.http_types import Idempotency
from gateway.formats import alliance
from gateway.formats.registry import find
from gateway.ledger import open_receipt
from gateway.node.assembly import Node
from gateway.node.national import Callers, Intakes, read_answer, write_answer
from gateway.node.sockets import is_inward
from gateway.node.status import read_status
from gateway.node.supervisor import Supervisor
from gateway.policy import Desk
from gateway.stages import Exercise, Frame, Header, Inbound, Intake, Message, Retraction, Sealed, Simulation
from gateway.track import Identifier, Position, State, Track
from tests.labelled import PLAIN, UNKNOWN_LEVEL, UNKNOWN_POLICY
from tests.policy import policies

NOW = SystemClock().now()
DESK = Desk(policies.policy(), ManualClock(NOW))


def event(uid: str = "uas-1", *, at: datetime = NOW, remarks: str = "") -> bytes:
    stale = (at + timedelta(minutes=1)).isoformat()
    return (
        f'<event version="2.0" uid="{uid}" type="a-u-A" how="m-g" time="{at.isoformat()}" start="{at.isoformat()}" '
        f'stale="{stale}"><point lat="52.1" lon="7.6" hae="120.0" ce="10.0" le="20.0"/>'
        f"<detail><remarks>{remarks}</remarks></detail></event>"
    ).encode()


def frame(octets: bytes, *, at: datetime = NOW) -> Frame:
    return Frame(octets=octets, feed="http", source="sensors", peer="127.0.0.1", received_at=at)


@pytest.fixture(scope="module")
def players(tmp_path_factory: pytest.TempPathFactory) -> list[Player]:
    return set_stage(tmp_path_factory.mktemp("stage"), SystemClock(), simulation="SIMULATED")


@pytest.fixture
def configs(players: list[Player], tmp_path: Path) -> list[Config]:
    """Configurations of the three nodes with data directories of this test alone, and no feeds."""
    configs = []
    for player in players:
        config = load(player.config_path).config
        data = tmp_path / player.nation.node
        node = config.node.model_copy(update={"data": data})
        ledger = config.ledger.model_copy(update={"directory": data / "ledger"})
        configs.append(config.model_copy(update={"node": node, "ledger": ledger, "feed": {}}))
    return configs


@asynccontextmanager
async def working(config: Config) -> AsyncIterator[Node]:
    """A node whose corridor works, without its doors."""
    async with Node(config) as node:
        task = asyncio.create_task(node.gatherer.run())
        try:
            yield node
        finally:
            await node.gatherer.drain()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def post(node: Node, octets: bytes, *, key: str | None = None, at: datetime = NOW) -> Intake:
    idempotency = None if key is None else Idempotency(key=key, body_sha256=sha256(octets).hexdigest())
    return await Intakes(node).take(frame(octets, at=at), find("cot"), idempotency)


async def test_a_posted_event_is_durable_signed_and_ledgered_before_the_answer(configs: list[Config]) -> None:
    async with working(configs[0]) as node:
        intake = await post(node, event())
        (message_id,) = intake.message_ids
        (stored,) = await node.store.find_messages(message_id)
        assert stored.track_ids == intake.track_ids
        assert set(stored.partners) == {"deu-1", "eu-1"}
        assert stored.octets is not None
        assert b"<ds:Signature" in stored.octets
        (leaf,) = await node.store.leaves(stored.leaf_index, 1)
        assert msgspec.json.decode(leaf)["mid"] == message_id


async def test_a_repeated_key_gets_the_first_answer_and_another_body_a_conflict(configs: list[Config]) -> None:
    async with working(configs[0]) as node:
        first = await post(node, event(), key="k")
        again = await post(node, event(), key="k")
        assert again == first
        assert node.counts.tracks_received == 1
        with pytest.raises(FeedError) as caught:
            await post(node, event("uas-2"), key="k")
        assert caught.value.code.id == "FEED-050"
    async with working(configs[0]) as node:
        assert await post(node, event(), key="k") == first


async def test_an_answer_with_refusals_is_stored_whole() -> None:
    decoder = find("cot").decoder()
    problems = decoder.decode(frame(b"<event/>")).problems
    intake = Intake(track_ids=("a",), message_ids=("m",), problems=problems, duplicates=2)
    back = read_answer(write_answer(intake))
    assert (back.track_ids, back.message_ids, back.duplicates) == (("a",), ("m",), 2)
    assert [str(one) for one in back.problems] == [str(one) for one in problems]
    assert back.problems[0].remedy == problems[0].remedy


async def test_what_cannot_be_decoded_is_quarantined_with_its_place_and_counted(configs: list[Config]) -> None:
    async with working(configs[0]) as node:
        intake = await post(node, event().replace(b'lat="52.1"', b'lat="152.1"'))
        assert intake.track_ids == ()
        assert len(intake.problems) == 1
        await node.quarantine.flush()
        (kept,) = await node.store.quarantined()
        assert kept.code == intake.problems[0].code.id
        assert kept.place
        assert node.counts.records_refused == 1
        await node.ledger.flush_refusals(all_of_them=True)
        octets = await node.store.leaves(0, 100)
        leaves = [msgspec.json.decode(leaf) for leaf in octets]
        refused = [leaf for leaf in leaves if leaf["ev"] == "refused"]
        assert [(leaf["peer"], leaf["count"]) for leaf in refused] == [(node.config.node.name, 1)]
        assert b"sensors" not in b"".join(octets)  # partners read the ledger, and no rule lets them have its name


async def test_a_body_refused_at_the_door_is_quarantined_with_its_feed_and_peer_and_counted(
    configs: list[Config],
) -> None:
    async with working(configs[0]) as node:
        error = FeedError(feed_codes.MEDIA_TYPE, place="header Content-Type", cause="observed 'x'")
        Intakes(node).set_aside(frame(b"<eve"), error, 4_000)
        await node.quarantine.flush()
        (kept,) = await node.store.quarantined()
        assert (kept.code, kept.place, kept.octets, kept.length) == ("FEED-043", "header Content-Type", b"<eve", 4_000)
        assert (kept.source, kept.feed, kept.peer) == ("sensors", "http", "127.0.0.1")
        assert node.counts.records_refused == 1
        await node.ledger.flush_refusals(all_of_them=True)
        leaves = [msgspec.json.decode(leaf) for leaf in await node.store.leaves(0, 100)]
        assert [leaf["count"] for leaf in leaves if leaf["ev"] == "refused"] == [1]


async def test_a_restart_keeps_the_picture_and_the_identity_of_tracks(configs: list[Config]) -> None:
    now = SystemClock().now()
    async with working(configs[0]) as node:
        (track_id,) = (await post(node, event(at=now), at=now)).track_ids
    async with working(configs[0]) as node:
        entries, _ = node.rooms.picture.query(most=10)
        assert [entry.track.track_id for entry in entries] == [track_id]
        later = now + timedelta(seconds=2)
        assert (await post(node, event(at=later), at=later)).track_ids == (track_id,)


async def test_a_batch_too_large_for_one_message_becomes_several(configs: list[Config]) -> None:
    limits = msgspec.structs.replace(configs[0].limits, max_message_octets=60_000)
    config = configs[0].model_copy(update={"limits": limits})
    async with working(config) as node:
        node.rooms.limits = limits
        posts = [post(node, event(f"uas-{i}", remarks="x" * 16_000)) for i in range(300)]
        intakes = await asyncio.gather(*posts)
        ids = {message_id for intake in intakes for message_id in intake.message_ids}
        assert len(ids) >= 2
        stored = [message for one in ids for message in await node.store.find_messages(one)]
        assert sorted(track for message in stored for track in message.track_ids) == sorted(
            track for intake in intakes for track in intake.track_ids
        )


def sealed_by(node: Node, *, retractions: tuple[Retraction, ...] = (), **changes: object) -> Sealed:
    """A message of one track that `node` seals for everybody."""
    header = Header(
        message_id="3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        created_at=SystemClock().now(),
        sender=node.config.node.name,
        recipients=("deu-1", "eu-1"),
        nonce="00" * 16,
        exercise=Exercise.EXERCISE,
        simulation=Simulation.SIMULATED,
        label=PLAIN,
    )
    track = Track(
        track_id="6ba7b810-9dad-41d1-80b4-00c04fd430c8",
        identifiers=(Identifier("cot_uid", "uas-1"),),
        state=State(time=NOW, position=Position(latitude_deg=52.0, longitude_deg=7.0)),
    )
    message = Message(header=msgspec.structs.replace(header, **changes), tracks=(track,), retractions=retractions)
    return node.rooms.signer.seal(alliance.draft(message))


def pushed(sealed: Sealed, partner: str = "nld-1") -> Inbound:
    return Inbound(octets=sealed.octets, partner=partner, received_at=SystemClock().now())


async def test_a_partners_message_is_accepted_once_and_a_duplicate_gets_the_original_receipt(
    configs: list[Config], players: list[Player]
) -> None:
    async with working(configs[0]) as sender, working(configs[1]) as receiver:
        sealed = sealed_by(sender)
        first = await receiver.take_inbound(pushed(sealed))
        again = await receiver.take_inbound(pushed(sealed))
        assert first.accepted
        assert again == first
        assert receiver.counts.tracks_accepted == 1
        assert receiver.counts.messages_duplicate == 1
        receipt = open_receipt(first.note, ledger_verifier(players[1]))
        assert (receipt.outcome, receipt.sha256) == ("ACCEPTED", sealed.sha256)
        (leaf,) = await receiver.store.leaves(receipt.leaf_index, 1)
        assert msgspec.json.decode(leaf)["sha256"] == sealed.sha256


async def test_a_retraction_withdraws_the_senders_own_track_and_no_other(configs: list[Config]) -> None:
    async with working(configs[0]) as nld, working(configs[2]) as eu, working(configs[1]) as deu:
        published: list[tuple[Track, ...]] = []
        deu.rooms.publish = lambda tracks, _, __: published.append(tuple(tracks))
        assert (await deu.take_inbound(pushed(sealed_by(nld)))).accepted
        (track,) = published.pop()
        retraction = Retraction(track_id=track.track_id or "", time=NOW, reason="ERROR")
        foreign = sealed_by(eu, message_id="9b2504e0-4f89-41d3-9a0c-0305e82c3302", retractions=(retraction,))
        assert (await deu.take_inbound(pushed(foreign, "eu-1"))).accepted
        assert published.pop() == ()  # its track bears the id of another gateway's: contested, and nothing is withdrawn
        assert deu.counts.tracks_contested == 1
        assert len(deu.rooms.picture) == 1
        own = sealed_by(nld, message_id="9b2504e0-4f89-41d3-9a0c-0305e82c3303", retractions=(retraction,))
        assert (await deu.take_inbound(pushed(own))).accepted
        last = published.pop()[-1]
        assert last.status is not None
        assert last.status.ended
        assert len(deu.rooms.picture) == 0


async def test_a_caller_who_is_cancelled_takes_nobody_else_of_his_batch_along(configs: list[Config]) -> None:
    async with Node(configs[0]) as node:
        callers = [asyncio.create_task(post(node, event(uid))) for uid in ("uas-1", "uas-2")]
        async with asyncio.timeout(60):
            while node.gatherer.pending < 2:  # noqa: ASYNC110 - one turn of the loop for each step
                await asyncio.sleep(0)
        callers[0].cancel()
        await asyncio.wait(callers[:1])
        dispatching = asyncio.create_task(node.gatherer.run())
        await node.gatherer.drain()
        intake = await callers[1]
        (stored,) = await node.store.find_messages(intake.message_ids[0])
        assert len(stored.track_ids) == 2, "they shared a batch"
        dispatching.cancel()
        await asyncio.wait([dispatching])


async def test_the_same_id_with_other_content_is_an_incident(configs: list[Config]) -> None:
    async with working(configs[0]) as sender, working(configs[1]) as receiver:
        assert (await receiver.take_inbound(pushed(sealed_by(sender)))).accepted
        answer = await receiver.take_inbound(pushed(sealed_by(sender, nonce="11" * 16)))
        assert not answer.accepted
        leaves = [msgspec.json.decode(leaf) for leaf in await receiver.store.leaves(0, 100)]
        assert [leaf["ev"] for leaf in leaves if leaf.get("mid")] == ["received", "conflict"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"recipients": ("eu-1",)}, "SEAL-052"),
        ({"created_at": NOW - timedelta(days=8)}, None),
        ({"created_at": NOW + timedelta(hours=1)}, "SEAL-054"),
        ({"label": UNKNOWN_POLICY}, "POL-030"),
        ({"label": UNKNOWN_LEVEL}, "POL-031"),
    ],
)
async def test_an_authentic_message_that_may_not_come_in_gets_a_signed_refusal(
    configs: list[Config], players: list[Player], changes: dict[str, object], code: str | None
) -> None:
    async with working(configs[0]) as sender, working(configs[1]) as receiver:
        if code is None:  # older than its signing certificate: not even sealed
            with pytest.raises(SealError):
                sealed_by(sender, **changes)
            return
        sealed = sealed_by(sender, **changes)
        with capture_logs() as logged:
            answer = await receiver.take_inbound(pushed(sealed))
        assert [(entry["event"], entry["partner"], entry["code"]) for entry in logged] == [
            ("message.refused", "nld-1", code)
        ]
        receipt = open_receipt(answer.note, ledger_verifier(players[1]))
        assert not answer.accepted
        assert (receipt.outcome, receipt.code) == ("REFUSED", code)
        assert await receiver.take_inbound(pushed(sealed)) == answer
        assert len(receiver.rooms.picture) == 0
        await receiver.quarantine.flush()
        assert [kept.code for kept in await receiver.store.quarantined()][:1] == [code]


async def test_what_does_not_verify_says_nothing_to_the_caller_and_all_to_the_operator(configs: list[Config]) -> None:
    async with working(configs[0]) as sender, working(configs[1]) as receiver:
        sealed = sealed_by(sender)
        altered = sealed.octets.replace(b"<Latitude>52", b"<Latitude>53")
        assert altered != sealed.octets
        with pytest.raises(SealError) as caught:
            await receiver.take_inbound(Inbound(octets=altered, partner="nld-1", received_at=SystemClock().now()))
        assert caught.value.code.id == "SEAL-001"
        await receiver.quarantine.flush()
        (kept,) = await receiver.store.quarantined()
        assert kept.code != "SEAL-001"
        assert "expected" in kept.cause
        assert receiver.counts.messages_refused == 1
        with pytest.raises(SealError):  # pinned, but for another partner
            await receiver.take_inbound(pushed(sealed, partner="eu-1"))


async def test_a_batch_that_cannot_be_sealed_is_said_everywhere_and_over_when_it_is_over(configs: list[Config]) -> None:
    clock = ManualClock(SystemClock().now())
    async with Node(configs[0], clock=clock) as node:
        node.is_ready = True
        task = asyncio.create_task(node.gatherer.run())
        clock.advance(200 * 86_400)  # past the end of the signing certificate
        with pytest.raises(FeedError) as caught:
            await post(node, event())
        assert caught.value.code.id == "FEED-061"
        assert "SEAL-105" in node.missing[0]
        status = await read_status(node)
        assert status["ready"] is False
        assert node.counts.failures == 1
        assert node.counts.messages_signed == 0
        clock.advance(-200 * 86_400)
        await post(node, event())
        assert node.missing == []
        assert node.health.last is not None
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_ledger_that_cannot_be_published_makes_the_node_not_ready(configs: list[Config]) -> None:
    async with working(configs[0]) as node:
        node.is_ready = True
        assert node.missing == []
        directory = configs[0].ledger.directory
        aside = directory.rename(directory.with_name("aside"))
        directory.write_text("in the way")
        await post(node, event())
        with pytest.raises(LedgerError) as caught:
            await node.ledger.integrate()
        node.health.report("ledger", caught.value)
        assert "ledger" in node.missing[0]
        directory.unlink()
        aside.rename(directory)
        await node.ledger.integrate()
        node.health.report("ledger", None)
        assert node.missing == []


async def test_the_status_document_holds_what_the_command_shows(configs: list[Config]) -> None:
    async with working(configs[0]) as node:
        await post(node, event())
        document = msgspec.json.decode(msgspec.json.encode(await read_status(node)))
        assert document["corridor"]["tracks_signed"] == 1
        assert {link["partner"] for link in document["links"]} == {"deu-1", "eu-1"}
        assert document["ledger"]["leaves"] == node.store.leaf_count()
        assert document["simulation"] == "SIMULATED"


async def test_the_status_document_tells_what_a_feed_out_could_not_express(
    configs: list[Config], players: list[Player]
) -> None:
    feeds = {name: feed for name, feed in load(players[0].config_path).config.feed.items() if not is_inward(feed)}
    async with working(configs[0].model_copy(update={"feed": feeds})) as node:
        name, outlet = next(iter(node.outlets.by_name.items()))
        outlet.counts.unencoded += 63
        document = await read_status(node)
        rows = msgspec.json.decode(msgspec.json.encode(document["feeds"]))
        assert {row["name"]: row["unencoded"] for row in rows}[name] == 63
        assert node.registry.get_sample_value("gateway_feed_unencoded_tracks_total", {"feed": name}) == 63


async def test_the_supervisor_restarts_what_fails_and_leaves_the_others_alone() -> None:
    supervisor = Supervisor()
    failures = 0
    again, steady = asyncio.Event(), asyncio.Event()

    async def fails() -> None:
        nonlocal failures
        failures += 1
        if failures == 1:
            raise ZeroDivisionError
        again.set()
        await asyncio.Event().wait()

    async def lasts() -> None:
        steady.set()
        await asyncio.Event().wait()

    supervisor.add("fails", fails)

    async def ends() -> None:
        pass

    supervisor.add("lasts", lasts)
    supervisor.add("ends", ends)
    task = asyncio.create_task(supervisor.run())
    async with asyncio.timeout(60):
        await asyncio.gather(again.wait(), steady.wait())
    states = {state.name: state for state in supervisor.tasks}
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert supervisor.bugs == 1
    assert (states["fails"].restarts, states["lasts"].restarts) == (1, 0)
    assert (states["ends"].done, states["ends"].restarts, states["lasts"].done) == (True, 0, False)
    assert "ZeroDivisionError" in states["fails"].last_error


async def test_a_task_that_met_somebody_elses_cancellation_is_restarted_and_not_forgotten() -> None:
    supervisor, again, runs = Supervisor(), asyncio.Event(), 0

    async def waits() -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            other = asyncio.get_running_loop().create_future()
            other.cancel()
            await other
        again.set()
        await asyncio.Event().wait()

    supervisor.add("waits", waits)
    task = asyncio.create_task(supervisor.run())
    async with asyncio.timeout(60):
        await again.wait()
    (state,) = supervisor.tasks
    assert (state.running, state.restarts, supervisor.bugs) == (True, 1, 1)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


@pytest.mark.parametrize("error", [ZeroDivisionError(), FeedError(feed_codes.CONNECT)])
async def test_a_task_that_fails_while_it_stops_is_not_begun_again(error: Exception) -> None:
    supervisor, begun, runs = Supervisor(), asyncio.Event(), 0

    async def fails_to_stop() -> None:
        nonlocal runs
        runs += 1
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise error

    supervisor.add("fails to stop", fails_to_stop)
    task = asyncio.create_task(supervisor.run())
    await begun.wait()
    task.cancel()
    async with asyncio.timeout(60):
        await asyncio.wait([task])
    assert task.cancelled()
    assert runs == 1
    assert type(error).__name__ in supervisor.tasks[0].last_error or "FEED" in supervisor.tasks[0].last_error


def test_latency_ignores_what_a_replay_cannot_have_meant() -> None:
    from gateway.node.latency import Latency

    latency = Latency()
    for seconds in (0.01, 0.02, -5.0, 7_200.0, -0.2):
        latency.note(seconds)
    assert latency.quantiles_ms() == {"p50": 10.0, "p95": 20.0, "p99": 20.0}
    assert ManualClock(NOW).monotonic() == 0.0


def test_a_caller_without_a_certificate_is_the_first_source_where_http_is_plain_and_nobody_else(
    configs: list[Config],
) -> None:
    config = configs[0]
    sensors = config.source["sensors"]
    several = config.model_copy(update={"source": {"first": sensors, "second": sensors}})
    assert Callers(several, own_pin="", desk=DESK).of(None) is None
    plain = several.model_copy(update={"http": several.http.model_copy(update={"plain": True})})
    caller = Callers(plain, own_pin="", desk=DESK).of(None)
    assert caller is not None
    assert caller.name == "first"
