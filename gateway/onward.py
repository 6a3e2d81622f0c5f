"""Onward release, step 7 of the receive path: what goes on of a partner's message is sealed before it is recorded.

So it is recorded in the transaction of the message that it rests on, or not at all: a crash neither loses what goes on
nor sends it twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import structlog
from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import GatewayError
from gateway.held import hold_theirs, places_of
from gateway.ledger import leaf
from gateway.policy.acceptance import origin_of
from gateway.policy.memory import Taken
from gateway.policy.onward import NOTHING, Carried, Onward, carry, pass_on, passes_on
from gateway.policy.policy import Policy
from gateway.relay import draft_passage
from gateway.rooms import Rooms
from gateway.stages import Accepted, Refused, Retraction, Sealed
from gateway.store import HeldBack, Outgoing, Recall, Withdrawal
from gateway.track import Track

_log = structlog.get_logger("pipeline")


class Word(Struct, frozen=True, kw_only=True):
    """What an accepted message is believed to say: nobody speaks for another's tracks, nor withdraws them."""

    tracks: tuple[Track, ...]
    """Its tracks but those for which another speaks, and those that were withdrawn before they came. No other is shown
    or goes on."""
    retractions: tuple[Retraction, ...]
    """Withdrawals that are not another's to make."""
    withdrawals: tuple[Withdrawal, ...]
    """What is remembered of all of them: each holds for what the same node says, and for nobody else's word."""
    track_ids: tuple[str, ...]
    """Of tracks on which it is the newest word, those that it withdraws among them."""


class Departure(Struct, frozen=True, kw_only=True):
    """What goes on of one message, sealed, and what does not."""

    policy: Policy
    carried: Carried | None = None
    onward: Onward = NOTHING
    outgoing: tuple[Outgoing, ...] = ()
    thinned: Taken = {}
    """What rules that thin out took as gone."""
    waiting: tuple[HeldBack, ...] = ()
    """What is held back, as it waits."""
    recall: Recall | None = None
    """What waits since earlier messages and is withdrawn by this one."""

    @property
    def sealed(self) -> list[Sealed]:
        """The messages of ours."""
        return [one.sealed for one in self.outgoing]


async def weigh(rooms: Rooms, accepted: Accepted) -> Word:
    """What of an accepted message is its sender's to say, by what we were told before."""
    opened, content = accepted.opened, accepted.opened.content
    origin, signer = origin_of(opened), content.verified.signer
    via = "" if origin == signer else signer
    by = "" if opened.original is None else opened.verified.signer
    contested = rooms.picture.contested([track.track_id for track in accepted.tracks], origin, via)
    standing = rooms.picture.standing(accepted.tracks, origin, via, by)
    tracks = tuple([track for track in standing if track.track_id not in contested])
    unsaid = {track_id for track_id, _ in accepted.left_out}
    names = [track.track_id or "" for track in tracks if track.track_id not in unsaid]
    retractions = content.message.retractions
    if retractions:
        ids = [one.track_id for one in retractions]
        speakers = await rooms.store.speakers(ids)
        sent = await rooms.store.told([one for one in ids if one not in speakers])
        mine: dict[str, bool] = {}
        anothers: set[str] = set()
        for one in ids:
            shown = rooms.picture.may_retract(one, origin, via)
            mine[one] = shown if shown is not None else speakers.get(one) == signer
            if shown is None and one not in speakers and one not in sent:
                continue  # nobody here ever heard of it
            if not mine[one]:
                anothers.add(one)
        retractions = tuple([one for one in retractions if one.track_id not in anothers])
        names += [one for one in ids if mine[one]]
    return Word(
        tracks=tracks,
        retractions=retractions,
        withdrawals=_withdrawals(rooms, accepted, origin, via),
        track_ids=tuple(dict.fromkeys(names)),
    )


