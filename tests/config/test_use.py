"""No key of the configuration is an empty promise: each is read by some room that acts on it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

import msgspec
import pytest

from gateway.config.catalogue import sections
from gateway.config.model import Config
from gateway.limits import Limits
from tests.data import ROOT

CONFIG = ROOT / "gateway" / "config"
FOR_PEOPLE = {"link.description", "source.description", "feed.description"}
"""Words that nothing acts on; `gateway config show` prints them."""
THROUGH_A_METHOD = {
    "source.nation": "source_nation",
    "source.silence_s": "source_silence_s",
    "source.options": "feed_options",
    "feed.options": "feed_options",
    "link.max_message_octets": "link_max_octets",
}
"""Keys that rooms read through a method of `Config`."""
INSIDE_THE_CHECKS = {"node.allow_external"}
"""Keys that decide what `gateway check` lets through."""


@cache
def read_outside() -> frozenset[str]:
    """Every attribute that some module outside of `gateway.config` reads."""
    names: set[str] = set()
    for path in sorted((ROOT / "gateway").rglob("*.py")):
        if CONFIG in path.parents or path == ROOT / "gateway" / "limits.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                names.add(node.attr)
    return frozenset(names)


def keys() -> Iterator[str]:
    for section in sections():
        for key in section.keys:
            yield f"{section.header.replace('.NAME', '')}.{key.name}"


@pytest.mark.parametrize("key", [key for key in keys() if key not in FOR_PEOPLE | INSIDE_THE_CHECKS])
def test_every_key_is_read_by_a_room(key: str) -> None:
    name = THROUGH_A_METHOD.get(key, key.rpartition(".")[2])
    assert name in read_outside(), f"{key} is documented and nothing outside of gateway/config reads .{name}"


def test_every_method_of_the_configuration_is_called_by_a_room() -> None:
    own = {name for name, value in vars(Config).items() if callable(value) and not name.startswith(("_", "model_"))}
    assert own - read_outside() == set()
    assert set(THROUGH_A_METHOD.values()) <= own


def test_every_limit_is_enforced_somewhere() -> None:
    assert [field.name for field in msgspec.structs.fields(Limits) if field.name not in read_outside()] == []
