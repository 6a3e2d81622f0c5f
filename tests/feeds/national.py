"""A national HTTP side on a free port: the real application, server and formats; the corridor behind it is a desk that
decodes with the real codecs, remembers what it took, and shows it in the real picture."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from inspect import signature
from uuid import NAMESPACE_OID, uuid5

from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from gateway.clock import Clock, SystemClock
from gateway.dialect import Decoder, Encoder, Format
from gateway.errors import FeedError, GatewayError
from gateway.feeds import codes
from gateway.feeds.http import HttpServer, national_app
from gateway.feeds.http_types import HttpSource, Idempotency, National, Reloaded
from gateway.feeds.picture import Picture
from gateway.formats.registry import formats
from gateway.limits import Limits
from gateway.stages import Frame, Intake
from tests.feeds.support import LABEL

CLOSE_LIMITS = Limits(shutdown_timeout_s=0.2)


def new_decoder(form: Format) -> Decoder:
    """A decoder that names us in provenance, under whichever option it takes for that."""
    options = signature(form.decoder).parameters.keys() & {"node", "gateway"}
    return form.decoder(**dict.fromkeys(options, "nld"))


class Desk:
    """The corridor's stand-in: takes frames like the pipeline, in memory."""

    def __init__(self, limits: Limits = CLOSE_LIMITS, clock: Clock | None = None) -> None:
        self.limits = limits
        self.clock = clock or SystemClock()
        self.picture = Picture(self.clock, limits)
        self.formats = formats()
        self.sources: dict[str | None, HttpSource] = {}
        self.frames: list[Frame] = []
        self.missing: list[str] = []
        self.set_aside: list[tuple[Frame, GatewayError, int]] = []
        self.failure: GatewayError | None = None
        self.registry = CollectorRegistry()
        self._decoders: dict[tuple[str, str], Decoder] = {}
        self._answers: dict[tuple[str, str], tuple[str, Intake]] = {}

    def admit(self, pin: str | None, name: str = "c2", *names: str) -> None:
        self.sources[pin] = HttpSource(name=name, formats=frozenset(names or self.formats))

    async def reload(self) -> Reloaded:
        return Reloaded(policy="a" * 64, previous="a" * 64)

    async def intake(self, frame: Frame, form: Format, idempotency: Idempotency | None) -> Intake:
        if self.failure is not None:
            raise self.failure
        if idempotency is not None:
            known = self._answers.get((frame.source, idempotency.key))
            if known is not None:
                if known[0] != idempotency.body_sha256:
                    raise FeedError(codes.IDEMPOTENCY_CONFLICT, cause=f"key {idempotency.key}")
                return known[1]
        taken = self._take(frame, form)
        if idempotency is not None:
            self._answers[frame.source, idempotency.key] = idempotency.body_sha256, taken
        return taken

    def _take(self, frame: Frame, form: Format) -> Intake:
        self.frames.append(frame)
        key = frame.source, form.name
        if key not in self._decoders:
            self._decoders[key] = new_decoder(form)
        decoded = self._decoders[key].decode(frame)
        tracks = [
            replace(one, track_id=str(uuid5(NAMESPACE_OID, one.identifiers[0].value if one.identifiers else "plot")))
            for one in decoded.tracks
        ]
        self.picture.update(tracks, "nld", LABEL)
        ids = tuple(one.track_id or "" for one in tracks)
        messages = (f"message-{len(self.frames)}",) if ids else ()
        return Intake(track_ids=ids, message_ids=messages, problems=decoded.problems)

    async def intake_events(self, *events: bytes) -> None:
        """Take Cursor on Target events as if posted."""
        for octets in events:
            frame = Frame(octets=octets, feed="http", source="c2", peer="", received_at=self.clock.now())
            await self.intake(frame, self.formats["cot"], None)

    def national(self, **changes: object) -> National:
        def decoder_of(source: str, name: str) -> Decoder:
            return new_decoder(self.formats[name])

        def encoder_of(name: str) -> Encoder:
            return self.formats[name].encoder()

        national = National(
            node="nld",
            intake=self.intake,
            set_aside=lambda frame, error, length: self.set_aside.append((frame, error, length)),
            picture=self.picture,
            formats=self.formats,
            source_of=self.sources.get,
            decoder_of=decoder_of,
            encoder_of=encoder_of,
            status=lambda: {"node": "nld", "formats": sorted(self.formats), "frames": len(self.frames)},
            missing=lambda: self.missing,
            reload_policy=self.reload,
            registry=self.registry,
            clock=self.clock,
            limits=self.limits,
            version="0.0.0",
        )
        return replace(national, **changes) if changes else national


@asynccontextmanager
async def serving(desk: Desk, *, tls: ssl.SSLContext | None = None, **changes: object) -> AsyncIterator[str]:
    """The base URL of a running server."""
    app = national_app(desk.national(**changes))
    server = HttpServer(app, host="127.0.0.1", port=0, tls=tls, limits=desk.limits, clock=desk.clock)
    await server.start()
    host, port = server.address
    try:
        yield f"{'http' if tls is None else 'https'}://{host}:{port}"
    finally:
        await server.stop()


def event(uid: str = "drone-1", *, lat: float = 52.1, lon: float = 4.3, at: str = "2099-01-01T00:00:00Z") -> bytes:
    """A Cursor on Target event, far from stale."""
    return (
        f'<event version="2.0" uid="{uid}" type="a-f-A-M-F-Q" how="m-g" time="{at}" start="{at}" '
        f'stale="2099-12-31T00:00:00Z"><point lat="{lat}" lon="{lon}" hae="120" ce="10" le="10"/>'
        f'<detail><contact callsign="{uid}"/><track course="90" speed="12"/></detail></event>'
    ).encode()
