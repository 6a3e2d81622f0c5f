"""15-letter symbol codes: MIL-STD-2525B and C, APP-6A and B.

Scheme, standard identity, battle dimension, status, six letters of function id, two of modifiers, two of country, one
of order of battle; `-` and `*` fill what nobody says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from gateway.symbols import cot, entities, identities
from gateway.symbols.meaning import IMPLIED_PLATFORM, NO_SIMULATION, BadSymbolError, Context, Meaning, Written
from gateway.symbols.pairs import TO_DELTA
from gateway.symbols.platforms import shortfall
from gateway.track import Environment, IdentityGroup, Loss

# Warfighting, tactical graphics, weather, signals intelligence, stability operations, emergency management
_FORM = re.compile(r"[SGWIOE][A-Z*-][A-Z*-][A-Z*-][A-Z0-9*-]{11}", re.ASCII).fullmatch
_NO_FUNCTIONS: Mapping[str, str] = {}


def normal(code: str) -> str:
    """The code in upper case and with `-` for `*`. Raises `BadSymbolError` if it is no 15-letter code."""
    text = code.upper() if code.isascii() else ""
    if _FORM(text) is None:
        raise BadSymbolError("not 15 letters, digits, hyphens or asterisks with a known coding scheme first")
    return text.replace("*", "-")


def from_sidc15(code: str, *, exercise: bool) -> Meaning:
    """What a 15-letter code says; `exercise` makes joker and faker legal.

    Raises `BadSymbolError` for what is no such code.
    """
    text = normal(code)
    identity, context, losses = identities.of_letter(text[1], exercise=exercise, field="sidc.identity")
    letters = text[4:10].rstrip("-")
    environment, platform, plain = Environment.UNKNOWN, None, ""
    if text[0] in "SI":
        environment = cot.DIMENSIONS.get(text[2], Environment.UNKNOWN)
        if text[2] not in cot.BATTLE_DIMENSIONS and text[2] != "-":
            losses += (Loss("sidc.dimension", "NO_CODE"),)
    elif (pair := TO_DELTA.get((text[0], text[2], letters))) is not None:
        environment = entities.SETS.get(pair.symbol_set, Environment.UNKNOWN)
        platform = entities.platform_of(pair.symbol_set, pair.entity)
    if text[0] == "S":
        platform = cot.platform_of("-".join([text[2], *letters]))
        said = cot.FUNCTIONS.get((environment, platform)) if platform is not None else None
        plain = said.replace("-", "")[1:] if said is not None else ""
    unmodelled = tuple(
        Loss(f"sidc.{name}", "NOT_MODELLED")
        for name, there in (
            ("scheme", text[0] != "S"),
            ("dimension", text[2] != cot.LETTER_OF[environment]),
            ("status", text[3] != "P"),
            ("function", letters != plain),
            ("modifiers", text[10:12] != cot.tail_of(text[2], letters)[:2]),
            ("country", text[12:14] != "--"),
            ("order_of_battle", text[14] != "-"),
        )
        if there
    )
    return Meaning(environment, identity, platform, losses, context, unmodelled)


def to_sidc15(
    *,
    environment: Environment,
    identity: IdentityGroup | None,
    platform: str | None,
    exercise: bool,
    kept: str | None = None,
    simulated: bool = False,
    functions: Mapping[str, str] = _NO_FUNCTIONS,
) -> Written:
    """The 15-letter code of a track, and what it could not say.

    The source's own code (`kept`) is used as it is while it agrees with the track; with another identity only that
    letter changes; with another environment or platform the code is built anew. An exercise mark of the source's code
    is never taken off. `functions` is the operator's choice of CoT function ids for platforms that 2525C cannot name
    without claiming more (``{"UAV": "A-M-F-Q"}``).
    """
    unsaid = (NO_SIMULATION,) if simulated else ()
    if kept is not None:
        try:
            said = from_sidc15(kept, exercise=exercise)
        except BadSymbolError:
            pass
        else:
            marked = said.context is Context.EXERCISE
            exercise = exercise or marked
            if said.environment is environment and said.platform == platform:
                text = normal(kept)
                whole = not from_sidc15(kept, exercise=True).losses  # a joker is no nonsense, even where it is nobody
                if whole and identities.same(said.identity, identity) and marked == exercise:
                    return Written(text, unsaid)
                letter, losses = identities.letter_for(identity, exercise=exercise)
                return Written(text[0] + letter + text[2:], losses + unsaid)
    letter, losses = identities.letter_for(identity, exercise=exercise)
    function, lost = cot.function_for(environment, platform, functions)
    dimension, (letters, _) = function[0], cot.letters_of(function)
    short = shortfall(platform, cot.platform_of("-".join([dimension, *letters])))
    short += tuple(loss for loss in lost if loss is IMPLIED_PLATFORM)
    return Written(f"S{letter}{dimension}P{letters:-<6}{cot.tail_of(dimension, letters)}", losses + short + unsaid)
