"""One transaction of the writer: counters, caches and gathered rows, written in few large statements.

Every `sqlite3` step releases the interpreter lock and must win it back from a busy event loop, which may take a switch
interval (5 ms) each time. Rows are therefore gathered and inserted up to 64 to a statement, and the message ids of a
whole batch are looked up at once: a batch of a hundred messages costs a dozen steps, not several hundred.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from gateway.errors import StoreError
from gateway.store import codes
from gateway.store.records import LeafFactory
from gateway.store.schema import to_micros

MAX_LEAF_OCTETS = 65_535  # an entry bundle states each length in 16 bits
_CHUNKS = (64, 16, 4, 1)

Row = tuple[Any, ...]
Key = tuple[str, int]
"""(message_id, party of the origin)."""


class Insert:
    """An INSERT that takes many rows in one step."""

    def __init__(self, into: str, columns: int, suffix: str = "") -> None:
        values = "(" + ",".join("?" * columns) + ")"
        self._sql = {n: f"INSERT INTO {into} VALUES {','.join([values] * n)} {suffix}" for n in _CHUNKS}

    def write(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        """Insert `rows` in order."""
        at = 0
        for chunk in _CHUNKS:
            while len(rows) - at >= chunk:
                connection.execute(self._sql[chunk], tuple(chain.from_iterable(rows[at : at + chunk])))
                at += chunk


_LEAF = Insert("leaf", 3)
_OUTBOUND = Insert("outbound", 13)
_INBOUND = Insert("inbound", 11)
_RECIPIENT = Insert("recipient", 2)
_LATEST = Insert("latest", 3, "ON CONFLICT (track, audience) DO UPDATE SET seq = excluded.seq")
_MINTED = Insert(
    "incarnation",
    5,
    "ON CONFLICT (source, native) DO UPDATE SET track = excluded.track, started_at = excluded.started_at, "
    "last_seen = excluded.last_seen",
)
_RESPONSE = Insert("idempotency", 5)


class State:
    """What the writer remembers between transactions; reloaded from the database after any rollback."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        one = connection.execute
        self.next_leaf: int = one("SELECT coalesce(max(idx) + 1, 0) FROM leaf").fetchone()[0]
        self.next_outbound: int = one("SELECT coalesce(max(seq) + 1, 1) FROM outbound").fetchone()[0]
        self.next_inbound: int = one("SELECT coalesce(max(seq) + 1, 1) FROM inbound").fetchone()[0]
        self.parties: dict[str, int] = {name: id_ for id_, name in one("SELECT id, name FROM party")}
        self.audiences: dict[tuple[str, ...], int] = {
            tuple(json.loads(members)): id_ for id_, members in one("SELECT id, members FROM audience")
        }
        self.held_rows: int
        self.held_tracks: int
        self.held_weight: int
        self.held_rows, self.held_tracks, self.held_weight = one(
            "SELECT count(*), coalesce(sum(tracks), 0), coalesce(sum(weight), 0) FROM held INDEXED BY held_due"
        ).fetchone()
        self.policies: dict[str, int] = {digest: id_ for id_, digest in one("SELECT id, digest FROM policy")}


