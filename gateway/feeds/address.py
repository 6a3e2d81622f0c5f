"""Addresses, networks and multicast groups as the feeds need them."""

from __future__ import annotations

import socket
import struct
from ipaddress import IPv4Network, IPv6Network, ip_address

from gateway.errors import FeedError
from gateway.feeds import codes

Network = IPv4Network | IPv6Network
SocketAddress = tuple[str, int] | tuple[str, int, int, int]

_KNOWN_PEERS = 1_024  # verdicts remembered per feed; stops spoofed senders from filling memory
SO_MEMINFO = 55  # Linux 4.12: nine counters of a socket, the last is its drops
_MEMINFO_DROPS = 8


class PeerFilter:
    """Who may speak on a feed, by network; without networks only loopback may."""

    def __init__(self, allow: tuple[Network, ...]) -> None:
        self._allow = allow
        self._known: dict[str, bool] = {}

    def permits(self, host: str) -> bool:
        """Whether the peer address may speak; anything that is no address may not."""
        verdict = self._known.get(host)
        if verdict is None:
            if len(self._known) >= _KNOWN_PEERS:
                self._known.clear()
            verdict = self._known[host] = self._decide(host)
        return verdict

    def _decide(self, host: str) -> bool:
        try:
            address = ip_address(host.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        address = mapped or address
        return any(address in network for network in self._allow) if self._allow else address.is_loopback


def peer_text(address: SocketAddress) -> str:
    """``192.0.2.1:5000`` or ``[2001:db8::1]:5000``."""
    host, port = address[0], address[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def datagram_socket(host: str) -> socket.socket:
    """A UDP socket of the address's family that does not block."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setblocking(False)
    return sock


def bind(sock: socket.socket, host: str, port: int) -> None:
    """Bind a socket; `FeedError` ``FEED-020`` with the address when the system refuses."""
    try:
        sock.bind((host, port))
    except (OSError, OverflowError) as error:
        raise FeedError(codes.BIND, place=peer_text((host, port)), cause=_reason(error)) from None


def join_group(sock: socket.socket, group: str, interface: str | None) -> None:
    """Join a multicast group on the interface with this address; IPv6 takes ``address%interface``."""
    try:
        if ":" in group:
            index = _interface_index(interface)
            request = socket.inet_pton(socket.AF_INET6, group) + struct.pack("@I", index)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, request)
        else:
            request = socket.inet_aton(group) + socket.inet_aton(interface or "0.0.0.0")
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
    except OSError as error:
        place = f"group {group} on {interface or 'the default interface'}"
        raise FeedError(codes.MULTICAST, place=place, cause=_reason(error)) from None


def send_multicast_on(sock: socket.socket, interface: str | None, hops: int) -> None:
    """Send multicast from the interface with this address, over at most `hops` routers."""
    try:
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, hops)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, _interface_index(interface))
        else:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, hops)
            if interface is not None:
                sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
    except OSError as error:
        raise FeedError(codes.MULTICAST, place=f"interface {interface}", cause=_reason(error)) from None


def kernel_drops(sock: socket.socket) -> int:
    """Datagrams that this socket's receive buffer has given up; 0 where the system does not tell."""
    try:
        counters = sock.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 36)
    except OSError:
        return 0
    return int.from_bytes(counters[4 * _MEMINFO_DROPS : 4 * _MEMINFO_DROPS + 4], "little") if len(counters) >= 36 else 0


def _interface_index(interface: str | None) -> int:
    _, _, scope = (interface or "").partition("%")
    return socket.if_nametoindex(scope) if scope else 0


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
