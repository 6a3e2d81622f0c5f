"""National consumers: what the picture and the feeds out are told of a message that a partner sent."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from gateway.policy.acceptance import origin_of
from gateway.rooms import Rooms
from gateway.stages import Accepted, Retraction
from gateway.store import Withdrawal
from gateway.track import Status, Track


def hand_on(rooms: Rooms, accepted: Accepted, withdrawals: Sequence[Withdrawal]) -> None:
    """Step 9 of `inbound` for what national consumers see. What was redacted on its way is its origin's, told by who
    redacted it."""
    counts, opened, tracks = rooms.counts, accepted.opened, accepted.tracks
    counts.tracks_accepted += len(tracks)
    oldest = tracks[0].state if tracks else None
    if oldest is not None and oldest.received_at is not None:
        rooms.note_latency((rooms.clock.now() - oldest.received_at).total_seconds())
    header, signer = opened.content.message.header, opened.content.verified.signer
    label, origin = header.label, origin_of(opened)
    via, by = "" if origin == signer else signer, "" if opened.original is None else opened.verified.signer
    tracks = tuple(rooms.picture.standing(tracks, origin, via, by))
    counts.tracks_withdrawn += len(accepted.tracks) - len(tracks)
    contested = rooms.picture.update(accepted.tracks, origin, label, via, by)
    if contested:  # ids of tracks that another gateway told of: nobody speaks for another's tracks
        if via:
            counts.tracks_second_hand += len(contested)
        else:
            counts.tracks_contested += len(contested)
        tracks = tuple(track for track in tracks if track.track_id not in contested)
    for retraction in opened.content.message.retractions:
        withdrawn = rooms.picture.retract(retraction.track_id, origin, retraction.reason, via)
        if withdrawn is not None:
            tracks = (*tracks, _withdrawn(withdrawn, retraction))
    for withdrawal in withdrawals:
        rooms.picture.withdrawals.note(withdrawal)
    rooms.publish(tracks, origin, label)


def _withdrawn(track: Track, retraction: Retraction) -> Track:
    """The last word on a retracted track, for feeds that can only say that a track has ended."""
    status = replace(track.status, ended=True) if track.status is not None else Status(ended=True)
    state = replace(track.state, time=retraction.time) if track.state is not None else None
    return replace(track, status=status, state=state)
