"""What the lint says, and what it is told beside the compiled policy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from gateway.errors import Code

Path = tuple[str | int, ...]
"""Keys and array indexes of ``policy.toml``: ``("release", 3, "when", "area")``."""


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """For certain not what anybody meant: a rule that is dead."""
    WARNING = "warning"
    """Somebody should look: it may show more, or less, than was meant."""
    NOTE = "note"
    """Worth knowing."""


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that the lint says of a policy."""

    code: Code
    severity: Severity
    path: Path
    words: str
    """What there is, with the names of rules, groups and partners."""
    remedy: str = ""

    @property
    def advice(self) -> str:
        """What to do: the occasion's own remedy where it has one, else the catalogue's."""
        return self.remedy or self.code.remedy


class Facts(Struct, frozen=True, kw_only=True):
    """What the files say beside the rules. What is absent is not looked at."""

    issued_at: datetime | None = None
    review_at: datetime | None = None
    clearances_in_use: frozenset[str] | None = None
    """Names of clearances that this node, its partners, clients and feeds hold."""
    sources: tuple[str, ...] | None = None
    """Configured national sources."""
    links: tuple[str, ...] | None = None
    """Partners that there is a link to."""
    labels: Mapping[int, str] = {}
    """Name of the label of each marking, by its index."""
    sign_off_days: int = 365
    """After so many days an equivalence is to be signed off anew."""
