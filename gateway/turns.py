"""Turns: messages about one origin's tracks are taken side by side, and one that withdraws is taken by itself.

What becomes of a track is decided, signed and recorded in steps that wait. Were a withdrawal to pass between two of
them, it would go to those who had the track by then, and the track to others.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """Who is inside, for each origin of which somebody is. Nobody waits where nothing is withdrawn."""

    def __init__(self) -> None:
        self._rooms: dict[str, _Room] = {}

    def __len__(self) -> int:
        """Origins of which a message is being taken."""
        return len(self._rooms)

    @asynccontextmanager
    async def take(self, origin: str, *, alone: bool = False) -> AsyncIterator[None]:
        """Be inside with others of this origin; or, `alone`, after all that came before and before all that come."""
        room = self._rooms.get(origin)
        if room is None:
            room = self._rooms[origin] = _Room()
        room.visitors += 1
        try:
            async with room.alone() if alone else room.together():
                yield
        finally:
            room.visitors -= 1
            if not room.visitors:
                del self._rooms[origin]


class _Room:
    def __init__(self) -> None:
        self.visitors = 0
        """Inside, or waiting."""
        self._inside = 0
        self._door = asyncio.Lock()  # in order of arrival
        self._empty = asyncio.Event()
        self._empty.set()

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        async with self._door:
            self._inside += 1
            self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        async with self._door:
            await self._empty.wait()
            yield
