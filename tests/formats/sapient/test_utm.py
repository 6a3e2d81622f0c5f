"""Transverse Mercator against PROJ: every zone, both hemispheres, and what is no coordinate at all."""

from __future__ import annotations

import math

import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.formats.sapient.utm import Zone, position_of, zone_of

MILLIMETRE = 1e-3


def forward(number: int, *, north: bool, latitude: float, longitude: float) -> tuple[float, float]:
    crs = f"EPSG:{32600 + number if north else 32700 + number}"
    easting, northing = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(longitude, latitude)
    return float(easting), float(northing)


def apart_m(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    east = (longitude - other_longitude + 180) % 360 - 180
    return math.hypot((latitude - other_latitude) * 111_200, east * 111_320 * math.cos(math.radians(latitude)))


@pytest.mark.parametrize("north", [True, False])
@pytest.mark.parametrize("number", range(1, 61))
def test_every_zone_agrees_with_proj_to_a_millimetre(number: int, north: bool) -> None:
    middle = 6 * number - 183
    for latitude in (0.0, 0.1, 31.5, 55.25, 79.9) if north else (-0.1, -33.3, -62.5, -79.9):
        for off in (-3.0, -1.7, 0.0, 0.01, 3.0):
            longitude = (middle + off + 180) % 360 - 180
            easting, northing = forward(number, north=north, latitude=latitude, longitude=longitude)
            point = position_of(easting, northing, Zone(number, north))
            assert point is not None
            assert apart_m(latitude, longitude, point.latitude_deg, point.longitude_deg) < MILLIMETRE
            assert -180 < point.longitude_deg <= 180


@settings(max_examples=150, deadline=None)
@given(number=st.integers(1, 60), latitude=st.floats(-80, 84), off=st.floats(-6, 6), data=st.data())
def test_a_neighbours_zone_is_taken_as_written(number: int, latitude: float, off: float, data: st.DataObject) -> None:
    north = latitude >= 0
    longitude = (6 * number - 183 + off + 180) % 360 - 180
    easting, northing = forward(number, north=north, latitude=latitude, longitude=longitude)
    point = position_of(easting, northing, Zone(number, north))
    if 100_000 <= easting <= 900_000:
        assert point is not None
        assert apart_m(latitude, longitude, point.latitude_deg, point.longitude_deg) < MILLIMETRE
    else:
        assert point is None


@pytest.mark.parametrize(
    ("text", "latitude", "longitude"),
    [("32V", 60.39, 5.32), ("33X", 78.22, 15.65), ("31X", 78.0, 8.9), ("32V", 58.1, 3.1), ("31V", 60.39, 5.32)],
)
def test_norway_and_svalbard_are_read_in_the_zone_that_is_written(text: str, latitude: float, longitude: float) -> None:
    zone = zone_of(text)
    assert zone is not None
    easting, northing = forward(zone.number, north=True, latitude=latitude, longitude=longitude)
    point = position_of(easting, northing, zone)
    assert point is not None
    assert apart_m(latitude, longitude, point.latitude_deg, point.longitude_deg) < MILLIMETRE


def test_letters_are_bands_unless_they_are_hemispheres() -> None:
    assert zone_of("30U") == Zone(30, True, 48.0, 56.0)
    assert zone_of("30N") == Zone(30, True)
    assert zone_of(" 5 m ") == Zone(5, False, -8.0, 0.0)
    assert zone_of("33X") == Zone(33, True, 72.0, 84.0)
    assert zone_of("30S") == Zone(30, True, 32.0, 40.0)
    assert zone_of("30S", letters="hemisphere") == Zone(30, False)
    assert zone_of("30N", letters="hemisphere") == Zone(30, True)
    assert zone_of("30U", letters="hemisphere") is None


@pytest.mark.parametrize("text", ["", "30", "U", "0U", "61U", "030U", "30I", "30O", "30A", "30Z", "-1U", "³0U", "30UU"])
def test_what_is_no_zone_is_none(text: str) -> None:
    assert zone_of(text) is None


@pytest.mark.parametrize(
    ("easting", "northing"),
    [
        (51.1739726374, -1.82237671048),  # the official sample: latitude and longitude, called UTM
        (318_720.0, 176_487.0),  # another: a British national grid reference, called UTM 30U
        (318_720.0, 5_000_000_000.0),
        (99_999.0, 5_700_000.0),
        (900_001.0, 5_700_000.0),
        (math.nan, 5_700_000.0),
        (500_000.0, math.inf),
        (500_000.0, 4_700_000.0),  # 42.4 N is no band U
    ],
)
def test_figures_that_are_no_coordinates_of_their_zone_make_no_point(easting: float, northing: float) -> None:
    zone = zone_of("30U")
    assert zone is not None
    assert position_of(easting, northing, zone) is None
