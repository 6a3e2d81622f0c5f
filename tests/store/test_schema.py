from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.errors import StoreError
from gateway.store import codes
from gateway.store.schema import MIGRATIONS, connect_writer, migrate, schema_version, to_micros
from tests.store.made import START, leaf, message_id, opened, receipt, record, sealed


def version_one(path: Path) -> None:
    """A store as version 1 left it: two messages for two partners, one of them delivered to the first."""
    connection = connect_writer(path)
    migrate(connection, MIGRATIONS[:1])
    now = to_micros(START)
    with contextlib.closing(connection):
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO party (id, name, cursor) VALUES (?, ?, ?)", [(1, "nld", 0), (2, "deu", 1), (3, "fra", 0)]
        )
        connection.execute("""INSERT INTO audience VALUES (1, '["deu", "fra"]')""")
        for number in (1, 2):
            message = sealed(number, to=("deu", "fra"))
            digest = bytes.fromhex(message.sha256)
            row = (number, message.message_id, 1, 1, digest, message.key, message.rule, now, now, number - 1, b"")
            connection.execute(f"INSERT INTO outbound VALUES ({','.join('?' * 12)})", (*row, message.octets))
            connection.execute("INSERT INTO leaf VALUES (?, ?, ?)", (number - 1, now, b"leaf"))
            connection.executemany("INSERT INTO recipient VALUES (?, ?)", [(2, number), (3, number)])
        connection.execute(
            "INSERT INTO delivery VALUES (2, 1, ?, 'delivered', -1, 'deu', 'ACCEPTED', '', 7, ?, ?)",
            (now, now, receipt(sealed(1)).note),
        )
        connection.execute("COMMIT")


async def test_a_store_of_the_previous_version_is_migrated_in_place(tmp_path: Path) -> None:
    version_one(tmp_path / "store.db")
    store = await opened(tmp_path)
    assert store.info.schema_version == len(MIGRATIONS)
    assert [(queue.partner, queue.cursor, queue.depth) for queue in await store.queues()] == [
        ("deu", 1, 1),
        ("fra", 0, 2),
    ]
    assert [recorded.seq for recorded in await store.next_outbound("deu", 9)] == [2]
    assert len((await store.find_messages(message_id(1)))[0].receipts) == 1
    assert (await record(store, sealed(1, to=("deu", "fra")), leaf())).seq == 1
    assert (await record(store, sealed(3), leaf())).leaf_index == 2
    assert await store.integrity() == []
    await store.close()


async def test_quarantine_of_version_two_is_kept_and_bounded_after_its_migration(tmp_path: Path) -> None:
    version_one(tmp_path / "store.db")
    with contextlib.closing(connect_writer(tmp_path / "store.db")) as connection:
        migrate(connection, MIGRATIONS[:2])
        connection.executemany(
            "INSERT INTO quarantine VALUES (?, ?, ?, 'AST-003', 'octet 3', 'too short', 40, ?)",
            [(n, to_micros(START), "loud" if n < 8 else "quiet", b"x" * 40) for n in range(1, 10)],
        )
    store = await opened(tmp_path, quarantine_records=5)
    kept = await store.quarantined()
    assert (len(kept), kept[0].source, kept[0].feed, kept[0].peer) == (9, "quiet", "", "")
    assert (kept[0].id, kept[0].octets, kept[0].length) == (9, b"x" * 40, 40)
    assert (await store.counts()).quarantined == 9
    assert await store.integrity() == []
    await store.quarantine(kept[0])
    assert [record.source for record in await store.quarantined()] == ["quiet"] * 3 + ["loud"] * 2
    assert await store.integrity() == []
    await store.close()


def test_a_migration_that_fails_half_way_leaves_the_version_before(tmp_path: Path) -> None:
    def broken(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE half (x)")
        raise ZeroDivisionError

    with contextlib.closing(connect_writer(tmp_path / "store.db")) as connection:
        with pytest.raises(ZeroDivisionError):
            migrate(connection, (*MIGRATIONS, broken))
        assert schema_version(connection) == len(MIGRATIONS)
        assert connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'half'").fetchone() == (0,)
        migrate(connection)


async def test_a_store_of_a_newer_version_is_refused_and_not_touched(tmp_path: Path) -> None:
    await (await opened(tmp_path)).close()
    with contextlib.closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        connection.execute("UPDATE meta SET value = 99 WHERE key = 'schema_version'")
        connection.commit()
    with pytest.raises(StoreError) as caught:
        await opened(tmp_path)
    assert caught.value.code == codes.NEWER_VERSION
    with contextlib.closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        assert schema_version(connection) == 99


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"not a database" * 100)
    with pytest.raises(StoreError) as caught:
        await opened(tmp_path)
    assert caught.value.code == codes.CANNOT_OPEN


async def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError) as caught:
        await opened(tmp_path / "file" / "below")
    assert caught.value.code == codes.CANNOT_OPEN


async def test_one_store_has_one_process(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    with pytest.raises(StoreError) as caught:
        await opened(tmp_path)
    assert caught.value.code == codes.IN_USE
    await store.close()
    await (await opened(tmp_path)).close()


async def test_commits_are_synchronous_in_a_write_ahead_log(tmp_path: Path) -> None:
    with contextlib.closing(connect_writer(tmp_path / "store.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


async def test_the_database_is_for_its_owner_alone(tmp_path: Path) -> None:
    await (await opened(tmp_path)).close()
    assert (tmp_path / "store.db").stat().st_mode & 0o077 == 0


def test_a_lock_dies_with_its_process(tmp_path: Path) -> None:
    script = (
        "import asyncio, os, sys, pathlib\n"
        "from tests.store.made import opened\n"
        "async def main():\n"
        "    await opened(pathlib.Path(sys.argv[1]))\n"
        "    os._exit(9)\n"
        "asyncio.run(main())\n"
    )
    for _ in range(2):
        command = [sys.executable, "-c", script, str(tmp_path)]
        done = subprocess.run(command, cwd=Path(__file__).parents[2], check=False)
        assert done.returncode == 9
