"""Why a message of a partner is let in, or not, and what of it would go on: by the functions that decide, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import PolicyError
from gateway.policy.acceptance import (
    ACCEPT,
    NO_RULE,
    Admission,
    LabelCheck,
    Offer,
    admit,
    first_rule,
    label_checks,
    rules_about,
)
from gateway.policy.condition import Circumstances, meets
from gateway.policy.memory import Memory
from gateway.policy.onward import Carried, Onward, carried, pass_on
from gateway.policy.policy import Policy
from gateway.policy.terms import Admittance
from gateway.policy.trace import Tried
from gateway.stages import Held, Refused
from gateway.track import Track


class Heard(Struct, frozen=True, kw_only=True):
    """What becomes of one track of a message, as far as its rules go."""

    track: Track
    """With the label that it came under."""
    is_own_label: bool
    """It has that label itself; else it is the message's."""
    tried: tuple[Tried, ...]
    """Each rule up to the one that decided; the effect is ``decides`` or ``passed``."""
    rule: str
    """What decided: ``accept.<id>``, or ``accept.refused.no-rule``."""
    admit: Admittance | None
    """What the rule does; without one that applies the message is refused."""


class Passing(Struct, frozen=True, kw_only=True):
    """What of the message goes on to one partner of one release group."""

    group: str
    partner: str
    has_it: str
    """Why it does not go to that partner whatever the rules say, in words; empty where they decide."""
    is_whole: bool
    """The origin's own octets go, with its signature."""
    released: tuple[tuple[str, tuple[str, ...]], ...]
    """(rule, ids of tracks) of what goes now."""
    held: tuple[Held, ...]
    """What goes later."""
    refused: tuple[Refused, ...]
    """What does not go, by which rule."""

    @property
    def outcome(self) -> str:
        """``WHOLE``; ``REDACTED``: some of it, or less of it, in a new message; ``HELD``: later; ``NOTHING``."""
        if self.is_whole:
            return "WHOLE"
        return "REDACTED" if self.released else "HELD" if self.held else "NOTHING"


class Hearing(Struct, frozen=True, kw_only=True):
    """All that decides whether a message is let in."""

    offer: Offer
    now: datetime
    policy: str
    """Digest of the policy."""
    checks: tuple[LabelCheck, ...]
    """What its labels were asked."""
    tracks: tuple[Heard, ...]
    admission: Admission | None
    """What is let in; absent for a message that is refused."""
    refusal: PolicyError | None
    """With which its sender is answered."""


def hear(policy: Policy, offer: Offer, *, now: datetime, tracks: Sequence[Track] | None = None) -> Hearing:
    """Explain what `accept` decides on such a message; `tracks` as there."""
    told = offer.content.tracks if tracks is None else tracks
    admission, refusal = None, None
    try:
        admission = admit(policy, offer, now, told)
    except PolicyError as error:
        refusal = error
    return Hearing(
        offer=offer,
        now=now,
        policy=policy.digest,
        checks=tuple(label_checks(policy, offer, told, now)),
        tracks=tuple([_heard(policy, offer, track, now) for track in told]),
        admission=admission,
        refusal=refusal,
    )


def _heard(policy: Policy, offer: Offer, track: Track, now: datetime) -> Heard:
    under = track if track.label is not None else replace(track, label=offer.content.header.label)
    decisive = first_rule(policy, offer.signer, offer.origin, under, now)
    given = Circumstances(source=None, origin=offer.origin, now=now, areas=policy.areas)
    tried: list[Tried] = []
    for rule in rules_about(policy, offer.signer):
        answer = meets(rule.when, under, given)
        effect = "decides" if rule is decisive else "passed"
        tried.append(Tried(rule=ACCEPT + rule.id, met=answer.met, why=answer.why, effect=effect))
        if rule is decisive:
            break
    return Heard(
        track=under,
        is_own_label=track.label is not None,
        tried=tuple(tried),
        rule=NO_RULE if decisive is None else ACCEPT + decisive.id,
        admit=None if decisive is None else decisive.admit,
    )


def passings(policy: Policy, hearing: Hearing, octets: bytes, *, most_hops: int) -> tuple[Passing, ...]:
    """What would go on of a message that is let in, for every partner of every release group; nothing of another.

    `octets` are those of the message that tells of the tracks. How often a snapshot may go depends on those before it,
    and whose withdrawals follow on what was sent: both are told elsewhere, not decided here.
    """
    admission, offer = hearing.admission, hearing.offer
    if admission is None:
        return ()
    message = carried(
        offer,
        octets,
        node=policy.node,
        origin=offer.origin,
        tracks=admission.tracks,
        retractions=offer.content.retractions,
        is_whole=not admission.left_out,
    )
    onward = pass_on(policy, message, now=hearing.now, memory=Memory(), most_hops=most_hops)
    return tuple(
        [
            _passing(onward, offer, message, group, partner)
            for group, members in policy.groups.items()
            for partner in members
        ]
    )


def _passing(onward: Onward, offer: Offer, message: Carried, group: str, partner: str) -> Passing:
    has_it = _has_it(offer, message, partner) if partner in message.shut else ""
    mine = [one for one in onward.passages if one.group == group and partner in one.recipients]
    others = [
        one
        for one in onward.refused
        if one.group in (group, "*") and (not one.members or partner in one.members) and not has_it
    ]
    return Passing(
        group=group,
        partner=partner,
        has_it=has_it,
        is_whole=any(one.whole for one in mine),
        released=tuple([(one.rule, message.track_ids if one.whole else _ids(one.tracks)) for one in mine]),
        held=tuple([one for one in onward.held if one.group == group and not has_it]),
        refused=tuple(others),
    )


def _ids(tracks: Sequence[Track]) -> tuple[str, ...]:
    return tuple([track.track_id or "" for track in tracks])


def _has_it(offer: Offer, message: Carried, partner: str) -> str:
    if partner == message.origin:
        return "its origin"
    if partner in (offer.signer, offer.header.sender):
        return "it sent it"
    if partner in (*offer.header.recipients, *offer.content.header.recipients):
        return "it was addressed to it"
    return "it passed it on"
