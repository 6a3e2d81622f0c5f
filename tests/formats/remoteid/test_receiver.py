"""Receivers' JSON in its shapes, with all that is wrong with it in the wild."""

from __future__ import annotations

import base64
import json
import struct
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.formats.remoteid import RemoteIdDecoder
from gateway.limits import Limits
from gateway.policy.personal import withhold_personal
from gateway.stages import Decoded
from gateway.track import Identifier, Loss, Operator, Position, RawRecord, Status, Track
from tests.formats.remoteid.support import LOCATION, MAC, OPERATOR_ID, PACK, SYSTEM, frame, one, service_data

Object = dict[str, Any]

NESTED: Object = {
    "Basic ID": {
        "protocol_version": "F3411.22",
        "id_type": "Serial Number (ANSI/CTA-2063-A)",
        "ua_type": "Helicopter (or Multirotor)",
        "id": "112624150A90E3AE1EC0",
        "MAC": "60:60:1F:1E:30:1E",
        "RSSI": -63,
    },
    "Location/Vector Message": {
        "op_status": "Airborne",
        "height_type": "Above Takeoff",
        "ew_dir_segment": "East",
        "speed_multiplier": "0.25",
        "direction": 87,
        "speed": "0.25 m/s",
        "vert_speed": "-1.0 m/s",
        "latitude": 52.1,
        "longitude": "4.25",
        "pressure_altitude": "Undefined",
        "geodetic_altitude": "64.5 m",
        "height_agl": "45 m",
        "vertical_accuracy": "<10 m",
        "horizontal_accuracy": "<1 m",
        "baro_accuracy": "<45 m",
        "speed_accuracy": "<1 m/s",
        "timestamp": "6 min 0.5 s",
        "timestamp_accuracy": "0.2 s",
    },
    "Self-ID Message": {"text": "Survey", "text_type": "Text"},
    "System Message": {
        "operator_lat": 52.11,
        "operator_lon": 4.26,
        "operator_location_type": "Take Off",
        "classification_type": "EU",
        "ua_category": "Open",
        "ua_class": "Class 1",
        "timestamp": "2026-11-22 12:05:00 UTC",
    },
    "Operator ID Message": {"operator_id_type": "Operator ID", "operator_id": "NLDabc123"},
}
FLAT: Object = {
    "UAType": 2,
    "IDType": 1,
    "BasicID": "1581F4QWB22CC00302LV",
    "Status": 1,
    "Direction": None,
    "SpeedHorizontal": 0.0,
    "SpeedVertical": 0.0,
    "Latitude": 37.8288078,
    "Longitude": -122.3777542,
    "AltitudeBaro": None,
    "AltitudeGeo": -32.0,
    "HeightType": 1,
    "Height": 0.0,
    "HorizAccuracy": 9,
    "VertAccuracy": 3,
    "BaroAccuracy": 0,
    "SpeedAccuracy": 2,
    "TSAccuracy": 10,
    "TimeStamp": [54, 14, 60],
    "OperatorLocationType": 1,
    "ClassificationType": 0,
    "OperatorLatitude": 37.8288047,
    "OperatorLongitude": -122.3778069,
    "AreaCount": 1,
    "AreaRadius": 0,
    "AreaCeiling": None,
    "AreaFloor": None,
    "CategoryEU": 0,
    "ClassEU": 0,
    "OperatorAltitudeGeo": -34.5,
    "Timestamp": ["2025-12-31 21:54 UTC"],
    "TimestampRaw": 220917254,
    "data": {
        "sensor ID": "north-0002",
        "RSSI": -63,
        "channel": 149,
        "timestamp": 1767218055767,
        "MAC address": "60:60:1F:1E:30:1E",
        "type": "WiFi beacon",
    },
    "topic": "/sensor/north-0002/upload",
}


def read(value: object, **options: Any) -> Decoded:
    octets = value if isinstance(value, bytes) else json.dumps(value).encode()
    return RemoteIdDecoder(**options).decode(frame(octets))


def track_of(value: object) -> Track:
    decoded = read(value)
    assert decoded.problems == ()
    (track,) = decoded.tracks
    return track


