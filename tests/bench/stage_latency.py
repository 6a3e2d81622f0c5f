"""From a datagram sent to one gateway to the event read from the other, at 1,000 tracks a second; and from a SAPIENT
detection sent to one to the TAK client of the other, at 200 a second."""

from __future__ import annotations

import asyncio
import re
import socket
import statistics
from collections import defaultdict, deque
from datetime import UTC, datetime
from uuid import UUID

import uvloop

from gateway.formats.registry import find
from gateway.track import Identifier, Position, State, Track
from tests.bench import rig, sapient_load, stage_sapient, stage_tak
from tests.bench.harness import REPEATS, Row, quantile
from tests.simulators.sapient_sensor import framed, new_ulid

RATE, OBJECTS, BURST = 1_000, 1_000, 10
DETECTIONS = 200
OBJECT = re.compile(rb'sapient_object="([^"]+)"')
CALLSIGN = re.compile(rb'callsign="(B\d{4})"')


def run(*, quick: bool) -> list[Row]:
    """The median and the 99th percentile of each."""
    seconds, repeats = (4, 1) if quick else (15, REPEATS)
    passes = [uvloop.run(_pass(seconds=seconds)) for _ in range(repeats)]
    note = f"{RATE:,} CAT062 records a second over UDP, CoT over TCP, none lost; up to 20 ms of it is the batch"
    drones = [uvloop.run(_drones(seconds=seconds)) for _ in range(repeats)]
    wall = f"{DETECTIONS} SAPIENT detections a second over TCP, a TAK client over TCP, none lost; the batch as above"
    return [*_rows("corridor latency", passes, note), *_rows("SAPIENT to a TAK client, latency", drones, wall)]


def _rows(title: str, passes: list[list[float]], note: str) -> list[Row]:
    return [
        Row(
            stage=f"{title}, {name}",
            value=1e3 * statistics.median(quantile(waits, q) for waits in passes),
            unit="ms",
            faster_is_more=False,
            note=note,
        )
        for name, q in (("p50", 0.5), ("p99", 0.99))
    ]


async def _pass(*, seconds: int) -> list[float]:
    async with rig.pair() as (sender, receiver):
        await asyncio.gather(sender.start(), receiver.start())
        display = rig.Display(receiver.player)
        await display.connect()
        reading = asyncio.create_task(display.read(keep=True))
        await asyncio.sleep(1.0)  # the links find each other
        sent = await _send(sender.player.radar_port, seconds=seconds)
        async with asyncio.timeout(30):
            await display.until(RATE * seconds)
        reading.cancel()
        display.close()
    waits = []
    rest = b""
    for time, octets in display.chunks:
        parts = (rest + octets).split(b"</event>")
        rest = parts.pop()
        for event in parts:
            found = CALLSIGN.search(event)
            assert found is not None, event
            waits.append(time - sent[found.group(1)].popleft())
    assert len(waits) == RATE * seconds
    return waits[RATE:]  # without the first second: connections, caches


async def _drones(*, seconds: int) -> list[float]:
    async with rig.pair() as (sender, receiver):
        sensors_port = stage_sapient.open_sensors(sender, links=True)
        tak_port = stage_tak.open_tak(receiver, links=True)
        await asyncio.gather(sender.start(), receiver.start())
        reader, client = await asyncio.open_connection("127.0.0.1", tak_port)
        waits: list[float] = []
        sent: dict[bytes, deque[float]] = defaultdict(deque)
        reading = asyncio.create_task(_seen(reader, sent, waits))
        await asyncio.sleep(1.0)  # the links find each other
        await _detect(sensors_port, seconds, sent)
        async with asyncio.timeout(30):
            while len(waits) < DETECTIONS * seconds:  # noqa: ASYNC110 - what is waited for comes over a socket
                await asyncio.sleep(0.05)
        reading.cancel()
        client.close()
    return waits[DETECTIONS:]  # without the first second


async def _detect(port: int, seconds: int, sent: dict[bytes, deque[float]]) -> None:
    loop = asyncio.get_running_loop()
    nodes = sapient_load.sensors()
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    for octets in sapient_load.opening(nodes, datetime.now(UTC)):
        writer.write(octets)
    objects = [new_ulid() for _ in range(sapient_load.OBJECTS)]
    began = loop.time() + 0.5
    for number in range(DETECTIONS * seconds):
        if (ahead := began + number / DETECTIONS - loop.time()) > 0:
            await asyncio.sleep(ahead)
        name = objects[number % len(objects)]
        message = nodes[number % len(nodes)].detection(
            lat=54.6 + number * 1e-5, lon=25.2, alt=200.0, east=3.0, north=4.0, error=4.0, object_id=name
        )
        sent[name.encode()].append(loop.time())
        writer.write(framed(message))
    await asyncio.sleep(1.0)
    writer.close()


async def _seen(reader: asyncio.StreamReader, sent: dict[bytes, deque[float]], waits: list[float]) -> None:
    """Note how long each detection took until its event was read."""
    loop, rest = asyncio.get_running_loop(), b""
    while octets := await reader.read(1 << 20):
        *events, rest = (rest + octets).split(b"</event>")
        now = loop.time()
        for event in events:
            found = OBJECT.search(event)
            if found is not None:
                name = found.group(1).rpartition(b"/")[2]
                waits.append(now - sent[name].popleft())


async def _send(port: int, *, seconds: int) -> dict[bytes, deque[float]]:
    """When each object's records were sent, in order."""
    encoder = find("asterix").encoder(category=62, sac=70, sic=16, max_datagram_octets=140)
    loop = asyncio.get_running_loop()
    sent: dict[bytes, deque[float]] = defaultdict(deque)
    with socket.socket(type=socket.SOCK_DGRAM) as udp:
        udp.connect(("127.0.0.1", port))
        began = loop.time()
        for burst in range(RATE * seconds // BURST):
            due = began + burst * BURST / RATE
            if (ahead := due - loop.time()) > 0:
                await asyncio.sleep(ahead)
            now = datetime.now(UTC)
            tracks = [_track((burst * BURST + n) % OBJECTS, burst, now) for n in range(BURST)]
            frames = encoder.encode(tracks, now).frames
            for track in tracks:
                sent[track.identifiers[1].value.encode()].append(loop.time())
            for frame in frames:
                udp.send(frame)
    return sent


def _track(number: int, turn: int, now: datetime) -> Track:
    return Track(
        track_id=str(UUID(int=number + 1, version=4)),
        identifiers=(Identifier("system_track", f"70/16/{number}"), Identifier("callsign", f"B{number:04d}")),
        state=State(
            time=now,
            position=Position(latitude_deg=50.0 + number * 0.002, longitude_deg=6.0 + turn * 1e-4),
            altitude_baro_m=9_000.0,
            course_deg=90.0,
            ground_speed_mps=220.0,
        ),
    )
