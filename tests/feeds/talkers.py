"""A small dialect that talks back, and both ends of conversations in it, for the tests of the sockets under them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.clock import ManualClock
from gateway.dialect import Decoder, Peer, Turn
from gateway.errors import Code, FormatError
from gateway.feeds.clients import Shown
from gateway.feeds.talk import TalkPlace
from gateway.feeds.talk_feed import TalkFeed
from gateway.feeds.talk_listen import TalkListenFeed
from gateway.limits import Limits
from gateway.policy import Desk, View
from gateway.stages import Decoded, Frame
from gateway.track import Label, Loss, Track
from tests.feeds.support import BAD_LINE, LINES, T0, LineDecoder
from tests.policy import policies

NOT_WELCOME = Code("TEST-002", "peer is not welcome", "leave")
LABEL, OTHER = policies.LOW, policies.HIGH
DESK = Desk(policies.policy(clearances={"low": policies.clearance("UNCLASSIFIED")}), ManualClock(policies.NOW))


def low_view(*, own: bool = True, allied: bool = True) -> View:
    """What somebody sees who is cleared for `LABEL` and not for `OTHER`."""
    return View(own=own, allied=allied, desk=DESK, clearances=("low",))


class LineTalk:
    """One side of the dialect, which remembers what it was asked.

    ``hello NAME``, ``want``, ``enough``, ``ping X`` are answered; ``NUMBER LATITUDE LONGITUDE`` is a track and
    acknowledged; ``hold X`` is given up at the next tick; ``quit`` ends it, ``lost`` raises, ``bug`` crashes.
    """

    def __init__(self, endpoint: LineEndpoint, peer: Peer) -> None:
        self.peer = peer
        self.title = ""
        self.wants_tracks = endpoint.wants_tracks
        self.asked: list[str] = []
        self._endpoint = endpoint
        self._decoder = LineDecoder()
        self._held: list[Frame] = []

    def opened(self, now: datetime) -> Turn:
        self.asked.append("opened")
        return Turn(octets=(b"greetings\n",)) if self._endpoint.greets else Turn()

    def received(self, frame: Frame) -> Turn:
        self.asked.append("received")
        word, _, rest = frame.octets.partition(b" ")
        match word:
            case b"hello":
                self.title = rest.decode()
                return Turn(octets=(b"welcome " + rest + b"\n",))
            case b"want" | b"enough":
                self.wants_tracks = word == b"want"
                return Turn(octets=(b"ok\n",))
            case b"ping":
                return Turn(octets=(b"pong " + rest + b"\n",))
            case b"hold":
                self._held.append(frame)
                return Turn()
            case b"silent":
                return Turn(decoded=Decoded(silent=1))
            case b"quit":
                return Turn(octets=(b"refused\n",), over=FormatError(NOT_WELCOME, place=frame.peer))
            case b"lost":
                raise FormatError(NOT_WELCOME, place=frame.peer, cause="said lost")
            case b"bug":
                raise ZeroDivisionError("of the dialect")
        return Turn(decoded=self._decoder.decode(frame), octets=(b"ack " + word + b"\n",))

    def offered(self, tracks: Sequence[Track], now: datetime) -> Turn:
        self.asked.append(f"offered {len(tracks)}")
        problems = tuple(FormatError(BAD_LINE, place=track.track_id or "") for track in tracks if track.name == "no")
        losses = tuple((track.track_id or "", Loss("name", "NO_TARGET")) for track in tracks if track.name == "lossy")
        padding = b"." * self._endpoint.padding
        octets = tuple(
            b"track %s %s\n" % ((track.track_id or "").encode(), padding) for track in tracks if track.name != "no"
        )
        return Turn(octets=octets, losses=losses, problems=problems)

    def tick(self, now: datetime) -> Turn:
        self.asked.append("ticked")
        held, self._held = self._held, []
        error = FormatError(BAD_LINE, cause="held too long")
        self._endpoint.on_tick(self)
        return Turn(
            decoded=Decoded(overdue=tuple((frame, error) for frame in held)),
            octets=(b"beat\n",) if self._endpoint.beats else (),
        )

    def closed(self, now: datetime) -> Turn:
        self.asked.append("closed")
        return Turn(octets=(b"goodbye\n",), decoded=Decoded(silent=1))


class LineEndpoint:
    offers_tracks = True

    def __init__(
        self, *, wants_tracks: bool = False, greets: bool = False, beats: bool = False, padding: int = 0
    ) -> None:
        self.wants_tracks = wants_tracks
        self.greets = greets
        self.beats = beats
        self.padding = padding
        self.talks: list[LineTalk] = []
        self.on_tick: Callable[[LineTalk], None] = lambda talk: None

    def converse(self, peer: Peer) -> LineTalk:
        talk = LineTalk(self, peer)
        self.talks.append(talk)
        return talk


class Corridor:
    """Decodes what comes, as the corridor does, and remembers it."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.decoded: list[Decoded] = []
        self.open = asyncio.Event()
        self.open.set()
        self.failures: list[Exception] = []

    async def __call__(self, frame: Frame, decoder: Decoder) -> None:
        if not self.open.is_set():
            await self.open.wait()
        if self.failures:
            raise self.failures.pop()
        self.frames.append(frame)
        self.decoded.append(decoder.decode(frame))

    @property
    def numbers(self) -> list[str]:
        return [track.identifiers[0].value for decoded in self.decoded for track in decoded.tracks]

    @property
    def problems(self) -> list[tuple[bytes, str]]:
        return [
            (frame.octets, problem.code.id)
            for frame, decoded in zip(self.frames, self.decoded, strict=True)
            for problem in decoded.problems
        ]


