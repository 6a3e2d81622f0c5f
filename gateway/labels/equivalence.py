"""Equivalences between two security policies: policy data that an operator has signed off, one direction each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct


class Direction(StrEnum):
    """When a mapping applies (XML SPIF ``applied``)."""

    ENCRYPT = "encrypt"
    """To what we send."""
    DECRYPT = "decrypt"
    """To what we receive."""
    BOTH = "both"


class Equivalence(Struct, frozen=True, kw_only=True):
    """How a label of one policy reads in another. A mapped level is not a release."""

    source: str
    """Name of the policy that the label speaks in."""
    target: str
    direction: Direction
    classifications: Mapping[str, str]
    values: Mapping[tuple[str, str], tuple[str, str]] = {}
    """(tag set, value) of the source to (tag set, value) of the target."""
    discarded: frozenset[str] = frozenset()
    """Tag sets of the source that the target's label may leave out. A restrictive one is never left out."""
    signed_off_by: str
    signed_off_on: str
    """Date, ISO 8601."""
