"""What single rules let out that somebody may not expect: personal data, free text, milder identities, any label."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from gateway.policy.lint import codes
from gateway.policy.lint.finding import Facts, Finding, Path, Severity
from gateway.policy.lint.order import reached_groups
from gateway.policy.policy import Policy
from gateway.policy.terms import Field, ReleaseRule
from gateway.track import Identity

SOON = timedelta(days=30)
_OPAQUE = frozenset((Field.RAW, Field.EXTENSIONS, Field.REMARKS))
"""What nobody can look through. Any other field takes them along; dropped by themselves they leave each other in."""
_SAME_NAMES = frozenset((Field.NAME, Field.IDENTIFIERS))
"""A callsign stands in both."""
_MILDNESS = {
    Identity.HOSTILE: 0,
    Identity.SUSPECT: 1,
    Identity.PENDING: 2,
    Identity.UNKNOWN: 2,
    Identity.NEUTRAL: 3,
    Identity.ASSUMED_FRIEND: 4,
    Identity.FRIEND: 5,
}


def check_content(policy: Policy, facts: Facts, now: datetime) -> Iterator[Finding]:
    """What each rule lets out, rule by rule, and whether the policy is due for review."""
    reached = reached_groups(policy)
    for index, rule in enumerate(policy.releases):
        if rule.release:
            path: Path = ("release", index)
            yield from _left_in(rule, path)
            yield from _personal(rule, path, reached[rule.id])
            yield from _downgrade(rule, path)
    untested = [(index, rule.id) for index, rule in enumerate(policy.releases) if rule.release and not rule.when.labels]
    if untested:
        names = ", ".join(f'"{name}"' for _, name in untested[:10]) + (", ..." if len(untested) > 10 else "")
        words = f"{len(untested)} of {len(policy.releases)} rules release whatever label a track has: {names}"
        path = ("release", untested[0][0])
        yield Finding(code=codes.NO_LABEL_TEST, severity=Severity.NOTE, path=path, words=words)
    yield from _review(facts, now)


def _left_in(rule: ReleaseRule, path: Path) -> Iterator[Finding]:
    taken = rule.redaction
    drop = taken.drop
    is_alone = drop <= _OPAQUE - {Field.REMARKS} and not (
        taken.position_grid_m or taken.altitude_grid_m or taken.identities
    )
    for group, hidden in ((_OPAQUE, drop if is_alone else frozenset()), (_SAME_NAMES, drop & _SAME_NAMES)):
        left = sorted(group - drop)
        if hidden and left:
            words = (
                f'release rule "{rule.id}" takes out {" and ".join(sorted(hidden))} and leaves {" and ".join(left)} in'
            )
            yield Finding(code=codes.LEFT_IN, severity=Severity.NOTE, path=(*path, "drop"), words=words)


def _personal(rule: ReleaseRule, path: Path, groups: frozenset[str]) -> Iterator[Finding]:
    if rule.personal_data and groups and Field.OPERATOR not in rule.redaction.drop:
        words = f'release rule "{rule.id}" shows who flies a drone, and from where, to {", ".join(sorted(groups))}'
        path = (*path, "personal_data")
        yield Finding(code=codes.PERSONAL, severity=Severity.WARNING, path=path, words=words)


def _downgrade(rule: ReleaseRule, path: Path) -> Iterator[Finding]:
    for before, after in rule.redaction.identities.items():
        if _MILDNESS[after] > _MILDNESS[before]:
            severity = Severity.WARNING if before in (Identity.HOSTILE, Identity.SUSPECT) else Severity.NOTE
            words = f'release rule "{rule.id}" shows {before} as {after}'
        elif _MILDNESS[after] < _MILDNESS[before] and after in (Identity.HOSTILE, Identity.SUSPECT):
            severity = Severity.WARNING  # somebody may act on it, and nobody has said so
            words = f'release rule "{rule.id}" shows {before} as {after}, which nobody has declared'
        else:
            continue
        yield Finding(code=codes.DOWNGRADE, severity=severity, path=(*path, "downgrade", before.value), words=words)


def _review(facts: Facts, now: datetime) -> Iterator[Finding]:
    if facts.issued_at is not None and facts.issued_at > now:
        words = f"the policy is issued on {facts.issued_at:%Y-%m-%d}, and so are the labels that it gives"
        path: Path = ("policy", "issued")
        yield Finding(code=codes.ISSUED_LATER, severity=Severity.WARNING, path=path, words=words)
    path = ("policy", "review")
    if facts.review_at is None:
        return
    if facts.review_at <= now:
        words = f"the policy was to be reviewed by {facts.review_at:%Y-%m-%d}"
        yield Finding(code=codes.REVIEW_PASSED, severity=Severity.WARNING, path=path, words=words)
    elif facts.review_at - now <= SOON:
        words = f"the policy is to be reviewed by {facts.review_at:%Y-%m-%d}, in {(facts.review_at - now).days} days"
        yield Finding(code=codes.REVIEW_SOON, severity=Severity.NOTE, path=path, words=words)
