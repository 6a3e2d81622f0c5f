"""What nodes declare, and that nothing is read by a guess: units, modes, poses, kinds of error, and waiting for it."""

from __future__ import annotations

import math
import time
from datetime import timedelta

import pytest

from gateway.dialect import Turn
from gateway.formats.sapient.session import codes
from gateway.formats.sapient.session.errors import CIRCULAR_95, LINEAR_95, kind_of
from gateway.limits import Limits
from gateway.track import Environment, Loss, State, Track
from tests.formats.sapient.nodes import NOW, Talk, kinds, only, refusal, said, sensor, talk

KMH = "SPEED_UNITS_KPH"


def state_of(track: Track) -> State:
    assert track.state is not None
    return track.state


def losses_of(track: Track) -> set[tuple[str, str]]:
    return {(loss.field, loss.reason) for loss in track.provenance[0].losses}


def registered(**knobs: object) -> tuple[Talk, object]:
    node, conversation = sensor(**knobs), talk()
    turn = conversation.hear(node.registration(NOW))
    assert said(turn)[0].registration_ack.acceptance, said(turn)
    return conversation, node


def detect(conversation: Talk, node: object, **facts: object) -> Turn:
    return conversation.hear(node.detection(**{"lat": 54.7, "lon": 25.3, "at": conversation.now, **facts}))  # type: ignore[attr-defined]


# --------------------------------------------------------------------------------------------------- units of velocity


@pytest.mark.parametrize(("units", "factor"), [("SPEED_UNITS_MS", 1.0), (KMH, 1 / 3.6)])
def test_velocity_is_read_in_the_unit_that_the_node_declared(units: str, factor: float) -> None:
    conversation, node = registered(speed_units=units)
    state = state_of(only(detect(conversation, node, east=36.0, north=-36.0, up=-7.2).decoded))
    assert state.ground_speed_mps == pytest.approx(math.hypot(36, 36) * factor)
    assert state.course_deg == pytest.approx(135.0)
    assert state.vertical_rate_mps == pytest.approx(-7.2 * factor)


def test_without_a_declared_unit_there_is_no_velocity_and_the_loss_is_listed() -> None:
    conversation, node = registered(speed_units="")
    track = only(detect(conversation, node, east=36.0, north=0.0, up=1.0).decoded)
    state = state_of(track)
    assert (state.ground_speed_mps, state.course_deg, state.vertical_rate_mps) == (None, None, None)
    assert ("detection_report.enu_velocity", "UNDECLARED") in losses_of(track)


def test_a_node_that_stands_still_has_no_course() -> None:
    conversation, node = registered()
    state = state_of(only(detect(conversation, node, east=0.0, north=0.0).decoded))
    assert (state.ground_speed_mps, state.course_deg) == (0.0, None)


def test_a_registration_in_mid_stream_changes_what_comes_after_it() -> None:
    conversation, node = registered()
    before = state_of(only(detect(conversation, node, east=36.0, north=0.0).decoded))
    node.speed_units = KMH  # type: ignore[attr-defined]
    assert kinds(conversation.hear(node.registration(NOW))) == ["registration_ack"]  # type: ignore[attr-defined]
    after = state_of(only(detect(conversation, node, east=36.0, north=0.0).decoded))
    assert (before.ground_speed_mps, after.ground_speed_mps) == pytest.approx((36.0, 10.0))


def two_modes(node: object, *, second: str = KMH) -> object:
    message = node.registration(NOW)  # type: ignore[attr-defined]
    other = message.registration.mode_definition.add()
    other.CopyFrom(message.registration.mode_definition[0])
    other.mode_name = "Scan"
    units = other.detection_definition[0].velocity_type.enu_velocity_units
    units.east_north_rate_units = units.up_rate_units = second
    return message


def test_the_mode_that_the_node_reports_decides_which_unit_holds() -> None:
    node, conversation = sensor(), talk()
    conversation.hear(two_modes(node))
    held = detect(conversation, node, east=36.0, north=0.0)
    assert held == Turn(), "units differ by mode, and no mode is named"
    turn = conversation.hear(node.status_report(mode="Scan", at=NOW))
    assert state_of(turn.decoded.tracks[0]).ground_speed_mps == pytest.approx(10.0)
    conversation.hear(node.status_report(mode="Default", at=NOW))
    track = only(detect(conversation, node, east=36.0, north=0.0).decoded)
    assert state_of(track).ground_speed_mps == pytest.approx(36.0)


