"""The demonstration from curtain to curtain: set the stage, run four nodes, show them live, stop, verify, prove."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table

from gateway.clock import Clock, SystemClock
from gateway.demo.chart import Chart, fetch_chart
from gateway.demo.evidence import Evidence, examine
from gateway.demo.players import READY_S, Process, corridor, delivered, latency, queued
from gateway.demo.policy_evidence import examine_policies
from gateway.demo.sample import SAMPLE, write_sample
from gateway.demo.stage import CAST, MAP_CLIENT, NATIONS, REAL, SIMULATED, Player, set_stage
from gateway.demo.tak_client import TakClient
from gateway.demo.traffic import Sensors, Systems
from gateway.demo.wall import Wall
from gateway.demo.wall_evidence import examine_wall

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
SETTLE_S = 30.0
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
    players = set_stage(root, clock, simulation=simulation, recording=recording, drones=True, cast=CAST)
    write_sample(players[0], clock)
    cast = _Cast(players, clock, is_simulated=recording is None)
    _introduce(root, players, console)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as group:
        # Who listens is there before the first track
        listening = [group.create_task(one, name="listener") for one in (cast.systems.run(), cast.tak.run())]
        try:
            for process in reversed(cast.processes):  # the one that replays a recording starts last
                await process.start()
            for process in cast.processes:
                await process.wait_ready()
            await cast.wait_connected()
            feeding = [group.create_task(one, name="sensors") for one in cast.feeding()]
            await _play(cast, feeding, seconds, stop, console, simulation)
            chart = await fetch_chart(players[2])
        finally:
            for task in listening:
                task.cancel()
            for process in cast.processes:
                code = await process.stop()
                if code:
                    console.print(f"[red]{process.player.nation.node} ended with exit code {code}[/]")
                    console.print(process.last_words(), markup=False)
    evidence = await asyncio.to_thread(examine, players)
    if cast.wall is not None:
        evidence = evidence.joined(await examine_wall(players, claims=cast.wall.claims))
    kept = await asyncio.to_thread(examine_policies, players, clock.now(), is_simulated=recording is None)
    evidence = evidence.joined(kept)
    _report(evidence, cast, chart, console)
    return evidence.holds and not chart.fault and cast.is_seen


class _Cast:
    """The nodes, what feeds them, and who looks at what they show."""

    def __init__(self, players: list[Player], clock: Clock, *, is_simulated: bool) -> None:
        self.players = players
        self.processes = [Process(player) for player in players]
        self.systems = Systems(players)
        self.sensors = Sensors(players[0], players[1], clock) if is_simulated else None
        self.wall = Wall(players[1], clock) if is_simulated else None
        said_at = self.wall.said_at if self.wall is not None else {}
        self.tak = TakClient(players[0], clock, said_at=said_at, is_heard=is_simulated)

    def feeding(self) -> list[Coroutine[None, None, None]]:
        """What brings tracks in; nothing where a recording does."""
        return [one.run() for one in (self.sensors, self.wall) if one is not None]

    async def wait_connected(self) -> None:
        """Until the TAK client is in and, where sensors speak, every link is up: the first detection waits for nobody.

        A recording is on its way already, and its node need not be waited for.
        """
        async with asyncio.timeout(READY_S):
            await self.tak.connected.wait()
        if self.wall is not None:
            await asyncio.gather(*(process.wait_linked() for process in self.processes))

    @property
    def is_seen(self) -> bool:
        """Whether the TAK client saw the SAPIENT node's detections, if there were any."""
        return self.wall is None or not self.wall.said_at or bool(self.tak.delays_s)


def _introduce(root: Path, players: list[Player], console: Console) -> None:
    console.print(
        f"Four gateways on loopback, each with keys and a release policy of its own, below {root}", soft_wrap=True
    )
    for player in players:
        console.print(f"  {player.nation.node:<6} {player.nation.title}", highlight=False)
    for what, how in _doors(players):
        console.print(f"  {what:<16} {how}", markup=False, highlight=False, soft_wrap=True)


def _doors(players: list[Player]) -> list[tuple[str, str]]:
    """Where people can look while the nodes run."""
    first, _, third, *_ = players
    return [
        ("TAK clients", f"127.0.0.1:{first.tak_port} (TCP), at {first.nation.node}"),
        ("the map", f"curl --user {MAP_CLIENT}:{third.map_password} {third.map_url}"),
    ]


