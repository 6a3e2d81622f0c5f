"""ASTERIX emitter categories: I021/020 and, with the same numbers but other weight classes, I062/380 EMC."""

from __future__ import annotations

from typing import Literal

from gateway.symbols.meaning import COARSER_PLATFORM, NO_PLATFORM, Meaning
from gateway.symbols.platforms import broader
from gateway.track import Environment, Loss

Scheme = Literal["021", "062"]

CATEGORIES = {
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
_CODES = {platform: code for code, platform in CATEGORIES.items() if platform != "GROUND_VEHICLE"}
_NOT_SAID = Loss("emitter_category", "NO_CODE")


def from_emitter_category(ecat: int, *, scheme: Scheme) -> Meaning:
    """What the emitter category says."""
    platform = CATEGORIES.get(ecat)
    if platform is None:
        return Meaning(Environment.AIR, None, None, (_NOT_SAID,) if ecat else ())
    return Meaning(Environment.LAND if ecat >= 20 else Environment.AIR, None, platform)


def to_emitter_category(
    *, environment: Environment, platform: str | None, scheme: Scheme
) -> tuple[int | None, tuple[Loss, ...]]:
    """The emitter category of a platform, or none where every candidate claims more than the track says."""
    if platform is None:
        return None, ()
    for step in broader(platform):
        if step in _CODES:
            return _CODES[step], () if step == platform else (COARSER_PLATFORM,)
    return None, (NO_PLATFORM,)
