"""Reading a request body within its bounds, and cutting it into frames."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from functools import lru_cache

from aiohttp import web

from gateway.dialect import Format
from gateway.errors import FeedError
from gateway.feeds import codes
from gateway.feeds.cutting import cut_all
from gateway.feeds.http_problems import refusal
from gateway.limits import Limits

ANY_OCTETS = "application/octet-stream"
LINES = frozenset({"application/x-ndjson", "application/jsonl", "application/json-seq", "application/geo+json-seq"})
"""A record per line."""
_JSON_DOCUMENT = frozenset({"application/json", "application/geo+json"})
_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_TYPE = re.compile(rf"{_NAME}/{_NAME}")
_PARAMETER = re.compile(rf"""({_NAME})=({_NAME}|"[^"\\]*")""")
_GLANCE_S = 1.0  # for the beginning of a refused body; it is usually there with the head
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


class Body:
    """A request's body, read within its bounds. What came of one that is refused can still be shown to the operator."""

    def __init__(self, request: web.Request, limits: Limits) -> None:
        self._request = request
        self._limits = limits
        self._came = bytearray()

    @property
    def head(self) -> bytes:
        """The first `Limits.quarantine_octets` of what came."""
        return bytes(self._came[: self._limits.quarantine_octets])

    @property
    def length(self) -> int:
        """Octets of the whole, as announced; of an unannounced one those that came."""
        return max(self._request.content_length or 0, len(self._came))

    async def read(self) -> bytes:
        """The whole body; `FeedError` for one that is encoded, empty, too large or too slow."""
        encoding = self._request.headers.get("Content-Encoding")
        if encoding is not None and encoding.strip().lower() != "identity":
            raise refusal(codes.CONTENT_ENCODING, f"observed {encoding[:40]!r}", place="header Content-Encoding")
        most = self._limits.max_message_octets
        length = self._request.content_length
        if length is not None and length > most:
            cause = f"{length} octets announced, at most {most}"
            raise refusal(codes.BODY_TOO_LARGE, cause, place="header Content-Length")
        try:
            async with asyncio.timeout(self._limits.body_timeout_s):
                await self._read_until(most + 1)
        except TimeoutError:
            cause = f"not complete after {self._limits.body_timeout_s:g} s"
            raise refusal(codes.BODY_TIMEOUT, cause, place=f"octet {len(self._came)}") from None
        if len(self._came) > most:
            raise refusal(codes.BODY_TOO_LARGE, f"more than {most} octets", place=f"octet {most}")
        if not self._came:
            raise FeedError(codes.EMPTY_BODY)
        return bytes(self._came)

    async def glance(self) -> None:
        """Read as much as `head` shows, for a short time: of a body that was refused before it was read."""
        with suppress(TimeoutError, FeedError):
            async with asyncio.timeout(_GLANCE_S):
                await self._read_until(self._limits.quarantine_octets)

    async def _read_until(self, octets: int) -> None:
        content = self._request.content
        try:
            while len(self._came) < octets and (chunk := await content.readany()):
                self._came += chunk
        except web.RequestPayloadError as error:
            if self._request.transport is None or self._request.transport.is_closing():
                raise ConnectionResetError("the caller has gone") from error
            raise refusal(codes.BAD_REQUEST, "the body's framing is wrong", place=f"octet {len(self._came)}") from None


async def read_body(request: web.Request, limits: Limits) -> bytes:
    """The whole body; `FeedError` for one that is encoded, empty, too large or too slow."""
    return await Body(request, limits).read()


def frames_of(form: Format, media_type: str, body: bytes, limits: Limits) -> list[bytes]:
    """The frames of a body: one for a JSON document, else as the format's splitter cuts it.

    `FormatError` when the splitter cannot follow; `FeedError` for too many or none. Whether a frame is too large for
    its format is for the decoder to say.
    """
    whole = media_type in _JSON_DOCUMENT
    frames = [body] if whole else cut_all(form, body, max_octets=limits.max_message_octets)
    if len(frames) > limits.max_records_per_frame:
        most = limits.max_records_per_frame
        raise refusal(codes.TOO_MANY_RECORDS, f"{len(frames)} records, at most {most}", place=f"record {most + 1}")
    if not frames:
        raise refusal(codes.EMPTY_BODY, "it holds nothing but white space")
    return frames


def check_media_type(request: web.Request, form: Format) -> str:
    """The request's media type, if it is one of the format's; an absent one counts as octets.

    The header is read here and not by the HTTP library, to which every malformed one is octets too.
    """
    fields = request.headers.getall("Content-Type", [])
    if not fields:
        return ANY_OCTETS
    allowed = media_types(form)
    media, *parameters = [part.strip(" \t") for part in fields[0].split(";")]
    observed = media.lower()
    if len(fields) > 1 or _TYPE.fullmatch(media) is None or observed not in allowed:
        cause = f"expected {' or '.join(allowed)}, observed {', '.join(fields)[:60]!a}"
        raise refusal(codes.MEDIA_TYPE, cause, place="header Content-Type")
    for parameter in filter(None, parameters):
        found = _PARAMETER.fullmatch(parameter)
        charset = found is not None and found[1].lower() == "charset"
        if found is None or (charset and found[2].strip('"').lower() not in _CHARSETS):
            cause = f"expected {'charset utf-8' if charset else 'name=value'}, observed {parameter[:60]!a}"
            raise refusal(codes.MEDIA_TYPE, cause, place="header Content-Type")
    return observed
