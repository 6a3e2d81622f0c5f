"""What can be asked of the store: queries on `query_only` connections, off the event loop."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from gateway.errors import StoreError
from gateway.stages import Receipt, Recorded, Sealed
from gateway.store import codes
from gateway.store.records import (
    CheckpointRow,
    Direction,
    Exceptional,
    Minted,
    Quarantined,
    QueueState,
    Settlement,
    Standing,
    StoredMessage,
)
from gateway.store.schema import (
    INBOUND_AUDIENCE,
    KEYED_WITH,
    connect_reader,
    from_micros,
    track_key,
    track_text,
    unpack_tracks,
)
from gateway.store.writer import describe

T = TypeVar("T")
Connection = sqlite3.Connection

READERS = 2  # one slow query (a full check, an export) must not hold up the links


class Readers:
    """A few reading connections and the threads that use them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._free: SimpleQueue[Connection] = SimpleQueue()
        for _ in range(READERS):
            self._free.put(connect_reader(path))
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix=f"store-reader {path.name}")

    async def run(self, query: Callable[[Connection], T]) -> T:
        """The query's result; `StoreError` STO-009 when the database cannot be read."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._call, query)
        except RuntimeError as error:  # the executor was shut down
            raise StoreError(codes.CLOSED, place=str(self._path)) from error

    def _call(self, query: Callable[[Connection], T]) -> T:
        connection = self._free.get()
        try:
            return query(connection)
        except sqlite3.Error as error:
            raise StoreError(codes.CANNOT_READ, place=str(self._path), cause=describe(error)) from error
        finally:
            self._free.put(connection)

    async def close(self) -> None:
        """Wait for queries under way and close the connections; before the writer, which copies the log back last."""
        await asyncio.to_thread(self._threads.shutdown)
        while not self._free.empty():
            self._free.get().close()


# ------------------------------------------------------------------------------------------------------------- leaves


def leaves(connection: Connection, start: int, limit: int) -> list[bytes]:
    """Entries from index `start` on."""
    rows = connection.execute("SELECT entry FROM leaf WHERE idx >= ? ORDER BY idx LIMIT ?", (start, limit))
    return [entry for (entry,) in rows]


def checkpoint(connection: Connection) -> CheckpointRow | None:
    """The last checkpoint, absent before the first."""
    row = connection.execute("SELECT size, root, note FROM checkpoint").fetchone()
    return None if row is None else CheckpointRow(*row)


# ------------------------------------------------------------------------------------------------------------- queues

_SEALED = """o.message_id, p.name, a.members, o.created_at, o.octets, o.sha256, o.signer, o.tracks, o.rule,
    o.seq, o.leaf, o.recorded_at, (SELECT y.digest FROM policy AS y WHERE y.id = o.policy)"""
_SEALED_FROM = "outbound AS o JOIN party AS p ON p.id = o.origin JOIN audience AS a ON a.id = o.audience"


def _recorded(row: Sequence[Any]) -> Recorded:
    id_, origin, members, created_at, octets, sha256, signer, tracks, rule, seq, leaf, recorded_at, policy = row
    sealed = Sealed(
        message_id=id_,
        origin=origin,
        recipients=tuple(json.loads(members)),
        created_at=from_micros(created_at),
        octets=octets,
        sha256=sha256.hex(),
        key=signer,
        track_ids=unpack_tracks(tracks),
        rule=rule,
        policy=policy or "",
    )
    return Recorded(seq=seq, leaf_index=leaf, recorded_at=from_micros(recorded_at), message=sealed)


NEXT_OUTBOUND = f"""SELECT {_SEALED}
    FROM party AS q CROSS JOIN recipient AS r ON r.party = q.id AND r.seq > max(q.cursor, :after)
    CROSS JOIN {_SEALED_FROM}
    WHERE q.name = :partner AND o.seq = r.seq AND o.octets IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM delivery AS d WHERE d.party = r.party AND d.seq = r.seq)
    ORDER BY r.seq LIMIT :limit"""
"""A range read of one partner's rows from its cursor on; CROSS JOIN holds SQLite to this order."""


