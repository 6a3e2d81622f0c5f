"""A node that is told to stop: who waits is answered, what was begun ends, and nothing keeps the rest from closing."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from gateway.config import Config
from gateway.demo.stage import Player, ledger_verifier
from gateway.errors import StoreError
from gateway.ledger import leaf, verify
from gateway.ledger.disk import Disk
from gateway.node.assembly import Node
from gateway.store import Store
from gateway.store.codes import NOT_DURABLE
from tests.assembled import Door
from tests.feeds.support import until
from tests.node.test_node import configs, event, players, post, pushed, sealed_by, working

__all__ = ["configs", "players"]  # fixtures

PATIENCE_S = 60.0


class Held:
    """A leaf that holds the store's writer until `go_on` is set."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._reached, self.go_on = threading.Event(), threading.Event()

    async def __aenter__(self) -> Held:
        self._task = asyncio.create_task(self._node.store.append_leaf(self._leaf))
        assert await asyncio.to_thread(self._reached.wait, PATIENCE_S)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.go_on.set()
        await self._task

    def _leaf(self, index: int, time: datetime) -> bytes:
        self._reached.set()
        assert self.go_on.wait(PATIENCE_S)
        return leaf.config_changed(sha256="0" * 64, detail="held")(index, time)


async def test_who_waits_for_an_answer_when_the_node_is_told_to_stop_gets_it(
    configs: list[Config], players: list[Player]
) -> None:
    limits = replace(configs[0].limits, batch_max_delay_s=600.0, shutdown_timeout_s=600.0)
    certs = players[0].directory / "certs"
    door = Door(
        players[0].http_port,
        ca=certs / "ca.pem",
        certificate=certs / "sensors.client.pem",
        key=certs / "sensors.client.key",
    )
    async with Node(configs[0].model_copy(update={"limits": limits})) as node:
        ready = asyncio.Event()
        running = asyncio.create_task(node.run(ready=ready))
        await ready.wait()
        asking = asyncio.create_task(asyncio.to_thread(door.post, "/v1/messages/cot", event(), "application/xml"))
        await until(lambda: node.gatherer.pending > 0)
        running.cancel()
        async with asyncio.timeout(PATIENCE_S):
            reply = await asking
            await asyncio.wait([running])
        door.close()
        assert reply.status == 202
        assert len(await node.store.find_messages(reply.json()["message_ids"][0])) == 1


async def test_a_message_that_was_recorded_is_handed_on_although_its_request_was_given_up(
    configs: list[Config],
) -> None:
    async with working(configs[0]) as sender, working(configs[1]) as receiver:
        sealed = sealed_by(sender)
        async with Held(receiver) as held:
            taking = asyncio.create_task(receiver.take_inbound(pushed(sealed)))
            await until(lambda: receiver.store._writer.backlog == 2)
            taking.cancel()
            held.go_on.set()
            await asyncio.wait([taking])
        assert taking.cancelled()
        assert len(receiver.rooms.picture) == 1
        assert (await receiver.take_inbound(pushed(sealed))).accepted
        assert receiver.counts.messages_duplicate == 1


async def test_what_fails_at_the_end_keeps_nothing_else_from_closing(
    configs: list[Config], players: list[Player], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        raise StoreError(NOT_DURABLE, cause="no room")

    with capture_logs() as logs:
        async with Node(configs[0]) as node:
            monkeypatch.setattr(node.quarantine, "flush", fail)
            asking = asyncio.create_task(post(node, event()))
            await until(lambda: node.gatherer.pending > 0)
        assert len((await asking).message_ids) == 1
    assert [log["code"] for log in logs if log["event"] == "node.unclean_stop"] == [NOT_DURABLE.id]
    assert verify(configs[0].ledger.directory, ledger_verifier(players[0])).entries == node.ledger.size
    assert node.ledger.size == node.store.leaf_count()


async def test_a_stop_that_takes_too_long_says_so_and_the_store_stays_open_for_what_is_being_written(
    configs: list[Config], players: list[Player], monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go_on, publish = threading.Event(), threading.Event(), Disk.publish

    def held(disk: Disk, note: bytes) -> None:
        reached.set()
        assert go_on.wait(PATIENCE_S)
        publish(disk, note)

    limits = replace(configs[0].limits, shutdown_timeout_s=0.05)
    with capture_logs() as logs:
        node = await Node(configs[0].model_copy(update={"limits": limits})).__aenter__()
        monkeypatch.setattr(Disk, "publish", held)
        await node.store.append_leaf(leaf.config_changed(sha256="0" * 64, detail="the last"))
        task = asyncio.create_task(node.__aexit__())
        assert await asyncio.to_thread(reached.wait, PATIENCE_S)
        await until(lambda: any(log["event"] == "node.unclean_stop" for log in logs))
        with pytest.raises(StoreError) as caught:  # nobody else may have it yet
            await Store.open(configs[0].node.data / "gateway.db", limits, node.clock)
        assert caught.value.code.id == "STO-004"
        go_on.set()
        await task
    assert verify(configs[0].ledger.directory, ledger_verifier(players[0])).entries == node.store.leaf_count()
