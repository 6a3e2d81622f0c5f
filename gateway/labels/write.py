"""Labels as ADatP-4774 XML in exclusive canonical form, with the prefix ``slab``; only what the schema admits."""

from __future__ import annotations

from datetime import datetime

from lxml import etree

from gateway.errors import PolicyError
from gateway.labels import codes
from gateway.labels.extensions import checked
from gateway.labels.names import (
    ALTERNATIVE,
    KINDS,
    LABEL,
    LABEL_ELEMENTS,
    MAX_ALTERNATIVES,
    MAX_CATEGORIES,
    MAX_EXTENSIONS,
    MAX_MARK,
    MAX_NAME,
    MAX_SUCCESSIONS,
    MAX_VALUES,
    MAX_WEIGHT,
    METADATA,
    ORIGINATOR,
    ORIGINATOR_KINDS,
    collapsed,
    forbidden,
    is_uri,
    text_of,
    weight,
)
from gateway.labels.tree import root_of
from gateway.track import Label, LabelCategory, Succession


def write_label(label: Label, *, name: str = ORIGINATOR) -> bytes:
    """One label element of that name, in exclusive canonical form; `read_label` gives the label back.

    Its alternatives, its metadata label and what stands beside a label (`tlp`, `purpose`) are not part of the element:
    see `write_labels`. Raises `PolicyError` for a label that cannot be written: without a creation time, with text
    that XML forbids, out of bounds, or with something unknown in it that would be lost.
    """
    if name not in LABEL_ELEMENTS:
        raise PolicyError(codes.WRONG_ELEMENT, place=name, cause=f"expected one of {', '.join(LABEL_ELEMENTS)}")
    review = "" if label.review_at is None else f' ReviewDateTime="{_time(label.review_at, f"{name}/@ReviewDateTime")}"'
    if weight(label) > MAX_WEIGHT:
        raise PolicyError(codes.OUT_OF_BOUNDS, place=name, cause=f"{weight(label)} characters, at most {MAX_WEIGHT}")
    text = f'<slab:{name} xmlns:slab="{LABEL}"{review}>{_content(label, name, MAX_SUCCESSIONS)}</slab:{name}>'
    if _has_extensions(label):  # they may repeat declarations that are in force here
        return etree.tostring(root_of(text.encode()), method="c14n", exclusive=True, with_comments=False)
    return text.encode()


def write_labels(label: Label) -> bytes:
    """The originator's label, its alternatives and its metadata label, one element after the other.

    Each is in exclusive canonical form by itself. Inside of a document that has a default namespace that differs for
    foreign elements without a namespace: whoever puts them there sees to it.

    Raises `PolicyError` as `write_label`, and for alternatives that have alternatives of their own or say what only
    stands beside the originator's label.
    """
    if len(label.alternatives) > MAX_ALTERNATIVES:
        cause = f"{len(label.alternatives)} alternatives, at most {MAX_ALTERNATIVES}"
        raise PolicyError(codes.OUT_OF_BOUNDS, place=ORIGINATOR, cause=cause)
    beside = [(ALTERNATIVE, other) for other in label.alternatives]
    if label.metadata is not None:
        beside.append((METADATA, label.metadata))
    for name, other in beside:
        _alone(other, name)
    return b"".join([write_label(label), *(write_label(other, name=name) for name, other in beside)])


def _alone(label: Label, place: str) -> None:
    said = [name for name in ("alternatives", "metadata", "tlp", "purpose") if getattr(label, name)]
    if said:
        raise PolicyError(codes.NOT_SAYABLE, place=place, cause=", ".join(said))


def _content(label: Label, place: str, successions: int) -> str:
    if label.unknown:
        raise PolicyError(codes.NOT_SAYABLE, place=place, cause=f"unknown: {', '.join(label.unknown)}"[:300])
    if len(label.extensions) > MAX_EXTENSIONS:
        raise PolicyError(codes.OUT_OF_BOUNDS, place=place, cause=f"{len(label.extensions)} foreign elements")
    written = [_information(label, f"{place}/ConfidentialityInformation")]
    if label.originator is not None or label.originator_kind is not None:
        kind = label.originator_kind
        if kind not in ORIGINATOR_KINDS or label.originator is None:
            cause = f"kind {kind}, expected one of {', '.join(ORIGINATOR_KINDS)}, and a name"
            raise PolicyError(codes.BAD_VALUE, place=f"{place}/OriginatorID", cause=cause)
        said = _text(label.originator, f"{place}/OriginatorID")
        written.append(f'<slab:OriginatorID IDType="{kind}">{said}</slab:OriginatorID>')
    if label.created_at is None:
        raise PolicyError(codes.NO_CREATION_TIME, place=f"{place}/CreationDateTime")
    created = _time(label.created_at, f"{place}/CreationDateTime")
    written.append(f"<slab:CreationDateTime>{created}</slab:CreationDateTime>")
    if label.successor is not None:
        written.append(_succession(label.successor, f"{place}/SuccessionHandling", successions))
    written += [checked(extension, f"{place}/{extension.name}") for extension in label.extensions]
    return "".join(written)


