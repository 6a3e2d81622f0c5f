"""Retention: bodies go, digests and leaves stay."""

from __future__ import annotations

from datetime import datetime
from itertools import takewhile

from gateway.store.schema import INBOUND_AUDIENCE, to_micros
from gateway.store.transaction import Transaction

_NONE = "9223372036854775807"
"""A ceiling above every sequence."""


def prune_step(transaction: Transaction, before: datetime, limit: int) -> int:
    """Remove up to `limit` bodies of each direction that are older and that nobody waits for; how many went."""
    removed = 0
    for table, bound in (
        ("outbound", "(SELECT coalesce(min(cursor), 0) FROM party WHERE addressed > settled)"),
        ("inbound", f"(SELECT coalesce(min(message) - 1, {_NONE}) FROM held WHERE message IS NOT NULL)"),
    ):
        mark = f"pruned_{table}"
        rows = transaction.read("SELECT value FROM meta WHERE key = ?", (mark,))
        start = rows[0][0] if rows else 0
        waiting = transaction.read("SELECT 1 FROM party WHERE addressed > settled") if table == "outbound" else []
        ceiling = bound if table == "inbound" or waiting else _NONE
        seqs = transaction.read(
            f"SELECT seq, recorded_at FROM {table} WHERE seq > ? AND seq <= {ceiling} ORDER BY seq LIMIT ?",
            (start, limit),
        )
        old = [seq for seq, _ in takewhile(lambda row: row[1] < to_micros(before), seqs)]
        if old:
            last = old[-1]
            transaction.write(
                f"UPDATE {table} SET octets = NULL, tracks = NULL WHERE seq > ? AND seq <= ?", (start, last)
            )
            same = "=" if table == "inbound" else "<>"
            transaction.write(f"DELETE FROM latest WHERE audience {same} {INBOUND_AUDIENCE} AND seq <= ?", (last,))
            transaction.write("REPLACE INTO meta (key, value) VALUES (?, ?)", (mark, last))
            removed += len(old)
    return removed


def prune_memory(transaction: Transaction, before: datetime, keep: int) -> None:
    """Forget idempotent answers older than `before`, and all but the `keep` most recently seen incarnations."""
    transaction.write("DELETE FROM idempotency WHERE at < ?", (to_micros(before),))
    transaction.write(
        """DELETE FROM incarnation WHERE (source, native) IN
             (SELECT source, native FROM incarnation ORDER BY last_seen DESC LIMIT -1 OFFSET ?)""",
        (keep,),
    )