def next_outbound(connection: Connection, partner: str, limit: int, after: int) -> list[Recorded]:
    """Messages that wait for the partner, oldest first, beyond its cursor and beyond `after`."""
    rows = connection.execute(NEXT_OUTBOUND, {"after": after, "partner": partner, "limit": limit})
    return [_recorded(row) for row in rows]


def queues(connection: Connection) -> list[QueueState]:
    """Every node that ever was a recipient."""
    rows = connection.execute("SELECT name, cursor, addressed, settled FROM party WHERE addressed > 0 ORDER BY name")
    return [QueueState(partner=n, cursor=c, depth=addressed - s, settled=s) for n, c, addressed, s in rows]


def standings(connection: Connection, seq: int) -> list[Standing]:
    """How each recipient of one outbound message stands to it."""
    rows = connection.execute(
        """SELECT p.name, d.state, d.code, e.cause, d.at, d.leaf
           FROM party AS p CROSS JOIN recipient AS r ON r.party = p.id AND r.seq = :seq
           LEFT JOIN delivery AS d ON d.party = r.party AND d.seq = r.seq
           LEFT JOIN exceptional AS e ON e.party = r.party AND e.seq = r.seq ORDER BY p.name""",
        {"seq": seq},
    )
    return [
        Standing(partner=name)
        if state is None
        else Standing(partner=name, state=state, code=code, cause=cause or "", at=from_micros(at), leaf_index=leaf)
        for name, state, code, cause, at, leaf in rows
    ]


def queue_depth(connection: Connection, partner: str) -> int:
    """Messages that wait for the partner."""
    row = connection.execute("SELECT addressed - settled FROM party WHERE name = ?", (partner,)).fetchone()
    return 0 if row is None else int(row[0])


def exceptions(
    connection: Connection, partner: str | None, limit: int, state: Settlement | None = None
) -> list[Exceptional]:
    """Messages that did not go the ordinary way, newest first; only those in `state` if given."""
    rows = connection.execute(
        """SELECT p.name, e.seq, e.state, e.code, e.cause, e.at, o.message_id
           FROM exceptional AS e JOIN party AS p ON p.id = e.party JOIN outbound AS o ON o.seq = e.seq
           WHERE (:partner IS NULL OR p.name = :partner) AND (:state IS NULL OR e.state = :state)
           ORDER BY e.at DESC, e.seq DESC LIMIT :limit""",
        {"partner": partner, "state": state.value if state is not None else None, "limit": limit},
    )
    return [
        Exceptional(
            partner=name,
            seq=seq,
            state=Settlement(state_),
            code=code,
            cause=cause,
            at=from_micros(at),
            message_id=message_id,
        )
        for name, seq, state_, code, cause, at, message_id in rows
    ]


# ----------------------------------------------------------------------------------------------------------- messages


def _receipts(connection: Connection, seq: int, recorded: Recorded) -> tuple[Receipt, ...]:
    rows = connection.execute(
        """SELECT d.node, d.outcome, d.code, d.their_leaf, d.their_time, d.note
           FROM recipient AS r JOIN delivery AS d ON d.party = r.party AND d.seq = r.seq
           WHERE r.seq = ? AND r.party IN (SELECT id FROM party) AND d.note IS NOT NULL ORDER BY d.at""",
        (seq,),
    )
    message = recorded.message
    return tuple(
        Receipt(
            node=node,
            origin=message.origin,
            message_id=message.message_id,
            sha256=message.sha256,
            outcome=outcome,
            code=code,
            leaf_index=leaf,
            time=from_micros(time),
            note=note,
        )
        for node, outcome, code, leaf, time, note in rows
    )


def _outbound(connection: Connection, row: Sequence[Any]) -> StoredMessage:
    recorded = _recorded(row)
    message = recorded.message
    return StoredMessage(
        direction=Direction.OUTBOUND,
        seq=recorded.seq,
        origin=message.origin,
        message_id=message.message_id,
        sha256=message.sha256,
        recorded_at=recorded.recorded_at,
        leaf_index=recorded.leaf_index,
        octets=row[4],
        track_ids=message.track_ids,
        partners=message.recipients,
        receipts=_receipts(connection, recorded.seq, recorded),
    )