def changed(message: str, **members: object) -> Object:
    return NESTED | {message: NESTED[message] | members}


def located(**members: object) -> Track:
    return track_of(changed("Location/Vector Message", **members))


def test_the_nested_shape() -> None:
    track = track_of(NESTED)
    assert track.identifiers == (Identifier("uas_serial", "112624150A90E3AE1EC0"), Identifier("mac", MAC))
    assert (track.platform, track.identity, track.remarks) == ("UAV_ROTARY_WING", None, "Survey")
    assert track.status == Status(on_ground=False)
    assert [one.type for one in track.classifications] == ["OPEN", "C1"]
    assert track.operator == Operator(
        identifier="NLDabc123",
        position=Position(latitude_deg=52.11, longitude_deg=4.26),
        basis="TAKEOFF",
        time=datetime(2026, 11, 22, 12, 5, tzinfo=UTC),
    )
    state = track.state
    assert state is not None
    assert state.position == Position(latitude_deg=52.1, longitude_deg=4.25)
    assert (state.altitude_hae_m, state.altitude_baro_m) == (64.5, None)
    assert (state.height_takeoff_m, state.height_agl_m) == (45.0, None)  # whatever the member is called
    assert (state.course_deg, state.ground_speed_mps, state.vertical_rate_mps) == (87.0, 0.25, -1.0)
    assert state.time == datetime(2026, 11, 22, 12, 6, 0, 500_000, tzinfo=UTC)
    assert state.accuracy is not None
    assert (state.accuracy.horizontal_95_m, state.accuracy.vertical_95_m) == (1.0, 10.0)
    assert 'rssi-dbm="-63"' in track.extensions[0].xml
    assert track.raw == RawRecord("REMOTE_ID_JSON", json.dumps(NESTED).encode())
    assert track.provenance[0].losses == ()


def test_a_list_of_one_drones_messages_is_one_drone() -> None:
    parts = [{"MAC": "60-60-1F-1E-30-1E", "RSSI": -70}, *({name: value} for name, value in NESTED.items())]
    track = track_of(parts)
    assert track.identifiers[0].value == "112624150A90E3AE1EC0"
    assert track.operator is not None


def test_a_list_of_drones_is_several() -> None:
    other = NESTED | {"Basic ID": NESTED["Basic ID"] | {"id": "OTHER", "MAC": "60:60:1f:1e:30:1f"}}
    decoded = read([NESTED, other])
    assert [track.identifiers[0].value for track in decoded.tracks] == ["112624150A90E3AE1EC0", "OTHER"]


@pytest.mark.parametrize(
    "other", [{"Basic ID": NESTED["Basic ID"] | {"id": "OTHER"}}, {"Self-ID Message": {"MAC": "60:60:1f:1e:30:1f"}}]
)
def test_a_list_whose_messages_are_of_two_drones_is_refused_and_not_mixed(other: Object) -> None:
    decoded = read([{name: value} for name, value in NESTED.items()] + [other])
    assert decoded.tracks == ()
    assert [one.code.id for one in decoded.problems] == ["RID-006"]


def test_two_basic_ids_may_stand_in_a_list() -> None:
    ids = [NESTED["Basic ID"], {"id_type": "CAA Assigned Registration ID", "id": "NLD.1"}]
    track = track_of(NESTED | {"Basic ID": ids})
    assert [one.scheme for one in track.identifiers] == ["uas_serial", "uas_registration", "mac"]


def test_lines_are_reports_of_their_own_and_a_bad_one_harms_no_other() -> None:
    other = FLAT | {"data": {"MAC address": "60:60:1f:1e:30:1f"}}
    text = json.dumps(NESTED).encode() + b"\n{nonsense\n" + json.dumps(other).encode() + b"\n"
    decoded = read(text)
    assert len(decoded.tracks) == 2
    (problem,) = decoded.problems
    assert (problem.code.id, problem.place) == ("RID-008", "line 2, line 1 column 2")


