"""The attacks on a ledger and what catches each: some pass every check of a single copy, and those say so here."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ledger import Demands, Policy, Promise, codes, verify
from gateway.ledger.verify import MAX_FINDINGS, Report
from tests.ledger.made import (
    START,
    checkpoint_of,
    copy,
    cosigned,
    created,
    digest,
    entries,
    entry,
    files,
    mid,
    signer,
    witness,
    write,
)

SIZE = 600
KEY = signer().verifier
BRAVO, CHARLIE, DELTA = (witness(name) for name in ("bravo.example", "charlie.example", "delta.example"))
POLICY = Policy.parse(
    "\n".join(
        [
            f"log {KEY}",
            *(f"witness {one.name.partition('.')[0]} {one.verifier}" for one in (BRAVO, CHARLIE, DELTA)),
            "group alliance 2 bravo charlie delta",
            "quorum alliance",
        ]
    )
)


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = write(tmp_path_factory.mktemp("honest") / "ledger", entries(SIZE), at=(3, 520))
    shutil.rmtree(directory / "tile/0/000.p")
    shutil.rmtree(directory / "tile/entries/000.p")
    (directory / "checkpoint").write_bytes(cosigned((directory / "checkpoint").read_bytes(), BRAVO, CHARLIE))
    return directory


@pytest.fixture
def ledger(honest: Path, tmp_path: Path) -> Path:
    return copy(honest, tmp_path / "ledger")


def found(report: Report) -> set[str]:
    return {finding.code.id for finding in report.findings}


def places(report: Report) -> set[str]:
    return {finding.place for finding in report.findings}


def edit(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def test_an_honest_ledger_holds_with_everything_that_can_be_demanded(ledger: Path) -> None:
    demands = Demands(
        saved=[checkpoint_of(entries(n)) for n in (1, 2, 255, 256, 257, 512, 599, 600)],
        policy=POLICY,
        promises=[Promise(7, mid(7), digest(7)), Promise(599, mid(599), digest(599)), Promise(-1, mid(1), digest(2))],
        now=START + timedelta(minutes=5),
        max_age=timedelta(hours=1),
    )
    done: list[int] = []
    report = verify(ledger, KEY, demands, done.append)
    assert report.findings == []
    assert (report.entries, report.beyond, report.clock_steps) == (SIZE, 0, 0)
    assert done == [256, 512, 600]
    assert report.cosigned_at == (START, START)


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("tile/entries/000", "tile/0/000"),
        ("tile/entries/002.p/88", "tile/0/002.p/88"),
        ("tile/0/001", "tile/0/001"),
        ("tile/1/000.p/2", "tile/1/000.p/2"),
    ],
)
def test_one_octet_changed_in_a_bundle_or_tile_is_caught_and_named(ledger: Path, path: str, named: str) -> None:
    edit(ledger / path, lambda octets: octets[:40] + bytes([octets[40] ^ 1]) + octets[41:])
    report = verify(ledger, KEY)
    assert codes.DIFFERENT_FILE.id in found(report)
    assert named in places(report)


@pytest.mark.parametrize("path", ["tile/entries/001", "tile/0/000", "tile/1/000.p/2", "checkpoint"])
def test_a_deleted_file_is_caught_and_named(ledger: Path, path: str) -> None:
    (ledger / path).unlink()
    report = verify(ledger, KEY)
    assert found(report) == {codes.MISSING_FILE.id}
    assert places(report) == {path}


@pytest.mark.parametrize(("old", "new"), [(b"\n600\n", b"\n599\n"), (b"\n600\n", b"\n601\n")])
def test_a_size_edited_in_the_checkpoint_is_caught_by_the_signature(ledger: Path, old: bytes, new: bytes) -> None:
    edit(ledger / "checkpoint", lambda octets: octets.replace(old, new))
    assert found(verify(ledger, KEY)) == {codes.BAD_SIGNATURE.id}


def test_a_root_edited_in_the_checkpoint_is_caught_by_the_signature(ledger: Path) -> None:
    other = checkpoint_of(entries(SIZE - 1)).split(b"\n")[2]
    edit(ledger / "checkpoint", lambda octets: octets.replace(octets.split(b"\n")[2], other))
    assert found(verify(ledger, KEY)) == {codes.BAD_SIGNATURE.id}


def test_a_checkpoint_of_another_key_is_caught(ledger: Path) -> None:
    (ledger / "checkpoint").write_bytes(checkpoint_of(entries(SIZE), signer("thief")))
    assert found(verify(ledger, KEY)) == {codes.NOT_SIGNED.id}


def rewritten(directory: Path) -> Path:
    """Two entries changed places in effect: the tree rebuilt and signed again with the log's own key."""
    records = entries(SIZE)
    records[100], records[200] = entry(200)(100, START), entry(100)(200, START)
    return write(directory, records)


