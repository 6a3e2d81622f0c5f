"""The label of our own tracks: what policy gives, beside what the source gave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from gateway.policy.match import Masks, Matcher
from gateway.policy.policy import Policy
from gateway.policy.terms import Existing, Marking
from gateway.track import Label, Track

_MOST_KEPT = 4_096
_LABELLER = " labeller"


def mark(policy: Policy, tracks: Sequence[Track], *, source: str | None, now: datetime) -> tuple[Track, ...]:
    """The tracks with the labels that they go under, in order. Without one, nobody outside of this node may see it.

    The first marking that is met gives the label. One before it that asks for something that the track does not say
    may have been meant: then the label is one that is at least as strict as both. Tracks that share a label share the
    very same object.
    """
    labeller: Labeller | None = policy.__dict__.get(_LABELLER)
    if labeller is None:
        labeller = policy.__dict__[_LABELLER] = Labeller(policy)
    return labeller.mark(tracks, source, now)


class Labeller:
    """The markings of one policy, compiled."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._matcher = Matcher([one.when for one in policy.markings], policy.areas)
        self._labels: dict[tuple[Masks, Label | None], Label | None] = {}
        self._since: datetime | None = None
        self._until: datetime | None = None
        self._of: tuple[str | None, Masks] | None = None
        """The last source, and what holds for all of its tracks."""
        self._last: tuple[Masks, Label | None, Label | None] | None = None
        """The label of the last track, behind what it rests on: mostly that of the next."""

    def mark(self, tracks: Sequence[Track], source: str | None, now: datetime) -> tuple[Track, ...]:
        """See the function of this name."""
        if self._since is None or now < self._since or (self._until is not None and now >= self._until):
            self._labels.clear()  # what joins labels rests on what is valid
            self._last = None
            self._since, self._until = now, self._policy.book.changes_at(now)
        if self._of is None or self._of[0] != source:
            self._of = source, self._matcher.given(source, self._policy.node)
        met = given = self._of[1]
        matcher, last = self._matcher, self._last
        marked = []
        for track in tracks:
            own = track.label
            if matcher.asks_tracks:
                met = matcher.masks(track, now, given)
            if last is None or own is not last[1] or met != last[0]:
                key = met, own
                label = self._labels[key] if key in self._labels else self._label(key, now)
                last = self._last = met, own, label
            marked.append(track if last[2] is own else replace(track, label=last[2]))
        return tuple(marked)

    def _label(self, key: tuple[Masks, Label | None], now: datetime) -> Label | None:
        (maybe, sure), own = key
        asked = []
        decides = False
        for bit, marking in enumerate(self._policy.markings):
            if maybe >> bit & 1:
                asked.append(marking)
                if sure >> bit & 1:
                    decides = True
                    break
        label = joined(self._policy, asked, own, now) if decides else None
        if len(self._labels) >= _MOST_KEPT:
            self._labels.clear()
        self._labels[key] = label
        return label


def joined(policy: Policy, markings: Sequence[Marking], own: Label | None, now: datetime) -> Label | None:
    """The label by several markings, the last of which is met and the others perhaps; nothing when none says it all."""
    found = list(dict.fromkeys([given(policy, marking, own, now) for marking in markings]))
    labels = [label for label in found if label is not None]
    if len(labels) < len(found) or not labels:
        return None
    return labels[0] if len(labels) == 1 else policy.book.dominant(labels, now)


def given(policy: Policy, marking: Marking, own: Label | None, now: datetime) -> Label | None:
    """The label by one marking, of a track that came with `own`; nothing when it is refused."""
    if own is None:
        return marking.label
    if marking.existing is Existing.REFUSE or marking.label.created_at is None or marking.label.review_at is None:
        return None
    own = policy.book.complete(
        own,
        created_at=marking.label.created_at,
        review_at=marking.label.review_at,
        originator=marking.label.originator,
    )
    if marking.existing is Existing.KEEP:
        return own
    return policy.book.dominant([own, marking.label], now)
