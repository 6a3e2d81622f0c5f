"""Hypothesis strategies from the tables: legal values for every item of every category."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from gateway.formats.asterix.spec import (
    Case,
    Compound,
    Element,
    Explicit,
    Extended,
    Group,
    Named,
    Repetitive,
    Spare,
    Text,
    Variation,
)
from gateway.formats.asterix.values import ElementCodec

Strategy = st.SearchStrategy[Any]


def legal(element: Element) -> Strategy:
    codec = ElementCodec(element)
    if isinstance(element.content, Text) and element.content.kind == "icao":
        return st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ", min_size=element.bits // 6, max_size=element.bits // 6)
    if isinstance(element.content, Text):
        return st.integers(0, (1 << element.bits) - 1).map(codec.read)
    low, high = codec.limits
    return st.integers(low, high).map(lambda raw: codec.read(raw & ((1 << element.bits) - 1)))


def fields(parts: tuple[Named | Spare, ...]) -> Strategy:
    plain: dict[str, Strategy] = {}
    cases: list[tuple[str, int, Case]] = []
    for part in parts:
        if isinstance(part, Spare):
            continue
        variation = part.variation
        if isinstance(variation, Group):
            for inner in variation.fields:
                assert isinstance(inner, Named)
                assert isinstance(inner.variation, Element)
                plain[f"{part.name}.{inner.name}"] = legal(inner.variation)
        elif isinstance(variation, Element) and isinstance(variation.content, Case):
            cases.append((part.name, variation.bits, variation.content))
        else:
            assert isinstance(variation, Element)
            plain[part.name] = legal(variation)
    found: Strategy = st.fixed_dictionaries(plain)
    for name, bits, case in cases:
        found = found.flatmap(
            lambda values, name=name, bits=bits, case=case: legal(
                Element(bits, case.choices.get(values[case.selector], case.default))
            ).map(lambda value: {**values, name: value})
        )
    return found


def values(variation: Variation) -> Strategy:
    """Legal values of one item."""
    match variation:
        case Element():
            return legal(variation)
        case Group(parts):
            return fields(parts)
        case Extended(groups):
            return st.integers(1, len(groups)).flatmap(
                lambda count: st.tuples(*(fields(group) for group in groups[:count])).map(
                    lambda parts: {name: value for part in parts for name, value in part.items()}
                )
            )
        case Repetitive(counted, inner):
            return st.lists(values(inner), min_size=0 if counted else 1, max_size=4)
        case Compound(subfields):
            parts_ = {part.name: values(part.variation) for part in subfields if part is not None}
            return st.fixed_dictionaries({}, optional=parts_)
        case Explicit():
            return st.binary(max_size=12)
