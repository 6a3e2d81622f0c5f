"""Refused frames, kept for the operator within two bounds, so that one source cannot take the room of the others."""

from __future__ import annotations

from gateway.limits import Limits
from gateway.store.records import Quarantined
from gateway.store.schema import to_micros
from gateway.store.transaction import Transaction

_TEXT = 2_000  # characters of a place or cause; the error classes keep theirs far shorter


def quarantine(transaction: Transaction, record: Quarantined, limits: Limits) -> int:
    """Keep a refused frame, cut to `Limits.quarantine_octets`; its id. Beyond a bound the greediest source pays."""
    octets = record.octets[: limits.quarantine_octets]
    cursor = transaction.write(
        """INSERT INTO quarantine (at, source, feed, peer, code, place, cause, length, octets)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            to_micros(record.at),
            record.source,
            record.feed,
            record.peer,
            record.code,
            record.place[:_TEXT],
            record.cause[:_TEXT],
            record.length,
            octets,
        ),
    )
    assert cursor.lastrowid is not None
    transaction.write(
        """INSERT INTO quarantine_held VALUES (?, 1, ?)
           ON CONFLICT (source) DO UPDATE SET records = records + 1, octets = octets + excluded.octets""",
        (record.source, len(octets)),
    )
    _make_room(transaction, limits)
    return cursor.lastrowid


def _make_room(transaction: Transaction, limits: Limits) -> None:
    """Remove frames until both bounds hold: each time the oldest of the source that holds most of what is short."""
    while True:
        ((records, total),) = transaction.read("SELECT sum(records), sum(octets) FROM quarantine_held")
        if not records:
            return
        if total > limits.quarantine_total_octets:
            most = "octets"
        elif records > limits.quarantine_records:
            most = "records"
        else:
            return
        ((source,),) = transaction.read(
            f"""SELECT source FROM quarantine_held AS h
                ORDER BY {most} DESC, (SELECT min(id) FROM quarantine AS q WHERE q.source = h.source) LIMIT 1"""
        )
        ((id_, size),) = transaction.read(
            "SELECT id, length(octets) FROM quarantine WHERE source = ? ORDER BY id LIMIT 1", (source,)
        )
        transaction.write("DELETE FROM quarantine WHERE id = ?", (id_,))
        transaction.write(
            "UPDATE quarantine_held SET records = records - 1, octets = octets - ? WHERE source = ?", (size, source)
        )
        transaction.write("DELETE FROM quarantine_held WHERE source = ? AND records = 0", (source,))