def test_the_flat_shape() -> None:
    track = track_of(FLAT)
    assert track.identifiers == (Identifier("uas_serial", "1581F4QWB22CC00302LV"), Identifier("mac", MAC))
    assert track.status == Status(on_ground=True)
    assert track.operator == Operator(
        position=Position(latitude_deg=37.8288047, longitude_deg=-122.3778069),
        altitude_hae_m=-34.5,
        basis="LIVE_GNSS",
        time=datetime(2025, 12, 31, 21, 54, 14, tzinfo=UTC),
    )
    state = track.state
    assert state is not None
    assert (state.altitude_hae_m, state.altitude_baro_m, state.height_agl_m) == (-32.0, None, 0.0)
    assert (state.ground_speed_mps, state.course_deg) == (0.0, None)
    assert state.time == datetime(2026, 11, 22, 11, 54, 14, 600_000, tzinfo=UTC)
    assert 'channel="149" classification-type="0" receiver="north-0002" rssi-dbm="-63"' in track.extensions[0].xml
    assert 'transport="WiFi beacon"' in track.extensions[0].xml


def test_several_ids_of_the_flat_shape() -> None:
    ids = {"BasicID_0": "SER-1", "IDType_0": 1, "UAType_0": 1, "BasicID_1": "NLD.1", "IDType_1": "2"}
    track = track_of({name: value for name, value in FLAT.items() if name not in ("BasicID", "IDType")} | ids)
    assert [one.value for one in track.identifiers] == ["SER-1", "NLD.1", MAC]
    assert track.platform == "UAV_FIXED_WING"


def test_nan_is_nothing_in_every_field() -> None:
    text = json.dumps(FLAT | {"AltitudeGeo": float("nan"), "SpeedVertical": float("nan"), "Direction": float("nan")})
    assert "NaN" in text
    state = track_of(text.encode()).state
    assert state is not None
    assert (state.altitude_hae_m, state.vertical_rate_mps, state.course_deg) == (None, None, None)


@pytest.mark.parametrize("unknown", ["unknown", "Undefined", "NaN", "", None, "n/a", " - "])
def test_the_ways_to_say_nothing(unknown: object) -> None:
    members = ("speed", "vert_speed", "direction", "geodetic_altitude", "height_agl", "horizontal_accuracy")
    track = located(**dict.fromkeys(members, unknown))
    state = track.state
    assert state is not None
    assert (state.ground_speed_mps, state.vertical_rate_mps, state.course_deg) == (None, None, None)
    assert (state.altitude_hae_m, state.height_takeoff_m) == (None, None)
    assert state.accuracy is not None
    assert state.accuracy.horizontal_95_m is None
    assert track.provenance[0].losses == ()  # nothing was said, so nothing is lost


@pytest.mark.parametrize(
    ("members", "attribute"),
    [
        ({"direction": 361}, "course_deg"),
        ({"speed": "255.0 m/s"}, "ground_speed_mps"),
        ({"vert_speed": 63.0}, "vertical_rate_mps"),
        ({"geodetic_altitude": "-1000.0 m"}, "altitude_hae_m"),
        ({"latitude": 0, "longitude": "0.0"}, "position"),
        ({"latitude": None}, "position"),
    ],
)
def test_the_broadcasts_own_special_numbers_are_nothing_too(members: Object, attribute: str) -> None:
    track = located(**members)
    assert track.state is not None
    assert getattr(track.state, attribute) is None
    assert track.provenance[0].losses == ()


@pytest.mark.parametrize(
    ("members", "attribute"),
    [
        ({"direction": -1}, "course_deg"),
        ({"speed": "18 km/h"}, "ground_speed_mps"),
        ({"speed": "fast"}, "ground_speed_mps"),
        ({"speed": True}, "ground_speed_mps"),
        ({"vert_speed": 1e300}, "vertical_rate_mps"),
        ({"geodetic_altitude": "210 ft"}, "altitude_hae_m"),
        ({"latitude": 91}, "position"),
        ({"longitude": [4]}, "position"),
    ],
)
def test_what_cannot_be_read_is_absent_and_listed(members: Object, attribute: str) -> None:
    track = located(**members)
    assert track.state is not None
    assert getattr(track.state, attribute) is None
    (name,) = members
    assert Loss(f"Location/Vector Message/{name}", "OUT_OF_RANGE") in track.provenance[0].losses


