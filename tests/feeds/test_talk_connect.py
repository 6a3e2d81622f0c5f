"""Conversations that we begin: one connection to a server, made again and again."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from gateway.feeds.talk_connect import TalkConnectFeed
from gateway.limits import Limits
from tests.feeds.support import track, until
from tests.feeds.talkers import LineEndpoint, shown, talking


class Naps:
    """The waits between two calls, which pass at once but for the last."""

    def __init__(self, most: int = 6) -> None:
        self.waits: list[float] = []
        self._most = most

    async def __call__(self, seconds: float) -> None:
        self.waits.append(seconds)
        if len(self.waits) >= self._most:
            await asyncio.get_running_loop().create_future()

    def grew(self) -> bool:
        return all(later > earlier for earlier, later in zip(self.waits, self.waits[1:], strict=False))


class Server:
    """The nation's server: does with each connection what it is told."""

    def __init__(self, *answers: bytes, reset: bool = False) -> None:
        self.answers = answers
        self.reset = reset
        self.heard: list[bytes] = []
        self.port = 0
        self.writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Server:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self.writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        if self.reset:
            writer.transport.abort()
            return
        writer.write(b"".join(self.answers))
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while line := await reader.readline():
                self.heard.append(line.strip())
        writer.close()


async def test_we_converse_and_say_goodbye() -> None:
    async with Server(b"hello us\n", b"7 50 8\n", b"want\n") as server:
        async with talking(TalkConnectFeed, host="127.0.0.1", port=server.port) as scene:
            scene.picture = shown(track("a"))
            await until(lambda: b"track a" in server.heard)
            scene.offer(track("b"))
            await until(lambda: b"track b" in server.heard)
            (peer,) = scene.feed.peers()
            assert (peer.title, peer.address) == ("us", f"127.0.0.1:{server.port}")
            assert scene.corridor.numbers == ["7"]
        await until(lambda: server.heard[-1] == b"goodbye")


async def test_a_server_that_is_away_is_called_again_with_growing_waits() -> None:
    async with Server() as server:
        pass
    naps = Naps()
    limits = Limits(backoff_max_s=6.0)
    async with talking(TalkConnectFeed, host="127.0.0.1", port=server.port, sleep=naps, limits=limits) as scene:
        await until(lambda: len(naps.waits) == 6)
        assert naps.waits[0] <= 0.5 * 1.4
        assert naps.waits[5] > 0.8 * 6.0 - 0.01
        assert max(naps.waits) <= 6.0 * 1.4
        assert "FEED-022" in scene.feed.counts.last_error


async def test_a_server_that_refuses_us_is_called_with_growing_waits_though_it_speaks() -> None:
    naps = Naps(5)
    server = Server(b"ping 1\n", b"quit\n")
    async with server, talking(TalkConnectFeed, host="127.0.0.1", port=server.port, sleep=naps) as scene:
        await until(lambda: len(naps.waits) == 5)
        assert naps.waits[4] > 0.5 * 16 * 0.79
        assert scene.feed.counts.broken_off == 5
        assert "TEST-002" in scene.feed.counts.last_error
        assert [talk.asked.count("closed") for talk in scene.endpoint.talks] == [1] * 5


async def test_a_server_that_resets_before_a_word_is_called_with_growing_waits() -> None:
    naps = Naps(5)
    server = Server(reset=True)
    async with server, talking(TalkConnectFeed, host="127.0.0.1", port=server.port, sleep=naps):
        await until(lambda: len(naps.waits) == 5)
        assert naps.waits[4] > 0.5 * 16 * 0.79


async def test_a_server_that_was_of_use_is_called_again_soon_and_gets_the_picture_again() -> None:
    naps = Naps(4)
    endpoint = LineEndpoint(wants_tracks=True)
    async with Server(b"ping 1\n") as server:
        where = {"host": "127.0.0.1", "port": server.port, "sleep": naps, "endpoint": endpoint}
        async with talking(TalkConnectFeed, **where) as scene:
            scene.picture = shown(track("a"))
            for number in range(3):
                await until(lambda number=number: server.heard.count(b"track a") == number + 1)
                await until(lambda number=number: len(server.writers) == number + 1)
                scene.offer(track("b"))
                await until(lambda number=number: server.heard.count(b"track b") == number + 1)
                server.writers[-1].close()
                await until(lambda number=number: len(naps.waits) == number + 1)
            assert max(naps.waits) <= 0.5 * 1.4
            assert "FEED-023" in scene.feed.counts.last_error
            assert len(endpoint.talks) >= 3


async def test_nothing_waits_for_a_server_that_is_away() -> None:
    async with Server() as server:
        pass
    naps = Naps(1)
    async with talking(TalkConnectFeed, host="127.0.0.1", port=server.port, sleep=naps) as scene:
        await until(lambda: len(naps.waits) == 1)
        scene.offer(track("a"))
        assert scene.feed.out.dropped == 0
        assert scene.feed.waiting == 0
        assert scene.feed.peers() == []
