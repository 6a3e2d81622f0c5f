"""``gateway message``: the signed octets of a message, which other people's tools verify and the ledger has hashed."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli.exits import CommandError
from gateway.cli.main import app
from gateway.cli.octets import stored_octets
from gateway.clock import ManualClock
from gateway.config import Config, load
from gateway.config.load import LoadedConfig
from gateway.limits import Limits
from gateway.store import Store
from gateway.store.records import Incoming
from tests.assembled import Assembly, aircraft, assembled, of_two
from tests.cli.conftest import ENVIRONMENT, Invoke
from tests.store.made import START, answer, leaf
from tests.test_corridor import until
from tests.test_onward import DEU, EU, NLD, events, has, row

MESSAGE = "01890a5d-ac96-474b-bcce-b302099a8057"


@pytest.fixture(scope="module")
def gateways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assembly]:
    with assembled(tmp_path_factory.mktemp("octets"), count=2, edit=of_two) as assembly:
        yield assembly
        assembly.assert_well()


@pytest.fixture(scope="module")
def sent(gateways: Assembly) -> str:
    """The id of a message that the first node sent and the second has answered."""
    body = b'{"type":"Feature","id":"o1","geometry":{"type":"Point","coordinates":[4.75,52.5]},"properties":{}}'
    reply = gateways.national(0).post("/v1/messages/geojson", body, "application/geo+json-seq")
    assert reply.status == 202, reply.body
    (message_id,) = reply.json()["message_ids"]

    async def is_answered() -> bool:
        (stored,) = await gateways.nodes[0].store.find_messages(message_id)
        return len(stored.receipts) == 1

    gateways.until_async(is_answered)
    return str(message_id)


def message(gateways: Assembly, index: int, *arguments: str) -> Result:
    config = str(gateways.players[index].config_path)
    return CliRunner().invoke(app, ["message", *arguments, "--config", config], catch_exceptions=False)


def test_sender_and_receiver_give_the_same_octets_of_which_both_ledgers_have_the_digest(
    gateways: Assembly, sent: str, tmp_path: Path
) -> None:
    files = [tmp_path / name for name in ("sent.xml", "received.xml")]
    for index, file in enumerate(files):
        result = message(gateways, index, sent, "-o", str(file), "--json")
        assert result.exit_code == 0, result.stderr
        told = json.loads(result.stdout)
        octets = file.read_bytes()
        digest = sha256(octets).hexdigest()
        assert told == {
            "file": str(file),
            "message_id": sent,
            "origin": NLD,
            "direction": ("sent", "received")[index],
            "sha256": digest,
            "octets": len(octets),
            "leaf_index": told["leaf_index"],
        }
        node = gateways.nodes[index]
        (entry,) = gateways.do(node.store.leaves(told["leaf_index"], 1))
        assert json.loads(entry)["sha256"] == digest
        assert json.loads(entry)["mid"] == sent
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert f"sha256 {digest}, as ledger entry {told['leaf_index']} has it" in result.stderr
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.skipif(shutil.which("xmlsec1") is None, reason="xmlsec1 is not installed (Debian: xmlsec1)")
def test_other_peoples_tools_verify_the_file(gateways: Assembly, sent: str, tmp_path: Path) -> None:
    file = tmp_path / "message.xml"
    assert message(gateways, 1, sent, "-o", str(file)).exit_code == 0
    certificate = gateways.players[0].directory / "certs" / f"{NLD}.signing.pem"

    def verify() -> int:
        command = ["xmlsec1", "--verify", "--pubkey-cert-pem", str(certificate), str(file)]
        return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode

    assert verify() == 0
    file.write_bytes(file.read_bytes().replace(b"52.5", b"53.5", 1))
    assert verify() != 0


def test_a_file_is_never_written_over(gateways: Assembly, sent: str, tmp_path: Path) -> None:
    file = tmp_path / "kept"
    file.write_text("evidence")
    result = message(gateways, 0, sent, "-o", str(file))
    assert (result.exit_code, file.read_text()) == (2, "evidence")
    assert "error[CLI-003]" in result.stderr
    assert "choose another name" in result.stderr
    assert "--force" not in result.stderr
    lost = message(gateways, 0, sent, "-o", str(tmp_path / "no" / "where"))
    assert lost.exit_code == 2
    assert "error[CLI-002]" in lost.stderr


def test_a_pipe_gets_the_octets_and_nothing_else(gateways: Assembly, sent: str) -> None:
    config = str(gateways.players[0].config_path)
    command = [sys.executable, "-m", "gateway", "message", sent, "--config", config]
    done = subprocess.run(command, capture_output=True, env=ENVIRONMENT, timeout=60, check=True)
    (stored,) = gateways.do(gateways.nodes[0].store.find_messages(sent))
    assert done.stdout == stored.octets
    both = message(gateways, 0, sent, "--json")
    assert both.exit_code == 2
    assert "--output" in both.stderr


def test_what_is_not_there_is_said(gateways: Assembly, sent: str, tmp_path: Path) -> None:
    file = str(tmp_path / "none")
    for arguments, exit_code, words in (
        ((MESSAGE,), 1, "no message"),
        ((sent, "--origin", "fra-1"), 2, f"fra-1 signed no message with this id; {NLD} did"),
        ((sent, "--original"), 1, "it encloses no message of another node"),
    ):
        result = message(gateways, 0, *arguments, "-o", file)
        assert result.exit_code == exit_code
        assert "error[CLI-009]" in result.stderr
        assert words in " ".join(result.stderr.split())
    assert not Path(file).exists()


async def test_the_original_is_taken_out_of_a_relay(tmp_path: Path) -> None:
    async with row(tmp_path) as nodes:
        (one,) = await nodes.tell(aircraft(1))
        await until(lambda: has(nodes.eu, one))
        (first,) = await nodes.sent(nodes.nld)
        (relay,) = await nodes.sent(nodes.deu)
        config = load(nodes.players[2].config_path).config
        taken = await asyncio.to_thread(stored_octets, config, relay.message_id, original=True)
        assert (taken.octets, taken.sha256) == (first.octets, first.sha256)
        assert (taken.message_id, taken.origin, taken.direction) == (first.message_id, NLD, "enclosed")
        by_id = await asyncio.to_thread(stored_octets, config, first.message_id)
        assert (by_id.octets, by_id.direction) == (first.octets, "received")
        entries = {entry["mid"]: entry for entry in await events(nodes.eu) if entry["ev"] == "received"}
        assert entries[relay.message_id]["original"] == entries[first.message_id]["sha256"] == taken.sha256


async def test_of_a_redacted_relay_there_is_no_original_and_it_says_of_what_it_was_made(tmp_path: Path) -> None:
    less = '[[release]]\nid = "less"\nonward = true\naction = "redact"\ndrop = ["identifiers"]\n'
    async with row(tmp_path, less) as nodes:
        (one,) = await nodes.tell(aircraft(1))
        await until(lambda: has(nodes.eu, one))
        (first,) = await nodes.sent(nodes.nld)
        (relay,) = await nodes.sent(nodes.deu)
        for player in nodes.players[1:]:
            config = load(player.config_path).config
            with pytest.raises(CommandError) as caught:
                await asyncio.to_thread(stored_octets, config, relay.message_id, original=True)
            assert f"made from message {first.message_id} of {NLD}" in caught.value.cause


# ------------------------------------------------------------------------------------------------ stores made by hand


async def of_two_origins(config: Config) -> None:
    """A store in which two nodes chose the same id, one message was refused, and one has lost its body."""
    config.node.data.mkdir(parents=True)
    store = await Store.open(config.database_path(), Limits(), ManualClock(START))
    for number, (origin, refused) in enumerate([(DEU, False), (EU, False), (NLD, True)]):
        octets = f"<Of{number}/>".encode()
        incoming = Incoming(
            origin=origin,
            message_id=MESSAGE,
            sha256=sha256(octets).hexdigest(),
            octets=octets,
            partner=origin,
        )
        said = json.dumps({"sha256": incoming.sha256})

        def entry(index: int, time: object, said: str = said) -> bytes:
            return said.encode()

        if refused:
            await store.record_refusal(
                incoming,
                "POL-035",
                leaf=entry,
                receipt=answer("no"),
                conflict_leaf=leaf(),
                conflict_receipt=answer("c"),
            )
        else:
            await store.record_inbound(
                incoming, leaf=entry, receipt=answer("yes"), conflict_leaf=leaf(), conflict_receipt=answer("c")
            )
    await store.close()


@pytest.fixture
def stored(node: Path) -> LoadedConfig:
    loaded = load(node / "gateway.toml")
    asyncio.run(of_two_origins(loaded.config))
    return loaded


def refused(config: Config, origin: str = "") -> CommandError:
    with pytest.raises(CommandError) as caught:
        stored_octets(config, MESSAGE, origin=origin)
    return caught.value


def test_an_id_that_several_chose_needs_an_origin(stored: LoadedConfig) -> None:
    error = refused(stored.config)
    assert (error.exit_code, error.cause) == (2, f"3 messages have this id, signed by {DEU}, {EU}, {NLD}")
    assert "--origin" in error.remedy
    assert stored_octets(stored.config, MESSAGE, origin=EU).octets == b"<Of1/>"


def test_what_was_refused_was_never_kept(stored: LoadedConfig) -> None:
    error = refused(stored.config, NLD)
    assert (error.code.id, error.exit_code) == ("CLI-009", 1)
    assert "it was refused (POL-035)" in error.cause
    assert "quarantine" in error.remedy


def test_explain_says_of_what_was_refused_that_it_was_never_kept(stored: LoadedConfig, invoke: Invoke) -> None:
    with closing(sqlite3.connect(stored.config.database_path())) as connection, connection:
        connection.execute("DELETE FROM inbound WHERE code = ''")  # the others are no alliance messages
    result = invoke("explain", MESSAGE)
    assert result.exit_code == 0, result.stderr
    assert "not kept with the messages, for it was refused" in result.stdout
    assert "removed by retention" not in result.stdout


def test_what_is_said_of_a_hostile_name_does_not_steer_the_terminal(stored: LoadedConfig, invoke: Invoke) -> None:
    result = invoke("message", MESSAGE, "--origin", "\x1b[31m\x9b2J", "-o", "file")
    assert result.exit_code == 2
    assert "\x1b" not in result.stderr
    assert "\x9b" not in result.stderr
    assert "\\x1b[31m" in result.stderr


def test_what_retention_has_removed_is_said_with_the_digest_that_stays(stored: LoadedConfig) -> None:
    with closing(sqlite3.connect(stored.config.database_path())) as connection, connection:
        connection.execute("UPDATE inbound SET octets = NULL")
    error = refused(stored.config, DEU)
    assert error.exit_code == 1
    assert "retention has removed its octets" in error.cause
    assert sha256(b"<Of0/>").hexdigest() in error.cause


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE inbound SET octets = CAST('<Lie/>' AS BLOB)",
        "UPDATE leaf SET entry = CAST('{}' AS BLOB)",
        "UPDATE leaf SET entry = CAST('no JSON' AS BLOB)",
        "DELETE FROM leaf",
    ],
)
def test_octets_that_are_not_those_of_the_ledger_are_not_given(stored: LoadedConfig, change: str) -> None:
    with closing(sqlite3.connect(stored.config.database_path())) as connection, connection:
        connection.execute(change)
    error = refused(stored.config, DEU)
    assert (error.code.id, error.exit_code) == ("CLI-013", 1)


def test_nothing_is_written_into_the_database(stored: LoadedConfig) -> None:
    file = stored.config.database_path()
    before = file.read_bytes()
    assert stored_octets(stored.config, MESSAGE, origin=DEU).octets == b"<Of0/>"
    assert file.read_bytes() == before
