"""Every code that the tables of the symbols room know, for tests that leave none out."""

from __future__ import annotations

from gateway.symbols import PLATFORMS, identities
from gateway.symbols.pairs import PAIRS, Pair
from gateway.track import Environment, Identity, IdentityGroup

LETTERS = (*identities.LETTERS, *identities.EXERCISE_LETTERS, *identities.ROLES, identities.NO_LETTER)
IDENTITIES: tuple[IdentityGroup | None, ...] = (
    None,
    *(IdentityGroup(value=value) for value in Identity),
    IdentityGroup(value=Identity.FRIEND, amplification="JOKER"),
    IdentityGroup(value=Identity.FRIEND, amplification="FAKER"),
    IdentityGroup(value=Identity.HOSTILE, amplification="ZOMBIE"),
)
OBJECTS = tuple((environment, platform) for environment in Environment for platform in (None, *PLATFORMS))


def sidc15(pair: Pair, letter: str = "F", status: str = "P", modifiers: str | None = None) -> str:
    """The 15-letter code of a pair as the standard prints it."""
    inside = modifiers or ("H-" if pair.installation else "--")
    tail = "X" if pair.scheme == "G" else "-"
    return f"{pair.scheme}{letter}{pair.dimension}{status}{pair.function:-<6}{inside}--{tail}"


def sidc20(pair: Pair, standing: str = "03", rest: str = "0000") -> str:
    """The 20-digit code of a pair."""
    return f"10{standing}{pair.symbol_set}{rest}{pair.entity}{pair.modifiers}"


def cot(pair: Pair, letter: str = "f") -> str:
    """The CoT type of a pair of the warfighting scheme."""
    return "-".join(["a", letter, pair.dimension, *pair.function])


WARFIGHTING = tuple(pair for pair in PAIRS if pair.scheme == "S")
