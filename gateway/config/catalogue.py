"""Every table and key of the file with type, default and text, in order: what documentation and `init` print."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import get_args, get_origin

from msgspec import Struct
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gateway.config.model import Config
from gateway.config.tree import as_table, bare, members, shown
from gateway.config.values import Address, Rate


class Key(Struct, frozen=True, kw_only=True):
    """One key of a table."""

    name: str
    kind: str
    """Type in words: ``text``, ``path``, ``host:port``, ``list of text``, or the allowed values."""
    required: bool
    default: str
    """As TOML writes it; empty when the key is required or absent by default."""
    text: str
    """What it is, on one line."""


class Section(Struct, frozen=True, kw_only=True):
    """One table of the file."""

    header: str
    """``node``, ``link.NAME``, ``marking.when``."""
    named: bool
    """Whether the operator chooses the last part of the header."""
    repeated: bool
    """Whether it stands in a list: ``[[accept]]``."""
    text: str
    keys: tuple[Key, ...]
    model: str
    """Name of the model: the same table may stand in several places."""


def sections(root: type[BaseModel] = Config) -> list[Section]:
    """Every table of the file, in the model's order, inner ones after their outer one."""
    return [section for key, field in root.model_fields.items() for section in _sections(key, field.annotation)]


def _sections(header: str, annotation: object, *, named: bool = False, repeated: bool = False) -> Iterator[Section]:
    table = as_table(bare(annotation))
    if table is None:
        inner = as_table(members(annotation))
        if inner is not None and get_origin(bare(annotation)) is dict:
            yield from _sections(f"{header}.NAME", inner, named=True)
        elif inner is not None:
            yield from _sections(header, inner, repeated=True)
        return
    nested = {key: field for key, field in table.model_fields.items() if _is_nested(field)}
    keys = tuple(_key(key, field) for key, field in table.model_fields.items() if key not in nested)
    text = " ".join((table.__doc__ or "").split())
    yield Section(header=header, named=named, repeated=repeated, text=text, keys=keys, model=table.__name__)
    for key, field in nested.items():
        yield from _sections(f"{header}.{key}", field.annotation)


def _is_nested(field: FieldInfo) -> bool:
    return as_table(bare(field.annotation)) is not None or as_table(members(field.annotation)) is not None


def _key(name: str, field: FieldInfo) -> Key:
    default = "" if field.is_required() else shown(_default(field))
    text = " ".join((field.description or "").split())
    return Key(name=name, kind=_kind(field.annotation), required=field.is_required(), default=default, text=text)


def _default(field: FieldInfo) -> object:
    return {} if field.default_factory is not None else field.default  # every factory of the model makes a table


_KINDS: dict[object, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Path: "path",
    Address: "host:port",
    datetime: "time",
    date: "date",
}


def _kind(annotation: object) -> str:
    inner = bare(annotation)
    if inner == Rate:
        return '"realtime", "max" or number'
    if isinstance(inner, type) and issubclass(inner, StrEnum):
        return " or ".join(f'"{member.value}"' for member in inner)
    if get_origin(inner) is tuple:
        of = get_args(inner)
        if of[-1] is not Ellipsis:
            return f"[{', '.join(_kind(one) for one in of)}]"
        return f"list of {_kind(of[0])}"
    if get_origin(inner) is dict:
        return "table"
    return _KINDS.get(inner, "text")
