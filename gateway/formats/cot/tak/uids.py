"""Who speaks for a uid at an endpoint. TAK displays know a thing by its uid alone: whoever reports it moves it, whoever
deletes it takes it off every screen.

1. A uid that leaves here stands for one thing. Where two tracks of different origin would bear the same, the later one
   leaves under its `track_id`. So no client, and no ally, moves or deletes what another one reported. The same report
   by two ways (a device that two gateways hear, an ally's track that a mesh brings too) leaves once.
2. What we wrote ourselves is no report when it comes back, from an echoing server or round a mesh: our flow tag tells,
   or the `track_id` that it has for a uid. And what a partner heard of us goes out no second time.
   A report that comes late, after a newer one of its track, moves nothing back.
3. A peer ends only what it reported itself.
4. Who reported himself is himself: nobody else does so under his uid while that report counts.
"""

from __future__ import annotations

import re
from array import array
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import FormatError
from gateway.formats.cot.encoder import CotEncoder, flow_tag_of
from gateway.formats.cot.event import NAMESPACE
from gateway.formats.cot.tak import codes
from gateway.formats.cot.tak.manners import Names, kind_of, uid_of
from gateway.stages import Decoded, Encoded
from gateway.track import Loss, State, Track

MOST = 65_536
"""Uids remembered of each kind; then the longest unheard goes."""
REPORTERS = 8
"""Peers remembered that reported the same uid."""
SELF_HOLDS = timedelta(minutes=10)
"""At most, whatever the report says of its validity."""
CLAIM_HOLDS = timedelta(minutes=1)
"""At least: a hiccup of a source is no reason to give its names away."""

SAME_HOLDS = timedelta(minutes=2)
"""For so long two origins that reported the same are taken to go on with that."""
AHEAD = timedelta(minutes=5)
"""A report from further ahead than this must not keep the next ones from leaving."""
RECENT = 32
"""Reports remembered for each uid that leaves here."""

PEERS = ("client", "mesh")
"""Roles of ours in which there is one peer: the server, or the group."""

_Origin = tuple[str, str]
_RENAMED = Loss("identifiers.cot_uid", "NO_TARGET")
_V = TypeVar("_V")


class Leaves(Enum):
    """How a track leaves."""

    AS_IT_IS = "AS_IT_IS"
    RENAMED = "RENAMED"
    """Under its `track_id`."""
    NOT = "NOT"
    """It has left already, or something newer of it."""


class _Report(Struct, gc=False):
    """Who reported a uid."""

    reporters: tuple[str, ...]
    itself: str = ""
    """The peer that reported itself under it."""
    itself_until: datetime | None = None


class _Claim:
    """Whose track leaves under a uid."""

    __slots__ = ("_others", "_recent", "_same", "has_ended", "latest", "origin", "until")

    def __init__(self, origin: _Origin, until: datetime) -> None:
        self.origin = origin
        self.until = until
        self.latest: datetime | None = None  # of the owner's reports that left
        self.has_ended = False
        """Free for others, but not for a late copy of what has ended."""
        self._recent = array("q")  # the owner's reports of late
        self._others: deque[tuple[int, _Origin]] | None = None  # those of others
        self._same: dict[_Origin, datetime] = {}  # others that reported the same, and until when they are taken to

    def end(self, state: State | None, now: datetime) -> None:
        """The owner's track has ended."""
        self.has_ended, self.until = True, now + CLAIM_HOLDS
        if state is not None and (self.latest is None or state.time > self.latest):
            self.latest = state.time

    def is_late(self, state: State | None, now: datetime) -> bool:
        """Whether something newer of the owner's has left."""
        latest = self.latest
        return latest is not None and state is not None and state.time < latest <= now + AHEAD

    def is_repeated(self, place: int | None, origin: _Origin, now: datetime) -> bool:
        """Whether another origin's report is one of the owner's; either may come first."""
        if place is None:
            return False
        recent = self._recent
        if origin == self.origin:
            for known, other in self._others or ():
                if known == place:
                    self._repeats(other, now)
            recent.append(place)
            if len(recent) > RECENT:
                del recent[0]
            return False
        if place in recent:
            self._repeats(origin, now)
        if self._others is None:
            self._others = deque(maxlen=RECENT)
        self._others.append((place, origin))
        return _before(now, self._same.get(origin))

    def _repeats(self, origin: _Origin, now: datetime) -> None:
        self._same[origin] = now + SAME_HOLDS
        while len(self._same) > REPORTERS:
            del self._same[next(iter(self._same))]


