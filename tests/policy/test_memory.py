"""Rules that thin out: at most one snapshot in their time, but for what must not wait."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.policy.memory import Memory
from gateway.track import Identity, IdentityGroup, Status, Track
from tests.policy.policies import NOW, TRACK


def admits(memory: Memory, second: float, track: Track = TRACK, *, group: str = "g", every_s: float = 10.0) -> bool:
    return memory.admits(group, track, every_s=every_s, now=NOW + timedelta(seconds=second))


@given(st.lists(st.floats(0, 60), max_size=30), st.floats(0.5, 30))
@settings(deadline=None)
def test_snapshots_of_a_track_are_as_far_apart_as_the_rule_says(steps: list[float], every_s: float) -> None:
    memory = Memory()
    sent: list[datetime] = []
    for second in sorted(steps):
        at = NOW + timedelta(seconds=second)
        due = not sent or (at - sent[-1]).total_seconds() >= every_s
        assert memory.admits("g", TRACK, every_s=every_s, now=at) is due
        if due:
            sent.append(at)


def test_groups_and_tracks_are_counted_apart() -> None:
    memory = Memory()
    assert admits(memory, 0)
    assert admits(memory, 0, group="other")
    assert admits(memory, 0, replace(TRACK, track_id="t2"))
    assert not admits(memory, 1)
    assert not admits(memory, 1, group="other")


@pytest.mark.parametrize(
    "change",
    [
        {"identity": IdentityGroup(value=Identity.FRIEND)},
        {"identity": None},
        {"status": Status(emergency="HIJACK")},
        {"status": Status(military_emergency=True)},
        {"status": Status(ended=True)},
    ],
)
def test_another_identity_an_emergency_and_an_end_do_not_wait(change: dict[str, object]) -> None:
    memory = Memory()
    plain = replace(TRACK, status=None)
    assert admits(memory, 0, plain)
    assert not admits(memory, 1, plain)
    assert admits(memory, 2, replace(plain, **change))


def test_every_end_goes_and_the_track_is_forgotten() -> None:
    memory = Memory()
    ended = replace(TRACK, status=Status(ended=True))
    assert admits(memory, 0)
    assert admits(memory, 1, ended)
    assert admits(memory, 1, ended)
    assert len(memory) == 0


def test_a_snapshot_of_an_object_without_a_lasting_name_is_one_of_its_own() -> None:
    memory = Memory()
    lone = replace(TRACK, track_id=None)
    assert admits(memory, 0, lone)
    assert admits(memory, 0, lone)


def test_a_clock_that_was_set_back_withholds_nothing() -> None:
    memory = Memory()
    assert admits(memory, 0)
    assert admits(memory, -3_600)
    assert not admits(memory, -3_599)


def test_a_full_memory_admits_no_further_track_until_there_is_room() -> None:
    memory = Memory(most=2)
    first, second, third = (replace(TRACK, track_id=f"t{n}") for n in range(3))
    assert admits(memory, 0, first, every_s=3_600.0)
    assert admits(memory, 1, second)
    assert not admits(memory, 2, third)
    assert not admits(memory, 3, first, every_s=3_600.0)
    assert len(memory) == 2
    assert admits(memory, 12, third), "the second is through, though an older one is not"
    assert len(memory) == 2
