"""SAPIENT classes (BSI Flex 335 v2, the core taxonomy): a path from the most general class down."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.symbols.meaning import COARSER_PLATFORM, NO_ENVIRONMENT, NO_PLATFORM, Meaning
from gateway.symbols.platforms import broader
from gateway.track import Environment, Loss

_AIR = Environment.AIR
_LAND = Environment.LAND
_CLASSES: dict[tuple[str, ...], tuple[Environment, str | None]] = {
    ("Human",): (_LAND, "PERSON"),
    ("Animal",): (Environment.UNKNOWN, "ANIMAL"),
    ("Animal", "Bird"): (_AIR, "BIRD"),
    ("Land vehicle",): (_LAND, "GROUND_VEHICLE"),
    ("Air vehicle",): (_AIR, None),
    ("Air vehicle", "UAV fixed wing"): (_AIR, "UAV_FIXED_WING"),
    ("Air vehicle", "UAV rotary wing"): (_AIR, "UAV_ROTARY_WING"),
    ("Sea vessel",): (Environment.SURFACE, "VESSEL"),
    ("Other",): (Environment.UNKNOWN, None),
    ("Unknown",): (Environment.UNKNOWN, None),
}
_READ = {tuple(part.casefold() for part in path): meaning for path, meaning in _CLASSES.items()}
_WRITE = {meaning: path for path, meaning in reversed(_CLASSES.items()) if meaning[1] is not None}


def from_sapient(classes: Sequence[str]) -> Meaning:
    """What a class path says, most general class first; never an identity."""
    path = tuple(part.partition(":")[2] or part for part in classes)
    path = tuple(part.strip().casefold() for part in path)
    for length in range(len(path), 0, -1):
        found = _READ.get(path[:length])
        if found is not None:
            losses = (Loss("classification.sub_class", "NO_CODE"),) if length < len(path) else ()
            return Meaning(found[0], None, found[1], losses)
    return Meaning(Environment.UNKNOWN, None, None, (Loss("classification.type", "NO_CODE"),) if path else ())


def to_sapient(*, environment: Environment, platform: str | None) -> tuple[tuple[str, ...], tuple[Loss, ...]]:
    """The class path for a detection report."""
    if platform is not None:
        for step in broader(platform):
            path = _WRITE.get((environment, step))
            if path is not None:
                return path, () if step == platform else (COARSER_PLATFORM,)
    losses = (NO_PLATFORM,) if platform is not None else ()
    if environment is _AIR:
        return ("Air vehicle",), losses
    if environment is Environment.UNKNOWN:
        return ("Unknown",), losses
    return ("Unknown",), (*losses, NO_ENVIRONMENT)
