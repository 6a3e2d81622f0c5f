"""Tracks that wait until a release group may see them: rows that survive a crash, and a bound on all of them.

Our own tracks stand in their row as they are; of a partner's tracks it names the message that they came in.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TypeVar

from msgspec import Struct

from gateway.store import reader
from gateway.store.records import Direction, StoredMessage
from gateway.store.schema import from_micros, pack_tracks, to_micros, track_key, unpack_tracks
from gateway.store.transaction import Insert, Row, Transaction

T = TypeVar("T")

_COLUMNS = "id, due, tracks, weight, release_group, source, message, since, form, names, body"
_INSERT = Insert("held", 11)
_MOST_ROWS = 64
"""Rows that are read, or given up, at a time."""
_FEW_TRACKS = 8
"""So many are looked for in packed names; more by unpacking all of them."""


class HeldBack(Struct, frozen=True, kw_only=True, gc=False):
    """Tracks of one frame or message that wait for one release group, as they were before policy saw them."""

    id: int = 0
    """Assigned by the store, never twice."""
    group: str
    until: datetime
    source: str
    """The configured source of our own tracks; the node whose tracks a partner's are."""
    message: int | None = None
    """Sequence of the inbound message that a partner's tracks came in: absent while that is being recorded, and for
    our own tracks."""
    since: datetime
    """When our own came in, or the message of a partner's tracks was made."""
    form: int
    """How `body` is to be read."""
    body: bytes
    tracks: int
    weight: int
    """How much of the bound it takes: its tracks, or more where they are large."""
    names: tuple[str, ...] = ()
    """Ids of a partner's tracks, one for each, without those that were withdrawn since."""


class Due(Struct, frozen=True, kw_only=True, gc=False):
    """What may go now, first what was due first; or when there will be something."""

    rows: tuple[HeldBack, ...] = ()
    next: datetime | None = None
    """When the first of what waits is due; absent when nothing waits, or something is due."""


class Recall(Struct, frozen=True, kw_only=True, gc=False):
    """Tracks of a partner that are not to go on any more: they were withdrawn by one whose tracks they are."""

    origin: str
    track_ids: frozenset[str]


class Keep:
    """Rows that are to wait, as part of an operation: beyond the bound what is due first is given up."""

    def __init__(self, rows: Sequence[HeldBack], bound: int) -> None:
        self.rows = rows
        self._bound = bound
        self.given_up = 0
        """Tracks, when it was last applied."""

    def apply(self, transaction: Transaction, message: int | None = None) -> None:
        """Have the rows wait; those of `message`, which this transaction records, for it."""
        self.given_up = 0
        if not self.rows:
            return
        transaction.stamp += 1
        _INSERT.write(transaction.connection, [_values(row, message) for row in self.rows])
        state = transaction.state
        state.held_rows += len(self.rows)
        state.held_tracks += sum(row.tracks for row in self.rows)
        state.held_weight += sum(row.weight for row in self.rows)
        while state.held_weight > self._bound and state.held_rows > 1:
            self._give_up(transaction)

    def _give_up(self, transaction: Transaction) -> None:
        """Of the rows that are due first as many as must go, but never the last one."""
        state = transaction.state
        first = transaction.connection.execute(
            "SELECT id, tracks, weight FROM held ORDER BY due, id LIMIT ?", (min(_MOST_ROWS, state.held_rows - 1),)
        ).fetchall()
        gone: list[Row] = []
        over = state.held_weight - self._bound
        for row in first:
            if over <= 0:
                break
            over -= row[2]
            gone.append(row)
        self.given_up += sum(tracks for _, tracks, _ in gone)
        _remove(transaction, gone)


def is_unchanged(transaction: Transaction, rows: Sequence[HeldBack]) -> bool:
    """Whether all of these rows still wait as they were read: none was given up, and nothing in it withdrawn."""
    for some in _portions(rows):
        tracks = {row.id: row.tracks for row in some}
        query = f"SELECT id, tracks FROM held WHERE id IN ({_marks(tracks)})"
        if dict(transaction.connection.execute(query, tuple(tracks))) != tracks:
            return False
    return True


def release(transaction: Transaction, rows: Sequence[HeldBack]) -> None:
    """These rows do not wait any more; each has to be there."""
    _remove(transaction, [(row.id, row.tracks, row.weight) for row in rows])


