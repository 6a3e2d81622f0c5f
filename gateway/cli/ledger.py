"""``gateway ledger``: the verifiable log, on a plain directory, with no gateway running and no socket opened."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import DEFAULT_CONFIG, ConfigFile, Json, load_config
from gateway.cli.output import as_json, data, json_line, paint, printable, report, say, table
from gateway.cli.receipts import receipt as write_receipt

if TYPE_CHECKING:
    from gateway.ledger import Demands, Report, Verifier

app = typer.Typer(help="The verifiable log.", no_args_is_help=True, rich_markup_mode=None)

_Directory = Annotated[
    Path | None,
    typer.Option(
        "--directory", "-d", metavar="DIR", help="Ledger; without it the configuration's.", show_default=False
    ),
]
_Key = Annotated[
    str, typer.Option("--key", metavar="VKEY", help="Verifier key; without it the configuration's.", show_default=False)
]


@app.callback()
def ledger() -> None:
    """The verifiable log: look into it, verify it, prove one message, copy it for an auditor.

    \b
    Examples:
      gateway ledger show
      gateway ledger verify --saved checkpoint.kept
      gateway ledger prove 01890a5d-ac96-774b-bcce-b302099a8057 -o message.proof
      gateway ledger verify --proof message.proof --key "$(gateway ledger key)"
      gateway ledger export audit-2026-11
    """


@app.command()
def key(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Print the verifier key of this node's log, as partners put it into ledger_vkeys.

    \b
    Examples:
      gateway ledger key
    """
    data(str(_own_key(config)))


