from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import LedgerError
from gateway.ledger import Checkpoint, Demands, Signer, codes, verify
from gateway.ledger.disk import Disk
from gateway.ledger.merkle import tree_root
from gateway.ledger.tiles import ENTRIES, WIDTH, TileDirectory, TilePath, Tree, pack_entry, tile_width, unpack_bundle
from tests.data import recording
from tests.ledger.made import entries, files, write

# Public test data of transparency-dev/tessera (testdata/build_log.sh): it protects nothing.
TESSERA_KEY = "PRIVATE+KEY+example.com/log/testdata+33d7b496+AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg"


def test_reproduces_the_log_of_tessera_octet_for_octet_at_sizes_0_to_15(tmp_path: Path) -> None:
    source = recording("ledger/tessera")
    signer = Signer.parse(TESSERA_KEY)
    records = unpack_bundle((source / "tile/entries/000.p/15").read_bytes())
    disk, tree = Disk(tmp_path), Tree()
    disk.prepare()
    for size in range(16):
        if size:
            disk.write([*tree.append([records[size - 1]]), *tree.edge()])
        note = signer.note(Checkpoint(signer.name, tree.size, tree.root()).text())
        disk.publish(note)
        (tmp_path / f"checkpoint.{size}").write_bytes(note)
    ours, theirs = files(tmp_path), files(source)
    assert len(theirs) == 47
    assert ours == theirs


def test_the_log_of_tessera_verifies_from_every_earlier_checkpoint() -> None:
    source = recording("ledger/tessera")
    saved = [(source / f"checkpoint.{size}").read_bytes() for size in range(16)]
    report = verify(source, Signer.parse(TESSERA_KEY).verifier, Demands(saved=saved, records=False))
    assert report.findings == []
    assert (report.entries, report.files) == (15, 30)


@pytest.mark.parametrize(
    ("level", "index", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 1234067, 256, "tile/0/x001/x234/067"),
        (ENTRIES, 1234067, 7, "tile/entries/x001/x234/067.p/7"),
        (2, 999, 255, "tile/2/999.p/255"),
        (0, 1000, 1, "tile/0/x001/000.p/1"),
    ],
)
def test_paths_are_those_of_the_standard(level: int | str, index: int, width: int, path: str) -> None:
    assert str(TilePath(level, index, width)) == path
    assert TilePath.parse(path) == TilePath(level, index, width)


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0",
        "tile/8/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/x000/001",
        "tile/0/1234",
        "checkpoint",
        "tile/0/x001",
        "tile/0/000.tmp",
    ],
)
def test_other_paths_are_none(path: str) -> None:
    assert TilePath.parse(path) is None


@given(st.integers(0, 10**12), st.integers(1, 256), st.sampled_from([ENTRIES, 0, 3, 7]))
def test_every_tile_has_one_path(index: int, width: int, level: int | str) -> None:
    assert TilePath.parse(str(TilePath(level, index, width))) == TilePath(level, index, width)


@given(st.lists(st.binary(max_size=300), max_size=30))
def test_bundles_give_back_their_entries(records: list[bytes]) -> None:
    assert unpack_bundle(b"".join(map(pack_entry, records))) == records


@pytest.mark.parametrize("octets", [b"\x00", b"\x00\x05abcd", b"\x00\x01a\x00", b"\xff\xff" + b"x" * 65_534])
def test_refuses_bundles_whose_lengths_do_not_add_up(octets: bytes) -> None:
    with pytest.raises(LedgerError) as caught:
        unpack_bundle(octets)
    assert caught.value.code == codes.BAD_BUNDLE


def test_an_entry_of_65535_octets_fits_and_no_larger_one() -> None:
    assert unpack_bundle(pack_entry(b"x" * 65_535)) == [b"x" * 65_535]
    with pytest.raises(LedgerError):
        pack_entry(b"x" * 65_536)


def test_widths_follow_the_size() -> None:
    assert [tile_width(0, n, 600) for n in range(4)] == [256, 256, 88, 0]
    assert tile_width(1, 0, 600) == 2
    assert tile_width(ENTRIES, 2, 600) == 88


def test_a_tree_of_three_levels_reads_back_from_its_tiles(tmp_path: Path) -> None:
    size = 66_000
    records = [str(n).encode() for n in range(size)]
    tree = Tree()
    disk = Disk(tmp_path)
    disk.prepare()
    full = tree.append(records)
    assert [file.tile.level for file in full] == [ENTRIES] * 257 + [0] * 257 + [1]
    disk.write(
        [file for file in full if file.tile.level != ENTRIES] + [f for f in tree.edge() if f.tile.level != ENTRIES]
    )
    assert {str(file.tile) for file in tree.edge()} >= {"tile/2/000.p/1", "tile/1/001.p/1"}
    assert tree_root(size, TileDirectory(tmp_path, size).node()) == tree.root()


def test_a_copy_of_a_tree_grows_on_its_own() -> None:
    tree = Tree()
    tree.append([b"a"] * 300)
    root = tree.root()
    other = tree.copy()
    other.append([b"b"] * 300)
    assert (tree.root(), tree.size) == (root, 300)


def test_a_full_tile_serves_where_the_partial_one_was_dropped(tmp_path: Path) -> None:
    write(tmp_path, entries(WIDTH))
    tiles = TileDirectory(tmp_path, 10)
    assert tiles.entries(0) == entries(10)
    assert len(tiles.read(0, 0)) == 320
    with pytest.raises(LedgerError) as caught:
        tiles.read(1, 5)
    assert caught.value.code == codes.MISSING_FILE
