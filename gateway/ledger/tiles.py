"""Tiles and entry bundles (C2SP tlog-tiles): where they stand, what they hold, and how a tree of them grows.

Standard library only: an auditor runs this without the gateway.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import LedgerError
from gateway.ledger import codes
from gateway.ledger.merkle import EMPTY_ROOT, HASH_OCTETS, Node, fold, leaf_hash, perfect_root

WIDTH = 256
"""Hashes in a full tile, entries in a full bundle."""
LEVEL_BITS = 8
ENTRIES = "entries"
"""In place of a level: the bundles."""
MAX_ENTRY_OCTETS = 65_535
MAX_LEVEL = 7  # 2**64 leaves

Level = int | str

_PATH = re.compile(r"tile/([0-7]|entries)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


@dataclass(frozen=True)
class TilePath:
    """Which tile a path names."""

    level: Level
    index: int
    width: int

    def __str__(self) -> str:
        digits = str(self.index)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        path = f"tile/{self.level}/{'/'.join(['x' + g for g in groups[:-1]] + groups[-1:])}"
        return path if self.width == WIDTH else f"{path}.p/{self.width}"

    @classmethod
    def parse(cls, path: str) -> TilePath | None:
        """The tile at `path`, relative to the ledger's directory; absent for any other path."""
        match = _PATH.fullmatch(path)
        if match is None:
            return None
        level: Level = match[1] if match[1] == ENTRIES else int(match[1])
        width = WIDTH if match[3] is None else int(match[3])
        tile = cls(level, int(match[2].replace("/", "").replace("x", "")), width)
        return tile if str(tile) == path else None


def tile_width(level: Level, index: int, size: int) -> int:
    """How wide tile `index` of a level is in a tree of `size` leaves; 0 when it is not there."""
    total = size if isinstance(level, str) else size >> LEVEL_BITS * level
    return max(0, min(WIDTH, total - index * WIDTH))


def pack_entry(entry: bytes) -> bytes:
    """An entry as bundles hold it."""
    if not len(entry) <= MAX_ENTRY_OCTETS:
        raise LedgerError(codes.BAD_LEAF, cause=f"expected at most {MAX_ENTRY_OCTETS:,} octets")
    return len(entry).to_bytes(2, "big") + entry


def unpack_bundle(octets: bytes) -> list[bytes]:
    """The entries of a bundle; `LedgerError` LED-008 when its lengths do not add up."""
    entries = []
    at = 0
    while at < len(octets):
        end = at + 2 + int.from_bytes(octets[at : at + 2], "big")
        if end > len(octets) or at + 2 > len(octets):
            raise LedgerError(codes.BAD_BUNDLE, place=f"octet {at}", cause="an entry runs past the end of its bundle")
        entries.append(octets[at + 2 : end])
        at = end
    return entries


@dataclass(frozen=True)
class File:
    """What one file of the ledger must hold."""

    tile: TilePath
    octets: bytes


