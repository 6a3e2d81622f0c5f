"""Three defects that a published codec has with the reference vector, shown not to be ours."""

from __future__ import annotations

from tests.formats.remoteid.support import LOCATION, PACK, one, packed


def test_the_direction_is_not_half_a_turn_off() -> None:
    state = one(PACK).state
    assert state is not None
    assert state.course_deg == 216.0  # and not 36: the segment bit counts


def test_the_speed_is_not_three_times_too_high() -> None:
    state = one(PACK).state
    assert state is not None
    assert state.ground_speed_mps == 5.5  # and not 16.5: without the multiplier a step is a quarter


def test_a_descent_is_not_a_climb() -> None:
    sinking = LOCATION[:4] + b"\xfc" + LOCATION[5:]
    state = one(packed(PACK[3:28], sinking)).state
    assert state is not None
    assert state.vertical_rate_mps == -2.0  # and not 126: the octet is signed
