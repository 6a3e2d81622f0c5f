"""The vocabulary of an ASTERIX category: what the generated tables are written in (EUROCONTROL-SPEC-0149, part 1).

A category is a user application profile (UAP) over items; an item is one of six variations; the smallest part is an
element with a content. Everything is frozen data without behaviour: `values`, `items` and `records` give it meaning.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from msgspec import Struct


class Bounds(Struct, frozen=True):
    """Legal range of a value in its own unit; an exclusive bound is itself illegal."""

    low: Fraction | None = None
    high: Fraction | None = None
    low_exclusive: bool = False
    high_exclusive: bool = False


class Raw(Struct, frozen=True):
    """Bits without a further meaning in the specification."""


class Table(Struct, frozen=True):
    """An enumeration: code to meaning. Codes that are not listed are reserved."""

    values: dict[int, str]


class Text(Struct, frozen=True):
    """Characters: ``ascii`` (8 bits each), ``icao`` (6 bits each) or ``octal`` (3 bits each)."""

    kind: Literal["ascii", "icao", "octal"]


class Integer(Struct, frozen=True):
    """A count without a unit."""

    signed: bool
    bounds: Bounds = Bounds()


class Quantity(Struct, frozen=True):
    """A number of `lsb` units each."""

    signed: bool
    lsb: Fraction
    unit: str
    bounds: Bounds = Bounds()


class Bds(Struct, frozen=True):
    """A Comm-B register: 56 bits of data, with its address in 8 bits behind them unless `register` fixes it."""

    register: int | None = None


class Case(Struct, frozen=True):
    """A content that another element of the same group chooses (I062/380#4: the speed is IAS or Mach)."""

    selector: str
    """Name of the choosing element."""
    choices: dict[int, Content]
    default: Content


Content = Raw | Table | Text | Integer | Quantity | Bds | Case


class Element(Struct, frozen=True):
    """A run of bits with one content."""

    bits: int
    content: Content


class Spare(Struct, frozen=True):
    """Bits that shall be zero."""

    bits: int


class Named(Struct, frozen=True):
    """A part with its name and title."""

    name: str
    title: str
    variation: Variation


class Group(Struct, frozen=True):
    """Elements side by side, a whole number of octets (or seven bits and FX within an extended item)."""

    fields: tuple[Named | Spare, ...]


class Extended(Struct, frozen=True):
    """Parts of one or more octets whose last bit (FX) says that the next part follows."""

    parts: tuple[tuple[Named | Spare, ...], ...]


class Repetitive(Struct, frozen=True):
    """One variation many times: counted by a leading octet, or chained by FX when `counted` is false."""

    counted: bool
    variation: Variation


class Compound(Struct, frozen=True):
    """Subfields that a primary field (an FSPEC of its own) announces; `None` is a position without a subfield."""

    subfields: tuple[Named | None, ...]


class Explicit(Struct, frozen=True):
    """Octets behind a length octet that counts itself: the reserved expansion (re) or special purpose (sp) field."""

    kind: Literal["re", "sp"]


Variation = Element | Group | Extended | Repetitive | Compound | Explicit


class Category(Struct, frozen=True):
    """One category in one edition."""

    number: int
    edition: str
    date: str
    title: str
    items: dict[str, Named]
    uap: tuple[str | None, ...]
    """Item of each FRN, first FRN first; `None` is an FRN that the edition does not define."""
