"""``gateway policy`` explain, lint, show, schema, binding and reload: as people call them."""

from __future__ import annotations

import hashlib
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import jsonschema_rs
import pytest

from gateway import xml
from gateway.cli.catalogue import catalogue
from gateway.formats import alliance
from gateway.formats.geojson import GeoJsonEncoder
from gateway.limits import Limits
from gateway.policy.lint import codes as lint_codes
from gateway.track import Environment, Identifier, Operator, Position, State, Track
from tests.cli.conftest import ENVIRONMENT, Gateway, Invoke
from tests.cli.policies import EVENTS, HOSTILE, NEUTRAL, POLICY, event, write
from tests.data import recording

NOON = "2026-11-20T12:00:00Z"
AS_COT = ("--format", "cot", "--source", "tak")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with a policy and a recording, and no configuration."""
    write(tmp_path)
    (tmp_path / "events.xml").write_bytes(EVENTS)
    return tmp_path


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


# ------------------------------------------------------------------------------------------------------------ explain


def test_explains_rule_by_rule_why_a_track_goes_to_a_partner(place: Path, invoke: Invoke) -> None:
    (place / "one.xml").write_text(NEUTRAL)
    result = invoke("policy", "explain", "one.xml", *AS_COT, "--to", "eu-1", "-p", "policy.toml")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    for line in (
        "mark.ground not met, its environment is AIR",
        "mark.picture met, decides",
        "release.no-hostiles not met, its identity is NEUTRAL",
        "release.union met, decides",
        "holds BRAVO: OPEN, LIMITED; Releasable To BRV",
        "clearance permits, by a signed-off equivalence: BRAVO LIMITED REL BRAVO",
        "made coarser state.position",
        "RELEASED by release.union under ALPHA RESTRICTED Releasable to BRAVO",
    ):
        assert line in lines
    assert any(line.startswith("taken out ") and "sources" in line for line in lines)
    assert "\x1b" not in result.stdout


def test_every_partner_is_asked_unless_some_are_named(place: Path, invoke: Invoke) -> None:
    result = invoke("policy", "explain", "events.xml", *AS_COT, "-p", "policy.toml", "--json")
    told = objects(result.stdout)
    outcomes = {(one["place"][-1], one["partner"]): one["outcome"] for one in told}
    assert outcomes == {
        ("1", "atm-1"): "HELD",
        ("1", "eu-1"): "RELEASED",
        ("1", "nld-1"): "RELEASED",
        ("2", "atm-1"): "WITHHELD",
        ("2", "eu-1"): "WITHHELD",
        ("2", "nld-1"): "RELEASED",
        ("3", "atm-1"): "WITHHELD",
        ("3", "eu-1"): "WITHHELD",
        ("3", "nld-1"): "WITHHELD",
        ("4", "atm-1"): "WITHHELD",
        ("4", "eu-1"): "RELEASED",
        ("4", "nld-1"): "RELEASED",
    }
    first = next(one for one in told if one["partner"] == "atm-1")
    [verdict] = first["groups"]
    assert verdict["decision"]["basis"] == "alternative"
    assert verdict["decision"]["decided_on"]["marking"] == "TLP:GREEN"
    assert verdict["until"] == "2026-11-20T09:30:30Z"
    assert {"field": "identifiers", "reason": "WITHHELD"} in verdict["losses"]
    assert first["label"]["classification"] == "RESTRICTED"
    assert first["marked"]["rule"] == "mark.picture"
    two = invoke(
        "policy", "explain", "events.xml", *AS_COT, "-p", "policy.toml", "--json", "--to", "nld-1", "--to", "eu-1"
    )
    assert {one["partner"] for one in objects(two.stdout)} == {"nld-1", "eu-1"}


def test_a_pipe_is_read_and_the_time_may_be_said(place: Path, gateway: Gateway) -> None:
    arguments = ["policy", "explain", "-", *AS_COT, "-p", "policy.toml", "--to", "atm-1", "--json"]
    done = gateway(*arguments, "--at", "2026-11-20T10:00:00Z", stdin=NEUTRAL.encode())
    assert done.returncode == 0, done.stderr
    [told] = objects(done.stdout.decode())
    assert (told["outcome"], told["at"]) == ("RELEASED", "2026-11-20T10:00:00Z")


def test_a_label_denies_what_the_rule_would_release(place: Path, invoke: Invoke) -> None:
    (place / "one.xml").write_text(event("G-1", "a-f-G-U-C"))
    result = invoke("policy", "explain", "one.xml", *AS_COT, "--to", "nld-1", "-p", "policy.toml")
    assert "clearance                  denies: classification SECRET" in result.stdout
    assert "WITHHELD by release.refused.label.classification" in result.stdout


def test_a_track_without_a_marking_goes_nowhere(place: Path, invoke: Invoke) -> None:
    (place / "one.xml").write_text(NEUTRAL)
    result = invoke("policy", "explain", "one.xml", "--format", "cot", "--source", "other", "-p", "policy.toml")
    assert "none: it goes nowhere" in result.stdout
    assert result.stdout.count("WITHHELD") == 3


@pytest.mark.parametrize("form", ["asterix", "cot", "geojson", "nffi", "nvg", "remoteid", "sapient"])
def test_no_national_format_brings_a_label_so_a_policy_without_markings_lets_nothing_out(
    place: Path, invoke: Invoke, form: str
) -> None:
    (place / "one.xml").write_text(NEUTRAL)
    made = invoke("translate", "one.xml", "--from", "cot", "--to", form, "-o", "out.bin")
    assert made.exit_code == 0, made.stderr
    bare = "".join(part for part in re.split(r"(?=^\[)", POLICY, flags=re.MULTILINE) if "[[marking]]" not in part)
    write(place, bare, "bare.toml")
    arguments = ("policy", "explain", "out.bin", "--format", form, "--source", "tak", "--json", "-p")
    told = objects(invoke(*arguments, "bare.toml").stdout)
    assert told
    assert {one["label"] is None for one in told} == {True}
    assert {one["outcome"] for one in told} == {"WITHHELD"}
    assert {one["outcome"] for one in objects(invoke(*arguments, "policy.toml").stdout)} != {"WITHHELD"}


def test_a_release_can_be_demanded(place: Path, invoke: Invoke) -> None:
    (place / "one.xml").write_text(HOSTILE)
    arguments = ("policy", "explain", "one.xml", *AS_COT, "-p", "policy.toml", "--require-release")
    result = invoke(*arguments, "--to", "nld-1", "--to", "eu-1")
    assert result.exit_code == 5
    assert "error[CLI-012]" in result.stderr
    assert "eu-1 would get no track" in result.stderr
    assert invoke(*arguments, "--to", "nld-1").exit_code == 0


def test_an_alliance_message_of_a_partner_is_asked_for_onward_release(place: Path, invoke: Invoke) -> None:
    options = ["policy=ALPHA", "classification=UNCLASSIFIED", "sender=eu-1"]
    (place / "one.xml").write_text(NEUTRAL)
    made = invoke(
        *("translate", "one.xml", "--from", "cot", "--to", "alliance", "-o", "message.xml"),
        *(part for option in options for part in ("--to-option", option)),
    )
    assert made.exit_code == 0, made.stderr
    arguments = ("policy", "explain", "message.xml", "-p", "policy.toml", "--json")
    told = objects(invoke(*arguments, "--origin", "eu-1", "--to", "nld-1").stdout)
    assert [one["origin"] for one in told] == ["eu-1"]
    [attempt] = told[0]["groups"][0]["tried"]
    assert attempt["rule"] == "release.onward"
    assert told[0]["marked"] is None
    assert told[0]["label"]["classification"] == "UNCLASSIFIED"
    assert told[0]["groups"][0]["rule"].startswith("release.refused.label.")  # no Context, which ALPHA demands
    own = objects(invoke(*arguments, "--to", "nld-1").stdout)
    assert own[0]["marked"] is not None
    nobody = invoke(*arguments[:-1], "--origin", "nld-1", "--to", "eu-1").stdout
    assert "no release rule is about this group and lets tracks of partners go on (onward = true)" in nobody


def test_who_operates_a_drone_is_never_printed(place: Path, invoke: Invoke) -> None:
    now = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    drone = Track(
        identifiers=(Identifier("uas_serial", "S1"),),
        environment=Environment.AIR,
        operator=Operator(identifier="NLDoperator77", position=Position(52.123456, 4.654321)),
        state=State(time=now, position=Position(52.3, 4.7)),
    )
    (place / "drone.json").write_bytes(GeoJsonEncoder(personal_data=True).encode([drone], now).frames[0])
    for more in ((), ("--json",)):
        result = invoke(
            *("policy", "explain", "drone.json", "--format", "geojson", "--source", "tak", "-p", "policy.toml"), *more
        )
        assert "operator" in result.stdout  # it is there, and withheld
        assert result.exit_code == 0, result.stderr
        assert "NLDoperator77" not in result.output
        assert "52.123456" not in result.output


@pytest.mark.parametrize("form", ["alliance", "asterix", "cot", "geojson", "nffi", "nvg"])
def test_without_a_format_the_one_that_reads_the_file_is_taken(place: Path, invoke: Invoke, form: str) -> None:
    (place / "one.xml").write_text(NEUTRAL)
    made = invoke("translate", "one.xml", "--from", "cot", "--to", form, "-o", "file")
    assert made.exit_code == 0, made.stderr
    arguments = ("policy", "explain", "file", "-p", "policy.toml", "--json")
    guessed, named = invoke(*arguments, "--at", NOON), invoke(*arguments, "--at", NOON, "--format", form)
    assert guessed.exit_code == 0, guessed.stderr
    assert guessed.stdout == named.stdout != ""


def test_a_source_of_one_format_says_which_it_is(node: Path, invoke: Invoke) -> None:
    with (node / "gateway.toml").open("a") as file:
        file.write('\n[source.radar]\nformats = ["asterix"]\n')
    result = invoke("policy", "explain", "-", "--source", "radar", stdin=NEUTRAL.encode())
    assert result.exit_code == 1
    assert "error[FEED-" in result.stderr or "error[AST-" in result.stderr


def test_the_options_of_a_configured_source_are_the_decoders(node: Path, invoke: Invoke) -> None:
    with (node / "gateway.toml").open("a") as file:
        file.write('\n[source.tak]\nformats = ["cot"]\noptions = { cot = { label_policy = "PUBLIC" } }\n')
    with (node / "policy.toml").open("a") as file:
        file.write('\n[partner.deu-1]\nclearances = ["public"]\n')
    labelled = NEUTRAL.replace("how=", 'access="UNMARKED" how=')
    arguments = ("policy", "explain", "-", "--format", "cot", "--to", "deu-1", "--source")
    assert "as its source gave it" in invoke(*arguments, "tak", stdin=labelled.encode()).stdout
    other = invoke(*arguments, "other", stdin=labelled.encode())
    assert "as its source gave it" not in other.stdout
    assert "the partner is in no release group" in other.stdout
    given = invoke(*arguments, "tak", "--option", 'label_policy="ALPHA"', stdin=labelled.encode())
    assert "ALPHA UNMARKED" in given.stdout


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (("events.xml", "--format", "cot", "--to", "fra-1", "-p", "policy.toml"), 2, "error[CLI-004]"),
        (("events.xml", "--format", "cto", "-p", "policy.toml"), 2, 'did you mean "cot"?'),
        (("policy.toml", "-p", "policy.toml"), 2, "error[CLI-011]"),
        (("nowhere.xml", "--format", "cot", "-p", "policy.toml"), 2, "error[CLI-001]"),
        (("events.xml", "--format", "cot", "-p", "nowhere.toml"), 3, "error[CFG-001]"),
        (("events.xml", "--format", "cot"), 3, "name a policy with --policy"),
        (("events.xml", "--format", "cot", "-p", "policy.toml", "--at", "noon"), 2, "--at"),
        (("events.xml", "--format", "cot", "-p", "policy.toml", "--option", "nosuch=1"), 2, "error[CLI-005]"),
        (("policy.toml", "--format", "cot", "-p", "policy.toml"), 1, "error["),
    ],
)
def test_what_cannot_be_explained_says_why(
    place: Path, invoke: Invoke, arguments: tuple[str, ...], exit_code: int, said: str
) -> None:
    result = invoke("policy", "explain", *arguments)
    assert result.exit_code == exit_code, result.output
    assert said in result.stderr


@pytest.mark.parametrize("form", ["asterix", "cot", "geojson", "nffi", "nvg", "remoteid", "sapient", "alliance"])
@pytest.mark.parametrize("rubbish", [b"\x00\xff" * 100, b"<a><b", b'{"a": [', b"[[case]]", b"\x30\x00\x03"])
def test_rubbish_of_every_kind_ends_with_a_finding_and_no_traceback(
    place: Path, invoke: Invoke, form: str, rubbish: bytes
) -> None:
    result = invoke("policy", "explain", "-", "--format", form, "-p", "policy.toml", stdin=rubbish)
    assert result.exit_code in (0, 1), result.output
    assert "Traceback" not in result.output


def test_a_real_recording_is_explained(place: Path, invoke: Invoke) -> None:
    path = recording("asterix/cat062cat065.raw")
    arguments = ("--format", "asterix", "--source", "tak", "-p", "policy.toml", "--to", "nld-1", "--json")
    told = objects(invoke("policy", "explain", str(path), *arguments).stdout)
    assert told
    assert {one["outcome"] for one in told} == {"RELEASED"}


# --------------------------------------------------------------------------------------------------------------- lint


def lint(invoke: Invoke, *arguments: str) -> tuple[int, dict[str, Any]]:
    result = invoke("policy", "lint", "--json", *arguments)
    return result.exit_code, json.loads(result.stdout)


def test_lint_says_what_and_where_and_what_to_do(place: Path, invoke: Invoke) -> None:
    result = invoke("policy", "lint", "-p", "policy.toml")
    assert result.exit_code == 0
    assert 'note[POL-109] no partner may see label "home"' in result.stdout
    line = POLICY.splitlines().index('label = "home"') + 1
    assert f"policy.toml:{line}:9" in result.stdout
    assert "0 errors, 0 warnings" in result.stderr
    code, document = lint(invoke, "-p", "policy.toml")
    assert code == 0
    assert document["errors"] == document["warnings"] == 0
    assert document["notes"] == len(document["findings"])
    assert re.fullmatch("[0-9a-f]{64}", document["digest"])


def test_lint_ends_with_1_for_errors_and_with_strict_for_warnings(place: Path, invoke: Invoke) -> None:
    late = '\n[[release]]\nid = "late"\nto = ["allies"]\nwhen.identity = ["FRIEND"]\naction = "withhold"\n'
    write(place, POLICY + late, "dead.toml")
    code, document = lint(invoke, "-p", "dead.toml")
    assert code == 1
    [error] = [one for one in document["findings"] if one["severity"] == "error"]
    assert error["code"] == lint_codes.UNREACHABLE.id
    assert error["place"].startswith(f"dead.toml:{len(POLICY.splitlines()) + 2}:")
    assert '"late"' in error["words"]
    write(place, POLICY.replace('id = "allies"\nto', 'id = "allies"\npersonal_data = true\nto'), "personal.toml")
    arguments = ("-p", "personal.toml")
    assert lint(invoke, *arguments)[0] == 0
    assert lint(invoke, *arguments, "--strict")[0] == 1
    assert lint(invoke, *arguments, "--strict", "--ignore", lint_codes.PERSONAL.id.lower())[0] == 0


def test_lint_asks_the_calendar(place: Path, invoke: Invoke) -> None:
    def found(*more: str) -> set[str]:
        return {one["code"] for one in lint(invoke, "-p", "policy.toml", *more)[1]["findings"]}

    old, due = lint_codes.SIGN_OFF_OLD.id, lint_codes.REVIEW_PASSED.id
    assert not {old, due} & found("--at", "2026-11-22T00:00:00Z")
    assert old in found("--at", "2027-11-22T00:00:00Z")
    assert old not in found("--at", "2027-11-22T00:00:00Z", "--sign-off-days", "500")
    assert due in found("--at", "2128-01-01T00:00:00Z")
    assert lint_codes.SIGN_OFF.id in found("--at", "2026-09-30T00:00:00Z")


def test_with_a_configuration_names_are_held_against_it(node: Path, invoke: Invoke) -> None:
    code, document = lint(invoke)
    assert code == 0, document
    # The policy that init writes is for every source, and has no partner yet
    assert lint_codes.UNMARKED_SOURCE.id not in {one["code"] for one in document["findings"]}
    text = (node / "policy.toml").read_text()
    more = '[clearance.spare]\npolicy = "PUBLIC"\nclassifications = ["UNMARKED"]\n\n[own]'
    (node / "policy.toml").write_text(
        text.replace("[own]", more).replace('# when.source = ["radar-north"]', 'when.source = ["radar-*"]')
    )
    found = {one["code"] for one in lint(invoke)[1]["findings"]}
    assert {lint_codes.UNUSED_CLEARANCE.id, lint_codes.UNMARKED_SOURCE.id, lint_codes.UNKNOWN_SOURCE.id} <= found


def test_a_policy_that_is_wrong_is_told_with_all_places_before_any_lint(place: Path, invoke: Invoke) -> None:
    write(
        place,
        POLICY.replace('to = ["allies"]', 'to = ["nobody"]').replace('label = "home"', 'label = "hom"'),
        "bad.toml",
    )
    result = invoke("policy", "lint", "-p", "bad.toml")
    assert result.exit_code == 3
    assert result.stderr.count("error[CFG-007]") == 3
    assert "bad.toml:" in result.stderr


def test_every_finding_is_explained(invoke: Invoke) -> None:
    known = catalogue()
    for code in lint_codes.CODES:
        assert known[code.id] == (code, "policy.lint")
    result = invoke("explain", "POL-101")
    assert lint_codes.UNREACHABLE.title in result.stdout
    assert "policy.lint" in result.stdout


# ---------------------------------------------------------------------------------------------- show, schema, binding


def test_show_has_the_digest_that_sha256sum_gives(place: Path, invoke: Invoke) -> None:
    shown = json.loads(invoke("policy", "show", "-p", "policy.toml", "--json").stdout)
    lines = sorted(f"{one['sha256']}  {one['name']}\n" for one in shown["files"])
    assert shown["digest"] == hashlib.sha256("".join(lines).encode()).hexdigest()
    own = next(one["sha256"] for one in shown["files"] if one["name"] == "policy.toml")
    assert own == hashlib.sha256((place / "policy.toml").read_bytes()).hexdigest()
    assert [one["rule"] for one in shown["releases"]][:2] == ["release.no-hostiles", "release.allies"]
    assert shown["partners"] == {"nld-1": ["alliance"], "eu-1": ["union"], "atm-1": ["civil"]}
    assert shown["clearances"]["union"] == "BRAVO: OPEN, LIMITED; Releasable To BRV"
    assert shown["labels"]["shared"]["alternatives"] == ["TLP:GREEN"]
    assert shown["labels"]["civil"]["marking"] == "TLP:GREEN"
    assert shown["groups"] == {"allies": ["nld-1"], "union": ["eu-1"], "aviation": ["atm-1"]}


def test_show_tells_the_rules_in_their_order(place: Path, invoke: Invoke) -> None:
    text = invoke("policy", "show", "-p", "policy.toml").stdout
    assert text.index("release.no-hostiles") < text.index("release.allies") < text.index("release.union")
    assert "ALPHA RESTRICTED Releasable to BRAVO" in text
    assert "identity HOSTILE, SUSPECT" in text
    assert "once 30 s old" in text
    assert "RESTRICTED = LIMITED" in text
    assert max(map(len, text.splitlines())) < 170


def test_show_reads_the_policy_that_the_configuration_names(node: Path, invoke: Invoke) -> None:
    shown = json.loads(invoke("policy", "show", "--json").stdout)
    assert shown["node"] == "nld-1"


def test_the_schema_takes_a_policy_that_is_taken(place: Path, invoke: Invoke) -> None:
    import tomllib

    schema = json.loads(invoke("policy", "schema").stdout)
    validator = jsonschema_rs.validator_for(schema)
    assert validator.is_valid(tomllib.loads(POLICY))
    assert not validator.is_valid(tomllib.loads(POLICY.replace("position_grid_m", "position_grid")))


@pytest.fixture
def message(place: Path, invoke: Invoke) -> Path:
    """An alliance message of one track."""
    (place / "one.xml").write_text(NEUTRAL)
    to = ("--to-option", "policy=ALPHA", "--to-option", "classification=UNCLASSIFIED")
    made = invoke("translate", "one.xml", "--from", "cot", "--to", "alliance", "-o", "message.xml", *to)
    assert made.exit_code == 0, made.stderr
    path = place / "message.xml"
    path.write_bytes(path.read_bytes().strip())
    return path


@pytest.mark.parametrize(
    ("form", "more", "child"),
    [
        ("detached", ("--uri", "https://deu-1.example/m/1"), "DataReference"),
        ("encapsulating", (), "Data"),
        ("embedded", (), "DataReference"),
    ],
)
def test_the_label_of_a_message_is_bound_in_each_form(
    message: Path, invoke: Invoke, form: str, more: tuple[str, ...], child: str
) -> None:
    result = invoke("policy", "binding", "message.xml", "--form", form, *more)
    assert result.exit_code == 0, result.stderr
    root = xml.parse(result.stdout.strip().encode(), max_octets=Limits().max_message_octets)
    assert xml_name(root.tag) == "BindingInformation"
    names = [xml_name(one.tag) for one in root.iter() if isinstance(one.tag, str)]
    assert child in names
    assert "originatorConfidentialityLabel" in names
    assert ("https://deu-1.example/m/1" in result.stdout) == bool(more)
    again = invoke("policy", "binding", "-", "--form", form, *more, "-o", "bound.xml", stdin=message.read_bytes())
    assert again.exit_code == 0
    assert (message.parent / "bound.xml").read_text() == result.stdout.rstrip("\n")


def xml_name(tag: str) -> str:
    return tag.rpartition("}")[2]


def test_what_was_encapsulated_can_be_had_back(message: Path, invoke: Invoke) -> None:
    bound = invoke("policy", "binding", "message.xml", "--form", "encapsulating").stdout.strip().encode()
    root = xml.parse(bound, max_octets=Limits().max_message_octets)
    [data] = [one for one in root.iter() if isinstance(one.tag, str) and xml_name(one.tag) == "Data"]
    assert data.get("encoding") is None
    inner = alliance.read(data[0], signed=True)
    assert inner.header.label.policy == "ALPHA"


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (("message.xml",), 2),
        (("message.xml", "--form", "loose"), 2),
        (("message.xml", "--form", "embedded", "--uri", "https://x.example/"), 2),
        (("message.xml", "--uri", "no uri at all"), 5),
        (("events.xml", "--form", "embedded"), 1),
        (("policy.toml", "--form", "embedded"), 1),
        (("nowhere.xml", "--form", "embedded"), 2),
    ],
)
def test_what_cannot_be_bound_says_why(
    message: Path, invoke: Invoke, arguments: tuple[str, ...], exit_code: int
) -> None:
    result = invoke("policy", "binding", *arguments)
    assert result.exit_code == exit_code, result.output
    assert result.stdout == ""
    assert result.stderr


# ------------------------------------------------------------------------------------------------------------- reload


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """A server that answers every POST in one way."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/policy/reload"
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


