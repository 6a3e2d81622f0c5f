"""One node's whole release policy, compiled from ``policy.toml`` and the files that it names. Immutable.

A reload makes another one. Whoever decides takes the policy once and decides everything of one frame or message by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from gateway.labels.book import Book
from gateway.labels.clearance import Clearance
from gateway.policy.area import Area
from gateway.policy.terms import AcceptRule, Marking, ReleaseRule


class Policy(Struct, frozen=True, kw_only=True, dict=True, eq=False):
    """The operator's policy. What it does not name is refused. `dict` holds what the engine compiles, once."""

    name: str
    digest: str
    """Hex SHA-256 over the digests of all its files: ledger leaves and messages cite it."""
    node: str
    book: Book
    """Security policies and equivalences, and the decisions that were made by them."""
    markings: tuple[Marking, ...] = ()
    releases: tuple[ReleaseRule, ...] = ()
    accepts: tuple[AcceptRule, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = {}
    """Release group to its partner nodes, sorted."""
    areas: Mapping[str, Area] = {}
    own: tuple[Clearance, ...] = ()
    """What this node may receive."""
    partners: Mapping[str, tuple[Clearance, ...]] = {}
    """What each partner node may see."""
    clearances: Mapping[str, Clearance] = {}
    """By name, for national clients and feeds."""
    review_at: datetime | None = None
    """When it is to be reviewed. It decides on after that, too: a node without a policy would let nothing through."""
