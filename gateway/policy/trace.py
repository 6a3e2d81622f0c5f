"""Why one track goes to one partner, or does not: rule by rule, in words. Slow, plain, and the same as `release`."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from gateway.labels.decision import Judgement
from gateway.policy.policy import Policy
from gateway.track import Label, Loss, Track


class Tried(Struct, frozen=True, kw_only=True):
    """One rule that was tried on the track."""

    rule: str
    """Its id as ledgers have it: ``mark.<id>`` or ``release.<id>``."""
    met: bool | None
    """`None`: the track does not say what the rule asks for."""
    why: str
    """The first part of its condition that is not met or not said, in words; empty when it is met."""
    effect: str
    """``decides``; ``passed`` (not met); ``adds`` (not said: what it takes out, or the label that it gives, counts
    beside the deciding rule's)."""


class Marked(Struct, frozen=True, kw_only=True):
    """Where the label of one of our own tracks comes from."""

    tried: tuple[Tried, ...]
    rule: str
    """The marking that decided; empty when none applies."""
    given: Label | None
    """What the source gave."""
    label: Label | None
    """What the track goes under; without one it goes nowhere."""
    why: str
    """How the two became one, in words."""


class Verdict(Struct, frozen=True, kw_only=True):
    """What becomes of the track for one release group, and for the partner in it."""

    group: str
    tried: tuple[Tried, ...]
    rule: str
    """What decided: ``release.<id>`` or ``release.refused....``"""
    released: bool
    """Whether the partner gets it: now, or from `until` on."""
    why: str
    judgement: Judgement | None
    """What the partner's clearances say of the label; absent where no rule let the track get so far."""
    label: Label | None
    """Label that it goes under, with what equivalences add to it."""
    losses: tuple[Loss, ...]
    """What is taken out of it or made coarser."""
    track: Track | None
    """As the partner gets it."""
    until: datetime | None
    """Held until then."""
    every_s: float
    """At most one snapshot in that time."""


class Explanation(Struct, frozen=True, kw_only=True):
    """All that decides whether one partner gets one track."""

    track: Track
    """As it was, before any marking."""
    partner: str
    origin: str
    source: str | None
    now: datetime
    policy: str
    """Digest of the policy."""
    marked: Marked | None
    """Absent for a partner's track: its origin has labelled it."""
    verdicts: tuple[Verdict, ...]
    """One for each release group that the partner is in; without any it gets nothing."""

    @property
    def released(self) -> bool:
        """Whether the partner gets it by any group."""
        return any(one.released for one in self.verdicts)


def trace(policy: Policy, track: Track, *, source: str | None, origin: str, partner: str, now: datetime) -> Explanation:
    """Explain what becomes of a track on its way to a partner. `origin` is the node that signed it, ours for our own.

    How often a snapshot may go (`every_s`) depends on those before it and is told, not decided.
    """
    raise NotImplementedError
