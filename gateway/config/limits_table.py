"""The ``[limits]`` table: a pydantic twin of `gateway.limits.Limits`, made from it so that the two cannot differ."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from typing import Annotated

import msgspec
from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, create_model
from pydantic_core import CoreSchema, core_schema

from gateway import limits
from gateway.limits import Limits

_UNITS = {"_octets": "Octets", "_s": "Seconds"}


@cache
def limit_descriptions() -> dict[str, str]:
    """Every limit with the text that stands beneath it in `gateway.limits`."""
    tree = ast.parse(inspect.getsource(limits))
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Limits").body
    found: dict[str, str] = {}
    for node, after in zip(body, [*body[1:], None], strict=True):
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)):
            continue
        text = ""
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            text = inspect.cleandoc(str(after.value.value))
        unit = next((word for suffix, word in _UNITS.items() if node.target.id.endswith(suffix)), "Count")
        found[node.target.id] = f"{text.rstrip('.')}. {unit}." if text else f"{unit}."
    return found


@cache
def limits_model() -> type[BaseModel]:
    """A strict model with the fields, defaults and texts of `Limits`; every value greater than zero."""
    descriptions = limit_descriptions()
    fields = {}
    for field in msgspec.structs.fields(Limits):
        finite = False if field.type is float else None
        bounds = Field(default=field.default, gt=0, allow_inf_nan=finite, description=descriptions[field.name])
        fields[field.name] = (field.type, bounds)
    config = ConfigDict(strict=True, extra="forbid", frozen=True)
    return create_model("LimitsTable", __config__=config, __doc__=_DOC, **fields)  # type: ignore[no-any-return, call-overload]  # names are known at run time only


_DOC = "Bounds of parsers, queues and waits. Every one has a default; change one only with its reason at hand."


class _AsTable:
    """Tells pydantic to read a `Limits` as its table."""

    def __get_pydantic_core_schema__(self, _source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(_to_limits, handler.generate_schema(limits_model()))


def _to_limits(table: BaseModel) -> Limits:
    return Limits(**table.model_dump())


LimitsTable = Annotated[Limits, _AsTable()]
