"""The command line as a whole: streams, exit codes, interruption, help."""

from __future__ import annotations

import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer

from gateway.cli.catalogue import catalogue
from gateway.cli.exits import CommandError, Exit, exit_of
from gateway.cli.main import app
from gateway.config import codes as config_codes
from gateway.errors import ConfigError, FormatError, LinkError, PolicyError
from gateway.links import codes as link_codes
from tests.cli.conftest import ENVIRONMENT, Gateway, Invoke

ROOT = Path(__file__).parents[2]
EVENT = (
    b'<event version="2.0" uid="ANDROID-1" type="a-f-G-U-C" time="2026-03-01T09:30:00Z" start="2026-03-01T09:30:00Z" '
    b'stale="2026-03-01T09:35:00Z" how="m-g"><point lat="52.1" lon="4.3" hae="12" ce="5" le="9"/><detail/></event>'
)


def commands() -> list[list[str]]:
    """Every command, as it is called."""
    found: list[list[str]] = []
    root = typer.main.get_command(app)
    for name, command in root.commands.items():  # type: ignore[attr-defined]  # typer's group, by its public getter
        inner = getattr(command, "commands", None)
        found += [[name, each] for each in inner] if inner else [[name]]
    return found


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_help_puts_examples_first(invoke: Invoke, command: list[str]) -> None:
    result = invoke(*command, "--help")
    assert result.exit_code == 0
    text = result.stdout
    assert text.index("Examples:") < text.index("Options:")
    assert f"    gateway {' '.join(command)}" in text


def test_every_command_of_the_documentation_exists_and_every_command_is_documented() -> None:
    text = (ROOT / "docs" / "cli.md").read_text()
    assert set(re.findall(r"^### `gateway ([a-z -]+?)`", text, re.MULTILINE)) == {" ".join(c) for c in commands()}


def test_the_documented_exit_codes_are_the_codes() -> None:
    text = (ROOT / "docs" / "cli.md").read_text()
    rows = re.findall(r"^\| (\d+) \| ([a-z ]+)", text, re.MULTILINE)
    assert [int(number) for number, _ in rows] == [int(code) for code in Exit]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError(config_codes.CONFLICT), Exit.CONFIGURATION),
        (PolicyError(config_codes.CONFLICT), Exit.POLICY),
        (LinkError(link_codes.NOT_LISTENING), Exit.UNREACHABLE),
        (LinkError(link_codes.KEY_MISMATCH), Exit.CONFIGURATION),
        (FormatError(config_codes.CONFLICT), Exit.FINDING),
        (CommandError(config_codes.CONFLICT, Exit.USAGE), Exit.USAGE),
    ],
)
def test_every_kind_of_error_has_its_exit_code(error: FormatError, code: Exit) -> None:
    assert exit_of(error) is code


def test_a_usage_error_ends_with_2_and_talks_on_stderr(gateway: Gateway) -> None:
    for arguments in (["nosuch"], ["translate"], ["check", "--nosuch"], ["translate", "x", "--from", "cot"]):
        done = gateway(*arguments)
        assert done.returncode == 2, arguments
        assert done.stdout == b""
        assert done.stderr


def test_a_near_command_is_suggested(gateway: Gateway) -> None:
    assert b"translate" in gateway("tranlsate").stderr


def test_an_error_is_a_block_on_stderr_and_json_when_asked(gateway: Gateway) -> None:
    done = gateway("check")
    assert done.returncode == 3
    assert done.stderr.splitlines()[0] == b"error[CFG-001] configuration file cannot be read"
    assert b"  more       gateway explain CFG-001" in done.stderr
    done = gateway("check", "--json")
    assert done.returncode == 3
    assert json.loads(done.stderr)["error"] == "CFG-001"


