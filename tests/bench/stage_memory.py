"""Resident memory of both gateways while many tracks go through: small, and flat."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import uvloop

from tests.bench import corpora, rig
from tests.bench.harness import Row, Target

OBJECTS, CHUNK, QUARTERS = 2_000, 500, 4
WAIT_S, STALL_S = 1_800.0, 30.0
IN_FLIGHT = 40_000
"""Tracks between the load and the receiving gateway: what is measured is the gateways, not a queue's length."""


def run(*, quick: bool) -> list[Row]:
    """Megabytes after a hundred thousand tracks, and at the quarters of a million."""
    counts = [20_000, 100_000] if quick else [100_000, *(250_000 * n for n in range(1, QUARTERS + 1))]
    points = uvloop.run(_pass(counts))
    rows = []
    for name, index in (("sender", 0), ("receiver", 1)):
        told = ", ".join(f"{count:,}: {sizes[index]:.0f}" for count, sizes in points)
        rows.append(
            Row(
                stage=f"memory, {name}, {points[-1][0]:,} tracks",
                value=points[-1][1][index],
                unit="MB",
                faster_is_more=False,
                target=Target(value=200),
                note=f"resident MB after so many tracks: {told}; one pass, {OBJECTS:,} objects, CoT in and out",
            )
        )
    return rows


async def _pass(counts: list[int]) -> list[tuple[int, tuple[float, float]]]:
    points = []
    async with rig.pair() as (sender, receiver):
        await asyncio.gather(sender.start(), receiver.start())
        display = rig.Display(receiver.player)
        await display.connect()
        reading = asyncio.create_task(display.read(keep=False))
        _, writer = await asyncio.open_connection("127.0.0.1", sender.player.detector_port)
        sent = 0
        chunks = _chunks()
        async with asyncio.timeout(WAIT_S):
            for count in counts:
                while sent < count:
                    writer.write(next(chunks))
                    await writer.drain()
                    sent += CHUNK
                    if sent % (IN_FLIGHT // 2) == 0:
                        await _until(receiver, sent - IN_FLIGHT)
                await _until(receiver, count)
                points.append((count, (sender.resident_mb(), receiver.resident_mb())))
        writer.close()
        reading.cancel()
        display.close()
    return points


async def _until(receiver: rig.Gateway, tracks: int) -> None:
    """Return once the receiver has accepted so many; raises when nothing moves for `STALL_S`."""
    seen, loop = -1, asyncio.get_running_loop()
    moved = loop.time()
    while (accepted := rig.corridor(await receiver.status(), "tracks_accepted")) < tracks:
        if accepted != seen:
            seen, moved = accepted, loop.time()
        elif loop.time() - moved > STALL_S:
            raise RuntimeError(f"nothing moves: {accepted:,} of {tracks:,} tracks, {await receiver.status()}")
        await asyncio.sleep(0.1)


def _chunks() -> Iterator[bytes]:
    """Events without end, each object in turn."""
    number = 0
    while True:
        now = datetime.now(UTC)
        stamp, stale = f"{now:%FT%T.%fZ}", f"{now + timedelta(seconds=60):%FT%TZ}"
        events = range(number, number + CHUNK)
        yield b"".join(corpora.event(one % OBJECTS, one // OBJECTS, stamp, stale) for one in events)
        number += CHUNK
