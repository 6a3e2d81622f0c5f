"""What every feed that converses has: its sessions, the offers to them, the timer, an end that is bounded in time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

import structlog

from gateway.clock import Clock
from gateway.dialect import Endpoint
from gateway.errors import FeedError, GatewayError
from gateway.feeds import codes
from gateway.feeds.address import peer_text
from gateway.feeds.clients import Clients
from gateway.feeds.cutting import Cutter
from gateway.feeds.frame_queue import FeedCounts
from gateway.feeds.outlet import OutletCounts
from gateway.feeds.talk import TICK_S, PeerStatus, Snapshot, Take, TalkPlace
from gateway.feeds.talk_desk import Desk
from gateway.feeds.talk_heard import Heard
from gateway.feeds.talk_session import Session
from gateway.feeds.talk_stream import Stream
from gateway.limits import Limits
from gateway.track import Label, Track

_LAST_FRAMES_S = 1.0  # at the end, for the corridor to take what has been heard
_LAST_WORDS_S = 1.5  # and then for the peers to take our last words and to close
_ADDRESSES = 1_024  # whose last refusal is remembered, so that a flood of them does not flood the log

_log = structlog.get_logger("talk")


class _Whole:
    """The splitter of a format that has none: a connection is one frame, taken from the cutter's rest at its end."""

    def feed(self, octets: bytes) -> list[bytes]:
        return []


