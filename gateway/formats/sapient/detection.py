"""A valid DetectionReport to a track, by what its node has declared. `docs/formats/sapient.md` has the table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from math import atan2, degrees, hypot

from google.protobuf.descriptor import FieldDescriptor
from msgspec import Struct

from gateway.errors import FormatError
from gateway.formats.sapient.kept import extension_of
from gateway.formats.sapient.place import horizontal_95, place_of
from gateway.formats.sapient.polar import Sighting, sighting_of
from gateway.formats.sapient.session import codes
from gateway.formats.sapient.session.arrived import Arrived
from gateway.formats.sapient.session.declared import Meaning
from gateway.formats.sapient.session.nodes import Node
from gateway.formats.sapient.spoken import REMARKS, Heard, name_of
from gateway.formats.sapient.v2 import DetectionReport, ENUVelocity, Location, SapientMessage
from gateway.limits import Limits
from gateway.stages import Frame
from gateway.symbols import from_sapient
from gateway.track import (
    Accuracy,
    Classification,
    Environment,
    Extension,
    Identifier,
    Loss,
    Provenance,
    RawRecord,
    State,
    Status,
    Track,
)

MAPPING = "sapient/2.0"
SCHEME = "SAPIENT"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_REPORT_ID, _OBJECT_ID, _RANGE_BEARING, _LOCATION, _CONFIDENCE, _TRACK_INFO, _OBJECT_INFO = 1, 2, 5, 6, 7, 8, 10
_CLASSIFICATION, _VELOCITY, _STATE, _ID = 11, 19, 4, 23
_KEPT = frozenset((3, 4, 9, 12, 13, 14, 15, 16, 22))
_FASTEST_MPS = 1e6
_MAX_KINDS = 1_000  # trees of class names remembered per node; then it starts anew
_MAX_CLASSES = 1_000  # of one report; the tree may nest and repeat

ROUNDED_TIME = Loss("timestamp", "ROUNDED")
_UNDECLARED_VELOCITY = Loss("detection_report.enu_velocity", "UNDECLARED")
_UNDECLARED_UP = Loss("detection_report.enu_velocity.up_rate", "UNDECLARED")
_NO_TRUE_COURSE = Loss("detection_report.enu_velocity", "NO_DATUM")
_UP_ERROR = Loss("detection_report.enu_velocity.up_rate_error", "NOT_MODELLED")
_RATE_ERRORS = Loss("detection_report.enu_velocity.east_rate_error", "UNDECLARED")
_XY_ERROR = Loss("detection_report.location.x_error", "UNDECLARED")
_Z_ERROR = Loss("detection_report.location.z_error", "UNDECLARED")
_CLASS_LEVEL = Loss("detection_report.classification.sub_class.level", "NOT_MODELLED")


class Rules(Struct, frozen=True, kw_only=True):
    """How one source's or feed's reports are read: the options, and what comes of them."""

    gateway: str = ""
    nation: str | None = None
    keep_raw: bool = True
    ended: frozenset[str] = frozenset(("lost", "object lost"))
    """Values of the free text `state`, in lower case, that say that a track has ended."""
    window: timedelta | None = None
    """Times further than this from their reception are marked."""
    letters: str = "band"
    limits: Limits = Limits()


class Kind(Struct, frozen=True, gc=False):
    """What the classes of a report say, worked out once per tree of names."""

    environment: Environment
    platform: str | None
    losses: tuple[Loss, ...]


NO_KIND = Kind(Environment.UNKNOWN, None, ())


class Motion(Struct, frozen=True, gc=False):
    """Velocity in canonical terms."""

    course_deg: float | None = None
    ground_speed_mps: float | None = None
    vertical_rate_mps: float | None = None
    course_95_deg: float | None = None
    speed_95_mps: float | None = None


NO_MOTION = Motion()


def instant_of(message: SapientMessage) -> tuple[datetime, bool]:
    """The envelope's timestamp to the microsecond, and whether digits were lost."""
    stamp = message.timestamp
    nanos = stamp.nanos
    try:
        return _EPOCH + timedelta(0, stamp.seconds, nanos // 1000), nanos % 1000 != 0
    except OverflowError:
        raise FormatError(codes.NO_TIME, place="timestamp", cause=f"{stamp.seconds} s since 1970") from None


def time_quality(time: datetime, frame: Frame, rules: Rules) -> str:
    """`TAGGED`, or `DOUBTFUL` where it is too far from the reception."""
    if rules.window is not None and not -rules.window <= frame.received_at - time <= rules.window:
        return "DOUBTFUL"
    return "TAGGED"


class DetectionMapper:
    """Reports to tracks under one set of rules."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    def track(self, arrived: Arrived, node: Node) -> Track:
        """The track of a valid message. `FormatError` where its node has declared too little, or where it is nowhere.

        What can come later (a registration, a mode, a pose) is refused with a code for which the session waits.
        """
        rules, message, frame = self._rules, arrived.message, arrived.frame
        report = message.detection_report
        losses: list[Loss] = []
        time, rounded = instant_of(message)
        if rounded:
            losses.append(ROUNDED_TIME)
        fields = {field.number: (field, value) for field, value in report.ListFields()}
        object_name = f"{node.node_id}/{report.object_id}"
        heard: Heard | None = None
        kept = [fields[number] for number in fields if number in _KEPT]
        if _TRACK_INFO in fields:
            heard = Heard()
            unheard = [one for one in report.track_info if one.HasField("error") or not heard.take(one.type, one.value)]
            if unheard:
                kept.append((fields[_TRACK_INFO][0], unheard))
        identifiers: tuple[Identifier, ...] = (Identifier("sapient_object", object_name),)
        remarks: str | None = None
        if _OBJECT_INFO in fields:
            names, remarks, unnamed = _object_info(report)
            identifiers += names
            if unnamed:
                kept.append((fields[_OBJECT_INFO][0], unnamed))
        sighting, meaning = self._sighting(report, node, fields, losses)
        motion = NO_MOTION
        if _VELOCITY in fields:
            motion = motion_of(report.enu_velocity, meaning, losses)
        kind = NO_KIND
        classes: tuple[Classification, ...] = ()
        if _CLASSIFICATION in fields:
            classes, kind = _classes(report, node, meaning, losses)
            if kind.losses:
                losses.extend(kind.losses)
        extensions: tuple[Extension, ...] = ()
        if kept or message.additional_information:
            extension = self._extension(kept, message.additional_information, losses)
            extensions = (extension,) if extension is not None else ()
        ended = _STATE in fields and report.state.strip().casefold() in rules.ended
        state = State(
            time=time,
            time_quality=time_quality(time, frame, rules) if rules.window is not None else "TAGGED",
            received_at=frame.received_at,
            sent_at=time,
            position=sighting.position,
            altitude_hae_m=sighting.hae_m,
            altitude_msl_m=sighting.msl_m,
            course_deg=motion.course_deg,
            ground_speed_mps=motion.ground_speed_mps,
            vertical_rate_mps=motion.vertical_rate_mps,
            accuracy=_accuracy(sighting, motion, meaning),
            polar=sighting.polar,
        )
        status: Status | None = Status(ended=True) if ended else None
        if heard is not None:
            state, status = _with_heard(state, status, heard)
        return Track(
            identifiers=identifiers,
            environment=kind.environment,
            platform=kind.platform,
            name=report.id if _ID in fields else None,
            remarks=remarks,
            classifications=classes,
            detection_confidence_pct=round(report.detection_confidence * 100, 4) if _CONFIDENCE in fields else None,
            status=status,
            state=state,
            sources=node.sources,
            provenance=(
                Provenance(
                    gateway=rules.gateway,
                    input_format="SAPIENT",
                    mapping_id=MAPPING,
                    input_message_id=report.report_id,
                    losses=(*losses, *arrived.losses) if losses or arrived.losses else (),
                ),
            ),
            raw=RawRecord("SAPIENT", arrived.octets) if rules.keep_raw else None,
            extensions=extensions,
        )

    # -------------------------------------------------------------------------------------------------------- the parts

    def _sighting(
        self,
        report: DetectionReport,
        node: Node,
        fields: Mapping[int, tuple[FieldDescriptor, object]],
        losses: list[Loss],
    ) -> tuple[Sighting, Meaning]:
        if _LOCATION in fields:
            location = report.location
            meaning = node.meaning(False, location.coordinate_system, location.datum)
            place = place_of(location, meaning.zone, "detection_report.location", self._rules.letters)
            horizontal, vertical = location_errors(location, place.position.latitude_deg, meaning, losses)
            basis = meaning.error.basis if meaning.error is not None else None
            return Sighting(place.position, place.hae_m, place.msl_m, None, horizontal, vertical, basis), meaning
        bearing = report.range_bearing
        meaning = node.meaning(True, bearing.coordinate_system, bearing.datum)
        return sighting_of(bearing, node, meaning, "detection_report.range_bearing", losses), meaning

    def _extension(
        self, kept: list[tuple[FieldDescriptor, object]], additional: str, losses: list[Loss]
    ) -> Extension | None:
        most = self._rules.limits.max_text_octets
        extension, lost = extension_of("report", kept, additional)
        losses.extend([Loss(f"detection_report.{name}", "NOT_MODELLED") for name in lost])
        if len(extension.xml) * 4 <= most or len(extension.xml.encode()) <= most:
            return extension
        losses.extend([Loss(f"detection_report.{field.name}", "NOT_MODELLED") for field, _ in kept])
        return None


def _classes(
    report: DetectionReport, node: Node, meaning: Meaning, losses: list[Loss]
) -> tuple[tuple[Classification, ...], Kind]:
    found: list[Classification] = []
    best: list[tuple[str, ...]] = []
    top = -1.0
    odd = False
    for one in report.classification:
        confidence = one.confidence if one.HasField("confidence") else None
        found.append(
            Classification(
                type=one.type,
                confidence_pct=None if confidence is None else round(confidence * 100, 4),
                scheme=SCHEME,
            )
        )
        path: tuple[str, ...] = (one.type,)
        if one.sub_class:
            tail, odd_below = _sub_classes(one.sub_class, 2, found)
            odd = odd or odd_below
            path += tail
        weight = -0.5 if confidence is None else confidence
        if weight > top:
            best, top = [path], weight
        elif weight == top:
            best.append(path)
    if odd:
        losses.append(_CLASS_LEVEL)
    kinds, key = node.kinds, (*best, id(meaning.docks))
    kind = kinds.get(key)
    if not isinstance(kind, Kind):
        kind = kind_of(best, meaning.docks)
        if len(kinds) >= _MAX_KINDS:
            kinds.clear()
        kinds[key] = kind
    return tuple(found), kind


def location_errors(
    location: Location, latitude_deg: float, meaning: Meaning, losses: list[Loss]
) -> tuple[float | None, float | None]:
    """95 % bounds (radius, half-height) of a location's errors by their declared kind."""
    horizontal = vertical = None
    kind = meaning.error
    if location.HasField("x_error") or location.HasField("y_error"):
        horizontal = horizontal_95(location, latitude_deg, kind) if kind is not None else None
        if horizontal is None:
            losses.append(_XY_ERROR)
    if location.HasField("z_error"):
        if kind is not None and kind.linear is not None:
            vertical = location.z_error * kind.linear
        else:
            losses.append(_Z_ERROR)
    return horizontal, vertical


def motion_of(velocity: ENUVelocity, meaning: Meaning, losses: list[Loss]) -> Motion:
    """Course, speed and rate of climb in the units that the node declared; nothing in units that it did not."""
    factor, up = meaning.east_north_mps, None
    if velocity.HasField("up_rate"):
        if meaning.up_mps is None:
            losses.append(_UNDECLARED_UP)
        else:
            up = velocity.up_rate * meaning.up_mps
            _check_speed(up, "up_rate")
        if velocity.HasField("up_rate_error"):
            losses.append(_UP_ERROR)
    if factor is None:
        losses.append(_UNDECLARED_VELOCITY)
        return Motion(vertical_rate_mps=up)
    east, north = velocity.east_rate * factor, velocity.north_rate * factor
    speed = hypot(east, north)
    _check_speed(speed, "east_rate")
    course: float | None = None
    if speed > 0:
        if meaning.true_north:
            course = degrees(atan2(east, north)) % 360.0
            course = 0.0 if course == 360.0 else course  # what a tiny negative angle rounds to
        else:
            losses.append(_NO_TRUE_COURSE)
    course_95 = speed_95 = None
    if velocity.HasField("east_rate_error") and velocity.HasField("north_rate_error"):
        kind = meaning.error
        if kind is None or kind.linear is None:
            losses.append(_RATE_ERRORS)
        elif speed > 0:
            scale = factor * kind.linear
            across_east, across_north = velocity.east_rate_error * scale, velocity.north_rate_error * scale
            speed_95 = hypot(east * across_east, north * across_north) / speed
            if course is not None:
                course_95 = min(degrees(hypot(north * across_east, east * across_north) / (speed * speed)), 180.0)
    return Motion(course, speed, up, course_95, speed_95)


def _check_speed(value: float, name: str) -> None:
    if not -_FASTEST_MPS <= value <= _FASTEST_MPS:
        place = f"detection_report.enu_velocity.{name}"
        raise FormatError(codes.NO_NUMBER, place=place, cause=f"{value:.6g} m/s")


def best_paths(report: DetectionReport) -> list[tuple[str, ...]]:
    """The class that a report is most sure of, as a path down its sub-classes; several where it is equally sure."""
    best: list[tuple[str, ...]] = []
    top = -1.0
    for one in report.classification:
        weight = one.confidence if one.HasField("confidence") else -0.5
        path = (one.type, *_sub_classes(one.sub_class, 2, [])[0])
        if weight > top:
            best, top = [path], weight
        elif weight == top:
            best.append(path)
    return best


def kind_of(paths: Iterable[tuple[str, ...]], docks: Mapping[str, tuple[str, ...]]) -> Kind:
    """What the most confident classes say together; nothing of which they say different things."""
    meanings = [from_sapient(_docked(path, docks)) for path in paths]
    if not meanings:
        return NO_KIND
    first = meanings[0]
    environment = first.environment if all(m.environment is first.environment for m in meanings) else None
    platform = first.platform if all(m.platform == first.platform for m in meanings) else None
    losses = tuple([Loss(f"detection_report.{loss.field}", loss.reason) for loss in first.losses])
    return Kind(environment or Environment.UNKNOWN, platform, losses if len(meanings) == 1 else ())


def _docked(path: tuple[str, ...], docks: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """A path of classes with those of an extension put below the class of the core taxonomy that they hang from."""
    for index, name in enumerate(path):
        dock = docks.get(name.casefold()) if docks else None
        if dock is not None:
            return (*dock, *path[index:])
    return path


def _sub_classes(subs: Iterable[object], level: int, into: list[Classification]) -> tuple[tuple[str, ...], bool]:
    """Append the sub-classes and all below; the names of the most confident chain, and whether a level is odd."""
    best: tuple[str, ...] = ()
    top, odd = -1.0, False
    for sub in subs:
        confidence = sub.confidence if sub.HasField("confidence") else None  # type: ignore[attr-defined]  # DetectionReportSubClass
        if len(into) >= _MAX_CLASSES:
            raise FormatError(codes.TOO_MANY, place="detection_report.classification", cause=f"over {_MAX_CLASSES}")
        into.append(
            Classification(
                type=sub.type,  # type: ignore[attr-defined]  # likewise
                confidence_pct=None if confidence is None else round(confidence * 100, 4),
                scheme=SCHEME,
                level=level,
            )
        )
        tail, below = _sub_classes(sub.sub_class, level + 1, into)  # type: ignore[attr-defined]  # likewise
        odd = odd or below or sub.level != level - 1  # type: ignore[attr-defined]  # likewise
        weight = -0.5 if confidence is None else confidence
        if weight > top:
            best, top = (sub.type, *tail), weight  # type: ignore[attr-defined]  # likewise
        elif weight == top:
            best = ()  # neither is the class
    return best, odd


def _object_info(report: DetectionReport) -> tuple[tuple[Identifier, ...], str | None, list[object]]:
    names: list[Identifier] = []
    others: list[object] = []
    remarks: str | None = None
    for one in report.object_info:
        name = None if one.HasField("error") else name_of(one.type, one.value)
        if name is not None and name not in names:
            names.append(name)
        elif one.type == REMARKS and remarks is None and not one.HasField("error"):
            remarks = one.value
        else:
            others.append(one)
    return tuple(names), remarks, others


def _accuracy(sighting: Sighting, motion: Motion, meaning: Meaning) -> Accuracy | None:
    horizontal, vertical = sighting.horizontal_95_m, sighting.vertical_95_m
    course, speed = motion.course_95_deg, motion.speed_95_mps
    if horizontal is None and vertical is None and course is None and speed is None:
        return None
    return Accuracy(
        horizontal_95_m=horizontal,
        vertical_95_m=vertical,
        course_95_deg=course,
        speed_95_mps=speed,
        basis=sighting.basis or (meaning.error.basis if meaning.error is not None else None),
    )


def _with_heard(state: State, status: Status | None, heard: Heard) -> tuple[State, Status | None]:
    """State and status with the facts in our own words where nothing else states them."""
    values = {name: getattr(state, name) for name in state.__struct_fields__}
    values.update({name: value for name, value in heard.state.items() if values[name] is None})
    if heard.stale_at is not None:
        values["stale_at"] = heard.stale_at
    if heard.accuracy:
        accuracy = state.accuracy or Accuracy()
        known = {name: getattr(accuracy, name) for name in accuracy.__struct_fields__}
        known.update({name: value for name, value in heard.accuracy.items() if known[name] is None})
        values["accuracy"] = Accuracy(**known)
    if heard.status:
        flags: dict[str, object] = dict(heard.status)
        if status is not None and status.ended:
            flags["ended"] = True
        status = Status(**flags)  # type: ignore[arg-type]  # the words are fields of those types
    return State(**values), status