_INBOUND = """i.seq, o.name, i.message_id, i.sha256, i.recorded_at, i.leaf, i.octets, i.tracks, p.name, i.answer, i.code
    FROM inbound AS i JOIN party AS o ON o.id = i.origin JOIN party AS p ON p.id = i.party"""


def _inbound(row: Sequence[Any]) -> StoredMessage:
    seq, origin, id_, sha256, recorded_at, leaf, octets, tracks, partner, answer, code = row
    return StoredMessage(
        direction=Direction.INBOUND,
        seq=seq,
        origin=origin,
        message_id=id_,
        sha256=sha256.hex(),
        recorded_at=from_micros(recorded_at),
        leaf_index=leaf,
        octets=octets,
        track_ids=unpack_tracks(tracks),
        partners=(partner,),
        answer=answer,
        code=code,
    )


def messages(connection: Connection, message_id: str) -> list[StoredMessage]:
    """Every message with this id: one, unless two origins chose the same or one was relayed."""
    found = [
        _outbound(connection, row)
        for row in connection.execute(
            f"SELECT {_SEALED} FROM {_SEALED_FROM} WHERE o.message_id = ?", (message_id,)
        ).fetchall()
    ]
    rows = connection.execute(f"SELECT {_INBOUND} WHERE i.message_id = ?", (message_id,))
    return found + [_inbound(row) for row in rows]


def told(connection: Connection, track_ids: Sequence[str]) -> dict[str, frozenset[str]]:
    """For each track the nodes that were sent a message with it."""
    found: dict[str, frozenset[str]] = {}
    for track_id in track_ids:
        rows = connection.execute(
            f"""SELECT a.members FROM latest AS l JOIN audience AS a ON a.id = l.audience
                WHERE l.track = ? AND l.audience <> {INBOUND_AUDIENCE}""",
            (track_key(track_id),),
        )
        nodes = frozenset([name for (members,) in rows for name in json.loads(members)])
        if nodes:
            found[track_id] = nodes
    return found


def speakers(connection: Connection, track_ids: Sequence[str]) -> dict[str, str]:
    """For each track the node whose message, of those that partners sent, is the newest word on it."""
    found: dict[str, str] = {}
    for track_id in track_ids:
        query = f"""SELECT p.name FROM latest AS l JOIN inbound AS i ON i.seq = l.seq JOIN party AS p ON p.id = i.origin
            WHERE l.track = ? AND l.audience = {INBOUND_AUDIENCE}"""
        row = connection.execute(query, (track_key(track_id),)).fetchone()
        if row is not None:
            found[track_id] = row[0]
    return found


def latest_messages(connection: Connection, limit: int) -> list[StoredMessage]:
    """The newest messages that hold some track's newest word, oldest first: replayed, they give the picture again."""
    sent = connection.execute(
        f"""SELECT {_SEALED} FROM {_SEALED_FROM} WHERE o.octets IS NOT NULL AND o.seq IN
              (SELECT seq FROM latest WHERE audience <> {INBOUND_AUDIENCE}) ORDER BY o.seq DESC LIMIT ?""",
        (limit,),
    ).fetchall()
    received = connection.execute(
        f"""SELECT {_INBOUND} WHERE i.octets IS NOT NULL AND i.seq IN
              (SELECT seq FROM latest WHERE audience = {INBOUND_AUDIENCE}) ORDER BY i.seq DESC LIMIT ?""",
        (limit,),
    ).fetchall()
    found = [_outbound(connection, row) for row in sent] + [_inbound(row) for row in received]
    found.sort(key=lambda message: (message.recorded_at, message.seq))
    return found[-limit:]


# --------------------------------------------------------------------------------------------------------------- rest


