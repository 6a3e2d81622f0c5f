"""Ledgers to look at: written by the real writer over a real store."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.clock import ManualClock
from gateway.ledger import Checkpoint, Ledger, Signer, leaf
from gateway.ledger.disk import Disk
from gateway.ledger.note import COSIGNATURE, Note, Signature, cosigned_text, parse_note
from gateway.ledger.tiles import Tree
from gateway.limits import Limits
from gateway.store import LeafFactory, Store

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ORIGIN = "nld.example/audit/1"


def signer(seed: str = "log", name: str = ORIGIN) -> Signer:
    return Signer(name, Ed25519PrivateKey.from_private_bytes(sha256(seed.encode()).digest()))


def witness(name: str) -> Signer:
    return Signer(name, Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest()), COSIGNATURE)


def digest(number: int) -> str:
    return sha256(str(number).encode()).hexdigest()


def mid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def entry(number: int) -> LeafFactory:
    return leaf.received(message_id=mid(number), origin="deu", peer="deu", sha256=digest(number), tracks=2)


def created() -> bytes:
    return leaf.created(node="nld", origin=ORIGIN, key=str(signer().verifier))(0, START)


def entries(size: int) -> list[bytes]:
    return [created(), *(entry(n)(n, START) for n in range(1, size))]


def write(directory: Path, records: list[bytes], *, by: Signer | None = None, at: tuple[int, ...] = ()) -> Path:
    """A ledger in a plain directory: checkpoints at the sizes `at`, then at the end, signed `by` the log's key."""
    disk, tree = Disk(directory), Tree()
    disk.prepare()
    for stop in (*at, len(records)):
        disk.write([*tree.append(records[tree.size : stop]), *tree.edge()])
    disk.publish((by or signer()).note(Checkpoint(ORIGIN, tree.size, tree.root()).text()))
    return directory


def checkpoint_of(records: list[bytes], by: Signer | None = None) -> bytes:
    tree = Tree()
    tree.append(records)
    return (by or signer()).note(Checkpoint(ORIGIN, tree.size, tree.root()).text())


def cosignature(by: Signer, text: str, time: datetime) -> Signature:
    """What the witness of that name signs."""
    private, seconds = Ed25519PrivateKey.from_private_bytes(sha256(by.name.encode()).digest()), int(time.timestamp())
    octets = seconds.to_bytes(8, "big") + private.sign(cosigned_text(text, seconds))
    return Signature(by.name, by.verifier.key_id, octets)


def cosigned(note: bytes, *witnesses: Signer, time: datetime = START) -> bytes:
    parsed = parse_note(note)
    return Note(parsed.text, (*parsed.signatures, *(cosignature(one, parsed.text, time) for one in witnesses))).octets()


def copy(source: Path, target: Path) -> Path:
    return shutil.copytree(source, target)


async def store_at(path: Path) -> Store:
    return await Store.open(path / "store.db", Limits(), ManualClock(START))


async def ledger_at(path: Path, store: Store, *, by: Signer | None = None) -> Ledger:
    return await Ledger.open(store, path / "ledger", by or signer(), "nld", ManualClock(START), Limits())


def files(directory: Path) -> dict[str, bytes]:
    """Every file of a ledger, by its path."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and ".staging" not in path.parts
    }
