"""Commands about a node: status, quarantine, ledger, run; against real parts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from gateway.clock import ManualClock
from gateway.config import load
from gateway.feeds.http_types import Reloaded
from gateway.ledger import Ledger, leaf, open_receipt, sign_receipt
from gateway.ledger.leaf import Event
from gateway.limits import Limits
from gateway.node.assembly import Node
from gateway.node.reload import Reload
from gateway.node.run import _stop, serve
from gateway.node.trust import read_ledger_signer
from gateway.stages import Sealed
from gateway.store import Outgoing, Quarantined, Settlement, Store
from tests.cli.conftest import ENVIRONMENT, Gateway, Invoke

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
STATUS: dict[str, Any] = {
    "node": "nld-1",
    "nation": "NLD",
    "version": "0.1.0",
    "profile": "development",
    "exercise": "TEST",
    "simulation": "SIMULATED",
    "started_at": "2026-03-01T09:30:00Z",
    "ready": True,
    "corridor": {"frames": 7, "tracks_signed": 6, "messages_refused": 2, "failures": 0},
    "latency_ms": {},
    "links": [
        {
            "partner": "deu-1",
            "state": "UP",
            "since": "2026-03-01T09:30:00.25Z",
            "queued_messages": 0,
            "delivered": 5,
            "refused": 2,
            "parked": 1,
            "withheld": 3,
            "last_good_out": "2026-03-01T09:31:00Z",
            "last_refusal": {"message_id": "m", "code": "POL-002", "parked": False, "at": "2026-03-01T09:29:00.5Z"},
            "last_failure": {"code": "LINK-014", "side": "them", "at": "2026-03-01T09:28:00Z", "title": "t"},
            "our_certificate_days": 89.7,
        }
    ],
    "feeds": [
        {"name": "radar\x1b[31m", "direction": "in", "format": "asterix", "frames": 5, "dropped": 0},
        {"name": "tak", "direction": "out", "format": "cot", "frames": 9, "dropped": 0, "unencoded": 63},
    ],
    "tasks": [
        {"name": "feed tape", "running": False, "done": True, "restarts": 0, "last_error": ""},
        {"name": "link x", "running": True, "done": False, "restarts": 3, "last_error": "it broke"},
    ],
}


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """A server that answers every request in one way."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# ------------------------------------------------------------------------------------------------------------- status


def test_status_shows_what_a_feed_out_could_not_express(node: Path, invoke: Invoke) -> None:
    with answering(200, json.dumps(STATUS).encode()) as url:
        lines = invoke("status", "--url", url).stdout.splitlines()
    head = next(line for line in lines if line.startswith("FEED")).split()
    row = next(line for line in lines if line.startswith("tak ")).split()
    assert row[head.index("UNENCODED")] == "63"


def test_status_shows_the_node(node: Path, invoke: Invoke) -> None:
    with answering(200, json.dumps(STATUS).encode()) as url:
        result = invoke("status", "--url", url)
        assert result.exit_code == 0, result.stderr
        assert json.loads(invoke("status", "--url", url, "--json").stdout) == STATUS
    assert "nld-1 (NLD)  ready  TEST SIMULATED development" in result.stdout
    assert "\x1b" not in result.stdout
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "taken in frames 7" in lines
    assert "sent out tracks_signed 6" in lines
    assert "let in messages_refused 2" in lines
    assert "latency_ms -" in lines
    assert (
        "deu-1 UP 2026-03-01T09:30:00Z 0 5 2 1 3 POL-002 2026-03-01T09:29:00Z LINK-014 (them) 2026-03-01T09:28:00Z"
    ) in lines
    assert "task link x: 3 restarts, it broke" in lines
    assert "tape" not in result.stdout
    assert max(len(line) for line in lines) < 120


def test_status_shows_which_policy_decides_and_what_became_of_another(node: Path, invoke: Invoke) -> None:
    policy = {
        "name": "Air\x1b[31m",
        "digest": "ab12" * 16,
        "since": "2026-03-01T09:30:00.5Z",
        "review": "2027-03-01T00:00:00Z",
        "reloads": 2,
        "refused": 1,
        "last_error": "CFG-003 unknown key",
    }
    with answering(200, json.dumps({**STATUS, "policy": policy}).encode()) as url:
        lines = [" ".join(line.split()) for line in invoke("status", "--url", url).stdout.splitlines()]
    (line,) = [line for line in lines if line.startswith("policy ")]
    assert "(ab12ab12ab12) since 2026-03-01T09:30:00Z, to be reviewed by 2027-03-01T00:00:00Z" in line
    assert line.endswith("reloads 2 refused 1 kept: CFG-003 unknown key")


