"""The traffic of the demonstration: sensors that speak to two nodes, and national systems that listen to all nodes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter

from gateway.clock import Clock
from gateway.demo.sensors import SERVER_SAC, SERVER_SIC, airliners, drone_detection, radar_plot, system_track
from gateway.demo.sky import Sky
from gateway.demo.stage import Player
from gateway.dialect import Encoder
from gateway.formats.registry import find

SCAN_S = 1.0
RETRY_S = 0.3


class Sensors:
    """A radar and a track server that feed one node over UDP, a drone detector that feeds another over TCP."""

    def __init__(self, radar: Player, detector: Player, clock: Clock) -> None:
        self._radar = radar
        self._detector = detector
        self._clock = clock
        self.sent: Counter[str] = Counter()
        """Records sent, by format."""

    async def run(self) -> None:
        """Report the sky once a second until cancelled."""
        asterix, cot = find("asterix"), find("cot")
        plots: Encoder = asterix.encoder(category=48)
        tracks: Encoder = asterix.encoder(category=62, sac=SERVER_SAC, sic=SERVER_SIC)
        events: Encoder = cot.encoder(opex="s")
        sky = Sky(self._clock.now(), fighters=True)
        loop = asyncio.get_running_loop()
        with socket.socket(type=socket.SOCK_DGRAM) as udp:
            udp.setblocking(False)
            target = ("127.0.0.1", self._radar.radar_port)
            _, writer = await asyncio.open_connection("127.0.0.1", self._detector.detector_port)
            try:
                while True:
                    now = self._clock.now()
                    everything = list(sky.at(now))
                    planes = airliners(everything)
                    seen = [plot for plane in planes if (plot := radar_plot(plane)) is not None]
                    for encoder, reports, name in (
                        (plots, seen, "CAT048"),
                        (tracks, [system_track(plane) for plane in planes], "CAT062"),
                    ):
                        encoded = encoder.encode(reports, now)
                        for frame in encoded.frames:
                            await loop.sock_sendto(udp, frame, target)
                        self.sent[name] += len(reports) - len(encoded.problems)
                    drones = [drone_detection(drone) for drone in everything if not drone.squawk]
                    for frame in events.encode(drones, now).frames:
                        writer.write(frame)
                    await writer.drain()
                    self.sent["CoT"] += len(drones)
                    await asyncio.sleep(SCAN_S)
            finally:
                writer.close()


class Systems:
    """The national systems of every node: a display that reads Cursor on Target, a sector that reads CAT062."""

    def __init__(self, players: list[Player]) -> None:
        self._players = players
        self.events: Counter[str] = Counter()
        """Cursor on Target events received, by node."""
        self.records: Counter[str] = Counter()
        """CAT062 datagrams received, by node."""
        self.samples: dict[str, bytes] = {}
        """One event per node, as it came: of a drone, if there was one."""

    async def run(self) -> None:
        """Listen until cancelled."""
        async with asyncio.TaskGroup() as group:
            for player in self._players:
                group.create_task(self._display(player), name=f"display {player.nation.node}")
                group.create_task(self._sector(player), name=f"sector {player.nation.node}")

    async def _display(self, player: Player) -> None:
        node = player.nation.node
        split = find("cot").splitter
        assert split is not None, "Cursor on Target is a stream format"
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", player.cot_port)
                splitter = split()
                try:
                    while octets := await reader.read(65_536):
                        for event in splitter.feed(octets):
                            self.events[node] += 1
                            if node not in self.samples or (not _is_drone(self.samples[node]) and _is_drone(event)):
                                self.samples[node] = event
                finally:
                    writer.close()
            await asyncio.sleep(RETRY_S)

    async def _sector(self, player: Player) -> None:
        node = player.nation.node
        loop = asyncio.get_running_loop()
        with socket.socket(type=socket.SOCK_DGRAM) as udp:
            udp.setblocking(False)
            udp.bind(("127.0.0.1", player.asterix_sink))
            while True:
                await loop.sock_recv(udp, 65_536)
                self.records[node] += 1


def _is_drone(event: bytes) -> bool:
    """Whether a Cursor on Target event is of an uncrewed aircraft, by its type."""
    return b'-Q" how=' in event
