"""Who is reached by what: partners and groups that are shown nothing, labels for nobody, things that nobody uses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from gateway.labels.equivalence import Direction
from gateway.policy.lint import codes
from gateway.policy.lint.finding import Facts, Finding, Severity
from gateway.policy.lint.implication import covers_glob
from gateway.policy.lint.order import reached_groups
from gateway.policy.policy import Policy
from gateway.policy.terms import Admittance, Condition


def check_reach(policy: Policy, facts: Facts, now: datetime) -> Iterator[Finding]:
    """Partners, groups, labels and clearances that come to nothing."""
    sees = _seen_labels(policy, now)
    yield from _partners(policy, facts, sees)
    yield from _groups(policy, sees)
    yield from _labels(policy, facts, sees)
    yield from _dated(policy, facts, now)
    yield from _sources(policy, facts)
    yield from _inbound(policy)
    used = facts.clearances_in_use
    for name in sorted(set(policy.clearances) - used) if used is not None else ():
        words = f'clearance "{name}" is held by nobody'
        yield Finding(code=codes.UNUSED_CLEARANCE, severity=Severity.WARNING, path=("clearance", name), words=words)


def check_equivalences(policy: Policy, facts: Facts, now: datetime) -> Iterator[Finding]:
    """Equivalences that lead nowhere, whose sign-off is old or to come, and stated ones that nobody signed off."""
    today = now.date()
    equivalences = policy.book.equivalences
    for index, one in enumerate(equivalences):
        name = f"equivalence from {one.source} to {one.target}"
        held = [policy.own] if one.direction is not Direction.ENCRYPT else []
        held += policy.partners.values() if one.direction is not Direction.DECRYPT else ()
        if not any(clearance.policy == one.target for clearances in held for clearance in clearances):
            words = f"{name}: nobody whom direction {one.direction} is about has a clearance of {one.target}"
            yield Finding(
                code=codes.UNUSED_EQUIVALENCE, severity=Severity.WARNING, path=("equivalence", index), words=words
            )
        signed = date.fromisoformat(one.signed_off_on)
        path = ("equivalence", index, "signed_off_on")
        if signed > today:
            words = f"{name}: signed off on {signed}, which is still to come"
            yield Finding(code=codes.SIGN_OFF, severity=Severity.ERROR, path=path, words=words)
        elif (today - signed).days > facts.sign_off_days:
            words = f"{name}: signed off {(today - signed).days} days ago, on {signed}"
            yield Finding(code=codes.SIGN_OFF_OLD, severity=Severity.WARNING, path=path, words=words)
    adopted = {(one.source, one.target) for one in equivalences}
    for source, target in sorted(_stated(policy) - adopted):
        words = f"security policy {source} states what its classifications are in {target}"
        yield Finding(code=codes.NOT_ADOPTED, severity=Severity.NOTE, path=("equivalence",), words=words)


def _stated(policy: Policy) -> set[tuple[str, str]]:
    """(security policy, other security policy) of which the first one's file states equivalences, and which somebody
    would need: he reads the other one only, and labels of the first come to him."""
    by_oid = {spif.oid: spif.name for spif in policy.book.spifs.values()}
    given = {marking.label.policy for marking in policy.markings}
    spoken = {one.policy for held in policy.partners.values() for one in held}
    readers = [(given, {one.policy for one in held}) for held in policy.partners.values()]
    readers.append((spoken, {one.policy for one in policy.own}))
    return {
        (spif.name, other)
        for spif in policy.book.spifs.values()
        for level in spif.levels.values()
        for one in level.equivalents
        if (other := by_oid.get(one.policy)) is not None
        and any(spif.name in labels and other in read and spif.name not in read for labels, read in readers)
    }


def _seen_labels(policy: Policy, now: datetime) -> dict[str, dict[int, str]]:
    """For each partner the markings whose label it may see, and those that it may not with the rule that says so."""
    seen: dict[str, dict[int, str]] = {}
    for partner, clearances in policy.partners.items():
        verdicts = {}
        for index, marking in enumerate(policy.markings):
            decision = policy.book.judge(marking.label, clearances, now, direction=Direction.ENCRYPT).decision
            verdicts[index] = "" if decision.permit else f"{decision.rule} {decision.detail}".strip()
        seen[partner] = verdicts
    return seen


def _partners(policy: Policy, facts: Facts, sees: dict[str, dict[int, str]]) -> Iterator[Finding]:
    grouped = {partner for members in policy.groups.values() for partner in members}
    reached = reached_groups(policy)
    # Of labels that tracks of partners come with nothing is known here: whoever gets those alone is not accused
    from_here = {
        partner
        for group, members in policy.groups.items()
        for partner in members
        if any(rule.release and not rule.onward and group in reached[rule.id] for rule in policy.releases)
        or not any(rule.release and rule.onward and group in reached[rule.id] for rule in policy.releases)
    }
    for partner, clearances in policy.partners.items():
        path = ("partner", partner)
        if partner not in grouped:
            words = f'partner "{partner}" is in no group'
            yield Finding(code=codes.NO_GROUP, severity=Severity.WARNING, path=path, words=words)
        if not clearances:
            words = f'partner "{partner}" has no clearance'
            yield Finding(code=codes.NO_CLEARANCE, severity=Severity.WARNING, path=path, words=words)
        elif (partner in from_here or partner not in grouped) and sees[partner] and all(sees[partner].values()):
            reasons = ", ".join(f"{_label(facts, index)}: {why}" for index, why in list(sees[partner].items())[:5])
            words = f'partner "{partner}" may see none of the labels that markings give ({reasons})'
            yield Finding(code=codes.SEES_NOTHING, severity=Severity.WARNING, path=path, words=words)
        if facts.links is not None and partner not in facts.links:
            words = f'partner "{partner}" has no link'
            yield Finding(code=codes.NO_LINK, severity=Severity.WARNING, path=path, words=words)


def _groups(policy: Policy, sees: dict[str, dict[int, str]]) -> Iterator[Finding]:
    reached = reached_groups(policy)
    for group, members in policy.groups.items():
        rules = [rule for rule in policy.releases if rule.release and group in reached[rule.id]]
        path = ("group", group)
        if not rules:
            words = f'no rule releases anything to group "{group}"'
            yield Finding(code=codes.NO_RELEASE, severity=Severity.WARNING, path=path, words=words)
            continue
        # Tracks of partners come with labels of their own: of those nothing is known here
        own = [rule for rule in rules if not rule.onward]
        if own and members and all(sees.get(one) and all(sees[one].values()) for one in members):
            words = f'nobody in group "{group}" may see any label that a marking gives'
            yield Finding(code=codes.NO_RELEASE, severity=Severity.WARNING, path=path, words=words)


def _labels(policy: Policy, facts: Facts, sees: dict[str, dict[int, str]]) -> Iterator[Finding]:
    told = set()
    for index, marking in enumerate(policy.markings):
        if marking.label in told:
            continue
        told.add(marking.label)
        if sees and all(verdicts[index] for verdicts in sees.values()):
            words = f"no partner may see label {_label(facts, index)}"
            yield Finding(
                code=codes.LABEL_FOR_NOBODY, severity=Severity.NOTE, path=("marking", index, "label"), words=words
            )


def _dated(policy: Policy, facts: Facts, now: datetime) -> Iterator[Finding]:
    """Labels with obsolete words, or with words that are not valid now, though they were when the policy was issued."""
    told = set()
    for index, marking in enumerate(policy.markings):
        for wrong in policy.book.check(marking.label, now, new=True) if marking.label not in told else ():
            words = f"label {_label(facts, index)}: {wrong.place}: {wrong.code.title} ({wrong.cause})"
            path = ("marking", index, "label")
            yield Finding(code=codes.LABEL_DATED, severity=Severity.WARNING, path=path, words=words)
        told.add(marking.label)


def _sources(policy: Policy, facts: Facts) -> Iterator[Finding]:
    if facts.sources is None:
        return
    for source in facts.sources:
        if not any(_is_for(marking.when, source) for marking in policy.markings):
            words = f'no marking is for source "{source}": tracks that bring no label of their own stay here'
            yield Finding(code=codes.UNMARKED_SOURCE, severity=Severity.WARNING, path=("marking",), words=words)
    for table, index, name, when in (
        *(("marking", index, rule.id, rule.when) for index, rule in enumerate(policy.markings)),
        *(("release", index, rule.id, rule.when) for index, rule in enumerate(policy.releases)),
    ):
        for pattern in when.sources:
            if not any(covers_glob(pattern, source) for source in facts.sources):
                words = f'{table} rule "{name}": source "{pattern}" is none that is configured'
                path = (table, index, "when", "source")
                yield Finding(code=codes.UNKNOWN_SOURCE, severity=Severity.WARNING, path=path, words=words)


def _is_for(when: Condition, source: str) -> bool:
    return not when.sources or any(covers_glob(pattern, source) for pattern in when.sources)


def _inbound(policy: Policy) -> Iterator[Finding]:
    if not policy.partners:
        return
    if not any(rule.admit is Admittance.ACCEPT for rule in policy.accepts):
        words = "no accept rule lets anything of partners in"
        yield Finding(code=codes.ACCEPTS_NOTHING, severity=Severity.NOTE, path=("accept",), words=words)
    elif not policy.own:
        words = "this node has no clearance of its own, and no label is one that it may receive"
        yield Finding(code=codes.ACCEPTS_NOTHING, severity=Severity.WARNING, path=("own",), words=words)


def _label(facts: Facts, index: int) -> str:
    name = facts.labels.get(index)
    return f'"{name}"' if name else f"of marking {index + 1}"
