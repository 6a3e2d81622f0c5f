"""The caller learns one code; the operator learns which check failed."""

from __future__ import annotations

import copy
import pickle
import traceback

from gateway.seal import VerificationError, codes
from tests.seal import makers
from tests.seal.test_refusals import finding


def _refusals() -> list[VerificationError]:
    wire = makers.sealed().octets
    bad = [
        wire[:-1],
        wire.replace(b"m-1", b"m-2"),
        makers.sealed(owner="evil").octets,
        b"",
        makers.malicious(makers.document(b"<a/>")),
    ]
    errors = []
    for octets in bad:
        try:
            makers.verifier().verify(makers.inbound(octets))
        except VerificationError as error:
            errors.append(error)
    assert len({error.finding.code for error in errors}) == len(bad) == 5
    return errors


def test_every_refusal_looks_the_same_from_outside() -> None:
    def face(error: VerificationError) -> tuple[object, ...]:
        return (
            str(error),
            repr(error),
            error.args,
            error.code,
            error.place,
            error.cause,
            error.remedy,
            error.problem(400),
            error.diagnostics(),
            error.__cause__,
            error.__context__ and error.__suppress_context__,
        )

    errors = _refusals()
    assert len({repr(face(error)[:-1]) for error in errors}) == 1
    assert errors[0].code is codes.REFUSED
    assert all(error.__cause__ is None for error in errors)


def test_a_printed_traceback_ends_in_the_public_code_alone() -> None:
    for error in _refusals():
        text = "".join(traceback.format_exception_only(error))
        assert "SEAL-001" in text
        assert error.finding.code.id not in text


def test_the_finding_is_an_error_of_its_own_with_place_and_cause() -> None:
    error = finding(makers.sealed().octets.replace(b"m-1", b"m-2"))
    assert error.code is codes.DIGEST
    assert error.cause.startswith("expected ")
    assert "SEAL-027" in error.diagnostics()


def test_a_finding_never_quotes_the_message() -> None:
    wire = makers.sealed(makers.document(b"<a>SECRET</a>")).octets
    for octets in (
        wire.replace(b"SECRET", b"SECRETS"),
        wire[:-1],
        makers.malicious(makers.document(b"<a>SECRET</a >")),
    ):
        assert "SECRET" not in finding(octets).diagnostics()


def test_each_step_has_its_codes_by_number() -> None:
    ids = [code.id for code in codes.CODES]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)


def test_a_copy_of_a_refusal_keeps_the_secret() -> None:
    for error in _refusals():
        assert b"SEAL-027" not in pickle.dumps(error.args)
        assert copy.copy(error.args) == error.args
