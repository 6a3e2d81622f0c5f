"""Proof files (C2SP tlog-proof): one entry, its path to the root, and the signed checkpoint, in one small text.

The entry itself travels in the ``extra`` line, so that the file needs nothing beside it but the ledger's key.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import LedgerError
from gateway.ledger import codes
from gateway.ledger.checkpoint import Checkpoint, open_checkpoint
from gateway.ledger.merkle import HASH_OCTETS, inclusion_proof, leaf_hash, verify_inclusion
from gateway.ledger.note import Verifier
from gateway.ledger.tiles import WIDTH, TileDirectory, read_file

HEADER = "c2sp.org/tlog-proof@v1"
MAX_PROOF_OCTETS = 1_200_000  # a note and a leaf of the largest size
MAX_HASHES = 63


@dataclass(frozen=True)
class Proof:
    """A proof file taken apart; verified only when it comes from `open_proof`."""

    index: int
    entry: bytes
    hashes: tuple[bytes, ...]
    checkpoint_note: bytes

    def octets(self) -> bytes:
        """The file."""
        lines = [HEADER, f"extra {_base64(self.entry)}", f"index {self.index}", *map(_base64, self.hashes), "", ""]
        return "\n".join(lines).encode() + self.checkpoint_note


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _unbase64(text: str) -> bytes:
    try:
        octets = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _bad("expected base64") from error
    if _base64(octets) != text:
        raise _bad("expected canonical base64")
    return octets


def _bad(cause: str) -> LedgerError:
    return LedgerError(codes.BAD_PROOF_FILE, cause=cause)


def parse_proof(octets: bytes) -> Proof:
    """The file taken apart; `LedgerError` LED-007 when it is malformed."""
    if len(octets) > MAX_PROOF_OCTETS:
        raise _bad(f"expected at most {MAX_PROOF_OCTETS:,} octets")
    head, gap, note = octets.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise _bad("expected ASCII before the checkpoint") from error
    if not gap or len(lines) < 3 or lines[0] != HEADER or not lines[1].startswith("extra "):
        raise _bad(f"expected {HEADER}, then extra and index")
    word, _, index = lines[2].partition(" ")
    if word != "index" or not index.isdecimal() or len(index) > 19 or str(int(index)) != index:
        raise _bad("expected a decimal index")
    if len(lines) - 3 > MAX_HASHES:
        raise _bad(f"expected at most {MAX_HASHES} hashes")
    hashes = tuple(_unbase64(line) for line in lines[3:])
    if any(len(value) != HASH_OCTETS for value in hashes):
        raise _bad(f"expected hashes of {HASH_OCTETS} octets")
    return Proof(int(index), _unbase64(lines[1].removeprefix("extra ")), hashes, note)


def open_proof(octets: bytes, key: Verifier) -> tuple[Proof, Checkpoint]:
    """The proof and the checkpoint under which its entry stands in the ledger of `key`.

    `LedgerError` LED-007 when it is malformed, LED-001 to LED-005 for its checkpoint, LED-006 when it does not hold.
    """
    proof = parse_proof(octets)
    checkpoint = open_checkpoint(proof.checkpoint_note, key)
    verify_inclusion(
        index=proof.index,
        size=checkpoint.size,
        leaf=leaf_hash(proof.entry),
        proof=proof.hashes,
        root=checkpoint.root,
    )
    return proof, checkpoint


def read_checkpoint(directory: Path, key: Verifier) -> tuple[bytes, Checkpoint]:
    """The directory's signed head; `LedgerError` LED-009 when there is none."""
    note = read_file(directory / "checkpoint")
    if note is None:
        raise LedgerError(codes.MISSING_FILE, place=str(directory / "checkpoint"))
    return note, open_checkpoint(note, key)


def prove_index(directory: Path, key: Verifier, index: int) -> bytes:
    """The proof file of leaf `index`, made from a plain directory and verified before it is returned."""
    note, checkpoint = read_checkpoint(directory, key)
    if not 0 <= index < checkpoint.size:
        raise LedgerError(codes.NOT_FOUND, cause=f"expected an index below {checkpoint.size:,}, observed {index}")
    tiles = TileDirectory(directory, checkpoint.size)
    entry = tiles.entries(index // WIDTH)[index % WIDTH]
    hashes = inclusion_proof(index, checkpoint.size, tiles.node())
    octets = Proof(index, entry, tuple(hashes), note).octets()
    open_proof(octets, key)
    return octets


def prove_message(directory: Path, key: Verifier, message_id: str, events: Sequence[str] = ()) -> bytes:
    """The proof file of the first leaf about a message; of the first with one of `events` if given.

    `LedgerError` LED-021 when the published ledger holds none.
    """
    for index, leaf in find_message(directory, key, message_id):
        if not events or leaf.get("ev") in events:
            return prove_index(directory, key, index)
    raise LedgerError(codes.NOT_FOUND, place=f"message {message_id}")


def find_message(directory: Path, key: Verifier, message_id: str) -> Iterator[tuple[int, dict[str, object]]]:
    """(index, leaf) of everything that the published ledger says about a message, oldest first.

    Reads the bundles from the beginning: about a second per million leaves.
    """
    _, checkpoint = read_checkpoint(directory, key)
    tiles = TileDirectory(directory, checkpoint.size)
    wanted = json.dumps(message_id, ensure_ascii=False).encode()
    for bundle in range(-(-checkpoint.size // WIDTH)):
        for offset, entry in enumerate(tiles.entries(bundle)):
            if wanted in entry:
                leaf = _members(entry)
                if leaf.get("mid") == message_id:
                    yield bundle * WIDTH + offset, leaf


def _members(entry: bytes) -> dict[str, object]:
    try:
        leaf = json.loads(entry)
    except ValueError:
        return {}
    return leaf if isinstance(leaf, dict) else {}
