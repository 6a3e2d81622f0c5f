"""One conversation: its dialect, its two queues, and the order in which everything happens.

Two tasks ask the dialect, one for what comes in and one for what goes out, and a timer asks it once a second. All ask
in one event loop and write at once what it answers, so the peer reads the answers in the order in which they were
given. Tracks are taken from their queue only while the connection takes more, so an acknowledgement never waits behind
more than the tracks that are already written. A peer who does not read is not read from either, and is let go in the
end.

The life of a conversation, whatever happens: opened once; received, offered and ticked while it goes on; closed once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

import structlog

from gateway.dialect import Conversation, Turn
from gateway.errors import FeedError, FormatError, GatewayError
from gateway.feeds import codes
from gateway.feeds.clients import Caller, visible
from gateway.feeds.frame_queue import FrameQueue
from gateway.feeds.outlet import FLUSH_TRACKS, tally_losses
from gateway.feeds.talk import PeerStatus
from gateway.feeds.talk_desk import Desk, Wire
from gateway.feeds.talk_heard import Given, Heard, refusal, says_something
from gateway.feeds.track_queue import TrackQueue
from gateway.stages import Decoded, Frame

TURN_FRAMES = 64
"""Frames of one peer between two turns of the event loop: a peer that floods delays nobody else."""
TURN_OCTETS = 65_536
"""The same for large frames: their decoding takes as long as their octets."""
_PICTURE_EVERY_S = 1.0  # stops a peer that turns its wish for tracks on and off from making us gather pictures
_FAREWELL_S = 1.0  # for the peer to take our last words and to close

_log = structlog.get_logger("talk")


class Session:
    """One conversation over one wire."""

    def __init__(self, desk: Desk, caller: Caller, wire: Wire, *, is_datagram: bool = False) -> None:
        """`GatewayError` when the dialect will not converse. `is_datagram`: a bad frame says nothing of the next."""
        place, limits = desk.place, desk.limits
        self.caller = caller
        self.since = desk.clock.now()
        self.began_s = desk.clock.monotonic()
        self.inbox = FrameQueue(limits.connection_queue_frames, desk.counts)
        self.outbox = TrackQueue(limits.feed_out_queue_tracks, high_water=place.high_water, coalesce=place.coalesce)
        self.wants_tracks = False
        """Whether updates are queued for it."""
        self.has_heard = False
        """A frame came that the dialect took."""
        self.is_over = False
        """The dialect is asked nothing more but how it closes."""
        self.has_failed = False
        """It ended because it could not go on."""
        self.last_error = ""
        self._desk = desk
        self._wire = wire
        self._is_datagram = is_datagram
        self._conversation: Conversation = desk.endpoint.converse(caller.peer)
        self._fault: tuple[bytes, GatewayError] | None = None
        self._is_open = False
        self._is_closed = False
        self._crashed = False
        self._picture_is_due = False
        self._pictured_s: float | None = None
        self._sent = 0
        self._decided_by = caller.view.decided_by

    # --------------------------------------------------------------------------------------------- what the wire calls

    def frame(self, octets: bytes) -> Frame:
        """Octets of the peer as a frame received now."""
        place = self._desk.place
        return Frame(
            octets=octets,
            feed=place.name,
            source=self.caller.source,
            peer=self.caller.peer.address,
            received_at=self._desk.clock.now(),
        )

    def frames(self, cut: Sequence[bytes]) -> list[Frame]:
        """The frames of one read."""
        feed, source, peer = self._desk.place.name, self.caller.source, self.caller.peer.address
        now = self._desk.clock.now()
        return [Frame(octets=octets, feed=feed, source=source, peer=peer, received_at=now) for octets in cut]

    def cannot_follow(self, octets: bytes, error: GatewayError) -> None:
        """The stream cannot be cut any more: what came before is still worked on, then this is the end."""
        self._fault = octets, error
        self._desk.counts.stream_errors += 1
        self.inbox.end()

    def note_loss(self, error: Exception) -> None:
        """The connection broke."""
        self._note(FeedError(codes.DISCONNECTED, place=self._place(), cause=str(error) or type(error).__name__))

    def end(self) -> None:
        """Nothing more will be heard: work on what came, then close."""
        self.inbox.end()

    def leave(self) -> None:
        """Listen no more, work on what came, then close."""
        self._wire.stop_listening()
        self.inbox.end()

    def abort(self) -> None:
        """Let the connection go without ceremony."""
        self._wire.abort()

    # -------------------------------------------------------------------------------------------- the life of a stream

    async def run(self) -> None:
        """Converse until the peer has gone or the conversation is over; `closed` was called, the wire is closed.

        Never raises, but for cancellation: what a conversation ends with is nobody else's trouble.
        """
        try:
            try:
                async with asyncio.TaskGroup() as group:
                    telling = group.create_task(self.tell(), name=f"feed {self._desk.place.name} tell")
                    await self.hand_on(self.open())
                    await self._hear()
                    telling.cancel()
            except Exception as error:  # the corridor's bug, or ours: the dialect's are caught where it is asked
                self.crash(error)
            await self._close_up()
        finally:
            self.close()  # if we are cancelled, it has not been yet
            if self._crashed:
                self._wire.abort()
            else:
                self._wire.close()

    async def _close_up(self) -> None:
        try:
            await self.hand_on(self.close())
            if not self._crashed:
                await self._wire.finish(_FAREWELL_S)
        except Exception as error:
            self.crash(error)

    async def _hear(self) -> None:
        inbox, writable = self.inbox, self._wire.writable
        while await inbox.wait():
            if not writable.is_set():
                await writable.wait()
            if self.is_over:
                inbox.clear()
                return
            heard = self.receive(inbox.take(TURN_FRAMES, TURN_OCTETS))
            if heard:
                await self.hand_on(heard)
            await asyncio.sleep(0)
        if self._fault is not None and not self.is_over:
            octets, error = self._fault
            self.fail(error)
            await self.hand_on([(self.frame(octets), Decoded(problems=(refusal(error),)))])

    async def tell(self) -> None:
        """Offer what waits, as fast as the peer takes it, until cancelled or over."""
        outbox, writable, conversation = self.outbox, self._wire.writable, self._conversation
        while True:
            await outbox.wait()
            if not writable.is_set():
                await writable.wait()
            if self.is_over:
                return
            self.follow_policy()
            tracks = outbox.take(FLUSH_TRACKS)
            if tracks:
                now = self._desk.clock.now()
                told = self._ask(lambda offer=tracks, now=now: conversation.offered(offer, now))  # type: ignore[misc]  # defaults bind the loop's values
                if not self._crashed:
                    self._count_told(len(tracks), told)
                await self.hand_on(self._aside(told))
            await asyncio.sleep(0)

    def _count_told(self, tracks: int, told: Turn) -> None:
        written = max(0, tracks - len(told.problems))
        self._sent += written
        self._desk.out.tracks += written

    # ---------------------------------------------------------------------------------------------- asking the dialect

    def open(self) -> Heard:
        """Open the conversation."""
        self._is_open = True
        now = self._desk.clock.now()
        return self._aside(self._ask(lambda: self._conversation.opened(now)))

    def receive(self, frames: Iterable[Frame]) -> Heard:
        """What the dialect makes of frames; its answers have been written, all of them at once."""
        said: list[bytes] = []
        heard: Heard = []
        received = self._conversation.received
        for frame in frames:
            try:
                turn = received(frame)
            except GatewayError as error:
                heard.append((frame, Decoded(problems=(refusal(error),))))
                if self._is_datagram:
                    self._note(error)
                    continue
                self.fail(error)
                break
            except Exception as error:
                self.crash(error)
                problem = FormatError(codes.TALK_CRASHED, place=frame.peer, cause=type(error).__name__)
                heard.append((frame, Decoded(problems=(problem,))))
                break
            said += turn.octets
            if says_something(turn.decoded):
                heard.append((frame, turn.decoded))
            if turn.losses or turn.problems:
                self._tally(turn)
            if turn.over is not None:
                self.fail(turn.over)
                break
            self.has_heard = True
        try:
            if said:
                self._send(said)
            self._follow_wish()
        except Exception as error:  # answers that are no octets, a wish that cannot be asked
            self.crash(error)
        return heard

    def tick(self) -> Heard:
        """Tell the dialect that time has passed, and let go of a peer that does not read or has stayed too long."""
        if not self._is_open or self.is_over:
            return []
        limits, now_s = self._desk.limits, self._desk.clock.monotonic()
        stuck_since_s = self._wire.stuck_since_s
        if stuck_since_s is not None and now_s - stuck_since_s > limits.request_timeout_s:
            cause = f"{limits.request_timeout_s:g} s without a completed write"
            self._desk.out.stuck += 1
            self.fail(FeedError(codes.CONSUMER_STUCK, place=self._place(), cause=cause))
            self._wire.abort()
            return []
        if not self._is_datagram and now_s - self.began_s > limits.connection_age_s:
            self.leave()
        now = self._desk.clock.now()
        return self._aside(self._ask(lambda: self._conversation.tick(now)))

    def begin_again(self) -> None:
        """Somebody new listens over the same wire: begin with the picture again, now or at one of the next ticks."""
        self._picture_is_due = True
        self._follow_wish()

    def follow_policy(self) -> None:
        """Under another policy, what waits was decided by the one before: forget it, and begin with the picture."""
        before, self._decided_by = self._decided_by, self.caller.view.decided_by
        if before is not self._decided_by and len(self.outbox):
            self.outbox.clear()
            self.begin_again()

    def close(self) -> Heard:
        """Close the conversation, once: its last words are written, unless it said them when it broke off."""
        if self._is_closed or not self._is_open:
            return []
        self._is_closed = True
        spoke_last = self.is_over
        self.is_over, self.wants_tracks = True, False
        now = self._desk.clock.now()
        try:
            turn = self._conversation.closed(now)
            self._tally(turn)
            if turn.octets and not spoke_last:
                self._send(turn.octets)
        except GatewayError as error:
            self._note(error)
            return [(self.frame(b""), Decoded(problems=(refusal(error),)))]
        except Exception as error:
            self.crash(error)
            return []
        return self._aside(turn)

    async def hand_on(self, heard: Heard) -> None:
        """Take what was heard through the corridor, in order; it may make us wait."""
        take, counts = self._desk.take, self._desk.counts
        for frame, decoded in heard:
            try:
                await take(frame, Given(decoded))
            except GatewayError as error:
                counts.sink_errors += 1
                self._note(error)

    def _ask(self, question: Callable[[], Turn]) -> Turn:
        try:
            turn = question()
            if turn.octets:
                self._send(turn.octets)
            self._tally(turn)
            if turn.over is not None:
                self.fail(turn.over)
            self._follow_wish()
        except GatewayError as error:
            self.fail(error)
            return Turn(decoded=Decoded(problems=(refusal(error),)))
        except Exception as error:
            self.crash(error)
            return Turn()
        return turn

    def _aside(self, turn: Turn) -> Heard:
        """What the dialect took in by itself, under a frame without octets."""
        return [(self.frame(b""), turn.decoded)] if says_something(turn.decoded) else []

    def _follow_wish(self) -> None:
        """Begin with the picture when the peer comes to want tracks, forget what waits when it no longer does.

        Nothing can come between the picture and the updates after it: both are queued in one turn of the loop.
        """
        wants = not self.is_over and self._conversation.wants_tracks
        if not wants:
            if self.wants_tracks:
                self.wants_tracks = False
                self.outbox.clear()
            return
        if self.wants_tracks and not self._picture_is_due:
            return
        now_s = self._desk.clock.monotonic()
        if self._pictured_s is not None and now_s - self._pictured_s < _PICTURE_EVERY_S:
            return  # the next tick asks again
        self._pictured_s = now_s
        self.wants_tracks, self._picture_is_due = True, False
        self.outbox.begin_with(visible(self._desk.snapshot(), self.caller.view))

    def _send(self, frames: Sequence[bytes]) -> None:
        self._wire.send(frames)
        out = self._desk.out
        out.frames += len(frames)
        out.octets += sum(map(len, frames))

    # ------------------------------------------------------------------------------------------------- what went wrong

    def fail(self, error: GatewayError) -> None:
        """The conversation cannot go on."""
        if self.is_over:
            return
        self._note(error)
        self._break_off()
        _log.info("talk.broken_off", feed=self._desk.place.name, peer=self._who(), code=error.code.id, error=str(error))

    def crash(self, error: Exception) -> None:
        """The conversation met a bug of ours."""
        self._crashed = True
        self._note(FeedError(codes.TALK_CRASHED, place=self._place(), cause=type(error).__name__))
        self._break_off()
        _log.error("talk.crashed", feed=self._desk.place.name, peer=self._who(), exc_info=error)

    def _break_off(self) -> None:
        if not self.has_failed:
            self._desk.counts.broken_off += 1
        self.has_failed = self.is_over = True
        self.wants_tracks = False
        self.inbox.end()
        self._wire.writable.set()  # whoever waits for it shall see that it is over

    def _note(self, error: GatewayError) -> None:
        self.last_error = str(error)
        self._desk.counts.last_error = f"{self.caller.peer.address}: {error}"

    def _tally(self, turn: Turn) -> None:
        out = self._desk.out
        if turn.losses:
            tally_losses(out, ((loss.field, loss.reason) for _, loss in turn.losses))
        if turn.problems:
            out.unencoded += len(turn.problems)
            out.last_error = str(turn.problems[0])

    def _place(self) -> str:
        return f"feed {self._desk.place.name} {self._who()}"

    def _who(self) -> str:
        peer = self.caller.peer
        return f"{peer.name} {peer.address}" if peer.name else peer.address

    @property
    def status(self) -> PeerStatus:
        """How it fares."""
        peer, outbox = self.caller.peer, self.outbox
        return PeerStatus(
            name=peer.name,
            address=peer.address,
            title=self._conversation.title,
            since=self.since,
            waiting=len(outbox),
            sent=self._sent,
            dropped=outbox.dropped,
            coalesced=outbox.coalesced,
            last_error=self.last_error,
        )
