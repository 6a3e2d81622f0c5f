"""Which tracks were withdrawn, by whom: kept longer than the picture, for an older message may still be under way."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import timedelta

from gateway.limits import Limits
from gateway.store.records import Withdrawal
from gateway.store.schema import from_micros, to_micros, track_key, track_text
from gateway.store.transaction import Transaction


def remember_withdrawals(transaction: Transaction, withdrawn: Sequence[Withdrawal], limits: Limits) -> None:
    """Keep these, and of each node that withdraws no more than the picture has tracks, nor longer than messages may
    be on their way: whoever withdraws much pushes out what he withdrew himself."""
    for one in withdrawn:
        teller, until = transaction.party(one.teller), to_micros(one.until)
        key = (teller, one.origin, track_key(one.track_id))
        rows = transaction.read("SELECT until FROM withdrawal WHERE teller = ? AND origin = ? AND track = ?", key)
        transaction.write("DELETE FROM withdrawal WHERE teller = ? AND origin = ? AND track = ?", key)
        transaction.write(
            "INSERT INTO withdrawal (teller, origin, track, until, noted_at) VALUES (?, ?, ?, ?, ?)",
            (*key, max(until, rows[0][0]) if rows else until, to_micros(one.noted_at)),
        )
    age = timedelta(seconds=limits.created_age_s)
    for teller in {transaction.party(one.teller) for one in withdrawn}:
        transaction.write(
            """DELETE FROM withdrawal WHERE teller = ? AND (noted_at < ? OR id <=
                 (SELECT id FROM withdrawal WHERE teller = ? ORDER BY id DESC LIMIT 1 OFFSET ?))""",
            (teller, to_micros(transaction.now - age), teller, limits.picture_tracks),
        )


def withdrawals(connection: sqlite3.Connection) -> list[Withdrawal]:
    """Those that are kept, in the order in which they were noted; none in a database that an older version wrote."""
    (known,) = connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'withdrawal'").fetchone()
    if not known:
        return []
    rows = connection.execute(
        """SELECT w.track, w.origin, p.name, w.until, w.noted_at
           FROM withdrawal AS w JOIN party AS p ON p.id = w.teller ORDER BY w.id"""
    )
    return [
        Withdrawal(
            track_id=track_text(track),
            origin=origin,
            teller=teller,
            until=from_micros(until),
            noted_at=from_micros(noted_at),
        )
        for track, origin, teller, until, noted_at in rows
    ]