def test_a_rewritten_and_re_signed_ledger_passes_alone_and_is_caught_by_any_saved_checkpoint(tmp_path: Path) -> None:
    forged = rewritten(tmp_path / "forged")
    assert verify(forged, KEY).ok
    for size in (101, 250, SIZE):
        assert found(verify(forged, KEY, Demands(saved=[checkpoint_of(entries(size))]))) == {codes.INCONSISTENT.id}
    assert verify(forged, KEY, Demands(saved=[checkpoint_of(entries(100))])).ok


def test_a_rewritten_ledger_has_no_witnesses(tmp_path: Path) -> None:
    forged = rewritten(tmp_path / "forged")
    assert found(verify(forged, KEY, Demands(policy=POLICY))) == {codes.NOT_WITNESSED.id}


def test_old_cosignatures_pasted_onto_a_rewritten_checkpoint_are_caught(ledger: Path, tmp_path: Path) -> None:
    forged = rewritten(tmp_path / "forged")
    lines = (ledger / "checkpoint").read_bytes().splitlines(keepends=True)[-2:]
    edit(forged / "checkpoint", lambda octets: octets + b"".join(lines))
    assert found(verify(forged, KEY, Demands(policy=POLICY))) == {codes.BAD_SIGNATURE.id}


def test_an_older_ledger_served_as_current_passes_alone_and_is_caught_by_a_larger_saved_checkpoint(
    tmp_path: Path,
) -> None:
    old = write(tmp_path / "old", entries(500))
    assert verify(old, KEY).ok
    report = verify(old, KEY, Demands(saved=[checkpoint_of(entries(SIZE))]))
    assert found(report) == {codes.INCONSISTENT.id}


def test_an_older_ledger_served_as_current_is_caught_by_the_age_of_its_cosignatures(ledger: Path) -> None:
    late = Demands(policy=POLICY, now=START + timedelta(days=2), max_age=timedelta(hours=24))
    assert found(verify(ledger, KEY, late)) == {codes.TOO_OLD.id}
    alone = Demands(now=START + timedelta(days=2), max_age=timedelta(hours=24))
    assert found(verify(ledger, KEY, alone)) == {codes.TOO_OLD.id}


def test_a_hidden_tail_is_caught_by_the_receipt_of_a_message_in_it(tmp_path: Path) -> None:
    old = write(tmp_path / "old", entries(500))
    report = verify(old, KEY, Demands(promises=[Promise(550, mid(550), digest(550))]))
    assert found(report) == {codes.MISSING_LEAF.id}


def test_a_split_view_passes_each_alone_and_is_caught_by_comparing_checkpoints(tmp_path: Path) -> None:
    records = entries(SIZE)
    records[599] = entry(7777)(599, START)
    other = write(tmp_path / "other", records)
    assert verify(other, KEY).ok
    report = verify(other, KEY, Demands(saved=[checkpoint_of(entries(SIZE))]))
    assert found(report) == {codes.INCONSISTENT.id}


def test_a_message_accepted_and_never_logged_is_caught_by_its_receipt(ledger: Path) -> None:
    report = verify(ledger, KEY, Demands(promises=[Promise(7, mid(9), digest(9))]))
    assert [(finding.code, finding.place) for finding in report.findings] == [
        (codes.MISSING_LEAF, f"leaf 7, message {mid(9)}")
    ]


def test_a_stolen_log_key_does_not_bring_the_witnesses(tmp_path: Path) -> None:
    stolen = write(tmp_path / "stolen", entries(SIZE))
    edit(stolen / "checkpoint", lambda octets: cosigned(octets, BRAVO, witness("mallory.example")))
    assert found(verify(stolen, KEY, Demands(policy=POLICY))) == {codes.NOT_WITNESSED.id}
    edit(stolen / "checkpoint", lambda octets: cosigned(octets, DELTA))
    assert verify(stolen, KEY, Demands(policy=POLICY)).ok


