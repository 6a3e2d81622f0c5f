"""Figures of the feeds: ``python -m tests.feeds.measure [http|udp|picture]``. On a shared machine take medians.

http       server CPU per single-record POST over mutual TLS keep-alive, uvloop: a bare aiohttp handler, then ours
           without a corridor behind it; the difference is our share (routing, caller, framing, answer)
udp        datagrams taken per second and the CPU of each, on both event loops
picture    update of the picture, and put and take of a consumer's queue, per track
"""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from statistics import median

import uvloop
from aiohttp import web

from gateway.clock import SystemClock
from gateway.dialect import Format
from gateway.feeds.http import server_context
from gateway.feeds.picture import Picture
from gateway.feeds.track_queue import TrackQueue
from gateway.feeds.udp_in import UdpFeed, UdpIn
from gateway.limits import Limits
from gateway.stages import Frame, Intake
from tests.feeds.certificates import Authority
from tests.feeds.national import Desk, event, serving
from tests.feeds.support import LABEL, T0, track

REQUESTS, CONNECTIONS, DATAGRAMS, RATE = 20_000, 16, 120_000, 60_000
_SPAWN = multiprocessing.get_context("spawn")


def post_many(port: int, authority: str, certificate: str, key: str) -> None:
    """A load generator that costs little: prepared octets over keep-alive connections."""
    import ssl

    context = ssl.create_default_context(cafile=authority)
    context.load_cert_chain(certificate, key)
    body = event()
    head = "POST /v1/messages/cot HTTP/1.1\r\nHost: x\r\nContent-Type: application/cot+xml\r\nContent-Length: "
    request = f"{head}{len(body)}\r\n\r\n".encode() + body

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        for _ in range(REQUESTS // CONNECTIONS):
            writer.write(request)
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 202"), answer
            at = answer.lower().index(b"content-length: ") + 16
            await reader.readexactly(int(answer[at : answer.index(b"\r", at)]))
        writer.close()

    async def all_of_them() -> None:
        await asyncio.gather(*[one() for _ in range(CONNECTIONS)])

    uvloop.run(all_of_them())


async def loaded(name: str, port: int, *material: object) -> float:
    """Serve while the load runs; CPU microseconds per request."""
    process = _SPAWN.Process(target=post_many, args=(port, *map(str, material)))
    began, used = time.perf_counter(), time.process_time()
    process.start()
    while process.is_alive():  # noqa: ASYNC110 - another process has no event for us
        await asyncio.sleep(0.02)
    each_us = (time.process_time() - used) / REQUESTS * 1e6
    print(f"{name:<24} {each_us:6.1f} us of server CPU, {REQUESTS / (time.perf_counter() - began):7.0f} requests/s")
    return each_us


async def http(directory: Path) -> None:
    authority = Authority(directory)
    certificate, key, _ = authority.issue("server")
    client, client_key, pin = authority.issue("client")
    tls = server_context(certificate=certificate, key=key, client_ca=authority.path)
    material = (authority.path, client, client_key)
    answer = b'{"accepted":1,"track_ids":["x"],"message_ids":["m"],"duplicates":0,"refused":[],"withheld":[]}'

    async def bare(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=202, body=answer, headers={"Content-Type": "application/json"})

    app = web.Application()
    app.add_routes([web.post("/v1/messages/{format}", bare)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    floor = await loaded("bare aiohttp handler", runner.addresses[0][1], *material)
    await runner.cleanup()

    async def intake(frame: Frame, form: Format, idempotency: object) -> Intake:
        return Intake(track_ids=("x",), message_ids=("m",))

    desk = Desk()
    desk.admit(pin)
    async with serving(desk, tls=tls, intake=intake) as url:
        ours = await loaded("national side", int(url.rpartition(":")[2]), *material)
    print(f"{'our share':<24} {ours - floor:6.1f} us")


def blast(port: int) -> None:
    """Send at a steady rate."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect(("127.0.0.1", port))
    began = time.perf_counter()
    for number in range(DATAGRAMS):
        sock.send(bytes(70))
        while number / RATE > time.perf_counter() - began:
            pass


async def udp() -> None:
    taken = 0

    async def sink(frame: Frame) -> None:
        nonlocal taken
        taken += 1

    where = UdpIn(name="r", source="s", host="127.0.0.1", port=0)
    feed = UdpFeed(where, sink=sink, clock=SystemClock(), limits=Limits())
    running = asyncio.ensure_future(feed.run())
    process = _SPAWN.Process(target=blast, args=(feed.address[1],))
    used = time.process_time()
    process.start()
    while process.is_alive() or feed.waiting:  # noqa: ASYNC110 - another process has no event for us
        await asyncio.sleep(0.05)
    each_us = (time.process_time() - used) / max(1, taken) * 1e6
    loop = type(asyncio.get_running_loop()).__module__.partition(".")[0]
    print(
        f"{loop:<8} {taken} of {DATAGRAMS} datagrams at {RATE}/s, {each_us:.1f} us of CPU each, "
        f"{feed.read_kernel_drops()} dropped by the kernel, {feed.counts.dropped} by the queue"
    )
    running.cancel()


def picture() -> None:
    rounds = [[track(str(i), at=T0 + timedelta(seconds=r)) for i in range(5_000)] for r in range(9)]
    shown, queue = Picture(SystemClock(), Limits()), TrackQueue(20_000)
    behind = TrackQueue(20_000, high_water=10)

    def through() -> Callable[[list[object]], None]:
        def put_and_take(tracks: list[object]) -> None:
            queue.put(tracks)  # type: ignore[arg-type] # tracks, as made above
            while len(queue):
                queue.take(500)

        return put_and_take

    for name, act in (
        ("picture update", lambda tracks: shown.update(tracks, "nld", LABEL)),
        ("queue, keeping up", through()),
        ("queue, behind", behind.put),
    ):
        times = []
        for tracks in rounds:
            began = time.perf_counter()
            act(tracks)  # type: ignore[operator] # one of the three above
            times.append((time.perf_counter() - began) / len(tracks) * 1e6)
        print(f"{name:<24} {median(times):6.2f} us per track")


def main(what: str) -> None:
    if what == "http":
        with tempfile.TemporaryDirectory() as directory:
            uvloop.run(http(Path(directory)))
    elif what == "udp":
        loops: tuple[Callable[[Awaitable[None]], None], ...] = (uvloop.run, asyncio.run)  # type: ignore[assignment] # both run a coroutine
        for run in loops:
            run(udp())
    else:
        picture()


if __name__ == "__main__":
    for one in sys.argv[1:] or ("http", "udp", "picture"):
        main(one)
