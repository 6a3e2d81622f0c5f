"""Whether a label may go to each of several partners, and under which one label all of those get it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from gateway.labels.equivalence import Direction
from gateway.policy.policy import Policy
from gateway.track import Label

LABEL_REFUSED = "release.refused.label."


class Permission(Struct, frozen=True, kw_only=True, gc=False):
    """What a label means to the members of a release group."""

    permitted: tuple[str, ...]
    denied: tuple[tuple[str, tuple[str, ...]], ...]
    """(rule id, members), for each rule that denies some of them."""
    label: Label
    """The label to send, with the alternatives that signed-off equivalences add for any of the permitted."""
    until: datetime | None
    """The answer may be another one from then on."""


def permission(policy: Policy, label: Label, members: Sequence[str], now: datetime) -> Permission:
    """Which members may see what bears the label. Every one of them is asked, and none for another."""
    permitted: list[str] = []
    denied: dict[str, list[str]] = {}
    sent = label
    until: datetime | None = None
    for member in members:
        judgement = policy.book.judge(label, policy.partners.get(member, ()), now, direction=Direction.ENCRYPT)
        decision = judgement.decision
        until = _earlier(until, decision.until)
        if decision.permit:
            permitted.append(member)
            sent = _joined(sent, judgement.label)
        else:
            denied.setdefault(LABEL_REFUSED + decision.rule, []).append(member)
    if sent is not label:  # what was added for one must not change what another is told
        for member in tuple(permitted):
            decision = policy.book.judge(
                sent, policy.partners.get(member, ()), now, direction=Direction.ENCRYPT
            ).decision
            until = _earlier(until, decision.until)
            if not decision.permit:
                permitted.remove(member)
                denied.setdefault(LABEL_REFUSED + decision.rule, []).append(member)
    return Permission(
        permitted=tuple(permitted),
        denied=tuple([(rule, tuple(names)) for rule, names in denied.items()]),
        label=sent,
        until=until,
    )


def _joined(label: Label, other: Label) -> Label:
    """The label with those alternatives of the other that it has not."""
    if other.alternatives == label.alternatives:
        return label
    more = tuple([one for one in other.alternatives if one not in label.alternatives])
    return replace(label, alternatives=(*label.alternatives, *more)) if more else label


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return min(one, other)
