"""Who somebody said it is: nobody's word becomes more than it was, whatever it passes through."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.formats.cot.atoms import meaning_of, type_for
from gateway.symbols import (
    Context,
    cot_of_sidc15,
    from_cot,
    from_sidc15,
    from_sidc20,
    sidc15_of_cot,
    sidc15_to_sidc20,
    sidc20_to_sidc15,
    to_sidc15,
    to_sidc20,
)
from gateway.track import Environment, Identity, IdentityGroup, Loss
from tests.symbols.codes import IDENTITIES, LETTERS

JOKER = IdentityGroup(value=Identity.FRIEND, amplification="JOKER")
FAKER = IdentityGroup(value=Identity.FRIEND, amplification="FAKER")

Said = IdentityGroup | None
Step = Callable[[Said, bool, bool], tuple[Said, tuple[Loss, ...]]]
"""Write an identity with one exercise flag, read it with another: what comes out, and every loss on the way."""


def through_cot(identity: Said, sent: bool, read: bool) -> tuple[Said, tuple[Loss, ...]]:
    written = type_for(
        environment=Environment.AIR, identity=identity, platform=None, kept=None, exercise=sent, functions={}
    )
    meaning = meaning_of(written.text, exercise=read)
    return meaning.identity, written.losses + meaning.losses


def through_15(identity: Said, sent: bool, read: bool) -> tuple[Said, tuple[Loss, ...]]:
    written = to_sidc15(environment=Environment.AIR, identity=identity, platform=None, exercise=sent)
    meaning = from_sidc15(written.text, exercise=read)
    return meaning.identity, written.losses + meaning.losses


def through_20(identity: Said, sent: bool, read: bool) -> tuple[Said, tuple[Loss, ...]]:
    written = to_sidc20(environment=Environment.AIR, identity=identity, platform=None, exercise=sent)
    meaning = from_sidc20(written.text, exercise=read)
    return meaning.identity, written.losses + meaning.losses


def through_the_editions(identity: Said, sent: bool, read: bool) -> tuple[Said, tuple[Loss, ...]]:
    first = to_sidc20(environment=Environment.AIR, identity=identity, platform=None, exercise=sent)
    second = sidc20_to_sidc15(first.text)
    assert second is not None
    third = cot_of_sidc15(second.text)
    assert third is not None
    fourth = sidc15_of_cot(third.text)
    assert fourth is not None
    fifth = sidc15_to_sidc20(fourth.text)
    assert fifth is not None
    meaning = from_sidc20(fifth.text, exercise=read)
    return meaning.identity, first.losses + second.losses + third.losses + fourth.losses + fifth.losses + meaning.losses


STEPS: tuple[Step, ...] = (through_cot, through_15, through_20, through_the_editions)


def allowed(before: Said) -> set[tuple[Identity | None, str | None]]:
    """What an identity may become in one step, always with a loss if it is not the same."""
    same = {(before.value, before.amplification), (before.value, None)} if before is not None else set()
    weaker: set[tuple[Identity | None, str | None]] = {(None, None)}
    if before is None:
        weaker |= {(Identity.UNKNOWN, None), (Identity.PENDING, None)}  # 20 digits cannot say that nobody said
    elif before.value in (Identity.SUSPECT, Identity.HOSTILE):
        weaker |= {(Identity.UNKNOWN, None)}  # neither has an exercise letter of its own
    return same | weaker


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(IDENTITIES),
    st.lists(st.tuples(st.sampled_from(STEPS), st.booleans(), st.booleans()), min_size=1, max_size=8),
)
def test_no_chain_makes_more_of_an_identity_than_somebody_said(
    identity: Said, chain: list[tuple[Step, bool, bool]]
) -> None:
    start = identity
    for step, sent, read in chain:
        after, losses = step(identity, sent, read)
        now = (after.value, after.amplification) if after is not None else (None, None)
        before = (identity.value, identity.amplification) if identity is not None else (None, None)
        assert now == before or (now in allowed(identity) and losses), (step.__name__, before, now)
        identity = after
    if start is not None and start.value is not Identity.HOSTILE:
        assert identity is None or identity.value is not Identity.HOSTILE
    if start is None or start.value not in (Identity.SUSPECT, Identity.HOSTILE):
        assert identity is None or identity.value not in (Identity.SUSPECT, Identity.HOSTILE)
    if start is None or start.value is not Identity.FRIEND:
        assert identity is None or identity.value is not Identity.FRIEND


@pytest.mark.parametrize("step", [through_cot, through_15], ids=lambda step: step.__name__)
@pytest.mark.parametrize("sent", [False, True])
def test_no_identity_stays_none_where_a_code_can_say_so(step: Step, sent: bool) -> None:
    assert step(None, sent, sent)[0] is None


def test_20_digits_say_unknown_for_no_identity_and_state_it() -> None:
    written = to_sidc20(environment=Environment.AIR, identity=None, platform=None, exercise=False)
    assert (written.text[:6], written.losses) == ("100101", (Loss("identity.value", "NO_CODE"),))
    assert sidc15_to_sidc20("SOAP-----------") is not None
    assert Loss("sidc.identity", "NO_CODE") in (sidc15_to_sidc20("SOAP-----------") or written).losses


ROLES = (("j", "J", "15", JOKER), ("k", "K", "16", FAKER))


@pytest.mark.parametrize(("atom", "letter", "digits", "group"), ROLES)
def test_joker_and_faker_are_friends_who_play_a_part_in_an_exercise(
    atom: str, letter: str, digits: str, group: IdentityGroup
) -> None:
    for meaning in (
        from_cot(f"a-{atom}-A", exercise=True),
        from_sidc15(f"S{letter}AP-----------", exercise=True),
        from_sidc20(f"10{digits}01" + "0" * 14, exercise=True),
    ):
        assert (meaning.identity, meaning.context, meaning.losses) == (group, Context.EXERCISE, ())


@pytest.mark.parametrize(("atom", "letter", "digits", "group"), ROLES)
def test_joker_and_faker_outside_an_exercise_are_nobody(
    atom: str, letter: str, digits: str, group: IdentityGroup
) -> None:
    for meaning in (
        from_cot(f"a-{atom}-A", exercise=False),
        from_sidc15(f"S{letter}AP-----------", exercise=False),
        from_sidc20(f"10{digits}01" + "0" * 14, exercise=False),
    ):
        assert meaning.identity is None
        assert [loss.reason for loss in meaning.losses] == ["NO_CODE"]
        assert meaning.context is Context.EXERCISE, "the code says so itself"


@pytest.mark.parametrize(("atom", "letter", "digits", "group"), ROLES)
def test_joker_and_faker_are_written_as_such_in_an_exercise_only(
    atom: str, letter: str, digits: str, group: IdentityGroup
) -> None:
    track = {"environment": Environment.AIR, "identity": group, "platform": None}
    assert to_sidc15(**track, exercise=True).text[:3] == f"S{letter}A"
    assert to_sidc20(**track, exercise=True).text[:6] == f"10{digits}01"
    live = to_sidc15(**track, exercise=False), to_sidc20(**track, exercise=False)
    assert [written.text[:4] for written in live] == ["SFAP", "1003"]
    assert all(written.losses == (Loss("identity.amplification", "NO_CODE"),) for written in live)


@pytest.mark.parametrize("value", [Identity.SUSPECT, Identity.HOSTILE])
def test_a_suspect_or_hostile_of_an_exercise_is_neither_its_joker_nor_a_real_one(value: Identity) -> None:
    track = {"environment": Environment.AIR, "identity": IdentityGroup(value=value), "platform": None}
    for written in (to_sidc15(**track, exercise=True), to_sidc20(**track, exercise=True)):
        assert written.text[:4] in ("SWAP", "1011")
        assert written.losses == (Loss("identity.value", "NO_CODE"),)


@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_and_its_digits_say_the_same(letter: str) -> None:
    code = f"S{letter}AP-----------"
    written = sidc15_to_sidc20(code)
    assert written is not None
    for exercise in (False, True):
        short, long = from_sidc15(code, exercise=exercise), from_sidc20(written.text, exercise=exercise)
        assert short.context is long.context
        assert short.identity == long.identity or (letter == "O" and written.losses)


def test_the_letters_are_those_of_the_standard() -> None:
    values = {letter: from_sidc15(f"S{letter}ZP-----------", exercise=False).identity for letter in "PUAFNSH"}
    assert [group and group.value for group in values.values()] == list(Identity)
    digits = [from_sidc20(f"100{digit}00" + "0" * 14, exercise=False).identity for digit in range(7)]
    assert digits == list(values.values())
    played = [from_sidc20(f"101{digit}00" + "0" * 14, exercise=True).identity for digit in range(7)]
    assert played == [*digits[:5], JOKER, FAKER]


@pytest.mark.parametrize("context", list("3456789"))
def test_a_context_that_nobody_assigned_carries_no_identity(context: str) -> None:
    meaning = from_sidc20(f"10{context}601" + "0" * 14, exercise=True)
    assert meaning.identity is None
    assert {loss.field for loss in meaning.losses} == {"sidc.context", "sidc.identity"}


def test_an_exercise_mark_of_the_source_is_never_taken_off() -> None:
    neutral, hostile = IdentityGroup(value=Identity.NEUTRAL), IdentityGroup(value=Identity.HOSTILE)
    short = {"environment": Environment.AIR, "platform": None, "exercise": False, "kept": "SDAP-----------"}
    assert to_sidc15(**short, identity=IdentityGroup(value=Identity.FRIEND)).text == "SDAP-----------"
    assert to_sidc15(**short, identity=neutral).text == "SLAP-----------"
    assert to_sidc15(**short, identity=hostile).text == "SWAP-----------"
    long = short | {"kept": "10130100000000000000"}
    assert to_sidc20(**long, identity=neutral).text == "10140100000000000000"
    assert to_sidc20(**long, identity=hostile).text == "10110100000000000000"
    moved = long | {"environment": Environment.SURFACE}
    assert to_sidc20(**moved, identity=neutral).text[:6] == "101430"
    assert to_sidc15(**(short | {"platform": "DECOY"}), identity=neutral).text == "SLAPWD---------"


def test_a_joker_that_is_nobody_here_stays_what_the_source_called_it() -> None:
    track = {"environment": Environment.AIR, "identity": None, "platform": None, "exercise": False}
    assert (to_sidc15(**track, kept="SJAPM----------").text, to_sidc15(**track).text[1]) == ("SJAPM----------", "O")
    assert to_sidc20(**track, kept="10150100001100000000").text == "10150100001100000000"
    known = track | {"identity": IdentityGroup(value=Identity.NEUTRAL)}
    assert to_sidc15(**known, kept="SJAPM----------").text == "SLAPM----------"
    assert to_sidc20(**known, kept="10150100001100000000").text == "10140100001100000000"


def test_15_letters_cannot_say_exercise_and_nobody_at_once() -> None:
    track = {"environment": Environment.AIR, "identity": None, "platform": None, "exercise": True}
    for kept in (None, "SDAP-----------", "SFAP-----------"):
        written = to_sidc15(**track, kept=kept)
        assert (written.text, written.losses) == ("SOAP-----------", (Loss("status.exercise", "NO_CODE"),))


def test_an_exercise_of_the_track_marks_the_code_of_the_source() -> None:
    friend = IdentityGroup(value=Identity.FRIEND)
    track = {"environment": Environment.AIR, "platform": None, "identity": friend, "exercise": True}
    assert to_sidc15(**track, kept="SFAPM----------").text == "SDAPM----------"
    assert to_sidc20(**track, kept="10030100001100000000").text == "10130100001100000000"


def test_a_simulation_has_a_digit_and_no_letter() -> None:
    friend = IdentityGroup(value=Identity.FRIEND)
    track = {"environment": Environment.AIR, "platform": None, "identity": friend}
    assert to_sidc20(**track, exercise=False, simulated=True).text[:6] == "102301"
    assert to_sidc20(**track, exercise=True, simulated=True).losses == (Loss("status.simulated", "NO_CODE"),)
    assert to_sidc15(**track, exercise=False, simulated=True).losses == (Loss("status.simulated", "NO_CODE"),)
    assert from_sidc20("10230100000000000000", exercise=False).context is Context.SIMULATION
    kept = to_sidc20(**track, exercise=False, simulated=True, kept="10030100001100000000")
    assert kept.text == "10230100001100000000"
    assert to_sidc20(**track, exercise=False, kept="10230100001100000000").text == "10030100001100000000"
