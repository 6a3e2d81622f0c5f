"""A TAK server's work: events of one client to another, through one gateway, through taky, and through two gateways."""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
import uvloop
from msgspec import Struct

from gateway.config.policy_starter import simple_policy
from gateway.demo.stage import free_ports
from tests.bench import peers, rig
from tests.bench.harness import REPEATS, Peer, Row, Target
from tests.data import ROOT

EVENTS, QUICK_EVENTS = 100_000, 20_000
LOAD_S = 240.0
SERVER_CORE, LOAD_CORE = 0, 1
TAKY = """\
[taky]
hostname = localhost
bind_ip = 127.0.0.1
redis = False
root_dir = {directory}
[cot_server]
port = {port}
[dp_server]
upload_path = {directory}/packages
[ssl]
enabled = False
"""
FEED = """
[feed.tak]
direction = "both"
kind = "tcp-listen"
format = "cot"
source = "sensors"
address = "127.0.0.1:{port}"
"""


class Passage(Struct, frozen=True, kw_only=True):
    """One run of the load."""

    rate: float
    """Events a second, from the first write to the last event read."""
    lost: int
    cpu_us: float = 0.0
    """CPU time of the server for each event."""
    memory_mb: float
    """Resident memory of the server at the end; of the larger one of two gateways."""


def run(*, quick: bool) -> list[Row]:
    """The relay beside taky, its memory, and the corridor between two TAK clients."""
    events = QUICK_EVENTS if quick else EVENTS
    ours: list[Passage] = []
    theirs: list[Passage] = []
    both: list[Passage] = []
    taky, why = peers.python()
    for _ in range(1 if quick else REPEATS):  # in turns, so that all see the same machine
        ours.append(uvloop.run(_relay(events)))
        if taky is not None:
            theirs.append(uvloop.run(_taky(taky, events)))
        both.append(uvloop.run(_corridor(events)))
    peer = [_peer(theirs, "rate", why)]
    load = f"one sender, one receiver, plain TCP, {events:,} events of 475 octets, 250 aircraft"
    return [
        Row(
            stage="TAK relay",
            value=_median(ours, "rate"),
            unit="events/s",
            peers=tuple(peer),
            target=Target(value=1.0, of="peer", peer="taky"),
            note=f"{load}; server on one core, load on the other; lost: ours {_worst(ours)}, taky {_worst(theirs)}; "
            "ours decodes to tracks, keeps a picture and encodes again; taky routes",
        ),
        Row(
            stage="TAK relay, CPU",
            value=_median(ours, "cpu_us"),
            unit="us/event",
            faster_is_more=False,
            peers=(_peer(theirs, "cpu_us", why),),
            note="CPU time of the server in the same runs, which is what remains comparable on a busy machine",
        ),
        Row(
            stage="TAK relay, memory",
            value=_median(ours, "memory_mb"),
            unit="MB",
            faster_is_more=False,
            peers=(_peer(theirs, "memory_mb", why),),
            target=Target(value=0.5, of="peer", peer="taky"),
            note="resident at the end of the relay; at most twice taky's is asked",
        ),
        Row(
            stage="TAK through two gateways",
            value=_median(both, "rate"),
            unit="events/s",
            note=f"{load}; signed, ledgered, sent over mutual TLS, verified, receipted; two gateways and the load on "
            f"all cores; lost: {_worst(both)}",
        ),
    ]


def _median(passages: list[Passage], what: str) -> float:
    return statistics.median(getattr(one, what) for one in passages)


def _worst(passages: list[Passage]) -> str:
    return f"{max((one.lost for one in passages), default=0):,}"


def _peer(passages: list[Passage], what: str, why: str) -> Peer:
    return (
        Peer(name="taky", value=_median(passages, what), note="version 0.10")
        if passages
        else Peer(name="taky", note=why)
    )


async def _load(send: int, receive: int, events: int, *, core: int | None) -> tuple[float, int]:
    """(events a second, events lost)."""
    command = [sys.executable, "-m", "tests.bench.tak_load", str(send), str(receive), str(events)]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    if core is not None:
        os.sched_setaffinity(process.pid, {core})
    try:
        async with asyncio.timeout(LOAD_S):
            said, _ = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    answer = msgspec.json.decode(said)
    return answer["rate"], events - int(answer["received"])


async def _watched(pid: int, port: int, events: int) -> Passage:
    """The load through one server."""
    before = rig.cpu_s(pid)
    rate, lost = await _load(port, port, events, core=LOAD_CORE)
    cpu_us = 1e6 * (rig.cpu_s(pid) - before) / events
    return Passage(rate=rate, lost=lost, cpu_us=cpu_us, memory_mb=rig.resident_mb(pid))


async def _relay(events: int) -> Passage:
    async with rig.pair(cores=(SERVER_CORE, LOAD_CORE)) as (gateway, _):
        port = open_tak(gateway, links=False)
        await gateway.start()
        passage = await _watched(gateway.pid, port, events)
        await gateway.stop()
        return passage


async def _corridor(events: int) -> Passage:
    async with rig.pair() as (sender, receiver):
        ports = [open_tak(gateway, links=True) for gateway in (sender, receiver)]
        await asyncio.gather(sender.start(), receiver.start())
        rate, lost = await _load(ports[0], ports[1], events, core=None)
        memory = max(sender.resident_mb(), receiver.resident_mb())
        async with asyncio.timeout(LOAD_S):
            while rig.link(status := await sender.status()).get("queued_messages"):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.2)
        await asyncio.gather(sender.stop(), receiver.stop())
        assert rig.corridor(status, "tracks_signed") >= events, status
        assert rig.ledger_holds(sender.player)
        assert rig.ledger_holds(receiver.player)
        return Passage(rate=rate, lost=lost, memory_mb=memory)


def open_tak(gateway: rig.Gateway, *, links: bool) -> int:
    """Give a gateway that is not running yet a TAK endpoint on a port of its own."""
    (port,) = free_ports(1)
    path = gateway.player.config_path
    text = path.read_text() if links else rig.without(path.read_text(), "link.deu-1")
    if not links:
        gateway.player.policy_path.write_text(simple_policy())
    head, mark, tail = text.partition("\n[link.")
    path.write_text(head + FEED.format(port=port) + mark + tail)
    return port


async def _taky(interpreter: Path, events: int) -> Passage:
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as directory:
        (port,) = free_ports(1)
        config = Path(directory) / "taky.conf"
        config.write_text(TAKY.format(directory=directory, port=port))
        async with _server([str(interpreter.with_name("taky")), "-c", str(config)], directory, port) as pid:
            return await _watched(pid, port, events)


@asynccontextmanager
async def _server(command: list[str], directory: str, port: int) -> AsyncIterator[int]:
    """A server's process that listens; ended afterwards."""
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, cwd=directory, stdout=quiet, stderr=quiet)
    os.sched_setaffinity(process.pid, {SERVER_CORE})
    try:
        async with asyncio.timeout(rig.READY_S):
            while True:
                with suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                await asyncio.sleep(0.1)
        yield process.pid
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        try:
            async with asyncio.timeout(5.0):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