TWO_ERRORS = json.dumps(
    {
        "errors": [
            {"code": "CFG-007", "title": "t", "place": "policy.toml:3:1\x1b[31m", "cause": "c", "remedy": "r"},
            {"code": "CFG-003", "title": "u", "place": "", "cause": "", "remedy": "s"},
        ]
    }
).encode()


@pytest.mark.parametrize(
    ("status", "body", "exit_code", "said"),
    [
        (500, b"", 1, "error[CLI-008]"),
        (200, b"no JSON", 1, "not JSON"),
        (200, b"[1]", 1, "not a JSON object"),
        (403, b'{"code": "FEED-010", "title": "not permitted", "detail": "by nobody"}', 1, "HTTP status 403: FEED-010"),
        (403, b'{"code": "FEED-041", "title": "not pinned", "remedy": "pin it"}', 1, "send the node SIGHUP instead"),
        (422, b'{"code": "FEED-067", "title": "refused", "errors": [1]}', 1, "HTTP status 422: FEED-067 refused"),
        (422, TWO_ERRORS, 3, "error[CFG-003] u"),
    ],
)
def test_whatever_a_node_answers_to_a_reload_is_told(
    node: Path, invoke: Invoke, status: int, body: bytes, exit_code: int, said: str
) -> None:
    with answering(status, body) as url:
        result = invoke("policy", "reload", "--url", url)
    assert result.exit_code == exit_code, result.output
    assert said in result.stderr
    assert "\x1b" not in result.stderr


