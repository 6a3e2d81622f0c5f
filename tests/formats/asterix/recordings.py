"""A few lines that take datagrams out of the recordings, independent of the product's own readers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

from tests.data import recording

PCAP = "asterix/cat_034_048.pcap"
PCAP_062 = "asterix/cat_062_065.pcap"
RAW_062 = "asterix/cat062cat065.raw"
FINAL = "asterix/sdps_cat062_30min.ff"


def datagrams(name: str) -> list[tuple[datetime, bytes]]:
    """(capture time, UDP payload) of a little-endian microsecond pcap with Ethernet and IPv4 frames."""
    data = recording(name).read_bytes()
    found = []
    place = 24
    while place < len(data):
        seconds, micros, length = (int.from_bytes(data[place + k : place + k + 4], "little") for k in (0, 4, 8))
        packet = data[place + 16 : place + 16 + length]
        place += 16 + length
        network = packet.index(b"\x08\x00\x45", 12) + 2
        udp = int.from_bytes(packet[network + 24 : network + 26], "big")
        stamp = datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=micros)
        found.append((stamp, packet[network + 28 : network + 20 + udp]))
    return found


@cache
def final(name: str = FINAL) -> list[bytes]:
    """The blocks of a FINAL-format file, without its frame headers and tails."""
    data = recording(name).read_bytes()
    found = []
    place = 0
    while place < len(data):
        length = int.from_bytes(data[place : place + 2], "big")
        found.append(data[place + 8 : place + length - 4])
        place += length
    return found
