"""The six kinds of item: how long one is, what it says, and the octets that say it.

A value is a number or text (element), a dict by field name (group, extended, compound), a list (repetitive) or octets
(explicit). What a sender does beyond the rules is kept, so that writing what was read gives the same octets: spare bits
that are set stand as ``spare1``, ``spare2``..., and a primary field longer than needed as ``fspec_octets``.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.formats.asterix import codes
from gateway.formats.asterix.bits import BitsCodec, ItemCodec, Leaf, SingleCodec, Value
from gateway.formats.asterix.layout import Layout, Part, refuse
from gateway.formats.asterix.spec import Compound, Element, Explicit, Extended, Group, Named, Repetitive, Variation
from gateway.formats.asterix.values import refuse_value

PADDING = "fspec_octets"


class RepetitiveCodec(ItemCodec):
    """The same thing several times, counted by the first octet."""

    def __init__(self, variation: Variation, path: str) -> None:
        self.inner = codec(variation, path)
        assert self.inner.fixed is not None
        self.step = self.inner.fixed
        self.path = path

    def size(self, data: bytes, start: int, end: int) -> int:
        """See `ItemCodec.size`."""
        place = start + 1
        if start < end:
            place += data[start] * self.step
        if place > end:
            raise refuse(codes.ITEM_PAST_END, start, f"{self.path} ends at {place}, its block at {end}")
        return place

    def read(self, octets: bytes) -> Value:
        """See `ItemCodec.read`."""
        return [self.inner.read(octets[place : place + self.step]) for place in range(1, len(octets), self.step)]

    def write(self, value: Value, path: str, enforce: bool = True) -> bytes:
        """See `ItemCodec.write`; at most 255 repetitions."""
        if not isinstance(value, list) or len(value) > 255:
            raise refuse_value(codes.NOT_EXPRESSIBLE, path, "expected a list of at most 255")
        parts = [self.inner.write(part, f"{path}[{index}]", enforce) for index, part in enumerate(value)]
        return bytes([len(value)]) + b"".join(parts)

    def leaves(self, octets: bytes, offset: int, path: str) -> Iterator[Leaf]:
        """See `ItemCodec.leaves`."""
        for index, place in enumerate(range(1, len(octets), self.step)):
            part = octets[place : place + self.step]
            yield from self.inner.leaves(part, offset + place, f"{path}[{index}]")


class ChainCodec(ItemCodec):
    """The same thing several times, each with FX as its last bit."""

    def __init__(self, variation: Variation, path: str) -> None:
        fields = variation.fields if isinstance(variation, Group) else (Named("VALUE", "", variation),)
        self.plain = not isinstance(variation, Group)
        self.inner = BitsCodec((fields,), True, path)
        self.step = self.inner.parts[0][0]
        self.path = path

    def size(self, data: bytes, start: int, end: int) -> int:
        """See `ItemCodec.size`."""
        place = start + self.step
        while place <= end and data[place - 1] & 1:
            place += self.step
        if place > end:
            raise refuse(codes.ITEM_PAST_END, start, f"{self.path} goes on at the end of its block")
        return place

    def read(self, octets: bytes) -> Value:
        """See `ItemCodec.read`."""
        found: list[Value] = []
        for place in range(0, len(octets), self.step):
            part = self.inner.read(octets[place : place + self.step])
            assert isinstance(part, dict)
            found.append(part["VALUE"] if self.plain else part)
        return found

    def write(self, value: Value, path: str, enforce: bool = True) -> bytes:
        """See `ItemCodec.write`; at least one."""
        if not isinstance(value, list) or not value:
            raise refuse_value(codes.NOT_EXPRESSIBLE, path, "expected a list that is not empty")
        octets = bytearray()
        for index, part in enumerate(value):
            fields: Value = {"VALUE": part} if self.plain else part
            octets += self.inner.write(fields, f"{path}[{index}]", enforce)
            octets[-1] |= index + 1 < len(value)
        return bytes(octets)

    def leaves(self, octets: bytes, offset: int, path: str) -> Iterator[Leaf]:
        """See `ItemCodec.leaves`."""
        for index, place in enumerate(range(0, len(octets), self.step)):
            part = octets[place : place + self.step]
            for leaf in self.inner.leaves(part, offset + place, f"{path}[{index}]"):
                yield leaf._replace(path=leaf.path.removesuffix(".VALUE"))


class ExplicitCodec(ItemCodec):
    """Octets of somebody else's meaning, kept as they are."""

    def __init__(self, path: str) -> None:
        self.path = path

    def size(self, data: bytes, start: int, end: int) -> int:
        """See `ItemCodec.size`."""
        length = data[start] if start < end else 1
        if length == 0:
            raise refuse(codes.EXPLICIT_LENGTH, start, f"{self.path} states length 0")
        if start + length > end:
            raise refuse(codes.ITEM_PAST_END, start, f"{self.path} ends at {start + length}, its block at {end}")
        return start + length

    def read(self, octets: bytes) -> Value:
        """See `ItemCodec.read`: the octets behind the length."""
        return octets[1:]

    def write(self, value: Value, path: str, enforce: bool = True) -> bytes:
        """See `ItemCodec.write`; at most 254 octets."""
        if not isinstance(value, bytes) or len(value) > 254:
            raise refuse_value(codes.NOT_EXPRESSIBLE, path, "expected at most 254 octets")
        return bytes([len(value) + 1]) + value

    def leaves(self, octets: bytes, offset: int, path: str) -> Iterator[Leaf]:
        """See `ItemCodec.leaves`."""
        yield Leaf(offset, octets, path, octets[1:].hex(), "")


