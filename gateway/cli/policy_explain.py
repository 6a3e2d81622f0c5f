"""``gateway policy explain``: why one track goes to one partner or does not, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from gateway.cli.output import printable
from gateway.cli.policy_words import clearance_words, judgement_words, label_of, marking_of, seconds, what_is
from gateway.clock import utc_text
from gateway.labels.decision import Judgement
from gateway.labels.equivalence import Direction
from gateway.policy.engine import NO_RULE
from gateway.policy.policy import Policy
from gateway.policy.trace import Explanation, Marked, Tried, Verdict, trace
from gateway.track import Label, Loss, Track

_WIDE = 26


def explanations(
    policy: Policy, track: Track, *, source: str | None, origin: str, partners: Sequence[str], now: datetime
) -> list[Explanation]:
    """The explanation for each partner."""
    return [trace(policy, track, source=source, origin=origin, partner=partner, now=now) for partner in partners]


def outcome(explained: Explanation) -> str:
    """``RELEASED``, ``HELD`` (released later) or ``WITHHELD``."""
    if not explained.released:
        return "WITHHELD"
    now = [one for one in explained.verdicts if one.released and one.until is None]
    return "RELEASED" if now else "HELD"


def lines(policy: Policy, explained: Sequence[Explanation]) -> Iterator[str]:
    """One track and what becomes of it, partner by partner, as people read it."""
    first = explained[0]
    yield f"track {what_is(first.track)}"
    whose = f"of {first.source}" if first.source else "of this node" if first.marked else f"of {first.origin}"
    yield f"  {whose}, decided as of {utc_text(first.now)} by policy {policy.name} {first.policy[:12]}.."
    yield from _label_lines(policy, first)
    for one in explained:
        yield f"  to {one.partner}"
        for clearance in policy.partners.get(one.partner, ()):
            yield f"    {'holds':<{_WIDE}} {clearance_words(clearance)}"
        if not one.verdicts:
            yield f"    {'group':<{_WIDE}} the partner is in no release group"
        for verdict in one.verdicts:
            yield from _verdict_lines(policy, one, verdict)
        yield f"    {outcome(one)}" + _summary(policy, one)


def _label_lines(policy: Policy, explained: Explanation) -> Iterator[str]:
    marked = explained.marked
    if marked is None:
        label = explained.track.label
        yield "  label"
        yield f"    {'as it came':<{_WIDE}} {marking_of(policy, label) if label else 'none: it goes nowhere'}"
        return
    yield "  label"
    if marked.given is not None:
        yield f"    {'as its source gave it':<{_WIDE}} {marking_of(policy, marked.given)}"
    for tried in marked.tried:
        yield attempt_line(tried)
    label = marked.label
    shown = marking_of(policy, label) if label is not None else "none: it goes nowhere"
    yield f"    {'label':<{_WIDE}} {shown}" + (f" ({printable(marked.why)})" if marked.why else "")


def _verdict_lines(policy: Policy, explained: Explanation, verdict: Verdict) -> Iterator[str]:
    yield f"    {'group':<{_WIDE}} {verdict.group}"
    for tried in verdict.tried:
        yield attempt_line(tried)
    judgement = _judgement(policy, explained, verdict)
    if judgement is not None:
        yield f"    {'clearance':<{_WIDE}} {judgement_words(policy, judgement)}"
    elif not verdict.released:
        why = printable(verdict.why)
        if verdict.rule == NO_RULE and not verdict.tried:  # nothing above tells what was looked for
            onward = "" if explained.origin == policy.node else " and lets tracks of partners go on (onward = true)"
            why = f"no release rule is about this group{onward}"
        yield f"    {'decided by':<{_WIDE}} {verdict.rule}" + (f": {why}" if why else "")
    for text, losses in _taken(verdict.losses):
        yield f"    {text:<{_WIDE}} {', '.join(losses)}"
    if verdict.until is not None:
        yield f"    {'held until':<{_WIDE}} {utc_text(verdict.until)}"
    if verdict.every_s:
        yield f"    {'at most one snapshot in':<{_WIDE}} {seconds(verdict.every_s)}"


def attempt_line(tried: Tried) -> str:
    """A rule that was tried, on one line."""
    met = {True: "met", False: "not met", None: "not said"}[tried.met]
    told = [met]
    if tried.why:
        told.append(printable(tried.why))
    if tried.effect != "passed":
        told.append(tried.effect)
    return f"    {tried.rule:<{_WIDE}} {', '.join(told)}"


def _judgement(policy: Policy, explained: Explanation, verdict: Verdict) -> Judgement | None:
    """What the clearances say of the label as it was before equivalences added to it: then it is told what it rests
    on."""
    label, final = _label_before(explained), verdict.judgement
    if final is None or not final.decision.permit or label is None:
        return final
    clearances = policy.partners.get(explained.partner, ())
    first = policy.book.judge(label, clearances, explained.now, direction=Direction.ENCRYPT)
    return first if first.decision.permit else final


def _label_before(explained: Explanation) -> Label | None:
    return explained.marked.label if explained.marked is not None else explained.track.label


_TAKEN = {"WITHHELD": "taken out", "COARSENED": "made coarser", "DOWNGRADED": "made milder"}


def _taken(losses: Sequence[Loss]) -> Iterator[tuple[str, list[str]]]:
    for reason in dict.fromkeys(one.reason for one in losses):
        yield _TAKEN.get(reason, reason.lower()), [one.field for one in losses if one.reason == reason]


def _summary(policy: Policy, explained: Explanation) -> str:
    for verdict in explained.verdicts:
        if verdict.released:
            under = f" under {marking_of(policy, verdict.label)}" if verdict.label is not None else ""
            return f" by {verdict.rule}{under}"
    return "".join(f" by {verdict.rule}" for verdict in explained.verdicts[:1])


# ----------------------------------------------------------------------------------------------------------------- JSON


def document(policy: Policy, explained: Explanation, *, place: str = "") -> dict[str, object]:
    """One explanation as JSON. The track itself is not repeated: it may tell more than the partner is to know."""
    track = explained.track
    return {
        "track_id": track.track_id,
        "place": place,
        "partner": explained.partner,
        "origin": explained.origin,
        "source": explained.source,
        "at": utc_text(explained.now),
        "policy": explained.policy,
        "outcome": outcome(explained),
        "marked": None if explained.marked is None else _marked(policy, explained.marked),
        "label": _labelled(policy, explained),
        "clearances": [clearance_words(one) for one in policy.partners.get(explained.partner, ())],
        "groups": [_verdict(policy, explained, one) for one in explained.verdicts],
    }


def _labelled(policy: Policy, explained: Explanation) -> dict[str, object] | None:
    label = _label_before(explained)
    return None if label is None else label_of(policy, label)


def _marked(policy: Policy, marked: Marked) -> dict[str, object]:
    return {
        "tried": [attempt(one) for one in marked.tried],
        "rule": marked.rule,
        "given": None if marked.given is None else label_of(policy, marked.given),
        "why": marked.why,
    }


def _verdict(policy: Policy, explained: Explanation, verdict: Verdict) -> dict[str, object]:
    judgement = _judgement(policy, explained, verdict)
    decision = None
    if judgement is not None:
        decision = {
            "permit": judgement.decision.permit,
            "rule": judgement.decision.rule,
            "detail": judgement.decision.detail,
            "basis": judgement.basis,
            "decided_on": label_of(policy, judgement.decided_on),
        }
    return {
        "group": verdict.group,
        "tried": [attempt(one) for one in verdict.tried],
        "rule": verdict.rule,
        "released": verdict.released,
        "why": verdict.why,
        "decision": decision,
        "label": None if verdict.label is None else label_of(policy, verdict.label),
        "losses": [{"field": one.field, "reason": one.reason} for one in verdict.losses],
        "until": None if verdict.until is None else utc_text(verdict.until),
        "every_s": verdict.every_s,
    }


def attempt(tried: Tried) -> dict[str, object]:
    """A rule that was tried, as JSON."""
    return {"rule": tried.rule, "met": tried.met, "why": tried.why, "effect": tried.effect}
