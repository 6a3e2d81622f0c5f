"""Any event that is XML, through the hardened parser: what `plain` does not take.

CoT's own elements have no namespace. Inside an `Extension` they live in one (`##other` admits no element without),
declared once as the default, so that the text is exclusive canonical XML both alone and inside a document.
"""

from __future__ import annotations

from lxml import etree
from msgspec.structs import replace

from gateway.errors import FormatError
from gateway.formats.cot import codes
from gateway.formats.cot.atoms import Meaning, Shape
from gateway.formats.cot.event import MERGED, NAMESPACE, NOTHING, Event, Part, plain_part, read
from gateway.formats.cot.values import attribute_text, element_text
from gateway.limits import Limits
from gateway.track import Extension, Loss
from gateway.xml import parse
from gateway.xml_tree import without_ids

ALLIANCE = "urn:alliance:track-exchange:1"
XML = "http://www.w3.org/XML/1998/namespace"
MAX_TAGS = 20_000  # stops floods of empty elements, a few octets each
COMMENT_LOSS = Loss("event/comment()", "NOT_MODELLED")
ID_LOSS = Loss("event//@xml:id", "NOT_MODELLED")


def root_of(octets: bytes, limits: Limits) -> etree._Element:
    """The root of a bounded document without comments and processing instructions (`FormatError` otherwise)."""
    if octets.count(b"<") > MAX_TAGS:
        raise FormatError(codes.TOO_DEEP, place="event", cause=f"more than {MAX_TAGS} tags")
    root = parse(octets, max_octets=limits.max_frame_octets, any_ids=True)
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > limits.max_xml_depth:
            raise FormatError(codes.TOO_DEEP, place="event", cause=f"nested deeper than {limits.max_xml_depth}")
        below: list[etree._Element] = []
        for element in level:
            if len(element.attrib) > limits.max_xml_attributes:
                name = str(element.tag)[:60]
                raise FormatError(codes.TOO_DEEP, place=name, cause=f"more than {limits.max_xml_attributes} attributes")
            below.extend(element)
        level = below
    return root


def event_of(root: etree._Element, meaning: Meaning, limits: Limits) -> Event:
    """The event below an `event` root; consumes the tree."""
    losses: list[Loss] = []
    _without_comments(root, losses)
    point: dict[str, str] | None = None
    detail: etree._Element | None = None
    for child in root:
        if child.tag == "point" and point is None:
            point = _attributes(child, "event/point", losses)
        elif child.tag == "detail" and detail is None:
            detail = child
        else:
            losses.append(Loss(f"event/{_short(child)}", "NOT_MODELLED"))
    if point is None:
        raise FormatError(codes.MISSING, place="event", cause="no point")
    attributes = _attributes(root, "event", losses)
    if detail is None:
        return Event(meaning=meaning, attributes=attributes, point=point, detail={}, parts=(), losses=tuple(losses))
    parts, extensions = _children_of(detail, meaning.shape, losses, limits)
    return Event(
        meaning=meaning,
        attributes=attributes,
        point=point,
        detail=_attributes(detail, "event/detail", losses),
        parts=parts,
        extensions=extensions,
        losses=tuple(losses),
    )


def parts_of(
    detail: etree._Element, shape: Shape, losses: list[Loss], limits: Limits
) -> tuple[list[Part], tuple[Extension, ...]]:
    """The children of a `detail` that stands alone, and its extensions; consumes the tree, appends to `losses`."""
    _without_comments(detail, losses)
    return _children_of(detail, shape, losses, limits)


def _without_comments(root: etree._Element, losses: list[Loss]) -> None:
    if any(not isinstance(node.tag, str) for node in root.iter()):
        etree.strip_tags(root, etree.Comment, etree.ProcessingInstruction)
        losses.append(COMMENT_LOSS)
    if without_ids(root):
        losses.append(ID_LOSS)


def _children_of(
    detail: etree._Element, shape: Shape, losses: list[Loss], limits: Limits
) -> tuple[list[Part], tuple[Extension, ...]]:
    if (detail.text or "").strip() or any((child.tail or "").strip() for child in detail):
        losses.append(Loss("event/detail/text()", "NOT_MODELLED"))
    parts, extensions = _children(detail, shape, losses, limits.max_text_octets)
    return parts, tuple(extensions)


