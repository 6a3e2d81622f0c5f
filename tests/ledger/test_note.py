"""Vectors: golang/mod sumdb/note (PeterNeumann), FiloSottile/sunlight (witness key), transparency-dev/tessera (log)."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import LedgerError
from gateway.ledger import codes
from gateway.ledger.checkpoint import Checkpoint, open_checkpoint
from gateway.ledger.note import (
    COSIGNATURE,
    MAX_SIGNATURES,
    Note,
    Signature,
    Signer,
    Verifier,
    open_note,
    parse_note,
    verified,
)
from tests.ledger.made import START, checkpoint_of, cosigned, entries, signer, witness

NEUMANN_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
NEUMANN_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
NEUMANN_NOTE = (
    NEUMANN_TEXT
    + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()


def refused(octets: bytes) -> LedgerError:
    with pytest.raises(LedgerError) as caught:
        parse_note(octets)
    return caught.value


def test_opens_and_makes_the_note_of_the_go_library() -> None:
    assert open_note(NEUMANN_NOTE, Verifier.parse(NEUMANN_KEY)) == NEUMANN_TEXT
    assert Signer.parse(NEUMANN_SECRET).note(NEUMANN_TEXT) == NEUMANN_NOTE
    assert str(Signer.parse(NEUMANN_SECRET).verifier) == NEUMANN_KEY
    assert Signer.parse(NEUMANN_SECRET).secret() == NEUMANN_SECRET


def test_derives_the_witness_key_of_sunlight() -> None:
    seed = sha256(b"skylight test witness key").digest()
    key = Signer("witness.example.org", Ed25519PrivateKey.from_private_bytes(seed), COSIGNATURE).verifier
    assert str(key).startswith("witness.example.org+b8a2cf20+BFLN3yik")


def test_a_key_never_shows_its_secret() -> None:
    made = Signer.generate("example.com/log")
    secret = made.secret().split("+", 4)[4]  # base64 may hold plus signs itself
    assert len(secret) == 44
    assert secret not in repr(made) + repr(made.verifier) + str(made)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        NEUMANN_KEY.replace("c74f20a3", "c74f20a4"),
        NEUMANN_KEY.replace("Peter", "Petra"),
        NEUMANN_KEY[:-4],
        NEUMANN_KEY + "=",
        "two words+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "x+00000000+" + base64.b64encode(b"\x06" + b"k" * 1312).decode(),
    ],
)
def test_refuses_keys_that_are_not_exactly_right(text: str) -> None:
    with pytest.raises(LedgerError) as caught:
        Verifier.parse(text)
    assert caught.value.code == codes.BAD_KEY


@pytest.mark.parametrize("text", ["", NEUMANN_KEY, NEUMANN_SECRET[:-2], NEUMANN_SECRET.replace("c74f", "c74e")])
def test_refuses_secrets_that_are_not_exactly_right_without_showing_them(text: str) -> None:
    with pytest.raises(LedgerError) as caught:
        Signer.parse(text)
    assert caught.value.code == codes.BAD_KEY
    assert "AYEKFALVFGyNhPJEMzD1QIDr" not in str(caught.value) + str(caught.value.__cause__)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text" + NEUMANN_NOTE,
        NEUMANN_NOTE[:-1],
        NEUMANN_NOTE + b"\n",
        NEUMANN_NOTE.replace(b"\xe2\x80\x94", b"-"),
        NEUMANN_NOTE.replace(b"x08go", b" x08go"),
        NEUMANN_NOTE.replace(b"JnAM=", b"JnAN="),
        NEUMANN_NOTE.replace(b"JnAM=", b"JnAM"),
        NEUMANN_NOTE.replace(b"problem", b"prob\tlem"),
        NEUMANN_NOTE.replace(b"problem", b"prob\xfflem"),
        NEUMANN_NOTE.replace(b"\n\n", b"\n"),
        "text\n\n— a+b AAAAAAAA\n".encode(),
        "text\n\n— a AAAA\n".encode(),
        "text\n\n— a AAAAAAAA\n".encode() + b"x" * 1_000_000,
    ],
)
def test_refuses_malformed_notes(octets: bytes) -> None:
    key = Verifier.parse(NEUMANN_KEY)
    with pytest.raises(LedgerError) as caught:
        open_note(octets, key)
    assert caught.value.code in {codes.BAD_NOTE, codes.BAD_SIGNATURE}


def test_takes_seventeen_signatures_and_a_long_post_quantum_line_and_refuses_a_hundred_and_one() -> None:
    note = parse_note(NEUMANN_NOTE)
    stranger = Signature("pq.example", b"abcd", b"s" * 2_428)
    crowd = Note(note.text, (*[stranger] * 16, *note.signatures))
    assert open_note(crowd.octets(), Verifier.parse(NEUMANN_KEY)) == NEUMANN_TEXT
    assert parse_note(Note(note.text, (stranger,) * MAX_SIGNATURES).octets())
    assert refused(Note(note.text, (stranger,) * (MAX_SIGNATURES + 1)).octets()).code == codes.BAD_NOTE


def test_a_note_without_the_expected_signature_is_not_open() -> None:
    with pytest.raises(LedgerError) as caught:
        open_note(NEUMANN_NOTE, signer().verifier)
    assert caught.value.code == codes.NOT_SIGNED


@given(st.integers(0, len(NEUMANN_NOTE) - 1), st.integers(0, 7))
def test_any_flipped_bit_closes_a_note(at: int, bit: int) -> None:
    broken = bytearray(NEUMANN_NOTE)
    broken[at] ^= 1 << bit
    with pytest.raises(LedgerError):
        open_note(bytes(broken), Verifier.parse(NEUMANN_KEY))


@pytest.mark.parametrize("text", ["no newline", "tab\there\n", "null\0\n"])
def test_signs_no_text_that_no_note_can_hold(text: str) -> None:
    with pytest.raises(LedgerError) as caught:
        signer().note(text)
    assert caught.value.code == codes.NOT_FITTING


def test_a_cosignature_covers_the_text_and_its_time() -> None:
    bravo = witness("bravo.example")
    note = parse_note(cosigned(checkpoint_of(entries(3)), bravo))
    assert verified(note, [bravo.verifier]) == {bravo.verifier: START}
    line = note.signatures[1]
    later = Signature(line.name, line.key_id, b"\0" * 7 + b"\x01" + line.octets[8:])
    for forged in (Note(note.text, (later,)), Note(note.text.replace("\n3\n", "\n2\n"), (line,))):
        with pytest.raises(LedgerError) as caught:
            verified(forged, [bravo.verifier])
        assert caught.value.code == codes.BAD_SIGNATURE
    far = Signature(line.name, line.key_id, b"\xff" * 8 + line.octets[8:])
    with pytest.raises(LedgerError):
        verified(Note(note.text, (far,)), [bravo.verifier])


def test_the_log_key_does_not_pass_for_a_witness() -> None:
    seed = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
    log, cosigner = Signer("same.example", seed), Signer("same.example", seed, COSIGNATURE)
    note = parse_note(log.note("text\n"))
    assert verified(note, [cosigner.verifier]) == {}


ROOT = base64.b64encode(b"r" * 32).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "o\n",
        "o\n1\n",
        f"o\n01\n{ROOT}\n",
        f"o\n-1\n{ROOT}\n",
        f"o\n+1\n{ROOT}\n",
        f"o\n1 \n{ROOT}\n",
        f"o\n١\n{ROOT}\n",
        f"o\n{2**63}\n{ROOT}\n",
        f"o\n{'9' * 400}\n{ROOT}\n",
        f"\n1\n{ROOT}\n",
        f"o\n1\n{ROOT[:-1]}\n",
        f"o\n1\n{ROOT[:-2]}J=\n",
        "o\n1\nAAAA\n",
        f"o\n1\n{ROOT}\n\n",
        f"o\n1\n{ROOT}",
    ],
)
def test_refuses_malformed_checkpoints(text: str) -> None:
    with pytest.raises(LedgerError) as caught:
        Checkpoint.parse(text)
    assert caught.value.code == codes.BAD_CHECKPOINT


def test_reads_a_checkpoint_with_extension_lines() -> None:
    assert Checkpoint.parse(f"o\n7\n{ROOT}\nextension\n") == Checkpoint("o", 7, b"r" * 32)


def test_a_checkpoint_of_another_origin_is_refused_even_if_the_key_signed_it() -> None:
    note = signer().note(Checkpoint("other.example/audit/1", 0, b"r" * 32).text())
    with pytest.raises(LedgerError) as caught:
        open_checkpoint(note, signer().verifier)
    assert caught.value.code == codes.WRONG_LOG


def test_cosignature_times_are_utc() -> None:
    assert datetime.fromtimestamp(1767139200, UTC).isoformat() == "2025-12-31T00:00:00+00:00"
