"""Whatever stands in a policy file or an area's file: it is a policy, or a `ConfigError` with a place and a remedy."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config import InvalidConfigError
from gateway.config.policy_geojson import read_geojson
from gateway.config.policy_load import LoadedPolicy, load_policy_text
from gateway.policy.area import polygons
from tests.config.policies import FULL, LINKS, SOURCES

TOKENS = sorted(set(re.findall(r'"[^"]*"|\[\[?[a-z_.0-9-]+\]\]?|[0-9.]+|true|false|[a-z_]+(?= =)', FULL)))
PIECES = re.split(r'("[^"]*"|\[\[?[a-z_.0-9-]+\]\]?|[0-9.]+|true|false|[a-z_]+(?= =))', FULL)
PLACE = re.compile(r"policy\.toml:[1-9][0-9]*:[1-9][0-9]*")


def loads(text: str) -> LoadedPolicy | None:
    try:
        return load_policy_text(text, file=Path("policy.toml"), node="nld-1", sources=SOURCES, partners=LINKS)
    except InvalidConfigError as error:
        for problem in error.problems:
            assert PLACE.fullmatch(problem.place), problem
            assert problem.remedy
            assert len(problem.cause) < 1_000
        return None


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(PIECES) - 1), st.sampled_from(TOKENS)), min_size=1, max_size=3))
def test_a_policy_with_words_exchanged_is_one_or_is_told_where_it_is_wrong(changes: list[tuple[int, str]]) -> None:
    pieces = list(PIECES)
    for at, token in changes:
        pieces[at] = token
    loaded = loads("".join(pieces))
    if loaded is not None:  # whatever was taken refers to something
        policy = loaded.policy
        members = [member for group in policy.groups.values() for member in group]
        assert len(members) == len(set(members))
        assert set(members) <= set(policy.partners)
        for rule in policy.releases:
            assert rule.groups <= set(policy.groups)
            assert {*rule.when.areas, *rule.when.not_areas} <= set(policy.areas)
        for marking in policy.markings:
            assert policy.book.check(marking.label, loaded.file.policy.issued) == ()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(FULL)), st.integers(0, 40), st.text(max_size=5))
def test_a_policy_with_a_hole_in_it_is_one_or_is_told_where_it_is_wrong(at: int, length: int, filling: str) -> None:
    loads(FULL[:at] + filling + FULL[at + length :])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from(["type", "coordinates", "geometry", "features", "crs"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40) | json_values.map(lambda value: json.dumps(value).encode()))
def test_whatever_is_no_area_is_a_value_error(octets: bytes) -> None:
    try:
        found = read_geojson(octets)
    except ValueError:
        pass
    else:
        assert all(len(ring) >= 3 for polygon in found for ring in polygon)


RING = [[4.0, 52.0], [5.0, 52.0], [5.0, 53.0], [4.0, 52.0]]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"type": "Polygon", "coordinates": []}, "without a ring"),
        ({"type": "Polygon", "coordinates": [[]]}, "four positions"),
        ({"type": "Polygon", "coordinates": [[*RING[:-1], [4.0, 52.1]]]}, "last is its first again"),
        (
            {"type": "Polygon", "coordinates": [[[52.0, 4.0], [200.0, 5.0], [53.0, 5.0], [52.0, 4.0]]]},
            "outside of them",
        ),
        (
            {"type": "Polygon", "coordinates": [[[179, 0], [-179, 0], [-179, 1], [179, 0]]]},
            "cut it at the antimeridian",
        ),
        ({"type": "Polygon", "coordinates": [[["4", 52], *RING[1:]]]}, "in numbers"),
        ({"type": "Polygon", "coordinates": [[[True, 52], *RING[1:]]]}, "in numbers"),
        ({"type": "Polygon", "coordinates": [[[4], *RING[1:]]]}, "a position is [longitude, latitude]"),
        ({"type": "MultiPolygon", "coordinates": [[]]}, "without a ring"),
        ({"type": "MultiPolygon", "coordinates": []}, "no polygon"),
        ({"type": "GeometryCollection", "geometries": []}, "got GeometryCollection"),
        ({"type": "Feature", "geometry": None}, "a GeoJSON object"),
        ({"type": "FeatureCollection", "features": []}, "exactly one Feature"),
        ({"type": "FeatureCollection", "features": [{}, {}]}, "one file is one area"),
        ({"type": "Polygon", "crs": {"properties": {"name": "EPSG:28992"}}, "coordinates": [RING]}, "WGS 84"),
        ([1], "a GeoJSON object"),
        ({"type": "Polygon", "coordinates": [[RING[0]] * 30_000]}, "at most 20000"),
    ],
)
def test_what_an_area_file_must_not_say(document: object, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        read_geojson(json.dumps(document).encode())


@pytest.mark.parametrize(
    "document",
    [
        {"type": "Polygon", "coordinates": [RING]},
        {"type": "MultiPolygon", "coordinates": [[RING], [RING]]},
        {"type": "Feature", "properties": None, "geometry": {"type": "Polygon", "coordinates": [RING]}},
        {
            "type": "Polygon",
            "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}},
            "coordinates": [[[*position, 12.5] for position in RING]],
        },
    ],
)
def test_what_an_area_file_may_say(document: object) -> None:
    found = read_geojson(json.dumps(document).encode())
    assert found[0][0] == ((52.0, 4.0), (52.0, 5.0), (53.0, 5.0))


def test_an_area_file_may_go_around_a_pole() -> None:
    ring = [[-180, 60], [-60, 60], [60, 60], [180, 60], [180, 90], [-180, 90], [-180, 60]]
    area = polygons(read_geojson(json.dumps({"type": "Polygon", "coordinates": [ring]}).encode()))
    for longitude in (-180.0, -179.0, 0.0, 179.0, 180.0):
        assert area.holds(75.0, longitude)
        assert area.holds(90.0, longitude)
        assert not area.holds(59.0, longitude)