def test_without_a_named_mode_what_all_modes_agree_on_holds() -> None:
    node, conversation = sensor(), talk()
    conversation.hear(two_modes(node, second="SPEED_UNITS_MS"))
    track = only(detect(conversation, node, east=36.0, north=0.0).decoded)
    assert state_of(track).ground_speed_mps == pytest.approx(36.0)


def test_a_mode_that_was_never_declared_is_waited_for_and_then_given_up() -> None:
    conversation, node = registered()
    conversation.hear(node.status_report(mode="Secret", at=NOW))  # type: ignore[attr-defined]
    assert detect(conversation, node, east=1.0, north=1.0) == Turn()
    turn = conversation.wait(6)
    ((_, error),) = turn.decoded.overdue
    assert (error.code, "Secret" in error.cause) == (codes.NO_MODE, True)


def test_definitions_that_disagree_declare_nothing() -> None:
    node, conversation = sensor(), talk()
    message = node.registration(NOW)
    twin = message.registration.mode_definition[0].detection_definition.add()
    twin.CopyFrom(message.registration.mode_definition[0].detection_definition[0])
    twin.velocity_type.enu_velocity_units.east_north_rate_units = KMH
    conversation.hear(message)
    track = only(detect(conversation, node, east=36.0, north=0.0).decoded)
    assert state_of(track).ground_speed_mps is None
    assert ("detection_report.enu_velocity", "UNDECLARED") in losses_of(track)


def test_rates_that_count_from_magnetic_north_give_a_speed_and_no_course() -> None:
    node, conversation = sensor(), talk()
    message = node.registration(NOW)
    velocity = message.registration.mode_definition[0].detection_definition[0].velocity_type
    velocity.range_bearing_datum = "RANGE_BEARING_DATUM_MAGNETIC"
    conversation.hear(message)
    track = only(detect(conversation, node, east=3.0, north=4.0).decoded)
    assert (state_of(track).ground_speed_mps, state_of(track).course_deg) == (5.0, None)
    assert ("detection_report.enu_velocity", "NO_DATUM") in losses_of(track)


# ------------------------------------------------------------------------------------------------------ kinds of error


@pytest.mark.parametrize(
    ("kind", "units", "horizontal", "vertical", "basis"),
    [
        ("Standard Deviation", "metres", 10 * CIRCULAR_95, 10 * LINEAR_95, "SIGMA_XY"),
        ("standard-deviation", "m", 10 * CIRCULAR_95, 10 * LINEAR_95, "SIGMA_XY"),
        ("2 sigma", "Metres", 5 * CIRCULAR_95, 5 * LINEAR_95, "SIGMA2_XY"),
        ("95% confidence", "metres", 10 * CIRCULAR_95 / LINEAR_95, 10.0, "BOUND95_XY"),
        ("CEP", "metres", 10 * 2.0789, None, "CEP50"),
        ("Gut feeling", "metres", None, None, None),
        ("Standard Deviation", "furlongs", None, 10 * LINEAR_95, "SIGMA_XY"),
        ("", "", None, None, None),
    ],
)
def test_errors_become_95_percent_bounds_by_the_declared_kind_or_not_at_all(
    kind: str, units: str, horizontal: float | None, vertical: float | None, basis: str | None
) -> None:
    conversation, node = registered(error_type=kind, error_units=units)
    track = only(detect(conversation, node, alt=100.0, error=10.0).decoded)
    accuracy = state_of(track).accuracy
    lost = losses_of(track)
    assert (("detection_report.location.x_error", "UNDECLARED") in lost) is (horizontal is None)
    assert (("detection_report.location.z_error", "UNDECLARED") in lost) is (vertical is None)
    if horizontal is None and vertical is None:
        assert accuracy is None
        return
    assert accuracy is not None
    assert accuracy.horizontal_95_m == (None if horizontal is None else pytest.approx(horizontal, rel=1e-4))
    assert accuracy.vertical_95_m == (None if vertical is None else pytest.approx(vertical))
    assert accuracy.basis == basis


