"""The model as a tree of tables: which keys stand where, for suggestions, documentation and `config show`."""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Union, get_args, get_origin

import msgspec
from pydantic import BaseModel

from gateway.clock import utc_text
from gateway.config.limits_table import limits_model
from gateway.config.locate import KeyPath
from gateway.config.model import Config
from gateway.limits import Limits


def bare(annotation: object) -> object:
    """The annotation without metadata and without ``| None``."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        if len(members) == 1:
            return bare(members[0])
    return limits_model() if annotation is Limits else annotation


def members(annotation: object) -> object:
    """What the named tables or the elements of the annotation are; None when it has neither."""
    annotation = bare(annotation)
    if get_origin(annotation) is dict:
        return bare(get_args(annotation)[1])
    if get_origin(annotation) is tuple:
        return bare(get_args(annotation)[0])
    return None


def as_table(annotation: object) -> type[BaseModel] | None:
    """The annotation as a table of fixed keys, if it is one."""
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def table_at(path: KeyPath, root: type[BaseModel] = Config) -> type[BaseModel] | None:
    """The table of fixed keys that stands at `path` below `root`; None for free tables, plain values and unknown
    places."""
    here: object = root
    for part in path:
        table = as_table(here)
        if table is None:
            here = members(here)
        elif part in table.model_fields:
            here = bare(table.model_fields[str(part)].annotation)
        else:
            return None
    return as_table(here)


def plain(value: object) -> object:
    """A value of the model as JSON and TOML would write it; absent stays None."""
    if isinstance(value, StrEnum):
        return value.value
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, BaseModel):
        return {key: plain(getattr(value, key)) for key in type(value).model_fields}
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    return str(value)


def leaves(value: object, path: KeyPath = ()) -> Iterator[tuple[KeyPath, object]]:
    """Every setting of a configuration with its path, in the model's order, tables taken apart, lists whole."""
    if isinstance(value, BaseModel):
        for key in type(value).model_fields:
            yield from leaves(getattr(value, key), (*path, key))
    elif isinstance(value, Limits):
        for key, limit in msgspec.structs.asdict(value).items():
            yield (*path, key), limit
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, str(key)))
    else:
        yield path, value


def shown(value: object) -> str:
    """A setting as TOML writes it; an absent one as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str | Path):
        text = value.value if isinstance(value, StrEnum) else str(value)
        return msgspec.json.encode(text).decode()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {shown(item)}" for key, item in value.items()) + " }" if value else "{}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(shown(plain(item)) for item in value) + "]"
    return shown(plain(value))
