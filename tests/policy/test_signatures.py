"""How many messages are signed for one frame of tracks: one for each release group, however many partners are in it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from gateway.policy.labelling import batch_labels
from gateway.policy.marking import mark
from gateway.policy.memory import Memory
from gateway.policy.release import release
from gateway.stages import Release
from tests.policy.policies import NODE, NOW, TRACK, clearance, policy

TRACKS = [replace(TRACK, track_id=f"00000000-0000-4000-8000-{number:012d}") for number in range(50)]


@pytest.mark.parametrize(("partners", "groups"), [(1, 1), (5, 1), (30, 1), (5, 5), (30, 5)])
def test_signatures_grow_with_groups_and_not_with_partners(partners: int, groups: int) -> None:
    names = [f"n-{number:02d}" for number in range(partners)]
    whole = policy(
        groups={f"g-{group}": tuple(names[group::groups]) for group in range(groups)},
        partners={name: (clearance("UNCLASSIFIED"),) for name in names},
    )
    tracks = mark(whole, TRACKS, source="radar-north", now=NOW)
    verdicts = release(whole, tracks, source="radar-north", origin=NODE, now=NOW, memory=Memory())
    released = [verdict for verdict in verdicts if isinstance(verdict, Release)]
    assert len(released) == len(verdicts)
    messages = [
        (one.recipients, part) for one in released for _, part in batch_labels(whole, one.tracks, one.recipients, NOW)
    ]
    assert len(messages) == groups
    assert sorted(name for recipients, _ in messages for name in recipients) == names
    assert {len(part) for _, part in messages} == {len(TRACKS)}
