"""The demonstration from curtain to curtain: set the stage, run three nodes, show them live, stop, verify, prove."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table

from gateway.clock import Clock, SystemClock
from gateway.demo.evidence import Evidence, examine
from gateway.demo.players import Process, corridor, delivered, latency, queued
from gateway.demo.stage import NATIONS, REAL, SIMULATED, Player, set_stage
from gateway.demo.traffic import Sensors, Systems

REFRESH_S = 0.5
_COLUMNS = (
    "tracks\nin",
    "tracks\nreleased",
    "messages\nsigned",
    "signed\nreceipts",
    "messages\nverified",
    "tracks\naccepted",
    "latency\np50",
    "CoT\nout",
    "CAT062\nblocks",
)
SETTLE_S = 8.0
"""Longest that the nodes are given to deliver what is under way before they are stopped."""


async def demonstrate(
    *,
    seconds: float,
    recording: tuple[Path, str] | None = None,
    directory: Path | None = None,
    console: Console | None = None,
    clock: Clock | None = None,
) -> bool:
    """Run the demonstration; whether every promise held. Ctrl-C ends it earlier and just as cleanly."""
    clock, console = clock or SystemClock(), console or Console()
    root = directory or Path(tempfile.mkdtemp(prefix="gateway-demo-"))
    simulation = REAL if recording else SIMULATED
    players = set_stage(root, clock, simulation=simulation, recording=recording)
    processes = [Process(player) for player in players]
    systems = Systems(players)
    sensors = Sensors(players[0], players[1], clock) if recording is None else None
    console.print(f"Three gateways on loopback, each with keys of its own, below {root}", soft_wrap=True)
    for player in players:
        console.print(f"  {player.nation.node:<6} {player.nation.title}", highlight=False)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(systems.run(), name="national systems")  # before the first track
        try:
            for process in reversed(processes):  # the one that replays a recording starts last
                await process.start()
            for process in processes:
                await process.wait_ready()
            feeding = group.create_task(sensors.run(), name="sensors") if sensors is not None else None
            await _play(processes, feeding, systems, seconds, stop, console, simulation)
        finally:
            listening.cancel()
            for process in processes:
                code = await process.stop()
                if code:
                    console.print(f"[red]{process.player.nation.node} ended with exit code {code}[/]")
                    console.print(process.last_words(), markup=False)
    evidence = await asyncio.to_thread(examine, players)
    _report(evidence, players, systems, console)
    return evidence.holds


async def _play(
    processes: list[Process],
    feeding: asyncio.Task[None] | None,
    systems: Systems,
    seconds: float,
    stop: asyncio.Event,
    console: Console,
    simulation: str,
) -> None:
    """The live table, for so long or until `stop`; then the traffic ends, and nothing is left under way."""
    ended = asyncio.get_running_loop().time() + seconds

    def picture() -> Table:
        left = max(0.0, ended - asyncio.get_running_loop().time())
        return _table(processes, systems, simulation, left)

    with Live(picture(), console=console, refresh_per_second=4, transient=False) as live:
        while not stop.is_set() and asyncio.get_running_loop().time() < ended:
            await _watch(processes, live, picture)
        if feeding is not None:
            feeding.cancel()
        await _settle(processes, live, picture)


async def _watch(processes: list[Process], live: Live, picture: Callable[[], Table]) -> None:
    await asyncio.gather(*(process.read_status() for process in processes))
    live.update(picture())
    await asyncio.sleep(REFRESH_S)


async def _settle(processes: list[Process], live: Live, picture: Callable[[], Table]) -> None:
    """Until every node has delivered everything, twice in a row, or the time is up."""
    quiet = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SETTLE_S):
            while quiet < 3:
                await _watch(processes, live, picture)
                quiet = quiet + 1 if all(queued(process.status) == 0 for process in processes) else 0


def _table(processes: list[Process], systems: Systems, simulation: str, left_s: float) -> Table:
    title = f"{simulation} traffic, {left_s:.0f} s left"
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 1, 0, 0))
    table.add_column("node", no_wrap=True)
    for name in _COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for process in processes:
        status, node = process.status, process.player.nation.node
        table.add_row(
            node,
            str(corridor(status, "tracks_received")),
            str(corridor(status, "tracks_released")),
            str(corridor(status, "messages_signed")),
            str(delivered(status)),
            str(corridor(status, "messages_verified")),
            str(corridor(status, "tracks_accepted")),
            latency(status, "p50"),
            str(systems.events[node]),
            str(systems.records[node]),
        )
    return table


def _report(evidence: Evidence, players: list[Player], systems: Systems, console: Console) -> None:
    console.print()
    for line in evidence.lines:
        console.print(line, markup=False, highlight=False)
    for node, sample in systems.samples.items():
        if node == NATIONS[2].node:
            console.print(f"\nAn allied track as {node}'s display got it:", highlight=False)
            console.print(sample.decode(errors="replace").strip(), markup=False, highlight=False, soft_wrap=True)
    first = players[0]
    console.print("\nTry next:", style="bold")
    for command in (
        f"gateway ledger show --config {first.config_path}",
        *evidence.commands,
        f"gateway run --config {first.config_path}",
        "gateway translate FILE --from asterix --to cot --losses",
        "gateway demo --input FILE --format asterix",
        "gateway init",
    ):
        console.print(f"  {command}", markup=False, highlight=False, soft_wrap=True)