@pytest.mark.parametrize(
    "record",
    [
        b"not json",
        b"[1]",
        b'{"ev":"sent","seq":300,"t":"x","v":1}',
        b'{"ev":"sent","seq":301, "t":"x","v":1}',
        b'{"seq":301,"ev":"sent","t":"x","v":1}',
        b'{"ev":"sent","seq":301.0,"t":"x","v":1}',
        b'{"ev":"sent","seq":true,"t":"x","v":1}',
        b'{"ev":"sent","ev":"sent","seq":301,"t":"x","v":1}',
        b'{"ev":"sent","seq":301,"t":"\\u0041","v":1}',
        b'{"ev":"sent","seq":301,"t":"x"}',
        b'{"ev":"sent","seq":301,"v":1}',
        b'{"a":{"b":1},"ev":"sent","seq":301,"t":"x","v":1}',
        b'{"ev":"sent","seq":301,"t":"\xff","v":1}',
        b"[" * 60_000,
    ],
)
def test_entries_that_are_not_records_in_order_are_caught(tmp_path: Path, record: bytes) -> None:
    records = entries(SIZE)
    records[301] = record
    report = verify(write(tmp_path / "odd", records), KEY)
    assert [(finding.code, finding.place) for finding in report.findings] == [(codes.BAD_LEAF, "leaf 301")]


def test_a_ledger_that_begins_with_another_ledgers_first_leaf_is_caught(tmp_path: Path) -> None:
    records = [created().replace(b"nld.example", b"fra.example"), *entries(5)[1:]]
    report = verify(write(tmp_path / "odd", records), KEY)
    assert places(report) == {"leaf 0"}


def test_a_clock_that_was_set_back_is_counted_and_no_finding(tmp_path: Path) -> None:
    records = [created(), entry(1)(1, START + timedelta(seconds=0.5)), entry(2)(2, START + timedelta(hours=-1))]
    report = verify(write(tmp_path / "back", records), KEY)
    assert (report.ok, report.clock_steps) == (True, 1)


@pytest.mark.parametrize("path", ["tile/0/readme", "tile/9/000", "tile/entries/000.p/256", "tile/0/000.tmp"])
def test_a_file_that_does_not_belong_there_is_caught(ledger: Path, path: str) -> None:
    (ledger / path).parent.mkdir(parents=True, exist_ok=True)
    (ledger / path).write_bytes(b"x")
    assert (codes.UNEXPECTED_FILE.id in found(verify(ledger, KEY)), places(verify(ledger, KEY))) == (True, {path})


def test_files_of_a_batch_under_way_are_no_finding_and_are_counted(ledger: Path, tmp_path: Path) -> None:
    larger = write(tmp_path / "larger", entries(SIZE + 200))
    shutil.copytree(larger / "tile", ledger / "tile", dirs_exist_ok=True)
    report = verify(ledger, KEY)
    assert report.findings == []
    assert report.beyond == 5


def test_a_swapped_pair_of_bundles_is_caught(ledger: Path) -> None:
    first, second = ledger / "tile/entries/000", ledger / "tile/entries/001"
    octets = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(octets)
    assert {codes.BAD_LEAF.id, codes.DIFFERENT_ROOT.id} <= found(verify(ledger, KEY))


def test_findings_are_bounded(tmp_path: Path) -> None:
    records = [b"no"] * 300
    assert len(verify(write(tmp_path / "odd", records), KEY).findings) == MAX_FINDINGS


def test_an_empty_directory_is_a_finding_and_no_error(tmp_path: Path) -> None:
    assert found(verify(tmp_path, KEY)) == {codes.MISSING_FILE.id}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("small") / "ledger", entries(300), at=(2, 255, 260))


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_any_flipped_bit_in_any_file_is_caught(small: Path, data: st.DataObject) -> None:
    name, octets = data.draw(st.sampled_from(sorted(files(small).items())))
    at = data.draw(st.integers(0, len(octets) - 1))
    path = small / name
    try:
        path.write_bytes(octets[:at] + bytes([octets[at] ^ 1 << data.draw(st.integers(0, 7))]) + octets[at + 1 :])
        assert not verify(small, KEY).ok, (name, at)
    finally:
        path.write_bytes(octets)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_shortened_file_is_caught(small: Path, data: st.DataObject) -> None:
    name, octets = data.draw(st.sampled_from(sorted(files(small).items())))
    path = small / name
    try:
        path.write_bytes(octets[: data.draw(st.integers(0, len(octets) - 1))])
        assert not verify(small, KEY).ok, name
    finally:
        path.write_bytes(octets)
