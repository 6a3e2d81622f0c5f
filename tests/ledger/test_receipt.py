from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import LedgerError
from gateway.ledger import codes, open_receipt, sign_receipt
from tests.ledger.made import START, checkpoint_of, digest, entries, mid, signer


def signed(code: str = "", leaf_index: int = 12, time: datetime = START) -> bytes:
    return sign_receipt(
        signer(),
        node="nld",
        origin="deu",
        message_id=mid(1),
        sha256=digest(1),
        leaf_index=leaf_index,
        time=time,
        code=code,
    )


@given(
    st.sampled_from(["", "POL-007"]), st.integers(-1, 2**62), st.datetimes(datetime(1970, 1, 2), datetime(9000, 1, 1))
)
def test_a_receipt_reads_back_as_it_was_signed(code: str, index: int, time: datetime) -> None:
    note = signed(code, index, time.replace(tzinfo=UTC))
    receipt = open_receipt(note, signer().verifier)
    assert (receipt.node, receipt.origin, receipt.message_id, receipt.sha256) == ("nld", "deu", mid(1), digest(1))
    assert (receipt.code, receipt.outcome) == (code, "REFUSED" if code else "ACCEPTED")
    assert (receipt.leaf_index, receipt.time, receipt.note) == (index, time.replace(tzinfo=UTC), note)


def test_a_receipt_of_another_key_is_refused() -> None:
    with pytest.raises(LedgerError) as caught:
        open_receipt(signed(), signer("other").verifier)
    assert caught.value.code == codes.NOT_SIGNED


@given(st.integers(0, len(signed()) - 1), st.integers(0, 7))
def test_any_flipped_bit_breaks_a_receipt(at: int, bit: int) -> None:
    broken = bytearray(signed())
    broken[at] ^= 1 << bit
    with pytest.raises(LedgerError):
        open_receipt(bytes(broken), signer().verifier)


def test_a_checkpoint_is_no_receipt() -> None:
    with pytest.raises(LedgerError) as caught:
        open_receipt(checkpoint_of(entries(3)), signer().verifier)
    assert caught.value.code == codes.BAD_RECEIPT


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("outcome ACCEPTED", "outcome REFUSED"),
        ("outcome ACCEPTED", "outcome MAYBE"),
        ("code -", "code POL-1"),
        ("leaf 12", "leaf 012"),
        ("leaf 12", "leaf -2"),
        ("leaf 12", "leaf"),
        ("time 2026-11-22T08:00:00Z", "time 2026-11-22T08:00:00"),
        ("time 2026-11-22T08:00:00Z", "time yesterday"),
        ("sha256 ", "sha256 AB"),
        ("node nld", "origin nld"),
        ("/v1", "/v2"),
        ("node nld\n", ""),
    ],
)
def test_refuses_a_signed_text_that_is_not_exactly_a_receipt(old: str, new: str) -> None:
    text = signed().decode().partition("\n\n")[0] + "\n"
    assert old in text
    with pytest.raises(LedgerError) as caught:
        open_receipt(signer().note(text.replace(old, new)), signer().verifier)
    assert caught.value.code == codes.BAD_RECEIPT


@pytest.mark.parametrize("value", ["", "two\nlines", "x" * 1_025, "tab\t"])
def test_signs_no_value_that_does_not_fit_on_a_line(value: str) -> None:
    with pytest.raises(LedgerError) as caught:
        sign_receipt(signer(), node="nld", origin="deu", message_id=value, sha256=digest(1), leaf_index=0, time=START)
    assert caught.value.code == codes.NOT_FITTING


def test_refuses_a_receipt_that_is_too_long() -> None:
    with pytest.raises(LedgerError) as caught:
        open_receipt(signed() + b"x" * 20_000, signer().verifier)
    assert caught.value.code == codes.BAD_RECEIPT
