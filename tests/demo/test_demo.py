"""The demonstration as a newcomer runs it: it keeps its promises, ends when told, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.demo.sensors import SERVER_SAC, SERVER_SIC, airliners, system_track
from gateway.demo.sky import Sky
from gateway.formats.registry import find

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("demo")]

NODES = ("nld-1", "deu-1", "eu-1")
HOLDS = re.compile(
    r"^ledger of (\S+): (\d+) leaves, every one hashed again, the signed checkpoint holds$", re.MULTILINE
)
SENT = re.compile(r"(\d+) messages were sent to 2 partners each: 0 missing at a partner, 0 received\s+twice")
PROVEN = re.compile(r"message \S+ is leaf \d+ of \d+ in\s+\S+ ledger:\s+proven in \d+ octets")
SCANS = 20


def environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "COLUMNS": "120", "NO_COLOR": "1"}


def command(directory: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "gateway", "demo", "--directory", str(directory), *arguments]


def run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(directory, *arguments), env=environment(), cwd=directory.parent, capture_output=True, text=True
    )


def survivors(directory: Path) -> list[str]:
    """Command lines of processes that still run with a configuration below `directory`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if f"{directory}/" in line:
            found.append(line)
    return found


def row(output: str, node: str) -> list[str]:
    """The last state of a node in the live table."""
    return re.findall(rf"^{node} +(.+?) *$", output, re.MULTILINE)[-1].split()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """Three seconds of the simulated sky."""
    directory = tmp_path_factory.mktemp("demo") / "stage"
    return directory, run(directory, "--seconds", "3")


def test_every_promise_holds(played: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, done = played
    assert done.returncode == 0, done.stdout + done.stderr
    leaves = {node: int(count) for node, count in HOLDS.findall(done.stdout)}
    assert set(leaves) == set(NODES)
    sent = SENT.search(done.stdout)
    assert sent is not None, done.stdout
    assert int(sent[1]) > 0
    assert all(count > int(sent[1]) for count in leaves.values())
    assert PROVEN.search(done.stdout), done.stdout


def test_what_two_nodes_released_every_other_node_accepted_and_showed_to_its_systems(
    played: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, done = played
    table = {node: row(done.stdout, node) for node in NODES}
    released = {node: int(table[node][1]) for node in NODES}
    accepted = {node: int(table[node][5]) for node in NODES}
    assert released["nld-1"] > released["deu-1"] > released["eu-1"] == 0
    assert accepted == {node: sum(released.values()) - released[node] for node in NODES}
    events = {node: int(table[node][-2]) for node in NODES}
    assert events == accepted


def test_everything_is_marked_as_simulated_to_the_last_display(
    played: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, done = played
    assert "SIMULATED traffic" in done.stdout
    sample = re.search(r"^<\?xml.*<event .*</event>$", done.stdout, re.MULTILINE)
    assert sample is not None, done.stdout
    assert 'opex="e"' in sample[0], "the demonstration is an exercise too, and CoT has one place for both"
    assert 'how="m-s"' in sample[0]


def test_the_commands_that_it_proposes_work(played: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    directory, done = played
    proposed = [
        shlex.split(line) for line in done.stdout.partition("Try next:")[2].splitlines() if "gateway ledger" in line
    ]
    assert len(proposed) >= 3
    for words in proposed:
        again = subprocess.run(
            [sys.executable, "-m", "gateway", *words[1:]],
            env=environment(),
            cwd=directory,
            capture_output=True,
            text=True,
        )
        assert again.returncode == 0, (words, again.stderr)


def test_nothing_of_it_runs_on(played: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    directory, _ = played
    assert survivors(directory) == []


def test_ctrl_c_ends_it_early_and_just_as_cleanly(tmp_path: Path) -> None:
    directory = tmp_path / "stage"
    log = tmp_path / "output"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command(directory, "--seconds", "600"),
            env=environment(),
            cwd=tmp_path,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            # It is on stage once a partner's ledger has more than the leaves that every node begins with
            until = time.monotonic() + 60
            while not list(directory.glob("eu-1/data/ledger/tile/entries/000.p/1?")):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            code = process.wait(timeout=60)
        finally:
            process.kill()
            process.wait()
    text = log.read_text()
    assert code == 0, text
    assert {node for node, _ in HOLDS.findall(text)} == set(NODES), text
    assert SENT.search(text), text
    assert "Traceback" not in text
    assert survivors(directory) == []


def test_a_recording_crosses_as_the_simulated_sky_does(tmp_path: Path) -> None:
    start = datetime.now(UTC) - timedelta(seconds=SCANS)
    sky, encoder = Sky(start), find("asterix").encoder(category=62, sac=SERVER_SAC, sic=SERVER_SIC)
    octets, records = b"", 0
    for scan in range(SCANS):
        now = start + timedelta(seconds=scan)
        reports = [system_track(one) for one in airliners(sky.at(now))]
        octets += b"".join(encoder.encode(reports, now).frames)
        records += len(reports)
    path = tmp_path / "a name with spaces.raw"
    path.write_bytes(octets)
    done = run(tmp_path / "stage", "--seconds", "3", "--input", str(path), "--format", "asterix")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {node for node, _ in HOLDS.findall(done.stdout)} == set(NODES)
    assert int(row(done.stdout, "nld-1")[0]) == records
    for node in ("deu-1", "eu-1"):
        assert int(row(done.stdout, node)[5]) == records
    assert survivors(tmp_path / "stage") == []


@pytest.mark.parametrize(
    "arguments", [("--input", "radar.raw"), ("--format", "cot"), ("--input", "radar.raw", "--format", "link16")]
)
def test_a_recording_wants_its_format_and_a_format_its_recording(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "radar.raw").write_bytes(b"\0")
    done = run(tmp_path / "stage", *arguments)
    assert done.returncode == 2
    assert "CLI-010" in done.stderr
    assert not (tmp_path / "stage").exists()
