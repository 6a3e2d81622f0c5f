"""20-digit symbol codes: MIL-STD-2525D, APP-6D; of the 30 digits of later editions the first 20."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gateway.symbols import identities
from gateway.symbols.meaning import NO_PLATFORM, BadSymbolError, Meaning, Written
from gateway.track import Environment, IdentityGroup

_FORM = re.compile(r"[0-9]{20}(?:[0-9]{10})?", re.ASCII).fullmatch

SETS = {
    "01": Environment.AIR,
    "02": Environment.AIR,
    "05": Environment.SPACE,
    "06": Environment.SPACE,
    "10": Environment.LAND,
    "11": Environment.LAND,
    "15": Environment.LAND,
    "20": Environment.LAND,
    "27": Environment.LAND,
    "30": Environment.SURFACE,
    "35": Environment.SUBSURFACE,
    "36": Environment.SUBSURFACE,
}
_SET_OF = {
    Environment.AIR: "01",
    Environment.LAND: "10",
    Environment.SURFACE: "30",
    Environment.SUBSURFACE: "35",
    Environment.SPACE: "05",
    Environment.UNKNOWN: "00",
}
ENTITIES = {
    "011101": "FIXED_WING",
    "011102": "ROTARY_WING",
    "011103": "UAV",
    "011104": "UAV_ROTARY_WING",
    "011201": "FIXED_WING",
    "011202": "ROTARY_WING",
    "011203": "UAV",
    "30": "VESSEL",
}


def _normal(code: str) -> str:
    if _FORM(code) is None:
        raise BadSymbolError("not 20 or 30 digits")
    return code


def from_sidc20(code: str, *, exercise: bool) -> Meaning:
    """What a 20-digit code says; `exercise` makes joker and faker legal.

    Raises `BadSymbolError` for what is no such code.
    """
    text = _normal(code)
    identity, context, losses = identities.of_digits(text[2], text[3], exercise=exercise)
    symbol_set, entity = text[4:6], text[10:16]
    environment = SETS.get(symbol_set, Environment.UNKNOWN)
    platform = next((ENTITIES[key] for n in range(6, -1, -2) if (key := symbol_set + entity[:n]) in ENTITIES), None)
    return Meaning(environment, identity, platform, losses, context)


def to_sidc20(
    *,
    environment: Environment,
    identity: IdentityGroup | None,
    platform: str | None,
    exercise: bool,
    kept: str | None = None,
    functions: Mapping[str, str] | None = None,
) -> Written:
    """The 20-digit code of a track, and what it could not say."""
    digit, losses = identities.digit_for(identity, exercise=exercise)
    if platform is not None:
        losses += (NO_PLATFORM,)
    return Written(f"10{int(exercise)}{digit}{_SET_OF[environment]}0000" + "0" * 10, losses)
