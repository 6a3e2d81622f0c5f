"""Step 5: the header of an opened message, one check at a time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec import structs

from gateway.errors import Code, SealError
from gateway.limits import Limits
from gateway.seal import check_freshness, codes
from gateway.stages import Hop, Message, Opened
from tests.seal import makers
from tests.seal.makers import NOW

LIMITS = Limits(created_window_s=300.0, created_age_s=3_600.0)


def _opened(version: str = "1.0", **header: object) -> Opened:
    verified = makers.verifier().verify(makers.inbound(makers.sealed().octets))
    changed = structs.replace(makers.draft(makers.document()).header, **header)
    return Opened(verified=verified, message=Message(header=changed, version=version))


def _refusal(opened: Opened) -> Code:
    with pytest.raises(SealError) as refusal:
        check_freshness(opened, node="deu", now=NOW, limits=LIMITS)
    assert opened.message.header.message_id in refusal.value.place
    assert refusal.value.cause
    return refusal.value.code


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.17"])
def test_takes_every_minor_version(version: str) -> None:
    check_freshness(_opened(version), node="deu", now=NOW, limits=LIMITS)


@pytest.mark.parametrize("version", ["2.0", "1", "1.", "1.01", "01.0", "1.0.0", "", "1.x", "1.0 "])
def test_refuses_other_versions(version: str) -> None:
    assert _refusal(_opened(version)) is codes.VERSION


@pytest.mark.parametrize("recipients", [(), ("nld",), ("DEU",), ("deu-2", "deu2")])
def test_refuses_what_is_for_others(recipients: tuple[str, ...]) -> None:
    assert _refusal(_opened(recipients=recipients)) is codes.NOT_FOR_US


def test_takes_what_is_for_us_among_others() -> None:
    check_freshness(_opened(recipients=("fra", "deu")), node="deu", now=NOW, limits=LIMITS)


def test_refuses_a_sender_that_did_not_sign() -> None:
    assert _refusal(_opened(sender="fra")) is codes.NOT_FROM_SIGNER


@pytest.mark.parametrize("seconds", [-300, 0, 3_600])
def test_takes_what_was_created_up_to_the_edges_of_the_window(seconds: int) -> None:
    created_at = NOW - timedelta(seconds=seconds)
    check_freshness(_opened(created_at=created_at), node="deu", now=NOW, limits=LIMITS)


@pytest.mark.parametrize("microseconds", [-300_000_001, 3_600_000_001])
def test_refuses_what_was_created_outside_of_the_window(microseconds: int) -> None:
    assert _refusal(_opened(created_at=NOW - timedelta(microseconds=microseconds))) is codes.NOT_FRESH


def test_refuses_what_has_passed_us_before() -> None:
    assert _refusal(_opened(hops=(Hop("nld", NOW), Hop("deu", NOW)))) is codes.LOOP
    check_freshness(_opened(hops=(Hop("nld", NOW),)), node="deu", now=NOW, limits=LIMITS)


def test_reports_the_first_check_that_fails() -> None:
    wrong = _opened("2.0", recipients=(), sender="fra", created_at=NOW - timedelta(days=9), hops=(Hop("deu", NOW),))
    assert _refusal(wrong) is codes.VERSION
