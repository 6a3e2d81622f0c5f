"""What strangers can hold of the national port, and what they get for things that are no HTTP."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import ssl
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import structlog
from prometheus_client import CollectorRegistry

from gateway.feeds.http import HttpServer, national_app, server_context
from gateway.limits import Limits
from tests.feeds.certificates import Authority
from tests.feeds.national import Desk, serving

LIVE = b"GET /healthz/live HTTP/1.1\r\nHost: x\r\n\r\n"


def desk(**limits: float) -> Desk:
    made = Desk(Limits(**{"shutdown_timeout_s": 0.2, **limits}))  # type: ignore[arg-type] # the bounds under test
    made.admit(None)
    return made


def count(registry: CollectorRegistry, name: str, **labels: str) -> float:
    value = registry.get_sample_value(name, labels)
    assert value is not None, name
    return value


@cache
def server_tls() -> ssl.SSLContext:
    with TemporaryDirectory() as directory:
        authority = Authority(Path(directory))
        certificate, key, _ = authority.issue("server")
        return server_context(certificate=certificate, key=key, client_ca=authority.path)


class Caller:
    """One TCP connection, written by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, url: str) -> Caller:
        parts = urlsplit(url)
        return cls(*await asyncio.open_connection(parts.hostname, parts.port))

    async def ask(self, octets: bytes = LIVE) -> bytes:
        """The head and body of one answer."""
        self.writer.write(octets)
        async with asyncio.timeout(60):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            return head + await self.reader.readexactly(int(length.split(b":")[1]))

    async def closed(self) -> bytes:
        """What still came until the other side closed."""
        async with asyncio.timeout(60):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""
            finally:
                self.writer.close()


def knock(url: str, number: int) -> list[socket.socket]:
    """Connections that the kernel has taken for the door, which knows nothing of them yet."""
    parts = urlsplit(url)
    return [socket.create_connection((str(parts.hostname), int(parts.port or 0))) for _ in range(number)]


NO_HTTP = [
    b"\0\0",
    b"GET /" + b"secret" * 700 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"<secret>\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nsecret: " + b"b" * 5_000 + b"\r\n\r\n",
]


async def test_what_is_no_http_gets_a_bare_problem_without_echo() -> None:
    taken = desk()
    async with serving(taken) as url:
        for octets in NO_HTTP:
            caller = await Caller.connect(url)
            head, _, body = (await caller.ask(octets)).partition(b"\r\n\r\n")
            assert await caller.closed() == b""
            fields = dict(line.split(": ", 1) for line in head.decode().lower().split("\r\n")[1:])
            assert head.split(b" ")[1] == b"400"
            assert fields["content-type"] == "application/problem+json"
            assert (fields["server"], fields["x-content-type-options"]) == ("gateway", "nosniff")
            assert "content-security-policy" in fields
            assert json.loads(body)["code"] == "FEED-058"
            assert b"secret" not in body
            assert b"\\x00" not in body
    assert count(taken.registry, "gateway_http_malformed_requests_total") == len(NO_HTTP)


async def test_a_flood_of_malformed_requests_is_one_event_that_quotes_nobody() -> None:
    with structlog.testing.capture_logs() as logs:
        async with serving(desk()) as url:
            for _ in range(5):
                caller = await Caller.connect(url)
                await caller.ask(b"<secret>\r\n\r\n")
                await caller.closed()
    (event,) = logs
    assert (event["event"], event["peer"], event["log_level"]) == ("http.malformed", "127.0.0.1", "warning")
    assert "secret" not in str(event)


async def test_one_address_holds_no_more_connections_than_it_may() -> None:
    taken = desk(http_connections_per_address=2)
    async with serving(taken) as url:
        first, second = await Caller.connect(url), await Caller.connect(url)
        assert (await first.ask()).startswith(b"HTTP/1.1 200 ")
        assert (await second.ask()).startswith(b"HTTP/1.1 200 ")
        third = await Caller.connect(url)
        assert await third.closed() == b""
        assert count(taken.registry, "gateway_http_connections_refused_total", reason="too_many") == 1
        assert (await second.ask()).startswith(b"HTTP/1.1 200 "), "those that are open live on"
        first.writer.close()
        await first.writer.wait_closed()
        while count(taken.registry, "gateway_http_connections") > 1:
            await second.ask()
        fourth = await Caller.connect(url)
        assert (await fourth.ask()).startswith(b"HTTP/1.1 200 "), "room that became free is given again"
        for caller in (second, fourth):
            caller.writer.close()


