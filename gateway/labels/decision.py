"""The answer to "may this clearance see this label?", with the rule that gave it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from gateway.track import Label


class Decision(Struct, frozen=True, kw_only=True, gc=False):
    """PERMIT or DENY. Everything that is not known is DENY."""

    permit: bool
    rule: str
    """What decided: ``permit``, ``policy-mismatch``, ``invalid-label``, ``missing-mandatory``, ``classification``,
    ``tag-set`` (with its name in `detail`), ``unknown-policy``, ``not-mapped``, ``not-released``,
    ``alternative-conflict``, ``metadata-label``, ``no-label``. ``docs/security-policies.md`` explains each."""
    detail: str = ""
    """Which code, tag set or value, in words."""
    until: datetime | None = None
    """The answer may be another one from then on (validity windows, successions); `None` is never."""


class Judgement(Struct, frozen=True, kw_only=True, gc=False):
    """A decision over all the clearances that a node holds, and which label it rests on."""

    decision: Decision
    label: Label
    """Label to send: as it came, with the alternative that a mapping added where the decision rests on one."""
    decided_on: Label
    """The label, alternative or mapped label, in the words of the clearance's policy."""
    basis: str
    """``originator``, ``alternative`` or ``equivalence``; ``none`` when no clearance speaks for any of them."""
