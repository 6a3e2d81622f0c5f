"""Slant range, azimuth and height to a point: against an independent computation on the ellipsoid."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.geodesy import LineOfSight, Site
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
