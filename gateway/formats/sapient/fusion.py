"""Our side as the fusion node: sensor nodes connect, register, and report.

Every refusal goes three ways: to the node as an `Error` with the packet in question (and as the acknowledgement that
its message has, if it has one), to the operator as a problem with the frame in quarantine, and nowhere else: the
conversation goes on. It ends only where the stream cannot be followed, where a peer never registers, or where a newer
connection has taken its node over.

- A connection must register its nodes, whatever an earlier connection of theirs said.
- A node id has one connection. The newest wins, because the old one is usually dead and does not know it; the old one
  is told and closed. Only where the old one proved by its certificate that it is another client, the new is refused.
- Nobody is tasked. A Task from a node is rejected.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from gateway.dialect import Peer, Turn
from gateway.errors import FormatError
from gateway.formats.sapient import declaration, options
from gateway.formats.sapient.alert import IDENTIFIER as ALERT
from gateway.formats.sapient.declaration import Self, envelope
from gateway.formats.sapient.decoder import ENDED, rules_of
from gateway.formats.sapient.intake import InvalidError, Piece, arrived, check_plausible, pieces_of, reasons_of
from gateway.formats.sapient.messages import serialise
from gateway.formats.sapient.reading import Rules
from gateway.formats.sapient.session import codes
from gateway.formats.sapient.session.pose import Pose, configured
from gateway.formats.sapient.session.session import Session
from gateway.formats.sapient.stream import frame as framed
from gateway.formats.sapient.ulid import is_ulid
from gateway.formats.sapient.v2 import AlertAckStatus, SapientMessage, TaskAckTaskStatus
from gateway.limits import Limits
from gateway.stages import Decoded, Frame
from gateway.track import Track

_ECHO_OCTETS = 65_536  # of a packet that is given back; a longer one is known by its beginning
_NO_TASKS = "this fusion node takes no tasks: it passes nothing on to other nodes"


class FusionNode:
    """What all connections at one feed share: who we are, how reports are read, which connection has which node."""

    def __init__(
        self,
        *,
        node: str = "",
        limits: Limits | None = None,
        node_id: str | None = None,
        nation: str | None = None,
        keep_raw: bool = True,
        time_window_s: float | None = 5.0,
        ended_states: Sequence[str] = ENDED,
        utm_letters: str = "band",
        implausible: str = "carry",
        sites: Mapping[str, Mapping[str, float]] | None = None,
        register_s: float = 30.0,
    ) -> None:
        self.own = Self(node_id=options.own_node_id(node_id, node), name=node or "Track gateway")
        self.rules: Rules = rules_of(
            node=node,
            limits=limits,
            nation=nation,
            keep_raw=keep_raw,
            ended_states=ended_states,
            time_window_s=time_window_s,
            utm_letters=utm_letters,
            implausible=implausible,
        )
        self.sites: Mapping[str, Pose] = configured(options.sites(sites))
        self.register_within = timedelta(seconds=options.number("register_s", register_s, 0.1, 3_600))
        self._owners: OrderedDict[str, FusionConversation] = OrderedDict()

    @property
    def offers_tracks(self) -> bool:
        """Never: sensors are not told what others see."""
        return False

    def converse(self, peer: Peer) -> FusionConversation:
        """A conversation with whoever has just connected."""
        return FusionConversation(self, peer)

    def refusal(self, node_id: str, by: FusionConversation) -> FormatError | None:
        """Why a connection may not speak for a node; `None` if it may."""
        owner = self._owners.get(node_id)
        if owner is None or owner is by or not owner.peer.name or owner.peer.name == by.peer.name:
            return None
        return FormatError(codes.NODE_TAKEN, place="node_id", cause=f"node {node_id} is client {owner.peer.name}")

    def claim(self, node_id: str, by: FusionConversation) -> None:
        """Give a node to a connection, taking it from the one that has it."""
        owner = self._owners.get(node_id)
        if owner is not None and owner is not by:
            owner.lose(node_id)
        elif owner is None and len(self._owners) >= self.rules.limits.peers_remembered:
            self._make_room()
        self._owners[node_id] = by
        self._owners.move_to_end(node_id)

    def _make_room(self) -> None:
        """Take a node from the connection that has most of them, the one that it registered first: who registers
        without end harms himself."""
        most = Counter(self._owners.values()).most_common(1)[0][0]
        first = next(node_id for node_id, owner in self._owners.items() if owner is most)
        del self._owners[first]
        most.lose(first)

    def release(self, by: FusionConversation) -> None:
        """Forget a connection that has gone."""
        for node_id in [one for one, owner in self._owners.items() if owner is by]:
            del self._owners[node_id]


class FusionConversation:
    """One connection of one or more sensor nodes."""

    def __init__(self, shared: FusionNode, peer: Peer) -> None:
        self.peer = peer
        self._shared = shared
        self._session = Session(shared.rules, shared.sites)
        self._limits = shared.rules.limits
        self._opened: datetime | None = None
        self._registered = False
        self._lost: list[str] = []
        self._title = ""

    @property
    def title(self) -> str:
        """Name and id of the first node that registered; empty until then."""
        return self._title

    @property
    def wants_tracks(self) -> bool:
        """Never: sensors are not told what others see."""
        return False

    def lose(self, node_id: str) -> None:
        """Another connection speaks for this node now. Called by the endpoint."""
        self._session.forget(node_id)
        self._lost.append(node_id)

    # ------------------------------------------------------------------------------------------------------- the events

    def opened(self, now: datetime) -> Turn:
        """Nothing: the node speaks first."""
        self._opened = now
        return Turn()

    def received(self, frame: Frame) -> Turn:
        """The tracks of a message, and what is to be answered."""
        replaced = self._replaced(frame.received_at)
        if replaced is not None:
            return replaced
        turn = _Building()
        try:
            pieces = pieces_of(frame.octets, self._limits)
        except FormatError as error:
            self._refused(turn, frame.octets, error)
            return self._finish(turn, frame.received_at)
        for piece in pieces:
            self._piece(piece, frame, turn)
        return self._finish(turn, frame.received_at)

    def offered(self, tracks: Sequence[Track], now: datetime) -> Turn:
        """Nothing, as `wants_tracks` says."""
        return Turn()

    def tick(self, now: datetime) -> Turn:
        """Give up what was held too long, and a peer that never registers."""
        replaced = self._replaced(now)
        if replaced is not None:
            return replaced
        self._session.expire(now)
        turn = self._finish(_Building(), now)
        if self._registered or self._opened is None or now - self._opened < self._shared.register_within:
            return turn
        cause = f"no acceptable Registration within {self._shared.register_within.total_seconds():g} s"
        over = FormatError(codes.NEVER_REGISTERED, place=self.peer.address, cause=cause)
        self._session.abandon("the connection is closed")
        last = self._finish(_Building(), now)
        return Turn(
            decoded=Decoded(overdue=turn.decoded.overdue + last.decoded.overdue),
            octets=(*turn.octets, *last.octets, self._say(declaration.error(self._shared.own, now, b"", [str(over)]))),
            over=over,
        )

    def closed(self, now: datetime) -> Turn:
        """The connection is gone: so is what it said of its nodes. Their tracks end when their nodes said so."""
        self._shared.release(self)
        self._session.abandon("the connection was closed")
        return Turn(decoded=Decoded(overdue=self._session.given_up()))

    # ----------------------------------------------------------------------------------------------------- one message

    def _piece(self, piece: Piece, frame: Frame, turn: _Building) -> None:
        try:
            one = arrived(piece, frame, self._session, self._limits)
        except InvalidError as error:
            if error.message.HasField("registration"):
                self._session.refuse_registration(error.message.node_id)
            self._nack(error.message, reasons_of(error), turn, frame.received_at)
            self._refused(turn, piece.octets, error, error.message)
            return
        except FormatError as error:
            self._refused(turn, piece.octets, error)
            return
        message = one.message
        content = message.WhichOneof("content")
        try:
            if self._shared.rules.refuse_implausible:
                check_plausible(message)
            if content == "registration":
                refusal = self._shared.refusal(message.node_id, self)
                if refusal is not None:
                    raise refusal
            elif content not in ("detection_report", "status_report", "alert"):
                self._other(content or "", message, piece, turn, frame)
                return
            track = self._session.take(one)
        except FormatError as error:
            if content == "registration":
                self._session.refuse_registration(message.node_id)
            self._nack(message, reasons_of(error), turn, frame.received_at)
            self._refused(turn, piece.octets, error, message)
            return
        if track is not None:
            turn.tracks.append(track)
        elif content == "registration":
            self._shared.claim(message.node_id, self)
            self._accept(message, turn, frame.received_at)
        elif content == "status_report":
            turn.silent += 1

    def _accept(self, message: SapientMessage, turn: _Building, now: datetime) -> None:
        self._registered = True
        said = message.registration
        if not self._title:
            name = said.name or said.short_name
            self._title = f"{name} ({message.node_id})" if name else message.node_id
        ack = envelope(self._shared.own, now, message.node_id)
        ack.registration_ack.acceptance = True
        turn.octets.append(self._say(ack))
        turn.silent += 1

    def _other(self, content: str, message: SapientMessage, piece: Piece, turn: _Building, frame: Frame) -> None:
        if content in ("task_ack", "alert_ack"):
            turn.silent += 1
        elif content == "error":
            words = "; ".join(message.error.error_message)[:300]
            turn.problems.append(FormatError(codes.SAID_ERROR, place="error", cause=f"{message.node_id}: {words}"))
        else:
            words = _NO_TASKS if content == "task" else "only a fusion node sends this"
            error = FormatError(codes.WRONG_ROLE, place=content, cause=words)
            self._nack(message, [words], turn, frame.received_at)
            self._refused(turn, piece.octets, error, message)

    def _nack(self, message: SapientMessage, reasons: list[str], turn: _Building, now: datetime) -> None:
        """Refuse by the acknowledgement that the message has, where its ids allow one."""
        content = message.WhichOneof("content")
        answer = envelope(self._shared.own, now, _addressable(message))
        if content == "registration":
            answer.registration_ack.acceptance = False
            answer.registration_ack.ack_response_reason.extend(reasons)
        elif content == "alert" and is_ulid(message.alert.alert_id):
            answer.alert_ack.alert_id = message.alert.alert_id
            answer.alert_ack.alert_ack_status = AlertAckStatus.REJECTED
            answer.alert_ack.reason.extend(reasons)
        elif content == "task" and is_ulid(message.task.task_id):
            answer.task_ack.task_id = message.task.task_id
            answer.task_ack.task_status = TaskAckTaskStatus.REJECTED
            answer.task_ack.reason.extend(reasons)
        else:
            return
        turn.octets.append(self._say(answer))

    def _refused(
        self, turn: _Building, packet: bytes, error: FormatError, message: SapientMessage | None = None
    ) -> None:
        turn.problems.append(error)
        if message is None or not message.HasField("error"):  # two that answer errors with errors never end
            turn.errors.append((packet, error, _addressable(message) if message is not None else ""))

    # -------------------------------------------------------------------------------------------------------- the turns

    def _finish(self, turn: _Building, now: datetime) -> Turn:
        """The turn, with what became readable, what was given up, and the answers to both."""
        session = self._session
        turn.tracks.extend(session.released())
        turn.overdue.extend(session.given_up())
        for track in turn.tracks:
            first = track.identifiers[0]
            if first.scheme == ALERT:
                node_id, _, alert_id = first.value.partition("/")
                ack = envelope(self._shared.own, now, node_id)
                ack.alert_ack.alert_id = alert_id
                ack.alert_ack.alert_ack_status = AlertAckStatus.ACCEPTED
                turn.octets.append(self._say(ack))
        turn.errors.extend([(frame.octets, error, "") for frame, error in turn.overdue])
        for packet, error, destination in turn.errors:
            said = declaration.error(self._shared.own, now, packet[:_ECHO_OCTETS], reasons_of(error), destination)
            turn.octets.append(self._say(said))
        return turn.turn()

    def _replaced(self, now: datetime) -> Turn | None:
        """The last turn of a connection that has lost all its nodes to a newer one."""
        if not self._lost or self._session.nodes:
            self._lost.clear()
            return None
        error = FormatError(codes.REPLACED, place="node_id", cause=f"node {self._lost[-1]}")
        self._session.abandon("a newer connection speaks for the node")
        said = declaration.error(self._shared.own, now, b"", [str(error)], self._lost[-1])
        return Turn(decoded=Decoded(overdue=self._session.given_up()), octets=(self._say(said),), over=error)

    def _say(self, message: SapientMessage) -> bytes:
        return framed(serialise(message))


class _Building:
    """A turn in the making."""

    def __init__(self) -> None:
        self.tracks: list[Track] = []
        self.problems: list[FormatError] = []
        self.errors: list[tuple[bytes, FormatError, str]] = []
        self.overdue: list[tuple[Frame, FormatError]] = []
        self.octets: list[bytes] = []
        self.silent = 0

    def turn(self) -> Turn:
        return Turn(
            decoded=Decoded(
                tracks=tuple(self.tracks),
                problems=tuple(self.problems),
                silent=self.silent,
                overdue=tuple(self.overdue),
            ),
            octets=tuple(self.octets),
        )


def _addressable(message: SapientMessage) -> str:
    """The sender's node id, if it is one."""
    try:
        return options.own_node_id(message.node_id, "")
    except FormatError:
        return ""
