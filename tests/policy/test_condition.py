"""Conditions: met, not met, or not said; and why, in words."""

from __future__ import annotations

from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.policy.condition import Answer, Circumstances, matches, meets
from gateway.policy.match import Matcher
from gateway.policy.terms import AltitudeBand, Condition, Field, Height
from gateway.track import Classification, Environment, Identifier, Identity, Position, State, Status, Track
from tests.policy.policies import AREAS, NODE, NOW, TRACK

NOTHING = Track(track_id="t")
"""It says nothing at all."""


def ask(
    condition: Condition, track: Track = TRACK, *, source: str | None = "radar-north", origin: str = NODE
) -> Answer:
    found = meets(condition, track, Circumstances(source=source, origin=NODE, now=NOW, areas=AREAS))
    matcher = Matcher([condition], AREAS)
    masks = matcher.masks(track, NOW, matcher.given(source, NODE))
    assert masks == (int(found.met is not False), int(found.met is True)), "compiled, it is the same"
    return found


def band(**bounds: Any) -> AltitudeBand:
    return AltitudeBand(height=Height.HAE, **bounds)


@pytest.mark.parametrize(
    ("condition", "met", "why"),
    [
        (Condition(), True, ""),
        (Condition(sources=("radar-*",)), True, ""),
        (Condition(sources=("wall",)), False, "its source is radar-north"),
        (Condition(origins=("nl?",)), True, ""),
        (Condition(origins=("deu",)), False, "its origin is nld"),
        (Condition(formats=("ASTERIX_*",)), True, ""),
        (Condition(formats=("COT",)), False, "its input format is ASTERIX_048"),
        (Condition(environments=frozenset({Environment.LAND})), False, "its environment is AIR"),
        (Condition(identities=frozenset({Identity.HOSTILE, None})), True, ""),
        (Condition(identities=frozenset({None})), False, "its identity is HOSTILE"),
        (Condition(platforms=("U*",)), True, ""),
        (Condition(platforms=("u*",)), False, "its platform is UAV"),
        (Condition(classes=("A-H-*",)), True, ""),
        (Condition(classes=("bird",)), False, "its class is a-h-a-m-f, 4"),
        (Condition(areas=("box", "pacific")), True, ""),
        (Condition(areas=("pacific",)), False, "it is not in pacific"),
        (Condition(not_areas=("pacific", "box")), False, "it is in box"),
        (Condition(altitude=band(min_m=3_048.1)), True, ""),
        (Condition(altitude=band(max_m=3_048.1)), False, "its hae height is 3048.1 m"),
        (Condition(altitude=band()), True, ""),
        (Condition(exercise=False), True, ""),
        (Condition(exercise=True), False, "it is not exercise"),
        (Condition(exercise=True, unsaid_exercise=True), False, "it is not exercise"),  # it says so itself
        (Condition(simulated=True, unsaid_simulated=True), True, ""),
        (
            Condition(simulated=False, unsaid_simulated=True),
            False,
            "it is simulated, as every message of this node",
        ),
        (Condition(simulated=False), True, ""),
        (Condition(min_age_s=3.0, max_age_s=3.0), True, ""),
        (Condition(min_age_s=3.001), False, "it is 3.000 s old"),
        (Condition(has=frozenset({Field.SENSORS})), True, ""),
        (Condition(lacks=frozenset({Field.RAW})), False, "it has raw"),
        (Condition(has=frozenset({Field.OPERATOR})), False, "it has no operator"),
        (Condition(identifiers={"icao24": ("3*", "48*")}), True, ""),
        (Condition(identifiers={"callsign": ("klm123",)}), True, ""),
        (Condition(identifiers={"callsign": ("kLM*",)}), True, ""),
        (Condition(identifiers={"callsign": ("k?m12?",)}), True, ""),
        (Condition(identifiers={"icao24": ("48*",), "callsign": ("BAW*",)}), False, "its callsign is KLM123"),
        (Condition(labels=(("ALPHA", ()),)), True, ""),
        (Condition(labels=(("ALPHA", ("SECRET",)), ("BRAVO", ()))), False, "its label is ALPHA UNCLASSIFIED"),
    ],
)
def test_a_condition_is_met_or_says_why_not(condition: Condition, met: bool, why: str) -> None:
    assert ask(condition) == Answer(met, why)


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        (Condition(sources=("*",)), "it came from no source of ours"),
        (Condition(formats=("*",)), "it says no input format"),
        (Condition(platforms=("*",)), "it says no platform"),
        (Condition(classes=("*",)), "it says no class"),
        (Condition(areas=("box",)), "it has no position"),
        (Condition(not_areas=("box",)), "it has no position"),
        (Condition(altitude=band()), "it says no hae height"),
        (Condition(min_age_s=0.0), "it says no time"),
        (Condition(identifiers={"icao24": ("*",)}), "it says no icao24"),
        (Condition(labels=(("ALPHA", ()),)), "it has no label"),
    ],
)
def test_what_a_track_does_not_say_is_neither_met_nor_not_met(condition: Condition, why: str) -> None:
    assert ask(condition, NOTHING, source=None) == Answer(None, why)
    excluded = replace(condition, environments=frozenset({Environment.SPACE}))
    assert ask(excluded, NOTHING, source=None).met is False, "what is excluded for certain is not met"


def test_what_has_a_name_of_its_own_when_it_is_absent_is_said() -> None:
    for condition in (
        Condition(identities=frozenset({None})),
        Condition(environments=frozenset({Environment.UNKNOWN})),
        Condition(exercise=False, simulated=False),
        Condition(lacks=frozenset(Field)),
    ):
        assert ask(condition, NOTHING).met is True


def test_any_class_any_format_and_any_value_of_a_scheme_will_do() -> None:
    track = replace(
        NOTHING,
        classifications=(Classification(type="Human"), Classification(type="PILOT")),
        identifiers=(Identifier("icao24", "aaaaaa"), Identifier("icao24", "bbbbbb")),
    )
    assert ask(Condition(classes=("pilot",), identifiers={"icao24": ("b*",)}), track).met is True


def test_an_age_ahead_of_our_clock_is_young() -> None:
    ahead = replace(NOTHING, state=State(time=NOW + timedelta(days=9_000)))
    assert ask(Condition(max_age_s=1.0), ahead).met is True
    assert ask(Condition(min_age_s=0.0), ahead).met is False


def test_the_border_of_an_area_is_inside() -> None:
    corner = replace(NOTHING, state=State(time=NOW, position=Position(52.0, 4.0)), status=Status())
    assert ask(Condition(areas=("box",)), corner).met is True
    assert ask(Condition(not_areas=("box",)), corner).met is False


_few = st.text("ab*?[", max_size=8)


@given(_few, st.text("ab*?[", max_size=8))
def test_wildcards_are_those_of_file_names_without_brackets(pattern: str, text: str) -> None:
    assert matches(pattern, text) is fnmatchcase(text, pattern.replace("[", "[[]"))


def test_a_pattern_of_many_stars_takes_no_time() -> None:
    assert not matches("*a" * 300 + "b", "a" * 2_000)