def response(connection: Connection, source: str, key: str) -> tuple[str, bytes] | None:
    """(digest of the body, stored response) under an idempotency key."""
    query = "SELECT body, response FROM idempotency WHERE source = ? AND key = ?"
    row = connection.execute(query, (source, key)).fetchone()
    return None if row is None else (row[0].hex(), row[1])


def track_secret(connection: Connection) -> bytes:
    """What the node keys its track identifiers with."""
    (secret,) = connection.execute("SELECT value FROM meta WHERE key = ?", (KEYED_WITH,)).fetchone()
    return bytes(secret)


def incarnations(connection: Connection, limit: int) -> list[Minted]:
    """The most recently seen incarnations, oldest first."""
    rows = connection.execute(
        "SELECT source, native, track, started_at, last_seen FROM incarnation ORDER BY last_seen DESC LIMIT ?",
        (limit,),
    ).fetchall()
    return [
        Minted(
            source=source,
            native=native,
            track_id=track_text(track),
            started_at=from_micros(started_at),
            last_seen=from_micros(last_seen),
        )
        for source, native, track, started_at, last_seen in reversed(rows)
    ]


def quarantined(connection: Connection, limit: int, before: int | None, only: int | None) -> list[Quarantined]:
    """Refused frames, newest first; those before id `before`, or the one with id `only`."""
    rows = connection.execute(
        """SELECT id, at, source, feed, peer, code, place, cause, octets, length FROM quarantine
           WHERE (? IS NULL OR id < ?) AND (? IS NULL OR id = ?) ORDER BY id DESC LIMIT ?""",
        (before, before, only, only, limit),
    )
    return [
        Quarantined(
            id=id_,
            at=from_micros(at),
            source=source,
            feed=feed,
            peer=peer,
            code=code,
            place=place,
            cause=cause,
            octets=octets,
            length=length,
        )
        for id_, at, source, feed, peer, code, place, cause, octets, length in rows
    ]


def totals(connection: Connection) -> dict[str, int]:
    """Counts; cheap, because rows of messages and leaves are never deleted."""
    one = connection.execute
    return {
        "outbound": one("SELECT coalesce(max(seq), 0) FROM outbound").fetchone()[0],
        "inbound": one("SELECT coalesce(max(seq), 0) FROM inbound").fetchone()[0],
        "leaves": one("SELECT coalesce(max(idx) + 1, 0) FROM leaf").fetchone()[0],
        "checkpoint_size": one("SELECT coalesce(max(size), 0) FROM checkpoint").fetchone()[0],
        "quarantined": one("SELECT coalesce(sum(records), 0) FROM quarantine_held").fetchone()[0],
        "incidents": one("SELECT count(*) FROM incident").fetchone()[0],
        "incarnations": one("SELECT count(*) FROM incarnation").fetchone()[0],
    }


def findings(connection: Connection) -> list[str]:
    """What is wrong with the database, as sentences; empty when nothing is."""
    found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(20)") if row[0] != "ok"]
    count, top = connection.execute("SELECT count(*), coalesce(max(idx) + 1, 0) FROM leaf").fetchone()
    if count != top:
        found.append(f"the ledger has {top:,} positions and {count:,} leaves")
    size = connection.execute("SELECT coalesce(max(size), 0) FROM checkpoint").fetchone()[0]
    if size > top:
        found.append(f"the last checkpoint covers {size:,} leaves and the store has {top:,}")
    kept = connection.execute("SELECT source, count(*), sum(length(octets)) FROM quarantine GROUP BY source").fetchall()
    if sorted(kept) != sorted(connection.execute("SELECT source, records, octets FROM quarantine_held").fetchall()):
        found.append("the quarantine's book of who holds how much differs from what is there")
    for name, addressed, settled, queued, gone in connection.execute(
        """SELECT name, addressed, settled, (SELECT count(*) FROM recipient AS r WHERE r.party = p.id),
             (SELECT count(*) FROM delivery AS d WHERE d.party = p.id) FROM party AS p"""
    ):
        if (addressed, settled) != (queued, gone):
            found.append(f"partner {name}: counted {addressed:,}/{settled:,}, observed {queued:,}/{gone:,}")
    return found
