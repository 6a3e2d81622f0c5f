"""One connection in Cursor on Target, from either end of it: XML first, TAK protocol once both have agreed.

    XML --(client: request sent)--> ASKED --(yes)--> STREAM
     ^                               |
     +------------(no)---------------+          (a server goes from XML to STREAM with its yes)

The last XML that leaves is the request or the answer: whatever is offered after it is in the protocol agreed on. What
comes in is read as what each frame says it is, so a peer that is early or late with its change loses nothing. Chat,
files and tasking are taken and go nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum

from gateway.dialect import Turn
from gateway.errors import FormatError
from gateway.formats.cot.decoder import CotDecoder
from gateway.formats.cot.tak import codes, negotiation
from gateway.formats.cot.tak.manners import Peer, offered
from gateway.formats.cot.tak.negotiation import Said, Talk
from gateway.formats.cot.tak.shelf import Shelf
from gateway.formats.cot.tak.uids import Uids
from gateway.formats.cot.tak.written import STREAM, XML, framed
from gateway.limits import Limits
from gateway.stages import Decoded, Frame
from gateway.track import Track

PATIENCE = timedelta(seconds=75)
"""How long a client waits for the answer; the protocol demands a minute at least."""
PING_EVERY = timedelta(seconds=15)
"""A client that has said nothing for so long asks whether the server is there, as TAK clients do."""

_SILENT = Turn(decoded=Decoded(silent=1))
_NOTHING = Turn()


class Stage(Enum):
    """What leaves on this connection."""

    XML = "XML"
    ASKED = "ASKED"
    """Nothing, until the server has answered."""
    STREAM = "STREAM"


class _Side:
    """What both ends have in common."""

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
        """`who` the peer is to `uids`; `uid` is ours."""
        self._decoder = decoder
        self._shelf = shelf
        self._uids = uids
        self._who = who
        self._limits = limits
        self._negotiate = negotiate
        self._uid = uid
        self._peer = Peer(limits, uids.sent_by(who))
        self.stage = Stage.XML

    @property
    def title(self) -> str:
        """Callsign of the first thing that the peer reported to be somewhere, or its uid: TAK clients begin with
        themselves."""
        return self._peer.title

    @property
    def wants_tracks(self) -> bool:
        """Always, but while an answer is awaited."""
        return self.stage is not Stage.ASKED

    def opened(self, now: datetime) -> Turn:
        """Nothing, unless there is something to offer."""
        return _NOTHING

    def received(self, frame: Frame) -> Turn:
        """The tracks of a frame, and our answer if it wants one."""
        decoded = self._decoder.decode(frame)
        if decoded.problems or not decoded.tracks:  # nothing else says something to us instead of a track
            talk = negotiation.heard(frame.octets, self._limits)
            if talk is not None:
                return self._answered(talk, frame.received_at)
            if negotiation.is_auth(frame.octets):
                return _SILENT
        decoded = self._uids.heard(decoded, self._who, frame.received_at)
        self._peer.heard(decoded)
        return Turn(decoded=decoded)

    def offered(self, tracks: Sequence[Track], now: datetime) -> Turn:
        """The tracks in the protocol agreed on, without those that the peer sent itself."""
        if self.stage is Stage.ASKED:  # whoever offers now does not see what we want
            return _NOTHING
        return offered(tracks, peer=self._peer, shelf=self._shelf, protocol=self._protocol, now=now)

    def tick(self, now: datetime) -> Turn:
        """Nothing to be done by the clock."""
        return _NOTHING

    def closed(self, now: datetime) -> Turn:
        """CoT has no last words."""
        return _NOTHING

    @property
    def _protocol(self) -> str:
        return STREAM if self.stage is Stage.STREAM else XML

    def _answered(self, talk: Talk, now: datetime) -> Turn:
        if talk.said is Said.PING and self.stage is not Stage.ASKED:
            return self._said(negotiation.pong(now))
        return _SILENT

    def _said(self, event: bytes) -> Turn:
        return Turn(decoded=Decoded(silent=1), octets=(framed(event, self._protocol, [], self._limits),))


class ServerSide(_Side):
    """We listen, and the peer is a TAK client."""

    def opened(self, now: datetime) -> Turn:
        """The offer of TAK protocol, made once."""
        return Turn(octets=(negotiation.offer(self._uid, now),)) if self._negotiate else _NOTHING

    def _answered(self, talk: Talk, now: datetime) -> Turn:
        if talk.said is not Said.REQUEST or self.stage is Stage.STREAM:
            return super()._answered(talk, now)
        accepted = self._negotiate and len(talk.versions) == 1 and negotiation.speaks_ours(talk)
        event = negotiation.answer(talk.uid or self._uid, now, accepted=accepted)
        if accepted:
            self.stage = Stage.STREAM
        return Turn(decoded=Decoded(silent=1), octets=(event,))


class ClientSide(_Side):
    """We have called a TAK server."""

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
        super().__init__(decoder=decoder, shelf=shelf, uids=uids, who=who, limits=limits, negotiate=negotiate, uid=uid)
        self._asked_at: datetime | None = None
        self._spoke_at: datetime | None = None

    def opened(self, now: datetime) -> Turn:
        """Silence: the server speaks of TAK protocol first, if it does."""
        self._spoke_at = now
        return _NOTHING

    def offered(self, tracks: Sequence[Track], now: datetime) -> Turn:
        """As `_Side.offered`."""
        turn = super().offered(tracks, now)
        if turn.octets:
            self._spoke_at = now
        return turn

    def tick(self, now: datetime) -> Turn:
        """A ping after silence; the end (``TAK-007``) when our request was not answered, for nobody knows then which
        protocol holds."""
        if self.stage is Stage.ASKED:
            if self._asked_at is not None and now - self._asked_at > PATIENCE:
                cause = f"no answer within {PATIENCE.total_seconds():.0f} s"
                return Turn(over=FormatError(codes.NO_ANSWER, place="t-x-takp-r", cause=cause))
            return _NOTHING
        if self._spoke_at is None or now - self._spoke_at < PING_EVERY:
            return _NOTHING
        self._spoke_at = now
        event = framed(negotiation.ping(self._uid, now), self._protocol, [], self._limits)
        return Turn(octets=(event,))

    def _answered(self, talk: Talk, now: datetime) -> Turn:
        if talk.said is Said.OFFER and self.stage is Stage.XML and self._negotiate and negotiation.speaks_ours(talk):
            self.stage = Stage.ASKED
            self._asked_at = now
            return Turn(decoded=Decoded(silent=1), octets=(negotiation.request(talk.uid or self._uid, now),))
        if talk.said is Said.ANSWER and self.stage is Stage.ASKED:
            self.stage = Stage.STREAM if talk.accepted else Stage.XML
            self._negotiate = self._negotiate and talk.accepted  # one no is enough
            return _SILENT
        return super()._answered(talk, now)
