"""What the national HTTP side is handed, and the few types that its modules share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from aiohttp import web
from msgspec import Struct
from prometheus_client import CollectorRegistry

from gateway.clock import Clock
from gateway.dialect import Decoder, Encoder, Format
from gateway.errors import GatewayError
from gateway.feeds.picture import Picture
from gateway.limits import Limits
from gateway.policy import View
from gateway.stages import Frame, Intake


class HttpSource(Struct, frozen=True, kw_only=True):
    """A national system that may call, as its client certificate names it."""

    name: str
    formats: frozenset[str]
    """Names of the formats that it may send; empty for one that only reads."""
    feed: str = "http"
    """What frames that it posts name as their feed."""
    is_operator: bool = False
    """Whether it may tell the node what to do."""
    view: View = View()
    """What it may see of the picture."""


class Idempotency(Struct, frozen=True, kw_only=True, gc=False):
    """What makes a repeated request the same request. Keys of two sources never meet."""

    key: str
    """The client's key; the second and later records of one body add a space and their number, which no client can."""
    body_sha256: str
    """Hex digest of the whole body."""


IntakeFunction = Callable[[Frame, Format, Idempotency | None], Awaitable[Intake]]
"""Takes one frame through the corridor and returns once it is durable.

For a known key with the same body it returns the first answer; with another body it raises `FeedError` with
``FEED-050``. When too much is under way it raises ``FEED-049``. Any `GatewayError` means that nothing is durable.
"""


class Reloaded(Struct, frozen=True, kw_only=True):
    """What became of an order to read the release policy again."""

    policy: str
    """Hex SHA-256 of the policy in force."""
    previous: str
    """Of the one before; the same when nothing has changed."""
    errors: tuple[GatewayError, ...] = ()
    """What is wrong with the new one; then the one before stays in force."""


class National(Struct, frozen=True, kw_only=True):
    """Everything that the national HTTP side needs of the node."""

    node: str
    intake: IntakeFunction
    set_aside: Callable[[Frame, GatewayError, int], None]
    """Keeps for the operator the beginning of a body that was refused at the door, and counts it; never waits. The
    number is the body's length in octets, as far as it is known."""
    picture: Picture
    formats: Mapping[str, Format]
    source_of: Callable[[str | None], HttpSource | None]
    """The source whose client certificate has this SPKI pin (hex SHA-256); `None` asks for the development source of
    a plain connection. Asked on every request, so that a withdrawn pin counts at once."""
    decoder_of: Callable[[str, str], Decoder]
    """(source, format) to a fresh decoder with that source's options, for stateless translation."""
    encoder_of: Callable[[str], Encoder]
    """A fresh encoder of a format with the node's options, for the picture and for translation."""
    status: Callable[[], Mapping[str, object]]
    """What `GET /v1/status` says: anything that JSON can hold."""
    missing: Callable[[], Sequence[str]]
    """What keeps the node from being ready, in words; nothing when it is."""
    reload_policy: Callable[[], Awaitable[Reloaded]]
    """Reads the release policy again and lets it decide from then on, if nothing is wrong with it."""
    registry: CollectorRegistry
    clock: Clock
    limits: Limits
    version: str
    public_operations: bool = False
    """Whether health and metrics answer callers that are no source."""


NATIONAL: web.AppKey[National] = web.AppKey("national", National)

JSON = "application/json"
PROBLEM = "application/problem+json"
GEOJSON = "application/geo+json"
EVENTS = "text/event-stream"
