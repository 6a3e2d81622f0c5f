"""spiffing's own XML for labels and clearances: values by label-and-certificate value, policies and tag sets by OID."""

from __future__ import annotations

from lxml import etree

from gateway.labels.clearance import Clearance
from gateway.labels.spif import INFORMATIVE, PERMISSIVE, RESTRICTIVE, Spif
from gateway.track import Label, LabelCategory
from tests.labels.spif_texts import NOW, REVIEW

_NS = "{http://surevine.com/xmlns/spiffy}"
_KINDS = {
    "restrictive": RESTRICTIVE,
    "enumeratedRestrictive": RESTRICTIVE,
    "permissive": PERMISSIVE,
    "enumeratedPermissive": PERMISSIVE,
    "informative": INFORMATIVE,
}


def _categories(root: etree._Element, spif: Spif) -> tuple[LabelCategory, ...]:
    found: dict[tuple[str, str], list[str]] = {}
    for tag in root.iterfind(f"{_NS}tag"):
        (tag_set,) = (each for each in spif.tag_sets.values() if each.oid == tag.get("id"))
        kind, lacv = _KINDS[tag.get("type", "")], str(int(tag.get("lacv", "")))
        (value,) = (each for each in tag_set.values.values() if (each.kind, each.lacv) == (kind, lacv))
        found.setdefault((tag_set.name, kind), []).append(value.name)
    return tuple(LabelCategory(tag=tag, kind=kind, values=tuple(names)) for (tag, kind), names in found.items())


def _levels(root: etree._Element, spif: Spif) -> list[str]:
    names = {level.lacv: level.name for level in spif.levels.values()}
    return [names[int(each.get("lacv", ""))] for each in root.iterfind(f"{_NS}classification")]


def _root(octets: bytes, spif: Spif) -> etree._Element:
    root = etree.fromstring(octets)
    policy = root.find(f"{_NS}policy")
    assert policy is not None
    assert policy.get("id") == spif.oid
    return root


def read_spiffy_label(octets: bytes, spif: Spif) -> Label:
    """A label in spiffing's XML; its times are ours, since it has none."""
    root = _root(octets, spif)
    (level,) = _levels(root, spif)
    return Label(
        policy=spif.name, classification=level, categories=_categories(root, spif), created_at=NOW, review_at=REVIEW
    )


def read_spiffy_clearance(octets: bytes, spif: Spif) -> Clearance:
    """A clearance in spiffing's XML."""
    root = _root(octets, spif)
    return Clearance(policy=spif.name, classifications=tuple(_levels(root, spif)), categories=_categories(root, spif))
