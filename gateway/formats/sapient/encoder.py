"""Tracks to SAPIENT messages without a conversation: files, one-way connections, answers over HTTP.

Whoever reads detections must know what they mean, so the first frame begins with our Registration, and it is said again
now and then for those who joined later.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from gateway.errors import FormatError
from gateway.formats.sapient import options
from gateway.formats.sapient.declaration import Self, registration
from gateway.formats.sapient.messages import serialise
from gateway.formats.sapient.stream import frame
from gateway.formats.sapient.writer import ReportWriter
from gateway.limits import Limits
from gateway.stages import Encoded
from gateway.track import Loss, Track


class SapientEncoder:
    """Writes one consumer's messages, each with its length before it.

    `node_id` is the UUID (version 4) under which we speak; without one it is derived from `node`. `announce_s` is how
    often our Registration is repeated; 0 leaves it out, for a consumer who has it from elsewhere.
    """

    def __init__(
        self,
        *,
        node: str = "",
        node_id: str | None = None,
        name: str | None = None,
        announce_s: float = 60.0,
        limits: Limits | None = None,
    ) -> None:
        announce_s = options.number("announce_s", announce_s, 0, 86_400)
        self._own = Self(
            node_id=options.own_node_id(node_id, node),
            name=options.text("name", name or node or "Track gateway"),
            heartbeat_s=announce_s or 60.0,
        )
        self._announce = timedelta(seconds=announce_s) if announce_s > 0 else None
        self._announced: datetime | None = None
        self._writer = ReportWriter(self._own, limits or Limits())

    def encode(self, tracks: Sequence[Track], now: datetime) -> Encoded:
        """A frame per track; one that has no position, time or name is a problem instead."""
        frames: list[bytes] = []
        lost: list[tuple[str, Loss]] = []
        problems: list[FormatError] = []
        for track in tracks:
            own: list[Loss] = []
            try:
                octets = frame(serialise(self._writer.message(track, now, own)))
            except FormatError as error:
                problems.append(error)
                continue
            if self._is_due(now):
                octets = frame(serialise(registration(self._own, now))) + octets
                self._announced = now
            frames.append(octets)
            name = track.track_id or track.identifiers[0].value
            lost.extend([(name, loss) for loss in own])
        return Encoded(frames=tuple(frames), losses=tuple(lost), problems=tuple(problems))

    def _is_due(self, now: datetime) -> bool:
        if self._announce is None:
            return False
        return self._announced is None or not timedelta(0) <= now - self._announced < self._announce