def place(**changes: object) -> TalkPlace:
    fields = {"name": "tak", "source": "c2", "host": "127.0.0.1", "port": 0, "form": LINES, **changes}
    return TalkPlace(**fields)  # type: ignore[arg-type] # test input


def shown(*tracks: Track, is_own: bool = True, label: Label = LABEL) -> list[Shown]:
    return [Shown(track, is_own, label) for track in tracks]


class Scene:
    """A feed with what it was made of."""

    def __init__(self, kind: type[Any] = TalkListenFeed, *, limits: Limits | None = None, **changes: Any) -> None:
        self.endpoint = changes.pop("endpoint", None) or LineEndpoint()
        self.corridor = Corridor()
        self.picture: list[Shown] = []
        self.gathered = 0
        self.running: asyncio.Future[None] | None = None
        self.clock = ManualClock(T0)
        more = {name: changes.pop(name) for name in ("sleep",) if name in changes}
        self.feed: Any = kind(
            place(**changes),
            endpoint=self.endpoint,
            take=self.corridor,
            snapshot=self._gather,
            clock=self.clock,
            limits=limits or Limits(),
            tick_s=0.005,
            **more,
        )

    async def begin(self) -> None:
        """Start and run the feed."""
        await self.feed.start()
        self.running = asyncio.ensure_future(self.feed.run())
        await asyncio.sleep(0)

    async def stop(self) -> None:
        """Cancel the feed and wait for its end."""
        if self.running is not None:
            running, self.running = self.running, None
            running.cancel()
            await asyncio.wait([running])

    def _gather(self) -> list[Shown]:
        self.gathered += 1
        return self.picture

    @property
    def address(self) -> tuple[str, int]:
        address: tuple[str, int] = self.feed.address
        return address

    def offer(self, *tracks: Track, is_own: bool = True, label: Label = LABEL) -> None:
        self.feed.offer(tracks, is_own=is_own, label=label)


@asynccontextmanager
async def talking(kind: type[TalkFeed] = TalkListenFeed, **changes: Any) -> AsyncIterator[Scene]:
    scene = Scene(kind, **changes)
    await scene.begin()
    try:
        yield scene
        assert scene.running is None or not scene.running.done(), "the feed ended by itself"
    finally:
        await scene.stop()


class Caller:
    """A peer of the test's own."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def say(self, *lines: str) -> None:
        self.writer.write("".join(line + "\n" for line in lines).encode())

    async def hear(self) -> str:
        line = await asyncio.wait_for(self.reader.readline(), 60)
        assert line.endswith(b"\n"), f"the other side closed after {line!r}"
        return line[:-1].decode().rstrip(" .")

    async def expect(self, *lines: str) -> None:
        for line in lines:
            assert await self.hear() == line

    async def rest(self) -> list[str]:
        """What is said until the other side closes."""
        with suppress(ConnectionError):
            octets = await asyncio.wait_for(self.reader.read(-1), 60)
            return octets.decode().splitlines()
        return []


@asynccontextmanager
async def calling(address: tuple[str, int], tls: ssl.SSLContext | None = None) -> AsyncIterator[Caller]:
    host = "localhost" if tls is not None else None
    reader, writer = await asyncio.open_connection(*address, ssl=tls, server_hostname=host, limit=1 << 20)
    try:
        yield Caller(reader, writer)
    finally:
        writer.transport.abort()


def later(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


@contextmanager
def endless_farewells() -> Iterator[None]:
    """Conversations end when their peers have gone, and by no time: for peers who go in the end, on a busy machine."""
    with pytest.MonkeyPatch.context() as patch:
        for bound in ("talk_session._FAREWELL_S", "talk_feed._LAST_FRAMES_S", "talk_feed._LAST_WORDS_S"):
            patch.setattr(f"gateway.feeds.{bound}", 600.0)
        yield
