"""Writes `_tables` from asterix-specs definitions: ``python -m gateway.formats.asterix.generate DIRECTORY``.

The ``.ast`` definitions (github.com/zoranbosnjak/asterix-specs, BSD-3-Clause) are plain text with an indentation
grammar. This reads the part of the grammar that the three categories use and refuses anything else, so that a new
construct in a later edition is noticed and not skipped. It runs at development time only; the product imports the
tables that are committed.
"""

from __future__ import annotations

import re
import sys
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from gateway.formats.asterix.spec import (
    Bds,
    Bounds,
    Case,
    Category,
    Compound,
    Content,
    Element,
    Explicit,
    Extended,
    Group,
    Integer,
    Named,
    Quantity,
    Raw,
    Repetitive,
    Spare,
    Table,
    Text,
    Variation,
)

DEFINITIONS = ("cat034-cat-1.29.ast", "cat048-cat-1.32.ast", "cat062-cat-1.21.ast")
PROSE = frozenset({"definition", "description", "remark", "preamble"})
HEADER = re.compile(r'(\S+) "(.*)"')
QUANTITY = re.compile(r'(signed|unsigned) quantity (\S+) "(.*?)"(.*)')
INTEGER = re.compile(r"(signed|unsigned) integer(.*)")
BOUND = re.compile(r"\s*(>=|<=|>|<) (\S+)")


class Node(NamedTuple):
    """One line of a definition and the deeper indented lines under it."""

    text: str
    children: list[Node]


def tree(text: str) -> list[Node]:
    """The definition as nodes by indentation; prose keeps its heading only."""
    root = Node("", [])
    stack: list[tuple[int, Node]] = [(-1, root)]
    prose: int | None = None
    for line in text.splitlines():
        stripped = line.strip()
        indent = len(line) - len(line.lstrip())
        if not stripped or (prose is not None and indent > prose):
            continue
        prose = indent if stripped in PROSE else None
        while stack[-1][0] >= indent:
            stack.pop()
        node = Node(stripped, [])
        stack[-1][1].children.append(node)
        stack.append((indent, node))
    return root.children


def number(text: str) -> Fraction:
    """``180/2^25`` as an exact fraction."""
    value = Fraction(1)
    for place, term in enumerate(text.split("/")):
        base, _, power = term.partition("^")
        factor = Fraction(base) ** int(power or 1)
        value = factor if place == 0 else value / factor
    return value


def bounds(text: str) -> Bounds:
    """``>= -90 < 90`` as bounds."""
    low = high = None
    low_exclusive = high_exclusive = False
    rest = text
    while match := BOUND.match(rest):
        operator, limit = match.groups()
        if operator[0] == ">":
            low, low_exclusive = number(limit), operator == ">"
        else:
            high, high_exclusive = number(limit), operator == "<"
        rest = rest[match.end() :]
    if rest.strip():
        raise ValueError(f"bounds not understood: {text!r}")
    return Bounds(low, high, low_exclusive, high_exclusive)


def content(node: Node) -> Content:
    """What the bits of an element mean."""
    word, _, rest = node.text.partition(" ")
    if match := QUANTITY.fullmatch(node.text):
        return Quantity(match[1] == "signed", number(match[2]), match[3], bounds(match[4]))
    if match := INTEGER.fullmatch(node.text):
        return Integer(match[1] == "signed", bounds(match[2]))
    if word == "raw":
        return Raw()
    if word == "table":
        rows = (child.text.partition(": ") for child in node.children)
        return Table({int(code): meaning for code, _, meaning in rows})
    if word == "string" and rest in ("ascii", "icao", "octal"):
        return Text(rest)  # type: ignore[arg-type]  # narrowed by the tuple, which mypy does not follow
    if word == "bds":
        return Bds(int(rest, 16) if rest else None)
    if word == "case":
        choices = {child.text.rstrip(":"): content(child.children[0]) for child in node.children}
        default = choices.pop("default")
        return Case(rest.rsplit("/", 1)[-1], {int(code): choice for code, choice in choices.items()}, default)
    raise ValueError(f"content not understood: {node.text!r}")


def parts(nodes: list[Node]) -> list[Named | Spare | None]:
    """Children of a group, extended or compound item; ``-`` becomes `None`."""
    found: list[Named | Spare | None] = []
    for node in nodes:
        if node.text == "-":
            found.append(None)
        elif node.text.startswith("spare "):
            found.append(Spare(int(node.text[6:])))
        elif node.text not in PROSE:
            found.append(named(node))
    return found


def extended(nodes: list[Node]) -> Extended:
    """Parts between the FX marks; the last part must end with one too."""
    groups: list[tuple[Named | Spare, ...]] = []
    current: list[Named | Spare] = []
    for part in parts(nodes):
        if part is not None:
            current.append(part)
            continue
        groups.append(tuple(current))
        current = []
    if current:
        raise ValueError("an extended item whose last octet has no FX")
    return Extended(tuple(groups))


