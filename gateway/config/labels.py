"""Tables of confidentiality labels. Part of the configuration's model; see there."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from gateway.config.table import Table
from gateway.config.values import OpenCode


class CategoryKind(StrEnum):
    """What the values of a label's category do to access (ADatP-4774)."""

    RESTRICTIVE = "RESTRICTIVE"
    PERMISSIVE = "PERMISSIVE"
    INFORMATIVE = "INFORMATIVE"


class CategoryTable(Table):
    """One category of a confidentiality label."""

    tag: str
    """Name of the tag set in the label's policy, such as `Releasable To`."""
    kind: CategoryKind
    """What its values do to access."""
    values: Annotated[tuple[str, ...], Field(min_length=1)]
    """Values of the category."""


class LabelTable(Table):
    """Confidentiality label of the messages that this node makes."""

    policy: Annotated[str, Field(min_length=1, max_length=200)]
    """Name of the security policy that the label speaks in."""
    classification: Annotated[str, Field(min_length=1, max_length=200)]
    """Classification of that policy."""
    categories: tuple[CategoryTable, ...] = ()
    """Categories of the label."""
    tlp: OpenCode | None = None
    """Traffic Light Protocol marking for civil partners, such as `GREEN`."""
    purpose: OpenCode | None = None
    """Purpose that the tracks may be used for, as an open code."""


class AcceptTable(Table):
    """Labels that are let in from partners."""

    policy: Annotated[str, Field(min_length=1, max_length=200)]
    """Name of the security policy."""
    classifications: Annotated[tuple[str, ...], Field(min_length=1)]
    """Classifications of it that are let in: a list, not an upper bound."""
