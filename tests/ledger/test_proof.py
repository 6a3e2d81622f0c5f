from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import LedgerError
from gateway.ledger import Event, codes, find_message, leaf, open_proof, prove_index, prove_message
from gateway.ledger.proof import parse_proof
from tests.ledger.made import START, entries, mid, signer, write

KEY = signer().verifier
SIZE = 600


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    records = entries(SIZE)
    records[400] = leaf.set_aside(Event.PARKED, message_id=mid(7), origin="deu", peer="fra", sha256="ab" * 32)(
        400, START
    )
    return write(tmp_path_factory.mktemp("proof") / "ledger", records)


@given(st.integers(0, SIZE - 1))
@settings(max_examples=60, deadline=None)
def test_the_proof_of_every_leaf_holds_and_carries_it(ledger: Path, index: int) -> None:
    proof, checkpoint = open_proof(prove_index(ledger, KEY, index), KEY)
    assert (proof.index, checkpoint.size) == (index, SIZE)
    assert json.loads(proof.entry)["seq"] == index


def test_proves_a_message_by_its_id_and_event(ledger: Path) -> None:
    assert open_proof(prove_message(ledger, KEY, mid(7)), KEY)[0].index == 7
    assert open_proof(prove_message(ledger, KEY, mid(7), [Event.PARKED]), KEY)[0].index == 400
    assert [index for index, _ in find_message(ledger, KEY, mid(7))] == [7, 400]


def test_a_message_that_is_not_there_cannot_be_proven(ledger: Path) -> None:
    for attempt in (lambda: prove_message(ledger, KEY, "nothing"), lambda: prove_index(ledger, KEY, SIZE)):
        with pytest.raises(LedgerError) as caught:
            attempt()
        assert caught.value.code == codes.NOT_FOUND


def test_the_file_reads_as_the_standard_says(ledger: Path) -> None:
    lines = prove_index(ledger, KEY, 5).decode().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1].startswith("extra ")
    assert lines[2] == "index 5"
    blank = lines.index("")
    assert all(len(line) == 44 for line in lines[3:blank])
    assert lines[blank + 1 : blank + 3] == [KEY.name, "600"]


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_any_flipped_bit_breaks_a_proof(ledger: Path, data: st.DataObject) -> None:
    octets = bytearray(prove_index(ledger, KEY, 5))
    octets[data.draw(st.integers(0, len(octets) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(LedgerError):
        open_proof(bytes(octets), KEY)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"c2sp.org/tlog-proof@v1", b"c2sp.org/tlog-proof@v2"),
        (b"index 5", b"index 05"),
        (b"index 5", b"index -5"),
        (b"index 5", b"index"),
        (b"index 5\n", b""),
        (b"extra ", b"extra"),
        (b"extra ", b"note "),
        (b"index 5\n", b"index 5\nAAAA\n"),
        (b"index 5\n", b"index 5\n" + b"A" * 43 + b"=\n" * 64),
        (b"index 5\n", b"index 5\n" + "é".encode() + b"\n"),
        (b"\n\n", b"\n"),
    ],
)
def test_refuses_malformed_proof_files(ledger: Path, old: bytes, new: bytes) -> None:
    octets = prove_index(ledger, KEY, 5)
    assert old in octets
    with pytest.raises(LedgerError) as caught:
        parse_proof(octets.replace(old, new))
    assert caught.value.code == codes.BAD_PROOF_FILE


def test_refuses_a_proof_file_that_is_too_long() -> None:
    with pytest.raises(LedgerError) as caught:
        parse_proof(b"x" * 2_000_000)
    assert caught.value.code == codes.BAD_PROOF_FILE


def test_a_proof_of_a_ledger_whose_tiles_were_changed_is_not_written(ledger: Path, tmp_path: Path) -> None:
    changed = shutil.copytree(ledger, tmp_path / "changed")
    path = changed / "tile/0/000"
    octets = path.read_bytes()
    path.write_bytes(octets[:-1] + bytes([octets[-1] ^ 1]))
    with pytest.raises(LedgerError) as caught:
        prove_index(changed, KEY, 5)
    assert caught.value.code == codes.BAD_PROOF


def test_refuses_base64_that_is_not_canonical(ledger: Path) -> None:
    lines = prove_index(ledger, KEY, 5).split(b"\n")
    assert lines[3].endswith(b"=")
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = alphabet.index(lines[3][-2:-1])  # its two low bits are not part of the 32 octets
    lines[3] = lines[3][:-2] + alphabet[last ^ 1 : (last ^ 1) + 1] + b"="
    with pytest.raises(LedgerError) as caught:
        parse_proof(b"\n".join(lines))
    assert caught.value.code == codes.BAD_PROOF_FILE
