"""Which areas a point is in, in the time of one look-up: the earth in cells, each worked out when a track is in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.policy.area import Area
from gateway.policy.ring import Box

PER_DEGREE = 16
"""Cells of 1/16 degree: some kilometres, so that few of them have a border in them."""
MOST_CELLS = 65_536
"""Remembered; then they are forgotten and worked out anew."""
_COLUMNS = 8_192  # more than 360 * PER_DEGREE
_SLACK_DEG = 1e-9
"""What rounding may put a point beside its cell."""

Masks = tuple[int, int]


class Cells:
    """From a point to what a table says of the set of areas that it is in."""

    def __init__(self, areas: Sequence[tuple[int, Area]], table: Mapping[int, Masks], unsaid: Masks) -> None:
        self._areas = areas
        self._table = table
        self.unsaid = unsaid
        """For a track without a position."""
        self._cells: dict[int, tuple[Masks, int, tuple[tuple[int, Area], ...]]] = {}

    def at(self, latitude_deg: float, longitude_deg: float) -> Masks:
        """What the table says of the areas around a point."""
        row, column = int((latitude_deg + 90.0) * PER_DEGREE), int((longitude_deg + 180.0) * PER_DEGREE)
        cell = self._cells.get(row * _COLUMNS + column)
        if cell is None:
            cell = self._cell(row, column)
        masks, inside, near = cell
        if not near:
            return masks
        for bit, area in near:
            if area.holds(latitude_deg, longitude_deg):
                inside |= bit
        return self._table[inside]

    def _cell(self, row: int, column: int) -> tuple[Masks, int, tuple[tuple[int, Area], ...]]:
        """(the answer for all of the cell, areas that hold it, areas whose border may be in it)."""
        box = Box(
            south=row / PER_DEGREE - 90.0 - _SLACK_DEG,
            west=column / PER_DEGREE - 180.0 - _SLACK_DEG,
            north=(row + 1) / PER_DEGREE - 90.0 + _SLACK_DEG,
            east=(column + 1) / PER_DEGREE - 180.0 + _SLACK_DEG,
        )
        inside = 0
        near = []
        for bit, area in self._areas:
            answer = area.holds_box(box)
            if answer is None:
                near.append((bit, area))
            elif answer:
                inside |= bit
        if len(self._cells) >= MOST_CELLS:
            self._cells.clear()
        cell = (self._table[inside], inside, tuple(near))
        self._cells[row * _COLUMNS + column] = cell
        return cell
