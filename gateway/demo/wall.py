"""The sensors of the drone wall: a SAPIENT node over TCP and a Remote ID receiver over UDP, both watching one drone."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterable
from datetime import datetime
from itertools import count

from gateway.clock import Clock
from gateway.demo.sapient_node import STATUS_S, SapientNode, complaint, is_acceptance
from gateway.demo.sensors import remote_id_claim
from gateway.demo.sky import Aircraft, Sky
from gateway.demo.stage import Player
from gateway.dialect import Encoder, Splitter
from gateway.formats.registry import find

SCAN_S = 1.0
ANSWER_S = 10.0
BEARING_EVERY = 5
"""Scans between two detections of the swarm's leader by its direction alone."""


class Wall:
    """Feeds one node with what stands at the drone wall, once a second."""

    def __init__(self, player: Player, clock: Clock) -> None:
        self._player = player
        self._clock = clock
        self._node = SapientNode()
        self.said_at: dict[datetime, float] = {}
        """Loop time at which each detection with a place left the SAPIENT node, by the time in it."""
        self.bearings = 0
        self.claims = 0
        """Remote ID packs, each with the place of the operator."""
        self.complaints: list[str] = []
        """What the gateway said against the node's messages."""

    async def run(self) -> None:
        """Register, then report until cancelled; the last word is goodbye."""
        claims: Encoder = find("remoteid").encoder(personal_data=True)
        sky = Sky(self._clock.now())
        loop = asyncio.get_running_loop()
        reader, writer = await asyncio.open_connection("127.0.0.1", self._player.sapient_port)
        with socket.socket(type=socket.SOCK_DGRAM) as udp:
            udp.setblocking(False)
            async with asyncio.TaskGroup() as group:
                accepted: asyncio.Future[bool] = loop.create_future()
                group.create_task(self._listen(reader, accepted), name="SAPIENT answers")
                try:
                    await self._register(writer, accepted)
                    for scan in count():
                        drones = _drones(sky.at(self._clock.now()))
                        await self._report(writer, drones, scan)
                        for frame in claims.encode([remote_id_claim(drones["loiterer"])], self._clock.now()).frames:
                            await loop.sock_sendto(udp, frame, ("127.0.0.1", self._player.remoteid_port))
                            self.claims += 1
                        await asyncio.sleep(SCAN_S)
                finally:
                    writer.write(self._node.status(self._clock.now(), leaving=True))
                    writer.close()

    async def _register(self, writer: asyncio.StreamWriter, accepted: asyncio.Future[bool]) -> None:
        """Until the gateway has accepted the node; `RuntimeError` when it refuses."""
        writer.write(self._node.registration(self._clock.now()))
        async with asyncio.timeout(ANSWER_S):
            if not await accepted:
                raise RuntimeError("the gateway refuses the SAPIENT node of the demonstration")
        writer.write(self._node.status(self._clock.now()))
        await writer.drain()

    async def _report(self, writer: asyncio.StreamWriter, drones: dict[str, Aircraft], scan: int) -> None:
        """One scan: the loiterer's place, now and then the leader's direction, and the heartbeat."""
        if scan % round(STATUS_S / SCAN_S) == round(STATUS_S / SCAN_S) - 1:
            writer.write(self._node.status(self._clock.now(), new=False))
        if scan % BEARING_EVERY == 1:
            writer.write(self._node.bearing(drones["swarm"]))
            self.bearings += 1
        drone = drones["loiterer"]
        self.said_at[drone.time] = asyncio.get_running_loop().time()
        writer.write(self._node.detection(drone))
        await writer.drain()

    async def _listen(self, reader: asyncio.StreamReader, accepted: asyncio.Future[bool]) -> None:
        """Take what the gateway answers, so that nothing piles up."""
        split = find("sapient").splitter
        assert split is not None, "SAPIENT is a stream format"
        splitter: Splitter = split()
        with contextlib.suppress(ConnectionError):
            while octets := await reader.read(65_536):
                for message in splitter.feed(octets):
                    verdict = is_acceptance(message)
                    if verdict is not None and not accepted.done():
                        accepted.set_result(verdict)
                    if words := complaint(message):
                        self.complaints.append(words)


def _drones(sky: Iterable[Aircraft]) -> dict[str, Aircraft]:
    """The first drone of each kind."""
    found: dict[str, Aircraft] = {}
    for aircraft in sky:
        if not aircraft.squawk:
            found.setdefault(aircraft.kind, aircraft)
    return found
