from __future__ import annotations

import pytest
from google.protobuf.message import Message

from gateway.errors import FormatError
from gateway.formats.sapient import codes, v1, v2
from gateway.formats.sapient.messages import parse, serialise
from gateway.formats.sapient.v1 import parse_v1, read_json_v1, upgrade, validate_v1, version_of
from gateway.formats.sapient.validate import validate
from gateway.track import Loss
from tests.formats.sapient.samples import NODE, OTHER, REPORT, detection, registration, rich_detection

HEAD = f'"timestamp": "2026-11-22T08:12:00.5Z", "nodeId": "{NODE}"'


def old(content: str) -> Message:
    return read_json_v1(f"{{{HEAD}, {content}}}".encode())


KIND = '{"locationUnits": "LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M", "locationDatum": "LOCATION_DATUM_WGS84_E"}'
SECONDS = '{"units": "TIME_UNITS_SECONDS", "value": 5}'
TASK = f"""{{"regionDefinition": {{"regionType": ["REGION_TYPE_BOUNDARY"], "regionArea": [{KIND}]}},
 "command": [{{"name": "Look", "units": "m", "completionTime": {SECONDS}, "type": "COMMAND_TYPE_LOOK_AT"}}]}}"""
REGISTRATION = f"""
"registration": {{
  "nodeDefinition": [{{"nodeType": "NODE_TYPE_RADAR"}}],
  "icdVersion": "BSI Flex 335 v1.0",
  "capabilities": [{{"category": "Radar", "type": "Range"}}],
  "statusDefinition": {{"statusInterval": {SECONDS}}},
  "modeDefinition": [{{
    "modeName": "Default", "modeType": "MODE_TYPE_PERMANENT", "settleTime": {SECONDS},
    "detectionDefinition": {{"locationType": {KIND}}},
    "task": [{TASK}, {TASK}]
  }}]
}}"""
STATUS = f"""
"statusReport": {{
  "reportId": "{REPORT}", "system": "SYSTEM_OK", "info": "INFO_NEW",
  "power": {{"source": "Mains", "status": "OK", "level": 80}},
  "coverage": {{"rangeBearing": {{"range": 5, "coordinateSystem": "RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_KM",
                               "datum": "RANGE_BEARING_DATUM_TRUE"}}}},
  "status": [
    {{"statusLevel": "STATUS_LEVEL_SENSOR_STATUS", "statusType": "Internal fault", "statusValue": "hot"}},
    {{"statusType": "Moon phase", "statusValue": "full"}}
  ]
}}"""


def test_a_registration_of_version_1_is_valid_by_its_own_rules_and_not_by_those_of_version_2() -> None:
    message = old(REGISTRATION)
    assert validate_v1(message, octets=message.SerializeToString()) == ()
    upgraded, _ = upgrade(message)
    told = {(one.path, one.code) for one in validate(upgraded)}
    assert ("registration.config_data", codes.MISSING) in told
    assert ("registration.icd_version", codes.ICD_VERSION) in told


def test_faults_of_version_1_have_their_paths_and_cite_version_1() -> None:
    message = old(REGISTRATION.replace('"modeName": "Default",', ""))
    (fault,) = validate_v1(message)
    assert fault.path == "registration.mode_definition[0].mode_name"
    assert fault.clause.startswith("BSI Flex 335 v1.0")
    newer = old(REGISTRATION.replace("v1.0", "v2.0"))
    assert [(one.path, one.code) for one in validate_v1(newer)] == [("registration.icd_version", codes.ICD_VERSION)]


def test_a_registration_carries_over_with_multiplicities_swapped_and_nothing_made_up() -> None:
    upgraded, losses = upgrade(old(REGISTRATION))
    own = upgraded.registration
    assert len(own.config_data) == 0, "no manufacturer, no model: the node never said"
    assert own.icd_version == "BSI Flex 335 v1.0", "what the node declared"
    (mode,) = own.mode_definition
    assert len(mode.detection_definition) == 1
    assert mode.task.command[0].type == v2.RegistrationCommandType.LOOK_AT
    assert losses == (
        Loss("registration.mode_definition[0].task[0].command[0].name", "NO_TARGET"),
        Loss("registration.mode_definition[0].task[1]", "NO_TARGET"),
    )


def test_a_status_report_carries_over_and_lists_what_has_no_place() -> None:
    message = old(STATUS)
    assert validate_v1(message) == ()
    upgraded, losses = upgrade(message.SerializeToString())
    report = upgraded.status_report
    assert not report.HasField("mode"), "version 1 does not demand one"
    assert report.power.source == v2.StatusReportPowerSource.MAINS
    assert (report.power.status, report.power.level) == (v2.StatusReportPowerStatus.OK, 80)
    assert [one.range_bearing.range for one in report.coverage] == [5.0]
    assert [one.status_type for one in report.status] == [
        v2.StatusReportStatusType.INTERNAL_FAULT,
        v2.StatusReportStatusType.OTHER,
    ]
    assert not report.status[0].HasField("status_level")
    assert losses == (
        Loss("status_report.status[0].status_level", "NO_CODE"),
        Loss("status_report.status[1].status_type", "NO_CODE"),
    )


