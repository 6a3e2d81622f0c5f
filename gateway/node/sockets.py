"""Feeds from the configuration: which socket or file, which codec, which options."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from inspect import signature
from typing import Protocol

from gateway.clock import Clock
from gateway.config import Config
from gateway.config.codec_options import unknown_option
from gateway.config.national import Direction, FeedKind, FeedTable, Origins
from gateway.errors import ConfigError
from gateway.feeds.frame_queue import FeedCounts
from gateway.feeds.outlet import Outlet
from gateway.feeds.tcp_in import TcpConnectFeed, TcpIn, TcpListenFeed
from gateway.feeds.tcp_out import TcpConnectOutlet, TcpListenOutlet, TcpOut
from gateway.feeds.udp_in import UdpFeed, UdpIn
from gateway.feeds.udp_out import UdpOut, UdpOutlet
from gateway.node import codes
from gateway.node.recording import FileFeed
from gateway.policy import View, withhold_personal
from gateway.stages import Decoder, Encoder, Format, Frame
from gateway.track import Label, Track

_PLAIN = View()
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


def make_decoder(config: Config, form: Format, options: Mapping[str, object], *, source: str) -> Decoder:
    """A decoder with the feed's or source's options; `ConfigError` ``NODE-004`` when it refuses them.

    Where the format names sources, they belong to the nation of the configured `source` unless an option says else.
    """
    _refuse_unknown(form, form.decoder, options)
    if source in config.source and "nation" in signature(form.decoder).parameters:
        options = {"nation": config.source_nation(source), **options}
    try:
        return form.decoder(node=config.node.name, limits=config.limits, **options)
    except TypeError as error:
        raise ConfigError(codes.OPTIONS, place=form.name, cause=str(error)) from None


def make_encoder(config: Config, form: Format, options: Mapping[str, object]) -> Encoder:
    """An encoder with the feed's options; errors as for a decoder."""
    _refuse_unknown(form, form.encoder, options)
    try:
        return form.encoder(**options)
    except TypeError as error:
        raise ConfigError(codes.OPTIONS, place=form.name, cause=str(error)) from None


def _refuse_unknown(form: Format, codec: object, options: Mapping[str, object]) -> None:
    if unknown := unknown_option(codec, options):
        raise ConfigError(codes.OPTIONS, place=form.name, cause=unknown[0], remedy=unknown[1])


def open_feed(
    config: Config,
    name: str,
    form: Format,
    *,
    take: Callable[[Frame, Decoder], Awaitable[None]],
    clock: Clock,
) -> FeedIn:
    """The feed in of that name; it listens from `run` on (UDP from now on)."""
    table, limits = config.feed[name], config.limits
    options = dict(config.feed_options(name))
    source = table.source or name
    first = make_decoder(config, form, options, source=source)  # refuses wrong options now, not at the first frame
    talks = Conversations(
        lambda: make_decoder(config, form, options, source=source),
        shared=table.kind in (FeedKind.UDP, FeedKind.FILE),
    )

    async def sink(frame: Frame) -> None:
        await take(frame, talks.of(frame.peer))

    if table.kind is FeedKind.FILE:
        return FileFeed(name, table, form, sink=sink, clock=clock, limits=limits, scout=first)
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
    tcp = TcpIn(name=name, source=source, host=host, port=port, form=form, allow=table.allow)
    make = TcpListenFeed if table.kind is FeedKind.TCP_LISTEN else TcpConnectFeed
    return make(tcp, sink=sink, clock=clock, limits=limits)


def open_outlet(
    config: Config, name: str, form: Format, *, clock: Clock, picture: Callable[[Origins], Sequence[Track]]
) -> Outlet:
    """The feed out of that name; it sends while `run` runs, and takes offers before.

    `picture` gives what a client that connects begins with.
    """
    table, limits = config.feed[name], config.limits
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
    tcp = TcpOut(name=name, host=host, port=port, delimiter=delimiter, allow=table.allow)
    if table.kind is FeedKind.TCP_CONNECT:
        return TcpConnectOutlet(tcp, encoder=encoder, clock=clock, limits=limits)
    origins = table.origins

    def snapshot() -> list[Track]:
        return [withhold_personal(track) for track in picture(origins)]

    return TcpListenOutlet(tcp, encoder=encoder, clock=clock, limits=limits, snapshot=snapshot)


class Outlets:
    """The feeds out, and who gets what: a filter by origin, then an offer that never waits."""

    def __init__(self, node: str) -> None:
        self._node = node
        self._own: list[Outlet] = []
        self._allied: list[Outlet] = []
        self.by_name: dict[str, Outlet] = {}

    def add(self, name: str, outlet: Outlet, origins: Origins) -> None:
        """Offer tracks of these origins to `outlet` from now on."""
        self.by_name[name] = outlet
        if origins is not Origins.ALLIES:
            self._own.append(outlet)
        if origins is not Origins.OWN:
            self._allied.append(outlet)

    def publish(self, tracks: Sequence[Track], origin: str, label: Label) -> None:
        """Offer tracks that came under `label` to every outlet that carries their origin, without personal data."""
        is_own = origin == self._node
        tracks = _PLAIN.filter(tracks, is_own=is_own, label=label)
        for outlet in self._own if is_own else self._allied:
            outlet.offer(tracks)


def is_inward(table: FeedTable) -> bool:
    """Whether the feed brings tracks in."""
    return table.direction is Direction.IN
