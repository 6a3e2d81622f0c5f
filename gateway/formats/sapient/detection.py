"""A valid DetectionReport to a track, by what its node has declared. `docs/formats/sapient.md` has the table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from google.protobuf.descriptor import FieldDescriptor

from gateway.formats.sapient.classes import NO_KIND, classes_of
from gateway.formats.sapient.kept import Fields, extension_of
from gateway.formats.sapient.motion import NO_MOTION, Motion, accuracy_of, known_of, location_errors, motion_of
from gateway.formats.sapient.place import is_unknown, place_of
from gateway.formats.sapient.plausible import detection_doubts
from gateway.formats.sapient.polar import Sighting, sighting_of
from gateway.formats.sapient.reading import MAPPING, ROUNDED_TIME, Rules, doubted, instant_of, long, short, time_quality
from gateway.formats.sapient.session.arrived import Arrived
from gateway.formats.sapient.session.declared import Meaning
from gateway.formats.sapient.session.nodes import Node
from gateway.formats.sapient.spoken import REMARKS, Heard, is_marker, name_of
from gateway.formats.sapient.v2 import DetectionReport
from gateway.stages import Frame
from gateway.track import (
    Accuracy,
    Classification,
    Extension,
    Identifier,
    Loss,
    Provenance,
    RawRecord,
    State,
    Status,
    Track,
)

# Numbers of a report's fields: one call gives all that are set
_STATE, _LOCATION, _CONFIDENCE, _TRACK_INFO, _OBJECT_INFO, _CLASSIFICATION, _VELOCITY, _ID = 4, 6, 7, 8, 10, 11, 19, 23
_KEPT = frozenset((3, 4, 9, 12, 13, 14, 15, 16, 22))


_MAX_NAMES = 50  # of one object; more are kept as they were said
UNKNOWN_PLACE = Loss("detection_report.location", "NOT_MODELLED")


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
        kept = [fields[number] for number in fields if number in _KEPT]
        heard = _track_info(report, fields[_TRACK_INFO][0], kept) if _TRACK_INFO in fields else None
        names, name, remarks = self._names(report, fields, kept, losses)
        sighting, meaning = self._sighting(report, node, fields, losses)
        motion = NO_MOTION
        if _VELOCITY in fields:
            motion = motion_of(report.enu_velocity, meaning, losses)
        doubts = detection_doubts(report, message.timestamp.seconds, known_of(meaning, node.pose.reach_m))
        if doubts:
            doubted(doubts, rules, losses)
        kind = NO_KIND
        classes: tuple[Classification, ...] = ()
        if _CLASSIFICATION in fields:
            classes, kind = classes_of(report, node, meaning, rules.limits, losses)
        extensions: tuple[Extension, ...] = ()
        if kept or message.additional_information:
            extension = self._extension(kept, message.additional_information, losses)
            extensions = (extension,) if extension is not None else ()
        state = _state(time, frame, rules, sighting, motion, meaning)
        ended = _STATE in fields and report.state.strip().casefold() in rules.ended
        status: Status | None = Status(ended=True) if ended else None
        if heard is not None:
            state, status = _with_heard(state, status, heard)
        return Track(
            identifiers=(Identifier("sapient_object", f"{node.node_id}/{report.object_id}"), *names),
            environment=kind.environment,
            platform=kind.platform,
            name=name,
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

    def _names(
        self,
        report: DetectionReport,
        fields: Mapping[int, tuple[FieldDescriptor, object]],
        kept: list[tuple[FieldDescriptor, object]],
        losses: list[Loss],
    ) -> tuple[tuple[Identifier, ...], str | None, str | None]:
        """Further identifiers, name and remarks; what is neither goes to `kept`."""
        limits = self._rules.limits
        name = remarks = None
        names: tuple[Identifier, ...] = ()
        if _ID in fields:
            if is_marker(report.id):
                kept.append(fields[_ID])
            else:
                name = short(report.id, "detection_report.id", limits)
        if _OBJECT_INFO in fields:
            names, remarks = _object_info(report, fields[_OBJECT_INFO][0], kept)
            if remarks is not None:
                remarks = long(remarks, "detection_report.object_info", limits, losses)
        return names, name, remarks

    def _sighting(
        self,
        report: DetectionReport,
        node: Node,
        fields: Mapping[int, tuple[FieldDescriptor, object]],
        losses: list[Loss],
    ) -> tuple[Sighting, Meaning]:
        if _LOCATION in fields:
            location = report.location
            if is_unknown(location):
                losses.append(UNKNOWN_PLACE)
                return Sighting(), node.meaning(False, location.coordinate_system, location.datum)
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


def _track_info(report: DetectionReport, field: FieldDescriptor, kept: Fields) -> Heard:
    """What is said in our words; the rest joins what is kept."""
    heard = Heard()
    others = [one for one in report.track_info if one.HasField("error") or not heard.take(one.type, one.value)]
    if others:
        kept.append((field, others))
    return heard


def _object_info(
    report: DetectionReport, field: FieldDescriptor, kept: Fields
) -> tuple[tuple[Identifier, ...], str | None]:
    """Names and remarks in our words; the rest joins what is kept."""
    names: dict[Identifier, None] = {}  # in order, and none twice
    others: list[object] = []
    remarks: str | None = None
    for one in report.object_info:
        name = None if one.HasField("error") else name_of(one.type, one.value)
        if name is not None and name not in names and len(names) < _MAX_NAMES:
            names[name] = None
        elif one.type == REMARKS and remarks is None and not one.HasField("error"):
            remarks = one.value
        else:
            others.append(one)
    if others:
        kept.append((field, others))
    return tuple(names), remarks


def _state(time: datetime, frame: Frame, rules: Rules, sighting: Sighting, motion: Motion, meaning: Meaning) -> State:
    return State(
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
        accuracy=accuracy_of(sighting, motion, meaning),
        polar=sighting.polar,
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