def _children(
    detail: etree._Element, shape: Shape, losses: list[Loss], most: int
) -> tuple[list[Part], list[Extension]]:
    parts: list[Part] = []
    extensions: list[Extension] = []
    first: dict[str, int] = {}
    for child in list(detail):
        child.tail = None
        spaces = {_namespace(element) for element in child.iter()}
        if NAMESPACE in spaces:
            raise FormatError(codes.NAMESPACE, place="event/detail", cause=f"element in {NAMESPACE}")
        if ALLIANCE in spaces:
            losses.append(Loss(f"event/detail/{_short(child)}", "NOT_MODELLED"))
        elif "" not in spaces:
            text = canonical(child)
            if len(text.encode()) <= most:
                extensions.append(Extension(_namespace(child), etree.QName(child).localname, text))
            else:
                losses.append(Loss(f"event/detail/{_short(child)}", "NOT_MODELLED"))
        elif str(child.tag) in first:
            # Only the first of a name is shared with canonical fields; it must stay visibly the first.
            index = first[str(child.tag)]
            if not parts[index].leftover:
                parts[index] = replace(parts[index], leftover=f"<{child.tag}></{child.tag}>")
            parts.append(Part(str(child.tag), NOTHING, relocated(child)))
        elif len(child) == 0 and len(plain_attributes(child)) == len(child.attrib):
            parts.append(plain_part(shape, str(child.tag), plain_attributes(child), child.text or ""))
        else:
            parts.append(_nested_part(child, shape))
        if parts and parts[-1].name in MERGED:
            first.setdefault(parts[-1].name, len(parts) - 1)
    return parts, extensions


def _nested_part(child: etree._Element, shape: Shape) -> Part:
    """A child with children or namespaces: its plain attributes are read, the whole rest is left over."""
    name = str(child.tag)
    attributes = plain_attributes(child)
    if len(child) or name[0] == "{":
        # Text between children is part of a structure that we do not know, and so are its attributes.
        reading = NOTHING if name == "remarks" else read(shape, name, attributes, "")
    else:
        reading = read(shape, name, attributes, child.text or "")
    for key in reading.taken:
        del child.attrib[key]
    if reading.text_taken:
        child.text = None
    return Part(name, reading, relocated(child))


def relocated(element: etree._Element) -> str:
    """The element's exclusive canonical form below a parent whose default namespace is the extension's."""
    holder = etree.Element(f"{{{NAMESPACE}}}detail", nsmap={None: NAMESPACE})  # type: ignore[dict-item]  # the stubs know no default namespace
    holder.append(element)
    for node in element.iter():
        if _namespace(node) == "":
            node.tag = f"{{{NAMESPACE}}}{node.tag}"
    text = canonical(holder)
    return text[text.index(">") + 1 : -len("</detail>")]


def returned(element: etree._Element, scope: dict[str | None, str] | None = None) -> str:
    """The element with the extension's namespace taken away again, ready to stand in a `detail`.

    `scope` are the namespaces already declared around it. Our own writer: libxml2 cannot say `xmlns=""` of a tree in
    which a name has just lost its namespace.
    """
    inside: dict[str | None, str] = {None: ""} if scope is None else dict(scope)
    space, name = _namespace(element), etree.QName(element).localname
    if space == NAMESPACE:
        space = ""
    prefix = element.prefix if space else None
    declared = _declaration(prefix, space, inside)
    attributes = ""
    for key, value in element.items():
        uri, _, local = str(key).rpartition("}")
        text = f'{local}="{attribute_text(str(value))}"'
        if not uri:
            attributes += f" {text}"
        elif uri[1:] == XML:
            attributes += f" xml:{text}"
        else:
            label = next(one for one, known in element.nsmap.items() if known == uri[1:] and one)
            declared += _declaration(label, uri[1:], inside)
            attributes += f" {label}:{text}"
    tag = name if prefix is None else f"{prefix}:{name}"
    content = element_text(element.text or "")
    for child in element:
        content += returned(child, inside) + element_text(child.tail or "")
    return f"<{tag}{attributes}{declared}>{content}</{tag}>" if content else f"<{tag}{attributes}{declared}/>"


def _declaration(prefix: str | None, space: str, scope: dict[str | None, str]) -> str:
    """What declares `prefix` for `space` where that is not yet in `scope`; updates `scope`."""
    if scope.get(prefix) == space:
        return ""
    scope[prefix] = space
    return f' xmlns{"" if prefix is None else ":" + prefix}="{attribute_text(space)}"'


def canonical(element: etree._Element) -> str:
    """Exclusive canonical XML without comments; `FormatError` for what has none (a relative namespace name)."""
    try:
        octets: bytes = etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
        return octets.decode("utf-8")
    except (etree.LxmlError, ValueError) as error:
        raise FormatError(codes.DETAIL, place="event/detail", cause=str(error)[:120]) from None


def plain_attributes(element: etree._Element) -> dict[str, str]:
    """The element's attributes that have no namespace."""
    return {str(name): str(value) for name, value in element.items() if str(name)[0] != "{"}


def _attributes(element: etree._Element, place: str, losses: list[Loss]) -> dict[str, str]:
    attributes = plain_attributes(element)
    if len(attributes) < len(element.attrib):
        losses.append(Loss(f"{place}@*", "NOT_MODELLED"))
    return attributes


def _namespace(element: etree._Element) -> str:
    tag = str(element.tag)
    return tag[1 : tag.index("}")] if tag[0] == "{" else ""


def _short(element: etree._Element) -> str:
    return etree.QName(element).localname[:60]
