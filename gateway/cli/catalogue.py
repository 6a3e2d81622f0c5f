"""Every error code of every room, for `gateway explain` and for the test that holds them unique."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import gateway
from gateway.errors import Code

_ELSEWHERE = ("gateway.xml", "gateway.formats.geojson")
"""Modules that declare codes of their own without a room's ``codes.py``."""


def catalogue() -> dict[str, tuple[Code, str]]:
    """Every code by its id, with the name of the room that declares it; `RuntimeError` when two share an id."""
    found: dict[str, tuple[Code, str]] = {}
    for name in (*_code_modules(), *_ELSEWHERE):
        codes: tuple[Code, ...] = getattr(import_module(name), "CODES", ())
        room = name.removeprefix("gateway.").removesuffix(".codes")
        for code in codes:
            if found.setdefault(code.id, (code, room))[0] != code:
                raise RuntimeError(f"{code.id} is declared twice")
    return dict(sorted(found.items()))


def _code_modules() -> list[str]:
    walked = pkgutil.walk_packages(gateway.__path__, "gateway.")
    return [module.name for module in walked if module.name.endswith(".codes")]
