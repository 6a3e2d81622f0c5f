"""SI values to the integers of the wire, within the legal bounds that the tables state."""

from __future__ import annotations

from gateway.formats.asterix.records import CODECS
from gateway.formats.asterix.spec import (
    Compound,
    Element,
    Extended,
    Group,
    Named,
    Quantity,
    Repetitive,
    Spare,
    Variation,
)
from gateway.formats.asterix.values import ElementCodec


class Scale:
    """One element: `raw` gives the nearest integer, or nothing when that is not legal."""

    __slots__ = ("bits", "factor", "high", "low", "mask", "name")

    def __init__(self, category: int, path: str, unit_si: float = 1.0) -> None:
        """`path` such as ``105.LAT``; `unit_si` is how many SI units one unit of the item is."""
        first, *rest = path.split(".")
        element = _find(CODECS[category].category.items[first].variation, rest)
        content = element.content
        lsb = float(content.lsb) if isinstance(content, Quantity) else 1.0
        self.name = f"I{category:03d}/{path}"
        self.bits = element.bits
        self.mask = (1 << element.bits) - 1
        self.factor = 1 / (lsb * unit_si)
        self.low, self.high = ElementCodec(element).limits

    def raw(self, value: float) -> int | None:
        """The nearest integer as the bits of the wire; `None` beyond the bounds."""
        scaled = value * self.factor
        if not self.low - 1 < scaled < self.high + 1:  # also keeps infinities and not-a-numbers out of round()
            return None
        nearest = round(scaled)
        return nearest & self.mask if self.low <= nearest <= self.high else None

    def saturated(self, value: float) -> tuple[int, bool]:
        """The nearest legal integer, and whether it had to be clipped: for items whose end values mean "or above"."""
        scaled = value * self.factor
        if scaled != scaled or scaled <= self.low:
            return self.low & self.mask, not scaled >= self.low - 0.5
        if scaled >= self.high:
            return self.high & self.mask, scaled > self.high + 0.5
        return round(scaled) & self.mask, False


def _find(variation: Variation, path: list[str]) -> Element:
    """The element at `path` below a variation."""
    if not path:
        assert isinstance(variation, Element)
        return variation
    if isinstance(variation, Repetitive):
        return _find(variation.variation, path)
    parts: list[Named | Spare | None]
    match variation:
        case Group(fields):
            parts = list(fields)
        case Extended(groups):
            parts = [field for group in groups for field in group]
        case Compound(subfields):
            parts = list(subfields)
        case _:
            raise KeyError(path[0])
    for part in parts:
        if isinstance(part, Named) and part.name == path[0]:
            return _find(part.variation, path[1:])
    raise KeyError(path[0])
