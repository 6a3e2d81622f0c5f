"""The database's shape, its connections, and how an older shape becomes the current one in place.

Times are integer microseconds since 1970-01-01 UTC, digests are 32-octet blobs, track ids are 16-octet blobs when they
are UUIDs and text otherwise. Messages are append-only; a partner's queue is its rows of `recipient` after its cursor.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_bytes

from gateway.errors import StoreError
from gateway.store import codes

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
KEYED_WITH = "track_key"
"""Its key in the table `meta`."""
INBOUND_AUDIENCE = 0
"""Audience of messages that partners sent to us, in the table `latest`."""

WAL_PAGES = 4_000
"""Pages in the write-ahead log before the writer copies them back: 32 MB at 8 KiB, a few copies per second at most."""
CACHE_KIB = 8_192
"""Page cache of the writer; a gateway stays under 200 MB."""

Migration = Callable[[sqlite3.Connection], None]


def to_micros(instant: datetime) -> int:
    """`instant` as the database holds it."""
    return (instant - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """The aware UTC instant of a stored time."""
    return EPOCH + timedelta(microseconds=micros)


def track_key(track_id: str) -> bytes | str:
    """`track_id` as the database holds it: half the size for a lower-case UUID."""
    if len(track_id) == 36 and track_id[8] == track_id[13] == track_id[18] == track_id[23] == "-":
        try:
            key = bytes.fromhex(track_id.replace("-", ""))
        except ValueError:
            return track_id
        if track_text(key) == track_id:
            return key
    return track_id


def track_text(key: bytes | str) -> str:
    """The track id of a stored key."""
    if isinstance(key, str):
        return key
    digits = key.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def pack_tracks(track_ids: Sequence[str]) -> bytes | str:
    """Track ids of one message in one value: 16 octets each when all are UUIDs."""
    keys = [track_key(track_id) for track_id in track_ids]
    if all(isinstance(key, bytes) for key in keys):
        return b"".join(keys)  # type: ignore[arg-type]  # just checked
    return "\n".join(track_ids)


def unpack_tracks(packed: bytes | str | None) -> tuple[str, ...]:
    """Track ids of a packed value; none when retention removed it."""
    if packed is None:
        return ()
    if isinstance(packed, str):
        return tuple(packed.split("\n"))
    return tuple(track_text(packed[at : at + 16]) for at in range(0, len(packed), 16))


_V1 = (
    """CREATE TABLE party (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, cursor INTEGER NOT NULL DEFAULT 0)""",
    "CREATE TABLE audience (id INTEGER PRIMARY KEY, members TEXT NOT NULL UNIQUE)",
    """CREATE TABLE outbound (
        seq INTEGER PRIMARY KEY, message_id TEXT NOT NULL, origin INTEGER NOT NULL, audience INTEGER NOT NULL,
        sha256 BLOB NOT NULL, signer TEXT NOT NULL, rule TEXT NOT NULL, created_at INTEGER NOT NULL,
        recorded_at INTEGER NOT NULL, leaf INTEGER NOT NULL, tracks, octets BLOB)""",
    "CREATE UNIQUE INDEX outbound_id ON outbound (message_id, origin)",
    """CREATE TABLE recipient (
        party INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (party, seq)) WITHOUT ROWID""",
    """CREATE TABLE delivery (
        party INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, state TEXT NOT NULL, leaf INTEGER NOT NULL,
        node TEXT, outcome TEXT, code TEXT NOT NULL, their_leaf INTEGER, their_time INTEGER, note BLOB,
        PRIMARY KEY (party, seq)) WITHOUT ROWID""",
    """CREATE TABLE exceptional (
        party INTEGER NOT NULL, seq INTEGER NOT NULL, state TEXT NOT NULL, code TEXT NOT NULL, cause TEXT NOT NULL,
        at INTEGER NOT NULL, PRIMARY KEY (party, seq)) WITHOUT ROWID""",
    """CREATE TABLE inbound (
        seq INTEGER PRIMARY KEY, message_id TEXT NOT NULL, origin INTEGER NOT NULL, party INTEGER NOT NULL,
        sha256 BLOB NOT NULL, code TEXT NOT NULL, recorded_at INTEGER NOT NULL, leaf INTEGER NOT NULL,
        answer BLOB NOT NULL, tracks, octets BLOB)""",
    "CREATE UNIQUE INDEX inbound_id ON inbound (message_id, origin)",
    """CREATE TABLE incident (
        message_id TEXT NOT NULL, origin INTEGER NOT NULL, sha256 BLOB NOT NULL, party INTEGER NOT NULL,
        at INTEGER NOT NULL, leaf INTEGER NOT NULL, answer BLOB NOT NULL,
        PRIMARY KEY (message_id, origin, sha256)) WITHOUT ROWID""",
    "CREATE TABLE leaf (idx INTEGER PRIMARY KEY, at INTEGER NOT NULL, entry BLOB NOT NULL)",
    """CREATE TABLE checkpoint (
        id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL)""",
    """CREATE TABLE latest (
        track NOT NULL, audience INTEGER NOT NULL, seq INTEGER NOT NULL,
        PRIMARY KEY (track, audience)) WITHOUT ROWID""",
    """CREATE TABLE quarantine (
        id INTEGER PRIMARY KEY, at INTEGER NOT NULL, source TEXT NOT NULL, code TEXT NOT NULL, place TEXT NOT NULL,
        cause TEXT NOT NULL, length INTEGER NOT NULL, octets BLOB NOT NULL)""",
    """CREATE TABLE idempotency (
        source TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, at INTEGER NOT NULL, response BLOB NOT NULL,
        PRIMARY KEY (source, key)) WITHOUT ROWID""",
    """CREATE TABLE incarnation (
        source TEXT NOT NULL, native TEXT NOT NULL, track NOT NULL, started_at INTEGER NOT NULL,
        last_seen INTEGER NOT NULL, PRIMARY KEY (source, native)) WITHOUT ROWID""",
)


def _create(connection: sqlite3.Connection) -> None:
    """Version 1: the tables."""
    for statement in _V1:
        connection.execute(statement)


def _count_queues(connection: sqlite3.Connection) -> None:
    """Version 2: a queue's depth is a subtraction, not a scan of everything that waits."""
    connection.execute("ALTER TABLE party ADD COLUMN addressed INTEGER NOT NULL DEFAULT 0")
    connection.execute("ALTER TABLE party ADD COLUMN settled INTEGER NOT NULL DEFAULT 0")
    connection.execute(
        """UPDATE party SET
             addressed = (SELECT count(*) FROM recipient WHERE recipient.party = party.id),
             settled = (SELECT count(*) FROM delivery WHERE delivery.party = party.id)"""
    )


