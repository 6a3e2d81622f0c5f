"""Withdrawals that are remembered, for a message may come after the withdrawal of what it tells.

A message goes by several ways: directly, and by gateways that pass it on. A withdrawal by the shorter way overtakes its
track, and nothing else would say that the track, once it comes, is one that should not have been sent.

Memory is bounded: by the age that a message may have when it comes, and by number. Whoever withdraws the most is
forgotten first, and of him the oldest, so that nobody pushes out what another withdrew.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from gateway.clock import Clock
from gateway.limits import Limits
from gateway.stages import Retraction
from gateway.store import Withdrawal
from gateway.track import State, Track


class Withdrawals:
    """Until which time of applicability whose tracks are withdrawn, and by whom."""

    def __init__(self, clock: Clock, limits: Limits) -> None:
        self._clock = clock
        self._bound = limits.picture_tracks
        self._age = timedelta(seconds=limits.created_age_s)
        self._ahead = timedelta(seconds=limits.created_window_s)
        self._books: dict[str, dict[tuple[str, str], Withdrawal]] = {}
        """For each node that withdrew, by (origin, track id), the oldest first."""
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def of(self, retraction: Retraction, origin: str, via: str, known: Iterable[Track]) -> Withdrawal:
        """What a retraction withdraws that `origin` says, or `via` in its stead: `known` of that track too.

        A clock that is wrong must neither let through what is here already, nor freeze the track for long: the time is
        that of the newest state that is known, and lies no further ahead than a message may.
        """
        now = self._clock.now()
        until = max([retraction.time, *[_told_at(one.state) for one in known if one.state is not None]])
        return Withdrawal(
            track_id=retraction.track_id,
            origin=origin,
            teller=via or origin,
            until=min(until, now + self._ahead),
            noted_at=now,
        )

    def note(self, withdrawal: Withdrawal) -> None:
        """Remember it; of two for one track the later time holds."""
        book = self._books.setdefault(withdrawal.teller, {})
        key = withdrawal.origin, withdrawal.track_id
        old = book.pop(key, None)
        if old is None:
            self._count += 1
        elif old.until > withdrawal.until:
            withdrawal = replace(withdrawal, until=old.until)
        book[key] = withdrawal
        while book and self._is_over(next(iter(book.values()))):
            self._forget(book)
        if self._count > self._bound:
            self._forget(max(self._books.values(), key=len))

    def concerns(self, origin: str, via: str = "", by: str = "") -> bool:
        """Whether anything of `origin` that comes this way may have been withdrawn: cheap, and mostly not."""
        books = self._books
        return bool(books) and (origin in books or via in books or by in books)

    def hold_back(self, track: Track, origin: str, via: str = "", by: str = "") -> bool:
        """Whether this state was withdrawn before it came: by its origin, or by who tells (`via`) or brings it (`by`).

        One that does not say its time is not known to be newer.
        """
        state, key = track.state, (origin, track.track_id or "")
        for teller in {origin, via, by}:
            book = self._books.get(teller)
            found = None if book is None else book.get(key)
            if found is not None and not self._is_over(found) and covers(found, state):
                return True
        return False

    def _is_over(self, withdrawal: Withdrawal) -> bool:
        return withdrawal.noted_at + self._age < self._clock.now()

    def _forget(self, book: dict[tuple[str, str], Withdrawal]) -> None:
        del book[next(iter(book))]
        self._count -= 1
        if not book:
            self._books = {teller: one for teller, one in self._books.items() if one}


def covers(withdrawal: Withdrawal, state: State | None) -> bool:
    """Whether a state of the track is not newer than its withdrawal."""
    return state is None or _told_at(state) <= withdrawal.until


def _told_at(state: State) -> datetime:
    """When the state was known at its origin: its time, or that of reception, should a sensor's clock be ahead."""
    return state.time if state.received_at is None else min(state.time, state.received_at)
