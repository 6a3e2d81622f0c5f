"""What a format gives: the whole contract of a dialect. None of it does I/O; `feeds` owns the sockets under each part.

one way         `Decoder` and `Encoder`, with a `Splitter` where octets come as a stream
conversations   `Endpoint` makes a `Conversation` per peer; each event of it ends in a `Turn`
documents       `Service` answers a `Request` with an `Answer`; `Format.enquiry` is what we ask of others' services
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from msgspec import Struct

from gateway.errors import FormatError
from gateway.stages import Decoded, Encoded, Frame
from gateway.track import Loss, Track


class FieldTrace(Struct, frozen=True, kw_only=True):
    """One decoded field, for `translate --trace`: where it stood, what it said, what it became."""

    offset: int
    """Octet offset in the frame."""
    raw: str
    """Hex octets or the literal text."""
    item: str
    """The format's own name: ``I048/040.RHO``, ``event/point@lat``."""
    value: str
    unit: str = ""
    canonical: str = ""
    """Dotted canonical name, ``state.polar.range_m``; empty when the field is kept in the raw record only."""


class Decoder(Protocol):
    """Reads one source's frames, in order. One per source or connection: it may keep session state. No I/O."""

    def decode(self, frame: Frame) -> Decoded:
        """The tracks of one frame; refusals are in the result. Only `GatewayError`s ever leave it."""
        ...


@runtime_checkable
class Holding(Protocol):
    """What a decoder has beside `decode` when it may hold back records for what later frames bring."""

    def finish(self, now: datetime) -> Decoded:
        """What it still holds, as far as it can be told, and what is given up: nothing more will come.

        `now` is the reception of the last frame. Each record comes out once: a second call gives nothing.
        """
        ...


def finished(decoder: Decoder, now: datetime) -> Decoded:
    """What a decoder still holds at the end of its input; nothing for one that never holds anything."""
    return decoder.finish(now) if isinstance(decoder, Holding) else Decoded()


class Encoder(Protocol):
    """Writes tracks for one consumer. One per consumer: it may keep session state (track numbers). No I/O."""

    def encode(self, tracks: Sequence[Track], now: datetime) -> Encoded:
        """The tracks as frames, with what each lost."""
        ...


class Splitter(Protocol):
    """Cuts one connection's octet stream into frames, whatever the read boundaries."""

    def feed(self, octets: bytes) -> list[bytes]:
        """Complete frames after these octets; `FormatError` when the stream cannot be followed any more."""
        ...


class Peer(Struct, frozen=True, kw_only=True, gc=False):
    """Who is at the other end of a connection. Made by `feeds`."""

    name: str = ""
    """Configured client that its certificate speaks for; empty where nobody proved who he is."""
    address: str = ""
    """Network address, for errors and the operator."""


class Turn(Struct, frozen=True, kw_only=True):
    """What one side of a conversation makes of an event: what it took in, what it wants to say. Made by `formats`."""

    decoded: Decoded = Decoded()
    octets: tuple[bytes, ...] = ()
    """Frames for the peer, in order."""
    losses: tuple[tuple[str, Loss], ...] = ()
    """(track_id, what it lost) of tracks among `octets`."""
    problems: tuple[FormatError, ...] = ()
    """Offered tracks that the dialect cannot express at all."""
    over: FormatError | None = None
    """The conversation cannot go on, and why: `octets` are sent, then the connection is closed."""


class Conversation(Protocol):
    """Our side of one connection in a dialect that talks back: registers, acknowledges, negotiates. No I/O.

    Whoever owns the connection calls these one at a time and sends `Turn.octets` before the next call's.
    """

    @property
    def title(self) -> str:
        """What the peer calls itself, for the operator; empty until it has said so."""
        ...

    @property
    def wants_tracks(self) -> bool:
        """Whether tracks should be offered now (a sensor wants none, a parent none before it let us in)."""
        ...

    def opened(self, now: datetime) -> Turn:
        """The connection stands."""
        ...

    def received(self, frame: Frame) -> Turn:
        """A frame of the peer. Only `GatewayError`s ever leave it, and the refusals that it can go on after do not."""
        ...

    def offered(self, tracks: Sequence[Track], now: datetime) -> Turn:
        """Tracks that the peer is cleared for."""
        ...

    def tick(self, now: datetime) -> Turn:
        """Time has passed: about once a second. Heartbeats, time-outs, what was held too long."""
        ...

    def closed(self, now: datetime) -> Turn:
        """The connection is gone, or about to be: last words may be sent if it still stands."""
        ...


class Endpoint(Protocol):
    """A dialect at one feed: makes the conversations and holds what they share (nodes known, octets once written)."""

    @property
    def offers_tracks(self) -> bool:
        """Whether peers are ever offered tracks: false where all of them are sensors, whatever a feed's `origins`."""
        ...

    def converse(self, peer: Peer) -> Conversation:
        """A conversation with a peer who has just connected."""
        ...


class Request(Struct, frozen=True, kw_only=True):
    """What a consumer asks of a document service: made by `feeds`, or by a format as what a poll asks."""

    method: str
    """``GET`` or ``POST``."""
    query: Mapping[str, str]
    media_type: str
    """Of the body, without parameters; empty for a GET."""
    octets: bytes = b""
    headers: Mapping[str, str] = {}
    """Header fields that the question needs beside those of HTTP itself, such as ``SOAPAction``; of an enquiry only."""
    client: str = ""
    """Configured name of the client who asks."""


class Answer(Struct, frozen=True, kw_only=True):
    """What a document service answers. Made by `formats`."""

    octets: bytes
    media_type: str
    status: int = 200
    losses: tuple[tuple[str, Loss], ...] = ()
    problems: tuple[FormatError, ...] = ()
    """Tracks that the document cannot express."""


class Service(Protocol):
    """Answers consumers that fetch the picture as a document. One per client. No I/O."""

    def answer(self, request: Request, tracks: Sequence[Track], now: datetime) -> Answer:
        """The document or the protocol's own fault; `FormatError` for a request that is not understood."""
        ...


class Format(Struct, frozen=True, kw_only=True):
    """A dialect's registry entry: the one spec from which feeds, `translate`, HTTP and docs take what they need."""

    name: str
    """As configured and as in URLs: ``asterix``, ``cot``, ``geojson``, ``alliance``."""
    title: str
    media_type: str
    decoder: Callable[..., Decoder]
    """Always takes `node` (our name, for the provenance) and `limits`; the other keyword options are the format's own,
    read from the feed's ``options`` table. Unknown ones raise `TypeError`."""
    encoder: Callable[..., Encoder]
    splitter: Callable[[], Splitter] | None = None
    """For octet streams; absent for datagram formats."""
    trace: Callable[[Frame], list[FieldTrace]] | None = None
    endpoint: Callable[..., Endpoint] | None = None
    """For dialects that talk back (``direction = "both"``). Takes `node`, `limits`, then its own keyword options."""
    service: Callable[..., Service] | None = None
    """For documents that consumers fetch over HTTP. Takes `node`, `limits`, then its own keyword options."""
    enquiry: Callable[..., Request] | None = None
    """What to ask a server that is polled, from its own keyword options; absent is a plain GET."""
