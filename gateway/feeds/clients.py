"""Clients of a feed that converses: who they are by the key of their certificate, and what each may see.

1. Where a feed names clients, the key of the peer's certificate must be pinned by one of them; nobody else gets in.
2. The check is made once per connection and holds for its life, which `Limits.connection_age_s` bounds.
3. What a client sees is decided by its own view, what it says counts as its own source's.
4. A feed without clients takes whoever its networks let in: he has no name and sees what the feed shows everybody.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from gateway.dialect import Peer
from gateway.errors import FeedError
from gateway.feeds import codes
from gateway.feeds.tls import proved_pin
from gateway.policy import View
from gateway.track import Label, Track


class Client(Struct, frozen=True, kw_only=True):
    """A consumer or reporter that proves who it is."""

    name: str
    pins: frozenset[str]
    """Hex SHA-256 of the public keys (SPKI, DER) of its certificates: the present one and the next."""
    view: View
    source: str
    """Configured source that its reports count as."""
    password: str | None = None
    """Hash (`gateway.password`) of the password that it may show where documents are served over HTTP."""


class Shown(Struct, frozen=True):
    """A track of the current picture, with what a view needs to know of it."""

    track: Track
    is_own: bool
    label: Label | None
    """Under which it came, if it has none of its own."""


class Caller(Struct, frozen=True, kw_only=True):
    """Who a connection turned out to be."""

    peer: Peer
    view: View
    source: str


class Clients:
    """The clients of one feed, by pin."""

    def __init__(self, clients: Sequence[Client], *, view: View, source: str) -> None:
        """`view` and `source` are those of callers without a name, where there are no `clients`.

        `FeedError` (``FEED-028``) when two clients pin the same key.
        """
        self._view = view
        self._source = source
        self._by_pin: dict[str, Client] = {}
        self._views = {client.view: client.view for client in clients}  # equal ones are one object, found by identity
        self._anonymous = not clients
        for client in clients:
            for pin in client.pins:
                other = self._by_pin.setdefault(pin.lower(), client)
                if other is not client:
                    raise FeedError(codes.PIN_SHARED, place=f"{other.name} and {client.name}", cause=f"key {pin}")

    def identify(self, connection: ssl.SSLObject | None, *, address: str, now: datetime) -> Caller:
        """The caller at the other end; `FeedError` (``FEED-027``) when it is none of the clients."""
        if self._anonymous:
            return Caller(peer=Peer(address=address), view=self._view, source=self._source)
        if connection is None:
            raise FeedError(codes.PIN_REFUSED, place=address, cause="the connection is not TLS")
        try:
            pin = proved_pin(connection, now)
        except FeedError as error:
            raise FeedError(error.code, place=address, cause=error.cause) from None
        client = self._by_pin.get(pin)
        if client is None:
            raise FeedError(codes.PIN_REFUSED, place=address, cause=f"public key {pin} is no client's")
        return Caller(peer=Peer(name=client.name, address=address), view=self._views[client.view], source=client.source)


def visible(picture: Sequence[Shown], view: View) -> list[Track]:
    """The tracks of the picture that a view shows, in the picture's order for each origin and label."""
    groups: dict[
        tuple[bool, int], tuple[Label | None, list[Track]]
    ] = {}  # labels by identity: thousands of tracks share one
    for shown in picture:
        key = shown.is_own, id(shown.label)
        group = groups.get(key)
        if group is None:
            group = groups[key] = shown.label, []
        group[1].append(shown.track)
    found: list[Track] = []
    for (is_own, _), (label, tracks) in groups.items():
        found += view.filter(tracks, is_own=is_own, label=label)
    return found
