"""``gateway message MESSAGE-ID``: the signed octets of a message as the node stored them, for whoever verifies them."""

from __future__ import annotations

import asyncio
import os
import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from gateway.cli.options import DEFAULT_CONFIG, ConfigFile, Json, load_config
from gateway.cli.output import as_json, say

if TYPE_CHECKING:
    from gateway.config import Config
    from gateway.store.records import StoredMessage


class Octets(Struct, frozen=True, kw_only=True):
    """The signed octets of one message."""

    message_id: str
    origin: str
    """Who signed them."""
    direction: str
    """``sent``, ``received``, or ``enclosed`` in one of these."""
    sha256: str
    """Theirs, which is that of the ledger entry."""
    leaf_index: int
    octets: bytes


def message(
    message_id: Annotated[str, typer.Argument(metavar="MESSAGE-ID", help="Id of the message, a lower-case UUID.")],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="New file for the octets; - is a pipe.")
    ] = "-",
    origin: Annotated[
        str,
        typer.Option("--origin", metavar="NODE", help="Who signed it, where several chose the id.", show_default=False),
    ] = "",
    original: Annotated[
        bool, typer.Option("--original", help="Of a relay: the signed octets of the origin that it encloses.")
    ] = False,
    config: ConfigFile = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Write the signed octets of a message that was sent or received: those whose SHA-256 stands in the ledger.

    \b
    Examples:
      gateway message 01890a5d-ac96-474b-bcce-b302099a8057 -o message.xml
      gateway message 01890a5d-ac96-474b-bcce-b302099a8057 --original -o original.xml
      gateway message 01890a5d-ac96-474b-bcce-b302099a8057 | sha256sum

    From the database, whether the node runs or not; nothing is changed. Never writes over a file. Exit code 1: there is
    no such message, its octets are not kept any more, or they are not those of the ledger.
    """
    from gateway.cli.codes import BINARY_TO_TERMINAL
    from gateway.cli.exits import CommandError, Exit

    if output == "-" and json:
        raise typer.BadParameter("--json describes a file; name it", param_hint="--output")
    if output == "-" and sys.stdout.isatty():  # a copy from a screen is no evidence
        raise CommandError(BINARY_TO_TERMINAL, Exit.USAGE, cause="octets are evidence only if none is changed")
    found = stored_octets(load_config(config).config, message_id, origin=origin, original=original)
    if output == "-":
        sys.stdout.buffer.write(found.octets)
        sys.stdout.buffer.flush()
        return
    _write(Path(output), found.octets)
    if json:
        as_json(
            {
                "file": output,
                "message_id": found.message_id,
                "origin": found.origin,
                "direction": found.direction,
                "sha256": found.sha256,
                "octets": len(found.octets),
                "leaf_index": found.leaf_index,
            }
        )
    say(f"wrote {output}: {len(found.octets):,} octets, {found.direction}, signed by {found.origin}")
    say(f"sha256 {found.sha256}, as ledger entry {found.leaf_index} has it")
    say(f"next: gateway ledger prove {message_id} -o {output}.proof")


def stored_octets(config: Config, message_id: str, *, origin: str = "", original: bool = False) -> Octets:
    """The octets that the ledger has the digest of; with `original` those that a relay encloses.

    `CommandError` ``CLI-009`` where there is nothing to give, several nodes chose the id and none is named, or
    retention has removed the body; ``CLI-013`` where the octets in the database are not those of the ledger.
    """
    from gateway.store.records import Direction

    path = config.database_path()
    found = asyncio.run(_read(path, message_id)) if path.exists() else []
    stored, entry = _the_one(found, path, message_id, origin)
    octets = _kept(stored)
    digest = _checked(octets, _leaf(entry).sha256, f"message {message_id}, entry {stored.leaf_index}")
    whole = Octets(
        message_id=stored.message_id,
        origin=stored.origin,
        direction="sent" if stored.direction is Direction.OUTBOUND else "received",
        sha256=digest,
        leaf_index=stored.leaf_index,
        octets=octets,
    )
    return _enclosed(config, whole, entry) if original else whole


class _Leaf(Struct, frozen=True):
    """The members of a ledger entry that name octets."""

    sha256: str = ""
    original: str = ""


def _leaf(entry: bytes) -> _Leaf:
    import msgspec

    try:
        return msgspec.json.decode(entry, type=_Leaf)
    except msgspec.MsgspecError:
        return _Leaf()


async def _read(path: Path, message_id: str) -> list[tuple[StoredMessage, bytes]]:
    from functools import partial

    from gateway.store.reader import Readers, leaves, messages

    readers = Readers(path)
    try:
        found: list[tuple[StoredMessage, bytes]] = []
        for stored in await readers.run(partial(messages, message_id=message_id)):
            at = stored.leaf_index
            entry = await readers.run(partial(leaves, start=at, limit=1)) if at >= 0 else []
            found.append((stored, entry[0] if entry else b"{}"))
        return found
    finally:
        await readers.close()


def _the_one(
    found: list[tuple[StoredMessage, bytes]], path: Path, message_id: str, origin: str
) -> tuple[StoredMessage, bytes]:
    from gateway.cli.codes import NOT_FOUND
    from gateway.cli.exits import CommandError, Exit

    if not found:
        remedy = "'gateway ledger show' lists messages; the id is that of an alliance message, in lower case"
        cause = f"no message {message_id[:80]} in {path}"
        raise CommandError(NOT_FOUND, Exit.FINDING, cause=cause, remedy=remedy)
    mine = [(stored, entry) for stored, entry in found if origin in ("", stored.origin)]
    if len(mine) == 1:
        return mine[0]
    names = ", ".join(sorted({stored.origin for stored, _ in found}))
    if not mine:
        cause = f"{origin[:63]} signed no message with this id; {names} did"
    else:
        cause = f"{len(found)} messages have this id, signed by {names}"
    raise CommandError(NOT_FOUND, Exit.USAGE, cause=cause, remedy="name who signed it with --origin")


def _kept(stored: StoredMessage) -> bytes:
    from gateway.cli.codes import NOT_FOUND
    from gateway.cli.exits import CommandError, Exit

    if stored.octets is not None:
        return stored.octets
    if stored.code:
        cause = f"it was refused ({stored.code}): its octets were never kept with the messages"
        remedy = "'gateway quarantine list' shows what was refused last"
    else:
        cause = f"retention has removed its octets; their sha256 is {stored.sha256}"
        remedy = f"ask {stored.origin}, or a recipient: whoever has octets of this digest has the message"
    raise CommandError(NOT_FOUND, Exit.FINDING, cause=cause, remedy=remedy)


def _checked(octets: bytes, promised: str, place: str) -> str:
    """The digest of the octets, which is the one that was promised."""
    from gateway.cli.codes import NOT_THE_LEDGERS
    from gateway.cli.exits import CommandError, Exit

    digest = sha256(octets).hexdigest()
    if digest != promised:
        cause = f"expected sha256 {promised or 'of an entry, and there is none'}, observed {digest}"
        raise CommandError(NOT_THE_LEDGERS, Exit.FINDING, place=place, cause=cause)
    return digest


def _enclosed(config: Config, relay: Octets, entry: bytes) -> Octets:
    """The original inside of a relay, which its header and the ledger entry name by its digest."""
    from gateway import xml
    from gateway.cli.codes import NOT_FOUND
    from gateway.cli.exits import CommandError, Exit
    from gateway.formats import alliance

    read = alliance.read(xml.parse(relay.octets, max_octets=config.limits.max_message_octets), signed=True)
    derived = read.header.derived
    if read.original is None or derived is None:
        cause = "it encloses no message of another node"
        if derived is not None:
            cause = f"it was made from message {derived.message_id} of {derived.origin}, with parts withheld"
        raise CommandError(NOT_FOUND, Exit.FINDING, cause=cause, remedy="leave out --original")
    place = f"original of message {relay.message_id}, entry {relay.leaf_index}"
    digest = _checked(read.original, _leaf(entry).original, place)
    return Octets(
        message_id=derived.message_id,
        origin=derived.origin,
        direction="enclosed",
        sha256=digest,
        leaf_index=relay.leaf_index,
        octets=read.original,
    )


def _write(file: Path, octets: bytes) -> None:
    """A new file that its owner alone may read: a message is as confidential as its label says."""
    from gateway.cli.codes import OUTPUT_UNWRITABLE, WOULD_OVERWRITE
    from gateway.cli.exits import CommandError, Exit

    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as stream:
            stream.write(octets)
    except FileExistsError:
        raise CommandError(WOULD_OVERWRITE, Exit.USAGE, place=str(file), remedy="choose another name") from None
    except OSError as error:
        raise CommandError(OUTPUT_UNWRITABLE, Exit.USAGE, place=str(file), cause=error.strerror or "") from None
