"""Items that are bits in a row: single elements, groups, and extended items with their FX bits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Union

from gateway.formats.asterix import codes
from gateway.formats.asterix.layout import refuse
from gateway.formats.asterix.spec import Case, Element, Group, Named, Spare
from gateway.formats.asterix.values import CaseCodec, ElementCodec, refuse_value

Value = Union[int, float, str, bytes, "dict[str, Value]", "list[Value]"]


class Leaf(NamedTuple):
    """One element where it stands: octet offset, its octets, path, value, unit."""

    offset: int
    raw: bytes
    path: str
    value: Value
    unit: str


class ItemCodec:
    """One variation. `fixed` is its length in octets where no length stands in the data."""

    fixed: int | None = None

    def size(self, data: bytes, start: int, end: int) -> int:
        """The place behind the item; `FormatError` when it does not fit before `end`."""
        raise NotImplementedError

    def read(self, octets: bytes) -> Value:
        """The value of a whole item as `size` measured it."""
        raise NotImplementedError

    def write(self, value: Value, path: str, enforce: bool = True) -> bytes:
        """The octets of `value`; `FormatError` with `path` as place for what cannot or may not be written."""
        raise NotImplementedError

    def leaves(self, octets: bytes, offset: int, path: str) -> Iterator[Leaf]:
        """The elements of a whole item that stands at `offset`."""
        raise NotImplementedError


class Bits:
    """Fields side by side in a whole number of octets, with or without FX as the last bit."""

    def __init__(self, fields: tuple[Named | Spare, ...], fx: bool) -> None:
        self.fields: list[tuple[str, int, ElementCodec | CaseCodec | None]] = []
        self.octets = (sum(_width(field) for field in fields) + fx) // 8
        shift = self.octets * 8
        for field in fields:
            shift -= _width(field)
            if isinstance(field, Spare):
                self.fields.append(("", shift, None))
            else:
                assert isinstance(field.variation, Element | Group)
                self._add(field.name, field.variation, shift)

    def _add(self, name: str, variation: Element | Group, shift: int) -> None:
        if isinstance(variation, Element):
            content = variation.content
            codec = CaseCodec(variation.bits, content) if isinstance(content, Case) else ElementCodec(variation)
            self.fields.append((name, shift, codec))
            return
        shift += _width(Named("", "", variation))
        for field in variation.fields:  # a group within a part (I048/020#3 ADSB): EP and VAL become ADSB.EP, ADSB.VAL
            assert isinstance(field, Named)
            assert isinstance(field.variation, Element)
            shift -= field.variation.bits
            self._add(f"{name}.{field.name}", field.variation, shift)


def _width(field: Named | Spare) -> int:
    if isinstance(field, Spare):
        return field.bits
    variation = field.variation
    if isinstance(variation, Element):
        return variation.bits
    assert isinstance(variation, Group)
    return sum(_width(part) for part in variation.fields)


class BitsCodec(ItemCodec):
    """A group: one part. An extended item: several, each behind the FX of the one before."""

    def __init__(self, parts: tuple[tuple[Named | Spare, ...], ...], fx: bool, path: str) -> None:
        self.fx = fx
        self.path = path
        self.parts: list[tuple[int, list[tuple[str, int, int, ElementCodec | CaseCodec | None]]]] = []
        self.names: set[str] = set()
        spares = 0
        for part in parts:
            bits = Bits(part, fx)
            fields = []
            above = bits.octets * 8
            for field, shift, element in bits.fields:
                spares += element is None
                name = field if element is not None else f"spare{spares}"
                fields.append((name, shift, (1 << (above - shift)) - 1, element))
                self.names.add(name)
                above = shift
            self.parts.append((bits.octets, fields))
        self.fixed = None if fx else self.parts[0][0]

    def size(self, data: bytes, start: int, end: int) -> int:
        """See `ItemCodec.size`."""
        place = start
        for octets, _ in self.parts:
            place += octets
            if place > end:
                raise refuse(codes.ITEM_PAST_END, start, f"{self.path} ends at {place}, its block at {end}")
            if not self.fx or not data[place - 1] & 1:
                return place
        raise refuse(codes.EXTENSION_TRAILING_FX, place - 1, f"{self.path} has {len(self.parts)} parts")

    def read(self, octets: bytes) -> Value:
        """See `ItemCodec.read`."""
        found: dict[str, Value] = {}
        place = 0
        for length, fields in self.parts:
            if place == len(octets):
                break
            raw = int.from_bytes(octets[place : place + length], "big")
            place += length
            for name, shift, mask, codec in fields:
                bits = raw >> shift & mask
                if codec is None:
                    if bits:
                        found[name] = bits
                elif isinstance(codec, CaseCodec):
                    found[name] = codec.chosen(found).read(bits)
                else:
                    found[name] = codec.read(bits)
        return found

    def write(self, value: Value, path: str, enforce: bool = True) -> bytes:
        """See `ItemCodec.write`; an extended item ends with the last part that has a field in `value`."""
        if not isinstance(value, dict):
            raise refuse_value(codes.NOT_EXPRESSIBLE, path, "expected fields by name")
        if unknown := value.keys() - self.names:
            raise refuse_value(codes.UNKNOWN_FIELD, path, f"no field {sorted(unknown)[0]:.40}")
        last = 0
        for index, (_, fields) in enumerate(self.parts):
            if any(name in value for name, _, _, _ in fields):
                last = index
        octets = b""
        for index, (length, fields) in enumerate(self.parts[: last + 1]):
            raw = int(self.fx and index < last)
            for name, shift, mask, codec in fields:
                raw |= self._bits(value, name, mask, codec, f"{path}.{name}", enforce) << shift
            octets += raw.to_bytes(length, "big")
        return octets

    @staticmethod
    def _bits(
        value: dict[str, Value], name: str, mask: int, codec: ElementCodec | CaseCodec | None, path: str, enforce: bool
    ) -> int:
        if codec is None:
            spare = value.get(name, 0)
            if not isinstance(spare, int) or not 0 <= spare <= mask:
                raise refuse_value(codes.OUT_OF_RANGE, path, f"expected 0 to {mask}")
            return spare
        if name not in value:
            raise refuse_value(codes.MISSING_FIELD, path, "the field is absent")
        element = codec.chosen(value) if isinstance(codec, CaseCodec) else codec
        return element.write(value[name], path, enforce)

    def leaves(self, octets: bytes, offset: int, path: str) -> Iterator[Leaf]:
        """See `ItemCodec.leaves`; the octets of a leaf are those that its bits touch."""
        values = self.read(octets)
        assert isinstance(values, dict)
        place = 0
        for length, fields in self.parts:
            if place == len(octets):
                return
            for name, shift, mask, codec in fields:
                if name not in values:
                    continue
                first = place + length - 1 - (shift + mask.bit_length() - 1) // 8
                last = place + length - shift // 8
                element = codec.chosen(values) if isinstance(codec, CaseCodec) else codec
                unit = element.unit if element is not None else ""
                yield Leaf(offset + first, octets[first:last], f"{path}.{name}", values[name], unit)
            place += length


class SingleCodec(ItemCodec):
    """An item that is one element."""

    def __init__(self, element: Element, path: str) -> None:
        self.element = ElementCodec(element)
        self.octets = element.bits // 8
        self.fixed = self.octets
        self.path = path

    def size(self, data: bytes, start: int, end: int) -> int:
        """See `ItemCodec.size`."""
        if start + self.octets > end:
            raise refuse(codes.ITEM_PAST_END, start, f"{self.path} ends at {start + self.octets}, its block at {end}")
        return start + self.octets

    def read(self, octets: bytes) -> Value:
        """See `ItemCodec.read`."""
        return self.element.read(int.from_bytes(octets, "big"))

    def write(self, value: Value, path: str, enforce: bool = True) -> bytes:
        """See `ItemCodec.write`."""
        return self.element.write(value, path, enforce).to_bytes(self.octets, "big")

    def leaves(self, octets: bytes, offset: int, path: str) -> Iterator[Leaf]:
        """See `ItemCodec.leaves`."""
        yield Leaf(offset, octets, path, self.read(octets), self.element.unit)
