"""What the store knows of the release policies that decided on its messages: a number, a digest and an outline.

Rows are few (one for each policy that was ever in force) and never deleted: messages cite them.
"""

from __future__ import annotations

import sqlite3

from gateway.store.transaction import Transaction


def remember_policy(transaction: Transaction, digest: str, outline: bytes) -> None:
    """Keep the outline of a policy; the store does not look into it."""
    number = transaction.policy(digest)
    transaction.write("UPDATE policy SET outline = ? WHERE id = ?", (outline, number))


def policy_outline(connection: sqlite3.Connection, digest: str) -> bytes | None:
    """The outline of a policy; nothing where none was kept."""
    row = connection.execute("SELECT outline FROM policy WHERE digest = ?", (digest,)).fetchone()
    return None if row is None else row[0]