def _information(label: Label, place: str) -> str:
    mark = ""
    if label.privacy_mark is not None:
        mark = f"<slab:PrivacyMark>{_text(label.privacy_mark, f'{place}/PrivacyMark', MAX_MARK)}</slab:PrivacyMark>"
    return (
        f"<slab:ConfidentialityInformation>{policy_element(label.policy, label.policy_uri, place)}"
        f"<slab:Classification>{token(label.classification, f'{place}/Classification')}</slab:Classification>{mark}"
        f"{category_elements(label.categories, place)}</slab:ConfidentialityInformation>"
    )


def policy_element(policy: str, uri: str | None, place: str) -> str:
    """``PolicyIdentifier`` of a label or a clearance."""
    said = token(policy, f"{place}/PolicyIdentifier")
    return f"<slab:PolicyIdentifier{_uri(uri, f'{place}/PolicyIdentifier')}>{said}</slab:PolicyIdentifier>"


def category_elements(categories: tuple[LabelCategory, ...], place: str) -> str:
    """``Category`` elements of a label or a clearance."""
    if len(categories) > MAX_CATEGORIES:
        cause = f"{len(categories)} categories, at most {MAX_CATEGORIES}"
        raise PolicyError(codes.OUT_OF_BOUNDS, place=place, cause=cause)
    return "".join([_category(one, f"{place}/Category[{index}]") for index, one in enumerate(categories, 1)])


def _category(category: LabelCategory, place: str) -> str:
    if category.kind not in KINDS:
        cause = f"{category.kind[:60]!a}, expected one of {', '.join(KINDS)}"
        raise PolicyError(codes.BAD_VALUE, place=f"{place}/@Type", cause=cause)
    if not category.tag:
        raise PolicyError(codes.MISSING, place=f"{place}/@TagName", cause="empty")
    if len(category.values) > MAX_VALUES:
        raise PolicyError(
            codes.OUT_OF_BOUNDS, place=place, cause=f"{len(category.values)} values, at most {MAX_VALUES}"
        )
    tag = _quoted(category.tag, f"{place}/@TagName")
    values = [f"<slab:GenericValue>{_text(value, place)}</slab:GenericValue>" for value in category.values]
    return (
        f'<slab:Category TagName="{tag}" Type="{category.kind}"{_uri(category.uri, place)}>'
        f"{''.join(values)}</slab:Category>"
    )


def _succession(succession: Succession, place: str, left: int) -> str:
    label = succession.label
    if left == 0:
        cause = f"more than {MAX_SUCCESSIONS} labels that follow one another"
        raise PolicyError(codes.OUT_OF_BOUNDS, place=place, cause=cause)
    _alone(label, place)
    if label.review_at is not None:  # the standard's base type has none
        raise PolicyError(codes.NOT_SAYABLE, place=place, cause="review_at of a successor")
    return (
        f"<slab:SuccessionHandling><slab:SuccessionDateTime>{_time(succession.at, f'{place}/SuccessionDateTime')}"
        "</slab:SuccessionDateTime><slab:SuccessorConfidentialityLabel>"
        f"{_content(label, f'{place}/SuccessorConfidentialityLabel', left - 1)}"
        "</slab:SuccessorConfidentialityLabel></slab:SuccessionHandling>"
    )


def _has_extensions(label: Label) -> bool:
    return bool(label.extensions) or (label.successor is not None and _has_extensions(label.successor.label))


def token(value: str, place: str) -> str:
    """`value` as canonical text, if it is a name: some characters, its blanks collapsed."""
    if not value or collapsed(value) != value:
        raise PolicyError(codes.BAD_VALUE, place=place, cause="empty, or blanks around it or beside each other")
    return _text(value, place)


def _uri(uri: str | None, place: str) -> str:
    if uri is None:
        return ""
    _bounded(uri, f"{place}/@URI", MAX_NAME)
    if is_uri(uri) is None:
        raise PolicyError(codes.BAD_VALUE, place=f"{place}/@URI", cause=f"{uri[:60]!a} is no absolute URI")
    return f' URI="{uri.replace("&", "&amp;")}"'


def _time(instant: datetime, place: str) -> str:
    try:
        return text_of(instant)
    except ValueError as error:
        raise PolicyError(codes.BAD_TIME, place=place, cause=str(error)) from None


def _text(value: str, place: str, longest: int = MAX_NAME) -> str:
    _bounded(value, place, longest)
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#xD;")


def _quoted(value: str, place: str) -> str:
    _bounded(value, place, MAX_NAME)
    text = value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return text.replace("\t", "&#x9;").replace("\n", "&#xA;").replace("\r", "&#xD;")


def _bounded(value: str, place: str, longest: int) -> None:
    if len(value) > longest:
        raise PolicyError(codes.OUT_OF_BOUNDS, place=place, cause=f"{len(value)} characters, at most {longest}")
    bad = forbidden(value)
    if bad is not None:
        raise PolicyError(codes.BAD_TEXT, place=place, cause=f"U+{ord(bad.group()):04X} at character {bad.start()}")
