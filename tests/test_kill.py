"""Kill -9 of whole gateways, again and again, while a national system posts: nothing is lost, nothing comes twice."""

from __future__ import annotations

import asyncio
import random
import signal
import ssl
import sys
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import aiohttp
import msgspec
import pytest

from gateway.clock import SystemClock
from gateway.demo.stage import Player, ledger_verifier, set_stage
from gateway.ledger import verify
from gateway.ledger.tiles import WIDTH, TileDirectory

KILLS = 6
POSTERS = 4

EVENT = (
    '<event version="2.0" uid="{uid}" type="a-u-A-M-F-Q" how="m-g" time="{time}" start="{time}" stale="{stale}">'
    '<point lat="52.1" lon="7.6" hae="120.0" ce="10.0" le="20.0"/><detail/></event>'
)


class Gateway:
    """One gateway as a process that may be killed and started again."""

    def __init__(self, player: Player) -> None:
        self.player = player
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "gateway",
            "run",
            cwd=self.player.directory,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )

    async def end(self, number: signal.Signals) -> None:
        assert self.process is not None
        with suppress(ProcessLookupError):
            self.process.send_signal(number)
        await self.process.wait()


class NationalSystem:
    """Posts events and repeats each, under one key, until it has been told that it is durable."""

    def __init__(self, player: Player) -> None:
        self._player = player
        self.acknowledged: dict[str, list[str]] = {}
        """uid to the track_ids of the answer."""
        self.messages: set[str] = set()
        self.stop = asyncio.Event()

    async def run(self) -> None:
        certs = self._player.directory / "certs"
        context = ssl.create_default_context(cafile=str(certs / "ca.pem"))
        context.load_cert_chain(certs / "sensors.client.pem", certs / "sensors.client.key")
        url = f"https://127.0.0.1:{self._player.http_port}/v1/messages/cot"
        timeout = aiohttp.ClientTimeout(total=60)
        async with (
            aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(ssl=context)) as session,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(POSTERS):
                group.create_task(self._post(session, url))

    async def _post(self, session: aiohttp.ClientSession, url: str) -> None:
        while not self.stop.is_set():
            uid = f"uas-{uuid4()}"
            now = SystemClock().now()
            body = EVENT.format(uid=uid, time=now.isoformat(), stale=(now + timedelta(days=365)).isoformat())
            headers = {"Content-Type": "application/cot+xml", "Idempotency-Key": uid}
            while uid not in self.acknowledged:
                try:
                    async with session.post(url, data=body.encode(), headers=headers) as response:
                        answer = msgspec.json.decode(await response.read())
                        assert response.status in (202, 503), answer
                        if response.status == 202:
                            self.acknowledged[uid] = answer["track_ids"]
                            self.messages.update(answer["message_ids"])
                except (aiohttp.ClientError, TimeoutError, OSError):
                    await asyncio.sleep(0.05)


def leaves(player: Player) -> list[dict[str, object]]:
    """Every leaf of a player's published ledger, after it verified."""
    report = verify(player.ledger_directory, ledger_verifier(player))
    assert report.ok, report.findings
    assert report.checkpoint is not None
    size = report.checkpoint.size
    tiles = TileDirectory(player.ledger_directory, size)
    entries = [entry for bundle in range(-(-size // WIDTH)) for entry in tiles.entries(bundle)]
    return [msgspec.json.decode(entry) for entry in entries]


async def wait_until_delivered(player: Player, partner: Player, messages: set[str]) -> None:
    """Until the sender's ledger holds a receipt of `partner` for every message."""
    async with asyncio.timeout(40):
        while True:
            with suppress(Exception):
                delivered = {
                    leaf["mid"]
                    for leaf in leaves(player)
                    if leaf["ev"] == "delivered" and leaf["peer"] == partner.nation.node
                }
                if messages <= delivered:
                    return
            await asyncio.sleep(0.3)


@pytest.mark.timeout(150)
async def test_killing_either_side_loses_nothing_and_delivers_nothing_twice(tmp_path: Path) -> None:
    dice = random.Random(11)
    players = set_stage(tmp_path, SystemClock(), simulation="SIMULATED")
    sender, receiver = Gateway(players[0]), Gateway(players[1])
    await asyncio.gather(sender.start(), receiver.start())
    system = NationalSystem(players[0])
    posting = asyncio.create_task(system.run())
    try:
        for victim in [sender, receiver] * (KILLS // 2):
            seen = len(system.acknowledged)
            async with asyncio.timeout(30):
                while len(system.acknowledged) < seen + 20:  # noqa: ASYNC110 - another task's network traffic
                    await asyncio.sleep(0.02)
            await asyncio.sleep(dice.uniform(0, 0.2))
            await victim.end(signal.SIGKILL)
            await victim.start()
        system.stop.set()
        await posting
        await wait_until_delivered(players[0], players[1], system.messages)
    finally:
        posting.cancel()
        with suppress(asyncio.CancelledError):
            await posting
        await asyncio.gather(sender.end(signal.SIGTERM), receiver.end(signal.SIGTERM))

    assert len(system.acknowledged) > 20 * KILLS
    sent, received = leaves(players[0]), leaves(players[1])
    # Nothing that was acknowledged is lost: its message was sent, and its partner has it
    sent_digests = {str(leaf["mid"]): str(leaf["sha256"]) for leaf in sent if leaf["ev"] == "sent"}
    taken = Counter((str(leaf["mid"]), str(leaf["sha256"])) for leaf in received if leaf["ev"] == "received")
    assert system.messages <= set(sent_digests)
    assert {(mid, sent_digests[mid]) for mid in system.messages} <= set(taken)
    # Nothing is delivered twice, by either ledger's account
    assert set(taken.values()) == {1}
    receipts = Counter(
        leaf["mid"] for leaf in sent if leaf["ev"] == "delivered" and leaf["peer"] == players[1].nation.node
    )
    assert set(receipts.values()) == {1}
    # One event, one track: repeating a key after a crash made no second one
    assert all(len(track_ids) == 1 for track_ids in system.acknowledged.values())
    assert len({track_ids[0] for track_ids in system.acknowledged.values()}) == len(system.acknowledged)
