"""CoT types: dimension letters, platforms by function id, and the mechanical conversion to 15-letter codes and back.

`a-f-A-M-F-Q` is: atom, friend, air, and a MIL-STD-2525C function id with one hyphen per letter. Upper case is 2525C,
lower case is an extension of CoT, an optional `;suffix` says more to those who know it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from gateway.symbols import identities
from gateway.symbols.meaning import IMPLIED_PLATFORM, NO_PLATFORM, BadSymbolError, Context, Meaning, Written
from gateway.symbols.platforms import broader, shortfall
from gateway.track import Environment, IdentityGroup, Loss

DIMENSIONS = {
    "A": Environment.AIR,
    "G": Environment.LAND,
    "S": Environment.SURFACE,
    "U": Environment.SUBSURFACE,
    "P": Environment.SPACE,
}
"""F (special operations), X (other) and Z (unknown) say nothing of where it moves."""
BATTLE_DIMENSIONS = frozenset("PAGSUFXZ")
LETTER_OF = {environment: letter for letter, environment in DIMENSIONS.items()} | {Environment.UNKNOWN: "Z"}
AFFILIATIONS = frozenset("puafnshjk")
"""Those that state an identity; `o` (none specified), `x` (other) and `.` (any) state none."""
FUNCTION_LETTERS = 6
"""A 15-letter code has room for that many."""

# The pattern of the event schema; `.` is accepted on input, where types.txt uses it for "any affiliation".
READABLE = re.compile(r"[\w.]+(?:-[\w.]+)*+(?:;[^;]*)?").fullmatch
WRITABLE = re.compile(r"\w+(?:-\w+)*+(?:;[^;]*)?").fullmatch
_UPPER = re.compile(r"[A-Z0-9]", re.ASCII).fullmatch

PREFIXES: dict[str, str | None] = {
    "A-M-F-Q": "UAV",
    "A-M-H-Q": "UAV_ROTARY_WING",
    "A-C-F-q": "UAV",
    "A-C-H-q": "UAV_ROTARY_WING",
    "A-M-F": "FIXED_WING",
    "A-C-F": "FIXED_WING",
    "A-M-H": "ROTARY_WING",
    "A-C-H": "ROTARY_WING",
    "A-M-L": "LIGHTER_THAN_AIR",
    "A-C-L": "LIGHTER_THAN_AIR",
    "A-W-M": "MISSILE",
    "A-W-B": "BOMB",
    "A-W-D": "DECOY",
    "G-E-V": "GROUND_VEHICLE",
    "G-E-V-M": "ANIMAL",  # pack animals
    "G-E-S": "SENSOR",
    "G-U": "UNIT",
    "G-I": "INSTALLATION",
    "S-C": "VESSEL",
    "S-C-D": "DECOY",
    "S-C-U": "USV",
    "S-N": "VESSEL",
    "S-X": "VESSEL",
    "S-O": "VESSEL",  # own ship
    "U-S": "SUBMARINE",
    "U-S-U": "UUV",
    "U-S-X": None,  # what turned out to be no submarine
    "U-N-D": "PERSON",  # a diver
    "U-W-T": "TORPEDO",
    "U-W-D": "DECOY",
    "U-W-M": "MINE",
    "P-S": "SATELLITE",
    "P-V": "SPACECRAFT",
    "P-T": "SPACECRAFT",
} | {
    # what looked like a mine or belongs to one: anchors, obstructors, echoes, objects, vain second looks
    f"U-W-M-{letters}": None
    for letters in ("A", "B", "E", "N", "R", "G-E", "M-E", "F-E", "G-O", "M-O", "F-O", "G-R", "M-R", "F-R")
}
"""Platform by dimension and function id; the longest prefix that fits wins."""

FUNCTIONS = {
    (Environment.AIR, "MISSILE"): "A-W-M",
    (Environment.AIR, "BOMB"): "A-W-B",
    (Environment.AIR, "DECOY"): "A-W-D",
    (Environment.LAND, "GROUND_VEHICLE"): "G-E-V",
    (Environment.LAND, "SENSOR"): "G-E-S",
    (Environment.LAND, "UNIT"): "G-U",
    (Environment.LAND, "INSTALLATION"): "G-I",
    (Environment.SUBSURFACE, "SUBMARINE"): "U-S",
    (Environment.SUBSURFACE, "TORPEDO"): "U-W-T",
    (Environment.SUBSURFACE, "DECOY"): "U-W-D",
    (Environment.SUBSURFACE, "MINE"): "U-W-M",
    (Environment.SPACE, "SATELLITE"): "P-S",
    (Environment.SPACE, "SPACECRAFT"): "P-V",
}
"""Only platforms whose function id claims nothing more: 2525C has no aircraft and no ship that is neither military nor
civil."""

NEAREST = {
    (Environment.AIR, "UAV"): "A-M-F-Q",
    (Environment.AIR, "UAV_FIXED_WING"): "A-M-F-Q",
    (Environment.AIR, "UAV_ROTARY_WING"): "A-M-H-Q",
}
"""What a display must be able to tell although every id claims more: a drone is a drone. 2525C has military ones only,
so they are written with the loss ``IMPLIED`` unless the operator chooses other ids (ADR 44)."""


def platform_of(function: str) -> str | None:
    """The platform of a dimension and function id such as `A-M-F-Q-r`: that of its longest known prefix."""
    while function:
        if function in PREFIXES:
            return PREFIXES[function]
        function = function.rpartition("-")[0]
    return None


def function_for(
    environment: Environment, platform: str | None, functions: Mapping[str, str]
) -> tuple[str, tuple[Loss, ...]]:
    """Dimension and function id of a track; `functions` is the operator's choice where every id claims more.

    The nearest broader platform serves where the platform itself has none: a loss, as is the lack of any, or an id that
    claims more than is known.
    """
    dimension = LETTER_OF[environment]
    if platform is None:
        return dimension, ()
    for step in broader(platform):
        wanted = functions.get(step) or FUNCTIONS.get((environment, step))
        if wanted is not None and wanted.startswith(f"{dimension}-") and WRITABLE(wanted):
            return wanted, shortfall(platform, platform_of(wanted))
    for step in broader(platform):
        nearest = NEAREST.get((environment, step))
        if nearest is not None:
            return nearest, (*shortfall(platform, platform_of(nearest)), IMPLIED_PLATFORM)
    return dimension, (NO_PLATFORM,)


def letters_of(function: str) -> tuple[str, bool]:
    """The 2525C letters of a CoT function id without its dimension, and whether that is all it says.

    Extensions of CoT have no letters. What is left without them must not be something else: a civil drone is no civil
    aeroplane, so `A-C-F-q` gives `C`.
    """
    atoms = function.split("-")
    room = 1
    while room < min(len(atoms), FUNCTION_LETTERS + 1) and _UPPER(atoms[room]):
        room += 1
    whole = platform_of(function)
    allowed = {None, *(broader(whole) if whole is not None else ())}
    while room > 1 and platform_of("-".join(atoms[:room])) not in allowed:
        room -= 1
    return "".join(atoms[1:room]), room == len(atoms)


def from_cot(text: str, *, exercise: bool) -> Meaning:
    """What a CoT type says; anything but an atom (`a-...`) says nothing of environment, identity or platform.

    Raises `BadSymbolError` for what is no CoT type.
    """
    if READABLE(text) is None:
        raise BadSymbolError("not of the form of a CoT type")
    return read_type(text, exercise=exercise)


def read_type(text: str, *, exercise: bool) -> Meaning:
    """What a text says that is, or will be found to be, a CoT type."""
    head, _, suffix = text.partition(";")
    atoms = head.split("-")
    if atoms[0] != "a":
        return Meaning(Environment.UNKNOWN, None, None, unmodelled=(Loss("type", "NOT_MODELLED"),))
    letter = atoms[1] if len(atoms) > 1 else ""
    identity: IdentityGroup | None = None
    context = Context.REALITY
    losses: tuple[Loss, ...] = ()
    if letter in AFFILIATIONS:
        identity, context, losses = identities.of_letter(letter.upper(), exercise=exercise, field="event@type")
    environment = DIMENSIONS.get(atoms[2] if len(atoms) > 2 else "", Environment.UNKNOWN)
    function = "-".join(atoms[2:])
    platform = platform_of(function)
    unmodelled: tuple[Loss, ...] = (Loss("type.suffix", "NOT_MODELLED"),) if suffix else ()
    if letter not in AFFILIATIONS and letter != "o":
        unmodelled += (Loss("type.affiliation", "NOT_MODELLED"),)
    if function != (FUNCTIONS.get((environment, platform)) if platform else LETTER_OF[environment]):
        unmodelled += (Loss("type.function", "NOT_MODELLED"),)
    return Meaning(environment, identity, platform, losses, context, unmodelled)


def sidc15_of_cot(cot_type: str) -> Written | None:
    """The 15-letter code of a CoT atom, with what it cannot say; `None` where the type is no such atom."""
    head, _, suffix = cot_type.partition(";")
    atoms = head.split("-")
    if len(atoms) < 3 or atoms[0] != "a" or atoms[2] not in BATTLE_DIMENSIONS:
        return None
    losses: tuple[Loss, ...] = (Loss("type.suffix", "NO_TARGET"),) if suffix else ()
    letter = atoms[1].upper()
    if atoms[1] not in AFFILIATIONS:
        letter = identities.NO_LETTER
        if atoms[1] != "o":
            losses += (Loss("type.affiliation", "NO_CODE"),)
    letters, whole = letters_of("-".join(atoms[2:]))
    if not whole:
        losses += (Loss("type.function", "ROUNDED"),)
    return Written(f"S{letter}{atoms[2]}P{letters:-<6}{tail_of(atoms[2], letters)}", losses)


def tail_of(dimension: str, letters: str) -> str:
    """Places 11 to 15 of a code that says nothing there: installations are marked as such."""
    return "H----" if dimension == "G" and letters.startswith("I") else "-----"


def cot_of_sidc15(code: str) -> Written | None:
    """The CoT type of a 15-letter code, with what it cannot say; `None` where CoT has no such atom."""
    text = code.upper().replace("*", "-")
    if len(text) != 15 or not text.isascii() or text[0] != "S" or text[2] not in BATTLE_DIMENSIONS:
        return None
    letters = text[4:10].rstrip("-")
    if not all(map(_UPPER, letters)):
        return None
    losses: tuple[Loss, ...] = ()
    letter = text[1].lower()
    if letter not in AFFILIATIONS:
        exercise = identities.EXERCISE_LETTERS.get(text[1])
        letter = identities.LETTER_OF[exercise].lower() if exercise is not None else "o"
        if exercise is not None:
            losses += (Loss("sidc.context", "NO_CODE"),)
        elif text[1] != identities.NO_LETTER:
            losses += (Loss("sidc.identity", "NO_CODE"),)
    if text[3] != "P":
        losses += (Loss("sidc.status", "NO_TARGET"),)
    tail = tail_of(text[2], letters)
    if text[10:12] != tail[:2]:
        losses += (Loss("sidc.modifiers", "NO_TARGET"),)
    if text[12:14] != "--":
        losses += (Loss("sidc.country", "NO_TARGET"),)
    if text[14] != "-":
        losses += (Loss("sidc.order_of_battle", "NO_TARGET"),)
    return Written("-".join(["a", letter, text[2], *letters]), losses)