async def _play(
    cast: _Cast,
    feeding: list[asyncio.Task[None]],
    seconds: float,
    stop: asyncio.Event,
    console: Console,
    simulation: str,
) -> None:
    """The live table, for so long or until `stop`; then the traffic ends, and nothing is left under way."""
    ended = asyncio.get_running_loop().time() + seconds

    def picture() -> Table:
        left = max(0.0, ended - asyncio.get_running_loop().time())
        return _table(cast, simulation, left)

    with Live(picture(), console=console, refresh_per_second=4, transient=False) as live:
        while not stop.is_set() and asyncio.get_running_loop().time() < ended:
            await _watch(cast.processes, live, picture)
        for task in feeding:
            task.cancel()
        cast.tak.hush()
        await _settle(cast.processes, live, picture)


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


def _table(cast: _Cast, simulation: str, left_s: float) -> Table:
    title = f"{simulation} traffic, {left_s:.0f} s left"
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 1, 0, 0))
    table.add_column("node", no_wrap=True)
    for name in _COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for process in cast.processes:
        status, node = process.status, process.player.nation.node
        table.add_row(
            node,
            str(corridor(status, "tracks_received")),
            str(corridor(status, "tracks_released")),
            str(corridor(status, "messages_signed") + corridor(status, "messages_relayed")),
            str(delivered(status)),
            str(corridor(status, "messages_verified")),
            str(corridor(status, "tracks_accepted")),
            latency(status, "p50"),
            str(cast.systems.events[node]),
            str(cast.systems.records[node]),
        )
    table.caption, table.caption_justify, table.caption_style = "\n".join(_wall_lines(cast)), "left", ""
    return table


def _wall_lines(cast: _Cast) -> list[str]:
    """What the drone wall says, who sees it, and who passes it on."""
    lines = [f"TAK client at {cast.players[0].nation.node}: {cast.tak.summary()}"]
    wall = cast.wall
    if wall is not None:
        said = f"SAPIENT {len(wall.said_at)} by place, {wall.bearings} by bearing alone; Remote ID {wall.claims}"
        lines.insert(0, f"drone wall at {cast.players[1].nation.node}: {said}")
    agency, civil = cast.processes[2], cast.players[3].nation.node
    passed_on = corridor(agency.status, "messages_relayed")
    return [*lines, f"passed on by {agency.player.nation.node} to {civil}, with less in them: {passed_on} messages"]


def _report(evidence: Evidence, cast: _Cast, chart: Chart, console: Console) -> None:
    players = cast.players
    console.print()
    map_line = f"map of {players[2].nation.node}: {chart}"
    complaints = [f"SAPIENT error: {words}" for words in cast.wall.complaints[:3]] if cast.wall is not None else []
    for line in (map_line, *complaints, *evidence.lines):
        console.print(line, markup=False, highlight=False, soft_wrap=line.startswith("  "))
    for node, sample in cast.systems.samples.items():
        if node == NATIONS[2].node:
            console.print(f"\nAn allied track as {node}'s display got it:", highlight=False)
            console.print(sample.decode(errors="replace").strip(), markup=False, highlight=False, soft_wrap=True)
    first, second, third, *_ = players
    tak, chart_door = (how for _, how in _doors(players))
    told = f"{first.directory / SAMPLE} --format asterix --source sensors --to {third.nation.node}"
    console.print("\nTry next:", style="bold")
    for command in (
        f"gateway ledger show --config {first.config_path}",
        *evidence.commands,
        f"gateway policy explain {told} --config {first.config_path}",
        f"gateway policy lint --config {second.config_path}    # and read {second.policy_path}",
        f"gateway run --config {first.config_path}    # then connect a TAK client to {tak}",
        f"gateway run --config {third.config_path}     # then {chart_door}",
        "gateway demo --seconds 600                  # the same live: it says where to connect",
        "gateway translate FILE --from asterix --to cot --losses",
        "gateway demo --input FILE --format asterix",
        "gateway init",
    ):
        console.print(f"  {command}", markup=False, highlight=False, soft_wrap=True)
