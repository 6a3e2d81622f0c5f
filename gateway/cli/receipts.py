"""``gateway ledger receipt``: the signed receipts of one message, as files for whoever audits the node that signed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import DEFAULT_CONFIG, ConfigFile, load_config
from gateway.cli.output import data, printable, say


def receipt(
    message_id: Annotated[str, typer.Argument(metavar="MESSAGE-ID", help="Id of the message.")],
    partner: Annotated[str, typer.Option(metavar="NODE", help="Only that of this node.", show_default=False)] = "",
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where to write one; - is standard output.")
    ] = "-",
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Write the signed receipts of a message. Works while the node runs, and when it does not.

    \b
    Examples:
      gateway ledger receipt 01890a5d-ac96-774b-bcce-b302099a8057
      gateway ledger receipt 01890a5d-ac96-774b-bcce-b302099a8057 --partner deu-1 -o message.receipt

    Partners' receipts for a message of ours, our own answer for one of theirs. A receipt is held against a copy of the
    ledger of the node that signed it: gateway ledger verify --directory COPY --key VKEY --receipt FILE.
    """
    from gateway.cli.codes import NOT_FOUND, OUTPUT_UNWRITABLE
    from gateway.cli.exits import CommandError, Exit

    found = [
        (node, note)
        for node, note in _read(load_config(config).config.database_path(), message_id)
        if partner in ("", node)
    ]
    if not found:
        of = f" of {partner}" if partner else ""
        raise CommandError(NOT_FOUND, Exit.FINDING, cause=f"no receipt{of} for message {message_id[:80]}")
    if output == "-":
        data("\n".join(printable_note(note) for _, note in found))
        return
    if len(found) > 1:
        nodes = ", ".join(sorted(node for node, _ in found))
        cause = f"there are receipts of {nodes}; a file holds one"
        raise CommandError(NOT_FOUND, Exit.USAGE, cause=cause, remedy="name one with --partner")
    try:
        Path(output).write_bytes(found[0][1])
    except OSError as error:
        raise CommandError(OUTPUT_UNWRITABLE, Exit.USAGE, place=output, cause=error.strerror or "") from None
    say(f"wrote {output}")
    say(f"next: gateway ledger verify --directory COPY --key VKEY --receipt {output}")


def printable_note(note: bytes) -> str:
    """The note as text for a terminal, with its lines."""
    return "\n".join(printable(line) for line in note.decode("utf-8", "replace").split("\n"))


def _read(path: Path, message_id: str) -> list[tuple[str, bytes]]:
    """Who signed, and the note."""
    from functools import partial

    from gateway.store.reader import Readers, messages

    if not path.exists():
        return []

    async def read() -> list[tuple[str, bytes]]:
        readers = Readers(path)
        try:
            stored = await readers.run(partial(messages, message_id=message_id))
        finally:
            await readers.close()
        theirs = [(one.node, one.note) for message in stored for one in message.receipts]
        ours = [("own", message.answer) for message in stored if message.answer is not None]
        return [*theirs, *ours]

    return asyncio.run(read())
