"""Inbound, step 6 of the receive path: may we have what its labels say, and does a rule let these tracks in?

    6.1  the label of the message, and each label of its tracks: valid under a security policy that we know, and
         permitted to our own clearances
    6.2  the label of the message says no less than any label in it; a relay's says no less than its original's
    6.3  for each track the rules for acceptance, in order: the first that applies decides, and the last is refuse

What 6.1 or 6.2 finds refuses the whole message: a signer who labels one track wrongly may have labelled all of them so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import Code, PolicyError
from gateway.labels.book import Book
from gateway.labels.decision import Decision, Judgement
from gateway.labels.equivalence import Direction
from gateway.policy import codes
from gateway.policy.condition import Circumstances, meets
from gateway.policy.match import Matcher
from gateway.policy.policy import Policy
from gateway.policy.terms import AcceptRule, Admittance, Condition
from gateway.stages import Accepted, Header, Message, Opened
from gateway.track import Label, Track

ACCEPT = "accept."
"""Before the id of a rule for acceptance, as ledgers have it."""
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


class Offer(Struct, frozen=True, kw_only=True):
    """A partner's message as far as acceptance asks of it."""

    signer: str
    """Who signed the message that came."""
    header: Header
    """Its header."""
    content: Message
    """The message that tells of tracks: the one that it encloses, or itself."""
    author: str
    """Who signed that one."""

    @property
    def origin(self) -> str:
        """The node whose tracks it tells of: the author, or whom it is derived from."""
        derived = self.content.header.derived
        return self.author if derived is None else derived.origin


class Admission(Struct, frozen=True, kw_only=True):
    """What is let in of an offer."""

    tracks: tuple[Track, ...]
    """Each with the label that it came under."""
    rule: str
    """Ids of the rules that let them in."""
    left_out: tuple[tuple[str, str], ...]
    """(track id, rule) of those that are not let in."""


class LabelCheck(Struct, frozen=True, kw_only=True):
    """One thing that labels are asked: whether one permits us (6.1), or whether one covers another (6.2)."""

    place: str
    """Where the label stands: ``message``, ``original``, ``track <id>``."""
    label: Label
    judgement: Judgement | None = None
    """Of 6.1."""
    above: Label | None = None
    """Of 6.2: the label that stands over it and must say no less."""
    refusal: PolicyError | None = None
    """For which the message is refused."""


def offer_of(opened: Opened) -> Offer:
    """What acceptance asks of an opened message."""
    content = opened.content
    return Offer(
        signer=opened.verified.signer,
        header=opened.message.header,
        content=content.message,
        author=content.verified.signer,
    )


def accept(policy: Policy, opened: Opened, now: datetime, tracks: Sequence[Track] | None = None) -> Accepted:
    """The message with the tracks that are let in, each with the label that it came under.

    `tracks` are those of its content, where they say more than there: an exercise's, marked as such. Raises
    `PolicyError` for a message that is refused: ``POL-030`` to ``POL-032`` by a label, ``POL-033`` by one that says
    less than what it stands over, ``POL-034`` where no rule applies, ``POL-035`` by a rule. Costs a few microseconds
    for a message of one label and 0.5 us for each track, more where rules have conditions.
    """
    found = admit(policy, offer_of(opened), now, tracks)
    return Accepted(opened=opened, tracks=found.tracks, rule=found.rule, policy=policy.digest, left_out=found.left_out)


def admit(policy: Policy, offer: Offer, now: datetime, tracks: Sequence[Track] | None = None) -> Admission:
    """`accept` for what has not been verified: for explanations."""
    label = offer.content.header.label
    told = offer.content.tracks if tracks is None else tracks
    for check in label_checks(policy, offer, told, now):
        if check.refusal is not None:
            raise check.refusal
    compiled = _rules_for(policy, offer.signer)
    rules = compiled.rules
    if not rules:
        raise _refusal(codes.NOT_ACCEPTED, "message", NO_RULE, f"no rule is about {offer.signer}")
    always = rules[0] if compiled.is_plain else None
    given = compiled.given(offer.origin)
    taken: list[Track] = []
    left_out: list[tuple[str, str]] = []
    names: dict[str, None] = {}
    for track in told:
        one = track if track.label is not None else replace(track, label=label)
        rule = always or compiled.first(one, now, given)
        if rule is None:
            raise _refusal(
                codes.NOT_ACCEPTED, f"track {track.track_id}", NO_RULE, _tried(policy, offer, rules, one, now)
            )
        if rule.admit is Admittance.ACCEPT:
            taken.append(one)
            names[rule.id] = None
        elif rule.admit is Admittance.DROP:
            left_out.append((track.track_id or "", f"{ACCEPT}{rule.id}"))
        else:
            raise _refusal(codes.REFUSED_BY_RULE, f"track {track.track_id}", f"{ACCEPT}{rule.id}", "it refuses")
    return Admission(
        tracks=tuple(taken),
        rule=join_rules([f"{ACCEPT}{name}" for name in names]) or _without_tracks(rules, left_out),
        left_out=tuple(left_out),
    )


