"""The drone wall, over real sockets: a SAPIENT sensor in one nation, a TAK client in the second, a map in the third.

The sensor is built on another's message classes (sapient-msg), the TAK client is pytak with the data package that
`gateway certs tak-client` wrote, the map fetches NVG with a password. Every ledger proves its part of it.
"""

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytak
import pytest
from lxml import etree
from msgspec import Struct
from pytak.client_functions import read_pref_package

from gateway.clock import SystemClock
from gateway.config import load
from gateway.demo.stage import Player, free_ports, ledger_verifier, set_stage
from gateway.feeds.talk import PeerStatus
from gateway.formats.registry import formats
from gateway.ledger import prove_message, verify
from gateway.node.assembly import Node
from gateway.password import hash_password
from tests.simulators.sapient_sensor import SapientSensor
from tests.test_corridor import running, until

PASSWORD = "correct horse"
TAK_UID = "ANDROID-ops"
VILNIUS = (54.6872, 25.2797)
NVG = "{https://tide.act.nato.int/schemas/2012/10/nvg}"
WITHIN_S = 1.0


class Wall(Struct, frozen=True):
    """Three running nodes, and how to reach their national sides."""

    sensing: Player
    commanding: Player
    mapping: Player
    nodes: dict[str, Node]
    sapient_port: int
    package: Path
    map_url: str

    @property
    def tak_peers(self) -> list[PeerStatus]:
        """Who is connected to the TAK feed of the commanding nation."""
        return self.nodes[self.commanding.nation.node].outlets.talks["tak"].peers()


def gateway(player: Player, *arguments: str) -> str:
    """What a command of the node's operator prints."""
    command = [sys.executable, "-m", "gateway", *arguments]
    done = subprocess.run(command, cwd=player.directory, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def add(player: Player, text: str) -> None:
    """Put tables before the links, which end the file."""
    written = player.config_path.read_text().replace('formats = ["asterix", ', 'formats = ["sapient", "asterix", ')
    head, mark, links = written.partition("\n[link.")
    player.config_path.write_text(f"{head}\n{text}{mark}{links}")


@pytest.fixture
async def wall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Wall]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # where pytak unpacks, and leaves, the client's key
    commanding, sensing, mapping = set_stage(tmp_path / "stage", SystemClock(), simulation="SIMULATED")
    sapient_port, tak_port, map_port = free_ports(3)
    add(
        sensing,
        f"""
[feed.wall]
direction = "both"
kind = "tcp-listen"
format = "sapient"
address = "127.0.0.1:{sapient_port}"
source = "sensors"
options = {{ role = "fusion-node" }}
""",
    )
    said = gateway(
        commanding,
        "certs",
        "tak-client",
        "ops",
        "--host",
        "127.0.0.1",
        "--port",
        str(tak_port),
        "--password",
        "atakatak",
    )
    (client,) = (block for block in said.split("\n\n") if "[client.ops]" in block)
    table = client[client.index("[client.ops]") :].split("\n#")[0]
    add(
        commanding,
        f"""
{table}

[feed.tak]
direction = "both"
kind = "tcp-listen"
format = "cot"
address = "127.0.0.1:{tak_port}"
tls = true
clients = ["ops"]
source = "sensors"
""",
    )
    add(
        mapping,
        f"""
[client.hq]
password = "{hash_password(PASSWORD, log2_n=12)}"

[feed.map]
direction = "out"
kind = "http"
format = "nvg"
address = "127.0.0.1:{map_port}"
clients = ["hq"]
""",
    )
    players = (sensing, commanding, mapping)
    async with open_nodes(players) as nodes, running(*nodes.values()):
        (package,) = (commanding.directory / "certs").glob("*.zip")
        yield Wall(sensing, commanding, mapping, nodes, sapient_port, package, f"http://127.0.0.1:{map_port}/nvg")


@asynccontextmanager
async def open_nodes(players: tuple[Player, ...]) -> AsyncIterator[dict[str, Node]]:
    """The players' nodes, assembled, not yet running."""
    if not players:
        yield {}
        return
    loaded = load(players[0].config_path, formats=formats())
    async with Node(loaded.config) as node, open_nodes(players[1:]) as others:
        yield {players[0].nation.node: node, **others}


class TakClient:
    """pytak's reader on the connection that its own reading of the data package opens."""

    def __init__(self, package: Path) -> None:
        self._package = package
        self.events: asyncio.Queue[bytes] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._writer: asyncio.StreamWriter

    async def __aenter__(self) -> TakClient:
        config = {key: value for key, value in read_pref_package(str(self._package)).items() if value}
        reader, self._writer = await pytak.protocol_factory(config)
        hello: asyncio.Queue[bytes] = asyncio.Queue()
        hello.put_nowait(pytak.functions.gen_cot(uid=TAK_UID, cot_type="a-f-G-U-C", lat=52.1, lon=5.1))
        workers = (pytak.RXWorker(self.events, config, reader), pytak.TXWorker(hello, config, self._writer))
        self._tasks = [asyncio.ensure_future(worker.run()) for worker in workers]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._writer.close()
        with suppress(OSError):  # the other side may have been faster
            async with asyncio.timeout(60):
                await self._writer.wait_closed()

    async def next_object(self) -> etree._Element:
        """The next event that tells of an object."""
        while True:
            event = etree.fromstring(await self.events.get())
            if event.get("type", "").startswith("a-"):
                return event


