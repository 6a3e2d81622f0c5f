"""The simulated sky keeps the laws of flight, is the same for the same seed, and everything in it is marked."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.demo.sensors import SERVER_SAC, SERVER_SIC, airliners, drone_detection, radar_plot, system_track
from gateway.demo.sky import (
    AIRPORT,
    BORDER_LONGITUDE_DEG,
    EARTH_RADIUS_M,
    MILITARY_SQUAWKS,
    RADAR,
    TRAINING_AREA,
    Aircraft,
    Sky,
    scans,
    travel,
)
from gateway.formats.registry import find
from gateway.limits import Limits
from gateway.stages import Frame
from gateway.track import Identity, Track

START = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
HALF_HOUR_S = 1_800

FASTEST_MPS = {"airliner": 260.0, "fighter": 210.0, "swarm": 50.0, "loiterer": 15.0}
LARGEST_TURN_DEG_S = {"airliner": 3.0, "fighter": 1.0, "swarm": 3.0, "loiterer": 6.0}


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance by the haversine formula: another way than the one under test."""
    (lat1, lon1), (lat2, lon2) = (tuple(map(math.radians, point)) for point in (a, b))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(half))


def turned_deg(before: float, after: float) -> float:
    """The smaller angle between two courses."""
    return abs((after - before + 180.0) % 360.0 - 180.0)


def point(aircraft: Aircraft) -> tuple[float, float]:
    return aircraft.latitude_deg, aircraft.longitude_deg


def history(*, seconds: float, period_s: float = 1.0, seed: int = 7) -> dict[int, list[Aircraft]]:
    """Every object's life, in order of time."""
    sky = Sky(START, seed=seed, fighters=True)
    lives: dict[int, list[Aircraft]] = {}
    for instant in scans(START, seconds=seconds, period_s=period_s):
        for aircraft in sky.at(instant):
            lives.setdefault(aircraft.number, []).append(aircraft)
    return lives


def steps(lives: dict[int, list[Aircraft]]) -> Iterator[tuple[Aircraft, Aircraft, float]]:
    """Every object at one scan and the next, and the seconds between."""
    for life in lives.values():
        for before, after in pairwise(life):
            yield before, after, (after.time - before.time).total_seconds()


@pytest.fixture(scope="module", params=[1.0, 4.0], ids=["every-second", "every-4-seconds"])
def lives(request: pytest.FixtureRequest) -> dict[int, list[Aircraft]]:
    return history(seconds=HALF_HOUR_S, period_s=request.param)


def test_nothing_jumps_and_everything_flies_as_fast_as_it_says(lives: dict[int, list[Aircraft]]) -> None:
    for before, after, seconds in steps(lives):
        flown = distance_m(point(before), point(after)) / seconds
        assert flown <= FASTEST_MPS[before.kind]
        # A chord is shorter than its arc, and the swarm sways by some metres
        assert flown == pytest.approx(before.ground_speed_mps, rel=0.06), before.callsign


def test_nothing_turns_faster_than_it_can(lives: dict[int, list[Aircraft]]) -> None:
    for before, after, seconds in steps(lives):
        assert turned_deg(before.course_deg, after.course_deg) <= LARGEST_TURN_DEG_S[before.kind] * seconds + 1e-9


def test_everything_flies_where_it_says_that_it_is_heading(lives: dict[int, list[Aircraft]]) -> None:
    for before, after, seconds in steps(lives):
        north = after.latitude_deg - before.latitude_deg
        east = (after.longitude_deg - before.longitude_deg) * math.cos(math.radians(before.latitude_deg))
        flown = math.degrees(math.atan2(east, north)) % 360.0
        assert turned_deg(flown, before.course_deg) <= LARGEST_TURN_DEG_S[before.kind] * seconds + 3.0


