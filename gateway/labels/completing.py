"""What a label needs to be written, where it has none: times, who set it, and the identifiers that its policy gives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from gateway.labels.spif import Spif
from gateway.track import Label, LabelCategory, Succession

Lookup = Callable[[str], Spif | None]
"""The installed security policy of a name."""


def complete(
    label: Label, lookup: Lookup, *, created_at: datetime, review_at: datetime, originator: str | None = None
) -> Label:
    """The label with what it needs to be written, where it has none: times, originator (a DNS name), identifiers.

    Alternatives and the label of the label are completed too. Words are never changed.
    """
    spif = lookup(label.policy)
    named = originator is not None and label.originator is None

    def beside(other: Label) -> Label:
        return complete(other, lookup, created_at=created_at, review_at=review_at, originator=originator)

    return msgspec.structs.replace(
        label,
        policy_uri=label.policy_uri or (spif.uri if spif is not None else None),
        categories=tuple(_identified(category, spif) for category in label.categories),
        created_at=label.created_at or created_at,
        review_at=label.review_at or (review_at if label.successor is None else None),
        originator=originator if named else label.originator,
        originator_kind="dNSName" if named else label.originator_kind,
        successor=_successor(label.successor, lookup, created_at=created_at, originator=originator),
        alternatives=tuple(beside(each) for each in label.alternatives),
        metadata=label.metadata and beside(label.metadata),
    )


def _successor(
    following: Succession | None, lookup: Lookup, *, created_at: datetime, originator: str | None
) -> Succession | None:
    if following is None:
        return None
    found = complete(following.label, lookup, created_at=created_at, review_at=created_at, originator=originator)
    return Succession(at=following.at, label=msgspec.structs.replace(found, review_at=following.label.review_at))


def _identified(category: LabelCategory, spif: Spif | None) -> LabelCategory:
    tag_set = spif.tag_set(category.tag) if spif is not None else None
    if tag_set is None or category.uri is not None:
        return category
    return msgspec.structs.replace(category, uri=tag_set.uri)
