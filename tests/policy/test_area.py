"""Areas hold what exact arithmetic says that they hold, and refuse what is none."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gateway.errors import PolicyError
from gateway.geodesy import A, Horizon
from gateway.policy.area import Area, Circle, circle, polygon, polygons
from gateway.policy.cells import PER_DEGREE, Cells
from gateway.policy.ring import Box
from gateway.track import Position

QUIET = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
Vertices = list[tuple[float, float]]


def inside(vertices: Vertices, latitude: float, longitude: float) -> bool:
    """The oracle: on the border, or wound around, by exact arithmetic on the plane."""
    line = [(Fraction(x), Fraction(y)) for y, x in vertices]
    x, y = Fraction(longitude), Fraction(latitude)
    winding = 0
    for (ax, ay), (bx, by) in zip(line, (*line[1:], line[0]), strict=True):
        left = (bx - ax) * (y - ay) - (x - ax) * (by - ay)
        if left == 0 and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
            return True
        if ay <= y < by and left > 0:
            winding += 1
        elif by <= y < ay and left < 0:
            winding -= 1
    return winding % 2 == 1


coarse = st.integers(-8, 8).map(lambda n: n / 4)  # so that points meet edges and vertices
fine = st.floats(-2, 2, allow_subnormal=False)
rough = st.lists(st.tuples(coarse, coarse) | st.tuples(fine, fine), min_size=3, max_size=7)


@st.composite
def stars(draw: st.DrawFn) -> Vertices:
    """Rings around a point: none crosses itself."""
    count = draw(st.integers(3, 40))
    radii = draw(st.lists(st.floats(0.5, 2.0), min_size=count, max_size=count))
    return [
        (radius * math.sin(math.tau * n / count), radius * math.cos(math.tau * n / count))
        for n, radius in enumerate(radii)
    ]


@given(rough, st.lists(st.tuples(coarse, coarse) | st.tuples(fine, fine), min_size=1, max_size=20))
@QUIET
def test_a_polygon_holds_what_exact_arithmetic_says(vertices: Vertices, points: Vertices) -> None:
    try:
        area = polygon(vertices)
    except PolicyError:
        assume(False)
    middles = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in pairwise(vertices)]
    for latitude, longitude in (*points, *vertices, *middles):
        assert area.holds(latitude, longitude) is inside(vertices, latitude, longitude), (latitude, longitude)


@given(stars(), st.lists(st.tuples(fine, fine), min_size=1, max_size=30), st.sampled_from([-180.0, 0.0, 179.0, 180.0]))
@QUIET
def test_a_polygon_across_the_antimeridian_holds_the_same(vertices: Vertices, points: Vertices, east: float) -> None:
    def wrapped(longitude: float) -> float:
        moved = longitude + east
        return moved - 360 if moved > 180 else moved + 360 if moved < -180 else moved

    area = polygon([(latitude, wrapped(longitude)) for latitude, longitude in vertices])
    plain = polygon(vertices)
    for latitude, longitude in points:
        nudges = ((0.0, 0.0), (0.0, -1e-9), (0.0, 1e-9), (-1e-9, 0.0), (1e-9, 0.0))  # a tip is met by none to its sides
        near = [inside(vertices, latitude + north, longitude + east_) for north, east_ in nudges]
        assume(len(set(near)) == 1)  # adding 180 rounds
        assert area.holds(latitude, wrapped(longitude)) is plain.holds(latitude, longitude) is near[0]


@given(stars(), stars(), st.lists(st.tuples(fine, fine), max_size=30))
@QUIET
def test_a_hole_is_out_and_its_border_is_in(vertices: Vertices, others: Vertices, points: Vertices) -> None:
    hole = [(latitude / 5, longitude / 5) for latitude, longitude in others]
    area = polygons([[vertices, hole]])
    hollow = polygon(hole)
    for latitude, longitude in (*points, (0.0, 0.0)):
        on_border = is_on(hole, latitude, longitude)
        expected = inside(vertices, latitude, longitude) and (on_border or not hollow.holds(latitude, longitude))
        assert area.holds(latitude, longitude) is expected
    assert area.holds(*hole[0])


def is_on(vertices: Vertices, latitude: float, longitude: float) -> bool:
    """Whether a point is exactly on a ring."""
    line = [(Fraction(x), Fraction(y)) for y, x in vertices]
    x, y = Fraction(longitude), Fraction(latitude)
    return any(
        (bx - ax) * (y - ay) == (x - ax) * (by - ay)
        and min(ax, bx) <= x <= max(ax, bx)
        and min(ay, by) <= y <= max(ay, by)
        for (ax, ay), (bx, by) in zip(line, (*line[1:], line[0]), strict=True)
    )


@given(
    stars(),
    st.tuples(fine, fine),
    st.floats(0.001, 1.5),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=9),
)
@QUIET
def test_what_is_said_of_a_box_holds_for_every_point_of_it(
    vertices: Vertices, corner: tuple[float, float], size: float, shares: Vertices
) -> None:
    south, west = corner
    box = Box(south=south, west=west, north=south + size, east=west + size)
    for area in (
        polygon(vertices),
        polygons([[vertices, [(a / 5, b / 5) for a, b in vertices]], [[(3, 3), (4, 3), (3, 4)]]]),
        circle(latitude_deg=0.5, longitude_deg=-0.5, radius_m=120_000),
    ):
        said = area.holds_box(box)
        for a, b in (*shares, (0.0, 0.0), (1.0, 1.0), (0.5, 0.5)):
            point = min(south + a * size, box.north), min(west + b * size, box.east)
            assert said is None or area.holds(*point) is said


def test_most_boxes_are_decided_as_a_whole() -> None:
    area = polygon([(50 + math.sin(math.tau * n / 100), 5 + math.cos(math.tau * n / 100)) for n in range(100)])
    answers = []
    for row in range(64):
        for column in range(64):
            south, west = 48.0 + row / 16, 3.0 + column / 16
            answers.append(area.holds_box(Box(south=south, west=west, north=south + 1 / 16, east=west + 1 / 16)))
    assert answers.count(None) < 200
    assert answers.count(True) > 600


@given(st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), min_size=1, max_size=30))
@QUIET
def test_cells_say_what_the_areas_say_one_by_one(points: Vertices) -> None:
    areas: list[tuple[int, Area]] = [
        (1, polygon([(-60, 100), (60, 100), (60, -100), (-60, -100)])),
        (2, circle(latitude_deg=89.0, longitude_deg=10.0, radius_m=2_000_000)),
        (4, polygon([(60, -180), (60, -60), (60, 60), (60, 180), (90, 180), (90, 60), (90, -60), (90, -180)])),
        (8, polygon([(-90, 0), (-80, 0), (-80, 20), (-90, 20)])),
        (16, circle(latitude_deg=0.0, longitude_deg=180.0, radius_m=500.0)),
    ]
    cells = Cells(areas, {bits: (bits, bits) for bits in range(32)}, (0, 0))
    step = 1 / PER_DEGREE
    edges = [(round(a / step) * step, round(b / step) * step) for a, b in points]
    for latitude, longitude in (*points, *edges, (90.0, 5.0), (-90.0, 100.0), (0.0, 180.0), (0.0, -180.0)):
        expected = sum(bit for bit, area in areas if area.holds(latitude, longitude))
        assert cells.at(latitude, longitude)[0] == expected, (latitude, longitude)


# ------------------------------------------------------------------------------------------------------------- circles


@given(
    st.floats(-89, 89), st.floats(-180, 180), st.floats(10, 200_000), st.floats(0, 360), st.floats(0.2, 1.8)
)  # fmt: skip
@QUIET
def test_a_circle_holds_what_is_near_on_the_ellipsoid(
    latitude: float, longitude: float, radius_m: float, azimuth: float, share: float
) -> None:
    assume(abs(share - 1) > 0.01)  # the sphere is not the ellipsoid
    area = circle(latitude_deg=latitude, longitude_deg=longitude, radius_m=radius_m)
    flat = math.sin(share * radius_m / A) * A  # about that far along the ground, seen along the tangent
    east, north = flat * math.sin(math.radians(azimuth)), flat * math.cos(math.radians(azimuth))
    point, _ = Horizon(Position(latitude, longitude), 0.0).at(
        east_m=east, north_m=north, up_m=-A * (1 - math.cos(share * radius_m / A))
    )
    assert area.holds(point.latitude_deg, point.longitude_deg) is (share < 1)


def test_a_circle_reaches_across_the_pole_and_the_antimeridian() -> None:
    area = circle(latitude_deg=89.5, longitude_deg=0.0, radius_m=200_000)
    assert area.holds(89.0, 180.0)
    assert area.holds(90.0, 77.0)
    assert not area.holds(88.0, 180.0)
    assert circle(latitude_deg=0, longitude_deg=179.9, radius_m=30_000).holds(0.0, -179.95)


def test_a_circle_holds_its_own_border() -> None:
    whole = Circle(latitude_deg=10.0, longitude_deg=20.0, radius_m=1.0)
    radius = whole.distance_m(11.0, 21.0)
    assert circle(latitude_deg=10.0, longitude_deg=20.0, radius_m=radius).holds(11.0, 21.0)
    assert not circle(latitude_deg=10.0, longitude_deg=20.0, radius_m=radius * (1 - 1e-12)).holds(11.0, 21.0)


# ------------------------------------------------------------------------------------------------------------ refusals

SQUARE: Vertices = [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0)]


@pytest.mark.parametrize(
    ("vertices", "code", "words"),
    [
        ([], "POL-010", "0 different vertices"),
        ([(1, 1), (2, 2), (1, 1)], "POL-010", "2 different vertices"),
        ([(1, 1), (2, 2), (3, 3)], "POL-010", "on one line"),
        ([(0, 0), (1, 1), (1, 0), (0, 1)], "POL-012", "cross each other"),
        ([(60, 0), (60, 120), (60, -120)], "POL-013", "around the earth"),
        ([(91, 0), (1, 0), (0, 1)], "POL-011", "vertex 1: latitude 91"),
        ([(0, 0), (1, 181), (0, 1)], "POL-011", "vertex 2: longitude 181"),
        ([(0, 0), (1, math.nan), (0, 1)], "POL-011", "longitude nan"),
        ([(0, 0), (math.inf, 1), (0, 1)], "POL-011", "latitude inf"),
        ([(0, 0), (1,), (0, 1)], "POL-011", "1 numbers"),
    ],
)
def test_what_is_no_polygon_is_refused_with_its_place(vertices: Any, code: str, words: str) -> None:
    with pytest.raises(PolicyError) as refusal:
        polygon(vertices, place="area.x")
    assert refusal.value.code.id == code
    assert refusal.value.place.startswith("area.x")
    assert words in str(refusal.value)


def test_no_ring_no_polygon_and_no_radius_are_refused() -> None:
    nothing: list[list[list[Vertices]]] = [[], [[]]]
    for parts in nothing:
        with pytest.raises(PolicyError, match="POL-010"):
            polygons(parts)
    for radius in (0.0, -1.0, math.nan, math.inf, 5_000_001.0):
        with pytest.raises(PolicyError, match="POL-010"):
            circle(latitude_deg=0, longitude_deg=0, radius_m=radius)
    with pytest.raises(PolicyError, match="POL-011"):
        circle(latitude_deg=95, longitude_deg=0, radius_m=5)


def test_too_many_vertices_are_refused_before_they_are_compared() -> None:
    many = [(math.sin(n / 60_000 * math.tau), math.cos(n / 60_000 * math.tau)) for n in range(60_000)]
    with pytest.raises(PolicyError, match="100,000"):
        polygons([[many], [many]])


def test_a_ring_may_repeat_its_first_vertex_and_stutter() -> None:
    for vertices in ([*SQUARE, SQUARE[0]], [SQUARE[0], SQUARE[0], *SQUARE[1:], SQUARE[-1]]):
        assert polygon(vertices) == polygon(SQUARE)


def test_a_ring_that_touches_itself_is_none_the_worse() -> None:
    eight = polygon([(0, 0), (2, 2), (2, 0), (1, 1), (0, 2)])
    assert eight.holds(1.9, 1.0)
    assert eight.holds(1.0, 1.0)


@pytest.mark.parametrize("pole", [90.0, -90.0])
def test_an_area_around_a_pole_is_what_the_remedy_says(pole: float) -> None:
    around = [(pole * 0.75, longitude) for longitude in (-170.0, -60.0, 60.0, 170.0)]
    with pytest.raises(PolicyError) as caught:
        polygon(around)
    assert "[90, 180] and to [90, -180]" in caught.value.remedy
    open_ended = [(pole * 0.75, -180.0), *around, (pole * 0.75, 180.0), (pole, 180.0), (pole, -180.0)]
    for vertices in (open_ended, open_ended[::-1], open_ended[3:] + open_ended[:3]):
        cap = polygon(vertices)
        for longitude in (-180.0, -179.9, -90.0, 0.0, 33.3, 179.9, 180.0):
            assert cap.holds(pole, longitude)
            assert cap.holds(pole * 0.76, longitude)
            assert not cap.holds(pole * 0.74, longitude)
            assert not cap.holds(-pole, longitude)
    sector = polygon([(pole * 0.75, 170.0), (pole, 170.0), (pole, -170.0), (pole * 0.75, -170.0)])
    assert sector.holds(pole * 0.8, 180.0)
    assert not sector.holds(pole * 0.8, 0.0)


def test_a_cap_around_the_pole_holds_the_pole_by_any_longitude() -> None:
    cap = polygon([(60, -180), (60, -60), (60, 60), (60, 180), (90, 180), (90, 60), (90, -60), (90, -180)])
    assert all(cap.holds(90.0, longitude) for longitude in (-179.0, 0.0, 33.3, 180.0))
    assert all(cap.holds(75.0, longitude) for longitude in (-179.0, 0.0, 33.3, 180.0))
    assert not cap.holds(59.0, 0.0)


def test_ten_thousand_vertices_are_taken_in_a_moment_and_asked_in_less() -> None:
    many = [
        (50 + (2 + n % 2 / 100) * math.sin(math.tau * n / 10_000), 5 + 2 * math.cos(math.tau * n / 10_000))
        for n in range(10_000)
    ]
    area = polygon(many)
    assert area.holds(50.0, 5.0)
    assert max(len(band) for band in area.shapes[0].outer.bands) < 2_000  # type: ignore[union-attr]  # a polygon
