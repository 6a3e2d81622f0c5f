"""Production runs on uvloop: every scenario of the conversations, again on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction, signature
from pathlib import Path

import pytest
import uvloop

from tests.feeds import test_clients, test_talk, test_talk_connect, test_talk_udp
from tests.feeds.test_clients import Camp

SCENARIOS: list[Callable[..., Awaitable[None]]] = [
    scenario
    for module in (test_talk, test_talk_connect, test_talk_udp, test_clients)
    for name, scenario in vars(module).items()
    if name.startswith("test_")
    and iscoroutinefunction(scenario)
    and signature(scenario).parameters.keys() <= {"camp", "tmp_path"}
]


def test_there_are_scenarios() -> None:
    assert len(SCENARIOS) > 50


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_on_uvloop(scenario: Callable[..., Awaitable[None]], tmp_path: Path) -> None:
    async def run() -> None:
        given = {"camp": lambda: Camp(tmp_path), "tmp_path": lambda: tmp_path}
        await scenario(**{name: given[name]() for name in signature(scenario).parameters})

    uvloop.run(run())
