"""What came with drones: operators, exercises, detections at a sensor, and what CoT has no place for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from lxml import etree
from msgspec.structs import replace

from gateway.errors import FormatError
from gateway.formats.cot import CotDecoder, CotEncoder, trace
from gateway.formats.cot.tak.framing import stream_frame
from gateway.formats.cot.tak.to_proto import message_of
from gateway.limits import Limits
from gateway.stages import Encoded
from gateway.track import (
    Environment,
    Identifier,
    Label,
    Loss,
    Operator,
    Polar,
    Position,
    Source,
    State,
    Status,
    Track,
)
from tests.formats.cot.generators import NOW, event, frame

OPERATOR = Operator(
    identifier="FIN87astrdge12k8",
    position=Position(latitude_deg=50.1, longitude_deg=14.1),
    altitude_hae_m=210.0,
    basis="LIVE_GNSS",
    time=NOW - timedelta(seconds=2),
)
DRONE = Track(
    track_id="00000000-0000-4000-8000-000000000001",
    identifiers=(Identifier("cot_uid", "drone-1"), Identifier("uas_serial", "1581F5")),
    environment=Environment.AIR,
    operator=OPERATOR,
    state=State(time=NOW, sent_at=NOW, position=Position(latitude_deg=50.5, longitude_deg=14.25)),
)


def written(track: Track, **options: object) -> tuple[list[etree._Element], Encoded]:
    encoded = CotEncoder(**options).encode([track], NOW)  # type: ignore[arg-type]  # options by name
    return [etree.fromstring(octets) for octets in encoded.frames], encoded


def lost(encoded: Encoded) -> set[Loss]:
    return {loss for _, loss in encoded.losses}


# ------------------------------------------------------------------------------------------------------------ operators


def test_an_operator_is_withheld_unless_the_feed_may_have_personal_data() -> None:
    roots, encoded = written(DRONE)
    assert len(roots) == 1
    assert lost(encoded) == {Loss("operator", "WITHHELD")}
    assert b"FIN87" not in encoded.frames[0]
    assert b"50.1" not in encoded.frames[0]


def test_an_operator_is_an_event_of_its_own_linked_to_the_aircraft() -> None:
    (drone, operator), encoded = written(DRONE, personal_data=True)
    assert not lost(encoded)
    assert drone.get("uid") == "drone-1"
    assert b"FIN87" not in encoded.frames[0]
    assert (operator.get("uid"), operator.get("type"), operator.get("how")) == ("drone-1.operator", "a-o-G", "m-g")
    point = operator.find("point")
    assert point is not None
    assert dict(point.attrib) == {"lat": "50.1", "lon": "14.1", "hae": "210.0", "ce": "9999999.0", "le": "9999999.0"}
    link = operator.find("detail/link")
    assert link is not None
    assert dict(link.attrib) == {"uid": "drone-1", "type": drone.get("type"), "relation": "p-p"}
    assert operator.get("start") == "2026-11-22T08:11:58.500Z"
    assert operator.get("stale") == drone.get("stale")


@pytest.mark.parametrize("protocol", ["xml", "stream", "mesh"])
def test_an_operator_s_event_is_read_as_personal_data_and_nothing_else(protocol: str) -> None:
    encoded = CotEncoder(personal_data=True, protocol=protocol).encode([DRONE], NOW)
    (back,) = CotDecoder(keep_raw=False).decode(frame(encoded.frames[1])).tracks
    assert back.operator == replace(OPERATOR, basis=None)
    assert back.identifiers[0] == Identifier("cot_uid", "drone-1.operator")
    assert back.state is not None
    assert (back.state.position, back.state.altitude_hae_m, back.state.accuracy) == (None, None, None)
    hidden = replace(back, operator=None)
    assert "50.1" not in repr(hidden)
    assert "FIN87" not in repr(hidden)
    again, _ = written(back, personal_data=True)
    assert [root.get("uid") for root in again] == ["drone-1.operator"]
    assert etree.tostring(again[0].find("point")) == etree.tostring(  # type: ignore[arg-type]  # it is there
        etree.fromstring(CotEncoder(personal_data=True).encode([DRONE], NOW).frames[1]).find("point")  # type: ignore[arg-type]  # as above
    )
    _, refused = written(back)
    assert [problem.code.id for problem in refused.problems] == ["COT-020"]


def test_an_operator_without_a_place_stands_with_the_aircraft_s_names() -> None:
    track = replace(DRONE, operator=Operator(identifier="FIN87"))
    (root,), encoded = written(track, personal_data=True)
    assert not lost(encoded)
    assert root.find("detail/uid").get("uas_operator") == "FIN87"  # type: ignore[union-attr]  # it is there
    (back,) = CotDecoder(keep_raw=False).decode(frame(encoded.frames[0])).tracks
    assert back.operator == Operator(identifier="FIN87")
    assert all(one.scheme != "uas_operator" for one in back.identifiers)
    assert "FIN87" not in repr(replace(back, operator=None))
    assert "FIN87" not in CotEncoder().encode([back], NOW).frames[0].decode()


def test_the_marking_holds_for_the_operator_too() -> None:
    track = replace(DRONE, label=Label(policy="P", classification="RESTRICTED"))
    (_, operator), _ = written(track, personal_data=True, opex="e-X")
    assert (operator.get("access"), operator.get("opex")) == ("RESTRICTED", "e-X")


def test_nobody_declared_an_operator_s_identity_whatever_displays_need() -> None:
    for undeclared in ("o", "u"):
        encoded = CotEncoder(personal_data=True, undeclared=undeclared).encode([DRONE], NOW)
        assert etree.fromstring(encoded.frames[1]).get("type") == f"a-{undeclared}-G"
        assert CotDecoder().decode(frame(encoded.frames[1])).tracks[0].identity is None


def test_where_an_operator_s_position_is_from_is_lost_unless_it_was_measured_now() -> None:
    _, encoded = written(replace(DRONE, operator=replace(OPERATOR, basis="TAKEOFF")), personal_data=True)
    assert lost(encoded) == {Loss("operator.basis", "NO_TARGET")}


@pytest.mark.parametrize(
    "operator",
    [
        replace(OPERATOR, altitude_hae_m=float("nan")),
        replace(OPERATOR, position=Position(latitude_deg=91.0, longitude_deg=0.0)),
        replace(OPERATOR, position=Position(latitude_deg=0.0, longitude_deg=float("inf"))),
    ],
)
def test_an_operator_who_is_not_on_earth_is_refused(operator: Operator) -> None:
    _, encoded = written(replace(DRONE, operator=operator), personal_data=True)
    assert [problem.code.id for problem in encoded.problems] == ["COT-024"]
    assert encoded.frames == ()


def test_hostile_names_of_operators_are_escaped_or_left_out() -> None:
    (_, operator), _ = written(replace(DRONE, operator=replace(OPERATOR, identifier='"><a/>')), personal_data=True)
    assert operator.find("detail/uid").get("uas_operator") == '"><a/>'  # type: ignore[union-attr]  # it is there
    (_, operator), encoded = written(replace(DRONE, operator=replace(OPERATOR, identifier="a\x00")), personal_data=True)
    assert operator.find("detail/uid") is None
    assert lost(encoded) == {Loss("operator.identifier", "OUT_OF_RANGE")}


def test_another_link_or_name_makes_no_operator() -> None:
    for octets in (
        event('<link uid="u" relation="p-p"/>', uid="v.operator"),
        event('<link uid="u" relation="none"/>', uid="u.operator"),
        event('<link uid="u" relation="p-p"/>', uid="u"),
    ):
        (track,) = CotDecoder().decode(frame(octets)).tracks
        assert track.operator is None
        assert track.state is not None
        assert track.state.position is not None


# ------------------------------------------------------------------------------------------------------------ exercises


@pytest.mark.parametrize(
    ("opex", "exercise", "simulated"),
    [("e", True, None), ("e-STEADY", True, None), ("s-X", None, True), ("o", None, None)],
)
def test_exercise_and_simulation_come_and_go_by_opex(opex: str, exercise: bool | None, simulated: bool | None) -> None:
    octets = event(attributes=f' opex="{opex}"')
    for framed in (octets, stream_frame(message_of(octets, Limits())[0].SerializeToString())):
        (track,) = CotDecoder().decode(frame(framed)).tracks
        status = track.status or Status()
        assert (status.exercise, status.simulated) == (exercise, simulated)
        (root,), _ = written(track)
        assert root.get("opex") == opex


@pytest.mark.parametrize(
    ("status", "option", "opex", "how"),
    [
        (Status(exercise=True), None, "e", "m-r"),
        (Status(exercise=True), "e-STEADY", "e-STEADY", "m-r"),
        (Status(exercise=True), "o-LIVE", "e", "m-r"),
        (Status(exercise=True, simulated=True), None, "e", "m-s"),
        (Status(simulated=True), "e-STEADY", "s", "m-s"),
        (Status(exercise=False), "e-STEADY", None, "m-r"),
        (Status(exercise=False), "o-LIVE", "o-LIVE", "m-r"),
        (None, "e-STEADY", "e-STEADY", "m-r"),
    ],
)
def test_what_the_track_says_of_an_exercise_wins(
    status: Status | None, option: str | None, opex: str | None, how: str
) -> None:
    track = replace(DRONE, operator=None, status=status)
    (root,), encoded = written(track, opex=option)
    assert (root.get("opex"), root.get("how")) == (opex, how)
    assert not lost(encoded)
    back = CotDecoder().decode(frame(encoded.frames[0])).tracks[0].status or Status()
    if status is not None:
        assert (back.exercise or None, back.simulated) == (status.exercise or None, status.simulated)


# ------------------------------------------------------------------------------------------ detections and other losses

SENSED = Track(
    identifiers=(Identifier("sapient_object", "01H"),),
    sources=(Source(id="src-a", name="acoustic", modality="ACOUSTIC"),),
    state=State(
        time=NOW,
        sent_at=NOW,
        polar=Polar(
            sensor="sapient:n",
            sensor_position=Position(latitude_deg=50.0, longitude_deg=14.0),
            sensor_altitude_hae_m=312.5,
            reach_m=3000.0,
        ),
    ),
)


def test_a_detection_stands_at_its_sensor_with_height_and_reach() -> None:
    (root,), encoded = written(SENSED)
    assert root.get("type") == "b-d-a"
    point = root.find("point")
    assert point is not None
    assert dict(point.attrib) == {"lat": "50.0", "lon": "14.0", "hae": "312.5", "ce": "3000.0", "le": "9999999.0"}
    (back,) = CotDecoder().decode(frame(encoded.frames[0])).tracks
    assert back.state is not None
    assert back.state.position is None
    assert back.state.polar is not None
    assert back.state.polar.sensor_altitude_hae_m == 312.5
    assert back.state.polar.reach_m == 3000.0


def test_a_bearing_is_written_at_the_sensor_and_its_errors_are_lost() -> None:
    assert SENSED.state is not None
    assert SENSED.state.polar is not None
    polar = replace(
        SENSED.state.polar,
        azimuth_deg=211.5,
        north="TRUE",
        azimuth_95_deg=4.0,
        elevation_95_deg=1.0,
        range_95_m=9.0,
        sensor_altitude_msl_m=300.0,
    )
    (root,), encoded = written(replace(SENSED, state=replace(SENSED.state, polar=polar)))
    sensor = root.find("detail/sensor")
    assert sensor is not None
    assert dict(sensor.attrib) == {"azimuth": "211.5"}
    assert lost(encoded) >= {
        Loss("state.polar.azimuth_95_deg", "NO_TARGET"),
        Loss("state.polar.elevation_95_deg", "NO_TARGET"),
        Loss("state.polar.range_95_m", "NO_TARGET"),
        Loss("state.polar.sensor_altitude_msl_m", "NO_DATUM"),
    }


def test_without_a_sensor_s_place_nothing_is_written_and_that_is_listed() -> None:
    assert SENSED.state is not None
    assert SENSED.state.polar is not None
    polar = replace(SENSED.state.polar, sensor_position=None)
    roots, encoded = written(replace(SENSED, state=replace(SENSED.state, polar=polar)))
    assert roots == []
    assert [problem.code.id for problem in encoded.problems] == ["COT-020"]
    assert encoded.losses == (("01H", Loss("state.position", "NO_POSITION")),)


def test_what_a_drone_detector_says_besides_is_listed() -> None:
    assert DRONE.state is not None
    state = replace(DRONE.state, height_takeoff_m=40.0)
    _, encoded = written(replace(DRONE, operator=None, detection_confidence_pct=90.0, state=state))
    assert lost(encoded) == {
        Loss("state.height_takeoff_m", "NO_DATUM"),
        Loss("detection_confidence_pct", "NO_TARGET"),
    }


@pytest.mark.parametrize("scheme", ["uas_serial", "uas_session", "uas_registration", "mac", "sapient_object"])
def test_the_names_of_drones_travel_with_the_other_names(scheme: str) -> None:
    track = replace(DRONE, operator=None, identifiers=(Identifier("cot_uid", "d"), Identifier(scheme, "x1")))
    _, encoded = written(track)
    assert not lost(encoded)
    assert CotDecoder().decode(frame(encoded.frames[0])).tracks[0].identifiers[1] == Identifier(scheme, "x1")


def test_a_protocol_that_there_is_not_is_refused() -> None:
    with pytest.raises(FormatError) as caught:
        CotEncoder(protocol="carrier-pigeon")
    assert caught.value.code.id == "TAK-008"


def test_the_trace_of_a_tak_frame_shows_the_xml_that_it_stands_for() -> None:
    octets = event('<track course="1.0" speed="2.0"/><uid uas_operator="FIN"/>', attributes=' opex="e-X"')
    framed = stream_frame(message_of(octets, Limits())[0].SerializeToString())
    fields = {field.item: field for field in trace(frame(framed))}
    assert fields["event/detail/track@speed"].canonical == "state.ground_speed_mps"
    assert fields["event@opex"].canonical == "status.exercise"
    assert fields["event/detail/uid@uas_operator"].canonical == "operator.identifier"
    assert {field.canonical for field in trace(frame(octets))} == {field.canonical for field in fields.values()}


SMUGGLED = b'<event version="2.0" uid="x" type="a-h-G"><point lat="1" lon="1" hae="1" ce="1" le="1"/></event>'


@pytest.mark.parametrize(
    "detail",
    [
        "<x><event></event></x>" + SMUGGLED.decode(),
        "<contact callsign='A'><event> </event></contact>" + SMUGGLED.decode(),
        '<event xmlns="urn:z"> </event>' + SMUGGLED.decode(),
        '<remarks source="s">&lt;/event>' + SMUGGLED.decode() + "</remarks>",
    ],
)
@pytest.mark.parametrize("protocol", ["xml", "stream"])
def test_no_event_is_smuggled_inside_of_another_past_clients_that_cut_at_its_end_tag(
    detail: str, protocol: str
) -> None:
    (track,) = CotDecoder().decode(frame(event(detail, attributes=' access="RESTRICTED"'))).tracks
    encoded = CotEncoder(protocol=protocol).encode([track], NOW)
    (sent,) = encoded.frames
    assert sent.count(b"</event") == (1 if protocol == "xml" else 0)
    assert b'uid="x"' not in sent
    assert b"RESTRICTED" in sent
    assert Loss("extensions", "OUT_OF_RANGE") in lost(encoded)