def test_heights_change_at_the_rate_that_is_reported_and_within_what_an_airliner_climbs(
    lives: dict[int, list[Aircraft]],
) -> None:
    climbed = 0
    for before, after, seconds in steps(lives):
        rise = (after.altitude_m - before.altitude_m) / seconds
        assert abs(rise) <= 12.0
        if before.vertical_rate_mps and after.vertical_rate_mps:  # not the scan in which it levels off
            assert rise == pytest.approx(before.vertical_rate_mps)
            climbed += 1
        if not before.vertical_rate_mps:
            assert abs(rise) < 1.0
    assert climbed > 0
    assert all(0.0 < one.altitude_m < 12_500.0 for life in lives.values() for one in life)


def test_airliners_turn_back_at_the_end_of_the_airway_and_stay_in_the_area(lives: dict[int, list[Aircraft]]) -> None:
    turned = 0
    for life in lives.values():
        if life[0].kind == "airliner":
            turned += turned_deg(life[0].course_deg, life[-1].course_deg) > 30.0
            assert all(50.5 < one.latitude_deg < 54.1 and 3.8 < one.longitude_deg < 10.2 for one in life)
    assert turned > 0


def test_the_swarm_crosses_the_border_from_east_to_west_within_the_first_half_minute() -> None:
    lives = history(seconds=30)
    swarm = [life for life in lives.values() if life[0].kind == "swarm"]
    assert len(swarm) == 12
    for life in swarm:
        assert life[0].longitude_deg > BORDER_LONGITUDE_DEG > life[-1].longitude_deg
        east = [one.longitude_deg > BORDER_LONGITUDE_DEG for one in life]
        assert sum(before != after for before, after in pairwise(east)) == 1


def test_the_swarm_keeps_its_formation_without_collision(lives: dict[int, list[Aircraft]]) -> None:
    swarm = [life for life in lives.values() if life[0].kind == "swarm"]
    for instant in zip(*swarm, strict=True):
        for index, one in enumerate(instant):
            for other in instant[index + 1 :]:
                flat = distance_m(point(one), point(other))
                assert flat < 600.0
                assert math.hypot(flat, one.altitude_m - other.altitude_m) > 1.0


def test_the_fighters_circle_over_the_training_area_and_squawk_as_nobody_else_does(
    lives: dict[int, list[Aircraft]],
) -> None:
    fighters = [life for life in lives.values() if life[0].kind == "fighter"]
    assert len(fighters) == 4
    for life in fighters:
        assert all(distance_m(point(one), TRAINING_AREA) == pytest.approx(15_000.0, rel=1e-6) for one in life)
    military = {number for number, life in lives.items() if life[0].squawk.startswith(MILITARY_SQUAWKS)}
    assert military == {life[0].number for life in fighters}


def test_the_fighters_change_nothing_for_anybody_else() -> None:
    without, with_them = list(Sky(START).at(START)), list(Sky(START, fighters=True).at(START))
    assert without == [one for one in with_them if one.kind != "fighter"]


def test_the_loiterer_circles_near_the_airport_and_comes_back_to_where_it_was(
    lives: dict[int, list[Aircraft]],
) -> None:
    (life,) = (life for life in lives.values() if life[0].kind == "loiterer")
    away = [distance_m(point(one), AIRPORT) for one in life]
    assert 1_000.0 < min(away) < max(away) < 1_400.0
    circle_s = 2 * math.pi * 150.0 / 12.0
    assert max(one.latitude_deg for one in life) - min(one.latitude_deg for one in life) > 0.002
    later = next(one for one in life if (one.time - START).total_seconds() >= circle_s)
    assert distance_m(point(life[0]), point(later)) < 60.0


def test_the_same_seed_gives_the_same_sky_and_another_seed_another() -> None:
    assert history(seconds=60) == history(seconds=60)
    assert history(seconds=0, seed=8)[1] != history(seconds=0)[1]


def test_the_sky_does_not_depend_on_how_often_it_is_looked_at() -> None:
    often, seldom = history(seconds=60, period_s=0.5), history(seconds=60, period_s=4.0)
    for number, life in seldom.items():
        # The turn at the end of an airway begins at a look: that is the only freedom, some hundred metres
        assert distance_m(point(life[-1]), point(often[number][-1])) < 1_200.0
        if life[0].kind != "airliner":
            assert point(life[-1]) == point(often[number][-1])


