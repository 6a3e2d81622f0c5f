"""What a stranger, or a hostile partner, can make us spend: never much more than a valid message of the same size.

Costs are CPU time against a valid verification in the same run, so that a slow machine does not change the verdict.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from statistics import median

import pytest

from gateway.limits import Limits
from gateway.seal import VerificationError, Verifier, codes, profile
from tests.seal import makers
from tests.seal.makers import END, START

SIZE = 109_000
UNSIGNED_FACTOR = 1.5
"""A stranger's message may cost at most so many valid ones; most cost a hundredth."""
SIGNED_FACTOR = 12
"""A malicious partner's may cost more: it is parsed, and canonicalised where it is not plain."""
BUDGET_S = 0.005 * 10
"""5 ms, with room for a machine that is ten times slower than ours."""


def _cost(octets: bytes, verifier: Verifier, rounds: int = 7) -> float:
    message = makers.inbound(octets)
    seconds = []
    for _ in range(rounds):
        start = time.process_time()
        with contextlib.suppress(VerificationError):
            verifier.verify(message)
        seconds.append(time.process_time() - start)
    return median(seconds)


@pytest.fixture(scope="module")
def valid_cost() -> float:
    octets = makers.other_tools_document(100)
    octets = octets[: -len(END)] + b"<Remark>" + b"x" * (SIZE - len(octets)) + b"</Remark>" + END
    return _cost(makers.sealed(octets).octets, makers.verifier(), rounds=15)


def _references(count: int) -> bytes:
    return b'<ds:Reference URI=""></ds:Reference>' * count


def _general_signature(spaces: int, references: int) -> bytes:
    """The bomb that costs general libraries 8 to 16 s: namespaces x references, inclusive canonicalisation."""
    root = START[:-1] + b"".join(b' xmlns:n%d="urn:%d"' % (n, n) for n in range(spaces)) + b">"
    info = b'<ds:CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>'
    return (
        root + profile.SIGNATURE_START + b"<ds:SignedInfo>" + info + _references(references) + b"</ds:SignedInfo>"
        b"</ds:Signature>" + END
    )


_HEAD = profile.signature_head(makers.record().algorithm, makers.signer().digest)
_GOOD_SIGNATURE = makers.split(makers.sealed().octets)[1]
BOMBS: dict[str, Callable[[], bytes]] = {
    "namespaces x references": lambda: _general_signature(1_500, 1_100),
    "references in the last 9 KB": lambda: _general_signature(5_000, 200),
    "filler and no signature": lambda: START + b"x" * SIZE + END,
    "half a million angle brackets": lambda: START + b"<" * 500_000 + END,
    "start tags of signatures": lambda: START + profile.SIGNATURE_START * (SIZE // len(profile.SIGNATURE_START)) + END,
    "heads of signatures": lambda: START + _HEAD * (SIZE // len(_HEAD)) + END,
    "whole signatures without an end": lambda: START + _GOOD_SIGNATURE * (SIZE // len(_GOOD_SIGNATURE)) + b"x",
    "an endless digest": lambda: START + b"x" * SIZE + _HEAD + b"A" * 8_000 + END,
    "an endless certificate": lambda: (
        START
        + b"x" * SIZE
        + makers.signature(b"A" * 64, b"A" * 88).split(b"<ds:X509Certificate>")[0]
        + b"<ds:X509Certificate>"
        + b"A" * 7_000
        + b"=" * 100
        + END
    ),
    "a valid signature of another document": lambda: START + b"x" * SIZE + _GOOD_SIGNATURE + END,
    "nesting": lambda: START + b"<a>" * 20_000 + b"</a>" * 20_000 + _GOOD_SIGNATURE + END,
    "a comment per three octets": lambda: START + b"<!---->" * 20_000 + _GOOD_SIGNATURE + END,
    "attributes": lambda: (
        START + b"<a" + b"".join(b' a%d="1"' % n for n in range(10_000)) + b"></a>" + _GOOD_SIGNATURE + END
    ),
    "an entity bomb": lambda: b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 50_000 + b'">]>' + START + b"&b;" * 20_000 + END,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_stranger_costs_no_more_than_a_valid_message(name: str, valid_cost: float) -> None:
    octets = BOMBS[name]()
    with pytest.raises(VerificationError):
        makers.verifier().verify(makers.inbound(octets))
    cost = _cost(octets, makers.verifier())
    assert cost <= UNSIGNED_FACTOR * valid_cost
    assert cost < BUDGET_S


def test_the_largest_message_without_a_signature_costs_no_more_than_a_valid_one(valid_cost: float) -> None:
    octets = START + b"<a></a>" * (Limits().max_message_octets // 7 - 20) + END
    assert _cost(octets, makers.verifier()) <= UNSIGNED_FACTOR * valid_cost


SIGNED_BOMBS: dict[str, Callable[[], bytes]] = {
    "10,000 attributes": lambda: b"<a" + b"".join(b' a%d="1"' % n for n in range(10_000)) + b"></a>",
    "3,000 namespaces x 3,000 children": lambda: (
        b"<r:r"
        + b"".join(b' xmlns:n%d="urn:%d"' % (n, n) for n in range(1_500))
        + b' xmlns:r="urn:r">'
        + b"<r:a></r:a>" * 3_000
        + b"</r:r>"
    ),
    "comments": lambda: b"<!---->" * 15_000,
    "instructions": lambda: b"<?x?>" * 20_000,
    "empty elements": lambda: b"<a/>" * 25_000,
    "nesting": lambda: b"<a>" * 15_000 + b"</a>" * 15_000,
    "text of spaces": lambda: b"<a>" + b" " * 100_000 + b"</a>",
    "text of quotes": lambda: b"<a>" + b' a="b" c="' * 10_000 + b"</a>",
    "text of references": lambda: b"<a>" + b"&amp;" * 20_000 + b"</a>",
    "text of newlines": lambda: b"<a>" + b"\n" * 100_000 + b"</a>",
    "text of brackets": lambda: b"<a>" + b">" * 100_000 + b"</a>",
    "a value of a kind of every octet": lambda: b'<a b="' + b" ='\t" * 25_000 + b'"></a>',
}


@pytest.mark.parametrize("name", SIGNED_BOMBS)
def test_a_malicious_partner_costs_a_bounded_number_of_valid_messages(name: str, valid_cost: float) -> None:
    octets = makers.malicious(makers.document(SIGNED_BOMBS[name]()))
    assert _cost(octets, makers.verifier(), rounds=3) <= SIGNED_FACTOR * valid_cost


def test_attributes_are_counted_before_anything_is_canonicalised() -> None:
    octets = makers.malicious(makers.document(SIGNED_BOMBS["10,000 attributes"]()))
    with pytest.raises(VerificationError) as refusal:
        makers.verifier().verify(makers.inbound(octets))
    assert refusal.value.finding.code is codes.FLOOD
