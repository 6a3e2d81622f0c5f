"""A load generator that costs little: HTTP/1.1 keep-alive over mutual TLS on bare asyncio protocols."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import cast

READ_S = 60.0


class Client(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._received = b""
        self._answer: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name

    def data_received(self, data: bytes) -> None:
        self._received += data
        head = self._received.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self._received.lower().find(b"content-length:", 0, head)
        length = int(self._received[at + 15 : self._received.find(b"\r\n", at)]) if at >= 0 else 0
        if len(self._received) < head + 4 + length:
            return
        status = int(self._received[9:12])
        self._received = b""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(status)

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionError("closed by the server"))

    async def request(self, octets: bytes) -> int:
        """Send one request; the status of its answer."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(octets)
        return await self._answer

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()


def post(path: str, body: bytes, media_type: str) -> bytes:
    """The octets of one POST."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def connections(port: int, context: ssl.SSLContext, count: int) -> list[Client]:
    """Open connections."""
    loop = asyncio.get_running_loop()
    return [(await loop.create_connection(Client, "127.0.0.1", port, ssl=context))[1] for _ in range(count)]


async def closed_loop(clients: list[Client], make: Callable[[int], bytes], *, seconds: float) -> tuple[float, int]:
    """(answers a second, answers that were no 2xx) with every client sending again as soon as it is answered."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    done = bad = 0

    async def work(client: Client) -> None:
        nonlocal done, bad
        while loop.time() < end:
            status = await client.request(make(done))
            done += 1
            bad += not 200 <= status < 300

    began = loop.time()
    async with asyncio.timeout(seconds + READ_S), asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(work(client))
    return done / (loop.time() - began), bad


async def open_loop(
    clients: list[Client], make: Callable[[int], bytes], *, rate: float, seconds: float
) -> tuple[list[float], int]:
    """(seconds from when each request was due until its answer, answers that were no 2xx) at a fixed rate.

    Counted from the due time, so that a stall is charged to every request that it delays.
    """
    loop = asyncio.get_running_loop()
    idle: asyncio.LifoQueue[Client] = asyncio.LifoQueue()
    for client in clients:
        idle.put_nowait(client)
    waits: list[float] = []
    bad = 0

    async def one(number: int, due: float) -> None:
        nonlocal bad
        client = await idle.get()
        status = await client.request(make(number))
        waits.append(loop.time() - due)
        bad += not 200 <= status < 300
        idle.put_nowait(client)

    began = loop.time()
    async with asyncio.timeout(seconds + READ_S), asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            due = began + number / rate
            if (ahead := due - loop.time()) > 0:
                await asyncio.sleep(ahead)
            group.create_task(one(number, due))
    return waits, bad
