"""Outbound: which release group may see which tracks, as what, and which of its members. Decided for each track."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from gateway.policy.engine import Engine
from gateway.policy.memory import Memory
from gateway.policy.policy import Policy
from gateway.stages import Held, Refused, Release
from gateway.track import Track

_ENGINE = " engine"


def release(
    policy: Policy,
    tracks: Sequence[Track],
    *,
    source: str | None,
    origin: str,
    now: datetime,
    memory: Memory,
    groups: Collection[str] | None = None,
) -> list[Release | Refused | Held]:
    """A verdict for each group of tracks that share release group, rule and recipients, in the order of the tracks.

    `origin` is the node that signed them, ours for our own; a partner's tracks go by ``onward`` rules alone, and never
    back to it. `source` is the configured source of our own tracks. `groups` asks for these release groups alone, as
    when tracks that were held are decided anew. A rule lets a track out, and then its label must permit each member.
    """
    engine: Engine = policy.__dict__.get(_ENGINE) or engine_of(policy)
    return engine.release(tracks, source, origin, now, memory, groups)


def engine_of(policy: Policy) -> Engine:
    """The policy, compiled: once for each, when it is first asked."""
    engine: Engine | None = policy.__dict__.get(_ENGINE)
    if engine is None:
        engine = policy.__dict__[_ENGINE] = Engine(policy)
    return engine
