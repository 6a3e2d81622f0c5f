from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import inf

import pytest

from gateway.errors import Code
from gateway.formats.sapient import codes, v2
from gateway.formats.sapient.messages import SapientMessage
from gateway.formats.sapient.plausible import Known, coverage_m, implausible, ulid_time_s
from gateway.formats.sapient.validate import validate
from tests.formats.sapient.samples import (
    NODE,
    OBJECT,
    SENT_S,
    alert,
    bearing,
    detection,
    every_kind,
    rich_detection,
    status,
    task,
)

SENT = datetime.fromtimestamp(SENT_S + 0.5, UTC)


def told(message: SapientMessage, **others: object) -> list[tuple[str, Code]]:
    assert validate(message) == (), "only valid messages are doubted"
    return [(one.path, one.code) for one in implausible(message, **others)]  # type: ignore[arg-type]  # by name


def utm(x: float, y: float, zone: str = "34U") -> SapientMessage:
    message = detection()
    location = message.detection_report.location
    location.coordinate_system = v2.LocationCoordinateSystem.UTM_M
    location.x, location.y, location.utm_zone = x, y, zone
    return message


@pytest.mark.parametrize("message", every_kind(), ids=lambda one: str(one.WhichOneof("content")))
def test_our_own_samples_can_be_true(message: SapientMessage) -> None:
    assert told(message, received_at=SENT) == []


@pytest.mark.parametrize(
    ("x", "y", "zone", "words"),
    [
        (51.17, -1.82, "30U", "latitude and longitude, swapped,"),
        (-1.82, 51.17, "30U", "longitude and latitude in degrees"),
        (54.9, 23.5, "34U", "latitude and longitude, swapped,"),
        (10.0, 10.0, "32P", "perhaps"),
        (54.9, 23.5, "", "perhaps"),
    ],
)
def test_degrees_called_metres_of_utm_are_doubted_and_read_as_what_they_are(
    x: float, y: float, zone: str, words: str
) -> None:
    (doubt,) = implausible(utm(x, y, zone))
    assert (doubt.path, doubt.code) == ("detection_report.location", codes.MISFIT)
    assert words in doubt.cause


@pytest.mark.parametrize(
    ("x", "y", "zone", "field"),
    [
        (50_000.0, 6_080_000.0, "34U", "x"),
        (950_000.0, 6_080_000.0, "34U", "x"),
        (500_000.0, 10_500_000.0, "34U", "y"),
        (500_000.0, -5.0, "34U", "y"),
        (500_000.0, 1_000_000.0, "34U", "y"),
        (500_000.0, 6_080_000.0, "34G", "y"),
    ],
)
def test_utm_outside_its_zone_or_band_is_doubted(x: float, y: float, zone: str, field: str) -> None:
    assert told(utm(x, y, zone)) == [(f"detection_report.location.{field}", codes.MISFIT)]


@pytest.mark.parametrize(
    ("x", "y", "zone"),
    [
        (500_000.0, 6_080_000.0, "34U"),
        (334_000.0, 6_250_000.0, "56H"),
        (500_000.0, 9_000_000.0, "33X"),
        (400_000.0, 5.0, "31N"),
    ],
)
def test_utm_inside_its_zone_and_band_is_believed(x: float, y: float, zone: str) -> None:
    assert told(utm(x, y, zone)) == []


def _location(field: str, value: float) -> Callable[[], SapientMessage]:
    def make() -> SapientMessage:
        message = detection()
        setattr(message.detection_report.location, field, value)
        return message

    return make


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("z", -1_000.0, codes.HEIGHT),
        ("z", 9_999_999.0, codes.HEIGHT),
        ("x_error", 5.0, codes.MISFIT),
        ("y_error", 5.0, codes.MISFIT),
    ],
)
def test_markers_for_unknown_and_metres_beside_degrees_are_doubted(field: str, value: float, code: Code) -> None:
    assert told(_location(field, value)()) == [(f"detection_report.location.{field}", code)]


def test_null_island_is_doubted() -> None:
    message = detection()
    message.detection_report.location.x = message.detection_report.location.y = 0.0
    assert told(message) == [("detection_report.location", codes.NULL_ISLAND)]
    message = status()
    message.status_report.node_location.x = message.status_report.node_location.y = 0.0
    assert told(message) == [("status_report.node_location", codes.NULL_ISLAND)]


@pytest.mark.parametrize(
    ("rate", "unit", "doubted"),
    [
        (2_900.0, v2.SpeedUnits.MS, False),
        (3_100.0, v2.SpeedUnits.MS, True),
        (3_100.0, v2.SpeedUnits.KPH, False),
        (11_000.0, v2.SpeedUnits.KPH, True),
        (3_100.0, None, False),
        (11_000.0, None, True),
    ],
)
def test_a_speed_is_doubted_in_its_declared_unit_and_in_favour_of_the_node_without(
    rate: float, unit: int | None, *, doubted: bool
) -> None:
    message = detection()
    message.detection_report.enu_velocity.east_rate = rate
    expected = [("detection_report.enu_velocity", codes.SPEED)] if doubted else []
    assert told(message, known=Known(speed_unit=unit)) == expected


