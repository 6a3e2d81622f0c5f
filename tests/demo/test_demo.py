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

from gateway.demo.sensors import OPERATOR_ID, SERVER_SAC, SERVER_SIC, airliners, system_track
from gateway.demo.sky import OPERATOR, Sky
from gateway.formats.registry import find

pytestmark = [pytest.mark.timeout(240), pytest.mark.xdist_group("demo")]

NODES = ("nld-1", "deu-1", "eu-1", "atm-1")
HOLDS = re.compile(
    r"^ledger of (\S+): (\d+) leaves, every one hashed again, the signed checkpoint holds$", re.MULTILINE
)
SENT = re.compile(
    r"(\d+) messages were sent, to (\d+) recipients in all: 0 missing at a partner, 0 received twice, "
    r"0 at a node that they are not for".replace(" ", r"\s+")
)
PROVEN = re.compile(r"message \S+ is leaf \d+ of \d+ in\s+\S+ ledger:\s+proven in \d+ octets")
WITHHELD = re.compile(
    r"(\d+) Remote ID reports told deu-1 where the operator stands: (\d+) of the (\d+) messages that left it do, "
    r"(\d+) tracks in them list him as withheld".replace(" ", r"\s+")
)
WALL = re.compile(r"SAPIENT (\d+) by place, (\d+) by bearing alone; Remote ID (\d+)")
TAK = re.compile(
    r"(\d+) events, (\d+) drone tracks; the first SAPIENT detection after (\d+) ms, median of (\d+): (\d+) ms".replace(
        " ", r"\s+"
    )
)
SCANS = 20


def environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "COLUMNS": "80", "NO_COLOR": "1", "PYTHONWARNINGS": "default::ResourceWarning"}


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
    assert int(sent[1]) == int(sent[2]) > 0, "every release group has one member here"
    assert sum(leaves.values()) > 2 * int(sent[1])
    assert PROVEN.search(done.stdout), done.stdout