def rules_about(policy: Policy, partner: str) -> tuple[AcceptRule, ...]:
    """The rules that can apply to a partner's tracks, in order, up to the first that applies to all of them."""
    return _rules_for(policy, partner).rules


def first_rule(policy: Policy, partner: str, origin: str, track: Track, now: datetime) -> AcceptRule | None:
    """The rule that decides on a track of `origin`, with the label that it came under; none where none applies."""
    compiled = _rules_for(policy, partner)
    return compiled.first(track, now, compiled.given(origin))


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
            found.append((track.track_id or "", f"{ACCEPT}{rule.id}"))
    return found


def origin_of(opened: Opened) -> str:
    """The node whose tracks a message tells of: who signed it, or whom it is derived from.

    Of an original that is enclosed, its key proved it; of one that was redacted, whoever redacted it says so.
    """
    return offer_of(opened).origin


def join_rules(rules: Sequence[str]) -> str:
    """Ids of rules in one text, bounded by `MOST_RULE_TEXT`: those that do not fit are told by their number."""
    text, count = "", 0
    for rule in rules:
        more = f"{text},{rule}" if text else rule
        if len(more) > MOST_RULE_TEXT:
            return f"{text},and-{len(rules) - count}-more"
        text, count = more, count + 1
    return text


def label_checks(policy: Policy, offer: Offer, tracks: Sequence[Track], now: datetime) -> Iterator[LabelCheck]:
    """6.1 and 6.2, once for each label, in order: the first that has a refusal refuses the message.

    What one label must cover is asked only where both permit us.
    """
    outer, label = offer.header.label, offer.content.header.label
    read: dict[Label, Judgement] = {}
    yield _permits(policy, read, outer, "message", now)
    if outer != label:
        yield _permits(policy, read, label, "original", now)
        yield from _covers(policy.book, read, (outer,), label, "message", now)
    for track in tracks:
        own = track.label
        if own is None or own in read:
            continue
        place = f"track {track.track_id}"
        yield _permits(policy, read, own, place, now)
        yield from _covers(policy.book, read, (label, outer) if outer != label else (label,), own, place, now)


def _permits(policy: Policy, read: dict[Label, Judgement], label: Label, place: str, now: datetime) -> LabelCheck:
    """Whether a label permits us, and in which words: it may be an alternative, or an equivalence."""
    judgement = read[label] = policy.book.judge(label, policy.own, now, direction=Direction.DECRYPT)
    decision = judgement.decision
    refusal = None if decision.permit else _refused_label(decision, label, place)
    return LabelCheck(place=place, label=label, judgement=judgement, refusal=refusal)


def _covers(
    book: Book, read: dict[Label, Judgement], above: tuple[Label, ...], below: Label, place: str, now: datetime
) -> Iterator[LabelCheck]:
    """Whether labels say no less than one that stands under them, in the words that we know."""
    for one in above:
        if not (read[one].decision.permit and read[below].decision.permit):
            continue
        if book.spif(one.policy) is not None and book.spif(below.policy) is not None:
            enough = book.covers(_in_known_words(book, one), _in_known_words(book, below), now)
        else:  # a policy that we do not have: then the alternatives by which we read them are compared
            over, under = read[one].decided_on, read[below].decided_on
            enough = book.covers(replace(over, alternatives=()), replace(under, alternatives=()), now)
        words = f"{_words(one)} over {_words(below)}"
        refusal = None if enough else _refusal(codes.SAYS_LESS, place, SAYS_LESS, words)
        yield LabelCheck(place=place, label=below, above=one, refusal=refusal)


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


def _tried(policy: Policy, offer: Offer, rules: Sequence[AcceptRule], track: Track, now: datetime) -> str:
    """Why none of the rules applies, for the first few of them."""
    given = Circumstances(source=None, origin=offer.origin, now=now, areas=policy.areas)
    words = [f"{rule.id}: {meets(rule.when, track, given).why}" for rule in rules[:_MOST_TOLD]]
    more = f", and {len(rules) - _MOST_TOLD} more" if len(rules) > _MOST_TOLD else ""
    return f"none of {len(rules)} applies ({'; '.join(words)}{more})"


def _without_tracks(rules: tuple[AcceptRule, ...], left_out: list[tuple[str, str]]) -> str:
    """What lets in a message of which no track is: withdrawals alone, or tracks that were all left out."""
    if left_out:
        return join_rules(list(dict.fromkeys(rule for _, rule in left_out)))
    for rule in rules:
        if rule.admit is Admittance.ACCEPT:
            return f"{ACCEPT}{rule.id}"
    raise _refusal(codes.NOT_ACCEPTED, "message", NO_RULE, "no rule accepts anything of this partner")


def _refusal(code: Code, place: str, rule: str, observed: str) -> PolicyError:
    error = PolicyError(code, place=place, cause=f"rule {rule}: {observed[:_SHOWN]}")
    error.rule = rule
    return error


def _words(label: Label) -> str:
    return f"{label.policy[:40]!r} {label.classification[:40]!r}"
