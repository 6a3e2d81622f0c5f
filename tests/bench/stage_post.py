"""Single-track POSTs over mutual TLS: one gateway on one core, the load generator on the other."""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import uvloop

from gateway.demo.stage import Player
from tests.bench import corpora, load, rig
from tests.bench.harness import REPEATS, Row, Target, quantile
from tests.data import ROOT

CLIENTS, OBJECTS = 256, 1_000
OPEN_RATE = 500.0


def run(*, quick: bool) -> list[Row]:
    """Throughput of a closed loop, p99 of an open one."""
    return uvloop.run(_run(seconds=2.0 if quick else 6.0, repeats=1 if quick else REPEATS))


async def _run(*, seconds: float, repeats: int) -> list[Row]:
    cores = sorted(os.sched_getaffinity(0))
    server, own = cores[0], cores[-1]
    os.sched_setaffinity(0, {own})
    rates, floors, p50, p99, floor_p99 = [], [], [], [], []
    bad = 0
    for _ in range(repeats):
        async with rig.pair(cores=(server, server)) as (gateway, _):
            async with echo(gateway.player, server):
                floor_rate, floor_waits, _ = await _both(gateway.player, seconds)
            await gateway.start()
            rate, waits, refused = await _both(gateway.player, seconds)
            status = await gateway.status()
        assert rig.corridor(status, "failures") == 0, status
        bad += refused
        rates.append(rate)
        floors.append(floor_rate)
        p50.append(1e3 * quantile(waits, 0.5))
        p99.append(1e3 * quantile(waits, 0.99))
        floor_p99.append(1e3 * quantile(floor_waits, 0.99))
    assert not bad, f"{bad} POSTs were refused"
    floor = "bare aiohttp server over the same TLS that answers 202"
    return [
        Row(
            stage="POST, one track, closed loop",
            value=statistics.median(rates),
            unit="POSTs/s",
            floor=statistics.median(floors),
            floor_name=floor,
            target=Target(value=2_500),
            note=f"{CLIENTS} keep-alive connections, CoT bodies; decoded, signed, ledgered and on disk when answered",
        ),
        Row(
            stage="POST, one track, 500/s, p99",
            value=statistics.median(p99),
            unit="ms",
            faster_is_more=False,
            floor=statistics.median(floor_p99),
            floor_name=floor,
            target=Target(value=50),
            note=f"open loop, from the due time; p50 {statistics.median(p50):.1f} ms; up to 20 ms wait for company",
        ),
    ]


async def _both(player: Player, seconds: float) -> tuple[float, list[float], int]:
    """Closed and open loop against whatever listens on the player's port."""
    clients = await load.connections(player.http_port, rig.client_tls(player), CLIENTS)
    try:
        make = requests()
        await load.closed_loop(clients, make, seconds=1.0)
        rate, bad = await load.closed_loop(clients, make, seconds=seconds)
        waits, worse = await load.open_loop(clients, make, rate=OPEN_RATE, seconds=seconds)
    finally:
        for client in clients:
            client.close()
    return rate, waits, bad + worse


def requests() -> Callable[[int], bytes]:
    """Makes the n-th request; the times in it are now."""
    turn = 0
    stamp = stale = ""

    def make(number: int) -> bytes:
        nonlocal turn, stamp, stale
        if turn % 500 == 0:
            now = datetime.now(UTC)
            stamp, stale = f"{now:%FT%T.%fZ}", f"{now + timedelta(seconds=60):%FT%TZ}"
        turn += 1
        body = corpora.event(turn % OBJECTS, turn // OBJECTS, stamp, stale)
        return load.post("/v1/messages/cot", body, "application/cot+xml")

    return make


class echo:  # noqa: N801 - used as a context manager
    """The bare server in a process of its own."""

    def __init__(self, player: Player, core: int) -> None:
        self._player, self._core = player, core

    async def __aenter__(self) -> None:
        player = self._player
        arguments = ("-m", "tests.bench.echo", str(player.directory / "certs"), player.nation.node)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, str(player.http_port), cwd=ROOT, stdin=asyncio.subprocess.PIPE
        )
        os.sched_setaffinity(self._process.pid, {self._core})
        for _ in range(200):
            try:
                clients = await load.connections(player.http_port, rig.client_tls(player), 1)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                clients[0].close()
                return
        raise RuntimeError("the bare server did not start")

    async def __aexit__(self, *_: object) -> None:
        self._process.terminate()
        await self._process.wait()
