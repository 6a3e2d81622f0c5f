"""When each release group last got a snapshot of each track: for rules that thin out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from gateway.clock import later
from gateway.track import Track

T = TypeVar("T")

MOST_REMEMBERED = 100_000
"""(group, track) pairs within their time: more, and further tracks of such rules wait until there is room."""

SWEEP_S = 1.0

_Urgent = tuple[object, ...]
_Key = tuple[str, str]
_Entry = tuple[datetime, datetime, _Urgent]
Taken = dict[_Key, tuple[_Entry | None, _Entry | None]]
"""What was taken as gone: for each pair what stood there before, and what stands there since."""


class Memory:
    """Bounded. One per node; it outlives a reload of the policy. Not for more than one thread."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._sent: dict[_Key, _Entry] = {}
        self._swept: datetime | None = None
        self._undo: dict[_Key, _Entry | None] | None = None

    def __len__(self) -> int:
        return len(self._sent)

    def admits(self, group: str, track: Track, *, every_s: float, now: datetime) -> bool:
        """Whether a snapshot may go to the group now; if so, it is taken as gone.

        `track` is as the group sees it. An end always goes; so does a snapshot in which the identity or an emergency
        that the group sees is another one than it was told last. A full memory admits no track that it does not know.
        """
        name = track.track_id
        if name is None:
            return True  # each is an object of its own, as far as anybody knows
        key = (group, name)
        if self._undo is not None:
            self._undo.setdefault(key, self._sent.get(key))
        status = track.status
        if status is not None and status.ended:
            self._sent.pop(key, None)
            return True
        urgent = _urgent(track)
        last = self._sent.get(key)
        if last is None:
            if len(self._sent) >= self._most and not self._forget(now):
                return False
        elif last[2] == urgent and 0 <= (now - last[0]).total_seconds() < every_s:
            return False
        self._sent[key] = (now, later(now, every_s), urgent)
        return True

    def noting(self, decide: Callable[[], T]) -> tuple[T, Taken]:
        """What `decide` returns, and what it took as gone: for `give_back`, should it not have gone after all."""
        undo: dict[_Key, _Entry | None] = {}
        self._undo = undo
        try:
            found = decide()
        finally:
            self._undo = None
        return found, {key: (before, self._sent.get(key)) for key, before in undo.items()}

    def give_back(self, taken: Taken) -> None:
        """Nothing of this has gone: forget it, but for what was taken anew since."""
        for key, (before, after) in taken.items():
            if self._sent.get(key) is not after:
                continue
            if before is None:
                self._sent.pop(key, None)
            else:
                self._sent[key] = before

    def _forget(self, now: datetime) -> bool:
        """Drop those whose time is over; whether there is room now. Looks through all of them once a second at most."""
        if self._swept is None or not 0 <= (now - self._swept).total_seconds() < SWEEP_S:
            self._swept = now
            self._sent = {key: entry for key, entry in self._sent.items() if entry[1] > now}
        return len(self._sent) < self._most


def _urgent(track: Track) -> _Urgent:
    """What a group learns at once when it changes."""
    identity, status = track.identity, track.status
    value = identity.value if identity is not None else None
    return (value, status.emergency, status.military_emergency) if status is not None else (value, None, None)
