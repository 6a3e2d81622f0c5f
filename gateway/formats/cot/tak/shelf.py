"""Events once written, shared by all conversations of an endpoint: a hundred clients do not cost a hundred encodings.

What is kept is what the encoder made of one snapshot of a track, by the snapshot itself. Clients that may not see
personal data see a copy of a track that has any, and each may see a copy of his own: such copies are found by their
value too. Two generations of bounded size; what nobody has asked for since the last change of generations is forgotten.
"""

from __future__ import annotations

from datetime import datetime

from gateway.dialect import Encoder
from gateway.errors import FormatError
from gateway.formats.cot.tak.written import PROTOCOLS, XML, framed
from gateway.limits import Limits
from gateway.stages import Encoded
from gateway.track import Loss, Track

GENERATION = 1_024
"""Snapshots of one generation, a few kilobytes each: clients that keep up ask for the same few hundred in turn."""

_Generation = dict[int, tuple[Track, Encoded]]


class Shelf:
    """Writes snapshots once per protocol. `made` counts how often it did."""

    def __init__(self, encoder: Encoder, limits: Limits) -> None:
        """`encoder` writes XML."""
        self._encoder = encoder
        self._limits = limits
        self._young: dict[str, _Generation] = {protocol: {} for protocol in PROTOCOLS}
        self._old: dict[str, _Generation] = {protocol: {} for protocol in PROTOCOLS}
        self._equal: dict[tuple[str, Track], Encoded] = {}
        self._equal_old: dict[tuple[str, Track], Encoded] = {}
        self.made = 0

    def written(self, track: Track, protocol: str, now: datetime) -> Encoded:
        """The snapshot in `protocol`; its times of sending, where it has none, are those of the first who asked."""
        number = id(track)
        young = self._young[protocol]
        known = young.get(number) or self._old[protocol].get(number)
        if known is not None and known[0] is track:  # holding the object keeps its number from being given again
            return known[1]
        encoded = self._of_copy(track, protocol, now) if _is_copy(track) else self._made(track, protocol, now)
        if len(young) >= GENERATION:
            self._old[protocol] = young
            young = self._young[protocol] = {}
        young[number] = (track, encoded)
        return encoded

    def _of_copy(self, track: Track, protocol: str, now: datetime) -> Encoded:
        key = (protocol, track)
        encoded = self._equal.get(key) or self._equal_old.get(key)
        if encoded is None:
            encoded = self._made(track, protocol, now)
            if len(self._equal) >= GENERATION:
                self._equal_old, self._equal = self._equal, {}
            self._equal[key] = encoded
        return encoded

    def _made(self, track: Track, protocol: str, now: datetime) -> Encoded:
        self.made += 1
        if protocol == XML:
            return self._encoder.encode((track,), now)
        xml = self.written(track, XML, now)
        lost: list[Loss] = []
        try:
            frames = tuple([framed(event, protocol, lost, self._limits) for event in xml.frames])
        except FormatError as error:
            return Encoded(losses=xml.losses, problems=(*xml.problems, error))
        name = track.track_id or (track.identifiers[0].value if track.identifiers else "")
        losses = (*xml.losses, *((name, loss) for loss in lost)) if lost else xml.losses
        return Encoded(frames=frames, losses=losses, problems=xml.problems)


def _is_copy(track: Track) -> bool:
    """Whether this gateway took something out of the track."""
    return bool(track.provenance) and any(loss.reason == "WITHHELD" for loss in track.provenance[-1].losses)