def test_a_battery_of_unknown_kind_is_a_loss_and_not_a_guess() -> None:
    upgraded, losses = upgrade(old(STATUS.replace("Mains", "battery")))
    assert upgraded.status_report.power.source == v2.StatusReportPowerSource.UNSPECIFIED
    assert Loss("status_report.power.source", "NO_CODE") in losses


@pytest.mark.parametrize(
    ("content", "read", "expected"),
    [
        (
            '"registrationAck": {"acceptance": false, "ackResponseReason": "no"}',
            lambda m: list(m.registration_ack.ack_response_reason),
            ["no"],
        ),
        (
            f'"taskAck": {{"taskId": "{OTHER}", "taskStatus": "TASK_STATUS_REJECTED", "reason": "busy"}}',
            lambda m: [*m.task_ack.reason, m.task_ack.task_status],
            ["busy", v2.TaskAckTaskStatus.REJECTED],
        ),
        (
            f'"alertAck": {{"alertId": "{REPORT}", "alertStatus": "ALERT_STATUS_CANCELLED", "reason": "old"}}',
            lambda m: [*m.alert_ack.reason, m.alert_ack.alert_ack_status],
            ["old", v2.AlertAckStatus.CANCELLED],
        ),
        (
            '"error": {"packet": "AAEC", "errorMessage": "what?"}',
            lambda m: [m.error.packet, *m.error.error_message],
            [b"\x00\x01\x02", "what?"],
        ),
    ],
    ids=["registration ack", "task ack", "alert ack", "error"],
)
def test_single_texts_become_lists_and_renamed_fields_are_found(content: str, read: object, expected: object) -> None:
    message = old(content)
    assert validate_v1(message) == ()
    upgraded, losses = upgrade(message)
    assert losses == ()
    assert read(upgraded) == expected  # type: ignore[operator]  # one of the lambdas above
    assert validate(upgraded, octets=serialise(upgraded)) == ()


def test_a_detection_is_the_same_in_both_versions() -> None:
    for message in (detection(), rich_detection()):
        first = parse_v1(serialise(message))
        assert validate_v1(first, octets=serialise(message)) == ()
        assert upgrade(first) == (message, ())


def test_a_task_of_version_1_that_returns_to_the_default_has_no_counterpart() -> None:
    message = old(f'"task": {{"taskId": "{OTHER}", "control": "CONTROL_DEFAULT"}}')
    assert validate_v1(message) == ()
    upgraded, losses = upgrade(message)
    assert not upgraded.task.HasField("control")
    assert losses == (Loss("task.control", "NO_CODE"),)
    assert [one.path for one in validate(upgraded)] == ["task.control"]


def test_looking_at_an_area_carries_over() -> None:
    kind = KIND.replace("locationUnits", "coordinateSystem").replace("locationDatum", "datum").strip("{}")
    area = f'{{"locationList": {{"locations": [{{"x": 1, "y": 2, {kind}}}]}}}}'
    message = old(f'"task": {{"taskId": "{OTHER}", "control": "CONTROL_START", "command": {{"lookAt": {area}}}}}')
    upgraded, losses = upgrade(message)
    assert losses == ()
    assert upgraded.task.command.look_at.location_list.locations[0].y == 2.0
    assert validate(upgraded) == ()


def test_the_registration_tells_the_versions_apart_and_nothing_else_does() -> None:
    first = old(REGISTRATION).SerializeToString()
    assert version_of(parse(first)) == "BSI Flex 335 v1.0"
    assert version_of(parse_v1(first)) == "BSI Flex 335 v1.0"
    assert version_of(registration()) == "BSI Flex 335 v2.0"
    assert version_of(parse_v1(serialise(registration()))) == "BSI Flex 335 v2.0"
    assert version_of(detection()) is None


@pytest.mark.parametrize("declared", ["", "7.0", "6", "BSI Flex 335 v3.0", "x" * 5_000])
def test_any_other_version_is_refused(declared: str) -> None:
    message = registration()
    message.registration.icd_version = declared
    with pytest.raises(FormatError) as refused:
        version_of(message)
    assert (refused.value.code, refused.value.place) == (codes.VERSION, "registration.icd_version")
    assert len(refused.value.cause) < 200


def test_what_version_2_added_is_unknown_to_version_1() -> None:
    message = registration()
    message.registration.icd_version = "BSI Flex 335 v1.0"
    octets = serialise(message)
    told = {one.path for one in validate_v1(parse_v1(octets), octets=octets)}
    assert {"registration.field 8", "registration.field 10"} <= told


def test_octets_that_are_no_message_are_refused() -> None:
    with pytest.raises(FormatError) as refused:
        upgrade(b"\xff")
    assert refused.value.code is codes.NOT_PROTOBUF
    with pytest.raises(FormatError):
        read_json_v1(b'{"additionalInformation": "new in version 2"}')


def test_every_field_of_version_1_has_a_target_or_is_known_to_be_lost() -> None:
    lost = set()
    for name, fact in v1.schema().messages.items():
        later = "LocationOrRangeBearing" if name.endswith(".LocationOrRangeBearing") else name
        targets = {one.name for one in v2.schema().messages[later].fields}
        lost |= {f"{name}.{one.name}" for one in fact.fields if one.name not in targets}
    assert lost == {"Registration.Command.name", "AlertAck.alert_status"}
