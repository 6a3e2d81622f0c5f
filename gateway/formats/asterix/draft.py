"""A record while it is being written: items by their place in the UAP, and what could not be carried."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.formats.asterix.memo import Memo
from gateway.formats.asterix.scale import Scale
from gateway.track import Identifier, Loss

_LEGAL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ")
NO_TARGET = "NO_TARGET"
OUT_OF_RANGE = "OUT_OF_RANGE"
NO_CODE = "NO_CODE"
NO_DATUM = "NO_DATUM"
TRUNCATED = "TRUNCATED"
ROUNDED = "ROUNDED"

loss: Memo[tuple[str, str], Loss] = Memo(lambda key: Loss(*key))


def _fspec(places: tuple[int, ...]) -> bytes:
    octets = bytearray(places[-1] // 7 + 1)
    for place in places:
        octets[place // 7] |= 0x80 >> place % 7
    for place in range(len(octets) - 1):
        octets[place] |= 1
    return bytes(octets)


fspecs = Memo(_fspec)


class Draft:
    """Items or subfields in order."""

    __slots__ = ("losses", "octets", "places")

    def __init__(self) -> None:
        self.places: list[int] = []
        self.octets: list[bytes] = []
        self.losses: list[Loss] = []

    def add(self, place: int, octets: bytes) -> None:
        """Append the item at `place` of the UAP (from 0); callers go in ascending order. No octets, no item."""
        if octets:
            self.places.append(place)
            self.octets.append(octets)

    def lose(self, field: str, reason: str) -> None:
        """Note what could not be carried."""
        self.losses.append(loss[field, reason])

    def lose_all(self, fields: Iterable[tuple[str, object]], reason: str) -> None:
        """Note each of `fields` that has a value."""
        for field, value in fields:
            if value is not None and value != ():
                self.losses.append(loss[field, reason])

    def number(self, place: int, scale: Scale, value: float | None, field: str) -> None:
        """Append an item that is one number."""
        if value is None:
            return
        raw = scale.raw(value)
        if raw is None:
            self.losses.append(loss[field, OUT_OF_RANGE])
            return
        self.places.append(place)
        self.octets.append(raw.to_bytes(scale.bits // 8, "big"))

    def pair(self, place: int, scale: Scale, values: tuple[float, float], field: str) -> None:
        """Append an item that is two numbers of one kind."""
        first, second = scale.raw(values[0]), scale.raw(values[1])
        if first is None or second is None:
            self.losses.append(loss[field, OUT_OF_RANGE])
            return
        self.places.append(place)
        self.octets.append((first << scale.bits | second).to_bytes(scale.bits // 4, "big"))

    def record(self) -> bytes:
        """The FSPEC (or primary field) and the items; nothing when there is none."""
        if not self.places:
            return b""
        return fspecs[tuple(self.places)] + b"".join(self.octets)


def icao(text: str) -> tuple[int, bool]:
    """48 bits of text, left adjusted, and whether it had to be changed to fit the alphabet or the eight characters."""
    fitting = "".join([character for character in text.upper() if character in _LEGAL]).strip()[:8]
    raw = 0
    for character in fitting.ljust(8):
        code = ord(character)
        raw = raw << 6 | (code - 64 if code >= 64 else code)
    return raw, fitting != text


def ascii_field(text: str, length: int) -> tuple[bytes, bool]:
    """`length` octets of text, left adjusted, and whether it had to be changed to fit."""
    fitting = "".join([character for character in text if " " <= character <= "~"])[:length]
    return fitting.ljust(length).encode("ascii"), fitting != text


def octal_code(identifier: Identifier, digits: int = 4) -> int | None:
    """The bits of an octal code of that many digits, or nothing."""
    value = identifier.value
    if len(value) != digits or not value.isascii() or any(character not in "01234567" for character in value):
        return None
    return int(value, 8)


def marked(identifier: Identifier, bits: tuple[tuple[str, int], ...]) -> tuple[int, bool]:
    """The flag bits of an identifier's quality, and whether a mark of it has no bit."""
    marks = set(identifier.quality.split("_AND_")) if identifier.quality else set()
    raw = 0
    for mark, bit in bits:
        if mark in marks:
            raw |= bit
            marks.discard(mark)
    return raw, bool(marks)


def address(identifier: Identifier) -> bytes | None:
    """The three octets of a 24-bit address, or nothing."""
    try:
        octets = bytes.fromhex(identifier.value)
    except ValueError:
        return None
    return octets if len(octets) == 3 and len(identifier.value) == 6 else None
