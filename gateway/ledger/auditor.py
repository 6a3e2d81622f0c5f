"""The auditor's command, which needs neither a gateway nor its other dependencies.

    python -m gateway.ledger.auditor DIRECTORY [--key VKEY] [--saved FILE]... [--receipt FILE]...
                                     [--policy FILE] [--max-age-hours N --now TIME]
    python -m gateway.ledger.auditor --proof FILE --key VKEY

Exit codes: 0 it holds, 1 a finding, 2 usage.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from gateway.errors import LedgerError
from gateway.ledger import codes
from gateway.ledger.note import Verifier
from gateway.ledger.promise import open_promise
from gateway.ledger.proof import open_proof
from gateway.ledger.tiles import read_file
from gateway.ledger.verify import Demands, Report, verify
from gateway.ledger.witness import Policy


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code, having written what was found."""
    parser = argparse.ArgumentParser(prog="verify", description="Verifies a ledger directory or a proof file, offline.")
    parser.add_argument("directory", type=Path, nargs="?", help="a directory with checkpoint and tile/")
    parser.add_argument("--key", help="the ledger's verification key (default: the file vkey in the directory)")
    parser.add_argument("--saved", type=Path, action="append", default=[], help="a checkpoint that was kept earlier")
    parser.add_argument(
        "--receipt",
        type=Path,
        action="append",
        default=[],
        help="a receipt of this ledger's node, whose leaf must be there",
    )
    parser.add_argument("--policy", type=Path, help="a C2SP tlog-policy file with the witnesses to ask for")
    parser.add_argument("--max-age-hours", type=float, help="oldest acceptable cosignature or last entry")
    parser.add_argument("--now", help="the time to measure that age from, ISO 8601 with zone")
    parser.add_argument("--proof", type=Path, help="verify this proof file instead of a directory")
    options = parser.parse_args(arguments)
    if (options.directory is None) == (options.proof is None):
        parser.error("give a directory or --proof")
    if options.max_age_hours is not None and options.now is None:
        parser.error("--max-age-hours needs --now, such as --now $(date --iso-8601=seconds)")
    try:
        if options.proof is not None:
            return _prove(options.proof, options.key)
        return _verify(options)
    except LedgerError as error:
        sys.stderr.write(error.diagnostics() + "\n")
        return 1


def _prove(path: Path, key: str | None) -> int:
    if key is None:
        raise LedgerError(codes.BAD_KEY, cause="a proof is verified with --key")
    proof, checkpoint = open_proof(_read(path), Verifier.parse(key))
    sys.stdout.write(f"entry {proof.index} of {checkpoint.origin} ({checkpoint.size} entries) holds:\n")
    sys.stdout.write(proof.entry.decode(errors="replace") + "\n")
    return 0


def _verify(options: argparse.Namespace) -> int:
    directory: Path = options.directory
    key = Verifier.parse(options.key or _read(directory / "vkey").decode(errors="replace"))
    demands = Demands(
        saved=[_read(path) for path in options.saved],
        policy=Policy.parse(_read(options.policy).decode(errors="replace")) if options.policy else Policy(),
        promises=[open_promise(_read(path), key) for path in options.receipt],
        now=datetime.fromisoformat(options.now) if options.now else None,
        max_age=None if options.max_age_hours is None else timedelta(hours=options.max_age_hours),
    )
    report = verify(directory, key, demands)
    write_report(report)
    if demands.promises:
        sys.stdout.write(f"receipts {len(demands.promises)}\n")
    if not demands.saved and demands.policy.quorum == "none":
        sys.stderr.write("note: without --saved or --policy, history that was rewritten and re-signed is not seen\n")
    return 0 if report.ok else 1


def write_report(report: Report) -> None:
    """Findings to stderr, the result to stdout."""
    for finding in report.findings:
        sys.stderr.write(finding.diagnostics() + "\n")
    head = report.checkpoint
    name = "unknown ledger" if head is None else f"{head.origin}, size {head.size}, root {head.root.hex()}"
    verdict = "holds" if report.ok else f"DOES NOT HOLD ({len(report.findings)} findings)"
    sys.stdout.write(f"{name}: {verdict}\n")
    sys.stdout.write(f"entries {report.entries}, files {report.files}, last entry {report.last_time or '-'}\n")
    if report.beyond:
        sys.stdout.write(f"{report.beyond} files lie beyond the checkpoint and are proven by nothing\n")
    if report.clock_steps:
        sys.stdout.write(f"the node's clock was set back {report.clock_steps} times\n")


def _read(path: Path) -> bytes:
    octets = read_file(path)
    if octets is None:
        raise LedgerError(codes.MISSING_FILE, place=str(path))
    return octets


if __name__ == "__main__":
    sys.exit(main())
