"""What the order of rules does: rules that are never reached, and rules that let out what one above keeps in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from gateway.policy.engine import keeps_back
from gateway.policy.lint import codes
from gateway.policy.lint.finding import Finding, Path, Severity
from gateway.policy.lint.implication import implies, why_never
from gateway.policy.policy import Policy
from gateway.policy.terms import Admittance, Condition, ReleaseRule

_ANYBODY = "*"
"""Stands for partners that the policy does not name, whom only a rule without partners is about."""


class _Line(Struct, frozen=True, kw_only=True):
    """One rule of an ordered list, as far as order is concerned."""

    table: str
    index: int
    id: str
    scopes: frozenset[str]
    """Groups or partners that it is about."""
    lane: bool = False
    """Rules of different lanes are about different tracks."""
    when: Condition
    takes_unsaid: bool
    """Whether it decides on a track that does not say what is asked for: what keeps something back does."""
    acts_unsaid: bool
    """Whether it does anything to such a track: what it takes out, or the label that it gives, counts beside the
    deciding rule's."""

    @property
    def path(self) -> Path:
        return (self.table, self.index)


def check_order(policy: Policy) -> Iterator[Finding]:
    """Every rule that does nothing, and every release that undoes what another rule keeps."""
    for lines in (_markings(policy), _releases(policy), _accepts(policy)):
        for index, line in enumerate(lines):
            key, why = why_never(line.when, lenient=line.acts_unsaid)
            if why:
                words = f'{line.table} rule "{line.id}" is never met: {why}'
                path = (*line.path, "when", key)
                yield Finding(code=codes.NEVER_MET, severity=Severity.ERROR, path=path, words=words)
            elif takers := _takers(line, lines[:index]):
                yield _unreachable(line, takers)
            elif line.acts_unsaid and (takers := _takers(line, lines[:index], as_named=True)):
                yield _too_late(line, takers)
    yield from _undone(policy)


def reached_groups(policy: Policy) -> dict[str, frozenset[str]]:
    """For each release rule, by its id, the groups that it does anything for: some track reaches it."""
    lines = _releases(policy)
    reached: dict[str, frozenset[str]] = {}
    for index, line in enumerate(lines):
        never = bool(why_never(line.when, lenient=line.acts_unsaid)[0])
        taken = {scope for one in lines[:index] if _takes(one, line) for scope in one.scopes}
        reached[line.id] = frozenset() if never else line.scopes - taken
    return reached


def groups_of(policy: Policy, rule: ReleaseRule) -> frozenset[str]:
    """The release groups that a rule is for."""
    return rule.groups or frozenset(policy.groups)


def _markings(policy: Policy) -> list[_Line]:
    return [
        _Line(
            table="marking",
            index=index,
            id=one.id,
            scopes=frozenset((_ANYBODY,)),
            when=one.when,
            takes_unsaid=False,
            acts_unsaid=True,
        )
        for index, one in enumerate(policy.markings)
    ]


def _releases(policy: Policy) -> list[_Line]:
    return [
        _Line(
            table="release",
            index=index,
            id=one.id,
            scopes=groups_of(policy, one),
            lane=one.onward,
            when=one.when,
            takes_unsaid=not one.release,
            acts_unsaid=not one.release or keeps_back(one),
        )
        for index, one in enumerate(policy.releases)
    ]


def _accepts(policy: Policy) -> list[_Line]:
    everybody = frozenset((*policy.partners, _ANYBODY))
    return [
        _Line(
            table="accept",
            index=index,
            id=one.id,
            scopes=one.partners or everybody,
            when=one.when,
            takes_unsaid=one.admit is not Admittance.ACCEPT,
            acts_unsaid=one.admit is not Admittance.ACCEPT,
        )
        for index, one in enumerate(policy.accepts)
    ]


def _takers(line: _Line, above: Sequence[_Line], *, as_named: bool = False) -> dict[str, str]:
    """For each scope of a rule the rule above that takes every track of it; empty unless that is so for all scopes.

    With `as_named` only tracks count that say what the rule asks for.
    """
    takers: dict[str, str] = {}
    for scope in sorted(line.scopes):
        taker = next((one for one in above if scope in one.scopes and _takes(one, line, as_named=as_named)), None)
        if taker is None:
            return {}
        takers[scope] = taker.id
    return takers


