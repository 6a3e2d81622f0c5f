"""What an XML SPIF file refers to: values by tag set, types and label-and-certificate value, classes and policies."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from lxml import etree
from msgspec import Struct

from gateway.labels import codes
from gateway.labels.profiles import BY_NAME, Profile
from gateway.labels.spif import INFORMATIVE, NOT_APPLICABLE, PERMISSIVE, RESTRICTIVE, Group, Operation, Requirement
from gateway.labels.spif_xml import GATEWAY, Node, choice, lacv_of, nodes, oid, optional, refuse, switch, time_of, word

_TAG_TYPES = ("restrictive", "permissive", "enumerated", "tagType7", "notApplicable")


class Rules(Struct, frozen=True):
    """What the gateway's own ``rules`` in ``extensions`` say."""

    ignore_case: bool = False
    mandatory: tuple[str, ...] = ()
    profile: Profile | None = None


def read_rules(root: Node) -> Rules:
    """The rules of the gateway's own namespace; other extensions are not looked at, ours must be understood."""
    parent = optional(root, "extensions")
    own = [] if parent is None else list(parent.element.iterchildren(f"{GATEWAY}*"))
    if parent is None or not own:
        return Rules()
    node = Node(own[0], f"line {own[0].sourceline} rules")
    if len(own) > 1 or own[0].tag != f"{GATEWAY}rules":
        raise refuse(codes.SPIF_UNKNOWN, parent, f"element {str(own[-1].tag)[:120]}")
    for name in node.element.attrib:
        if name not in ("ignoreCase", "profile"):
            raise refuse(codes.SPIF_UNKNOWN, node, f"attribute {str(name)[:80]}")
    mandatory = []
    for child in node.element.iterchildren(tag=etree.Element):
        if child.tag != f"{GATEWAY}mandatory" or len(child) or child.attrib:
            raise refuse(codes.SPIF_UNKNOWN, node, f"element {str(child.tag)[:120]}")
        mandatory.append((child.text or "").strip())
    named = node.get("profile")
    if named is not None and named not in BY_NAME:
        raise refuse(codes.SPIF_UNKNOWN, node, f"profile {named[:60]!r}")
    return Rules(switch(node, "ignoreCase"), tuple(mandatory), BY_NAME[named] if named is not None else None)


class Key(NamedTuple):
    """How a file refers to a value."""

    tag_set: str
    tag_type: str
    enum_type: str
    lacv: str


class References:
    """What has been read so far, as references need it."""

    def __init__(self, *, ignore_case: bool) -> None:
        self.ignore_case = ignore_case
        self.values: dict[Key, str] = {}
        self.by_type: dict[tuple[str, str, str], set[str]] = {}
        self._every: dict[tuple[str, str, str], frozenset[str]] = {}
        self.sets: set[str] = set()
        self.classes: set[str] = set()
        self.policies: dict[str, str] = {}
        self.conditional: set[str] = set()
        """Those of them with which equivalences hold beside further categories alone."""
        self.times: set[datetime] = set()

    def validity(self, node: Node) -> tuple[datetime | None, datetime | None]:
        """From when and until when something is valid, remembered as instants at which decisions change."""
        begin, end = time_of(node, "notBefore"), time_of(node, "notAfter")
        if begin is not None and end is not None and begin >= end:
            raise refuse(codes.SPIF_VALUE, node, f"valid from {begin.isoformat()} and not after {end.isoformat()}")
        self.times.update(one for one in (begin, end) if one is not None)
        return begin, end

    def every(self, name: str, types: tuple[str, str]) -> frozenset[str]:
        """All values of one type of a tag set; one set however often it is asked for."""
        key = (name, *types)
        if key not in self._every:
            self._every[key] = frozenset(self.by_type.get(key, ()))
        return self._every[key]

    def unique(self, node: Node, what: str, names: Iterable[str]) -> None:
        """Refuses names that are equal as labels will be compared."""
        seen: set[str] = set()
        for name in names:
            key = name.lower() if self.ignore_case and name.isascii() else name
            if key in seen:
                raise refuse(codes.SPIF_DUPLICATE, node, f"{what} {name!r}")
            seen.add(key)


