"""`gateway certs password`: a line for the configuration, and the password nowhere else."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gateway.config.national import ClientTable
from gateway.password import verify_password
from tests.cli.conftest import ENVIRONMENT, Invoke


def test_a_password_from_standard_input_becomes_a_line_for_the_configuration(invoke: Invoke) -> None:
    result = invoke("certs", "password", "hq-import", stdin="geheimes Wörtchen\r\n".encode())
    assert result.exit_code == 0, result.output
    stored = tomllib.loads(result.stdout)["password"]
    assert verify_password("geheimes Wörtchen", stored)
    assert ClientTable.model_validate({"password": stored}).password == stored
    assert "geheimes" not in result.output
    assert "[client.hq-import]" in result.stderr


def test_a_password_that_is_made_up_is_shown_once_on_standard_error(invoke: Invoke) -> None:
    result = invoke("certs", "password", "hq-import", "--generate", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    shown = result.stderr.rpartition("shown only now: ")[2].strip()
    assert found["client"] == "hq-import"
    assert verify_password(shown, found["password"])
    assert shown not in result.stdout


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [(["hq"], b""), (["hq"], b"short\n"), (["hq"], b"\xff\xfe not text\n"), (["Not A Name"], b"long enough\n")],
)
def test_what_is_no_password_or_no_name_is_a_usage_error(invoke: Invoke, arguments: list[str], stdin: bytes) -> None:
    result = invoke("certs", "password", *arguments, stdin=stdin)
    assert result.exit_code == 2
    assert result.stdout == ""


def test_on_a_terminal_it_asks_twice_and_shows_nothing(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "gateway", "certs", "password", "hq-import"]
    with subprocess.Popen(
        command, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, cwd=tmp_path, env=ENVIRONMENT
    ) as process:
        os.close(theirs)
        talk = b""
        for prompt in (b"Password of hq-import: ", b"Repeat for confirmation: "):
            while prompt not in talk:
                talk += os.read(ours, 1_024)
            os.write(ours, b"geheimes Wort\n")
        assert process.stdout is not None
        stored = tomllib.loads(process.stdout.read().decode())["password"]
        assert process.wait(60) == 0
    os.close(ours)
    assert verify_password("geheimes Wort", stored)
    assert b"geheimes" not in talk
