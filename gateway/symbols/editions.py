"""From 15-letter codes to 20-digit codes and back, code by code, without a detour over the canonical track."""

from __future__ import annotations

from gateway.symbols import charlie, delta, identities
from gateway.symbols.meaning import BadSymbolError, Written
from gateway.symbols.pairs import PAIRS, RETIRED, TO_CHARLIE, TO_DELTA, Pair
from gateway.track import Loss

_STATUS = {"P": "0", "A": "1", "C": "2", "D": "3", "X": "4", "F": "5"}
_TASK_FORCE = {"-": "0", "F": "1", "A": "2", "C": "3", "E": "4", "G": "5", "B": "6", "D": "7"}
_ECHELON = {"-": "00"} | {
    letter: f"{decade}{place}"
    for decade, letters in ((1, "ABCDEFGH"), (2, "IJKLMN"))
    for place, letter in enumerate(letters, 1)
}
_MOBILITY = {
    letters: digits
    for decade, words in ((3, "MO MP MQ MR MS MT MW"), (4, "MU MV"), (5, "MX MY"), (6, "NS NL"))
    for letters, digits in ((word, f"{decade}{place}") for place, word in enumerate(words.split(), 1))
}
_LETTER_OF_STATUS = {digit: letter for letter, digit in _STATUS.items()}
_LETTER_OF_TASK_FORCE = {digit: letter for letter, digit in _TASK_FORCE.items()}
_LETTER_OF_ECHELON = {digits: letter for letter, digits in _ECHELON.items()}
_LETTERS_OF_MOBILITY = {digits: letters for letters, digits in _MOBILITY.items()}
_STANDING = (
    {letter: "0" + identities.DIGIT_OF[identity] for letter, identity in identities.LETTERS.items()}
    | {letter: "1" + identities.DIGIT_OF[identity] for letter, identity in identities.EXERCISE_LETTERS.items()}
    | {letter: "1" + identities.ROLE_DIGIT_OF[role] for letter, role in identities.ROLES.items()}
)
"""Digits 3 and 4, context and identity, by letter: the exercise letters of 2525C became a context of 2525D."""
_LETTER_OF_STANDING = {digits: letter for letter, digits in _STANDING.items()}


def _general() -> dict[tuple[str, str], Pair]:
    """For each entity the function id that all its others begin with, where there is one."""
    of_entity: dict[tuple[str, str], list[Pair]] = {}
    for pair in PAIRS:
        if pair.invertible:
            of_entity.setdefault((pair.symbol_set, pair.entity), []).append(pair)
    found: dict[tuple[str, str], Pair] = {}
    for place, pairs in of_entity.items():
        shortest = min(pairs, key=lambda pair: len(pair.function))
        if all(pair.function.startswith(shortest.function) for pair in pairs):
            found[place] = shortest
    return found


_GENERAL = _general()


def sidc15_to_sidc20(code: str) -> Written | None:
    """The 20-digit code of a 15-letter one, with what it cannot say; `None` if there is no such code.

    A function id that 2525D does not have gives its nearest parent (``sidc.function``, ROUNDED); one that it retired
    gives symbol set 98 (``sidc.function``, NO_CODE). Weather, signals intelligence and most activities have no pairs
    here.
    """
    try:
        text = charlie.normal(code)
    except BadSymbolError:
        return None
    pair, losses = _delta_of(text[0], text[2], text[4:10].rstrip("-"))
    if pair is None:
        return None
    standing = _STANDING.get(text[1])
    if standing is None:  # nobody declared an identity, and 2525D has no digit for that
        standing = "00"
        losses += (Loss("sidc.identity", "NO_CODE"),)
    status = _STATUS.get(text[3])
    if status is None:
        losses += (Loss("sidc.status", "NO_CODE"),)
    task_force, amplifier, known = _amplifiers(text[10:12])
    if not known:
        losses += (Loss("sidc.modifiers", "NO_CODE"),)
    if text[12:14] != "--":
        losses += (Loss("sidc.country", "NO_TARGET"),)
    if text[14] != ("X" if text[0] == "G" else "-"):
        losses += (Loss("sidc.order_of_battle", "NO_TARGET"),)
    head = f"{delta.VERSION}{standing}{pair.symbol_set}{status or '0'}{task_force}{amplifier}"
    return Written(head + pair.entity + pair.modifiers, losses)