def read_policies(root: Node, reading: References) -> None:
    """The other policies that the file names, to their OIDs."""
    found = reading.policies
    for name in ("equivalentPolicies", "defaultSecurityPolicyId"):
        parent = optional(root, name)
        if parent is None:
            continue
        each = [parent] if name == "defaultSecurityPolicyId" else list(nodes(parent, "equivalentPolicy"))
        if each != [parent]:
            parent.only("", "equivalentPolicy")
        for policy in each:
            policy.only("name id userRefURI docRefURI", "requiredCategory markingData markingQualifier")
            if word(policy, "name") in found:
                raise refuse(codes.SPIF_DUPLICATE, policy, f"equivalent policy {word(policy, 'name')!r}")
            found[word(policy, "name")] = oid(policy, "id")
            if next(nodes(policy, "requiredCategory"), None) is not None:
                reading.conditional.add(word(policy, "name"))


def kind_of(node: Node) -> str:
    """The type that categories of labels have for a tag: 4774 knows three, XML SPIF spells them in six ways."""
    tag_type = choice(node, "tagType", _TAG_TYPES)
    if tag_type == "enumerated":
        tag_type = choice(node, "enumType", ("restrictive", "permissive"))
    return {
        "restrictive": RESTRICTIVE,
        "permissive": PERMISSIVE,
        "tagType7": INFORMATIVE,
        "notApplicable": NOT_APPLICABLE,
    }[tag_type]


def types_of(node: Node) -> tuple[str, str]:
    """(tag type, enumeration type) as references name them; the second means something with `enumerated` alone."""
    kind_of(node)
    tag_type = node.get("tagType") or ""
    return tag_type, (node.get("enumType") or "") if tag_type == "enumerated" else ""


def group_of(node: Node, reading: References) -> Group:
    """The values that one `categoryGroup` or `excludedCategory` names."""
    node.only("tagSetRef tagType enumType lacv all", "")
    name, types = word(node, "tagSetRef"), types_of(node)
    if name not in reading.sets:
        raise refuse(codes.SPIF_REFERENCE, node, f"tag set {name!r}")
    every = switch(node, "all")
    if every == (node.get("lacv") is not None):
        raise refuse(codes.SPIF_VALUE, node, "either lacv or all, and not both")
    if every:
        values = reading.every(name, types)
    else:
        value = reading.values.get(Key(name, *types, lacv_of(node)))
        values = frozenset((value,) if value else ())
    if not values:
        cause = f"no such value of type {' '.join(types).strip()} in tag set {name!r}"
        raise refuse(codes.SPIF_REFERENCE, node, cause)
    return name, values


def read_required(node: Node, reading: References) -> tuple[Requirement, ...]:
    """What a classification or value must be accompanied by."""
    found = []
    for each in nodes(node, "requiredCategory"):
        each.only("operation", "categoryGroup")
        operation = Operation(choice(each, "operation", tuple(Operation)))
        groups = tuple(group_of(group, reading) for group in nodes(each, "categoryGroup"))
        if not groups:
            raise refuse(codes.SPIF_VALUE, each, "names no category")
        found.append(Requirement(operation, groups))
    return tuple(found)


def class_of(node: Node, name: str | None, reading: References) -> str | None:
    """A classification that is referred to."""
    if name is not None and name not in reading.classes:
        raise refuse(codes.SPIF_REFERENCE, node, f"classification {name[:60]!r}")
    return name


def read_excluded_classes(node: Node, reading: References) -> frozenset[str]:
    """The classifications that a value does not go with."""
    found: set[str] = set()
    for each in nodes(node, "excludedClass"):
        each.only("", "", text=True)
        name = each.text()
        class_of(each, name, reading)
        if name in found:
            raise refuse(codes.SPIF_DUPLICATE, each, f"excluded classification {name!r} of a value")
        found.add(name)
    return frozenset(found)
