"""A track to a DetectionReport, or to an Alert if it was one, in the units that `declaration` declares."""

from __future__ import annotations

from datetime import datetime
from math import cos, isfinite, radians, sin

from gateway.errors import FormatError
from gateway.formats.sapient import ulid
from gateway.formats.sapient.alert import IDENTIFIER as ALERT_IDENTIFIER
from gateway.formats.sapient.alert import SCHEME as ALERT_SCHEME
from gateway.formats.sapient.classes import SCHEME, best_paths, kind_of
from gateway.formats.sapient.declaration import Self, envelope
from gateway.formats.sapient.kept import NAMESPACE, fill
from gateway.formats.sapient.place import DEGREES, ELLIPSOID, GEOID, degrees_per_metre
from gateway.formats.sapient.session import codes
from gateway.formats.sapient.session.errors import CIRCULAR_95, LINEAR_95
from gateway.formats.sapient.spoken import NAMES, REMARKS, name_of, said_of
from gateway.formats.sapient.unsaid import unsaid
from gateway.formats.sapient.v2 import (
    Alert,
    AlertStatus,
    AlertType,
    DetectionReport,
    Location,
    SapientMessage,
)
from gateway.limits import Limits
from gateway.symbols import to_sapient
from gateway.track import Classification, Loss, State, Track

LOST = "lost"
_LARGEST = 1e9
_HAIR_DEG = 1e-9  # a tenth of a millimetre
_OBJECT = "sapient_object"


class ReportWriter:
    """Writes the reports of one node of ours."""

    def __init__(self, own: Self, limits: Limits) -> None:
        self._own = own
        self._limits = limits
        self._paths: dict[object, tuple[tuple[str, ...], tuple[Loss, ...]]] = {}

    def message(self, track: Track, now: datetime, lost: list[Loss], destination: str = "") -> SapientMessage:
        """The message of a track. `FormatError` where it cannot be one: no position, no time, no name."""
        place = track.track_id or (track.identifiers[0].value if track.identifiers else "")
        state = track.state
        ended = track.status is not None and bool(track.status.ended)
        if state is None:
            raise FormatError(codes.NO_STATE, place=place)
        message = envelope(self._own, state.time, destination)
        if any(one.scheme == ALERT_SCHEME for one in track.classifications):
            self._alert(message, track, state, now, lost)
            return message
        if state.position is None:
            raise FormatError(codes.NO_POSITION, place=place)
        self._report(message, track, state, now, lost)
        if ended:
            message.detection_report.state = LOST
        return message

    # ---------------------------------------------------------------------------------------------------------- reports

    def _report(self, message: SapientMessage, track: Track, state: State, now: datetime, lost: list[Loss]) -> None:
        report = message.detection_report
        report.report_id = ulid.fresh(now)
        report.object_id = object_id_of(track)
        _location(report.location, state, track)
        skip = _spoken_for(state)
        _velocity(report, state, skip)
        if (share := _share(track.detection_confidence_pct)) is not None:
            report.detection_confidence = share
        if track.name:
            report.id = track.name
        self._classes(report, track, lost)
        for kind, value in said_of(track.status, state, state.accuracy, skip, lost):
            report.track_info.add(type=kind, value=value)
        for one in track.identifiers:
            if one.scheme in NAMES and name_of(one.scheme, one.value) is not None:
                report.object_info.add(type=one.scheme, value=one.value)
        if track.remarks:
            report.object_info.add(type=REMARKS, value=track.remarks)
        self._kept(message, report, track, "report", lost)
        unsaid(track, state, lost)

    def _classes(self, report: DetectionReport, track: Track, lost: list[Loss]) -> None:
        """The source's own classes while they mean what the track is; else the class that says it best."""
        own = [one for one in track.classifications if one.scheme == SCHEME]
        if own:
            _tree(report, own)
            kind = kind_of(best_paths(report, self._limits), {})
            if kind.environment is track.environment and kind.platform == track.platform:
                return
            del report.classification[:]
            lost.append(Loss("classifications", "NO_TARGET"))
        key = (track.environment, track.platform)
        known = self._paths.get(key)
        if known is None:
            if len(self._paths) >= self._limits.peers_remembered:
                self._paths.clear()
            known = self._paths[key] = to_sapient(environment=track.environment, platform=track.platform)
        path, losses = known
        lost.extend(losses)
        if not path or path == ("Unknown",):
            return
        target = report.classification.add(type=path[0])
        subs = target.sub_class
        for level, name in enumerate(path[1:], 1):
            subs = subs.add(type=name, level=level).sub_class

    def _kept(
        self,
        message: SapientMessage,
        inner: DetectionReport | Alert,
        track: Track,
        name: str,
        lost: list[Loss],
    ) -> None:
        additional: list[str] = []
        for extension in track.extensions:
            if extension.namespace != NAMESPACE or extension.name != name:
                lost.append(Loss("extensions", "NO_TARGET"))
            elif not fill(inner, extension, self._limits, additional=additional):
                lost.append(Loss("extensions", "OUT_OF_RANGE"))
        if additional:
            message.additional_information = additional[0]

    # ----------------------------------------------------------------------------------------------------------- alerts

    def _alert(self, message: SapientMessage, track: Track, state: State, now: datetime, lost: list[Loss]) -> None:
        alert = message.alert
        own = next((one.value for one in track.identifiers if one.scheme == ALERT_IDENTIFIER), "")
        given = own.rpartition("/")[2]
        alert.alert_id = given if ulid.is_ulid(given) else object_id_of(track)
        kind = next(one.type for one in track.classifications if one.scheme == ALERT_SCHEME)
        if kind in AlertType.__members__ and kind != AlertType.UNSPECIFIED.name:
            alert.alert_type = AlertType[kind]
        if track.remarks:
            alert.description = track.remarks
        if state.position is not None:
            _location(alert.location, state, track)
        elif state.polar is not None:
            lost.append(Loss("state.polar", "NO_POSITION"))  # it counts from its sensor, and that is not us
        if (share := _share(track.detection_confidence_pct)) is not None:
            alert.confidence = share
        self._kept(message, alert, track, "alert", lost)
        if track.status is not None and track.status.ended:
            alert.status = AlertStatus.CLEAR
        unsaid(track, state, lost)


