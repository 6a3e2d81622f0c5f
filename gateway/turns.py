"""Turns: messages about one origin's tracks are taken side by side, and one that withdraws is taken by itself.

What becomes of a track is decided, signed and recorded in steps that wait. Were a withdrawal to pass between two of
them, it would go to those who had the track by then, and the track to others.
"""

from __future__ import annotations

import asyncio


class Turns:
    """Who is inside, for each origin of which somebody is. Nobody waits where nothing is withdrawn."""

    def __init__(self) -> None:
        self._rooms: dict[str, _Room] = {}

    def __len__(self) -> int:
        """Origins of which a message is being taken."""
        return len(self._rooms)

    def take(self, origin: str, *, alone: bool = False) -> Turn:
        """Inside of it one is with others of this origin; or, `alone`, after all that came and before all that come."""
        return Turn(self._rooms, origin, alone)


class Turn:
    """One turn: ``async with turns.take(origin):``. Costs a few microseconds where nobody withdraws."""

    __slots__ = ("_alone", "_origin", "_room", "_rooms")

    def __init__(self, rooms: dict[str, _Room], origin: str, alone: bool) -> None:
        self._rooms = rooms
        self._origin = origin
        self._alone = alone
        self._room: _Room

    async def __aenter__(self) -> None:
        room = self._rooms.get(self._origin)
        if room is None:
            room = self._rooms[self._origin] = _Room()
        self._room = room
        room.visitors += 1
        try:
            if self._alone:
                await room.enter_alone()
            elif room.alone:
                await room.enter_after()
            else:
                room.inside += 1
        except BaseException:
            self._go()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._room.leave(alone=self._alone)
        self._go()

    def _go(self) -> None:
        self._room.visitors -= 1
        if not self._room.visitors:
            del self._rooms[self._origin]


class _Room:
    def __init__(self) -> None:
        self.visitors = 0
        """Inside, or waiting."""
        self.alone = 0
        """Of these, who wants to be alone."""
        self.inside = 0
        """Of the others, who is inside."""
        self._door = asyncio.Lock()  # in order of arrival
        self._empty = asyncio.Event()

    async def enter_alone(self) -> None:
        self.alone += 1
        try:
            await self._door.acquire()
            try:
                while self.inside:
                    self._empty.clear()
                    await self._empty.wait()
            except BaseException:
                self._door.release()
                raise
        except BaseException:
            self.alone -= 1
            raise

    async def enter_after(self) -> None:
        async with self._door:
            self.inside += 1

    def leave(self, *, alone: bool) -> None:
        if alone:
            self.alone -= 1
            self._door.release()
            return
        self.inside -= 1
        if not self.inside:
            self._empty.set()
