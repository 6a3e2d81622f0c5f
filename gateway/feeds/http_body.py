"""Reading a request body within its bounds, and cutting it into frames."""

from __future__ import annotations

import asyncio
from functools import lru_cache

from aiohttp import web

from gateway.errors import FeedError
from gateway.feeds import codes
from gateway.feeds.cutting import cut_all
from gateway.feeds.http_problems import refusal
from gateway.limits import Limits
from gateway.stages import Format

ANY_OCTETS = "application/octet-stream"
LINES = frozenset({"application/x-ndjson", "application/jsonl", "application/json-seq", "application/geo+json-seq"})
"""A record per line."""
_JSON_DOCUMENT = frozenset({"application/json", "application/geo+json"})
_XML = frozenset({"application/xml", "text/xml"})


def media_types(form: Format) -> tuple[str, ...]:
    """Every media type under which the format's records may be posted, its own first."""
    return _media_types(form.media_type)


@lru_cache(maxsize=64)
def _media_types(media_type: str) -> tuple[str, ...]:
    own = media_type.partition(";")[0].strip().lower()
    more: set[str] = {ANY_OCTETS}
    if own.endswith(("json", "json-seq")):
        more |= LINES | _JSON_DOCUMENT
    if own.endswith("xml"):
        more |= _XML
    return (own, *sorted(more - {own}))


async def read_body(request: web.Request, limits: Limits) -> bytes:
    """The whole body; `FeedError` for one that is encoded, empty, too large or too slow."""
    encoding = request.headers.get("Content-Encoding")
    if encoding is not None and encoding.strip().lower() != "identity":
        raise refusal(codes.CONTENT_ENCODING, f"observed {encoding[:40]!r}")
    most = limits.max_message_octets
    length = request.content_length
    if length is not None and length > most:
        raise refusal(codes.BODY_TOO_LARGE, f"{length} octets announced, at most {most}")
    try:
        async with asyncio.timeout(limits.body_timeout_s):
            body = await request.read()
    except TimeoutError:
        raise refusal(codes.BODY_TIMEOUT, f"not complete after {limits.body_timeout_s:g} s") from None
    except web.HTTPRequestEntityTooLarge:
        raise refusal(codes.BODY_TOO_LARGE, f"more than {most} octets") from None
    if not body:
        raise FeedError(codes.EMPTY_BODY)
    return body


def frames_of(form: Format, media_type: str, body: bytes, limits: Limits) -> list[bytes]:
    """The frames of a body: one for a JSON document, else as the format's splitter cuts it.

    `FormatError` when the splitter cannot follow; `FeedError` for too many or none. Whether a frame is too large for
    its format is for the decoder to say.
    """
    whole = media_type in _JSON_DOCUMENT
    frames = [body] if whole else cut_all(form, body, max_octets=limits.max_message_octets)
    if len(frames) > limits.max_records_per_frame:
        raise refusal(codes.TOO_MANY_RECORDS, f"{len(frames)} records, at most {limits.max_records_per_frame}")
    if not frames:
        raise refusal(codes.EMPTY_BODY, "it holds nothing but white space")
    return frames


def check_media_type(request: web.Request, form: Format) -> str:
    """The request's media type, if it is one of the format's; an absent one counts as octets."""
    observed = request.content_type
    allowed = media_types(form)
    if observed not in allowed:
        raise refusal(codes.MEDIA_TYPE, f"expected {' or '.join(allowed)}, observed {observed[:60]!r}")
    return observed
