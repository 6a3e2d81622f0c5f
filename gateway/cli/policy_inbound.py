"""``gateway policy explain --from``: why a partner's message is let in or not, and what goes on, as text and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from gateway.cli.codes import NOT_RELEASED, UNKNOWN_NAME
from gateway.cli.exits import CommandError, Exit
from gateway.cli.output import data, json_line, printable
from gateway.cli.policy_explain import attempt, attempt_line
from gateway.cli.policy_files import Found, time_of
from gateway.cli.policy_message import MessageFile, read_message
from gateway.cli.policy_words import clearance_words, judgement_words, label_of, marking_of, what_is
from gateway.clock import utc_text
from gateway.config.problems import did_you_mean
from gateway.errors import GatewayError, PolicyError
from gateway.limits import Limits
from gateway.policy.acceptance import LabelCheck
from gateway.policy.policy import Policy
from gateway.policy.terms import Admittance
from gateway.policy.trace_in import Heard, Hearing, Passing, hear, passings

_WIDE = 26


class Reception(Struct, frozen=True, kw_only=True):
    """A message from a file, what the policy says of it, and what would go on."""

    policy: Policy
    file: MessageFile
    partner: str
    hearing: Hearing
    onward: tuple[Passing, ...]

    @property
    def refusals(self) -> tuple[GatewayError, ...]:
        """For what a node would refuse it, the first of which it would answer with."""
        file, policy = self.file, self.hearing.refusal
        found = [file.signature.error] if file.signature.error is not None else []
        return (*found, *(file.header or ()), *([policy] if policy is not None else ()))

    @property
    def outcome(self) -> str:
        """``ACCEPTED`` or ``REFUSED``, as far as it was asked."""
        return "REFUSED" if self.refusals else "ACCEPTED"


def explain_message_file(
    found: Found,
    recording: Path | bytes,
    *,
    partner: str,
    to: Sequence[str],
    at: str,
    require_acceptance: bool,
    require_release: bool,
    json: bool,
) -> None:
    """Print what becomes of a message from `partner`; `to` are the partners of whom onward release is told.

    `CommandError` for a partner of whom neither policy nor configuration knows; with exit code 5 where the message is
    refused, or one of `to` gets nothing of it, and that was required.
    """
    _check_partner(found, partner)
    told = reception(found, recording, partner=partner, to=to, at=at)
    if json:
        json_line(document(told))
    else:
        for line in lines(told):
            data(line)
    if require_acceptance and told.refusals:
        first = told.refusals[0]
        raise CommandError(first.code, Exit.POLICY, place=first.place, cause=first.cause)
    getting = {one.partner for one in told.onward if one.outcome not in ("NOTHING", "HELD")}
    without = sorted({name for name in to if name not in getting})
    if require_release and without:
        raise CommandError(NOT_RELEASED, Exit.POLICY, cause=f"{', '.join(without)} would get nothing of it")


def _check_partner(found: Found, partner: str) -> None:
    """A partner is who has a link, a clearance, or a rule for acceptance."""
    rules = found.loaded.policy
    known = set(rules.partners).union(found.config.link if found.config is not None else ())
    names = sorted(known.union(*(rule.partners for rule in rules.accepts)))
    if partner not in names:
        cause = f"{found.loaded.path} has no partner {partner[:63]}; there are {', '.join(names) or 'none'}"
        remedy = did_you_mean(partner, names)
        raise CommandError(UNKNOWN_NAME, Exit.USAGE, place="--from", cause=cause, remedy=remedy)


def reception(found: Found, recording: Path | bytes, *, partner: str, to: Sequence[str], at: str) -> Reception:
    """What becomes of the message in a file; errors as `read_message`."""
    policy = found.loaded.policy
    file = read_message(recording, partner=partner, found=found, at=time_of(at))
    hearing = hear(policy, file.offer, now=file.now, tracks=file.tracks)
    limits = found.config.limits if found.config is not None else Limits()
    told = Reception(policy=policy, file=file, partner=partner, hearing=hearing, onward=())
    if told.refusals:
        return told
    onward = passings(policy, hearing, file.octets, most_hops=limits.relay_hops)
    return replace(told, onward=tuple([one for one in onward if one.partner in to]))


# ----------------------------------------------------------------------------------------------------------------- text


def lines(told: Reception) -> Iterator[str]:
    """The message and what becomes of it, as people read it."""
    file, policy, hearing = told.file, told.policy, told.hearing
    header, offer = file.offer.header, file.offer
    yield f"message {header.message_id}"
    yield f"  from {told.partner}, decided as of {utc_text(file.now)} by policy {policy.name} {hearing.policy[:12]}.."
    yield _row("signature", told.file.signature.words)
    if file.signature.error is not None:
        yield _row("", _error(file.signature.error))
    if file.header is not None:
        yield _row("header", "; ".join(map(_error, file.header)) or "holds")
    yield _row("tracks", f"of {offer.origin}" + _derived(offer.header.derived is not None, told))
    yield _row("marked", f"{offer.content.header.exercise.value}, {offer.content.header.simulation.value}")
    for clearance in policy.own:
        yield _row("this node holds", clearance_words(clearance))
    if not policy.own:
        yield _row("this node holds", "no clearance: no message is let in")
    yield "  labels"
    for check in hearing.checks:
        yield from _check_lines(policy, check)
    for one in hearing.tracks:
        yield from _track_lines(policy, one)
    gone = len(offer.content.retractions)
    if gone:
        yield f"  {gone} withdrawal{'s' * (gone > 1)}, which follow what was sent"
    yield from _onward_lines(told)
    yield f"  {told.outcome}{_summary(told)}"


def _row(name: str, text: str) -> str:
    return f"    {name:<{_WIDE}} {printable(text)}"


def _derived(is_relay: bool, told: Reception) -> str:
    if not is_relay:
        return ""
    whole = told.file.message.original is not None
    way = ", ".join(hop.node for hop in told.file.offer.header.hops)
    return f", {'whole, inside of this message' if whole else 'redacted'}, by way of {way or 'nobody'}"


def _error(error: GatewayError) -> str:
    return f"{error.code.id} {error.code.title}: {error.place} {error.cause}".rstrip()


def _check_lines(policy: Policy, check: LabelCheck) -> Iterator[str]:
    judgement, code = check.judgement, f" ({check.refusal.code.id})" if check.refusal is not None else ""
    if judgement is not None:
        valid = "valid, " if judgement.decision.permit else ""
        yield f"    {check.place:<{_WIDE}} {marking_of(policy, check.label)}"
        yield f"    {'':<{_WIDE}} {valid}{judgement_words(policy, judgement)}{code}"
        return
    assert check.above is not None, "the other kind of check"
    over = marking_of(policy, check.above)
    says = "says less than it" if check.refusal is not None else "covers it"
    yield f"    {'':<{_WIDE}} {over} above {says}{code}"


_BECOMES = {
    Admittance.ACCEPT: "LET IN",
    Admittance.DROP: "LEFT OUT",
    Admittance.REFUSE: "REFUSES THE MESSAGE",
    None: "REFUSES THE MESSAGE",
}


def _track_lines(policy: Policy, one: Heard) -> Iterator[str]:
    yield f"  track {what_is(one.track)}"
    label = one.track.label
    if label is not None:
        own = "its own" if one.is_own_label else "the message's"
        yield f"    {'label':<{_WIDE}} {marking_of(policy, label)} ({own})"
    for tried in one.tried:
        yield attempt_line(tried)
    if not one.tried:
        yield f"    {'rules':<{_WIDE}} none is about this partner"
    yield f"    {_BECOMES[one.admit]} by {one.rule}"


def _onward_lines(told: Reception) -> Iterator[str]:
    if told.refusals:
        yield "  onward: nothing, for it is refused"
        return
    yield "  onward"
    for one in told.onward:
        yield f"    {f'{one.partner} in {one.group}':<{_WIDE}} {one.outcome}: {printable(_passing(one))}"
    if not told.onward:
        yield f"    {'':<{_WIDE}} nobody: no partner is in a release group"


def _passing(one: Passing) -> str:
    if one.has_it:
        return one.has_it
    parts = [
        "with the signature of its origin, by " + rule if one.is_whole else f"{_count(len(ids))} by {rule}"
        for rule, ids in one.released
    ]
    parts += [f"{_count(len(held.tracks))} from {utc_text(held.until)} on by {held.rule}" for held in one.held]
    parts += [f"{_count(len(gone.track_ids))} not, by {gone.rule}" for gone in one.refused]
    return "; ".join(parts) or "no track to pass on"


def _count(number: int) -> str:
    return "1 track" if number == 1 else f"{number} tracks"


def _summary(told: Reception) -> str:
    if told.refusals:
        first = told.refusals[0]
        more = f" (and {len(told.refusals) - 1} more)" if len(told.refusals) > 1 else ""
        return f" {first.code.id} at {printable(first.place)}: {printable(first.cause)}{more}"
    admission = told.hearing.admission
    assert admission is not None, "else there is a refusal"
    out = f", {_count(len(admission.left_out))} left out" if admission.left_out else ""
    return f" by {admission.rule}: {_count(len(admission.tracks))} let in{out}"


# ----------------------------------------------------------------------------------------------------------------- JSON


def document(told: Reception) -> dict[str, object]:
    """The whole as JSON. Tracks are named, not repeated."""
    file, policy, hearing = told.file, told.policy, told.hearing
    header, admission = file.offer.header, hearing.admission
    derived = header.derived
    out = () if admission is None else admission.left_out
    return {
        "message_id": header.message_id,
        "from": told.partner,
        "sender": header.sender,
        "origin": file.offer.origin,
        "at": utc_text(file.now),
        "policy": hearing.policy,
        "signature": {
            "state": file.signature.state,
            "words": file.signature.words,
            "key": file.signature.key,
            "error": None if file.signature.error is None else _fault(file.signature.error),
        },
        "header": None if file.header is None else [_fault(one) for one in file.header],
        "derived": None
        if derived is None
        else {
            "origin": derived.origin,
            "message_id": derived.message_id,
            "sha256": derived.sha256,
            "redacted": derived.redacted,
        },
        "exercise": file.offer.content.header.exercise.value,
        "simulation": file.offer.content.header.simulation.value,
        "label": label_of(policy, header.label),
        "clearances": [clearance_words(one) for one in policy.own],
        "labels": [_check(policy, one) for one in hearing.checks],
        "tracks": [_track(policy, one) for one in hearing.tracks],
        "withdrawals": [one.track_id for one in file.offer.content.retractions],
        "outcome": told.outcome,
        "refusals": [_fault(one) for one in told.refusals],
        "rule": None if admission is None else admission.rule,
        "let_in": 0 if admission is None else len(admission.tracks),
        "left_out": [{"track_id": name, "rule": rule} for name, rule in out],
        "onward": [_passage(one) for one in told.onward],
    }


def _fault(error: GatewayError) -> dict[str, object]:
    rule = error.rule if isinstance(error, PolicyError) else ""
    return {"code": error.code.id, "rule": rule, "place": error.place, "cause": error.cause}


def _check(policy: Policy, check: LabelCheck) -> dict[str, object]:
    judgement = check.judgement
    return {
        "place": check.place,
        "label": label_of(policy, check.label),
        "under": None if check.above is None else label_of(policy, check.above),
        "decision": None
        if judgement is None
        else {
            "permit": judgement.decision.permit,
            "rule": judgement.decision.rule,
            "detail": judgement.decision.detail,
            "basis": judgement.basis,
            "decided_on": label_of(policy, judgement.decided_on),
        },
        "refusal": None if check.refusal is None else _fault(check.refusal),
    }


def _track(policy: Policy, one: Heard) -> dict[str, object]:
    label = one.track.label
    return {
        "track_id": one.track.track_id,
        "label": None if label is None else label_of(policy, label),
        "own_label": one.is_own_label,
        "tried": [attempt(tried) for tried in one.tried],
        "rule": one.rule,
        "action": "refuse" if one.admit is None else one.admit.value,
    }


def _passage(one: Passing) -> dict[str, object]:
    return {
        "group": one.group,
        "partner": one.partner,
        "outcome": one.outcome,
        "has_it": one.has_it,
        "released": [{"rule": rule, "tracks": ids} for rule, ids in one.released],
        "held": [
            {"rule": held.rule, "tracks": [track.track_id for track in held.tracks], "until": utc_text(held.until)}
            for held in one.held
        ],
        "refused": [{"rule": gone.rule, "tracks": gone.track_ids} for gone in one.refused],
    }
