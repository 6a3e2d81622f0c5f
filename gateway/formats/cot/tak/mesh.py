"""A multicast group of TAK devices without a server, as one conversation: everybody hears everybody.

Every device says at least once a minute which versions it can read; everything is sent in the highest that all known
contacts can read, and in XML, which everybody can read, where there is none. A contact is a device that announced its
versions or reported itself (an event with a `contact@endpoint`); markers and other relayed events are none.

A contact counts with the versions that it last announced, for two minutes; then with the version of its last message;
and when it has not been heard at all for two minutes, as one that reads XML only, until its report is stale. Before
anybody has been heard we send XML too: a device that has said nothing yet may be one that can read nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import blake2b

from gateway.dialect import Turn
from gateway.errors import FormatError
from gateway.formats.cot.decoder import CotDecoder
from gateway.formats.cot.tak.framing import VERSION, mesh_frame, payload_of
from gateway.formats.cot.tak.manners import Peer, offered, uid_of
from gateway.formats.cot.tak.messages import TakMessage, new_message, read_message
from gateway.formats.cot.tak.shelf import Shelf
from gateway.formats.cot.tak.uids import Uids
from gateway.formats.cot.tak.written import MESH, XML
from gateway.limits import Limits
from gateway.stages import Decoded, Frame
from gateway.track import Track

ANNOUNCE_EVERY = timedelta(seconds=50)
"""The protocol demands a minute at most."""
ANNOUNCEMENT_HOLDS = timedelta(minutes=2)
FORGET_AFTER = timedelta(minutes=10)
"""A contact unheard for so long is gone, whatever its last report said of its validity."""
ECHOES = 65_536
"""Own datagrams remembered, 16 octets each: a group may give us back what we say."""

_NOTHING = Turn()


class _Contact:
    """What one device can read, as far as it has said."""

    def __init__(self) -> None:
        self.lowest = self.highest = self.last_version = 0
        self.announced_at: datetime | None = None
        self.heard_at: datetime | None = None
        self.stale_at: datetime | None = None

    def reads(self, version: int, now: datetime) -> bool:
        """Whether it can read `version`, above XML."""
        if self.announced_at is not None and now - self.announced_at <= ANNOUNCEMENT_HOLDS:
            return self.lowest <= version <= self.highest
        if self.heard_at is not None and now - self.heard_at <= ANNOUNCEMENT_HOLDS:
            return self.last_version == version
        return False

    def is_gone(self, now: datetime) -> bool:
        """Whether its report is no longer valid, and it has been silent for a while."""
        assert self.heard_at is not None
        if now - self.heard_at <= ANNOUNCEMENT_HOLDS:
            return False
        return now - self.heard_at > FORGET_AFTER or self.stale_at is None or now >= self.stale_at


class MeshConversation:
    """Our side of a multicast group. Its peer is everybody."""

    def __init__(
        self,
        *,
        decoder: CotDecoder,
        shelf: Shelf,
        uids: Uids,
        who: str,
        limits: Limits,
        negotiate: bool,
        uid: str,
    ) -> None:
        """Without `negotiate` everything is sent as XML, and nothing is announced."""
        self._decoder = decoder
        self._shelf = shelf
        self._uids = uids
        self._who = who
        self._limits = limits
        self._negotiate = negotiate
        self._uid = uid
        self._peer = Peer(limits, uids.sent_by(who))
        self._contacts: dict[str, _Contact] = {}
        self._echoes: dict[bytes, None] = {}
        self._announced_at: datetime | None = None
        self.protocol = XML

    @property
    def title(self) -> str:
        """How many devices are heard."""
        count = len(self._contacts)
        return f"{count} contact{'' if count == 1 else 's'}" if count else ""

    @property
    def wants_tracks(self) -> bool:
        """Always."""
        return True

    def opened(self, now: datetime) -> Turn:
        """Our versions."""
        return Turn(octets=self._announcement(now))

    def received(self, frame: Frame) -> Turn:
        """The track of a datagram; our versions again if what it tells changes what all can read."""
        octets = frame.octets
        if self._digest(octets) in self._echoes:
            return Turn(decoded=Decoded(silent=1))
        decoded = self._uids.heard(self._decoder.decode(frame), self._who, frame.received_at)
        self._peer.heard(decoded)
        self._note(octets, decoded, frame.received_at)
        return Turn(decoded=decoded, octets=self._agreed(frame.received_at))

    def offered(self, tracks: Sequence[Track], now: datetime) -> Turn:
        """The tracks in the protocol that all can read, without those that came from the group."""
        turn = offered(tracks, peer=self._peer, shelf=self._shelf, protocol=self.protocol, now=now)
        for octets in turn.octets:
            self._remember(octets)
        return turn

    def tick(self, now: datetime) -> Turn:
        """Our versions, when it is time, or when a contact's have run out."""
        octets = self._agreed(now)
        if not octets and self._announced_at is not None and now - self._announced_at >= ANNOUNCE_EVERY:
            octets = self._announcement(now)
        return Turn(octets=octets) if octets else _NOTHING

    def closed(self, now: datetime) -> Turn:
        """Nothing: a mesh forgets who is silent."""
        return _NOTHING

    # ----------------------------------------------------------------------------------------------------- contacts

    def _note(self, octets: bytes, decoded: Decoded, now: datetime) -> None:
        track = decoded.tracks[0] if decoded.tracks else None
        if octets[:1] != b"\xbf":
            if track is not None and b"endpoint=" in octets:
                self._heard(uid_of(track), 0, track, now)
            return
        try:
            made = read_message(payload_of(octets)[0])
        except FormatError:  # refused by the decoder too: as if it had not been heard
            return
        uid = made.takControl.contactUid or made.cotEvent.uid
        if made.HasField("takControl") and uid:
            contact = self._heard(uid, VERSION, track, now)
            contact.lowest = made.takControl.minProtoVersion or 1  # absent is 1, by the definition of the message
            contact.highest = made.takControl.maxProtoVersion or 1
            contact.announced_at = now
        elif track is not None and _reports_itself(made):
            self._heard(uid_of(track), VERSION, track, now)

    def _heard(self, uid: str, version: int, track: Track | None, now: datetime) -> _Contact:
        contact = self._contacts.pop(uid, None) or _Contact()
        if len(self._contacts) >= self._limits.peers_remembered:
            del self._contacts[next(iter(self._contacts))]
        self._contacts[uid] = contact
        contact.last_version = version
        contact.heard_at = now
        if track is not None and track.state is not None and track.state.stale_at is not None:
            contact.stale_at = track.state.stale_at
        return contact

    def _agreed(self, now: datetime) -> tuple[bytes, ...]:
        """Our announcement, if what all can read is not what it was; forgets who is gone."""
        for uid in [uid for uid, contact in self._contacts.items() if contact.is_gone(now)]:
            del self._contacts[uid]
        everybody = bool(self._contacts) and all(one.reads(VERSION, now) for one in self._contacts.values())
        protocol = MESH if self._negotiate and everybody else XML
        if protocol == self.protocol:
            return ()
        self.protocol = protocol
        return self._announcement(now)

    # --------------------------------------------------------------------------------------- what we ourselves say

    def _announcement(self, now: datetime) -> tuple[bytes, ...]:
        if not self._negotiate:
            return ()
        self._announced_at = now
        made = new_message()
        made.takControl.minProtoVersion = VERSION
        made.takControl.maxProtoVersion = VERSION
        made.takControl.contactUid = self._uid
        octets = mesh_frame(made.SerializeToString())
        self._remember(octets)
        return (octets,)

    def _remember(self, octets: bytes) -> None:
        if len(self._echoes) >= ECHOES:
            del self._echoes[next(iter(self._echoes))]
        self._echoes[self._digest(octets)] = None

    def _digest(self, octets: bytes) -> bytes:
        return blake2b(octets, digest_size=16).digest()


def _reports_itself(made: TakMessage) -> bool:
    detail = made.cotEvent.detail
    return bool(detail.contact.endpoint) or "endpoint=" in detail.xmlDetail
