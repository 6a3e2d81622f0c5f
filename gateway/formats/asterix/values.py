"""What a run of bits says: unsigned integers from the wire to values with a unit, and back within legal bounds.

Decoding carries every bit pattern, reserved codes and values beyond the legal bounds included (real sources send them).
Encoding refuses what the edition does not allow; nothing is wrapped, clipped or cut.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import ceil, floor, isfinite

from gateway.errors import Code, FormatError
from gateway.formats.asterix import codes
from gateway.formats.asterix.spec import Bounds, Case, Content, Element, Integer, Quantity, Text

Scalar = int | float | str

_ICAO = "@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_ !\"#$%&'()*+,-./0123456789:;<=>?"
"""Six-bit characters as the 64 of IA-5 columns 2 to 5: only A-Z, 0-9 and space are legal, all survive a round trip."""
ICAO_CODES = {character: code for code, character in enumerate(_ICAO)}


def refuse_value(code: Code, path: str, cause: str) -> FormatError:
    """The error of a value that cannot be written."""
    return FormatError(code, place=path, cause=cause)


class ElementCodec:
    """Bits to a value and back."""

    __slots__ = ("bits", "content", "limits", "read", "unit")

    def __init__(self, element: Element) -> None:
        self.bits = element.bits
        self.content = element.content
        self.read: Callable[[int], Scalar] = _reader(element.content, element.bits)
        self.unit = element.content.unit if isinstance(element.content, Quantity) else ""
        self.limits = _limits(element.content, element.bits)

    def write(self, value: object, path: str, enforce: bool = True) -> int:
        """The bits of `value`; refuses what does not fit, and with `enforce` what the edition calls illegal."""
        content = self.content
        if isinstance(content, Text):
            return _write_text(content.kind, self.bits, value, path)
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise refuse_value(codes.NOT_EXPRESSIBLE, path, f"expected a finite number, observed {value!r:.40}")
        if isinstance(content, Quantity):
            raw = round(value * content.lsb.denominator / content.lsb.numerator)
        elif isinstance(value, int):
            raw = value
        else:
            raise refuse_value(codes.NOT_EXPRESSIBLE, path, f"expected an integer, observed {value!r:.40}")
        low, high = self.limits if enforce else _representable(content, self.bits)
        if not low <= raw <= high:
            raise refuse_value(codes.OUT_OF_RANGE, path, self._range_text(value, low, high))
        return raw & ((1 << self.bits) - 1)

    def _range_text(self, value: float, low: int, high: int) -> str:
        lsb = float(self.content.lsb) if isinstance(self.content, Quantity) else 1
        return f"expected {low * lsb:.12g} to {high * lsb:.12g} {self.unit}".rstrip() + f", observed {value:.12g}"


class CaseCodec:
    """Bits whose content another field of the group chooses."""

    __slots__ = ("bits", "choices", "default", "selector")

    def __init__(self, bits: int, case: Case) -> None:
        self.bits = bits
        self.selector = case.selector
        self.choices = {code: ElementCodec(Element(bits, choice)) for code, choice in case.choices.items()}
        self.default = ElementCodec(Element(bits, case.default))

    def chosen(self, fields: Mapping[str, object]) -> ElementCodec:
        """The element that the selector among `fields` asks for."""
        choice = fields.get(self.selector)
        return self.choices.get(choice, self.default) if isinstance(choice, int) else self.default


def _reader(content: Content, bits: int) -> Callable[[int], Scalar]:
    """The pure function from wire bits to value."""
    if isinstance(content, Text):
        width = {"ascii": 8, "icao": 6, "octal": 3}[content.kind]
        shifts = range(bits - width, -1, -width)
        mask = (1 << width) - 1
        if content.kind == "octal":
            return lambda raw: f"{raw:0{bits // 3}o}"
        if content.kind == "icao":
            return lambda raw: "".join([_ICAO[raw >> shift & mask] for shift in shifts])
        return lambda raw: "".join([chr(raw >> shift & mask) for shift in shifts])
    half, full = 1 << (bits - 1), 1 << bits
    signed = isinstance(content, Quantity | Integer) and content.signed
    if isinstance(content, Quantity):
        numerator, denominator = content.lsb.numerator, content.lsb.denominator
        if signed:
            return lambda raw: (raw - full if raw >= half else raw) * numerator / denominator
        return lambda raw: raw * numerator / denominator
    if signed:
        return lambda raw: raw - full if raw >= half else raw
    return lambda raw: raw


def _representable(content: Content, bits: int) -> tuple[int, int]:
    """Least and greatest integer that fit."""
    if isinstance(content, Quantity | Integer) and content.signed:
        return -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    return 0, (1 << bits) - 1


def _limits(content: Content, bits: int) -> tuple[int, int]:
    """Least and greatest integer that fit and are legal."""
    low, high = _representable(content, bits)
    if not isinstance(content, Quantity | Integer):
        return low, high
    lsb = content.lsb if isinstance(content, Quantity) else Fraction(1)
    bounds: Bounds = content.bounds
    if bounds.low is not None:
        least = bounds.low / lsb
        low = max(low, floor(least) + 1 if bounds.low_exclusive else ceil(least))
    if bounds.high is not None:
        greatest = bounds.high / lsb
        high = min(high, ceil(greatest) - 1 if bounds.high_exclusive else floor(greatest))
    return low, high


def _write_text(kind: str, bits: int, value: object, path: str) -> int:
    """The bits of a text of exactly the item's length."""
    if not isinstance(value, str):
        raise refuse_value(codes.NOT_EXPRESSIBLE, path, f"expected text, observed {value!r:.40}")
    width = {"ascii": 8, "icao": 6, "octal": 3}[kind]
    if len(value) * width != bits:
        cause = f"expected {bits // width} characters, observed {len(value)}"
        raise refuse_value(codes.NOT_EXPRESSIBLE, path, cause)
    raw = 0
    for character in value:
        if kind == "icao":
            code = ICAO_CODES.get(character, -1)
        elif kind == "octal":
            code = "01234567".find(character)
        else:
            code = ord(character)
        if not 0 <= code < 1 << width:
            raise refuse_value(codes.NOT_EXPRESSIBLE, path, f"{character!r} is not in the item's {kind} alphabet")
        raw = raw << width | code
    return raw