@pytest.mark.parametrize(
    ("late_s", "doubted"), [(0.0, False), (0.89, False), (0.91, True), (-0.09, False), (-0.11, True), (3_600.0, True)]
)
def test_a_message_far_from_its_reception_is_doubted(late_s: float, *, doubted: bool) -> None:
    expected = [("timestamp", codes.CLOCK)] if doubted else []
    assert told(detection(), received_at=SENT + timedelta(seconds=late_s)) == expected


def test_identifiers_minted_at_another_time_are_doubted_and_never_used_as_a_time() -> None:
    message = detection()
    message.detection_report.report_id = message.detection_report.object_id = "01GGYFBAXH4VYRQYEX7S3XGK3H"
    assert told(message, received_at=SENT) == [
        ("detection_report.report_id", codes.CLOCK),
        ("detection_report.object_id", codes.CLOCK),
    ]
    assert datetime.fromtimestamp(ulid_time_s("01GGYFBAXH4VYRQYEX7S3XGK3H"), UTC).year == 2022
    message = alert()
    message.alert.alert_id = "01GGYFBAXH4VYRQYEX7S3XGK3H"
    assert told(message) == [("alert.alert_id", codes.CLOCK)]


def test_an_object_may_be_older_than_its_report() -> None:
    message = detection()
    message.timestamp.seconds += 29 * 86_400
    message.detection_report.report_id = "01KC5S0M8G4N8X2Q3R5S6T7V8W"
    paths = [path for path, _ in told(message)]
    assert "detection_report.object_id" not in paths


def test_a_prediction_for_the_past_is_doubted() -> None:
    message = rich_detection()
    message.detection_report.prediction_location.predicted_timestamp.seconds = SENT_S - 10
    path = "detection_report.prediction_location.predicted_timestamp"
    assert told(message) == [(path, codes.CLOCK)]


def test_a_range_beyond_what_the_node_covers_is_doubted() -> None:
    message = bearing()
    one = message.detection_report.range_bearing
    one.range = 6_000.0
    reach = coverage_m(status().status_report)
    assert reach == 5_000.0
    assert told(message) == []
    assert told(message, known=Known(range_m=reach)) == [("detection_report.range_bearing.range", codes.GEOMETRY)]
    one.coordinate_system = v2.RangeBearingCoordinateSystem.DEGREES_KM
    assert told(message) == [("detection_report.range_bearing.range", codes.GEOMETRY)]


def test_coverage_by_coordinates_says_no_range() -> None:
    report = status().status_report
    report.coverage.add().location_list.locations.add()
    assert coverage_m(report) is None
    assert coverage_m(v2.StatusReport()) is None


def test_a_bearing_without_any_angle_or_range_is_doubted() -> None:
    message = bearing()
    for name in ("azimuth", "elevation"):
        message.detection_report.range_bearing.ClearField(name)
    assert told(message) == [("detection_report.range_bearing", codes.GEOMETRY)]


def test_references_to_itself_are_doubted() -> None:
    message = rich_detection()
    message.destination_id = NODE
    report = message.detection_report
    report.associated_detection[0].node_id, report.associated_detection[0].object_id = NODE, OBJECT
    report.derived_detection[0].node_id, report.derived_detection[0].object_id = NODE, OBJECT
    assert told(message) == [
        ("destination_id", codes.SELF),
        ("detection_report.associated_detection[0].object_id", codes.SELF),
        ("detection_report.derived_detection[0].object_id", codes.SELF),
    ]


def test_areas_of_a_task_are_looked_at() -> None:
    message = task()
    region = message.task.region.add(type=v2.TaskRegionType.IGNORE, region_id=OBJECT, region_name="car park")
    corner = region.region_area.location_list.locations.add()
    corner.coordinate_system = v2.LocationCoordinateSystem.LAT_LNG_DEG_M
    corner.datum = v2.LocationDatum.WGS84_E
    corner.x = corner.y = 0.0
    message.task.command.move_to.locations.add().CopyFrom(corner)
    at = "task.region[0].region_area.location_list.locations"
    assert told(message) == [
        (f"{at}[0]", codes.NULL_ISLAND),
        (at, codes.GEOMETRY),
        ("task.command.move_to.locations[0]", codes.NULL_ISLAND),
    ]


def test_doubts_leave_even_a_message_that_is_not_valid_standing() -> None:
    message = detection()
    message.detection_report.location.x = inf
    message.detection_report.object_id = "x" * 26
    implausible(message, received_at=SENT)
