"""Values from the environment: ``GATEWAY__NODE__LOG=json`` is ``node.log = "json"``, over what the file says.

Parts are separated by two underscores. Each names a key without regard to case, with ``_`` for ``-``: first a key
that the file has there, then one that the model knows, else the part in lower case. The value is read as TOML where
that gives a number, a truth value or a list, and as text otherwise.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import cast

from gateway.config import codes
from gateway.config.locate import KeyPath
from gateway.config.problems import Problem
from gateway.config.tree import table_at

PREFIX = "GATEWAY__"


def apply_environment(
    document: dict[str, object], environ: Mapping[str, str]
) -> tuple[dict[KeyPath, str], list[Problem]]:
    """Put every ``GATEWAY__...`` variable into `document`; the key paths that were set, and what could not be."""
    applied: dict[KeyPath, str] = {}
    problems: list[Problem] = []
    for variable in sorted(name for name in environ if name.startswith(PREFIX)):
        parts = variable.removeprefix(PREFIX).split("__")
        if not all(parts):
            cause = f"{variable} names no key: a part between double underscores is empty"
            problems.append(Problem(code=codes.ENVIRONMENT, path=(), cause=cause))
            continue
        path, blocked = _set(document, parts, _read(environ[variable]))
        if blocked:
            cause = f"{variable} would go into a value that is not a table"
            problems.append(Problem(code=codes.ENVIRONMENT, path=path, cause=cause))
        else:
            applied[path] = variable
    return applied, problems


def _set(document: dict[str, object], parts: list[str], value: object) -> tuple[KeyPath, bool]:
    here = document
    path: KeyPath = ()
    for number, part in enumerate(parts):
        key = _key(here, path, part)
        path = (*path, key)
        if number == len(parts) - 1:
            here[key] = value
            break
        inner = here.setdefault(key, {})
        if not isinstance(inner, dict):
            return path, True
        here = cast("dict[str, object]", inner)
    return path, False


def _key(here: Mapping[str, object], path: KeyPath, part: str) -> str:
    wanted = part.lower().replace("-", "_")
    table = table_at(path)
    known: str
    for known in (*here, *(table.model_fields if table else ())):
        if known.lower().replace("-", "_") == wanted:
            return known
    return part.lower()


def _read(text: str) -> object:
    try:
        value: object = tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):  # a TOMLDecodeError, or an integer of thousands of digits
        return text
    return value if isinstance(value, bool | int | float | str | list) else text