def test_everybody_accepts_what_is_released_to_him_and_shows_it_to_his_systems(
    played: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, done = played
    table = {node: row(done.stdout, node) for node in NODES}
    taken = {node: int(table[node][0]) for node in NODES}
    released = {node: int(table[node][1]) for node in NODES}
    accepted = {node: int(table[node][5]) for node in NODES}
    # The nations show each other everything; the agency gets less of the air picture and all drones, aviation a few
    to_agency, to_aviation = released["nld-1"] - taken["nld-1"], accepted["atm-1"]
    assert released["deu-1"] == 2 * taken["deu-1"]
    assert 0 < to_agency < taken["nld-1"]
    assert 0 < to_aviation < taken["deu-1"], "what the agency passes on"
    assert accepted == {
        "nld-1": taken["deu-1"],
        "deu-1": taken["nld-1"],
        "eu-1": to_agency + taken["deu-1"],
        "atm-1": to_aviation,
    }
    assert taken["eu-1"] == taken["atm-1"] == released["atm-1"] == 0
    passed_on = re.findall(
        r"^passed on by eu-1 to atm-1, with less in them: (\d+) messages", done.stdout, re.MULTILINE
    )[-1]
    assert table["eu-1"][2] == passed_on == table["atm-1"][4] != "0", "signed there, verified here"
    events = {node: int(table[node][-2]) for node in NODES}
    assert events == accepted


def test_the_release_policies_kept_what_they_promise(played: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, done = played
    found = done.stdout[done.stdout.index("release policies:") : done.stdout.index("An allied track")]
    assert [line[:8] for line in found.splitlines() if line.startswith("  ")] == ["  holds:"] * 6
    words = " ".join(found.split())
    for pattern in (
        r"9 tracks of nld-1 are ALPHA's alone, all 4 fighters among them: deu-1 got 9, eu-1 0, atm-1 0 ",
        r"(\d+) reports of nld-1 reached eu-1, \1 of them under the label that deu-1 has and its equivalent in BRAVO: ",
        r"SIM\d+ \"ALPHA RESTRICTED Releasable to BRAVO\" is \"BRAVO LIMITED REL BRAVO\" there",
        r"(\d+) of them reached eu-1: 0 with a measurement or octets of a sensor, \1 list it as withheld",
        r"atm-1 saw 3 drone tracks, 0 reports of them outside of the airport's area; of 12 drone tracks elsewhere 0 ",
        r"elsewhere 0 came; 0 of \d+ names of sensors and of what they call their tracks",
        r"(\d+) messages went on from eu-1 to atm-1: \1 name the message of deu-1 that they are made from",
        r"both ledgers name the same rule of the same policy file for (\d+) of \1 messages received: ",
    ):
        assert re.search(pattern, words), (pattern, words)


def test_the_tak_client_sees_what_the_sapient_sensor_of_another_nation_detects_within_a_second(
    played: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, done = played
    detections, bearings, claims = map(int, WALL.findall(done.stdout)[-1])
    events, drones, first_ms, seen, median_ms = map(int, TAK.findall(done.stdout)[-1])
    assert detections >= 3
    assert bearings >= 1
    assert claims >= 3
    assert seen == detections
    assert drones == 13 + 1 + 1, "the detector's, SAPIENT's and Remote ID's: three sources, none of them fused"
    assert events == int(row(done.stdout, "nld-1")[-2]), "as many as the display beside it"
    assert 0 < median_ms <= 1_000
    assert 0 < first_ms <= 2_000


def test_the_map_has_every_track_and_draws_a_bearing_as_one(
    played: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    directory, done = played
    found = re.search(r"map of eu-1: (\d+) points, (\d+) drawn as a bearing, in [\d,]+ octets of NVG", done.stdout)
    assert found is not None, done.stdout
    # 24 airliners from the track server and those within the radar's reach, 15 drone tracks; no fighter, no TAK user
    assert 24 + 15 < int(found[1]) <= 2 * 24 + 15
    assert int(found[2]) == 1
    password = re.search(r"curl --user hq:(\S+) ", done.stdout)
    assert password is not None
    configuration = (directory / "eu-1" / "gateway.toml").read_text()
    assert password[1] not in configuration
    assert 'password = "scrypt$' in configuration


def test_where_the_operator_of_a_drone_stands_does_not_leave_and_is_listed_as_withheld(
    played: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    directory, done = played
    found = WITHHELD.search(done.stdout)
    assert found is not None, done.stdout
    claims, leaked, messages, withheld = map(int, found.groups())
    assert leaked == 0
    assert messages > 0
    assert claims == withheld == int(WALL.findall(done.stdout)[-1][2])
    for node in ("nld-1", "eu-1", "atm-1"):
        data = directory / node / "data"
        octets = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
        assert (b"uas_serial" in octets) == (node != "atm-1"), "the drone did arrive, without a name at one"
        assert OPERATOR_ID.encode() not in octets
        assert f"{OPERATOR[0]:.4f}".encode() not in octets


def test_what_each_hop_of_a_sapient_detection_could_not_carry_is_listed(
    played: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, done = played
    crossed = r"a SAPIENT detection went across in messages \S+ to nld-1, \S+ to eu-1; what could not be carried:"
    assert re.search(crossed.replace(" ", r"\s+"), done.stdout), done.stdout
    assert re.search(r"^  deu-1 +reads SAPIENT: ", done.stdout, re.MULTILINE)
    tak = re.search(r"^  nld-1 +shows its TAK clients \(cot\): (.*)$", done.stdout, re.MULTILINE)
    chart = re.search(r"^  eu-1 +shows its map \(nvg\): (.*)$", done.stdout, re.MULTILINE)
    assert tak is not None, done.stdout
    assert chart is not None, done.stdout
    assert "identity.value NO_CODE" in tak[1], "nobody declared one"
    assert "sources NO_TARGET" in chart[1]


def test_everything_is_marked_as_simulated_to_the_last_display(
    played: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, done = played
    assert "SIMULATED traffic" in done.stdout
    sample = re.search(r"^<\?xml.*<event .*</event>$", done.stdout, re.MULTILINE)
    assert sample is not None, done.stdout
    assert 'opex="e"' in sample[0], "the demonstration is an exercise too, and CoT has one place for both"
    assert 'how="m-s"' in sample[0]
    assert 'type="a-u-A-M-' in sample[0], "a drone is the better sample"


def test_the_commands_that_it_proposes_work(played: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    directory, done = played
    lines = done.stdout.partition("Try next:")[2].splitlines()
    wanted = [line for line in lines if re.search("gateway (ledger|explain|policy) ", line)]
    proposed = [shlex.split(line, comments=True) for line in wanted]
    assert len(proposed) >= 7
    for words in proposed:
        again = subprocess.run(
            [sys.executable, "-m", "gateway", *words[1:]],
            env=environment(),
            cwd=directory,
            capture_output=True,
            text=True,
        )
        assert again.returncode == 0, (words, again.stderr)


def test_it_says_where_to_connect_a_tak_client_and_how_to_fetch_the_map(
    played: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    directory, done = played
    before, _, after = done.stdout.partition("Try next:")
    commanding, mapping = ((directory / node / "gateway.toml").read_text() for node in ("nld-1", "eu-1"))
    for text in (before, after):
        tak = re.search(r"(127\.0\.0\.1:\d+) \(TCP\)", text)
        chart = re.search(r"curl --user hq:\S+ http://(127\.0\.0\.1:\d+)/nvg", text)
        assert tak is not None, text
        assert chart is not None, text
        assert f'address = "{tak[1]}"' in commanding
        assert f'address = "{chart[1]}"' in mapping


def test_it_is_readable_on_a_terminal_of_eighty_columns(
    played: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, done = played
    live = done.stdout[done.stdout.index("SIMULATED traffic") : done.stdout.index("map of eu-1")]
    assert len(live.splitlines()) <= 13
    assert max(len(line.rstrip()) for line in live.splitlines() if not line.startswith(" ")) <= 80


def test_nothing_is_left_open_and_nobody_complains(played: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    directory, done = played
    for text in (done.stderr, *(path.read_text() for path in directory.glob("*/gateway.log"))):
        assert "Warning" not in text, text
        assert "Traceback" not in text, text
    assert "SAPIENT error" not in done.stdout


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
            until = time.monotonic() + 120
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
    assert int(row(done.stdout, "atm-1")[5]) == 0, "no drone is in it"
    assert "BROKEN" not in done.stdout
    assert "SIMULATED" not in done.stdout
    assert "TAK client at nld-1: 0 events, 0 drone tracks" in done.stdout, "it looks, and adds nothing to real traffic"
    assert re.search(r"map of eu-1: 24 points, 0 drawn as a bearing", done.stdout)
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
