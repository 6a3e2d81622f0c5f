"""Which addresses a configuration opens and calls, whether two collide, and whether strangers could reach them."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from msgspec import Struct

from gateway.config import codes
from gateway.config.locate import KeyPath
from gateway.config.model import Config, Profile
from gateway.config.national import Direction, FeedKind
from gateway.config.problems import Problem, dotted
from gateway.config.values import Address


class Listener(Struct, frozen=True, kw_only=True):
    """A socket that the gateway will open for others."""

    path: KeyPath
    """Setting that asks for it."""
    transport: str
    """``tcp`` or ``udp``."""
    address: Address
    group: str = ""
    """Multicast group; two feeds may share a port for different groups."""


def listeners(config: Config) -> list[Listener]:
    """Every socket that a node with this configuration listens on, in the order in which it opens them."""
    found = [Listener(path=("http", "listen"), transport="tcp", address=config.http.listen)]
    if any(link.receive for link in config.link.values()):
        found.append(Listener(path=("links", "listen"), transport="tcp", address=config.links.listen))
    for name, feed in config.feed.items():
        if feed.address is None:
            continue
        path: KeyPath = ("feed", name, "address")
        if feed.kind in (FeedKind.TCP_LISTEN, FeedKind.HTTP):
            found.append(Listener(path=path, transport="tcp", address=feed.address))
        elif feed.kind is FeedKind.UDP and feed.direction is not Direction.OUT:
            found.append(Listener(path=path, transport="udp", address=feed.address, group=feed.group or ""))
    return found


def check_ports(config: Config) -> Iterator[Problem]:
    """Listeners that cannot be opened together."""
    seen: list[Listener] = []
    for listener in listeners(config):
        for other in seen:
            if _collide(listener, other):
                cause = f"{listener.transport} {listener.address} is taken by {dotted(other.path)} = {other.address}"
                yield Problem(code=codes.CONFLICT, path=listener.path, cause=cause, remedy="use another port")
                break
        seen.append(listener)


def _collide(one: Listener, other: Listener) -> bool:
    if one.transport != other.transport or one.address.port != other.address.port:
        return False
    if one.group and other.group and one.group != other.group:
        return False
    return one.address.host == other.address.host or one.address.is_any or other.address.is_any


def check_exposure(config: Config) -> Iterator[Problem]:
    """Addresses that let strangers in, or tracks out, where nobody said so."""
    yield from _plain_http(config)
    yield from _open_feeds(config)
    if config.node.profile is Profile.PRODUCTION or config.node.allow_external:
        return
    why = "the development profile stays on loopback unless node.allow_external = true"
    for listener in listeners(config):
        if not listener.address.is_loopback:
            yield Problem(code=codes.EXPOSED, path=listener.path, cause=f"{listener.address}: {why}")
    for name, link in config.link.items():
        if not _called(link.url).is_loopback:
            yield Problem(code=codes.EXPOSED, path=("link", name, "url"), cause=f"{link.url}: {why}")
    for name, feed in config.feed.items():
        calls = feed.kind is FeedKind.TCP_CONNECT or (feed.kind is FeedKind.UDP and feed.direction is Direction.OUT)
        if feed.url is not None and not _called(feed.url).is_loopback:
            yield Problem(code=codes.EXPOSED, path=("feed", name, "url"), cause=f"{feed.url}: {why}")
        if calls and feed.address is not None and not _stays(feed.address, feed.interface):
            yield Problem(code=codes.EXPOSED, path=("feed", name, "address"), cause=f"{feed.address}: {why}")


def _called(url: str) -> Address:
    parts = urlsplit(url)
    return Address(host=parts.hostname or "", port=parts.port or (80 if parts.scheme == "http" else 443))


def _stays(address: Address, interface: str | None) -> bool:
    if address.is_multicast:
        return interface is not None and Address(host=interface, port=1).is_loopback
    return address.is_loopback


def _plain_http(config: Config) -> Iterator[Problem]:
    if not config.http.plain:
        return
    path: KeyPath = ("http", "plain")
    if config.node.profile is Profile.PRODUCTION:
        yield Problem(code=codes.PRODUCTION, path=path, cause="plain HTTP: callers could not be told apart")
    elif not config.http.listen.is_loopback:
        cause = f"plain HTTP on {config.http.listen} would let anybody in; plain = true is for loopback"
        yield Problem(code=codes.EXPOSED, path=path, cause=cause)


def _open_feeds(config: Config) -> Iterator[Problem]:
    """Neither datagrams nor plain TCP prove who speaks, so an open port needs the list of who may."""
    for name, feed in config.feed.items():
        path: KeyPath = ("feed", name, "address")
        address = feed.address
        if address is None:
            continue
        listens = feed.kind in (FeedKind.TCP_LISTEN, FeedKind.HTTP) or (
            feed.kind is FeedKind.UDP and feed.direction is not Direction.OUT
        )
        if feed.kind is FeedKind.HTTP and not feed.tls and not address.is_loopback:
            cause = f"passwords would cross the network in the clear on {address}; set tls = true"
            yield Problem(code=codes.EXPOSED, path=path, cause=cause)
        proved = bool(feed.clients) and feed.tls  # whoever connects proves who he is
        if listens and not proved and not feed.allow and not (address.is_loopback and feed.group is None):
            asked = (
                f"{address} can be reached from outside" if feed.group is None else f"anybody can send to {feed.group}"
            )
            cause = f'{asked}; say who may with feed.{name}.allow = ["192.0.2.0/24"]'
            yield Problem(code=codes.EXPOSED, path=path, cause=cause)
        if not listens and address.is_any:
            cause = f"{address} stands for every address of this machine; nobody can be reached there"
            yield Problem(code=codes.WRONG_VALUE, path=path, cause=cause)
