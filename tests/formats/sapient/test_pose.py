"""Range and bearing: what was measured stays as it was measured, and a point is computed only where all is known."""

from __future__ import annotations

import math
from typing import Any

import pytest

from gateway.formats.sapient.session import codes
from gateway.formats.sapient.session.errors import LINEAR_95
from gateway.geodesy import Horizon
from gateway.track import Loss, Polar, Position, State
from tests.formats.sapient.nodes import NODE, NOW, Talk, only, refusal, sensor, talk

LATITUDE, LONGITUDE, HEIGHT = 54.7, 25.3, 160.0


def posed(*, datum: str = "LOCATION_DATUM_WGS84_E", height: float | None = HEIGHT, **options: Any) -> Talk:
    conversation = talk(**options)
    node = sensor(location_datum=datum)
    conversation.hear(node.registration(NOW))
    turn = conversation.hear(node.status_report(latitude=LATITUDE, longitude=LONGITUDE, altitude=height, at=NOW))
    assert not turn.decoded.problems
    return conversation


def seen(conversation: Talk, **facts: Any) -> tuple[State, Polar]:
    state = only(conversation.hear(sensor().bearing_report(at=NOW, **facts)).decoded).state
    assert state is not None
    assert state.polar is not None
    return state, state.polar


def test_range_azimuth_and_elevation_from_a_known_place_make_a_point() -> None:
    state, polar = seen(posed(), azimuth=45.0, range=3_000.0, elevation=10.0)
    point, height = Horizon(Position(LATITUDE, LONGITUDE), HEIGHT).point(
        azimuth_deg=45.0, elevation_deg=10.0, range_m=3_000.0
    )
    assert state.position == point
    assert (state.altitude_hae_m, state.altitude_msl_m) == (pytest.approx(height), None)
    assert polar == Polar(
        sensor=f"sapient:{NODE}",
        sensor_position=Position(LATITUDE, LONGITUDE),
        sensor_altitude_hae_m=HEIGHT,
        range_m=3_000.0,
        azimuth_deg=45.0,
        elevation_deg=10.0,
        north="TRUE",
        correction="ELEVATION",
    )


def test_above_sea_level_stays_above_sea_level() -> None:
    state, polar = seen(posed(datum="LOCATION_DATUM_WGS84_G"), azimuth=45.0, range=3_000.0, elevation=10.0)
    assert (polar.sensor_altitude_hae_m, polar.sensor_altitude_msl_m) == (None, HEIGHT)
    assert state.altitude_hae_m is None
    assert state.altitude_msl_m == pytest.approx(HEIGHT + 3_000 * math.sin(math.radians(10)), abs=1.0)


def test_a_sensor_without_a_height_gives_a_point_without_one() -> None:
    state, _ = seen(posed(height=None), azimuth=45.0, range=3_000.0, elevation=10.0)
    assert state.position is not None
    assert (state.altitude_hae_m, state.altitude_msl_m) == (None, None)


def test_without_an_elevation_the_height_is_assumed_for_the_point_and_not_given() -> None:
    state, polar = seen(posed(), azimuth=45.0, range=3_000.0)
    assert state.position is not None
    assert (polar.correction, state.altitude_hae_m, state.altitude_msl_m) == ("ASSUMED_HEIGHT", None, None)


@pytest.mark.parametrize(
    "facts",
    [
        {"azimuth": 45.0},
        {"azimuth": 45.0, "elevation": 10.0},
        {"range": 3_000.0},
        {"range": 3_000.0, "elevation": 3.0},
        {"elevation": 3.0},
        {},
    ],
)
def test_a_bearing_alone_a_range_alone_or_nothing_makes_no_point(facts: dict[str, float]) -> None:
    state, polar = seen(posed(), **facts)
    assert (state.position, state.altitude_hae_m, polar.correction) == (None, None, None)
    assert (polar.azimuth_deg, polar.range_m, polar.elevation_deg) == (
        facts.get("azimuth"),
        facts.get("range"),
        facts.get("elevation"),
    )
    assert polar.sensor_position == Position(LATITUDE, LONGITUDE)


@pytest.mark.parametrize("datum", ["MAGNETIC", "GRID", "PLATFORM"])
def test_an_azimuth_from_another_north_stays_polar(datum: str) -> None:
    state, polar = seen(posed(), azimuth=45.0, range=3_000.0, elevation=1.0, datum=f"RANGE_BEARING_DATUM_{datum}")
    assert (state.position, polar.north, polar.azimuth_deg, polar.correction) == (None, datum, 45.0, None)


def test_a_platform_whose_heading_is_configured_makes_a_point_and_keeps_its_azimuth() -> None:
    conversation = posed(sites={NODE: {"heading_deg": 350.0}})
    facts = {"range": 3_000.0, "elevation": 1.0}
    turned, polar = seen(conversation, azimuth=20.0, datum="RANGE_BEARING_DATUM_PLATFORM", **facts)
    true, _ = seen(conversation, azimuth=10.0, **facts)
    assert turned.position == true.position
    assert (polar.azimuth_deg, polar.north) == (20.0, "PLATFORM")


def test_a_configured_site_stands_in_for_a_pose_until_the_node_says_one() -> None:
    site = {"latitude_deg": 50.0, "longitude_deg": 20.0, "altitude_msl_m": 5.0}
    conversation = talk(sites={NODE: site})
    conversation.hear(sensor().registration(NOW))
    _, polar = seen(conversation, azimuth=1.0)
    assert (polar.sensor_position, polar.sensor_altitude_msl_m) == (Position(50.0, 20.0), 5.0)
    conversation.hear(sensor().status_report(latitude=LATITUDE, longitude=LONGITUDE, at=NOW))
    _, polar = seen(conversation, azimuth=1.0)
    assert (polar.sensor_position, polar.sensor_altitude_msl_m) == (Position(LATITUDE, LONGITUDE), None)


