"""``gateway policy explain --from``: why a partner's message is let in or not, as people call it, on real messages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.cli.policy_files import find_policy
from gateway.cli.policy_inbound import document, reception
from gateway.errors import GatewayError
from gateway.formats import alliance
from gateway.stages import Derivation, Exercise, Header, Hop, Message, Retraction, Simulation
from gateway.track import Environment, Label, LabelCategory, Operator, Position, State, Track
from tests.assembled import aircraft
from tests.cli.conftest import Invoke
from tests.cli.policies import NEUTRAL, POLICY, write
from tests.test_corridor import until
from tests.test_onward import DEU, EU, NLD, PASS_ON, events, has, read, row
from tests.test_onward_hostile import IDS, header_like, octets_of

AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
TRACK_ID = "6a0c2c5e-0000-4000-8000-000000000001"
RESTRICTED = Label(
    policy="ALPHA",
    classification="RESTRICTED",
    categories=(
        LabelCategory(tag="Context", kind="PERMISSIVE", values=("ALPHA", "Releasable")),
        LabelCategory(tag="Releasable To", kind="PERMISSIVE", values=("ALPHA",)),
    ),
    created_at=AT - timedelta(days=1),
    review_at=AT + timedelta(days=365),
)

OPEN = replace(RESTRICTED, classification="UNCLASSIFIED")


def track(**more: Any) -> Track:
    fields: dict[str, Any] = {
        "track_id": TRACK_ID,
        "environment": Environment.AIR,
        "state": State(time=AT, position=Position(52.3, 4.7)),
    }
    return Track(**(fields | more))


def message(*tracks: Track, retractions: tuple[Retraction, ...] = (), **more: Any) -> bytes:
    """An unsigned message to deu-1, whose policy is `POLICY`."""
    fields: dict[str, Any] = {
        "message_id": IDS[0],
        "created_at": AT,
        "sender": "nld-1",
        "recipients": ("deu-1",),
        "nonce": "0" * 32,
        "exercise": Exercise.OPERATIONAL,
        "simulation": Simulation.REAL,
        "label": RESTRICTED,
    }
    original = more.pop("original", None)
    whole = Message(header=Header(**(fields | more)), tracks=tracks, retractions=retractions, original=original)
    return alliance.draft(whole).octets


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with a policy, and no configuration."""
    write(tmp_path)
    return tmp_path


@pytest.fixture
def explain(place: Path, invoke: Invoke) -> Any:
    """Explain a message by the policy in the directory."""

    def run(octets: bytes, *arguments: str, partner: str = "nld-1", exit_code: int = 0) -> str:
        (place / "message.xml").write_bytes(octets)
        result = invoke("policy", "explain", "message.xml", "--from", partner, "-p", "policy.toml", *arguments)
        assert result.exit_code == exit_code, result.output
        return str(result.stdout)

    return run


