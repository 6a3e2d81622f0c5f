"""Capture files written octet by octet, to be read back by the product."""

from __future__ import annotations

import struct

MAGIC = {("<", False): 0xA1B2C3D4, (">", False): 0xA1B2C3D4, ("<", True): 0xA1B23C4D, (">", True): 0xA1B23C4D}


def ipv4_udp(payload: bytes, *, fragment: int = 0, protocol: int = 17) -> bytes:
    udp = struct.pack(">HHHH", 5000, 6000, 8 + len(payload), 0) + payload
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, fragment, 64, protocol, 0)
    return header + bytes((192, 0, 2, 1)) + bytes((239, 2, 3, 1)) + udp


def ipv6_udp(payload: bytes, *, extension: bool = False) -> bytes:
    udp = struct.pack(">HHHH", 5000, 6000, 8 + len(payload), 0) + payload
    extra = bytes((17, 0, 0, 0, 0, 0, 0, 0)) if extension else b""
    header = struct.pack(">IHBB", 6 << 28, len(extra + udp), 0 if extension else 17, 64)
    return header + bytes(15) + b"\x01" + bytes(15) + b"\x02" + extra + udp


def ethernet(network: bytes, *, tags: int = 0, kind: int = 0x0800) -> bytes:
    vlan = b"\x81\x00\x00\x05" * tags
    return bytes(12) + vlan + kind.to_bytes(2, "big") + network


def pcap(
    packets: list[tuple[int, bytes]], *, order: str = "<", nano: bool = False, link: int = 1, snap: int = 1 << 18
) -> bytes:
    """A pcap file of (nanoseconds since 1970, octets)."""
    octets = struct.pack(order + "IHHiIII", MAGIC[order, nano], 2, 4, 0, 0, snap, link)
    for time_ns, packet in packets:
        seconds, rest = divmod(time_ns, 1_000_000_000)
        held = packet[:snap]
        octets += struct.pack(order + "IIII", seconds, rest if nano else rest // 1000, len(held), len(packet)) + held
    return octets


def _block(order: str, kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + length + body + length


def pcapng(
    packets: list[tuple[int, bytes]], *, order: str = "<", link: int = 1, resolution: int = 6, simple: bool = False
) -> bytes:
    """A pcapng file of (nanoseconds since 1970, octets); `resolution` is the power of ten of its ticks."""
    octets = _block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    option = struct.pack(order + "HHB3x", 9, 1, resolution) + struct.pack(order + "HH", 0, 0)
    octets += _block(order, 1, struct.pack(order + "HHI", link, 0, 0) + option)
    octets += _block(order, 5, bytes(12))  # interface statistics: to be passed over
    for time_ns, packet in packets:
        if simple:
            octets += _block(order, 3, struct.pack(order + "I", len(packet)) + packet)
            continue
        ticks = time_ns * 10**resolution // 1_000_000_000
        head = struct.pack(order + "IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(packet), len(packet))
        octets += _block(order, 6, head + packet)
    return octets


def final(records: list[tuple[float, bytes]]) -> bytes:
    """A FINAL-format file of (seconds of the recorder's day, blocks)."""
    octets = b""
    for of_day_s, blocks in records:
        head = struct.pack(">HBBB", 12 + len(blocks), 0, 0, 0) + round(of_day_s * 100).to_bytes(3, "big")
        octets += head + blocks + b"\xa5\xa5\xa5\xa5"
    return octets
