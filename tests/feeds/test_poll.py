"""Documents that we fetch at an interval, from real servers of the tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from gateway.clock import ManualClock
from gateway.dialect import Format, Request
from gateway.errors import FeedError
from gateway.feeds import codes
from gateway.feeds.poll import PollFeed, PollPlace
from gateway.feeds.tls import calling_context, listening_context
from gateway.limits import Limits
from gateway.stages import Frame
from tests.feeds.certificates import Authority
from tests.feeds.support import BLOCKS, LINES, T0, until

LIMITS = Limits(backoff_first_s=1.0, backoff_max_s=8.0)
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """A server that answers as it is told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[web.Request] = []
        self.bodies: list[bytes] = []
        self.answers: list[web.Response | Answer] = []
        self.usual: Callable[[], web.Response] = lambda: web.Response(body=b"7 50 8")
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        self.bodies.append(await request.read())
        if not self.answers:
            return self.usual()
        answer = self.answers.pop(0)
        return answer if isinstance(answer, web.Response) else await answer(request)


@asynccontextmanager
async def answering(tls: object = None) -> AsyncIterator[Server]:
    server = Server()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)  # type: ignore[arg-type]  # a context or nothing
    await site.start()
    host, port = runner.addresses[0][:2]
    server.url = f"{'https' if tls else 'http'}://{host}:{port}/nvg"
    try:
        yield server
    finally:
        await runner.cleanup()


class Poll:
    """A feed that is polled step by step: it sleeps until the test lets it go on."""

    def __init__(self, url: str, *, form: Format = BLOCKS, limits: Limits = LIMITS, **place: object) -> None:
        self.frames: list[Frame] = []
        self.failures: list[FeedError] = []
        self.slept: list[float] = []
        self._step = asyncio.Semaphore(0)
        spec = PollPlace(name="hq", source="nvg", url=url, every_s=5.0, form=form, **place)  # type: ignore[arg-type]  # the tests' own words
        self.feed = PollFeed(spec, sink=self._sink, clock=ManualClock(T0), limits=limits, sleep=self._sleep)

    async def _sink(self, frame: Frame) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.frames.append(frame)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await self._step.acquire()

    async def polls(self, number: int) -> None:
        """Wait until it has polled so often in all."""
        while len(self.slept) < number:
            if self.slept:
                self._step.release()
            before = len(self.slept)
            await until(lambda at=before: len(self.slept) > at)  # type: ignore[misc]  # the loop's own count


@asynccontextmanager
async def polling(url: str, **more: object) -> AsyncIterator[Poll]:
    poll = Poll(url, **more)  # type: ignore[arg-type]  # the tests' own words
    async with asyncio.TaskGroup() as group:
        running = group.create_task(poll.feed.run())
        try:
            yield poll
        finally:
            running.cancel()


async def test_a_document_becomes_a_frame_of_its_source() -> None:
    async with answering() as server, polling(server.url) as poll:
        await poll.polls(1)
        (frame,) = poll.frames
        assert (frame.octets, frame.feed, frame.source, frame.peer) == (b"7 50 8", "hq", "nvg", server.url)
        assert frame.received_at == T0
        counts = poll.feed.counts
        assert (counts.frames, counts.octets, counts.connected, counts.last_error) == (1, 6, 1, "")
        assert poll.slept == [5.0]
        assert server.asked[0].headers["Accept-Encoding"] == "identity"


async def test_a_format_with_a_splitter_has_its_document_cut() -> None:
    async with answering() as server, polling(server.url, form=LINES) as poll:
        server.usual = lambda: web.Response(body=b"1 50 8\n2 50 8\n3 50 8")
        await poll.polls(1)
        assert [frame.octets for frame in poll.frames] == [b"1 50 8", b"2 50 8", b"3 50 8"]


async def test_the_same_document_is_not_taken_again_even_by_a_server_that_knows_no_tags() -> None:
    async with answering() as server, polling(server.url) as poll:
        await poll.polls(3)
        assert len(server.asked) == 3
        assert len(poll.frames) == 1
        server.usual = lambda: web.Response(body=b"8 50 8")
        await poll.polls(4)
        assert [frame.octets for frame in poll.frames] == [b"7 50 8", b"8 50 8"]


async def test_the_server_is_asked_with_what_it_said_last() -> None:
    async with answering() as server, polling(server.url) as poll:
        server.answers = [
            web.Response(body=b"1 50 8", headers={"ETag": '"a"', "Last-Modified": "Sun, 22 Nov 2026 08:00:00 GMT"}),
            web.Response(status=304),
            web.Response(body=b"2 50 8", headers={"Last-Modified": "Sun, 22 Nov 2026 08:00:05 GMT"}),
            web.Response(status=304),
        ]
        await poll.polls(4)
        first, second, third, fourth = server.asked
        assert "If-None-Match" not in first.headers
        assert second.headers["If-None-Match"] == third.headers["If-None-Match"] == '"a"'
        assert "If-None-Match" not in fourth.headers
        assert fourth.headers["If-Modified-Since"] == "Sun, 22 Nov 2026 08:00:05 GMT"
        assert len(poll.frames) == 2
        assert poll.feed.counts.connected == 1


async def test_a_server_that_says_unchanged_of_what_was_never_fetched_is_no_success() -> None:
    async with answering() as server, polling(server.url) as poll:
        server.answers = [web.Response(status=304)]
        await poll.polls(1)
        assert poll.feed.counts.connected == 0
        assert "304" in poll.feed.counts.last_error


