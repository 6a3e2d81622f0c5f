"""The label of a batch: one over all of its tracks where that permits every recipient, else one for each part."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gateway.policy.judging import permission
from gateway.policy.policy import Policy
from gateway.track import Label, Track


def batch_labels(
    policy: Policy, tracks: Sequence[Track], recipients: Sequence[str], now: datetime
) -> list[tuple[Label, tuple[Track, ...]]]:
    """Labels for messages of released tracks, each with those that go under it, in order.

    One that is at least as strict as each of theirs, if it is valid and permits every recipient; else the tracks part
    by their labels. Each track has been decided by its own label before; this is no decision.
    """
    first = tracks[0].label if tracks else None
    for track in tracks:
        if track.label is not first and track.label != first:
            break
    else:
        return [(_known(first), tuple(tracks))] if tracks else []
    parts: dict[Label, list[Track]] = {}
    for track in tracks:
        parts.setdefault(_known(track.label), []).append(track)
    joined = _joined(policy, tuple(parts), recipients, now)
    if joined is not None:
        return [(joined, tuple(tracks))]
    return [(label, tuple(those)) for label, those in parts.items()]


def _joined(policy: Policy, labels: Sequence[Label], recipients: Sequence[str], now: datetime) -> Label | None:
    """One valid label that says all of several, and may go to every recipient."""
    book = policy.book
    found = book.dominant(labels, now)
    if found is None or book.check(found, now) or not all(book.covers(found, label, now) for label in labels):
        return None
    allowed = permission(policy, found, recipients, now)
    if allowed.denied:
        return None
    # What an equivalence added for a recipient must say it all, too
    if allowed.label is not found and not all(book.covers(allowed.label, label, now) for label in labels):
        return None
    return allowed.label


def _known(label: Label | None) -> Label:
    if label is None:
        raise RuntimeError("a track without a label was released")
    return label
