"""Another release policy while the node runs: all of it or none of it, and the ledger says which."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from gateway import xml
from gateway.clock import SystemClock
from gateway.config import Config
from gateway.demo.stage import Player
from gateway.errors import StoreError
from gateway.formats import alliance
from gateway.node.assembly import Node
from gateway.stages import Message
from gateway.store.codes import NOT_DURABLE
from tests.assembled import Assembly, assembled, of_two
from tests.node.test_node import configs, event, players, post, working

__all__ = ["configs", "players"]  # fixtures

WITHHOLD = '[[release]]\nid = "not-these"\nwhen.object_class = ["a-h-*"]\naction = "withhold"\n'


class PolicyText:
    """The text of a policy file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> str:
        return self._path.read_text()

    def write(self, text: str) -> None:
        self._path.write_text(text)

    def remove(self) -> None:
        self._path.unlink()


@pytest.fixture(autouse=True)
def policy(players: list[Player]) -> Iterator[PolicyText]:
    """The first node's policy file, as it was again afterwards."""
    text = PolicyText(players[0].directory / "policy.toml")
    before = text.read()
    yield text
    text.write(before)


def another(text: str, name: str = "another") -> str:
    """The same rules under another name, and so with another digest."""
    return re.sub(r'^name = ".*"$', f'name = "{name}"', text, count=1, flags=re.MULTILINE)


async def leaves(node: Node, event: str) -> list[dict[str, object]]:
    found = [msgspec.json.decode(leaf) for leaf in await node.store.leaves(0, 10_000)]
    return [leaf for leaf in found if leaf["ev"] == event]


async def messages(node: Node) -> list[Message]:
    found = []
    for stored in await node.store.latest_messages(10_000):
        assert stored.octets is not None
        found.append(alliance.read(xml.parse(stored.octets, max_octets=1 << 22), signed=True))
    return found


async def test_the_policy_in_force_at_the_start_is_a_leaf(configs: list[Config]) -> None:
    async with working(configs[0]) as node:
        (leaf,) = await leaves(node, "policy")
        assert leaf["sha256"] == node.desk.policy.digest
        assert "previous" not in leaf


async def test_a_new_policy_decides_from_then_on_and_leaf_message_and_status_say_so(
    configs: list[Config], policy: PolicyText
) -> None:
    async with working(configs[0]) as node:
        now = SystemClock().now()
        first = node.desk.policy.digest
        await post(node, event("a", at=now), at=now)
        policy.write(another(policy.read()))
        done = await node.reload.now()
        assert (done.previous, done.errors) == (first, ())
        second = done.policy
        assert second == node.desk.policy.digest != first
        await post(node, event("b", at=now), at=now)
        changed = (await leaves(node, "policy"))[-1]
        assert (changed["sha256"], changed["previous"], changed["detail"]) == (second, first, "another")
        assert [leaf["policy"] for leaf in await leaves(node, "sent")] == [first, second]
        assert {one.header.policy for one in await messages(node)} == {first, second}
        status = node.reload.status()
        assert (status["digest"], status["name"], status["reloads"]) == (second, "another", 1)


async def test_the_same_policy_again_changes_nothing_and_is_no_leaf(configs: list[Config]) -> None:
    async with working(configs[0]) as node:
        before = node.desk.policy
        done = await node.reload.now()
        assert done.policy == done.previous == before.digest
        assert node.desk.policy is before
        assert len(await leaves(node, "policy")) == 1


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ("[[release]", "policy.toml:"),
        ('[[release]]\nid = "x"\naction = "release"\nto = ["nobody"]\n', "policy.toml:"),
        ('[[release]]\nid = "everything"\naction = "release"\n', "policy.toml:"),
        ('[[security_policy]]\nfile = "absent.xml"\n', "policy.toml:"),
    ],
    ids=["syntax", "unknown group", "the same id twice", "a file that is not there"],
)
async def test_with_any_error_the_old_policy_stays_and_says_what_is_wrong_where(
    configs: list[Config], policy: PolicyText, wrong: str, place: str
) -> None:
    async with working(configs[0]) as node:
        now = SystemClock().now()
        before = node.desk.policy
        policy.write(another(policy.read()) + wrong)
        done = await node.reload.now()
        assert done.errors
        assert all(place in error.place for error in done.errors), [error.place for error in done.errors]
        assert node.desk.policy is before
        assert node.reload.status()["last_error"]
        intake = await post(node, event("a", at=now), at=now)
        assert intake.message_ids
        assert len(await leaves(node, "policy")) == 1
        policy.remove()
        assert (await node.reload.now()).errors, "and so with a file that has gone"
        assert node.desk.policy is before


