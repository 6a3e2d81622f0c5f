"""What one national consumer may see: whose tracks, under which labels, with personal data or without."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from gateway.labels.clearance import Clearance
from gateway.labels.equivalence import Direction
from gateway.policy.desk import Desk
from gateway.policy.personal import has_personal, withhold_personal
from gateway.policy.policy import Policy
from gateway.track import Label, Track

OWN = (" own",)
"""Instead of names: the clearances of this node itself. No configured name begins with a space."""


class View(Struct, frozen=True, kw_only=True):
    """What one consumer may see. The default is a plain consumer: every track, no personal data."""

    own: bool = True
    """See the tracks of this node."""
    allied: bool = True
    """See the tracks of the partners."""
    desk: Desk | None = None
    """Where the policy lies that decides on `clearances`."""
    clearances: tuple[str, ...] | None = None
    """Names of clearances in the policy, by which every label is decided on. Absent shows every label, and tracks
    without one; with a desk, an empty tuple shows nothing."""
    personal_data: bool = False
    """See who operates a drone, and the raw octets that may tell so."""

    @property
    def decided_by(self) -> Policy | None:
        """The policy that decides on labels now; nothing where none does."""
        return self.desk.policy if self.desk is not None and self.clearances is not None else None

    def filter(self, tracks: Sequence[Track], *, is_own: bool, label: Label | None) -> Sequence[Track]:
        """The tracks that it may see, in order; the very same sequence when that is all of them as they are.

        `label` is the one under which those came that have none of their own; without any, nobody is cleared.
        """
        if not (self.own if is_own else self.allied):
            return ()
        if self.clearances is not None:
            tracks = self._cleared(tracks, is_own=is_own, label=label)
        if self.personal_data or not has_personal(tracks):
            return tracks
        return [withhold_personal(track) for track in tracks]

    def _cleared(self, tracks: Sequence[Track], *, is_own: bool, label: Label | None) -> Sequence[Track]:
        if self.desk is None or not self.clearances:
            return ()
        policy, now = self.desk.policy, self.desk.clock.now()
        held = _held(policy, self.clearances)
        direction = Direction.ENCRYPT if is_own else Direction.DECRYPT
        shown: list[Track] = []
        last: Label | None = None
        permit = False
        for track in tracks:
            under = track.label or label
            if under is not last:  # the tracks of an offer share few labels
                permit = under is not None and policy.book.judge(under, held, now, direction=direction).decision.permit
                last = under
            if permit:
                shown.append(track)
        return tracks if len(shown) == len(tracks) else shown


def _held(policy: Policy, names: tuple[str, ...]) -> tuple[Clearance, ...]:
    """The clearances of these names; one that the policy no longer knows permits nothing."""
    if names == OWN:
        return policy.own
    return tuple([policy.clearances[name] for name in names if name in policy.clearances])
