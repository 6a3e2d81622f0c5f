"""Inbound, step 6 of the receive path: may we have what its labels say, and does a rule let these tracks in?

    6.1  the label of the message, and each label of its tracks: valid under a security policy that we know, and
         permitted to our own clearances
    6.2  the label of the message says no less than any label in it; a relay's says no less than its original's
    6.3  for each track the rules for acceptance, in order: the first that applies decides, and the last is refuse

What 6.1 or 6.2 finds refuses the whole message: a signer who labels one track wrongly may have labelled all of them so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from gateway.errors import Code, PolicyError
from gateway.labels.book import Book
from gateway.labels.decision import Decision
from gateway.labels.equivalence import Direction
from gateway.policy import codes
from gateway.policy.condition import Circumstances, meets
from gateway.policy.match import Matcher
from gateway.policy.policy import Policy
from gateway.policy.terms import AcceptRule, Admittance, Condition
from gateway.stages import Accepted, Opened
from gateway.track import Label, Track

REFUSED = "accept.refused"
NO_RULE = f"{REFUSED}.no-rule"
"""No rule for acceptance applies: the rule that is always last."""
SAYS_LESS = f"{REFUSED}.label.says-less"
"""A label of the message that is less strict than what it stands over."""
MOST_RULE_TEXT = 240
"""Characters of all the rules that let tracks of one message in; more are told by their number."""
_ANYTHING = Condition()
_SHOWN = 400
_MOST_TOLD = 4
"""Rules of which a refusal says why they do not apply: an operator reads it, in quarantine and in the log."""

_CODES = {
    "unknown-policy": codes.LABEL_UNKNOWN,
    "policy-mismatch": codes.NOT_CLEARED,
    "not-mapped": codes.NOT_CLEARED,
    "not-released": codes.NOT_CLEARED,
    "classification": codes.NOT_CLEARED,
    "tag-set": codes.NOT_CLEARED,
}
"""Rule of a decision to its code; any other is about a label that is not valid."""


def accept(policy: Policy, opened: Opened, now: datetime, tracks: Sequence[Track] | None = None) -> Accepted:
    """The message with the tracks that are let in, each with the label that it came under.

    `tracks` are those of its content, where they say more than there: an exercise's, marked as such. Raises
    `PolicyError` for a message that is refused: ``POL-030`` to ``POL-032`` by a label, ``POL-033`` by one that says
    less than what it stands over, ``POL-034`` where no rule applies, ``POL-035`` by a rule. Costs a few microseconds
    for a message of one label and 0.5 us for each track, more where rules have conditions.
    """
    message = opened.content.message
    label = message.header.label
    told = message.tracks if tracks is None else tracks
    _check_labels(policy, opened, told, now)
    compiled = _rules_for(policy, opened.verified.signer)
    rules = compiled.rules
    if not rules:
        raise _refusal(codes.NOT_ACCEPTED, "message", NO_RULE, f"no rule is about {opened.verified.signer}")
    always = rules[0] if compiled.is_plain else None
    given = compiled.given(origin_of(opened))
    taken: list[Track] = []
    left_out: list[tuple[str, str]] = []
    names: dict[str, None] = {}
    for track in told:
        one = track if track.label is not None else replace(track, label=label)
        rule = always or compiled.first(one, now, given)
        if rule is None:
            raise _refusal(
                codes.NOT_ACCEPTED, f"track {track.track_id}", NO_RULE, _tried(policy, opened, rules, one, now)
            )
        if rule.admit is Admittance.ACCEPT:
            taken.append(one)
            names[rule.id] = None
        elif rule.admit is Admittance.DROP:
            left_out.append((track.track_id or "", f"accept.{rule.id}"))
        else:
            raise _refusal(codes.REFUSED_BY_RULE, f"track {track.track_id}", f"accept.{rule.id}", "it refuses")
    return Accepted(
        opened=opened,
        tracks=tuple(taken),
        rule=join_rules([f"accept.{name}" for name in names]) or _without_tracks(rules, left_out),
        policy=policy.digest,
        left_out=tuple(left_out),
    )


def left_out(
    policy: Policy, tracks: Sequence[Track], *, label: Label, partner: str, origin: str, now: datetime
) -> list[tuple[str, str]]:
    """Ids of tracks that the rules leave out of a message that they let in, each with the rule: for explanations.

    `label` is the message's, `partner` sent it, `origin` is whose tracks they are, `now` is when it came, and `policy`
    is the one that decided then.
    """
    compiled = _rules_for(policy, partner)
    given = compiled.given(origin)
    found: list[tuple[str, str]] = []
    for track in tracks:
        rule = compiled.first(track if track.label is not None else replace(track, label=label), now, given)
        if rule is not None and rule.admit is Admittance.DROP:
            found.append((track.track_id or "", f"accept.{rule.id}"))
    return found


def origin_of(opened: Opened) -> str:
    """The node whose tracks a message tells of: who signed it, or whom it is derived from.

    Of an original that is enclosed, its key proved it; of one that was redacted, whoever redacted it says so.
    """
    content = opened.content
    derived = content.message.header.derived
    return content.verified.signer if derived is None else derived.origin


def join_rules(rules: Sequence[str]) -> str:
    """Ids of rules in one text, bounded by `MOST_RULE_TEXT`: those that do not fit are told by their number."""
    text, count = "", 0
    for rule in rules:
        more = f"{text},{rule}" if text else rule
        if len(more) > MOST_RULE_TEXT:
            return f"{text},and-{len(rules) - count}-more"
        text, count = more, count + 1
    return text


def _check_labels(policy: Policy, opened: Opened, tracks: Sequence[Track], now: datetime) -> None:
    """6.1 and 6.2, once for each label."""
    outer, label = opened.message.header.label, opened.content.message.header.label
    read = {outer: _check(policy, outer, "message", now)}
    if outer != label:
        read[label] = _check(policy, label, "original", now)
        _hold(policy.book, outer, label, read, "message", now)
    for track in tracks:
        own = track.label
        if own is None or own in read:
            continue
        place = f"track {track.track_id}"
        read[own] = _check(policy, own, place, now)
        for above in (label, outer) if outer != label else (label,):
            _hold(policy.book, above, own, read, place, now)


def _check(policy: Policy, label: Label, place: str, now: datetime) -> Label:
    """The words in which a label permits us, which may be those of an alternative or of an equivalence."""
    judgement = policy.book.judge(label, policy.own, now, direction=Direction.DECRYPT)
    if not judgement.decision.permit:
        raise _refused_label(judgement.decision, label, place)
    return judgement.decided_on


def _hold(book: Book, above: Label, below: Label, read: Mapping[Label, Label], place: str, now: datetime) -> None:
    """Refuse a label that says less than one that stands under it, in the words that we know."""
    if book.spif(above.policy) is not None and book.spif(below.policy) is not None:
        enough = book.covers(_in_known_words(book, above), _in_known_words(book, below), now)
    else:  # a policy that we do not have: then the alternatives by which we read them are compared
        one, other = read[above], read[below]
        enough = book.covers(replace(one, alternatives=()), replace(other, alternatives=()), now)
    if not enough:
        raise _refusal(codes.SAYS_LESS, place, SAYS_LESS, f"{_words(above)} over {_words(below)}")


def _in_known_words(book: Book, label: Label) -> Label:
    """The label without alternatives of policies that are not installed, which nobody here acts on."""
    known = tuple([one for one in label.alternatives if book.spif(one.policy) is not None])
    return label if len(known) == len(label.alternatives) else replace(label, alternatives=known)


def _refused_label(decision: Decision, label: Label, place: str) -> PolicyError:
    code = _CODES.get(decision.rule, codes.LABEL_NOT_VALID)
    return _refusal(code, place, f"{REFUSED}.label.{decision.rule}", decision.detail or _words(label))


class _Rules:
    """The rules that can apply to one partner's tracks, up to the first that applies to all of them, compiled."""

    def __init__(self, policy: Policy, partner: str) -> None:
        found: list[AcceptRule] = []
        for rule in policy.accepts:
            if not rule.partners or partner in rule.partners:
                found.append(rule)
                if rule.when == _ANYTHING:
                    break
        self.rules = tuple(found)
        self.is_plain = not found or found[0].when == _ANYTHING
        self._matcher = Matcher([rule.when for rule in found], policy.areas)
        self._accepting = sum(1 << bit for bit, rule in enumerate(found) if rule.admit is Admittance.ACCEPT)

    def given(self, origin: str) -> tuple[int, int]:
        """What holds for every track of an origin."""
        return self._matcher.given(None, origin)

    def first(self, track: Track, now: datetime, given: tuple[int, int]) -> AcceptRule | None:
        """The first rule that applies. What the track does not say lets nothing in, and keeps out."""
        maybe, sure = self._matcher.masks(track, now, given)
        applies = (sure & self._accepting) | (maybe & ~self._accepting)
        return self.rules[(applies & -applies).bit_length() - 1] if applies else None


