"""What one national consumer may see: whose tracks, under which labels, with personal data or without."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from gateway.policy.personal import has_personal, withhold_personal
from gateway.track import Label, Track


class View(Struct, frozen=True, kw_only=True):
    """The clearance of one consumer. The default is a plain consumer: every track, no personal data."""

    own: bool = True
    """See the tracks of this node."""
    allied: bool = True
    """See the tracks of the partners."""
    labels: frozenset[tuple[str, str]] | None = None
    """(security policy, classification) of every label that it is cleared for: a list, not an upper bound. Absent is
    every label."""
    personal_data: bool = False
    """See who operates a drone, and the raw octets that may tell so."""

    def filter(self, tracks: Sequence[Track], *, is_own: bool, label: Label) -> Sequence[Track]:
        """The tracks that it may see, in order; the very same sequence when that is all of them as they are.

        `label` is the one under which they came: the message's for allied tracks, the node's for its own. A track that
        has a label of its own needs both to be cleared.
        """
        if not (self.own if is_own else self.allied):
            return ()
        labels = self.labels
        if labels is not None:
            if (label.policy, label.classification) not in labels:
                return ()
            if any(not _is_cleared(track, labels) for track in tracks):
                tracks = [track for track in tracks if _is_cleared(track, labels)]
        if self.personal_data or not has_personal(tracks):
            return tracks
        return [withhold_personal(track) for track in tracks]


def _is_cleared(track: Track, labels: frozenset[tuple[str, str]]) -> bool:
    own = track.label
    return own is None or (own.policy, own.classification) in labels
