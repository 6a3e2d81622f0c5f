"""What the image promises without an image: a node on a read-only file system, and its health check as it is written.

Root may write where permissions say no, so the file system is made read-only by mounts in a namespace of its own; the
words of the Dockerfile run there as they stand, with the configuration's path in the place of the image's.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.demo.stage import Player, ledger_verifier, set_stage
from gateway.formats.registry import find
from gateway.ledger import verify
from tests.assembled import Door, aircraft
from tests.data import ROOT

IMAGE_CONFIG = "/etc/gateway/gateway.toml"
START_S, STOP_S = 60.0, 60.0

READ_ONLY = """
set -eu
mount --bind "$1" "$1"
mount --bind "$1/data" "$1/data"
mount -o remount,bind,ro "$1"
mount -o remount,bind,ro /
if touch "$1/probe" 2>/dev/null || touch /var/tmp/probe-of-a-test 2>/dev/null; then exit 99; fi
cd "$1"
shift
exec "$@"
"""


def namespaces() -> None:
    """Skip where mounts of one's own are not to be had."""
    if shutil.which("unshare") is None or shutil.which("mount") is None:
        pytest.skip("unshare and mount are not on this machine")
    tried = subprocess.run(
        ["unshare", "--mount", "sh", "-c", "mount --bind / / && mount -o remount,bind,ro /"], capture_output=True
    )
    if tried.returncode != 0:
        pytest.skip("this user may not make mounts of its own: run as root, with CAP_SYS_ADMIN")


def image_words(instruction: str) -> list[str]:
    """The words of an exec-form instruction of the image's last stage."""
    last = (ROOT / "Dockerfile").read_text().rpartition("\nFROM ")[2].replace("\\\n", " ")
    (line,) = re.findall(rf"^{instruction}\b(.*)$", last, flags=re.MULTILINE)
    form = re.search(r"\[.*\]", line)
    assert form is not None, f"{instruction} is not in exec form"
    words: list[str] = json.loads(form[0])
    return words


class Box:
    """One player in a file system in which it may write its data and nothing else."""

    def __init__(self, player: Player) -> None:
        self.player = player
        (player.directory / "data").mkdir()
        self._log = (player.directory / "data" / "log").open("wb")
        self.process: subprocess.Popen[bytes] | None = None

    def words(self, words: list[str]) -> list[str]:
        """A command of the image, as it runs here."""
        placed = [word.replace(IMAGE_CONFIG, str(self.player.config_path)) for word in words]
        assert placed != words
        return ["unshare", "--mount", "sh", "-c", READ_ONLY, "sh", str(self.player.directory), *placed]

    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": "/nonexistent",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            **({"PYTHONPATH": os.environ["PYTHONPATH"]} if "PYTHONPATH" in os.environ else {}),
        }

    def start(self) -> None:
        words = self.words(image_words("ENTRYPOINT") + image_words("CMD"))
        self.process = subprocess.Popen(words, env=self.environment(), stdout=self._log, stderr=self._log)

    def healthy(self) -> subprocess.CompletedProcess[str]:
        """The image's health check."""
        return subprocess.run(
            self.words(image_words("HEALTHCHECK")), env=self.environment(), capture_output=True, text=True, timeout=60
        )

    def stop(self) -> int:
        assert self.process is not None
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop()
        self._log.close()

    def last_words(self) -> str:
        return (self.player.directory / "data" / "log").read_text(errors="replace")[-800:]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    namespaces()
    made = Box(set_stage(tmp_path, SystemClock(), simulation="SIMULATED")[0])
    try:
        yield made
    finally:
        made.close()


def wait_until_ready(box: Box, door: Door) -> None:
    clock = SystemClock()
    until = clock.monotonic() + START_S
    while clock.monotonic() < until:
        assert box.process is not None
        assert box.process.poll() is None, box.last_words()
        with suppress(OSError):
            if door.call("GET", "/healthz/ready").status == 200:
                return
        with suppress(subprocess.TimeoutExpired):
            box.process.wait(0.1)
    raise AssertionError(box.last_words())


def files(directory: Path) -> set[Path]:
    return {path for path in directory.rglob("*") if not path.is_relative_to(directory / "data")}


@pytest.fixture
def door(box: Box) -> Iterator[Door]:
    """The node's national door, as its source calls it."""
    certs = box.player.directory / "certs"
    identity = certs / "sensors.client.pem", certs / "sensors.client.key"
    made = Door(box.player.http_port, ca=certs / "ca.pem", certificate=identity[0], key=identity[1])
    try:
        yield made
    finally:
        made.close()


@pytest.mark.timeout(300)
def test_a_node_writes_its_data_directory_and_nothing_else(box: Box, door: Door) -> None:
    player = box.player
    before = files(player.directory)
    box.start()
    wait_until_ready(box, door)
    (octets,) = find("cot").encoder().encode([aircraft(1)], SystemClock().now()).frames
    answer = door.post("/v1/messages/cot", octets, "application/cot+xml")
    assert answer.status == 202, answer.body
    assert box.stop() == 0, box.last_words()
    assert files(player.directory) == before
    assert verify(player.ledger_directory, ledger_verifier(player)).ok


@pytest.mark.timeout(300)
def test_the_health_check_of_the_image_holds_while_the_node_is_ready_and_only_then(box: Box, door: Door) -> None:
    assert box.healthy().returncode != 0, "nothing runs yet"
    box.start()
    wait_until_ready(box, door)
    # No partner runs: that is the links' trouble, and no reason to restart the container
    checked = box.healthy()
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert box.stop() == 0, box.last_words()
    assert box.healthy().returncode != 0, "nothing runs any more"
