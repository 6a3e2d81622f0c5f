"""Labels recognised in the spelling that `write` gives them, several times faster than by way of a tree.

Says nothing against a text: what it does not recognise the general reader reads, or refuses. What it recognises that
reader would read the same; a property test holds both to it. Recognised are ASCII labels in exclusive canonical form
with the prefix ``slab``, without successions, extensions, references and whatever the standard does not name.
"""

from __future__ import annotations

import re
from datetime import datetime

from msgspec.structs import replace

from gateway.labels.names import (
    ALTERNATIVE,
    KINDS,
    LABEL,
    LABEL_ELEMENTS,
    MAX_ALTERNATIVES,
    MAX_CATEGORIES,
    MAX_MARK,
    MAX_NAME,
    MAX_VALUES,
    MAX_WEIGHT,
    METADATA,
    ORIGINATOR,
    ORIGINATOR_KINDS,
)
from gateway.track import Label, LabelCategory

_TEXT = r"[ -%'-;=?-~]"  # printable ASCII but & < >
_VALUE = r"[ !#-%'-;=?-~]"  # and no quotation mark
_URI = r"[A-Za-z][A-Za-z0-9+.\-]*+:[A-Za-z0-9\-._~:/?@!$'()*+,;=]++"
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6}+)?+Z"
_LABEL = re.compile(
    rf'<slab:({"|".join(LABEL_ELEMENTS)}) xmlns:slab="{LABEL}"(?: ReviewDateTime="({_TIME})")?+>'
    rf'<slab:ConfidentialityInformation><slab:PolicyIdentifier(?: URI="({_URI})")?+>({_TEXT}++)</slab:PolicyIdentifier>'
    rf"<slab:Classification>({_TEXT}++)</slab:Classification>"
    rf"(?:<slab:PrivacyMark>({_TEXT}*+)</slab:PrivacyMark>)?+"
    rf'((?:<slab:Category TagName="{_VALUE}++" Type="(?:{"|".join(KINDS)})"(?: URI="{_URI}")?+>'
    rf"(?:<slab:GenericValue>{_TEXT}*+</slab:GenericValue>)*+</slab:Category>)*+)</slab:ConfidentialityInformation>"
    rf'(?:<slab:OriginatorID IDType="({"|".join(ORIGINATOR_KINDS)})">({_TEXT}*+)</slab:OriginatorID>)?+'
    rf"<slab:CreationDateTime>({_TIME})</slab:CreationDateTime></slab:\1>"
).match
_BETWEEN_VALUES = "</slab:GenericValue><slab:GenericValue>"
_FIRST_VALUE, _LAST_VALUE = len("<slab:GenericValue>"), -len("</slab:GenericValue>")


def plain_label(text: str) -> Label | None:
    """The label that the text is, or None for whatever is not recognised."""
    found = _one(text, 0)
    return None if found is None or found[2] != len(text) else found[1]


def plain_labels(text: str) -> Label | None:
    """The originator's label with the alternatives and the metadata label that stand beside it, as `write_labels`
    writes them; None for whatever is not recognised."""
    found = _one(text, 0)
    if found is None or found[0] != ORIGINATOR:
        return None
    _, label, end = found
    if end == len(text):
        return label
    alternatives: list[Label] = []
    while end < len(text):
        found = _one(text, end)
        if found is None:
            return None
        name, other, end = found
        if name == ALTERNATIVE and len(alternatives) < MAX_ALTERNATIVES:
            alternatives.append(other)
        elif name == METADATA and end == len(text):
            return replace(label, alternatives=tuple(alternatives), metadata=other)
        else:
            return None
    return replace(label, alternatives=tuple(alternatives))


def _one(text: str, begin: int) -> tuple[str, Label, int] | None:
    """Element name, label and end of the label that begins there."""
    match = _LABEL(text, begin)
    if match is None or match.end() - begin > MAX_WEIGHT:
        return None
    name, review, uri, policy, classification, mark, inner, kind, originator, created = match.groups()
    if "  " in policy or "  " in classification or policy != policy.strip() or classification != classification.strip():
        return None  # to be collapsed
    if match.end() - begin > MAX_NAME and (
        max(len(policy), len(classification), len(uri or ""), len(originator or "")) > MAX_NAME
        or len(mark or "") > MAX_MARK
    ):
        return None
    try:
        label = Label(
            policy=policy,
            classification=classification,
            categories=_categories(inner) if inner else (),
            policy_uri=uri,
            privacy_mark=mark,
            originator=originator,
            originator_kind=kind,
            created_at=datetime.fromisoformat(created),
            review_at=None if review is None else datetime.fromisoformat(review),
        )
    except ValueError:  # no such day, or out of bounds
        return None
    return name, label, match.end()


def _categories(inner: str) -> tuple[LabelCategory, ...]:
    found: list[LabelCategory] = []
    short = len(inner) <= MAX_NAME  # so is everything in it, and there are few values
    parts = inner.split("</slab:Category>")
    if len(parts) > MAX_CATEGORIES + 1:
        raise ValueError("too many categories")
    for part in parts[:-1]:
        head, _, held = part.partition(">")  # attributes in canonical order, none of which holds a quotation mark
        said = head.split('"')
        values = tuple(held[_FIRST_VALUE:_LAST_VALUE].split(_BETWEEN_VALUES)) if held else ()
        if not short and (len(values) > MAX_VALUES or max(map(len, (*values, *said))) > MAX_NAME):
            raise ValueError("out of bounds")
        uri = said[5] if len(said) > 5 else None
        found.append(LabelCategory(tag=said[1], kind=said[3], values=values, uri=uri))
    return tuple(found)
