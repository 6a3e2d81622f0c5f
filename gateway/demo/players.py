"""The players as processes: each node is the ordinary command `gateway run`, watched from outside like any other."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import ssl
import sys
from collections.abc import Mapping

import aiohttp
import msgspec

from gateway.demo.stage import Player

READY_S = 60.0
"""Far more than four nodes need on a machine that does nothing else."""
STOP_S = 30.0
POLL_S = 0.25
_LOG = "gateway.log"


class Process:
    """One running node."""

    def __init__(self, player: Player) -> None:
        self.player = player
        self._process: asyncio.subprocess.Process | None = None
        self._session: aiohttp.ClientSession | None = None
        self.status: Mapping[str, object] = {}
        """The last status document; empty before the first."""

    async def start(self) -> None:
        """Start the node; it is ready some time later."""
        with (self.player.directory / _LOG).open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "gateway",
                "run",
                "--config",
                str(self.player.config_path),
                cwd=self.player.directory,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is ours: the nodes are stopped in order
            )
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2.0))

    async def read_status(self) -> None:
        """Ask the node for its status; keeps the last one when it does not answer."""
        assert self._session is not None, "start() comes first"
        address = f"https://127.0.0.1:{self.player.http_port}/v1/status"
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
            async with self._session.get(address, ssl=self._tls()) as response:
                if response.status == 200:
                    self.status = msgspec.json.decode(await response.read())

    async def wait_ready(self) -> None:
        """Return once the node is ready; `TimeoutError` when that takes too long, `RuntimeError` when it died."""
        async with asyncio.timeout(READY_S):
            while not self.status.get("ready"):
                if self._process is not None and self._process.returncode is not None:
                    raise RuntimeError(f"{self.player.nation.node} ended: {self.last_words()}")
                await self.read_status()
                await asyncio.sleep(POLL_S)

    async def wait_linked(self) -> None:
        """Return once every partner is connected; `TimeoutError` when that takes too long."""
        async with asyncio.timeout(READY_S):
            while not is_linked(self.status):
                await asyncio.sleep(POLL_S)
                await self.read_status()

    async def stop(self) -> int:
        """Stop the node as an operator would (SIGTERM); its exit code."""
        if self._session is not None:
            await self._session.close()
        process = self._process
        if process is None:
            return 0
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                return await process.wait()
        except TimeoutError:
            process.kill()
            return await process.wait()

    def last_words(self) -> str:
        """The end of the node's log."""
        path = self.player.directory / _LOG
        return path.read_text(errors="replace")[-600:] if path.exists() else "no log"

    def _tls(self) -> ssl.SSLContext:
        certs, node = self.player.directory / "certs", self.player.nation.node
        context = ssl.create_default_context(cafile=str(certs / "ca.pem"))
        context.check_hostname = False  # the demonstration's own authority signed it, and nobody else's is trusted
        context.load_cert_chain(certs / f"{node}.tls.pem", certs / f"{node}.tls.key")
        return context


def corridor(status: Mapping[str, object], name: str) -> int:
    """One of the corridor's counts; 0 before the first status."""
    counts = status.get("corridor")
    value = counts.get(name, 0) if isinstance(counts, Mapping) else 0
    return value if isinstance(value, int) else 0


def delivered(status: Mapping[str, object]) -> int:
    """Messages that partners have receipted, over all links."""
    links = status.get("links")
    total = 0
    for link in links if isinstance(links, list) else []:
        value = link.get("delivered", 0) if isinstance(link, Mapping) else 0
        total += value if isinstance(value, int) else 0
    return total


def queued(status: Mapping[str, object]) -> int:
    """Messages that wait for partners, over all links."""
    links = status.get("links")
    total = 0
    for link in links if isinstance(links, list) else []:
        value = link.get("queued_messages", 0) if isinstance(link, Mapping) else 0
        total += value if isinstance(value, int) else 0
    return total


def is_linked(status: Mapping[str, object]) -> bool:
    """Whether all links are up."""
    links = status.get("links")
    return isinstance(links, list) and all(isinstance(link, Mapping) and link.get("state") == "UP" for link in links)


def latency(status: Mapping[str, object], quantile: str) -> str:
    """A latency quantile in milliseconds as text; a dash before the first message."""
    readings = status.get("latency_ms")
    value = readings.get(quantile) if isinstance(readings, Mapping) else None
    return f"{value:.0f} ms" if isinstance(value, int | float) else "-"