@app.command()
def show(
    last: Annotated[int, typer.Option(min=0, max=10_000, help="How many of the newest entries.")] = 10,
    message: Annotated[
        str, typer.Option(metavar="ID", help="Only what is said of one message.", show_default=False)
    ] = "",
    directory: _Directory = None,
    key: _Key = "",
    config: ConfigFile = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Show the signed head and the newest entries, or everything about one message.

    \b
    Examples:
      gateway ledger show --last 3
      gateway ledger show --message 01890a5d-ac96-774b-bcce-b302099a8057 --json
    """
    from gateway.ledger import find_message
    from gateway.ledger.proof import read_checkpoint

    where, verifier = _ledger(directory, key, config)
    _, head = read_checkpoint(where, verifier)
    entries = list(find_message(where, verifier, message)) if message else _newest(where, head.size, last)
    if json:
        as_json(
            {
                "origin": head.origin,
                "size": head.size,
                "root": head.root.hex(),
                "entries": [leaf for _, leaf in entries],
            }
        )
        return
    data(f"{head.origin}  {head.size} entries, root {head.root.hex()}")
    rows = [
        [str(index), *(printable(str(leaf.get(name, ""))) for name in ("t", "ev", "mid", "peer")), _says(leaf)]
        for index, leaf in entries
    ]
    if rows:
        data("")
        table(["INDEX", "TIME", "EVENT", "MESSAGE", "PEER", "SAYS"], rows)
    if message:
        for index, leaf in entries:
            data("")
            for name, value in (("entry", index), *leaf.items()):
                text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
                data(f"  {name:<13} {printable(text)}")
    say("next: gateway ledger verify")


def _says(leaf: dict[str, object]) -> str:
    """What decided, in a few words; digests are cut short, and whole with --message or --json."""
    parts: list[str] = []
    for name in ("group", "rule", "policy", "previous", "origin_rule", "outcome", "code", "count", "left_out"):
        value = leaf.get(name)
        if value is not None:
            text = printable(str(value))
            parts.append(f"{name} {text[:12] if name in ('policy', 'previous') else text}")
    if leaf.get("ev") in ("policy", "config"):
        parts.append(printable(str(leaf.get("sha256", "")))[:12])
    return ", ".join(parts)


def _newest(where: Path, size: int, last: int) -> list[tuple[int, dict[str, object]]]:
    from gateway.ledger.tiles import WIDTH, TileDirectory
    from gateway.ledger.verify import parse_leaf

    tiles = TileDirectory(where, size)
    first = max(size - last, 0)
    found: list[tuple[int, dict[str, object]]] = []
    for bundle in range(first // WIDTH, -(-size // WIDTH)):
        for offset, entry in enumerate(tiles.entries(bundle), bundle * WIDTH):
            if first <= offset < size:
                found.append((offset, parse_leaf(entry) or {}))
    return found


@app.command()
def verify(
    proof: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Verify this proof file instead.", show_default=False)
    ] = None,
    saved: Annotated[list[Path], typer.Option(metavar="FILE", help="Checkpoint that was kept earlier.")] = [],  # noqa: B006 (typer copies it)
    receipt: Annotated[
        list[Path], typer.Option(metavar="FILE", help="Receipt of this ledger's node, whose entry must be there.")
    ] = [],  # noqa: B006 (as above)
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="tlog-policy with the witnesses to ask for.", show_default=False)
    ] = None,
    max_age_hours: Annotated[
        float | None, typer.Option(min=0, help="Oldest acceptable last entry or cosignature.", show_default=False)
    ] = None,
    directory: _Directory = None,
    key: _Key = "",
    config: ConfigFile = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Verify a whole ledger, or one proof file: offline, entry by entry.

    \b
    Examples:
      gateway ledger verify
      gateway ledger verify --directory audit-2026-11 --key nld-1.example/audit/1+0123abcd+AAAA
      gateway ledger verify --directory deu-1.copy --key deu-1.example/audit/1+0123abcd+AAAA --receipt message.receipt
      gateway ledger verify --proof message.proof --key nld-1.example/audit/1+0123abcd+AAAA

    A ledger that was rewritten and signed again is seen only with --saved or --policy. Exit code 1: it does not hold.
    """
    from gateway.cli.exits import Exit

    if proof is not None:
        _verify_proof(proof, _verifier(directory, key, config), json=json)
        return
    where, verifier = _ledger(directory, key, config)
    found = _verify(where, verifier, _demands(verifier, saved, receipt, policy, max_age_hours))
    for finding in found.findings:
        report(finding, json=json)
    _show_report(found, len(receipt), json=json)
    if not found.ok:
        raise typer.Exit(Exit.FINDING)
    if not saved and policy is None:
        say("note: without --saved or --policy, history that was rewritten and signed again is not seen")
    say(f"next: keep {where / 'checkpoint'} and give it with --saved the next time")


def _verify(where: Path, verifier: Verifier, demands: Demands) -> Report:
    from gateway.ledger import verify as verify_directory

    try:
        return verify_directory(where, verifier, demands, _progress("verified"))
    finally:
        _end_progress()


def _demands(
    verifier: Verifier, saved: list[Path], receipts: list[Path], policy: Path | None, max_age_hours: float | None
) -> Demands:
    from datetime import timedelta

    from gateway.clock import SystemClock
    from gateway.ledger import Demands, Policy, open_promise

    return Demands(
        saved=[_read(path) for path in saved],
        promises=[open_promise(_read(path), verifier) for path in receipts],
        policy=Policy.parse(_read(policy).decode("utf-8", "replace")) if policy else Policy(),
        now=SystemClock().now(),
        max_age=None if max_age_hours is None else timedelta(hours=max_age_hours),
    )


def _verify_proof(file: Path, verifier: Verifier, *, json: bool) -> None:
    from gateway.ledger import open_proof

    proof, head = open_proof(_read(file), verifier)
    if json:
        entry = proof.entry.decode("utf-8", "replace")
        as_json({"holds": True, "index": proof.index, "origin": head.origin, "size": head.size, "entry": entry})
        return
    data(f"entry {proof.index} of {head.origin} ({head.size} entries) holds:")
    data(printable(proof.entry.decode("utf-8", "replace")))


def _show_report(found: Report, receipts: int, *, json: bool) -> None:
    head = found.checkpoint
    if json:
        as_json(
            {
                "holds": found.ok,
                "origin": head.origin if head else None,
                "size": head.size if head else None,
                "root": head.root.hex() if head else None,
                "entries": found.entries,
                "files": found.files,
                "receipts": receipts,
                "last_time": found.last_time,
                "beyond_checkpoint": found.beyond,
                "clock_steps": found.clock_steps,
                "findings": [
                    {"code": finding.code.id, "place": finding.place, "cause": finding.cause}
                    for finding in found.findings
                ],
            }
        )
        return
    verdict = (
        paint("holds", "green", sys.stdout)
        if found.ok
        else paint(f"DOES NOT HOLD, {len(found.findings)} findings", "red", sys.stdout)
    )
    data(
        f"{head.origin}, {head.size} entries, root {head.root.hex()}: {verdict}"
        if head
        else f"no readable head: {verdict}"
    )
    data(f"{found.entries} entries hashed, {found.files} files compared, last entry {found.last_time or '-'}")
    if receipts:
        data(f"{receipts} receipts compared with the entries that they promise")
    if found.beyond:
        data(f"{found.beyond} files lie beyond the checkpoint and are proven by nothing")
    if found.clock_steps:
        data(f"the node's clock was set back {found.clock_steps} times")


@app.command()
def prove(
    message_id: Annotated[str, typer.Argument(metavar="MESSAGE-ID", help="Id of the message.")],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where to write; - is standard output.")
    ] = "-",
    event: Annotated[
        list[str], typer.Option(metavar="EVENT", help="Only of this event: sent, received, delivered.")
    ] = [],  # noqa: B006 (typer copies it)
    directory: _Directory = None,
    key: _Key = "",
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Write the proof (C2SP tlog-proof) that a message stands in the ledger; anybody can verify it offline.

    \b
    Examples:
      gateway ledger prove 01890a5d-ac96-774b-bcce-b302099a8057 -o message.proof
      gateway ledger prove 01890a5d-ac96-774b-bcce-b302099a8057 --event delivered
    """
    from gateway.cli.codes import OUTPUT_UNWRITABLE
    from gateway.cli.exits import CommandError, Exit
    from gateway.ledger import prove_message

    where, verifier = _ledger(directory, key, config)
    octets = prove_message(where, verifier, message_id, event)
    if output == "-":
        data(octets.decode("utf-8").removesuffix("\n"))
        return
    try:
        Path(output).write_bytes(octets)
    except OSError as error:
        raise CommandError(OUTPUT_UNWRITABLE, Exit.USAGE, place=output, cause=error.strerror or "") from None
    say(f"wrote {output}")
    say(f"next: gateway ledger verify --proof {output} --key '{verifier}'")


app.command("receipt")(write_receipt)


@app.command()
def export(
    target: Annotated[Path, typer.Argument(help="New directory for the copy.")],
    directory: _Directory = None,
    key: _Key = "",
    config: ConfigFile = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Copy the ledger for an auditor, with its key, a README and the verifier as source. The node may go on writing.

    \b
    Examples:
      gateway ledger export audit-2026-11
    """
    from gateway.ledger import export as copy_ledger

    where, verifier = _ledger(directory, key, config)
    try:
        size = copy_ledger(where, target, verifier, progress=_progress("copied"))
    finally:
        _end_progress()
    if json:
        json_line({"directory": str(target), "entries": size, "key": str(verifier)})
    say(f"wrote {target}: {size} entries, their tree, the key and the verifier")
    say(f"next: gateway ledger verify --directory {target}")


# ----------------------------------------------------------------------------------------------------- where and whose


def _ledger(directory: Path | None, key: str, config: Path) -> tuple[Path, Verifier]:
    where = directory if directory is not None else load_config(config).config.ledger.directory
    return where, _verifier(directory, key, config)


def _verifier(directory: Path | None, key: str, config: Path) -> Verifier:
    """The key as given, else the one that travels with a copied ledger, else the configuration's own."""
    from gateway.ledger import Verifier

    if key:
        return Verifier.parse(key)
    if directory is not None and (directory / "vkey").is_file():
        say(f"note: the key is the one in {directory}; compare it with the one that its operator gave you")
        return Verifier.parse(_read(directory / "vkey").decode("utf-8", "replace").strip())
    return _own_key(config)


def _own_key(config: Path) -> Verifier:
    from gateway.node.trust import read_ledger_signer

    return read_ledger_signer(load_config(config).config).verifier


def _read(path: Path) -> bytes:
    from gateway.cli.codes import INPUT_UNREADABLE
    from gateway.cli.exits import CommandError, Exit

    try:
        with path.open("rb") as stream:
            return stream.read(MAX_OCTETS)
    except OSError as error:
        raise CommandError(INPUT_UNREADABLE, Exit.USAGE, place=str(path), cause=error.strerror or "") from None


MAX_OCTETS = 2_097_152  # keys, checkpoints and proofs are small; a wrong name is not read to its end


def _progress(word: str) -> Callable[[int], None] | None:
    """Shows how far long work is, on a terminal only."""
    if not sys.stderr.isatty():
        return None

    def show_count(count: int) -> None:
        if count % 65_536 < 256:  # about ten times a second
            sys.stderr.write(f"\r{word} {count:,} entries ")
            sys.stderr.flush()

    return show_count


def _end_progress() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
