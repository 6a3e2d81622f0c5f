"""Feeds that converse, from the configuration: which dialect, over which socket, with whom, who sees what."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from inspect import signature
from ipaddress import ip_network

from gateway.config import Config
from gateway.config.national import Direction, FeedKind, FeedTable, Origins
from gateway.dialect import Endpoint, Format
from gateway.errors import ConfigError
from gateway.feeds.address import Network
from gateway.feeds.clients import Client
from gateway.feeds.talk import Snapshot, Take, TalkPlace
from gateway.feeds.talk_connect import TalkConnectFeed
from gateway.feeds.talk_listen import TalkListenFeed
from gateway.feeds.talk_udp import TalkUdpFeed
from gateway.feeds.tls import calling_context, listening_context
from gateway.node import codes
from gateway.node.codecs import refuse_unknown
from gateway.policy import OWN, Desk, View

_PERSONAL = "personal_data"
_EVERYWHERE: tuple[Network, ...] = (ip_network("0.0.0.0/0"), ip_network("::/0"))

Talk = TalkListenFeed | TalkConnectFeed | TalkUdpFeed

_FEEDS: dict[FeedKind, Callable[..., Talk]] = {
    FeedKind.TCP_LISTEN: TalkListenFeed,
    FeedKind.TCP_CONNECT: TalkConnectFeed,
    FeedKind.UDP: TalkUdpFeed,
}


def open_talk(config: Config, name: str, form: Format, *, take: Take, snapshot: Snapshot, desk: Desk) -> Talk:
    """The conversing feed of that name; `start` before `run`."""
    table = config.feed[name]
    assert table.address is not None, "the configuration checks that a socket has an address"
    place = TalkPlace(
        name=name,
        source=table.source or name,
        host=table.address.host,
        port=table.address.port,
        form=form,
        allow=admitted(table),
        tls=feed_tls(config, table),
        clients=tuple(configured_client(config, client, table, desk) for client in table.clients),
        view=feed_view(config, name, desk),
        group=table.group,
        interface=table.interface,
    )
    options = consumer_options(config, name, form.endpoint)
    endpoint = make_endpoint(config, form, options, source=table.source or name)
    make = _FEEDS[table.kind]
    return make(place, endpoint=endpoint, take=take, snapshot=snapshot, clock=desk.clock, limits=config.limits)


def make_endpoint(config: Config, form: Format, options: Mapping[str, object], *, source: str) -> Endpoint:
    """A dialect with the feed's options; `ConfigError` ``NODE-004`` when it has none or refuses them."""
    if form.endpoint is None:
        raise ConfigError(codes.OPTIONS, place=form.name, cause=f"{form.title} has no conversation in it")
    refuse_unknown(form, form.endpoint, options)
    if source in config.source and "nation" in signature(form.endpoint).parameters:
        options = {"nation": config.source_nation(source), **options}
    try:
        return form.endpoint(node=config.node.name, limits=config.limits, **options)
    except TypeError as error:
        raise ConfigError(codes.OPTIONS, place=form.name, cause=str(error)) from None


def consumer_options(config: Config, name: str, make: Callable[..., object] | None) -> dict[str, object]:
    """Options of a feed for what `make` makes for its consumers.

    Where one of its clients may see personal data, it is written: each client's view has taken it out for the others.
    A feed's own word stands.
    """
    table, options = config.feed[name], dict[str, object](config.feed_options(name))
    may_see = any(config.client[client].personal_data for client in table.clients)
    if may_see and make is not None and _PERSONAL in signature(make).parameters:
        options.setdefault(_PERSONAL, True)
    return options


def view_of(origins: Origins) -> View:
    """Whose tracks are seen."""
    return View(own=origins is not Origins.ALLIES, allied=origins is not Origins.OWN)


def feed_view(config: Config, name: str, desk: Desk) -> View:
    """What consumers without a name see of a feed.

    A feed out shows every label unless it names clearances. Nobody knows who takes part in a conversation: it shows
    what this node itself is cleared for.
    """
    table = config.feed[name]
    shown = view_of(table.origins)
    clearances = table.clearance or (OWN if table.direction is Direction.BOTH else None)
    return View(own=shown.own, allied=shown.allied, desk=desk, clearances=clearances)


def client_view(config: Config, client: str, table: FeedTable, desk: Desk) -> View:
    """What a configured client sees of a feed: by its own clearances, or by those of this node."""
    mine = config.client[client]
    origins = view_of(mine.origins or table.origins)
    return View(
        own=origins.own,
        allied=origins.allied,
        desk=desk,
        clearances=mine.clearance or OWN,
        personal_data=mine.personal_data,
    )


def admitted(table: FeedTable) -> tuple[Network, ...]:
    """Networks that may connect: anybody may try where clients prove over TLS who they are and nothing else is said."""
    return table.allow or (_EVERYWHERE if table.tls and table.clients else ())


def configured_client(config: Config, name: str, table: FeedTable, desk: Desk) -> Client:
    """A client as a feed knows it."""
    mine = config.client[name]
    return Client(
        name=name,
        pins=frozenset(pin.removeprefix("sha256:") for pin in mine.certificate_pins),
        view=client_view(config, name, table, desk),
        source=mine.source or table.source or name,
        password=mine.password,
    )


def feed_tls(config: Config, table: FeedTable) -> ssl.SSLContext | None:
    """TLS of a feed as the caller or as the one who listens, or nothing where it speaks in the clear."""
    if not table.tls:
        return None
    http = config.http
    if table.kind is FeedKind.TCP_CONNECT:
        return calling_context(http.certificate, http.key, http.client_ca)
    return listening_context(http.certificate, http.key, http.client_ca)
