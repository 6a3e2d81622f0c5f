"""Labels out of ADatP-4774 XML: strict about structure, and nothing that is not understood is forgotten.

What the schema refuses is refused here, with its place, its cause and what to do. What the schema admits and the
standard's prose forbids (``Classification/@URI``, ``IntegerValue``, ``BitStringValue``), and foreign elements and
attributes inside of ``ConfidentialityInformation``, are told in `Label.unknown`: such a label is read, and denied.

Not kept, because a label has no place for them and nothing may act on them: ``Id`` and foreign attributes of the label
element, and foreign elements inside of ``SuccessionHandling``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from lxml import etree
from msgspec.structs import replace

from gateway.errors import PolicyError
from gateway.labels.codes import BAD_TIME, BAD_VALUE, NO_CREATION_TIME, NO_LABEL, OUT_OF_BOUNDS, TWO_LABELS
from gateway.labels.extensions import extension_of
from gateway.labels.names import (
    ALTERNATIVE,
    KINDS,
    LABEL,
    LABEL_ELEMENTS,
    LEGACY,
    MAX_ALTERNATIVES,
    MAX_CATEGORIES,
    MAX_EXTENSIONS,
    MAX_LABEL_OCTETS,
    MAX_MARK,
    MAX_SUCCESSIONS,
    MAX_UNKNOWN,
    MAX_VALUES,
    MAX_WEIGHT,
    METADATA,
    ORIGINATOR,
    ORIGINATOR_KINDS,
    collapsed,
    time_of,
    weight,
)
from gateway.labels.plain import plain_label
from gateway.labels.tree import Node, named, root_of
from gateway.track import Label, LabelCategory, Succession

_QUALIFIED = f"{{{LABEL}}}"
_PREFIX = len("<slab:")


def read_label(octets: bytes, *, lenient_times: bool = False, kinds: tuple[str, ...] = LABEL_ELEMENTS) -> Label:
    """The label that a hostile document is: originator's, alternative, metadata or the standard's legacy element.

    With `lenient_times` a missing ``CreationDateTime`` is an absent one, for labels that others wrote without; such a
    label cannot be written again until policy completes it. `kinds` are the elements that it may be. Raises
    `PolicyError` (``LBL-...``) for everything else.
    """
    if octets.isascii() and len(octets) <= MAX_LABEL_OCTETS:
        text = octets.decode("ascii")
        label = plain_label(text) if text[_PREFIX : text.find(" ")] in kinds else None
        if label is not None:
            return label
    root = root_of(octets)
    label = label_of(root, lenient_times=lenient_times)
    if named(root) not in kinds:
        Node(root, named(root)).refuse(NO_LABEL, f"{named(root)} alone")
    return label


def label_of(element: etree._Element, *, lenient_times: bool = False) -> Label:
    """The label that one element of a parsed document is; as `read_label`."""
    name = named(element)
    node = Node(element, name)
    if name not in LABEL_ELEMENTS or element.tag != _QUALIFIED + name:
        node.wrong(element, LABEL_ELEMENTS)
    node.only("Id", "ReviewDateTime", lax=True)
    identifier = element.get("Id")
    if identifier is not None:
        _name(node, identifier)
    review = element.get("ReviewDateTime")
    label = _label(node, lenient_times, MAX_SUCCESSIONS)
    if weight(label) > MAX_WEIGHT:
        node.refuse(OUT_OF_BOUNDS, f"{weight(label)} characters, at most {MAX_WEIGHT}")
    return label if review is None else replace(label, review_at=_time(node, review, "/@ReviewDateTime"))


def labels_of(elements: Iterable[etree._Element], *, lenient_times: bool = False) -> Label:
    """The originator's label with the alternatives and the metadata label that stand beside it.

    Raises `PolicyError` where there is none, where there are two, and as `label_of`.
    """
    originators: list[Label] = []
    metadata: list[Label] = []
    alternatives: list[Label] = []
    kept = {ORIGINATOR: originators, LEGACY: originators, METADATA: metadata, ALTERNATIVE: alternatives}
    for element in elements:
        label = label_of(element, lenient_times=lenient_times)
        name = named(element)
        kept[name].append(label)
        if len(originators) > 1 or len(metadata) > 1:
            Node(element, name).refuse(TWO_LABELS, f"a second {name}")
        if len(alternatives) > MAX_ALTERNATIVES:
            Node(element, name).refuse(OUT_OF_BOUNDS, f"more than {MAX_ALTERNATIVES} alternatives")
    if not originators:
        raise PolicyError(
            NO_LABEL, place="Label", cause=f"{len(alternatives)} alternatives, {len(metadata)} of metadata"
        )
    if not alternatives and not metadata:
        return originators[0]
    beside = metadata[0] if metadata else None
    return replace(originators[0], alternatives=tuple(alternatives), metadata=beside)


def _label(node: Node, lenient_times: bool, successions: int) -> Label:
    """What labels and successors have in common."""
    label, unknown = _information(node.need("ConfidentialityInformation"))
    originator = node.take("OriginatorID")
    said, kind = None, None
    if originator is not None:
        originator.only("IDType")
        said, kind = originator.text(), originator.one_of("IDType", ORIGINATOR_KINDS)
    created = node.take("CreationDateTime")
    if created is None and not lenient_times:
        created = node.need("CreationDateTime", code=NO_CREATION_TIME)
    handling = node.take("SuccessionHandling")
    following = None if handling is None else _succession(handling, lenient_times, successions)
    extensions = [extension_of(child, f"{node.path}/{named(child)}") for child in node.foreign(MAX_EXTENSIONS)]
    return replace(
        label,
        originator=said,
        originator_kind=kind,
        created_at=None if created is None else _instant(created),
        successor=following,
        unknown=(*unknown, *(() if following is None else following.label.unknown)),
        extensions=tuple(extensions),
    )


def _information(node: Node) -> tuple[Label, tuple[str, ...]]:
    """The confidential part: what it says, and what in it nobody understands."""
    unknown: dict[str, None] = {}  # in order, each once
    _strangers(node, (), unknown)
    policy, classification = node.need("PolicyIdentifier"), node.need("Classification")
    _strangers(policy, ("URI",), unknown)
    _strangers(classification, (), unknown)
    mark = node.take("PrivacyMark")
    if mark is not None:
        _strangers(mark, (), unknown)
    categories = [category_of(category, unknown) for category in node.take_all("Category", MAX_CATEGORIES)]
    for child in node.foreign(MAX_UNKNOWN):
        unknown[str(child.tag)] = None
    if len(unknown) > MAX_UNKNOWN:
        node.refuse(OUT_OF_BOUNDS, f"more than {MAX_UNKNOWN} things that the standard does not know")
    label = Label(
        policy=policy.token(),
        classification=classification.token(),
        categories=tuple(categories),
        policy_uri=policy.uri(),
        privacy_mark=None if mark is None else mark.text(MAX_MARK),
    )
    return label, tuple(unknown)


def category_of(node: Node, unknown: dict[str, None]) -> LabelCategory:
    """One category of a label or a clearance; what nobody understands is added to `unknown`."""
    tag, kind = node.attribute("TagName"), node.one_of("Type", KINDS)
    if not tag:
        node.refuse(BAD_VALUE, "empty", at="/@TagName")
    _strangers(node, ("TagName", "Type", "URI"), unknown)
    values: list[str] = []
    children = node.children
    if len(children) > MAX_VALUES:
        node.refuse(OUT_OF_BOUNDS, f"{len(children)} values, at most {MAX_VALUES}")
    for position, child in enumerate(children, 1):
        name = named(child)
        if name not in ("GenericValue", "IntegerValue", "BitStringValue") or child.tag != _QUALIFIED + name:
            node.wrong(child, ("GenericValue",))
        value = Node(child, f"{node.path}/{name}[{position}]")
        said = value.text()
        _strangers(value, (), unknown)
        if name == "GenericValue":
            values.append(said)
        else:
            unknown[f"Category/{name}"] = None
    return LabelCategory(tag=tag, kind=kind, values=tuple(values), uri=node.uri())


def _strangers(node: Node, known: tuple[str, ...], unknown: dict[str, None]) -> None:
    for name in node.element.attrib:
        if name not in known:
            unknown[f"{named(node.element)}@{name!s}"] = None


def _succession(node: Node, lenient_times: bool, left: int) -> Succession:
    node.only()
    if left == 0:
        node.refuse(OUT_OF_BOUNDS, f"more than {MAX_SUCCESSIONS} labels that follow one another")
    at = _instant(node.need("SuccessionDateTime"))
    successor = node.need("SuccessorConfidentialityLabel")
    successor.only()
    label = _label(successor, lenient_times, left - 1)
    node.foreign(MAX_EXTENSIONS)
    return Succession(at=at, label=label)


def _instant(node: Node) -> datetime:
    node.only()
    return _time(node, node.text(), "")


def _time(node: Node, said: str, at: str) -> datetime:
    text = collapsed(said)
    try:
        return time_of(text)
    except ValueError as error:
        node.refuse(BAD_TIME, f"{text[:60]!a}: {error}", at=at)


def _name(node: Node, identifier: str) -> None:
    try:
        etree.QName(None, collapsed(identifier))
    except ValueError:
        node.refuse(BAD_VALUE, f"{identifier[:60]!a} is no XML name", at="/@Id")
