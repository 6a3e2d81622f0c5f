"""Ground and counter-drone formats on assembled nodes, over real sockets: in at one side, out at all the others.

What is looked for everywhere: that a track arrives, that personal data stays where it may be, and that nothing is where
nobody measured it.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree
from prometheus_client import generate_latest
from sapient_msg.bsi_flex_335_v2_0 import sapient_message_pb2 as pb

from gateway.cli.dry_run import Shown, consumers
from gateway.clock import SystemClock
from gateway.config import load
from gateway.demo.stage import Player, free_ports, set_stage
from gateway.feeds.talk_listen import TalkListenFeed
from gateway.formats.registry import find, formats
from gateway.node.assembly import Node
from gateway.node.status import read_status
from gateway.node.trust import read_policy
from gateway.password import hash_password
from gateway.policy import Desk
from gateway.seal.certificates import issue_client, spki_pin
from gateway.stages import Frame
from gateway.track import Track
from tests.formats.remoteid.support import OPERATOR_ID, SYSTEM, basic, located, packed
from tests.labelled import PLAIN
from tests.simulators.sapient_sensor import SapientSensor, framed
from tests.test_corridor import Sink, running, until

PASSWORD = "correct horse"
HASH = hash_password(PASSWORD, log2_n=12)
NVG = "{https://tide.act.nato.int/schemas/2012/10/nvg}"
NFFI = "{urn:nato:fft:protocols:nffi13}"
SENSOR, PLACE = (54.6811, 25.2811), (54.7, 25.3)
PILOT = (b"98765432100123456789", b"45.5393", b"122.9663", b"52.1199", b"4.2677", b"PILOT-7", SYSTEM[2:10])
"""Whoever flies, in every way that our formats would write him."""
WAIT_S = 60.0


class Client:
    """A national client with a certificate of its nation's development authority."""

    def __init__(self, player: Player, name: str) -> None:
        certs = player.directory / "certs"
        issued = issue_client(certs, name, now=SystemClock().now())
        self.pin = spki_pin(issued.certificate)
        self.name = name
        certificate, key = certs / f"{name}.pem", certs / f"{name}.key"
        certificate.write_bytes(issued.certificate.public_bytes(Encoding.PEM))
        key.write_bytes(issued.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.tls = trusting(player)
        self.tls.load_cert_chain(certificate, key)

    def table(self, **more: str) -> str:
        """Its table in the configuration."""
        lines = "".join(f"{key} = {value}\n" for key, value in more.items())
        return f'\n[client.{self.name}]\ncertificate_pins = ["{self.pin}"]\n{lines}'


def trusting(player: Player) -> ssl.SSLContext:
    """What trusts the servers of a player's nation and shows no certificate."""
    return ssl.create_default_context(cafile=str(player.directory / "certs" / "ca.pem"))


def add(player: Player, text: str) -> None:
    """Put tables before the links, which end the file."""
    written = player.config_path.read_text()
    more = 'formats = ["sapient", "nffi", "nvg", "remoteid", "asterix", '
    written = written.replace('formats = ["asterix", ', more)
    head, mark, links = written.partition("\n[link.")
    player.config_path.write_text(f"{head}\n{text}{mark}{links}")


def feed(name: str, **keys: object) -> str:
    """A feed's table; a value that begins with a brace is TOML already."""
    lines = ""
    for key, value in keys.items():
        plain = isinstance(value, str) and not value.startswith("{")
        lines += f"{key} = {json.dumps(value) if plain or not isinstance(value, str) else value}\n"
    return f"\n[feed.{name}]\n{lines}"


@asynccontextmanager
async def open_nodes(*players: Player) -> AsyncIterator[list[Node]]:
    """The players' nodes, running."""

    async def opened(rest: tuple[Player, ...], nodes: list[Node]) -> None:
        if rest:
            async with Node(load(rest[0].config_path, formats=formats()).config) as node:
                await opened(rest[1:], [*nodes, node])
            return
        async with running(*nodes):
            ready.set_result(nodes)
            await leave.wait()

    ready: asyncio.Future[list[Node]] = asyncio.get_running_loop().create_future()
    leave = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(opened(players, []))
        yield await ready
        leave.set()


async def fetch(url: str, *, tls: ssl.SSLContext | None = None, name: str = "", **request: Any) -> bytes:
    """The document at a URL, with a password if a client is named."""
    headers = {"Authorization": "Basic " + b64encode(f"{name}:{PASSWORD}".encode()).decode()} if name else {}
    headers |= request.pop("headers", {})
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(request.pop("method", "GET"), url, ssl=tls if tls else True, **request) as response,
    ):
        octets = await response.read()
        assert response.status == 200, octets
        return octets


