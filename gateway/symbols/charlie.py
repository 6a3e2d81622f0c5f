"""15-letter symbol codes: MIL-STD-2525B/C, APP-6A/B."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gateway.symbols import cot, identities
from gateway.symbols.meaning import NO_PLATFORM, BadSymbolError, Context, Meaning, Written
from gateway.track import Environment, IdentityGroup, Loss

_FORM = re.compile(r"[A-Z0-9*-]{15}", re.ASCII).fullmatch


def normal(code: str) -> str:
    """The code in upper case and with `-` for `*`. Raises `BadSymbolError` if it is no 15-letter code."""
    text = code.upper()
    if _FORM(text) is None:
        raise BadSymbolError("not 15 letters, digits, hyphens or asterisks")
    return text.replace("*", "-")


def from_sidc15(code: str, *, exercise: bool) -> Meaning:
    """What a 15-letter code says; `exercise` makes joker and faker legal.

    Raises `BadSymbolError` for what is no such code.
    """
    text = normal(code)
    identity, context, losses = identities.of_letter(text[1], exercise=exercise, field="sidc.identity")
    if text[0] not in "SI":
        return Meaning(Environment.UNKNOWN, identity, None, losses, context)
    function = "-".join([text[2], *text[4:10].rstrip("-")])
    platform = cot.platform_of(function) if text[0] == "S" else None
    environment = cot.DIMENSIONS.get(text[2], Environment.UNKNOWN)
    if text[2] not in cot.BATTLE_DIMENSIONS:
        losses += (Loss("sidc.dimension", "NO_CODE"),)
    return Meaning(environment, identity, platform, losses, context)


def to_sidc15(
    *,
    environment: Environment,
    identity: IdentityGroup | None,
    platform: str | None,
    exercise: bool,
    kept: str | None = None,
    functions: Mapping[str, str] | None = None,
) -> Written:
    """The 15-letter code of a track, and what it could not say."""
    letter, losses = identities.letter_for(identity, exercise=exercise)
    if kept is not None:
        try:
            said = from_sidc15(kept, exercise=exercise)
        except BadSymbolError:
            said = None
        if said is not None and said.environment is environment and said.platform == platform:
            text = normal(kept)
            if identities.same(said.identity, identity) and (said.context is Context.EXERCISE or not exercise):
                return Written(text)
            return Written(text[0] + letter + text[2:], losses)
    dimension = cot.LETTER_OF[environment]
    if platform is not None:
        losses += (NO_PLATFORM,)
    return Written(f"S{letter}{dimension}P-----------", losses)
