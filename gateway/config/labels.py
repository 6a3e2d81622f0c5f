"""Tables of confidentiality labels and clearances. Part of the policy file's model; see there."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from gateway.config.table import Table

_Word = Annotated[str, Field(min_length=1, max_length=1_024)]


class CategoryKind(StrEnum):
    """What the values of a label's category do to access (ADatP-4774)."""

    RESTRICTIVE = "RESTRICTIVE"
    PERMISSIVE = "PERMISSIVE"
    INFORMATIVE = "INFORMATIVE"


class CategoryTable(Table):
    """One category of a confidentiality label or clearance."""

    tag: _Word
    """Name of the tag set in the label's policy, such as `Releasable To`."""
    kind: CategoryKind
    """What its values do to access."""
    values: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=1_024)], ...], Field(min_length=1, max_length=200)
    ]
    """Values of the category."""
