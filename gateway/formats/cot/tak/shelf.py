"""Events once written, shared by all conversations of an endpoint: a hundred clients do not cost a hundred encodings.

What is kept is what the encoder made of one snapshot of a track, by the snapshot itself: the same object, or an equal
one (clients with different rights see different objects; where nothing was taken out, they are equal). Two generations
of bounded size; what nobody has asked for since the last change of generations is forgotten.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from gateway.errors import FormatError
from gateway.formats.cot.tak.written import PROTOCOLS, XML, framed
from gateway.limits import Limits
from gateway.stages import Encoder
from gateway.track import Loss, Track

GENERATION = 4_096
"""Snapshots of one generation, a few kilobytes each."""


class Shelved(Struct, frozen=True):
    """What became of one snapshot in one protocol."""

    frames: tuple[bytes, ...]
    losses: tuple[tuple[str, Loss], ...]
    problems: tuple[FormatError, ...]


class Shelf:
    """Writes snapshots once per protocol. `made` counts how often it did."""

    def __init__(self, encoder: Encoder, limits: Limits) -> None:
        """`encoder` writes XML."""
        self._encoder = encoder
        self._limits = limits
        self._young: dict[str, dict[int, tuple[Track, Shelved]]] = {protocol: {} for protocol in PROTOCOLS}
        self._old: dict[str, dict[int, tuple[Track, Shelved]]] = {protocol: {} for protocol in PROTOCOLS}
        self._equal: dict[tuple[str, Track], Shelved] = {}
        self._equal_old: dict[tuple[str, Track], Shelved] = {}
        self.made = 0

    def written(self, track: Track, protocol: str, now: datetime) -> Shelved:
        """The snapshot in `protocol`; its times of sending, where it has none, are those of the first who asked."""
        number = id(track)
        known = self._young[protocol].get(number) or self._old[protocol].get(number)
        if known is not None and known[0] is track:  # holding the object keeps its number from being given again
            return known[1]
        value_key = (protocol, track)
        shelved = self._equal.get(value_key) or self._equal_old.get(value_key)
        if shelved is None:
            shelved = self._made(track, protocol, now)
            if len(self._equal) >= GENERATION:
                self._equal_old, self._equal = self._equal, {}
            self._equal[value_key] = shelved
        young = self._young[protocol]
        if len(young) >= GENERATION:
            self._old[protocol] = young
            young = self._young[protocol] = {}
        young[number] = (track, shelved)
        return shelved

    def _made(self, track: Track, protocol: str, now: datetime) -> Shelved:
        self.made += 1
        if protocol != XML:
            xml = self.written(track, XML, now)
            lost: list[Loss] = []
            try:
                frames = tuple([framed(event, protocol, lost, self._limits) for event in xml.frames])
            except FormatError as error:
                return Shelved((), xml.losses, (*xml.problems, error))
            name = track.track_id or (track.identifiers[0].value if track.identifiers else "")
            return Shelved(frames, (*xml.losses, *((name, loss) for loss in lost)), xml.problems)
        encoded = self._encoder.encode((track,), now)
        return Shelved(encoded.frames, encoded.losses, encoded.problems)
