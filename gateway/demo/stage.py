"""The stage of the demonstration: directories, certificates, configurations and policies on free loopback ports."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from msgspec import Struct
from msgspec.structs import replace

from gateway.clock import Clock
from gateway.config.policy_starter import simple_policy
from gateway.demo.policies import policy_of_player
from gateway.ledger import Verifier
from gateway.ledger.note import ED25519
from gateway.password import generate_password, hash_password
from gateway.seal.certificates import spki_pin, write_development

SIMULATED, REAL = "SIMULATED", "REAL"


MAP_CLIENT = "hq"
"""Client that may fetch the map."""


class Nation(Struct, frozen=True, kw_only=True):
    """One player."""

    node: str
    nation: str
    title: str
    strangers: frozenset[str] = frozenset()
    """Nodes that it has no link with, nor they with it."""
    scripted: bool = False
    """It plays by the release policy that is written for it, not by a plain one that releases everything."""


NATIONS = (
    Nation(node="nld-1", nation="NLD", title="NATO nation, radar and track server"),
    Nation(node="deu-1", nation="DEU", title="NATO nation, counter-drone sensors"),
    Nation(node="eu-1", nation="EUA", title="EU agency"),
)
CAST = (
    *(replace(nation, scripted=True) for nation in NATIONS),
    Nation(
        node="atm-1",
        nation="EUC",
        title="EU civil partner: air traffic control",
        strangers=frozenset({"nld-1", "deu-1"}),
        scripted=True,
    ),
)
"""The players of the demonstration."""


class Player(Struct, frozen=True, kw_only=True):
    """One node on the stage."""

    nation: Nation
    directory: Path
    links_port: int
    http_port: int
    radar_port: int
    """UDP, ASTERIX in."""
    detector_port: int
    """TCP, Cursor on Target in."""
    cot_port: int
    """TCP, Cursor on Target out: connect to it to see the allied picture."""
    asterix_sink: int
    """UDP, ASTERIX CAT062 out: the demonstration listens there."""
    sapient_port: int = 0
    """TCP, SAPIENT sensor nodes connect; 0 where there is none, as with the ports below."""
    remoteid_port: int = 0
    """UDP, Remote ID in."""
    tak_port: int = 0
    """TCP, TAK clients connect."""
    map_port: int = 0
    """HTTP, NVG for the client `MAP_CLIENT`."""
    map_password: str = ""
    """That client's; the configuration has its hash alone."""

    @property
    def config_path(self) -> Path:
        """The node's configuration file."""
        return self.directory / "gateway.toml"

    @property
    def policy_path(self) -> Path:
        """The node's release policy."""
        return self.directory / "policy.toml"

    @property
    def map_url(self) -> str:
        """Where the map is fetched."""
        return f"http://127.0.0.1:{self.map_port}/nvg"

    @property
    def ledger_directory(self) -> Path:
        """The node's ledger."""
        return self.directory / "data" / "ledger"


def set_stage(
    root: Path,
    clock: Clock,
    *,
    simulation: str,
    recording: tuple[Path, str] | None = None,
    drones: bool = False,
    cast: tuple[Nation, ...] = NATIONS,
) -> list[Player]:
    """Make everything that the nodes need below `root`; nothing listens yet.

    `drones` adds the drone wall: SAPIENT and Remote ID at the second node, TAK clients at the first, a map at the
    third.
    """
    ports = iter(free_ports(6 * len(cast) + (4 if drones else 0)))
    players = [
        Player(
            nation=nation,
            directory=root / nation.node,
            links_port=next(ports),
            http_port=next(ports),
            radar_port=next(ports),
            detector_port=next(ports),
            cot_port=next(ports),
            asterix_sink=next(ports),
        )
        for nation in cast
    ]
    if drones:
        first, second, third, *rest = players
        players = [
            replace(first, tak_port=next(ports)),
            replace(second, sapient_port=next(ports), remoteid_port=next(ports)),
            replace(third, map_port=next(ports), map_password=generate_password()),
            *rest,
        ]
    for player in players:
        write_development(
            player.directory / "certs",
            player.nation.node,
            now=clock.now(),
            sources=("sensors",),
        )
    for player in players:
        others = [other for other in players if other is not player and _know(player.nation, other.nation)]
        text = _config(player, others, simulation=simulation, recording=recording)
        player.config_path.write_text(text)
        names = [other.nation.node for other in others]
        scripted = player.nation.scripted
        player.policy_path.write_text(
            policy_of_player(player.nation.node, clock.now()) if scripted else simple_policy(names)
        )
    return players


def _know(one: Nation, other: Nation) -> bool:
    """Whether there is a link between them."""
    return other.node not in one.strangers and one.node not in other.strangers


def free_ports(count: int) -> list[int]:
    """Ports that nobody has at this moment, on TCP and UDP; none comes twice until all of `_PORTS` have."""
    return list(islice(filter(_is_free, islice(_candidates, len(_PORTS))), count))


def _is_free(port: int) -> bool:
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        try:
            tcp.bind(("127.0.0.1", port))
            udp.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


