"""Whether one condition is met by one track: yes, no, or the track does not say.

This is the plain reading of a condition, part by part, in words. `gateway.policy.match` answers the same for many
conditions at once; a test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from msgspec import Struct

from gateway.policy.area import Area
from gateway.policy.parts import has_part
from gateway.policy.terms import AltitudeBand, Condition, Height
from gateway.track import Track

HEIGHTS: Mapping[Height, str] = {
    Height.HAE: "altitude_hae_m",
    Height.MSL: "altitude_msl_m",
    Height.BARO: "altitude_baro_m",
    Height.QNH: "altitude_qnh_m",
    Height.AGL: "height_agl_m",
    Height.TAKEOFF: "height_takeoff_m",
}
"""Kind of height to the field of a track's state."""
_SHOWN = 5


class Circumstances(Struct, frozen=True, kw_only=True):
    """What a condition may ask for beside the track itself."""

    source: str | None
    """Configured national source that it came from; absent for a partner's track."""
    origin: str
    """Node that signed it, or ours for our own tracks."""
    now: datetime
    areas: Mapping[str, Area]


class Answer(Struct, frozen=True, gc=False):
    """Whether a condition is met."""

    met: bool | None
    """`None` when the track does not say what the condition asks for, and everything else is met."""
    why: str = ""
    """The first part that is not met, or that the track does not say, in words."""


def meets(condition: Condition, track: Track, given: Circumstances) -> Answer:
    """Whether the track meets the condition. A part that is not met decides; what is not said is next."""
    unsaid = ""
    for met, why in _parts(condition, track, given):
        if met is False:
            return Answer(False, why)
        if met is None and not unsaid:
            unsaid = why
    return Answer(None, unsaid) if unsaid else Answer(True)


def matches(pattern: str, text: str) -> bool:
    """Whether a text is as a pattern with ``*`` (any characters) and ``?`` (one). In time of the two's product."""
    if "*" not in pattern and "?" not in pattern:
        return pattern == text
    at = here = 0
    star = resumed = -1
    while here < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, resumed = at, here
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[here]):
            at, here = at + 1, here + 1
        elif star >= 0:
            resumed += 1
            at, here = star + 1, resumed
        else:
            return False
    return not pattern[at:].strip("*")


def any_matches(patterns: Iterable[str], texts: Iterable[str]) -> bool:
    """Whether any of the texts is as any of the patterns."""
    return any(matches(pattern, text) for text in texts for pattern in patterns)


def age_s(track: Track, now: datetime) -> float | None:
    """Seconds since the track's time of applicability; none for one without a state."""
    return None if track.state is None else (now - track.state.time).total_seconds()


def formats_of(track: Track) -> tuple[str, ...]:
    """The formats that the track came in, from its first gateway on."""
    return tuple([one.input_format for one in track.provenance])


def classes_of(track: Track) -> tuple[str, ...]:
    """The track's classes, without regard to letter case."""
    return tuple([one.type.casefold() for one in track.classifications])


def values_of(track: Track, scheme: str) -> tuple[str, ...]:
    """The values of the track's identifiers of a scheme."""
    return tuple([one.value for one in track.identifiers if one.scheme == scheme])


Part = tuple[bool | None, str]


def _parts(condition: Condition, track: Track, given: Circumstances) -> Iterator[Part]:
    """Each part of the condition that is given: whether it is met, and why not."""
    yield from _whence(condition, track, given)
    yield from _what(condition, track)
    yield from _where(condition, track, given.areas)
    yield from _when(condition, track, given.now)
    for field in sorted(condition.has):
        yield has_part(track, field), f"it has no {field}"
    for field in sorted(condition.lacks):
        yield not has_part(track, field), f"it has {field}"
    if condition.labels:
        label = track.label
        if label is None:
            yield None, "it has no label"
        else:
            said = any(
                policy == label.policy and (not levels or label.classification in levels)
                for policy, levels in condition.labels
            )
            yield said, f"its label is {label.policy} {label.classification}"


def _whence(condition: Condition, track: Track, given: Circumstances) -> Iterator[Part]:
    if condition.sources:
        if given.source is None:
            yield None, "it came from no source of ours"
        else:
            yield any_matches(condition.sources, [given.source]), f"its source is {given.source}"
    if condition.origins:
        yield any_matches(condition.origins, [given.origin]), f"its origin is {given.origin}"
    if condition.formats:
        yield _listed(condition.formats, formats_of(track), "input format")


def _what(condition: Condition, track: Track) -> Iterator[Part]:
    if condition.environments:
        yield track.environment in condition.environments, f"its environment is {track.environment}"
    if condition.identities:
        value = track.identity.value if track.identity is not None else None
        yield value in condition.identities, f"its identity is {value or 'not declared'}"
    if condition.platforms:
        yield _listed(condition.platforms, () if track.platform is None else (track.platform,), "platform")
    if condition.classes:
        yield _listed([one.casefold() for one in condition.classes], classes_of(track), "class")
    for scheme in sorted(condition.identifiers):
        yield _listed(condition.identifiers[scheme], values_of(track, scheme), scheme, in_any_case=True)
    for name, asked, unsaid in (
        ("exercise", condition.exercise, condition.unsaid_exercise),
        ("simulated", condition.simulated, condition.unsaid_simulated),
    ):
        if asked is not None:
            said: bool | None = getattr(track.status, name, None)
            says = unsaid if said is None else said
            whence = ", as every message of this node" if says and said is None else ""
            yield says is asked, f"it is {'' if says else 'not '}{name}{whence}"


def _listed(patterns: Iterable[str], texts: tuple[str, ...], what: str, *, in_any_case: bool = False) -> Part:
    """A part that asks for one of several texts; without any the track does not say."""
    if not texts:
        return None, f"it says no {what}"
    more = ", ..." if len(texts) > _SHOWN else ""
    why = f"its {what} is {', '.join(text[:80] for text in texts[:_SHOWN])}{more}"
    if in_any_case:
        return any_matches([one.casefold() for one in patterns], [text.casefold() for text in texts]), why
    return any_matches(patterns, texts), why


def _where(condition: Condition, track: Track, areas: Mapping[str, Area]) -> Iterator[Part]:
    state = track.state
    if condition.areas or condition.not_areas:
        point = state.position if state is not None else None
        if point is None:
            yield None, "it has no position"
        else:
            at = point.latitude_deg, point.longitude_deg
            if condition.areas:
                inside = any(areas[name].holds(*at) for name in condition.areas)
                yield inside, f"it is not in {' or '.join(condition.areas[:_SHOWN])}"
            for name in condition.not_areas:
                yield not areas[name].holds(*at), f"it is in {name}"
    band = condition.altitude
    if band is not None:
        height: float | None = getattr(state, HEIGHTS[band.height], None)
        if height is None:
            yield None, f"it says no {band.height} height"
        else:
            yield _is_within(band, height), f"its {band.height} height is {height:g} m"


def _is_within(band: AltitudeBand, height: float) -> bool:
    return (band.min_m is None or band.min_m <= height) and (band.max_m is None or height < band.max_m)


def _when(condition: Condition, track: Track, now: datetime) -> Iterator[Part]:
    if condition.min_age_s is None and condition.max_age_s is None:
        return
    age = age_s(track, now)
    if age is None:
        yield None, "it says no time"
        return
    low, high = condition.min_age_s, condition.max_age_s
    yield (low is None or low <= age) and (high is None or age <= high), f"it is {age:.3f} s old"
