"""A 202 with a key is kept with all that it promises: whatever breaks between two messages of one POST, a retry with
the same key finds each release group told once, and no group forgotten."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import ssl
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from gateway.clock import SystemClock
from gateway.demo.stage import Player
from gateway.errors import StoreError
from gateway.feeds.http_types import Idempotency
from gateway.formats.registry import find
from gateway.node.national import Intakes
from gateway.stages import Frame, Intake
from gateway.store.codes import NOT_DURABLE
from tests.assembled import aircraft
from tests.test_kill import EVENT, Gateway, leaves
from tests.test_kill_policy import WITHIN_S
from tests.test_resume import DEU, EU, HEAD, Alone, staged, started, write_rules

GROUPS = f'[group.one]\npartners = ["{DEU}"]\n\n[group.two]\npartners = ["{EU}"]\n'
ALL = '[[release]]\nid = "all"\naction = "release"\n'
LATE_FOR_TWO = '[[release]]\nid = "late"\nto = ["two"]\naction = "release"\ndelay_s = 3600\n\n' + ALL


def two_groups(root: Path, rules: str = ALL, limits: str = "") -> Player:
    """A node with two release groups, of one partner each."""
    player = staged(root, limits)
    text = player.policy_path.read_text()
    assert HEAD in text
    player.policy_path.write_text(text.replace(HEAD, GROUPS))
    write_rules(player, rules)
    return player


async def post(made: Alone, number: int = 1, *, key: str = "k", body: bytes | None = None) -> Intake:
    """As a national system does; the same body under the same key."""
    now = SystemClock().now()
    octets = body or body_of(number)
    frame = Frame(octets=octets, feed="http", source="sensors", peer="127.0.0.1", received_at=now)
    return await Intakes(made.node).take(
        frame, find("geojson"), Idempotency(key=key, body_sha256=sha256(octets).hexdigest())
    )


def body_of(*numbers: int) -> bytes:
    return b"\n".join(find("geojson").encoder().encode([aircraft(one) for one in numbers], SystemClock().now()).frames)


async def told(made: Alone) -> Counter[tuple[str | None, str | None]]:
    """How often each release group was told of each track."""
    sent = await made.sent()
    return Counter([(message.header.release_group, track.track_id) for message in sent for track in message.tracks])


class Commits:
    """Recordings of the corridor that fail when their number is `failing`."""

    def __init__(self, made: Alone, *failing: int) -> None:
        self._record = made.node.store.record_outbound_all
        self._failing = failing
        self.messages: list[int] = []
        """Of each recording that was tried."""
        made.node.store.record_outbound_all = self  # type: ignore[method-assign, assignment]  # a disk that fails

    async def __call__(self, messages: Sequence[Any], *more: Any) -> Any:
        self.messages.append(len(messages))
        if len(self.messages) in self._failing:
            raise StoreError(NOT_DURABLE, cause="the disk is full")
        return await self._record(messages, *more)


@pytest.mark.parametrize("failing", [1, 2])
async def test_a_retry_after_a_commit_that_failed_tells_every_group_once(tmp_path: Path, failing: int) -> None:
    async with started(two_groups(tmp_path), failures=int(failing == 1)) as made:
        commits, body, answers = Commits(made, failing), body_of(1), list[Intake]()
        for _ in range(3):  # as a source does that was told 503
            with contextlib.suppress(StoreError):
                answers.append(await post(made, body=body))
        assert len(answers) == (2 if failing == 1 else 3)
        (track_id,) = answers[0].track_ids
        assert await told(made) == {("one", track_id): 1, ("two", track_id): 1}
        assert {str(message.header.message_id) for message in await made.sent()} == set(answers[0].message_ids)
        assert all(answer == answers[0] for answer in answers), "the retries got the answer that is kept"
        assert commits.messages == [2] * (2 if failing == 1 else 1), "both, in one transaction"


async def test_posts_that_share_messages_are_all_answered_by_what_became_of_these(tmp_path: Path) -> None:
    async with started(two_groups(tmp_path), failures=1) as made:
        commits = Commits(made, 1)
        bodies = [body_of(number) for number in range(1, 5)]

        async def all_of_them() -> list[Intake | BaseException]:
            posts = [post(made, key=f"k{number}", body=body) for number, body in enumerate(bodies)]
            return await asyncio.gather(*posts, return_exceptions=True)

        assert [type(one) for one in await all_of_them()] == [StoreError] * 4
        assert [await made.node.store.find_response("sensors", f"k{one}") for one in range(4)] == [None] * 4
        answers = await all_of_them()
        assert [type(one) for one in answers] == [Intake] * 4
        assert await all_of_them() == answers
        ids = {one.track_ids[0] for one in answers if isinstance(one, Intake)}
        assert await told(made) == {(group, one): 1 for group in ("one", "two") for one in ids}
        assert commits.messages == [2, 2]


async def test_what_is_held_for_one_group_and_goes_to_the_other_is_promised_together(tmp_path: Path) -> None:
    async with started(two_groups(tmp_path, LATE_FOR_TWO), failures=1) as made:
        commits, body = Commits(made, 1), body_of(1, 2)
        with pytest.raises(StoreError):
            await post(made, body=body)
        assert (await told(made), len(made.node.delay)) == (Counter(), 0)
        answer = await post(made, body=body)
        assert await post(made, body=body) == answer
        assert await told(made) == {("one", track_id): 1 for track_id in answer.track_ids}
        assert (len(made.node.delay), [one.group for one in answer.refused]) == (2, ["two"])
        assert commits.messages == [1, 1]


async def test_without_a_key_each_group_is_recorded_by_itself(tmp_path: Path) -> None:
    async with started(two_groups(tmp_path)) as made:
        commits = Commits(made)
        intake = await (await made.take(aircraft(1))).intake()
        assert (len(intake.message_ids), commits.messages) == (2, [1, 1])


async def test_a_batch_that_is_full_takes_along_the_other_groups_of_what_it_promises(tmp_path: Path) -> None:
    player = two_groups(tmp_path, limits="batch_max_tracks = 3\nbatch_max_delay_s = 0.5")
    async with started(player) as made:
        commits = Commits(made)
        answers = await asyncio.gather(*(post(made, number, key=f"k{number}") for number in range(1, 9)))
        ids = [one.track_ids[0] for one in answers]
        assert await told(made) == {(group, one): 1 for group in ("one", "two") for one in ids}
        assert sum(commits.messages) == len(await made.sent())
        assert all(number > 1 for number in commits.messages)


async def test_a_policy_that_comes_between_leaves_whole_what_the_one_before_promised(tmp_path: Path) -> None:
    player = two_groups(tmp_path, limits="batch_max_delay_s = 2")
    async with started(player) as made:
        commits = Commits(made)
        posting = asyncio.create_task(post(made))
        while not (made.node.gatherer.pending or posting.done()):  # noqa: ASYNC110 - one turn of the loop for each step
            await asyncio.sleep(0)
        await made.put(ALL.replace("all", "other"))
        answer = await posting
        assert commits.messages == [2]
        assert {message.header.rule for message in await made.sent()} == {"release.all"}
        assert (await post(made, 2, key="next")).message_ids != answer.message_ids
        assert commits.messages == [2, 2]


# ---------------------------------------------------------------------------------------------------------------- kill

KILLED = """
import asyncio, os, signal, sys
from gateway.cli.main import app
from gateway.store import Store

