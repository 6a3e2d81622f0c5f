"""Real gateways as processes, two of them linked, watched through their own status; and what feeds and reads them."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import ssl
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import msgspec

from gateway.clock import SystemClock
from gateway.config.policy_starter import simple_policy
from gateway.demo.stage import Player, ledger_verifier, set_stage
from gateway.ledger import verify

READY_S = 30.0
Status = Mapping[str, object]


class Gateway:
    """`gateway run` in a process of its own."""

    def __init__(self, player: Player, *, core: int | None = None) -> None:
        self.player = player
        self._core = core
        self._process: asyncio.subprocess.Process | None = None
        self._session: aiohttp.ClientSession | None = None

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Return once it is ready."""
        with (self.player.directory / "gateway.log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "gateway", "run", cwd=self.player.directory, stdout=log, stderr=log
            )
        if self._core is not None:
            os.sched_setaffinity(self.pid, {self._core})  # threads begun later inherit it
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10.0))
        async with asyncio.timeout(READY_S):
            while not (await self.status()).get("ready"):
                if self._process.returncode is not None:
                    raise RuntimeError((self.player.directory / "gateway.log").read_text(errors="replace")[-2_000:])
                await asyncio.sleep(0.1)

    async def status(self) -> Status:
        """What ``GET /v1/status`` says; empty while it does not answer."""
        assert self._session is not None
        url = f"https://127.0.0.1:{self.player.http_port}/v1/status"
        with suppress(aiohttp.ClientError, TimeoutError, OSError):
            async with self._session.get(url, ssl=self._operator()) as response:
                if response.status == 200:
                    document: Status = msgspec.json.decode(await response.read())
                    return document
        return {}

    def _operator(self) -> ssl.SSLContext:
        node = self.player.nation.node
        return client_tls(self.player, f"{node}.tls")

    async def stop(self) -> None:
        """As an operator would."""
        if self._session is not None:
            await self._session.close()
        if self._process is None or self._process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(20.0):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def cpu_s(self) -> float:
        """CPU time that the process has used, user and system."""
        return cpu_s(self.pid)

    def resident_mb(self) -> float:
        """Resident memory of the process, MB (10**6 octets)."""
        return resident_mb(self.pid)


def cpu_s(pid: int) -> float:
    """CPU time that a process has used, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Resident memory of a process, MB (10**6 octets)."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found.group(1)) * 1024 / 1e6 if found else 0.0


def client_tls(player: Player, stem: str = "sensors.client") -> ssl.SSLContext:
    """A client of one node, with one of its certificates."""
    certs = player.directory / "certs"
    context = ssl.create_default_context(cafile=str(certs / "ca.pem"))
    context.check_hostname = False
    context.load_cert_chain(certs / f"{stem}.pem", certs / f"{stem}.key")
    return context


@asynccontextmanager
async def pair(*, recording: Path | None = None, cores: tuple[int, int] | None = None) -> AsyncIterator[list[Gateway]]:
    """Two linked gateways on a stage of their own, not yet started; stopped at the end.

    The third nation of the stage and the ASTERIX feeds out are struck from the configurations.
    """
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as directory:
        known = (recording, "asterix") if recording is not None else None
        players = set_stage(Path(directory), SystemClock(), simulation="SIMULATED", recording=known)[:2]
        gateways = []
        for index, player in enumerate(players):
            text = player.config_path.read_text()
            player.config_path.write_text(without(without(text, "link.eu-1"), "feed.sector"))
            player.policy_path.write_text(simple_policy([players[1 - index].nation.node]))
            gateways.append(Gateway(player, core=cores[index] if cores else None))
        try:
            yield gateways
        finally:
            await asyncio.gather(*(gateway.stop() for gateway in gateways))


def without(text: str, table: str) -> str:
    """A configuration without one of its tables."""
    return re.sub(rf"(?ms)^\[{re.escape(table)}\]\n.*?(?=^\[|\Z)", "", text)


def corridor(status: Status, name: str) -> int:
    """One of the corridor's counts."""
    counts = status.get("corridor")
    value = counts.get(name, 0) if isinstance(counts, Mapping) else 0
    return value if isinstance(value, int) else 0


def feed(status: Status, name: str) -> Mapping[str, int]:
    """The counts of one feed."""
    feeds = status.get("feeds")
    for one in feeds if isinstance(feeds, list) else []:
        if one["name"] == name:
            return {key: value for key, value in one.items() if isinstance(value, int)}
    return {}


def link(status: Status) -> Mapping[str, int]:
    """The counts of the one link."""
    links = status.get("links")
    found = links[0] if isinstance(links, list) and links else {}
    return {key: value for key, value in found.items() if isinstance(value, int)}


async def account(gateways: Iterable[Gateway]) -> str:
    """Where each gateway stands, in words, for a run that does not come to its end: counts, links, the log's end."""
    told = []
    for gateway in gateways:
        status = await gateway.status()
        counts = {key: status.get(key) for key in ("corridor", "links", "feeds", "store")}
        log = (gateway.player.directory / "gateway.log").read_text(errors="replace")[-1_000:]
        told.append(f"{gateway.player.nation.node}: {msgspec.json.encode(counts).decode()}\n{log}")
    return "\n".join(told)


def ledger_holds(player: Player) -> bool:
    """Whether a stopped node's ledger verifies."""
    return verify(player.ledger_directory, ledger_verifier(player)).ok


class Display:
    """A national system that reads Cursor on Target from a node and does as little as can be."""

    def __init__(self, player: Player) -> None:
        self._port = player.cot_port
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self.chunks: list[tuple[float, bytes]] = []
        """(loop time, octets) as read."""
        self.marks: list[tuple[float, int]] = []
        """(loop time, events until then)."""
        self.events = 0
        self._news = asyncio.Event()
        self._has_ended = False
        self._rest = b""

    async def connect(self) -> None:
        """Open the connection."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 22)

    async def read(self, *, keep: bool) -> None:
        """Count events until the connection ends or this is cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while octets := await self._reader.read(1 << 20):
                joined = self._rest + octets
                self.events += joined.count(b"</event>")
                self._rest = joined[joined.rfind(b"</event>") + 8 :] if b"</event>" in joined else joined
                self._news.set()
                self.marks.append((loop.time(), self.events))
                if keep:
                    self.chunks.append((loop.time(), octets))
        finally:
            self._has_ended = True
            self._news.set()

    async def until(self, events: int) -> None:
        """Return once so many events have come; `RuntimeError` when the connection ends before that."""
        while self.events < events:
            if self._has_ended:
                raise RuntimeError(f"the connection to the display ended after {self.events:,} of {events:,} events")
            self._news.clear()
            await self._news.wait()

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()
