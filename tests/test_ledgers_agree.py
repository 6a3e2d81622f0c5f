"""An auditor with the ledgers of three nodes and their policy files, and nothing else of theirs, finds that they agree.

No database, and of ours no code that made what is looked at: entries are read as docs/ledger.md lays them out, digests
are made by `sha256sum` as docs/policy.md says.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import defaultdict
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.demo.stage import Player
from gateway.formats import alliance
from gateway.labels.shipped import shipped
from gateway.ledger.tiles import WIDTH
from gateway.stages import Message
from tests.assembled import aircraft
from tests.test_corridor import until
from tests.test_onward import DEU, EU, NLD, has, read, row, settled

Entry = dict[str, Any]
RULES = """
[[release]]
id = "less"
onward = true
when.identifier = { icao24 = ["484003"] }
action = "redact"
drop = ["altitude"]

[[release]]
id = "pass-on"
onward = true
action = "release"
"""
DROP = '[[accept]]\nid = "not-this"\naction = "drop"\nwhen.identifier = { icao24 = ["484002"] }\n'


def with_file(player: Player, text: str) -> str:
    """A policy whose security policy is a file beside it, so that an auditor has every file that it names."""
    (player.policy_path.parent / "alpha.xml").write_bytes(shipped()["ALPHA"])
    return text.replace('use = "ALPHA"', 'file = "alpha.xml"')


def entries(directory: Path) -> list[Entry]:
    """Every entry under the signed head: bundles of 256, each entry behind its length in two octets."""
    size = int((directory / "checkpoint").read_text().split("\n")[1])
    assert size < WIDTH
    octets = (directory / "tile" / "entries" / "000.p" / str(size)).read_bytes()
    found: list[Entry] = []
    while octets:
        length = int.from_bytes(octets[:2], "big")
        found.append(json.loads(octets[2 : 2 + length]))
        octets = octets[2 + length :]
    assert [one["seq"] for one in found] == list(range(size))
    return found


def digest(directory: Path) -> str:
    """What docs/policy.md tells an auditor to run."""
    words = "sha256sum policy.toml alpha.xml | LC_ALL=C sort | sha256sum"
    return subprocess.run(["sh", "-c", words], cwd=directory, capture_output=True, check=True, text=True).stdout[:64]


def keep(players: list[Player], into: Path, version: int) -> dict[str, str]:
    """The policy files of the day, kept with the ledgers: each node's digest of them."""
    found: dict[str, str] = {}
    for player in players:
        kept = into / f"{player.nation.node}-{version}"
        kept.mkdir(parents=True)
        for name in ("policy.toml", "alpha.xml"):
            shutil.copy(player.policy_path.parent / name, kept / name)
        found[player.nation.node] = digest(kept)
    return found


async def test_the_ledgers_of_three_nodes_agree_on_every_message(tmp_path: Path) -> None:
    async with row(tmp_path / "nodes", RULES, last=DROP, edit=with_file) as nodes:
        players = nodes.players
        first = keep(players, tmp_path / "kept", 1)
        one, two = await nodes.tell(aircraft(1), aircraft(2))
        (three,) = await nodes.tell(aircraft(3))
        await until(lambda: has(nodes.eu, one) and has(nodes.eu, three))
        assert not has(nodes.eu, two)
        changed = players[1].policy_path
        changed.write_text(changed.read_text().replace('id = "pass-on"', 'id = "pass-on-2"'))
        reloaded = await nodes.deu.reload.now()
        second = keep(players, tmp_path / "kept", 2)
        assert (reloaded.previous, reloaded.policy) == (first[DEU], second[DEU])
        (four,) = await nodes.tell(aircraft(4))
        await until(lambda: has(nodes.eu, four))
        # one that deu-1 refuses: too high for it
        (told, *_) = await nodes.sent(nodes.nld)
        inner = read(told.octets)
        high = replace(inner.header.label, classification="SECRET")
        header = replace(inner.header, message_id="6a0c2c5e-0000-4000-8000-000000000001", label=high)
        message = alliance.draft(Message(header=header, tracks=inner.tracks))
        bad = (await nodes.nld.rooms.signer.seal_async(message)).octets
        assert not await nodes.push(nodes.deu, NLD, bad)
        await settled(nodes.nld, DEU)
        await settled(nodes.deu, EU)
    books = {player.nation.node: entries(player.ledger_directory) for player in players}

    # which policy was in force, from when on
    for node, book in books.items():
        changes = [leaf for leaf in book if leaf["ev"] == "policy"]
        assert changes[0]["sha256"] == first[node]
        for before, after in pairwise(changes):
            assert after["previous"] == before["sha256"]
        in_force = ""
        for leaf in book:
            if leaf["ev"] == "policy":
                in_force = leaf["sha256"]
            elif leaf["ev"] in ("sent", "received", "withheld") or leaf.get("rule"):
                assert leaf["policy"] == in_force
    assert [leaf["sha256"] for leaf in books[DEU] if leaf["ev"] == "policy"] == [first[DEU], second[DEU]]

    # every message that one sent another took, by the same id, digest, rule and policy
    sent: dict[str, Entry] = {leaf["sha256"]: leaf for book in books.values() for leaf in book if leaf["ev"] == "sent"}
    taken: dict[str, list[tuple[str, Entry]]] = defaultdict(list)
    for node, book in books.items():
        for leaf in book:
            if leaf["ev"] == "received":
                taken[leaf["sha256"]].append((node, leaf))
    assert len(sent) == 6
    assert set(sent) == set(taken)
    for message_digest, out in sent.items():
        receivers = taken[message_digest]
        assert {node for node, _ in receivers} >= set(out["to"])
        for node, into in receivers:
            assert (into["mid"], into["origin"]) == (out["mid"], out["origin"])
            assert (into["origin_rule"], into["origin_policy"]) == (out["rule"], out["policy"])
            assert into.get("original") == out.get("original")
            assert into["rule"].startswith("accept.")
            if node in out["to"]:
                assert into["tracks"] + into.get("left_out", 0) == out["tracks"]
        for partner in out["to"]:
            (answer,) = [
                leaf
                for leaf in books[out["origin"]]
                if leaf["ev"] == "delivered" and leaf["mid"] == out["mid"] and leaf["peer"] == partner
            ]
            assert (answer["outcome"], answer["sha256"]) == ("ACCEPTED", message_digest)
    relays = [leaf for leaf in sent.values() if "original" in leaf]
    assert {leaf["rule"] for leaf in relays} == {"release.pass-on", "release.pass-on-2", "release.less"}
    assert all(sent[leaf["original"]]["origin"] == NLD for leaf in relays)
    assert [leaf["left_out"] for leaf in books[EU] if "left_out" in leaf] == [1, 1]  # the original, and who brought it

    # what was refused, by which rule of which policy
    (refused,) = [leaf for leaf in books[DEU] if leaf["ev"] == "refused"]
    assert (refused["sha256"], refused["code"]) == (sha256(bad).hexdigest(), "POL-032")
    assert (refused["rule"], refused["policy"]) == ("accept.refused.label.classification", second[DEU])

    # and for people
    shown = CliRunner().invoke(
        app, ["ledger", "show", "--last", "60", "--config", str(players[1].config_path)], catch_exceptions=False
    )
    for words in ("rule release.pass-on-2", f"policy {second[DEU][:12]}", "origin_rule release.to-allies"):
        assert words in shown.stdout
    arguments = ["ledger", "show", "--message", refused["mid"], "--config", str(players[1].config_path)]
    shown = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert f"  policy        {second[DEU]}\n" in shown.stdout
