"""Messages of one origin pass side by side; one that withdraws passes by itself, in its turn."""

from __future__ import annotations

import asyncio

import pytest

from gateway.turns import Turns


class Walk:
    """Visitors who say when they are inside and stay until they are let go."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.inside: list[str] = []
        self.order: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._go: dict[str, asyncio.Event] = {}

    async def send(self, name: str, origin: str = "nld", *, alone: bool = False) -> None:
        self._go[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._visit(name, origin, alone))
        await self.settle()

    async def leave(self, name: str) -> None:
        self._go[name].set()
        await self.tasks[name]
        await self.settle()

    async def settle(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    async def _visit(self, name: str, origin: str, alone: bool) -> None:
        async with self.turns.take(origin, alone=alone):
            self.inside.append(name)
            self.order.append(name)
            try:
                await self._go[name].wait()
            finally:
                self.inside.remove(name)


async def test_messages_that_withdraw_nothing_pass_side_by_side() -> None:
    walk = Walk()
    for name in "abc":
        await walk.send(name)
    assert walk.inside == ["a", "b", "c"]
    for name in "bca":
        await walk.leave(name)
    assert len(walk.turns) == 0


async def test_a_withdrawal_waits_for_those_inside_and_those_who_come_wait_for_it() -> None:
    walk = Walk()
    await walk.send("a")
    await walk.send("gone", alone=True)
    await walk.send("b")
    await walk.send("other", "deu")
    assert walk.inside == ["a", "other"]
    await walk.leave("a")
    assert walk.inside == ["other", "gone"]
    await walk.leave("gone")
    assert walk.inside == ["other", "b"]
    await walk.leave("b")
    await walk.leave("other")
    assert len(walk.turns) == 0


async def test_two_withdrawals_pass_one_after_the_other() -> None:
    walk = Walk()
    for name in ("one", "two"):
        await walk.send(name, alone=True)
    assert walk.inside == ["one"]
    await walk.leave("one")
    assert walk.inside == ["two"]
    await walk.leave("two")
    assert walk.order == ["one", "two"]


@pytest.mark.parametrize("who", ["inside", "waits"])
async def test_whoever_is_cancelled_holds_nobody_up(who: str) -> None:
    walk = Walk()
    await walk.send("inside")
    await walk.send("waits", alone=True)
    await walk.send("last")
    walk.tasks[who].cancel()
    await walk.settle()
    assert walk.inside == (["waits"] if who == "inside" else ["inside", "last"])
    for name in ("inside", "waits", "last"):
        if name != who:
            await walk.leave(name)
    assert len(walk.turns) == 0
