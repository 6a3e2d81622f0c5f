"""SAPIENT classes: a path through the core taxonomy of BSI Flex 335 v2, most general class first.

Sensors write the words in any case, some with the name of the taxonomy and a colon before them. Classes of other
taxonomies are read as far as their path leads through this one.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.symbols.meaning import COARSER_PLATFORM, NO_ENVIRONMENT, NO_PLATFORM, Meaning
from gateway.symbols.platforms import broader
from gateway.track import Environment, Loss

_AIR, _LAND = Environment.AIR, Environment.LAND
_SURFACE, _UNKNOWN = Environment.SURFACE, Environment.UNKNOWN

CLASSES: dict[tuple[str, ...], tuple[Environment, str | None]] = {
    ("Unknown",): (_UNKNOWN, None),
    ("Human",): (_LAND, "PERSON"),
    ("Animal",): (_UNKNOWN, "ANIMAL"),
    ("Animal", "Bird"): (_AIR, "BIRD"),
    ("Fixed Object",): (_LAND, "FIXED_OBJECT"),
    ("Equipment",): (_UNKNOWN, None),
    ("Equipment", "RF Transmitter", "UAS Control Station"): (_UNKNOWN, "UAS_CONTROL_STATION"),
    ("Equipment", "RF Transmitter", "Radar"): (_UNKNOWN, "SENSOR"),
    ("Equipment", "Passive Sensor"): (_UNKNOWN, "SENSOR"),
    ("Equipment", "Weapon", "Missile"): (_UNKNOWN, "MISSILE"),
    ("Equipment", "Weapon", "Bomb"): (_UNKNOWN, "BOMB"),
    ("Land Vehicle",): (_LAND, "GROUND_VEHICLE"),
    ("Sea Vessel",): (_SURFACE, "VESSEL"),
    ("Sea Vessel", "Submarine"): (Environment.SUBSURFACE, "SUBMARINE"),
    ("Air Vehicle",): (_AIR, None),
    ("Air Vehicle", "Manned Fixed Wing"): (_AIR, "FIXED_WING"),
    ("Air Vehicle", "Manned Rotary Wing"): (_AIR, "ROTARY_WING"),
    ("Air Vehicle", "UAV Fixed Wing"): (_AIR, "UAV_FIXED_WING"),
    ("Air Vehicle", "UAV Rotary Wing"): (_AIR, "UAV_ROTARY_WING"),
    ("Air Vehicle", "UAS Control Station"): (_UNKNOWN, "UAS_CONTROL_STATION"),
}
"""Environment and platform by class path; the longest that fits wins. A class that is not here says what its parent
says."""
ALIASES: dict[tuple[str, ...], tuple[Environment, str | None]] = {
    ("UAV",): (_AIR, "UAV"),
    ("UAS",): (_AIR, "UAV"),
    ("Drone",): (_AIR, "UAV"),
}
"""Classes of many sensors that the core taxonomy does not have: read, never written."""
_MORE = frozenset(
    {
        ("Equipment",),
        ("Equipment", "RF Transmitter", "Radar"),
        ("Equipment", "Passive Sensor"),
        ("Air Vehicle", "UAS Control Station"),  # the taxonomy has it twice
    }
)
"""Paths that say more than environment and platform: read, never written."""


def _folded(path: Sequence[str]) -> tuple[str, ...]:
    return tuple(word.rpartition(":")[2].strip().casefold() for word in path)


_READ = {_folded(path): meaning for path, meaning in (CLASSES | ALIASES).items()}
_DEEPEST = max(map(len, _READ))
_INEXACT = frozenset(_folded(path) for path in _MORE)
_WRITTEN = {
    platform: path for path, (_, platform) in reversed(CLASSES.items()) if platform is not None and path not in _MORE
}


def from_sapient(classes: Sequence[str]) -> Meaning:
    """What a class path says, most general class first (``("Air Vehicle", "UAV Rotary Wing")``); never an identity."""
    path = _folded(classes)
    for length in range(min(len(path), _DEEPEST), 0, -1):
        found = _READ.get(path[:length])
        if found is not None:
            exact = length == len(path) and path not in _INEXACT
            unmodelled = () if exact else (Loss("classification", "NOT_MODELLED"),)
            return Meaning(found[0], None, found[1], unmodelled=unmodelled)
    return Meaning(_UNKNOWN, None, None, (Loss("classification", "NO_CODE"),) if path else ())


def to_sapient(*, environment: Environment, platform: str | None) -> tuple[tuple[str, ...], tuple[Loss, ...]]:
    """The class path for a detection report, and what it cannot say.

    Of a UAV that is neither it knows only "Air Vehicle"; an environment without a platform has a class only in the air.
    """
    steps = tuple(broader(platform)) if platform is not None else ()
    for step in steps:
        path = _WRITTEN.get(step)
        if path is not None:
            losses = () if step == platform else (COARSER_PLATFORM,)
            return path, losses if CLASSES[path][0] is environment else (*losses, NO_ENVIRONMENT)
    losses = (NO_PLATFORM,) if platform is not None else ()
    if environment is _AIR:
        return ("Air Vehicle",), losses
    return ("Unknown",), losses if environment is _UNKNOWN else (*losses, NO_ENVIRONMENT)
