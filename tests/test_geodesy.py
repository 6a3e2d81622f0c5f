"""Slant range, azimuth and height to a point: against an independent computation on the ellipsoid."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.geodesy import Horizon, LineOfSight, Site
from gateway.track import Position

A, F = 6378137.0, 1 / 298.257223563
E2 = F * (2 - F)


def earth_fixed(latitude_deg: float, longitude_deg: float, height: float) -> tuple[float, float, float]:
    latitude, longitude = math.radians(latitude_deg), math.radians(longitude_deg)
    normal = A / math.sqrt(1 - E2 * math.sin(latitude) ** 2)
    return (
        (normal + height) * math.cos(latitude) * math.cos(longitude),
        (normal + height) * math.cos(latitude) * math.sin(longitude),
        (normal * (1 - E2) + height) * math.sin(latitude),
    )


SITES = st.builds(
    Site,
    latitude_deg=st.floats(-85, 85),
    longitude_deg=st.floats(-180, 180),
    altitude_msl_m=st.floats(-100, 3000),
)


@settings(max_examples=300, deadline=None)
@given(
    site=SITES,
    ground=st.floats(2_000, 450_000),
    azimuth=st.floats(0, 359.999),
    height=st.floats(-300, 20_000),
)
def test_the_point_is_at_the_range_the_azimuth_and_the_height(
    site: Site, ground: float, azimuth: float, height: float
) -> None:
    line = LineOfSight(site)
    slant = math.hypot(ground, height - site.altitude_msl_m)
    point = line.point(range_m=slant, azimuth_deg=azimuth, height_m=height)
    assert point is not None
    there = earth_fixed(point.latitude_deg, point.longitude_deg, height)
    here = earth_fixed(site.latitude_deg, site.longitude_deg, site.altitude_msl_m)
    assert math.dist(there, here) == pytest.approx(slant, abs=0.05)
    back_range, back_azimuth = line.polar(point, height)
    assert back_range == pytest.approx(slant, abs=0.05)
    across = math.radians((back_azimuth - azimuth + 180) % 360 - 180) * ground
    assert abs(across) < 0.05


def test_a_radar_of_the_capture_places_a_target_where_the_textbook_does() -> None:
    """197.68 NM at 340.137 deg and FL 330 from 43.571 N 16.406 E, 780 m: solved by bisection on the elevation."""
    site = Site(latitude_deg=43.571026, longitude_deg=16.406064, altitude_msl_m=780.0)
    slant, azimuth, height = 366_110.015625, math.radians(340.13671875), 10_058.4
    latitude, longitude = math.radians(site.latitude_deg), math.radians(site.longitude_deg)
    east = (-math.sin(longitude), math.cos(longitude), 0.0)
    north = (-math.sin(latitude) * math.cos(longitude), -math.sin(latitude) * math.sin(longitude), math.cos(latitude))
    up = (math.cos(latitude) * math.cos(longitude), math.cos(latitude) * math.sin(longitude), math.sin(latitude))
    here = earth_fixed(site.latitude_deg, site.longitude_deg, site.altitude_msl_m)

    def reached(elevation: float) -> tuple[float, float, float]:
        """Latitude, longitude and height at the end of the line of sight, by iteration."""
        along = [
            math.cos(elevation) * (math.sin(azimuth) * e + math.cos(azimuth) * n) + math.sin(elevation) * u
            for e, n, u in zip(east, north, up, strict=True)
        ]
        x, y, z = (h + slant * a for h, a in zip(here, along, strict=True))
        p, phi, h = math.hypot(x, y), math.atan2(z, math.hypot(x, y)), 0.0
        for _ in range(20):
            normal = A / math.sqrt(1 - E2 * math.sin(phi) ** 2)
            h = p / math.cos(phi) - normal
            phi = math.atan2(z, p * (1 - E2 * normal / (normal + h)))
        return math.degrees(phi), math.degrees(math.atan2(y, x)), h

    low, high = -0.2, 0.2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if reached(middle)[2] < height else (low, middle)
    expected = reached(low)
    point = LineOfSight(site).point(range_m=slant, azimuth_deg=340.13671875, height_m=height)
    assert point is not None
    assert point.latitude_deg == pytest.approx(expected[0], abs=1e-7)
    assert point.longitude_deg == pytest.approx(expected[1], abs=1e-7)


def test_no_point_is_invented_where_the_geometry_has_none() -> None:
    line = LineOfSight(Site(latitude_deg=50.0, longitude_deg=20.0, altitude_msl_m=200.0))
    assert line.point(range_m=0.0, azimuth_deg=0.0, height_m=1000.0) is None
    assert line.point(range_m=5_000.0, azimuth_deg=0.0, height_m=10_000.0) is None  # nearer than it is high
    assert line.point(range_m=100.0, azimuth_deg=0.0, height_m=-5_000.0) is None


def test_a_target_overhead_and_one_beyond_the_antimeridian() -> None:
    line = LineOfSight(Site(latitude_deg=0.0, longitude_deg=179.9, altitude_msl_m=0.0))
    east = line.point(range_m=100_000.0, azimuth_deg=90.0, height_m=0.0)
    assert east is not None
    assert -180 < east.longitude_deg < -179
    overhead = line.point(range_m=10_000.1, azimuth_deg=90.0, height_m=10_000.0)
    assert overhead is None or overhead.longitude_deg == pytest.approx(179.9, abs=0.01)


def test_due_north_stays_on_the_meridian() -> None:
    line = LineOfSight(Site(latitude_deg=50.0, longitude_deg=20.0, altitude_msl_m=0.0))
    north = line.point(range_m=111_000.0, azimuth_deg=0.0, height_m=0.0)
    assert north is not None
    assert north.longitude_deg == pytest.approx(20.0, abs=1e-12)
    assert north.latitude_deg == pytest.approx(50.998, abs=0.01)
    assert line.polar(Position(50.0, 20.0), 1000.0)[0] == pytest.approx(1000.0)


# ------------------------------------------------------------------------------------ a sensor that measures elevation

PLACES = st.builds(Position, st.floats(-90, 90), st.floats(-180, 180, exclude_min=True))


@settings(max_examples=200, deadline=None)
@given(place=PLACES, height=st.floats(-400, 9_000), offset=st.tuples(*[st.floats(-200_000, 200_000)] * 3))
def test_a_local_offset_is_as_long_on_the_earth_and_comes_back(
    place: Position, height: float, offset: tuple[float, float, float]
) -> None:
    horizon = Horizon(place, height)
    east, north, up = offset
    point, above = horizon.at(east_m=east, north_m=north, up_m=up)
    assert -180 < point.longitude_deg <= 180
    here = earth_fixed(place.latitude_deg, place.longitude_deg, height)
    there = earth_fixed(point.latitude_deg, point.longitude_deg, above)
    assert math.dist(here, there) == pytest.approx(math.hypot(east, north, up), abs=1e-5)
    assert horizon.enu(point, above) == pytest.approx(offset, abs=1e-5)


@settings(max_examples=200, deadline=None)
@given(
    place=PLACES,
    height=st.floats(-400, 9_000),
    azimuth=st.floats(0, 359.999),
    elevation=st.floats(-80, 80),
    far=st.floats(10, 300_000),
)
def test_a_point_is_seen_where_it_was_placed(
    place: Position, height: float, azimuth: float, elevation: float, far: float
) -> None:
    horizon = Horizon(place, height)
    point, above = horizon.point(azimuth_deg=azimuth, elevation_deg=elevation, range_m=far)
    sight = horizon.sight(point, above)
    assert sight.range_m == pytest.approx(far, abs=1e-5)
    assert sight.elevation_deg == pytest.approx(elevation, abs=1e-4)
    turn = (sight.azimuth_deg - azimuth + 180) % 360 - 180
    assert abs(math.radians(turn)) * far * math.cos(math.radians(elevation)) < 1e-4


def test_the_four_directions_and_up_are_what_they_are_called() -> None:
    horizon = Horizon(Position(52.0, 5.0), 10.0)
    north, _ = horizon.point(azimuth_deg=0, elevation_deg=0, range_m=1_000)
    east, _ = horizon.point(azimuth_deg=90, elevation_deg=0, range_m=1_000)
    above, height = horizon.point(azimuth_deg=123, elevation_deg=90, range_m=1_000)
    assert north.latitude_deg > 52.0
    assert north.longitude_deg == pytest.approx(5.0, abs=1e-9)
    assert east.longitude_deg > 5.0
    assert east.latitude_deg == pytest.approx(52.0, abs=2e-6)
    assert (above.latitude_deg, above.longitude_deg, height) == pytest.approx((52.0, 5.0, 1_010.0), abs=1e-6)


def test_a_level_ray_rises_over_the_curving_earth() -> None:
    _, height = Horizon(Position(0.0, 0.0), 0.0).point(azimuth_deg=90, elevation_deg=0, range_m=10_000)
    assert height == pytest.approx(math.hypot(A, 10_000) - A, abs=1e-6)
    assert height > 7


def test_across_the_antimeridian_the_longitude_turns() -> None:
    point, _ = Horizon(Position(60.0, 179.9999), 0.0).point(azimuth_deg=90, elevation_deg=0, range_m=1_000)
    assert -180 < point.longitude_deg < -179.9


def test_an_independent_library_puts_the_point_in_the_same_place() -> None:
    import pyproj

    to_earth = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    place, height = Position(54.7, 25.3), 160.0
    local = pyproj.Transformer.from_pipeline(
        f"+proj=pipeline +step +inv +proj=topocentric +ellps=WGS84 +lon_0={place.longitude_deg} "
        f"+lat_0={place.latitude_deg} +h_0={height}"
    )
    point, above = Horizon(place, height).at(east_m=1234.5, north_m=-6789.0, up_m=432.1)
    there = to_earth.transform(point.longitude_deg, point.latitude_deg, above)
    assert there == pytest.approx(local.transform(1234.5, -6789.0, 432.1), abs=1e-6)
