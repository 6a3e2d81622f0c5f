"""Element trees of labels and clearances taken apart strictly: children in order, values without markup."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NoReturn

from lxml import etree

from gateway.errors import Code, FormatError, PolicyError
from gateway.labels import codes
from gateway.labels.names import LABEL, MAX_LABEL_OCTETS, MAX_NAME, XSI, collapsed, is_uri
from gateway.xml import TOO_LARGE, parse

_BLANKS = " \t\r\n"
_TYPED = (f"{{{XSI}}}type", f"{{{XSI}}}nil")  # validators take the element for something else


def root_of(octets: bytes) -> etree._Element:
    """The document element of a hostile document. Raises `PolicyError` (``LBL-001``, ``LBL-002``)."""
    try:
        return parse(octets, max_octets=MAX_LABEL_OCTETS)
    except FormatError as error:
        code = codes.OUT_OF_BOUNDS if error.code == TOO_LARGE else codes.NOT_XML
        raise PolicyError(code, place=error.place, cause=f"{error.code.title}; {error.cause}"[:300]) from None


class Node:
    """An element with the path to it, for messages."""

    __slots__ = ("_children", "_next", "element", "path")

    def __init__(self, element: etree._Element, path: str) -> None:
        self.element = element
        self.path = path
        self._children: list[etree._Element] | None = None
        self._next = 0

    def refuse(self, code: Code, cause: str, *, at: str = "", remedy: str = "") -> NoReturn:
        """Raise `PolicyError` with the place of this element."""
        line = self.element.sourceline
        place = f"{self.path}{at}" if line is None else f"line {line}, {self.path}{at}"
        raise PolicyError(code, place=place[:300], cause=cause[:300], remedy=remedy)

    @property
    def children(self) -> list[etree._Element]:
        """The child elements, when nothing but blanks, comments and instructions stands between them."""
        if self._children is None:
            if self.element.text is not None and self.element.text.strip(_BLANKS):
                self.refuse(codes.MIXED, "text before the first element")
            self._children = []
            for child in self.element:
                if isinstance(child.tag, str):
                    self._children.append(child)
                if child.tail is not None and child.tail.strip(_BLANKS):
                    self.refuse(codes.MIXED, f"text after {named(child)}")
        return self._children

    def take(self, name: str, namespace: str = LABEL) -> Node | None:
        """The next child if it has that name."""
        children = self.children
        if self._next < len(children) and children[self._next].tag == f"{{{namespace}}}{name}":
            self._next += 1
            return Node(children[self._next - 1], f"{self.path}/{name}")
        return None

    def take_all(self, name: str, most: int, namespace: str = LABEL) -> list[Node]:
        """The next children as long as they have that name."""
        found: list[Node] = []
        while (node := self.take(name, namespace)) is not None:
            if len(found) == most:
                self.refuse(codes.OUT_OF_BOUNDS, f"more than {most} elements {name}")
            node.path += f"[{len(found) + 1}]"
            found.append(node)
        return found

    def need(self, name: str, namespace: str = LABEL, code: Code = codes.MISSING) -> Node:
        """The next child, which has that name. Raises `PolicyError` where it is missing, misspelt or out of order."""
        found = self.take(name, namespace)
        if found is None:
            following = self.children[self._next :][:1]
            if following and (code == codes.MISSING or etree.QName(following[0]).namespace == namespace):
                self.wrong(following[0], (name,))
            self.refuse(code, f"no element {name}")
        return found

    def foreign(self, most: int, home: str = LABEL) -> list[etree._Element]:
        """All further children, each of another namespace. Raises `PolicyError` for others and for too many."""
        rest = self.children[self._next :]
        self._next = len(self.children)
        for child in rest:
            if etree.QName(child).namespace in (None, home):
                self.wrong(child, ())
        if len(rest) > most:
            self.refuse(codes.OUT_OF_BOUNDS, f"more than {most} elements of other namespaces")
        return rest

    def end(self) -> None:
        """Nothing, if no child is left. Raises `PolicyError` for one."""
        if self._next < len(self.children):
            self.wrong(self.children[self._next], ())

    def wrong(self, child: etree._Element, expected: tuple[str, ...]) -> NoReturn:
        """Raise `PolicyError` for a child that does not belong here."""
        cause = f"element {_full(child)}"
        if expected:
            cause += f", expected {' or '.join(expected)}"
        self.refuse(codes.WRONG_ELEMENT, cause)

    def only(self, *names: str, lax: bool = False) -> None:
        """Nothing, if the element has no other attributes; with `lax` those of other namespaces are let pass."""
        for name in self.element.attrib:
            said = str(name)
            foreign = said[0] == "{" and not said.startswith(f"{{{LABEL}}}") and said not in _TYPED
            if said not in names and not (lax and foreign):
                near = get_close_matches(said, names, 1, 0.5)
                hint = f", the standard has {near[0]}" if near else ""
                self.refuse(codes.WRONG_ATTRIBUTE, f"attribute {said}{hint}", at=f"/@{said}")

    def attribute(self, name: str, longest: int = MAX_NAME) -> str:
        """An attribute that must be there, as it stands."""
        value = self.element.get(name)
        if value is None:
            there = ", ".join(map(str, self.element.attrib)) or "none"
            self.refuse(codes.MISSING, f"no attribute {name}; there are: {there}", at=f"/@{name}")
        return self._bounded(str(value), longest, f"/@{name}")

    def one_of(self, name: str, values: Iterable[str]) -> str:
        """An attribute that must be there and be one of these."""
        value = self.attribute(name)
        if value not in values:
            self.refuse(codes.BAD_VALUE, f"{value[:60]!a}, expected one of {', '.join(values)}", at=f"/@{name}")
        return value

    def uri(self, name: str = "URI") -> str | None:
        """An absolute URI, absent for an absent attribute."""
        value = self.element.get(name)
        if value is None:
            return None
        uri = self._bounded(collapsed(str(value)), MAX_NAME, f"/@{name}")
        if is_uri(uri) is None:
            self.refuse(codes.BAD_VALUE, f"{uri[:60]!a} is no absolute URI", at=f"/@{name}")
        return uri

    def text(self, longest: int = MAX_NAME) -> str:
        """All that stands in the element: text without markup, blanks included."""
        if len(self.element):
            inside = self.element[0]
            self.refuse(
                codes.MIXED, f"{_full(inside)} inside of a value" if isinstance(inside.tag, str) else "a comment in it"
            )
        return self._bounded(self.element.text or "", longest, "")

    def token(self) -> str:
        """A name: text with its blanks collapsed, at least one character."""
        value = collapsed(self.text())
        if not value:
            self.refuse(codes.BAD_VALUE, "empty")
        return value

    def _bounded(self, value: str, longest: int, at: str) -> str:
        if len(value) > longest:
            self.refuse(codes.OUT_OF_BOUNDS, f"{len(value)} characters, at most {longest}", at=at)
        return value


def named(element: etree._Element) -> str:
    """Local name of an element; of a comment or an instruction what it is."""
    return etree.QName(element).localname if isinstance(element.tag, str) else "a comment or an instruction"


def _full(element: etree._Element) -> str:
    name = etree.QName(element)
    return name.localname if name.namespace == LABEL else f"{name.localname} of namespace {name.namespace or 'none'}"
