"""Every octet that national consumers with a clearance get from a running node, searched for what it does not cover.

One consumer of each kind is cleared for one of two labels, one for both: TAK clients in a conversation, a map (NVG) and
a headquarters (NFFI over SIP3) that fetch documents, a national system that asks for the picture and listens to the
stream. The clearance of the first is taken away while he is connected; the second shows what there was to be had.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import aiohttp
from msgspec.structs import replace

from gateway import pipeline
from gateway.clock import SystemClock
from gateway.config import load
from gateway.demo.stage import Player, free_ports, set_stage
from gateway.formats.nffi import enquiry
from gateway.formats.registry import find
from gateway.node.assembly import Node
from gateway.password import hash_password
from gateway.seal.certificates import spki_pin, write_development
from gateway.stages import Frame
from gateway.track import Identity, IdentityGroup, Track
from tests.assembled import aircraft
from tests.test_corridor import running, until

from cryptography import x509  # isort: skip

PASSWORD = "correct horse"
LOW, HIGH = "low", "high"
OPEN, SECRET = b"canaryopen", b"canaryshut"
POLICY = """
[policy]
name = "Two labels"
issued = "2026-01-01T00:00:00Z"
review = "2036-01-01T00:00:00Z"
[[security_policy]]
use = "TLP"
[label.open]
policy = "TLP"
classification = "GREEN"
[label.secret]
policy = "TLP"
classification = "AMBER"
[clearance.low]
policy = "TLP"
classifications = ["GREEN"]
[clearance.high]
policy = "TLP"
classifications = ["GREEN", "AMBER"]
[own]
clearances = ["high"]
[partner.PARTNER]
clearances = ["high"]
[group.all]
partners = ["PARTNER"]
[[marking]]
id = "secret"
when.identity = ["HOSTILE"]
label = "secret"
[[marking]]
id = "open"
label = "open"
[[release]]
id = "everything"
action = "release"
[[accept]]
id = "everything"
"""
TAKEN_AWAY = POLICY.replace('classifications = ["GREEN"]', 'classifications = ["CLEAR"]')


class Scene:
    """Two nodes, and the consumers of the first."""

    def __init__(self, players: list[Player], nodes: list[Node], ports: list[int]) -> None:
        self.players = players
        self.nodes = nodes
        self.tak, self.nvg, self.nffi = ports
        self.got: dict[tuple[str, str], bytearray] = {}
        """Every octet that a consumer got over what he keeps open, by kind and clearance."""

    def tls(self, name: str) -> ssl.SSLContext:
        certs = self.players[0].directory / "certs"
        context = ssl.create_default_context(cafile=str(certs / "ca.pem"))
        context.check_hostname = False
        context.load_cert_chain(certs / f"{name}.client.pem", certs / f"{name}.client.key")
        return context

    async def tell(self, number: int, word: str) -> None:
        """Four tracks of that word: of the first node and of its partner, open and secret."""
        for index, node in enumerate(self.nodes):
            for offset, (kind, identity) in enumerate(((OPEN, Identity.FRIEND), (SECRET, Identity.HOSTILE))):
                name = f"{kind.decode()}{word}{index}"
                made = aircraft(number + 2 * index + offset)
                others = tuple([one for one in made.identifiers if one.scheme not in ("callsign", "mode3a")])
                await take(node, replace(made, name=name, identifiers=others, identity=IdentityGroup(value=identity)))

    async def listen(self, kind: str, level: str) -> None:
        """Keep a conversation or a stream open, and what comes of it, until cancelled."""
        kept = self.got[kind, level] = bytearray()
        context = self.tls(level)
        if kind == "tak":
            reader, writer = await asyncio.open_connection("127.0.0.1", self.tak, ssl=context)
            try:
                while octets := await reader.read(1 << 16):
                    kept += octets
                kept += b"HUNG UP"
            finally:
                writer.close()
            return
        connector = aiohttp.TCPConnector(ssl=context)
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout()) as session:
            url = f"https://127.0.0.1:{self.players[0].http_port}/v1/stream"
            async with session.get(url) as answer:
                assert answer.status == 200
                async for octets in answer.content.iter_any():
                    kept += octets
                kept += b"HUNG UP"

    async def fetch(self, kind: str, level: str) -> bytes:
        """One document or answer, headers and all."""
        port = self.players[0].http_port
        ask = enquiry()
        async with AsyncExitStack() as stack:
            context = self.tls(level) if kind.startswith("/") else None
            connector = aiohttp.TCPConnector(ssl=context) if context else aiohttp.TCPConnector()
            session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
            headers = {"Authorization": aiohttp.encode_basic_auth(f"{level}-map", PASSWORD)}
            if kind == "nvg":
                request = session.get(f"http://127.0.0.1:{self.nvg}/nvg", headers=headers)
            elif kind == "nffi":
                headers |= {**ask.headers, "Content-Type": ask.media_type}
                request = session.post(f"http://127.0.0.1:{self.nffi}/nffi", data=ask.octets, headers=headers)
            else:
                path, _, media_type = kind.partition(" ")
                request = session.get(f"https://127.0.0.1:{port}{path}", headers={"Accept": media_type or "*/*"})
            answer = await stack.enter_async_context(request)
            assert answer.status in (200, 204), await answer.text()
            return await answer.read() + repr(answer.headers).encode()


async def take(node: Node, track: Track) -> None:
    """Hand a track to a node as its sensors would."""
    now = SystemClock().now()
    octets = b"\n".join(find("geojson").encoder().encode([track], now).frames)
    frame = Frame(octets=octets, feed="test", source="sensors", peer="127.0.0.1", received_at=now)
    pending = await pipeline.outbound(node.rooms, frame, find("geojson").decoder(node=node.rooms.node))
    assert (await pending.intake()).problems == ()


def tables(player: Player, ports: list[int]) -> str:
    """The consumers of a node."""
    certs = player.directory / "certs"
    write_development(certs, player.nation.node, now=SystemClock().now(), sources=(LOW, HIGH))
    text = ""
    for level in (LOW, HIGH):
        pin = spki_pin(x509.load_pem_x509_certificate((certs / f"{level}.client.pem").read_bytes()))
        text += f'[source.{level}]\nformats = ["geojson"]\nclearance = ["{level}"]\ncertificate_pins = ["{pin}"]\n'
        text += f'[client.{level}-tak]\nclearance = ["{level}"]\ncertificate_pins = ["{pin}"]\n'
        hashed = hash_password(PASSWORD, log2_n=12)
        text += f'[client.{level}-map]\nclearance = ["{level}"]\npassword = "{hashed}"\n'
    text += f"""
