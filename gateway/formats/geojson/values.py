"""Plain JSON values: held to one member of a name each, parted into known and unknown members, made into structs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec
from msgspec import Struct

from gateway.errors import FormatError
from gateway.formats.geojson import codes
from gateway.formats.geojson.members import TABLES, Member
from gateway.formats.geojson.text import Doubled, Json

_S = TypeVar("_S", bound=Struct)


def check_doubles(value: Json) -> None:
    """Nothing, for a value without doubled members and infinite numbers. Raises `FormatError` (``GEO-...``)."""
    waiting: list[Json] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Doubled):
            raise FormatError(codes.DUPLICATE, cause=f"member {one.member[:60]!r}")
        if isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, float) and one - one != 0.0:
            raise FormatError(codes.RANGE, cause="a number beyond every bound")


def split(value: dict[str, Json], members: Mapping[str, Member], place: str) -> tuple[dict[str, Json], dict[str, Json]]:
    """(known members, unknown members); inside a list everything must be known, since places in it shift."""
    known: dict[str, Json] = {}
    unknown: dict[str, Json] = {}
    for name, item in value.items():
        member = members.get(name)
        if member is None:
            unknown[name] = item
        elif member.nested is not None and isinstance(item, dict):
            known[name], strange = split(item, TABLES[member.nested], f"{place}.{name}")
            if strange:
                unknown[name] = strange
        elif member.nested is not None and isinstance(item, list):
            known[name] = [_known(one, TABLES[member.nested], f"{place}.{name}") for one in item]
        else:
            known[name] = item
    return known, unknown


def _known(value: Json, members: Mapping[str, Member], place: str) -> Json:
    if not isinstance(value, dict):
        return value
    known, unknown = split(value, members, place)
    if unknown:
        raise FormatError(codes.WRONG_TYPE, place=place, cause=f"unknown member {next(iter(unknown))[:60]!r}")
    return known


def converted(members: Mapping[str, Json], kind: type[_S], place: str) -> _S:
    """The members as a struct; a `null` is an absent member."""
    try:
        return msgspec.convert({name: one for name, one in members.items() if one is not None}, kind)
    except (msgspec.ValidationError, ValueError, OverflowError) as error:
        raise FormatError(codes.WRONG_TYPE, place=place, cause=str(error)[:160].replace("`", "")) from None
