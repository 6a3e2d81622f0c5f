"""The edge node: it registers with a parent, reports only when let in, and cannot be tasked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sapient_msg.bsi_flex_335_v2_0 import sapient_message_pb2 as pb

from gateway.dialect import Peer, Turn
from gateway.errors import FormatError
from gateway.formats.sapient import FORMAT
from gateway.formats.sapient.plausible import implausible
from gateway.formats.sapient.session import codes
from gateway.formats.sapient.ulid import to_uuid
from gateway.formats.sapient.v2 import SapientMessage
from gateway.formats.sapient.validate import validate
from gateway.track import Identity, IdentityGroup, Polar, Position, State, Track
from tests.formats.sapient.nodes import NOW, Talk, frame_of, kinds, only, refusal, said, talk
from tests.simulators.sapient_sensor import new_ulid

PARENT = "0a1b2c3d-4e5f-4061-9283-a4b5c6d7e8f9"
TRACK_ID = "0b5e4c7a-93f1-4d0e-8a55-6f2f3a1c9d77"


def drone(**changes: Any) -> Track:
    facts: dict[str, Any] = {
        "track_id": TRACK_ID,
        "identity": IdentityGroup(value=Identity.HOSTILE),
        "state": State(
            time=NOW, position=Position(54.7, 25.3), altitude_hae_m=250.0, course_deg=90.0, ground_speed_mps=10.0
        ),
    }
    return Track(**facts | changes)


def calling(**options: Any) -> tuple[Talk, Turn]:
    endpoint = FORMAT.endpoint(node="ltu-1", role="edge-node", **options)  # type: ignore[misc]
    conversation = endpoint.converse(Peer(name="parent", address="127.0.0.1:5004"))
    return Talk(conversation), conversation.opened(NOW)


def from_parent() -> pb.SapientMessage:
    message = pb.SapientMessage(node_id=PARENT)
    message.timestamp.FromDatetime(NOW)
    return message


def ack(*, acceptance: bool = True, reason: str = "") -> pb.SapientMessage:
    message = from_parent()
    message.registration_ack.acceptance = acceptance
    if reason:
        message.registration_ack.ack_response_reason.append(reason)
    return message


def let_in(**options: Any) -> Talk:
    conversation, _ = calling(**options)
    assert kinds(conversation.hear(ack())) == ["status_report"]
    return conversation


def task(request: str) -> pb.SapientMessage:
    message = from_parent()
    message.task.task_id, message.task.control = new_ulid(), "CONTROL_START"
    message.task.command.request = request
    return message


def check_own_words(turn: Turn) -> None:
    for octets in turn.octets:
        message = SapientMessage.FromString(octets[4:])
        assert validate(message, octets=octets[4:]) == ()
        doubts = [one.path for one in implausible(message, received_at=NOW)]
        assert set(doubts) <= {"detection_report.object_id"}, "the bits of a track id are no time"


def test_the_first_word_is_a_registration_that_declares_every_unit() -> None:
    conversation, turn = calling(name="Border gateway", short_name="BG", heartbeat_s=5.0)
    check_own_words(turn)
    (message,) = said(turn)
    registration = message.registration
    assert (registration.icd_version, registration.name, registration.short_name) == (
        "BSI Flex 335 v2.0",
        "Border gateway",
        "BG",
    )
    assert registration.status_definition.status_interval.value == 5.0
    settles = registration.mode_definition[0].settle_time
    assert 0 < settles.value < 0.1, "at once, but zero would be missing to the standard's test harness"
    for definition in registration.mode_definition[0].detection_definition:
        assert definition.velocity_type.enu_velocity_units.east_north_rate_units == 1
        assert definition.velocity_type.enu_velocity_units.up_rate_units == 1
        assert definition.geometric_error.type == "Standard Deviation"
        assert definition.location_type.location_units == 1
    assert {one.location_type.location_datum for one in registration.mode_definition[0].detection_definition} == {1, 2}
    assert UUID(message.node_id).version == 4
    assert not conversation.conversation.wants_tracks
    assert conversation.conversation.title == ""


def test_a_parent_is_offered_tracks_and_sensors_are_not() -> None:
    assert FORMAT.endpoint(role="edge-node").offers_tracks  # type: ignore[misc]
    assert not FORMAT.endpoint(role="fusion-node").offers_tracks  # type: ignore[misc]


def test_our_node_id_is_the_configured_one_or_always_the_same() -> None:
    assert said(calling()[1])[0].node_id == said(calling()[1])[0].node_id
    configured = "A8654CDF-4328-47DE-81FA-C495589E30C8"
    assert said(calling(node_id=configured)[1])[0].node_id == configured.lower()


def test_nothing_is_reported_before_the_parent_lets_us_in() -> None:
    conversation, _ = calling()
    assert conversation.conversation.offered([drone()], NOW) == Turn()
    turn = conversation.hear(ack())
    assert conversation.conversation.wants_tracks
    assert conversation.conversation.title == PARENT
    assert kinds(turn) == ["status_report"]
    assert turn.decoded.silent == 1
    check_own_words(turn)
    assert kinds(conversation.conversation.offered([drone()], NOW)) == ["detection_report"]


def test_a_refusal_ends_the_conversation_with_the_parents_reason() -> None:
    conversation, _ = calling()
    turn = conversation.hear(ack(acceptance=False, reason="node id not on the list"))
    assert turn.over is not None
    assert (turn.over.code, turn.over.cause) == (codes.PARENT_REFUSES, "node id not on the list")
    assert not conversation.conversation.wants_tracks
    assert conversation.conversation.closed(NOW).octets == ()


def test_a_parent_that_does_not_answer_is_given_up() -> None:
    conversation, _ = calling(answer_s=20.0)
    assert conversation.wait(19.9) == Turn()
    turn = conversation.wait(0.2)
    assert turn.over is not None
    assert turn.over.code == codes.PARENT_SILENT


def test_heartbeats_come_in_time_and_say_that_nothing_has_changed() -> None:
    conversation = let_in(heartbeat_s=10.0)
    assert conversation.wait(9.9) == Turn()
    turn = conversation.wait(0.2)
    (status,) = said(turn)
    assert (status.status_report.system, status.status_report.info, status.destination_id) == (1, 2, PARENT)
    assert conversation.wait(5) == Turn()
    assert kinds(conversation.wait(5)) == ["status_report"]


def test_the_last_word_is_goodbye() -> None:
    turn = let_in().conversation.closed(NOW)
    (bye,) = said(turn)
    assert bye.status_report.system == 5
    check_own_words(turn)


def test_where_we_stand_is_said_if_it_is_configured() -> None:
    conversation, turn = calling(site={"latitude_deg": 54.6, "longitude_deg": 25.2, "altitude_msl_m": 112.0})
    check_own_words(turn)
    (status,) = said(conversation.hear(ack()))
    place = status.status_report.node_location
    assert (place.y, place.x, place.z, place.coordinate_system, place.datum) == (54.6, 25.2, 112.0, 1, 2)


def test_an_allied_track_is_a_detection_under_the_bits_of_its_track_id() -> None:
    turn = let_in().conversation.offered([drone()], NOW + timedelta(seconds=1))
    (message,) = said(turn)
    report = message.detection_report
    assert to_uuid(report.object_id) == TRACK_ID
    assert message.destination_id == PARENT
    assert message.timestamp.ToDatetime().replace(tzinfo=NOW.tzinfo) == NOW, "the time of the measurement"
    assert (report.location.x, report.location.y, report.location.z, report.location.datum) == (25.3, 54.7, 250.0, 1)
    assert (report.enu_velocity.east_rate, report.enu_velocity.north_rate) == pytest.approx((10.0, 0.0))
    assert (TRACK_ID, "identity.value", "NO_CODE") in {(one, loss.field, loss.reason) for one, loss in turn.losses}
    check_own_words(turn)


def test_each_report_has_an_id_of_its_own() -> None:
    conversation = let_in().conversation
    messages = said(conversation.offered([drone(), drone()], NOW)) + said(conversation.offered([drone()], NOW))
    assert len({message.detection_report.report_id for message in messages}) == 3
    assert len({message.detection_report.object_id for message in messages}) == 1


def test_a_bearing_of_an_allied_sensor_is_listed_as_not_carried() -> None:
    bearing = State(
        time=NOW, polar=Polar(sensor="x", sensor_position=Position(54.0, 25.0), azimuth_deg=10.0, north="TRUE")
    )
    turn = let_in().conversation.offered([drone(state=bearing), drone()], NOW)
    assert kinds(turn) == ["detection_report"]
    (problem,) = turn.problems
    assert (problem.code, problem.place) == (codes.NO_POSITION, TRACK_ID)


def test_tasks_are_rejected_with_the_reason() -> None:
    conversation = let_in()
    turn = conversation.hear(task("Start"))
    (answer,) = said(turn)
    assert answer.task_ack.task_status == 2
    assert answer.task_ack.reason
    check_own_words(turn)


def test_a_request_to_register_or_for_status_is_served() -> None:
    conversation = let_in()
    assert kinds(conversation.hear(task("Registration"))) == ["task_ack", "registration"]
    assert conversation.conversation.wants_tracks, "the parent has let us in, and has not said otherwise"
    turn = conversation.hear(task("status"))
    assert kinds(turn) == ["task_ack", "status_report"]
    assert said(turn)[0].task_ack.task_status == 1


def test_an_error_of_the_parent_is_a_problem_and_not_answered() -> None:
    message = from_parent()
    message.error.packet = b"x"
    message.error.error_message.append("late")
    turn = let_in().hear(message)
    assert (turn.octets, refusal(turn.decoded).code) == ((), codes.SAID_ERROR)


def test_what_an_edge_node_does_not_take_is_told_so() -> None:
    conversation = let_in()
    turn = conversation.hear(said(calling()[1])[0])
    assert kinds(turn) == ["registration_ack", "error"]
    assert refusal(turn.decoded).code == codes.WRONG_ROLE
    assert kinds(conversation.hear(b"\xff")) == ["error"]
    heartbeat = from_parent()
    heartbeat.status_report.report_id, heartbeat.status_report.mode = new_ulid(), "Default"
    heartbeat.status_report.system, heartbeat.status_report.info = 1, 2
    assert conversation.hear(heartbeat).decoded.silent == 1


def test_our_two_roles_understand_each_other() -> None:
    edge, first = calling(name="Border gateway")
    fusion = talk(time_window_s=None)
    answers = [octets for one in first.octets for octets in fusion.conversation.received(frame_of(one[4:])).octets]
    for answer in answers:
        for octets in edge.conversation.received(frame_of(answer[4:])).octets:
            assert not fusion.conversation.received(frame_of(octets[4:])).decoded.problems
    turn = edge.conversation.offered([drone()], NOW)
    track = only(fusion.conversation.received(frame_of(turn.octets[0][4:])).decoded)
    assert track.state is not None
    assert (track.state.position, track.state.ground_speed_mps) == (Position(54.7, 25.3), 10.0)
    assert track.sources[0].name == "Border gateway"
    assert track.identity is None


@pytest.mark.parametrize("options", [{"heartbeat_s": 0.0}, {"answer_s": 1e9}, {"site": {"latitude_deg": 5.0}}])
def test_an_option_that_makes_no_sense_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(FormatError) as refused:
        calling(**options)
    assert refused.value.code == codes.OPTION
