"""How many messages a second a link posts, has receipted and records.

    python -m tests.links.rate [MESSAGES OCTETS]

Sender and receiver are processes of their own, each with a real store, so each has at most one core, its writer thread
included. Prints for 1, 4 and 16 messages under way the median of three runs: the rate on the clock, and the CPU time
that each side spent on a message. On a machine that does other things as well, the CPU time is what can be compared.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import statistics
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

import uvloop

from gateway.clock import SystemClock
from gateway.ledger import leaf
from gateway.limits import Limits
from gateway.store import Outgoing, Store
from tests.links.rig import Rig, running
from tests.links.test_two_gateways import Receiver
from tests.simulators.outbox import sealed


async def receive(rig: Rig, directory: Path, pipe: Connection) -> None:
    store = await Store.open(directory / "theirs.db", Limits(), SystemClock())
    receiver = Receiver(rig, store)
    await receiver.server.start()
    pipe.send(receiver.as_partner())
    begun = time.process_time()
    await asyncio.to_thread(pipe.recv)
    pipe.send(time.process_time() - begun)
    await receiver.server.stop()
    await store.close()


async def send(
    rig: Rig, directory: Path, messages: int, octets: int, in_flight: int, pipe: Connection
) -> tuple[float, float]:
    store = await Store.open(directory / "ours.db", Limits(), SystemClock())
    for first in range(1, messages + 1, 500):
        batch = [sealed(number, "deu-1", size=octets) for number in range(first, min(first + 500, messages + 1))]
        await store.record_outbound_all([Outgoing(sealed=one, leaf=leaf.sent(one)) for one in batch])
    link = rig.link(pipe.recv(), store, limits=Limits(in_flight_messages=in_flight))
    begun, cpu = time.perf_counter(), time.process_time()
    async with running(link):
        while await store.queue_depth("deu-1"):  # noqa: ASYNC110 (the store has no event for it)
            await asyncio.sleep(0.02)
    wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
    await store.close()
    return wall, cpu


def once(messages: int, octets: int, in_flight: int) -> tuple[float, float, float]:
    """Messages a second, and microseconds of CPU per message here and there."""
    here, there = multiprocessing.Pipe()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        rig = Rig(directory)
        child = multiprocessing.get_context("fork").Process(target=lambda: uvloop.run(receive(rig, directory, there)))
        child.start()
        wall, cpu = uvloop.run(send(rig, directory, messages, octets, in_flight, here))
        here.send(None)
        theirs = here.recv()
        child.join(10)
    return messages / wall, cpu / messages * 1e6, theirs / messages * 1e6


def main(messages: int = 3_000, octets: int = 2_000) -> None:
    for in_flight in (1, 4, 16):
        runs = [once(messages, octets, in_flight) for _ in range(3)]
        rate, ours, theirs = (statistics.median(column) for column in zip(*runs, strict=True))
        print(
            f"{in_flight:2} under way  {rate:6,.0f} messages/s of {octets:,} octets"
            f"   CPU each: {ours:4,.0f} us at the sender, {theirs:4,.0f} us at the receiver"
        )


if __name__ == "__main__":
    main(*(int(text) for text in sys.argv[1:3]))
