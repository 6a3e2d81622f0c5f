"""The `symbol` of an NVG object: which standard's code it is, what it says, and which one a track gets."""

from __future__ import annotations

import re

from msgspec import Struct

from gateway import symbols
from gateway.symbols import BadSymbolError, Context, Meaning
from gateway.track import Classification, Environment, Loss, Track

_SYMBOL = re.compile(r"([A-Za-z0-9]+):(.+)", re.DOTALL).fullmatch
_STANDARD = re.compile(r"(?:app0?6|m?2525|milstd2525)([a-e]?)", re.IGNORECASE).fullmatch
_LETTERS = re.compile(r"[A-Za-z0-9*-]{10,15}", re.ASCII).fullmatch
_DIGITS = re.compile(r"[0-9]{20}(?:[0-9]{10})?", re.ASCII).fullmatch
_SCHEME = re.compile(r"(?:APP0?6|M?2525|MILSTD2525|MIL2525)[A-E]?").fullmatch

_NOT_OBJECTS_LETTERS = "GW"  # tactical graphics, weather
_NOT_OBJECTS_SETS = frozenset(("25", "45", "46", "47"))  # control measures, weather

_SIMULATION = "2"  # third digit

NOTHING = Meaning(Environment.UNKNOWN, None, None)
FAMILIES = {"app6d": symbols.to_sidc20, "app6b": symbols.to_sidc15}


class Said(Struct, frozen=True):
    """What a symbol says."""

    meaning: Meaning = NOTHING
    classification: Classification | None = None
    """The code word for word; its scheme is the standard's name, such as ``APP6D`` or ``MIL2525B``."""
    is_object: bool = True
    """False for tactical graphics and weather: drawings, not things that somebody tracks."""
    taken: bool = False
    """The classification says it all: nothing of the attribute is left over."""


def said_by(symbol: str | None) -> Said:
    """What a `symbol` attribute says; one of a scheme that is no APP-6 or 2525 says nothing, and is left over."""
    found = _SYMBOL(symbol or "")
    standard = _STANDARD(found[1]) if found else None
    if found is None or standard is None:
        return Said()
    code, scheme = found[2].strip(), found[1].upper()
    if scheme[0].isdigit():
        scheme = "MIL" + scheme  # a scheme name begins with a letter
    lost = (Loss("symbol", "OUT_OF_RANGE"),)
    try:
        if _DIGITS(code):
            meaning = symbols.from_sidc20(code, exercise=False)
            is_object = code[4:6] not in _NOT_OBJECTS_SETS
        elif _LETTERS(code):
            meaning = symbols.from_sidc15(code.ljust(15, "-"), exercise=False)
            is_object = code[0].upper() not in _NOT_OBJECTS_LETTERS
        else:
            return Said(Meaning(Environment.UNKNOWN, None, None, lost))
    except BadSymbolError:
        return Said(Meaning(Environment.UNKNOWN, None, None, lost))
    return Said(meaning, Classification(type=code, scheme=scheme), is_object, taken=True)


def kept_symbol(track: Track) -> str | None:
    """The `symbol` that the track's source gave it, if it came with an APP-6 or 2525 code."""
    for one in track.classifications:
        if one.scheme is not None and _SCHEME(one.scheme) and (_LETTERS(one.type) or _DIGITS(one.type)):
            return f"{one.scheme.removeprefix('MIL').lower()}:{one.type}"
    return None


def symbol_for(track: Track, family: str) -> tuple[str, tuple[Loss, ...]]:
    """The `symbol` of a track in ``app6d`` or ``app6b``, and what it does not say.

    The source's own code stands, in whatever standard, while it agrees with the track.
    """
    exercise = track.status is not None and track.status.exercise is True
    simulated = track.status is not None and track.status.simulated is True and not exercise
    own = kept_symbol(track)
    code = own.partition(":")[2].ljust(15, "-") if own else None  # some producers leave trailing hyphens out
    if own is not None and code is not None:
        said = said_by(own).meaning
        unreal = said.context is Context.SIMULATION
        says_it = unreal == simulated if _DIGITS(code) else not (simulated and family == "app6d")
        if says_it and _agrees(said, track, exercise):
            return own, ()
    if code is not None and (_DIGITS(code) is not None) != (family == "app6d"):
        other = symbols.sidc20_to_sidc15(code) if _DIGITS(code) else symbols.sidc15_to_sidc20(code)
        code = other.text if other is not None else None
    written = FAMILIES[family](
        environment=track.environment,
        identity=track.identity,
        platform=track.platform,
        exercise=exercise,
        kept=code,
    )
    text = written.text
    if simulated and family == "app6d":  # letters have no mark of it; a display must not take it for real
        text = f"{text[:2]}{_SIMULATION}{text[3:]}"
    return f"{family}:{text}", written.losses


def _agrees(said: Meaning, track: Track, exercise: bool) -> bool:
    own, told = track.identity, said.identity
    same = (own is None) == (told is None) and (
        own is None or told is None or (own.value, own.amplification) == (told.value, told.amplification)
    )
    return (
        same
        and said.environment is track.environment
        and said.platform == track.platform
        and (said.context is Context.EXERCISE) == exercise
    )