def _rules_for(policy: Policy, partner: str) -> _Rules:
    known: dict[str, _Rules] = policy.__dict__.setdefault("accepts_of", {})
    rules = known.get(partner)
    if rules is None:
        rules = known[partner] = _Rules(policy, partner)
    return rules


def _tried(policy: Policy, opened: Opened, rules: Sequence[AcceptRule], track: Track, now: datetime) -> str:
    """Why none of the rules applies, for the first few of them."""
    given = Circumstances(source=None, origin=origin_of(opened), now=now, areas=policy.areas)
    words = [f"{rule.id}: {meets(rule.when, track, given).why}" for rule in rules[:_MOST_TOLD]]
    more = f", and {len(rules) - _MOST_TOLD} more" if len(rules) > _MOST_TOLD else ""
    return f"none of {len(rules)} applies ({'; '.join(words)}{more})"


def _without_tracks(rules: tuple[AcceptRule, ...], left_out: list[tuple[str, str]]) -> str:
    """What lets in a message of which no track is: withdrawals alone, or tracks that were all left out."""
    if left_out:
        return join_rules(list(dict.fromkeys(rule for _, rule in left_out)))
    for rule in rules:
        if rule.admit is Admittance.ACCEPT:
            return f"accept.{rule.id}"
    raise _refusal(codes.NOT_ACCEPTED, "message", NO_RULE, "no rule accepts anything of this partner")


def _refusal(code: Code, place: str, rule: str, observed: str) -> PolicyError:
    error = PolicyError(code, place=place, cause=f"rule {rule}: {observed[:_SHOWN]}")
    error.rule = rule
    return error


def _words(label: Label) -> str:
    return f"{label.policy[:40]!r} {label.classification[:40]!r}"