def _share_quarantine(connection: sqlite3.Connection) -> None:
    """Version 3: refused frames know their feed and peer, and who holds how much of the quarantine is a look-up."""
    connection.execute("ALTER TABLE quarantine ADD COLUMN feed TEXT NOT NULL DEFAULT ''")
    connection.execute("ALTER TABLE quarantine ADD COLUMN peer TEXT NOT NULL DEFAULT ''")
    connection.execute("CREATE INDEX quarantine_source ON quarantine (source, id)")
    connection.execute(
        """CREATE TABLE quarantine_held (
             source TEXT PRIMARY KEY, records INTEGER NOT NULL, octets INTEGER NOT NULL) WITHOUT ROWID"""
    )
    connection.execute(
        "INSERT INTO quarantine_held SELECT source, count(*), sum(length(octets)) FROM quarantine GROUP BY source"
    )


def _keep_secret(connection: sqlite3.Connection) -> None:
    """Version 4: what keeps partners from guessing which sensor's number a track identifier was made of."""
    connection.execute("INSERT INTO meta (key, value) VALUES (?, ?)", (KEYED_WITH, token_bytes(32)))


def _remember_withdrawals(connection: sqlite3.Connection) -> None:
    """Version 5: what was withdrawn, for an older message that comes after."""
    connection.execute(
        """CREATE TABLE withdrawal (
             id INTEGER PRIMARY KEY, teller INTEGER NOT NULL, origin TEXT NOT NULL, track NOT NULL,
             until INTEGER NOT NULL, noted_at INTEGER NOT NULL)"""
    )
    connection.execute("CREATE UNIQUE INDEX withdrawal_track ON withdrawal (track, teller, origin)")
    connection.execute("CREATE INDEX withdrawal_teller ON withdrawal (teller, id)")


def _name_policies(connection: sqlite3.Connection) -> None:
    """Version 6: each message knows by which release policy it was decided; unknown of those from before."""
    connection.execute("CREATE TABLE policy (id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, outline BLOB)")
    connection.execute("ALTER TABLE outbound ADD COLUMN policy INTEGER")


def _hold_tracks(connection: sqlite3.Connection) -> None:
    """Version 7: tracks that wait until a release group may see them. Large values stand last in a row."""
    connection.execute(
        """CREATE TABLE held (
             id INTEGER PRIMARY KEY AUTOINCREMENT, due INTEGER NOT NULL, tracks INTEGER NOT NULL,
             weight INTEGER NOT NULL, release_group TEXT NOT NULL, source TEXT NOT NULL, message INTEGER,
             since INTEGER NOT NULL, form INTEGER NOT NULL, names, body BLOB NOT NULL)"""
    )
    connection.execute("CREATE INDEX held_due ON held (due, tracks, weight)")
    connection.execute("CREATE INDEX held_message ON held (message) WHERE message IS NOT NULL")


MIGRATIONS: tuple[Migration, ...] = (
    _create,
    _count_queues,
    _share_quarantine,
    _keep_secret,
    _remember_withdrawals,
    _name_policies,
    _hold_tracks,
)
"""Step n turns version n into version n + 1. Append only: a released step never changes."""


def connect_writer(path: Path, factory: type[sqlite3.Connection] = sqlite3.Connection) -> sqlite3.Connection:
    """The one connection that writes and checkpoints; every commit is on disk when it returns."""
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=512, factory=factory, timeout=5.0
    )
    try:
        connection.execute("PRAGMA page_size = 8192")  # three 2 KiB messages to a page instead of one to 4 KiB
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        connection.execute("PRAGMA mmap_size = 0")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write and never checkpoints (two that do expose SQLite's WAL-reset bug)."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("PRAGMA mmap_size = 0")
    return connection


def schema_version(connection: sqlite3.Connection) -> int:
    """The database's version; 0 when it is new."""
    (known,) = connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'meta'").fetchone()
    if not known:
        return 0
    row = connection.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()
    return int(row[0]) if row else 0


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration] = MIGRATIONS) -> int:
    """Bring the database to the current version, one transaction per step; the version that it had before.

    `StoreError` STO-003 when a newer version wrote it: nothing is changed then.
    """
    before = schema_version(connection)
    if before > len(migrations):
        raise StoreError(
            codes.NEWER_VERSION, cause=f"expected version {len(migrations)} or lower, observed version {before}"
        )
    for version in range(before, len(migrations)):
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute("CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID")
            migrations[version](connection)
            connection.execute("REPLACE INTO meta (key, value) VALUES ('schema_version', ?)", (version + 1,))
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    return before