def object_id_of(track: Track) -> str:
    """The object id of a track: the bits of its track id, else its SAPIENT object's, else of its first name's digest.

    `FormatError` for a track without any name.
    """
    if track.track_id:
        try:
            return ulid.of_uuid(track.track_id)
        except ValueError:
            raise FormatError(codes.NO_NAME, place=track.track_id[:60], cause="track_id is no UUID") from None
    if not track.identifiers:
        raise FormatError(codes.NO_NAME)
    first = track.identifiers[0]
    given = first.value.rpartition("/")[2]
    if first.scheme == _OBJECT and ulid.is_ulid(given):
        return given
    return ulid.of_name(first.scheme, first.value)


def _location(location: Location, state: State, track: Track) -> None:
    position = state.position
    assert position is not None
    latitude, longitude = position.latitude_deg, position.longitude_deg
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise FormatError(codes.NOT_FINITE, place=track.track_id or "", cause="position is not on Earth")
    if latitude == 0.0 == longitude:
        latitude = _HAIR_DEG  # 0/0 would say that it is not known
    location.x, location.y, location.coordinate_system = longitude, latitude, DEGREES
    height = state.altitude_hae_m if state.altitude_hae_m is not None else state.altitude_msl_m
    if height is not None:
        if not -_LARGEST < height < _LARGEST:
            raise FormatError(codes.NOT_FINITE, place=track.track_id or "", cause="height is not finite")
        location.z = height
    location.datum = GEOID if state.altitude_hae_m is None and state.altitude_msl_m is not None else ELLIPSOID
    accuracy = state.accuracy
    if accuracy is None:
        return
    if _is_error(accuracy.horizontal_95_m):
        assert accuracy.horizontal_95_m is not None
        sigma = accuracy.horizontal_95_m / CIRCULAR_95
        per_east, per_north = degrees_per_metre(latitude)
        location.x_error, location.y_error = sigma * per_east, sigma * per_north
    if height is not None and _is_error(accuracy.vertical_95_m):
        assert accuracy.vertical_95_m is not None
        location.z_error = accuracy.vertical_95_m / LINEAR_95


def _is_error(value: float | None) -> bool:
    return value is not None and isfinite(value) and 0 <= value < _LARGEST


def _spoken_for(state: State) -> set[str]:
    """Members of a state and its accuracy that fields of their own carry."""
    skip = {"altitude_hae_m" if state.altitude_hae_m is not None else "altitude_msl_m", "horizontal_95_m"}
    if state.altitude_hae_m is not None or state.altitude_msl_m is not None:
        skip.add("vertical_95_m")
    return skip


def _velocity(report: DetectionReport, state: State, skip: set[str]) -> None:
    """East, north and up rates, which need a speed and a course; what is left is said in words."""
    speed, course, up = state.ground_speed_mps, state.course_deg, state.vertical_rate_mps
    if speed is None or not isfinite(speed) or (course is None and speed != 0) or not isfinite(course or 0.0):
        return
    velocity = report.enu_velocity
    angle = radians(course or 0.0)
    velocity.east_rate, velocity.north_rate = speed * sin(angle), speed * cos(angle)
    skip.add("ground_speed_mps")
    if speed > 0:
        skip.add("course_deg")
    if up is not None and isfinite(up):
        velocity.up_rate = up
        skip.add("vertical_rate_mps")


def _share(percent: float | None) -> float | None:
    return percent / 100 if percent is not None and 0 <= percent <= 100 else None


def _tree(report: DetectionReport, classes: list[Classification]) -> None:
    """The classes as a tree again, each below the one before it that is a level higher."""
    holders: list[object] = []
    for one in classes:
        level = min(one.level, len(holders) + 1)
        del holders[level - 1 :]
        if level <= 1:
            made: object = report.classification.add(type=one.type)
        else:
            made = holders[-1].sub_class.add(type=one.type, level=level - 1)  # type: ignore[attr-defined]  # a class or sub-class
        share = _share(one.confidence_pct)
        if share is not None:
            made.confidence = share  # type: ignore[attr-defined]  # likewise
        holders.append(made)
