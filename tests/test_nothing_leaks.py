"""Every octet that one partner gets from a running node, searched for what policy keeps from it, in every format."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.clock import SystemClock, utc_text
from gateway.demo.stage import Player
from gateway.formats.registry import find
from gateway.node.assembly import Node
from tests.assembled import Assembly, assembled
from tests.formats.nffi import making as nffi
from tests.formats.nvg import making as nvg
from tests.formats.remoteid import support as remoteid

SECRET = re.compile(rb"canary[a-z0-9]*", re.IGNORECASE)
PLACES = (b"52.123456", b"53.234567", b"54.345678", b"4.765432", b"1234.567", b"52.333444", b"4.111222")
"""What stands nowhere in this exactness once it has been put on a grid, or as the place of a person."""
OPERATOR = b"98765432100123456789"  # of the Remote ID example
BASE = """
[policy]
name = "Canaries"
issued = "2026-01-01T00:00:00Z"
review = "2036-01-01T00:00:00Z"

[[security_policy]]
use = "PUBLIC"
[[security_policy]]
use = "TLP"
[label.plain]
policy = "PUBLIC"
classification = "UNMARKED"
[label.amber]
policy = "TLP"
classification = "AMBER"
[clearance.plain]
policy = "PUBLIC"
classifications = ["UNMARKED"]
[clearance.amber]
policy = "TLP"
classifications = ["AMBER"]
[own]
clearances = ["plain", "amber"]
[[accept]]
id = "everything"
"""
RULES = """
[partner.deu-1]
clearances = ["plain", "amber"]
[partner.eu-1]
clearances = ["plain"]
[group.ally]
partners = ["deu-1"]
[group.civil]
partners = ["eu-1"]
[[marking]]
id = "secret"
when.identity = ["SUSPECT"]
label = "amber"
[[marking]]
id = "plain"
label = "plain"
[[release]]
id = "canarywithheld"
to = ["civil"]
when.identity = ["HOSTILE"]
action = "withhold"
[[release]]
id = "reduced"
to = ["civil"]
action = "redact"
drop = ["sensors", "raw", "remarks", "extensions", "identifiers", "name", "polar", "relations"]
position_grid_m = 5000
altitude_grid_m = 500
[[release]]
id = "whole"
to = ["ally"]
action = "release"
personal_data = true
"""


def policy(player: Player) -> str:
    return BASE + (RULES if player.nation.node == "nld-1" else "")


def settings(_player: Player, text: str) -> str:
    formats = 'formats = ["asterix", "cot", "geojson", "nvg", "nffi", "remoteid"]'
    text = text.replace("[source.sensors]", "[source.canarysource]").replace('"sensors"', '"canarysource"')
    text = text.replace('formats = ["asterix", "cot", "geojson"]', formats)
    return text + "\n[limits]\nrefusal_summary_s = 0.2\n"


def cot(number: int, kind: str, latitude: float, now: datetime) -> bytes:
    begin, end = utc_text(now), utc_text(now + timedelta(minutes=5))
    return (
        f'<event version="2.0" uid="canaryuid{number}" type="{kind}" how="m-r" time="{begin}" start="{begin}" '
        f'stale="{end}" access="canaryaccess"><point lat="{latitude}" lon="4.765432" hae="1234.567" ce="9" le="9"/>'
        f'<detail><contact callsign="canarycall{number}"/><remarks source="canarywho">canaryremark</remarks>'
        '<uid Droid="canarydroid"/><__group name="canarygroup" role="canaryrole"/>'
        '<_flow-tags_ canaryserver="2026-11-22T12:00:00Z"/><canaryelement xmlns="urn:canary:1" a="canaryvalue"/>'
        "</detail></event>"
    ).encode()


def records(now: datetime) -> list[tuple[str, bytes]]:
    feature = {
        "type": "Feature",
        "id": "canaryfeature",
        "geometry": {"type": "Point", "coordinates": [4.765432, 52.123456, 1234.567]},
        "properties": {
            "time": utc_text(now),
            "name": "canaryname",
            "remarks": "canarysaid",
            "canaryproperty": "canaryvalue2",
            "identifiers": [
                {"scheme": "callsign", "value": "canarycall9"},
                {"scheme": "x-nld:hull", "value": "canary5"},
            ],
            "sources": [{"id": "canaryid", "name": "canary radar"}],
            "operator": {
                "identifier": "canarypilot",
                "position": {"latitude_deg": 52.333444, "longitude_deg": 4.111222},
            },
            "relations": [{"kind": "FUSED", "track_ids": ["ca0a1234-0000-4000-8000-000000000001"]}],
        },
    }
    system = "<sourceSystem><country>NOR</country><system>canarysystem</system></sourceSystem>"
    unit = nffi.positional(
        source=f"<trackSource>{system}<transponderId>canary7</transponderId></trackSource>",
        time=now.strftime("%Y%m%d%H%M%S"),
    )
    return [
        ("cot", cot(1, "a-f-A-M-F", 52.123456, now)),
        ("cot", cot(2, "a-h-A-M-F", 53.234567, now)),
        ("cot", cot(3, "a-s-A-M-F", 54.345678, now)),
        ("cot", b"<event canarybad"),
        ("nvg", nvg.document(nvg.point('label="canarylabel"', "<textInfo>canarytext</textInfo>", uri="urn:canary:2"))),
        ("nffi", nffi.message(unit + nffi.identification(name="canaryunit", symbol="SFGPUCI--------"))),
        ("remoteid", remoteid.PACK),
        ("geojson", json.dumps(feature).encode()),
    ]


@pytest.fixture(scope="module")
def gateways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assembly]:
    root = tmp_path_factory.mktemp("canaries")
    with assembled(root, count=3, edit=settings, policy=policy) as assembly:
        door = assembly.national(0)
        for form, octets in records(SystemClock().now()):
            status = door.post(f"/v1/messages/{form}", octets, find(form).media_type).status
            assert status == (422 if b"canarybad" in octets else 202), form
        nld, deu, eu = assembly.nodes
        assembly.until(lambda: deu.counts.tracks_accepted == 7 and eu.counts.tracks_accepted == 5)
        assert (nld.counts.tracks_released, nld.counts.tracks_withheld) == (12, 2)
        assembly.do(nld.ledger.flush_refusals(all_of_them=True))
        assembly.until(lambda: nld.ledger.size == nld.store.leaf_count())
        yield assembly


def got(gateways: Assembly, node: Node) -> list[bytes]:
    async def read() -> list[bytes]:
        return [one.octets for one in await node.store.latest_messages(100) if one.octets is not None]

    return gateways.do(read())


def leaked(octets: bytes) -> set[bytes]:
    """What is in them that should not be: as it is, in base64, in hex."""
    words = {word for _, record in records(SystemClock().now()) for word in SECRET.findall(record)}
    found = set(SECRET.findall(octets))
    for secret in (*words, b"canarysource", OPERATOR, *PLACES):
        shapes = [secret, secret.hex().encode()]
        shapes += [b64encode(b"\0" * pad + secret)[(0, 2, 3)[pad] : -4] for pad in range(3)]
        found |= {shape for shape in shapes if len(shape) > 5 and shape in octets}
    return found


def test_no_message_to_a_partner_holds_what_the_rule_takes_out_or_keeps_back(gateways: Assembly) -> None:
    messages = got(gateways, gateways.nodes[2])
    assert len(messages) >= 5
    for message in messages:
        assert leaked(message) == set()
        assert b"<Source " not in message
        assert b"HOSTILE" not in message
        assert b"SUSPECT" not in message


def test_what_is_searched_for_is_there_to_be_found(gateways: Assembly) -> None:
    found = set().union(*[leaked(message) for message in got(gateways, gateways.nodes[1])])
    for secret in (
        b"canarysource",
        b"canarycall1",
        b"canaryremark",
        b"canarypilot",
        b"canaryserver",
        OPERATOR,
        *PLACES,
    ):
        assert secret in found, secret


def test_the_door_that_partners_read_tells_no_more(gateways: Assembly) -> None:
    """Ledger, health, refusals: what a partner may ask, and what it may only try."""
    door, base = gateways.partner(0, 2), "/alliance/v1/ledger"
    names = [path.relative_to(gateways.players[0].ledger_directory) for path in _files(gateways.players[0])]
    assert any(path.parts[:2] == ("tile", "entries") for path in names)
    paths = [f"{base}/{path.as_posix()}" for path in names]
    paths += ["/alliance/v1/health", "/v1/tracks", "/v1/status", "/metrics", "/v1/stream", "/alliance/v1/messages"]
    for path in paths:
        answer = door.call("GET", path)
        assert leaked(answer.body + repr(answer.headers).encode()) == set(), path
        if "/entries/" in path:
            assert answer.status == 404, "it would tell how many tracks were kept back, and by which rule"
    refused = door.post("/alliance/v1/messages", b"<x/>", "application/vnd.alliance.track+xml")
    assert leaked(refused.body + repr(refused.headers).encode()) == set()


def test_the_ledger_tells_those_at_home_what_was_kept_back_and_by_which_rule(gateways: Assembly) -> None:
    async def read() -> list[dict[str, object]]:
        return [json.loads(one) for one in await gateways.nodes[0].store.leaves(0, 1_000)]

    leaves = gateways.do(read())
    digest = gateways.nodes[0].desk.policy.digest
    withheld = {(one["group"], one["rule"], one["count"], one["policy"]) for one in leaves if one["ev"] == "withheld"}
    assert withheld == {
        ("civil", "release.canarywithheld", 1, digest),
        ("civil", "release.refused.label.not-mapped", 1, digest),
    }
    assert b"canarysource" not in json.dumps(leaves).encode()


def _files(player: Player) -> list[Path]:
    return sorted(path for path in player.ledger_directory.rglob("*") if path.is_file())
