"""What no canonical field takes of an NVG object: into an `Extension`, and from there back into a document.

The extension holds the object as its source wrote it, in the source's own namespace, without what was taken; beside it
the `Schema` elements that explain its extended data, and the prefixes that its keys use (a canonical form drops those).
It may come from a partner, so it is read like anything from outside, and what of it would break the schema of 2.0.2 in
its own place is written whole into `extension`, which admits anything.
"""

from __future__ import annotations

import re
from copy import deepcopy

from lxml import etree
from msgspec import Struct

from gateway.errors import FormatError
from gateway.formats.nvg import codes
from gateway.formats.nvg.edition import KEPT, NVG, is_nvg
from gateway.formats.nvg.tree import canonical, names_of, plain_attributes, root_of, without_ids
from gateway.formats.nvg.values import attribute_text, is_key, is_ncname, is_uri, number_of
from gateway.limits import Limits
from gateway.track import Extension, Loss

_CANONICAL = frozenset(("uri", "label", "x", "y", "z", "speed", "symbol", "modifier"))
_SHAPE = frozenset(
    ("cx", "cy", "r", "minr", "maxr", "startangle", "endangle", "points", "leg-type", "minaltitude", "maxaltitude")
)
_LONGEST_SCHEMA = 8_192  # octets; it travels with each object, so a longer one would multiply a document
_CHECKED = frozenset(("href", "style", "rotation", "modifiers", "course"))
_PLACED = frozenset(("ExtendedData", "textInfo", "TimeStamp", "TimeSpan", "extension", "metadata"))
_GLOBAL = frozenset(("nvg", "metadata", "BindingInformation"))
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_XML = "http://www.w3.org/XML/1998/namespace"
_RESERVED = frozenset((_XML, "http://www.w3.org/2000/xmlns/"))  # no other prefix may be bound to these
ALLIANCE = "urn:alliance:track-exchange:1"


class Kept(Struct, frozen=True):
    """Leftovers of one object, ready to stand in a 2.0.2 document."""

    attributes: dict[str, str] = {}
    """Without a namespace; unknown ones among them are legal there."""
    foreign_attributes: str = ""
    """With the declarations they need."""
    metadata: str = ""
    extended: str = ""
    """The children of the source's own ExtendedData, which is valid."""
    extended_attributes: str = ""
    sections: str = ""
    begin: str = ""
    inside: str = ""
    """What goes into `extension`."""
    schemas: tuple[tuple[str, str], ...] = ()
    """(schemaId, element) that the extended data refers to."""
    complete: bool = True
    """False where something could stand nowhere in a valid document."""


NOTHING = Kept()


# ------------------------------------------------------------------------------------------------------------ keeping


class Explained(Struct, frozen=True):
    """A `Schema` as it travels with each object whose extended data it explains."""

    text: str
    prefixes: dict[str, str]


def explained(schema: etree._Element) -> Explained | None:
    """A document's `Schema`, made ready once; `None` for one that is too long to travel with every object."""
    text = _relocated(schema)
    return Explained(text, _prefixes(schema)) if len(text.encode()) <= _LONGEST_SCHEMA else None


def extension_of(
    left: etree._Element, schemas: list[Explained], losses: list[Loss], limits: Limits
) -> Extension | None:
    """The extension for what is left of an object; `None` if nothing is."""
    if not left.attrib and len(left) == 0 and not (left.text or "").strip():
        return None
    spaces = {names_of(node)[0] for node in left.iter()}
    if KEPT in spaces:
        raise FormatError(codes.NAMESPACE, place=names_of(left)[1], cause=f"element in {KEPT}")
    if ALLIANCE in spaces:
        losses.append(Loss(names_of(left)[1], "NOT_MODELLED"))
        return None
    used = _prefixes(left)
    for schema in schemas:
        used = schema.prefixes | used
    prefixes = " ".join(f"{prefix}={uri}" for prefix, uri in sorted(used.items()))
    bound = f' prefixes="{attribute_text(prefixes)}"' if prefixes else ""
    inner = _relocated(left)
    most = limits.max_text_octets - len(f'<kept xmlns="{KEPT}"{bound}></kept>'.encode())
    if len(inner.encode()) > most:
        losses.append(Loss(names_of(left)[1], "NOT_MODELLED"))
        return None
    for schema in schemas:
        longer = inner + schema.text
        if len(longer.encode()) <= most:
            inner = longer
        else:
            losses.append(Loss("Schema", "NOT_MODELLED"))
    return Extension(KEPT, "kept", f'<kept xmlns="{KEPT}"{bound}>{inner}</kept>')


