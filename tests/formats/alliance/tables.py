"""The tables of ``docs/alliance-message.md``; ``python -m tests.formats.alliance.tables`` puts them in."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from gateway.formats.alliance import packaged_schema

XS = "{http://www.w3.org/2001/XMLSchema}"
DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "alliance-message.md"
BEGIN, END = "<!-- tables of elements: begin -->\n", "<!-- tables of elements: end -->\n"


def _said(node: etree._Element) -> str:
    return (node.findtext(f"{XS}annotation/{XS}documentation") or "").strip()


def _value(type_name: str, types: dict[str, etree._Element]) -> str:
    """A simple type with its bounds, or the name of a complex one."""
    if type_name == "xs:boolean":
        return "`true` or `false`"
    if type_name not in types:
        return "an element of [ADatP-4774](../schemas/confidentiality-label-1.0.xsd)"
    node = types[type_name]
    if node.tag == f"{XS}complexType":
        return f"[{type_name}](#{type_name.lower()})"
    return f"`{type_name}`"


def _often(node: etree._Element) -> str:
    low, high = node.get("minOccurs", "1"), node.get("maxOccurs", "1")
    if node.tag == f"{XS}attribute":
        low, high = ("1" if node.get("use") == "required" else "0"), "1"
    return low if low == high else f"{low} to {high}"


def _facets(node: etree._Element) -> str:
    restriction = node.find(f"{XS}restriction")
    assert restriction is not None
    parts = [str(restriction.get("base"))]
    for facet in restriction:
        name, value = str(facet.tag).removeprefix(XS), facet.get("value", "")
        if name != "enumeration":
            parts.append(f"{name} `{value}`".replace("|", "\\|"))
    values = [facet.get("value", "") for facet in restriction.findall(f"{XS}enumeration")]
    return ", ".join(parts) + (": " + ", ".join([f"`{value}`" for value in values]) if values else "")


def tables() -> str:
    """Markdown: one table per complex type, in the order of the schema, and one of the simple types."""
    root = etree.parse(str(packaged_schema().path)).getroot()
    types = {node.get("name", ""): node for node in root if node.get("name") and node.tag != f"{XS}element"}
    lines: list[str] = []
    for name, node in reversed(types.items()):
        if node.tag != f"{XS}complexType":
            continue
        lines += [f"### {name}", "", _said(node), ""]
        rows = list(node.iter(f"{XS}element", f"{XS}attribute"))
        content = node.find(f"{XS}simpleContent/{XS}extension")
        if content is not None:
            lines += [f"Its text is of the type {_value(content.get('base', ''), types)}.", ""]
        if rows:
            lines += ["| Element | How often | Value | Meaning |", "|---|---|---|---|"]
        for row in rows:
            mark = "@" if row.tag == f"{XS}attribute" else ""
            cells = [
                f"`{mark}{row.get('name') or row.get('ref')}`",
                _often(row),
                _value(row.get("type") or row.get("ref", ""), types),
                _said(row),
            ]
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    lines += ["### Simple types", "", "| Type | Values | Meaning |", "|---|---|---|"]
    for name, node in types.items():
        if node.tag == f"{XS}simpleType":
            lines.append(f"| `{name}` | {_facets(node)} | {_said(node)} |")
    return "\n".join(lines) + "\n"


def write() -> None:
    """Replace the tables of the document."""
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(before + BEGIN + tables() + END + after, encoding="utf-8")


if __name__ == "__main__":
    write()
