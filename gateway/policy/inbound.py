"""Inbound, step 6 of the receive path: are the message's label and its tracks' labels on the list?"""

from __future__ import annotations

from gateway.errors import Code, PolicyError
from gateway.policy import codes
from gateway.policy.rules import Policy, Rule
from gateway.stages import Accepted, Opened
from gateway.track import Label, LabelCategory


def accept(policy: Policy, opened: Opened) -> Accepted:
    """The message with its tracks, if every label in it is let in.

    Raises `PolicyError` ``POL-001`` to ``POL-003`` with the rule's name. One label that is not let in refuses the whole
    message: a part that were dropped would be missing in silence.
    """
    message = opened.message
    _check(policy, message.header.label, "message")
    for track in message.tracks:
        if track.label is not None and track.label != message.header.label:
            _check(policy, track.label, f"track {track.track_id}")
    return Accepted(opened=opened, tracks=message.tracks, rule=Rule.LISTED_LABEL)


def _check(policy: Policy, label: Label, place: str) -> None:
    if (label.policy, label.classification) not in policy.accepted:
        if label.policy not in {name for name, _ in policy.accepted}:
            raise _refusal(codes.UNKNOWN_POLICY, place, Rule.UNKNOWN_POLICY, label.policy)
        raise _refusal(codes.UNKNOWN_CLASSIFICATION, place, Rule.UNKNOWN_CLASSIFICATION, label.classification)
    for category in label.categories:
        if not _is_decidable(policy, category):
            raise _refusal(codes.UNKNOWN_CATEGORY, place, Rule.UNKNOWN_CATEGORY, f"{category.kind} {category.tag}")


def _is_decidable(policy: Policy, category: LabelCategory) -> bool:
    """Informative categories decide nothing (ADatP-4774); any other must be one that our own label has, value by value.

    TLP and purpose bind what happens to the tracks later on; they do not keep a named recipient from receiving.
    """
    if category.kind == "INFORMATIVE":
        return True
    return any(
        own.tag == category.tag and own.kind == category.kind and set(category.values) <= set(own.values)
        for own in policy.label.categories
    )


def _refusal(code: Code, place: str, rule: str, observed: str) -> PolicyError:
    return PolicyError(code, place=place, cause=f"rule {rule}: observed {observed[:80]!r}")
