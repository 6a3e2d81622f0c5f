"""Sensors that converse or send datagrams: nothing of who saw it, and of where that stands, reaches a partner for whom
the rule takes it out. A SAPIENT sensor node over its conversation, a radar and a track server over UDP."""

from __future__ import annotations

import asyncio
import socket
from base64 import b64encode
from collections.abc import Iterator

import pytest

from gateway.clock import SystemClock
from gateway.demo.stage import Player, free_ports
from gateway.formats.asterix import block
from gateway.node.assembly import Node
from gateway.track import Track
from tests.assembled import Assembly, assembled
from tests.formats.asterix.making import octets_048, octets_062
from tests.simulators.sapient_sensor import SapientSensor, new_ulid
from tests.test_nothing_leaks import BASE, RULES

NODE_ID, OBJECT_ID = "ca0a1234-0000-4000-8000-00000000beef", new_ulid()
SENSOR, MODE = "canarysensor", "canarymode"
TRACKS = 3
SECRETS = (
    NODE_ID,
    OBJECT_ID,
    SENSOR,
    MODE,
    "canarysource",
    "canaryclass",
    "CANARY48",
    "CANARY62",
    "77/123",
    "54.681234",  # where the sensor stands
    "25.285678",
    "54.712345",  # where the drone is
    "25.319876",
    "43.512345",  # where the radar stands
    "16.254321",
    "54.4321",  # what it measured: azimuth
    "184.56",
)


def seconds_today() -> float:
    now = SystemClock().now()
    return now.hour * 3600.0 + now.minute * 60 + now.second


def plain_policy(player: Player) -> str:
    """The rules of the other canaries, without those that ask for an identity: sensors declare none."""
    if player.nation.node != "nld-1":
        return BASE
    rules = RULES
    for begin, end in (('[[marking]]\nid = "secret"', '[[marking]]\nid = "plain"'), ("[[release]]", "[[release]]\nid")):
        at = rules.index(begin)
        rules = rules[:at] + rules[rules.index(end, at + 1) :]
    assert "canarywithheld" not in rules
    return BASE + rules


@pytest.fixture(scope="module")
def gateways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assembly]:
    (port,) = free_ports(1)

    def settings(player: Player, text: str) -> str:
        text = text.replace("[source.sensors]", "[source.canarysource]").replace('"sensors"', '"canarysource"')
        text = text.replace('formats = ["asterix", ', 'formats = ["sapient", "asterix", ')
        text = text.replace(
            "latitude_deg = 52.30, longitude_deg = 6.20", "latitude_deg = 43.512345, longitude_deg = 16.254321"
        )
        if player.nation.node != "nld-1":
            return text
        head, mark, links = text.partition("\n[link.")
        wall = (
            '\n[feed.wall]\ndirection = "both"\nkind = "tcp-listen"\nformat = "sapient"\nsource = "canarysource"\n'
            f'address = "127.0.0.1:{port}"\noptions = {{ role = "fusion-node" }}\n'
        )
        return f"{head}{wall}{mark}{links}"

    async def sense() -> None:
        async with SapientSensor(port=port, node_id=NODE_ID, name=SENSOR, mode=MODE) as sensor:
            await sensor.register()
            await sensor.status(latitude=54.681234, longitude=25.285678, altitude=112.0)
            await sensor.detect(
                lat=54.712345, lon=25.319876, alt=184.56, east=3.0, north=-4.0, error=6.0, object_id=OBJECT_ID
            )
            await asyncio.sleep(0.2)
            await sensor.goodbye()

    root = tmp_path_factory.mktemp("canaries")
    with assembled(root, count=3, edit=settings, policy=plain_policy) as assembly:
        asyncio.run(sense())
        plot = {
            "010": {"SAC": 25, "SIC": 201},
            "140": seconds_today(),
            "040": {"RHO": 33.25, "THETA": 54.4321},
            "090": {"V": 0, "G": 0, "FL": 310.0},
            "240": "CANARY48",
        }
        system = {
            "010": {"SAC": 77, "SIC": 123},
            "070": seconds_today(),
            "105": {"LAT": 54.712345, "LON": 25.319876},
            "245": {"STI": 0, "CHR": "CANARY62"},
        }
        with socket.socket(type=socket.SOCK_DGRAM) as udp:
            for category, octets in ((48, octets_048(plot)), (62, octets_062(system))):
                udp.sendto(block(category, [octets]), ("127.0.0.1", assembly.players[0].radar_port))
        _, deu, eu = assembly.nodes
        assembly.until(lambda: deu.counts.tracks_accepted >= TRACKS and eu.counts.tracks_accepted >= TRACKS)
        yield assembly


def got(gateways: Assembly, node: Node) -> bytes:
    async def read() -> list[bytes]:
        return [one.octets for one in await node.store.latest_messages(100) if one.octets is not None]

    return b"\n".join(gateways.do(read()))


def found(octets: bytes) -> set[str]:
    """The secrets in octets: as they are in any letter case, in base64 with any alignment, in hex."""
    there = set()
    folded = octets.lower()
    for secret in SECRETS:
        word = secret.encode()
        shapes = [b64encode(b"\0" * pad + word)[(0, 2, 3)[pad] : -4] for pad in range(3)]
        shapes = [one for one in shapes if len(one) > 5]
        if word.lower() in folded or word.hex().encode() in folded or any(one in octets for one in shapes):
            there.add(secret)
    return there


def test_no_octet_to_the_partner_tells_which_sensor_saw_it_or_where_that_stands(gateways: Assembly) -> None:
    octets = got(gateways, gateways.nodes[2])
    assert octets.count(b"<Track>") >= TRACKS
    assert found(octets) == set()
    for part in (b"<Source ", b"<RawRecord", b"<Polar", b"<Identifier"):
        assert part not in octets


def test_the_ally_gets_what_is_searched_for(gateways: Assembly) -> None:
    there = found(got(gateways, gateways.nodes[1]))
    assert {NODE_ID, OBJECT_ID, SENSOR, "CANARY48", "CANARY62", "77/123", "43.512345"} <= there, there


def test_what_the_partner_shows_his_own_tells_no_more(gateways: Assembly) -> None:
    """His picture over HTTP, in two formats, and the status that he shows."""
    door = gateways.national(2)
    for media_type in ("application/geo+json", "application/cot+xml"):
        answer = door.call("GET", "/v1/tracks", Accept=media_type)
        assert answer.status == 200
        body = answer.body.replace(b"canarysource", b"")  # what his own source is called
        assert found(body) == set()
    tracks: list[Track] = [entry.track for entry in gateways.nodes[2].rooms.picture.query(most=100)[0]]
    assert len(tracks) >= TRACKS
    assert all(not one.identifiers and not one.sources and one.raw is None for one in tracks)
