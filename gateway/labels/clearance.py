"""What a node or a person may see: an ADatP-4774 confidentiality clearance."""

from __future__ import annotations

from msgspec import Struct

from gateway.track import LabelCategory


class Clearance(Struct, frozen=True, kw_only=True, gc=False, cache_hash=True):
    """A clearance under one security policy. It enumerates classifications: a list, not an upper bound."""

    policy: str
    """Name of the security policy."""
    classifications: tuple[str, ...]
    categories: tuple[LabelCategory, ...] = ()
    """Values held of each tag set."""
    policy_uri: str | None = None
