"""Expressions for parts of a track message, derived from the packaged schema.

What an expression matches, the schema admits; it does not match everything that the schema admits. It matches the
canonical spelling that `render` writes: no prefixes, comments or white space around codes, attributes in the order of
their names, no ``Extensions`` and no signature; labels have been cut out and left empty elements. Repetition is
possessive throughout, so a text costs one pass.

The texts are parts of canonical XML that a parser has taken, so their characters are XML's.
"""

from __future__ import annotations

import re
from pathlib import Path

from lxml import etree

from gateway.xml import parse

_XS = "{http://www.w3.org/2001/XMLSchema}"
_REFERENCES = "&(?:amp|lt|gt|#xD);"
_LARGEST_SCHEMA = 1_048_576
_LEFT_OUT = frozenset({"ExtensionsType"})
_CUT_OUT = frozenset({"LabelType"})
_EXACT = re.compile(r"(?:[A-Za-z0-9_.:/@+,{}|?\[\]()-]|\\[.\-])+").fullmatch  # means the same in XSD and here
_TIME = (
    r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6}+)?+Z"
)
"""Whoever uses it makes a `datetime` of it, which refuses the year 0 and the 31st of February."""
_BASE64 = r"[A-Za-z0-9+/]*+=?+=?+"
"""Whoever uses it compares it with the base64 of what it stands for, and counts the octets."""
_BELOW = {90: "[0-8]?[0-9]", 180: "1[0-7][0-9]|[0-9]{1,2}", 360: "3[0-5][0-9]|[12]?[0-9]{1,2}"}


class Grammar:
    """The types of one schema as expressions. Raises `RuntimeError` for a schema that says what is not known here."""

    def __init__(self, path: Path) -> None:
        root = parse(path.read_bytes(), max_octets=_LARGEST_SCHEMA)
        self._types = {
            str(node.get("name")): node for node in root.iterchildren(_XS + "simpleType", _XS + "complexType")
        }

    def simple(self, name: str) -> str:
        """Texts that a simple type admits."""
        if name == "xs:boolean":
            return "true|false|1|0"
        restriction = self._types[name].find(f"{_XS}restriction")
        if restriction is None:
            raise RuntimeError(f"{name} is no restriction")
        facets: dict[str, list[str]] = {}
        for facet in restriction.iterchildren(etree.Element):
            facets.setdefault(str(facet.tag).removeprefix(_XS), []).append(str(facet.get("value")))
        base, names = str(restriction.get("base")), set(facets)
        if base in ("xs:token", "xs:NCName") and names == {"pattern"} and _EXACT(facets["pattern"][0]):
            return facets["pattern"][0].replace("(", "(?:")  # groups are ours to make
        if base == "xs:token" and names == {"enumeration"}:
            return "|".join(re.escape(value) for value in facets["enumeration"])
        if base == "xs:string" and names == {"minLength", "maxLength"}:
            bounds = f"{{{facets['minLength'][0]},{facets['maxLength'][0]}}}+"
            # Up to the next tag in one step where no reference stands before it
            return rf"[^<&\r]{bounds}(?=<)|(?:[^<&\r]|{_REFERENCES}){bounds}"
        if base == "xs:dateTime" and names == {"pattern"}:
            return _TIME
        if base == "xs:base64Binary" and names == {"maxLength"}:
            return _BASE64
        if base in ("xs:decimal", "xs:integer"):
            return _decimal({key: int(values[0]) for key, values in facets.items()})
        raise RuntimeError(f"{name} has facets that are not known: {base} {sorted(names)}")

    def content(
        self,
        name: str,
        *,
        captured: tuple[str, ...] = (),
        whole: tuple[str, ...] = (),
        only: tuple[str, ...] = (),
    ) -> str:
        """What stands between the tags of a complex type, or what the children in `only` may be there.

        With `captured` or `whole` there are groups: each leaf of it, and of its children whose names are `captured`, is
        one, and so is each child in `whole` from its start tag to its end tag.
        """
        sequence = self._types[name].find(f"{_XS}sequence")
        if sequence is None:
            return self.simple(str(self._extension(name).get("base")))
        parts: list[str] = []
        for child in sequence.iterchildren(f"{_XS}element"):
            kind, own = str(child.get("type")), str(child.get("name"))
            if kind in _LEFT_OUT or (only and own not in only):
                continue
            low, high = int(child.get("minOccurs", "1")), int(child.get("maxOccurs", "1"))
            one = self._element(own, kind, captured=own in captured, group=bool(captured or whole))
            if own in whole:
                parts.append(f"({one})?+")
            elif (low, high) == (1, 1):
                parts.append(one)
            else:
                parts.append(f"(?:{one})?+" if high == 1 and low == 0 else f"(?:{one}){{{low},{high}}}+")
        return "".join(parts)

    def element(self, name: str, kind: str) -> str:
        """One element of a type, from its start tag to its end tag."""
        return self._element(name, kind, captured=False, group=False)

    def _element(self, name: str, kind: str, *, captured: bool, group: bool) -> str:
        node = self._types.get(kind)
        if node is None or node.tag == f"{_XS}simpleType":
            text = self.simple(kind)
            return f"<{name}>({text})</{name}>" if group else f"<{name}>(?:{text})</{name}>"
        if kind in _CUT_OUT:
            return f"<{name}></{name}>"
        inner = self.content(kind, captured=(name,) if captured else ())
        return f"<{name}{self._attributes(node)}>(?:{inner})</{name}>"

    def _attributes(self, node: etree._Element) -> str:
        parts: list[str] = []
        for attribute in sorted(node.iter(f"{_XS}attribute"), key=lambda one: str(one.get("name"))):
            one = f' {attribute.get("name")}="(?:{self.simple(str(attribute.get("type")))})"'
            parts.append(one if attribute.get("use") == "required" else f"(?:{one})?+")
        return "".join(parts)

    def _extension(self, name: str) -> etree._Element:
        found = self._types[name].find(f"{_XS}simpleContent/{_XS}extension")
        if found is None:
            raise RuntimeError(f"{name} is neither a sequence nor an extension of a simple type")
        return found


def _decimal(facets: dict[str, int]) -> str:
    """Decimals within the bounds, in plain digits with at most the fractional digits; no sign but a minus."""
    digits = facets.pop("fractionDigits", 0)
    low = facets.pop("minInclusive", None)
    low = facets.pop("minExclusive") if low is None else low
    exclusive = "maxExclusive" in facets
    high = facets.pop("maxExclusive") if exclusive else facets.pop("maxInclusive")
    if facets:
        raise RuntimeError(f"facets that are not known: {sorted(facets)}")
    if (low, high, digits) == (1, 20, 0):
        return "1[0-9]|20|[1-9]"
    power = len(str(high)) - 1
    if low not in (0, -high) or not (high in _BELOW or high == 10**power):
        raise RuntimeError(f"bounds that are not known: {low} to {high}")
    below = _BELOW.get(high) or f"[0-9]{{1,{power}}}+"
    fraction = rf"(?:\.[0-9]{{1,{digits}}}+)?+"
    text = f"{'-?+' if low < 0 else ''}(?:{below}){fraction}"
    return text if exclusive else rf"{text}|{high}(?:\.0{{1,{digits}}}+)?+"
