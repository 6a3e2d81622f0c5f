"""Containers of recordings: pcap, pcapng and the FINAL format, each walked record by record.

Each walker yields what is whole. Where it cannot go on it hands one `FeedError` to `report` and ends: a truncated
recording is an ordinary thing, and what stands before the cut is good.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from mmap import mmap
from typing import NamedTuple

from gateway.errors import FeedError
from gateway.feeds import codes
from gateway.feeds.packets import Packet

Octets = bytes | mmap
"""A whole recording, in memory or mapped; a slice of either is `bytes`."""

Report = Callable[[FeedError], None]

FINAL_TRAILER = b"\xa5\xa5\xa5\xa5"
_FINAL_HEADER = 8
_FINAL_LEAST = _FINAL_HEADER + 4
_PCAP_MAGIC = {
    b"\xd4\xc3\xb2\xa1": ("<", 1_000),
    b"\xa1\xb2\xc3\xd4": (">", 1_000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}
_PCAPNG_MAGIC = b"\x0a\x0d\x0d\x0a"
_MAX_PACKET = 262_144  # libpcap's own bound on a snap length; stops a length field from running away
_MAX_BLOCK = 16_777_216  # a pcapng block beyond this is damage, not a packet


class Recorded(NamedTuple):
    """One record of a FINAL-format file."""

    octets: bytes
    recorder_s: float
    """Seconds on the recorder's clock since its day 0; **not UTC**: only differences mean anything."""
    offset: int


def is_pcap(octets: Octets) -> bool:
    """Whether it begins like a pcap file, of either byte order, in microseconds or nanoseconds."""
    return octets[:4] in _PCAP_MAGIC


def is_pcapng(octets: Octets) -> bool:
    """Whether it begins with a pcapng section header."""
    return octets[:4] == _PCAPNG_MAGIC and octets[8:12] in (b"\x1a\x2b\x3c\x4d", b"\x4d\x3c\x2b\x1a")


def is_final(octets: Octets) -> bool:
    """Whether its first record is a FINAL-format one: a length, and the trailer where that length points."""
    length = int.from_bytes(octets[:2], "big")
    return length >= _FINAL_LEAST and octets[length - 4 : length] == FINAL_TRAILER


def pcap_packets(octets: Octets, report: Report) -> Iterator[Packet]:
    """The packets of a pcap file, in file order."""
    order, unit_ns = _PCAP_MAGIC[octets[:4]]
    total = len(octets)
    if total < 24:
        report(FeedError(codes.CAPTURE_TRUNCATED, place=f"octet {total}", cause="inside the file header"))
        return
    link = int(struct.unpack_from(order + "I", octets, 20)[0]) & 0x0FFF_FFFF
    header = struct.Struct(order + "IIII")
    at = 24
    while at < total:
        if at + 16 > total:
            report(FeedError(codes.CAPTURE_TRUNCATED, place=f"octet {at}", cause="inside a packet header"))
            return
        seconds, fraction, held, original = header.unpack_from(octets, at)
        if held > _MAX_PACKET:
            cause = f"a packet of {held} octets, at most {_MAX_PACKET}"
            report(FeedError(codes.CAPTURE_RECORD, place=f"octet {at}", cause=cause))
            return
        if at + 16 + held > total:
            cause = f"{total - at - 16} of {held} octets of a packet"
            report(FeedError(codes.CAPTURE_TRUNCATED, place=f"octet {at}", cause=cause))
            return
        time_ns = seconds * 1_000_000_000 + fraction * unit_ns
        yield Packet(time_ns, link, octets[at + 16 : at + 16 + held], original, at)
        at += 16 + held


class _Interface(NamedTuple):
    link: int
    tick_ns: tuple[int, int]
    """Nanoseconds of one tick as a fraction (numerator, denominator)."""
    shift_s: int