def _relocated(element: etree._Element) -> str:
    """The element's canonical form below a parent whose default namespace is ours."""
    if names_of(element)[0]:
        return canonical(element)
    holder = etree.Element(f"{{{KEPT}}}kept", nsmap={None: KEPT})  # type: ignore[dict-item]  # the stubs know no default namespace
    holder.append(deepcopy(element))
    holder[0].tail = None
    text = canonical(holder)
    return text[text.index(">") + 1 : -len("</kept>")]


def _prefixes(top: etree._Element) -> dict[str, str]:
    """The prefixes in `key`, `id` and `type`, with what they are bound to: an attribute's value binds nothing."""
    used: dict[str, str] = {}
    for node in top.iter():
        for name in ("key", "id", "type"):
            prefix, colon, _ = str(node.get(name, "")).partition(":")
            uri = node.nsmap.get(prefix) if colon and is_ncname(prefix) else None
            if uri and " " not in uri:
                used.setdefault(prefix, uri)
    return used


# ---------------------------------------------------------------------------------------------------- and giving back


def kept_of(xml: str, limits: Limits) -> Kept:
    """The leftovers in an extension's text, made valid for 2.0.2; `FormatError` if it is no such extension."""
    root = root_of(xml.encode("utf-8", "surrogatepass"), limits)
    if names_of(root) != (KEPT, "kept") or len(root) == 0:
        raise FormatError(codes.NOT_NVG, place="extension", cause=f"observed {str(root.tag)[:60]}")
    had_ids = without_ids(root)
    bound: dict[str, str] = {}
    for pair in root.get("prefixes", "").split():
        prefix, equals, uri = pair.partition("=")
        if equals and is_ncname(prefix) and not prefix.lower().startswith("xml") and uri not in _RESERVED and uri:
            bound[prefix] = uri
    left, *schemas = list(root)
    attributes = {
        name: value
        for name, value in plain_attributes(left).items()
        if name not in _CANONICAL and name not in _SHAPE and (name not in _CHECKED or _is_valid(name, value))
    }
    modifier = left.get("modifier")  # 1.4's name of it
    if modifier and "modifiers" not in attributes:
        attributes["modifiers"] = modifier
    parts: dict[str, str] = {
        "metadata": "",
        "extended": "",
        "attributes": "",
        "sections": "",
        "begin": "",
        "inside": "",
    }
    placeable = [child for child in left if is_lax(child)]
    for child in placeable:
        _place(child, bound, parts)
    explaining = [_schema(schema, bound) for schema in schemas]
    return Kept(
        attributes=attributes,
        foreign_attributes=_foreign_attributes(left),
        metadata=parts["metadata"],
        extended=parts["extended"],
        extended_attributes=parts["attributes"],
        sections=parts["sections"],
        begin=parts["begin"],
        inside=parts["inside"],
        complete=len(placeable) == len(left) and not had_ids and None not in explaining,
        schemas=tuple(found for found in explaining if found is not None),
    )


def is_lax(element: etree._Element) -> bool:
    """Whether the element may stand where the schema admits anything: what the schema knows it checks there too."""
    for node in element.iter():
        namespace, name = names_of(node)
        if namespace == KEPT or any(str(key).startswith(f"{{{_XSI}}}") for key, _ in node.items()):
            return False
        if namespace == NVG and name in _GLOBAL:
            texts = [node.text, *(child.tail for child in node)]
            if name == "nvg" or node.attrib or any((text or "").strip() for text in texts):
                return False
    return True


