"""What each national consumer of a node would be shown of a track, and what it would lose: nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from inspect import signature

from msgspec import Struct
from msgspec.structs import replace

from gateway.config import Config
from gateway.config.national import Direction, FeedKind, FeedTable
from gateway.dialect import Conversation, Encoder, Format, Peer, Request, Service
from gateway.errors import FormatError, GatewayError
from gateway.node.codecs import make_encoder
from gateway.node.documents import make_service
from gateway.node.talks import client_view, consumer_options, feed_view, make_endpoint
from gateway.policy import Desk, View, personal_parts
from gateway.track import Label, Loss, Track

PICTURE = "http"
"""Name under which ``GET /v1/tracks`` stands among the feeds."""

Losses = tuple[tuple[str, Loss], ...]
Problems = tuple[FormatError, ...]
Write = Callable[[Track, datetime], tuple[Losses, Problems]]
"""Writes one track for a consumer, to nowhere: what it lost, and why it could not be written."""


class Shown(Struct, frozen=True, kw_only=True):
    """What one consumer is shown of one track."""

    feed: str
    client: str = ""
    format: str
    shown: bool
    """Whether there is anything left that it is shown."""
    why: str = ""
    """Why it is shown nothing: whose tracks it sees, its clearance, or what the format cannot express."""
    losses: tuple[Loss, ...] = ()


class Consumer:
    """One feed, or one client of a feed, with the writer that it would be served by."""

    def __init__(
        self, *, feed: str, client: str = "", form: Format, view: View, make: Callable[[], Write | None]
    ) -> None:
        """`make` makes the writer, or nothing where the peers are never offered tracks."""
        self._feed = feed
        self._client = client
        self._form = form
        self._view = view
        self._write: Write | None = None
        self._fault = ""
        try:
            self._write = make()
        except GatewayError as error:  # options that the codec refuses: `gateway check` says where
            self._fault = f"{error.code.id} {error.cause or error.code.title}"

    def try_on(self, track: Track, *, is_own: bool, label: Label | None, now: datetime) -> Shown:
        """What it would be shown of a track that came under `label`, if it has none of its own."""
        if self._write is None:
            return self._nothing(self._fault or "its peers are sensors, which are shown nothing")
        if not (self._view.own if is_own else self._view.allied):
            return self._nothing("sees the tracks of partners only" if is_own else "sees the tracks of this node only")
        seen = self._view.filter((track,), is_own=is_own, label=label)
        if not seen:
            return self._nothing("is not cleared for the label")
        try:
            losses, problems = self._write(seen[0], now)
        except GatewayError as error:
            return self._nothing(f"{error.code.id} {error.code.title}")
        if problems:
            return self._nothing("; ".join(f"{one.code.id} {one.code.title}" for one in problems))
        found = dict.fromkeys([*_withheld(track, seen[0]), *(loss for _, loss in losses)])
        return Shown(feed=self._feed, client=self._client, format=self._form.name, shown=True, losses=tuple(found))

    def _nothing(self, why: str) -> Shown:
        return Shown(feed=self._feed, client=self._client, format=self._form.name, shown=False, why=why)


def consumers(config: Config, formats: Mapping[str, Format], desk: Desk) -> Iterator[Consumer]:
    """Every consumer that the configuration names, the picture over HTTP last; `desk` has the policy that decides."""
    for name, table in config.feed.items():
        if table.direction is Direction.IN:
            continue
        form = formats[table.format]
        for client in table.clients or ("",):
            view = client_view(config, client, table, desk) if client else feed_view(config, name, desk)
            yield Consumer(
                feed=name, client=client, form=form, view=view, make=_maker(config, name, table, form, client)
            )
    form = formats["geojson"]
    yield Consumer(feed=PICTURE, form=form, view=View(), make=lambda: _encoding(make_encoder(config, form, {})))


def _maker(config: Config, name: str, table: FeedTable, form: Format, client: str) -> Callable[[], Write | None]:
    def make() -> Write | None:
        if table.kind is FeedKind.HTTP:
            options = consumer_options(config, name, form.service or form.encoder)
            return _serving(make_service(config, form, options), form, client)
        if table.direction is Direction.BOTH and form.endpoint is not None:
            options = consumer_options(config, name, form.endpoint)
            endpoint = make_endpoint(config, form, options, source=table.source or name)
            if not endpoint.offers_tracks:
                return None
            taken = signature(form.encoder).parameters
            plain = {key: value for key, value in options.items() if key in taken}
            return _talking(endpoint.converse(Peer(name=client)), _encoding(make_encoder(config, form, plain)))
        return _encoding(make_encoder(config, form, config.feed_options(name)))

    return make


def _encoding(encoder: Encoder) -> Write:
    def write(track: Track, now: datetime) -> tuple[Losses, Problems]:
        encoded = encoder.encode((track,), now)
        return encoded.losses, encoded.problems

    return write


def _serving(service: Service, form: Format, client: str) -> Write:
    """As the service would answer whoever asks it for everything."""
    ask = form.enquiry() if form.enquiry is not None else Request(method="GET", query={}, media_type="")

    def write(track: Track, now: datetime) -> tuple[Losses, Problems]:
        answer = service.answer(replace(ask, client=client), (track,), now)
        return answer.losses, answer.problems

    return write


def _talking(talk: Conversation, plainly: Write) -> Write:
    """As the conversation would offer it; before the peer has said what it must say first, as the encoder would."""
    opened = False

    def write(track: Track, now: datetime) -> tuple[Losses, Problems]:
        nonlocal opened
        if not opened:
            talk.opened(now)
            opened = True
        if not talk.wants_tracks:
            return plainly(track, now)
        turn = talk.offered((track,), now)
        return turn.losses, turn.problems

    return write


def _withheld(track: Track, seen: Track) -> list[Loss]:
    """What the view took out."""
    kept = set(personal_parts(seen))
    return [one for one in personal_parts(track) if one not in kept]
