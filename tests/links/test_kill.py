"""Real processes, real stores, SIGKILL: nothing is lost and nothing is delivered twice."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import sys
from collections import Counter
from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.ledger.note import Verifier
from gateway.ledger.receipt import open_receipt
from gateway.limits import Limits
from gateway.store import Store
from tests.data import ROOT
from tests.links.mortal import KEY
from tests.links.pki import Leaf
from tests.links.rig import Rig

CHOSEN = {
    "receiver": ("before-commit:3", "committed:4", "answering:5", "committed:1"),
    "sender": ("receipt-verified:5", "receipt-recorded:6", "accepted:7", "before-accept:5"),
}
AT_RANDOM = 4


class Mortal:
    """One of the two gateways, killed and started again."""

    def __init__(self, role: str, directory: Path, settings: dict[str, str]) -> None:
        self.role, self.directory, self.settings = role, directory, settings
        self.process: asyncio.subprocess.Process | None = None
        self.deaths = 0
        directory.mkdir()
        (directory / "settings.json").write_text(json.dumps(settings))

    async def start(self, fate: str = "") -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.links.mortal", self.role, str(self.directory),
            cwd=ROOT, env={**os.environ, "MORTAL": fate, "PYTHONPATH": str(ROOT)}, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip

    async def ends(self) -> int:
        """Its return code, once it has ended."""
        assert self.process is not None
        _, errors = await self.process.communicate()
        code = self.process.returncode
        assert code is not None
        assert code in (0, -signal.SIGKILL), errors.decode()[-2_000:]
        self.process = None
        return code

    async def kill(self) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.ends()
        self.deaths += 1


def acknowledged(sender: Mortal) -> list[str]:
    path = sender.directory / "acknowledged"
    return path.read_text().split() if path.exists() else []


async def traffic(sender: Mortal, messages: int) -> None:
    """Return when the sender has acknowledged so many more."""
    target = len(acknowledged(sender)) + messages
    async with asyncio.timeout(60):
        while len(acknowledged(sender)) < target:  # noqa: ASYNC110 (another process writes the file)
            await asyncio.sleep(0.01)


async def dies_at_each(one: Mortal) -> None:
    """Start it again and again, to be killed at each of its chosen points; then once more, to live."""
    for fate in CHOSEN[one.role]:
        await one.start(fate)
        async with asyncio.timeout(30):
            assert await one.ends() == -signal.SIGKILL, "it came to the point"
        one.deaths += 1
    await one.start()


def pair(rig: Rig, directory: Path) -> tuple[Mortal, Mortal]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])

    def gateway(role: str, node: str, leaf: Leaf, other: Leaf) -> Mortal:
        settings = {
            "authority": str(rig.authority.file),
            "certificate": str(leaf.certificate_file),
            "key": str(leaf.key_file),
            "their_pin": other.pin,
            "port": port,
            "url": f"https://127.0.0.1:{port}",
        }
        return Mortal(role, directory / node, settings)

    sender = gateway("sender", "nld-1", rig.ours, rig.theirs)
    receiver = gateway("receiver", "deu-1", rig.theirs, rig.ours)
    return sender, receiver


@pytest.mark.timeout(240)
async def test_killing_either_side_at_any_point_loses_nothing_and_repeats_nothing(rig: Rig, tmp_path: Path) -> None:
    chance = random.Random(20261122)  # the moment still varies with the machine: only the plan is the same each time
    sender, receiver = pair(rig, tmp_path)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(dies_at_each(sender))
            group.create_task(dies_at_each(receiver))
        for _ in range(AT_RANDOM):
            await traffic(sender, chance.randint(1, 40))
            one = chance.choice((sender, receiver))
            await one.kill()
            await one.start()
        (sender.directory / "stop").touch()
        async with asyncio.timeout(60):
            assert await sender.ends() == 0
    finally:
        for one in (sender, receiver):
            if one.process is not None:
                await one.kill()
    assert sender.deaths + receiver.deaths >= 8 + AT_RANDOM
    await _holds(sender, receiver)


async def _holds(sender: Mortal, receiver: Mortal) -> None:
    promised = acknowledged(sender)
    assert len(promised) == len(set(promised))
    limits, clock = Limits(), SystemClock()
    ours = await Store.open(sender.directory / "gateway.db", limits, clock)
    theirs = await Store.open(receiver.directory / "gateway.db", limits, clock)
    try:
        sent = Counter(await _leaves(ours))
        taken = Counter(await _leaves(theirs))
        ids = {mid for event, mid in sent if event == "sent"}
        assert set(promised) <= ids, "what was acknowledged to a national system is recorded"
        assert {mid for event, mid in taken if event == "received"} == ids, "and it arrived"
        assert set(taken.values()) == {1}, "once"
        assert {mid for event, mid in sent if event == "delivered"} == ids, "and that is proven"
        assert set(sent.values()) == {1}, "once"
        assert await ours.queue_depth("deu-1") == 0
        key = Verifier.parse(KEY.vkey)
        for message_id in ids:
            (here,) = await ours.find_messages(message_id)
            (there,) = await theirs.find_messages(message_id)
            (receipt,) = here.receipts
            assert receipt.note == there.answer, "the receipt is the one that the partner keeps"
            proven = open_receipt(receipt.note, key)
            assert (proven.sha256, proven.leaf_index) == (here.sha256, there.leaf_index)
        assert await ours.integrity() == await theirs.integrity() == []
    finally:
        await ours.close()
        await theirs.close()


async def _leaves(store: Store) -> list[tuple[str, str]]:
    found = [json.loads(leaf) for leaf in await store.leaves(0, store.leaf_count())]
    assert [leaf["seq"] for leaf in found] == list(range(len(found)))
    return [(leaf["ev"], leaf["mid"]) for leaf in found]