def test_an_unchanged_status_keeps_the_pose_and_a_new_one_moves_it() -> None:
    conversation = posed()
    conversation.hear(sensor().status_report(info="INFO_UNCHANGED", at=NOW))
    assert seen(conversation, azimuth=1.0)[1].sensor_position == Position(LATITUDE, LONGITUDE)
    conversation.hear(sensor().status_report(latitude=55.0, longitude=26.0, at=NOW))
    assert seen(conversation, azimuth=1.0)[1].sensor_position == Position(55.0, 26.0)


def test_a_node_that_says_zero_and_zero_does_not_know_where_it_stands() -> None:
    conversation = posed()
    conversation.hear(sensor().status_report(latitude=0.0, longitude=0.0, at=NOW))
    assert conversation.hear(sensor().bearing_report(azimuth=1.0, at=NOW)).decoded.tracks == ()
    (_, missing), *_ = conversation.wait(5.1).decoded.overdue
    assert missing.code == codes.NO_POSE


def test_where_it_is_configured_to_stand_holds_for_a_node_that_does_not_know() -> None:
    conversation = talk(sites={NODE: {"latitude_deg": 50.0, "longitude_deg": 20.0}})
    conversation.hear(sensor().registration(NOW))
    conversation.hear(sensor().status_report(latitude=0.0, longitude=0.0, at=NOW))
    assert seen(conversation, azimuth=1.0)[1].sensor_position == Position(50.0, 20.0)


def test_a_range_beyond_what_the_node_covers_is_marked() -> None:
    conversation = posed()
    conversation.hear(sensor().status_report(reach=1_500.0, at=NOW))
    message = sensor().bearing_report(azimuth=1.0, range=1_600.0, at=NOW)
    assert (
        Loss("detection_report.range_bearing.range", "IMPLAUSIBLE")
        in only(conversation.hear(message).decoded).provenance[0].losses
    )
    message = sensor().bearing_report(at=NOW)  # it noticed something: nothing wrong with that
    assert only(conversation.hear(message).decoded).provenance[0].losses == ()


def test_how_far_a_sensor_hears_bounds_what_has_no_range() -> None:
    conversation = posed()
    conversation.hear(sensor().status_report(reach=1_500.0, at=NOW))
    assert seen(conversation)[1].reach_m == 1_500.0
    assert seen(conversation, range=100.0)[1].reach_m is None


@pytest.mark.parametrize(
    ("units", "angle", "length"),
    [
        ("DEGREES_M", 1.0, 1.0),
        ("DEGREES_KM", 1.0, 1e-3),
        ("RADIANS_M", math.pi / 180, 1.0),
        ("RADIANS_KM", math.pi / 180, 1e-3),
    ],
)
def test_degrees_and_radians_metres_and_kilometres(units: str, angle: float, length: float) -> None:
    state, polar = seen(
        posed(),
        azimuth=45.0 * angle,
        range=3_000.0 * length,
        elevation=10.0 * angle,
        units=f"RANGE_BEARING_COORDINATE_SYSTEM_{units}",
    )
    assert (polar.azimuth_deg, polar.range_m, polar.elevation_deg) == pytest.approx((45.0, 3_000.0, 10.0))
    assert state.position is not None


def test_azimuths_are_turned_into_the_circle() -> None:
    assert seen(posed(), azimuth=-45.0)[1].azimuth_deg == 315.0
    assert seen(posed(), azimuth=360.0)[1].azimuth_deg == 0.0
    assert seen(posed(), azimuth=-1e-20)[1].azimuth_deg == 0.0


def test_an_elevation_beyond_the_zenith_is_refused() -> None:
    turn = posed().hear(sensor().bearing_report(azimuth=1.0, range=5.0, elevation=91.0, at=NOW))
    error = refusal(turn.decoded)
    assert error.place == "detection_report.range_bearing.elevation"


def test_errors_of_the_measurement_become_bounds_of_it_and_of_the_point() -> None:
    state, polar = seen(posed(), azimuth=45.0, range=3_000.0, elevation=0.0, error=1.0)
    assert polar.range_95_m == pytest.approx(LINEAR_95)
    assert polar.azimuth_95_deg == pytest.approx(LINEAR_95)
    assert polar.elevation_95_deg == pytest.approx(LINEAR_95)
    assert state.accuracy is not None
    across = 3_000 * math.radians(LINEAR_95)
    assert state.accuracy.horizontal_95_m == pytest.approx(math.hypot(LINEAR_95, across))
    assert state.accuracy.vertical_95_m == pytest.approx(across)
    assert state.accuracy.basis == "SIGMA_POLAR"


def test_a_pose_that_is_nowhere_is_refused_and_the_old_one_stands() -> None:
    conversation = posed()
    turn = conversation.hear(sensor().status_report(latitude=154.7, longitude=25.3, at=NOW))
    assert refusal(turn.decoded).place.startswith("status_report.node_location")
    assert seen(conversation, azimuth=1.0)[1].sensor_position == Position(LATITUDE, LONGITUDE)


def test_an_alert_by_bearing_waits_for_a_pose_too() -> None:
    conversation, node = talk(), sensor()
    conversation.hear(node.registration(NOW))
    message = node.alert()
    bearing = message.alert.range_bearing
    bearing.azimuth, bearing.coordinate_system, bearing.datum = 90.0, 1, 1
    message.timestamp.FromDatetime(NOW)
    assert not conversation.hear(message).octets
    ((_, error),) = conversation.wait(6).decoded.overdue
    assert error.code == codes.NO_POSE
