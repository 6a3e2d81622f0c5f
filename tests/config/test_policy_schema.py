"""The JSON Schema of ``policy.toml`` and the model of it: what the one takes, the other takes, value by value."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from pydantic import ValidationError
from pydantic_core import to_json

from gateway.config.policy_document import policy_schema
from gateway.config.policy_file import PolicyFile
from tests.config.policies import FULL

EVERYTHING = (
    FULL
    + """
[area.zone]
file = "zone.geojson"
description = "A zone"

[label.embargo]
policy = "ALPHA"
classification = "SECRET"
succession = { at = "2026-12-01T00:00:00Z", label = "shared" }

[clearance.foreign]
file = "clearance.xml"

[[security_policy]]
file = "nato.spif.xml"
mandatory = ["Context"]
ignore_case = true

[[release]]
id = "all-keys"
to = ["union"]
action = "redact"
drop = ["raw"]
position_grid_m = 1000
altitude_grid_m = 100.5
downgrade = { HOSTILE = "SUSPECT" }
delay_s = 60
every_s = 10.5
personal_data = true
onward = false
description = "Everything"

[release.when]
format = ["ASTERIX_*"]
platform = ["x-nld:f35"]
has = ["position"]
lacks = ["raw"]
simulated = true
min_age_s = 0
max_age_s = 31536000
"""
)
DOCUMENT: dict[str, Any] = tomllib.loads(EVERYTHING)
SCHEMA = jsonschema_rs.Draft202012Validator(policy_schema(), validate_formats=True)
VALUES: tuple[object, ...] = (
    "", " ", "\u00a0", "x", "X", "a" * 63, "a" * 64, "A" * 40, "A" * 41, "x" * 200, "x" * 201, "x" * 1_024, "x" * 1_025,
    "é", "a\n", "AIR\n", "ALPHA\n", "-a", "a-", "a.b", "a..b", "refused", "refused-x", "refusedx", "*", "?", "x-nld:*",
    "AIR", "air", "NONE", "FRIEND", "HOSTILE", "both", "hae", "sensors", "keep", "accept", "redact",
    "2026-11-01", "20261101", "2026-W01-1", "2026-02-30", "2026-11-01\n", "2026-11-01T00:00:00", "2026-11-01T00:00:00Z",
    "2026-11-01T00:00:00.123456789+01:00", "2026-11-01 00:00:00Z", "20261101T000000Z", "2026-11-01T24:00:00Z",
    "2026-11-01T00:00:60Z", "2026-11-01T00:00Z", "2026-11-01T00:00:00Z\n", "2026-02-30T00:00:00Z",
    0, 1, -1, 2.0, 0.5, 90, -90, 90.0000001, 180, 181, -180.5, 86_400, 86_401, 1_000_000, 1_000_001, 5_000_000, 1e300,
    True, False, [], [1], ["x"], [" "], ["AIR"], [[]], [0, 0], [0, 0, 0], ["a"] * 1_001, {}, {"a": 1}, {"": "x"},
    {" ": ["x"]}, {"A": "x"},
)  # fmt: skip


def paths(node: object, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where every value of a document stands."""
    if here:
        yield here
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inside:
        yield from paths(value, (*here, key))


def is_model(document: object) -> bool:
    try:
        PolicyFile.model_validate_json(to_json(document))
    except ValidationError:
        return False
    return True


def disagreements(documents: Iterator[tuple[object, dict[str, Any]]]) -> list[object]:
    return [what for what, document in documents if is_model(document) is not SCHEMA.is_valid(document)]


def changed(path: tuple[Any, ...]) -> Iterator[tuple[object, dict[str, Any]]]:
    for value in (*VALUES, None):
        document = copy.deepcopy(DOCUMENT)
        table: Any = document
        for key in path[:-1]:
            table = table[key]
        if value is None:
            del table[path[-1]]
        else:
            table[path[-1]] = value
        yield (path, value), document


MORE: tuple[object, ...] = ("x", 1, {}, [])


def with_more_keys(path: tuple[Any, ...]) -> Iterator[tuple[object, dict[str, Any]]]:
    for name in ("more", "A", "", " ", "a b"):
        for value in MORE:
            document = copy.deepcopy(DOCUMENT)
            table: Any = document
            for key in path:
                table = table[key]
            table[name] = value
            yield (path, name, value), document


def kinds() -> list[tuple[Any, ...]]:
    """One path of each kind: rules of one list are alike, and so are the areas."""
    found: dict[tuple[object, ...], tuple[Any, ...]] = {}
    for path in paths(DOCUMENT):
        found.setdefault(tuple("#" if isinstance(key, int) else key for key in path), path)
    return list(found.values())


def test_both_take_all_keys() -> None:
    assert is_model(DOCUMENT)
    SCHEMA.validate(DOCUMENT)


@pytest.mark.parametrize("table", sorted({path[0] for path in kinds()}))
def test_a_value_that_the_schema_takes_is_one_of_the_model_and_none_else(table: str) -> None:
    for path in kinds():
        if path[0] == table:
            assert disagreements(changed(path)) == []


def test_a_key_that_the_schema_takes_is_one_of_the_model_and_none_else() -> None:
    tables = [path for path in [(), *kinds()] if isinstance(_at(path), dict)]
    assert len(tables) > 20
    for path in tables:
        assert disagreements(with_more_keys(path)) == []


def _at(path: tuple[Any, ...]) -> object:
    node: Any = DOCUMENT
    for key in path:
        node = node[key]
    return node
