"""``gateway explain CODE`` and ``gateway explain MESSAGE-ID``: the long form of an error, the way of a message."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import DEFAULT_CONFIG, ConfigFile, Json, load_config
from gateway.cli.output import as_json, data, say, table

_MESSAGE_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch


def explain(
    what: Annotated[
        str,
        typer.Argument(metavar="CODE|MESSAGE-ID", help="Error code such as CFG-003, or a message.", show_default=False),
    ] = "",
    every: Annotated[bool, typer.Option("--list", help="List every code.")] = False,
    config: ConfigFile = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Print the long form of an error code; or of a message where it went and what each hop lost.

    \b
    Examples:
      gateway explain LINK-014
      gateway explain --list
      gateway explain 01890a5d-ac96-474b-bcce-b302099a8057

    A message id (a lower-case UUID) is looked up in the node's database, whether the node runs or not. Every feed out
    is tried on its tracks; nothing is sent.
    """
    if _MESSAGE_ID(what):
        _explain_message(config, what, json=json)
    else:
        _explain_code(what, every=every, json=json)


def _explain_message(config: Path, message_id: str, *, json: bool) -> None:
    from gateway.cli.message import explain_message
    from gateway.cli.message_text import lines

    found = explain_message(load_config(config).config, message_id)
    if json:
        as_json(found)
        return
    for number, message in enumerate(found):
        if number:
            data("")
        for line in lines(message):
            data(line)
    say(f"next: gateway ledger prove {message_id}")


def _explain_code(code: str, *, every: bool, json: bool) -> None:
    from gateway.cli.catalogue import catalogue
    from gateway.cli.codes import UNKNOWN_NAME
    from gateway.cli.exits import CommandError, Exit

    known = catalogue()
    if every:
        if json:
            as_json([_entry(each, room) for each, room in known.values()])
        else:
            table(["CODE", "ROOM", "WHAT"], [[each.id, room, each.title] for each, room in known.values()])
        return
    if not code:
        raise typer.BadParameter("name a code or a message, or use --list", param_hint="CODE|MESSAGE-ID")
    if code.upper() not in known:
        remedy = _near(code.upper(), known)
        raise CommandError(UNKNOWN_NAME, Exit.USAGE, cause=f"there is no code {code[:40]}", remedy=remedy)
    entry, room = known[code.upper()]
    if json:
        as_json(_entry(entry, room))
        return
    data(f"{entry.id}  {entry.title}")
    data("")
    data(f"  try    {entry.remedy}")
    data(f"  room   {room}")
    for line in _about(room):
        data(f"         {line}")


def _entry(code: object, room: str) -> dict[str, str]:
    from gateway.errors import Code

    assert isinstance(code, Code)
    return {"code": code.id, "title": code.title, "remedy": code.remedy, "room": room}


def _near(code: str, known: object) -> str:
    import difflib

    assert isinstance(known, dict)
    digits = code.rpartition("-")[2]
    if digits.isdigit():  # AST-3 for AST-003
        padded = f"{code.rpartition('-')[0]}-{int(digits):03d}"
        if padded in known:
            return f"gateway explain {padded}"
    near = difflib.get_close_matches(code, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else ""


def _about(room: str) -> list[str]:
    """The four lines of the room's own docstring."""
    from importlib import import_module

    module = import_module(f"gateway.{room}")
    return [line for line in (module.__doc__ or "").strip().splitlines() if line]