class Tree:
    """The right edge of a tree: all that is needed to append to it and to know its root, in 100 kB or less."""

    def __init__(self) -> None:
        self.size = 0
        self._bundle: list[bytes] = []
        """Entries of the last, partial bundle."""
        self._levels: list[list[bytes]] = [[]]
        """Hashes of the last, partial tile of each level."""

    def copy(self) -> Tree:
        """An independent tree of the same leaves."""
        other = Tree()
        other.size = self.size
        other._bundle = list(self._bundle)
        other._levels = [list(level) for level in self._levels]
        return other

    def append(self, entries: Iterable[bytes]) -> list[File]:
        """Add leaves; the bundles and tiles that became full, bundles first and then tiles bottom-up."""
        full: list[File] = []
        tiles: list[File] = []
        bundle, hashes = self._bundle, self._levels[0]
        for entry in entries:
            bundle.append(entry)
            hashes.append(leaf_hash(entry))
            self.size += 1
            if len(bundle) == WIDTH:
                at = TilePath(ENTRIES, self.size // WIDTH - 1, WIDTH)
                full.append(File(at, b"".join(map(pack_entry, bundle))))
                bundle.clear()
                tiles += self._carry()
        tiles.sort(key=lambda file: file.tile.level)
        return full + tiles

    def _carry(self) -> list[File]:
        """Turn full tiles into one hash of the level above."""
        full = []
        level = 0
        while len(self._levels[level]) == WIDTH:
            hashes = self._levels[level]
            index = (self.size >> LEVEL_BITS * (level + 1)) - 1
            full.append(File(TilePath(level, index, WIDTH), b"".join(hashes)))
            if level + 1 == len(self._levels):
                self._levels.append([])
            self._levels[level + 1].append(perfect_root(hashes))
            hashes.clear()
            level += 1
        return full

    def edge(self) -> list[File]:
        """The partial bundle and tiles, bundle first and then tiles bottom-up."""
        files = []
        if self._bundle:
            at = TilePath(ENTRIES, self.size // WIDTH, len(self._bundle))
            files.append(File(at, b"".join(map(pack_entry, self._bundle))))
        for level, hashes in enumerate(self._levels):
            if hashes:
                index = self.size >> LEVEL_BITS * (level + 1)
                files.append(File(TilePath(level, index, len(hashes)), b"".join(hashes)))
        return files

    def root(self) -> bytes:
        """The root over all leaves."""
        tail: bytes | None = None
        for hashes in self._levels:
            tail = fold(hashes, tail)
        return EMPTY_ROOT if tail is None else tail


class TileDirectory:
    """Reads a ledger that lies in a plain directory."""

    def __init__(self, directory: Path, size: int) -> None:
        self._directory = directory
        self._size = size
        self._tiles: dict[tuple[Level, int], bytes] = {}

    def read(self, level: Level, index: int) -> bytes:
        """The octets of a tile or bundle as wide as the tree's size says; a full one serves for a partial one.

        `LedgerError` LED-009 when neither is there.
        """
        width = tile_width(level, index, self._size)
        partial = self._directory / str(TilePath(level, index, width))
        octets = read_file(partial)
        if octets is None and width < WIDTH:
            octets = read_file(self._directory / str(TilePath(level, index, WIDTH)))
            if octets is not None:
                octets = _narrow(level, octets, width)
        if octets is None:
            raise LedgerError(codes.MISSING_FILE, place=str(TilePath(level, index, width)))
        return octets

    def entries(self, index: int) -> list[bytes]:
        """The entries of bundle `index`."""
        entries = unpack_bundle(self.read(ENTRIES, index))
        width = tile_width(ENTRIES, index, self._size)
        if len(entries) != width:
            raise LedgerError(
                codes.BAD_BUNDLE,
                place=str(TilePath(ENTRIES, index, width)),
                cause=f"expected {width} entries, observed {len(entries)}",
            )
        return entries

    def node(self) -> Node:
        """Hashes of perfect subtrees, read from the tiles."""

        def node(level: int, index: int) -> bytes:
            tile_level, height = divmod(level, LEVEL_BITS)
            tile, offset = divmod(index << height, WIDTH)
            if (tile_level, tile) not in self._tiles:
                self._tiles[tile_level, tile] = self.read(tile_level, tile)
            octets = self._tiles[tile_level, tile]
            start = offset * HASH_OCTETS
            hashes = split_hashes(octets[start : start + (HASH_OCTETS << height)])
            if len(hashes) != 1 << height:
                raise LedgerError(codes.BAD_BUNDLE, place=f"tile/{tile_level}/{tile}", cause="the tile is too short")
            return perfect_root(hashes)

        return node


def split_hashes(octets: bytes) -> Sequence[bytes]:
    """The hashes of a tile."""
    return [octets[at : at + HASH_OCTETS] for at in range(0, len(octets), HASH_OCTETS)]


def _narrow(level: Level, octets: bytes, width: int) -> bytes:
    if isinstance(level, str):
        return b"".join(map(pack_entry, unpack_bundle(octets)[:width]))
    return octets[: width * HASH_OCTETS]


def read_file(path: Path) -> bytes | None:
    """The file's octets; absent when there is none. `LedgerError` LED-019 when it cannot be read."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise LedgerError(codes.CANNOT_READ, place=str(path), cause=error.strerror or "") from error