def test_status_shows_what_waits_for_its_time_where_something_does(node: Path, invoke: Invoke) -> None:
    with answering(200, json.dumps(STATUS).encode()) as url:
        assert "waiting" not in invoke("status", "--url", url).stdout
    with answering(200, json.dumps({**STATUS, "delayed_tracks": 12}).encode()) as url:
        lines = [" ".join(line.split()) for line in invoke("status", "--url", url).stdout.splitlines()]
    assert "waiting 12 tracks that a release rule delays" in lines


def test_links_shows_every_link(node: Path, invoke: Invoke) -> None:
    with answering(200, json.dumps(STATUS).encode()) as url:
        result = invoke("links", "--url", url)
        assert result.exit_code == 0, result.stderr
        assert json.loads(invoke("links", "--url", url, "--json").stdout) == STATUS["links"]
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines[1] == (
        "deu-1 UP 2026-03-01T09:30:00Z 0 3 2026-03-01T09:31:00Z - ours 90 d, theirs - LINK-014 (them) "
        "2026-03-01T09:28:00Z"
    )


def test_a_link_that_is_not_up_ends_with_1_and_says_whose_fault_it_is(node: Path, invoke: Invoke) -> None:
    failure = {"code": "LINK-014", "title": "no connection", "place": "p", "cause": "c", "remedy": "r", "side": "them"}
    link = {"partner": "deu-1", "state": "BACKOFF", "last_failure": failure | {"at": "2026-03-01T09:28:00Z"}}
    with answering(200, json.dumps(STATUS | {"links": [link]}).encode()) as url:
        result = invoke("links", "--url", url)
    assert result.exit_code == 1
    assert "deu-1: no connection, at p" in result.stderr


@pytest.fixture
def unwanted(node: Path) -> Path:
    """A node with a parked message for deu-1 (1), a refused one (2), and a parked one without its body (3)."""

    async def fill() -> None:
        config = load(node / "gateway.toml", environ={}).config
        config.node.data.mkdir()
        clock = ManualClock(NOW)
        store = await Store.open(config.database_path(), Limits(), clock)
        for number in (3, 1, 2):
            sealed = Sealed(
                message_id=f"message-{number}",
                origin="nld-1",
                recipients=("deu-1",),
                created_at=NOW,
                octets=b"<x/>",
                sha256=f"{number:064x}",
                key="ab" * 32,
                track_ids=(),
            )
            outgoing = Outgoing(sealed=sealed, leaf=lambda index, _: b"%d" % index)
            (recorded,) = await store.record_outbound_all([outgoing])
            state = Settlement.REFUSED if number == 2 else Settlement.PARKED
            await store.set_aside("deu-1", recorded.seq, state, code="LINK-044", cause="too\x07 long")
            if number == 3:
                clock.advance(60)
                await store.prune(clock.now())
        await store.close()

    asyncio.run(fill())
    return node


def test_parked_messages_are_listed_and_retried_one_by_one(unwanted: Path, invoke: Invoke) -> None:
    result = invoke("links", "parked")
    assert result.exit_code == 0, result.stderr
    assert "message-1" in result.stdout
    assert "message-2" not in result.stdout
    assert "\x07" not in result.stdout
    assert "gateway links retry deu-1 2" in result.stderr
    listed = json.loads(invoke("links", "parked", "deu-1", "--all", "--json").stdout)
    assert {entry["message_id"]: entry["state"] for entry in listed} == {
        "message-1": "parked",
        "message-2": "refused",
        "message-3": "parked",
    }
    assert json.loads(invoke("links", "parked", "fra-1", "--all", "--json").stdout) == []
    assert invoke("links", "retry", "deu-1", "2").exit_code == 0
    assert [entry["seq"] for entry in json.loads(invoke("links", "parked", "--json").stdout)] == [1]


