"""Positions to the middle of a cell of a grid over the earth, and heights to a multiple."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, cos, radians

from msgspec import Struct

from gateway.policy.area import EARTH_RADIUS_M
from gateway.track import Position

DEGREE_M = radians(1.0) * EARTH_RADIUS_M
_ELLIPSOID = 1.006
"""What a distance on the ellipsoid may be more than on the sphere."""
_STEP_M = 0.001
MOST_M = 1e9
"""Of a height, up or down, and of a bound on its error: more, and the schema does not admit the track."""


class Cell(Struct, frozen=True, gc=False):
    """Where a point may be said to be."""

    middle: Position
    reach_m: float
    """No point of the cell is further from its middle."""


def cell_of(point: Position, grid_m: float) -> Cell:
    """The cell around a point. Cells are about `grid_m` high and wide, the same for all points of one grid.

    Rows divide the way from pole to pole evenly; each has as many columns as fit around the earth, three or so at the
    poles, from the antimeridian on. A middle is never on a pole, on the antimeridian or on a cell's border.
    """
    rows = _rows(grid_m)
    height = 180.0 / rows
    row = min(rows - 1, int((point.latitude_deg + 90.0) / height))
    columns, reach_m = _columns(grid_m, row)
    width = 360.0 / columns
    column = int((point.longitude_deg + 180.0) / width) % columns
    return Cell(Position((row + 0.5) * height - 90.0, (column + 0.5) * width - 180.0), reach_m)


def coarse_height(height_m: float, grid_m: float) -> float:
    """The nearest multiple of `grid_m`; of two, the even one. None is beyond what a message can say."""
    steps = round(height_m / grid_m)
    most = int(MOST_M / grid_m)
    return max(-most, min(most, steps)) * grid_m


def _rows(grid_m: float) -> int:
    return max(1, round(180.0 * DEGREE_M / grid_m))


@lru_cache(maxsize=4_096)
def _columns(grid_m: float, row: int) -> tuple[int, float]:
    """(columns of a row, how far a corner is from the middle at most)."""
    height = 180.0 / _rows(grid_m)
    south, north = row * height - 90.0, (row + 1) * height - 90.0
    columns = max(1, round(360.0 * DEGREE_M * cos(radians((south + north) / 2)) / grid_m))
    widest = 1.0 if south < 0.0 < north else max(cos(radians(south)), cos(radians(north)))
    # First along the meridian, then along the parallel: never shorter than the way itself
    reach = (height / 2 + 180.0 / columns * widest) * DEGREE_M * _ELLIPSOID
    return columns, ceil(reach / _STEP_M) * _STEP_M
