"""Messages of our own that break no rule, for tests to break one at a time."""

from __future__ import annotations

from gateway.formats.sapient import v2
from gateway.formats.sapient.messages import SapientMessage

NODE = "5f2b1c3d-7e8f-4a9b-8c0d-1e2f3a4b5c6d"
PARENT = "0a1b2c3d-4e5f-4061-9283-a4b5c6d7e8f9"
REPORT = "01KAJ7VQ0G4N8X2Q3R5S6T7V8W"
OBJECT = "01KAJ7VQ0G4N8X2Q3R5S6T7V8X"
OTHER = "01KAJ7VQ0G4N8X2Q3R5S6T7V8Y"
SENT_S = 1_763_696_303  # when the ULIDs above were minted


def envelope() -> SapientMessage:
    message = v2.SapientMessage(node_id=NODE, destination_id=PARENT)
    message.timestamp.seconds = SENT_S
    message.timestamp.nanos = 500_000_000
    return message


def detection() -> SapientMessage:
    """A drone with position, velocity and class: what a radar sends most of the time."""
    message = envelope()
    report = message.detection_report
    report.report_id, report.object_id = REPORT, OBJECT
    place(report.location)
    report.detection_confidence = 0.875
    report.classification.add(type="Air Vehicle", confidence=0.75).sub_class.add(
        type="UAV Rotary Wing", confidence=0.5, level=1
    )
    velocity = report.enu_velocity
    velocity.east_rate, velocity.north_rate, velocity.up_rate = 3.0, -4.0, 0.5
    return message


def place(location: v2.Location) -> None:
    location.x, location.y, location.z = 23.5, 54.9, 120.0
    location.x_error, location.y_error, location.z_error = 1e-4, 1e-4, 10.0
    location.coordinate_system = v2.LocationCoordinateSystem.LAT_LNG_DEG_M
    location.datum = v2.LocationDatum.WGS84_E


def rich_detection() -> SapientMessage:
    """A detection with something in every field."""
    message = detection()
    report = message.detection_report
    report.task_id, report.state, report.colour, report.id = OTHER, "lost", "red", "LY-123"
    report.track_info.add(type="speed", value="5", error=0.5)
    report.object_info.add(type="size", value="small")
    ahead = report.prediction_location
    place(ahead.location)
    ahead.predicted_timestamp.seconds = SENT_S + 5
    report.behaviour.add(type="loitering", confidence=0.25)
    report.associated_file.add(type="image", url="https://sensor.example/1.jpg")
    report.signal.add(amplitude=-40.0, start_frequency=2.4e9, centre_frequency=2.45e9, stop_frequency=2.5e9)
    related = report.associated_detection.add(node_id=PARENT, object_id=OTHER)
    related.association_type = v2.AssociationRelation.SIBLING
    related.timestamp.seconds = SENT_S
    report.derived_detection.add(node_id=PARENT, object_id=OTHER).timestamp.seconds = SENT_S
    return message


def bearing() -> SapientMessage:
    """A detection that is only a direction."""
    message = envelope()
    report = message.detection_report
    report.report_id, report.object_id = REPORT, OBJECT
    one = report.range_bearing
    one.azimuth, one.elevation, one.azimuth_error = 271.5, -3.0, 2.0
    one.coordinate_system = v2.RangeBearingCoordinateSystem.DEGREES_M
    one.datum = v2.RangeBearingDatum.TRUE
    return message


def registration() -> SapientMessage:
    message = envelope()
    own = message.registration
    own.icd_version = "BSI Flex 335 v2.0"
    own.name, own.short_name = "Radar of the north", "RN"
    own.node_definition.add(node_type=v2.RegistrationNodeType.RADAR)
    own.capabilities.add(category="Radar", type="Range", value="5000", units="m")
    own.dependent_nodes.append(PARENT)
    interval = own.status_definition.status_interval
    interval.units, interval.value = v2.RegistrationTimeUnits.SECONDS, 5.0
    kind(own.status_definition.location_definition)
    mode = own.mode_definition.add(mode_name="Default", mode_type=v2.RegistrationModeType.PERMANENT)
    mode.settle_time.units, mode.settle_time.value = v2.RegistrationTimeUnits.SECONDS, 1.0
    definition = mode.detection_definition.add()
    kind(definition.location_type)
    definition.velocity_type.enu_velocity_units.east_north_rate_units = v2.SpeedUnits.MS
    definition.velocity_type.location_datum = v2.LocationDatum.WGS84_E
    mode.task.concurrent_tasks = 0
    region = mode.task.region_definition
    region.region_type.append(v2.RegistrationRegionType.BOUNDARY)
    kind(region.region_area.add())
    own.config_data.add(manufacturer="Baltic Sensors", model="R1")
    return message


def kind(location_type: v2.RegistrationLocationType) -> None:
    location_type.location_units = v2.LocationCoordinateSystem.LAT_LNG_DEG_M
    location_type.location_datum = v2.LocationDatum.WGS84_E


def status() -> SapientMessage:
    message = envelope()
    report = message.status_report
    report.report_id, report.mode = REPORT, "Default"
    report.system, report.info = v2.StatusReportSystem.OK, v2.StatusReportInfo.NEW
    place(report.node_location)
    report.power.source, report.power.status = v2.StatusReportPowerSource.MAINS, v2.StatusReportPowerStatus.OK
    cone = report.coverage.add().range_bearing
    cone.azimuth, cone.range, cone.horizontal_extent, cone.vertical_extent = 0.0, 5.0, 360.0, 40.0
    cone.coordinate_system = v2.RangeBearingCoordinateSystem.DEGREES_KM
    cone.datum = v2.RangeBearingDatum.TRUE
    report.status.add(status_type=v2.StatusReportStatusType.WEATHER, status_value="rain")
    return message


def task() -> SapientMessage:
    message = envelope()
    own = message.task
    own.task_id, own.control = OTHER, v2.TaskControl.START
    own.task_start_time.seconds, own.task_end_time.seconds = SENT_S, SENT_S + 60
    own.command.request = "Status"
    return message


def alert() -> SapientMessage:
    message = envelope()
    own = message.alert
    own.alert_id, own.region_id = REPORT, OTHER
    place(own.location)
    own.ranking, own.confidence = 0.5, 0.5
    own.associated_detection.add(node_id=NODE, object_id=OBJECT)
    return message


def error() -> SapientMessage:
    message = envelope()
    message.error.packet = b"what came"
    message.error.error_message.append("node_id is missing")
    return message


def acks() -> list[SapientMessage]:
    first, second, third = envelope(), envelope(), envelope()
    first.registration_ack.acceptance = False
    first.registration_ack.ack_response_reason.append("unknown node")
    second.task_ack.task_id, second.task_ack.task_status = OTHER, v2.TaskAckTaskStatus.REJECTED
    second.task_ack.reason.append("not allowed")
    third.alert_ack.alert_id, third.alert_ack.alert_ack_status = REPORT, v2.AlertAckStatus.ACCEPTED
    return [first, second, third]


def every_kind() -> list[SapientMessage]:
    """One message of each kind, and more than one detection."""
    return [
        registration(),
        status(),
        detection(),
        rich_detection(),
        bearing(),
        task(),
        alert(),
        error(),
        *acks(),
    ]
