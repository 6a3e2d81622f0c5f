"""20-digit symbol codes: MIL-STD-2525D, APP-6D; of the 30 digits of later editions the first 20.

Version, context, standard identity, symbol set, status, headquarters or task force, amplifier, entity with type and
subtype, two modifiers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from gateway.symbols import entities, identities
from gateway.symbols.meaning import NO_SIMULATION, BadSymbolError, Context, Meaning, Written
from gateway.track import Environment, IdentityGroup, Loss

VERSION = "10"
_FORM = re.compile(r"[0-9]{20}(?:[0-9]{10})?", re.ASCII).fullmatch
_NO_FUNCTIONS: Mapping[str, str] = {}
_CONTEXT_DIGITS = {context: digit for digit, context in identities.CONTEXTS.items()}
_EXTENSION = Loss("sidc.extension", "NO_TARGET")


def is_sidc20(code: str) -> bool:
    """Whether the text has the form of such a code."""
    return _FORM(code) is not None


def from_sidc20(code: str, *, exercise: bool) -> Meaning:
    """What a 20-digit code says; `exercise` makes joker and faker legal.

    Raises `BadSymbolError` for what is no such code.
    """
    if not is_sidc20(code):
        raise BadSymbolError("not 20 or 30 digits")
    identity, context, losses = identities.of_digits(code[2], code[3], exercise=exercise)
    symbol_set, entity = code[4:6], code[10:16]
    environment = entities.SETS.get(symbol_set, Environment.UNKNOWN)
    platform = entities.platform_of(symbol_set, entity)
    if symbol_set not in entities.SETS:
        losses += (Loss("sidc.symbol_set", "NO_CODE"),)
    unmodelled = tuple(
        Loss(f"sidc.{name}", "NOT_MODELLED")
        for name, there in (
            ("version", code[:2] != VERSION),
            ("status", code[6] != "0"),
            ("task_force", code[7] != "0"),
            ("amplifier", code[8:10] != "00"),
            ("entity", symbol_set + entity != entities.plain(environment, platform)),
            ("modifiers", code[16:20] != "0000"),
            ("extension", len(code) > 20),
        )
        if there
    )
    return Meaning(environment, identity, platform, losses, context, unmodelled)


def to_sidc20(
    *,
    environment: Environment,
    identity: IdentityGroup | None,
    platform: str | None,
    exercise: bool,
    kept: str | None = None,
    simulated: bool = False,
    functions: Mapping[str, str] = _NO_FUNCTIONS,
) -> Written:
    """The 20-digit code of a track, and what it could not say.

    The source's own code (`kept`) is used as it is while it agrees with the track; with another identity only context
    and identity change; with another environment or platform the code is built anew. An exercise mark of the source's
    code is never taken off. An absent identity has no digit: UNKNOWN is written, with a loss. `functions` is the
    operator's choice for platforms that 2525D cannot name without claiming more, as CoT function ids or as eight or
    twelve digits (``{"UAV": "A-M-F-Q"}``, ``{"UAV": "01110300"}``).
    """
    if kept is not None and is_sidc20(kept):
        said = from_sidc20(kept, exercise=exercise)
        marked = said.context is Context.EXERCISE
        exercise = exercise or marked
        world = _world(exercise=exercise, simulated=simulated)
        if said.environment is environment and said.platform == platform:
            unsaid: tuple[Loss, ...] = (NO_SIMULATION,) if exercise and simulated else ()
            if len(kept) > 20:
                unsaid += (_EXTENSION,)
            whole = not from_sidc20(kept, exercise=True).losses  # a joker is no nonsense, even where it is nobody
            if whole and identities.same(said.identity, identity) and said.context is world:
                return Written(kept[:20], unsaid)
            digit, losses = identities.digit_for(identity, exercise=exercise)
            return Written(kept[:2] + _CONTEXT_DIGITS[world] + digit + kept[4:20], losses + unsaid)
    digit, losses = identities.digit_for(identity, exercise=exercise)
    found, short = entities.entity_for(environment, platform, functions)
    if exercise and simulated:
        short += (NO_SIMULATION,)
    context = _CONTEXT_DIGITS[_world(exercise=exercise, simulated=simulated)]
    return Written(f"{VERSION}{context}{digit}{found[:2]}0000{found[2:]}", losses + short)


def _world(*, exercise: bool, simulated: bool) -> Context:
    """The context digit holds one of the two: that it is an exercise matters more."""
    if exercise:
        return Context.EXERCISE
    return Context.SIMULATION if simulated else Context.REALITY
