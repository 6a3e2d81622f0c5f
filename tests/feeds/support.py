"""What the tests of the feeds share: a small dialect of their own, tracks, a wait without sleeping."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from gateway.dialect import Format
from gateway.errors import Code, FormatError
from gateway.stages import Decoded, Encoded, Frame
from gateway.track import Environment, Identifier, Label, Loss, Position, State, Track

T0 = datetime(2026, 11, 22, 8, 0, 0, tzinfo=UTC)
LABEL = Label(policy="DEMO", classification="UNCLASSIFIED")
BAD_LINE = Code("TEST-001", "line is not a report", "write: number latitude longitude")


class LineSplitter:
    """Cuts at line feeds; a NUL octet is where it cannot follow."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, octets: bytes) -> list[bytes]:
        if b"\x00" in octets:
            raise FormatError(BAD_LINE, cause="a NUL octet")
        *lines, self._rest = (self._rest + octets).split(b"\n")
        return [line for line in lines if line.strip()]


class LineDecoder:
    def decode(self, frame: Frame) -> Decoded:
        try:
            number, latitude, longitude = frame.octets.decode("ascii").split()
            position = Position(latitude_deg=float(latitude), longitude_deg=float(longitude))
        except (ValueError, UnicodeDecodeError):
            return Decoded(problems=(FormatError(BAD_LINE, place=frame.peer),))
        state = State(time=frame.received_at, position=position)
        return Decoded(tracks=(Track(identifiers=(Identifier("line", number),), state=state),))


class LineEncoder:
    """Writes what it can; a track without a position is a problem, a name is a loss."""

    def __init__(self, padding: int = 0) -> None:
        self._end = b" " * padding + b"\n"

    def encode(self, tracks: Sequence[Track], now: datetime) -> Encoded:
        frames: list[bytes] = []
        losses: list[tuple[str, Loss]] = []
        problems: list[FormatError] = []
        for track in tracks:
            if track.state is None or track.state.position is None:
                problems.append(FormatError(BAD_LINE, place=track.track_id or ""))
                continue
            at = track.state.position
            frames.append(f"{track.track_id} {at.latitude_deg} {at.longitude_deg}".encode() + self._end)
            if track.name is not None:
                losses.append((track.track_id or "", Loss("name", "NO_TARGET")))
        return Encoded(frames=tuple(frames), losses=tuple(losses), problems=tuple(problems))


LINES = Format(
    name="lines",
    title="Lines of a test dialect",
    media_type="text/plain",
    decoder=LineDecoder,
    encoder=LineEncoder,
    splitter=LineSplitter,
)
BLOCKS = Format(
    name="blocks",
    title="Datagrams of a test dialect",
    media_type="application/octet-stream",
    decoder=LineDecoder,
    encoder=LineEncoder,
)


def track(
    track_id: str,
    *,
    latitude: float = 50.0,
    longitude: float = 8.0,
    at: datetime = T0,
    stale_s: float | None = None,
    name: str | None = None,
) -> Track:
    state = State(
        time=at,
        position=Position(latitude_deg=latitude, longitude_deg=longitude),
        stale_at=None if stale_s is None else at + timedelta(seconds=stale_s),
    )
    identifiers = (Identifier("line", track_id),)
    return Track(track_id=track_id, identifiers=identifiers, environment=Environment.AIR, state=state, name=name)


async def until(condition: Callable[[], bool], *, turns: int = 20_000) -> None:
    """Give the loop turns until the condition holds; fails the test when it never does."""
    for _ in range(turns):
        if condition():
            return
        await asyncio.sleep(0)
    async with asyncio.timeout(60):  # what waits for the kernel needs more than turns
        while not condition():  # noqa: ASYNC110 - what is waited for has no event, by design of the test
            await asyncio.sleep(0.001)
