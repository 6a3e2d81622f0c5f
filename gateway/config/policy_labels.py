"""Security policies, labels and clearances of the policy file: read, held against each other, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from gateway.config import codes
from gateway.config.locate import KeyPath
from gateway.config.policy_file import (
    AboutTable,
    ClearanceTable,
    NamedLabelTable,
    PolicyFile,
    SecurityPolicyTable,
    SuccessionTable,
)
from gateway.config.policy_words import categories_of, check_categories, check_classification
from gateway.config.problems import Problem, unknown_name
from gateway.errors import GatewayError
from gateway.labels.clearance import Clearance
from gateway.labels.clearances import read_clearance
from gateway.labels.spif import Spif
from gateway.labels.spif_read import read_spif
from gateway.track import Label, Succession

A_POLICY = "security policy [[security_policy]]"


class Vocabulary:
    """What the labels of one policy file may be written in. Filled on the way; problems are yielded, not raised."""

    def __init__(self, file: PolicyFile, contents: Mapping[KeyPath, bytes]) -> None:
        self.spifs: dict[str, Spif] = {}
        """Security policies by their name."""
        self.labels: dict[str, Label] = {}
        """Labels by the name that markings use, without alternatives; `alternatives` has those."""
        self.clearances: dict[str, Clearance] = {}
        self.unread = False
        """Some security policy could not be read: names that nobody knows may be its, and are not called wrong."""
        self._file = file
        self._contents = contents

    def problems(self) -> Iterator[Problem]:
        """Read everything; what is wrong with it."""
        for index, table in enumerate(self._file.security_policy):
            yield from self._security_policy(("security_policy", index), table)
        self.unread = len(self.spifs) < len(self._file.security_policy)
        for name, label in self._file.label.items():
            yield from self._label(("label", name), name, label)
        yield from self._alternatives()
        yield from self._successions()
        for name, clearance in self._file.clearance.items():
            yield from self._clearance(("clearance", name), name, clearance)
        yield from self._holder(("own", "clearances"), self._file.own.clearances)
        for name, partner in self._file.partner.items():
            yield from self._holder(("partner", name, "clearances"), partner.clearances)

    def spif(self, name: str) -> Spif | None:
        """The security policy of this name, in any letter case where the policy says so."""
        return self.spifs.get(name) or next((spif for spif in self.spifs.values() if spif.same_name(name)), None)

    def spell(self, policy: str, classification: str) -> str | None:
        """The classification as its policy writes it; `None` when it has none such."""
        spif = self.spif(policy)
        level = None if spif is None else spif.level(classification)
        return None if level is None else level.name

    # ------------------------------------------------------------------------------------------------ security policies

    def _security_policy(self, path: KeyPath, table: SecurityPolicyTable) -> Iterator[Problem]:
        if (table.use is None) == (table.file is None):
            which = "both use and file" if table.use is not None else "neither use nor file"
            cause = f"a security policy with {which}; expected one of them"
            remedy = "keep one of them" if table.use is not None else 'add one, such as use = "PUBLIC"'
            yield Problem(code=codes.CONFLICT, path=path, cause=cause, remedy=remedy, at_key=True)
            return
        at: KeyPath = (*path, "use" if table.use is not None else "file")
        octets = self._contents.get(at)
        if octets is None:  # said where files are read
            return
        try:
            spif = read_spif(octets, ignore_case=table.ignore_case)
        except GatewayError as error:
            yield unfit(at, table.use or str(table.file), error)
            return
        mandatory = []
        for index, name in enumerate(table.mandatory):
            tag_set = spif.tag_set(name)
            if tag_set is None:
                yield unknown_name((*path, "mandatory", index), f"tag set of {spif.name}", name, spif.tag_sets)
            else:
                mandatory.append(tag_set.name)
        if mandatory:
            spif = read_spif(octets, mandatory=tuple(mandatory), ignore_case=table.ignore_case)
        for other in self.spifs.values():
            if other.same_name(spif.name) or spif.same_name(other.name) or other.oid == spif.oid:
                cause = f"security policy {spif.name} ({spif.oid}) is there already, as {other.name} ({other.oid})"
                yield Problem(code=codes.CONFLICT, path=at, cause=cause, remedy="keep one of the two")
                return
        self.spifs[spif.name] = spif

    # ----------------------------------------------------------------------------------------------------------- labels

    def _label(self, path: KeyPath, name: str, table: NamedLabelTable) -> Iterator[Problem]:
        spif = self.spif(table.policy)
        if spif is None:
            if not self.unread:
                yield unknown_name((*path, "policy"), A_POLICY, table.policy, self.spifs)
            return
        found = [
            *check_classification((*path, "classification"), table.classification, spif),
            *check_categories((*path, "category"), table.category, spif),
        ]
        yield from found
        if found:
            return
        self.labels[name] = _label_of(table, spif, self._file.policy)

    def _alternatives(self) -> Iterator[Problem]:
        for name, table in self._file.label.items():
            policies = {self._policy_of(table.policy): name}
            for index, other in enumerate(table.alternatives):
                path: KeyPath = ("label", name, "alternatives", index)
                found = self._file.label.get(other)
                if found is None:
                    yield unknown_name(path, "label [label.NAME]", other, self._file.label)
                    continue
                if found.alternatives:
                    cause = f"label {other} has alternatives itself; an alternative has none"
                    yield Problem(code=codes.CONFLICT, path=path, cause=cause, remedy=f"name them at label {name}")
                policy = self._policy_of(found.policy)
                if policy in policies:
                    cause = f"label {other} is of {found.policy}, as {policies[policy]} is: one label for each policy"
                    yield Problem(code=codes.CONFLICT, path=path, cause=cause, remedy="leave it out")
                policies.setdefault(policy, other)

    def _successions(self) -> Iterator[Problem]:
        for name, table in self._file.label.items():
            if table.succession is None:
                continue
            found = list(self._succession(("label", name, "succession"), name, table, table.succession))
            yield from found
            label, following = self.labels.get(name), self.labels.get(table.succession.label)
            if not found and label is not None and following is not None:
                then = Succession(at=table.succession.at, label=replace(following, review_at=None))
                self.labels[name] = replace(label, successor=then)

    def _succession(
        self, path: KeyPath, name: str, table: NamedLabelTable, succession: SuccessionTable
    ) -> Iterator[Problem]:
        other, found = succession.label, self._file.label.get(succession.label)
        if succession.at <= self._file.policy.issued:
            cause = f"label {name} is succeeded before the policy is issued"
            yield Problem(code=codes.CONFLICT, path=(*path, "at"), cause=cause, remedy="give the later label alone")
        if found is None:
            yield unknown_name((*path, "label"), "label [label.NAME]", other, self._file.label)
            return
        if self._policy_of(found.policy) != self._policy_of(table.policy):
            cause = f"label {other} is of {found.policy}, label {name} of {table.policy}"
            remedy = "name a label of the same security policy"
            yield Problem(code=codes.CONFLICT, path=(*path, "label"), cause=cause, remedy=remedy)
        for key in ("alternatives", "succession", "tlp", "purpose"):
            if getattr(found, key):
                cause = f"label {other} has {key}, which no label has that follows another"
                yield Problem(code=codes.CONFLICT, path=(*path, "label"), cause=cause, remedy="name one without")

    def _policy_of(self, name: str) -> str:
        spif = self.spif(name)
        return name if spif is None else spif.name

    # ------------------------------------------------------------------------------------------------------- clearances

    def _clearance(self, path: KeyPath, name: str, table: ClearanceTable) -> Iterator[Problem]:
        written = table.policy is not None or table.classifications or table.category
        if bool(written) == (table.file is not None):
            which = "a file and words of its own" if written else "neither a policy nor a file"
            cause = f"clearance {name} has {which}; expected one of them"
            remedy = "keep one of them" if written else "add policy and classifications, or file"
            yield Problem(code=codes.CONFLICT, path=path, cause=cause, remedy=remedy, at_key=True)
            return
        if table.file is not None:
            yield from self._clearance_file((*path, "file"), name, table)
            return
        if table.policy is None or not table.classifications:
            key = "policy" if table.policy is None else "classifications"
            cause = f"clearance.{name}.{key} is required: without it nothing may be seen"
            yield Problem(code=codes.MISSING_KEY, path=path, cause=cause, remedy=f"add {key}", at_key=True)
            return
        spif = self.spif(table.policy)
        if spif is None:
            if not self.unread:
                yield unknown_name((*path, "policy"), A_POLICY, table.policy, self.spifs)
            return
        found = [
            problem
            for index, one in enumerate(table.classifications)
            for problem in check_classification((*path, "classifications", index), one, spif)
        ]
        found += check_categories((*path, "category"), table.category, spif)
        yield from found
        if not found:
            self.clearances[name] = Clearance(
                policy=spif.name,
                policy_uri=spif.uri,
                classifications=tuple(
                    dict.fromkeys(self.spell(spif.name, one) or one for one in table.classifications)
                ),
                categories=categories_of(table.category, spif),
            )

    def _clearance_file(self, path: KeyPath, name: str, table: ClearanceTable) -> Iterator[Problem]:
        octets = self._contents.get(path)
        if octets is None:
            return
        try:
            clearance = read_clearance(octets)
        except GatewayError as error:
            yield unfit(path, str(table.file), error)
            return
        spif = self.spif(clearance.policy)
        if spif is None:
            if not self.unread:
                yield unknown_name(path, A_POLICY, clearance.policy, self.spifs)
            return
        found = list(_clearance_words(path, clearance, spif))
        yield from found
        if not found:
            self.clearances[name] = clearance

    def _holder(self, path: KeyPath, names: tuple[str, ...]) -> Iterator[Problem]:
        policies: dict[str, str] = {}
        for index, name in enumerate(names):
            if name not in self._file.clearance:
                yield unknown_name((*path, index), "clearance [clearance.NAME]", name, self._file.clearance)
                continue
            clearance = self.clearances.get(name)
            if clearance is None:
                continue
            other = policies.setdefault(clearance.policy, name)
            if other != name or name in names[:index]:
                cause = f"{name} and {other} are both clearances under {clearance.policy}; expected one for each policy"
                yield Problem(
                    code=codes.CONFLICT, path=(*path, index), cause=cause, remedy="join them in one clearance"
                )


def unfit(path: KeyPath, name: str, error: GatewayError) -> Problem:
    """A file that is not what it should be, in the words of the room that read it."""
    cause = f"{name}: {error.code.title}" + (f": {error.cause}" if error.cause else "")
    where = f" at {error.place}" if error.place else ""
    return Problem(code=codes.POLICY_FILE, path=path, cause=cause + where, remedy=error.remedy)


def _label_of(table: NamedLabelTable, spif: Spif, about: AboutTable) -> Label:
    level = spif.level(table.classification)
    assert level is not None, "labels are checked first"
    return Label(
        policy=spif.name,
        policy_uri=spif.uri,
        classification=level.name,
        categories=categories_of(table.category, spif),
        tlp=table.tlp,
        purpose=table.purpose,
        privacy_mark=table.privacy_mark,
        created_at=about.issued,
        review_at=about.review,
    )


def _clearance_words(path: KeyPath, clearance: Clearance, spif: Spif) -> Iterator[Problem]:
    """Words of a clearance file that its security policy does not have."""
    if clearance.policy_uri is not None and clearance.policy_uri != spif.uri:
        cause = f"the clearance is of {clearance.policy_uri}, security policy {spif.name} is {spif.uri}"
        yield Problem(code=codes.LABEL, path=path, cause=cause, remedy="name the file of that policy's clearance")
    for name in clearance.classifications:
        yield from check_classification(path, name, spif)
    for category in clearance.categories:
        tag_set = spif.tag_set(category.tag)
        values = () if tag_set is None else [spif.value(tag_set, name) for name in category.values]
        if tag_set is None:
            cause = f'{spif.name} has no tag set "{category.tag[:60]}"'
        elif category.kind not in tag_set.kinds:
            cause = f'tag set "{tag_set.name}" of {spif.name} is not {category.kind}'
        elif any(value is None or value.kind != category.kind for value in values):
            cause = (
                f'tag set "{tag_set.name}" of {spif.name} does not have all of the values {list(category.values)[:12]}'
            )
        else:
            continue
        yield Problem(code=codes.LABEL, path=path, cause=cause)