class TalkFeed:
    """What listening, calling and datagrams have in common; whoever inherits serves."""

    def __init__(
        self,
        place: TalkPlace,
        *,
        endpoint: Endpoint,
        take: Take,
        snapshot: Snapshot,
        clock: Clock,
        limits: Limits,
        tick_s: float = TICK_S,
    ) -> None:
        """`FeedError` (``FEED-028``) when two clients pin the same key."""
        self.place = place
        self.counts = FeedCounts()
        self._desk = Desk(
            place=place,
            endpoint=endpoint,
            take=take,
            snapshot=snapshot,
            clock=clock,
            limits=limits,
            counts=self.counts,
            out=OutletCounts(),
        )
        self._clients = Clients(place.clients, view=place.view, source=place.source)
        self._tick_s = tick_s
        self._sessions: dict[Session, asyncio.Task[None] | None] = {}
        self._heard: deque[tuple[Session, Heard]] = deque(maxlen=limits.ingest_queue_frames)
        self._heard_more = asyncio.Event()
        self._left_coalesced = 0
        self._left_dropped = 0
        self._refused_s: dict[str, float] = {}

    # ---------------------------------------------------------------------------------------------- what the node sees

    @property
    def out(self) -> OutletCounts:
        """What has gone out so far, all peers together; an update for three peers counts three times."""
        out, outboxes = self._desk.out, [session.outbox for session in self._sessions]
        out.coalesced = self._left_coalesced + sum(outbox.coalesced for outbox in outboxes)
        out.dropped = self._left_dropped + sum(outbox.dropped for outbox in outboxes)
        return out

    @property
    def waiting(self) -> int:
        """Frames of all peers that wait for the corridor; what waits for each peer is in `peers`."""
        return sum(len(session.inbox) for session in self._sessions)

    def peers(self) -> list[PeerStatus]:
        """How the conversations fare, the longest first."""
        return [session.status for session in self._sessions]

    def offer(self, tracks: Sequence[Track], *, is_own: bool, label: Label | None) -> None:
        """Queue updates for the peers that want tracks and are cleared for these; never waits, never fails."""
        cleared: dict[int, Sequence[Track]] = {}  # many peers share one view
        for session in self._sessions:
            if not session.wants_tracks:
                continue
            view = session.caller.view
            shown = cleared.get(id(view))
            if shown is None:
                shown = cleared[id(view)] = view.filter(tracks, is_own=is_own, label=label)
            session.follow_policy()
            if shown:
                session.outbox.put(shown)

    async def run(self) -> None:
        """Converse until cancelled; then the peers get our last words, and their connections are closed."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_time(), name=f"feed {self.place.name} timer")
            group.create_task(self._hand_on_heard(), name=f"feed {self.place.name} timer's frames")
            try:
                await self._serve(group)
            finally:
                self._stop_serving()
                await self._say_farewell()

    async def _serve(self, group: asyncio.TaskGroup) -> None:
        """Hold conversations until cancelled."""
        raise NotImplementedError

    def _stop_serving(self) -> None:
        """Begin no more of them."""

    # ------------------------------------------------------------------------------------------- for those who inherit

    def _stream(self) -> Stream:
        """The wire for one connection."""
        splitter = self.place.form.splitter or _Whole
        cutter = Cutter(splitter(), max_octets=self._desk.limits.max_frame_octets)
        return Stream(self._meet, cutter, self._desk.clock)

    async def _attend(self, session: Session) -> None:
        """Hold a conversation to its end, in a task of its own."""
        out, counts = self._desk.out, self.counts
        self._sessions[session] = asyncio.current_task()
        counts.connections += 1
        out.connections += 1
        counts.connected = out.connected = len(self._sessions)
        try:
            await session.run()
        finally:
            del self._sessions[session]
            counts.connected = out.connected = len(self._sessions)
            self._left_coalesced += session.outbox.coalesced
            self._left_dropped += session.outbox.dropped + len(session.outbox)

    def _meet(self, stream: Stream) -> Session | None:
        transport, desk = stream.transport, self._desk
        assert transport is not None, "a connection that stands has a transport"
        address = peer_text(transport.get_extra_info("peername") or ("", 0))
        try:
            connection = transport.get_extra_info("ssl_object")
            caller = self._clients.identify(connection, address=address, now=desk.clock.now())
            return Session(desk, caller, stream)
        except GatewayError as error:
            self._refuse(address, error)
        except Exception as error:  # a bug of the dialect's, which is not the other peers' trouble
            self._refuse(address, FeedError(codes.TALK_CRASHED, place=address, cause=type(error).__name__))
            _log.error("talk.crashed", feed=self.place.name, peer=address, exc_info=error)
        return None

    def _refuse(self, address: str, error: GatewayError) -> None:
        """Count a peer that was not let in, and log the first of a row from one address."""
        self.counts.refused_peers += 1
        self.counts.last_error = self._desk.out.last_error = str(error)
        host, now_s, known = address.rpartition(":")[0], self._desk.clock.monotonic(), self._refused_s
        if now_s - known.get(host, -1e9) < self._desk.limits.refusal_summary_s:
            return
        if len(known) >= _ADDRESSES:
            known.clear()
        known[host] = now_s
        _log.warning("talk.refused", feed=self.place.name, peer=address, code=error.code.id, error=str(error))

    # ---------------------------------------------------------------------------------------------- timer and farewell

    async def _keep_time(self) -> None:
        while True:
            await asyncio.sleep(self._tick_s)
            for session in list(self._sessions):
                heard = session.tick()
                if heard:
                    if len(self._heard) == self._heard.maxlen:
                        self.counts.dropped += 1
                    self._heard.append((session, heard))
                    self._heard_more.set()
                await asyncio.sleep(0)

    async def _hand_on_heard(self) -> None:
        """The corridor may make us wait for what the timer brought up; the timer itself must not."""
        while True:
            await self._heard_more.wait()
            self._heard_more.clear()
            while self._heard:
                session, heard = self._heard.popleft()
                try:
                    await session.hand_on(heard)
                except Exception as error:  # the corridor's bug costs one conversation, not the feed
                    session.crash(error)

    async def _say_farewell(self) -> None:
        """Let every conversation come to its end: first those that can, then those that must."""
        sessions = list(self._sessions)
        tasks = {task for task in self._sessions.values() if task is not None}
        for session in sessions:
            session.leave()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_LAST_FRAMES_S)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=_LAST_WORDS_S)
        for session in sessions:
            session.abort()
