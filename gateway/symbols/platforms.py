"""The registry of canonical platforms: each with the next broader one, so that a coarse vocabulary loses the least."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.symbols.meaning import COARSER_PLATFORM, NO_PLATFORM
from gateway.track import Loss

PLATFORMS: dict[str, str | None] = {
    # aircraft with a crew: every vocabulary has other words for those without
    "FIXED_WING": None,
    "ROTARY_WING": None,
    "GLIDER": None,
    "ULTRALIGHT": None,
    "LIGHTER_THAN_AIR": None,
    "BALLOON": "LIGHTER_THAN_AIR",
    "TETHERED_BALLOON": "BALLOON",
    "AIRSHIP": "LIGHTER_THAN_AIR",
    "PARACHUTIST": None,
    # aircraft without a crew
    "UAV": None,
    "UAV_FIXED_WING": "UAV",
    "UAV_ROTARY_WING": "UAV",
    "UAV_GYROPLANE": "UAV_ROTARY_WING",
    "UAV_HYBRID_LIFT": "UAV",
    "UAV_ORNITHOPTER": "UAV",
    "UAV_GLIDER": "UAV",
    "UAV_KITE": "UAV",
    "UAV_BALLOON": "UAV",
    "UAV_TETHERED_BALLOON": "UAV_BALLOON",
    "UAV_AIRSHIP": "UAV",
    "UAV_PARACHUTE": "UAV",
    "UAV_ROCKET": "UAV",
    "UAV_TETHERED": "UAV",
    # weapons and what is no aircraft
    "MISSILE": None,
    "BOMB": None,
    "DECOY": None,
    "BIRD": "ANIMAL",
    "ANIMAL": None,
    "PERSON": None,
    # on the ground
    "GROUND_VEHICLE": None,
    "SENSOR": None,
    "UNIT": None,
    "INSTALLATION": "FIXED_OBJECT",
    "FIXED_OBJECT": None,
    "OBSTACLE": "FIXED_OBJECT",
    "UAS_CONTROL_STATION": None,
    # at sea
    "VESSEL": None,
    "USV": "VESSEL",
    "SUBMARINE": None,
    "UUV": None,
    "TORPEDO": None,
    "MINE": None,
    # in space
    "SATELLITE": "SPACECRAFT",
    "SPACECRAFT": None,
}
"""Each platform, and the broader one that still holds true of it."""


def broader(platform: str) -> Iterator[str]:
    """`platform` itself, then ever broader ones; a code that is not registered has none."""
    known: str | None = platform
    while known is not None:
        yield known
        known = PLATFORMS.get(known)


def shortfall(platform: str | None, said: str | None) -> tuple[Loss, ...]:
    """What is lost of a platform where a code says `said`: nothing if that is the same or, by choice, a finer one."""
    if platform is None or (said is not None and platform in broader(said)):
        return ()
    return (COARSER_PLATFORM,) if said is not None and said in broader(platform) else (NO_PLATFORM,)
