"""What is wrong with a configuration, said so that it can be corrected: all of it, each with its place."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct
from pydantic import BaseModel
from pydantic_core import ErrorDetails

from gateway.config import codes
from gateway.config.locate import KeyPath
from gateway.config.model import Config
from gateway.config.moved import moved_to_policy
from gateway.config.tree import table_at
from gateway.errors import Code, ConfigError

_SHOWN = 60  # characters of a wrong value that are repeated to its author


_SECRETS = frozenset({"password"})
"""Keys whose wrong values are not repeated: somebody may have written the secret itself there."""


class InvalidConfigError(ConfigError):
    """Several things that are wrong with one configuration, in the order of the file."""

    def __init__(self, problems: Sequence[ConfigError]) -> None:
        first = problems[0]
        super().__init__(first.code, place=first.place, cause=first.cause, remedy=first.remedy)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "; ".join(str(problem) for problem in self.problems)

    def diagnostics(self) -> str:
        """Each problem as people read it, a blank line between them."""
        return "\n\n".join(problem.diagnostics() for problem in self.problems)


class Problem(Struct, frozen=True, kw_only=True):
    """One thing that is wrong, at a key path; the loader knows where that stands."""

    code: Code
    path: KeyPath
    cause: str
    remedy: str = ""
    at_key: bool = False
    """Whether the key and not its value is to be pointed at."""


def dotted(path: KeyPath) -> str:
    """The key path as TOML writes it: ``feed.radar.allow[0]``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else '"' + part.replace('"', '\\"') + '"'
            text += f".{name}" if text else name
    return text


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``did you mean ...?`` for the nearest known name in any letter case, or nothing when none is near."""
    by_lower = {one.lower(): one for one in sorted(known)}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f'did you mean "{by_lower[near[0]]}"?' if near else ""


def unknown_name(path: KeyPath, kind: str, name: str, known: Collection[str]) -> Problem:
    """A name that refers to nothing of its kind, with what is declared and the nearest of it."""
    declared = sorted(known)
    there = ", ".join(declared[:20]) + (f" and {len(declared) - 20} more" if len(declared) > 20 else "")
    cause = f'there is no {kind} "{name[:_SHOWN]}"; declared: {there or "none"}'
    return Problem(code=codes.UNKNOWN_NAME, path=path, cause=cause, remedy=did_you_mean(name, known))


def quoted(value: object) -> str:
    """A wrong value, short, and never one that looks like key material."""
    if isinstance(value, str):
        if "-----BEGIN" in value or len(value) > 4 * _SHOWN:
            return f"text of {len(value)} characters"
        value = re.sub(r"//[^/@]*@", "//...@", value)  # a password in a URL is not repeated
        return '"' + (value if len(value) <= _SHOWN else value[:_SHOWN] + "..") + '"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "a list"
    return f"the number {value}"


_EXPECTED = {
    "string_type": 'text in quotes, such as "..."',
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list in brackets",
    "list_type": "a list in brackets",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}


def all_from_pydantic(
    errors: Sequence[ErrorDetails], document: Mapping[str, object], root: type[BaseModel] = Config
) -> list[Problem]:
    """The problems that pydantic's errors describe. A list of which an element is wrong is not also called short."""
    locations = [error["loc"] for error in errors]
    return [
        from_pydantic(error, document, root)
        for error in errors
        if error["type"] != "too_short"
        or not any(loc != error["loc"] and loc[: len(error["loc"])] == error["loc"] for loc in locations)
    ]