def test_errors_in_degrees_are_metres_on_the_ground_there() -> None:
    conversation, node = registered(error_units="decimal degrees")
    accuracy = state_of(only(detect(conversation, node, lat=60.0, error=0.001).decoded)).accuracy
    assert accuracy is not None
    assert accuracy.horizontal_95_m == pytest.approx(111.133 * CIRCULAR_95, rel=1e-3)  # of latitude: the worse axis


@pytest.mark.parametrize(("units", "error"), [("metres", 0.0001), ("degrees", 5.0), ("radians", 0.1)])
def test_an_error_that_cannot_be_in_its_declared_unit_is_no_bound(units: str, error: float) -> None:
    """Metres declared and degrees written would be an error of a tenth of a millimetre."""
    conversation, node = registered(error_units=units)
    track = only(detect(conversation, node, error=error).decoded)
    assert state_of(track).accuracy is None or state_of(track).accuracy.horizontal_95_m is None  # type: ignore[union-attr]
    assert ("detection_report.location.x_error", "UNDECLARED") in losses_of(track)


def test_words_that_are_no_kind_of_error_are_none() -> None:
    assert kind_of("", "") is None
    assert kind_of("sigma sigma sigma", "m") is None
    assert kind_of("σ", "m") is not None


def test_rate_errors_become_bounds_of_course_and_speed() -> None:
    conversation, node = registered(speed_units=KMH)
    message = node.detection(lat=54.7, lon=25.3, east=36.0, north=0.0, at=NOW)  # type: ignore[attr-defined]
    message.detection_report.enu_velocity.east_rate_error = 3.6
    message.detection_report.enu_velocity.north_rate_error = 7.2
    accuracy = state_of(only(conversation.hear(message).decoded)).accuracy
    assert accuracy is not None
    assert accuracy.speed_95_mps == pytest.approx(1.0 * LINEAR_95)
    assert accuracy.course_95_deg == pytest.approx(math.degrees(2.0 * LINEAR_95 / 10.0))


# ------------------------------------------------------------------------------------------------------------- waiting


def test_a_detection_before_its_registration_waits_and_is_then_read_with_it() -> None:
    node, conversation = sensor(speed_units=KMH), talk()
    assert detect(conversation, node, east=36.0, north=0.0) == Turn()
    conversation.now += timedelta(seconds=1)
    turn = conversation.hear(node.registration(NOW))
    assert state_of(only(turn.decoded)).ground_speed_mps == pytest.approx(10.0)
    assert state_of(only(turn.decoded)).received_at == NOW


def test_what_waits_in_vain_is_given_up_with_what_was_missing_and_the_node_is_told() -> None:
    node, conversation = sensor(), talk()
    message = node.detection(lat=54.7, lon=25.3, at=NOW)
    conversation.hear(message)
    assert conversation.wait(4.9) == Turn()
    turn = conversation.wait(0.2)
    ((frame, error),) = turn.decoded.overdue
    assert (frame.octets, error.code) == (message.SerializeToString(), codes.NOT_REGISTERED)
    (answer,) = said(turn)
    assert answer.error.packet == frame.octets
    assert "SAP-050" in answer.error.error_message[0]


def test_a_bearing_before_a_pose_waits_for_it() -> None:
    conversation, node = registered()
    assert conversation.hear(node.bearing_report(azimuth=45.0, at=NOW)) == Turn()  # type: ignore[attr-defined]
    turn = conversation.hear(node.status_report(latitude=54.7, longitude=25.3, altitude=160.0, at=NOW))  # type: ignore[attr-defined]
    polar = state_of(only(turn.decoded)).polar
    assert polar is not None
    assert polar.sensor_position is not None
    assert (polar.azimuth_deg, polar.sensor_position.latitude_deg) == (45.0, 54.7)


def test_a_bearing_whose_pose_never_comes_is_given_up() -> None:
    conversation, node = registered()
    conversation.hear(node.bearing_report(azimuth=45.0, at=NOW))  # type: ignore[attr-defined]
    ((_, error),) = conversation.wait(5.1).decoded.overdue
    assert error.code == codes.NO_POSE


def test_a_status_before_the_registration_waits_too_and_still_serves_what_waited_for_it() -> None:
    node, conversation = sensor(), talk()
    assert conversation.hear(node.bearing_report(azimuth=45.0, at=NOW)) == Turn()
    assert not conversation.hear(node.status_report(latitude=54.7, longitude=25.3, at=NOW)).octets
    turn = conversation.hear(node.registration(NOW))
    assert state_of(only(turn.decoded)).polar is not None