def picture(node: Node) -> list[Track]:
    return [entry.track for entry in node.rooms.picture.query(most=1_000)[0]]


def stage(tmp_path: Path) -> list[Player]:
    return set_stage(tmp_path, SystemClock(), simulation="SIMULATED")


@asynccontextmanager
async def connected(
    port: int, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to a feed, as soon as it listens."""
    async with asyncio.timeout(WAIT_S):
        while True:
            try:
                reader, writer = await asyncio.open_connection(
                    "127.0.0.1", port, ssl=tls, server_hostname="localhost" if tls else None
                )
                break
            except ConnectionRefusedError:
                await asyncio.sleep(0.03)
    try:
        yield reader, writer
    finally:
        writer.close()


async def send(port: int, *pieces: bytes) -> None:
    """Octets over TCP, piece by piece."""
    async with connected(port) as (_, writer):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)


class Stream:
    """What a feed sends over TCP, as it comes. A TAK feed sends XML to who never asks for another protocol."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.port, self.tls = port, tls
        self.octets = b""

    async def run(self) -> None:
        """Read until cancelled."""
        async with connected(self.port, self.tls) as (reader, _):
            while octets := await reader.read(65_536):
                self.octets += octets


# ------------------------------------------------------------------------------------------------ NFFI, NVG and polling


def friendly(name: str, latitude: float, at: datetime) -> bytes:
    return (
        f'<NFFIMessage xmlns="{NFFI[1:-1]}"><track><positionalData><trackSource><sourceSystem><country>NOR</country>'
        f"<system>FTS</system></sourceSystem><transponderId>{name}</transponderId></trackSource>"
        f"<dateTime>{at:%Y%m%d%H%M%S}</dateTime><coordinates><latitude>{latitude}</latitude><longitude>10.25</longitude>"
        "</coordinates></positionalData><identificationData><unitSymbol>SFGPUCI--------</unitSymbol>"
        f"<unitShortName>{name}</unitShortName></identificationData></track></NFFIMessage>"
    ).encode()


PULL: dict[str, Any] = {
    "method": "POST",
    "headers": {"Content-Type": "text/xml", "SOAPAction": '"PullDataOperation"'},
    "data": b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    b'<ReqResFilter xmlns="urn:nato:fft:protocols:sip3"/></s:Body></s:Envelope>',
}


async def test_friendly_forces_over_tcp_become_documents_for_clients_and_for_another_node(tmp_path: Path) -> None:
    host, _, other = stage(tmp_path)
    tcp, tls_port, nvg_port, sip3_port = free_ports(4)
    fires, abroad = Client(host, "fires"), Client(host, "abroad")
    add(
        host,
        fires.table()
        + f'\n[client.hq]\npassword = "{HASH}"\n'
        + feed("bft", direction="in", kind="tcp-listen", format="nffi", source="sensors", address=f"127.0.0.1:{tcp}")
        + feed("map", direction="out", kind="http", format="nvg", address=f"127.0.0.1:{tls_port}", tls=True,
               clients=["hq", "fires"])
        + abroad.table()
        + feed("ours", direction="out", kind="http", format="nvg", address=f"127.0.0.1:{nvg_port}", tls=True,
               clients=["abroad"], origins="own")
        + feed("sip3", direction="out", kind="http", format="nffi", address=f"127.0.0.1:{sip3_port}", tls=True,
               clients=["abroad", "hq"], origins="own"),
    )  # fmt: skip
    north = "{ enquiry = { area = { south_deg = 60.0, west_deg = 9.0, north_deg = 61.0, east_deg = 11.0 } } }"
    add(
        other,
        feed("their-map", direction="in", kind="http-poll", format="nvg", source="sensors", every_s=0.2,
             tls=True, url=f"https://localhost:{nvg_port}/nvg", options="{ enquiry = { soap_request = true } }")
        + feed("their-forces", direction="in", kind="http-poll", format="nffi", source="sensors", every_s=0.2,
               tls=True, url=f"https://localhost:{sip3_port}/nffi", options=north),
    )  # fmt: skip
    certs = host.directory / "certs"  # the other node calls with a certificate that this nation gave it
    files = f'certificate = "{certs / "abroad.pem"}"\nkey = "{certs / "abroad.key"}"\nclient_ca = "{certs / "ca.pem"}"'
    written = other.config_path.read_text()
    assert 'client_ca = "certs/ca.pem"' in written
    other.config_path.write_text(written.replace('client_ca = "certs/ca.pem"', files))
    async with open_nodes(host, other) as (node, polling):
        now = node.clock.now()
        octets = friendly("ALPHA", 60.5, now) + friendly("BRAVO", 62.5, now)
        await send(tcp, *(octets[at : at + 7] for at in range(0, len(octets), 7)))
        await until(lambda: len(picture(node)) == 2)

        def names(document: bytes) -> set[str]:
            return {str(point.get("label") or "") for point in etree.fromstring(document).iter(f"{NVG}point")}

        url = f"https://localhost:{tls_port}/nvg"
        assert names(await fetch(url, tls=trusting(host), name="hq")) == {"ALPHA", "BRAVO"}
        assert names(await fetch(url, tls=fires.tls)) == {"ALPHA", "BRAVO"}
        with pytest.raises(AssertionError, match="FEED-062"):
            await fetch(url, tls=trusting(host))

        pulled = etree.fromstring(
            await fetch(f"https://localhost:{sip3_port}/nffi", tls=trusting(host), name="hq", **PULL)
        )
        assert {one.text for one in pulled.iter(f"{NFFI}unitShortName")} == {"ALPHA", "BRAVO"}

        def polled(form: str) -> list[Track]:
            return [
                track
                for track in picture(polling)
                if (track.provenance[0].gateway, track.provenance[0].input_format) == ("eu-1", form)
            ]

        await until(lambda: len(polled("NVG")) == 2 and polled("NFFI"))
        (alpha,) = polled("NFFI")
        assert alpha.state is not None
        assert alpha.state.position is not None
        assert alpha.state.position.latitude_deg == pytest.approx(60.5)
        for feed_in in polling.feeds.values():
            assert feed_in.counts.last_error == ""
        assert node.supervisor.bugs == polling.supervisor.bugs == 0


# ------------------------------------------------------------------------------------------- Remote ID and who flies it


def receiver_json(at: datetime) -> bytes:
    """A receiver's object with an operator in it."""
    report = {
        "Basic ID": {"protocol_version": "F3411.22", "id_type": "Serial Number (ANSI/CTA-2063-A)",
                     "ua_type": "Helicopter (or Multirotor)", "id": "112624150A90E3AE1EC0", "MAC": "60:60:1F:1E:30:1E"},
        "Location/Vector Message": {"op_status": "Airborne", "latitude": 54.75, "longitude": 25.35,
                                    "geodetic_altitude": "164.5 m",
                                    "timestamp": f"{at.minute} min {at.second}.0 s"},
        "System Message": {"operator_lat": 52.1199, "operator_lon": 4.2677, "operator_location_type": "Take Off"},
        "Operator ID Message": {"operator_id": "PILOT-7", "operator_id_type": "Operator ID"},
    }  # fmt: skip
    return json.dumps(report).encode() + b"\n"


async def test_where_the_operator_stands_leaves_only_to_clients_with_the_right(tmp_path: Path) -> None:
    host, partner, _ = stage(tmp_path)
    udp, tcp, tak_port, map_port, sip3_port, lines_port = free_ports(6)
    ops, plain = Client(host, "ops"), Client(host, "plain")
    clients = ["ops", "plain"]
    add(
        host,
        ops.table(personal_data="true", password=json.dumps(HASH))
        + plain.table(password=json.dumps(HASH))
        + feed("air", direction="in", kind="udp", format="remoteid", source="sensors", address=f"127.0.0.1:{udp}")
        + feed("box", direction="in", kind="tcp-listen", format="remoteid", source="sensors",
               address=f"127.0.0.1:{tcp}")
        + feed("tak", direction="both", kind="tcp-listen", format="cot", source="sensors", tls=True, clients=clients,
               address=f"127.0.0.1:{tak_port}")
        + feed("map", direction="out", kind="http", format="nvg", address=f"127.0.0.1:{map_port}", clients=clients)
        + feed("sip3", direction="out", kind="http", format="nffi", address=f"127.0.0.1:{sip3_port}", clients=clients)
        + feed("lines", direction="out", kind="udp", format="geojson", address=f"127.0.0.1:{lines_port}"),
    )  # fmt: skip
    written = host.config_path.read_text()
    host.config_path.write_text(written.replace('origins = "allies"', 'origins = "all"'))
    cot, theirs, lines = Stream(host.cot_port), Stream(partner.cot_port), Sink(lines_port)
    readers = {client.name: Stream(tak_port, client.tls) for client in (ops, plain)}
    async with open_nodes(host, partner) as (node, receiving), asyncio.TaskGroup() as group:
        tasks = [
            *(group.create_task(reader.run()) for reader in (cot, theirs, *readers.values())),
            group.create_task(lines.read_datagrams()),
        ]
        talk = node.outlets.talks["tak"]
        assert isinstance(talk, TalkListenFeed)
        await until(lambda: len(talk.peers()) == 2)
        now = node.clock.now()
        tenths = round((now.minute * 60 + now.second) * 10)
        pack = packed(
            basic("1581F4QWB22CC00302LV"), located(547_000_000, 253_000_000, tenths=tenths), SYSTEM, OPERATOR_ID
        )
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=("127.0.0.1", udp)
        )
        transport.sendto(pack)
        await send(tcp, receiver_json(now))
        await until(lambda: len(picture(node)) == 2 and len(picture(receiving)) == 2)
        assert [track.operator is not None for track in picture(node)] == [True, True], "they were told to us"
        transport.close()

        drones = (b"1581F4QWB22CC00302LV", b"112624150A90E3AE1EC0")
        outs: dict[str, Callable[[], bytes]] = {
            "cot": lambda: cot.octets,
            "partner": lambda: theirs.octets,
            "lines": lambda: b"".join(lines.frames),
            "plain": lambda: readers["plain"].octets,
            "ops": lambda: readers["ops"].octets,
        }
        for seen in outs.values():
            await until(lambda seen=seen: all(drone in seen() for drone in drones))
        await until(lambda: all(secret in readers["ops"].octets for secret in (b"98765432100123456789", b"PILOT-7")))
        url = f"http://127.0.0.1:{map_port}/nvg"
        told = await fetch(url, name="ops")
        documents = [
            await fetch(url, name="plain"),
            await fetch(f"http://127.0.0.1:{sip3_port}/nffi", name="plain", **PULL),
        ]  # fmt: skip
        messages = [one.octets for one in await node.store.latest_messages(100)]
        for task in tasks:
            task.cancel()

    for right in (readers["ops"].octets, told):
        assert b"45.5393" in right
        assert b"52.1199" in right
    assert len(messages) >= 1
    left = [seen() for name, seen in outs.items() if name != "ops"] + documents + [one or b"" for one in messages]
    for octets in left:
        assert octets
        assert not [secret for secret in PILOT if secret in octets or b64encode(secret)[:12] in octets]