record, when, calls = Store.record_outbound_all, sys.argv.pop(1), []

async def killed(self, messages, *more):
    if not messages:
        return await record(self, messages, *more)
    if when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    calls.append(messages)
    if len(calls) > 1:  # what would have been recorded by itself, later
        await asyncio.Event().wait()
    await record(self, messages, *more)
    os.kill(os.getpid(), signal.SIGKILL)

Store.record_outbound_all = killed
app()
"""
"""A gateway that is killed before or after its first commit of messages, and before a second one."""


class Killed(Gateway):
    """One that dies so when it is posted to."""

    def __init__(self, player: Player, when: str) -> None:
        super().__init__(player)
        self._when = when

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", KILLED, self._when, "run"),
            cwd=self.player.directory,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )


async def answered(player: Player, body: bytes, *, until: Gateway | None = None) -> dict[str, Any] | None:
    """The 202 to a POST under one key, repeated while nobody answers; nothing once the gateway `until` has died."""
    certs = player.directory / "certs"
    context = ssl.create_default_context(cafile=str(certs / "ca.pem"))
    context.load_cert_chain(certs / "sensors.client.pem", certs / "sensors.client.key")
    url = f"https://127.0.0.1:{player.http_port}/v1/messages/cot"
    headers = {"Content-Type": "application/cot+xml", "Idempotency-Key": "k"}
    connector = aiohttp.TCPConnector(ssl=context, force_close=True)
    async with asyncio.timeout(WITHIN_S), aiohttp.ClientSession(connector=connector) as session:
        while until is None or (until.process is not None and until.process.returncode is None):
            try:
                async with session.post(url, data=body, headers=headers) as response:
                    answer: dict[str, Any] = msgspec.json.decode(await response.read())
                    assert response.status in (202, 503), answer
                    if response.status == 202:
                        return answer
            except (aiohttp.ClientError, OSError):
                await asyncio.sleep(0.05)
    return None


@pytest.mark.timeout(240)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_killed_between_the_groups_of_a_post_a_retry_tells_each_of_them_once(tmp_path: Path, when: str) -> None:
    player = two_groups(tmp_path)
    now = SystemClock().now()
    body = EVENT.format(uid="uas-1", time=now.isoformat(), stale=(now + timedelta(days=1)).isoformat()).encode()
    dying, living = Killed(player, when), Gateway(player)
    await dying.start()
    try:
        assert await answered(player, body, until=dying) is None
    finally:
        await dying.end(signal.SIGKILL)
    await living.start()
    try:
        answer = await answered(player, body)
        assert answer is not None
        assert await answered(player, body) == answer
    finally:
        await living.end(signal.SIGTERM)
    sent = [leaf for leaf in leaves(player) if leaf["ev"] == "sent"]
    assert sorted(json.dumps(leaf["to"]) for leaf in sent) == sorted(json.dumps([one]) for one in (DEU, EU))
    assert {leaf["mid"] for leaf in sent} == set(answer["message_ids"])
