"""Verifies a ledger that lies in a plain directory: no gateway, no socket, nothing of ours to trust.

Numbered as in docs/ledger.md:

    1  the checkpoint is signed by the ledger's key and names its origin
    2  enough witnesses cosigned it, if a policy says who
    3  it is fresh, if a limit is given
    4  every entry is hashed again; every bundle and tile holds exactly what the entries give
    5  every entry is a well-formed record, and they stand in order
    6  the entries give the root that the checkpoint states
    7  every checkpoint that was saved before is a prefix: nothing was changed, reordered, withheld or cut off
    8  every receipt's promise is kept: the leaf stands where the receipt says
    9  nothing else lies among the tiles

Standard library and `cryptography` only. Memory is bounded: one bundle at a time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from gateway.errors import LedgerError
from gateway.ledger import codes
from gateway.ledger.checkpoint import Checkpoint, open_checkpoint
from gateway.ledger.note import Verifier, parse_note
from gateway.ledger.tiles import ENTRIES, WIDTH, File, TilePath, Tree, read_file, tile_width, unpack_bundle
from gateway.ledger.witness import Policy

MAX_FINDINGS = 20  # of one code: one wrong entry makes many files differ, and the first ones say where
_NO_POLICY = Policy()


@dataclass(frozen=True)
class Promise:
    """What a receipt by the ledger's node promises to stand there."""

    leaf_index: int
    message_id: str
    sha256: str


@dataclass
class Report:
    """What verification found; the ledger holds when `findings` is empty."""

    checkpoint: Checkpoint | None = None
    findings: list[LedgerError] = field(default_factory=list)
    entries: int = 0
    """Entries that were hashed."""
    files: int = 0
    """Files that were compared."""
    beyond: int = 0
    """Files of leaves that no checkpoint covers yet: written just before the copy was made, and proven by nothing."""
    clock_steps: int = 0
    """Entries whose time lies before that of the entry before them: the node's clock was set back."""
    cosigned_at: tuple[datetime, ...] = ()
    last_time: str = ""
    """Time of the last entry, as it states it."""

    @property
    def ok(self) -> bool:
        """Whether everything held."""
        return not self.findings

    def note(self, finding: LedgerError) -> None:
        """Add a finding, up to `MAX_FINDINGS` of its code."""
        if sum(other.code == finding.code for other in self.findings) < MAX_FINDINGS:
            self.findings.append(finding)


@dataclass(frozen=True)
class Demands:
    """What an auditor asks beyond the directory itself. Without saved checkpoints or witnesses a ledger that was
    rewritten and signed again with its own key passes: no single copy can show that."""

    saved: Sequence[bytes] = ()
    """Checkpoint notes that were seen before, from wherever."""
    policy: Policy = _NO_POLICY
    promises: Sequence[Promise] = ()
    now: datetime | None = None
    max_age: timedelta | None = None
    """Oldest acceptable cosignature, or last entry where there are none; needs `now`."""
    records: bool = True
    """Whether entries must be this gateway's records (step 5)."""


def verify(
    directory: Path, key: Verifier, demands: Demands | None = None, progress: Callable[[int], None] | None = None
) -> Report:
    """Everything that is wrong with the ledger in `directory`, as a report; it raises for nothing in the ledger.

    `progress` is told how many entries are done, once per bundle.
    """
    demands = demands or Demands()
    report = Report()
    try:
        checkpoint = _check_head(directory, key, demands, report)
        _Walk(directory, key, checkpoint, demands, report, progress).run()
        _check_age(demands, report)
        _check_names(directory, checkpoint.size, report)
    except LedgerError as finding:
        report.note(finding)
    return report


def _check_head(directory: Path, key: Verifier, demands: Demands, report: Report) -> Checkpoint:
    """Steps 1 and 2."""
    octets = read_file(directory / "checkpoint")
    if octets is None:
        raise LedgerError(codes.MISSING_FILE, place="checkpoint")
    checkpoint = report.checkpoint = open_checkpoint(octets, key)
    try:
        report.cosigned_at = tuple(demands.policy.check(parse_note(octets)))
    except LedgerError as finding:
        report.note(finding)
    return checkpoint


def _check_age(demands: Demands, report: Report) -> None:
    """Step 3."""
    if demands.max_age is None or demands.now is None:
        return
    newest = max(report.cosigned_at, default=None)
    if newest is None and report.last_time:
        try:
            newest = datetime.fromisoformat(report.last_time)
        except ValueError:
            newest = None
    if newest is None or newest.tzinfo is None or demands.now - newest > demands.max_age:
        observed = "no time at all" if newest is None else newest.isoformat()
        raise LedgerError(
            codes.TOO_OLD, place="checkpoint", cause=f"expected within {demands.max_age}, observed {observed}"
        )


