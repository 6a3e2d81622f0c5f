"""The demonstration's release policies on running nodes: their promises hold, and evidence finds it when they do not.

Four nodes by their real policy files take in the simulated sky over real sockets. A second run plays with policies that
were loosened, one mistake for each promise; the same evidence must find every one of them. In a third the origin of the
drones does not let them go on.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec import Struct
from msgspec.structs import replace

from gateway.clock import SystemClock
from gateway.config import load
from gateway.config.policy_load import load_policy
from gateway.demo.evidence import examine, leaves_of
from gateway.demo.exchange import Exchange, Passed, read_exchange
from gateway.demo.players import corridor
from gateway.demo.policies import policy_of_player
from gateway.demo.policy_evidence import (
    Promise,
    agreement,
    alliance_only,
    civil_view,
    equivalent_label,
    find_promises,
    origin_control,
    withheld_field,
)
from gateway.demo.sky import AIRPORT, FIGHTERS
from gateway.demo.stage import CAST, Player, set_stage
from gateway.demo.stored import Stored, received_by, sent_by
from gateway.demo.traffic import Sensors
from gateway.demo.wall import Wall
from gateway.formats.registry import formats
from gateway.node.assembly import Node
from gateway.policy.lint import Facts, Severity, lint
from tests.test_corridor import running

pytestmark = [pytest.mark.timeout(240), pytest.mark.xdist_group("demo")]

SCANS = 3
LOOSE = {
    "nld-1": (
        # What is the alliance's alone is called releasable
        ('when.identifier = { mode3a = ["04??"] }\nlabel = "alliance"', 'when.identifier = {}\nlabel = "shared"'),
        # The EU agency is taken for one that reads the alliance's labels: no equivalent goes with them
        ('[partner.eu-1]\nclearances = ["eu"]', '[partner.eu-1]\nclearances = ["alliance"]'),
        # What the radar measured goes along
        ('action = "redact"', 'action = "release"'),
        ('drop = ["polar", "raw"]', ""),
    ),
    "eu-1": (
        # Civil aviation gets drones anywhere, and learns which sensors saw them
        ('when.area = ["airport"]\n', ""),
        ('drop = ["sensors", "identifiers", "name", ', "drop = ["),
    ),
    "atm-1": (('when.area = ["airport"]\nwhen.lacks = ["sensors", "raw", "operator"]\n', ""),),
}
"""What is replaced by what in the policies of the second run."""
SHUT = {"deu-1": (('alternatives = ["drones-eu", "drones-civil"]', 'alternatives = ["drones-eu"]'),)}
"""The same for the third run: the origin of the drones takes back what lets the agency pass them on."""


class Run(Struct, frozen=True):
    """What lay on disk when the nodes had ended."""

    players: list[Player]
    exchange: Exchange
    promises: dict[str, Promise]

    def sent(self, sender: str, recipient: str) -> list[Stored]:
        """Messages of a node to another, as the sender has them."""
        return [one for one in sent_by(self.exchange.players[sender]) if recipient in one.leaf.to]

    def received(self, sender: str, recipient: str) -> list[Stored]:
        """The same, as the receiver has them."""
        return [one for one in received_by(self.exchange.players[recipient]) if one.leaf.origin == sender]


Changes = Mapping[str, tuple[tuple[str, str], ...]]


def change(player: Player, changes: Changes) -> None:
    """Replace what `changes` names in a player's policy, which stays valid."""
    text = player.policy_path.read_text()
    for before, after in changes.get(player.nation.node, ()):
        assert before in text, f"{before!r} is not in the policy of {player.nation.node}"
        text = text.replace(before, after)
    player.policy_path.write_text(text)


