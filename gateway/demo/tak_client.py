"""A little TAK client: it connects, says where it is, and counts the drones that it is shown.

It never asks for TAK protocol's protobuf, so everything stays XML, as with a client that only knows Cursor on Target.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import datetime
from statistics import median

from gateway.clock import Clock
from gateway.demo.sensors import tak_user
from gateway.demo.stage import Player
from gateway.dialect import Decoder, Encoder, Splitter
from gateway.formats.registry import find
from gateway.stages import Frame
from gateway.track import Track

NAME = "BORDER-1"
HERE_S = 3.0
"""Time between two reports of its own place."""
RETRY_S = 0.3


class TakClient:
    """One client of one node's TAK endpoint."""

    def __init__(self, player: Player, clock: Clock, *, said_at: Mapping[datetime, float], is_heard: bool) -> None:
        """`said_at` is when the detections were made (loop time, by the time in them). `is_heard`: it says where it is;
        else it only looks, so that no simulated object comes into real traffic."""
        self._player = player
        self._clock = clock
        self._said_at = said_at
        self._is_heard = is_heard
        self.events = 0
        self.drones: set[str] = set()
        """Names of the drones that it was shown."""
        self.delays_s: list[float] = []
        """From a detection leaving its sensor to its event here, in order of arrival."""
        self.connected = asyncio.Event()

    async def run(self) -> None:
        """Look until cancelled; connect again when hung up on."""
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self._player.tak_port)
                self.connected.set()
                try:
                    async with asyncio.TaskGroup() as group:
                        here = group.create_task(self._report(writer), name="TAK client's own place")
                        await self._look(reader)
                        here.cancel()
                finally:
                    writer.close()
            await asyncio.sleep(RETRY_S)

    async def _report(self, writer: asyncio.StreamWriter) -> None:
        events: Encoder = find("cot").encoder()
        while self._is_heard:
            now = self._clock.now()
            for event in events.encode([tak_user(NAME, now)], now).frames:
                writer.write(event)
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            await asyncio.sleep(HERE_S)

    async def _look(self, reader: asyncio.StreamReader) -> None:
        form = find("cot")
        assert form.splitter is not None, "Cursor on Target is a stream format"
        splitter: Splitter = form.splitter()
        decoder: Decoder = form.decoder(keep_raw=False)
        with contextlib.suppress(ConnectionError):
            while octets := await reader.read(65_536):
                came = asyncio.get_running_loop().time()
                for event in splitter.feed(octets):
                    frame = Frame(
                        octets=event, feed="tak", source="gateway", peer="gateway", received_at=self._clock.now()
                    )
                    for track in decoder.decode(frame).tracks:
                        self._saw(track, came)

    def _saw(self, track: Track, came: float) -> None:
        self.events += 1
        if not (track.platform or "").startswith("UAV"):
            return
        self.drones.add(track.identifiers[0].value)
        said = self._said_at.get(track.state.time) if track.state is not None else None
        if said is not None:
            self.delays_s.append(came - said)

    def hush(self) -> None:
        """Say nothing from now on, and go on looking: so that what is under way comes to an end."""
        self._is_heard = False

    def summary(self) -> str:
        """What it saw and how soon, in a sentence."""
        text = f"{self.events} events, {len(self.drones)} drone tracks"
        if not self.delays_s:
            return text
        first, middle = self.delays_s[0] * 1000, median(self.delays_s) * 1000
        return (
            f"{text}; the first SAPIENT detection after {first:.0f} ms, median of {len(self.delays_s)}: {middle:.0f} ms"
        )
