"""Assembled gateways for tests that are not asynchronous themselves: real nodes in a thread with a loop of its own."""

from __future__ import annotations

import asyncio
import re
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.client import HTTPSConnection
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, TypeVar

import msgspec

from gateway.clock import SystemClock
from gateway.config import load
from gateway.config.policy_starter import simple_policy
from gateway.demo.stage import Player, set_stage
from gateway.feeds.tcp_in import TcpListenFeed
from gateway.feeds.tcp_out import TcpListenOutlet
from gateway.node.assembly import Node
from gateway.track import Identifier, Position, State, Status, Track
from tests.test_corridor import running

T = TypeVar("T")
WAIT_S = 60.0


class Reply(NamedTuple):
    """One HTTP answer, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Door:
    """A keep-alive caller of one HTTP door over mutual TLS; connects again when it was hung up on."""

    def __init__(self, port: int, *, ca: Path, certificate: Path, key: Path) -> None:
        self._context = ssl.create_default_context(cafile=str(ca))
        self._context.load_cert_chain(certificate, key)
        self._connection = HTTPSConnection("127.0.0.1", port, context=self._context, timeout=WAIT_S)

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        """The answer; `headers` name themselves with underscores for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            return self._ask(method, path, body, named)
        except (ConnectionError, ssl.SSLError):  # it had hung up on us, which is its right
            return self._ask(method, path, body, named)

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        try:
            self._connection.request(method, path, body=body, headers=headers)
            answer = self._connection.getresponse()
            return Reply(answer.status, dict(answer.headers.items()), answer.read())
        except BaseException:
            self._connection.close()
            raise

    def post(self, path: str, body: bytes, media_type: str, **headers: str) -> Reply:
        return self.call("POST", path, body, Content_Type=media_type, **headers)

    def close(self) -> None:
        self._connection.close()