async def test_failures_double_the_interval_up_to_its_bound_and_success_ends_that() -> None:
    async with answering() as server, polling(server.url) as poll:
        server.answers = [web.Response(status=503) for _ in range(4)]
        await poll.polls(5)
        ranges = [(8.0, 10.0), (6.4, 8.0), (6.4, 8.0), (6.4, 8.0)]
        for slept, (least, most) in zip(poll.slept, ranges, strict=False):
            assert least * 0.79 <= slept <= most * 1.01
        assert poll.slept[4] == 5.0
        assert poll.feed.counts.connected == 1
        assert "FEED-065" in poll.feed.counts.last_error


@pytest.mark.parametrize("status", [301, 302, 307, 401, 403, 404, 500, 204])
async def test_what_is_no_document_is_not_taken_and_no_redirect_is_followed(status: int) -> None:
    async with answering() as server, polling(server.url) as poll:
        server.answers = [web.Response(status=status, headers={"Location": "/elsewhere"})]
        await poll.polls(1)
        assert [request.path for request in server.asked] == ["/nvg"]
        assert poll.frames == []
        counts = poll.feed.counts
        assert (counts.connected, "FEED-065" in counts.last_error, str(status) in counts.last_error) == (0, True, True)


@pytest.mark.parametrize("announced", [True, False])
async def test_a_huge_document_is_given_up_at_the_limit(announced: bool) -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b"x" * 65_536)
            sent += 65_536

    async with answering() as server, polling(server.url, limits=Limits(max_message_octets=100_000)) as poll:
        server.answers = [web.Response(body=b"x" * 200_000) if announced else endless]
        await poll.polls(1)
        assert poll.frames == []
        assert "FEED-066" in poll.feed.counts.last_error
        assert sent < 20_000_000


async def test_a_document_that_trickles_is_given_up() -> None:
    over = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"7 5")
        await over.wait()
        return answer

    async with (
        answering() as server,
        polling(server.url, limits=Limits(request_timeout_s=0.2, connect_timeout_s=1.0)) as poll,
    ):
        server.answers = [slow]
        await poll.polls(1)
        over.set()
        assert poll.frames == []
        assert "FEED-022" in poll.feed.counts.last_error


async def test_encoded_and_empty_documents_are_refused() -> None:
    async with answering() as server, polling(server.url) as poll:
        server.answers = [web.Response(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"}), web.Response(body=b" ")]
        await poll.polls(1)
        assert "uncompressed" in poll.feed.counts.last_error
        await poll.polls(2)
        assert "empty" in poll.feed.counts.last_error
        assert poll.frames == []


async def test_a_server_that_is_not_there_is_asked_again() -> None:
    async with answering() as server:
        url = server.url
    async with polling(url) as poll:
        await poll.polls(2)
        assert "FEED-022" in poll.feed.counts.last_error
        assert poll.feed.counts.connected == 0


async def test_a_document_that_the_splitter_cannot_follow_is_refused_and_fetched_again() -> None:
    async with answering() as server, polling(server.url, form=LINES) as poll:
        server.answers = [web.Response(body=b"1 50 8\n\x00", headers={"ETag": '"a"'})]
        await poll.polls(2)
        assert "If-None-Match" not in server.asked[1].headers
        counts = poll.feed.counts
        assert (counts.stream_errors, "FEED-066" in counts.last_error) == (1, True)
        assert [frame.octets for frame in poll.frames] == [b"7 50 8"]


async def test_a_document_that_the_pipeline_could_not_take_is_fetched_again() -> None:
    async with answering() as server, polling(server.url) as poll:
        server.usual = lambda: web.Response(body=b"7 50 8", headers={"ETag": '"a"'})
        poll.failures = [FeedError(codes.INTAKE_FULL)]
        await poll.polls(2)
        assert poll.feed.counts.sink_errors == 1
        assert "If-None-Match" not in server.asked[1].headers
        assert [frame.octets for frame in poll.frames] == [b"7 50 8"]


async def test_a_service_is_asked_its_formats_question() -> None:
    ask = Request(
        method="POST", query={}, media_type="text/xml", octets=b"<pull/>", headers={"SOAPAction": '"PullDataOperation"'}
    )
    form = Format(
        name="asked",
        title="A dialect that asks",
        media_type="text/xml",
        decoder=BLOCKS.decoder,
        encoder=BLOCKS.encoder,
        enquiry=lambda: ask,
    )
    async with answering() as server, polling(server.url, form=form) as poll:
        server.usual = lambda: web.Response(body=b"7 50 8", headers={"ETag": '"a"'})
        await poll.polls(2)
        first, second = server.asked
        assert (first.method, first.content_type, server.bodies[0]) == ("POST", "text/xml", b"<pull/>")
        assert first.headers["SOAPAction"] == '"PullDataOperation"'
        assert "If-None-Match" not in second.headers  # an answer to a question has no tag
        assert len(poll.frames) == 1
    other = Request(method="GET", query={"since": "1"}, media_type="")
    async with answering() as server, polling(server.url, form=form, enquiry=lambda: other) as poll:
        await poll.polls(1)
        assert (server.asked[0].method, dict(server.asked[0].query)) == ("GET", {"since": "1"})


async def test_an_https_server_is_shown_our_certificate_and_must_be_of_our_authority(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server_files, own = authority.issue("server"), authority.issue("node")
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other", "other")
    listening = listening_context(server_files[0], server_files[1], authority.path)
    async with answering(listening) as server:
        async with polling(server.url, tls=calling_context(own[0], own[1], authority.path)) as poll:
            await poll.polls(1)
            assert len(poll.frames) == 1
        async with polling(server.url, tls=calling_context(own[0], own[1], other.path)) as poll:
            await poll.polls(1)
            assert poll.frames == []
            assert "FEED-022" in poll.feed.counts.last_error
