"""There and back: what we write is valid, and read by our own decoder it is the same track."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict

from gateway.formats.sapient import SapientDecoder, SapientEncoder, Splitter
from gateway.formats.sapient.spoken import FLAGS, is_marker
from gateway.formats.sapient.ulid import to_uuid
from gateway.formats.sapient.v2 import SapientMessage
from gateway.formats.sapient.validate import validate
from gateway.stages import Decoded
from gateway.track import Accuracy, Environment, Identifier, Position, State, Status, Track
from tests.formats.sapient.nodes import NOW, frame_of, only, sensor
from tests.formats.sapient.samples import rich_detection


def numbers(low: float, high: float) -> st.SearchStrategy[float | None]:
    return st.none() | st.floats(low, high).map(lambda value: round(value, 4))


STATES = st.builds(
    State,
    time=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda one: one.replace(tzinfo=UTC)),
    position=st.builds(Position, st.floats(-89, 89), st.floats(-179.99, 180)),
    altitude_hae_m=numbers(-400, 30_000),
    altitude_msl_m=numbers(-400, 30_000),
    altitude_baro_m=numbers(-400, 30_000),
    altitude_qnh_m=numbers(-400, 30_000),
    height_agl_m=numbers(0, 30_000),
    height_takeoff_m=numbers(-400, 30_000),
    course_deg=numbers(0, 359.9),
    ground_speed_mps=numbers(0, 900),
    vertical_rate_mps=numbers(-200, 200),
    heading_deg=numbers(0, 359.9),
    turn_rate_degps=numbers(-30, 30),
    accuracy=st.none()
    | st.builds(
        Accuracy,
        horizontal_95_m=numbers(0, 5_000),
        vertical_95_m=numbers(0, 5_000),
        course_95_deg=numbers(0, 180),
        speed_95_mps=numbers(0, 100),
    ),
)
STATUSES = st.none() | st.builds(
    Status, **{flag: st.none() | st.booleans() for flag in FLAGS}, ended=st.none() | st.just(True)
)
TRACKS = st.builds(
    Track,
    track_id=st.uuids().map(str),
    identifiers=st.lists(
        st.sampled_from(
            [
                Identifier("icao24", "3c660c"),
                Identifier("callsign", "DLH65A"),
                Identifier("mode3a", "7700"),
                Identifier("uas_serial", "1581F4QW"),
                Identifier("system_track", "25/201/3563"),
            ]
        ),
        unique=True,
        max_size=4,
    ).map(tuple),
    environment=st.sampled_from([Environment.AIR, Environment.LAND, Environment.UNKNOWN]),
    name=st.none()
    | st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20).filter(
        lambda text: not is_marker(text)
    ),
    remarks=st.none() | st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40),
    detection_confidence_pct=numbers(0, 100),
    status=STATUSES,
    state=STATES,
)


def there_and_back(track: Track) -> Track:
    encoded = SapientEncoder(node="ltu-1").encode([track], NOW)
    assert not encoded.problems, encoded.problems
    (octets,) = encoded.frames
    for one in Splitter().feed(octets):
        assert validate(SapientMessage.FromString(one), octets=one) == ()
    return only(SapientDecoder(keep_raw=False).decode(frame_of(octets)))


def close(got: object, want: object, name: str) -> None:
    if isinstance(want, float) and isinstance(got, float):
        apart = abs(got - want) if "course_deg" not in name else abs((got - want + 180) % 360 - 180)
        assert apart <= 1e-6 * max(1.0, abs(want)), (name, got, want)
    else:
        assert got == want, (name, got, want)


@settings(max_examples=150, deadline=None)
@given(track=TRACKS)
def test_a_track_comes_back_as_it_went(track: Track) -> None:
    assume(track.state is not None and track.state.position != Position(0.0, 0.0))
    back = there_and_back(track)
    assert to_uuid(back.identifiers[0].value.rpartition("/")[2]) == track.track_id
    assert back.identifiers[1:] == track.identifiers
    assert (back.name, back.remarks, back.identity) == (track.name, track.remarks, None)
    assert back.detection_confidence_pct == track.detection_confidence_pct or (
        back.detection_confidence_pct is not None
        and track.detection_confidence_pct is not None
        and abs(back.detection_confidence_pct - track.detection_confidence_pct) <= 1e-4
    )
    # LAND alone has no class of its own: a listed loss
    assert back.environment in (track.environment, Environment.UNKNOWN)
    state, original = back.state, track.state
    assert state is not None
    assert original is not None
    assert state.time == original.time
    check_kinematics(state, original)
    check_status(back.status, track.status)


def check_kinematics(state: State, original: State) -> None:
    ignored = {"time_quality", "received_at", "sent_at", "accuracy", "position"}
    got = asdict(state)
    for name, want in asdict(original).items():
        if name not in ignored:
            close(got[name], want, name)
    assert state.position == original.position
    bounds, wanted = state.accuracy or Accuracy(), original.accuracy or Accuracy()
    for name in ("horizontal_95_m", "vertical_95_m", "course_95_deg", "speed_95_mps"):
        close(getattr(bounds, name), getattr(wanted, name), name)


def check_status(got: Status | None, want: Status | None) -> None:
    for name in (*FLAGS, "ended"):
        wanted = getattr(want, name) if want is not None else None
        assert (getattr(got, name) if got is not None else None) == wanted, name


def registered() -> SapientDecoder:
    decoder = SapientDecoder(keep_raw=False)
    message = sensor(node_id=rich_detection().node_id).registration(NOW)
    assert decoder.decode(frame_of(message)) == Decoded(silent=1)
    return decoder


def test_a_report_with_something_in_every_field_comes_back_with_it() -> None:
    message = rich_detection()
    track = only(registered().decode(frame_of(message.SerializeToString())))
    encoded = SapientEncoder(announce_s=0).encode([track], NOW)
    assert "extensions" not in {loss.field for _, loss in encoded.losses}
    again = SapientMessage.FromString(Splitter().feed(encoded.frames[0])[0])
    source, result = message.detection_report, again.detection_report
    kept: tuple[Any, ...] = (
        "task_id",
        "state",
        "colour",
        "id",
        "object_id",
        "track_info",
        "object_info",
        "prediction_location",
        "behaviour",
        "associated_file",
        "signal",
        "associated_detection",
        "derived_detection",
        "classification",
        "detection_confidence",
    )
    for name in kept:
        assert getattr(result, name) == getattr(source, name), name
    assert again.timestamp == message.timestamp
    assert again.additional_information == message.additional_information
    assert (result.location.x, result.location.y, result.location.z) == (
        source.location.x,
        source.location.y,
        source.location.z,
    )


def test_an_alert_comes_back_as_an_alert() -> None:
    node = sensor(node_id=rich_detection().node_id)
    message = node.alert("Drone", about="01GGYFBAXH4VYRQYEX7S3XGK3H")
    message.timestamp.FromDatetime(NOW)
    message.alert.priority, message.alert.confidence = "DISCRETE_PRIORITY_HIGH", 0.75
    message.alert.location.x, message.alert.location.y = 25.3, 54.7
    message.alert.location.coordinate_system = message.alert.location.datum = 1
    track = only(registered().decode(frame_of(message)))
    encoded = SapientEncoder(announce_s=0).encode([track], NOW)
    octets = Splitter().feed(encoded.frames[0])[0]
    again = SapientMessage.FromString(octets)
    assert validate(again, octets=octets) == ()
    assert again.alert.SerializeToString(deterministic=True) == message.alert.SerializeToString(deterministic=True)


def test_the_clock_of_the_encoder_is_not_the_time_of_the_track() -> None:
    track = Track(track_id="0b5e4c7a-93f1-4d0e-8a55-6f2f3a1c9d77", state=State(time=NOW, position=Position(1.0, 2.0)))
    encoded = SapientEncoder().encode([track], NOW + timedelta(hours=1))
    back = only(SapientDecoder().decode(frame_of(encoded.frames[0])))
    assert back.state is not None
    assert back.state.time == NOW