def withdraw(transaction: Transaction, recall: Recall) -> None:
    """Take these tracks out of what waits."""
    if not transaction.state.held_rows:
        return
    query = "SELECT id, tracks, weight, names FROM held WHERE message IS NOT NULL AND source = ?"
    needles: list[bytes | str] = []
    if len(recall.track_ids) <= _FEW_TRACKS:  # a tenth of the time where many rows wait
        needles = [needle for one in recall.track_ids for needle in {track_key(one), one}]
        query += f" AND ({' OR '.join(['instr(names, ?)'] * len(needles)) or 'FALSE'})"
    rows = transaction.connection.execute(query, (recall.origin, *needles)).fetchall()
    empty: list[Row] = []
    for id_, tracks, weight, packed in rows:
        names = unpack_tracks(packed)
        kept = [name for name in names if name not in recall.track_ids]
        if not kept:
            empty.append((id_, tracks, weight))
        elif len(kept) < len(names):
            transaction.stamp += 1
            transaction.connection.execute(
                "UPDATE held SET tracks = ?, weight = ?, names = ? WHERE id = ?",
                (len(kept), len(kept), pack_tracks(kept), id_),
            )
            transaction.state.held_tracks += len(kept) - tracks
            transaction.state.held_weight += len(kept) - weight
    _remove(transaction, empty)


def _portions(rows: Sequence[T]) -> list[Sequence[T]]:
    """So many at a time as one statement takes."""
    return [rows[at : at + _MOST_ROWS] for at in range(0, len(rows), _MOST_ROWS)]


def _marks(values: Collection[object]) -> str:
    return ",".join("?" * len(values))


def _remove(transaction: Transaction, rows: Sequence[Row]) -> None:
    """Rows by (id, tracks, weight)."""
    if not rows:
        return
    transaction.stamp += 1
    for some in _portions(rows):
        ids = tuple([id_ for id_, _, _ in some])
        transaction.connection.execute(f"DELETE FROM held WHERE id IN ({_marks(ids)})", ids)
    state = transaction.state
    state.held_rows -= len(rows)
    state.held_tracks -= sum(tracks for _, tracks, _ in rows)
    state.held_weight -= sum(weight for _, _, weight in rows)


def due(connection: sqlite3.Connection, now: datetime, most: int) -> Due:
    """Rows that are due, in order, until they have `most` tracks together; at least one if there is one."""
    found: list[HeldBack] = []
    tracks = 0
    cursor = connection.execute(
        f"SELECT {_COLUMNS} FROM held WHERE due <= ? ORDER BY due, id LIMIT ?", (to_micros(now), _MOST_ROWS)
    )
    for row in cursor:
        if found and tracks + row[2] > most:
            break
        found.append(_read(row))
        tracks += row[2]
    cursor.close()
    if found:
        return Due(rows=tuple(found))
    (first,) = connection.execute("SELECT min(due) FROM held").fetchone()
    return Due(next=None if first is None else from_micros(first))


def inbound(connection: sqlite3.Connection, seq: int) -> StoredMessage | None:
    """The inbound message with this sequence, absent when there is none."""
    row = connection.execute("SELECT message_id FROM inbound WHERE seq = ?", (seq,)).fetchone()
    found = reader.messages(connection, row[0]) if row is not None else []
    return next((one for one in found if (one.direction, one.seq) == (Direction.INBOUND, seq)), None)


def findings(connection: sqlite3.Connection) -> list[str]:
    """What is wrong with what waits, as sentences."""
    (lost,) = connection.execute(
        """SELECT count(*) FROM held WHERE message IS NOT NULL AND NOT EXISTS
             (SELECT 1 FROM inbound AS i WHERE i.seq = held.message AND i.octets IS NOT NULL)"""
    ).fetchone()
    return [f"of {lost:,} rows of tracks that wait for a release group the message is gone"] if lost else []


def _values(row: HeldBack, message: int | None) -> Row:
    return (
        None,
        to_micros(row.until),
        row.tracks,
        row.weight,
        row.group,
        row.source,
        row.message if message is None else message,
        to_micros(row.since),
        row.form,
        pack_tracks(row.names) if row.names else None,
        row.body,
    )


def _read(row: Row) -> HeldBack:
    id_, until, tracks, weight, group, source, message, since, form, names, body = row
    return HeldBack(
        id=id_,
        group=group,
        until=from_micros(until),
        source=source,
        message=message,
        since=from_micros(since),
        form=form,
        body=body,
        tracks=tracks,
        weight=weight,
        names=unpack_tracks(names),
    )