class Assembly:
    """Running nodes, and doors to them."""

    def __init__(self, players: list[Player], nodes: list[Node], loop: asyncio.AbstractEventLoop) -> None:
        self.players = players
        self.nodes = nodes
        self._loop = loop
        self._doors: dict[tuple[str, int], Door] = {}

    def do(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine that runs in the nodes' loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(WAIT_S)

    def until(self, condition: Callable[[], object]) -> None:
        """Wait until `condition` holds; what it waits for is real I/O of the nodes."""

        async def wait() -> None:
            async with asyncio.timeout(WAIT_S - 1):
                while not condition():  # noqa: ASYNC110 - what is awaited has no event of its own
                    await asyncio.sleep(0.01)

        self.do(wait())

    def until_async(self, condition: Callable[[], Coroutine[Any, Any, bool]]) -> None:
        """`until`, for a condition that has to ask a node."""

        async def wait() -> None:
            async with asyncio.timeout(WAIT_S - 1):
                while not await condition():  # noqa: ASYNC110 - what is awaited has no event of its own
                    await asyncio.sleep(0.01)

        self.do(wait())

    def national(self, index: int) -> Door:
        """The national door of a node, as its configured source calls it."""
        player = self.players[index]
        certs = player.directory / "certs"
        return self._door("national", player.http_port, certs / "ca.pem", certs / "sensors.client")

    def operator(self, index: int) -> Door:
        """The national door of a node, as its own operator calls it."""
        player = self.players[index]
        certs = player.directory / "certs"
        return self._door("operator", player.http_port, certs / "ca.pem", certs / f"{player.nation.node}.tls")

    def partner(self, index: int, caller: int) -> Door:
        """The partner door of a node, as another node calls it."""
        player, other = self.players[index], self.players[caller]
        identity = other.directory / "certs" / f"{other.nation.node}.tls"
        return self._door("partner", player.links_port, player.directory / "certs" / "ca.pem", identity)

    def _door(self, kind: str, port: int, ca: Path, identity: Path) -> Door:
        found = self._doors.get((kind, port))
        if found is None:
            certificate, key = identity.with_name(f"{identity.name}.pem"), identity.with_name(f"{identity.name}.key")
            found = self._doors[kind, port] = Door(port, ca=ca, certificate=certificate, key=key)
        return found

    def assert_well(self) -> None:
        """No node met a bug, restarted a task, or stopped being ready."""
        for index, node in enumerate(self.nodes):
            assert node.is_ready
            assert node.supervisor.bugs == 0
            assert {task.name: task.restarts for task in node.supervisor.tasks if task.restarts} == {}
            assert node.counts.failures == 0
            assert self.national(index).call("GET", "/healthz/ready").status == 200

    def close(self) -> None:
        for door in self._doors.values():
            door.close()


@contextmanager
def assembled(
    root: Path,
    *,
    count: int,
    edit: Callable[[Player, str], str] | None = None,
    recording: tuple[Path, str] | None = None,
    policy: Callable[[Player], str] | None = None,
) -> Iterator[Assembly]:
    """The first `count` nodes of the demonstration's stage, running; `edit` changes a player's configuration text.

    Their policies release everything to the links that are left, without personal data, and accept everything; or they
    are what `policy` gives.
    """
    players = set_stage(root, SystemClock(), simulation="SIMULATED", recording=recording)
    for player in players[:count]:
        if edit is not None:
            player.config_path.write_text(edit(player, player.config_path.read_text()))
        links = re.findall(r"^\[link\.([a-z0-9-]+)\]$", player.config_path.read_text(), re.MULTILINE)
        player.policy_path.write_text(simple_policy(links) if policy is None else policy(player))
    with _Thread([load(player.config_path).config for player in players[:count]]) as thread:
        assembly = Assembly(players, thread.nodes, thread.loop)
        try:
            yield assembly
        finally:
            assembly.close()


def of_two(player: Player, text: str) -> str:
    """The configuration of one of the first two players without the third: who calls an absent partner waits with
    jitter, and hypothesis takes another thread's use of `random` for its own."""
    head, *links = text.split("\n[link.")
    other = "nld-1" if player.nation.node == "deu-1" else "deu-1"
    (link,) = [link for link in links if link.startswith(f"{other}]")]
    return f"{head}\n[link.{link}"


class _Thread:
    """Runs nodes until it is left."""

    def __init__(self, configs: list[Any]) -> None:
        self._configs = configs
        self.nodes: list[Node] = []
        self.loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> _Thread:
        self._thread.start()
        assert self._ready.wait(WAIT_S)
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(WAIT_S)
        assert not self._thread.is_alive()
        self.loop.close()

    def _run(self) -> None:
        try:
            self.loop.run_until_complete(self._serve([]))
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
        except BaseException as error:  # handed to the thread that waits
            self._failure = error
            self._ready.set()

    async def _serve(self, open_: list[Node]) -> None:
        """Open one node within another, then run them all."""
        if len(open_) < len(self._configs):
            async with Node(self._configs[len(open_)]) as node:
                await self._serve([*open_, node])
            return
        self.nodes = open_
        async with running(*open_):
            async with asyncio.timeout(WAIT_S - 1):
                while not all(map(_listens, open_)):  # noqa: ASYNC110 - feeds open after the doors, without an event
                    await asyncio.sleep(0.01)
            self._ready.set()
            await self._stop.wait()


def _listens(node: Node) -> bool:
    """Whether every feed to which others connect can be connected to."""
    for feed in (*node.feeds.values(), *(outlet for _, outlet in node.outlets.plain())):
        if isinstance(feed, TcpListenFeed | TcpListenOutlet):
            try:
                assert feed.address
            except AssertionError:
                return False
    return True


def aircraft(number: int = 1, *, at: datetime | None = None) -> Track:
    """One airliner that every format can express, told apart by its number (1 to 4000)."""
    now = at or SystemClock().now()
    return Track(
        track_id=f"00000000-0000-4000-8000-{number:012d}",
        identifiers=(
            Identifier("system_track", f"70/16/{number}"),
            Identifier("icao24", f"{0x484000 + number:06x}"),
            Identifier("mode3a", "2613"),
            Identifier("callsign", f"TEST{number}"),
        ),
        status=Status(confirmed=True, simulated=True),
        state=State(
            time=now.replace(microsecond=0),
            stale_at=now + timedelta(minutes=5),
            position=Position(latitude_deg=52.125, longitude_deg=7.625),
            altitude_hae_m=9144.0,
            altitude_baro_m=9144.0,
            course_deg=90.0,
            ground_speed_mps=230.0,
            vertical_rate_mps=0.0,
        ),
    )
