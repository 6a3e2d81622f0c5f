"""Any schema-valid document in the one shape that `render` writes, so that one reader serves them all.

Partners' messages have that shape already (it is canonical, and this module is passed by). What a person or another
tool wrote may use prefixes, indentation, comments and white space around codes; here that is evened out.
"""

from __future__ import annotations

from lxml import etree

from gateway.errors import FormatError
from gateway.formats.alliance.codes import HOSTILE
from gateway.formats.alliance.extensions import NAMESPACE, XMLDSIG

_OURS = f"{{{NAMESPACE}}}"
_BLANK = " \t\r\n"  # what XML calls white space
_BASE64 = frozenset({"RawRecord", "Original"})
_WRITTEN_BY_PEOPLE = frozenset(
    {
        "AssignedBy",
        "ClassCode",
        "Identifier",
        "InputMessageId",
        "Loss",
        "MappingId",
        "Name",
        "OperatorId",
        "Remarks",
        "Sensor",
    }
)
"""Elements whose white space counts (xs:string); in all others the schema collapses it."""


def plain(root: etree._Element) -> str:
    """The valid document as `render` would write it. Its foreign elements and labels have been lifted out before."""
    parts = [f'<TrackMessage xmlns="{NAMESPACE}"{_attributes(root)}>']
    for child in root.iterchildren(etree.Element):
        if not child.tag.startswith(f"{{{XMLDSIG}}}"):
            _write(child, parts, 0)
    parts.append("</TrackMessage>")
    return "".join(parts)


def _write(element: etree._Element, parts: list[str], depth: int) -> None:
    if depth > 8 or not element.tag.startswith(_OURS):  # cannot happen in a valid document
        raise FormatError(HOSTILE, place=str(element.tag)[:120])
    name = element.tag[len(_OURS) :]
    parts.append(f"<{name}{_attributes(element)}>")
    children = list(element.iterchildren(etree.Element))
    for child in children:
        _write(child, parts, depth + 1)
    if not children:
        parts.append(_text(element, name))
    parts.append(f"</{name}>")


def _text(element: etree._Element, name: str) -> str:
    """The text of a leaf, with comments inside of it passed over as the schema does."""
    content = (element.text or "") + "".join([child.tail or "" for child in element])
    if name not in _WRITTEN_BY_PEOPLE:
        content = "".join(content.split()) if name in _BASE64 else content.strip(_BLANK)
    return content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#xD;")


def _attributes(element: etree._Element) -> str:
    """Our attributes in the order of their names; all of them are codes, so none needs escaping."""
    names = sorted(str(name) for name in element.attrib if "{" not in str(name))
    return "".join([f' {name}="{str(element.get(name)).strip(_BLANK)}"' for name in names])