class _Walk:
    """Steps 4 to 8: one pass over the entries, growing the tree again and comparing every file with it."""

    def __init__(
        self,
        directory: Path,
        key: Verifier,
        checkpoint: Checkpoint,
        demands: Demands,
        report: Report,
        progress: Callable[[int], None] | None,
    ) -> None:
        self._directory = directory
        self._key = key
        self._size = checkpoint.size
        self._root = checkpoint.root
        self._records = demands.records
        self._report = report
        self._progress = progress
        self._tree = Tree()
        self._marks: dict[int, list[bytes]] = {}
        """Size -> roots that were seen for it."""
        self._promises: dict[int, list[Promise]] = {}
        for promise in demands.promises:
            if 0 <= promise.leaf_index < self._size:
                self._promises.setdefault(promise.leaf_index, []).append(promise)
            elif promise.leaf_index >= 0:
                report.note(_missing(promise, f"the checkpoint covers {self._size:,} leaves"))
        for note in demands.saved:
            self._mark(note)

    def _mark(self, note: bytes) -> None:
        try:
            saved = open_checkpoint(note, self._key)
        except LedgerError as finding:
            self._report.note(finding)
            return
        if saved.size > self._size:
            self._report.note(
                LedgerError(
                    codes.INCONSISTENT,
                    place="checkpoint",
                    cause=f"a checkpoint of {saved.size:,} leaves was seen before, this one covers {self._size:,}",
                )
            )
        else:
            self._marks.setdefault(saved.size, []).append(saved.root)

    def run(self) -> None:
        """The pass; it ends at a bundle that is missing or malformed."""
        self._compare_mark()
        while self._tree.size < self._size:
            index = self._tree.size // WIDTH
            entries = self._bundle(index)
            self._check_entries(entries)
            for file in self._grow(entries):
                self._compare(file)
            self._report.entries = self._tree.size
            if self._progress is not None:
                self._progress(self._tree.size)
        for file in self._tree.edge():
            self._compare(file)
        if self._tree.root() != self._root:
            observed = self._tree.root().hex()[:8]
            cause = f"expected {self._root.hex()[:8]}.., the entries give {observed}.."
            self._report.note(LedgerError(codes.DIFFERENT_ROOT, place="checkpoint", cause=cause))

    def _bundle(self, index: int) -> list[bytes]:
        width = tile_width(ENTRIES, index, self._size)
        tile = TilePath(ENTRIES, index, width)
        octets = read_file(self._directory / str(tile))
        if octets is None and width < WIDTH:
            octets = read_file(self._directory / str(TilePath(ENTRIES, index, WIDTH)))
        if octets is None:
            raise LedgerError(codes.MISSING_FILE, place=str(tile))
        try:
            entries = unpack_bundle(octets)[:width]
        except LedgerError as error:
            raise LedgerError(codes.BAD_BUNDLE, place=str(tile), cause=error.cause) from error
        if len(entries) != width:
            raise LedgerError(
                codes.BAD_BUNDLE, place=str(tile), cause=f"expected {width} entries, observed {len(entries)}"
            )
        return entries

    def _grow(self, entries: Sequence[bytes]) -> list[File]:
        """Append a bundle, stopping at each saved size to compare its root."""
        full: list[File] = []
        start, at = self._tree.size, 0
        for size in sorted(size for size in self._marks if start < size <= start + len(entries)):
            full += self._tree.append(entries[at : size - start])
            at = size - start
            self._compare_mark()
        return full + self._tree.append(entries[at:])

    def _compare_mark(self) -> None:
        """Step 7."""
        roots = self._marks.get(self._tree.size)
        if roots is None:
            return
        ours = self._tree.root()
        for root in roots:
            if root != ours:
                cause = f"at {self._tree.size:,} leaves the root was {root.hex()[:8]}.., now it is {ours.hex()[:8]}.."
                self._report.note(LedgerError(codes.INCONSISTENT, place="checkpoint", cause=cause))

    def _compare(self, file: File) -> None:
        """Step 4: the file, or the full one that replaced it, holds what the entries give."""
        self._report.files += 1
        place = str(file.tile)
        octets = read_file(self._directory / place)
        if octets is None and file.tile.width < WIDTH:
            place = str(TilePath(file.tile.level, file.tile.index, WIDTH))
            octets = read_file(self._directory / place)
            octets = None if octets is None else octets[: len(file.octets)]
        if octets is None:
            self._report.note(LedgerError(codes.MISSING_FILE, place=str(file.tile)))
        elif octets != file.octets:
            self._report.note(LedgerError(codes.DIFFERENT_FILE, place=place))
        self._compare_narrower(file)

    def _compare_narrower(self, file: File) -> None:
        """Earlier, narrower versions of the file must be its beginning."""
        base = self._directory / f"{TilePath(file.tile.level, file.tile.index, WIDTH)}.p"
        try:
            names = sorted(entry.name for entry in os.scandir(base))
        except (FileNotFoundError, NotADirectoryError):
            return
        for name in names:
            width = int(name) if name.isdecimal() and len(name) < 4 else 0
            if 0 < width < file.tile.width:
                self._report.files += 1
                octets = read_file(base / name)
                if octets is None or octets != _head(file, width):
                    place = str(TilePath(file.tile.level, file.tile.index, width))
                    self._report.note(LedgerError(codes.DIFFERENT_FILE, place=place))

    # ------------------------------------------------------------------------------------------------- steps 5 and 8

    def _check_entries(self, entries: Sequence[bytes]) -> None:
        for index, entry in enumerate(entries, self._tree.size):
            promises = self._promises.get(index, ())
            if not self._records and not promises:
                continue
            leaf = parse_leaf(entry)
            if self._records:
                self._check_record(index, entry, leaf)
            for promise in promises:
                if leaf is None or (leaf.get("mid"), leaf.get("sha256")) != (promise.message_id, promise.sha256):
                    self._report.note(_missing(promise, "another entry stands there"))

    def _check_record(self, index: int, entry: bytes, leaf: dict[str, object] | None) -> None:
        cause = ""
        if leaf is None:
            cause = "it is not a JSON object of strings, integers and lists of strings"
        elif leaf.get("seq") != index:
            cause = f"expected seq {index}, observed {leaf.get('seq')!r:.20}"
        elif not isinstance(leaf.get("v"), int) or not isinstance(leaf.get("ev"), str) or "t" not in leaf:
            cause = "a member v, ev or t is missing"
        elif _canonical(leaf) != entry:
            cause = "it is not in canonical form (RFC 8785)"
        elif index == 0 and (leaf["ev"], leaf.get("origin"), leaf.get("key")) != (
            "created",
            self._key.name,
            str(self._key),
        ):
            cause = "the first entry does not state this origin and key"
        if cause or leaf is None:
            self._report.note(LedgerError(codes.BAD_LEAF, place=f"leaf {index}", cause=cause))
            return
        time = str(leaf["t"])
        if _sortable(time) < _sortable(self._report.last_time):
            self._report.clock_steps += 1
        self._report.last_time = time


