"""Counts refusals, so that a stranger's flood becomes one leaf per interval and not one per message.

What policy withholds is counted the same way: a track that a group may not see comes again every second.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.ledger.leaf import refusals, withheld
from gateway.store import LeafFactory

MAX_KINDS = 1_000  # distinct (peer, code) counted at once; beyond that peers are lumped together
OTHERS = "*"

_Kind = tuple[str, str, str | None]
"""Peer and code of a refusal, with no policy; group, rule and policy of what was withheld."""


@dataclass
class _Tally:
    count: int
    since: datetime
    started: float


class Refusals:
    """Refusals and withheld tracks that do not stand in a leaf yet."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._tallies: dict[_Kind, _Tally] = {}

    def __len__(self) -> int:
        return sum(tally.count for tally in self._tallies.values())

    def count(self, *, peer: str, code: str, now: datetime, monotonic: float) -> None:
        """One more refusal of `peer` with `code`."""
        self._count((peer, code, None), 1, now, monotonic)

    def count_withheld(
        self, *, group: str, rule: str, policy: str, tracks: int, now: datetime, monotonic: float
    ) -> None:
        """So many more tracks that `group` was not shown by `rule` of `policy`."""
        self._count((group, rule, policy), tracks, now, monotonic)

    def _count(self, kind: _Kind, number: int, now: datetime, monotonic: float) -> None:
        tallies = self._tallies
        if kind not in tallies and len(tallies) >= MAX_KINDS:
            _, code, policy = kind
            kind = (OTHERS, code, policy)
            if kind not in tallies and len(tallies) >= 2 * MAX_KINDS:
                kind = (OTHERS, OTHERS, policy)
        tally = tallies.setdefault(kind, _Tally(0, now, monotonic))
        tally.count += number

    def due(self, monotonic: float, *, all_of_them: bool = False) -> list[LeafFactory]:
        """Summary leaves of what has been counted for a whole interval; it is counted from zero again."""
        ripe = [
            kind
            for kind, tally in self._tallies.items()
            if all_of_them or monotonic - tally.started >= self._interval_s
        ]
        leaves = []
        for kind in ripe:
            tally = self._tallies.pop(kind)
            peer, code, policy = kind
            if policy is None:
                leaves.append(refusals(peer=peer, code=code, count=tally.count, since=tally.since))
            else:
                leaves.append(withheld(group=peer, rule=code, policy=policy, count=tally.count, since=tally.since))
        return leaves
