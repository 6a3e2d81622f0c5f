"""``gateway explain CODE``: the long form of an error."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.options import Json
from gateway.cli.output import as_json, data, table


def explain(
    code: Annotated[str, typer.Argument(help="Error code, such as CFG-003.", show_default=False)] = "",
    every: Annotated[bool, typer.Option("--list", help="List every code.")] = False,
    json: Json = False,
) -> None:
    """Print the long form of an error code.

    \b
    Examples:
      gateway explain LINK-014
      gateway explain --list
    """
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
        raise typer.BadParameter("name a code, or use --list", param_hint="CODE")
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
