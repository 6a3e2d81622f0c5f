"""What feeds that converse are made of: where they listen or call, what they hand on, how their peers fare."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from msgspec import Struct

from gateway.dialect import Decoder, Format
from gateway.feeds.address import Network
from gateway.feeds.clients import Client, Shown
from gateway.policy import View
from gateway.stages import Frame

Take = Callable[[Frame, Decoder], Awaitable[object]]
"""The corridor: takes a frame and what decodes it; it may wait, and a `GatewayError` from it is counted."""

Snapshot = Callable[[], Sequence[Shown]]
"""The current picture, with which a peer that wants tracks begins."""

TICK_S = 1.0
"""How often every conversation is told that time has passed."""


class TalkPlace(Struct, frozen=True, kw_only=True):
    """Where a conversation takes place, in which dialect, and who may take part."""

    name: str
    source: str
    """Source that peers without a name of their own speak for."""
    host: str
    port: int
    form: Format
    """Its splitter cuts a stream into frames; without one each connection's octets are one frame at its end."""
    allow: tuple[Network, ...] = ()
    """Networks that may connect or speak; none means loopback only. Whom we call is not asked."""
    max_connections: int = 256
    """Open at once (listening), or peers answered (UDP without a group); more are refused."""
    tls: ssl.SSLContext | None = None
    clients: tuple[Client, ...] = ()
    """Who may take part, by the key of a TLS certificate; none means anybody from the allowed networks."""
    view: View = View()
    """What peers without a name see."""
    coalesce: bool = True
    """Latest wins per track beyond the high-water mark; otherwise the oldest update is dropped."""
    high_water: int | None = None
    """Waiting updates from which on only the latest per track is kept; absent is `feed_out_queue_tracks`."""
    group: str | None = None
    """Multicast group to join and to speak to (UDP only); `port` is the group's."""
    interface: str | None = None
    """Address of the network interface for multicast (UDP only)."""
    hops: int = 1
    """Routers that multicast may pass (UDP only)."""


class PeerStatus(Struct, frozen=True, kw_only=True):
    """How one conversation fares, for the operator."""

    name: str
    """Configured client; empty where nobody proved who he is."""
    address: str
    title: str
    """What the peer calls itself; not proved."""
    since: datetime
    waiting: int
    """Updates that wait for it."""
    sent: int
    """Updates written to it."""
    dropped: int
    """Updates given up for want of room."""
    coalesced: int
    """Updates that a newer one of the same track replaced."""
    last_error: str