async def play(root: Path, changes: Changes) -> Run:
    """A few scans of the sky through four nodes; everything that was sent has been answered when they end."""
    clock = SystemClock()
    players = set_stage(root, clock, simulation="SIMULATED", drones=True, cast=CAST)
    for player in players:
        change(player, changes)
    sensors, wall = Sensors(players[0], players[1], clock), Wall(players[1], clock)
    async with open_nodes(players) as nodes, running(*nodes):
        await until(lambda: all(link.state == "UP" for node in nodes for link in node.links.values()))
        feeding = [asyncio.ensure_future(one.run()) for one in (sensors, wall)]
        await until(lambda: wall.claims >= SCANS and wall.bearings and sensors.sent["CAT062"] >= SCANS * 28)
        for task in feeding:
            task.cancel()
        await asyncio.gather(*feeding, return_exceptions=True)
        told = [sensors.sent["CAT048"] + sensors.sent["CAT062"]]
        told.append(sensors.sent["CoT"] + len(wall.said_at) + wall.bearings + wall.claims)
        await until(lambda: [corridor(node.status, "tracks_received") for node in nodes[:2]] == told)
        await until(lambda: all(is_done(node) for node in nodes), times=10)
    exchange = read_exchange(players)
    promises = {one.name: one for one in find_promises(exchange, clock.now())}
    return Run(players, exchange, promises)


async def until(condition: Callable[[], bool], *, times: int = 1) -> None:
    """Wait for real I/O of this process, until the condition holds so many times in a row."""
    async with asyncio.timeout(40):
        held = 0
        while held < times:
            await asyncio.sleep(0.05)
            held = held + 1 if condition() else 0


@asynccontextmanager
async def open_nodes(players: list[Player]) -> AsyncIterator[list[Node]]:
    """The players' nodes, assembled, not yet running."""
    if not players:
        yield []
        return
    async with Node(load(players[0].config_path, formats=formats()).config) as node, open_nodes(players[1:]) as others:
        yield [node, *others]


def is_done(node: Node) -> bool:
    """Whether every message that it sent has an answer, and its ledger's checkpoint covers everything."""
    status = node.status
    links, ledger = status.get("links"), status.get("ledger")
    assert isinstance(links, list)
    assert isinstance(ledger, dict)
    return all(link["queued_messages"] == 0 for link in links) and ledger["leaves"] == ledger["checkpoint_size"]


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The demonstration's own policies."""
    return asyncio.run(play(tmp_path_factory.mktemp("strict"), {}))