def test_a_node_that_does_not_answer_ends_the_reload_with_4(node: Path, invoke: Invoke, free_port: int) -> None:
    result = invoke("policy", "reload", "--url", f"http://127.0.0.1:{free_port}")
    assert result.exit_code == 4
    assert "error[CLI-007]" in result.stderr


def test_a_running_node_reads_its_policy_again_and_keeps_the_one_before_on_any_error(
    node: Path, free_port: int, gateway: Gateway
) -> None:
    listen = {"GATEWAY__HTTP__LISTEN": f"127.0.0.1:{free_port}"}
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", "run"],
        stderr=subprocess.PIPE,
        cwd=node,
        env=ENVIRONMENT | listen | {"GATEWAY__NODE__LOG": "json"},
        text=True,
    )
    assert process.stderr is not None
    try:
        heard = []
        for line in process.stderr:
            heard.append(line)
            if "node.started" in line:
                break
        file = node / "policy.toml"
        text = file.read_text()

        same = json.loads(gateway("policy", "reload", "--json", **listen).stdout)
        assert same["changed"] is False
        file.write_text(text.replace('name = "My policy"', 'name = "Another"'))
        done = gateway("policy", "reload", **listen)
        assert done.returncode == 0, done.stderr
        digest = json.loads(gateway("policy", "show", "--json", **listen).stdout)["digest"]
        assert done.stdout.decode() == f"policy {digest} is in force; before it was {same['policy']}\n"
        file.write_text(text.replace('label = "unmarked"', 'label = "unmarkt"').replace("[own]", "[owm]"))
        refused = gateway("policy", "reload", **listen)
        assert refused.returncode == 3
        assert b"policy.toml:" in refused.stderr
        file.write_text(text.replace('name = "My policy"', 'name = "Another"'))
        assert json.loads(gateway("policy", "reload", "--json", **listen).stdout) == {
            "policy": digest,
            "previous": digest,
            "changed": False,
        }
    finally:
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()
        process.stderr.close()
        assert process.wait(60) == 0, "".join(heard) + rest
