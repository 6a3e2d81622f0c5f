"""From a file to TOML with the place of every key: what the configuration and the policy file have in common."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from gateway.config import codes
from gateway.config.locate import Places, Spot, locate
from gateway.config.problems import InvalidConfigError
from gateway.errors import ConfigError

MAX_OCTETS = 1_048_576  # such a file is written by people; a recording named by mistake is not read to its end


def read_limited(file: Path, limit: int) -> bytes:
    """The octets of a regular file; `OSError` says why not, `ValueError` that it is no file or larger than `limit`."""
    if file.exists() and not file.is_file():  # a pipe would be waited for, a device has no end
        raise ValueError("not a regular file")
    with file.open("rb") as stream:
        octets = stream.read(limit + 1)
    if len(octets) > limit:
        raise ValueError(f"larger than {limit} octets")
    return octets


def read_toml(file: Path, *, remedy: str = "") -> str:
    """The text of `file`; `InvalidConfigError` ``CFG-001`` or ``CFG-002`` when there is none, with `remedy`."""
    try:
        octets = read_limited(file, MAX_OCTETS)
    except (OSError, ValueError) as error:
        cause = (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__
        raise InvalidConfigError([ConfigError(codes.UNREADABLE, place=str(file), cause=cause, remedy=remedy)]) from None
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        column = error.start - octets.rfind(b"\n", 0, error.start)  # in octets: there is no text yet
        place = f"{file}:{line}:{column}"
        raise InvalidConfigError([ConfigError(codes.SYNTAX, place=place, cause="not UTF-8")]) from None


def parse_toml(text: str, file: Path) -> tuple[dict[str, object], Places]:
    """The document and its places; `InvalidConfigError` ``CFG-002`` with the place where it is no TOML."""
    try:
        document = tomllib.loads(text)
        return document, locate(text)
    except tomllib.TOMLDecodeError as error:
        reason = str(error)
        where = re.search(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$", reason)
        spot = _end(text)
        if where is not None:
            reason = reason[: where.start()]
            if where[1]:
                spot = Spot(int(where[1]), int(where[2]))
        cause = reason[:1].lower() + reason[1:]
    except ValueError:  # Python's bound on the digits of an integer
        spot, cause = _longest_number(text), "an integer of thousands of digits; TOML has 64 bits"
    except RecursionError:
        spot, cause = Spot(1, 1), "lists or tables nest too deep"
    raise InvalidConfigError([ConfigError(codes.SYNTAX, place=f"{file}:{spot.line}:{spot.column}", cause=cause)])


def _longest_number(text: str) -> Spot:
    numbers = re.finditer(r"[0-9][0-9_]*", text)
    start = max(numbers, key=lambda number: len(number[0])).start()
    before = text[:start].split("\n")
    return Spot(len(before), len(before[-1]) + 1)


def _end(text: str) -> Spot:
    lines = text.split("\n")
    return Spot(len(lines), len(lines[-1]) + 1)
