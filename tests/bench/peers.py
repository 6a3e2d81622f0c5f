"""Software of others, in an environment of its own: some of it is GPL, some installs the same module names."""

from __future__ import annotations

import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import msgspec

from tests.bench.harness import Peer
from tests.data import ROOT

HERE = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv" / "peers"
LOCKS = ("requirements-peers-build.lock", "requirements-peers.lock")
INSTALL_S, RUN_S = 600.0, 600.0


def python() -> tuple[Path | None, str]:
    """The interpreter of the peers' environment, made at the first call; or nothing, and why."""
    interpreter = ENVIRONMENT / "bin" / "python"
    stamp = ENVIRONMENT / ".stamp"
    locks = [HERE / name for name in LOCKS]
    if stamp.exists() and all(stamp.stat().st_mtime >= lock.stat().st_mtime for lock in locks):
        return interpreter, ""
    pip = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    commands = [[sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)]]
    commands += [[*pip, "--no-build-isolation", "-r", str(lock)] for lock in locks]
    try:
        for command in commands:
            subprocess.run(command, check=True, capture_output=True, timeout=INSTALL_S)
    except (subprocess.SubprocessError, OSError) as error:
        said = getattr(error, "stderr", b"") or str(error).encode()
        last = said.decode(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
        return None, f"could not be installed here ({last[0][:80]})"
    stamp.touch()
    return interpreter, ""


def measure(name: str, task: str, inputs: Iterable[bytes]) -> Peer:
    """`peer_work.py TASK` on these inputs, in the peers' environment: records a second of CPU time, median of three."""
    interpreter, why = python()
    if interpreter is None:
        return Peer(name=name, note=why)
    with tempfile.NamedTemporaryFile(suffix=".frames") as file:
        for octets in inputs:
            file.write(struct.pack(">I", len(octets)) + octets)
        file.flush()
        command = [str(interpreter), "-I", str(HERE / "peer_work.py"), task, file.name]
        try:
            done = subprocess.run(command, capture_output=True, timeout=RUN_S, check=False)
        except subprocess.TimeoutExpired:
            return Peer(name=name, note="did not end in time")
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        return Peer(name=name, note=f"failed: {said[0][:100]}")
    answer = msgspec.json.decode(done.stdout)
    note = f"version {answer['version']}"
    if answer["crashed"]:
        note += f"; dies with SIGSEGV on {answer['crashed']:,} of {answer['inputs']:,} inputs, measured on the others"
    if answer["refused"]:
        note += f"; refused {answer['refused']:,}"
    return Peer(name=name, value=answer["rate"], note=note)