def told(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


# -------------------------------------------------------------------------------------------------- unsigned messages


def test_says_label_rules_and_what_is_let_in(explain: Any) -> None:
    lines = told(explain(message(track())))
    for line in (
        f"message {IDS[0]}",
        "signature none, and a node takes none without; taken as signed by nld-1",
        "tracks of nld-1",
        "marked OPERATIONAL, REAL",
        "this node holds TLP: CLEAR, GREEN",
        "message ALPHA RESTRICTED",
        "valid, permits",
        "accept.exercise not met, it is not exercise",
        "accept.allies met, decides",
        "LET IN by accept.allies",
        "nld-1 in allies NOTHING: its origin",
        "ACCEPTED by accept.allies: 1 track let in",
    ):
        assert line in lines, "\n".join(lines)
    assert any(
        line.startswith("from nld-1, decided as of 2026-11-20T09:30:00Z by policy Air picture") for line in lines
    )


def test_a_track_that_is_left_out_is_told_with_its_rule(explain: Any) -> None:
    text = explain(message(track(), exercise=Exercise.EXERCISE), "--json")
    document = json.loads(text)
    assert document["outcome"] == "ACCEPTED"
    assert document["left_out"] == [{"track_id": TRACK_ID, "rule": "accept.exercise"}]
    assert document["let_in"] == 0
    (one,) = document["tracks"]
    assert (one["action"], one["rule"], one["own_label"]) == ("drop", "accept.exercise", False)
    assert "LEFT OUT by accept.exercise" in explain(message(track(), exercise=Exercise.EXERCISE))


@pytest.mark.parametrize(
    ("changes", "own", "code", "rule"),
    [
        ({}, replace(RESTRICTED, classification="SECRET"), "POL-032", "accept.refused.label.classification"),
        (
            {"label": replace(RESTRICTED, classification="UNCLASSIFIED")},
            RESTRICTED,
            "POL-033",
            "accept.refused.label.says-less",
        ),
        ({"label": replace(RESTRICTED, policy="NOBODYS")}, None, "POL-030", "accept.refused.label.unknown-policy"),
        ({"label": replace(RESTRICTED, categories=())}, None, "POL-031", "accept.refused.label.missing-mandatory"),
        ({"sender": "eu-1"}, None, "POL-034", "accept.refused.no-rule"),
    ],
)
def test_a_refusal_is_the_one_that_the_node_gives(
    explain: Any, changes: dict[str, Any], own: Label | None, code: str, rule: str
) -> None:
    octets = message(track(label=own), **changes)
    partner = changes.get("sender", "nld-1")
    document = json.loads(explain(octets, "--json", partner=partner))
    assert document["outcome"] == "REFUSED"
    assert (document["refusals"][0]["code"], document["refusals"][0]["rule"]) == (code, rule)
    assert document["onward"] == []
    lines = told(explain(octets, partner=partner))
    assert any(line.startswith(f"REFUSED {code} at ") and rule in line for line in lines), "\n".join(lines)
    assert "onward: nothing, for it is refused" in lines
    explain(octets, "--require-acceptance", partner=partner, exit_code=5)


def test_acceptance_and_onward_release_can_be_demanded(place: Path, invoke: Invoke) -> None:
    onward = '\n[[accept]]\nid = "union"\npartner = ["eu-1"]\n'
    write(place, POLICY + onward)
    (place / "message.xml").write_bytes(message(track(), sender="eu-1"))
    arguments = ("policy", "explain", "message.xml", "--from", "eu-1", "-p", "policy.toml")
    good = invoke(*arguments, "--require-acceptance", "--require-release", "--to", "nld-1")
    assert good.exit_code == 0, good.output
    assert "nld-1 in allies" in good.stdout
    assert "WHOLE: with the signature of its origin, by release.onward" in good.stdout
    none = invoke(*arguments, "--require-release", "--to", "nld-1", "--to", "atm-1")
    assert none.exit_code == 5
    assert "error[CLI-012]" in none.stderr
    assert "atm-1 would get nothing of it" in none.stderr
    (place / "message.xml").write_bytes(message(track(), sender="nld-1"))
    refused = invoke("policy", "explain", "message.xml", "--from", "atm-1", "-p", "policy.toml", "--require-acceptance")
    assert refused.exit_code == 5
    assert "error[POL-034]" in refused.stderr
    assert "though it says that it is from nld-1" in refused.stdout


def test_a_relay_is_explained_by_what_it_encloses(explain: Any) -> None:
    inner = message(track(), sender="eu-1", message_id=IDS[1], recipients=("nld-1",))
    derived = Derivation(origin="eu-1", message_id=IDS[1], sha256="00" * 32, redacted=False)
    relay = message(derived=derived, hops=(Hop("nld-1", AT),), original=inner)
    document = json.loads(explain(relay, "--json"))
    assert (document["from"], document["origin"], document["outcome"]) == ("nld-1", "eu-1", "ACCEPTED")
    assert document["derived"]["message_id"] == IDS[1]
    assert [one["track_id"] for one in document["tracks"]] == [TRACK_ID]
    assert "tracks of eu-1, whole, inside of this message, by way of nld-1" in told(explain(relay))
    assert explain(relay.replace(b"<Original>", b"<Original>AAAA"), exit_code=1) == ""


def test_withdrawals_and_who_operates_a_drone(explain: Any) -> None:
    gone = Retraction(track_id=IDS[7], time=AT, reason="ERROR")
    drone = track(operator=Operator(identifier="NLDoperator77", position=Position(52.123456, 4.654321)))
    octets = message(drone, retractions=(gone,))
    for more in ((), ("--json",)):
        text = explain(octets, *more)
        assert "NLDoperator77" not in text
        assert "52.123456" not in text
    assert "1 withdrawal, which follow what was sent" in told(explain(octets))
    assert json.loads(explain(octets, "--json"))["withdrawals"] == [IDS[7]]


def test_a_pipe_is_read_and_the_time_may_be_said(place: Path, invoke: Invoke) -> None:
    arguments = ("policy", "explain", "-", "--from", "nld-1", "-p", "policy.toml", "--json")
    late = invoke(*arguments, "--at", "2030-01-01T00:00:00Z", stdin=message(track()))
    assert late.exit_code == 0, late.output
    assert json.loads(late.stdout)["at"] == "2030-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (("--from", "fra-1"), 2, "error[CLI-004]"),
        (("--from", "nld-2"), 2, 'did you mean "nld-1"?'),
        (("--from", "nld-1", "--to", "fra-1"), 2, "error[CLI-004]"),
        (("--from", "nld-1", "--format", "alliance"), 2, "--format"),
        (("--from", "nld-1", "--source", "tak"), 2, "--source"),
        (("--from", "nld-1", "--origin", "eu-1"), 2, "--origin"),
        (("--from", "nld-1", "--option", "a=1"), 2, "--option"),
        (("--from", "nld-1", "--base-time", "2026-01-01T00:00:00Z"), 2, "--base-time"),
        (("--from", "nld-1", "--at", "noon"), 2, "--at"),
        (("--require-acceptance",), 2, "--require-acceptance"),
    ],
)
def test_what_says_nothing_of_a_partners_message_is_refused(
    place: Path, invoke: Invoke, arguments: tuple[str, ...], exit_code: int, said: str
) -> None:
    (place / "message.xml").write_bytes(message(track()))
    result = invoke("policy", "explain", "message.xml", "-p", "policy.toml", *arguments)
    assert result.exit_code == exit_code, result.output
    assert said in result.stderr


