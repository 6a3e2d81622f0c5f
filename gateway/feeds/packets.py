"""One captured packet: from link-layer octets to the UDP payload inside. Pure, and total on any octets."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

ETHERNET = 1
LINK_NULL = 0
LINK_LOOP = 108
LINK_RAW = (12, 14, 101, 228, 229)
"""Raw IP: two historic values of BSDs, LINKTYPE_RAW, LINKTYPE_IPV4, LINKTYPE_IPV6."""
LINUX_SLL = 113
LINUX_SLL2 = 276
LINKS = frozenset({ETHERNET, LINK_NULL, LINK_LOOP, LINUX_SLL, LINUX_SLL2, *LINK_RAW})

_IPV4 = 0x0800
_IPV6 = 0x86DD
_VLAN = frozenset({0x8100, 0x88A8, 0x9100})
_MAX_VLAN_TAGS = 4  # stops a packet that is nothing but tags
_MAX_IPV6_EXTENSIONS = 8  # stops a chain of empty extension headers
_UDP = 17
_UDP_HEADER = 8


class Packet(NamedTuple):
    """One captured packet as the container holds it."""

    time_ns: int | None
    """Since 1970, UTC; `None` where the container has no time for it."""
    link: int
    octets: bytes
    original: int
    """Length on the wire; more than `octets` holds when the capture cut it."""
    offset: int
    """Of the record in the file."""


class Datagram(NamedTuple):
    """One UDP datagram; `octets` are its payload."""

    octets: bytes
    sender: str
    receiver: str
    missing: int
    """Octets that the capture cut off; 0 for a whole datagram."""


def udp_datagram(link: int, packet: bytes) -> Datagram | str:
    """The UDP datagram in a packet, or one word for why there is none (``not_ip``, ``not_udp``, ``fragment``, ...)."""
    kind, at = _network(link, packet)
    if kind == _IPV4:
        return _ipv4(packet, at)
    if kind == _IPV6:
        return _ipv6(packet, at)
    return "not_ip"


def _network(link: int, packet: bytes) -> tuple[int, int]:
    """(EtherType, offset of the network header); EtherType 0 when there is none."""
    if link == ETHERNET:
        kind, at = int.from_bytes(packet[12:14], "big"), 14
    elif link == LINUX_SLL:
        kind, at = int.from_bytes(packet[14:16], "big"), 16
    elif link == LINUX_SLL2:
        kind, at = int.from_bytes(packet[0:2], "big"), 20
    else:
        at = 4 if link in (LINK_NULL, LINK_LOOP) else 0
        version = packet[at] >> 4 if len(packet) > at else 0
        return {4: _IPV4, 6: _IPV6}.get(version, 0), at
    for _ in range(_MAX_VLAN_TAGS):
        if kind not in _VLAN:
            break
        kind, at = int.from_bytes(packet[at + 2 : at + 4], "big"), at + 4
    return kind, at


def _ipv4(packet: bytes, at: int) -> Datagram | str:
    if len(packet) < at + 20 or packet[at] >> 4 != 4:
        return "cut"
    header = (packet[at] & 0x0F) * 4
    if header < 20:
        return "malformed"
    if packet[at + 9] != _UDP:
        return "not_udp"
    if int.from_bytes(packet[at + 6 : at + 8], "big") & 0x3FFF:  # more fragments, or not the first
        return "fragment"
    sender = IPv4Address(packet[at + 12 : at + 16])
    receiver = IPv4Address(packet[at + 16 : at + 20])
    return _udp(packet, at + header, str(sender), str(receiver))


def _ipv6(packet: bytes, at: int) -> Datagram | str:
    if len(packet) < at + 40 or packet[at] >> 4 != 6:
        return "cut"
    following, payload = packet[at + 6], at + 40
    for _ in range(_MAX_IPV6_EXTENSIONS):
        if following not in (0, 43, 60) or len(packet) < payload + 2:  # hop-by-hop, routing, destination options
            break
        following, payload = packet[payload], payload + (packet[payload + 1] + 1) * 8
    if following == 44:
        return "fragment"
    if following != _UDP:
        return "not_udp"
    sender = IPv6Address(packet[at + 8 : at + 24])
    receiver = IPv6Address(packet[at + 24 : at + 40])
    return _udp(packet, payload, f"[{sender}]", f"[{receiver}]")


def _udp(packet: bytes, at: int, sender: str, receiver: str) -> Datagram | str:
    if len(packet) < at + _UDP_HEADER:
        return "cut"
    length = int.from_bytes(packet[at + 4 : at + 6], "big")
    if length < _UDP_HEADER:
        return "malformed"
    octets = packet[at + _UDP_HEADER : at + length]  # link-layer padding after it is not payload
    from_port = int.from_bytes(packet[at : at + 2], "big")
    to_port = int.from_bytes(packet[at + 2 : at + 4], "big")
    return Datagram(octets, f"{sender}:{from_port}", f"{receiver}:{to_port}", length - _UDP_HEADER - len(octets))
