"""What each partner gets of one track, by the very functions that a running node decides by. Nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from gateway.policy.marking import mark
from gateway.policy.memory import Memory
from gateway.policy.policy import Policy
from gateway.policy.release import release
from gateway.stages import Held, Refused, Release
from gateway.track import Label, Track

_MOST_HOLDS = 8
"""Times that a track is held anew, by rules that it meets as it grows older."""


class Sight(Struct, frozen=True, kw_only=True):
    """What becomes of a track for one partner."""

    rule: str
    shown: Track | None = None
    """As the partner gets it, now or from `until` on; absent when it does not."""
    until: datetime | None = None
    """Held until then."""

    @property
    def label(self) -> Label | None:
        """The label that it arrives under."""
        return None if self.shown is None else self.shown.label


NOBODY = Sight(rule="no group")
"""For a partner that the policy does not name, or that is in no release group."""


def sights(
    policy: Policy, track: Track, *, source: str | None, origin: str, now: datetime, memory: Memory
) -> dict[str, Sight]:
    """What each partner gets of a track of our own, or of a partner's (`origin`), which has its label already."""
    marked = mark(policy, (track,), source=source, now=now) if origin == policy.node else (track,)
    verdicts = release(policy, marked, source=source, origin=origin, now=now, memory=memory)
    found: dict[str, Sight] = {}
    _settle(policy, verdicts, found, None)
    asked = now
    for _ in range(_MOST_HOLDS):
        held = [one for one in verdicts if isinstance(one, Held) and one.until > asked]
        if not held:
            break
        verdicts, asked = [], held[0].until
        for one in held:  # decided anew when its time comes, as a node does
            later = release(
                policy, one.tracks, source=source, origin=origin, now=one.until, memory=memory, groups=(one.group,)
            )
            _settle(policy, later, found, one.until)
            verdicts += later
    return found


def _settle(
    policy: Policy, verdicts: Sequence[Release | Refused | Held], found: dict[str, Sight], until: datetime | None
) -> None:
    for verdict in verdicts:
        if isinstance(verdict, Release):
            sight = Sight(rule=verdict.rule, shown=verdict.tracks[0], until=until)
            found |= dict.fromkeys(verdict.recipients, sight)
        elif isinstance(verdict, Refused):
            members = verdict.members or policy.groups[verdict.group]
            found |= dict.fromkeys(members, Sight(rule=verdict.rule))
