"""One connection's or source's nodes and what they say, in order; what misses a piece waits for it, within bounds.

- A message before its node's Registration, a range and bearing before the node's location, and a detection
  in a mode that the node has not defined are held: at most `held_frames` of them and each at most `held_s`.
- When the node says something new, what it waited for is tried again, oldest first.
- What waited in vain is given up, with the code of what was missing. Nothing is read by a guess.
- At most `peers_remembered` nodes are known; then the one that was silent longest is forgotten, and must register anew.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from gateway.errors import FormatError
from gateway.formats.sapient.alert import alert_track
from gateway.formats.sapient.detection import DetectionMapper
from gateway.formats.sapient.reading import Rules
from gateway.formats.sapient.session import codes
from gateway.formats.sapient.session.arrived import Arrived
from gateway.formats.sapient.session.declared import declared
from gateway.formats.sapient.session.nodes import Node
from gateway.formats.sapient.session.pose import Pose, reported
from gateway.formats.sapient.v2 import StatusReport, StatusReportSystem
from gateway.stages import Frame
from gateway.track import Track

WAITS = (codes.NOT_REGISTERED, codes.NO_POSE, codes.NO_MODE)
"""What may still come: the codes of messages that are held."""

Overdue = tuple[tuple[Frame, FormatError], ...]
_NOWHERE = Pose(None)
_SMALL_OCTETS = 4_096
_DECLARED_OCTETS = 33_554_432  # Registrations of one connection that are remembered: thousands of usual ones


class Held(Struct, frozen=True):
    """A message that waits, and for what."""

    arrived: Arrived
    missing: FormatError


class Session:
    """The state of one conversation or one source. Only valid messages of BSI Flex 335 v2 may be given to it."""

    def __init__(self, rules: Rules, sites: Mapping[str, Pose], *, hold: bool = True) -> None:
        self._rules = rules
        self._sites = sites
        self._hold = hold
        self._mapper = DetectionMapper(rules)
        self._held: deque[Held] = deque()
        self._patience = timedelta(seconds=rules.limits.held_s)
        self._nodes: OrderedDict[str, Node] = OrderedDict()
        self._declared_octets = 0
        self._given_up: list[tuple[Frame, FormatError]] = []
        self._late: list[Track] = []

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The nodes known, by id, the longest silent first."""
        return self._nodes

    @property
    def waiting(self) -> int:
        """How many messages are held."""
        return len(self._held)

    def version(self, node_id: str) -> str | None:
        """Version of the standard that a node has registered with."""
        node = self._nodes.get(node_id)
        return node.declared.version if node is not None and node.declared is not None else None

    def speaks(self, version: str) -> bool:
        """Whether any node has registered with a version."""
        return any(node.declared is not None and node.declared.version == version for node in self._nodes.values())

    def forget(self, node_id: str) -> None:
        """Drop a node and what waits for it: another connection speaks for it now."""
        node = self._nodes.pop(node_id, None)
        self._declared_octets -= node.octets if node is not None else 0
        waiting, self._held = self._held, deque()
        for one in waiting:
            if one.arrived.message.node_id == node_id:
                self._give_up(one, "another connection speaks for the node now")
            else:
                self._held.append(one)

    def take(self, arrived: Arrived) -> Track | None:
        """The track of a detection or alert; `None` for another message, or one that is held.

        `FormatError` for what is refused; the session is then as it was. Tracks of messages that had waited, and what
        was given up, are for `released` and `given_up`.
        """
        message = arrived.message
        if self._held:
            self.expire(arrived.frame.received_at)
        node = self._node(message.node_id)
        if message.HasField("registration"):
            try:
                self._register(node, arrived)
            except FormatError:
                node.unregister()
                raise
            self._try_again(node)
            return None
        try:
            track = self._read(arrived, node)
        except FormatError as error:
            if not self._hold or error.code not in WAITS:
                raise
            self._keep(Held(arrived, error))
            return None
        if track is None:
            self._try_again(node)
        return track

    def refuse_registration(self, node_id: str) -> None:
        """A node's Registration was refused, so the one before it holds no longer: it may have changed its units."""
        node = self._nodes.get(node_id)
        if node is not None:
            node.unregister()

    def released(self) -> tuple[Track, ...]:
        """Tracks of messages that had waited, since the last call."""
        late, self._late = tuple(self._late), []
        return late

    def given_up(self) -> Overdue:
        """Messages that waited in vain or turned out wrong, since the last call."""
        gone, self._given_up = tuple(self._given_up), []
        return gone

    def expire(self, now: datetime) -> None:
        """Give up what has waited too long."""
        while self._held and not -self._patience < now - self._held[0].arrived.frame.received_at < self._patience:
            self._give_up(self._held.popleft(), f"not within {self._rules.limits.held_s:g} s")

    def abandon(self, why: str) -> None:
        """Give up all that waits: nothing more will come."""
        while self._held:
            self._give_up(self._held.popleft(), why)

    # ----------------------------------------------------------------------------------------------------------- inside

    def _node(self, node_id: str) -> Node:
        node = self._nodes.get(node_id)
        if node is None:
            if len(self._nodes) >= self._rules.limits.peers_remembered:
                self._drop_longest_silent()
            node = Node(node_id, self._sites.get(node_id, _NOWHERE), self._rules.nation)
            self._nodes[node_id] = node
        elif len(self._nodes) > 1:
            self._nodes.move_to_end(node_id)
        return node

    def _register(self, node: Node, arrived: Arrived) -> None:
        found = declared(arrived.message.registration)
        self._declared_octets += len(arrived.octets) - node.octets
        node.register(found, len(arrived.octets))
        while self._declared_octets > _DECLARED_OCTETS and len(self._nodes) > 1:
            self._drop_longest_silent()

    def _drop_longest_silent(self) -> None:
        _, node = self._nodes.popitem(last=False)
        self._declared_octets -= node.octets

    def _read(self, arrived: Arrived, node: Node) -> Track | None:
        message = arrived.message
        if message.HasField("detection_report"):
            return self._mapper.track(arrived, node)
        if message.HasField("alert"):
            return alert_track(arrived, node, self._rules)
        if message.HasField("status_report"):
            self._status(message.status_report, node)
        return None

    def _status(self, status: StatusReport, node: Node) -> None:
        if node.declared is None:
            raise FormatError(codes.NOT_REGISTERED, place="node_id", cause=f"node {node.node_id}")
        node.pose = reported(status, node.pose, node.declared.status_zone, self._rules.letters, node.site)
        if status.HasField("mode"):  # v1.0 may leave it out
            node.enter(status.mode)
        node.leaving = status.system == StatusReportSystem.GOODBYE

    def _try_again(self, node: Node) -> None:
        """Read what waited for the node, oldest first; again from the start when a status among it told something."""
        told = bool(self._held)
        while told:
            told = False
            waiting, self._held = self._held, deque()
            for one in waiting:
                if one.arrived.message.node_id != node.node_id:
                    self._held.append(one)
                    continue
                try:
                    track = self._read(one.arrived, node)
                except FormatError as error:
                    if error.code in WAITS:
                        self._held.append(Held(one.arrived, error))
                    else:
                        self._given_up.append((one.arrived.frame, error))
                    continue
                if track is not None:
                    self._late.append(track)
                told = told or (track is None and bool(self._held))

    def _keep(self, held: Held) -> None:
        limits = self._rules.limits
        self._held.append(held)
        if len(self._held) > limits.held_frames:
            self._give_up(self._held.popleft(), f"over {limits.held_frames} frames are held")
        if len(held.arrived.octets) > _SMALL_OCTETS:  # few large ones take the room of many small ones
            while sum(len(one.arrived.octets) for one in self._held) > limits.max_message_octets:
                self._give_up(self._held.popleft(), f"over {limits.max_message_octets} octets are held")

    def _give_up(self, held: Held, why: str) -> None:
        missing = held.missing
        error = FormatError(missing.code, place=missing.place, cause=f"{missing.cause}; {why}")
        self._given_up.append((held.arrived.frame, error))
