"""XML SPIF 2.1 files as security policies. What is not understood is refused: it might have restricted something.

Two passes: first every value gets the key by which the file refers to it (tag set, types, label-and-certificate value),
then what refers to values is read. The order of elements is not held, since it says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from gateway.errors import FormatError, PolicyError
from gateway.labels import codes
from gateway.labels.equivalence import Direction
from gateway.labels.profiles import BY_OID, Profile
from gateway.labels.spif import Level, Spif, StatedLevel, Tag, TagSet, Value, folded
from gateway.labels.spif_refs import (
    Key,
    References,
    class_of,
    group_of,
    kind_of,
    read_excluded_classes,
    read_policies,
    read_required,
    read_rules,
    types_of,
)
from gateway.labels.spif_xml import (
    SPIF_NAMESPACE,
    Node,
    choice,
    held_to_form,
    integer,
    lacv_of,
    nodes,
    oid,
    one,
    optional,
    read_markings,
    read_qualifiers,
    refuse,
    switch,
    word,
)
from gateway.xml import parse

MAX_SPIF_OCTETS = 4_194_304
"""One policy file; that of NATO has 90 kB. Stops memory exhaustion."""
MAX_SPIF_TAGS = 200_000
"""Markup in one file; stops floods of empty elements."""
MAX_VALUES = 20_000
"""Values of all tag sets together."""
_VERSIONS = ("2.0", "2.1")
"""2.1 adds a marking code to 2.0 and says the same otherwise."""
_APPLIED = ("encrypt", "decrypt", "both")


def read_spif(octets: bytes, *, mandatory: Iterable[str] = (), ignore_case: bool = False) -> Spif:
    """The security policy of one XML SPIF 2.0 or 2.1 file.

    `mandatory` names tag sets of which every label must have a value, and `ignore_case` compares ASCII letters without
    regard to case, both beyond what the file and the built-in profile of its policy say. At most `MAX_SPIF_OCTETS`.
    Raises `PolicyError` (``LBL-030`` to ``LBL-036``) for anything that is no such file, is not understood entirely, or
    contradicts itself.
    """
    root = _root(octets)
    identity = one(root, "securityPolicyId")
    identity.only("name id", "markingData markingQualifier")
    identifier = oid(identity, "id")
    rules = read_rules(root)
    profile = rules.profile or BY_OID.get(identifier)
    reading = References(ignore_case=ignore_case or rules.ignore_case or (profile is not None and profile.ignore_case))
    read_policies(root, reading)
    categories = [(tag_set, list(nodes(tag_set, "securityCategoryTag"))) for tag_set in _tag_sets(root, reading)]
    reading.classes = {word(level, "name") for level in nodes(one(root, "securityClassifications"), _LEVEL)}
    levels = _levels(root, reading)
    tag_sets = {word(tag_set, "name"): _tag_set(tag_set, tags, reading) for tag_set, tags in categories}
    wanted = {*mandatory, *rules.mandatory, *(profile.mandatory if profile else ())}
    marks, needs_mark = _privacy_marks(root)
    not_before, not_after = reading.validity(root)
    spif = Spif(
        name=word(identity, "name"),
        oid=identifier,
        uri=f"urn:oid:{identifier}",
        version=root.get("version") or "1",
        levels=levels,
        tag_sets=tag_sets,
        ignore_case=reading.ignore_case,
        privacy_marks=marks,
        needs_privacy_mark=needs_mark,
        not_before=not_before,
        not_after=not_after,
        boundaries=tuple(sorted(reading.times)),
        equivalent_policies=reading.policies,
        profile=profile,
        markings=read_markings(root) + read_markings(identity),
        qualifiers=read_qualifiers(root) + read_qualifiers(identity),
    )
    spif = msgspec.structs.replace(spif, profile=profile and _spelled(profile, spif))
    found = [(name, spif.tag_set(name)) for name in wanted]
    absent = sorted(name for name, tag_set in found if tag_set is None)
    if absent:
        raise refuse(codes.SPIF_REFERENCE, root, f"mandatory tag set {absent[0]!r} is not in the policy")
    return msgspec.structs.replace(spif, mandatory=frozenset(each.name for _, each in found if each is not None))


def _spelled(profile: Profile, spif: Spif) -> Profile:
    """The built-in rules in the words of the file: a set that it writes in other letters is not exempt from them."""
    context = spif.tag_set(profile.context)
    helper = spif.value(context, profile.helper) if context is not None else None
    release, administrative = spif.tag_set(profile.release), spif.tag_set(profile.administrative)
    lowest = spif.level(profile.lowest)
    return msgspec.structs.replace(
        profile,
        context=context.name if context is not None else profile.context,
        helper=helper.name if helper is not None else profile.helper,
        release=release.name if release is not None else profile.release,
        administrative=administrative.name if administrative is not None else profile.administrative,
        lowest=lowest.name if lowest is not None else profile.lowest,
    )


_LEVEL = "securityClassification"


def _root(octets: bytes) -> Node:
    if len(octets) > MAX_SPIF_OCTETS or octets.count(b"<") > MAX_SPIF_TAGS:
        cause = f"{len(octets)} octets, at most {MAX_SPIF_OCTETS} and {MAX_SPIF_TAGS} tags"
        raise PolicyError(codes.SPIF_LIMIT, place="document", cause=cause)
    try:
        element = parse(octets, max_octets=MAX_SPIF_OCTETS)
    except FormatError as error:
        raise PolicyError(codes.SPIF_MALFORMED, place=error.place, cause=f"{error.code.title}: {error.cause}") from None
    root = Node(element, f"line {element.sourceline} SPIF")
    if element.tag != f"{{{SPIF_NAMESPACE}}}SPIF":
        raise refuse(codes.SPIF_MALFORMED, root, f"document element is {str(element.tag)[:120]}")
    if (version := element.get("schemaVersion")) not in _VERSIONS:
        raise refuse(
            codes.SPIF_VERSION, root, f"schemaVersion {str(version)[:60]!r}, {' or '.join(_VERSIONS)} expected"
        )
    root.only(
        "schemaVersion version creationDate originatorDN keyIdentifier privilegeId rbacId userRefURI docRefURI"
        " notBefore notAfter",
        "defaultSecurityPolicyId securityPolicyId updateInfo securityClassifications securityCategoryTagSets"
        " privacyMarks equivalentPolicies markingData markingQualifier extensions",
    )
    return root


def _tag_sets(root: Node, reading: References) -> list[Node]:
    """The elements of all tag sets, every value of which then has its key."""
    parent = optional(root, "securityCategoryTagSets")
    if parent is None:
        return []
    parent.only("", "securityCategoryTagSet")
    found = list(nodes(parent, "securityCategoryTagSet"))
    reading.unique(parent, "tag set", [word(each, "name") for each in found])
    reading.unique(parent, "identifier of tag sets", [oid(each, "id") for each in found])
    for tag_set in found:
        tag_set.only("name id", "securityCategoryTag equivalentSecurityCategoryTagSet")
        name = word(tag_set, "name")
        reading.sets.add(name)
        names: list[str] = []
        for tag in nodes(tag_set, "securityCategoryTag"):
            types = types_of(tag)
            for value in nodes(tag, "tagCategory"):
                key = Key(name, *types, lacv_of(value))
                if key in reading.values:
                    raise refuse(codes.SPIF_DUPLICATE, value, f"lacv {key.lacv!r} in tag set {name!r}")
                names.append(word(value, "name"))
                reading.values[key] = names[-1]
                reading.by_type.setdefault((name, *types), set()).add(reading.values[key])
        names = [
            word(value, "name") for tag in nodes(tag_set, "securityCategoryTag") for value in nodes(tag, "tagCategory")
        ]
        reading.unique(tag_set, "value", names)
    if len(reading.values) > MAX_VALUES:
        raise refuse(codes.SPIF_LIMIT, parent, f"{len(reading.values)} values, at most {MAX_VALUES}")
    return found


def _levels(root: Node, reading: References) -> dict[str, Level]:
    parent = one(root, "securityClassifications")
    parent.only("name", f"{_LEVEL} markingData markingQualifier")
    found: list[Level] = []
    for node in nodes(parent, _LEVEL):
        node.only(
            "name color lacv hierarchy obsolete",
            "equivalentClassification markingData markingQualifier requiredCategory",
        )
        level = Level(
            name=word(node, "name"),
            lacv=integer(node, "lacv"),
            rank=integer(node, "hierarchy"),
            obsolete=switch(node, "obsolete"),
            required=read_required(node, reading),
            equivalents=tuple(_stated(each, reading) for each in nodes(node, "equivalentClassification")),
            markings=read_markings(node),
            qualifiers=read_qualifiers(node),
        )
        found.append(level)
    reading.unique(parent, "classification", [level.name for level in found])
    reading.unique(parent, "lacv of a classification", [str(level.lacv) for level in found])
    reading.unique(parent, "hierarchy of a classification", [str(level.rank) for level in found])
    if not found:
        raise refuse(codes.SPIF_VALUE, parent, "no classification")
    return {level.name: level for level in found}


def _stated(node: Node, reading: References) -> StatedLevel:
    node.only("policyRef lacv applied", "requiredCategory")
    policy = reading.policies.get(word(node, "policyRef"))
    if policy is None:
        raise refuse(codes.SPIF_REFERENCE, node, f"equivalent policy {word(node, 'policyRef')!r}")
    conditional = next(nodes(node, "requiredCategory"), None) is not None
    conditional = conditional or word(node, "policyRef") in reading.conditional
    return StatedLevel(policy, integer(node, "lacv"), Direction(choice(node, "applied", _APPLIED)), conditional)


def _tag_set(node: Node, tags: list[Node], reading: References) -> TagSet:
    values: dict[str, Value] = {}
    found: list[Tag] = []
    for each in nodes(node, "equivalentSecurityCategoryTagSet"):
        each.only("policyRef name id", "requiredCategory")
    for index, tag in enumerate(tags):
        tag.only(
            "name tagType enumType tag7Encoding singleSelection maxSelection minSelection",
            "tagCategory markingQualifier",
        )
        kind = kind_of(tag)
        own = [_value(each, index, kind, node, reading) for each in nodes(tag, "tagCategory")]
        values.update((value.name, value) for value in own if value is not None)
        at_least, at_most = _selection(tag)
        found.append(
            Tag(
                name=tag.get("name") or word(node, "name"),
                kind=kind,
                at_least=at_least,
                at_most=at_most,
                values=tuple(value.name for value in own if value is not None),
                qualifiers=read_qualifiers(tag),
            )
        )
    if not found:
        raise refuse(codes.SPIF_VALUE, node, "tag set without a tag")
    return TagSet(
        name=word(node, "name"),
        oid=oid(node, "id"),
        uri=f"urn:oid:{oid(node, 'id')}",
        tags=tuple(found),
        values=values,
        folded=folded(values) if reading.ignore_case else {},
        kinds=frozenset(tag.kind for tag in found),
        limited=any(tag.at_least or tag.at_most is not None for tag in found),
    )


def _selection(tag: Node) -> tuple[int, int | None]:
    """(at least, at most) values of one tag in every label."""
    least, most = tag.get("minSelection") or "unbounded", tag.get("maxSelection") or "unbounded"
    at_least = 0 if least == "unbounded" else integer(tag, "minSelection")
    at_most = None if most == "unbounded" else integer(tag, "maxSelection")
    if switch(tag, "singleSelection"):
        at_most = 1 if at_most is None else min(at_most, 1)
    if at_least < 0 or (at_most is not None and at_most < max(at_least, 1)):
        raise refuse(codes.SPIF_VALUE, tag, f"at least {at_least} and at most {at_most} values")
    return at_least, at_most


def _value(node: Node, index: int, kind: str, tag_set: Node, reading: References) -> Value | None:
    """One value; none where people write it freely, so that no label can be held to it: such labels are denied."""
    node.only(
        "name lacv userInput requiredClass obsolete dateFormat notBefore notAfter",
        "equivalentSecCategoryTag markingData markingQualifier excludedClass requiredCategory excludedCategory",
    )
    for each in nodes(node, "equivalentSecCategoryTag"):
        _equivalent(each, reading)
    not_before, not_after = reading.validity(node)
    value = Value(
        name=word(node, "name"),
        tag_set=word(tag_set, "name"),
        lacv=lacv_of(node),
        kind=kind,
        tag=index,
        required_class=class_of(node, node.get("requiredClass"), reading),
        excluded_classes=read_excluded_classes(node, reading),
        required=read_required(node, reading),
        excluded=tuple(group_of(each, reading) for each in nodes(node, "excludedCategory")),
        obsolete=switch(node, "obsolete"),
        not_before=not_before,
        not_after=not_after,
        markings=read_markings(node),
        qualifiers=read_qualifiers(node),
    )
    plain = not (
        value.required_class or value.excluded_classes or value.required or value.excluded
        or value.obsolete or value.not_before or value.not_after
    )  # fmt: skip
    if node.get("userInput") is not None:
        choice(node, "userInput", ("string", "integer", "date"))
        return None
    return msgspec.structs.replace(value, plain=plain)


def _equivalent(node: Node, reading: References) -> None:
    """Holds a stated equivalence of a value to its form. Values map by what an operator writes down, never by it."""
    node.only("policyRef tagSetId tagType enumType lacv applied action", "")
    if word(node, "policyRef") not in reading.policies:
        raise refuse(codes.SPIF_REFERENCE, node, f"equivalent policy {word(node, 'policyRef')!r}")
    choice(node, "applied", _APPLIED)
    if node.get("action") is not None:
        choice(node, "action", ("discard",))
    else:
        types_of(node)
        oid(node, "tagSetId")
        lacv_of(node)


def _privacy_marks(root: Node) -> tuple[frozenset[str] | None, bool]:
    """Those that a label may have, and whether it must have one; it has a place for one."""
    parent = optional(root, "privacyMarks")
    if parent is None:
        return None, False
    parent.only("maxSelection minSelection", "privacyMark markingData markingQualifier")
    names = []
    for mark in nodes(parent, "privacyMark"):
        mark.only("name obsolete", "markingData markingQualifier")
        names.append(mark.get("name") or "")
        held_to_form(mark, "name", names[-1])
    if len(set(names)) != len(names):
        raise refuse(codes.SPIF_DUPLICATE, parent, "privacy mark")
    return frozenset(names), _selection(parent)[0] > 0
