"""Copies a ledger for an auditor: tiles, entries, checkpoint, key and policy, a text that says what to do, and the
verifier itself as source."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import gateway.errors
from gateway.errors import LedgerError
from gateway.ledger import codes
from gateway.ledger.note import Verifier
from gateway.ledger.proof import read_checkpoint
from gateway.ledger.tiles import ENTRIES, LEVEL_BITS, MAX_LEVEL, WIDTH, Level, TileDirectory, TilePath, tile_width

VERIFIER_MODULES = (
    "auditor",
    "checkpoint",
    "codes",
    "merkle",
    "note",
    "promise",
    "proof",
    "tiles",
    "verify",
    "witness",
)
"""Modules of this room that an auditor needs; they import the standard library, `cryptography` and each other."""

_README = """\
This directory is a copy of the ledger {origin}
at {size} entries. It is a C2SP tlog-tiles log; nothing in it is secret beyond what its entries say.

  checkpoint        the signed head: origin, size, root hash
  tile/entries/     the entries: two octets of length, then a JSON record, 256 to a file
  tile/0, tile/1..  the Merkle tree over them
  vkey              the key that signed the checkpoint. Compare it with the one that the node's
                    operator gave you by another way: a key that travels with a ledger proves nothing.
  policy            the same key as a C2SP tlog-policy, to which witnesses are added
  verifier/         the verifier as Python source, to be read and run (Python 3.11, package cryptography)

Verify:

  python verifier/verify.py .

Add --saved FILE for every checkpoint that you or a partner kept earlier: only that, or the
cosignatures of witnesses (--policy FILE), shows that history was not rewritten and signed again.
Keep this copy's checkpoint for the next time. Add --receipt FILE for every receipt of this node that you or a
partner hold: what it promises must stand in this copy.

Any other implementation of C2SP tlog-tiles verifies the same files.
"""

_LAUNCHER = '''\
"""Verifies a copied ledger: python verify.py DIRECTORY [--key VKEY] [--saved FILE] [--receipt FILE] [--policy FILE]."""

import sys

from gateway.ledger.auditor import main

sys.exit(main())
'''


def export(
    source: Path, target: Path, key: Verifier, *, policy: str = "", progress: Callable[[int], None] | None = None
) -> int:
    """Copy the published ledger in `source` to the new directory `target`; how many entries it covers.

    Only what the checkpoint covers is copied, so the gateway may go on writing. `policy` are further lines of the
    policy file (witnesses, groups, quorum). `LedgerError` LED-018 when `target` exists or cannot be written.
    """
    note, checkpoint = read_checkpoint(source, key)
    tiles = TileDirectory(source, checkpoint.size)
    try:
        target.mkdir(parents=True)
        levels: list[Level] = [ENTRIES, *range(MAX_LEVEL + 1)]
        for level in levels:
            total = checkpoint.size if isinstance(level, str) else checkpoint.size >> LEVEL_BITS * level
            for index in range(-(-total // WIDTH)):
                width = tile_width(level, index, checkpoint.size)
                file = target / str(TilePath(level, index, width))
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(tiles.read(level, index))
                if progress is not None and level == ENTRIES:
                    progress(index * WIDTH + width)
        (target / "checkpoint").write_bytes(note)
        (target / "vkey").write_text(f"{key}\n")
        (target / "policy").write_text(f"log {key}\n{policy or 'quorum none'}\n")
        (target / "README").write_text(_README.format(origin=checkpoint.origin, size=f"{checkpoint.size:,}"))
        export_verifier(target / "verifier")
    except OSError as error:
        raise LedgerError(codes.CANNOT_WRITE, place=str(target), cause=error.strerror or "") from error
    return checkpoint.size


def export_verifier(target: Path) -> None:
    """Write the verifier's source to `target`: ``verify.py`` starts it."""
    room = target / "gateway" / "ledger"
    room.mkdir(parents=True)
    for package in (target / "gateway", room):
        (package / "__init__.py").write_text('"""Part of the ledger verifier."""\n')
    shutil.copyfile(gateway.errors.__file__, target / "gateway" / "errors.py")
    for module in VERIFIER_MODULES:
        shutil.copyfile(Path(__file__).with_name(f"{module}.py"), room / f"{module}.py")
    (target / "verify.py").write_text(_LAUNCHER)
