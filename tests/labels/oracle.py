"""A second opinion: the decision of the standard, written again from its text and sharing no code with the gateway.

It reads a security policy file by itself, as plain elements, and says of a label and a clearance which step denies.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from lxml import etree

from gateway.labels.clearance import Clearance
from gateway.track import Label, LabelCategory

_NS = "{http://www.xmlspif.org/spif}"
_RULES = "{urn:alliance:gateway:spif:1}"
_NATO = "1.3.26.1.3.1"
_TYPES = {
    ("restrictive", None): "RESTRICTIVE", ("permissive", None): "PERMISSIVE", ("tagType7", None): "INFORMATIVE",
    ("enumerated", "restrictive"): "RESTRICTIVE", ("enumerated", "permissive"): "PERMISSIVE",
}  # fmt: skip
Chosen = dict[str, set[str]]
"""Name of a tag set to the values that somebody has of it, as the file spells them."""


class Oracle:
    """One security policy file, and what it makes of labels."""

    def __init__(self, octets: bytes) -> None:
        root = etree.fromstring(octets)
        self._root = root
        identity = root.find(f"{_NS}securityPolicyId")
        assert identity is not None
        self.name, self.oid = str(identity.get("name")), str(identity.get("id"))
        self.folds = self.oid == _NATO
        self.mandatory = {str(each.text) for each in root.iter(f"{_RULES}mandatory")} | (
            {"Context"} if self.oid == _NATO else set()
        )
        self.classes = {str(each.get("name")): each for each in root.iter(f"{_NS}securityClassification")}
        self.sets = {str(each.get("name")): each for each in root.iter(f"{_NS}securityCategoryTagSet")}
        self.values: dict[str, dict[str, etree._Element]] = {
            name: {str(value.get("name")): value for value in tag_set.iter(f"{_NS}tagCategory")}
            for name, tag_set in self.sets.items()
        }

    def _spelled(self, word: str, words: object) -> str | None:
        """The word of the policy that this one is: the same octets, or the same letters where case does not count."""
        for each in words:  # type: ignore[attr-defined]
            if each == word or (self.folds and word.isascii() and each.upper() == word.upper()):
                return str(each)
        return None

    @staticmethod
    def _type(value: etree._Element) -> str:
        tag = value.getparent()
        assert tag is not None
        kind = str(tag.get("tagType"))
        return _TYPES[kind, tag.get("enumType") if kind == "enumerated" else None]

    def decide(self, label: Label, clearance: Clearance, now: datetime) -> str:
        """``permit``, or which step denies."""
        if self._spelled(label.policy, [self.name]) is None or self._spelled(clearance.policy, [self.name]) is None:
            return "policy-mismatch"
        if clearance.policy_uri not in (None, f"urn:oid:{self.oid}"):
            return "policy-mismatch"
        level = self._spelled(label.classification, self.classes)
        chosen = self._chosen(label)
        if level is None or chosen is None or not self._valid(label, level, chosen, now):
            return "invalid-label"
        if any(not chosen.get(name) for name in self.mandatory):
            return "missing-mandatory"
        if level not in {self._spelled(each, self.classes) for each in clearance.classifications}:
            return "classification"
        held = self._held(clearance)
        for name, values in chosen.items():
            mine = held.get(name, set())
            (kind,) = {self._type(value) for value in self.values[name].values()}
            if (kind == "RESTRICTIVE" and values - mine) or (kind == "PERMISSIVE" and not values & mine):
                return "tag-set"
        return "permit"

    def _category(self, category: LabelCategory) -> tuple[str, set[str]] | None:
        """Tag set and values of a category; nothing where the policy does not know it as it is said."""
        name = self._spelled(category.tag, self.sets)
        if name is None or category.uri not in (None, f"urn:oid:{self.sets[name].get('id')}"):
            return None
        values = set()
        for word in category.values:
            value = self._spelled(word, self.values[name])
            if value is None or self._type(self.values[name][value]) != category.kind:
                return None
            values.add(value)
        if {self._type(value) for value in self.values[name].values()} != {category.kind}:
            return None
        return name, values

    def _chosen(self, label: Label) -> Chosen | None:
        """What a label says, a set that it names twice at its strictest; nothing where a word is unknown."""
        chosen: Chosen = {}
        for category in label.categories:
            found = self._category(category)
            if found is None:
                return None
            name, values = found
            if name in chosen:
                values = chosen[name] & values if category.kind == "PERMISSIVE" else chosen[name] | values
            chosen[name] = values
        return chosen

    def _held(self, clearance: Clearance) -> Chosen:
        """What a clearance holds; a word that the policy does not know counts for nothing."""
        held: Chosen = {}
        for category in clearance.categories:
            for word in category.values:
                found = self._category(msgspec.structs.replace(category, values=(word,)))
                if found is not None:
                    held.setdefault(found[0], set()).update(found[1])
        return held

    def _valid(self, label: Label, level: str, chosen: Chosen, now: datetime) -> bool:
        if label.unknown or (label.review_at is None and label.successor is None):
            return False
        if label.policy_uri not in (None, f"urn:oid:{self.oid}") or not _in_time(self._root, now):
            return False
        marks = [each.get("name") for each in self._root.iter(f"{_NS}privacyMark")]
        if label.privacy_mark is not None and marks and label.privacy_mark not in marks:
            return False
        parts = [self.classes[level]]
        for category in label.categories:  # each value that is written, whatever another category takes away
            name, values = self._category(category) or ("", set())
            parts += [self.values[name][value] for value in values]
        for part in parts:
            if not _in_time(part, now) or level in [each.text for each in part.iterfind(f"{_NS}excludedClass")]:
                return False
            if part.get("requiredClass") not in (None, level):
                return False
            if not all(self._meets(each, chosen) for each in part.iterfind(f"{_NS}requiredCategory")):
                return False
            if any(self._group(each, chosen, but=part) for each in part.iterfind(f"{_NS}excludedCategory")):
                return False
        return self._in_number(chosen) and (self.oid != _NATO or _as_nato_wants(level, chosen))

    def _group(self, group: etree._Element, chosen: Chosen, but: etree._Element | None = None) -> set[tuple[str, str]]:
        """The values of a label that a group names, but for one."""
        name = str(group.get("tagSetRef"))
        types = (group.get("tagType"), group.get("enumType") if group.get("tagType") == "enumerated" else None)
        found = set()
        for value in chosen.get(name, ()):
            element = self.values[name][value]
            tag = element.getparent()
            assert tag is not None
            if types != (tag.get("tagType"), tag.get("enumType") if tag.get("tagType") == "enumerated" else None):
                continue
            if group.get("all") != "true" and group.get("lacv") != element.get("lacv"):
                continue
            if element is not but:
                found.add((name, value))
        return found

    def _meets(self, required: etree._Element, chosen: Chosen) -> bool:
        groups = [self._group(each, chosen) for each in required.iterfind(f"{_NS}categoryGroup")]
        if required.get("operation") == "all":
            return all(groups)
        if required.get("operation") == "oneOrMore":
            return any(groups)
        return len(set().union(*groups)) == 1

    def _in_number(self, chosen: Chosen) -> bool:
        for name, tag_set in self.sets.items():
            for tag in tag_set.iterfind(f"{_NS}securityCategoryTag"):
                values = {str(each.get("name")) for each in tag.iterfind(f"{_NS}tagCategory")}
                number = len(chosen.get(name, set()) & values)
                most = tag.get("maxSelection", "unbounded")
                if tag.get("singleSelection") == "true" and number > 1:
                    return False
                if number < int(tag.get("minSelection", "0")) or (most != "unbounded" and number > int(most)):
                    return False
        return True


def _in_time(part: etree._Element, now: datetime) -> bool:
    begin, end = part.get("notBefore"), part.get("notAfter")
    if begin is not None and now < datetime.fromisoformat(begin):
        return False
    return end is None or now < datetime.fromisoformat(end)


def _as_nato_wants(level: str, chosen: Chosen) -> bool:
    """One real context, with the helper just when there is a release, which repeats the context."""
    if "Administrative" in chosen and level != "UNCLASSIFIED":
        return False
    if "Context" not in chosen:
        return True
    real = {each for each in chosen["Context"] if each != "Releasable"}
    released = "Releasable To" in chosen
    if len(real) != 1 or ("Releasable" in chosen["Context"]) != released:
        return False
    return not released or real <= chosen["Releasable To"]
