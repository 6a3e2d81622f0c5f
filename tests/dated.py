"""Labels with the times that a message wants of them."""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.track import Label, LabelCategory

ISSUED, REVIEW = datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 11, 1, tzinfo=UTC)


def dated(policy: str, classification: str, *categories: LabelCategory) -> Label:
    """A label that policy could have given."""
    return Label(
        policy=policy, classification=classification, categories=categories, created_at=ISSUED, review_at=REVIEW
    )
