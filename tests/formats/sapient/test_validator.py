from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf, nan, pi

import pytest
from google.protobuf.message import Message

from gateway.errors import Code
from gateway.formats.sapient import codes, v2
from gateway.formats.sapient.messages import SapientMessage, parse, serialise
from gateway.formats.sapient.schema import TIMESTAMP
from gateway.formats.sapient.validate import validate
from tests.formats.sapient.samples import (
    acks,
    alert,
    bearing,
    detection,
    every_kind,
    registration,
    rich_detection,
    status,
    task,
)

Break = Callable[[SapientMessage], object]


def found(message: SapientMessage) -> list[tuple[str, Code]]:
    return [(one.path, one.code) for one in validate(message, octets=serialise(message))]


@pytest.mark.parametrize("message", every_kind(), ids=lambda one: str(one.WhichOneof("content")))
def test_a_message_that_breaks_no_rule_has_no_faults(message: SapientMessage) -> None:
    assert found(message) == []


def _mandatory() -> Iterator[tuple[SapientMessage, str, str, list[str | int]]]:
    """Every mandatory field of the samples: (sample, type, field, steps to the message that has it)."""
    seen: set[tuple[str, str]] = set()
    for sample in every_kind():
        waiting: list[tuple[Message, list[str | int]]] = [(sample, [])]
        while waiting:
            message, steps = waiting.pop()
            name = message.DESCRIPTOR.full_name.removeprefix(f"{v2.schema().package}.")
            fact = v2.schema().messages.get(name)
            if fact is None:
                continue
            for field in fact.fields:
                value = getattr(message, field.name)
                present = bool(value) if field.many or field.bare else message.HasField(field.name)
                if present and field.must and (name, field.name) not in seen:
                    seen.add((name, field.name))
                    yield sample, name, field.name, steps
                if present and field.type in v2.schema().messages:
                    inner = enumerate(value) if field.many else [(None, value)]
                    for index, one in inner:
                        waiting.append((one, [*steps, field.name, *([] if index is None else [index])]))


MANDATORY = list(_mandatory())


@pytest.mark.parametrize(("sample", "name", "field", "steps"), MANDATORY, ids=[f"{m[1]}.{m[2]}" for m in MANDATORY])
def test_a_missing_mandatory_field_is_a_fault_with_its_path(
    sample: SapientMessage, name: str, field: str, steps: list[str | int]
) -> None:
    message = parse(serialise(sample))
    at, path = message, ""
    for step in steps:
        at = at[step] if isinstance(step, int) else getattr(at, step)
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    at.ClearField(field)
    assert (f"{path}.{field}".lstrip("."), codes.MISSING) in found(message)


def test_the_samples_reach_most_of_what_is_mandatory() -> None:
    assert len(MANDATORY) >= 60


