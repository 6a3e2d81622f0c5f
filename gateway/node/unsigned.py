"""The alliance format as a national system gets it over HTTP: unsigned documents, under an honest label."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from gateway.dialect import Format
from gateway.node.codecs import make_encoder
from gateway.stages import Encoded
from gateway.track import Label, Track

if TYPE_CHECKING:
    from gateway.node.assembly import Node

PER_TRACK = Label(policy="PER TRACK", classification="SEE EACH TRACK")
"""Of a document for which no one label would do. No gateway knows such a policy, so none takes it for a release."""


class UnsignedDocument:
    """Writes unsigned alliance documents whose label says no less than any of their tracks."""

    def __init__(self, node: Node, form: Format) -> None:
        self._node = node
        self._form = form

    def encode(self, tracks: Sequence[Track], now: datetime) -> Encoded:
        """The tracks in one document."""
        config = self._node.config.node
        options = {
            "sender": config.name,
            "exercise": config.exercise,
            "simulation": config.simulation,
            "label": self._label(tracks, now),
        }
        return make_encoder(self._node.config, self._form, options).encode(tracks, now)

    def _label(self, tracks: Sequence[Track], now: datetime) -> Label:
        labels = list(dict.fromkeys(track.label for track in tracks))
        known = [label for label in labels if label is not None]
        if known and len(known) == len(labels):
            label = known[0] if len(known) == 1 else self._node.desk.policy.book.dominant(known, now)
            if label is not None:
                return label
        return replace(PER_TRACK, created_at=now, review_at=now + timedelta(days=365))
