"""CoT types and their 2525C side: dimension letters, platforms by function id, and the mechanical conversion."""

from __future__ import annotations

import re

from gateway.symbols import identities
from gateway.symbols.meaning import BadSymbolError, Meaning, Written
from gateway.track import Environment, Loss

DIMENSIONS = {
    "A": Environment.AIR,
    "G": Environment.LAND,
    "S": Environment.SURFACE,
    "U": Environment.SUBSURFACE,
    "P": Environment.SPACE,
}
"""F (special operations), X (other) and Z (unknown) say nothing of where it moves."""
BATTLE_DIMENSIONS = "PAGSUFXZ"
LETTER_OF = {environment: letter for letter, environment in DIMENSIONS.items()} | {Environment.UNKNOWN: "Z"}

# The pattern of the event schema; `.` is accepted on input, where types.txt uses it for "any affiliation".
READABLE = re.compile(r"[\w.]+(?:-[\w.]+)*+(?:;[^;]*)?").fullmatch

PREFIXES = {
    "A-M-F-Q": "UAV",
    "A-M-H-Q": "UAV_ROTARY_WING",
    "A-C-F-q": "UAV",
    "A-C-H-q": "UAV_ROTARY_WING",
    "A-M-F": "FIXED_WING",
    "A-C-F": "FIXED_WING",
    "A-M-H": "ROTARY_WING",
    "A-C-H": "ROTARY_WING",
    "A-M-L": "BALLOON",
    "A-C-L": "BALLOON",
    "A-W-M": "MISSILE",
    "A-W-D": "DECOY",
    "G-E-V": "GROUND_VEHICLE",
    "G-E-S": "SENSOR",
    "G-U": "UNIT",
    "G-I": "INSTALLATION",
    "S-C": "VESSEL",
    "S-N": "VESSEL",
    "S-X": "VESSEL",
    "U-S": "SUBMARINE",
    "U-W-T": "TORPEDO",
    "U-W-M": "MINE",
    "P-S": "SATELLITE",
    "P-V": "SPACECRAFT",
}
"""Dimension and function id by prefix; the longest that fits wins."""


def platform_of(function: str) -> str | None:
    """The platform of a dimension and function id such as `A-M-F-Q-r`: that of its longest known prefix."""
    while function:
        found = PREFIXES.get(function)
        if found is not None:
            return found
        function = function.rpartition("-")[0]
    return None


def from_cot(text: str, *, exercise: bool) -> Meaning:
    """What a CoT type says; anything but an atom (`a-...`) says nothing of environment, identity or platform.

    Raises `BadSymbolError` for what is no CoT type.
    """
    if READABLE(text) is None:
        raise BadSymbolError("not of the form of a CoT type")
    atoms = text.partition(";")[0].split("-")
    if atoms[0] != "a":
        return Meaning(Environment.UNKNOWN, None, None)
    letter = atoms[1] if len(atoms) > 1 else ""
    identity, context, losses = None, identities.Context.REALITY, ()
    if len(letter) == 1 and letter in "puafnshjk":
        identity, context, losses = identities.of_letter(letter.upper(), exercise=exercise, field="event@type")
    dimension = atoms[2] if len(atoms) > 2 else ""
    environment = DIMENSIONS.get(dimension, Environment.UNKNOWN)
    return Meaning(environment, identity, platform_of("-".join(atoms[2:])), losses, context)


def sidc15_of_cot(cot_type: str) -> Written | None:
    """The 15-letter code of a CoT atom, with what it cannot say; `None` if the type has no counterpart there."""
    head, _, suffix = cot_type.partition(";")
    atoms = head.split("-")
    if len(atoms) < 3 or atoms[0] != "a" or atoms[2] not in BATTLE_DIMENSIONS or len(atoms[2]) != 1:
        return None
    losses: tuple[Loss, ...] = (Loss("type.suffix", "NO_TARGET"),) if suffix else ()
    letter = atoms[1].upper()
    if len(letter) != 1 or letter not in "PUAFNSHJKO":
        letter = identities.NO_LETTER
        losses += (Loss("type.identity", "NO_CODE"),)
    function = ""
    for atom in atoms[3:]:
        if len(atom) != 1 or not ("A" <= atom <= "Z" or "0" <= atom <= "9") or len(function) == 6:
            losses += (Loss("type.function", "TRUNCATED"),)
            break
        function += atom
    tail = "H----" if atoms[2] == "G" and function.startswith("I") else "-----"
    return Written(f"S{letter}{atoms[2]}P{function:-<6}{tail}", losses)


def cot_of_sidc15(code: str) -> Written | None:
    """The CoT type of a 15-letter code, with what it cannot say; `None` if CoT has no such atom."""
    text = code.upper().replace("*", "-")
    if len(text) != 15 or text[0] != "S" or text[2] not in BATTLE_DIMENSIONS:
        return None
    losses: tuple[Loss, ...] = ()
    letter = text[1]
    if letter not in "PUAFNSHJKO":
        losses += (Loss("sidc.identity", "NO_CODE"),)
        letter = "O"
    if text[3] != "P":
        losses += (Loss("sidc.status", "NO_CODE"),)
    function = text[4:10].rstrip("-")
    if "-" in function:
        return None
    return Written("-".join(["a", letter.lower(), text[2], *function]), losses)