def test_a_height_of_which_nobody_says_above_what_is_lost_and_not_assumed() -> None:
    message = {name: value for name, value in NESTED["Location/Vector Message"].items() if name != "height_type"}
    track = track_of(NESTED | {"Location/Vector Message": message})
    assert track.state is not None
    assert (track.state.height_agl_m, track.state.height_takeoff_m) == (None, None)
    assert Loss("Location/Vector Message/height_agl", "NO_DATUM") in track.provenance[0].losses


@pytest.mark.parametrize(
    ("segment", "direction", "course"),
    [("East", 87, 87.0), ("West", 36, 216.0), ("West", 216, 216.0), ("West", 0, 180.0), ("East", 360, 0.0)],
)
def test_a_direction_with_its_segment_apart_is_put_together(segment: str, direction: int, course: float) -> None:
    state = located(ew_dir_segment=segment, direction=direction).state
    assert state is not None
    assert state.course_deg == course


@pytest.mark.parametrize(
    ("stamp", "minute", "second"),
    [
        ("6 min 0.5 s", 6, 0.5),
        ("06:00.50", 6, 0.5),
        ([6, 0, 50], 6, 0.5),
        (360.5, 6, 0.5),
        ("360.5", 6, 0.5),
        ("2026-11-22 12:06:00.5 UTC", 6, 0.5),
    ],
)
def test_the_ways_to_write_the_time_since_the_hour(stamp: object, minute: int, second: float) -> None:
    state = located(timestamp=stamp).state
    assert state is not None
    assert state.time_quality == "MEASURED"
    assert (state.time.minute, state.time.second + state.time.microsecond / 1e6) == (minute, second)


@pytest.mark.parametrize("stamp", ["3600.5", 1735677509089, "yesterday", "2026-11-22 12:06:00", [1, 2]])
def test_a_time_that_cannot_be_told_is_that_of_reception(stamp: object) -> None:
    track = located(timestamp=stamp)
    assert track.state is not None
    assert track.state.time_quality == "RECEIVED"
    assert Loss("Location/Vector Message/timestamp", "OUT_OF_RANGE") in track.provenance[0].losses


@pytest.mark.parametrize("nothing", [65535, 6553.5, None, "unknown"])
def test_an_unknown_time_is_no_loss(nothing: object) -> None:
    assert located(timestamp=nothing).provenance[0].losses == ()


def test_the_point_of_take_off_stands_in_for_an_operator_whose_place_nobody_knows() -> None:
    system = {"latitude": 0.0, "longitude": 0.0, "home_lat": 52.0, "home_lon": 4.0}
    track = track_of(NESTED | {"System Message": system})
    assert track.operator is not None
    assert (track.operator.position, track.operator.basis) == (
        Position(latitude_deg=52.0, longitude_deg=4.0),
        "TAKEOFF",
    )


def test_unknown_members_are_listed_and_never_in_an_extension_for_they_may_be_personal() -> None:
    track = track_of(NESTED | {"pilot_phone": "+31 6 1234", "System Message": {"latitude": 1, "longitude": 2, "x": 9}})
    assert {Loss("pilot_phone", "NOT_MODELLED"), Loss("System Message/x", "NOT_MODELLED")} <= set(
        track.provenance[0].losses
    )
    assert "1234" not in track.extensions[0].xml
    assert track.raw is not None  # it goes with the operator, whom the track has


PLAIN: Object = {name: NESTED[name] for name in ("Basic ID", "Location/Vector Message")}
FLAT_PLAIN: Object = {name: FLAT[name] for name in ("UAType", "IDType", "BasicID", "Status", "Latitude", "Longitude")}
SECRETS = (b"52.0123456", b"FIN87astrdge12k8", SYSTEM.hex().encode(), base64.b64encode(SYSTEM + OPERATOR_ID))


def _twice() -> bytes:
    """JSON with two members of one name, of which readers take the last."""
    text = json.dumps(PLAIN).removesuffix("}")
    told = '{"operator_lat": 52.0123456, "operator_lon": 8.1}'
    return f'{text}, "System Message": {told}, "System Message": {{}}}}'.encode()