# ------------------------------------------------------------------------------------------- detections without a place


class Parent:
    """A SAPIENT parent that lets everybody in and keeps what it is told."""

    def __init__(self) -> None:
        self.messages: list[pb.SapientMessage] = []
        self.node_id = "a8654cdf-4328-47de-81fa-c495589e30c8"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(4), "little")
                message = pb.SapientMessage.FromString(await reader.readexactly(size))
                self.messages.append(message)
                if message.HasField("registration"):
                    answer = pb.SapientMessage(node_id=self.node_id, destination_id=message.node_id)
                    answer.timestamp.FromDatetime(datetime.now(UTC))
                    answer.registration_ack.acceptance = True
                    writer.write(framed(answer))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def detections(self) -> list[pb.SapientMessage]:
        return [one for one in self.messages if one.HasField("detection_report")]


async def test_a_bearing_and_a_mere_notice_are_carried_as_such_or_refused_by_every_format_that_leaves(
    tmp_path: Path,
) -> None:
    host, sensing, _ = stage(tmp_path)
    wall, tak_port, map_port, sip3_port, lines_port, parent_port = free_ports(6)
    ops = Client(host, "ops")
    add(
        sensing,
        feed("wall", direction="both", kind="tcp-listen", format="sapient", source="sensors",
             address=f"127.0.0.1:{wall}"),
    )  # fmt: skip
    add(
        host,
        ops.table(password=json.dumps(HASH))
        + feed("tak", direction="both", kind="tcp-listen", format="cot", source="sensors", tls=True, clients=["ops"],
               address=f"127.0.0.1:{tak_port}")
        + feed("map", direction="out", kind="http", format="nvg", address=f"127.0.0.1:{map_port}", clients=["ops"])
        + feed("sip3", direction="out", kind="http", format="nffi", address=f"127.0.0.1:{sip3_port}", clients=["ops"])
        + feed("lines", direction="out", kind="udp", format="geojson", address=f"127.0.0.1:{lines_port}")
        + feed("parent", direction="both", kind="tcp-connect", format="sapient", source="sensors",
               address=f"127.0.0.1:{parent_port}", options='{ role = "edge-node" }'),
    )  # fmt: skip
    parent = Parent()
    server = await asyncio.start_server(parent.serve, "127.0.0.1", parent_port)
    cot, tak = Stream(host.cot_port), Stream(tak_port, ops.tls)
    sector, lines = Sink(host.asterix_sink), Sink(lines_port)
    async with server, open_nodes(host, sensing) as (node, source), asyncio.TaskGroup() as group:
        tasks = [
            *(group.create_task(reader.run()) for reader in (cot, tak)),
            *(group.create_task(sink.read_datagrams()) for sink in (sector, lines)),
        ]
        await until(lambda: all(node.outlets.talks[name].peers() for name in ("tak", "parent")))
        await until(lambda: any(message.HasField("registration") for message in parent.messages))
        async with SapientSensor(port=wall) as sensor:
            await sensor.register()
            await sensor.status(latitude=SENSOR[0], longitude=SENSOR[1], altitude=112.0)
            await sensor.bearing(azimuth=84.0, elevation=3.0)
            await sensor.bearing()
            # One that has a place tells when all that came before it has been through
            await sensor.detect(lat=PLACE[0], lon=PLACE[1], alt=184.5)
            await until(lambda: len(picture(node)) == 3)
            await until(lambda: len(read("geojson", lines)) == len(read("asterix", sector)) == 3)
            await until(lambda: b"54.7" in tak.octets and b"54.7" in cot.octets)
            edge = node.outlets.talks["parent"].out
            await until(lambda: len(parent.detections()) + edge.unencoded == 3)
        maps = await fetch(f"http://127.0.0.1:{map_port}/nvg", name="ops")
        pulled = await fetch(f"http://127.0.0.1:{sip3_port}/nffi", name="ops", **PULL)
        tracks, now = picture(node), node.clock.now()
        async with connected(wall) as (_, writer):
            writer.write(b"\xff" * 8)  # no length that a message can have: the stream cannot be followed
            await until(lambda: source.outlets.talks["wall"].counts.broken_off == 1)
        assert b'gateway_feed_broken_off_total{feed="wall"} 1.0' in generate_latest(source.registry)
        (counted,) = [one["broken_off"] for one in feeds_of(await read_status(source)) if one["name"] == "wall"]
        assert counted == 1
        for task in tasks:
            task.cancel()
        assert node.supervisor.bugs == source.supervisor.bugs == 0

    placeless = [track for track in tracks if track.state is None or track.state.position is None]
    assert len(placeless) == 2
    # GeoJSON says that there is no place
    features = [json.loads(line) for line in b"\n".join(lines.frames).splitlines() if line]
    assert sorted(feature["geometry"] is None for feature in features) == [False, True, True]
    # NVG, NFFI and SAPIENT leave out what has no place of its own: only the third detection is there
    assert places(maps) == places(pulled) == {PLACE}
    (told,) = [message.detection_report for message in parent.detections()]
    assert (told.location.y, told.location.x) == PLACE
    # Cursor on Target has events for detections: they stand at the sensor, and say that they are no object
    for octets in (cot.octets, tak.octets):
        found = {
            places(etree.tostring(event)).pop(): event.get("type", "")[:3]
            for event in events(octets)
            if not event.get("type", "").startswith("t-x")  # the offer of a protocol is nowhere
        }
        assert found == {PLACE: "a-o" if octets is cot.octets else "a-u", SENSOR: "b-d"}
    # ASTERIX: tracks without the item that is the place
    states = [track.state for track in read("asterix", sector)]
    stood = [state.position for state in states if state is not None and state.position is not None]
    assert [(round(one.latitude_deg, 4), round(one.longitude_deg, 4)) for one in stood] == [PLACE]

    # And this is what the operator is told of it
    for feed_name, shown in explained(host, placeless, now):
        if feed_name in ("map", "sip3", "parent"):
            assert (shown.shown, "position" in shown.why) == (False, True), feed_name
        else:
            assert shown.shown, feed_name
    (sensors,) = {shown.why for feed_name, shown in explained(sensing, tracks, now) if feed_name == "wall"}
    assert sensors == "its peers are sensors, which are shown nothing"


