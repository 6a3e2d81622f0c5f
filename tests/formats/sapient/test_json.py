from __future__ import annotations

import json
from math import inf, isnan

import pytest
from google.protobuf import json_format

from gateway.errors import Code, FormatError
from gateway.formats.sapient import codes, v2
from gateway.formats.sapient.json import json_name, read_json, validate_json, write_json
from gateway.formats.sapient.messages import SapientMessage
from gateway.formats.sapient.v2 import schema
from gateway.limits import Limits
from tests.formats.sapient.samples import detection, error, every_kind, rich_detection


def plain(message: SapientMessage) -> dict[str, object]:
    body: dict[str, object] = json.loads(write_json(message))
    return body


def told(body: object) -> list[tuple[str, Code]]:
    return [(one.path, one.code) for one in validate_json(json.dumps(body).encode())]


def with_report(**members: object) -> dict[str, object]:
    body = plain(detection())
    report = body["detectionReport"]
    assert isinstance(report, dict)
    report |= members
    return body


def test_every_message_survives_json_and_reads_as_protobufs_own_reader_reads_it() -> None:
    for message in every_kind():
        text = write_json(message)
        assert read_json(text) == message
        assert json_format.Parse(text.decode(), SapientMessage()) == message
        assert validate_json(text) == ()


def test_member_names_are_those_of_proto3_json_and_the_fields_own_are_taken_too() -> None:
    for fact in schema().messages.values():
        descriptor = schema().classes[fact.name].DESCRIPTOR
        for field in fact.fields:
            assert descriptor.fields_by_name[field.name].json_name == json_name(field.name)
    own = json_format.MessageToJson(rich_detection(), preserving_proto_field_name=True)
    assert read_json(own.encode()) == rich_detection()


def test_a_byte_order_mark_is_nothing() -> None:
    assert read_json(b"\xef\xbb\xbf" + write_json(detection())) == detection()


def test_an_unknown_member_is_refused_with_its_path_and_all_others_are_judged() -> None:
    body = with_report(detectionLocation={"x": 1}, detectionConfidence=7)
    assert told(body) == [
        ("detection_report.detectionLocation", codes.UNKNOWN_NAME),
        ("detection_report.detection_confidence", codes.RANGE),
    ]
    with pytest.raises(FormatError) as refused:
        read_json(json.dumps(body).encode())
    assert refused.value.code is codes.UNKNOWN_NAME
    assert refused.value.place == "detection_report.detectionLocation"


def test_null_is_the_same_as_absent() -> None:
    assert told(with_report(taskId=None)) == []
    assert told(with_report(objectId=None)) == [("detection_report.object_id", codes.MISSING)]
    assert told(with_report(associatedFile=[None])) == [("detection_report.associated_file[0]", codes.WRONG_TYPE)]


@pytest.mark.parametrize(
    ("members", "path", "code"),
    [
        ({"objectId": 5}, "object_id", codes.WRONG_TYPE),
        ({"objectId": ["x"]}, "object_id", codes.WRONG_TYPE),
        ({"state": "\ud800"}, "state", codes.WRONG_TYPE),
        ({"detectionConfidence": "high"}, "detection_confidence", codes.WRONG_TYPE),
        ({"detectionConfidence": "0x1"}, "detection_confidence", codes.WRONG_TYPE),
        ({"detectionConfidence": True}, "detection_confidence", codes.WRONG_TYPE),
        ({"detectionConfidence": 1e39}, "detection_confidence", codes.WRONG_TYPE),
        ({"detectionConfidence": "NaN"}, "detection_confidence", codes.NOT_FINITE),
        ({"classification": {}}, "classification", codes.WRONG_TYPE),
        ({"classification": ["x"]}, "classification[0]", codes.WRONG_TYPE),
        ({"location": []}, "location", codes.WRONG_TYPE),
        ({"classification": [{"type": "a", "subClass": [{"type": "b", "level": 1.5}]}]}, "", codes.WRONG_TYPE),
        ({"classification": [{"type": "a", "subClass": [{"type": "b", "level": 2**31}]}]}, "", codes.WRONG_TYPE),
        ({"predictionLocation": {"location": {}, "predictedTimestamp": "yesterday"}}, "", codes.WRONG_TYPE),
    ],
)
def test_a_member_of_the_wrong_type_is_refused_with_its_path(members: dict[str, object], path: str, code: Code) -> None:
    found = told(with_report(**members))
    assert found[0][1] is code
    assert not path or found[0][0] == f"detection_report.{path}"


def test_numbers_may_be_texts_and_levels_may_be_whole_floats() -> None:
    classes = [
        {"type": "a", "confidence": "0.5", "subClass": [{"type": "b", "level": "1"}, {"type": "c", "level": 2.0}]}
    ]
    message = read_json(json.dumps(with_report(classification=classes)).encode())
    one = message.detection_report.classification[0]
    assert (one.confidence, [sub.level for sub in one.sub_class]) == (0.5, [1, 2])