@pytest.mark.parametrize(
    "report",
    [
        PLAIN | {"pilot": {"lat": 52.0123456}},
        PLAIN | {"System Message": {"operator_lat": "52.0123456 N", "operator_lon": "8.1 E"}},
        PLAIN | {"System Message": {"operator_lat": 52.0123456}},
        PLAIN | {"System Message": {"operator_lat": None, "operator_latitude": 52.0123456, "operator_lon": 8.1}},
        PLAIN | {"System Message": [{}, "52.0123456"]},
        PLAIN | {"Operator ID Message": {"operator_id": "FIN87astrdge12k8" * 10}},
        PLAIN | {"Operator ID Message": {"operator_id": ["FIN87astrdge12k8"]}},
        PLAIN | {"Authentication Message": {"operator": "FIN87astrdge12k8"}},
        PLAIN | {"Signal Info": {"pilot": "52.0123456"}},
        PLAIN | {"index": "FIN87astrdge12k8"},
        PLAIN | {"AdvData": (SYSTEM + OPERATOR_ID).hex()},
        FLAT_PLAIN | {"data": {"UASdata": base64.b64encode(SYSTEM + OPERATOR_ID).decode()}},
        FLAT_PLAIN | {"OperatorID": "", "OperatorId": "FIN87astrdge12k8"},
        FLAT_PLAIN | {"OperatorLatitude": "52.0123456N"},
        FLAT_PLAIN | {"topic": "FIN87astrdge12k8"},
        _twice(),
    ],
)
def test_an_operator_whom_nobody_could_read_is_not_told_of_by_the_text(report: Object | bytes) -> None:
    octets = report if isinstance(report, bytes) else json.dumps(report).encode()
    assert any(secret in octets for secret in SECRETS)
    (track,) = RemoteIdDecoder(node="nld-1").decode(frame(octets)).tracks
    assert (track.operator, track.raw) == (None, None)
    assert Loss("raw", "WITHHELD") in track.provenance[0].losses
    assert not any(secret in repr(withhold_personal(track)).encode() for secret in SECRETS)


def test_sniffers_tell_the_address_in_their_own_layer() -> None:
    nested = {name: value for name, value in NESTED.items() if name != "Basic ID"}
    sniffed = {"AUX_ADV_IND": {"aa": 2391391958, "rssi": -68}, "aext": {"AdvA": "60:60:1F:1E:30:1E random"}}
    track = track_of(nested | sniffed | {"Basic ID": {"id_type": 1, "id": "SER", "ua_type": 2}, "index": 42})
    assert track.identifiers == (Identifier("uas_serial", "SER"), Identifier("mac", MAC))
    assert 'rssi-dbm="-68"' in track.extensions[0].xml


def test_an_undecoded_advertisement_is_decoded() -> None:
    track = track_of({"AdvData": service_data(PACK).hex(), "aext": {"AdvA": MAC}})
    assert track.identifiers[-1] == Identifier("mac", MAC)
    assert track.raw == RawRecord("REMOTE_ID", PACK)


def test_frequency_is_told_in_hertz_or_megahertz() -> None:
    for value in (5_805_000_000.0, 5_805):
        assert (
            'frequency-mhz="5805"' in track_of(NESTED | {"Frequency Message": {"frequency": value}}).extensions[0].xml
        )


def test_an_id_of_no_declared_kind_is_no_name() -> None:
    track = track_of(changed("Basic ID", id_type="Something New"))
    assert [one.scheme for one in track.identifiers] == ["mac"] if track.identifiers else True


def test_an_id_that_is_too_long_is_a_loss() -> None:
    decoded = read(changed("Basic ID", id="X" * 21))
    (track,) = decoded.tracks
    assert [one.scheme for one in track.identifiers] == ["mac"]
    assert Loss("Basic ID/id", "OUT_OF_RANGE") in track.provenance[0].losses