async def test_all_addresses_together_hold_no_more_than_the_door_has() -> None:
    async with serving(desk(http_connections=1)) as url:
        first, second = await Caller.connect(url), await Caller.connect(url)
        assert (await first.ask()).startswith(b"HTTP/1.1 200 ")
        assert await second.closed() == b""
        first.writer.close()


async def test_half_open_handshakes_count_and_end_in_time() -> None:
    taken = desk(handshake_timeout_s=0.1, http_connections=5)
    async with serving(taken, tls=server_tls()) as url:
        callers = knock(url, 8)  # all before the door looks: none has ended by the time that the last comes
        for caller in callers:
            caller.setblocking(False)
            async with asyncio.timeout(60):
                assert await asyncio.get_running_loop().sock_recv(caller, 1) == b""
            caller.close()
        assert count(taken.registry, "gateway_http_connections_refused_total", reason="too_many") == 3
        assert count(taken.registry, "gateway_http_connections_refused_total", reason="handshake") == 5
        assert count(taken.registry, "gateway_http_connections") == 0


async def test_who_comes_in_the_moment_of_a_stop_is_closed_and_counts_no_more() -> None:
    host = desk()
    app = national_app(host.national())
    server = HttpServer(app, host="127.0.0.1", port=0, tls=None, limits=host.limits, clock=host.clock)
    await server.start()
    (caller,) = knock("http://{}:{}".format(*server.address), 1)
    await asyncio.sleep(0)  # the next thing that the loop does is to accept him
    await server.stop()
    gc.collect()
    with caller:
        caller.settimeout(60)
        with suppress(ConnectionResetError):  # as he was closed before or after he was taken in
            assert caller.recv(1) == b""
    assert count(host.registry, "gateway_http_connections") == 0


async def test_what_is_no_tls_at_all_frees_its_place_at_once() -> None:
    taken = desk()
    async with serving(taken, tls=server_tls()) as url:
        caller = await Caller.connect(url)
        caller.writer.write(LIVE)
        await caller.closed()
        assert count(taken.registry, "gateway_http_connections_refused_total", reason="handshake") == 1
        assert count(taken.registry, "gateway_http_connections") == 0


async def test_a_head_that_trickles_has_its_time_and_no_more() -> None:
    taken = desk(header_timeout_s=0.7)
    async with serving(taken) as url:
        silent, fresh, kept = [await Caller.connect(url) for _ in range(3)]
        fresh.writer.write(LIVE[:9])
        assert (await kept.ask()).startswith(b"HTTP/1.1 200 ")
        kept.writer.write(LIVE[:9])
        for caller in (silent, fresh, kept):
            assert await caller.closed() == b""
    assert count(taken.registry, "gateway_http_connections_refused_total", reason="head") == 3


async def test_a_kept_connection_that_says_nothing_outlives_the_time_for_heads() -> None:
    taken = desk(header_timeout_s=0.7)
    async with serving(taken) as url:
        kept, silent = await Caller.connect(url), await Caller.connect(url)
        assert (await kept.ask()).startswith(b"HTTP/1.1 200 ")
        await silent.closed()
        assert (await kept.ask()).startswith(b"HTTP/1.1 200 ")
        kept.writer.write(LIVE[:9])
        await asyncio.sleep(0)
        assert (await kept.ask(LIVE[9:])).startswith(b"HTTP/1.1 200 "), "a head in two pieces is a head"
        kept.writer.close()


async def test_a_body_may_take_longer_than_a_head() -> None:
    async with serving(desk(header_timeout_s=0.7)) as url:
        poster, silent = await Caller.connect(url), await Caller.connect(url)
        head = b"POST /v1/messages/cot HTTP/1.1\r\nHost: x\r\nContent-Type: application/cot+xml\r\n"
        poster.writer.write(head + b"Content-Length: 8\r\n\r\n<eve")
        await silent.closed()
        assert (await poster.ask(b"nt/>")).startswith(b"HTTP/1.1 422 ")
        poster.writer.close()