def _missing(promise: Promise, cause: str) -> LedgerError:
    return LedgerError(
        codes.MISSING_LEAF, place=f"leaf {promise.leaf_index}, message {promise.message_id}", cause=cause
    )


def _sortable(time: str) -> str:
    """``...:05Z`` sorts after ``...:05.5Z`` as text; without the zone it does not."""
    return time.removesuffix("Z")


def _head(file: File, width: int) -> bytes:
    """The first `width` hashes or entries of a file."""
    if file.tile.level != ENTRIES:
        return file.octets[: width * 32]
    at = 0
    for _ in range(width):
        at += 2 + int.from_bytes(file.octets[at : at + 2], "big")
    return file.octets[:at]


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def parse_leaf(entry: bytes) -> dict[str, object] | None:
    """The record's members; absent when it is not one."""
    try:
        leaf = json.loads(entry.decode(), object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        return None
    if not isinstance(leaf, dict) or not all(_is_value(value) for value in leaf.values()):
        return None
    return leaf


def _is_value(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(member, str) for member in value)
    return isinstance(value, str) or (type(value) is int and abs(value) < 2**53)


def _canonical(leaf: dict[str, object]) -> bytes:
    """RFC 8785 for flat records with ASCII names."""
    try:
        return json.dumps(leaf, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return b""


def _check_names(directory: Path, size: int, report: Report) -> None:
    """Step 9."""
    base = directory / "tile"
    for folder, _, names in os.walk(base):
        for name in names:
            path = (Path(folder) / name).relative_to(directory).as_posix()
            tile = TilePath.parse(path)
            if tile is None:
                report.note(LedgerError(codes.UNEXPECTED_FILE, place=path))
            elif tile.width > tile_width(tile.level, tile.index, size):
                report.beyond += 1