def image(*, flags: bytes | None = None, latitude: float = 36.55) -> bytes:
    """What a receiver has in memory, put together here by the library's own structures."""
    basic = struct.pack("<ii21s3x", 2, 1, b"1787F04BM24010011195")
    location = struct.pack(
        "<ifffddffifiiiiif", 2, 361.0, 0.25, -0.5, latitude, 6.1, -1000.0, 99.0, 0, 12.0, 10, 4, 0, 3, 5, 2307.0
    )
    system = struct.pack("<iiddHHffiifI", 1, 1, 36.6, 6.2, 1, 0, -1000.0, -1000.0, 1, 3, 44.0, 189_000_000)
    self_id = struct.pack("<i24s", 0, b"Survey")
    operator = struct.pack("<i21s3x", 0, b"NLDabc")
    valid = flags if flags is not None else bytes((1, 0, 1)) + bytes(16) + bytes((1, 1, 1))
    whole = basic + bytes(32) + location + bytes(640) + self_id + bytes(4) + system + bytes(4) + operator + valid
    assert len(whole) == 914
    return whole + bytes(6)


def envelope(octets: bytes) -> Object:
    data = {"sensor ID": "north-2", "RSSI": -91, "channel": 6, "MAC address": MAC, "type": "WiFi beacon"}
    return {"protocol": 1.0, "data": data | {"UASdata": base64.b64encode(octets).decode()}}


def test_a_memory_image_is_read_by_its_valid_flags() -> None:
    track = track_of(envelope(image()))
    assert track.identifiers == (Identifier("uas_serial", "1787F04BM24010011195"), Identifier("mac", MAC))
    assert track.remarks == "Survey"
    assert track.operator == Operator(
        identifier="NLDabc",
        position=Position(latitude_deg=36.6, longitude_deg=6.2),
        altitude_hae_m=44.0,
        basis="LIVE_GNSS",
        time=datetime(2024, 12, 27, 12, 0, tzinfo=UTC),
    )
    state = track.state
    assert state is not None
    assert state.position == Position(latitude_deg=36.55, longitude_deg=6.1)
    assert (state.course_deg, state.ground_speed_mps, state.vertical_rate_mps) == (None, 0.25, -0.5)
    assert (state.altitude_hae_m, state.altitude_baro_m, state.height_takeoff_m) == (99.0, None, 12.0)
    signed = track_of(envelope(image(flags=bytes((1, 0, 1, 1, 1)) + bytes(17))))
    assert Loss("Authentication", "NOT_MODELLED") in signed.provenance[0].losses
    nothing_else = track_of(envelope(image(flags=bytes((1, 0, 1)) + bytes(19))))
    assert (nothing_else.operator, nothing_else.remarks) == (None, None)


@pytest.mark.parametrize(
    ("octets", "code"),
    [(image()[:900], "RID-013"), (image(flags=b"\x07" * 22), "RID-013"), (image(latitude=float("nan")), "RID-005")],
)
def test_a_memory_image_that_is_none_is_refused(octets: bytes, code: str) -> None:
    (problem,) = read(envelope(octets)).problems
    assert problem.code.id == code


def test_a_receiver_that_tells_of_itself_is_no_track() -> None:
    state = {"protocol": 1.0, "data": {"sensor ID": "north-2", "model": "x", "status": "normal", "timestamp": 1}}
    assert read(state) == Decoded()


MAVLINK_LOCATION: Object = {
    "mavpackettype": "OPEN_DRONE_ID_LOCATION",
    "target_system": 0,
    "target_component": 0,
    "id_or_mac": [0x60, 0x60, 0x1F, 0x1E, 0x30, 0x1E, *[0] * 14],
    "status": 2,
    "direction": 21600,
    "speed_horizontal": 550,
    "speed_vertical": -200,
    "latitude": 455393090,
    "longitude": -1229663890,
    "altitude_barometric": 100.0,
    "altitude_geodetic": 110.0,
    "height_reference": 1,
    "height": 80.0,
    "horizontal_accuracy": 11,
    "vertical_accuracy": 6,
    "barometer_accuracy": 5,
    "speed_accuracy": 3,
    "timestamp": 360.5,
    "timestamp_accuracy": 2,
}


