"""An alert is no object: formats that know nothing but objects refuse it, the others write it as what it is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from gateway.formats.registry import find
from gateway.stages import Encoded
from gateway.track import Classification, Identifier, Position, State, Track, is_alert

NOW = datetime(2026, 11, 22, 8, 12, tzinfo=UTC)
ALERT = Track(
    track_id="0191e0a1-0000-7000-8000-000000000001",
    identifiers=(Identifier("sapient_alert", "a8654cdf-4328-47de-81fa-c495589e30c8/01GGYFBAXH4VYRQYEX7S3XGK3H"),),
    classifications=(Classification(type="WARNING", scheme="SAPIENT_ALERT"),),
    remarks="Drone near the fence",
    state=State(time=NOW, position=Position(54.7, 25.3)),
)
OBJECT = replace(ALERT, classifications=())


def written(name: str, track: Track) -> Encoded:
    return find(name).encoder().encode((track,), NOW)


@pytest.mark.parametrize(("name", "code"), [("asterix", "AST-030"), ("remoteid", "RID-023"), ("nffi", "NFI-026")])
def test_a_format_of_objects_refuses_an_alert(name: str, code: str) -> None:
    encoded = written(name, ALERT)
    assert encoded.frames == ()
    (problem,) = encoded.problems
    assert problem.code.id == code
    assert written(name, OBJECT).frames  # the same without its class is an object


@pytest.mark.parametrize("name", ["cot", "sapient", "geojson", "nvg"])
def test_the_others_carry_it(name: str) -> None:
    encoded = written(name, ALERT)
    assert encoded.problems == ()
    assert b"Drone near the fence" in b"".join(encoded.frames)


def test_what_makes_an_alert() -> None:
    assert is_alert(ALERT)
    assert not is_alert(OBJECT)
