"""What a restarted node remembers of the sky: the picture from the newest stored messages."""

from __future__ import annotations

from datetime import timedelta

import structlog

from gateway import xml
from gateway.errors import GatewayError
from gateway.formats import alliance
from gateway.rooms import Rooms
from gateway.track import Track

_log = structlog.get_logger("node")

_POLICY_TOOK = frozenset({"WITHHELD", "COARSENED", "DOWNGRADED"})
MESSAGES = 2_000
"""Newest messages that are read again; each holds up to `batch_max_tracks` tracks."""


async def rebuild_picture(rooms: Rooms) -> int:
    """Put the tracks of the newest stored messages into the picture, unless they are stale; how many.

    The octets were verified before they were stored; whoever can write the database is trusted with the picture.
    """
    horizon = rooms.clock.now() - timedelta(seconds=rooms.limits.source_silence_s)
    count = 0
    for withdrawal in await rooms.store.withdrawals():
        rooms.picture.withdrawals.note(withdrawal)
    for stored in await rooms.store.latest_messages(MESSAGES):
        if stored.octets is None or stored.code or stored.recorded_at < horizon:
            continue
        try:
            root = xml.parse(stored.octets, max_octets=rooms.limits.max_message_octets)
            message = alliance.read(root, signed=True)  # by us or verified once; only the picture relies on it
        except GatewayError as error:
            _log.warning("picture.unreadable", message=stored.message_id, code=error.code.id, error=str(error))
            continue  # the message itself stays in the store
        header, origin, via = message.header, stored.origin, ""
        if header.derived is not None:
            if stored.origin == rooms.node:
                continue  # what we passed on came in before, as its origin said it
            if message.original is not None:
                continue  # the original stands in the store by itself
            origin, via = header.derived.origin, stored.origin
        if stored.origin == rooms.node:
            tracks = _ours(rooms, message.tracks)
        else:  # as when it came in: those that were accepted, with what its header says of all of them
            taken = set(stored.track_ids)
            tracks = tuple([one for one in alliance.marked(message.tracks, header) if one.track_id in taken])
        by = next((name for name in stored.partners if name != stored.origin), "")
        rooms.picture.update(tracks, origin, header.label, via, "" if stored.origin == rooms.node else by)
        for gone in message.retractions if stored.origin != rooms.node else ():
            if gone.track_id in stored.track_ids:  # it was its sender's to withdraw
                rooms.picture.retract(gone.track_id, origin, gone.reason, via)
        count += len(message.tracks)
    return count


def _ours(rooms: Rooms, tracks: tuple[Track, ...]) -> tuple[Track, ...]:
    """Of our own tracks, without those of which policy took something out, where the picture has the same snapshot.

    What one release group saw redacted, another may have seen whole, and displays at home see it whole.
    """
    known = rooms.picture.find
    return tuple([track for track in tracks if not (_is_redacted(track) and known(track.track_id or ""))])


def _is_redacted(track: Track) -> bool:
    last = track.provenance[-1] if track.provenance else None
    return last is not None and any(loss.reason in _POLICY_TOOK for loss in last.losses)
