"""``gateway policy lint``: what looks wrong in a policy that is valid in itself, each with its place and remedy."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence

from gateway.cli.output import as_json, data, paint, printable, say
from gateway.cli.policy_files import Found
from gateway.config import Config
from gateway.config.policy_file import PolicyFile
from gateway.policy.lint import Facts, Finding, Severity

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}


def facts_of(found: Found, sign_off_days: int) -> Facts:
    """What the files say beside the rules; what only a configuration can say is absent without one."""
    file, config = found.loaded.file, found.config
    return Facts(
        issued_at=file.policy.issued,
        review_at=file.policy.review,
        clearances_in_use=None if config is None else _held(file, config),
        sources=None if config is None else tuple(config.source),
        links=None if config is None else tuple(config.link),
        labels={index: one.label for index, one in enumerate(file.marking)},
        sign_off_days=sign_off_days,
    )


def _held(file: PolicyFile, config: Config) -> frozenset[str]:
    """Names of the clearances that somebody holds."""
    names = {*file.own.clearances, *(name for one in file.partner.values() for name in one.clearances)}
    names.update(name for client in config.client.values() for name in client.clearance or ())
    names.update(name for source in config.source.values() for name in source.clearance)
    names.update(name for feed in config.feed.values() for name in feed.clearance or ())
    return frozenset(names)


def left(findings: Sequence[Finding], ignored: Collection[str]) -> list[Finding]:
    """The findings without those whose codes are ignored."""
    codes = {code.upper() for code in ignored}
    return [one for one in findings if one.code.id not in codes]


def is_failure(findings: Sequence[Finding], *, strict: bool) -> bool:
    """Whether the findings end the command with exit code 1."""
    failing = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    return any(one.severity in failing for one in findings)


def show(found: Found, findings: Sequence[Finding], *, json: bool) -> None:
    """The findings with their places, and how many of each kind there are."""
    loaded = found.loaded
    counts = {severity: sum(one.severity is severity for one in findings) for severity in Severity}
    if json:
        as_json(
            {
                "policy": str(loaded.path),
                "digest": loaded.digest,
                **{f"{severity.value}s": count for severity, count in counts.items()},
                "findings": [
                    {
                        "code": one.code.id,
                        "title": one.code.title,
                        "severity": one.severity.value,
                        "place": loaded.place(one.path),
                        "words": one.words,
                        "remedy": one.advice,
                    }
                    for one in findings
                ],
            }
        )
        return
    for one in findings:
        head = paint(f"{one.severity.value}[{one.code.id}]", _COLOURS[one.severity], sys.stdout)
        data(f"{head} {printable(one.words)}")
        data(f"  {'place':<10} {loaded.place(one.path)}")
        data(f"  {'try':<10} {one.advice}")
    told = ", ".join(f"{count} {severity.value}{'' if count == 1 else 's'}" for severity, count in counts.items())
    say(f"{loaded.path}: {told}")
    if findings:
        say(f"next: gateway explain {findings[0].code.id}")
    if found.config is None:
        say("note: without a configuration, sources, links and national clearances are not looked at")
