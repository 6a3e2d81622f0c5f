"""Tracks that waited for a release group, decided anew: steps 4 to 8 of the corridor, by the policy now in force.

What results is recorded in the transaction in which they stop waiting, so a crash neither loses them nor sends them
twice. Own tracks that are due together share messages, as in a batch; a partner's go message by message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

import structlog
from msgspec import Struct

from gateway import onward
from gateway.batch import Batch
from gateway.clock import utc_text
from gateway.drafting import Maker, Refusals, draft_batch
from gateway.errors import GatewayError, StoreError
from gateway.formats import alliance
from gateway.held import as_admitted, hold_own, hold_theirs, read_own, read_theirs
from gateway.ledger import leaf
from gateway.pipeline import set_aside
from gateway.policy import mark, release
from gateway.policy.engine import NO_MEMBER, NO_RULE
from gateway.policy.onward import Onward, pass_on, passes_on
from gateway.policy.policy import Policy
from gateway.rooms import Rooms
from gateway.seal import VerificationError
from gateway.stages import Frame, Held, Refused, Release
from gateway.store import HeldBack, Outgoing, Quarantined
from gateway.store.codes import CANNOT_READ, CLOSED, HELD_LOST, NOT_DURABLE
from gateway.track import Track
from gateway.unbroken import unbroken

_log = structlog.get_logger("pipeline")
_PASSING = (NOT_DURABLE, CANNOT_READ, CLOSED)
"""The disk's own failures: what waits can go another time. With any other its row could never go."""
FEED = "delay"
"""Feed of what is quarantined here."""


class _Decided(Struct, kw_only=True):
    """What becomes of our own tracks."""

    batches: list[tuple[Batch, Maker]]
    again: list[HeldBack]
    refused: list[Refused]


async def resume(rooms: Rooms, rows: Sequence[HeldBack]) -> None:
    """Have rows that are due stop waiting, in their order; they may have been due for long.

    Waits while too much is under way. What can never go is given up, reported, and stops nothing behind it. Raises the
    `StoreError` of a disk that fails: then the rest waits on.
    """
    if rooms.gatherer.is_full:
        await rooms.gatherer.room()
    for is_own, some in groupby(rows, key=lambda row: row.message is None):
        together = tuple(some)
        for one in (together,) if is_own else [(row,) for row in together]:
            await _settle(rooms, one)


async def _settle(rooms: Rooms, rows: tuple[HeldBack, ...]) -> None:
    """One portion; where it cannot go, row by row, and what cannot go by itself is given up."""
    failure: GatewayError
    try:
        for row in rows:
            _check_age(rooms, row)
        await unbroken(_own(rooms, rows) if rows[0].message is None else _theirs(rooms, rows[0]))
        return
    except VerificationError as error:
        failure = error.finding
    except GatewayError as error:
        if error.code in _PASSING:
            raise
        failure = error
    except Exception as error:  # a bug of ours in one row must not hold up all others for ever
        _log.exception("held.crashed", group=rows[0].group, rows=len(rows))
        failure = StoreError(HELD_LOST, cause=f"a bug met it: {type(error).__name__}")
    if len(rows) > 1:
        for row in rows:
            await _settle(rooms, (row,))
        return
    await _give_up(rooms, rows[0], failure)


def _check_age(rooms: Rooms, row: HeldBack) -> None:
    """`StoreError` STO-013 for what is older than messages may be: no partner would take it."""
    age_s = (rooms.clock.now() - row.since).total_seconds()
    if age_s > rooms.limits.created_age_s:
        place = f"{row.tracks:,} tracks for group {row.group}"
        raise StoreError(HELD_LOST, place=place, cause=f"too old: it came {age_s:,.0f} s ago")


async def _give_up(rooms: Rooms, row: HeldBack, error: GatewayError) -> None:
    """A row stops waiting, and nothing goes; what there is of it is kept for the operator."""
    if not await rooms.store.waiting.resume([row]):
        return  # it has changed, and is looked at again
    rooms.delay.lost += row.tracks
    rooms.counts.failures += 1
    _log.warning(
        "held.given_up",
        group=row.group,
        source=row.source,
        tracks=row.tracks,
        due=utc_text(row.until),
        code=error.code.id,
        error=str(error),
    )
    rooms.quarantine(
        Quarantined(
            at=rooms.clock.now(),
            source=row.source,
            feed=FEED,
            code=error.code.id,
            place=error.place,
            cause=error.cause,
            octets=row.body,
            length=len(row.body),
        )
    )


# ------------------------------------------------------------------------------------------------------------ our own


async def _own(rooms: Rooms, rows: Sequence[HeldBack]) -> None:
    policy, now = rooms.desk.policy, rooms.clock.now()
    read = [(row.group, *read_own(row, rooms.maker)) for row in rows]
    decided, thinned = rooms.memory.noting(lambda: _decide(rooms, policy, read, now))
    is_done = False
    try:
        outgoing, unfit = await _seal(rooms, decided.batches)
        is_done = await rooms.store.waiting.resume(rows, outgoing, decided.again)
    finally:
        if not is_done:  # it is decided again
            rooms.memory.give_back(thinned)
    if is_done:
        _tell(rooms, policy, decided, outgoing, unfit)


