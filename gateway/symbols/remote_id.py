"""ASTM F3411-22a UA type (Basic ID message): sixteen values, all of them uncrewed but the ground obstacle."""

from __future__ import annotations

from gateway.symbols.meaning import COARSER_PLATFORM, NO_PLATFORM, Meaning
from gateway.symbols.platforms import broader
from gateway.track import Environment, Loss

UA_TYPES = {
    0: "UAV",  # none or not declared: whoever broadcasts Remote ID says by that alone that it is uncrewed
    1: "UAV_FIXED_WING",
    2: "UAV_ROTARY_WING",  # helicopter or multirotor
    3: "UAV_GYROPLANE",
    4: "UAV_HYBRID_LIFT",
    5: "UAV_ORNITHOPTER",
    6: "UAV_GLIDER",
    7: "UAV_KITE",
    8: "UAV_BALLOON",
    9: "UAV_TETHERED_BALLOON",
    10: "UAV_AIRSHIP",
    11: "UAV_PARACHUTE",  # free fall
    12: "UAV_ROCKET",
    13: "UAV_TETHERED",
    14: "OBSTACLE",
    15: "UAV",  # other
}
OTHER = 15
_CODES = {platform: code for code, platform in UA_TYPES.items() if code != OTHER}


def from_remote_id(ua_type: int) -> Meaning:
    """What the UA type says; never an identity.

    "Other" is unmodelled: the canonical track cannot say that it is none of the rest.
    """
    platform = UA_TYPES.get(ua_type)
    if platform is None:
        return Meaning(Environment.UNKNOWN, None, None, (Loss("ua_type", "NO_CODE"),))
    environment = Environment.LAND if platform == "OBSTACLE" else Environment.AIR
    unmodelled = (Loss("ua_type", "NOT_MODELLED"),) if ua_type == OTHER else ()
    return Meaning(environment, None, platform, unmodelled=unmodelled)


def to_remote_id(*, platform: str | None) -> tuple[int, tuple[Loss, ...]]:
    """The UA type of a platform: the nearest broader one with a loss, 0 (not declared) where there is none."""
    if platform is None:
        return 0, ()
    for step in broader(platform):
        if step in _CODES:
            return _CODES[step], () if step == platform else (COARSER_PLATFORM,)
    return 0, (NO_PLATFORM,)