def _delta_of(scheme: str, dimension: str, letters: str) -> tuple[Pair | None, tuple[Loss, ...]]:
    """The pair of a function id, or of its nearest parent that is no other platform."""
    exact = TO_DELTA.get((scheme, dimension, letters))
    if exact is not None:
        if exact.symbol_set == RETIRED:
            return exact, (Loss("sidc.function", "NO_CODE"),)
        return exact, () if exact.invertible else (Loss("sidc.function", "ROUNDED"),)
    if scheme != "S":
        return None, ()
    for length in range(len(letters) - 1, -1, -1):
        pair = TO_DELTA.get((scheme, dimension, letters[:length]))
        if pair is not None and pair.symbol_set != RETIRED:
            return pair, (Loss("sidc.function", "ROUNDED"),)
    return None, ()


def _amplifiers(letters: str) -> tuple[str, str, bool]:
    """Digit 8, digits 9 and 10, and whether they say all that places 11 and 12 say."""
    if letters in _MOBILITY:
        return "0", _MOBILITY[letters], True
    if letters in ("H-", "HB"):  # an installation, and a feigned one
        return "01"[letters == "HB"], "00", True
    task_force, echelon = _TASK_FORCE.get(letters[0]), _ECHELON.get(letters[1])
    return task_force or "0", echelon or "00", task_force is not None and echelon is not None


def sidc20_to_sidc15(code: str) -> Written | None:
    """The 15-letter code of a 20-digit one, with what it cannot say; `None` if there is no such code.

    An entity that 2525C does not have gives the nearest one above it (``sidc.entity``, ROUNDED).
    """
    if not delta.is_sidc20(code):
        return None
    pair, losses = _charlie_of(code[4:6], code[10:16], code[16:20])
    if pair is None:
        return None
    if code[:2] != delta.VERSION:
        losses += (Loss("sidc.version", "NO_TARGET"),)
    if len(code) > 20:
        losses += (Loss("sidc.extension", "NO_TARGET"),)
    letter = _LETTER_OF_STANDING.get(code[2:4])
    if code[2] == "2" and code[3] in identities.DIGITS:  # a simulation has no letters of its own
        letter = _LETTER_OF_STANDING["0" + code[3]]
        losses += (Loss("sidc.context", "NO_CODE"),)
    elif letter is None:
        letter = identities.NO_LETTER
        losses += (Loss("sidc.identity", "NO_CODE"),)
    status = _LETTER_OF_STATUS.get(code[6])
    if status is None:
        losses += (Loss("sidc.status", "NO_CODE"),)
    modifiers, short = _letters_of_amplifiers(code[7], code[8:10], installation=pair.installation)
    tail = "X" if pair.scheme == "G" else "-"
    text = f"{pair.scheme}{letter}{pair.dimension}{status or 'P'}{pair.function:-<6}{modifiers}--{tail}"
    return Written(text, losses + short)


def _charlie_of(symbol_set: str, entity: str, modifiers: str) -> tuple[Pair | None, tuple[Loss, ...]]:
    """The pair of an entity, without its modifiers or of the nearest entity above it where there is none."""
    exact = TO_CHARLIE.get((symbol_set, entity, modifiers))
    if exact is not None:
        return exact, ()
    losses: tuple[Loss, ...] = (Loss("sidc.modifiers", "ROUNDED"),)
    for length in (6, 4, 2, 0):
        above = f"{entity[:length]:0<6}"
        pair = TO_CHARLIE.get((symbol_set, above, "0000")) or _GENERAL.get((symbol_set, above))
        if above != entity:
            losses = (Loss("sidc.entity", "ROUNDED"),)
        if pair is not None:
            return pair, losses
    return None, ()


def _letters_of_amplifiers(task_force: str, amplifier: str, *, installation: bool) -> tuple[str, tuple[Loss, ...]]:
    """Places 11 and 12 from digits 8 to 10; what has no room there is lost."""
    no_task_force = (Loss("sidc.task_force", "NO_CODE"),)
    no_amplifier = (Loss("sidc.amplifier", "NO_CODE"),)
    if installation:
        known = {"0": "H-", "1": "HB"}.get(task_force)
        return known or "H-", (() if known else no_task_force) + (() if amplifier == "00" else no_amplifier)
    if amplifier in _LETTERS_OF_MOBILITY:
        return _LETTERS_OF_MOBILITY[amplifier], () if task_force == "0" else no_task_force
    first, second = _LETTER_OF_TASK_FORCE.get(task_force), _LETTER_OF_ECHELON.get(amplifier)
    losses = (() if first else no_task_force) + (() if second else no_amplifier)
    return (first or "-") + (second or "-"), losses
