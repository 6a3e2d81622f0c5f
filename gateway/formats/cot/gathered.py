"""What the pieces of one event say together: its details, accuracy and status, and what is left over of them."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from gateway.errors import FormatError
from gateway.formats.cot import codes
from gateway.formats.cot.event import NAMESPACE, NOTHING, Part, Reading
from gateway.formats.cot.point import Point
from gateway.formats.cot.values import attribute_text, element_xml, time_of
from gateway.limits import Limits
from gateway.track import Accuracy, Loss, Operator, Status


def kept_xml(kept: dict[str, str], point: dict[str, str], detail: dict[str, str], leftovers: list[str]) -> str:
    """The leftovers of an event as one canonical element in the gateway's CoT namespace."""
    if leftovers and not point and not detail and len(kept) == 1 and "how" in kept:  # the usual event
        how, inner = attribute_text(kept["how"]), "".join(leftovers)
        return f'<event xmlns="{NAMESPACE}" how="{how}"><detail>{inner}</detail></event>'
    inner = element_xml("detail", detail, "".join(leftovers)) if leftovers or detail else ""
    content = (element_xml("point", point) if point else "") + inner
    # `xmlns` stands first in canonical order, before the attributes.
    return f'<event xmlns="{NAMESPACE}"{element_xml("event", kept, content)[6:]}'


def combined(parts: tuple[Part, ...] | list[Part], limits: Limits) -> Reading:
    """What all children of `detail` say together; each kind is read once."""
    found: dict[str, object] = {}
    losses: tuple[Loss, ...] = ()
    for part in parts:
        reading = part.reading
        if reading is NOTHING:
            continue
        losses += reading.losses
        if reading.callsign is not None:
            if len(reading.callsign) * 4 > limits.max_name_octets < len(reading.callsign.encode()):
                cause = f"{len(reading.callsign)} characters"
                raise FormatError(codes.TOO_LONG, place="event/detail/contact@callsign", cause=cause)
            found["callsign"] = reading.callsign
        elif reading.remarks is not None:
            if len(reading.remarks) * 4 > limits.max_text_octets < len(octets := reading.remarks.encode()):
                found["remarks"] = octets[: limits.max_text_octets].decode("utf-8", "ignore")
                losses += (Loss("event/detail/remarks", "TRUNCATED"),)
            else:
                found["remarks"] = reading.remarks
        elif reading.motion is not None:
            found["motion"] = reading.motion
        elif reading.identifiers or reading.operator is not None:
            values = [reading.operator or "", *(one.value for one in reading.identifiers)]
            if any(len(value.encode()) > limits.max_name_octets for value in values):
                raise FormatError(codes.TOO_LONG, place="event/detail/uid", cause="an identifier is too long")
            found["identifiers"] = reading.identifiers
            found["operator"] = reading.operator
        elif reading.bearing is not None:
            found["bearing"] = reading.bearing
        elif reading.emergency is not None:
            found["emergency"] = reading.emergency
        elif reading.target is not None:
            found["target"] = reading.target
        elif reading.parent is not None:
            found["parent"] = reading.parent
    return Reading(**found, losses=losses)  # type: ignore[arg-type]  # names and types are Reading's own


def accuracy_of(point: Point, reading: Reading) -> Accuracy | None:
    """The 95 % bounds that the point and `track` state, if they state any."""
    motion = reading.motion
    course = motion.course_95_deg if motion else None
    speed = motion.speed_95_mps if motion else None
    horizontal, vertical = point.horizontal_95_m, point.vertical_95_m
    if horizontal is None and vertical is None and course is None and speed is None:
        return None
    return Accuracy(
        horizontal_95_m=horizontal,
        vertical_95_m=vertical,
        course_95_deg=course,
        speed_95_mps=speed,
        basis="COT_CE" if horizontal is not None else "COT_SIGMA",
    )


def status_of(attributes: dict[str, str], reading: Reading, *, ended: bool) -> Status | None:
    """The status facts that the event states, if it states any."""
    how, opex = attributes.get("how", ""), attributes.get("opex", "")[:1]
    simulated = True if opex == "s" or how[:3] == "m-s" else None
    exercise = True if opex == "e" else None
    coasted = True if how[:3] == "m-p" else None  # predicted, "e.g. from a tracker"
    if not ended and simulated is None and exercise is None and coasted is None and reading.emergency is None:
        return None
    return Status(
        ended=ended or None, simulated=simulated, exercise=exercise, coasted=coasted, emergency=reading.emergency
    )


def fitting_of(parts: tuple[Part, ...] | list[Part], most: int) -> tuple[list[str], tuple[Loss, ...]]:
    """The leftovers that together fit an extension, in order; the others stay in the raw record, and are listed."""
    fitting: list[str] = []
    losses: list[Loss] = []
    room = most
    for part in parts:
        size = len(part.leftover.encode())
        if size <= room:
            fitting.append(part.leftover)
            room -= size
        else:
            losses.append(Loss(f"event/detail/{part.name}"[:200], "NOT_MODELLED"))
    return [text for text in fitting if text], tuple(losses)


def instants_of(attributes: dict[str, str]) -> tuple[datetime, datetime, datetime]:
    """time, start and stale of an event that has them."""
    time, start = attributes["time"], attributes["start"]
    sent_at = time_of(time, place="event@time")
    begin = sent_at if start == time else time_of(start, place="event@start")
    return sent_at, begin, time_of(attributes["stale"], place="event@stale")


def operator_of(point: Point, reading: Reading, begin: datetime) -> tuple[Operator, Point]:
    """Where a person stands, kept where policy looks for it and nowhere else: also the point without that."""
    operator = Operator(
        identifier=reading.operator, position=point.position, altitude_hae_m=point.altitude_hae_m, time=begin
    )
    bare = replace(point, position=None, altitude_hae_m=None, horizontal_95_m=None, vertical_95_m=None)
    return operator, bare
