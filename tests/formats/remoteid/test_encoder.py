"""Tracks of any origin as packs and JSON, and what that loses."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from gateway.formats.remoteid import RemoteIdDecoder, RemoteIdEncoder
from gateway.formats.remoteid.wire import split_pack
from gateway.track import (
    Accuracy,
    Environment,
    Extension,
    Identifier,
    Identity,
    IdentityGroup,
    Loss,
    Operator,
    Position,
    State,
    Status,
    Track,
)
from tests.formats.remoteid.support import NOW, OPERATOR_ID, PACK, SYSTEM, basic, frame, located, one, packed
from tests.formats.remoteid.test_wire import locations

HERE = Position(latitude_deg=52.5, longitude_deg=4.25)
PLAIN = Track(
    track_id="0194fdc2-fa2f-4cc0-81d3-ff12045b73c8",
    identifiers=(Identifier("cot_uid", "ANDROID-1"),),
    state=State(time=NOW, position=HERE),
)


def encoded(track: Track, *, personal_data: bool = False, form: str = "pack") -> tuple[bytes, set[tuple[str, str]]]:
    result = RemoteIdEncoder(personal_data=personal_data, form=form).encode([track], NOW)
    assert result.problems == ()
    (octets,) = result.frames
    return octets, {(loss.field, loss.reason) for _, loss in result.losses}


def again(octets: bytes) -> Track:
    decoded = RemoteIdDecoder().decode(frame(octets))
    assert decoded.problems == ()
    return decoded.tracks[0]


def moved(**values: object) -> Track:
    assert PLAIN.state is not None
    return replace(PLAIN, state=replace(PLAIN.state, **values))


def test_the_reference_pack_goes_through_the_canonical_track_unchanged() -> None:
    assert encoded(one(PACK), personal_data=True) == (PACK, set())


@settings(max_examples=200, deadline=None)
@given(locations())
def test_any_pack_that_a_track_can_hold_comes_back_with_the_same_meaning(location: bytes) -> None:
    octets = packed(basic("SER-1"), location)
    (track,) = RemoteIdDecoder().decode(frame(octets)).tracks
    if track.state is None or track.state.position is None:
        return
    written, losses = encoded(track)
    if track.state.time_quality == "RECEIVED":
        assert ("state.time_quality", "NO_TARGET") in losses
        return
    (read,) = RemoteIdDecoder().decode(frame(written)).tracks
    assert (read.state, read.status, read.identifiers) == (track.state, track.status, track.identifiers)


def test_the_operator_is_withheld_unless_it_is_asked_for() -> None:
    octets, losses = encoded(one(PACK))
    assert ("operator", "WITHHELD") in losses
    assert OPERATOR_ID[2:22] not in octets
    assert SYSTEM[2:10] not in octets
    assert SYSTEM[18:20] + SYSTEM[20:24] not in octets
    track = again(octets)
    assert track.operator is None
    assert track.classifications == one(PACK).classifications  # the rest of the message is not personal


def test_json_withholds_the_operator_too_and_is_read_again() -> None:
    octets, losses = encoded(one(PACK), form="json")
    assert ("operator", "WITHHELD") in losses
    assert b"98765432100123456789" not in octets
    assert b"45.539319" not in octets
    whole, _ = encoded(one(PACK), form="json", personal_data=True)
    track, reference = again(whole), one(PACK)
    assert (track.operator, track.state, track.identifiers) == (
        reference.operator,
        reference.state,
        reference.identifiers,
    )
    assert json.loads(whole)["Location/Vector Message"]["direction"] == 216.0
    assert whole.endswith(b"}\n")


def test_a_track_of_another_kind_goes_by_its_track_id_as_a_private_session() -> None:
    octets, losses = encoded(PLAIN)
    (first, _) = split_pack(octets)
    assert first[1] == 0x40  # specific session id, aircraft type not declared
    assert first[2] == 0xE1
    assert first[3:19] == bytes.fromhex("0194fdc2fa2f4cc081d3ff12045b73c8")
    assert ("identifiers.cot_uid", "NO_TARGET") in losses
    assert again(octets).identifiers[0].scheme == "uas_session"


def test_without_a_track_id_the_name_is_made_of_the_first_identifier_and_stays_the_same() -> None:
    anonymous = replace(PLAIN, track_id=None)
    assert encoded(anonymous)[0] == encoded(anonymous)[0]
    other = replace(anonymous, identifiers=(Identifier("cot_uid", "ANDROID-2"),))
    assert encoded(anonymous)[0] != encoded(other)[0]
    (problem,) = RemoteIdEncoder().encode([replace(anonymous, identifiers=())], NOW).problems
    assert problem.code.id == "RID-021"


def test_a_track_without_a_position_is_refused_and_no_point_is_invented() -> None:
    bearing = replace(PLAIN, state=State(time=NOW))
    result = RemoteIdEncoder().encode([bearing, replace(PLAIN, state=None), PLAIN], NOW)
    assert len(result.frames) == 1
    assert [problem.code.id for problem in result.problems] == ["RID-020", "RID-020"]
    assert (PLAIN.track_id, Loss("state.position", "NO_POSITION")) in result.losses


def test_a_point_at_null_island_is_a_centimetre_beside_it_since_0_0_says_unknown() -> None:
    octets, losses = encoded(moved(position=Position(latitude_deg=0.0, longitude_deg=0.0)))
    assert ("state.position", "ROUNDED") in losses
    track = again(octets)
    assert track.state is not None
    assert track.state.position == Position(latitude_deg=1e-7, longitude_deg=0.0)


def test_heights_are_never_taken_for_others() -> None:
    octets, losses = encoded(moved(altitude_msl_m=100.0, altitude_qnh_m=90.0, height_agl_m=30.0, height_takeoff_m=20.0))
    assert {("state.altitude_msl_m", "NO_DATUM"), ("state.altitude_qnh_m", "NO_DATUM")} <= losses
    assert ("state.height_agl_m", "NO_TARGET") in losses
    state = again(octets).state
    assert state is not None
    assert (state.altitude_hae_m, state.altitude_baro_m) == (None, None)
    assert (state.height_takeoff_m, state.height_agl_m) == (20.0, None)


def test_what_is_beyond_a_fields_end_is_listed() -> None:
    octets, losses = encoded(
        moved(ground_speed_mps=680.0, vertical_rate_mps=-90.0, altitude_hae_m=40_000.0, course_deg=359.7)
    )
    assert {
        ("state.ground_speed_mps", "OUT_OF_RANGE"),
        ("state.vertical_rate_mps", "OUT_OF_RANGE"),
        ("state.altitude_hae_m", "OUT_OF_RANGE"),
        ("state.course_deg", "ROUNDED"),
    } <= losses
    state = again(octets).state
    assert state is not None
    assert (state.ground_speed_mps, state.vertical_rate_mps) == (254.25, -62.0)
    assert (state.altitude_hae_m, state.course_deg) == (None, 0.0)


def test_an_accuracy_is_never_written_better_than_it_is() -> None:
    accuracy = Accuracy(horizontal_95_m=3.1, vertical_95_m=200.0, speed_95_mps=0.3, course_95_deg=2.0)
    octets, losses = encoded(moved(accuracy=accuracy))
    assert {
        ("state.accuracy.horizontal_95_m", "ROUNDED"),
        ("state.accuracy.vertical_95_m", "OUT_OF_RANGE"),
        ("state.accuracy.course_95_deg", "NO_TARGET"),
    } <= losses
    state = again(octets).state
    assert state is not None
    assert state.accuracy is not None
    assert (state.accuracy.horizontal_95_m, state.accuracy.vertical_95_m) == (10.0, None)
    assert state.accuracy.speed_95_mps == 0.3


@pytest.mark.parametrize(("late_s", "is_told"), [(-1800, True), (1800, True), (-1801, False), (1801, False)])
def test_a_time_that_readers_would_put_into_another_hour_is_not_written(late_s: int, is_told: bool) -> None:
    octets, losses = encoded(moved(time=NOW + timedelta(seconds=late_s)))
    state = again(octets).state
    assert state is not None
    assert (state.time_quality == "MEASURED") is is_told
    assert (("state.time", "OUT_OF_RANGE") in losses) is not is_told


def test_what_no_message_has_a_field_for_is_listed() -> None:
    track = replace(
        PLAIN,
        identity=IdentityGroup(value=Identity.HOSTILE),
        name="BOGEY",
        environment=Environment.SURFACE,
        platform="VESSEL",
        status=Status(simulated=True, exercise=True, emergency="MEDICAL", on_ground=False),
        remarks="x" * 30,
        extensions=(Extension("urn:x", "y", '<y xmlns="urn:x"></y>'),),
    )
    octets, losses = encoded(track)
    assert {
        ("identity", "NO_TARGET"),
        ("name", "NO_TARGET"),
        ("environment", "NO_TARGET"),
        ("platform", "NO_CODE"),
        ("status.simulated", "NO_TARGET"),
        ("status.exercise", "NO_TARGET"),
        ("status.emergency", "ROUNDED"),
        ("status.on_ground", "NO_TARGET"),
        ("remarks", "TRUNCATED"),
        ("extensions", "NO_TARGET"),
    } <= losses
    assert again(octets).remarks == "x" * 23


def test_texts_are_cut_between_characters() -> None:
    track = replace(PLAIN, remarks="é" * 20, operator=Operator(identifier="ü" * 15))
    octets, losses = encoded(track, personal_data=True)
    assert again(octets).remarks == "é" * 11
    assert ("operator.identifier", "TRUNCATED") in losses


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_none_are_refused(value: float) -> None:
    for track in (
        moved(altitude_hae_m=value),
        moved(ground_speed_mps=value),
        moved(position=Position(latitude_deg=value, longitude_deg=0.0)),
        replace(PLAIN, operator=Operator(altitude_hae_m=value)),
    ):
        (problem,) = RemoteIdEncoder(personal_data=True).encode([track], NOW).problems
        assert problem.code.id == "RID-022"


def test_a_kept_extension_of_a_partner_is_not_believed() -> None:
    hostile = (
        '<x:RemoteId xmlns:x="urn:alliance-track-gateway:remoteid" area-ceiling-hae-m="1e999" area-count="-7"'
        ' area-radius-m="nan" classification-type="99" self-id-type="777" status="x" time-accuracy-s="9e9">'
        "</x:RemoteId>"
    )
    extension = Extension("urn:alliance-track-gateway:remoteid", "RemoteId", hostile)
    octets, _ = encoded(replace(PLAIN, remarks="hello", extensions=(extension,)))
    assert again(octets).remarks == "hello"


def test_obstacles_and_other_types_keep_their_codes() -> None:
    for ua_type in range(16):
        written, _ = encoded(one(packed(basic("SER", ua_type=ua_type), located())))
        assert split_pack(written)[0][1] == 0x10 | ua_type


def test_a_form_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="pack or json"):
        RemoteIdEncoder(form="xml")
