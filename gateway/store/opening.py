"""Opening a store: the lock that keeps other processes out, and the connection that writes."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path

from gateway.errors import StoreError
from gateway.store import codes
from gateway.store.records import StoreInfo
from gateway.store.schema import connect_writer, migrate, schema_version
from gateway.store.writer import describe


def take_lock(path: Path) -> int:
    """An exclusive lock beside the database (a descriptor), held by this process until it is closed or dies.

    `StoreError` STO-002 when there is no place for it, STO-004 when another process holds it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(codes.CANNOT_OPEN, place=str(path), cause=str(error)) from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(held)
        raise StoreError(codes.IN_USE, place=str(path)) from error
    return held


def open_writer(path: Path, factory: type[sqlite3.Connection]) -> tuple[sqlite3.Connection, StoreInfo]:
    """The connection that writes, to a database of the current shape, and what that database is.

    `StoreError` STO-002 when it cannot be opened, STO-003 when a newer version wrote it.
    """
    try:
        connection = connect_writer(path, factory)
        try:
            migrate(connection)
            version = schema_version(connection)
            path.chmod(0o600)  # messages inside are as confidential as their labels say
        except BaseException:
            connection.close()
            raise
    except (sqlite3.Error, OSError) as error:
        raise StoreError(codes.CANNOT_OPEN, place=str(path), cause=describe(error)) from error
    info = StoreInfo(
        path=str(path),
        engine=f"SQLite {sqlite3.sqlite_version}",
        schema_version=version,
        wal_reset_bug=sqlite3.sqlite_version_info < (3, 51, 3),
    )
    return connection, info
