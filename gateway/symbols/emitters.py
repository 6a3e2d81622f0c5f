"""ASTERIX emitter categories: I021/020 and, with the same numbers but other weight classes, I062/380 EMC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from gateway.symbols.meaning import COARSER_PLATFORM, NO_ENVIRONMENT, NO_PLATFORM, Meaning
from gateway.symbols.platforms import broader
from gateway.track import Environment, Loss

Scheme = Literal["021", "062"]

_COMMON = {
    1: "FIXED_WING",
    3: "FIXED_WING",
    5: "FIXED_WING",
    6: "FIXED_WING",
    10: "ROTARY_WING",
    11: "GLIDER",
    12: "LIGHTER_THAN_AIR",
    13: "UAV",
    14: "SPACECRAFT",
    15: "ULTRALIGHT",
    16: "PARACHUTIST",
    20: "GROUND_VEHICLE",
    21: "GROUND_VEHICLE",
    22: "OBSTACLE",
}
CATEGORIES: Mapping[Scheme, Mapping[int, str]] = {
    "021": _COMMON | {2: "FIXED_WING", 4: "FIXED_WING", 23: "OBSTACLE", 24: "OBSTACLE"},
    "062": _COMMON,
}
"""Platform by category; all others are reserved."""
GROUND = frozenset({20, 21, 22, 23, 24})
_PRECISE = {platform: code for code, platform in _COMMON.items() if code in {10, 11, 12, 13, 14, 15, 16, 22}}
"""Categories that say the platform and nothing more; the others add a weight class, a purpose or a shape."""


def from_emitter_category(ecat: int, *, scheme: Scheme) -> Meaning:
    """What the emitter category says; never an identity. 0 is "no information" of CAT021."""
    platform = CATEGORIES[scheme].get(ecat)
    if platform is None:
        silent = ecat == 0 and scheme == "021"
        return Meaning(Environment.UNKNOWN, None, None, () if silent else (Loss("emitter_category", "NO_CODE"),))
    unmodelled = () if _PRECISE.get(platform) == ecat else (Loss("emitter_category", "NOT_MODELLED"),)
    return Meaning(_environment(ecat), None, platform, unmodelled=unmodelled)


def _environment(ecat: int) -> Environment:
    return Environment.LAND if ecat in GROUND else Environment.AIR


def to_emitter_category(
    *, environment: Environment, platform: str | None, scheme: Scheme
) -> tuple[int | None, tuple[Loss, ...]]:
    """The emitter category of a platform, or none where every candidate claims more than the track says.

    0 of CAT021 says that there is no information.
    """
    nothing = 0 if scheme == "021" else None
    unsaid = () if environment in (Environment.AIR, Environment.UNKNOWN) else (NO_ENVIRONMENT,)
    if platform is None:
        return nothing, unsaid
    for step in broader(platform):
        code = _PRECISE.get(step)
        if code is not None:
            said = _environment(code)
            losses = () if step == platform else (COARSER_PLATFORM,)
            return code, losses if said is environment else (*losses, NO_ENVIRONMENT)
    return nothing, (NO_PLATFORM, *unsaid)