def pcapng_packets(octets: Octets, report: Report) -> Iterator[Packet]:
    """The packets of a pcapng file (enhanced and simple packet blocks of all sections), in file order."""
    total = len(octets)
    order = "<"
    interfaces: list[_Interface] = []
    at = 0
    while at < total:
        if at + 12 > total:
            report(FeedError(codes.CAPTURE_TRUNCATED, place=f"octet {at}", cause="inside a block header"))
            return
        if octets[at : at + 4] == _PCAPNG_MAGIC:
            order = ">" if octets[at + 8 : at + 12] == b"\x1a\x2b\x3c\x4d" else "<"
            interfaces = []
        kind, length = struct.unpack_from(order + "II", octets, at)
        if length < 12 or length % 4 or length > _MAX_BLOCK:
            report(FeedError(codes.CAPTURE_RECORD, place=f"octet {at}", cause=f"a block of {length} octets"))
            return
        if at + length > total:
            cause = f"{total - at} of {length} octets of a block"
            report(FeedError(codes.CAPTURE_TRUNCATED, place=f"octet {at}", cause=cause))
            return
        body = octets[at + 8 : at + length - 4]
        if kind == 1:
            interfaces.append(_interface(body, order))
        elif kind in (3, 6):
            packet = _pcapng_packet(kind, body, order, interfaces, at)
            if packet is None:
                report(
                    FeedError(codes.CAPTURE_RECORD, place=f"octet {at}", cause="a packet block that contradicts itself")
                )
            else:
                yield packet
        at += length


def _interface(body: bytes, order: str) -> _Interface:
    link = int.from_bytes(body[:2], "little" if order == "<" else "big")
    tick, shift = (1_000, 1), 0  # microseconds unless an option says otherwise
    at = 8
    while at + 4 <= len(body):
        option, length = struct.unpack_from(order + "HH", body, at)
        value = body[at + 4 : at + 4 + length]
        if option == 0:
            break
        if option == 9 and len(value) == 1:  # if_tsresol: power of ten, or of two when the top bit is set
            exponent = value[0] & 0x7F
            tick = (1_000_000_000, 2**exponent if value[0] & 0x80 else 10**exponent)
        elif option == 14 and len(value) == 8:  # if_tsoffset, seconds
            shift = struct.unpack(order + "q", value)[0]
        at += 4 + length + (-length % 4)
    return _Interface(link, tick, shift)


def _pcapng_packet(kind: int, body: bytes, order: str, interfaces: list[_Interface], at: int) -> Packet | None:
    if kind == 3:
        if len(body) < 4 or not interfaces:
            return None
        original = int(struct.unpack_from(order + "I", body)[0])
        return Packet(None, interfaces[0].link, body[4 : 4 + original], original, at)
    if len(body) < 20:
        return None
    number, high, low, held, original = struct.unpack_from(order + "IIIII", body)
    if number >= len(interfaces) or 20 + held > len(body):
        return None
    interface = interfaces[number]
    numerator, denominator = interface.tick_ns
    time_ns = (high << 32 | low) * numerator // denominator + interface.shift_s * 1_000_000_000
    return Packet(time_ns, interface.link, body[20 : 20 + held], original, at)


def final_records(octets: Octets, report: Report) -> Iterator[Recorded]:
    """The records of a FINAL-format file: 8-octet header (length, error, board, day, time of 10 ms), blocks, trailer.

    The length counts all of it, the trailer ``A5A5A5A5`` included.
    """
    total = len(octets)
    at = 0
    day = 0
    last_s = 0.0
    while at < total:
        if at + _FINAL_HEADER > total:
            report(FeedError(codes.CAPTURE_TRUNCATED, place=f"octet {at}", cause="inside a record header"))
            return
        length = int.from_bytes(octets[at : at + 2], "big")
        end = at + length
        if length < _FINAL_LEAST:
            report(FeedError(codes.CAPTURE_RECORD, place=f"octet {at}", cause=f"a record of {length} octets"))
            return
        if end > total:
            cause = f"{total - at} of {length} octets of a record"
            report(FeedError(codes.CAPTURE_TRUNCATED, place=f"octet {at}", cause=cause))
            return
        if octets[end - 4 : end] != FINAL_TRAILER:
            cause = f"no trailer A5A5A5A5 at octet {end - 4}, found {octets[end - 4 : end].hex()}"
            report(FeedError(codes.CAPTURE_RECORD, place=f"octet {at}", cause=cause))
            return
        of_day_s = int.from_bytes(octets[at + 5 : at + 8], "big") / 100
        if of_day_s < last_s - 43_200:  # midnight: recorders leave the day octet at 0, so it cannot be relied on
            day += 1
        last_s = of_day_s
        yield Recorded(octets[at + _FINAL_HEADER : end - 4], day * 86_400 + of_day_s, at)
        at = end
