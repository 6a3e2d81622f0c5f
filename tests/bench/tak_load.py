"""One TAK sender and one TAK receiver over plain TCP: ``python -m tests.bench.tak_load SEND RECEIVE COUNT`` (ports).

Works the same on every server: says hello, probes until events pass, then sends as fast as the server reads and
counts what comes out. Prints one JSON object.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta

import msgspec
import uvloop

AIRCRAFT, BURST = 250, 64
WAIT_S = 90.0
PROBE_EVERY_S = 0.1
MARK, PROBE = b'uid="BENCH-', b'uid="PROBE-'


def event(uid: str, at: datetime, step: int) -> bytes:
    """One airliner's report, 475 octets."""
    time, stale = (f"{one:%Y-%m-%dT%H:%M:%S.}{one.microsecond // 1000:03d}Z" for one in (at, at + timedelta(minutes=5)))
    latitude, longitude = 48.0 + step % 4000 / 1000, 9.0 + step % 3000 / 1000
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<event version="2.0" uid="{uid}" type="a-n-A-C-F" how="m-g" time="{time}" start="{time}" stale="{stale}">'
        f'<point lat="{latitude:.6f}" lon="{longitude:.6f}" hae="10668.0" ce="50.0" le="100.0"/>'
        f'<detail><contact callsign="{uid[-4:]}AB"/><track course="{step % 360}.5" speed="231.4"/>'
        "<remarks>Squawk: 1000 Category: A3 Emitter: airliner</remarks></detail></event>"
    )
    return text.encode().ljust(475)


class Receiver(asyncio.Protocol):
    """Counts events by their uids and does as little else as can be."""

    def __init__(self) -> None:
        self.events = self.probes = 0
        self.octets = 0
        self.first = self.last = 0.0
        self.news = asyncio.Event()
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        joined = self._rest + data
        now = asyncio.get_running_loop().time()
        found = joined.count(MARK)
        self.probes += joined.count(PROBE)
        self._rest = joined[-(len(MARK) - 1) :]
        self.octets += len(data)
        if found:
            self.first = self.first or now
            self.last = now
            self.events += found
        self.news.set()

    async def until(self, *, events: int = 0, probes: int = 0) -> None:
        """Return once so many have come."""
        while self.events < events or self.probes < probes:
            self.news.clear()
            await self.news.wait()


async def run(send: int, receive: int, count: int) -> dict[str, float]:
    """Events out, their rate in events a second, and octets out for each."""
    loop = asyncio.get_running_loop()
    now = datetime.now(UTC)
    octets = [
        b"".join(
            event(f"BENCH-{number % AIRCRAFT:04d}", now + timedelta(milliseconds=number // AIRCRAFT), number)
            for number in range(at, min(at + BURST, count))
        )
        for at in range(0, count, BURST)
    ]
    transport, receiver = await loop.create_connection(Receiver, "127.0.0.1", receive)
    transport.write(event("HELLO-0001", now, 0))
    reader, writer = await asyncio.open_connection("127.0.0.1", send)
    draining = asyncio.create_task(_drain(reader))
    async with asyncio.timeout(WAIT_S):
        number = 0
        while not receiver.probes:  # until the way is open, whatever it leads through
            writer.write(event(f"PROBE-{number:04d}", datetime.now(UTC), number))
            number += 1
            await asyncio.sleep(PROBE_EVERY_S)
        await asyncio.sleep(1.0)
        began = loop.time()
        for burst in octets:
            writer.write(burst)
            await writer.drain()
        try:
            async with asyncio.timeout(WAIT_S / 2):
                await receiver.until(events=count)
        except TimeoutError:
            pass  # what is missing is part of the answer
    draining.cancel()
    writer.close()
    transport.close()
    return {
        "received": receiver.events,
        "rate": receiver.events / (receiver.last - began) if receiver.events else 0.0,
        "octets": receiver.octets / max(1, receiver.events),
    }


async def _drain(reader: asyncio.StreamReader) -> None:
    while await reader.read(1 << 20):
        pass


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:4]]
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(run(*numbers))))
