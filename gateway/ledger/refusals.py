"""Counts refusals, so that a stranger's flood becomes one leaf per interval and not one per message.

What policy withholds is counted the same way: a track that a group may not see comes again every second.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from gateway.ledger.leaf import refusals, withheld
from gateway.store import LeafFactory

MAX_KINDS = 1_000  # distinct (peer, code) counted at once; beyond that peers are lumped together
OTHERS = "*"

Kind = tuple[str, str, str | None]
"""Peer and code of a refusal, with no policy; group, rule and policy of what was withheld."""


@dataclass
class _Tally:
    count: int
    since: datetime
    started: float


class Summary(NamedTuple):
    """What was counted of one kind, on its way into a leaf."""

    kind: Kind
    tally: _Tally

    def leaf(self) -> LeafFactory:
        """The ledger's entry."""
        (peer, code, policy), tally = self.kind, self.tally
        if policy is None:
            return refusals(peer=peer, code=code, count=tally.count, since=tally.since)
        return withheld(group=peer, rule=code, policy=policy, count=tally.count, since=tally.since)


class Refusals:
    """Refusals and withheld tracks that do not stand in a leaf yet."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._tallies: dict[Kind, _Tally] = {}

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

    def _count(self, kind: Kind, number: int, now: datetime, monotonic: float) -> None:
        tallies = self._tallies
        if kind not in tallies and len(tallies) >= MAX_KINDS:
            _, code, policy = kind
            kind = (OTHERS, code, policy)
            if kind not in tallies and len(tallies) >= 2 * MAX_KINDS:
                kind = (OTHERS, OTHERS, policy)
        tally = tallies.setdefault(kind, _Tally(0, now, monotonic))
        tally.count += number

    def due(self, monotonic: float, *, all_of_them: bool = False) -> list[Kind]:
        """What has been counted for a whole interval and is to stand in a leaf now."""
        return [
            kind
            for kind, tally in self._tallies.items()
            if all_of_them or monotonic - tally.started >= self._interval_s
        ]

    def take(self, kind: Kind) -> Summary:
        """What has been counted of a kind that is due; it is counted from zero again."""
        return Summary(kind, self._tallies.pop(kind))

    def give_back(self, summary: Summary) -> None:
        """Count on from what was taken: it did not come to stand in a leaf."""
        newer = self._tallies.pop(summary.kind, None)
        if newer is not None:
            summary.tally.count += newer.count
        self._tallies[summary.kind] = summary.tally
