"""JSON text to plain values: bounded, without duplicate members, NaN or lone surrogates."""

from __future__ import annotations

import json
import re
from typing import NoReturn

from gateway.errors import FormatError
from gateway.formats.geojson import codes
from gateway.limits import Limits

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

_MARKS = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]', re.DOTALL)


class Doubled(dict[str, Json]):
    """An object of which the text named a member twice; `member` says which."""

    member: str = ""


def parse(octets: bytes, limits: Limits) -> Json:
    """The value of one JSON text; `FormatError` (``GEO-...``) for what is none or is too deep.

    An object with a duplicate member comes back as `Doubled`, so that only its feature need be refused.
    """
    _check_depth(octets, limits.max_xml_depth)
    try:
        value: Json = json.loads(octets.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
    except UnicodeDecodeError as error:
        raise FormatError(codes.NOT_JSON, place=f"octet {error.start}", cause="not UTF-8") from None
    except json.JSONDecodeError as error:
        raise FormatError(codes.NOT_JSON, place=f"line {error.lineno} column {error.colno}", cause=error.msg) from None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits
        raise FormatError(codes.NOT_JSON, cause=str(error)[:100]) from None
    return value


def _check_depth(octets: bytes, most: int) -> None:
    if octets.count(b"[") + octets.count(b"{") <= most:
        return
    depth = 0
    for mark in _MARKS.finditer(octets):
        first = octets[mark.start()]
        if first in b"[{":
            depth += 1
            if depth > most:
                raise FormatError(codes.TOO_DEEP, place=f"octet {mark.start()}", cause=f"more than {most} levels")
        elif first in b"]}":
            depth -= 1


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    doubled = Doubled(value)
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            doubled.member = name
        seen.add(name)
    return doubled


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON number")
