"""The same records as `libasterix` (BSD-3, generated from the same definitions by other hands) reads them."""

from __future__ import annotations

from typing import Any

import asterix.base as base
import asterix.generated as generated

SPECS = {34: generated.Cat_034_1_29, 48: generated.Cat_048_1_32, 62: generated.Cat_062_1_21}


def records(block: bytes) -> list[dict[str, Any]]:
    """Values of each record of one data block, in the shape that our own codec uses; `ValueError` as theirs."""
    bits = base.Bits.from_bytes(block)
    (raw,) = base.RawDatablock.parse(bits)
    result = SPECS[block[0]].cv_uap.parse(raw.get_raw_records())
    if isinstance(result, ValueError):
        raise result
    return [{name: _variation(item.arg) for name, item in record.items_regular.items()} for record in result]


def _variation(rule: Any) -> Any:
    variation = rule.arg
    if isinstance(variation, base.Element):
        return _content(variation)
    if isinstance(variation, base.Group):
        return dict(_fields("", variation.arg))
    if isinstance(variation, base.Extended):
        return {name: value for part in variation.arg for name, value in _fields("", [i for i in part if i])}
    if isinstance(variation, base.Repetitive):
        return [dict(_fields("", i.arg)) if isinstance(i, base.Group) else _content(i) for i in variation.arg]
    if isinstance(variation, base.Compound):
        return {name: _variation(item.arg) for name, item in variation.arg.items()}
    return variation.get_bytes()


def _fields(prefix: str, items: Any) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for item in items:
        if not isinstance(item, base.Item):
            continue
        name = prefix + item.arg.cv_name
        inner = item.arg.arg.arg
        if isinstance(inner, base.Group):
            found += _fields(f"{name}.", inner.arg)
        else:
            found.append((name, _content(inner)))
    return found


def _content(element: Any) -> Any:
    rule = element.rule
    if not isinstance(rule, base.RuleContentContextFree):
        return None
    content = rule._get_content()
    if isinstance(content, base.ContentString):
        return content.as_string().strip(" @")
    if isinstance(content, base.ContentInteger):
        return content.as_integer()
    if isinstance(content, base.ContentQuantity):
        return float(f"{content._as_quantity():.12g}")  # theirs multiplies by a rounded LSB
    return content.as_uint()


SIX_BIT = frozenset({"240", "CHR", "ID"})
LEGAL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ")


def comparable(value: Any) -> Any:
    """Our own values without what the library does not tell: padding, spare bits, contents that depend on another,
    six-bit characters outside of the alphabet."""
    if isinstance(value, dict):
        kept = {name: part for name, part in value.items() if not name.startswith(("spare", "fspec"))}
        return {name: None if name == "IAS" and "IM" in value else _named(name, part) for name, part in kept.items()}
    if isinstance(value, list):
        return [comparable(part) for part in value]
    if isinstance(value, float):
        return float(f"{value:.12g}")
    return value.strip(" @") if isinstance(value, str) else value


def _named(name: str, value: Any) -> Any:
    if name in SIX_BIT and isinstance(value, str):
        return "".join(character for character in value if character in LEGAL).strip()
    return comparable(value)
