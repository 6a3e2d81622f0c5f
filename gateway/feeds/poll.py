"""Documents that we fetch: one URL, asked at an interval, each new document handed to the pipeline.

1. A document that did not change is not taken again: the server is asked with what it last said of it (`ETag`,
   `Last-Modified`), and one that answers with the same octets all the same is recognised by their digest.
2. What comes is bounded in size and time; encoded bodies are refused, since a small one may unfold to a large one.
3. A redirect is refused: it would carry our question, and our certificate, to somebody whom nobody configured.
4. After a failure the interval doubles up to `Limits.backoff_max_s`, with jitter.
5. A document that the pipeline could not take is fetched again.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable
from hashlib import sha256

import aiohttp
from msgspec import Struct

from gateway.clock import Clock
from gateway.dialect import Format, Request
from gateway.errors import Code, FeedError, FormatError, GatewayError
from gateway.feeds import codes
from gateway.feeds.frame_queue import FeedCounts, FrameSink
from gateway.feeds.http_body import frames_of
from gateway.limits import Limits
from gateway.stages import Frame


class PollPlace(Struct, frozen=True, kw_only=True):
    """What is fetched, how often, and whose it is."""

    name: str
    source: str
    url: str
    every_s: float
    form: Format
    tls: ssl.SSLContext | None = None
    """For an https URL: see `tls.calling_context`."""
    enquiry: Callable[[], Request] | None = None
    """What to ask, with the operator's options in it; absent is the format's own enquiry, or a plain GET."""


class PollFeed:
    """Fetches one document again and again. `run` until cancelled."""

    def __init__(
        self,
        place: PollPlace,
        *,
        sink: FrameSink,
        clock: Clock,
        limits: Limits,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.place = place
        self.counts = FeedCounts()
        self._sink = sink
        self._clock = clock
        self._limits = limits
        self._sleep = sleep
        self._tag = self._modified = ""
        self._digest = b""

    @property
    def waiting(self) -> int:
        """Frames that wait for the pipeline: none, for it is waited for."""
        return 0

    async def run(self) -> None:
        """Fetch until cancelled."""
        limits, every_s = self._limits, self.place.every_s
        times = aiohttp.ClientTimeout(total=limits.request_timeout_s, sock_connect=limits.connect_timeout_s)
        session = aiohttp.ClientSession(
            timeout=times,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "gateway", "Accept-Encoding": "identity"},
        )
        wait_s = every_s
        async with session:
            while True:
                began_s = self._clock.monotonic()
                try:
                    await self._poll(session)
                except FeedError as error:
                    self.counts.connected = 0
                    self.counts.last_error = str(error)
                    wait_s = min(max(wait_s, limits.backoff_first_s) * 2, max(every_s, limits.backoff_max_s))
                    await self._sleep(wait_s * random.uniform(0.8, 1.0))  # noqa: S311 - jitter is no secret
                    continue
                self.counts.connected = 1
                wait_s = every_s
                await self._sleep(max(0.0, every_s - (self._clock.monotonic() - began_s)))

    async def _poll(self, session: aiohttp.ClientSession) -> None:
        """One fetch; `FeedError` when it brought nothing that can be taken."""
        ask = self.place.enquiry or self.place.form.enquiry
        request = ask() if ask is not None else None
        fetched = await self._fetch(session, request)
        if fetched is None:
            return
        octets, media_type = fetched
        digest = sha256(octets).digest()
        if digest == self._digest:
            return
        try:
            frames = frames_of(self.place.form, media_type, octets, self._limits)
        except (FeedError, FormatError) as error:
            self.counts.stream_errors += 1
            self._forget()
            raise self._error(codes.POLL_ANSWER, f"{error.code.id} {error.code.title}: {error.cause}") from None
        self._digest = digest
        received_at = self._clock.now()
        for frame in frames:
            self.counts.frames += 1
            self.counts.octets += len(frame)
            try:
                await self._sink(
                    Frame(
                        octets=frame,
                        feed=self.place.name,
                        source=self.place.source,
                        peer=self.place.url,
                        received_at=received_at,
                    )
                )
            except GatewayError as error:
                self.counts.sink_errors += 1
                self.counts.last_error = str(error)
                self._forget()

    async def _fetch(self, session: aiohttp.ClientSession, ask: Request | None) -> tuple[bytes, str] | None:
        """(the document, its media type), or nothing when the server says that it has not changed."""
        url, tls = self.place.url, self.place.tls
        method, headers, body = "GET", dict[str, str](), None
        if ask is not None and ask.method == "POST":
            method, body = "POST", ask.octets
            headers["Content-Type"] = ask.media_type
            headers |= ask.headers
        else:
            if self._tag:
                headers["If-None-Match"] = self._tag
            elif self._modified:
                headers["If-Modified-Since"] = self._modified
        query = dict(ask.query) if ask is not None else None
        try:
            async with session.request(
                method,
                url,
                params=query or None,
                data=body,
                headers=headers,
                allow_redirects=False,
                ssl=tls if tls is not None else True,
            ) as response:
                self.counts.connections += 1
                return await self._take(response, is_plain=method == "GET")
        except (aiohttp.ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
            cause = type(error).__name__ if isinstance(error, TimeoutError) else str(error)[:200]
            raise self._error(codes.CONNECT, cause or type(error).__name__) from None

    async def _take(self, response: aiohttp.ClientResponse, *, is_plain: bool) -> tuple[bytes, str] | None:
        if (
            response.status == 304 and is_plain and (self._tag or self._modified)
        ):  # of what we never had, none can say so
            return None
        if response.status != 200:
            kind = "a redirect" if 300 <= response.status < 400 else "no document"
            raise self._error(codes.POLL_STATUS, f"{response.status}: {kind}")
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding != "identity":
            raise self._error(codes.POLL_ANSWER, f"uncompressed, not as {encoding[:40]!a}")
        most = self._limits.max_message_octets
        if (response.content_length or 0) > most:
            raise self._error(codes.POLL_ANSWER, f"with at most {most} octets, not {response.content_length}")
        came = bytearray()
        async for chunk in response.content.iter_any():
            came += chunk
            if len(came) > most:
                raise self._error(codes.POLL_ANSWER, f"with at most {most} octets")
        if not came.strip():
            raise self._error(codes.POLL_ANSWER, "with a document that is not empty")
        self._tag = response.headers.get("ETag", "")[:200] if is_plain else ""
        self._modified = response.headers.get("Last-Modified", "")[:60] if is_plain else ""
        return bytes(came), response.content_type.lower()

    def _forget(self) -> None:
        """Ask for the whole document again, and take it."""
        self._tag = self._modified = ""
        self._digest = b""

    def _error(self, code: Code, cause: str) -> FeedError:
        return FeedError(code, place=f"feed {self.place.name} {self.place.url}", cause=cause)