class Transaction:
    """What an operation may do; made by the writer for one batch, or for one member of a batch that failed."""

    def __init__(self, connection: sqlite3.Connection, state: State, now: datetime) -> None:
        self.connection = connection
        self.state = state
        self.now = now
        """One instant for the whole batch."""
        self.now_micros = to_micros(now)
        self.stamp = 0
        """Grows with every effect, so that the writer knows whether a failed operation left any."""
        self.outbound_known: dict[Key, Row] = {}
        self.inbound_known: dict[Key, Row] = {}
        self._leaves: list[Row] = []
        self._outbound: list[Row] = []
        self._inbound: list[Row] = []
        self._recipients: list[Row] = []
        self._addressed: dict[int, int] = {}
        self._latest: dict[tuple[bytes | str, int], int] = {}
        self._minted: dict[tuple[str, str], Row] = {}
        self._responses: dict[tuple[str, str], Row] = {}

    # ------------------------------------------------------------------------------------------------------- look up

    def look_up(self, outbound: Iterable[str], inbound: Iterable[str]) -> None:
        """Learn which of these message ids are recorded, in one statement per few hundred."""
        columns = "message_id, origin, sha256, leaf, recorded_at, seq"
        self._look_up(f"SELECT {columns} FROM outbound", list(outbound), self.outbound_known)
        columns = "message_id, origin, sha256, leaf, recorded_at, code, answer"
        self._look_up(f"SELECT {columns} FROM inbound", list(inbound), self.inbound_known)

    def _look_up(self, select: str, ids: list[str], known: dict[Key, Row]) -> None:
        for at in range(0, len(ids), 256):
            some = ids[at : at + 256]
            width = next(n for n in (1, 4, 16, 64, 256) if n >= len(some))  # few statements to prepare
            marks = ",".join("?" * width)
            padded = some + [some[-1]] * (width - len(some))
            for row in self.connection.execute(f"{select} WHERE message_id IN ({marks})", padded):
                known[row[0], row[1]] = row

    def response(self, source: str, key: str) -> tuple[bytes, bytes] | None:
        """(body digest, response) under an idempotency key, this transaction's own included."""
        waiting = self._responses.get((source, key))
        if waiting is not None:
            return waiting[2], waiting[4]
        row = self.connection.execute(
            "SELECT body, response FROM idempotency WHERE source = ? AND key = ?", (source, key)
        ).fetchone()
        return None if row is None else (row[0], row[1])

    # -------------------------------------------------------------------------------------------------------- gather

    def party(self, name: str) -> int:
        """The number of a node."""
        number = self.state.parties.get(name)
        if number is None:
            self.stamp += 1
            cursor = self.connection.execute("INSERT INTO party (name) VALUES (?) RETURNING id", (name,))
            number = self.state.parties[name] = int(cursor.fetchone()[0])
        return number

    def audience(self, members: tuple[str, ...]) -> int:
        """The number of a set of recipients; from 1."""
        number = self.state.audiences.get(members)
        if number is None:
            self.stamp += 1
            cursor = self.connection.execute(
                "INSERT INTO audience (members) VALUES (?) RETURNING id", (json.dumps(members),)
            )
            number = self.state.audiences[members] = int(cursor.fetchone()[0])
        return number

    def policy(self, digest: str) -> int:
        """The number of a release policy."""
        number = self.state.policies.get(digest)
        if number is None:
            self.stamp += 1
            cursor = self.connection.execute("INSERT INTO policy (digest) VALUES (?) RETURNING id", (digest,))
            number = self.state.policies[digest] = int(cursor.fetchone()[0])
        return number

    def leaf(self, factory: LeafFactory) -> int:
        """Append a ledger entry; its index."""
        index = self.state.next_leaf
        entry = factory(index, self.now)
        if not 0 < len(entry) <= MAX_LEAF_OCTETS:
            raise StoreError(
                codes.LEAF_TOO_LARGE,
                place=f"leaf {index}",
                cause=f"expected 1 to {MAX_LEAF_OCTETS:,} octets, observed {len(entry):,}",
            )
        self.stamp += 1
        self._leaves.append((index, self.now_micros, entry))
        self.state.next_leaf = index + 1
        return index

    def outbound(self, row: Row, recipients: Sequence[int]) -> None:
        """Append an outbound message (columns of the table) to the queues of its recipients."""
        self.stamp += 1
        seq = row[0]
        self.state.next_outbound = seq + 1
        self._outbound.append(row)
        for party in recipients:
            self._recipients.append((party, seq))
            self._addressed[party] = self._addressed.get(party, 0) + 1

    def inbound(self, row: Row) -> None:
        """Append an inbound message (columns of the table)."""
        self.stamp += 1
        self.state.next_inbound = row[0] + 1
        self._inbound.append(row)

    def latest(self, keys: Iterable[bytes | str], audience: int, seq: int) -> None:
        """Note that the newest word about these tracks, for this audience, is message `seq`."""
        self.stamp += 1
        for key in keys:
            self._latest[key, audience] = seq

    def minted(self, row: Row) -> None:
        """Remember an incarnation (columns of the table); the last word in a transaction holds."""
        self.stamp += 1
        self._minted[row[0], row[1]] = row

    def remember(self, row: Row) -> None:
        """Remember an answer (columns of the table `idempotency`)."""
        self.stamp += 1
        self._responses[row[0], row[1]] = row

    # --------------------------------------------------------------------------------------------------------- write

    def write(self, sql: str, values: Row = ()) -> sqlite3.Cursor:
        """Execute one statement that changes something, after everything that was gathered."""
        self.flush()
        self.stamp += 1
        return self.connection.execute(sql, values)

    def read(self, sql: str, values: Row = ()) -> list[Row]:
        """Rows as this transaction sees them."""
        self.flush()
        return self.connection.execute(sql, values).fetchall()

    def flush(self) -> None:
        """Write what was gathered."""
        for insert, rows in (
            (_LEAF, self._leaves),
            (_OUTBOUND, self._outbound),
            (_INBOUND, self._inbound),
        ):
            if rows:
                insert.write(self.connection, rows)
                rows.clear()
        if self._recipients:
            self._recipients.sort()  # runs of one partner lie side by side in the tree
            _RECIPIENT.write(self.connection, self._recipients)
            self._recipients.clear()
            self.connection.executemany(
                "UPDATE party SET addressed = addressed + ? WHERE id = ?",
                [(count, party) for party, count in self._addressed.items()],
            )
            self._addressed.clear()
        if self._latest:
            _LATEST.write(self.connection, [(track, audience, seq) for (track, audience), seq in self._latest.items()])
            self._latest.clear()
        if self._minted:
            _MINTED.write(self.connection, list(self._minted.values()))
            self._minted.clear()
        if self._responses:
            _RESPONSE.write(self.connection, list(self._responses.values()))
            self._responses.clear()