def _is_valid(name: str, value: str) -> bool:
    """Whether a leftover attribute that 2.0.2 knows has a value that it admits."""
    if name in ("rotation", "course"):
        try:
            number = number_of(value)
        except ValueError:
            return False
        return number is not None and 0 <= number <= 360
    if name == "href":
        return is_uri(value)
    return True


def _place(child: etree._Element, bound: dict[str, str], parts: dict[str, str]) -> None:
    namespace, name = names_of(child)
    if namespace == NVG and name == "metadata" and not parts["metadata"]:
        parts["metadata"] = canonical(child)
    elif namespace == NVG and name == "extension":
        parts["inside"] += "".join(canonical(one) for one in child)
    elif namespace == NVG and name == "TimeSpan":
        begin = child.find(f"{{{NVG}}}begin")
        parts["begin"] = (begin.text or "") if begin is not None else ""
    elif namespace == NVG and name == "ExtendedData" and not parts["attributes"] and _is_strict(child, bound):
        declared = "".join(f' xmlns:{one}="{attribute_text(uri)}"' for one, uri in sorted(bound.items()))
        parts["attributes"] = f'{declared} schemaRef="{attribute_text(child.get("schemaRef", ""))}"'
        for one in child:
            part = "sections" if names_of(one)[1] == "Section" else "extended"
            parts[part] += canonical(one)
    else:
        parts["inside"] += canonical(child)


def _is_strict(data: etree._Element, bound: dict[str, str]) -> bool:
    """Whether an ExtendedData (or a Section) stands the schema: its keys are qualified names that mean something."""
    section = names_of(data)[1] == "Section"
    known = {"schemaRef", "label"} if section else {"schemaRef"}
    if set(data.keys()) != known or (data.text or "").strip():
        return False
    seen_section = False
    for one in data:
        namespace, name = names_of(one)
        if namespace != NVG or (one.tail or "").strip():
            return False
        if name == "SimpleData":
            keys = set(one.keys())
            if seen_section or len(one) or not {"key"} <= keys <= {"key", "unit"}:
                return False
            if not is_key(one.get("key", "").strip(), bound):
                return False
        elif name == "Section" and not section:
            seen_section = True
            if not _is_strict(one, bound):
                return False
        else:
            return False
    return True


_TYPES = re.compile(
    "duration|dateTime|time|date|gYearMonth|gYear|gMonthDay|gMonth|boolean|string|base64binary|hexBinary|float"
    "|decimal|integer|long|double|anyURI|QName"
).fullmatch


def _schema(element: etree._Element, bound: dict[str, str]) -> tuple[str, str] | None:
    """(schemaId, element) of a Schema that stands 2.0.2; `None` for any other."""
    identifier = element.get("schemaId")
    if names_of(element) != (NVG, "Schema") or identifier is None or set(element.keys()) != {"schemaId"}:
        return None
    if (element.text or "").strip():
        return None
    for field in element:
        keys = set(field.keys())
        if names_of(field) != (NVG, "SimpleField") or len(field) or field.text or (field.tail or "").strip():
            return None
        if not {"id", "type"} <= keys <= {"id", "type", "label", "description", "unit"}:
            return None
        kind = field.get("type", "").strip()
        if not is_key(field.get("id", "").strip(), bound) or not (_TYPES(kind) or is_key(kind, bound)):
            return None
    text = canonical(element)
    declared = "".join(f' xmlns:{one}="{attribute_text(uri)}"' for one, uri in sorted(bound.items()))
    return identifier, text.replace(f'xmlns="{NVG}"', f'xmlns="{NVG}"{declared}', 1)


def _foreign_attributes(element: etree._Element) -> str:
    text = ""
    for number, (name, value) in enumerate(element.items()):
        namespace, _, local = str(name).rpartition("}")
        namespace = namespace[1:]
        if namespace == _XML:
            text += f' xml:{local}="{attribute_text(str(value))}"'
        elif namespace and namespace != _XSI and not is_nvg(namespace):
            text += f' xmlns:a{number}="{attribute_text(namespace)}" a{number}:{local}="{attribute_text(str(value))}"'
    return text