def test_no_more_wait_than_the_limit_and_the_oldest_goes_first() -> None:
    node, conversation = sensor(), talk(limits=Limits(held_frames=3))
    messages = [node.detection(lat=50.0 + n, lon=25.3, at=NOW) for n in range(5)]
    turns = [conversation.hear(message) for message in messages]
    gone = [frame.octets for turn in turns for frame, _ in turn.decoded.overdue]
    assert gone == [message.SerializeToString() for message in messages[:2]]
    turn = conversation.hear(node.registration(NOW))
    positions = [state_of(track).position for track in turn.decoded.tracks]
    assert [position.latitude_deg for position in positions if position] == [52.0, 53.0, 54.0]


def test_few_large_messages_may_not_take_the_room_of_many() -> None:
    node, conversation = sensor(), talk(limits=Limits(max_message_octets=25_000))
    gone = 0
    for _ in range(5):
        message = node.detection(lat=54.7, lon=25.3, at=NOW)
        message.additional_information = "x" * 10_000
        gone += len(conversation.hear(message).decoded.overdue)
    assert gone == 3
    assert len(conversation.hear(node.registration(NOW)).decoded.tracks) == 2


def test_a_registration_with_more_definitions_than_anybody_has_is_refused() -> None:
    message = sensor().registration(NOW)
    definitions = message.registration.mode_definition[0].detection_definition
    for _ in range(1_000):
        definitions.add().CopyFrom(definitions[0])
    turn = talk().hear(message)
    assert kinds(turn) == ["registration_ack", "error"]
    assert refusal(turn.decoded).code == codes.TOO_MANY


def test_no_more_nodes_are_known_than_the_limit() -> None:
    conversation = talk(limits=Limits(peers_remembered=3))
    nodes = [sensor(node_id=f"a8654cdf-4328-47de-81fa-c495589e30c{n}") for n in range(5)]
    for node in nodes:
        assert kinds(conversation.hear(node.registration(NOW))) == ["registration_ack"]
    assert only(detect(conversation, nodes[4]).decoded)
    assert detect(conversation, nodes[0]) == Turn(), "the longest silent is forgotten, and waits for a Registration"


def test_a_new_connection_must_register_again() -> None:
    first, node = registered()
    endpoint = first.conversation._shared  # type: ignore[attr-defined]
    first.conversation.closed(NOW)
    again = talk(endpoint=endpoint)
    assert detect(again, node) == Turn()
    ((_, error),) = again.wait(6).decoded.overdue
    assert error.code == codes.NOT_REGISTERED


def test_a_goodbye_ends_no_track() -> None:
    conversation, node = registered()
    only(detect(conversation, node).decoded)
    turn = conversation.hear(node.status_report(system="SYSTEM_GOODBYE", at=NOW))  # type: ignore[attr-defined]
    assert (turn.decoded.tracks, turn.decoded.problems, turn.over) == ((), (), None)
    assert conversation.conversation.closed(NOW).decoded.tracks == ()


@pytest.mark.parametrize(
    ("state", "ended"),
    [("lost", True), ("Object Lost", True), ("lostInView", False), ("TestState", False), ("", False)],
)
def test_a_track_ends_only_by_the_words_for_it(state: str, ended: bool) -> None:
    conversation, node = registered()
    message = node.detection(lat=54.7, lon=25.3, at=NOW)  # type: ignore[attr-defined]
    if state:
        message.detection_report.state = state
    track = only(conversation.hear(message).decoded)
    assert (track.status is not None and track.status.ended is True) is ended
    assert bool(track.extensions) is bool(state)


def test_the_words_for_the_end_are_an_option() -> None:
    node, conversation = sensor(), talk(ended_states=["lostInView"])
    conversation.hear(node.registration(NOW))
    assert only(detect(conversation, node, state="lostinview").decoded).status is not None
    assert only(detect(conversation, node, state="lost").decoded).status is None


# ------------------------------------------------------------------------------------------------- times and the place


def test_the_time_is_the_envelopes_and_never_an_ids() -> None:
    conversation, node = registered()
    track = only(detect(conversation, node, object_id="01GGYFBAXH4VYRQYEX7S3XGK3H").decoded)  # minted in 2022
    state = state_of(track)
    assert (state.time, state.sent_at, state.time_quality) == (NOW, NOW, "TAGGED")
    assert Loss("timestamp", "ROUNDED") not in track.provenance[0].losses