def from_pydantic(error: ErrorDetails, document: Mapping[str, object], root: type[BaseModel] = Config) -> Problem:
    """The problem that one pydantic error describes, in our words; `root` is the model of the whole document."""
    path = _known_path(error["loc"], document)
    kind, observed = error["type"], error.get("input")
    context = error.get("ctx", {})
    name = dotted(path)
    if root is Config and isinstance(observed, Mapping) and (moved := moved_to_policy(path)):
        return _moved(path, moved)
    if error["loc"] and error["loc"][-1] == "[key]":
        cause = f'the name "{path[-1]}" is not allowed: {context.get("error", error["msg"])}'
        return Problem(code=codes.WRONG_VALUE, path=path, cause=cause, at_key=True)
    if kind == "extra_forbidden":
        return _unknown_key(path, root)
    if kind == "missing":
        wanted = dotted((*path, error["loc"][-1])) if error["loc"] else ""
        cause = f"{wanted} is required: {_described(error['loc'], root)}"
        return Problem(code=codes.MISSING_KEY, path=path, cause=cause, at_key=True)
    if kind in _EXPECTED:
        got = "another type" if path and path[-1] in _SECRETS else quoted(observed)
        cause = f"{name}: expected {_EXPECTED[kind]}, got {got}"
        return Problem(code=codes.WRONG_TYPE, path=path, cause=cause)
    if kind in ("enum", "literal_error"):
        choices = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        listed = ", ".join(f'"{choice}"' for choice in choices)
        nearest = did_you_mean(observed, choices) if isinstance(observed, str) else ""
        cause = f"{name}: expected one of {listed}, got {quoted(observed)}"
        return Problem(code=codes.WRONG_VALUE, path=path, cause=cause, remedy=nearest)
    if kind in ("too_short", "too_long"):
        bound = f"at least {context['min_length']}" if kind == "too_short" else f"at most {context['max_length']}"
        return Problem(code=codes.WRONG_VALUE, path=path, cause=f"{name}: expected {bound} in the list")
    reason = str(context["error"]) if "error" in context else _lower_first(error["msg"])
    got = "" if path and path[-1] in _SECRETS else f", got {quoted(observed)}"
    return Problem(code=codes.WRONG_VALUE, path=path, cause=f"{name}: {reason}{got}")


def _unknown_key(path: KeyPath, root: type[BaseModel]) -> Problem:
    if root is Config and (moved := moved_to_policy(path)):
        return _moved(path, moved)
    table = table_at(path[:-1], root)
    known = list(table.model_fields) if table else []
    where = f"[{dotted(path[:-1])}]" if len(path) > 1 else "the top level"
    key = str(path[-1])
    cause = f'"{key}" is not a key of {where}'
    if where == "[links]" and table_at(("link",)) is None:
        cause += "; one table per partner is [link.NAME]"
    return Problem(code=codes.UNKNOWN_KEY, path=path, cause=cause, remedy=did_you_mean(key, known), at_key=True)


def _moved(path: KeyPath, remedy: str) -> Problem:
    cause = f"{dotted(path)} is no longer a setting of this file: what is released and let in stands in policy.toml"
    return Problem(code=codes.MOVED, path=path, cause=cause, remedy=remedy, at_key=True)


def _described(path: KeyPath, root: type[BaseModel]) -> str:
    table = table_at(path[:-1], root)
    field = table.model_fields.get(str(path[-1])) if table else None
    if field is not None and field.description:
        return " ".join(field.description.split())
    inner = table_at(path, root)
    return (inner.__doc__ or "").splitlines()[0] if inner else "see the documentation of this table"


def _known_path(loc: KeyPath, document: Mapping[str, object]) -> KeyPath:
    """The part of an error's location that exists in the document; pydantic's own labels are left out."""
    here: object = document
    path: KeyPath = ()
    for part in loc:
        if (isinstance(here, Mapping) and part in here) or (
            isinstance(here, list) and isinstance(part, int) and part < len(here)
        ):
            here = here[part]  # type: ignore[index]  # the part has just been found in it
            path = (*path, part)
    return path


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def unrepresentable(value: object, path: KeyPath = ()) -> list[Problem]:
    """Values that `tomllib` gives and no key of ours takes: dates, times, infinities, not-a-numbers, integers beyond
    the 64 bits of TOML."""
    if isinstance(value, Mapping):
        return [problem for key, item in value.items() for problem in unrepresentable(item, (*path, str(key)))]
    if isinstance(value, list):
        return [problem for index, item in enumerate(value) for problem in unrepresentable(item, (*path, index))]
    if isinstance(value, float) and not math.isfinite(value):
        return [Problem(code=codes.WRONG_VALUE, path=path, cause=f"{dotted(path)}: expected a finite number")]
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        cause = f"{dotted(path)}: an integer of {value.bit_length()} bits; TOML has 64"
        return [Problem(code=codes.WRONG_VALUE, path=path, cause=cause)]
    if not isinstance(value, str | int | float):
        cause = f"{dotted(path)}: no key takes a date or time; write text in quotes"
        return [Problem(code=codes.WRONG_TYPE, path=path, cause=cause)]
    return []
