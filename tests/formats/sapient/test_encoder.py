"""Tracks to messages: what is declared, what is carried, what is lost, what is refused."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.errors import FormatError
from gateway.formats.sapient import SapientDecoder, SapientEncoder, Splitter
from gateway.formats.sapient.session import codes
from gateway.formats.sapient.ulid import bits_of, fresh, is_ulid, node_id_of, of_name, of_uuid, text_of, to_uuid
from gateway.formats.sapient.v2 import SapientMessage
from gateway.formats.sapient.validate import validate
from gateway.limits import Limits
from gateway.track import (
    Accuracy,
    Classification,
    Dimensions,
    Environment,
    Extension,
    Identifier,
    Identity,
    IdentityGroup,
    Operator,
    Position,
    State,
    Status,
    Track,
)
from tests.formats.sapient.nodes import NOW, frame_of, only

TRACK_ID = "0b5e4c7a-93f1-4d0e-8a55-6f2f3a1c9d77"


def drone(**changes: Any) -> Track:
    state = changes.pop("state", State(time=NOW, position=Position(54.7, 25.3), altitude_hae_m=250.0))
    return Track(**{"track_id": TRACK_ID, "state": state} | changes)


def written(*tracks: Track, **options: Any) -> list[SapientMessage]:
    encoded = SapientEncoder(node="ltu-1", **options).encode(tracks, NOW)
    assert not encoded.problems, encoded.problems
    messages = []
    for octets in Splitter().feed(b"".join(encoded.frames)):
        message = SapientMessage.FromString(octets)
        assert validate(message, octets=octets) == ()
        messages.append(message)
    return messages


def lost(track: Track) -> set[tuple[str, str]]:
    return {(loss.field, loss.reason) for _, loss in SapientEncoder().encode([track], NOW).losses}


def test_the_first_frame_declares_what_the_others_mean() -> None:
    encoder = SapientEncoder(node="ltu-1", announce_s=60.0)
    frames = encoder.encode([drone(), drone()], NOW).frames
    assert len(frames) == 2
    contents = [
        [m.WhichOneof("content") for m in map(SapientMessage.FromString, Splitter().feed(one))] for one in frames
    ]
    assert contents == [["registration", "detection_report"], ["detection_report"]]
    assert len(Splitter().feed(encoder.encode([drone()], NOW + timedelta(seconds=59)).frames[0])) == 1
    assert len(Splitter().feed(encoder.encode([drone()], NOW + timedelta(seconds=61)).frames[0])) == 2
    assert len(written(drone(), announce_s=0)) == 1


def test_one_frame_is_enough_for_a_decoder() -> None:
    (octets,) = SapientEncoder(node="ltu-1").encode([drone()], NOW).frames
    track = only(SapientDecoder().decode(frame_of(octets)))
    assert track.state is not None
    assert track.state.position == Position(54.7, 25.3)


def test_ids_are_the_bits_of_the_track_id() -> None:
    (report,) = [m.detection_report for m in written(drone(), announce_s=0)]
    assert report.object_id == of_uuid(TRACK_ID)
    assert to_uuid(report.object_id) == TRACK_ID


def test_a_track_without_an_id_keeps_its_sapient_object_or_gets_a_lasting_name() -> None:
    own = Identifier("sapient_object", "a8654cdf-4328-47de-81fa-c495589e30c8/01GGYFBAXH4VYRQYEX7S3XGK3H")
    named = drone(track_id=None, identifiers=(own,))
    other = drone(track_id=None, identifiers=(Identifier("cot_uid", "ANDROID-1"),))
    ids = [m.detection_report.object_id for m in written(named, other, other, announce_s=0)]
    assert ids[0] == "01GGYFBAXH4VYRQYEX7S3XGK3H"
    assert ids[1] == ids[2] != ids[0]
    assert is_ulid(ids[1])


def test_ulids_are_128_bits_and_back() -> None:
    for bits in (0, 1, (1 << 128) - 1, 0xDEADBEEF << 90):
        assert bits_of(text_of(bits)) == bits
        assert is_ulid(text_of(bits))
    assert text_of((1 << 128) - 1) == "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"
    assert fresh(NOW) != fresh(NOW)
    assert of_name("a", "b") == of_name("a", "b") != of_name("ab", "")
    assert node_id_of("ltu-1") == node_id_of("ltu-1") != node_id_of("ltu-2")


@pytest.mark.parametrize(
    ("track", "code"),
    [
        (Track(track_id=TRACK_ID), codes.NO_STATE),
        (drone(state=State(time=NOW)), codes.NO_POSITION),
        (drone(track_id=None), codes.NO_NAME),
        (drone(track_id="seven"), codes.NO_NAME),
        (drone(state=State(time=NOW, position=Position(math.nan, 5.0))), codes.NOT_FINITE),
        (drone(state=State(time=NOW, position=Position(5.0, 5.0), altitude_hae_m=math.inf)), codes.NOT_FINITE),
    ],
)
def test_what_no_report_can_say_is_a_problem(track: Track, code: object) -> None:
    encoded = SapientEncoder().encode([track, drone()], NOW)
    (problem,) = encoded.problems
    assert (problem.code, len(encoded.frames)) == (code, 1)


def test_the_datum_follows_the_height_that_there_is() -> None:
    for hae, msl, z, datum in ((5.0, None, 5.0, 1), (None, 7.0, 7.0, 2), (5.0, 7.0, 5.0, 1), (None, None, None, 1)):
        state = State(time=NOW, position=Position(1.0, 2.0), altitude_hae_m=hae, altitude_msl_m=msl)
        (message,) = written(drone(state=state), announce_s=0)
        place = message.detection_report.location
        assert (place.z if place.HasField("z") else None, place.datum) == (z, datum)


def test_a_track_at_rest_is_written_at_rest_and_one_of_unknown_speed_without_velocity() -> None:
    at_rest = State(time=NOW, position=Position(1.0, 2.0), ground_speed_mps=0.0)
    unknown = State(time=NOW, position=Position(1.0, 2.0), course_deg=90.0)
    first, second = (m.detection_report for m in written(drone(state=at_rest), drone(state=unknown), announce_s=0))
    assert (first.enu_velocity.east_rate, first.enu_velocity.north_rate) == (0.0, 0.0)
    assert not second.HasField("enu_velocity")
    assert ("course_deg", "90") in {(one.type, one.value) for one in second.track_info}


def test_numbers_that_are_none_are_not_written() -> None:
    state = State(
        time=NOW,
        position=Position(1.0, 2.0),
        ground_speed_mps=math.nan,
        course_deg=math.inf,
        altitude_baro_m=math.nan,
        accuracy=Accuracy(horizontal_95_m=math.nan, vertical_95_m=-1.0),
    )
    track = drone(state=state, detection_confidence_pct=math.nan)
    (message,) = written(track, announce_s=0)
    assert not message.detection_report.HasField("enu_velocity")
    assert not message.detection_report.location.HasField("x_error")
    assert len(message.detection_report.track_info) == 0
    assert not message.detection_report.HasField("detection_confidence")
    assert {("state.ground_speed_mps", "OUT_OF_RANGE"), ("state.accuracy.vertical_95_m", "OUT_OF_RANGE")} <= lost(track)


def test_an_ended_track_is_lost() -> None:
    (message,) = written(drone(status=Status(ended=True)), announce_s=0)
    assert message.detection_report.state == "lost"


def test_losses_name_what_stays_behind() -> None:
    track = drone(
        identity=IdentityGroup(value=Identity.HOSTILE),
        operator=Operator(identifier="secret"),
        dimensions=Dimensions(length_m=1.0),
        classifications=(Classification(type="a-h-A", scheme="COT_TYPE"),),
        identifiers=(Identifier("x-ltu:number", "7"),),
        status=Status(emergency="GENERAL", confirmed=True),
        extensions=(Extension("urn:x", "y", '<y xmlns="urn:x"></y>'),),
    )
    assert lost(track) == {
        ("identity.value", "NO_CODE"),
        ("operator", "NO_TARGET"),
        ("dimensions", "NO_TARGET"),
        ("classifications", "NO_TARGET"),
        ("identifiers.x-ltu:number", "NO_TARGET"),
        ("status.emergency", "NO_TARGET"),
        ("extensions", "NO_TARGET"),
    }
    (octets,) = SapientEncoder(announce_s=0).encode([track], NOW).frames
    assert b"secret" not in octets


def test_a_class_is_written_for_environment_and_platform() -> None:
    track = drone(environment=Environment.AIR, platform="UAV_ROTARY_WING")
    (message,) = written(track, announce_s=0)
    (one,) = message.detection_report.classification
    assert (one.type, one.sub_class[0].type, one.sub_class[0].level) == ("Air Vehicle", "UAV Rotary Wing", 1)
    (nothing,) = written(drone(), announce_s=0)
    assert len(nothing.detection_report.classification) == 0


def test_classes_that_no_longer_fit_the_track_are_not_repeated() -> None:
    own = (Classification(type="Human", confidence_pct=80.0, scheme="SAPIENT"),)
    kept = drone(environment=Environment.LAND, platform="PERSON", classifications=own)
    changed = drone(environment=Environment.AIR, platform="UAV_FIXED_WING", classifications=own)
    first, second = (m.detection_report for m in written(kept, changed, announce_s=0))
    assert first.classification[0].type == "Human"
    assert second.classification[0].type == "Air Vehicle"
    assert ("classifications", "NO_TARGET") in lost(changed)


@pytest.mark.parametrize(
    "xml",
    [
        "<report>",
        '<report xmlns="urn:other"></report>',
        '<report xmlns="urn:alliance:track-exchange:ext:sapient:2.0" nonsense="1"></report>',
        '<report xmlns="urn:alliance:track-exchange:ext:sapient:2.0"><behaviour type="x" confidence="many"/></report>',
        '<report xmlns="urn:alliance:track-exchange:ext:sapient:2.0"><signal amplitude="1e99"/></report>',
        '<!DOCTYPE x><report xmlns="urn:alliance:track-exchange:ext:sapient:2.0"></report>',
    ],
)
def test_an_extension_that_is_none_of_ours_is_a_loss_and_not_a_crash(xml: str) -> None:
    extension = Extension("urn:alliance:track-exchange:ext:sapient:2.0", "report", xml)
    encoded = SapientEncoder().encode([drone(extensions=(extension,))], NOW)
    assert len(encoded.frames) == 1
    assert ("extensions", "OUT_OF_RANGE") in {(loss.field, loss.reason) for _, loss in encoded.losses}


def test_an_extension_never_overrides_what_the_track_says() -> None:
    xml = (
        '<report xmlns="urn:alliance:track-exchange:ext:sapient:2.0" colour="Red" '
        'object_id="01GGYFBAXH4VYRQYEX7S3XGK3H"><location x="1" y="1"></location></report>'
    )
    extension = Extension("urn:alliance:track-exchange:ext:sapient:2.0", "report", xml)
    (message,) = written(drone(extensions=(extension,)), announce_s=0)
    report = message.detection_report
    assert (report.object_id, report.location.x, report.colour) == (of_uuid(TRACK_ID), 25.3, "Red")


def test_a_node_id_that_is_none_is_refused() -> None:
    with pytest.raises(FormatError) as refused:
        SapientEncoder(node_id="7")
    assert refused.value.code == codes.OPTION


def test_the_limits_are_the_callers() -> None:
    assert SapientEncoder(limits=Limits(max_text_octets=10)).encode([drone()], datetime(2026, 1, 1, tzinfo=UTC)).frames
