"""The national HTTP side of a node: who may call, and how a request becomes durable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, json

from gateway import version
from gateway.config import Config
from gateway.config.national import SourceTable
from gateway.dialect import Decoder, Encoder, Format
from gateway.errors import Code, FeedError, FormatError, GatewayError, LedgerError, SealError
from gateway.feeds import codes
from gateway.feeds.http import HttpServer, national_app, server_context
from gateway.feeds.http_types import HttpSource, Idempotency, National
from gateway.formats.registry import formats
from gateway.node.codecs import make_decoder, make_encoder
from gateway.node.unsigned import UnsignedDocument
from gateway.pipeline import set_aside
from gateway.policy import Desk, View
from gateway.stages import Frame, Intake, Refused
from gateway.store import Idempotent

if TYPE_CHECKING:
    from gateway.node.assembly import Node

OPERATOR = "node"
"""Source name under which the node's own certificate reads status and metrics; it may hand in nothing."""


def open_national(node: Node) -> HttpServer:
    """The server of the national side; it listens once started."""
    config, http = node.config, node.config.http
    callers = Callers(config, own_pin=node.tls_pin, desk=node.desk)
    national = National(
        node=config.node.name,
        intake=Intakes(node).take,
        set_aside=Intakes(node).set_aside,
        picture=node.rooms.picture,
        formats=formats(),
        source_of=callers.of,
        decoder_of=lambda source, form: _decoder(config, source, formats()[form]),
        encoder_of=lambda form: _encoder(node, formats()[form]),
        status=lambda: node.status,
        missing=lambda: node.missing,
        reload_policy=node.reload.now,
        registry=node.registry,
        clock=node.clock,
        limits=config.limits,
        version=version(),
        public_operations=http.public_metrics,
    )
    context = None
    if not http.plain:
        context = server_context(certificate=http.certificate, key=http.key, client_ca=http.client_ca)
    return HttpServer(
        national_app(national),
        host=http.listen.host,
        port=http.listen.port,
        tls=context,
        limits=config.limits,
        clock=node.clock,
    )


class Callers:
    """Which source a client certificate speaks for."""

    def __init__(self, config: Config, *, own_pin: str, desk: Desk) -> None:
        self._by_pin = {own_pin: HttpSource(name=OPERATOR, formats=frozenset(), is_operator=True)}
        sources = {name: _source(name, table, desk) for name, table in config.source.items()}
        for name, table in config.source.items():
            for pin in table.certificate_pins:
                self._by_pin[pin.removeprefix("sha256:")] = sources[name]
        self._plain = next(iter(sources.values()), None) if config.http.plain else None

    def of(self, pin: str | None) -> HttpSource | None:
        """The source of a certificate key; of a plain connection the first configured source (development only)."""
        return self._plain if pin is None else self._by_pin.get(pin)


def _source(name: str, table: SourceTable, desk: Desk) -> HttpSource:
    view = View(desk=desk, clearances=table.clearance or None)
    return HttpSource(name=name, formats=frozenset(table.formats), view=view)


class Intakes:
    """Takes what national systems post, once: a repeated key gets the first answer."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._decoders: dict[tuple[str, str], Decoder] = {}

    async def take(self, frame: Frame, form: Format, idempotency: Idempotency | None) -> Intake:
        """What became of a frame, once it is durable; see `gateway.feeds.http_types.IntakeFunction`."""
        node = self._node
        if idempotency is not None:
            found = await node.store.find_response(frame.source, idempotency.key)
            if found is not None:
                digest, response = found
                if digest != idempotency.body_sha256:
                    raise FeedError(codes.IDEMPOTENCY_CONFLICT)
                return read_answer(response)
        if node.gatherer.is_full:
            raise FeedError(codes.INTAKE_FULL)
        key = (frame.source, form.name)
        decoder = self._decoders.get(key)
        if decoder is None:
            decoder = self._decoders[key] = _decoder(node.config, frame.source, form)
        if idempotency is None:
            pending = await node.take(frame, decoder)
        else:
            pending = await node.take(frame, decoder, lambda intake: _kept(frame.source, idempotency, intake))
        try:
            return await pending.intake()
        except (SealError, LedgerError) as error:  # ours, not the caller's: nothing is durable, and it may be repeated
            raise FeedError(codes.NOT_READY, cause=f"{error.code.id} {error.code.title}") from None

    def set_aside(self, frame: Frame, error: GatewayError, length: int) -> None:
        """Quarantine a body that was refused before it became frames, and count it like a refused record."""
        self._node.counts.records_refused += 1
        set_aside(self._node.rooms, frame, (error,), length)


class _Problem(Struct, frozen=True):
    """A refused record as it is stored."""

    code: str
    title: str
    remedy: str
    place: str
    cause: str


class _Answer(Struct, frozen=True):
    """An intake as it is stored."""

    track_ids: tuple[str, ...]
    message_ids: tuple[str, ...]
    problems: tuple[_Problem, ...]
    duplicates: int
    refused: tuple[Refused, ...]


def write_answer(intake: Intake) -> bytes:
    """An intake as JSON, to be answered again."""
    problems = tuple(
        _Problem(error.code.id, error.code.title, error.remedy, error.place, error.cause) for error in intake.problems
    )
    return json.encode(_Answer(intake.track_ids, intake.message_ids, problems, intake.duplicates, intake.refused))


def read_answer(octets: bytes) -> Intake:
    """The intake that `write_answer` wrote."""
    answer = json.decode(octets, type=_Answer)
    return Intake(
        track_ids=answer.track_ids,
        message_ids=answer.message_ids,
        problems=tuple(
            FormatError(Code(one.code, one.title, one.remedy), place=one.place, cause=one.cause)
            for one in answer.problems
        ),
        duplicates=answer.duplicates,
        refused=answer.refused,
    )


def _kept(source: str, idempotency: Idempotency, intake: Intake) -> Idempotent:
    return Idempotent(
        source=source, key=idempotency.key, body_sha256=idempotency.body_sha256, response=write_answer(intake)
    )


def _decoder(config: Config, source: str, form: Format) -> Decoder:
    table = config.source.get(source)
    options = table.options.get(form.name, {}) if table is not None else {}
    return make_decoder(config, form, options, source=source)


def _encoder(node: Node, form: Format) -> Encoder:
    """An encoder for the picture; the alliance format wants to know who speaks and under which label."""
    if form.name == "alliance":
        return UnsignedDocument(node, form)
    return make_encoder(node.config, form, {})
