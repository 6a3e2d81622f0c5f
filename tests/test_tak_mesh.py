"""Multicast situational awareness, in and out: a whole gateway and a device of another's making share a real group."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
import takproto
from lxml import etree

from gateway.clock import SystemClock, utc_text
from gateway.config import load
from gateway.config.policy_starter import simple_policy
from gateway.demo.stage import Player, free_ports, set_stage
from gateway.formats.registry import formats
from gateway.node.assembly import Node
from tests.feeds.test_talk_udp import GROUP, multicast_works
from tests.test_corridor import running, until

DEVICE, DRONE = "ANDROID-mesh", "drone-7"


def event(uid: str, kind: str, *, lat: float, detail: str = "") -> str:
    """One report that is valid for a minute from now."""
    now = SystemClock().now().replace(microsecond=0)
    time, stale = (utc_text(one).replace("000000Z", "000Z") for one in (now, now + timedelta(minutes=1)))
    return (
        f'<event version="2.0" uid="{uid}" type="{kind}" how="m-g" time="{time}" start="{time}" stale="{stale}">'
        f'<point lat="{lat}" lon="7.6" hae="120.0" ce="10.0" le="20.0"/><detail>{detail}</detail></event>'
    )


class Device:
    """A TAK device in the group, on takproto: hears everything, reports itself."""

    def __init__(self, port: int) -> None:
        self._to = (GROUP, port)
        self.heard: list[bytes] = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self._to)
        loopback = socket.inet_aton("127.0.0.1")
        self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + loopback)
        self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, loopback)
        self.socket.setblocking(False)

    async def listen(self) -> None:
        """Keep what comes until cancelled."""
        while True:
            self.heard.append(await asyncio.get_running_loop().sock_recv(self.socket, 65_536))

    def report(self) -> None:
        """Say where we are, in protobuf as a mesh carries it."""
        itself = event(DEVICE, "a-f-G-U-C", lat=52.3, detail='<contact callsign="MESH" endpoint="239.2.3.1:6969:udp"/>')
        self.socket.sendto(bytes(takproto.xml2proto(itself, takproto.TAKProtoVer.MESH)), self._to)

    def drones(self) -> list[bytes]:
        """What was heard of the drone."""
        return [octets for octets in self.heard if DRONE.encode() in octets]


@pytest.fixture
async def mesh(tmp_path: Path) -> AsyncIterator[tuple[Node, Player, Device]]:
    player = set_stage(tmp_path, SystemClock(), simulation="SIMULATED")[0]
    (port,) = free_ports(1)
    head = player.config_path.read_text().partition("\n[link.")[0]
    player.policy_path.write_text(simple_policy())
    player.config_path.write_text(
        f"""{head}
[feed.mesh]
direction = "both"
kind = "udp"
format = "cot"
address = "127.0.0.1:{port}"
group = "{GROUP}"
interface = "127.0.0.1"
source = "sensors"
allow = ["127.0.0.0/8"]
options = {{ role = "mesh" }}
"""
    )
    async with Node(load(player.config_path, formats=formats()).config) as node, running(node):
        device = Device(port)
        listening = asyncio.ensure_future(device.listen())
        yield node, player, device
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        device.socket.close()


async def detect(player: Player, lat: float) -> None:
    """A national drone detector reports over TCP."""
    async with asyncio.timeout(60):
        while True:
            with suppress(ConnectionRefusedError):  # a plain feed listens a moment after its node is ready
                _, writer = await asyncio.open_connection("127.0.0.1", player.detector_port)
                break
            await asyncio.sleep(0.02)
    writer.write(event(DRONE, "a-u-A-M-H-Q", lat=lat).encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()


@pytest.mark.skipif(not multicast_works(), reason="no multicast on loopback here")
async def test_a_mesh_is_heard_and_told_in_the_protocol_that_all_of_it_read(mesh: tuple[Node, Player, Device]) -> None:
    node, player, device = mesh
    await detect(player, 52.1)
    await until(device.drones)
    first = etree.fromstring(device.drones()[0])  # XML: nobody has said yet what he reads
    assert (first.get("type"), first.find("point").get("lat")) == ("a-u-A-M-H-Q", "52.1")

    device.report()
    await until(lambda: any(DEVICE in str(entry.track.identifiers) for entry in node.rooms.picture.query(most=9)[0]))
    heard = len(device.drones())
    await detect(player, 52.2)
    await until(lambda: len(device.drones()) > heard)
    second = device.drones()[-1]
    assert second[:3] == b"\xbf\x01\xbf"
    told = takproto.parse_proto(bytearray(second))
    assert (told.cotEvent.uid, told.cotEvent.lat) == (DRONE, 52.2)
    own = sum(DEVICE.encode() in octets for octets in device.heard)
    assert own == 1, "its own report, given back by the group; the gateway does not repeat it"