class CompoundCodec(ItemCodec):
    """Subfields that a primary field announces; also, with the UAP as its subfields, a whole record."""

    def __init__(self, subfields: tuple[Named | None, ...], path: str, separator: str = ".") -> None:
        self.path = path
        self.separator = separator
        self.codecs = {
            part.name: (index, codec(part.variation, f"{path}{separator}{part.name}"))
            for index, part in enumerate(subfields)
            if part is not None
        }
        names = [part.name if part is not None else None for part in subfields]
        self.layout = Layout(path, [self._part(name) for name in names])
        self.size = self.layout.size  # type: ignore[method-assign]  # the same signature, one call less per item

    def _part(self, name: str | None) -> Part | None:
        if name is None:
            return None
        inner = self.codecs[name][1]
        return Part(name, inner.fixed, inner.size)

    def read(self, octets: bytes) -> Value:
        """See `ItemCodec.read`."""
        parts, plan, _ = self.layout.split(octets, 0, len(octets))
        found: dict[str, Value] = {
            name: inner.read(parts[index]) for name, (index, inner) in self.codecs.items() if index in plan.present
        }
        if plan.length > max(1, (max(plan.present, default=0) // 7) + 1):
            found[PADDING] = plan.length
        return found

    def write(self, value: Value, path: str, enforce: bool = True) -> bytes:
        """See `ItemCodec.write`."""
        if not isinstance(value, dict):
            raise refuse_value(codes.NOT_EXPRESSIBLE, path, "expected parts by name")
        if unknown := value.keys() - self.codecs.keys() - {PADDING}:
            raise refuse_value(codes.UNKNOWN_FIELD, path, f"no part {sorted(unknown)[0]:.40}")
        fspec = bytearray(self.layout.octets)
        octets = b""
        length = 1
        for name, (index, inner) in self.codecs.items():
            if name in value:
                fspec[index // 7] |= 0x80 >> index % 7
                length = index // 7 + 1
                octets += inner.write(value[name], f"{path}{self.separator}{name}", enforce)
        padded = value.get(PADDING, length)
        if not isinstance(padded, int) or not length <= padded <= self.layout.octets:
            raise refuse_value(codes.OUT_OF_RANGE, path, f"expected {length} to {self.layout.octets} {PADDING}")
        for place in range(padded - 1):
            fspec[place] |= 1
        return bytes(fspec[:padded]) + octets

    def leaves(self, octets: bytes, offset: int, path: str) -> Iterator[Leaf]:
        """See `ItemCodec.leaves`."""
        inners = {index: (name, inner) for name, (index, inner) in self.codecs.items()}
        for index, start, end in self.layout.places(octets, 0, len(octets)):
            name, inner = inners[index]
            yield from inner.leaves(octets[start:end], offset + start, f"{path}{self.separator}{name}")


def codec(variation: Variation, path: str) -> ItemCodec:
    """The codec of one variation; `path` names it in errors."""
    match variation:
        case Element():
            return SingleCodec(variation, path)
        case Group(fields):
            return BitsCodec((fields,), False, path)
        case Extended(parts):
            return BitsCodec(parts, True, path)
        case Repetitive(True, inner):
            return RepetitiveCodec(inner, path)
        case Repetitive(_, inner):
            return ChainCodec(inner, path)
        case Compound(subfields):
            return CompoundCodec(subfields, path)
        case Explicit():
            return ExplicitCodec(path)
