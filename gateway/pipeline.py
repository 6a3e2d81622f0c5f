"""The corridor. Two numbered functions, and the only module that knows the order of the rooms.

`outbound` takes a national frame to a durable, signed, ledgered message that the links deliver.
`inbound` takes what a partner pushed to tracks that national consumers read, and answers with a signed receipt.

Steps 1 to 4 of `outbound` run for each frame; 5 to 8 in `dispatch`, once for a whole batch of tracks that the same
partners may see: one signature, one POST, one ledger leaf. The answer to a national system rests on step 7, the commit.

Each function takes the policy in force once, so that a frame, a batch or a message is decided by one policy alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import structlog
from msgspec import Struct

from gateway import onward
from gateway.batch import Batch, Outcome
from gateway.consumers import hand_on
from gateway.dialect import Decoder
from gateway.drafting import draft_batch
from gateway.errors import FormatError, GatewayError, PolicyError, SealError, StoreError
from gateway.formats import alliance
from gateway.held import as_admitted, hold_own, renderable
from gateway.ledger import leaf
from gateway.links import ReceiptAnswer
from gateway.policy import accept, mark, release
from gateway.policy.acceptance import origin_of
from gateway.policy.policy import Policy
from gateway.relay import open_enclosed
from gateway.rooms import Rooms
from gateway.seal import VerificationError, check_freshness
from gateway.stages import Accepted, Decoded, Frame, Held, Inbound, Intake, Opened, Refused, Release
from gateway.store import HeldBack, Idempotent, Minted, Outgoing, Quarantined
from gateway.store import Outcome as Recording
from gateway.store.codes import NOT_DURABLE
from gateway.track import Track

_log = structlog.get_logger("pipeline")


class Pending(Struct, frozen=True, kw_only=True):
    """A frame that has been taken and is on its way to the disk."""

    track_ids: tuple[str, ...]
    problems: tuple[FormatError, ...]
    duplicates: int
    refused: tuple[Refused, ...]
    batches: tuple[Batch, ...]
    shelf: Batch | None = None
    """With which tracks that are held back become durable, where no batch took others of the frame."""

    async def intake(self) -> Intake:
        """What became of it, once that is durable; raises the `GatewayError` that kept it from becoming so."""
        # Shielded: a caller who is cancelled would cancel the future itself, for which others wait
        batches = self.batches if self.shelf is None else (*self.batches, self.shelf)
        outcomes: list[Outcome] = [await asyncio.shield(batch.done) for batch in batches]
        for outcome in outcomes:
            if outcome.failure is not None:
                raise outcome.failure
        late = {track_id: why for outcome in outcomes for track_id, why in outcome.refused}
        return self.expected(late, [one for outcome in outcomes for one in outcome.more_message_ids])

    def expected(self, late: Mapping[str, FormatError] = MappingProxyType({}), more: Sequence[str] = ()) -> Intake:
        """The answer if all goes well but for tracks refused `late`, by track_id, and with `more` messages."""
        mine = [late[track_id] for track_id in self.track_ids if track_id in late]
        message_ids = [*(batch.message_id for batch in self.batches), *more]
        return Intake(
            track_ids=tuple(track_id for track_id in self.track_ids if track_id not in late),
            message_ids=tuple(message_ids) if len(mine) < len(self.track_ids) else (),
            problems=(*self.problems, *mine),
            duplicates=self.duplicates,
            refused=self.refused,
        )


Answer = Callable[[Intake], Idempotent]
"""Makes, of what becomes of a frame, the stored answer to a request that may be repeated."""


async def outbound(rooms: Rooms, frame: Frame, decoder: Decoder, answer: Answer | None = None) -> Pending:
    """Take one national frame; await `Pending.intake` for the durable answer. Waits only when too much is under way.

    What `answer` makes is stored in one transaction with every message that the frame goes into.
    """
    gatherer = rooms.gatherer
    counts = rooms.counts
    if gatherer.is_full:
        await gatherer.room()

    # 1. Receive: a feed made the frame; its source comes from the client certificate or the feed's configuration
    counts.frames += 1

    # 2. Decode: a refused record goes to quarantine with its place, and never takes its neighbours down
    decoded = decoder.decode(frame)
    counts.records_silent += decoded.silent
    counts.duplicates += decoded.duplicates
    if decoded.problems or decoded.overdue:
        _set_aside_refused(rooms, frame, decoded)

    # 3. Admit: mint or find each track's identifier, flag what is implausible
    admitted, begun = rooms.admission.admit(frame.source, decoded.tracks, frame.received_at)
    tracks, problems = admitted.tracks, decoded.problems
    if answer is not None:  # a stored answer must be final: what the alliance format cannot express is refused here
        tracks, unfit = _renderable(tracks)
        if unfit:
            counts.records_refused += len(unfit)
            set_aside(rooms, frame, unfit)
            problems = (*problems, *unfit)
    counts.tracks_received += len(tracks)

    # 4. Label and release: a label for each track, then a verdict for each release group, never for each partner
    batches, refused, tracks, held = _release(rooms, frame, tracks, begun)
    carrier = batches[0] if batches else None
    if held:
        carrier = _hold(rooms, frame, held, carrier)
    if batches:
        begun = ()  # belongs to one transaction
    pending = Pending(
        track_ids=tuple([track.track_id or "" for track in tracks]),
        problems=problems,
        duplicates=decoded.duplicates,
        refused=refused,
        batches=batches,
        shelf=None if batches else carrier,
    )
    kept = answer(pending.expected()) if answer is not None else None
    if kept is not None and len(batches) > 1:
        gatherer.bond(batches)  # it promises all of them
    if carrier is not None:
        carrier.begun.extend(begun)
        if kept is not None:
            carrier.idempotency.append(kept)
    elif begun or kept is not None:
        await _record(rooms, (), begun, () if kept is None else (kept,))
    return pending


def _release(
    rooms: Rooms,
    frame: Frame,
    admitted: tuple[Track, ...],
    begun: tuple[Minted, ...],
) -> tuple[tuple[Batch, ...], tuple[Refused, ...], tuple[Track, ...], tuple[Held, ...]]:
    """Step 4 for the tracks of a frame: batches that took them, who may not see them, the labelled tracks, and those
    that are held back, as they were admitted."""
    gatherer, counts = rooms.gatherer, rooms.counts
    if not admitted:
        return (), (), (), ()
    policy, now = rooms.desk.policy, rooms.clock.now()
    tracks = mark(policy, admitted, source=frame.source, now=now)
    rooms.picture.update(tracks, rooms.node, None)
    rooms.publish(tracks, rooms.node, None)
    batches: list[Batch] = []
    refused: list[Refused] = []
    held: list[Held] = []
    for verdict in release(policy, tracks, source=frame.source, origin=rooms.node, now=now, memory=rooms.memory):
        if isinstance(verdict, Release):
            counts.tracks_released += len(verdict.tracks)
            batches.append(gatherer.add(verdict, policy, begun, frame))
            begun = ()
        elif isinstance(verdict, Held):
            held.append(as_admitted(verdict, admitted, tracks))
            ids = tuple([track.track_id or "" for track in verdict.tracks])
            refused.append(Refused(group=verdict.group, track_ids=ids, rule=verdict.rule, until=verdict.until))
        else:
            refused.append(verdict)
            onward.count_withheld(rooms, policy, verdict)
    return tuple(batches), tuple(refused), tracks, tuple(held)


def _hold(rooms: Rooms, frame: Frame, held: tuple[Held, ...], batch: Batch | None) -> Batch | None:
    """The batch in whose transaction what is held back becomes durable: `batch`, or one of its own.

    What the alliance format cannot express is refused now, while its octets are there.
    """
    fit, faults = renderable(held)
    if faults:
        rooms.counts.records_refused += len(faults)
        set_aside(rooms, frame, faults)
    rows = [row for one in fit for row in hold_own(frame, one, rooms.maker, rooms.limits.batch_max_tracks)]
    rooms.counts.tracks_delayed += sum(row.tracks for row in rows)
    return rooms.gatherer.hold(rows, rooms.desk.policy, batch) if rows else batch


def _set_aside_refused(rooms: Rooms, frame: Frame, decoded: Decoded) -> None:
    """Quarantine and count what was refused: of this frame, and earlier ones that were held in vain."""
    if decoded.problems:
        rooms.counts.records_refused += len(decoded.problems)
        set_aside(rooms, frame, decoded.problems)
    for held, why in decoded.overdue:  # each with octets of its own
        rooms.counts.records_refused += 1
        set_aside(rooms, held, (why,))


def _renderable(tracks: Sequence[Track]) -> tuple[tuple[Track, ...], tuple[FormatError, ...]]:
    """The tracks that the alliance format can express, and why not the others."""
    faults = [alliance.fault(track) for track in tracks]
    good = tuple(track for track, fault in zip(tracks, faults, strict=True) if fault is None)
    return good, tuple(fault for fault in faults if fault is not None)


async def dispatch(rooms: Rooms, batches: Sequence[Batch]) -> None:
    """Steps 5 to 8 for a closed batch, or for several that become durable together or not at all.

    Resolves the `done` of each with what became of it, whatever happens.
    """
    outcomes = [Outcome(failure=StoreError(NOT_DURABLE, cause="the batch was interrupted"))] * len(batches)
    try:
        outcomes = await _dispatch(rooms, batches)
    except GatewayError as error:
        rooms.counts.failures += 1
        rooms.report("corridor", error)
        outcomes = [Outcome(failure=error)] * len(batches)
    except Exception:  # a bug of ours must not take the other batches down, nor let anybody believe in these
        rooms.counts.failures += 1
        groups, tracks = ",".join([batch.group for batch in batches]), sum(len(batch.tracks) for batch in batches)
        _log.exception("batch.crashed", group=groups, tracks=tracks)
    finally:
        for batch, outcome in zip(batches, outcomes, strict=True):
            if not batch.done.done():
                batch.done.set_result(outcome)


async def _dispatch(rooms: Rooms, batches: Sequence[Batch]) -> list[Outcome]:
    outgoing: list[Outgoing] = []
    outcomes: list[Outcome] = []
    for batch in batches:
        # 5. Render: straight into exclusive canonical form
        drafts, unfit = draft_batch(rooms.maker, batch) if batch.tracks else ([], ())
        rooms.counts.records_refused += len(unfit)
        for track, error in unfit:
            set_aside(rooms, batch.frame_of(track), (error,))
        refused = tuple([(track.track_id or "", error) for track, error in unfit])

        # 6. Sign
        sealed = [await rooms.signer.seal_async(draft) for draft in drafts]
        outgoing += [Outgoing(sealed=one, leaf=leaf.sent(one)) for one in sealed]
        more = tuple([one.message_id for one in sealed[1:]])
        outcomes.append(Outcome(refused=refused, more_message_ids=more))

    # 7. Record: messages, dedupe keys, ledger leaves, track index and what is held back in one transaction
    begun = [one for batch in batches for one in batch.begun]
    answers = [one for batch in batches for one in batch.idempotency]
    held = [one for batch in batches for one in batch.held]
    await _record(rooms, outgoing, begun, answers, held)
    if outgoing:
        rooms.counts.messages_signed += len(outgoing)
        rooms.counts.tracks_signed += sum([len(batch.tracks) for batch in batches]) - sum(
            [len(one.refused) for one in outcomes]
        )
        rooms.report("corridor", None)

        # 8. Deliver: the links read forward from their own cursors
        for batch in batches:
            rooms.wake_links(batch.recipients)
    return outcomes


async def _record(
    rooms: Rooms,
    outgoing: Sequence[Outgoing],
    begun: Sequence[Minted],
    answers: Sequence[Idempotent],
    held: Sequence[HeldBack] = (),
) -> None:
    """Make all of it durable, or nothing; without a message too, where there is something to keep."""
    if outgoing or begun or answers or held:
        await rooms.store.record_outbound_all(outgoing, begun, answers, held)
        rooms.delay.note(held)


def set_aside(rooms: Rooms, frame: Frame, problems: Sequence[GatewayError], length: int | None = None) -> None:
    """Keep the octets of a frame once, under its first problem, with how many there are; `length` of a cut one."""
    first = problems[0]
    more = f" (and {len(problems) - 1} more in this frame)" if len(problems) > 1 else ""
    rooms.quarantine(
        Quarantined(
            at=frame.received_at,
            source=frame.source,
            feed=frame.feed,
            peer=frame.peer,
            code=first.code.id,
            place=first.place,
            cause=first.cause + more,
            octets=frame.octets,
            length=len(frame.octets) if length is None else length,
        )
    )
    for problem in problems:
        # Partners read the ledger: which of our systems it was is told by quarantine and metrics, at home
        rooms.ledger.count_refusal(peer=rooms.node, code=problem.code.id)


async def inbound(rooms: Rooms, message: Inbound) -> ReceiptAnswer:
    """Take what a partner pushed; the answer is the signed receipt (or signed refusal), the original for a duplicate.

    Raises `SealError` when the signature does not hold: then nothing that the message says is believed, nothing is
    recorded but a rate-limited summary, and the caller learns no more than that.
    """
    counts, policy, now = rooms.counts, rooms.desk.policy, rooms.clock.now()

    # 1. Transport: `links` took the partner from the pinned key of the peer certificate, and bounded the body

    # 2. Signature on octets, 3. parse the verified octets, 4. canonical equality
    try:
        verified = rooms.verifier.verify(message)
    except VerificationError as error:
        counts.messages_refused += 1
        rooms.ledger.count_refusal(peer=message.partner, code=error.finding.code.id)
        rooms.quarantine(_unwanted(message, error.finding))  # the operator learns which check; the caller does not
        raise
    counts.messages_verified += 1

    # 5. Schema, then the header: to us, from the signer, fresh, not through us before; the same of what it encloses
    opened: Opened | None = None
    try:
        opened = alliance.open_message(verified)
        check_freshness(opened, node=rooms.node, now=now, limits=rooms.limits)
        opened = open_enclosed(rooms.verifier, opened, node=rooms.node, now=now, limits=rooms.limits)
        # 6. Labels and acceptance
        content = opened.content.message
        accepted = accept(policy, opened, now, alliance.marked(content.tracks, content.header))
    except (FormatError, SealError, PolicyError) as error:
        counts.messages_refused += 1
        found = error.__cause__ if isinstance(error.__cause__, SealError) else error  # of an original, likewise
        _log.warning("message.refused", partner=message.partner, code=error.code.id, error=str(found))
        rooms.quarantine(_unwanted(message, found))
        refusal = await rooms.inbox.refuse(verified, opened, error, policy.digest)
        return ReceiptAnswer(note=refusal.answer, accepted=not refusal.code)

    # A withdrawal neither passes a track that is being taken, nor is passed by one
    async with rooms.turns.take(origin_of(opened), alone=bool(content.retractions)):
        return await _take(rooms, policy, accepted)


async def _take(rooms: Rooms, policy: Policy, accepted: Accepted) -> ReceiptAnswer:
    """Steps 7 to 9 for a message that is let in."""
    # 7. Onward release: what goes on is sealed now, to be recorded with what it rests on or not at all
    word = await onward.weigh(rooms, accepted)
    departure = await onward.prepare(rooms, policy, accepted, word, rooms.clock.now())

    # 8. Record: verified before recorded, acknowledged only after the commit; the receipt is part of the transaction
    try:
        outcome = await rooms.inbox.record(
            accepted, departure.outgoing, word.track_ids, word.withdrawals, departure.waiting, departure.recall
        )
    except GatewayError:
        onward.stay(rooms, departure)  # it comes again
        raise
    if outcome.outcome is not Recording.NEW or outcome.repeated or outcome.code:
        rooms.counts.messages_duplicate += 1
        onward.stay(rooms, departure)
        return ReceiptAnswer(note=outcome.answer, accepted=not outcome.code)

    # 9. Hand on, once: the picture, the national feeds, and partners who may see it
    onward.depart(rooms, departure)
    hand_on(rooms, accepted, word.withdrawals)
    return ReceiptAnswer(note=outcome.answer, accepted=True)


def _unwanted(message: Inbound, error: GatewayError) -> Quarantined:
    """What the operator is shown of a partner's message that was refused."""
    return Quarantined(
        at=message.received_at,
        source=message.partner,
        feed="links",
        code=error.code.id,
        place=error.place,
        cause=error.cause,
        octets=message.octets,
        length=len(message.octets),
    )
