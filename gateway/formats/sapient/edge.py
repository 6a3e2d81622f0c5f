"""Our side as an edge node: we connect to the nation's SAPIENT parent, register, and report allied tracks.

Nothing is reported before the parent has accepted our Registration. Its tasks are rejected with the reason, but for
requests to register or to report our status again: tasking allied sensors is not ours to pass on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum, auto

from gateway.dialect import Peer, Turn
from gateway.errors import FormatError
from gateway.formats.sapient import declaration, options
from gateway.formats.sapient.declaration import Self, envelope
from gateway.formats.sapient.decoder import ENDED, rules_of
from gateway.formats.sapient.intake import InvalidError, arrived, pieces_of, reasons_of
from gateway.formats.sapient.messages import serialise
from gateway.formats.sapient.session import codes
from gateway.formats.sapient.session.pose import configured
from gateway.formats.sapient.session.session import Session
from gateway.formats.sapient.stream import frame as framed
from gateway.formats.sapient.v2 import SapientMessage, Task, TaskAckTaskStatus, TaskControl
from gateway.formats.sapient.writer import ReportWriter
from gateway.limits import Limits
from gateway.stages import Decoded, Frame
from gateway.track import Loss, Track

_ECHO_OCTETS = 65_536
_REJECTION = "this node relays tracks of partner nations and cannot be tasked"
_SILENT = frozenset(("task_ack", "alert_ack", "status_report"))


class EdgeNode:
    """What all connections at one feed share: who we are to the parent."""

    def __init__(
        self,
        *,
        node: str = "",
        limits: Limits | None = None,
        node_id: str | None = None,
        name: str | None = None,
        short_name: str = "",
        heartbeat_s: float = 10.0,
        answer_s: float = 30.0,
        site: Mapping[str, float] | None = None,
    ) -> None:
        self.limits = limits or Limits()
        place = configured({"": options.site("site", site)})[""].place if site is not None else None
        self.own = Self(
            node_id=options.own_node_id(node_id, node),
            name=options.text("name", name or node or "Track gateway"),
            short_name=options.text("short_name", short_name),
            heartbeat_s=options.number("heartbeat_s", heartbeat_s, 0.1, 3_600),
            site=None
            if place is None
            else (place.position.latitude_deg, place.position.longitude_deg, place.hae_m, place.msl_m),
        )
        self.heartbeat = timedelta(seconds=heartbeat_s)
        self.answer_within = timedelta(seconds=options.number("answer_s", answer_s, 0.1, 3_600))

    @property
    def offers_tracks(self) -> bool:
        """The parent is, once it has let us in."""
        return True

    def converse(self, peer: Peer) -> EdgeConversation:
        """A conversation with the parent that we have just reached."""
        return EdgeConversation(self, peer)


class _Standing(Enum):
    """How far we have come with the parent."""

    NEW = auto()
    WAITING = auto()
    ACCEPTED = auto()
    OVER = auto()


class EdgeConversation:
    """One connection to the parent."""

    def __init__(self, shared: EdgeNode, peer: Peer) -> None:
        self.peer = peer
        self._shared = shared
        self._writer = ReportWriter(shared.own, shared.limits)
        rules = rules_of(
            node="",
            limits=shared.limits,
            nation=None,
            keep_raw=False,
            ended_states=ENDED,
            time_window_s=None,
            utm_letters="band",
        )
        self._session = Session(rules, {})  # only for the version that the parent speaks
        self._standing = _Standing.NEW
        self._parent = ""
        self._asked: datetime | None = None
        self._beat: datetime | None = None

    @property
    def title(self) -> str:
        """The parent's node id; empty until it has answered."""
        return self._parent

    @property
    def wants_tracks(self) -> bool:
        """Once the parent has accepted our Registration."""
        return self._standing is _Standing.ACCEPTED

    def opened(self, now: datetime) -> Turn:
        """Our Registration."""
        return Turn(octets=(self._register(now),))

    def received(self, frame: Frame) -> Turn:
        """What the parent says: its acknowledgement, its tasks, its errors."""
        octets: list[bytes] = []
        problems: list[FormatError] = []
        silent = 0
        over: FormatError | None = None
        try:
            pieces = pieces_of(frame.octets, self._shared.limits)
        except FormatError as error:
            return self._refused(frame.octets, error, frame.received_at)
        for piece in pieces:
            try:
                message = arrived(piece, frame, self._session, self._shared.limits).message
            except FormatError as error:
                of = error.message if isinstance(error, InvalidError) else None
                turn = self._refused(piece.octets, error, frame.received_at, of)
            else:
                turn = self._message(message, piece.octets, frame.received_at)
            octets.extend(turn.octets)
            problems.extend(turn.decoded.problems)
            silent += turn.decoded.silent
            over = over or turn.over
        return Turn(decoded=Decoded(problems=tuple(problems), silent=silent), octets=tuple(octets), over=over)

    def offered(self, tracks: Sequence[Track], now: datetime) -> Turn:
        """A report per track; what no report can say is a problem. Nothing before we are let in."""
        if self._standing is not _Standing.ACCEPTED:
            return Turn()
        octets: list[bytes] = []
        lost: list[tuple[str, Loss]] = []
        problems: list[FormatError] = []
        for track in tracks:
            own: list[Loss] = []
            try:
                octets.append(self._say(self._writer.message(track, now, own, self._parent)))
            except FormatError as error:
                problems.append(error)
                continue
            name = track.track_id or track.identifiers[0].value
            lost.extend([(name, loss) for loss in own])
        return Turn(octets=tuple(octets), losses=tuple(lost), problems=tuple(problems))

    def tick(self, now: datetime) -> Turn:
        """A heartbeat when it is due; the end where the parent does not answer."""
        if self._standing is _Standing.ACCEPTED:
            if self._beat is not None and timedelta(0) <= now - self._beat < self._shared.heartbeat:
                return Turn()
            return Turn(octets=(self._heartbeat(now, new=False),))
        patience = self._shared.answer_within
        if self._standing is not _Standing.WAITING or self._asked is None or now - self._asked < patience:
            return Turn()
        self._standing = _Standing.OVER
        cause = f"no RegistrationAck within {patience.total_seconds():g} s"
        return Turn(over=FormatError(codes.PARENT_SILENT, place=self.peer.address, cause=cause))

    def closed(self, now: datetime) -> Turn:
        """Goodbye, if the parent knows us."""
        known, self._standing = self._standing is _Standing.ACCEPTED, _Standing.OVER
        if not known:
            return Turn()
        bye = declaration.status(self._shared.own, now, new=True, leaving=True, destination=self._parent)
        return Turn(octets=(self._say(bye),))

    # ---------------------------------------------------------------------------------------------------- what it says

    def _message(self, message: SapientMessage, packet: bytes, now: datetime) -> Turn:
        content = message.WhichOneof("content")
        if content == "registration_ack":
            return self._acknowledged(message, now)
        if content == "task":
            return self._tasked(message, now)
        if content == "error":
            words = "; ".join(message.error.error_message)[:300]
            error = FormatError(codes.SAID_ERROR, place="error", cause=words)
            return Turn(decoded=Decoded(problems=(error,)))
        if content in _SILENT:
            return Turn(decoded=Decoded(silent=1))
        error = FormatError(codes.WRONG_ROLE, place=content or "", cause="we are the edge node on this connection")
        turn = self._refused(packet, error, now, message)
        if content != "registration":
            return turn
        no = envelope(self._shared.own, now, message.node_id)
        no.registration_ack.acceptance = False
        no.registration_ack.ack_response_reason.append("this is an edge node: it takes no registrations")
        return Turn(decoded=turn.decoded, octets=(self._say(no), *turn.octets))

    def _acknowledged(self, message: SapientMessage, now: datetime) -> Turn:
        ack = message.registration_ack
        self._parent = message.node_id
        if ack.acceptance:
            self._standing = _Standing.ACCEPTED
            return Turn(decoded=Decoded(silent=1), octets=(self._heartbeat(now, new=True),))
        self._standing = _Standing.OVER
        reasons = "; ".join(ack.ack_response_reason)[:300] or "it gives no reason"
        over = FormatError(codes.PARENT_REFUSES, place=f"node {message.node_id}", cause=reasons)
        return Turn(decoded=Decoded(silent=1), over=over)

    def _tasked(self, message: SapientMessage, now: datetime) -> Turn:
        task = message.task
        answer = envelope(self._shared.own, now, message.node_id)
        answer.task_ack.task_id = task.task_id
        done = self._request(task, now)
        if done is None:
            answer.task_ack.task_status = TaskAckTaskStatus.REJECTED
            answer.task_ack.reason.append(_REJECTION)
            return Turn(decoded=Decoded(silent=1), octets=(self._say(answer),))
        answer.task_ack.task_status = TaskAckTaskStatus.ACCEPTED
        return Turn(decoded=Decoded(silent=1), octets=(self._say(answer), done))

    def _request(self, task: Task, now: datetime) -> bytes | None:
        """The answer to a request that we serve."""
        if task.control != TaskControl.START or task.command.WhichOneof("command") != "request":
            return None
        wanted = task.command.request.strip().casefold()
        if wanted == "registration":
            return self._register(now)
        if wanted == "status" and self._standing is _Standing.ACCEPTED:
            return self._heartbeat(now, new=True)
        return None

    def _register(self, now: datetime) -> bytes:
        """Our Registration. Until it is answered tracks wait, but for one that was asked for while we are accepted."""
        if self._standing is not _Standing.ACCEPTED:
            self._standing = _Standing.WAITING
            self._asked = now
        return self._say(declaration.registration(self._shared.own, now, self._parent))

    def _heartbeat(self, now: datetime, *, new: bool) -> bytes:
        self._beat = now
        return self._say(declaration.status(self._shared.own, now, new=new, destination=self._parent))

    def _refused(self, packet: bytes, error: FormatError, now: datetime, message: SapientMessage | None = None) -> Turn:
        decoded = Decoded(problems=(error,))
        if message is not None and message.HasField("error"):  # errors are not answered with errors
            return Turn(decoded=decoded)
        said = declaration.error(self._shared.own, now, packet[:_ECHO_OCTETS], reasons_of(error), self._parent)
        return Turn(decoded=decoded, octets=(self._say(said),))

    def _say(self, message: SapientMessage) -> bytes:
        return framed(serialise(message))