@pytest.mark.parametrize(("seq", "cause"), [("3", "it is not parked"), ("1", "removed by retention"), ("9", "")])
def test_only_a_parked_message_with_a_body_is_retried(unwanted: Path, invoke: Invoke, seq: str, cause: str) -> None:
    result = invoke("links", "retry", "deu-1", seq)
    assert result.exit_code == 1
    assert "error[STO-008]" in result.stderr
    assert cause in result.stderr


def test_a_retry_beside_a_running_node_is_refused(unwanted: Path, invoke: Invoke) -> None:
    async def meanwhile() -> str:
        config = load(unwanted / "gateway.toml", environ={}).config
        store = await Store.open(config.database_path(), Limits(), ManualClock(NOW))
        result = await asyncio.to_thread(invoke, "links", "retry", "deu-1", "2")
        listed = await asyncio.to_thread(invoke, "links", "parked", "--json")
        await store.close()
        assert result.exit_code == 1
        assert len(json.loads(listed.stdout)) == 2
        return result.stderr

    assert "error[STO-004]" in asyncio.run(meanwhile())


def test_a_node_that_never_ran_has_nothing_to_retry(node: Path, invoke: Invoke) -> None:
    assert json.loads(invoke("links", "parked", "--json").stdout) == []
    assert invoke("links", "retry", "deu-1", "1").exit_code == 1
    assert not (node / "data").exists()


@pytest.mark.parametrize(
    "change",
    [{"ready": False}, {"links": [{"partner": "deu-1", "state": "BACKOFF"}]}, {"links": [{"state": "REFUSED"}]}],
)
def test_a_node_that_is_not_well_ends_with_1(node: Path, invoke: Invoke, change: dict[str, Any]) -> None:
    with answering(200, json.dumps(STATUS | change).encode()) as url:
        assert invoke("status", "--url", url).exit_code == 1


@pytest.mark.parametrize(("status", "body"), [(200, b"not json"), (200, b"[]"), (503, b"{}"), (302, b"{}")])
def test_an_answer_that_is_none_ends_with_1_and_says_so(node: Path, invoke: Invoke, status: int, body: bytes) -> None:
    with answering(status, body) as url:
        result = invoke("status", "--url", url)
    assert result.exit_code == 1
    assert "error[CLI-008]" in result.stderr


def test_a_node_that_does_not_answer_ends_with_4(node: Path, invoke: Invoke, free_port: int) -> None:
    result = invoke("status", "--url", f"http://127.0.0.1:{free_port}")
    assert result.exit_code == 4
    assert "error[CLI-007]" in result.stderr
    assert "gateway run" in result.stderr


def test_a_url_that_is_none_ends_with_2(node: Path, invoke: Invoke) -> None:
    assert invoke("status", "--url", "http://").exit_code == 2


# ---------------------------------------------------------------------------------------------------------- quarantine


@pytest.fixture
def refused(node: Path) -> Path:
    """A node that has refused two frames."""

    async def fill() -> None:
        config = load(node / "gateway.toml", environ={}).config
        config.node.data.mkdir()
        store = await Store.open(config.database_path(), Limits(), ManualClock(NOW))
        for number in (1, 2):
            await store.quarantine(
                Quarantined(
                    at=NOW,
                    source="example",
                    feed="radar-north",
                    peer="192.0.2.1:8600",
                    code="AST-004",
                    place=f"octet {number}",
                    cause="category\x07 065",
                    octets=bytes([0x41, 0, number]),
                    length=3,
                )
            )
        await store.close()

    asyncio.run(fill())
    return node


def test_quarantine_lists_what_was_refused_newest_first(refused: Path, invoke: Invoke) -> None:
    result = invoke("quarantine", "list")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.index("octet 2") < result.stdout.index("octet 1")
    assert "\x07" not in result.stdout
    listed = json.loads(invoke("quarantine", "list", "--json", "--limit", "1").stdout)
    assert [(entry["id"], entry["code"]) for entry in listed] == [(2, "AST-004")]
    assert (listed[0]["feed"], listed[0]["peer"]) == ("radar-north", "192.0.2.1:8600")
    assert "192.0.2.1:8600" in result.stdout
    assert [entry["id"] for entry in json.loads(invoke("quarantine", "list", "--json", "--before", "2").stdout)] == [1]


