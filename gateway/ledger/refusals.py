"""Counts refusals, so that a stranger's flood becomes one leaf per interval and not one per message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.ledger.leaf import refusals
from gateway.store import LeafFactory

MAX_KINDS = 1_000  # distinct (peer, code) counted at once; beyond that peers are lumped together
OTHERS = "*"


@dataclass
class _Tally:
    count: int
    since: datetime
    started: float


class Refusals:
    """Refusals that do not stand in a leaf yet, by (peer, code)."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._tallies: dict[tuple[str, str], _Tally] = {}

    def __len__(self) -> int:
        return sum(tally.count for tally in self._tallies.values())

    def count(self, *, peer: str, code: str, now: datetime, monotonic: float) -> None:
        """One more refusal of `peer` with `code`."""
        key = (peer, code)
        if key not in self._tallies and len(self._tallies) >= MAX_KINDS:
            key = (OTHERS, code if (OTHERS, code) in self._tallies or len(self._tallies) < 2 * MAX_KINDS else OTHERS)
        tally = self._tallies.setdefault(key, _Tally(0, now, monotonic))
        tally.count += 1

    def due(self, monotonic: float, *, all_of_them: bool = False) -> list[LeafFactory]:
        """Summary leaves of what has been counted for a whole interval; it is counted from zero again."""
        ripe = [
            key for key, tally in self._tallies.items() if all_of_them or monotonic - tally.started >= self._interval_s
        ]
        leaves = []
        for peer, code in ripe:
            tally = self._tallies.pop((peer, code))
            leaves.append(refusals(peer=peer, code=code, count=tally.count, since=tally.since))
        return leaves
