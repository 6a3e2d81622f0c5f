"""The three categories: records to values by item, and back, octet for octet."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.errors import FormatError
from gateway.formats.asterix import codes
from gateway.formats.asterix._tables import cat034, cat048, cat062
from gateway.formats.asterix.bits import Leaf, Value
from gateway.formats.asterix.items import CompoundCodec
from gateway.formats.asterix.spec import Category

Record = dict[str, Value]
"""Values by item name (``"010"``, ``"RE"``), in the units of the edition."""


class CategoryCodec:
    """Reads and writes the records of one category in one edition."""

    def __init__(self, category: Category) -> None:
        self.number = category.number
        self.edition = category.edition
        self.category = category
        self.name = f"I{category.number:03d}"
        uap = tuple(category.items[name] if name is not None else None for name in category.uap)
        self._record = CompoundCodec(uap, self.name, "/")
        self.layout = self._record.layout
        self.items = {name: inner for name, (_, inner) in self._record.codecs.items()}

    def read(self, octets: bytes) -> Record:
        """The values of one whole record; `FormatError` when it is not exactly one."""
        end = self.layout.size(octets, 0, len(octets))
        if end != len(octets):
            cause = f"the record ends at octet {end} of {len(octets)}"
            raise FormatError(codes.TRAILING_OCTETS, place=f"octet {end}", cause=cause)
        found = self._record.read(octets)
        assert isinstance(found, dict)
        return found

    def write(self, record: Record, *, enforce: bool = True) -> bytes:
        """The octets of one record, items in UAP order whatever their order in `record`.

        With `enforce`, what the edition calls illegal is refused (`AST-020`), not only what does not fit; a record that
        came from a real source may need it off. The place of an error is the item, such as ``I062/105.LAT``.
        """
        return self._record.write(record, self.name, enforce)

    def leaves(self, octets: bytes, offset: int = 0) -> Iterator[Leaf]:
        """Every element of one whole record that stands at `offset` of its frame."""
        return self._record.leaves(octets, offset, self.name)


CODECS = {module.CATEGORY.number: CategoryCodec(module.CATEGORY) for module in (cat034, cat048, cat062)}


def block(category: int, records: list[bytes]) -> bytes:
    """One data block of `records`; `FormatError` beyond the 65,535 octets that its length can state."""
    body = b"".join(records)
    length = len(body) + 3
    if length > 0xFFFF:
        raise FormatError(codes.RECORD_TOO_LARGE, place=f"category {category:03d}", cause=f"{length} octets")
    return bytes([category]) + length.to_bytes(2, "big") + body