def test_looking_twice_at_one_instant_moves_nothing() -> None:
    sky = Sky(START)
    later = START + timedelta(seconds=5)
    assert list(sky.at(later)) == list(sky.at(later))


def test_numbers_callsigns_and_addresses_are_each_objects_own() -> None:
    objects = list(Sky(START, fighters=True).at(START))
    assert len(objects) == 24 + 4 + 12 + 1
    for values in (
        [one.number for one in objects],
        [one.callsign for one in objects],
        [one.address for one in airliners(objects)],
    ):
        assert len(set(values)) == len(values)
    # Emergency, hijacking and radio failure stay what they are: no simulated airliner squawks them
    assert not {"7500", "7600", "7700"} & {one.squawk for one in objects}


@settings(max_examples=100)
@given(
    latitude=st.floats(-80, 80),
    longitude=st.floats(-180, 180),
    course=st.floats(0, 360, exclude_max=True),
    distance=st.floats(1, 1_000_000),
)
def test_one_gets_as_far_as_one_travels(latitude: float, longitude: float, course: float, distance: float) -> None:
    end = travel(latitude, longitude, course_deg=course, distance_m=distance)
    assert -90.0 <= end[0] <= 90.0
    assert -180.0 <= end[1] <= 180.0
    assert distance_m((latitude, longitude), end) == pytest.approx(distance, rel=1e-6, abs=1e-3)


# ---------------------------------------------------------------------------------------- what the sensors make of it


def everything(seconds: float = 10.0) -> list[Aircraft]:
    return list(Sky(START, fighters=True).at(START + timedelta(seconds=seconds)))


def test_every_report_of_every_sensor_is_marked_as_simulated() -> None:
    objects = everything()
    reports = [radar_plot(one) for one in objects] + [system_track(one) for one in airliners(objects)]
    reports += [drone_detection(one) for one in objects if not one.squawk]
    kept = [report for report in reports if report is not None]
    assert len(kept) > 24
    assert all(report.status is not None and report.status.simulated for report in kept)


@pytest.mark.parametrize(
    ("name", "sensor", "options"),
    [
        ("asterix", radar_plot, {"category": 48}),
        ("asterix", system_track, {"category": 62, "sac": SERVER_SAC, "sic": SERVER_SIC}),
        ("cot", drone_detection, {"opex": "s"}),
    ],
    ids=["CAT048", "CAT062", "CoT"],
)
def test_the_mark_survives_the_national_format(
    name: str, sensor: Callable[[Aircraft], Track | None], options: dict[str, object]
) -> None:
    now = START + timedelta(seconds=10)
    objects = [one for one in Sky(START).at(now) if bool(one.squawk) == (name == "asterix")]
    reports = [report for one in objects if (report := sensor(one)) is not None]
    form = find(name)
    encoded = form.encoder(**options).encode(reports, now)
    assert not encoded.problems
    decoder = form.decoder(node="nld-1", limits=Limits())
    tracks: list[Track] = []
    for octets in encoded.frames:
        frame = Frame(octets=octets, feed="radar", source="sensors", peer="127.0.0.1:1", received_at=now)
        decoded = decoder.decode(frame)
        assert not decoded.problems
        tracks += decoded.tracks
    assert len(tracks) == len(reports) > 0
    assert all(track.status is not None and track.status.simulated for track in tracks)


def test_the_radar_sees_no_drone_and_nothing_beyond_its_reach() -> None:
    objects = everything()
    assert all(radar_plot(one) is None for one in objects if not one.squawk)
    for one in airliners(objects):
        plot = radar_plot(one)
        away = distance_m((RADAR[0], RADAR[1]), point(one))
        if away > 225_000.0:
            assert plot is None
        if plot is not None:
            assert plot.state is not None
            assert plot.state.polar is not None
            assert plot.state.polar.range_m == pytest.approx(math.hypot(away, one.altitude_m), rel=0.02)


def test_nobody_has_declared_who_a_drone_is() -> None:
    for one in everything():
        if not one.squawk:
            report = drone_detection(one)
            assert report.identity is not None
            assert report.identity.value is Identity.UNKNOWN