def explained(player: Player, tracks: list[Track], now: datetime) -> Iterator[tuple[str, Shown]]:
    """What every consumer of a player would be shown of tracks of its partners."""
    config = load(player.config_path, formats=formats()).config
    for consumer in consumers(config, formats(), Desk(read_policy(config), SystemClock())):
        for track in tracks:
            shown = consumer.try_on(track, is_own=False, label=PLAIN, now=now)
            yield shown.feed, shown


def feeds_of(status: dict[str, object]) -> list[dict[str, Any]]:
    feeds = status["feeds"]
    assert isinstance(feeds, list)
    return feeds


def read(form: str, sink: Sink) -> list[Track]:
    """The tracks of the datagrams that a sink got."""
    decoder, now = find(form).decoder(), SystemClock().now()
    frames = [Frame(octets=octets, feed="f", source="s", peer="p", received_at=now) for octets in sink.frames]
    return [track for one in frames for track in decoder.decode(one).tracks]


def events(octets: bytes) -> Iterator[etree._Element]:
    """The CoT events of a stream."""
    split = find("cot").splitter
    assert split is not None
    for one in split().feed(octets):
        yield etree.fromstring(one)


def places(octets: bytes) -> set[tuple[float, float]]:
    """Every latitude and longitude in a text of CoT, NVG or NFFI."""
    found = set()
    for pattern, is_swapped in _PLACES:
        for pair in re.findall(pattern, octets):
            first, second = (round(float(one), 4) for one in pair)
            found.add((second, first) if is_swapped else (first, second))
    return found


_PLACES = (
    (rb'lat="([^"]+)" lon="([^"]+)"', False),
    (rb'x="([^"]+)" y="([^"]+)"', True),
    (rb"<latitude>([^<]+)</latitude>\s*<longitude>([^<]+)", False),
)
