"""Labels, tracks and clearances in words, for people and for JSON."""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.cli.output import printable
from gateway.clock import utc_text
from gateway.labels.clearance import Clearance
from gateway.labels.decision import Judgement
from gateway.labels.marking import marking
from gateway.policy.personal import is_station
from gateway.policy.policy import Policy
from gateway.track import Label, Track

_BASIS = {"alternative": "on the alternative label", "equivalence": "by a signed-off equivalence"}
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""For a label without a time of its own: words of a policy that are valid from some day on are then told plainly."""


def marking_of(policy: Policy, label: Label) -> str:
    """The label as people mark documents with it; in plain words where it is not valid under a policy that we know."""
    spif = policy.book.spif(label.policy)
    text = marking(label, spif, label.created_at or _LONG_AGO) if spif is not None else ""
    return printable(text or _plainly(label))


def _plainly(label: Label) -> str:
    text = f"{label.policy} {label.classification}"
    for one in label.categories:
        text += f" {one.tag} {'/'.join(one.values) or 'nobody'}"
    return text


def label_of(policy: Policy, label: Label) -> dict[str, object]:
    """The label as JSON."""
    then = label.successor
    return {
        "marking": marking_of(policy, label),
        "policy": label.policy,
        "classification": label.classification,
        "categories": [{"tag": one.tag, "kind": one.kind, "values": one.values} for one in label.categories],
        "tlp": label.tlp,
        "purpose": label.purpose,
        "alternatives": [marking_of(policy, one) for one in label.alternatives],
        "review": None if label.review_at is None else utc_text(label.review_at),
        "succession": None if then is None else {"at": utc_text(then.at), "label": label_of(policy, then.label)},
    }


def judgement_words(policy: Policy, judgement: Judgement) -> str:
    """That a label permits, and on what that rests; or by which rule it denies."""
    decision = judgement.decision
    if not decision.permit:
        return f"denies: {decision.rule}" + (f" {printable(decision.detail)}" if decision.detail else "")
    words = _BASIS.get(judgement.basis)
    return "permits" + (f", {words}: {marking_of(policy, judgement.decided_on)}" if words else "")


def clearance_words(clearance: Clearance) -> str:
    """A clearance on one line."""
    text = f"{clearance.policy}: {', '.join(clearance.classifications) or 'no classification'}"
    for one in clearance.categories:
        text += f"; {one.tag} {', '.join(one.values) or 'nothing'}"
    return printable(text)


def what_is(track: Track) -> str:
    """Which track it is, on one line. Where a person stands is not told."""
    told = [track.track_id or "-"]
    if track.identifiers:
        told.append(" ".join(f"{one.scheme} {one.value}" for one in track.identifiers[:2]))
    kind = [track.environment.value, track.identity.value.value if track.identity is not None else "", track.platform]
    told.append(" ".join(part for part in kind if part))
    state = track.state
    if state is not None:
        if state.position is not None and not is_station(track):
            told.append(f"{state.position.latitude_deg:.5f}, {state.position.longitude_deg:.5f}")
        told.append(f"at {utc_text(state.time)}")
    return printable("; ".join(told))


def seconds(value: float) -> str:
    """A number of seconds."""
    return f"{value:g} s"