async def test_a_policy_whose_leaf_cannot_be_written_does_not_decide(
    configs: list[Config], policy: PolicyText, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with working(configs[0]) as node:
        before = node.desk.policy
        policy.write(another(policy.read()))

        async def full(_leaf: object) -> int:
            raise StoreError(NOT_DURABLE, cause="the disk is full")

        with monkeypatch.context() as patched:
            patched.setattr(node.store, "append_leaf", full)
            done = await node.reload.now()
        assert [error.code for error in done.errors] == [NOT_DURABLE]
        assert node.desk.policy is before
        assert not (await node.reload.now()).errors
        assert node.desk.policy is not before


async def test_no_message_is_decided_half_by_one_policy_and_half_by_another(
    configs: list[Config], policy: PolicyText
) -> None:
    """Policies that change while tracks come in without a pause: each message keeps to the one that it names."""
    open_text = policy.read()
    closed_text = another(open_text.replace("[[release]]", f"{WITHHOLD}\n[[release]]", 1), "closed")
    digests: dict[str, str] = {}
    async with working(configs[0]) as node:
        now = SystemClock().now()
        digests[node.desk.policy.digest] = "open"
        hostile = event("h", at=now).replace(b'type="a-u-A"', b'type="a-h-A"')

        async def feed() -> None:
            for number in range(150):
                both = [event(f"u{number}", at=now), hostile.replace(b'uid="h"', f'uid="h{number}"'.encode())]
                await asyncio.gather(*(post(node, octets, at=now) for octets in both))

        async def flip() -> None:
            for number in range(12):
                policy.write(closed_text if number % 2 == 0 else open_text)
                done = await node.reload.now()
                assert not done.errors, done.errors
                digests[done.policy] = "closed" if number % 2 == 0 else "open"
                await asyncio.sleep(0.01)

        await asyncio.gather(feed(), flip())
        await node.gatherer.drain()
        seen = {"open": 0, "closed": 0}
        for message in await messages(node):
            kind = digests[message.header.policy or ""]
            seen[kind] += 1
            hostiles = [track for track in message.tracks if track.identity and track.identity.value == "HOSTILE"]
            assert kind == "open" or not hostiles
        assert all(seen.values()), seen
        named = {str(leaf["policy"]) for leaf in await leaves(node, "sent")}
        assert named == set(digests)
        assert len(await leaves(node, "policy")) == 13


# ------------------------------------------------------------------------------------------------------ over HTTP


@pytest.fixture(scope="module")
def gateways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assembly]:
    with assembled(tmp_path_factory.mktemp("reload"), count=2, edit=of_two) as assembly:
        yield assembly


def test_the_operator_reloads_over_http_and_a_national_system_may_not(gateways: Assembly) -> None:
    path = gateways.players[0].directory / "policy.toml"
    text = path.read_text()
    path.write_text(another(text))
    refused = gateways.national(0).call("POST", "/v1/policy/reload", b"")
    assert (refused.status, refused.json()["code"]) == (403, "FEED-041")
    operator = gateways.operator(0)
    answer = operator.call("POST", "/v1/policy/reload", b"")
    assert answer.status == 200, answer.body
    assert answer.json()["changed"] is True
    assert answer.json()["policy"] == gateways.nodes[0].desk.policy.digest
    assert operator.call("POST", "/v1/policy/reload", b"").json()["changed"] is False
    path.write_text(another(text) + '[[release]]\nid = "x"\naction = "release"\nto = ["nobody"]\n')
    kept = operator.call("POST", "/v1/policy/reload", b"")
    assert (kept.status, kept.json()["code"]) == (422, "FEED-067")
    assert kept.json()["policy"] == answer.json()["policy"]
    (error,) = kept.json()["errors"]
    assert "policy.toml:" in error["place"]
    assert error["remedy"]
    path.write_text(text)
    gateways.nodes[0].reload.ask()  # as SIGHUP does
    gateways.until(lambda: gateways.nodes[0].reload.status()["digest"] == answer.json()["previous"])
