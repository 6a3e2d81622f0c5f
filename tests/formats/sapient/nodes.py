"""What the tests of sessions share: frames, a conversation without a socket, and one served over a real one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.message import Message
from sapient_msg.bsi_flex_335_v2_0 import sapient_message_pb2 as pb

from gateway.dialect import Conversation, Peer, Turn
from gateway.errors import FormatError
from gateway.formats.sapient import FORMAT
from gateway.stages import Decoded, Frame
from gateway.track import Track
from tests.simulators.sapient_sensor import SapientSensor

NOW = datetime(2026, 11, 22, 8, 12, 0, 500000, tzinfo=UTC)
NODE = "a8654cdf-4328-47de-81fa-c495589e30c8"
OBJECT = "01GGYFBAXH4VYRQYEX7S3XGK3H"


def sensor(**knobs: Any) -> SapientSensor:
    """A node that is not connected: it makes messages."""
    return SapientSensor(node_id=knobs.pop("node_id", NODE), **knobs)


def frame_of(message: Message | bytes, at: datetime = NOW) -> Frame:
    octets = message if isinstance(message, bytes) else message.SerializeToString()
    return Frame(octets=octets, feed="counter-drone", source="sensors", peer="127.0.0.1:5020", received_at=at)


def said(turn: Turn) -> list[pb.SapientMessage]:
    """What a turn says, as the independent package reads it."""
    found = []
    for octets in turn.octets:
        assert int.from_bytes(octets[:4], "little") == len(octets) - 4
        found.append(pb.SapientMessage.FromString(octets[4:]))
    return found


def kinds(turn: Turn) -> list[str]:
    return [message.WhichOneof("content") for message in said(turn)]


class Talk:
    """A conversation with the clock in hand."""

    def __init__(self, conversation: Conversation, at: datetime = NOW) -> None:
        self.conversation = conversation
        self.now = at

    def hear(self, message: Message | bytes) -> Turn:
        return self.conversation.received(frame_of(message, self.now))

    def wait(self, seconds: float) -> Turn:
        self.now += timedelta(seconds=seconds)
        return self.conversation.tick(self.now)


def talk(*, client: str = "", endpoint: Any = None, **options: Any) -> Talk:
    """A new conversation of a fusion node, opened."""
    shared = endpoint if endpoint is not None else FORMAT.endpoint(node="ltu-1", **options)  # type: ignore[misc]
    conversation = shared.converse(Peer(name=client, address="127.0.0.1:5020"))
    assert conversation.opened(NOW) == Turn()
    return Talk(conversation)


def only(decoded: Decoded) -> Track:
    assert not decoded.problems, decoded.problems
    (track,) = decoded.tracks
    return track


def refusal(decoded: Decoded) -> FormatError:
    assert not decoded.tracks
    (problem,) = decoded.problems
    return problem


class Served:
    """What a served endpoint has taken in so far."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.tracks: list[Track] = []
        self.problems: list[FormatError] = []
        self.overdue: list[FormatError] = []
        self.over: list[FormatError] = []
        self.conversations: list[Conversation] = []
        self.changed = asyncio.Condition()

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(60), self.changed:
            await self.changed.wait_for(condition)

    def note(self, turn: Turn) -> None:
        self.tracks += turn.decoded.tracks
        self.problems += turn.decoded.problems
        self.overdue += [error for _, error in turn.decoded.overdue]
        if turn.over is not None:
            self.over.append(turn.over)


@asynccontextmanager
async def served(endpoint: Any = None, **options: Any) -> AsyncIterator[Served]:
    """The endpoint behind a listening socket on a free port; ticks ten times a second."""
    shared = endpoint if endpoint is not None else FORMAT.endpoint(node="ltu-1", **options)  # type: ignore[misc]
    state = Served(0)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversation = shared.converse(Peer(address="127.0.0.1"))
        splitter = FORMAT.splitter()  # type: ignore[misc]
        state.conversations.append(conversation)

        async def act(turn: Turn) -> bool:
            for octets in turn.octets:
                writer.write(octets)
            async with state.changed:
                state.note(turn)
                state.changed.notify_all()
            return turn.over is None

        going = await act(conversation.opened(datetime.now(UTC)))
        try:
            while going:
                try:
                    async with asyncio.timeout(0.1):
                        octets = await reader.read(65_536)
                except TimeoutError:
                    going = await act(conversation.tick(datetime.now(UTC)))
                    continue
                if not octets:
                    break
                for one in splitter.feed(octets):
                    going = going and await act(conversation.received(frame_of(one, datetime.now(UTC))))
        except (FormatError, OSError) as error:
            async with state.changed:
                state.over.append(error)  # type: ignore[arg-type]
                state.changed.notify_all()
        finally:
            await act(conversation.closed(datetime.now(UTC)))
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    state.port = server.sockets[0].getsockname()[1]
    async with server:
        yield state
