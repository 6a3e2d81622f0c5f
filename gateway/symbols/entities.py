"""Symbol sets and entities of MIL-STD-2525D: environment and platform, both directions."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gateway.symbols import cot
from gateway.symbols.meaning import IMPLIED_PLATFORM, NO_PLATFORM
from gateway.symbols.pairs import TO_DELTA
from gateway.symbols.platforms import broader, shortfall
from gateway.track import Environment, Loss

SETS = {
    "00": Environment.UNKNOWN,
    "01": Environment.AIR,
    "02": Environment.AIR,  # missiles
    "05": Environment.SPACE,
    "06": Environment.SPACE,  # missiles
    "10": Environment.LAND,  # units
    "11": Environment.LAND,  # civilian units and organizations
    "15": Environment.LAND,  # equipment
    "20": Environment.LAND,  # installations
    "25": Environment.UNKNOWN,  # control measures
    "27": Environment.LAND,  # dismounted individuals
    "30": Environment.SURFACE,
    "35": Environment.SUBSURFACE,
    "36": Environment.SUBSURFACE,  # mine warfare
    "40": Environment.UNKNOWN,  # activities and events
    "45": Environment.UNKNOWN,  # atmosphere
    "46": Environment.UNKNOWN,  # ocean
    "47": Environment.UNKNOWN,  # space weather
    "50": Environment.SPACE,  # signals intelligence, by where the emitter is
    "51": Environment.AIR,
    "52": Environment.LAND,
    "53": Environment.SURFACE,
    "54": Environment.SUBSURFACE,
    "60": Environment.UNKNOWN,  # cyberspace
    "98": Environment.UNKNOWN,  # retired by 2525D
}
"""Environment by symbol set, digits 5 and 6."""
SET_OF = {
    Environment.AIR: "01",
    Environment.LAND: "10",
    Environment.SURFACE: "30",
    Environment.SUBSURFACE: "35",
    Environment.SPACE: "05",
    Environment.UNKNOWN: "00",
}

PREFIXES: dict[str, str | None] = {
    "011101": "FIXED_WING",
    "01110127": "ULTRALIGHT",
    "011102": "ROTARY_WING",
    "011103": "UAV",
    "011104": "UAV_ROTARY_WING",
    "011105": "LIGHTER_THAN_AIR",
    "011106": "AIRSHIP",
    "011107": "TETHERED_BALLOON",
    "011201": "FIXED_WING",
    "011202": "ROTARY_WING",
    "011203": "UAV",
    "011204": "LIGHTER_THAN_AIR",
    "011205": "AIRSHIP",
    "011206": "TETHERED_BALLOON",
    "011301": "BOMB",
    "011302": "DECOY",
    "0211": "MISSILE",
    "051101": "SPACECRAFT",
    "051104": "SPACECRAFT",
    "051105": "SPACECRAFT",
    "051116": "SPACECRAFT",
    "051201": "SPACECRAFT",
    "051202": "SPACECRAFT",
    "051210": "SPACECRAFT",
    **dict.fromkeys(
        [f"0511{n:02}" for n in (6, 7, 9, 10, 11, 12, 13, 14, 15, 17, 18)]
        + [f"0512{n:02}" for n in (3, 4, 5, 6, 7, 8, 9, 11, 12)],
        "SATELLITE",
    ),
    "0611": "MISSILE",
    "10": "UNIT",
    "1000": None,  # the set for anything on land of which nothing more is known
    "111103": "PERSON",
    "1512": "GROUND_VEHICLE",
    "1513": "GROUND_VEHICLE",
    "1514": "GROUND_VEHICLE",
    "1515": "GROUND_VEHICLE",
    "1516": "GROUND_VEHICLE",
    "1518": "ANIMAL",
    "1519": "GROUND_VEHICLE",
    "1522": "SENSOR",
    "20": "INSTALLATION",
    "27": "PERSON",
    "3012": "VESSEL",
    "301206": "DECOY",
    "301207": "USV",
    "301210": None,  # a task organization
    "3013": "VESSEL",
    "3014": "VESSEL",
    "3015": "VESSEL",
    "351101": "SUBMARINE",
    "351102": "SUBMARINE",
    "351104": "UUV",
    "351203": "PERSON",
    "351301": "TORPEDO",
    "351303": "DECOY",
    "3611": "MINE",
    "3613": "DECOY",
}
"""Platform by symbol set and the first digits of the entity; the longest that fits wins."""

NEUTRAL = {
    (Environment.AIR, "MISSILE"): "02110000",
    (Environment.AIR, "BOMB"): "01130100",
    (Environment.AIR, "DECOY"): "01130200",
    (Environment.SPACE, "MISSILE"): "06110000",
    (Environment.LAND, "GROUND_VEHICLE"): "15120000",
    (Environment.LAND, "SENSOR"): "15220100",
    (Environment.LAND, "INSTALLATION"): "20000000",
    (Environment.LAND, "PERSON"): "27000000",
    (Environment.SUBSURFACE, "SUBMARINE"): "35110100",
    (Environment.SUBSURFACE, "TORPEDO"): "35130100",
    (Environment.SUBSURFACE, "DECOY"): "35130300",
    (Environment.SUBSURFACE, "MINE"): "36110000",
}
"""Only platforms whose entity claims nothing more than the track."""
EXTENSIONS = {"A-C-F-q": "01120300", "A-C-H-q": "01120300"}
"""Extensions of CoT that 2525D has an entity for, though 2525C has no function id."""

_DIGITS = re.compile(r"[0-9]{8}(?:[0-9]{4})?", re.ASCII).fullmatch


def platform_of(symbol_set: str, entity: str) -> str | None:
    """The platform of an entity: that of its longest known prefix."""
    text = symbol_set + entity
    for length in range(len(text), 0, -2):
        if text[:length] in PREFIXES:
            return PREFIXES[text[:length]]
    return None


def plain(environment: Environment, platform: str | None) -> str:
    """Symbol set and entity that say this and nothing more; the bare set where there is none."""
    return NEUTRAL.get((environment, platform or ""), SET_OF[environment] + "000000")


def of_function(function: str) -> str | None:
    """Set, entity and modifiers, twelve digits, of a CoT function id, or of its nearest parent of the same platform."""
    platform = cot.platform_of(function)
    while "-" in function and cot.platform_of(function) == platform:
        if function in EXTENSIONS:
            return EXTENSIONS[function] + "0000"
        pair = TO_DELTA.get(("S", function[0], function[2:].replace("-", "")))
        if pair is not None:
            return pair.symbol_set + pair.entity + pair.modifiers
        function = function.rpartition("-")[0]
    return None


def entity_for(
    environment: Environment, platform: str | None, functions: Mapping[str, str]
) -> tuple[str, tuple[Loss, ...]]:
    """Set, entity and modifiers of a track, twelve digits; `functions` is the operator's choice, as CoT function ids or
    as eight or twelve digits, where every entity claims more.

    The nearest broader platform serves where the platform itself has none: a loss, as is the lack of any.
    """
    bare = SET_OF[environment] + "0" * 10
    if platform is None:
        return bare, ()
    for step in broader(platform):
        wanted = functions.get(step)
        found = NEUTRAL.get((environment, step))
        if wanted is not None:
            found = wanted if _DIGITS(wanted) else of_function(wanted) or found
        if found is not None and SETS.get(found[:2]) is environment:
            return f"{found:0<12}", shortfall(platform, platform_of(found[:2], found[2:8]))
    for step in broader(platform):
        nearest = cot.NEAREST.get((environment, step))
        found = of_function(nearest) if nearest is not None else None
        if found is not None:
            return f"{found:0<12}", (*shortfall(platform, platform_of(found[:2], found[2:8])), IMPLIED_PLATFORM)
    return bare, (NO_PLATFORM,)
