"""Messages of one drone arrive separately: the latest of each kind, per transmitter, each with an age at which it ends.

A transmitter is the address that sends, where the frame tells it. Without an address it is the peer that handed the
frame in with the pack's own Basic ID, and single messages then belong together only as long as the peer hands in those
of one aircraft: from the second Basic ID on, or a position that the first cannot have flown to, they cannot be told
apart, and their positions are refused (``RID-006``).

An address that shows another serial number or registration is another aircraft: what was known of it is forgotten. A
new session id under the same address is the same aircraft with another name.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import cos, hypot, radians

from msgspec import Struct, field

from gateway.formats.remoteid.messages import (
    REGISTRATION,
    SERIAL,
    Authentication,
    BasicId,
    Location,
    Message,
    OperatorId,
    SelfId,
    System,
)
from gateway.formats.remoteid.report import Heard, Report

AGES_S = {
    "basic_id": 60.0,
    "location": 3.0,
    "authentication": 30.0,
    "self_id": 30.0,
    "system": 30.0,
    "operator_id": 30.0,
}
"""How long each kind is believed, in seconds. F3411-22a has static messages sent every 3 s and positions every second:
ten static ones may be lost in a row, a position is history after three."""

_METRES_PER_DEGREE = 111_320.0  # of latitude, near enough to tell two aircraft apart
_FASTEST_MPS = 254.25
_SLACK_M = 250.0  # what positions jump by themselves, and messages overtake each other
_KINDS: dict[type[Message], str] = {
    BasicId: "basic_id",
    Location: "location",
    Authentication: "authentication",
    SelfId: "self_id",
    System: "system",
    OperatorId: "operator_id",
}
Slot = tuple[str, int]
"""Kind of message, and the id type or page where a transmitter has several."""


class Known(Struct):
    """The latest message of one kind."""

    heard: Heard
    received_at: datetime
    until: datetime


class Transmitter(Struct):
    """What is known of one transmitter."""

    address: str
    is_shared: bool
    """Messages of several aircraft may come under it: nobody tells the address, or an id with each of them."""
    first_heard: datetime
    known: dict[Slot, Known] = field(default_factory=dict)
    """Everything but the Location."""
    position: Known | None = None
    is_new: bool = True
    """Something changed since the last track of it."""
    told: Location | None = None
    """The Location of that track."""
    told_until: datetime | None = None
    memo: object = None
    """What the decoder worked out of it; void when `is_new`."""
    several_until: datetime | None = None
    """Until then single messages without an address may be anybody's."""

    def current(self, now: datetime) -> dict[Slot, Heard]:
        """The messages that are not too old, oldest kinds dropped for good."""
        over = [slot for slot, known in self.known.items() if known.until < now]
        for slot in over:
            del self.known[slot]
            self.is_new = True
        return {slot: known.heard for slot, known in self.known.items()}


class Book:
    """The transmitters of one source, bounded; the longest silent goes first."""

    def __init__(self, ages_s: Mapping[str, float], bound: int) -> None:
        self._ages = {kind: timedelta(seconds=ages_s[kind]) for kind in AGES_S}
        self._bound = bound
        self._transmitters: OrderedDict[tuple[str, bytes], Transmitter] = OrderedDict()

    def __len__(self) -> int:
        return len(self._transmitters)

    def find(self, report: Report, peer: str, now: datetime) -> Transmitter:
        """The transmitter that a report is of."""
        own = b"" if report.address else _own_id(report)
        key = (report.address or f"peer {peer}", own)
        transmitters = self._transmitters
        found = transmitters.get(key)
        if found is None:
            if len(transmitters) >= self._bound:
                transmitters.popitem(last=False)
            found = transmitters[key] = Transmitter(
                address=report.address, is_shared=not report.address and not own, first_heard=now
            )
        else:
            transmitters.move_to_end(key)
        return found

    def untold(self, now: datetime) -> list[tuple[Transmitter, Known]]:
        """Transmitters with a position that is not too old and was never told, for want of a name."""
        return [
            (one, one.position)
            for one in self._transmitters.values()
            if one.told is None and one.position is not None and one.position.until >= now
        ]

    def note(self, transmitter: Transmitter, report: Report, now: datetime) -> bool:
        """Take the messages in; whether a Location was among them."""
        located = False
        messages = report.heard
        if not transmitter.is_shared:  # of one aircraft, in whatever order: which one it is comes first
            messages = tuple(sorted(messages, key=lambda one: not isinstance(one.message, BasicId)))
        for heard in messages:
            message = heard.message
            kind = _KINDS[type(message)]
            until = now + self._ages[kind]
            if isinstance(message, Location):
                before_it = transmitter.position
                if transmitter.is_shared and before_it is not None and not _is_flown(before_it, message, now):
                    transmitter.several_until = now + self._ages["basic_id"]
                transmitter.position = Known(heard=heard, received_at=now, until=until)
                located = True
                continue
            number = 0
            if isinstance(message, BasicId):
                number = message.id_type
                self._meet(transmitter, message, now)
            elif isinstance(message, Authentication):
                number = message.page
            slot = (kind, number)
            before = transmitter.known.get(slot)
            if before is None:
                transmitter.known[slot] = Known(heard=heard, received_at=now, until=until)
                transmitter.is_new = True
                continue
            before.received_at, before.until = now, until
            if before.heard.message != message:
                before.heard = heard
                transmitter.is_new = True
        return located

    def _meet(self, transmitter: Transmitter, message: BasicId, now: datetime) -> None:
        """A Basic ID: of the same aircraft, or is it another one's?"""
        before = transmitter.known.get(("basic_id", message.id_type))
        if before is None or before.until < now:
            return
        was = before.heard.message
        assert isinstance(was, BasicId)
        if was.uas_id == message.uas_id:
            return
        if transmitter.is_shared:
            transmitter.several_until = now + self._ages["basic_id"]
        elif message.id_type in (SERIAL, REGISTRATION):
            transmitter.known.clear()
            transmitter.position = None
            transmitter.is_new = True


def _is_flown(before: Known, location: Location, now: datetime) -> bool:
    """Whether an aircraft can have come from its last position to this one, as fast as the format can say."""
    last = before.heard.message
    assert isinstance(last, Location)
    if last.latitude_deg is None or last.longitude_deg is None:
        return True
    if location.latitude_deg is None or location.longitude_deg is None:
        return True
    north_m = (location.latitude_deg - last.latitude_deg) * _METRES_PER_DEGREE
    turn = (location.longitude_deg - last.longitude_deg + 180.0) % 360.0 - 180.0
    east_m = turn * _METRES_PER_DEGREE * cos(radians(location.latitude_deg))
    return hypot(north_m, east_m) <= _SLACK_M + _FASTEST_MPS * max((now - before.received_at).total_seconds(), 0.0)


def _own_id(report: Report) -> bytes:
    """The ids in a report that stands for itself; nothing for single messages, which share the peer's transmitter."""
    if not report.is_whole:
        return b""
    ids = [one.message for one in report.heard if isinstance(one.message, BasicId) and one.message.uas_id]
    return b"\0".join([bytes((one.id_type,)) + one.uas_id for one in sorted(ids, key=lambda one: one.id_type)])