def _takes(broad: _Line, narrow: _Line, *, as_named: bool = False) -> bool:
    lenient = narrow.acts_unsaid and not as_named
    return broad.lane == narrow.lane and implies(
        narrow.when, broad.when, narrow_lenient=lenient, broad_lenient=broad.takes_unsaid
    )


def _unreachable(line: _Line, takers: Mapping[str, str]) -> Finding:
    words = f'{line.table} rule "{line.id}" is never reached: {_taken(takers, "it is about")}'
    return Finding(code=codes.UNREACHABLE, severity=Severity.ERROR, path=line.path, words=words)


def _too_late(line: _Line, takers: Mapping[str, str]) -> Finding:
    words = f'{line.table} rule "{line.id}" comes too late: {_taken(takers, "says what it asks for")}'
    return Finding(code=codes.TOO_LATE, severity=Severity.WARNING, path=line.path, words=words)


def _taken(takers: Mapping[str, str], which: str) -> str:
    by = sorted(set(takers.values()))
    if len(by) == 1:
        return f'"{by[0]}" above takes every track that {which}'
    told = ", ".join(f'for {scope} by "{rule}"' for scope, rule in takers.items())
    return f"every track that {which} is taken above: {told}"


# ---------------------------------------------------------------------------------- what one keeps and another lets out


def _undone(policy: Policy) -> Iterator[Finding]:
    rules = list(enumerate(policy.releases))
    for above, keeper in rules:
        if keeper.release or why_never(keeper.when)[0]:
            continue
        for at, letter in rules[above + 1 :]:
            if letter.release and letter.onward == keeper.onward:
                yield from _more(policy, keeper, at, letter)
                yield from _later(policy, above, keeper, at, letter)


def _more(policy: Policy, keeper: ReleaseRule, at: int, letter: ReleaseRule) -> Iterator[Finding]:
    """A rule that is for the groups of the withholding rule above and for others too, which see what those do not."""
    kept, shown = groups_of(policy, keeper), groups_of(policy, letter)
    if not kept & shown or not implies(keeper.when, letter.when):
        return
    others = sorted(group for group in shown - kept if not _taken_before(policy, at, group, keeper))
    if others:
        words = (
            f'release rule "{letter.id}" shows {", ".join(others)} what "{keeper.id}" above withholds from '
            f"{', '.join(sorted(kept))}"
        )
        # Who names the groups has thought of each; who means every group may have forgotten one
        severity = Severity.NOTE if letter.groups else Severity.WARNING
        yield Finding(code=codes.RELEASES_MORE, severity=severity, path=("release", at), words=words)


def _later(policy: Policy, above: int, keeper: ReleaseRule, at: int, letter: ReleaseRule) -> Iterator[Finding]:
    """A rule that shows the same group the same object, once it is older or elsewhere."""
    when = keeper.when
    changing = [
        word for word, there in (("young", when.max_age_s is not None), ("inside an area", when.areas)) if there
    ]
    lasting = replace(when, max_age_s=None, areas=())
    if not changing or not implies(lasting, letter.when):
        return
    both = groups_of(policy, keeper) & groups_of(policy, letter)
    free = sorted(group for group in both if not _taken_before(policy, at, group, replace(keeper, when=lasting)))
    if free:
        words = (
            f'release rule "{letter.id}" shows {", ".join(free)} what "{keeper.id}" above withholds only while it is '
            f"{' and '.join(changing)}"
        )
        yield Finding(code=codes.SLIPS_OUT, severity=Severity.NOTE, path=("release", above, "when"), words=words)


def _taken_before(policy: Policy, at: int, group: str, keeper: ReleaseRule) -> bool:
    """Whether another rule before `at` takes every track of the keeper's condition, for this group."""
    return any(
        group in groups_of(policy, rule)
        and rule.onward == keeper.onward
        and rule.id != keeper.id
        and implies(keeper.when, rule.when, broad_lenient=not rule.release)
        for rule in policy.releases[:at]
    )
