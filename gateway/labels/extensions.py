"""Foreign elements of a label: bounded, kept in exclusive canonical form, never acted on."""

from __future__ import annotations

from copy import deepcopy

from lxml import etree

from gateway.errors import FormatError, PolicyError
from gateway.labels.codes import BAD_EXTENSION
from gateway.labels.names import (
    LABEL,
    MAX_EXTENSION,
    MAX_EXTENSION_ATTRIBUTES,
    MAX_EXTENSION_DEPTH,
    MAX_EXTENSION_ELEMENTS,
    XMLDSIG,
    XSI,
)
from gateway.track import Extension
from gateway.xml import parse
from gateway.xml_tree import without_ids

_TYPED = {f"{{{XSI}}}type", f"{{{XSI}}}nil"}


def extension_of(element: etree._Element, path: str) -> Extension:
    """The element, without ``xml:id``: two of one message might be the same, and then no tool reads it.

    Raises `PolicyError` (``LBL-011``) for one that is large, or holds a signature or a processing instruction.
    """
    _guard(element, path)
    alone = deepcopy(element)  # libxml2 canonicalises a branch of another document wrongly in some cases
    without_ids(alone)
    name = etree.QName(alone)
    xml = _canonical(alone, path).decode()
    if len(xml) > MAX_EXTENSION:
        raise PolicyError(BAD_EXTENSION, place=path, cause=f"{len(xml)} characters, at most {MAX_EXTENSION}")
    return Extension(name.namespace or "", name.localname, xml)


def checked(extension: Extension, path: str) -> str:
    """Its XML, if a label can carry it. Raises `PolicyError` (``LBL-011``) otherwise."""
    if len(extension.xml) > MAX_EXTENSION:
        raise PolicyError(BAD_EXTENSION, place=path, cause=f"{len(extension.xml)} characters, at most {MAX_EXTENSION}")
    try:
        octets = extension.xml.encode()
        root = parse(octets, max_octets=4 * MAX_EXTENSION)
    except UnicodeEncodeError:
        raise PolicyError(BAD_EXTENSION, place=path, cause="lone surrogate") from None
    except FormatError as error:
        raise PolicyError(BAD_EXTENSION, place=path, cause=f"{error.code.title}; {error.cause}"[:300]) from None
    _guard(root, path)
    if root.tag != f"{{{extension.namespace}}}{extension.name}" or extension.namespace in ("", LABEL):
        raise PolicyError(
            BAD_EXTENSION, place=path, cause="the root element has another name, or no namespace of its own"
        )
    if _canonical(root, path) != octets:
        raise PolicyError(BAD_EXTENSION, place=path, cause="not in exclusive canonical form")
    if without_ids(root):
        raise PolicyError(BAD_EXTENSION, place=path, cause="holds an xml:id")
    return extension.xml


def _canonical(root: etree._Element, path: str) -> bytes:
    try:
        return etree.tostring(root, method="c14n", exclusive=True, with_comments=False, with_tail=False)
    except (etree.LxmlError, ValueError) as error:  # relative namespace names
        raise PolicyError(BAD_EXTENSION, place=path, cause=str(error)[:200]) from None


def _guard(element: etree._Element, path: str) -> None:
    """Bounds, before anything is copied.

    A second signature or label in a message makes tools take the wrong one for the first, and validators look into
    foreign elements where those hold what they know.
    """
    level, seen = [element], 0
    for _ in range(MAX_EXTENSION_DEPTH):
        seen += len(level)
        below: list[etree._Element] = []
        for node in level:
            if isinstance(node, etree._ProcessingInstruction | etree._Entity):
                raise PolicyError(BAD_EXTENSION, place=path, cause="holds a processing instruction")
            if isinstance(node.tag, str):
                if len(node.attrib) > MAX_EXTENSION_ATTRIBUTES:
                    raise PolicyError(BAD_EXTENSION, place=path, cause=f"over {MAX_EXTENSION_ATTRIBUTES} attributes")
                if node.tag.startswith((f"{{{XMLDSIG}}}", f"{{{LABEL}}}")):
                    raise PolicyError(BAD_EXTENSION, place=path, cause="holds an XML signature or parts of a label")
                if not _TYPED.isdisjoint(node.attrib):
                    raise PolicyError(BAD_EXTENSION, place=path, cause="holds xsi:type or xsi:nil")
                below.extend(node)
        if seen > MAX_EXTENSION_ELEMENTS:
            raise PolicyError(BAD_EXTENSION, place=path, cause=f"over {MAX_EXTENSION_ELEMENTS} elements")
        if not below:
            return
        level = below
    raise PolicyError(BAD_EXTENSION, place=path, cause=f"nested deeper than {MAX_EXTENSION_DEPTH}")