def variation(nodes: list[Node]) -> Variation:
    """The one variation among the children of an item or field."""
    (node,) = (node for node in nodes if node.text not in PROSE)
    word, _, rest = node.text.partition(" ")
    children = [child for child in node.children if child.text not in PROSE]
    if word == "element":
        return Element(int(rest), content(children[0]))
    if word == "group":
        return Group(tuple(part for part in parts(children) if part is not None))
    if word == "extended":
        return extended(children)
    if word == "repetitive" and rest in ("1", "fx"):
        return Repetitive(rest == "1", variation(children))
    if word == "compound":
        return Compound(tuple(part if isinstance(part, Named) else None for part in parts(children)))
    if word == "explicit" and rest in ("re", "sp"):
        return Explicit(rest)  # type: ignore[arg-type]  # narrowed by the tuple, which mypy does not follow
    raise ValueError(f"variation not understood: {node.text!r}")


def named(node: Node) -> Named:
    """An item or a field with its variation."""
    match = HEADER.fullmatch(node.text)
    if match is None:
        raise ValueError(f"heading not understood: {node.text!r}")
    return Named(match[1], match[2], variation(node.children))


def read(text: str) -> Category:
    """The category that one definition describes; `ValueError` for a construct outside of the known grammar."""
    head: dict[str, str] = {}
    sections: dict[str, list[Node]] = {}
    for node in tree(text):
        word, _, rest = node.text.partition(" ")
        head[word] = rest
        sections[word] = node.children
    category, _, title = head["asterix"].partition(" ")
    items = {item.name: item for item in map(named, sections["items"])}
    uap = tuple(None if node.text == "-" else node.text for node in sections["uap"])
    if missing := {name for name in uap if name} ^ set(items):
        raise ValueError(f"items and UAP differ in {sorted(missing)}")
    return Category(int(category), head["edition"], head["date"], title.strip('"'), items, uap)


# ------------------------------------------------------------------------------------------------------------- writing


def literal(value: object, indent: int = 0) -> str:
    """`value` as the Python text that rebuilds it."""
    pad = " " * (indent + 1)
    if isinstance(value, Fraction):
        return f"F({value.numerator})" if value.denominator == 1 else f"F({value.numerator}, {value.denominator})"
    if isinstance(value, tuple):
        return "(\n" + "".join(f"{pad}{literal(part, indent + 1)},\n" for part in value) + " " * indent + ")"
    if isinstance(value, dict):
        rows = (f"{pad}{literal(key)}: {literal(part, indent + 1)},\n" for key, part in value.items())
        return "{\n" + "".join(rows) + " " * indent + "}"
    if isinstance(value, Bounds):
        fields = [f"{name}={literal(part)}" for name in value.__struct_fields__ if (part := getattr(value, name))]
        if value.low == 0:
            fields.insert(0, "low=F(0)")
        return f"Bounds({', '.join(fields)})"
    if hasattr(value, "__struct_fields__"):
        arguments = ", ".join(literal(getattr(value, name), indent) for name in value.__struct_fields__)
        return f"{type(value).__name__}({arguments})"
    return repr(value)


def write(category: Category, source: str, licence: str) -> str:
    """The Python module of one category, with the notice that the definitions' licence asks for."""
    notice = "\n".join(f"# {line}".rstrip() for line in licence.strip().splitlines())
    return (
        f'"""ASTERIX category {category.number:03d} edition {category.edition} ({category.date}): generated from\n'
        f"{source} of asterix-specs by gateway/formats/asterix/generate.py. Do not edit.\n"
        f'"""\n'
        f"# The definitions carry this notice:\n#\n{notice}\n\n"
        "from fractions import Fraction as F\n\n"
        "from gateway.formats.asterix.spec import (\n"
        "    Bds, Bounds, Case, Category, Compound, Element, Explicit, Extended, Group, Integer, Named, Quantity,\n"
        "    Raw, Repetitive, Spare, Table, Text,\n"
        ")\n\n"
        f"CATEGORY = {literal(category)}\n"
    )


def generate(definitions: Path) -> dict[str, str]:
    """File name to text of every table, from a directory of ``.ast`` files with their ``LICENSE``."""
    licence = (definitions / "LICENSE").read_text(encoding="utf-8")
    modules = {}
    for name in DEFINITIONS:
        category = read((definitions / name).read_text(encoding="utf-8"))
        modules[f"cat{category.number:03d}.py"] = write(category, name, licence)
    return modules


if __name__ == "__main__":
    tables = Path(__file__).parent / "_tables"
    for module, text in generate(Path(sys.argv[1])).items():
        (tables / module).write_text(text, encoding="utf-8")