@pytest.mark.parametrize(
    ("sample", "clear", "path"),
    [
        (detection(), lambda m: m.ClearField("detection_report"), "content"),
        (detection(), lambda m: m.detection_report.ClearField("location"), "detection_report.location_oneof"),
        (
            rich_detection(),
            lambda m: m.detection_report.prediction_location.ClearField("location"),
            "detection_report.prediction_location.predicted_location_oneof",
        ),
        (task(), lambda m: m.task.command.ClearField("request"), "task.command.command"),
        (
            status(),
            lambda m: m.status_report.coverage[0].ClearField("range_bearing"),
            "status_report.coverage[0].fov_oneof",
        ),
        (
            registration(),
            lambda m: m.registration.status_definition.location_definition.ClearField("location_units"),
            "registration.status_definition.location_definition.coordinates_oneof",
        ),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_set_of_alternatives_without_any_is_a_fault(sample: SapientMessage, clear: Break, path: str) -> None:
    clear(sample)
    assert found(sample) == [(path, codes.NO_ALTERNATIVE)]


def _set(path: str, value: object) -> Break:
    def change(message: SapientMessage) -> None:
        *steps, last = path.replace("[0]", ".0").split(".")
        at: object = message
        for step in steps:
            at = at[0] if step == "0" else getattr(at, step)  # type: ignore[index]  # a repeated field
        if last == "0":
            raise AssertionError(path)
        setattr(at, last, value)

    return change


LOCATION = "detection_report.location"
WRONG: list[tuple[Callable[[], SapientMessage], str, object, Code]] = [
    # identifiers
    *[
        (detection, "node_id", value, codes.ID_FORM)
        for value in (
            "",
            "a",
            "5F2B1C3D-7E8F-4A9B-8C0D-1E2F3A4B5C6D",
            "5f2b1c3d-7e8f-1a9b-8c0d-1e2f3a4b5c6d",
            "5f2b1c3d-7e8f-4a9b-7c0d-1e2f3a4b5c6d",
            "{5f2b1c3d-7e8f-4a9b-8c0d-1e2f3a4b5c6d}",
            "5f2b1c3d7e8f4a9b8c0d1e2f3a4b5c6d",
            "5f2b1c3d-7e8f-4a9b-8c0d-1e2f3a4b5c6d\n",
            "01KAJ7VQ0G4N8X2Q3R5S6T7V8W",
        )
    ],
    (detection, "destination_id", "", codes.ID_FORM),
    *[
        (detection, "detection_report.object_id", value, codes.ID_FORM)
        for value in (
            "",
            "01kaj7vq0g4n8x2q3r5s6t7v8w",
            "81KAJ7VQ0G4N8X2Q3R5S6T7V8W",
            "01KAJ7VQ0G4N8X2Q3R5S6T7V8",
            "01KAJ7VQ0G4N8X2Q3R5S6T7V8I",
            "5f2b1c3d-7e8f-4a9b-8c0d-1e2f3a4b5c6d",
        )
    ],
    (detection, "detection_report.task_id", "", codes.ID_FORM),
    (rich_detection, "detection_report.associated_detection[0].node_id", "x", codes.ID_FORM),
    (alert, "alert.region_id", "x", codes.ID_FORM),
    (status, "status_report.active_task_id", "x", codes.ID_FORM),
    # numbers
    *[
        (detection, f"{LOCATION}.{field}", value, codes.NOT_FINITE)
        for field in ("x", "y", "z", "x_error", "z_error")
        for value in (nan, inf, -inf)
    ],
    (detection, "detection_report.enu_velocity.up_rate", nan, codes.NOT_FINITE),
    (detection, "detection_report.detection_confidence", nan, codes.NOT_FINITE),
    (detection, "detection_report.detection_confidence", 1.01, codes.RANGE),
    (detection, "detection_report.detection_confidence", -0.01, codes.RANGE),
    (detection, "detection_report.detection_confidence", 87.5, codes.RANGE),
    (detection, "detection_report.classification[0].confidence", 1.5, codes.RANGE),
    (detection, "detection_report.classification[0].sub_class[0].confidence", 1.5, codes.RANGE),
    (detection, "detection_report.classification[0].sub_class[0].level", -1, codes.RANGE),
    (rich_detection, "detection_report.behaviour[0].confidence", 2.0, codes.RANGE),
    (rich_detection, "detection_report.signal[0].amplitude", inf, codes.NOT_FINITE),
    (detection, f"{LOCATION}.x", 180.1, codes.RANGE),
    (detection, f"{LOCATION}.y", -90.1, codes.RANGE),
    (detection, f"{LOCATION}.x_error", -1.0, codes.RANGE),
    (detection, "detection_report.enu_velocity.east_rate_error", -1.0, codes.RANGE),
    (bearing, "detection_report.range_bearing.azimuth", 360.5, codes.RANGE),
    (bearing, "detection_report.range_bearing.azimuth", -180.5, codes.RANGE),
    (bearing, "detection_report.range_bearing.elevation", 90.5, codes.RANGE),
    (bearing, "detection_report.range_bearing.range", -1.0, codes.RANGE),
    (alert, "alert.ranking", 1.5, codes.RANGE),
    (alert, "alert.confidence", -1.0, codes.RANGE),
    (status, "status_report.power.level", 101, codes.RANGE),
    (status, "status_report.power.level", -1, codes.RANGE),
    (status, "status_report.coverage[0].range_bearing.horizontal_extent", 361.0, codes.RANGE),
    (registration, "registration.status_definition.status_interval.value", -5.0, codes.RANGE),
    # enumerations
    (detection, f"{LOCATION}.coordinate_system", 0, codes.UNSPECIFIED),
    (detection, f"{LOCATION}.coordinate_system", 3, codes.RESERVED_VALUE),
    (detection, f"{LOCATION}.coordinate_system", 4, codes.RESERVED_VALUE),
    (detection, f"{LOCATION}.coordinate_system", 6, codes.UNKNOWN_VALUE),
    (detection, f"{LOCATION}.coordinate_system", -1, codes.UNKNOWN_VALUE),
    (bearing, "detection_report.range_bearing.coordinate_system", 5, codes.RESERVED_VALUE),
    (bearing, "detection_report.range_bearing.coordinate_system", 6, codes.RESERVED_VALUE),
    (bearing, "detection_report.range_bearing.datum", 9, codes.UNKNOWN_VALUE),
    (alert, "alert.priority", 0, codes.UNSPECIFIED),
    (alert, "alert.alert_type", 7, codes.UNKNOWN_VALUE),
    (status, "status_report.system", 4, codes.RESERVED_VALUE),
    (status, "status_report.status[0].status_level", 1, codes.RESERVED_VALUE),
    (status, "status_report.power.source", 9, codes.UNKNOWN_VALUE),
    (task, "task.control", 4, codes.RESERVED_VALUE),
    # texts
    (detection, "detection_report.classification[0].type", "", codes.EMPTY),
    (rich_detection, "detection_report.associated_file[0].url", "", codes.EMPTY),
    (task, "task.command.request", "", codes.EMPTY),
    (status, "status_report.mode", "", codes.EMPTY),
    (registration, "registration.mode_definition[0].mode_name", "", codes.EMPTY),
    (registration, "registration.config_data[0].model", "", codes.MISSING),
    # version
    *[
        (registration, "registration.icd_version", value, codes.ICD_VERSION)
        for value in ("", "BSI Flex 335 v1.0", "bsi flex 335 v2.0", "BSI Flex 335 v2.0 ", "7.0")
    ],
    # zones and times
    (detection, f"{LOCATION}.utm_zone", "34U", codes.CONTRADICTION),
    (detection, "timestamp.nanos", 1_000_000_000, codes.INSTANT),
    (detection, "timestamp.seconds", 253_402_300_800, codes.INSTANT),
]


@pytest.mark.parametrize(
    ("sample", "path", "value", "code"), WRONG, ids=[f"{one[1]}={str(one[2])[:30]!r}" for one in WRONG]
)
def test_a_wrong_value_is_one_fault_with_its_path(
    sample: Callable[[], SapientMessage], path: str, value: object, code: Code
) -> None:
    message = sample()
    _set(path, value)(message)
    expected = path.removesuffix(".nanos").removesuffix(".seconds")
    assert found(message) == [(expected, code)]


def test_a_fault_says_what_is_expected_what_was_observed_and_by_which_rule() -> None:
    message = detection()
    message.detection_report.detection_confidence = 1.5
    (fault,) = validate(message)
    assert fault.cause == "expected between 0 and 1, observed 1.5"
    assert fault.clause == "BSI Flex 335 v2.0, DetectionReport.detection_confidence"
    refusal = fault.refusal()
    assert (refusal.code, refusal.place) == (codes.RANGE, "detection_report.detection_confidence")
    assert "observed 1.5" in refusal.cause


def test_a_long_value_is_not_echoed() -> None:
    message = detection()
    message.node_id = "x" * 10_000
    assert len(validate(message)[0].cause) < 200


def test_radians_have_their_own_bounds() -> None:
    message = detection()
    location = message.detection_report.location
    location.coordinate_system = v2.LocationCoordinateSystem.LAT_LNG_RAD_M
    location.x, location.y = pi, -pi / 2
    assert found(message) == []
    location.x, location.y = 23.5, 54.9
    assert found(message) == [(f"{LOCATION}.x", codes.RANGE), (f"{LOCATION}.y", codes.RANGE)]
    message = bearing()
    one = message.detection_report.range_bearing
    one.coordinate_system = v2.RangeBearingCoordinateSystem.RADIANS_KM
    one.azimuth, one.elevation = 2 * pi, -pi / 2
    assert found(message) == []
    one.azimuth = 7.0
    assert found(message) == [("detection_report.range_bearing.azimuth", codes.RANGE)]


@pytest.mark.parametrize(
    ("zone", "fault"),
    [("34U", False), ("05Q", False), ("60X", False), ("", False)]
    + [(one, True) for one in ("0U", "61U", "34", "U", "34I", "34O", "34u", "-1U", "999999999999U", "٣U")],
)
def test_utm_needs_a_zone_that_exists_and_may_rely_on_the_registered_one(zone: str, *, fault: bool) -> None:
    message = detection()
    location = message.detection_report.location
    location.coordinate_system = v2.LocationCoordinateSystem.UTM_M
    location.x, location.y, location.utm_zone = 500_000.0, 6_080_000.0, zone
    assert found(message) == ([(f"{LOCATION}.utm_zone", codes.RANGE)] if fault else [])


def test_utm_that_is_registered_needs_a_zone_but_for_the_nodes_own_position() -> None:
    message = registration()
    own = message.registration
    own.status_definition.location_definition.location_units = v2.LocationCoordinateSystem.UTM_M
    assert found(message) == []
    mode = own.mode_definition[0]
    mode.detection_definition[0].location_type.location_units = v2.LocationCoordinateSystem.UTM_M
    mode.task.region_definition.region_area[0].location_units = v2.LocationCoordinateSystem.UTM_M
    at = "registration.mode_definition[0]"
    assert found(message) == [
        (f"{at}.detection_definition[0].location_type.zone", codes.MISSING),
        (f"{at}.task.region_definition.region_area[0].zone", codes.MISSING),
    ]


def test_units_and_datum_of_different_kinds_contradict_each_other() -> None:
    message = registration()
    kind = message.registration.mode_definition[0].detection_definition[0].location_type
    kind.range_bearing_units = v2.RangeBearingCoordinateSystem.DEGREES_M
    at = "registration.mode_definition[0].detection_definition[0].location_type"
    assert found(message) == [(f"{at}.location_datum", codes.CONTRADICTION)]
    kind.range_bearing_datum = v2.RangeBearingDatum.TRUE
    assert found(message) == []
    own = message.registration.status_definition.location_definition
    own.CopyFrom(kind)
    path = "registration.status_definition.location_definition.range_bearing_units"
    assert found(message) == [(path, codes.CONTRADICTION)]


def test_a_signal_outside_its_own_band_and_a_task_that_ends_before_it_starts_contradict_themselves() -> None:
    message = rich_detection()
    message.detection_report.signal[0].start_frequency = 3e9
    message.detection_report.signal[0].stop_frequency = 1e9
    at = "detection_report.signal[0]"
    assert found(message) == [
        (f"{at}.start_frequency", codes.CONTRADICTION),
        (f"{at}.stop_frequency", codes.CONTRADICTION),
    ]
    message = task()
    message.task.task_end_time.seconds = message.task.task_start_time.seconds - 1
    assert found(message) == [("task.task_end_time", codes.CONTRADICTION)]


def test_a_missing_centre_frequency_is_one_fault_and_no_band_is_measured_by_it() -> None:
    message = rich_detection()
    message.detection_report.signal[0].ClearField("centre_frequency")
    assert found(message) == [("detection_report.signal[0].centre_frequency", codes.MISSING)]


def test_elements_of_lists_are_told_by_their_index() -> None:
    message = registration()
    message.registration.dependent_nodes.append("not a UUID")
    message.registration.mode_definition[0].task.region_definition.region_type.append(9)
    assert found(message) == [
        ("registration.mode_definition[0].task.region_definition.region_type[1]", codes.UNKNOWN_VALUE),
        ("registration.dependent_nodes[1]", codes.ID_FORM),
    ]
    rejected = acks()[0]
    rejected.registration_ack.ack_response_reason.append("")
    assert found(rejected) == [("registration_ack.ack_response_reason[1]", codes.EMPTY)]


def test_an_error_says_what_was_wrong_and_a_task_definition_how_many_at_once() -> None:
    message = registration()
    message.registration.mode_definition[0].task.ClearField("concurrent_tasks")
    assert found(message) == [("registration.mode_definition[0].task.concurrent_tasks", codes.MISSING)]
    assert "test harness" in validate(message)[0].clause


def test_a_detection_that_another_was_derived_from_has_its_time_and_one_merely_associated_need_not() -> None:
    message = rich_detection()
    message.detection_report.associated_detection[0].ClearField("timestamp")
    assert found(message) == []
    message.detection_report.derived_detection[0].ClearField("timestamp")
    assert found(message) == [("detection_report.derived_detection[0].timestamp", codes.MISSING)]
    assert "test harness" in validate(message)[0].clause


def test_unknown_fields_are_faults_at_every_depth_and_reserved_ones_are_told_apart() -> None:
    extra = b"\xfa\x3e\x01x"  # field 1007
    inner = serialise(detection())
    assert found(parse(inner + extra)) == [("field 1007", codes.UNKNOWN_FIELD)]
    message = detection()
    for field, path, number in (
        (message.detection_report.location, LOCATION, 1007),
        (
            message.detection_report.classification[0].sub_class[0],
            "detection_report.classification[0].sub_class[0]",
            1007,
        ),
    ):
        field.MergeFromString(extra)
        assert (f"{path}.field {number}", codes.UNKNOWN_FIELD) in found(message)
    message = detection()
    message.detection_report.MergeFromString(b"\x8a\x01\x00")  # 17: the velocity by roll, pitch and yaw of version 7
    assert found(message) == [("detection_report.field 17", codes.RESERVED_FIELD)]


def test_a_field_that_stands_twice_is_a_fault() -> None:
    octets = serialise(detection())
    again = octets + b"\x12\x24" + b"5f2b1c3d-7e8f-4a9b-8c0d-1e2f3a4b5c6d"
    (fault,) = validate(parse(again), octets=again)
    assert (fault.path, fault.code) == ("node_id", codes.TWICE)
    assert f"octet {len(octets)}" in fault.cause
    assert validate(parse(again)) == ()


def test_two_contents_in_one_message_are_a_fault_though_the_parser_keeps_the_last() -> None:
    octets = serialise(detection()) + serialise(alert())[len(serialise(_envelope_of(alert()))) :]
    message = parse(octets)
    assert message.WhichOneof("content") == "alert"
    (fault,) = validate(message, octets=octets)
    assert (fault.path, fault.code) == ("alert", codes.TWICE)
    assert "detection_report and alert" in fault.cause


def test_a_registration_with_a_field_twice_is_a_fault() -> None:
    message = registration()
    octets = serialise(message)
    inner = serialise(_envelope_of(message))
    body = octets[len(inner) :]
    assert body[:1] == b"\x22"
    twice = octets + body
    faults = validate(parse(twice), octets=twice)
    assert [(one.path, one.code) for one in faults] == [("registration", codes.TWICE)]


def _envelope_of(message: SapientMessage) -> SapientMessage:
    head = SapientMessage()
    head.CopyFrom(message)
    head.ClearField(str(message.WhichOneof("content")))
    return head


def test_a_message_that_is_wrong_everywhere_has_a_bounded_number_of_faults() -> None:
    message = detection()
    for _ in range(5_000):
        message.detection_report.classification.add().sub_class.add()
    assert len(validate(message, octets=serialise(message))) == 100


def test_the_timestamp_is_the_only_type_from_elsewhere() -> None:
    types = {field.type for one in v2.schema().messages.values() for field in one.fields}
    assert TIMESTAMP in types
