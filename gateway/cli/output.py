"""Where output goes: data on stdout, talk on stderr, colour only on a terminal that wants it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import IO

import msgspec

from gateway.errors import GatewayError

_COLOURS = {"red": "31", "green": "32", "yellow": "33", "bold": "1", "dim": "2"}


def wants_colour(stream: IO[str]) -> bool:
    """Whether the stream is a terminal on which colour was not declined (``NO_COLOR``, ``TERM=dumb``)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, colour: str, stream: IO[str]) -> str:
    """`text` in a colour where the stream wants it."""
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if wants_colour(stream) else text


def say(text: str = "") -> None:
    """Talk to the person at the terminal: stderr."""
    print(text, file=sys.stderr)


def data(text: str) -> None:
    """A line of the command's data: stdout."""
    print(text)


def as_json(value: object) -> None:
    """The command's data as one JSON document: stdout."""
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def json_line(value: object) -> None:
    """One of many JSON values, on a line of its own: stdout."""
    print(msgspec.json.encode(value).decode())


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Aligned columns on stdout; the last one is not padded."""
    widths = [max(len(line[column]) for line in [headers, *rows]) for column in range(len(headers))]

    def line(cells: Sequence[str]) -> str:
        return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()

    data(paint(line(headers), "bold", sys.stdout))
    for row in rows:
        data(line(row))


def report(error: GatewayError, *, json: bool) -> None:
    """An error on stderr: as people read it, or as one JSON object per problem."""
    for problem in getattr(error, "problems", (error,)):
        if json:
            fields = {"place": problem.place, "cause": problem.cause, "remedy": problem.remedy}
            say(msgspec.json.encode({"error": problem.code.id, "title": problem.code.title, **fields}).decode())
        else:
            head, *more = [printable(line) for line in problem.diagnostics().split("\n")]
            rest = "\n".join(more)
            say(paint(head, "red", sys.stderr) + (f"\n{rest}" if rest else ""))


def printable(text: str) -> str:
    """`text` without control characters, so that a hostile name cannot steer the terminal."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