def test_mavlinks_messages_are_joined_by_address_and_have_mavlinks_units() -> None:
    decoder = RemoteIdDecoder()
    serial = [*b"SER-1", *[0] * 15]
    basic = {"mavpackettype": "OPEN_DRONE_ID_BASIC_ID", "id_or_mac": MAVLINK_LOCATION["id_or_mac"]}
    basic |= {"id_type": 1, "ua_type": 2, "uas_id": serial}
    assert decoder.decode(frame(json.dumps(basic).encode())).silent == 1
    page = {"mavpackettype": "OPEN_DRONE_ID_AUTHENTICATION", "id_or_mac": MAVLINK_LOCATION["id_or_mac"]}
    page |= {"authentication_type": 1, "data_page": 0, "last_page_index": 0, "length": 1, "authentication_data": [1]}
    assert decoder.decode(frame(json.dumps(page).encode())).silent == 1
    (track,) = decoder.decode(frame(json.dumps(MAVLINK_LOCATION).encode())).tracks
    assert track.provenance[0].losses == (Loss("Authentication", "NOT_MODELLED"), Loss("raw", "WITHHELD"))
    assert track.identifiers == (Identifier("uas_serial", "SER-1"), Identifier("mac", MAC))
    state = track.state
    assert state is not None
    assert state.position == Position(latitude_deg=45.539309, longitude_deg=-122.966389)
    assert (state.course_deg, state.ground_speed_mps, state.vertical_rate_mps) == (216.0, 5.5, -2.0)
    assert state.height_agl_m == 80.0


def test_mavlinks_pack_is_the_broadcasts() -> None:
    messages = [*PACK[3:], *[0] * (225 - len(PACK) + 3)]
    pack = {"mavpackettype": "OPEN_DRONE_ID_MESSAGE_PACK", "single_message_size": 25, "msg_pack_size": 5}
    track = track_of(pack | {"messages": messages})
    assert track.raw == RawRecord("REMOTE_ID", PACK)


def test_other_mavlink_messages_are_refused_and_the_arming_state_is_none_of_ours() -> None:
    assert read({"mavpackettype": "OPEN_DRONE_ID_ARM_STATUS", "status": 1}) == Decoded()
    for kind in ("HEARTBEAT", "OPEN_DRONE_ID_NOVELTY"):
        (problem,) = read({"mavpackettype": kind}).problems
        assert problem.code.id == "RID-009"


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"{", "RID-008"),
        (b'{"Basic ID": {"id": "\xff"}}', "RID-008"),
        (b"[" * 100_000, "RID-008"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "RID-008"),
        (b'{"something": "else"}', "RID-009"),
        (b"[1, 2]", "RID-009"),
        (b'{"Basic ID": "not an object"}', "RID-009"),
        (b'{"Latitude": "unknown"}', "RID-009"),
        (b'{"data": {"x": 1}}', "RID-009"),
        (b'{"data": {"UASdata": "***"}}', "RID-013"),
        (b'{"AdvData": "00"}', "RID-002"),
    ],
)
def test_what_is_no_report_is_refused(octets: bytes, code: str) -> None:
    decoded = read(octets)
    assert decoded.tracks == ()
    assert {problem.code.id for problem in decoded.problems} == {code}


def test_too_many_reports_in_one_frame_are_refused() -> None:
    for body in (json.dumps([NESTED] * 3).encode(), b"{}\n" * 3):
        (problem,) = read(body, limits=Limits(max_records_per_frame=2)).problems
        assert problem.code.id == "RID-011"


def test_one_broken_text_on_many_lines_is_one_refusal() -> None:
    broken = json.dumps(NESTED, indent=1).encode()[:-1]
    (problem,) = read(broken).problems
    assert problem.code.id == "RID-008"


def test_json_is_told_from_the_broadcast_by_its_first_octet() -> None:
    assert len(read(b" \n" + json.dumps(NESTED).encode()).tracks) == 1
    assert one(PACK).raw is not None
    blank = b"\x20" + LOCATION[1:]  # an Authentication message of version 0 begins like a blank
    assert RemoteIdDecoder().decode(frame(blank)).problems == ()


def test_the_same_report_again_is_a_repetition() -> None:
    decoder = RemoteIdDecoder()
    octets = json.dumps(NESTED).encode()
    assert len(decoder.decode(frame(octets)).tracks) == 1
    assert decoder.decode(frame(octets, after_s=0.5)).duplicates == 1
