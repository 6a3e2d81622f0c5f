"""The release policies that the players play by: worked examples, each a file of its own in ``policy_files``."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

DIRECTORY = Path(__file__).with_name("policy_files")
_ISSUED, _REVIEW = "2026-01-01", "2027-01-01"
_AGE, _TERM = timedelta(days=30), timedelta(days=335)


def policy_of_player(node: str, now: datetime) -> str:
    """The text of that player's ``policy.toml``, issued and signed off a month before `now`, valid for most of a year.

    The dates that stand in the files are examples: a policy that was to be reviewed long ago would be found fault with.
    """
    text = (DIRECTORY / f"{node}.toml").read_text()
    issued, review = (now - _AGE).date(), (now + _TERM).date()
    return text.replace(_REVIEW, review.isoformat()).replace(_ISSUED, issued.isoformat())
