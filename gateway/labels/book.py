"""The security policies and equivalences of one node, and the decisions that are made by them, remembered.

1 A clearance under the label's own policy decides, and no other.
2 Else the first alternative of the label decides for which there is a clearance, unless it is less strict than what a
  signed-off equivalence makes of the label, or than another of the same policy.
3 Else the label reads as a signed-off equivalence of that direction says.
4 Else nobody may have it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from gateway.errors import PolicyError
from gateway.labels import codes
from gateway.labels import dominant as joining
from gateway.labels.check import Finding, check_label, successors, unsound
from gateway.labels.clearance import Clearance
from gateway.labels.completing import complete
from gateway.labels.decide import decide, deny, invalid, until
from gateway.labels.decision import Decision, Judgement
from gateway.labels.equivalence import Direction, Equivalence
from gateway.labels.mapping import held_to_policies, map_label
from gateway.labels.names import LEGACY, MAX_ALTERNATIVES, ORIGINATOR, weight_in_all
from gateway.labels.read import read_label
from gateway.labels.spif import Spif
from gateway.labels.window import Window, holds, window
from gateway.track import Label

MAX_REMEMBERED = 4_096
"""Entries of each memory; then it starts anew. Tracks of a batch share few labels."""
MAX_REMEMBERED_WEIGHT = 8_388_608
"""Characters of all the labels that are remembered; then it starts anew. Partners choose how large theirs are."""
MAX_REMEMBERED_OCTETS = 4_096
"""Longest label that is remembered by its octets; the rest is read each time, so that memory stays below 20 MB."""
Clearances = tuple[Clearance, ...]


class Book:
    """Security policies by name, with the equivalences between them. Its answers depend on nothing but its arguments.

    Its memories are bounded, and an answer that time may change is forgotten when that time comes. One thread uses it.
    """

    def __init__(
        self, spifs: Iterable[Spif], equivalences: Iterable[Equivalence] = (), *, follow_succession: bool = False
    ) -> None:
        """Raises `PolicyError` (``LBL-037`` to ``LBL-039``) for policies or equivalences that contradict each other."""
        self.spifs: dict[str, Spif] = {}
        self.equivalences = tuple(equivalences)
        self.follow_succession = follow_succession
        self._install(spifs)
        held_to_policies(self.equivalences, self.spifs)
        self._boundaries = tuple(sorted({at for spif in self.spifs.values() for at in spif.boundaries}))
        self._weight = 0
        self._judged: dict[tuple[Label, Clearances, bool], tuple[Window, Judgement]] = {}
        self._judged_octets: dict[tuple[bytes, Clearances, bool], tuple[Window, Judgement]] = {}
        self._read: dict[bytes, Label] = {}

    def _install(self, spifs: Iterable[Spif]) -> None:
        oids: set[str] = set()
        for spif in spifs:
            if spif.oid in oids or any(
                other.same_name(spif.name) or spif.same_name(name) for name, other in self.spifs.items()
            ):
                raise PolicyError(codes.POLICY_TWICE, place=f"security policy {spif.name}", cause=f"OID {spif.oid}")
            oids.add(spif.oid)
            self.spifs[spif.name] = spif

    def spif(self, policy: str) -> Spif | None:
        """The installed security policy that a label or clearance names; `None` when there is none."""
        found = self.spifs.get(policy)
        if found is None:
            found = next((spif for spif in self.spifs.values() if spif.same_name(policy)), None)
        return found

    # ----------------------------------------------------------------------------------------------------- decisions

    def judge(self, label: Label | None, clearances: Clearances, now: datetime, *, direction: Direction) -> Judgement:
        """Whether a node with these clearances may see what bears `label`. Never raises; what is unknown is denied.

        `direction` is ``ENCRYPT`` for what we send and ``DECRYPT`` for what we receive.
        """
        if label is None:
            return _NO_LABEL
        key = (label, clearances, direction is _ENCRYPT)  # an Enum hashes slowly
        known = self._judged.get(key)
        if known is not None and holds(known[0], now):
            return known[1]
        judgement = self._judge(label, clearances, now, direction)
        while_true = window(label, self._boundaries, now)
        judgement = _ending(judgement, while_true[1])
        self._weight += weight_in_all(label)
        if len(self._judged) >= MAX_REMEMBERED or self._weight > MAX_REMEMBERED_WEIGHT:
            self._judged.clear()
            self._weight = weight_in_all(label)
        self._judged[key] = (while_true, judgement)
        return judgement

    def judge_octets(self, octets: bytes, clearances: Clearances, now: datetime, *, direction: Direction) -> Judgement:
        """`judge` for a label in exclusive canonical form, remembered by its octets.

        Raises `PolicyError` (``LBL-...``) for octets that are no label.
        """
        key = (octets, clearances, direction is _ENCRYPT)
        known = self._judged_octets.get(key)
        if known is not None and holds(known[0], now):
            return known[1]
        label = self.read(octets)
        judgement = self.judge(label, clearances, now, direction=direction)
        if len(octets) <= MAX_REMEMBERED_OCTETS:
            if len(self._judged_octets) >= MAX_REMEMBERED:
                self._judged_octets.clear()
            self._judged_octets[key] = (window(label, self._boundaries, now), judgement)
        return judgement

    def read(self, octets: bytes) -> Label:
        """The label that these octets are, remembered. Raises `PolicyError` (``LBL-...``) for anything else."""
        known = self._read.get(octets)
        if known is not None:
            return known
        label = read_label(octets, kinds=(ORIGINATOR, LEGACY))
        if len(octets) <= MAX_REMEMBERED_OCTETS:
            if len(self._read) >= MAX_REMEMBERED:
                self._read.clear()
            self._read[octets] = label
        return label

    def check(self, label: Label, now: datetime, *, new: bool = False) -> tuple[Finding, ...]:
        """Everything that makes `label` invalid; empty when it is valid. With `new`, obsolete words are findings too.

        Alternatives and the label of the label are checked where their policies are installed.
        """
        spif = self.spif(label.policy)
        if spif is None:
            return (Finding(codes.WRONG_POLICY, "PolicyIdentifier", f"{label.policy[:80]!r} is not installed"),)
        found = check_label(label, spif, now, new=new)
        for other in (*label.alternatives, *((label.metadata,) if label.metadata else ())):
            theirs = self.spif(other.policy)
            if theirs is not None:
                found += check_label(other, theirs, now, new=new)
        return found

    def _judge(self, label: Label, clearances: Clearances, now: datetime, direction: Direction) -> Judgement:
        judgement = self._judge_label(label, clearances, now, direction)
        if not judgement.decision.permit or label.metadata is None:
            return judgement
        # whoever gets the label gets to know what its own label protects
        own = self._judge_label(label.metadata, clearances, now, direction).decision
        if own.permit:
            return judgement
        return msgspec.structs.replace(judgement, decision=deny("metadata-label", f"{own.rule}: {own.detail}"))

    def _judge_label(self, label: Label, clearances: Clearances, now: datetime, direction: Direction) -> Judgement:
        spif = self.spif(label.policy)
        if spif is not None:
            # 1
            clearance = _of(spif, clearances)
            if clearance is not None:
                return Judgement(
                    decision=self._decide(label, clearance, spif, now),
                    label=label,
                    decided_on=label,
                    basis="originator",
                )
        wrong = invalid(label, spif, now) if spif is not None else self._unsound(label)
        if wrong is not None:
            return _denied(label, wrong.rule, wrong.detail)
        # 2
        for alternative in label.alternatives:
            theirs = self.spif(alternative.policy)
            clearance = _of(theirs, clearances) if theirs is not None else None
            if theirs is None or clearance is None:
                continue
            # two of one policy contradict each other, or say the same: both must permit
            same = [each for each in label.alternatives if self.spif(each.policy) is theirs]
            decisions = [
                self._conflict(label, each, spif, theirs, now, direction) or self._decide(each, clearance, theirs, now)
                for each in same
            ]
            denying = next((index for index, each in enumerate(decisions) if not each.permit), 0)
            return Judgement(decision=decisions[denying], label=label, decided_on=same[denying], basis="alternative")
        # 3, 4
        if spif is None:
            return _denied(label, "unknown-policy", label.policy[:80])
        return self._equivalent(label, spif, clearances, now, direction)

    def _unsound(self, label: Label) -> Decision | None:
        """Why no alternative may speak for a label of a policy that is not installed; or nothing."""
        found = unsound(label, self.spifs.values()) if label.alternatives else ()
        return deny("invalid-label", str(found[0])) if found else None

    def _decide(self, label: Label, clearance: Clearance, spif: Spif, now: datetime) -> Decision:
        return decide(label, clearance, spif, now, follow_succession=self.follow_succession)

    def _conflict(
        self, label: Label, alternative: Label, spif: Spif | None, theirs: Spif, now: datetime, direction: Direction
    ) -> Decision | None:
        """Why an alternative is not believed: it is less strict than what we have signed off."""
        equivalence = self._equivalence(spif, theirs, direction) if spif is not None else None
        if spif is None or equivalence is None:
            return None
        mapped = map_label(label, equivalence, spif, theirs, now)
        if isinstance(mapped, Decision):
            # a level below all that have a counterpart leaves the word to the originator; nothing else does, or what
            # is added to a label would make a looser alternative believed
            chain = [label, *(each for each in successors(label, spif) if isinstance(each, Label))]
            levels = [level.rank for each in chain if (level := spif.level(each.classification)) is not None]
            signed = [spif.levels[name].rank for name in equivalence.classifications]
            if mapped.rule == "not-mapped" and (not signed or max(levels) < min(signed)):
                return None
            return deny("alternative-conflict", f"{mapped.rule}: {mapped.detail}")
        if not joining.covers(alternative, mapped, theirs, now, follow_succession=self.follow_succession):
            cause = (
                f"{alternative.classification} of {theirs.name} is less strict than {mapped.classification} as mapped"
            )
            return deny("alternative-conflict", cause)
        return None

    def _equivalence(self, source: Spif, target: Spif, direction: Direction) -> Equivalence | None:
        for each in self.equivalences:
            if (
                each.source == source.name
                and each.target == target.name
                and each.direction in (direction, Direction.BOTH)
            ):
                return each
        return None

    def _equivalent(
        self, label: Label, spif: Spif, clearances: Clearances, now: datetime, direction: Direction
    ) -> Judgement:
        for clearance in clearances:
            target = self.spif(clearance.policy)
            equivalence = self._equivalence(spif, target, direction) if target is not None else None
            if target is None or equivalence is None:
                continue
            mapped = map_label(label, equivalence, spif, target, now)
            if isinstance(mapped, Decision):
                return Judgement(decision=mapped, label=label, decided_on=label, basis="equivalence")
            sent = label
            if direction is not Direction.DECRYPT:
                if len(label.alternatives) >= MAX_ALTERNATIVES:
                    wrong = deny("not-mapped", f"{len(label.alternatives)} alternatives leave no room for another")
                    return Judgement(decision=wrong, label=label, decided_on=label, basis="equivalence")
                sent = msgspec.structs.replace(label, alternatives=(*label.alternatives, mapped))
            decision = self._decide(mapped, clearance, target, now)
            return Judgement(
                decision=decision, label=sent if decision.permit else label, decided_on=mapped, basis="equivalence"
            )
        return _denied(
            label, "not-mapped", f"{spif.name}: no clearance and no signed-off equivalence ({direction.value})"
        )

    # -------------------------------------------------------------------------------------------------------- labels

    def changes_at(self, now: datetime) -> datetime | None:
        """The next instant at which anything of the policies begins or ceases to be valid; `None` when nothing will."""
        return next((at for at in self._boundaries if at > now), None)

    def dominant(self, labels: Sequence[Label], now: datetime) -> Label | None:
        """One label that is at least as strict as each of `labels`; `None` when no valid one says it all.

        A permissive set in which they have nothing in common is empty, which is nobody. It has the alternatives of all,
        joined where all have them, or none. Whomever it permits, each of them permits (where clearances have no gaps);
        still decide each track by its own label first.
        """
        labels = list(dict.fromkeys(labels))
        spif = self.spif(labels[0].policy) if labels else None
        if spif is None or not all(spif.same_name(label.policy) for label in labels):
            return None
        found = labels[0] if len(labels) == 1 else joining.dominant(labels, spif, now)
        if found is None or len(labels) == 1:
            return found if joining.readings(labels[0], spif, now) is not None else None
        if not all(self._maps_alike(found, label, spif, now) and self._agrees(label, spif, now) for label in labels):
            return None
        if len({self._policies(label) for label in labels}) > 1:
            lost = [policy for label in labels for policy in self._policies(label)]
            return None if any(self._reads(spif, policy) for policy in lost) else found
        alternatives: list[Label] = []
        for index, alternative in enumerate(labels[0].alternatives):
            theirs = self.spif(alternative.policy)
            same = [label.alternatives[index] for label in labels]
            if theirs is None:
                joined = alternative if all(other == alternative for other in same) else None
            else:
                joined = joining.dominant(same, theirs, now)
            if joined is None:
                return None
            alternatives.append(joined)
        return msgspec.structs.replace(found, alternatives=tuple(alternatives))

    def _policies(self, label: Label) -> tuple[str, ...]:
        """The policies of a label's alternatives, in order: a reader takes the first that he has a clearance for."""
        found = ((self.spif(each.policy), each.policy) for each in label.alternatives)
        return tuple(spif.name if spif is not None else name for spif, name in found)

    def _agrees(self, label: Label, spif: Spif, now: datetime) -> bool:
        """Whether the label's alternatives are believed beside it. One that is not lets nobody in by itself, and joined
        with a stricter one it would be healed."""
        return not any(
            self._conflict(label, each, spif, theirs, now, direction)
            for each in label.alternatives
            if (theirs := self.spif(each.policy)) is not None
            for direction in _DIRECTIONS
        )

    def _maps_alike(self, label: Label, other: Label, spif: Spif, now: datetime) -> bool:
        """Whether `label` is at least as strict as `other` in the words of every policy that it maps to.

        A label without a release maps to nothing, so that it is the stricter one there, though it restricts less here.
        """
        if label == other:
            return True
        for each in self.equivalences:
            if each.source != spif.name:
                continue
            target = self.spifs[each.target]
            mapped = map_label(label, each, spif, target, now)
            if isinstance(mapped, Decision):
                continue
            theirs = map_label(other, each, spif, target, now)
            follow = self.follow_succession
            if isinstance(theirs, Decision):
                return False
            if not joining.covers(mapped, theirs, target, now, follow_succession=follow):
                return False
        return True

    def _reads(self, source: Spif, target: str) -> bool:
        """Whether an equivalence would say something in the place of an alternative."""
        return any(each.source == source.name and each.target == target for each in self.equivalences)

    def covers(self, label: Label, other: Label, now: datetime) -> bool:
        """Whether `label` is at least as strict as `other` to everybody: to those who read alternatives too."""
        spif = self.spif(label.policy)
        if spif is None or not spif.same_name(other.policy):
            return False
        if not joining.covers(label, other, spif, now, follow_succession=self.follow_succession):
            return False
        if other.metadata is not None and label.metadata != other.metadata:
            return False
        if not self._maps_alike(label, other, spif, now) or not self._agrees(other, spif, now):
            return False
        if self._policies(label) != self._policies(other):
            return not label.alternatives and not any(self._reads(spif, policy) for policy in self._policies(other))
        for mine, same in zip(label.alternatives, other.alternatives, strict=True):
            theirs = self.spif(mine.policy)
            if theirs is None:
                if mine != same:
                    return False
            elif not joining.covers(mine, same, theirs, now, follow_succession=self.follow_succession):
                return False
        return True

    def complete(
        self, label: Label, *, created_at: datetime, review_at: datetime, originator: str | None = None
    ) -> Label:
        """The label with what it needs to be written, where it has none: see `gateway.labels.completing.complete`."""
        return complete(label, self.spif, created_at=created_at, review_at=review_at, originator=originator)


_NOWHERE = Label(policy="", classification="")
_DIRECTIONS = (Direction.ENCRYPT, Direction.DECRYPT)
_ENCRYPT = Direction.ENCRYPT  # found faster than in its class
_NO_LABEL = Judgement(decision=deny("no-label"), label=_NOWHERE, decided_on=_NOWHERE, basis="none")


def _denied(label: Label, rule: str, detail: str) -> Judgement:
    return Judgement(decision=deny(rule, detail), label=label, decided_on=label, basis="none")


def _ending(judgement: Judgement, instant: datetime | None) -> Judgement:
    decision = until(judgement.decision, instant)
    return judgement if decision is judgement.decision else msgspec.structs.replace(judgement, decision=decision)


def _of(spif: Spif, clearances: Clearances) -> Clearance | None:
    """The clearance that speaks for a policy."""
    for clearance in clearances:
        if clearance.policy == spif.name or spif.same_name(clearance.policy):
            return clearance
    return None