@pytest.mark.parametrize("rubbish", [b"\n", b"\x00\xff" * 100, b"<a><b", NEUTRAL.encode(), b'{"a": ['])
def test_what_is_no_message_is_a_finding_and_no_traceback(explain: Any, rubbish: bytes) -> None:
    assert explain(rubbish, exit_code=1) == ""


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=6), st.integers(0, 40)), min_size=1, max_size=3))
def test_only_errors_of_ours_leave_a_message_that_was_damaged(
    place: Path, cuts: Sequence[tuple[int, bytes, int]]
) -> None:
    octets = message(track(), track(label=replace(RESTRICTED, classification="UNCLASSIFIED")))
    for at, put, take in cuts:
        where = at % len(octets)
        octets = octets[:where] + put + octets[where + take :]
    found = find_policy(place / "policy.toml", place / "gateway.toml")
    try:
        result = reception(found, octets, partner="nld-1", to=["eu-1"], at="")
    except GatewayError:
        return
    assert document(result)["outcome"] in ("ACCEPTED", "REFUSED")


# ---------------------------------------------------------------------------------------------- messages of real nodes


def asked(invoke: Invoke, config: Path, octets: bytes, partner: str, *more: str) -> dict[str, Any]:
    result = invoke("policy", "explain", "-", "--from", partner, "--config", str(config), "--json", *more, stdin=octets)
    assert result.exit_code == 0, result.output
    said: dict[str, Any] = json.loads(result.stdout)
    return said


