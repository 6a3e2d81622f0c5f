"""``gateway quarantine``: what was refused, with its place and reason."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import DEFAULT_CONFIG, ConfigFile, Json, load_config
from gateway.cli.output import as_json, data, printable, say, table

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.store import Quarantined

_LAST_ID = 2**63 - 1
"""Of a row of the database."""

app = typer.Typer(help="Frames and messages that were refused.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def quarantine() -> None:
    """Frames and messages that were refused, with their place and reason.

    \b
    Examples:
      gateway quarantine list
      gateway quarantine show 17 --raw > frame.bin
    """


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, newest first.")] = 50,
    before: Annotated[
        int | None, typer.Option(min=1, max=_LAST_ID, help="Only those older than this id.", show_default=False)
    ] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """List what was refused, newest first. Works while the node runs, and when it does not.

    \b
    Examples:
      gateway quarantine list
      gateway quarantine list --limit 10 --json
    """
    from gateway.clock import utc_text

    found = _read(load_config(config).config.database_path(), limit, before, None)
    if json:
        as_json([_entry(record, whole=False) for record in found])
        return
    if not found:
        say("nothing is in quarantine")
        return
    rows = [
        [
            str(r.id),
            utc_text(r.at),
            r.source,
            r.feed,
            printable(r.peer),
            r.code,
            printable(r.place),
            str(r.length),
            printable(r.cause),
        ]
        for r in found
    ]
    table(["ID", "TIME", "SOURCE", "FEED", "PEER", "CODE", "PLACE", "OCTETS", "CAUSE"], rows)
    say(f"next: gateway quarantine show {found[0].id}")


@app.command()
def show(
    id_: Annotated[int, typer.Argument(metavar="ID", min=1, max=_LAST_ID, help="Id from the list.")],
    raw: Annotated[bool, typer.Option("--raw", help="Only the octets, as they came.")] = False,
    config: ConfigFile = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Show one refused frame: why, where, and its octets.

    \b
    Examples:
      gateway quarantine show 17
      gateway quarantine show 17 --raw | gateway translate - --from asterix --trace
    """
    from gateway.cli.codes import NOT_FOUND
    from gateway.cli.exits import CommandError, Exit
    from gateway.clock import utc_text

    found = _read(load_config(config).config.database_path(), 1, None, id_)
    if not found:
        remedy = "gateway quarantine list"
        raise CommandError(NOT_FOUND, Exit.FINDING, cause=f"no refused frame {id_}", remedy=remedy)
    record = found[0]
    if raw:
        sys.stdout.flush()
        sys.stdout.buffer.write(record.octets)
    elif json:
        as_json(_entry(record, whole=True))
    else:
        data(f"{record.code} from {record.source} at {utc_text(record.at)}")
        data(f"  {'feed':<10} {record.feed}")
        data(f"  {'peer':<10} {printable(record.peer)}")
        data(f"  {'place':<10} {printable(record.place)}")
        data(f"  {'cause':<10} {printable(record.cause)}")
        cut = f", the first {len(record.octets)} kept" if record.length > len(record.octets) else ""
        data(f"  {'octets':<10} {record.length}{cut}")
        _dump(record.octets)
        say(f"next: gateway explain {record.code}")


def _read(path: Path, limit: int, before: int | None, only: int | None) -> list[Quarantined]:
    from functools import partial

    from gateway.store.reader import Readers, quarantined

    if not path.exists():
        return []  # a node that never ran has refused nothing

    async def read() -> list[Quarantined]:
        readers = Readers(path)
        try:
            return await readers.run(partial(quarantined, limit=limit, before=before, only=only))
        finally:
            await readers.close()

    return asyncio.run(read())


def _entry(record: Quarantined, *, whole: bool) -> dict[str, object]:
    from gateway.clock import utc_text

    fields: dict[str, object] = {
        "id": record.id,
        "at": utc_text(record.at),
        "source": record.source,
        "feed": record.feed,
        "peer": record.peer,
        "code": record.code,
        "place": record.place,
        "cause": record.cause,
        "length": record.length,
    }
    return {**fields, "octets": record.octets.hex()} if whole else fields


def _dump(octets: bytes) -> None:
    for start in range(0, len(octets), 16):
        part = octets[start : start + 16]
        text = "".join(chr(octet) if 32 <= octet < 127 else "." for octet in part)
        data(f"  {start:08x}  {part.hex(' '):<47}  {text}")