def test_quarantine_shows_one_frame(refused: Path, invoke: Invoke, gateway: Gateway) -> None:
    shown = invoke("quarantine", "show", "2").stdout
    assert "AST-004 from example at 2026-03-01T09:30:00Z" in shown
    assert "41 00 02" in shown
    assert "radar-north" in shown
    assert "192.0.2.1:8600" in shown
    assert json.loads(invoke("quarantine", "show", "2", "--json").stdout)["octets"] == "410002"
    assert gateway("quarantine", "show", "2", "--raw").stdout == b"A\x00\x02"


def test_a_frame_that_is_not_there_ends_with_1(refused: Path, invoke: Invoke) -> None:
    assert invoke("quarantine", "show", "9").exit_code == 1


@pytest.mark.parametrize("words", [("show", "9" * 23), ("show", "0"), ("list", "--before", "9" * 23)])
def test_an_id_that_no_row_can_have_is_a_wrong_argument(refused: Path, invoke: Invoke, words: tuple[str, ...]) -> None:
    result = invoke("quarantine", *words)
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr


def test_a_node_that_never_ran_has_refused_nothing(node: Path, invoke: Invoke) -> None:
    result = invoke("quarantine", "list", "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (0, [])
    assert not (node / "data").exists()


# -------------------------------------------------------------------------------------------------------------- ledger


@pytest.fixture
def logged(node: Path) -> Path:
    """A node whose ledger holds three hundred messages."""

    async def fill() -> None:
        config = load(node / "gateway.toml", environ={}).config
        config.node.data.mkdir()
        clock = ManualClock(NOW)
        store = await Store.open(config.database_path(), Limits(), clock)
        ledger = await Ledger.open(
            store,
            config.ledger.directory,
            read_ledger_signer(config),
            node="nld-1",
            clock=clock,
            limits=Limits(),
        )
        for number in range(300):
            await store.append_leaf(leaf.leaf(Event.SENT, mid=f"message-{number}", sha256="ab" * 32))
        await ledger.close()
        await store.close()

    asyncio.run(fill())
    return node


def test_the_ledger_verifies_offline(logged: Path, invoke: Invoke) -> None:
    result = invoke("ledger", "verify")
    assert result.exit_code == 0, result.stderr
    assert "301 entries" in result.stdout
    assert "holds" in result.stdout
    assert "--saved" in result.stderr
    assert json.loads(invoke("ledger", "verify", "--json").stdout)["holds"] is True


def test_a_ledger_that_was_changed_does_not_hold(logged: Path, invoke: Invoke) -> None:
    bundle = logged / "data/ledger/tile/entries/000"
    bundle.write_bytes(bundle.read_bytes().replace(b'message-7"', b'message-8"'))
    result = invoke("ledger", "verify", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["holds"] is False
    assert "LED-" in result.stderr


def test_a_saved_checkpoint_shows_what_was_cut_off(logged: Path, invoke: Invoke) -> None:
    other = read_ledger_signer(load(logged / "gateway.toml", environ={}).config)
    kept = logged / "kept"
    kept.write_bytes(other.note(f"{other.name}\n1000\n{'A' * 43}=\n"))
    assert invoke("ledger", "verify", "--saved", str(kept)).exit_code == 1


def test_a_proof_is_written_and_verifies(logged: Path, invoke: Invoke) -> None:
    result = invoke("ledger", "prove", "message-7", "-o", "message.proof")
    assert result.exit_code == 0, result.stderr
    key = invoke("ledger", "key").stdout.strip()
    result = invoke("ledger", "verify", "--proof", "message.proof", "--key", key)
    assert result.exit_code == 0, result.stderr
    assert '"mid":"message-7"' in result.stdout
    assert invoke("ledger", "prove", "message-7").stdout.encode() == (logged / "message.proof").read_bytes()
    other = invoke("ledger", "verify", "--proof", "message.proof", "--key", key.replace("nld-1", "fra-1"))
    assert other.exit_code == 1


def test_receipts_come_out_of_the_store_and_are_held_against_a_ledger(logged: Path, invoke: Invoke) -> None:
    """The node of this test gave itself the receipts, so that its own ledger has to keep them."""
    config = load(logged / "gateway.toml", environ={}).config
    signer = read_ledger_signer(config)

    async def deliver(number: int, leaf_index: int) -> None:
        store = await Store.open(config.database_path(), Limits(), ManualClock(NOW))
        sealed = Sealed(
            message_id=f"message-{number}",
            origin="nld-1",
            recipients=("deu-1", "eu-1"),
            created_at=NOW,
            octets=b"<x/>",
            sha256="ab" * 32,
            key="ab" * 32,
            track_ids=(),
        )
        outgoing = Outgoing(sealed=sealed, leaf=lambda index, _: b"%d" % index)
        (recorded,) = await store.record_outbound_all([outgoing])
        for partner in sealed.recipients:
            note = sign_receipt(
                signer,
                node=partner,
                origin="nld-1",
                message_id=sealed.message_id,
                sha256=sealed.sha256,
                leaf_index=leaf_index,
                time=NOW,
            )
            kept = open_receipt(note, signer.verifier)
            await store.record_delivery(partner, recorded.seq, kept, lambda index, _: b"%d" % index)
        await store.close()

    asyncio.run(deliver(7, 8))  # leaf 0 says who keeps the ledger
    asyncio.run(deliver(9, 9))
    result = invoke("ledger", "receipt", "message-7", "--partner", "deu-1", "-o", "kept")
    assert result.exit_code == 0, result.stderr
    assert (logged / "kept").read_bytes().startswith(b"alliance-gateway/receipt/v1\nnode deu-1\n")
    assert invoke("ledger", "receipt", "message-7").stdout.count("alliance-gateway/receipt/v1") == 2
    assert "deu-1, eu-1" in invoke("ledger", "receipt", "message-7", "-o", "both").stderr
    assert invoke("ledger", "receipt", "message-8").exit_code == 1
    assert invoke("ledger", "receipt", "message-7", "--partner", "fra-1").exit_code == 1
    result = invoke("ledger", "verify", "--receipt", "kept")
    assert result.exit_code == 0, result.stderr
    assert "1 receipts compared" in result.stdout
    assert invoke("ledger", "receipt", "message-9", "--partner", "eu-1", "-o", "broken").exit_code == 0
    result = invoke("ledger", "verify", "--receipt", "kept", "--receipt", "broken")
    assert result.exit_code == 1
    assert "error[LED-014]" in result.stderr
    (logged / "kept").write_text("none")
    assert invoke("ledger", "verify", "--receipt", "kept").exit_code == 1


def test_a_message_that_the_ledger_does_not_hold_ends_with_1(logged: Path, invoke: Invoke) -> None:
    result = invoke("ledger", "prove", "message-999")
    assert result.exit_code == 1
    assert "error[LED-021]" in result.stderr


def test_the_ledger_is_shown_newest_entries_last(logged: Path, invoke: Invoke) -> None:
    shown = json.loads(invoke("ledger", "show", "--last", "60", "--json").stdout)
    assert (shown["size"], len(shown["entries"])) == (301, 60)
    assert shown["entries"][-1]["mid"] == "message-299"
    assert "message-299" in invoke("ledger", "show").stdout
    [one] = json.loads(invoke("ledger", "show", "--message", "message-7", "--json").stdout)["entries"]
    assert one["mid"] == "message-7"


def test_a_copy_for_an_auditor_verifies_with_the_key_beside_it(logged: Path, invoke: Invoke) -> None:
    assert invoke("ledger", "export", "copy").exit_code == 0
    result = invoke("ledger", "verify", "--directory", "copy")
    assert result.exit_code == 0, result.stderr
    assert "compare it with the one that its operator gave you" in result.stderr
    assert invoke("ledger", "export", "copy").exit_code == 1


def test_a_node_without_a_ledger_says_so(node: Path, invoke: Invoke) -> None:
    result = invoke("ledger", "verify")
    assert result.exit_code == 1
    assert "LED-009" in result.stderr


# ----------------------------------------------------------------------------------------------------------------- run


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_answers_status_and_stops_cleanly_when_told(
    node: Path, free_port: int, gateway: Gateway, number: signal.Signals
) -> None:
    environment = ENVIRONMENT | {"GATEWAY__HTTP__LISTEN": f"127.0.0.1:{free_port}", "GATEWAY__NODE__LOG": "json"}
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", "run"], stderr=subprocess.PIPE, cwd=node, env=environment, text=True
    )
    assert process.stderr is not None
    heard = []
    for line in process.stderr:
        heard.append(line)
        if "node.started" in line:
            break
    status = gateway("status", "--json", GATEWAY__HTTP__LISTEN=f"127.0.0.1:{free_port}")
    process.send_signal(number)
    rest = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 0, "".join(heard) + rest
    assert status.returncode == 0, status.stderr
    assert json.loads(status.stdout)["node"] == "nld-1"
    assert heard[0].startswith("starting node nld-1: national side at https://127.0.0.1:")
    assert "node.stopped" in rest


def test_an_address_that_somebody_else_has_is_no_bug_of_ours(node: Path, gateway: Gateway) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        result = gateway("run", GATEWAY__HTTP__LISTEN=address)
    assert result.returncode == 1
    said = result.stderr.decode()
    assert "error[FEED-020]" in said
    assert address in said
    assert "Traceback" not in said


async def test_who_is_told_twice_to_stop_closes_in_peace() -> None:
    begun, closed = asyncio.Event(), asyncio.Event()

    async def works() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            closed.set()

    running = asyncio.create_task(works())
    await begun.wait()
    _stop(running)
    _stop(running)
    await asyncio.sleep(0)
    _stop(running)
    await asyncio.wait([running])
    assert running.cancelled()
    assert closed.is_set()


def test_a_hangup_has_the_policy_read_again_and_never_ends_the_node(
    node: Path, free_port: int, gateway: Gateway
) -> None:
    """Also one that comes while it starts: the default of the signal would end the process."""
    environment = ENVIRONMENT | {"GATEWAY__HTTP__LISTEN": f"127.0.0.1:{free_port}", "GATEWAY__NODE__LOG": "json"}
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", "run"], stderr=subprocess.PIPE, cwd=node, env=environment, text=True
    )
    assert process.stderr is not None
    lines = iter(process.stderr)
    policy = node / "policy.toml"

    def heard(event: str) -> dict[str, Any]:
        said = []
        for line in lines:
            said.append(line)
            if f'"{event}"' in line:
                found: dict[str, Any] = json.loads(line)
                return found
        raise AssertionError("".join(said))

    try:
        heard("node.started")
        before = policy.read_text()
        process.send_signal(signal.SIGHUP)
        first = heard("policy.unchanged")["policy"]
        policy.write_text(before + "# changed\n")
        process.send_signal(signal.SIGHUP)
        changed = heard("policy.changed")
        assert changed["previous"] == first != changed["policy"]
        policy.write_text(before + "[[release]")
        process.send_signal(signal.SIGHUP)
        assert heard("policy.kept")["policy"] == changed["policy"]
        found: dict[str, Any] = {}
        for _ in range(20):  # each takes longer than the status is old at most
            status = gateway("status", "--json", GATEWAY__HTTP__LISTEN=f"127.0.0.1:{free_port}")
            found = json.loads(status.stdout)["policy"]
            if found["refused"]:
                break
        assert (found["digest"], found["reloads"], found["refused"]) == (changed["policy"], 1, 1)
        assert "policy.toml:" in found["last_error"]
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()
        assert process.wait(60) == 0, rest
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


async def test_a_hangup_while_the_node_starts_is_heard_once_it_runs(
    node: Path, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen = {"GATEWAY__HTTP__LISTEN": f"127.0.0.1:{free_port}"}
    config = load(node / "gateway.toml", environ=listen).config
    reloads = asyncio.Event()
    begin, read = Node.__aenter__, Reload.now

    async def hung_up(self: Node) -> Node:
        os.kill(os.getpid(), signal.SIGHUP)  # would end this process, were nobody to hear it
        return await begin(self)

    async def seen(self: Reload) -> Reloaded:
        done = await read(self)
        reloads.set()
        return done

    monkeypatch.setattr(Node, "__aenter__", hung_up)
    monkeypatch.setattr(Reload, "now", seen)
    running = asyncio.create_task(serve(config))
    try:
        async with asyncio.timeout(60):
            await reloads.wait()
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().remove_signal_handler(number)