class Uids:
    """The uids of one endpoint, both ways; all its conversations share it. An `Encoder` for what goes out."""

    def __init__(self, encoder: CotEncoder, *, node: str) -> None:
        """`encoder` writes XML, with the flow tag of `node`."""
        self._encoder = encoder
        tag = flow_tag_of(node)
        self._is_tagged = re.compile(rf"<_flow-tags_(?=[ />])[^>]*? {re.escape(tag)}=").search if tag else None
        self._reports: dict[str, _Report] = {}
        self._claims: dict[str, _Claim] = {}
        self._minted: dict[str, None] = {}
        self._sent: dict[str, Names] = {}

    # ------------------------------------------------------------------------------------------------- what comes in

    def heard(self, decoded: Decoded, who: str, now: datetime) -> Decoded:
        """What of it the peer `who` may say: refusals (``TAK-009``) are among the problems, echoes are duplicates."""
        tracks: list[Track] = []
        problems: list[FormatError] = []
        for track in decoded.tracks:
            if self._is_echo(track):
                continue
            error = self._noted(track, who, now)
            if error is None:
                tracks.append(track)
            else:
                problems.append(error)
        if len(tracks) == len(decoded.tracks):
            return decoded
        return replace(
            decoded,
            tracks=tuple(tracks),
            problems=(*decoded.problems, *problems),
            duplicates=decoded.duplicates + len(decoded.tracks) - len(tracks) - len(problems),
        )

    def _is_echo(self, track: Track) -> bool:
        return self._has_passed(track) or (uid_of(track) in self._minted and not _has_ended(track))

    def _has_passed(self, track: Track) -> bool:
        """Whether it has left here as an event before."""
        tagged = self._is_tagged
        if tagged is None:
            return False
        for one in track.extensions:  # on the path of every track, both ways
            if "<_flow-tags_" in one.xml and one.namespace == NAMESPACE and tagged(one.xml) is not None:
                return True
        return False

    def _noted(self, track: Track, who: str, now: datetime) -> FormatError | None:
        """Remember who reported it; why not, if that is not for him to say."""
        uid = uid_of(track)
        report = self._reports.get(uid)
        reporters = report.reporters if report is not None else ()
        if _has_ended(track) and who not in reporters and (reporters or uid in self._minted or _deletes(track)):
            return FormatError(codes.NOT_ITS_OWN, place=uid[:80], cause=f"{who} ends what it has not reported")
        if report is not None and report.itself not in ("", who) and _before(now, report.itself_until):
            return FormatError(
                codes.NOT_ITS_OWN, place=uid[:80], cause=f"{report.itself} reports itself under this uid"
            )
        if _deletes(track):
            return None
        if report is None:
            report = _Report((who,))
        elif who not in reporters:
            report.reporters = (*reporters, who)[-REPORTERS:]
        _remember(self._reports, uid, report)
        if _names_itself(track):
            report.itself, report.itself_until = who, now + SELF_HOLDS
            stale_at = track.state.stale_at if track.state is not None else None
            if stale_at is not None:
                report.itself_until = min(stale_at, report.itself_until)
        return None

    # ------------------------------------------------------------------------------------------------ what goes out

    def sent_by(self, who: str) -> Names | None:
        """What a server or a mesh has sent, also over connections before this one; a client begins with nothing: what
        he has lost he gets back, and one name may stand for several devices."""
        if who not in PEERS:
            return None
        return self._sent.setdefault(who, Names(MOST))

    def encode(self, tracks: Sequence[Track], now: datetime) -> Encoded:
        """As `CotEncoder.encode`, without what has left here before, and each uid for one thing."""
        own: list[Track] = []
        losses: list[tuple[str, Loss]] = []
        for track in tracks:
            verdict = Leaves.NOT if self._has_passed(track) else self._claimed(track, now)
            if verdict is Leaves.NOT:
                continue
            if verdict is Leaves.RENAMED:
                track = replace(track, identifiers=tuple(one for one in track.identifiers if one.scheme != "cot_uid"))
                losses.append((track.track_id or "", _RENAMED))
            own.append(track)
        encoded = self._encoder.encode(own, now)
        return replace(encoded, losses=(*encoded.losses, *losses)) if losses else encoded

    def _claimed(self, track: Track, now: datetime) -> Leaves:
        """Whether it may have its uid, and has it from now on."""
        uid, minted, origin, place = uid_of(track), track.track_id, _origin(track), _place(track)
        claim = self._claims.get(uid)
        if uid == minted:
            _remember(self._minted, uid, None)
            if claim is not None and claim.origin != origin:
                claim = None
        elif minted and (uid in self._minted or (claim is not None and claim.origin != origin and now <= claim.until)):
            if claim is not None and claim.is_repeated(place, origin, now):
                return Leaves.NOT
            if claim is None or not claim.has_ended:
                _remember(self._minted, minted, None)
                return Leaves.RENAMED
        state = track.state
        if _has_ended(track):
            if claim is not None and claim.origin == origin:
                claim.end(state, now)
            return Leaves.AS_IT_IS
        if claim is not None and claim.origin == origin and claim.is_late(state, now):
            return Leaves.NOT
        stale_at = state.stale_at if state is not None else None
        until = now + CLAIM_HOLDS
        if stale_at is not None and stale_at > until:
            until = stale_at
        if claim is None or claim.origin != origin:
            claim = _Claim(origin, until)
        claim.until = until
        claim.has_ended = False
        claim.latest = state.time if state is not None else None
        claim.is_repeated(place, origin, now)
        _remember(self._claims, uid, claim)
        return Leaves.AS_IT_IS


def _place(track: Track) -> int | None:
    """When it was where, as a number of 64 bits: to the millisecond and the metre, since not every way keeps more."""
    state = track.state
    if state is None or state.position is None:
        return None
    milliseconds = int(state.time.timestamp() * 1e6 + 0.5) // 1000
    position = state.position
    return hash((milliseconds, round(position.latitude_deg * 1e5), round(position.longitude_deg * 1e5)))


def _origin(track: Track) -> _Origin:
    """The gateway and the source that a track comes from."""
    return (
        track.provenance[0].gateway if track.provenance else "",
        track.sources[0].id if track.sources else "",
    )


def _names_itself(track: Track) -> bool:
    """Whether its event says where its sender can be reached: TAK clients say that of themselves alone."""
    for one in track.extensions:  # noqa: SIM110 # on the path of every track: half the price of a generator
        if 'endpoint="' in one.xml:
            return True
    return False


def _has_ended(track: Track) -> bool:
    return track.status is not None and track.status.ended is True


def _deletes(track: Track) -> bool:
    return kind_of(track)[:2] == "t-"


def _before(now: datetime, until: datetime | None) -> bool:
    return until is not None and now <= until


def _remember(table: dict[str, _V], key: str, value: _V) -> None:
    table.pop(key, None)
    if len(table) >= MOST:
        del table[next(iter(table))]
    table[key] = value