def _decide(
    rooms: Rooms, policy: Policy, read: Sequence[tuple[str, Frame, tuple[Track, ...], Maker]], now: datetime
) -> _Decided:
    """Step 4, for the one group that they waited for; the others had them long ago."""
    decided = _Decided(batches=[], again=[], refused=[])
    batches: dict[tuple[object, ...], Batch] = {}
    for group, frame, admitted, maker in read:
        if group not in policy.groups:  # it was dissolved, or has another name
            decided.refused.append(_refused(group, admitted, NO_MEMBER))
            continue
        if (maker.exercise, maker.simulation) != (rooms.maker.exercise, rooms.maker.simulation):
            # The node is there for something else by now, and would take them for that
            admitted = alliance.told_apart(admitted, maker.exercise, maker.simulation)
        tracks = mark(policy, admitted, source=frame.source, now=now)
        for verdict in release(
            policy, tracks, source=frame.source, origin=rooms.node, now=now, memory=rooms.memory, groups=(group,)
        ):
            if isinstance(verdict, Release):
                key = (verdict.group, verdict.recipients, verdict.rule, maker.exercise, maker.simulation)
                batch = batches.get(key)
                if batch is None:
                    batch = Batch(verdict, policy, 0.0, asyncio.get_running_loop().create_future())
                    batches[key] = batch
                    decided.batches.append((batch, maker))
                batch.tracks.extend(verdict.tracks)
                batch.frames.append((len(verdict.tracks), frame))
            elif isinstance(verdict, Held):
                again = as_admitted(verdict, admitted, tracks)
                decided.again += hold_own(frame, again, maker, rooms.limits.batch_max_tracks)
            else:
                decided.refused.append(verdict)
    return decided


def _refused(group: str, tracks: Sequence[Track], rule: str) -> Refused:
    return Refused(group=group, track_ids=tuple([track.track_id or "" for track in tracks]), rule=rule)


async def _seal(
    rooms: Rooms, batches: Sequence[tuple[Batch, Maker]]
) -> tuple[list[Outgoing], list[tuple[Batch, Refusals]]]:
    """Steps 5 and 6: signed messages, and tracks that the alliance format cannot express."""
    outgoing: list[Outgoing] = []
    refused: list[tuple[Batch, Refusals]] = []
    for batch, maker in batches:
        drafts, unfit = draft_batch(maker, batch)
        if unfit:
            refused.append((batch, unfit))
        for draft in drafts:
            sealed = await rooms.signer.seal_async(draft)
            outgoing.append(Outgoing(sealed=sealed, leaf=leaf.sent(sealed)))
    return outgoing, refused


def _tell(
    rooms: Rooms,
    policy: Policy,
    decided: _Decided,
    outgoing: Sequence[Outgoing],
    unfit: Sequence[tuple[Batch, Refusals]],
) -> None:
    """After the commit: count what went and what did not, and wake the links."""
    counts = rooms.counts
    counts.tracks_released += sum(len(batch.tracks) for batch, _ in decided.batches)
    counts.messages_signed += len(outgoing)
    counts.tracks_signed += sum(len(one.sealed.track_ids) for one in outgoing)
    counts.tracks_delayed += sum(row.tracks for row in decided.again)
    for refused in decided.refused:
        onward.count_withheld(rooms, policy, refused)
    for batch, some in unfit:
        counts.records_refused += len(some)
        for track, error in some:
            set_aside(rooms, batch.frame_of(track), (error,))
    rooms.delay.note(decided.again)
    if outgoing:
        rooms.report("corridor", None)
        rooms.wake_links(sorted({name for one in outgoing for name in one.sealed.recipients}))


# ---------------------------------------------------------------------------------------------------------- a partner's


async def _theirs(rooms: Rooms, row: HeldBack) -> None:
    assert row.message is not None, "our own go another way"
    stored = await rooms.store.waiting.message(row.message)
    async with rooms.turns.take(row.source):  # no withdrawal passes it, nor is passed by it
        policy, now = rooms.desk.policy, rooms.clock.now()
        known = read_theirs(row, stored, rooms.verifier, node=rooms.node, now=now, limits=rooms.limits)
        carried = known.carried
        tracks = rooms.picture.standing(known.tracks, carried.origin, carried.via, carried.by)
        decision, thinned = rooms.memory.noting(
            lambda: pass_on(
                policy,
                carried,
                now=now,
                memory=rooms.memory,
                most_hops=rooms.limits.relay_hops,
                only=row.group,
                tracks=tracks,
            )
        )
        if tracks and not (row.group in policy.groups and passes_on(policy)):  # then no rule is asked
            rule = NO_RULE if row.group in policy.groups else NO_MEMBER
            decision = Onward(refused=(_refused(row.group, tracks, rule),))
        again = tuple([hold_theirs(carried, known.places, held, row.message) for held in decision.held])
        departure = onward.Departure(policy=policy, thinned=thinned)
        is_done = False
        try:
            departure = await onward.seal_all(rooms, policy, carried, decision, thinned, again)
            is_done = await rooms.store.waiting.resume([row], departure.outgoing, again)
        finally:
            if not is_done:
                onward.stay(rooms, departure)
        if is_done:
            onward.depart(rooms, departure)
