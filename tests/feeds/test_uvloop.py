"""Production runs on uvloop: every scenario of the sockets, again on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction, signature
from typing import Any

import aiohttp
import pytest
import uvloop

from tests.feeds import test_http, test_http_door, test_http_stream, test_tcp, test_udp

Scenario = Callable[..., Awaitable[None]]
SCENARIOS: list[Scenario] = [
    scenario
    for module in (test_udp, test_tcp, test_http, test_http_door, test_http_stream)
    for name, scenario in vars(module).items()
    if name.startswith("test_") and iscoroutinefunction(scenario) and signature(scenario).parameters.keys() <= {"http"}
]


def test_there_are_scenarios() -> None:
    assert len(SCENARIOS) > 40


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_on_uvloop(scenario: Scenario) -> None:
    async def run() -> None:
        async with aiohttp.ClientSession() as session:
            options: dict[str, Any] = {"http": session} if signature(scenario).parameters else {}
            await scenario(**options)

    uvloop.run(run())