def test_nanoseconds_that_are_cut_are_a_loss() -> None:
    conversation, node = registered()
    message = node.detection(lat=54.7, lon=25.3, at=NOW)  # type: ignore[attr-defined]
    message.timestamp.nanos = 27_638_700
    track = only(conversation.hear(message).decoded)
    assert state_of(track).time.microsecond == 27_638
    assert ("timestamp", "ROUNDED") in losses_of(track)


@pytest.mark.parametrize(("late_s", "quality"), [(0, "TAGGED"), (4.9, "TAGGED"), (6, "DOUBTFUL"), (-6, "DOUBTFUL")])
def test_a_time_far_from_its_reception_is_marked(late_s: float, quality: str) -> None:
    conversation, node = registered()
    track = only(detect(conversation, node, at=NOW - timedelta(seconds=late_s)).decoded)
    assert state_of(track).time_quality == quality


def test_a_place_that_is_nowhere_is_refused_and_the_node_is_told_which_field() -> None:
    conversation, node = registered()
    turn = detect(conversation, node, lat=125.0, lon=54.7)
    error = refusal(turn.decoded)
    assert error.place.startswith("detection_report.location")
    (answer,) = said(turn)
    assert "detection_report.location" in answer.error.error_message[0]
    assert only(detect(conversation, node).decoded), "the conversation goes on"


def test_utm_is_read_in_the_zone_of_the_registration_or_of_the_message() -> None:
    node, conversation = sensor(location_units="LOCATION_COORDINATE_SYSTEM_UTM_M", utm_zone="35U"), talk()
    conversation.hear(node.registration(NOW))
    message = node.detection(lat=0.0, lon=0.0, at=NOW)
    place = message.detection_report.location
    place.coordinate_system, place.x, place.y = "LOCATION_COORDINATE_SYSTEM_UTM_M", 390_459.0, 6_062_500.0
    position = state_of(only(conversation.hear(message).decoded)).position
    assert position is not None
    assert (position.latitude_deg, position.longitude_deg) == pytest.approx((54.69, 25.30), abs=0.01)
    place.utm_zone = "34U"
    other = state_of(only(conversation.hear(message).decoded)).position
    assert other is not None
    assert other.longitude_deg == pytest.approx(position.longitude_deg - 6.0, abs=1e-9)


def test_radians_are_read_as_radians() -> None:
    conversation, node = registered()
    message = node.detection(lat=math.radians(54.7), lon=math.radians(-25.3), at=NOW)  # type: ignore[attr-defined]
    message.detection_report.location.coordinate_system = "LOCATION_COORDINATE_SYSTEM_LAT_LNG_RAD_M"
    position = state_of(only(conversation.hear(message).decoded)).position
    assert position is not None
    assert (position.latitude_deg, position.longitude_deg) == pytest.approx((54.7, -25.3))


def test_heights_above_ellipsoid_and_geoid_are_kept_apart() -> None:
    for datum, hae, msl in (("LOCATION_DATUM_WGS84_E", 120.0, None), ("LOCATION_DATUM_WGS84_G", None, 120.0)):
        conversation, node = registered(location_datum=datum)
        state = state_of(only(detect(conversation, node, alt=120.0).decoded))
        assert (state.altitude_hae_m, state.altitude_msl_m) == (hae, msl)
        bare = state_of(only(detect(conversation, node).decoded))
        assert (bare.altitude_hae_m, bare.altitude_msl_m) == (None, None)


def test_a_dock_without_end_blocks_nobody() -> None:
    conversation, node = talk(), sensor()
    message = node.registration(NOW)
    classes = message.registration.mode_definition[0].detection_definition[0].detection_class_definition[0]
    dock = classes.taxonomy_dock_definition.add(Dock_class_namespace="x", Dock_class=".".join(["Air Vehicle"] * 30_000))
    dock.Extension_subclass.add(Subclass_namespace="x", Subclass_name="Wing")
    began = time.process_time()
    assert said(conversation.hear(message))[0].registration_ack.acceptance
    track = only(conversation.hear(node.detection(lat=54.7, lon=25.3, classes=("Wing",), at=NOW)).decoded)
    assert time.process_time() - began < 2.0  # each prefix of the path in turn took ten
    assert track.environment is Environment.AIR
