"""Checks between values of a configuration, pure: no file is opened, no name resolved.

1. Names refer to something: sources, clients, formats.
2. A feed has the settings of its kind and direction, and no others; its clients can prove who they are.
3. A key speaks for one partner, a client certificate for one source.
4. No two listeners want one port.
5. Nothing leaves or enters the machine by accident.
6. The production profile has no development shortcuts.
7. Limits fit each other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from gateway.config import codes
from gateway.config.listeners import check_exposure, check_ports
from gateway.config.locate import KeyPath
from gateway.config.model import Config, Profile
from gateway.config.national import Direction, FeedKind, FeedTable
from gateway.config.problems import Problem, unknown_name


def cross_check(config: Config, formats: Collection[str] | None) -> Iterator[Problem]:
    """Everything in which the values of a configuration contradict each other or the profile."""
    yield from _names(config)
    if formats is not None:
        yield from _formats(config, formats)
    for name, feed in config.feed.items():
        yield from _feed(name, feed)
    yield from _clients(config)
    yield from _identities(config)
    yield from check_ports(config)
    yield from check_exposure(config)
    yield from _production(config)
    yield from _limits(config)


def _names(config: Config) -> Iterator[Problem]:
    for name, feed in config.feed.items():
        if feed.source is not None and feed.source not in config.source:
            yield unknown_name(("feed", name, "source"), "source [source.NAME]", feed.source, config.source)
        elif feed.source is not None and feed.format not in config.source[feed.source].formats:
            allowed = ", ".join(config.source[feed.source].formats)
            cause = f"source {feed.source} may speak {allowed}; this feed speaks {feed.format}"
            yield Problem(code=codes.CONFLICT, path=("feed", name, "format"), cause=cause)


def _formats(config: Config, formats: Collection[str]) -> Iterator[Problem]:
    for name, feed in config.feed.items():
        if feed.format not in formats:
            yield unknown_name(("feed", name, "format"), "format", feed.format, formats)
    for name, source in config.source.items():
        for index, spoken in enumerate(source.formats):
            if spoken not in formats:
                yield unknown_name(("source", name, "formats", index), "format", spoken, formats)
        for spoken in source.options:
            if spoken not in source.formats:
                cause = f"source {name} may not speak {spoken}, so its options have no use"
                yield Problem(code=codes.CONFLICT, path=("source", name, "options", spoken), cause=cause, at_key=True)


_NEEDS = {
    FeedKind.UDP: {"address"},
    FeedKind.TCP_LISTEN: {"address"},
    FeedKind.TCP_CONNECT: {"address"},
    FeedKind.FILE: {"path"},
    FeedKind.HTTP: {"address", "clients"},
    FeedKind.HTTP_POLL: {"url"},
}
_TCP = {FeedKind.TCP_LISTEN, FeedKind.TCP_CONNECT}
_ONLY_FOR_KIND = {
    "address": {FeedKind.UDP, FeedKind.HTTP, *_TCP},
    "url": {FeedKind.HTTP_POLL},
    "every_s": {FeedKind.HTTP_POLL},
    "tls": {FeedKind.HTTP, FeedKind.HTTP_POLL, *_TCP},
    "clients": {FeedKind.HTTP, FeedKind.TCP_LISTEN},
    "path": {FeedKind.FILE},
    "rate": {FeedKind.FILE},
    "base_time": {FeedKind.FILE},
    "group": {FeedKind.UDP},
    "interface": {FeedKind.UDP},
    "allow": {FeedKind.UDP, FeedKind.TCP_LISTEN, FeedKind.HTTP},
}
_IN = {Direction.IN, Direction.BOTH}
_OUT = {Direction.OUT, Direction.BOTH}
_ONLY_FOR_DIRECTION = {"source": _IN, "group": _IN, "origins": _OUT, "clients": _OUT, "clearance": _OUT}
_DIRECTIONS = {
    FeedKind.FILE: ({Direction.IN}, "a file can be replayed, not written; 'gateway translate' writes files"),
    FeedKind.HTTP: ({Direction.OUT}, "documents are fetched from there; national systems post to http.listen"),
    FeedKind.HTTP_POLL: ({Direction.IN}, "a poll brings documents in; kind http serves them"),
}


def _feed(name: str, feed: FeedTable) -> Iterator[Problem]:
    path: KeyPath = ("feed", name)
    given = feed.model_fields_set
    needed = _NEEDS[feed.kind] | ({"source"} if feed.direction in _IN else set())
    for key in sorted(needed - given):
        cause = f"feed.{name}.{key} is required for a {feed.kind.value} feed with direction {feed.direction.value}"
        yield Problem(code=codes.MISSING_KEY, path=path, cause=cause, at_key=True)
    for key in sorted(given):
        if feed.kind not in _ONLY_FOR_KIND.get(key, {feed.kind}):
            cause = f"{key} is not for a feed of kind {feed.kind.value}"
            yield Problem(code=codes.CONFLICT, path=(*path, key), cause=cause, at_key=True)
        elif feed.direction not in _ONLY_FOR_DIRECTION.get(key, {feed.direction}):
            cause = f"{key} is not for a feed with direction {feed.direction.value}"
            yield Problem(code=codes.CONFLICT, path=(*path, key), cause=cause, at_key=True)
    allowed, why = _DIRECTIONS.get(feed.kind, ({feed.direction}, ""))
    if feed.direction not in allowed:
        yield Problem(code=codes.CONFLICT, path=(*path, "kind"), cause=why)
    if "clients" in given and feed.kind is FeedKind.TCP_LISTEN and feed.direction is not Direction.BOTH:
        cause = "clients are for conversations: direction both"
        yield Problem(code=codes.CONFLICT, path=(*path, "clients"), cause=cause, at_key=True)
    if feed.clients and "clearance" in given:
        cause = f"each of its clients has clearances of its own: client.{feed.clients[0]}.clearance"
        yield Problem(code=codes.CONFLICT, path=(*path, "clearance"), cause=cause, at_key=True)
    if "allow" in given and feed.kind is FeedKind.UDP and feed.direction is Direction.OUT:
        cause = "nobody speaks to a udp feed with direction out"
        yield Problem(code=codes.CONFLICT, path=(*path, "allow"), cause=cause, at_key=True)


def _clients(config: Config) -> Iterator[Problem]:
    for name, client in config.client.items():
        if client.source is not None and client.source not in config.source:
            yield unknown_name(("client", name, "source"), "source [source.NAME]", client.source, config.source)
    for name, feed in config.feed.items():
        for index, client_name in enumerate(feed.clients):
            path: KeyPath = ("feed", name, "clients", index)
            if client_name not in config.client:
                yield unknown_name(path, "client [client.NAME]", client_name, config.client)
                continue
            client = config.client[client_name]
            can_show = client.certificate_pins and feed.tls
            if not can_show and not (client.password and feed.kind is FeedKind.HTTP):
                wants = "certificate_pins and tls = true" + (", or a password" if feed.kind is FeedKind.HTTP else "")
                cause = f"{client_name} cannot prove who it is there; it needs {wants}"
                yield Problem(code=codes.CONFLICT, path=path, cause=cause)
            speaks = client.source and config.source.get(client.source)
            if speaks and feed.direction is Direction.BOTH and feed.format not in speaks.formats:
                cause = f"source {client.source} of client {client_name} may not speak {feed.format}"
                yield Problem(code=codes.CONFLICT, path=path, cause=cause)


def _identities(config: Config) -> Iterator[Problem]:
    if config.node.name in config.link:
        cause = f"{config.node.name} is this node's own name"
        yield Problem(code=codes.CONFLICT, path=("link", config.node.name), cause=cause, at_key=True)
    of_partner: dict[str, str] = {}
    for name, link in config.link.items():
        if not (link.send or link.receive):
            cause = "neither send nor receive; use paused = true to stop a link for a while"
            yield Problem(code=codes.CONFLICT, path=("link", name), cause=cause, at_key=True)
        for index, pin in enumerate(link.tls_pins):
            if of_partner.setdefault(pin, name) != name:
                cause = f"pin {pin[:16]}.. is {of_partner[pin]}'s already; a key speaks for one partner"
                yield Problem(code=codes.CONFLICT, path=("link", name, "tls_pins", index), cause=cause)
    of_source: dict[str, str] = {}
    for name, source in config.source.items():
        for index, pin in enumerate(source.certificate_pins):
            if of_source.setdefault(pin, name) != name:
                cause = f"pin {pin[:16]}.. is {of_source[pin]}'s already; a certificate speaks for one source"
                yield Problem(code=codes.CONFLICT, path=("source", name, "certificate_pins", index), cause=cause)
    of_client: dict[str, str] = {}
    for name, client in config.client.items():
        for index, pin in enumerate(client.certificate_pins):
            if of_client.setdefault(pin, name) != name:
                cause = f"pin {pin[:16]}.. is {of_client[pin]}'s already; a certificate speaks for one client"
                yield Problem(code=codes.CONFLICT, path=("client", name, "certificate_pins", index), cause=cause)


def _production(config: Config) -> Iterator[Problem]:
    if config.node.profile is not Profile.PRODUCTION:
        return
    domain = config.ledger.origin.split("/")[0]
    if domain.endswith((".example", ".invalid", ".test", ".localhost")):
        cause = f"{config.ledger.origin} is under a reserved domain; choose the log's name once and for all"
        yield Problem(code=codes.PRODUCTION, path=("ledger", "origin"), cause=cause)
    if config.node.allow_external:
        cause = "allow_external is for the development profile; production listens where it is told"
        yield Problem(code=codes.PRODUCTION, path=("node", "allow_external"), cause=cause, at_key=True)


def _limits(config: Config) -> Iterator[Problem]:
    limits = config.limits
    for small, large in (
        ("batch_max_tracks", "max_tracks_per_message"),
        ("backoff_first_s", "backoff_max_s"),
        ("group_commit_rows", "group_commit_queue"),
    ):
        if getattr(limits, small) > getattr(limits, large):
            cause = f"{small} = {getattr(limits, small)} is more than {large} = {getattr(limits, large)}"
            yield Problem(code=codes.CONFLICT, path=("limits", small), cause=cause)

    keep_s = config.store.keep_days * 86_400
    if 0 < keep_s < limits.created_age_s:
        cause = (
            f"keep_days = {config.store.keep_days:g} is less than created_age_s = {limits.created_age_s:g} "
            f"({limits.created_age_s / 86_400:.3g} days)"
        )
        yield Problem(code=codes.CONFLICT, path=("store", "keep_days"), cause=cause)


def without_effect(config: Config) -> Iterator[Problem]:
    """Settings that are allowed and do nothing: findings, not errors."""
    speaking = {feed.source for feed in config.feed.values()} | {one.source for one in config.client.values()}
    for name, source in config.source.items():
        if name not in speaking and not source.certificate_pins:
            cause = f"no feed names source {name} and no client certificate speaks for it: nothing can come from it"
            yield Problem(code=codes.NO_EFFECT, path=("source", name), cause=cause, at_key=True)
    welcome = {client for feed in config.feed.values() for client in feed.clients}
    for name in config.client:
        if name not in welcome:
            cause = f"no feed names client {name} in its clients: it cannot connect anywhere"
            yield Problem(code=codes.NO_EFFECT, path=("client", name), cause=cause, at_key=True)