_PORTS = range(10_000, 32_000)
"""Below those that the system hands out by itself (from 32,768 on Linux): nobody gets one of these by chance between
the moment that it is chosen and the moment that it is listened on."""


def _walk() -> Iterator[int]:
    """From somewhere on, so that processes that do this at the same time are elsewhere."""
    at = secrets.randbelow(len(_PORTS))
    while True:
        yield _PORTS[at % len(_PORTS)]
        at += 1


_candidates = _walk()


def _config(player: Player, others: list[Player], *, simulation: str, recording: tuple[Path, str] | None) -> str:
    node = player.nation.node
    certs = player.directory / "certs"
    feeds = _recorded(recording) if recording and node == NATIONS[0].node else _sensors(player)
    links = "".join(_link(other) for other in others)
    return f"""\
# Made by `gateway demo`; a working example of a node with partners.
[node]
name = "{node}"
nation = "{player.nation.nation}"
exercise = "EXERCISE"
simulation = "{simulation}"
data = "data"
log = "console"
log_level = "warning"

[links]
listen = "127.0.0.1:{player.links_port}"

[http]
listen = "127.0.0.1:{player.http_port}"
client_ca = "certs/ca.pem"

[source.sensors]
formats = ["asterix", "cot", "geojson"]
certificate_pins = ["{_pin(certs / "sensors.client.pem")}"]
{feeds}{_drone_wall(player)}
[feed.display]
direction = "out"
kind = "tcp-listen"
format = "cot"
address = "127.0.0.1:{player.cot_port}"
origins = "allies"

[feed.sector]
direction = "out"
kind = "udp"
format = "asterix"
address = "127.0.0.1:{player.asterix_sink}"
origins = "allies"
options = {{ category = 62, sac = 0, sic = {player.links_port % 250 + 1} }}
{links}"""


def _sensors(player: Player) -> str:
    return f"""
[feed.radar]
direction = "in"
kind = "udp"
format = "asterix"
source = "sensors"
address = "127.0.0.1:{player.radar_port}"
options = {{ sites = {{ "25/201" = {{ latitude_deg = 52.30, longitude_deg = 6.20, altitude_msl_m = 45.0 }} }} }}

[feed.detector]
direction = "in"
kind = "tcp-listen"
format = "cot"
source = "sensors"
address = "127.0.0.1:{player.detector_port}"
"""


def _drone_wall(player: Player) -> str:
    """What this player has of the drone wall; nothing for most."""
    text = ""
    if player.sapient_port:
        text += f"""
[source.drone-wall]
formats = ["sapient", "remoteid"]

[feed.wall]
direction = "both"
kind = "tcp-listen"
format = "sapient"
source = "drone-wall"
address = "127.0.0.1:{player.sapient_port}"
options = {{ role = "fusion-node" }}

[feed.receiver]
direction = "in"
kind = "udp"
format = "remoteid"
source = "drone-wall"
address = "127.0.0.1:{player.remoteid_port}"
"""
    if player.tak_port:
        text += f"""
[source.tak]
formats = ["cot"]

[feed.tak]
direction = "both"
kind = "tcp-listen"
format = "cot"
source = "tak"
address = "127.0.0.1:{player.tak_port}"
origins = "allies"
"""
    if player.map_port:
        text += f"""
[client.{MAP_CLIENT}]
password = "{hash_password(player.map_password)}"

[feed.map]
direction = "out"
kind = "http"
format = "nvg"
address = "127.0.0.1:{player.map_port}"
clients = ["{MAP_CLIENT}"]
"""
    return text


def _recorded(recording: tuple[Path, str] | None) -> str:
    assert recording is not None
    path, form = recording
    return f"""
[feed.recording]
direction = "in"
kind = "file"
format = "{form}"
source = "sensors"
path = {str(path.resolve())!r}
rate = "max"
"""


def _link(other: Player) -> str:
    node, certs = other.nation.node, other.directory / "certs"
    vkey = _verifier_key(certs / f"{node}.ledger.pub", _origin(node))
    return f"""
[link.{node}]
url = "https://127.0.0.1:{other.links_port}"
tls_pins = ["{_pin(certs / f"{node}.tls.pem")}"]
ca = "{certs / "ca.pem"}"
signing = ["{certs / f"{node}.signing.pem"}"]
ledger_vkeys = ["{vkey}"]
"""


def _verifier_key(path: Path, origin: str) -> Verifier:
    key = load_pem_public_key(path.read_bytes())
    assert isinstance(key, Ed25519PublicKey), "the development ledger key is Ed25519"
    return Verifier(origin, ED25519, key.public_bytes_raw())


def ledger_verifier(player: Player) -> Verifier:
    """The key that signs the checkpoints and receipts of a player."""
    node = player.nation.node
    return _verifier_key(player.directory / "certs" / f"{node}.ledger.pub", _origin(node))


def _origin(node: str) -> str:
    return f"{node}.example/audit/1"


def _pin(path: Path) -> str:
    return spki_pin(x509.load_pem_x509_certificate(path.read_bytes()))