def test_our_own_bug_ends_with_70_and_a_traceback(tmp_path: Path) -> None:
    script = (
        "from gateway.cli import main\n"
        "@main.app.command()\n"
        "def broken() -> None:\n"
        "    raise ZeroDivisionError('a bug')\n"
        "main.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", script, "broken"], capture_output=True, cwd=tmp_path, check=False)
    assert done.returncode == 70
    assert b"ZeroDivisionError: a bug" in done.stderr
    assert b"error[CLI-070]" in done.stderr


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "many.cot").write_bytes(EVENT * 2000)
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", "translate", "many.cot", "--from", "cot", "--to", "geojson"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=ENVIRONMENT,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith(b"{")
    process.stdout.close()
    talk = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 0
    assert b"Traceback" not in talk
    assert b"BrokenPipe" not in talk
    assert b"Exception ignored" not in talk


LISTENING = (  # a parent that ignores Ctrl-C, such as a shell's background job, has its children ignore it
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from gateway.cli.main import main; main()"
)


def test_ctrl_c_ends_with_130_and_no_traceback(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", LISTENING, "translate", "-", "--from", "cot", "--to", "geojson"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=ENVIRONMENT,
    )
    assert process.stdin is not None
    process.stdin.write(EVENT)
    process.stdin.flush()
    wait_until_it_reads(process.pid)
    process.send_signal(signal.SIGINT)
    _, talk = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in talk


def wait_until_it_reads(pid: int) -> None:
    """Return once the process waits for input: it sleeps in the system call read (0, or 63 on ARM) on descriptor 0.

    A read that finds something does not sleep; a signal that comes while it returns would be another test.
    """
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        call = Path(f"/proc/{pid}/syscall").read_text().split()
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        if len(call) > 1 and call[0] in {"0", "63"} and int(call[1], 16) == 0 and state == "S":
            return
        os.sched_yield()
    raise AssertionError("the command never read its input")


def test_colour_is_for_terminals_that_want_it() -> None:
    script = "import sys; sys.argv[1:] = ['explain', 'NOPE-1']; from gateway.cli.main import main; main()"
    assert b"\x1b[31m" in on_a_terminal(script)
    assert b"\x1b[" not in on_a_terminal(script, NO_COLOR="1")
    assert b"\x1b[" not in on_a_terminal(script, TERM="dumb")


def on_a_terminal(script: str, **environ: str) -> bytes:
    """What a process writes whose standard error is a terminal."""
    ours, theirs = os.openpty()
    environment = {key: value for key, value in ENVIRONMENT.items() if key != "NO_COLOR"} | {"TERM": "xterm"} | environ
    with subprocess.Popen([sys.executable, "-c", script], stderr=theirs, stdout=subprocess.DEVNULL, env=environment):
        os.close(theirs)
        written = b""
        while True:
            try:
                chunk = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            if not chunk:
                break
            written += chunk
    os.close(ours)
    return written


def test_help_answers_at_once(gateway: Gateway) -> None:
    """No room is imported for it: what counts is that, and a generous bound on a busy machine."""
    script = (
        "import sys; from gateway.cli.main import app; "
        "heavy = {'lxml', 'aiohttp', 'pydantic', 'cryptography', 'sqlite3'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    times = []
    for _ in range(3):
        before = os.times()
        assert gateway("--help").returncode == 0
        after = os.times()
        times.append(after.children_user - before.children_user + after.children_system - before.children_system)
    assert statistics.median(times) < 2.0


# ------------------------------------------------------------------------------------------------------------- explain


def test_explains_every_code_of_every_room(invoke: Invoke) -> None:
    known = catalogue()
    assert {"CFG-003", "CLI-070", "XML-001", "LINK-014", "SEAL-001"} <= set(known)
    for code, (entry, _room) in known.items():
        assert re.fullmatch(r"[A-Z]{3,5}-\d{3}", code), code
        assert entry.title
        assert entry.remedy
    result = invoke("explain", "LINK-014")
    assert result.exit_code == 0
    assert link_codes.OUR_CERTIFICATE_REFUSED.title in result.stdout
    assert "links" in result.stdout


def test_every_code_that_is_declared_anywhere_is_in_the_catalogue() -> None:
    known = set(catalogue())
    declared = {
        found
        for file in (ROOT / "gateway").rglob("*.py")
        for found in re.findall(r"= Code\(\s*\"([A-Z]+-\d+)\"", file.read_text())
    }
    assert declared == known


@pytest.mark.parametrize(("asked", "near"), [("LINK-14", "LINK-014"), ("LNK-014", "LINK-014"), ("cfg-3", "CFG-003")])
def test_suggests_the_nearest_code(invoke: Invoke, asked: str, near: str) -> None:
    result = invoke("explain", asked)
    assert result.exit_code == 2
    assert near in result.stderr


def test_codes_are_explained_in_any_case_and_as_json(invoke: Invoke) -> None:
    result = invoke("explain", "cfg-003", "--json")
    assert json.loads(result.stdout)["code"] == "CFG-003"
    assert len(json.loads(invoke("explain", "--list", "--json").stdout)) == len(catalogue())


def test_version_is_data(invoke: Invoke) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*\n", invoke("version").stdout)
    assert json.loads(invoke("version", "--json").stdout)["sqlite"]
