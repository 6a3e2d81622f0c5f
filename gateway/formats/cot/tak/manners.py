"""What all conversations in Cursor on Target do alike: offer what is not the peer's own, remember what it sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gateway.dialect import Turn
from gateway.errors import FormatError
from gateway.formats.cot.atoms import SCHEME
from gateway.formats.cot.tak.shelf import Shelf
from gateway.limits import Limits
from gateway.stages import Decoded
from gateway.track import Loss, Track


class Names:
    """Uids that a peer has sent, newest last; beyond `most` the longest unheard is forgotten."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[str, None] = {}

    def __contains__(self, uid: str) -> bool:
        return uid in self._known

    def add(self, uid: str) -> None:
        """Remember it as heard now."""
        known = self._known
        known.pop(uid, None)
        if len(known) >= self._most:
            del known[next(iter(known))]
        known[uid] = None


class Peer:
    """What is known of who is at the other end."""

    def __init__(self, limits: Limits, sent: Names | None = None) -> None:
        """`sent` is what it sent before, when it is a peer that we have conversed with already."""
        self.sent = Names(limits.peers_remembered) if sent is None else sent
        self.title = ""
        self._titled = ""

    def heard(self, decoded: Decoded) -> None:
        """Remember whose tracks these are; the first thing that is somewhere names the peer."""
        for track in decoded.tracks:
            uid = uid_of(track)
            kind = kind_of(track)
            if kind[:2] == "t-":  # who deletes a track does not own it
                continue
            self.sent.add(uid)
            if kind[:2] == "a-" and (not self._titled or self._titled == uid):
                self._titled = uid
                self.title = next((one.value for one in track.identifiers if one.scheme == "callsign"), uid)


def kind_of(track: Track) -> str:
    """Its CoT type; empty for a track that was no event."""
    for one in track.classifications:
        if one.scheme == SCHEME:
            return one.type
    return ""


def uid_of(track: Track) -> str:
    """The uid under which the encoder writes the track; empty for one without any name."""
    for identifier in track.identifiers:
        if identifier.scheme == "cot_uid":
            return identifier.value
    return track.track_id or ""


def offered(tracks: Sequence[Track], *, peer: Peer, shelf: Shelf, protocol: str, now: datetime) -> Turn:
    """The tracks that are not the peer's own, in its protocol."""
    octets: list[bytes] = []
    losses: list[tuple[str, Loss]] = []
    problems: list[FormatError] = []
    sent, written = peer.sent, shelf.written
    for track in tracks:
        if uid_of(track) in sent:
            continue
        encoded = written(track, protocol, now)
        octets += encoded.frames
        if encoded.losses:
            losses += encoded.losses
        if encoded.problems:
            problems += encoded.problems
    return Turn(octets=tuple(octets), losses=tuple(losses), problems=tuple(problems))