@pytest.fixture(scope="module")
def loose(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same with a mistake for each promise."""
    return asyncio.run(play(tmp_path_factory.mktemp("loose"), LOOSE))


@pytest.fixture(scope="module")
def shut(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The agency's rules as they are; the origin's label no longer allows what they would."""
    return asyncio.run(play(tmp_path_factory.mktemp("shut"), SHUT))


# ------------------------------------------------------------------------------------------------------- they hold


def test_what_is_the_alliances_alone_never_reaches_the_eu_node_or_the_civil_one(strict: Run) -> None:
    promise = strict.promises["alliance only"]
    assert promise.holds, promise.line
    assert re.search(r"deu-1 got 8, eu-1 0, atm-1 0 ", promise.line), promise.line
    assert "release.refused.label.not-released" in promise.line, "the label kept them, though a rule matches"
    whole = b"".join(one.octets for one in strict.sent("nld-1", "deu-1"))
    given = b"".join(octets for node in ("eu-1", "atm-1") for octets in strict.exchange.octets_to(node))
    assert b"SIM101" in given
    for callsign, address in FIGHTERS:
        assert callsign.encode() in whole
        assert callsign.encode() not in given
        assert f">{address}<".encode() not in given


def test_what_is_released_to_both_arrives_with_an_equivalent_label(strict: Run) -> None:
    promise = strict.promises["equivalent label"]
    assert promise.holds, promise.line
    assert '"ALPHA RESTRICTED Releasable to BRAVO" is "BRAVO LIMITED REL BRAVO" there' in promise.line
    arrived = [pair for one in strict.received("nld-1", "eu-1") for pair in one.labelled]
    assert len(arrived) > SCANS * 24
    for track, label in arrived:
        assert (label.policy, label.classification) == ("ALPHA", "RESTRICTED"), track.track_id
        assert [(one.policy, one.classification) for one in label.alternatives] == [("BRAVO", "LIMITED")]


def test_a_withheld_field_is_absent_at_the_far_end_and_listed(strict: Run) -> None:
    promise = strict.promises["withheld field"]
    assert promise.holds, promise.line
    arrived = [track for one in strict.received("nld-1", "eu-1") for track in one.message.tracks]
    plots = [track for track in arrived if track.provenance[0].input_format == "ASTERIX_048"]
    assert len(plots) >= SCANS
    for track in plots:
        assert track.state.polar is None
        assert track.raw is None
        withheld = {loss.field for loss in track.provenance[-1].losses if loss.reason == "WITHHELD"}
        assert {"state.polar", "raw"} <= withheld


def test_the_civil_partner_sees_drones_near_the_airport_without_what_saw_them(strict: Run) -> None:
    promise = strict.promises["civil view"]
    assert promise.holds, promise.line
    tracks = [track for one in strict.received("eu-1", "atm-1") for track in one.message.tracks]
    # The loiterer, as the detector, the SAPIENT node and the Remote ID receiver have it
    assert len({track.track_id for track in tracks}) == 3
    for track in tracks:
        assert abs(track.state.position.latitude_deg - AIRPORT[0]) < 0.02
        assert (track.sources, track.identifiers, track.raw, track.operator) == ((), (), None, None)
        assert track.state.polar is None
        assert {hop.input_format for hop in track.provenance} == {"WITHHELD"}
    octets = b"".join(strict.exchange.octets_to("atm-1"))
    whole = b"".join(strict.exchange.octets_to("nld-1"))
    for word in (b"SAPIENT", b"REMOTE_ID", b"SIM-UAS", b"DRONE-", b"uas_serial", b"sapient_object"):
        assert word not in octets
        assert word in whole, word


def test_what_the_agency_passes_on_is_made_from_a_message_that_it_names_and_keeps_its_label(strict: Run) -> None:
    promise = strict.promises["origin control"]
    assert promise.holds, promise.line
    originals = {one.message.header.message_id: one for one in strict.sent("deu-1", "eu-1")}
    passed = strict.received("eu-1", "atm-1")
    assert len(passed) >= SCANS
    for one in passed:
        derived = one.message.header.derived
        assert (derived.origin, derived.redacted) == ("deu-1", True)
        original = originals[derived.message_id]
        assert sha256(original.octets).hexdigest() == derived.sha256 == original.leaf.sha256
        for track, label in one.labelled:
            assert (label.policy, label.classification) == ("ALPHA", "UNCLASSIFIED"), track.track_id
            assert {other.policy: other.classification for other in label.alternatives}["TLP"] == "GREEN"
    # The agency has more to pass on than it may: aircraft of the other nation, whose label nobody can read there
    assert len(strict.received("nld-1", "eu-1")) >= SCANS - 1
    assert not any(b"SIM101" in octets for octets in strict.exchange.octets_to("atm-1"))


def test_a_rule_of_the_agency_passes_on_nothing_that_the_origins_label_does_not_allow(shut: Run) -> None:
    assert len(shut.received("deu-1", "eu-1")) >= SCANS, "the agency itself has the drones"
    assert list(shut.exchange.octets_to("atm-1")) == []
    assert not shut.promises["origin control"].holds
    withheld = [leaf for leaf in leaves_of(shut.players[2]) if leaf.ev == "withheld" and leaf.group == "civil"]
    assert any(leaf.rule.startswith("release.refused.label.") and leaf.count for leaf in withheld), withheld


def test_the_ledgers_of_both_sides_name_the_same_rule_of_the_same_policy(strict: Run) -> None:
    promise = strict.promises["agreement"]
    assert promise.holds, promise.line
    ways = {
        (one.leaf.origin, node, one.leaf.origin_rule)
        for node, received in strict.exchange.received.items()
        for one in received
    }
    assert ways == {
        ("nld-1", "deu-1", "release.allies"),
        ("nld-1", "eu-1", "release.air-picture"),
        ("deu-1", "nld-1", "release.allies"),
        ("deu-1", "eu-1", "release.drones"),
        ("eu-1", "atm-1", "release.near-airport"),
    }
    digest = load_policy(strict.players[0].policy_path, node="nld-1").digest
    for one in strict.sent("nld-1", "eu-1"):
        assert one.leaf.policy == one.message.header.policy == digest
        assert one.leaf.rule == one.message.header.rule


def test_every_message_arrived_at_everybody_to_whom_it_is_addressed_and_nowhere_else(strict: Run) -> None:
    evidence = examine(strict.players)
    assert evidence.holds, evidence.lines
    assert any("0 missing at a partner, 0 received twice, 0 at a node" in line for line in evidence.lines)


def equivalents(exchange: Exchange) -> Promise:
    return equivalent_label(exchange, SystemClock().now())


# ------------------------------------------------------------------------------------- and that they do not, is found


def test_a_policy_that_calls_everything_releasable_is_found_out(loose: Run) -> None:
    promise = loose.promises["alliance only"]
    assert not promise.holds
    assert not re.search(r"eu-1 0,", promise.line), "the fighters' names are there"


def test_a_label_without_its_equivalent_is_found_out(loose: Run) -> None:
    promise = loose.promises["equivalent label"]
    assert not promise.holds
    assert re.search(r"[1-9]\d* reports of nld-1 reached eu-1, 0 of them under", promise.line), promise.line


def test_a_measurement_that_went_along_is_found_out(loose: Run) -> None:
    promise = loose.promises["withheld field"]
    assert not promise.holds
    assert re.search(r"[1-9]\d* with a measurement", promise.line), promise.line


def test_drones_elsewhere_and_names_of_sensors_at_the_civil_partner_are_found_out(loose: Run) -> None:
    promise = loose.promises["civil view"]
    assert not promise.holds
    assert re.search(r"[1-9]\d* reports of them outside", promise.line), promise.line
    assert re.search(r"elsewhere [1-9]\d* came; [1-9]\d* of ", promise.line), promise.line


@pytest.mark.parametrize(
    "changes", [{"sha256": "0" * 64}, {"message_id": "00000000-0000-4000-8000-000000000000"}, {"redacted": False}]
)
def test_a_message_that_names_another_original_is_found_out(strict: Run, changes: dict[str, object]) -> None:
    first, *rest = strict.exchange.sent["eu-1"]
    for derived in (replace(first.derived, **changes), None):
        sent = {**strict.exchange.sent, "eu-1": [replace(first, derived=derived), *rest]}
        assert not origin_control(replace(strict.exchange, sent=sent)).holds


def test_ledgers_that_do_not_agree_are_found_out(strict: Run) -> None:
    received = strict.exchange.received["eu-1"]
    for other in (
        replace(received[0].leaf, origin_rule="release.allies"),
        replace(received[0].leaf, origin_policy="0" * 64),
        replace(received[0].leaf, policy="0" * 64),
        replace(received[0].leaf, sha256="0" * 64),
    ):
        changed = [replace(received[0], leaf=other), *received[1:]]
        exchange = replace(strict.exchange, received={**strict.exchange.received, "eu-1": changed})
        assert not agreement(exchange).holds


@pytest.mark.parametrize("promise", [alliance_only, equivalents, withheld_field, civil_view, origin_control, agreement])
def test_no_promise_holds_where_nothing_was_sent(strict: Run, promise: Callable[[Exchange], Promise]) -> None:
    nothing: dict[str, list[Passed]] = {player.nation.node: [] for player in strict.players}
    assert not promise(replace(strict.exchange, sent=nothing, received=nothing)).holds


# ------------------------------------------------------------------------------------------------------ the files


@pytest.mark.parametrize("nation", CAST, ids=[one.node for one in CAST])
def test_lint_finds_no_fault_with_a_players_policy(tmp_path: Path, nation: object) -> None:
    now = SystemClock().now()
    player = next(
        one
        for one in set_stage(tmp_path, SystemClock(), simulation="REAL", drones=True, cast=CAST)
        if one.nation is nation
    )
    loaded = load_policy(player.policy_path, node=player.nation.node)
    config = load(player.config_path, formats=formats()).config
    facts = Facts(
        review_at=loaded.file.policy.review,
        clearances_in_use=None,
        sources=tuple(config.source),
        labels={index: one.label for index, one in enumerate(loaded.file.marking)},
    )
    findings = lint(loaded.policy, facts, now)
    assert [one.words for one in findings if one.severity is not Severity.NOTE] == []
    assert loaded.file.policy.issued < now < loaded.file.policy.review
    assert policy_of_player(player.nation.node, now) == loaded.text
