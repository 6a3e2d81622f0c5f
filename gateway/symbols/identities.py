"""How the vocabularies spell who declared what: one table for letters and digits, both directions.

A joker is a friend who plays a suspect, a faker a friend who plays a hostile (STANAG 1241). Outside an exercise either
letter states nothing that may be believed: no identity, with a loss. They are never read as SUSPECT, HOSTILE or FRIEND,
and a suspect or hostile is never written as one of them.
"""

from __future__ import annotations

from gateway.symbols.meaning import NO_AMPLIFICATION, NO_EXERCISE, NO_IDENTITY, Context
from gateway.track import Identity, IdentityGroup, Loss

LETTERS = {
    "P": Identity.PENDING,
    "U": Identity.UNKNOWN,
    "A": Identity.ASSUMED_FRIEND,
    "F": Identity.FRIEND,
    "N": Identity.NEUTRAL,
    "S": Identity.SUSPECT,
    "H": Identity.HOSTILE,
}
"""MIL-STD-2525C table A-I; CoT uses them in lower case. `O` (none specified) and `X` (other) state no identity."""
EXERCISE_LETTERS = {
    "G": Identity.PENDING,
    "W": Identity.UNKNOWN,
    "M": Identity.ASSUMED_FRIEND,
    "D": Identity.FRIEND,
    "L": Identity.NEUTRAL,
}
"""The same, said of an exercise; CoT has no such letters, its `opex` says so instead."""
ROLES = {"J": "JOKER", "K": "FAKER"}
NO_LETTER = "O"

DIGITS = {
    "0": Identity.PENDING,
    "1": Identity.UNKNOWN,
    "2": Identity.ASSUMED_FRIEND,
    "3": Identity.FRIEND,
    "4": Identity.NEUTRAL,
    "5": Identity.SUSPECT,
    "6": Identity.HOSTILE,
}
"""MIL-STD-2525D table A-II, digit 4; in an exercise 5 is the joker and 6 the faker."""
ROLE_DIGITS = {"5": "JOKER", "6": "FAKER"}
CONTEXTS = {"0": Context.REALITY, "1": Context.EXERCISE, "2": Context.SIMULATION}

LETTER_OF = {identity: letter for letter, identity in LETTERS.items()}
EXERCISE_LETTER_OF = {identity: letter for letter, identity in EXERCISE_LETTERS.items()}
ROLE_LETTER_OF = {role: letter for letter, role in ROLES.items()}
DIGIT_OF = {identity: digit for digit, identity in DIGITS.items()}
ROLE_DIGIT_OF = {role: digit for digit, role in ROLE_DIGITS.items()}
_NO_LOSS: tuple[Loss, ...] = ()


def role(name: str) -> IdentityGroup:
    """A friend who plays a part in an exercise."""
    return IdentityGroup(value=Identity.FRIEND, amplification=name)


def played(identity: IdentityGroup | None) -> str | None:
    """JOKER or FAKER, if that is what the identity says."""
    if identity is None or identity.value is not Identity.FRIEND or identity.amplification not in ROLE_LETTER_OF:
        return None
    return identity.amplification


def same(one: IdentityGroup | None, other: IdentityGroup | None) -> bool:
    """Whether two groups state the same, as far as a symbol code can."""
    if one is None or other is None:
        return one is other
    return (one.value, one.amplification) == (other.value, other.amplification)


def of_letter(letter: str, *, exercise: bool, field: str) -> tuple[IdentityGroup | None, Context, tuple[Loss, ...]]:
    """What an upper-case letter of 2525C states, in which context; `field` names it in a loss."""
    if letter in LETTERS:
        return IdentityGroup(value=LETTERS[letter]), Context.REALITY, _NO_LOSS
    if letter in EXERCISE_LETTERS:
        return IdentityGroup(value=EXERCISE_LETTERS[letter]), Context.EXERCISE, _NO_LOSS
    if letter in ROLES:
        if exercise:
            return role(ROLES[letter]), Context.EXERCISE, _NO_LOSS
        return None, Context.EXERCISE, (Loss(field, "NO_CODE"),)
    if letter in "OX.*-":
        return None, Context.REALITY, _NO_LOSS
    return None, Context.REALITY, (Loss(field, "NO_CODE"),)


def of_digits(context: str, digit: str, *, exercise: bool) -> tuple[IdentityGroup | None, Context, tuple[Loss, ...]]:
    """What digits 3 and 4 of a 2525D code state."""
    world = CONTEXTS.get(context)
    if world is None:
        # restricted targets and no-strike entities of later editions, and digits that nobody assigned
        return None, Context.REALITY, (Loss("sidc.context", "NO_CODE"), Loss("sidc.identity", "NO_CODE"))
    if world is Context.EXERCISE and digit in ROLE_DIGITS:
        if exercise:
            return role(ROLE_DIGITS[digit]), world, _NO_LOSS
        return None, world, (Loss("sidc.identity", "NO_CODE"),)
    if digit in DIGITS:
        return IdentityGroup(value=DIGITS[digit]), world, _NO_LOSS
    return None, world, (Loss("sidc.identity", "NO_CODE"),)


def letter_for(identity: IdentityGroup | None, *, exercise: bool) -> tuple[str, tuple[Loss, ...]]:
    """The 2525C letter. In an exercise the mark of it is worth more than the identity: a suspect or hostile, for which
    there is no exercise letter, is written as exercise unknown with a loss.
    """
    if identity is None:
        return NO_LETTER, (NO_EXERCISE,) if exercise else _NO_LOSS
    part = played(identity)
    if part is not None and exercise:
        return ROLE_LETTER_OF[part], _NO_LOSS
    losses = (NO_AMPLIFICATION,) if identity.amplification is not None else _NO_LOSS
    if not exercise:
        return LETTER_OF[identity.value], losses
    letter = EXERCISE_LETTER_OF.get(identity.value)
    if letter is None:
        return EXERCISE_LETTER_OF[Identity.UNKNOWN], (NO_IDENTITY, *losses)
    return letter, losses


def digit_for(identity: IdentityGroup | None, *, exercise: bool) -> tuple[str, tuple[Loss, ...]]:
    """Digit 4 of 2525D. It has none for "nobody said": displays get UNKNOWN, with a loss."""
    if identity is None:
        return DIGIT_OF[Identity.UNKNOWN], (NO_IDENTITY,)
    part = played(identity)
    if part is not None and exercise:
        return ROLE_DIGIT_OF[part], _NO_LOSS
    losses = (NO_AMPLIFICATION,) if identity.amplification is not None else _NO_LOSS
    digit = DIGIT_OF[identity.value]
    if exercise and digit in ROLE_DIGITS:  # there they would be read as joker and faker
        return DIGIT_OF[Identity.UNKNOWN], (NO_IDENTITY, *losses)
    return digit, losses
