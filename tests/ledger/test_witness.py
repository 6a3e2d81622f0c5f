from __future__ import annotations

import pytest

from gateway.errors import LedgerError
from gateway.ledger import Policy, codes
from gateway.ledger.note import parse_note
from tests.ledger.made import checkpoint_of, cosigned, entries, signer, witness

A, B, C = (witness(f"{name}.example") for name in "abc")
LINES = "\n".join(f"witness {one.name[0]} {one.verifier}" for one in (A, B, C)) + "\n"
NOTE = checkpoint_of(entries(3))


@pytest.mark.parametrize(
    ("rest", "enough", "too_few"),
    [
        ("quorum none", [], None),
        ("quorum a", [A], [B, C]),
        ("group g any a b\nquorum g", [B], [C]),
        ("group g all a b\nquorum g", [A, B], [A, C]),
        ("group g 2 a b c\nquorum g", [A, C], [C]),
        ("group g any a b\ngroup h all g c\nquorum h", [B, C], [A, B]),
    ],
)
def test_a_quorum_is_reached_as_the_policy_says(rest: str, enough: list, too_few: list | None) -> None:  # type: ignore[type-arg]
    policy = Policy.parse(f"# comment\n\nlog {signer().verifier}\n{LINES}{rest}\n")
    assert len(policy.check(parse_note(cosigned(NOTE, *enough)))) == len(enough)
    if too_few is not None:
        with pytest.raises(LedgerError) as caught:
            policy.check(parse_note(cosigned(NOTE, *too_few)))
        assert caught.value.code == codes.NOT_WITNESSED


@pytest.mark.parametrize(
    "text",
    [
        "",
        LINES,
        LINES + "quorum nobody",
        LINES + "quorum a\nquorum b",
        LINES + "group g 0 a\nquorum g",
        LINES + "group g 3 a b\nquorum g",
        LINES + "group g any a a\nquorum g",
        LINES + "group g any z\nquorum g",
        LINES + "group g any\nquorum g",
        LINES + "group a any b\nquorum a",
        LINES + LINES + "quorum a",
        "what is this\nquorum none",
        f"log {A.verifier}\nquorum none",
        f"witness a {signer().verifier}\nquorum a",
        "log nonsense\nquorum none",
        "#" * 70_000,
    ],
)
def test_refuses_policies_that_are_not_understood(text: str) -> None:
    with pytest.raises(LedgerError) as caught:
        Policy.parse(text)
    assert caught.value.code == codes.BAD_KEY
