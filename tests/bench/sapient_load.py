"""SAPIENT messages of a few sensor nodes, made by another's message classes; and those nodes over one TCP connection:
``python -m tests.bench.sapient_load PORT COUNT``.

The nodes register, say where they are, then report as fast as the other side reads. A Registration ends it: its
acknowledgement is written once everything before it has been taken. Prints one JSON object.
"""

from __future__ import annotations

import asyncio
import math
import sys
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import uvloop

from tests.simulators.sapient_sensor import SapientSensor, framed, new_ulid

NODES, OBJECTS, BURST = 4, 250, 64
WAIT_S = 120.0
PLACE = (54.6872, 25.2797)


def sensors() -> list[SapientSensor]:
    """The nodes, not connected."""
    return [
        SapientSensor(node_id=str(UUID(int=0x5A91E << 100 | number, version=4)), name=f"Sensor {number}")
        for number in range(NODES)
    ]


def opening(nodes: list[SapientSensor], at: datetime) -> list[bytes]:
    """Registration and StatusReport of each node, each with its length before it."""
    said = []
    for node in nodes:
        said.append(framed(node.registration(at)))
        said.append(framed(node.status_report(latitude=PLACE[0], longitude=PLACE[1], altitude=160.0, at=at)))
    return said


def reports(nodes: list[SapientSensor], count: int, at: datetime) -> list[bytes]:
    """DetectionReports of 250 drones that circle, with position, errors, velocity, two levels of class: 290 octets or
    so, each with its length before it."""
    objects = [new_ulid() for _ in range(OBJECTS)]
    made = []
    for index in range(count):
        number, turn = index % OBJECTS, index // OBJECTS
        angle = math.radians(turn * 3 + number)
        message = nodes[number % NODES].detection(
            lat=PLACE[0] + 0.02 * math.cos(angle),
            lon=PLACE[1] + 0.03 * math.sin(angle),
            alt=200.0 + number,
            east=12.5 * math.cos(angle),
            north=12.5 * math.sin(angle),
            up=0.5,
            error=4.0,
            object_id=objects[number],
            confidence=0.87,
            at=at + timedelta(milliseconds=turn),
        )
        made.append(framed(message))
    return made


async def run(port: int, count: int) -> dict[str, float]:
    """Detections a second, from the first write to the acknowledgement of what follows the last."""
    loop = asyncio.get_running_loop()
    nodes = sensors()
    async with asyncio.timeout(WAIT_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for octets in opening(nodes, datetime.now(UTC)):
            writer.write(octets)
        for _ in nodes:
            await _answer(reader)
        made = reports(nodes, count, datetime.now(UTC))
        began = loop.time()
        for at in range(0, count, BURST):
            writer.write(b"".join(made[at : at + BURST]))
            await writer.drain()
        writer.write(framed(nodes[0].registration(datetime.now(UTC))))
        await _answer(reader)
        took = loop.time() - began
        writer.close()
    return {"rate": count / took, "octets": sum(map(len, made)) / count - 4}


async def _answer(reader: asyncio.StreamReader) -> bytes:
    size = int.from_bytes(await reader.readexactly(4), "little")
    return await reader.readexactly(size)


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(run(*(int(argument) for argument in sys.argv[1:3])))))
