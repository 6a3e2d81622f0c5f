"""`make bench`, or ``python -m tests.bench``: every stage in a process of its own, then the table.

Each stage names the bare primitives that no implementation can do without, and how many times their cost it costs.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.harness import Row
from tests.bench.table import document, machine, markdown, read_rows
from tests.data import ROOT

STAGES = (
    "asterix",
    "cot",
    "sapient",
    "ground",
    "geojson",
    "alliance",
    "seal",
    "policy",
    "store",
    "ledger",
    "post",
    "corridor",
    "tak",
    "latency",
    "memory",
)
STAGE_S = 3_600.0


def in_process(name: str, *, quick: bool) -> list[Row]:
    """The rows of one stage, measured here."""
    rows: list[Row] = importlib.import_module(f"tests.bench.stage_{name}").run(quick=quick)
    return rows


def isolated(name: str, *, quick: bool) -> list[Row] | None:
    """The rows of one stage, measured in a process of its own; nothing when it crashed."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "rows.json"
        command = [sys.executable, "-m", "tests.bench", "--stage", name, "--json", str(path)]
        if quick:
            command.append("--quick")
        stage = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
        try:
            code = stage.wait(timeout=STAGE_S)
        except BaseException as error:  # its gateways go with it
            with contextlib.suppress(ProcessLookupError):
                os.killpg(stage.pid, signal.SIGTERM)
            stage.wait()
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            return None
        return read_rows(path.read_bytes()) if code == 0 and path.exists() else None


def main() -> int:
    """Measure, print, and say whether every stage ran; a target that is missed is a figure, not a failure."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=STAGES, help="this stage alone (may be repeated)")
    parser.add_argument("--quick", action="store_true", help="smaller inputs, and no million tracks")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there too")
    parser.add_argument("--stage", choices=STAGES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stage:
        options.json.write_bytes(document(in_process(options.stage, quick=options.quick), quick=options.quick))
        return 0
    rows: list[Row] = []
    crashed = []
    for name in options.only or STAGES:
        print(f"... {name}", file=sys.stderr, flush=True)
        measured = isolated(name, quick=options.quick)
        if measured is None:
            crashed.append(name)
        else:
            rows += measured
            print(markdown(measured), file=sys.stderr, flush=True)
    if options.json:
        options.json.write_bytes(document(rows, quick=options.quick))
    about = machine()
    print(f"\n{about['processor']}, {about['cores']} cores, Python {about['python']}, load {about['load_1m']}\n")
    print(markdown(rows))
    if crashed:
        print(f"\ncrashed: {', '.join(crashed)}", file=sys.stderr)
    return 1 if crashed else 0


if __name__ == "__main__":
    sys.exit(main())
