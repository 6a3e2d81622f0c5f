"""The one route table of the national side: the application and the OpenAPI document are both made from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from msgspec import Struct
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from gateway.dialect import Format
from gateway.feeds import http_models as models
from gateway.feeds.http_body import media_types
from gateway.feeds.http_messages import post_messages
from gateway.feeds.http_operations import get_live, get_metrics, get_openapi, get_ready, get_status, post_policy_reload
from gateway.feeds.http_query import BBOX_SCHEMA, ORIGIN_PATTERN
from gateway.feeds.http_stream import get_stream
from gateway.feeds.http_tracks import MORE_HEADER, OMITTED_HEADER, POSITION_HEADER, get_tracks
from gateway.feeds.http_translate import LOSSES_HEADER, REFUSED_HEADER, post_translate
from gateway.feeds.http_types import EVENTS, GEOJSON, JSON
from gateway.limits import Limits

Body = type[BaseModel] | str
"""A model, or ``text`` or ``octets`` for what is not JSON of ours."""


class Parameter(Struct, frozen=True, kw_only=True):
    """A query parameter or header."""

    name: str
    place: str = "query"
    description: str
    schema: Mapping[str, object]
    example: object = None


class Answer(Struct, frozen=True, kw_only=True):
    """A successful answer."""

    description: str
    content: Mapping[str, Body]
    headers: Mapping[str, str] = {}
    """Name to description."""


class Route(Struct, frozen=True, kw_only=True):
    """One operation."""

    method: str
    path: str
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    operation: str
    summary: str
    description: str
    parameters: tuple[Parameter, ...] = ()
    path_formats: tuple[str, ...] = ()
    """Names of path parameters that name a format."""
    takes_records: bool = False
    """The body is records of the format that the first path parameter names."""
    answers: Mapping[int, Answer]
    refusals: tuple[int, ...] = ()
    """Statuses of problem documents besides 400 and 403."""


_SINCE = Parameter(
    name="since",
    description="Only what changed after this time (RFC 3339, with a zone) or position; ended tracks are told too.",
    schema={
        "anyOf": [
            {"type": "string", "format": "date-time"},
            {"type": "string", "pattern": "^[0-9a-f]{1,16}-[0-9]{1,15}$"},
        ]
    },
    example="2026-11-22T08:12:00Z",
)
_BBOX = Parameter(
    name="bbox",
    description="west,south,east,north in degrees, south not above north; west greater than east crosses the "
    "antimeridian (RFC 7946).",
    schema=BBOX_SCHEMA,
    example=[5.5, 47.2, 15.1, 55.1],
)
_ORIGIN = Parameter(
    name="origin",
    description="Only tracks that this node reported.",
    schema={"type": "string", "pattern": ORIGIN_PATTERN},
)


def routes(formats: Mapping[str, Format], limits: Limits) -> tuple[Route, ...]:
    """Every operation, for a node with these formats and limits."""
    return (*_records(formats), *_picture(formats, limits), *_operations())


def _records(formats: Mapping[str, Format]) -> tuple[Route, ...]:
    idempotency = Parameter(
        name="Idempotency-Key",
        place="header",
        description="A repeated request with the same key and body gets the first answer and changes nothing.",
        schema={"type": "string", "pattern": "^[\\x21-\\x7e]{1,128}$"},
    )
    targets: dict[str, Body] = {form.media_type: "octets" for form in formats.values()}
    return (
        Route(
            method="POST",
            path="/v1/messages/{format}",
            handler=post_messages,
            operation="postMessages",
            summary="Hand in records of a format",
            description="One or many records. The answer comes after the durable commit. Records are refused one by "
            "one: as long as any is taken the answer is 202 and lists the others; when all are refused it is 422.",
            parameters=(idempotency,),
            path_formats=("format",),
            takes_records=True,
            answers={202: Answer(description="Durable", content={JSON: models.Accepted})},
            refusals=(404, 408, 409, 413, 415, 422, 429, 503),
        ),
        Route(
            method="POST",
            path="/v1/translate/{from}/{to}",
            handler=post_translate,
            operation="translate",
            summary="Translate records from any format to any other",
            description="Stateless: nothing is recorded, released or sent. JSON tells frames, losses and refusals; "
            "whoever accepts the target's media type better gets the bare octets.",
            path_formats=("from", "to"),
            takes_records=True,
            answers={
                200: Answer(
                    description="Translated",
                    content={JSON: models.Translation, **{m: b for m, b in targets.items() if m != JSON}},
                    headers={
                        LOSSES_HEADER: "How many losses (bare octets only).",
                        REFUSED_HEADER: "How many records or tracks were refused (bare octets only).",
                    },
                )
            },
            refusals=(404, 406, 408, 413, 415, 422),
        ),
    )


def _picture(formats: Mapping[str, Format], limits: Limits) -> tuple[Route, ...]:
    limit = Parameter(
        name="limit",
        description="At most so many tracks; one alliance message holds "
        f"{min(limits.batch_max_tracks, limits.max_tracks_per_message)}, any other answer {limits.picture_tracks}.",
        schema={"type": "integer", "minimum": 1, "maximum": 999_999_999},
    )
    content: dict[str, Body] = {GEOJSON: models.FeatureCollection, JSON: models.FeatureCollection}
    for name in ("alliance", "cot"):
        if name in formats:
            content.setdefault(formats[name].media_type, "octets")
    return (
        Route(
            method="GET",
            path="/v1/tracks",
            handler=get_tracks,
            operation="getTracks",
            summary="The current picture",
            description="The latest state of each track, in order of update, in the format that Accept likes best. "
            f"{POSITION_HEADER} is where to go on from: as since here, or as Last-Event-ID of /v1/stream.",
            parameters=(_BBOX, _SINCE, _ORIGIN, limit),
            answers={
                200: Answer(
                    description="Tracks",
                    content=content,
                    headers={
                        POSITION_HEADER: "Position of the last update that the answer covers.",
                        MORE_HEADER: "`true` when the limit cut the answer: ask again since the position.",
                        OMITTED_HEADER: "Tracks that the format cannot express.",
                    },
                ),
                204: Answer(description="No track to show in an XML format", content={}),
            },
            refusals=(406,),
        ),
        Route(
            method="GET",
            path="/v1/stream",
            handler=get_stream,
            operation="streamTracks",
            summary="The picture live",
            description="Server-sent events: `track` (a GeoJSON Feature), `gone`, and `skipped` with the number of "
            "events that a slow viewer missed. Without a beginning it starts with the next change.",
            parameters=(
                _BBOX,
                _SINCE,
                _ORIGIN,
                Parameter(
                    name="Last-Event-ID",
                    place="header",
                    description="Where the viewer was; what changed since comes first.",
                    schema={"type": "string", "pattern": "^[0-9a-f]{1,16}-[0-9]{1,15}$"},
                ),
            ),
            answers={200: Answer(description="Events", content={EVENTS: "text"})},
            refusals=(406, 429),
        ),
    )


def _operations() -> tuple[Route, ...]:
    return (
        Route(
            method="GET",
            path="/v1/status",
            handler=get_status,
            operation="getStatus",
            summary="What the node says of itself",
            description="Links, feeds, counts and time left on certificates; members are added over time.",
            answers={200: Answer(description="Status", content={JSON: "json"})},
        ),
        Route(
            method="POST",
            path="/v1/policy/reload",
            handler=post_policy_reload,
            operation="reloadPolicy",
            summary="Read the release policy again",
            description="For the node's own certificate alone. Either all of the new policy decides from then on, or "
            "none of it: 422 lists what is wrong, and the one before stays in force.",
            answers={200: Answer(description="It decides", content={JSON: models.Reloaded})},
            refusals=(422, 503),
        ),
        Route(
            method="GET",
            path="/healthz/live",
            handler=get_live,
            operation="getLive",
            summary="Whether the process answers",
            description="It answers, which is all that this proves.",
            answers={200: Answer(description="It does", content={JSON: models.Live})},
        ),
        Route(
            method="GET",
            path="/healthz/ready",
            handler=get_ready,
            operation="getReady",
            summary="Whether the gateway takes tracks",
            description="503 says what is missing.",
            answers={200: Answer(description="It does", content={JSON: models.Ready})},
            refusals=(503,),
        ),
        Route(
            method="GET",
            path="/metrics",
            handler=get_metrics,
            operation="getMetrics",
            summary="Metrics in the Prometheus text format",
            description="The registry of this node.",
            answers={200: Answer(description="Metrics", content={CONTENT_TYPE_LATEST: "text"})},
        ),
        Route(
            method="GET",
            path="/openapi.json",
            handler=get_openapi,
            operation="getOpenApi",
            summary="This description",
            description="OpenAPI 3.1, generated from the table that serves the requests.",
            answers={200: Answer(description="OpenAPI 3.1", content={JSON: "json"})},
        ),
    )


def posted_types(formats: Mapping[str, Format]) -> tuple[str, ...]:
    """Every media type under which records of any of the formats may be posted."""
    return tuple(dict.fromkeys(media for form in formats.values() for media in media_types(form)))
