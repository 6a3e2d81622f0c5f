"""The fusion node: registration and its refusals, acknowledgements, errors that are told, node ids that collide."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from gateway.dialect import Turn
from gateway.errors import FormatError
from gateway.formats.sapient import FORMAT, Splitter
from gateway.formats.sapient import codes as message_codes
from gateway.formats.sapient.session import codes
from gateway.formats.sapient.v2 import SapientMessage
from gateway.formats.sapient.validate import validate
from gateway.limits import Limits
from tests.formats.sapient.nodes import NODE, NOW, OBJECT, frame_of, kinds, only, refusal, said, sensor, served, talk
from tests.simulators.sapient_sensor import SapientSensor, framed, new_ulid


def own_words_are_valid(turn: Turn) -> None:
    for octets in turn.octets:
        assert validate(SapientMessage.FromString(octets[4:]), octets=octets[4:]) == ()


_DEGREES = '{"locationUnits": "LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M", "locationDatum": "LOCATION_DATUM_WGS84_E"}'
_SECONDS = '{"units": "TIME_UNITS_SECONDS", "value": 5}'
OLD = f"""
"registration": {{
  "nodeDefinition": [{{"nodeType": "NODE_TYPE_RADAR"}}],
  "icdVersion": "BSI Flex 335 v1.0",
  "capabilities": [{{"category": "Radar", "type": "Range"}}],
  "statusDefinition": {{"statusInterval": {_SECONDS}}},
  "modeDefinition": [{{
    "modeName": "Default", "modeType": "MODE_TYPE_PERMANENT", "settleTime": {_SECONDS},
    "detectionDefinition": {{"locationType": {_DEGREES}, "velocityType": {{
      "enuVelocityUnits": {{"eastNorthRateUnits": "SPEED_UNITS_KPH"}}, "locationDatum": "LOCATION_DATUM_WGS84_E"}}}},
    "task": [{{"regionDefinition": {{"regionType": ["REGION_TYPE_BOUNDARY"], "regionArea": [{_DEGREES}]}}}}]
  }}]
}}"""

# ---------------------------------------------------------------------------------------------------------- registering


def test_a_registration_is_acknowledged_to_its_node() -> None:
    conversation = talk(node_id="f47ac10b-58cc-4372-a567-0e02b2c3d479")
    turn = conversation.hear(sensor().registration(NOW))
    (ack,) = said(turn)
    assert ack.registration_ack.acceptance
    assert (ack.node_id, ack.destination_id) == ("f47ac10b-58cc-4372-a567-0e02b2c3d479", NODE)
    assert (turn.decoded.silent, turn.decoded.problems) == (1, ())
    assert conversation.conversation.title == f"Test sensor ({NODE})"
    assert not conversation.conversation.wants_tracks
    own_words_are_valid(turn)


@pytest.mark.parametrize("version", ["BSI Flex 335 v3.0", "7.0", "v2"])
def test_a_registration_of_another_version_is_refused_with_the_reason(version: str) -> None:
    conversation = talk()
    turn = conversation.hear(sensor(icd_version=version).registration(NOW))
    assert kinds(turn) == ["registration_ack", "error"]
    ack, error = said(turn)
    assert not ack.registration_ack.acceptance
    assert "icd_version" in ack.registration_ack.ack_response_reason[0]
    assert error.error.packet == sensor(icd_version=version).registration(NOW).SerializeToString()
    assert refusal(turn.decoded).code == message_codes.ICD_VERSION
    assert turn.over is None
    own_words_are_valid(turn)


def test_after_a_refused_registration_nothing_is_read_in_the_units_of_the_one_before() -> None:
    """The node may well have changed its units; what it says waits until a Registration of it is accepted."""
    conversation, node = talk(), sensor()
    conversation.hear(node.registration(NOW))
    fast = sensor(speed_units="SPEED_UNITS_KPH")
    bad = fast.registration(NOW)
    bad.registration.ClearField("capabilities")
    assert not said(conversation.hear(bad))[0].registration_ack.acceptance
    report = node.detection(lat=54.7, lon=25.3, east=36.0, north=0.0, at=NOW)
    assert conversation.hear(report).decoded.tracks == ()
    track = only(conversation.hear(fast.registration(NOW)).decoded)
    assert track.state is not None
    assert track.state.ground_speed_mps == pytest.approx(10.0)


def test_a_registration_with_too_many_definitions_ends_the_one_before_it_too() -> None:
    conversation, node = talk(), sensor()
    conversation.hear(node.registration(NOW))
    vast = node.registration(NOW)
    for _ in range(1_001):
        vast.registration.mode_definition[0].detection_definition.add().CopyFrom(
            vast.registration.mode_definition[0].detection_definition[0]
        )
    turn = conversation.hear(vast)
    assert refusal(turn.decoded).code == codes.TOO_MANY
    assert conversation.hear(node.detection(lat=54.7, lon=25.3, at=NOW)).decoded.tracks == ()
    (_, missing), *_ = conversation.wait(5.1).decoded.overdue
    assert missing.code == codes.NOT_REGISTERED


def test_what_is_hard_to_believe_is_nacked_like_anything_else_that_is_refused() -> None:
    conversation, node = talk(implausible="refuse"), sensor()
    conversation.hear(node.registration(NOW))
    alert = node.alert()
    alert.timestamp.FromDatetime(NOW)  # its id was minted long after or before
    turn = conversation.hear(alert)
    assert kinds(turn) == ["alert_ack", "error"]
    assert said(turn)[0].alert_ack.reason


def test_errors_that_are_declared_in_metres_are_not_taken_for_degrees() -> None:
    conversation, node = talk(implausible="refuse"), sensor()
    conversation.hear(node.registration())
    report = node.detection(lat=54.7, lon=25.3, error=40.0)
    conversation.now = report.timestamp.ToDatetime(UTC)
    only(conversation.hear(report).decoded)
    fast = node.detection(lat=54.7, lon=25.3, east=5_000.0, north=0.0)
    assert refusal(conversation.hear(fast).decoded).place == "detection_report.enu_velocity"


def test_who_registers_nodes_without_end_takes_no_node_from_another_connection() -> None:
    endpoint = FORMAT.endpoint(node="ltu-1", limits=Limits(peers_remembered=8))
    steady, greedy = talk(endpoint=endpoint), talk(endpoint=endpoint)
    assert kinds(steady.hear(sensor().registration(NOW))) == ["registration_ack"]
    for _ in range(30):
        assert said(greedy.hear(SapientSensor().registration(NOW)))[0].registration_ack.acceptance
    turn = steady.hear(sensor().detection(lat=54.7, lon=25.3, at=NOW))
    assert turn.over is None
    only(turn.decoded)


def test_all_that_is_wrong_is_told_at_once() -> None:
    message = sensor().registration(NOW)
    message.registration.ClearField("capabilities")
    message.registration.ClearField("config_data")
    ack = said(talk().hear(message))[0].registration_ack
    assert len(ack.ack_response_reason) == 2


def test_a_peer_that_never_registers_is_closed() -> None:
    conversation = talk(register_s=10.0)
    conversation.hear(sensor().detection(lat=54.7, lon=25.3, at=NOW))
    assert conversation.wait(9.9).over is None
    turn = conversation.wait(0.2)
    assert turn.over is not None
    assert turn.over.code == codes.NEVER_REGISTERED
    assert "SAP-061" in said(turn)[-1].error.error_message[0]
    own_words_are_valid(turn)


def test_a_registered_node_may_be_silent() -> None:
    conversation = talk(register_s=10.0)
    conversation.hear(sensor().registration(NOW))
    assert conversation.wait(3_600) == Turn()


# ------------------------------------------------------------------------------------------------- ids that collide


def test_the_newer_connection_of_a_node_wins_and_the_older_is_told_and_closed() -> None:
    endpoint = FORMAT.endpoint(node="ltu-1")  # type: ignore[misc]
    old, new = talk(endpoint=endpoint), talk(endpoint=endpoint)
    node = sensor()
    old.hear(node.registration(NOW))
    assert kinds(new.hear(node.registration(NOW))) == ["registration_ack"]
    turn = old.hear(node.detection(lat=54.7, lon=25.3, at=NOW))
    assert turn.over is not None
    assert (turn.over.code, turn.decoded.tracks) == (codes.REPLACED, ())
    assert "SAP-059" in said(turn)[0].error.error_message[0]
    assert only(new.hear(node.detection(lat=54.7, lon=25.3, at=NOW)).decoded)


def test_what_waited_on_the_older_connection_is_given_up_and_not_forgotten() -> None:
    endpoint = FORMAT.endpoint(node="ltu-1")  # type: ignore[misc]
    old, new = talk(endpoint=endpoint), talk(endpoint=endpoint)
    other = sensor(node_id="a8654cdf-4328-47de-81fa-c495589e30c9")
    for node in (sensor(), other):
        old.hear(node.registration(NOW))
    bearing = sensor().bearing_report(azimuth=1.0, at=NOW)
    old.hear(bearing)
    new.hear(sensor().registration(NOW))
    ((frame, error),) = old.wait(1).decoded.overdue
    assert frame.octets == bearing.SerializeToString()
    assert "another connection" in error.cause


def test_the_older_is_told_by_the_clock_too() -> None:
    endpoint = FORMAT.endpoint(node="ltu-1")  # type: ignore[misc]
    old, new = talk(endpoint=endpoint), talk(endpoint=endpoint)
    for one in (old, new):
        one.hear(sensor().registration(NOW))
    turn = old.wait(1)
    assert turn.over is not None
    assert turn.over.code == codes.REPLACED
    old.conversation.closed(NOW)
    assert new.wait(1) == Turn(), "the old one's end takes nothing from the new"
    third = talk(endpoint=endpoint)
    third.hear(sensor().registration(NOW))
    assert new.wait(1).over is not None


def test_a_connection_that_keeps_other_nodes_lives_on() -> None:
    endpoint = FORMAT.endpoint(node="ltu-1")  # type: ignore[misc]
    many, new = talk(endpoint=endpoint), talk(endpoint=endpoint)
    other = sensor(node_id="a8654cdf-4328-47de-81fa-c495589e30c9")
    many.hear(sensor().registration(NOW))
    many.hear(other.registration(NOW))
    new.hear(sensor().registration(NOW))
    assert many.wait(1) == Turn()
    assert only(many.hear(other.detection(lat=54.7, lon=25.3, at=NOW)).decoded)


def test_nobody_takes_the_node_of_another_proven_client() -> None:
    endpoint = FORMAT.endpoint(node="ltu-1")  # type: ignore[misc]
    owner, thief, owner_again = (talk(endpoint=endpoint, client=name) for name in ("radar", "", "radar"))
    owner.hear(sensor().registration(NOW))
    turn = thief.hear(sensor().registration(NOW))
    assert refusal(turn.decoded).code == codes.NODE_TAKEN
    assert not said(turn)[0].registration_ack.acceptance
    assert only(owner.hear(sensor().detection(lat=54.7, lon=25.3, at=NOW)).decoded)
    assert said(owner_again.hear(sensor().registration(NOW)))[0].registration_ack.acceptance


# ---------------------------------------------------------------------------------------------- everything that is said


def test_an_alert_is_a_report_of_its_own_and_acknowledged() -> None:
    conversation, node = talk(), sensor()
    conversation.hear(node.registration(NOW))
    message = node.alert("Drone near the fence", about=OBJECT)
    turn = conversation.hear(message)
    track = only(turn.decoded)
    assert track.identifiers[0].scheme == "sapient_alert"
    assert track.identifiers[0].value == f"{NODE}/{message.alert.alert_id}"
    (kind,) = track.classifications
    assert (kind.scheme, kind.type, track.remarks) == ("SAPIENT_ALERT", "WARNING", "Drone near the fence")
    assert track.state is not None
    assert (track.state.position, track.state.polar, track.identity, track.status) == (None, None, None, None)
    assert f'object_id="{OBJECT}"' in track.extensions[0].xml, "the link to the detection"
    (ack,) = said(turn)
    assert ack.alert_ack.alert_id == message.alert.alert_id
    assert ack.alert_ack.alert_ack_status == 1, "accepted"
    own_words_are_valid(turn)


def test_an_alert_is_acknowledged_when_it_is_read_not_when_it_comes() -> None:
    conversation, node = talk(), sensor()
    assert conversation.hear(node.alert()) == Turn()
    turn = conversation.hear(node.registration(NOW))
    assert kinds(turn) == ["registration_ack", "alert_ack"]
    assert only(turn.decoded)


def test_a_cleared_alert_has_ended() -> None:
    conversation, node = talk(), sensor()
    conversation.hear(node.registration(NOW))
    message = node.alert()
    message.alert.status = "ALERT_STATUS_CLEAR"
    track = only(conversation.hear(message).decoded)
    assert track.status is not None
    assert track.status.ended


def test_an_invalid_alert_is_rejected_and_explained() -> None:
    conversation, node = talk(), sensor()
    conversation.hear(node.registration(NOW))
    message = node.alert()
    message.alert.confidence = 7.0
    turn = conversation.hear(message)
    assert kinds(turn) == ["alert_ack", "error"]
    assert "alert.confidence" in said(turn)[0].alert_ack.reason[0]
    assert refusal(turn.decoded).place == "alert.confidence"


def test_a_task_from_a_node_is_rejected_with_a_reason() -> None:
    conversation, node = talk(), sensor()
    conversation.hear(node.registration(NOW))
    message = node.message(NOW)
    message.task.task_id, message.task.control = new_ulid(), "CONTROL_START"
    message.task.command.request = "Start"
    turn = conversation.hear(message)
    ack = said(turn)[0].task_ack
    assert (ack.task_id, ack.task_status) == (message.task.task_id, 2)
    assert ack.reason
    assert refusal(turn.decoded).code == codes.WRONG_ROLE
    own_words_are_valid(turn)


def test_acknowledgements_are_noted_and_not_answered() -> None:
    conversation, node = talk(), sensor()
    conversation.hear(node.registration(NOW))
    message = node.message(NOW)
    message.task_ack.task_id, message.task_ack.task_status = new_ulid(), "TASK_STATUS_ACCEPTED"
    turn = conversation.hear(message)
    assert (turn.octets, turn.decoded.silent) == ((), 1)


def test_an_error_of_the_node_is_a_problem_and_never_answered() -> None:
    conversation, node = talk(), sensor()
    message = node.message(NOW)
    message.error.packet = b"x"
    message.error.error_message.append("cannot read your acknowledgement")
    turn = conversation.hear(message)
    assert turn.octets == ()
    error = refusal(turn.decoded)
    assert (error.code, "cannot read" in error.cause) == (codes.SAID_ERROR, True)
    broken = node.message(NOW)
    broken.error.packet = b"x"
    turn = conversation.hear(broken)
    assert (turn.octets, len(turn.decoded.problems)) == ((), 1), "an invalid error is not answered either"


def test_a_registration_ack_from_a_node_is_told_to_be_wrong() -> None:
    message = sensor().message(NOW)
    message.registration_ack.acceptance = True
    turn = talk().hear(message)
    assert (kinds(turn), refusal(turn.decoded).code) == (["error"], codes.WRONG_ROLE)


@pytest.mark.parametrize("octets", [b"\xff\xff\xff", b"\x00", b"GET / HTTP/1.1\r\n", b"\x0a\x0c"])
def test_octets_that_are_no_message_are_answered_with_an_error_that_gives_them_back(octets: bytes) -> None:
    turn = talk().hear(octets)
    assert kinds(turn) == ["error"]
    assert said(turn)[0].error.packet == octets
    assert len(turn.decoded.problems) == 1
    assert turn.over is None
    own_words_are_valid(turn)


def test_a_huge_packet_is_given_back_in_part() -> None:
    turn = talk(limits=Limits(max_frame_octets=100_000)).hear(b"\xff" * 200_000)
    assert len(said(turn)[0].error.packet) == 65_536


def test_a_field_that_is_not_in_the_standard_is_told_by_its_path() -> None:
    conversation, node = talk(), sensor()
    conversation.hear(node.registration(NOW))
    octets = node.detection(lat=54.7, lon=25.3, at=NOW).SerializeToString() + b"\xf8\x07\x01"
    turn = conversation.hear(octets)
    assert refusal(turn.decoded).code == message_codes.UNKNOWN_FIELD


def test_one_implausible_message_is_carried_or_refused_as_configured() -> None:
    for option, carried in (("carry", 1), ("refuse", 0)):
        conversation, node = talk(implausible=option), sensor()
        conversation.hear(node.registration(NOW))
        turn = conversation.hear(node.detection(lat=54.7, lon=25.3, alt=9_999_999.0, at=NOW))
        assert len(turn.decoded.tracks) == carried
        assert len(turn.decoded.problems) == 1 - carried


@pytest.mark.parametrize(
    "options",
    [
        {"role": "server"},
        {"node_id": "not-a-uuid"},
        {"node_id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8"},
        {"time_window_s": 0.0},
        {"utm_letters": "both"},
        {"implausible": "maybe"},
        {"register_s": 0.0},
        {"sites": {NODE: {"latitude_deg": 95.0, "longitude_deg": 0.0}}},
        {"sites": {NODE: {"latitude_deg": 5.0}}},
        {"sites": {NODE: {"lat": 5.0}}},
        {"sites": {NODE: 7}},
        {"sites": "here"},
        {"ended_states": "lost"},
        {"keep_raw": "yes"},
        {"time_window_s": "soon"},
        {"node_id": 7},
    ],
)
def test_an_option_that_makes_no_sense_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(FormatError) as refused:
        FORMAT.endpoint(node="ltu-1", **options)  # type: ignore[misc]
    assert refused.value.code == codes.OPTION


def test_a_node_of_version_1_is_read_by_its_own_version() -> None:
    conversation = talk()
    ack = conversation.hear(f'{{"timestamp": "2026-11-22T08:12:00Z", "nodeId": "{NODE}", {OLD}}}'.encode())
    assert said(ack)[0].registration_ack.acceptance, said(ack)
    turn = conversation.hear(sensor().detection(lat=54.7, lon=25.3, east=36.0, north=0.0, at=NOW))
    track = only(turn.decoded)
    assert track.state is not None
    assert track.state.ground_speed_mps == pytest.approx(10.0)


# ------------------------------------------------------------------------------------------------------- real sockets


async def test_a_sensor_registers_and_reports_a_drone_over_a_socket() -> None:
    async with served() as gateway, SapientSensor(port=gateway.port) as node:
        ack = await node.register()
        assert ack is not None
        assert ack.registration_ack.acceptance
        await node.status(latitude=54.7, longitude=25.3, altitude=160.0)
        await node.detect(lat=54.71, lon=25.31, alt=250.0, east=3.0, north=4.0)
        await node.bearing(azimuth=90.0)
        await gateway.until(lambda: len(gateway.tracks) == 2)
        await node.goodbye()
    drone, heard = gateway.tracks
    assert drone.state is not None
    assert heard.state is not None
    assert (drone.platform, drone.identity, drone.state.ground_speed_mps) == ("UAV_ROTARY_WING", None, 5.0)
    assert heard.state.position is None
    assert heard.state.polar is not None
    assert gateway.problems == []


async def test_units_change_in_mid_stream_over_a_socket() -> None:
    async with served() as gateway, SapientSensor(port=gateway.port) as node:
        await node.register()
        await node.detect(lat=54.7, lon=25.3, east=36.0, north=0.0)
        await node.register(speed_units="SPEED_UNITS_KPH")
        await node.detect(lat=54.7, lon=25.3, east=36.0, north=0.0)
        await gateway.until(lambda: len(gateway.tracks) == 2)
    assert [track.state.ground_speed_mps for track in gateway.tracks if track.state] == pytest.approx([36.0, 10.0])


async def test_a_flood_is_read_to_the_last_message() -> None:
    async with served() as gateway, SapientSensor(port=gateway.port) as node:
        await node.register()
        await node.flood(2_345)
        await gateway.until(lambda: len(gateway.tracks) == 2_345)
    assert gateway.problems == []


async def test_a_peer_that_never_registers_is_told_and_closed_over_a_socket() -> None:
    async with served(register_s=0.2) as gateway, SapientSensor(port=gateway.port) as node:
        await node.detect(lat=54.7, lon=25.3)
        answer = await node.next_message("error")
        assert "SAP-0" in answer.error.error_message[0]
        with pytest.raises(EOFError):
            await node.next_message("registration_ack")
    assert gateway.over[0].code == codes.NEVER_REGISTERED


async def test_a_second_sensor_with_the_same_id_takes_over() -> None:
    async with served() as gateway, SapientSensor(port=gateway.port) as first:
        await first.register()
        async with SapientSensor(port=gateway.port, node_id=first.node_id) as second:
            await second.register()
            told = await first.next_message("error")
            assert "SAP-059" in told.error.error_message[0]
            with pytest.raises(EOFError):
                await first.next_message()
            await second.detect(lat=54.7, lon=25.3)
            await gateway.until(lambda: gateway.tracks)
    assert gateway.over[0].code == codes.REPLACED


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF, 0x80000000, 1_048_577])
async def test_a_wrong_length_ends_the_connection(length: int) -> None:
    async with served() as gateway, SapientSensor(port=gateway.port) as node:
        await node.register()
        await node.send_octets(length.to_bytes(4, "little") + b"\x00\x00\x00\x00")
        with pytest.raises(EOFError):
            await node.next_message()
        await gateway.until(lambda: gateway.over)
    assert isinstance(gateway.over[0], FormatError)


async def test_messages_cut_at_any_octet_are_the_same_messages() -> None:
    node = sensor()
    octets = framed(node.registration(NOW)) + framed(node.detection(lat=54.7, lon=25.3, at=NOW))
    for cut in range(1, len(octets)):
        splitter, conversation = Splitter(), talk()
        frames = splitter.feed(octets[:cut]) + splitter.feed(octets[cut:])
        turns = [conversation.conversation.received(frame_of(one, NOW + timedelta(0))) for one in frames]
        assert [len(turn.decoded.tracks) for turn in turns] == [0, 1]
