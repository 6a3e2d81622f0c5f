"""What we say of ourselves: the Registration that declares how our detections are to be read, and StatusReports.

Detections of ours are in latitude and longitude in degrees and metres above the ellipsoid or the geoid, velocities in
metres per second from true north, errors one standard deviation in degrees (of x and y) and metres (of z). That is
declared once per datum, because a definition names one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from gateway.formats.sapient.place import DEGREES, ELLIPSOID, GEOID
from gateway.formats.sapient.spoken import ERRORS, FLAGS, NAMES, NUMBERS, REMARKS, STALE
from gateway.formats.sapient.table_v2 import VERSION
from gateway.formats.sapient.ulid import fresh
from gateway.formats.sapient.v2 import (
    RegistrationClassDefinition,
    RegistrationConfidenceDefinition,
    RegistrationDetectionDefinition,
    RegistrationDetectionReportCategory,
    RegistrationModeType,
    RegistrationNodeType,
    RegistrationRegionType,
    RegistrationSubClass,
    RegistrationTimeUnits,
    RegistrationTrackingType,
    SapientMessage,
    SpeedUnits,
    StatusReportInfo,
    StatusReportSystem,
)
from gateway.symbols.sapient import CLASSES

MODE = "Relay"
_AT_ONCE_S = 0.001  # nothing of ours settles; the standard's test harness takes a duration of zero for a missing one
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Self(Struct, frozen=True, kw_only=True):
    """Who speaks."""

    node_id: str
    name: str
    short_name: str = ""
    heartbeat_s: float = 10.0
    site: tuple[float, float, float | None, float | None] | None = None
    """Latitude, longitude, height above the ellipsoid, height above mean sea level: where we say that we stand."""


def envelope(own: Self, time: datetime, destination: str = "") -> SapientMessage:
    """A message of ours without contents."""
    message = SapientMessage(node_id=own.node_id)
    since = time - _EPOCH
    message.timestamp.seconds = since // timedelta(seconds=1)
    message.timestamp.nanos = time.microsecond * 1000
    if destination:
        message.destination_id = destination
    return message


def registration(own: Self, now: datetime, destination: str = "") -> SapientMessage:
    """Our Registration."""
    message = envelope(own, now, destination)
    said = message.registration
    said.node_definition.add(node_type=RegistrationNodeType.FUSION_NODE, node_sub_type=["Track gateway"])
    said.icd_version = VERSION
    said.name = own.name
    if own.short_name:
        said.short_name = own.short_name
    said.capabilities.add(category="Relay", type="Tracks of partner nations", value="Detections", units="Reports")
    _seconds(said.status_definition.status_interval, own.heartbeat_s)
    if own.site is not None:
        place = said.status_definition.location_definition
        place.location_units = DEGREES
        place.location_datum = GEOID if own.site[2] is None and own.site[3] is not None else ELLIPSOID
    mode = said.mode_definition.add(mode_name=MODE, mode_type=RegistrationModeType.PERMANENT)
    mode.mode_description = "Reports tracks that partner nations have released"
    _seconds(mode.settle_time, _AT_ONCE_S)
    mode.tracking_type = RegistrationTrackingType.TRACK
    for datum in (ELLIPSOID, GEOID):
        _define(mode.detection_definition.add(), datum)
    _no_tasks(mode)
    said.config_data.add(manufacturer="Alliance track gateway", model="Track gateway")
    return message


def _seconds(duration: object, seconds: float) -> None:
    duration.units = RegistrationTimeUnits.SECONDS  # type: ignore[attr-defined]  # a RegistrationDuration
    duration.value = seconds  # type: ignore[attr-defined]  # likewise


def _define(definition: RegistrationDetectionDefinition, datum: int) -> None:
    definition.location_type.location_units = DEGREES
    definition.location_type.location_datum = datum
    definition.velocity_type.enu_velocity_units.east_north_rate_units = SpeedUnits.MS
    definition.velocity_type.enu_velocity_units.up_rate_units = SpeedUnits.MS
    definition.velocity_type.location_datum = datum
    error = definition.geometric_error
    error.type, error.units, error.variation_type = "Standard Deviation", "degrees", "As stated in each report"
    classes = definition.detection_class_definition.add()
    classes.confidence_definition = RegistrationConfidenceDefinition.SINGLE_CLASS
    known: dict[tuple[str, ...], RegistrationClassDefinition | RegistrationSubClass] = {}
    for path in sorted(CLASSES):  # each class after the one above it
        for depth in range(1, len(path) + 1):
            here = path[:depth]
            if here in known:
                continue
            if depth == 1:
                known[here] = classes.class_definition.add(type=here[0], units="probability")
            else:
                known[here] = known[here[:-1]].sub_class.add(type=here[-1], units="probability", level=depth - 1)
    declare = definition.detection_report.add
    for name in (*NAMES, REMARKS):
        declare(category=RegistrationDetectionReportCategory.OBJECT, type=name, units="text")
    for flag in FLAGS:
        declare(category=RegistrationDetectionReportCategory.TRACK, type=f"status.{flag}", units="true, false")
    for name, unit in {**NUMBERS, **ERRORS}.items():
        declare(category=RegistrationDetectionReportCategory.TRACK, type=name, units=unit)
    declare(category=RegistrationDetectionReportCategory.TRACK, type=STALE, units="ISO 8601 UTC")


def _no_tasks(mode: object) -> None:
    """The standard wants a task definition of everybody; ours allows none at a time."""
    task = mode.task  # type: ignore[attr-defined]  # a RegistrationModeDefinition
    task.concurrent_tasks = 0
    task.region_definition.region_type.append(RegistrationRegionType.AREA_OF_INTEREST)
    area = task.region_definition.region_area.add()
    area.location_units, area.location_datum = DEGREES, ELLIPSOID


def status(own: Self, now: datetime, *, new: bool, leaving: bool = False, destination: str = "") -> SapientMessage:
    """A heartbeat; the last one says goodbye."""
    message = envelope(own, now, destination)
    said = message.status_report
    said.report_id = fresh(now)
    said.system = StatusReportSystem.GOODBYE if leaving else StatusReportSystem.OK
    said.info = StatusReportInfo.NEW if new else StatusReportInfo.UNCHANGED
    said.mode = MODE
    if own.site is not None and new:
        latitude, longitude, hae, msl = own.site
        place = said.node_location
        place.x, place.y, place.coordinate_system = longitude, latitude, DEGREES
        height = hae if hae is not None else msl
        if height is not None:
            place.z = height
        place.datum = GEOID if hae is None and msl is not None else ELLIPSOID
    return message


def error(own: Self, now: datetime, packet: bytes, reasons: Sequence[str], destination: str = "") -> SapientMessage:
    """What was wrong with a message of the peer, which is given back to it."""
    message = envelope(own, now, destination)
    message.error.packet = packet or b"\0"  # mandatory, and empty is missing
    message.error.error_message.extend(reasons)
    return message