async def fetch_map(wall: Wall) -> bytes:
    headers = {"Authorization": aiohttp.encode_basic_auth("hq", PASSWORD)}
    async with aiohttp.ClientSession(headers=headers) as session, session.get(wall.map_url) as response:
        assert response.status == 200, await response.text()
        return await response.read()


async def seen_on_the_map(wall: Wall) -> etree._Element:
    """The point of the drone, polled as an import subscription would."""
    while True:
        points = etree.fromstring(await fetch_map(wall)).findall(f".//{NVG}point")
        found = [point for point in points if abs(float(point.get("y")) - VILNIUS[0]) < 0.01]
        if found:
            return found[0]
        await asyncio.sleep(0.05)


@pytest.mark.filterwarnings("ignore:ssl.OP_NO:DeprecationWarning")  # pytak's own use of ssl
async def test_a_drone_reaches_a_tak_client_and_a_map_within_a_second_with_what_the_sensor_said(wall: Wall) -> None:
    async with TakClient(wall.package) as client, SapientSensor(port=wall.sapient_port) as sensor:
        await until(lambda: all(link.state == "UP" for node in wall.nodes.values() for link in node.links.values()))
        await until(lambda: [peer.title for peer in wall.tak_peers] == [TAK_UID])  # its hello was heard
        await fetch_map(wall)  # the name and its password are known from here on
        await sensor.register()
        await sensor.status(latitude=54.68, longitude=25.28, altitude=112.0)
        await sensor.detect(
            lat=VILNIUS[0], lon=VILNIUS[1], alt=184.5, east=3.0, north=-4.0, up=1.5, error=6.0, object_id=None
        )
        async with asyncio.timeout(WITHIN_S):
            event, point = await asyncio.gather(client.next_object(), seen_on_the_map(wall))

    # The TAK client of the second nation: an uncrewed aircraft, identity unknown, nothing invented
    assert (event.get("type"), event.get("opex")) == ("a-u-A-M-H-Q", "e")
    place = event.find("point")
    assert float(place.get("lat")) == pytest.approx(VILNIUS[0], abs=1e-6)
    assert float(place.get("lon")) == pytest.approx(VILNIUS[1], abs=1e-6)
    assert float(place.get("hae")) == pytest.approx(184.5, abs=0.01)
    assert float(place.get("ce")) == pytest.approx(6.0, abs=0.01)  # the node declared one sigma, and so does CoT
    motion = event.find("detail/track")  # speed along the path, with its slope (MITRE event schema)
    assert float(motion.get("speed")) == pytest.approx(math.hypot(5.0, 1.5), abs=0.01)
    assert float(motion.get("slope")) == pytest.approx(math.degrees(math.atan2(1.5, 5.0)), abs=0.01)
    assert float(motion.get("course")) == pytest.approx(143.13, abs=0.01)
    # The map of the third nation
    assert point.get("symbol") == "app6d:10110100001104000000"  # exercise, unknown, air, uncrewed rotary wing
    assert float(point.get("x")) == pytest.approx(VILNIUS[1], abs=1e-6)
    assert float(point.get("speed")) == pytest.approx(18.0, abs=0.05)  # km/h in NVG 2.0

    # Every ledger proves its part
    for node in wall.nodes.values():
        await until(lambda node=node: node.ledger.problem is None and settled(node))
    message_id = await sole_message(wall)
    for player in (wall.sensing, wall.commanding, wall.mapping):
        verifier = ledger_verifier(player)
        report = verify(player.ledger_directory, verifier)
        assert report.ok, report
        assert prove_message(player.ledger_directory, verifier, message_id)

    # What each hop lost
    players = (wall.sensing, wall.commanding, wall.mapping)
    sent, received, mapped = [await shown(player, "explain", message_id) for player in players]
    for document in (sent, received, mapped):
        (hop,) = document[0]["tracks"][0]["hops"]
        assert (hop["gateway"], hop["input_format"]) == ("deu-1", "SAPIENT")
    tak, chart = feed_of(received, "tak"), feed_of(mapped, "map")
    assert (tak["client"], tak["shown"], chart["client"], chart["shown"]) == ("ops", True, "hq", True)
    assert {"field": "identity.value", "reason": "NO_CODE"} in tak["losses"]  # nobody declared one
    assert {"field": "platform", "reason": "IMPLIED"} in tak["losses"]  # the code says military
    assert {"field": "sources", "reason": "NO_TARGET"} in chart["losses"]


def feed_of(document: Any, name: str) -> Any:
    """What `gateway explain` says of the first track for one feed."""
    (found,) = (feed for feed in document[0]["tracks"][0]["feeds"] if feed["feed"] == name)
    return found


def settled(node: Node) -> bool:
    checkpoint = node.status.get("ledger")
    return isinstance(checkpoint, dict) and checkpoint["leaves"] == checkpoint["checkpoint_size"]


async def shown(player: Player, *arguments: str) -> Any:
    """What a command prints as JSON, while the nodes go on."""
    return msgspec.json.decode(await asyncio.to_thread(gateway, player, *arguments, "--json"))


async def sole_message(wall: Wall) -> str:
    """Id of the message that the sensing node sent."""
    listed = await shown(wall.sensing, "ledger", "show", "--last", "100")
    (sent,) = {leaf["mid"] for leaf in listed["entries"] if leaf["ev"] == "sent"}
    return str(sent)
