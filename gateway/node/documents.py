"""Documents from the configuration: what clients fetch from us, and what we fetch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue

from gateway.clock import Clock
from gateway.config import Config
from gateway.config.codec_options import ENQUIRY
from gateway.dialect import Answer, Encoder, Format, Request, Service
from gateway.errors import ConfigError, FeedError
from gateway.feeds import codes as feed_codes
from gateway.feeds.clients import Client, visible
from gateway.feeds.documents import DocumentPlace, DocumentServer
from gateway.feeds.documents_auth import documents_context
from gateway.feeds.frame_queue import FrameSink
from gateway.feeds.poll import PollFeed, PollPlace
from gateway.feeds.talk import Snapshot
from gateway.feeds.tls import calling_context
from gateway.node import codes
from gateway.node.codecs import make_encoder, refuse_unknown
from gateway.node.talks import admitted, configured_client, consumer_options, feed_view
from gateway.policy import Desk
from gateway.track import Track


def open_documents(config: Config, name: str, form: Format, *, snapshot: Snapshot, desk: Desk) -> DocumentServer:
    """The documents of that feed; `start` before `run`."""
    table, http = config.feed[name], config.http
    assert table.address is not None, "the configuration checks that a socket has an address"
    options = consumer_options(config, name, form.service or form.encoder)
    make_service(config, form, options)  # refuses wrong options now, not at the first request
    place = DocumentPlace(
        name=name,
        host=table.address.host,
        port=table.address.port,
        form=form,
        allow=admitted(table),
        clients=tuple(configured_client(config, client, table, desk) for client in table.clients),
        view=feed_view(config, name, desk),
        tls=documents_context(http.certificate, http.key, http.client_ca) if table.tls else None,
    )

    def picture(client: Client) -> Sequence[Track]:
        return visible(snapshot(), client.view)

    return DocumentServer(
        place,
        service=lambda _client: make_service(config, form, options),
        picture=picture,
        clock=desk.clock,
        limits=config.limits,
    )


def make_service(config: Config, form: Format, options: Mapping[str, object]) -> Service:
    """The format's service, or its encoder as one; `ConfigError` ``NODE-004`` when it refuses the options."""
    if form.service is None:
        return _Plain(form, make_encoder(config, form, options))
    refuse_unknown(form, form.service, options)
    try:
        return form.service(node=config.node.name, limits=config.limits, **options)
    except TypeError as error:
        raise ConfigError(codes.OPTIONS, place=form.name, cause=str(error)) from None


def open_poll(config: Config, name: str, form: Format, *, asked: JsonValue, sink: FrameSink, clock: Clock) -> PollFeed:
    """The feed that fetches documents; `asked` are the options of the format's enquiry."""
    table = config.feed[name]
    assert table.url is not None, "the configuration checks that a poll has its URL"
    http = config.http
    place = PollPlace(
        name=name,
        source=table.source or name,
        url=table.url,
        every_s=table.every_s,
        form=form,
        tls=calling_context(http.certificate, http.key, http.client_ca) if table.tls else None,
        enquiry=make_enquiry(form, asked),
    )
    return PollFeed(place, sink=sink, clock=clock, limits=config.limits)


def make_enquiry(form: Format, asked: JsonValue) -> Callable[[], Request] | None:
    """What a poll asks, or nothing for a plain GET; `ConfigError` ``NODE-004`` when the format refuses the options."""
    if not isinstance(asked, dict) or (asked and form.enquiry is None):
        cause = f"{form.title} is fetched by a plain GET" if form.enquiry is None else "expected a table of options"
        raise ConfigError(codes.OPTIONS, place=f"{form.name} {ENQUIRY}", cause=cause)
    if form.enquiry is None:
        return None
    refuse_unknown(form, form.enquiry, asked)
    try:
        request = form.enquiry(**asked)
    except (TypeError, ValueError) as error:
        raise ConfigError(codes.OPTIONS, place=f"{form.name} {ENQUIRY}", cause=str(error)[:200]) from None
    return lambda: request


class _Plain:
    """A format without a service of its own: its encoder's frames, one after the other, for a GET."""

    def __init__(self, form: Format, encoder: Encoder) -> None:
        self._form = form
        self._encoder = encoder

    def answer(self, request: Request, tracks: Sequence[Track], now: datetime) -> Answer:
        """The tracks as one body."""
        if request.method != "GET":
            raise FeedError(feed_codes.METHOD, place=request.method, cause=f"{self._form.title} is fetched by GET")
        encoded = self._encoder.encode(tracks, now)
        return Answer(
            octets=b"".join(encoded.frames),
            media_type=self._form.media_type,
            losses=encoded.losses,
            problems=encoded.problems,
        )