def _withdrawals(rooms: Rooms, accepted: Accepted, origin: str, via: str) -> tuple[Withdrawal, ...]:
    """What is remembered of its withdrawals: a state that came before is withdrawn, whatever a sensor's clock said."""
    retractions = accepted.opened.content.message.retractions
    known: dict[str, list[Track]] = {one.track_id: [] for one in retractions}
    for track in accepted.tracks if known else ():
        if track.track_id in known:
            known[track.track_id].append(track)
    for track_id, tracks in known.items():
        entry = rooms.picture.find(track_id)
        if entry is not None and entry.origin == origin:
            tracks.append(entry.track)
    of = rooms.picture.withdrawals.of
    return tuple([of(one, origin, via, known[one.track_id]) for one in retractions])


async def prepare(rooms: Rooms, policy: Policy, accepted: Accepted, word: Word, now: datetime) -> Departure:
    """What goes on of an accepted message, by this policy. Nothing of it is durable, and nobody knows of it, yet."""
    told: Mapping[str, frozenset[str]] = {}
    if word.retractions:
        told = await rooms.store.told([one.track_id for one in word.retractions])
    if not word.retractions and not passes_on(policy):
        return Departure(policy=policy)
    carried = carry(
        accepted,
        node=rooms.node,
        origin=origin_of(accepted.opened),
        tracks=word.tracks,
        retractions=word.retractions,
    )
    hops, memory = rooms.limits.relay_hops, rooms.memory
    onward, thinned = memory.noting(lambda: pass_on(policy, carried, now=now, memory=memory, most_hops=hops, told=told))
    places = places_of(accepted, carried) if onward.held else ()
    waiting = tuple([hold_theirs(carried, places, held) for held in onward.held])
    departure = await seal_all(rooms, policy, carried, onward, thinned, waiting)
    if not word.retractions:
        return departure
    gone = frozenset([one.track_id for one in word.retractions])
    return replace(departure, recall=Recall(origin=carried.origin, track_ids=gone))


def stay(rooms: Rooms, departure: Departure) -> None:
    """What was prepared does not go: the message was not recorded, or not for the first time."""
    rooms.memory.give_back(departure.thinned)


async def seal_all(
    rooms: Rooms, policy: Policy, carried: Carried, onward: Onward, thinned: Taken, waiting: tuple[HeldBack, ...]
) -> Departure:
    """The passages as signed messages. One that cannot be made keeps back neither the others nor what came in."""
    outgoing: list[Outgoing] = []
    for passage in onward.passages:
        try:
            drafts, unfit = draft_passage(rooms.maker, policy, carried, passage)
            for draft in drafts:
                one = await rooms.signer.seal_async(draft)
                derived = draft.header.derived
                original = derived.sha256 if derived is not None else ""
                outgoing.append(Outgoing(sealed=one, leaf=leaf.sent(one, original=original)))
        except GatewayError as error:
            _report(rooms, carried, error)
            continue
        for _, problem in unfit:
            _report(rooms, carried, problem)
    return Departure(
        policy=policy, carried=carried, onward=onward, outgoing=tuple(outgoing), thinned=thinned, waiting=waiting
    )


def depart(rooms: Rooms, departure: Departure) -> None:
    """After the commit: count what goes on and what does not, look out for what waits, wake the links."""
    carried, counts = departure.carried, rooms.counts
    if carried is None:
        return
    sealed = departure.sealed
    counts.messages_relayed += len(sealed)
    counts.tracks_delayed += sum(row.tracks for row in departure.waiting)
    rooms.delay.note(departure.waiting)
    for refused in departure.onward.refused:
        count_withheld(rooms, departure.policy, refused)
    recipients = {name for one in sealed for name in one.recipients}
    if recipients:
        rooms.wake_links(sorted(recipients))


def count_withheld(rooms: Rooms, policy: Policy, refused: Refused) -> None:
    """Count tracks that a group, or some of its members, may not see, towards a summary in the ledger."""
    number = len(refused.track_ids)
    rooms.counts.tracks_withheld += number
    for name in [f"{refused.group}/{member}" for member in refused.members] or [refused.group]:
        rooms.ledger.count_withheld(group=name, rule=refused.rule, policy=policy.digest, tracks=number)


def _report(rooms: Rooms, carried: Carried, error: GatewayError) -> None:
    """What could not go on: the origin's message itself is as it was."""
    rooms.counts.failures += 1
    _log.warning("onward.failed", message=carried.header.message_id, origin=carried.origin, code=error.code.id)
    rooms.report("corridor", error)