[feed.tak]
direction = "both"
kind = "tcp-listen"
format = "cot"
address = "127.0.0.1:{ports[0]}"
tls = true
clients = ["{LOW}-tak", "{HIGH}-tak"]
source = "sensors"
"""
    for name, port in (("nvg", ports[1]), ("nffi", ports[2])):
        text += f"""
[feed.{name}]
direction = "out"
kind = "http"
format = "{name}"
address = "127.0.0.1:{port}"
clients = ["{LOW}-map", "{HIGH}-map"]
"""
    return text


@asynccontextmanager
async def scene(root: Path) -> AsyncIterator[Scene]:
    players = set_stage(root, SystemClock(), simulation="SIMULATED")[:2]
    ports = free_ports(3)
    for player, other in zip(players, reversed(players), strict=True):
        text = player.config_path.read_text()
        head, mark, links = text.partition("\n[link.")
        wanted = [one for one in f"{mark}{links}".split("\n[link.") if one.startswith(f"{other.nation.node}]")]
        consumers = tables(player, ports) if player is players[0] else ""
        player.config_path.write_text(f"{head}\n{consumers}\n[link.{wanted[0]}")
        player.policy_path.write_text(POLICY.replace("PARTNER", other.nation.node))
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(Node(load(player.config_path).config)) for player in players]
        async with running(*nodes):
            yield Scene(players, nodes, ports)


DOCUMENTS = ["nvg", "nffi", "/v1/tracks application/geo+json", "/v1/tracks application/cot+xml"]
OPENED = [(kind, level) for kind in ("tak", "stream") for level in (LOW, HIGH)]


def words(kind: bytes, word: str) -> set[bytes]:
    """What one of each kind is called, of the first node and of its partner."""
    return {b"%s%s%d" % (kind, word.encode(), index) for index in range(2)}


def holds(octets: bytes | bytearray, wanted: set[bytes]) -> bool:
    return all(one in octets for one in wanted)


async def test_no_consumer_gets_a_word_of_what_he_is_not_cleared_for_before_or_after_a_reload(tmp_path: Path) -> None:
    async with scene(tmp_path) as made, asyncio.TaskGroup() as group:
        await made.tell(1, "one")
        listening = [group.create_task(made.listen(*one)) for one in OPENED]
        begun = {"tak": words(OPEN, "one"), "stream": {b"retry: "}}  # a stream begins with what changes
        await until(lambda: all(holds(made.got.get(one, b""), begun[one[0]]) for one in OPENED))
        await made.tell(11, "two")

        def whole(level: str, word: str) -> Callable[[], bool]:
            wanted = words(OPEN, word) | (words(SECRET, word) if level == HIGH else set())
            return lambda: all(holds(made.got[kind, level], wanted) for kind in ("tak", "stream"))

        for level in (LOW, HIGH):
            await until(whole(level, "two"))
        for kind in DOCUMENTS:
            low, high = await made.fetch(kind, LOW), await made.fetch(kind, HIGH)
            for word in ("one", "two"):
                assert holds(low, words(OPEN, word)), kind
                assert holds(high, words(OPEN, word) | words(SECRET, word)), kind
            assert SECRET not in low, kind
        for kind in ("tak", "stream"):
            assert SECRET not in made.got[kind, LOW], kind

        # The clearance is taken away while everything is open
        first = made.nodes[0]
        made.players[0].policy_path.write_text(TAKEN_AWAY.replace("PARTNER", made.players[1].nation.node))
        done = await first.reload.now()
        assert (done.errors, done.policy != done.previous) == ((), True)
        before = {one: len(made.got[one]) for one in OPENED}
        await made.tell(1, "three")  # new words on what he was shown before
        await made.tell(21, "four")
        names = {entry.track.name: entry.track.track_id or "" for entry in first.rooms.picture.query(most=100)[0]}
        first.rooms.picture.retract(names["canaryopentwo0"], first.rooms.node, "STALE")
        for word in ("three", "four"):
            await until(whole(HIGH, word))
        await asyncio.sleep(1.2)  # longer than a stream or a conversation waits before it looks around
        for kind in ("tak", "stream"):
            since = bytes(made.got[kind, LOW][before[kind, LOW] :])
            assert b"canary" not in since, kind
            assert b"event: track" not in since
            assert b"event: gone" not in since
            assert b"HUNG UP" not in since, "it stays open"
            assert b'type="a-' not in since
        for kind in DOCUMENTS:
            low, high = await made.fetch(kind, LOW), await made.fetch(kind, HIGH)
            assert b"canary" not in low, kind
            assert holds(high, words(SECRET, "four")), kind

        # And given again: he sees what is open, as it is now
        made.players[0].policy_path.write_text(POLICY.replace("PARTNER", made.players[1].nation.node))
        assert (await first.reload.now()).errors == ()
        await made.tell(31, "five")
        await until(whole(LOW, "five"))
        for kind in ("tak", "stream"):
            assert SECRET not in made.got[kind, LOW], kind
        for task in listening:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*listening)
