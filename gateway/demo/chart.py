"""The map of the third nation, fetched as a headquarters' import subscription fetches it: NVG over HTTP."""

from __future__ import annotations

import asyncio
from base64 import b64encode

import aiohttp
from lxml import etree
from msgspec import Struct

from gateway import xml
from gateway.demo.stage import MAP_CLIENT, Player
from gateway.errors import FormatError

WAIT_S = 5.0
_MOST_OCTETS = 16 << 20
_LINES = frozenset({"arcband", "polyline", "circle"})


class Chart(Struct, frozen=True):
    """What was on the map."""

    points: int
    directions: int
    """Detections without a place: drawn at their sensor, as a line or an arc."""
    octets: int
    fault: str = ""
    """Why there is none."""

    def __str__(self) -> str:
        """In a sentence."""
        if self.fault:
            return f"no map: {self.fault}"
        return f"{self.points} points, {self.directions} drawn as a bearing, in {self.octets:,} octets of NVG"


async def fetch_chart(player: Player) -> Chart:
    """Fetch the map once, with the password; a map that cannot be had is a fault, not an exception."""
    headers = {"Authorization": f"Basic {b64encode(f'{MAP_CLIENT}:{player.map_password}'.encode()).decode()}"}
    timeout = aiohttp.ClientTimeout(total=WAIT_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=headers) as session,
            session.get(player.map_url) as response,
        ):
            octets = await response.read()
            if response.status != 200:
                return Chart(0, 0, 0, f"HTTP {response.status}")
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return Chart(0, 0, 0, str(error) or type(error).__name__)
    return await asyncio.to_thread(read_chart, octets)


def read_chart(octets: bytes) -> Chart:
    """Count what a document draws."""
    try:
        root = xml.parse(octets, max_octets=_MOST_OCTETS)
    except FormatError as error:
        return Chart(0, 0, 0, str(error))
    names = [etree.QName(element).localname for element in root.iter("{*}*")]
    return Chart(names.count("point"), sum(name in _LINES for name in names), len(octets))