def test_enumerations_are_names_or_numbers() -> None:
    body = with_report()
    location = body["detectionReport"]["location"]  # type: ignore[index]  # made above
    location["datum"] = 2
    assert read_json(json.dumps(body).encode()).detection_report.location.datum == v2.LocationDatum.WGS84_G
    for wrong, code in (("WGS84", codes.UNKNOWN_VALUE), (7, codes.UNKNOWN_VALUE), (True, codes.WRONG_TYPE)):
        location["datum"] = wrong
        assert ("detection_report.location.datum", code) in told(body)


def test_infinities_are_read_as_the_mapping_says_and_refused_by_the_validator() -> None:
    body = with_report()
    location = body["detectionReport"]["location"]  # type: ignore[index]  # made above
    location["z"], location["xError"] = "-Infinity", "NaN"
    read = read_json(json.dumps(body).encode()).detection_report.location
    assert read.z == -inf
    assert isnan(read.x_error)
    assert told(body) == [
        ("detection_report.location.z", codes.NOT_FINITE),
        ("detection_report.location.x_error", codes.NOT_FINITE),
    ]


def test_octets_are_base64_of_either_alphabet() -> None:
    body = plain(error())
    for text in ("-_8=", "+/8", "-_8"):
        body["error"]["packet"] = text  # type: ignore[index]  # made above
        assert read_json(json.dumps(body).encode()).error.packet == b"\xfb\xff"
    for text in ("*", "abc*", "a", 5):
        body["error"]["packet"] = text  # type: ignore[index]  # made above
        assert ("error.packet", codes.WRONG_TYPE) in told(body)


@pytest.mark.parametrize(
    ("text", "seconds", "nanos"),
    [
        ("1970-01-01T00:00:00Z", 0, 0),
        ("1970-01-01T02:00:00.5+02:00", 0, 500_000_000),
        ("1969-12-31T23:59:59.999999999Z", -1, 999_999_999),
        ("2023-07-07t12:44:17.027638700z", 1_688_733_857, 27_638_700),
        ("1970-01-01T00:00:00-00:30", 1_800, 0),
    ],
)
def test_times_are_read_to_the_nanosecond(text: str, seconds: int, nanos: int) -> None:
    body = plain(detection()) | {"timestamp": text}
    stamp = read_json(json.dumps(body).encode()).timestamp
    assert (stamp.seconds, stamp.nanos) == (seconds, nanos)


@pytest.mark.parametrize(
    "text",
    [
        "2023-07-07T12:44:17",
        "2023-07-07",
        "2023-13-07T12:44:17Z",
        "2023-07-07T12:44:17.1234567890Z",
        5,
        "2023-07-07T12:44:17+99:99",
        "",
    ],
)
def test_times_without_zone_or_beyond_the_calendar_are_refused(text: object) -> None:
    assert ("timestamp", codes.WRONG_TYPE) in told(plain(detection()) | {"timestamp": text})


def test_a_member_twice_and_two_alternatives_are_refused() -> None:
    text = write_json(detection()).replace(b'"nodeId":', b'"nodeId": "x", "nodeId":')
    assert ("node_id", codes.TWICE) in [(one.path, one.code) for one in validate_json(text)]
    both = with_report(rangeBearing={})
    assert ("detection_report.range_bearing", codes.TWICE) in told(both)
    names = with_report(object_id="x")
    assert ("detection_report.object_id", codes.TWICE) in told(names)


@pytest.mark.parametrize(
    "octets",
    [b"", b"[]", b"5", b"null", b'"x"', b"{", b"\xff", b'{"timestamp": NaN}', b'{"a": 1} {"b": 2}', b"[" * 100_000],
)
def test_what_is_no_json_object_is_refused(octets: bytes) -> None:
    with pytest.raises(FormatError) as refused:
        validate_json(octets)
    assert refused.value.code in (codes.NOT_JSON, codes.TOO_DEEP)


def test_depth_and_size_are_bounded() -> None:
    inner: dict[str, object] = {"type": "x", "level": 1}
    for _ in range(40):
        inner = {"type": "x", "level": 1, "subClass": [inner]}
    body = with_report(classification=[{"type": "x", "subClass": [inner]}])
    with pytest.raises(FormatError) as refused:
        read_json(json.dumps(body).encode())
    assert refused.value.code is codes.TOO_DEEP
    with pytest.raises(FormatError) as refused:
        read_json(write_json(detection()), Limits(max_frame_octets=100))
    assert refused.value.code is codes.TOO_LARGE


def test_a_text_wrong_everywhere_has_a_bounded_number_of_faults() -> None:
    assert len(told({f"member{number}": 1 for number in range(10_000)})) == 100


def test_a_time_that_json_cannot_express_is_refused_on_the_way_out() -> None:
    message = detection()
    message.timestamp.seconds = 2**60
    with pytest.raises(FormatError) as refused:
        write_json(message)
    assert refused.value.code is codes.UNWRITABLE
