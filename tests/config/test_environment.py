"""Values from the environment, over those of the file."""

from __future__ import annotations

import pytest

from gateway.config import load_text
from tests.config.samples import FULL, MINIMAL
from tests.config.test_load import problems


@pytest.mark.parametrize(
    ("variable", "text", "read"),
    [
        ("GATEWAY__NODE__NAME", "fra-1", lambda config: config.node.name == "fra-1"),
        ("GATEWAY__node__name", '"fra-1"', lambda config: config.node.name == "fra-1"),
        ("GATEWAY__NODE__ALLOW_EXTERNAL", "true", lambda config: config.node.allow_external),
        ("GATEWAY__LIMITS__WAKE_UP_S", "2.5", lambda config: config.limits.wake_up_s == 2.5),
        ("GATEWAY__LINK__DEU_1__PAUSED", "true", lambda config: config.link["deu-1"].paused),
        ("GATEWAY__FEED__C2_OUT__ORIGINS", "own", lambda config: config.feed["c2-out"].origins == "own"),
        (
            "GATEWAY__FEED__RADAR__ALLOW",
            '["10.0.0.0/8"]',
            lambda config: str(config.feed["radar"].allow[0]) == "10.0.0.0/8",
        ),
        ("GATEWAY__HTTP__LISTEN", "127.0.0.1:7000", lambda config: config.http.listen.port == 7000),
    ],
)
def test_a_variable_sets_a_value_over_the_file(variable: str, text: str, read: object) -> None:
    assert callable(read)
    assert not read(load_text(FULL, environ={}).config)
    assert read(load_text(FULL, environ={variable: text}).config)


def test_paths_follow_a_name_from_the_environment() -> None:
    config = load_text(MINIMAL, environ={"GATEWAY__NODE__NAME": "fra-1"}).config
    assert config.seal.key.name == "fra-1.signing.key"


@pytest.mark.parametrize(
    ("variable", "text", "code", "cause"),
    [
        ("GATEWAY__NODE__NAME", "5", "CFG-006", "node.name"),
        ("GATEWAY__NODE__LOGG", "json", "CFG-003", '"logg" is not a key of [node]'),
        ("GATEWAY__NODES__NAME", "x", "CFG-003", '"nodes" is not a key of the top level'),
        ("GATEWAY__NODE__NAME__FIRST", "x", "CFG-015", "not a table"),
        ("GATEWAY____NAME", "x", "CFG-015", "empty"),
    ],
)
def test_a_wrong_variable_is_named(variable: str, text: str, code: str, cause: str) -> None:
    [problem] = problems(MINIMAL, **{variable: text})
    assert problem.code.id == code
    assert cause in problem.cause
    assert variable in problem.place + problem.cause


def test_other_variables_are_not_ours() -> None:
    load_text(MINIMAL, environ={"GATEWAY_CONFIG": "x", "GATEWAY": "y", "PATH": "z"})
