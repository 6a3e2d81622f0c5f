"""What every stage of the bench has: a row of the table, medians of three, ratios and verdicts."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

from msgspec import Struct

REPEATS = 3
MIN_S = 0.25
"""A round shorter than this is repeated within the round: the clock's grain and one interruption must not matter."""


class Peer(Struct, frozen=True, kw_only=True):
    """Another implementation doing the same work on the same input in the same run."""

    name: str
    value: float | None = None
    """In the row's unit; absent when it could not be measured."""
    note: str = ""


class Target(Struct, frozen=True, kw_only=True):
    """What the row must reach."""

    value: float
    of: str = "value"
    """``value``, ``floor`` (cost as a multiple of the floor's) or ``peer`` (speed as a multiple of the peer's)."""
    peer: str = ""


class Row(Struct, frozen=True, kw_only=True):
    """One line of the table: a median of three unless its note says otherwise."""

    stage: str
    value: float | None
    unit: str
    faster_is_more: bool = True
    """Whether a larger value is better: rates, not microseconds."""
    floor: float | None = None
    """The bare primitives on the same input, in the row's unit."""
    floor_name: str = ""
    peers: tuple[Peer, ...] = ()
    target: Target | None = None
    note: str = ""

    def floor_ratio(self) -> float | None:
        """Cost as a multiple of the floor's cost: 1.0 is the floor."""
        if not self.value or not self.floor:
            return None
        return self.floor / self.value if self.faster_is_more else self.value / self.floor

    def peer_ratio(self, peer: Peer) -> float | None:
        """Speed as a multiple of the peer's: above 1.0 we are faster."""
        if not self.value or not peer.value:
            return None
        return self.value / peer.value if self.faster_is_more else peer.value / self.value

    def verdict(self) -> str:
        """``reached``, or by how much not; empty without a target."""
        target = self.target
        if target is None:
            return ""
        if target.of == "floor":
            measured, less_is_better = self.floor_ratio(), True
        elif target.of == "peer":
            peer = next((one for one in self.peers if one.name == target.peer), None)
            measured, less_is_better = (self.peer_ratio(peer) if peer else None), False
        else:
            measured, less_is_better = self.value, not self.faster_is_more
        if measured is None:
            return "not measured"
        gap = (measured / target.value if less_is_better else target.value / measured) - 1
        if gap <= 0:
            return "reached"
        short = gap if less_is_better else 1 - measured / target.value
        return f"missed by {100 * short:.0f} %"


Work = Callable[[], int]
"""Does the work once and says how many units that was."""


def rates(works: Mapping[str, Work], *, clock: Callable[[], float] = time.process_time) -> dict[str, float]:
    """Median units per second of each, measured in turns so that all see the same machine.

    CPU time by default: these stages compute and never wait, so what else the machine does is left out.
    """
    for work in works.values():
        work()  # caches, compiled schemas and the allocator are warm in a gateway too
    readings: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(REPEATS):
        for name, work in works.items():
            units, began = 0, clock()
            while (spent := clock() - began) < MIN_S:
                units += work()
            readings[name].append(units / spent)
    return {name: statistics.median(values) for name, values in readings.items()}


def micros(works: Mapping[str, Work]) -> dict[str, float]:
    """As `rates`, in microseconds for each unit."""
    return {name: 1e6 / rate for name, rate in rates(works).items()}


def quantile(values: list[float], q: float) -> float:
    """The `q` quantile (0 to 1) of some readings."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]
