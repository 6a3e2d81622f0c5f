"""Feeds from the configuration: which socket or file, which codec, which options."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from msgspec.structs import replace

from gateway.clock import Clock
from gateway.config import Config
from gateway.config.codec_options import of_poll
from gateway.config.national import Direction, FeedKind, FeedTable
from gateway.dialect import Decoder, Encoder, Format, finished
from gateway.feeds.clients import visible
from gateway.feeds.documents import DocumentServer
from gateway.feeds.frame_queue import FeedCounts
from gateway.feeds.outlet import Outlet
from gateway.feeds.talk import Snapshot
from gateway.feeds.talk_heard import Given, says_something
from gateway.feeds.tcp_in import TcpConnectFeed, TcpIn, TcpListenFeed
from gateway.feeds.tcp_out import TcpConnectOutlet, TcpListenOutlet, TcpOut
from gateway.feeds.udp_in import UdpFeed, UdpIn
from gateway.feeds.udp_out import UdpOut, UdpOutlet
from gateway.node.codecs import make_decoder, make_encoder
from gateway.node.documents import open_poll
from gateway.node.recording import FileFeed
from gateway.node.talks import Talk, feed_tls, feed_view
from gateway.policy import Desk, View
from gateway.stages import Frame
from gateway.track import Label, Track

MAX_CONVERSATIONS = 1_024  # decoders kept per feed: one per peer, and peers come and go


class FeedIn(Protocol):
    """A feed in as the node sees it."""

    counts: FeedCounts

    async def run(self) -> None:
        """Receive until cancelled."""
        ...


class Conversations:
    """One decoder per peer of a feed, because a decoder may keep session state. Bounded: the oldest goes."""

    def __init__(self, make: Callable[[], Decoder], *, shared: bool) -> None:
        """`shared` gives every peer the same decoder: datagrams of one system may come from several addresses."""
        self._make = make
        self._shared = make() if shared else None
        self._decoders: dict[str, Decoder] = {}

    def of(self, peer: str) -> Decoder:
        """The decoder of this peer."""
        if self._shared is not None:
            return self._shared
        decoder = self._decoders.get(peer)
        if decoder is None:
            if len(self._decoders) >= MAX_CONVERSATIONS:
                del self._decoders[next(iter(self._decoders))]
            decoder = self._decoders[peer] = self._make()
        return decoder


def open_feed(
    config: Config,
    name: str,
    form: Format,
    *,
    take: Callable[[Frame, Decoder], Awaitable[object]],
    clock: Clock,
) -> FeedIn:
    """The feed in of that name; it listens from `run` on (UDP from now on)."""
    table, limits = config.feed[name], config.limits
    options, asked = dict(config.feed_options(name)), None
    if table.kind is FeedKind.HTTP_POLL:
        options, asked = of_poll(options)
    source = table.source or name
    first = make_decoder(config, form, options, source=source)  # refuses wrong options now, not at the first frame
    talks = Conversations(
        lambda: make_decoder(config, form, options, source=source),
        shared=table.kind in (FeedKind.UDP, FeedKind.FILE, FeedKind.HTTP_POLL),
    )

    async def sink(frame: Frame) -> None:
        await take(frame, talks.of(frame.peer))

    async def at_end(last: Frame) -> None:
        rest = finished(talks.of(last.peer), last.received_at)
        if says_something(rest):
            await take(replace(last, octets=b""), Given(rest))

    if table.kind is FeedKind.FILE:
        return FileFeed(name, table, form, sink=sink, clock=clock, limits=limits, scout=first, at_end=at_end)
    if table.kind is FeedKind.HTTP_POLL:
        return open_poll(config, name, form, asked=asked, sink=sink, clock=clock)
    assert table.address is not None, "the configuration checks that a socket has an address"
    host, port = table.address.host, table.address.port
    if table.kind is FeedKind.UDP:
        spec = UdpIn(
            name=name,
            source=source,
            host=host,
            port=port,
            group=table.group,
            interface=table.interface,
            allow=table.allow,
        )
        return UdpFeed(spec, sink=sink, clock=clock, limits=limits)
    tls = feed_tls(config, table)
    tcp = TcpIn(name=name, source=source, host=host, port=port, form=form, allow=table.allow, tls=tls)
    make = TcpListenFeed if table.kind is FeedKind.TCP_LISTEN else TcpConnectFeed
    return make(tcp, sink=sink, clock=clock, limits=limits)


def open_outlet(config: Config, name: str, form: Format, *, snapshot: Snapshot, desk: Desk) -> Outlet:
    """The feed out of that name; it sends while `run` runs, and takes offers before.

    `snapshot` gives what a client that connects begins with.
    """
    table, limits, clock = config.feed[name], config.limits, desk.clock
    options = dict(config.feed_options(name))
    make_encoder(config, form, options)

    def encoder() -> Encoder:
        return make_encoder(config, form, options)

    assert table.address is not None, "the configuration checks that a socket has an address"
    host, port = table.address.host, table.address.port
    if table.kind is FeedKind.UDP:
        out = UdpOut(name=name, host=host, port=port, interface=table.interface)
        return UdpOutlet(out, encoder=encoder, clock=clock, limits=limits)
    delimiter = b"\n" if form.name in ("geojson", "alliance") else b""
    tls = feed_tls(config, table)
    tcp = TcpOut(name=name, host=host, port=port, delimiter=delimiter, allow=table.allow, tls=tls)
    if table.kind is FeedKind.TCP_CONNECT:
        return TcpConnectOutlet(tcp, encoder=encoder, clock=clock, limits=limits)
    view = feed_view(config, name, desk)
    return TcpListenOutlet(tcp, encoder=encoder, clock=clock, limits=limits, snapshot=lambda: visible(snapshot(), view))


class Outlets:
    """Who gets what of the tracks that come: plain feeds out, conversations. An offer never waits."""

    def __init__(self, node: str) -> None:
        self._node = node
        self._plain: list[tuple[Outlet, View]] = []
        self.by_name: dict[str, Outlet] = {}
        self.talks: dict[str, Talk] = {}
        self.documents: dict[str, DocumentServer] = {}
        """Nothing is offered to these: they are fetched."""

    def plain(self) -> list[tuple[str, Outlet | DocumentServer]]:
        """Name and counts of everything that gives tracks and takes none."""
        return [*self.by_name.items(), *self.documents.items()]

    def add(self, name: str, outlet: Outlet, view: View) -> None:
        """Offer what `view` shows to `outlet` from now on."""
        self.by_name[name] = outlet
        self._plain.append((outlet, view))

    def add_talk(self, name: str, talk: Talk) -> None:
        """Offer everything to a feed that converses: it knows what each of its peers may see."""
        self.talks[name] = talk

    def forget_decided(self) -> None:
        """Give up what waits for consumers that a clearance decides for: another policy is in force."""
        for outlet, view in self._plain:
            if view.clearances is not None:
                outlet.forget()

    def publish(self, tracks: Sequence[Track], origin: str, label: Label | None) -> None:
        """Offer tracks of `origin`, those without a label of their own under `label`, to everybody who may see them."""
        is_own = origin == self._node
        for outlet, view in self._plain:
            shown = view.filter(tracks, is_own=is_own, label=label)
            if shown:
                outlet.offer(shown)
        for talk in self.talks.values():
            talk.offer(tracks, is_own=is_own, label=label)


def is_inward(table: FeedTable) -> bool:
    """Whether the feed brings tracks in."""
    return table.direction is Direction.IN