async def test_a_signature_is_verified_where_the_configuration_has_the_key(tmp_path: Path, invoke: Invoke) -> None:
    async with row(tmp_path) as nodes:
        (one,) = await nodes.tell(aircraft(1))
        await until(lambda: has(nodes.eu, one))
        (first,) = await nodes.sent(nodes.nld)
        (relay,) = await nodes.sent(nodes.deu)
        key = nodes.nld.rooms.signer.record.thumbprint
        configs = [player.config_path for player in nodes.players]
    octets, passed = first.octets or b"", relay.octets or b""

    direct = asked(invoke, configs[1], octets, NLD)
    assert (direct["signature"]["state"], direct["signature"]["key"]) == ("holds", key)
    assert (direct["header"], direct["outcome"], direct["rule"]) == ([], "ACCEPTED", "accept.everything")
    onward = {one["partner"]: one for one in direct["onward"]}
    assert onward[EU]["outcome"] == "WHOLE"
    assert onward[EU]["released"] == [{"rule": "release.pass-on", "tracks": [one]}]
    assert (onward[NLD]["outcome"], onward[NLD]["has_it"]) == ("NOTHING", "its origin")

    whole = asked(invoke, configs[2], passed, DEU)
    assert (whole["signature"]["state"], whole["header"], whole["outcome"]) == ("holds", [], "ACCEPTED")
    assert (whole["origin"], whole["from"]) == (NLD, DEU)

    elsewhere = asked(invoke, configs[2], octets, NLD)  # it was addressed to deu-1 alone
    assert [one["code"] for one in elsewhere["header"]] == ["SEAL-052"]
    assert (elsewhere["outcome"], elsewhere["refusals"][0]["code"]) == ("REFUSED", "SEAL-052")
    assert (elsewhere["let_in"], elsewhere["onward"]) == (1, []), "what policy says is told none the less"

    altered = octets.replace(b"TEST1", b"TEST2")
    assert altered != octets
    for changed, sender in ((altered, NLD), (octets, EU)):  # not as it was signed; not by whom it is said to be
        refused = asked(invoke, configs[1], changed, sender)
        assert (refused["signature"]["state"], refused["header"], refused["outcome"]) == ("refused", None, "REFUSED")
        assert refused["refusals"][0]["code"].startswith("SEAL-0")
    late = asked(invoke, configs[1], octets, NLD, "--at", "2027-12-01T00:00:00Z")
    assert late["outcome"] == "REFUSED"

    (configs[0].parent / "certs" / f"{NLD}.signing.pem").unlink()
    nobody = asked(invoke, configs[1], octets, NLD)
    assert nobody["signature"]["state"] == "not asked"
    assert "the keys cannot be read" in nobody["signature"]["words"]


DROP = '[[accept]]\nid = "drop"\naction = "drop"\nwhen.identifier = { icao24 = ["484002"] }\n'
REFUSE = '[[accept]]\nid = "no"\naction = "refuse"\nwhen.identifier = { icao24 = ["484003"] }\n'


async def test_the_running_node_decides_as_it_was_explained(tmp_path: Path, invoke: Invoke) -> None:
    """Signed messages of nld-1 to deu-1: asked before, then pushed; ledger and store say the same."""
    async with row(tmp_path, DROP + REFUSE + PASS_ON) as nodes:
        nodes.nld.links[DEU].pause()
        for number in (1, 2, 3):
            await nodes.tell(aircraft(number))
        sent = [one.octets or b"" for one in await nodes.sent(nodes.nld)]
        inner = read(sent[0])
        near = replace(inner.header.label, classification="SECRET")
        odd = [
            header_like(inner.header, NLD, DEU, IDS[0], label=near),
            header_like(inner.header, NLD, EU, IDS[1]),
            header_like(inner.header, NLD, DEU, IDS[2], created_at=inner.header.created_at + timedelta(hours=1)),
        ]
        sent += [await octets_of(nodes.nld, Message(header=one, tracks=inner.tracks)) for one in odd]
        config = nodes.players[1].config_path
        now = nodes.deu.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        seen = set()
        for octets in sent:
            said = asked(invoke, config, octets, NLD, "--at", now)
            accepted = await nodes.push(nodes.deu, NLD, octets)
            assert said["outcome"] == ("ACCEPTED" if accepted else "REFUSED")
            entry = next(one for one in reversed(await events(nodes.deu)) if one["ev"] in ("received", "refused"))
            if accepted:
                assert (entry["rule"], entry["policy"]) == (said["rule"], said["policy"])
                assert (entry["tracks"], entry.get("left_out", 0)) == (said["let_in"], len(said["left_out"]))
            else:
                assert entry["code"] == said["refusals"][0]["code"]
                assert entry.get("rule", "") == said["refusals"][0]["rule"]
            seen.add(said["refusals"][0]["code"] if said["refusals"] else str(said["let_in"]))
            relayed = [one.octets or b"" for one in await nodes.sent(nodes.deu)]
            went = any(read(one).header.derived.message_id == said["message_id"] for one in relayed)  # type: ignore[union-attr]  # all are relays
            assert went is any(one["partner"] == EU and one["outcome"] == "WHOLE" for one in said["onward"])
        assert seen == {"1", "0", "POL-035", "POL-032", "SEAL-052", "SEAL-054"}
