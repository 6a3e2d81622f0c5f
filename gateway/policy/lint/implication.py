"""Whether one condition is met whenever another is, and whether a condition can be met at all.

Sound and not complete: what is claimed is so for every track; what is not claimed may be so. A rule that lets something
through is not met by a track that does not say what is asked for, and one that keeps something back is (`lenient`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from gateway.policy.terms import Condition, Field


def implies(narrow: Condition, broad: Condition, *, narrow_lenient: bool = False, broad_lenient: bool = False) -> bool:
    """Whether every track that meets `narrow` meets `broad`.

    `lenient` is how each of them takes a track that does not say what is asked for: as met, or as not met.
    """
    if narrow_lenient and not broad_lenient and _asks_what_may_be_unsaid(broad):
        return False
    return all(part(narrow, broad) for part in _PARTS)


def covers_glob(broad: str, narrow: str) -> bool:
    """Whether every text that the pattern `narrow` matches is matched by `broad`; ``*`` and ``?`` are wild."""
    return _covers(broad, narrow)


@lru_cache(maxsize=4_096)
def _covers(broad: str, narrow: str) -> bool:
    """Row by row over `broad`: reachable[i] is whether what was read of it covers the first i signs of `narrow`."""
    reachable = [True] + [False] * len(narrow)
    for sign in broad:
        if sign == "*":
            first = next((index for index, is_met in enumerate(reachable) if is_met), len(reachable))
            reachable = [index >= first for index in range(len(reachable))]
            continue
        # A star of the narrow pattern stands for any number of signs, which a single one never covers
        met = [
            before and other != "*" and (sign in ("?", other))
            for before, other in zip(reachable[:-1], narrow, strict=True)
        ]
        reachable = [False, *met]
    return reachable[-1]


def why_never(when: Condition, *, lenient: bool = False) -> tuple[str, str]:
    """(key of the condition, why no track can meet it); two empty texts where one may."""
    if both := sorted(when.has & when.lacks):
        return "lacks", f"has and lacks both name {', '.join(both)}"
    if Field.IDENTITY in when.has and when.identities == {None}:
        return "identity", "has names identity, and identity asks for one that nobody declared"
    if Field.IDENTITY in when.lacks and when.identities and None not in when.identities:
        return "identity", "lacks names identity, and identity asks for a declared one"
    if lenient:  # what follows is met by a track that does not say
        return "", ""
    if when.min_age_s is not None and when.max_age_s is not None and when.min_age_s > when.max_age_s:
        return "min_age_s", f"min_age_s {when.min_age_s:g} is more than max_age_s {when.max_age_s:g}"
    if when.areas and set(when.areas) <= set(when.not_areas):
        return "not_area", f"area and not_area both name {', '.join(sorted(set(when.areas)))}"
    if Field.POSITION in when.lacks and (when.areas or when.not_areas):
        return "lacks", f"lacks names position, and {'area' if when.areas else 'not_area'} asks for it"
    if Field.IDENTIFIERS in when.lacks and when.identifiers:
        return "lacks", "lacks names identifiers, and identifier asks for one"
    band = when.altitude
    if band is not None and Field.ALTITUDE in when.lacks:
        return "lacks", "lacks names altitude, and altitude asks for it"
    if band is not None and band.min_m is not None and band.max_m is not None and band.min_m >= band.max_m:
        return "altitude", f"the band from {band.min_m:g} m up to below {band.max_m:g} m is empty"
    return "", ""


# ------------------------------------------------------------------------------------------------------- part by part


def _asks_what_may_be_unsaid(when: Condition) -> bool:
    return bool(
        when.sources
        or when.formats
        or when.platforms
        or when.classes
        or when.areas
        or when.not_areas
        or when.altitude is not None
        or when.min_age_s is not None
        or when.max_age_s is not None
        or when.identifiers
        or when.labels
    )


def _all_covered(narrow: tuple[str, ...], broad: tuple[str, ...]) -> bool:
    """Patterns, one of which must match: absent is any."""
    if not broad:
        return True
    return bool(narrow) and all(any(covers_glob(wide, slim) for wide in broad) for slim in narrow)


def _folded(patterns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(pattern.casefold() for pattern in patterns)


def _sources(narrow: Condition, broad: Condition) -> bool:
    return _all_covered(narrow.sources, broad.sources)


def _origins(narrow: Condition, broad: Condition) -> bool:
    return _all_covered(narrow.origins, broad.origins)


def _formats(narrow: Condition, broad: Condition) -> bool:
    return _all_covered(narrow.formats, broad.formats)


def _platforms(narrow: Condition, broad: Condition) -> bool:
    return _all_covered(narrow.platforms, broad.platforms)


def _classes(narrow: Condition, broad: Condition) -> bool:
    return _all_covered(_folded(narrow.classes), _folded(broad.classes))


def _environments(narrow: Condition, broad: Condition) -> bool:
    return not broad.environments or (bool(narrow.environments) and narrow.environments <= broad.environments)


def _identities(narrow: Condition, broad: Condition) -> bool:
    return not broad.identities or (bool(narrow.identities) and narrow.identities <= broad.identities)


def _areas(narrow: Condition, broad: Condition) -> bool:
    return not broad.areas or (bool(narrow.areas) and set(narrow.areas) <= set(broad.areas))


def _not_areas(narrow: Condition, broad: Condition) -> bool:
    return set(broad.not_areas) <= set(narrow.not_areas)


def _altitude(narrow: Condition, broad: Condition) -> bool:
    wide, slim = broad.altitude, narrow.altitude
    if wide is None:
        return True
    if slim is None or slim.height is not wide.height:
        return False
    low = wide.min_m is None or (slim.min_m is not None and slim.min_m >= wide.min_m)
    return low and (wide.max_m is None or (slim.max_m is not None and slim.max_m <= wide.max_m))


def _flags(narrow: Condition, broad: Condition) -> bool:
    one = broad.exercise is None or (
        narrow.exercise == broad.exercise and narrow.unsaid_exercise == broad.unsaid_exercise
    )
    other = broad.simulated is None or (
        narrow.simulated == broad.simulated and narrow.unsaid_simulated == broad.unsaid_simulated
    )
    return one and other


def _ages(narrow: Condition, broad: Condition) -> bool:
    young = broad.max_age_s is None or (narrow.max_age_s is not None and narrow.max_age_s <= broad.max_age_s)
    return young and (broad.min_age_s is None or (narrow.min_age_s is not None and narrow.min_age_s >= broad.min_age_s))


def _parts_of_track(narrow: Condition, broad: Condition) -> bool:
    return broad.has <= narrow.has and broad.lacks <= narrow.lacks


def _identifiers(narrow: Condition, broad: Condition) -> bool:
    """Every scheme must be met; a scheme without values is met by nothing."""
    return all(
        bool(values) and scheme in narrow.identifiers and _all_covered(narrow.identifiers[scheme], values)
        for scheme, values in broad.identifiers.items()
    )


def _labels(narrow: Condition, broad: Condition) -> bool:
    if not broad.labels:
        return True
    return bool(narrow.labels) and all(
        any(
            policy == wide and (not levels or (bool(classifications) and set(classifications) <= set(levels)))
            for wide, levels in broad.labels
        )
        for policy, classifications in narrow.labels
    )


_PARTS: tuple[Callable[[Condition, Condition], bool], ...] = (
    _sources,
    _origins,
    _formats,
    _platforms,
    _classes,
    _environments,
    _identities,
    _areas,
    _not_areas,
    _altitude,
    _flags,
    _ages,
    _parts_of_track,
    _identifiers,
    _labels,
)
