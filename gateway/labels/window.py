"""From when until when an answer about a label holds: nothing that it rests on begins or ends in between."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from gateway.track import Label, Succession

Window = tuple[datetime | None, datetime | None]
"""(since, until); `None` is for ever, that way."""


def window(label: Label, boundaries: Iterable[datetime], now: datetime) -> Window:
    """As long as this holds, nothing about `label` changes by itself; `boundaries` are those of the policies."""
    instants = [*boundaries]
    waiting: list[Label] = [label, *label.alternatives]
    if label.metadata is not None:
        waiting.append(label.metadata)
    for each in waiting:
        following: Succession | None = each.successor
        while following is not None:
            instants.append(following.at)
            following = following.label.successor
    if not instants:
        return None, None
    return (
        max((at for at in instants if at <= now), default=None),
        min((at for at in instants if at > now), default=None),
    )


def holds(window: Window, now: datetime) -> bool:
    """Whether an answer is still, and already, the one to give."""
    since, until = window
    return (since is None or since <= now) and (until is None or now < until)
