"""The way out to one partner: one pool of keep-alive connections over pinned mutual TLS."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from io import BytesIO
from typing import NamedTuple

import aiohttp

from gateway.clock import Clock
from gateway.limits import Limits
from gateway.links import codes
from gateway.links.faults import fault_of_exception, fault_of_status, http_date, probably_refused
from gateway.links.outbox import OpenReceipt
from gateway.links.partners import Partner, PeerCertificate, verifiers
from gateway.links.pinning import PinMismatchError, PinnedServer
from gateway.links.protocol import HEALTH, MEDIA_TYPE, MESSAGES
from gateway.links.receipts import MAX_NOTE_OCTETS, check_receipt
from gateway.links.state import LinkFaultError, Side
from gateway.links.tls import TlsContext
from gateway.stages import Delivery, Recorded

_LARGE = 1_048_576  # octets; what is larger is written in pieces, so that the other links are not held up


class Answer(NamedTuple):
    """One HTTP answer, read whole."""

    status: int
    body: bytes
    retry_after: str | None


class NotAnyMoreError(Exception):
    """What let a message go does not let it go any more; none of its octets left. No fault of anybody."""


class _Trip:
    """What the HTTP client's trace tells of one request, and asks."""

    def __init__(self, still: Callable[[], bool] | None = None) -> None:
        self.reused = False
        self.still = still


class PartnerClient:
    """Posts messages to one partner. Holds no state of delivery: that is the link's."""

    def __init__(
        self, *, partner: Partner, tls: TlsContext, open_receipt: OpenReceipt, limits: Limits, clock: Clock
    ) -> None:
        self._partner = partner
        self._keys = verifiers(partner)
        self._tls = tls
        self._open_receipt = open_receipt
        self._limits = limits
        self._clock = clock
        self._pinned = PinnedServer(partner, clock.now)
        self._session: aiohttp.ClientSession | None = None
        self._opened_at = 0.0
        self._date: str | None = None
        self._skew_s: float | None = None

    @property
    def peer(self) -> PeerCertificate | None:
        """The certificate that the partner showed last."""
        return self._pinned.seen

    @property
    def skew_s(self) -> float | None:
        """The partner's clock minus ours by the Date of its last answer, to the second; None if it gave none."""
        return self._skew_s

    @property
    def presented(self) -> str:
        """Our certificate, for the operator."""
        ours = self._tls.expiries[0]
        return f"{ours.subject}, {ours.days_left(self._clock.now()):.0f} days left"

    @property
    def tls(self) -> TlsContext:
        """What the partner is called with."""
        return self._tls

    async def replace(self, partner: Partner, tls: TlsContext) -> None:
        """Call the partner with these from now on; connections made under the former trust are closed."""
        self._partner, self._keys, self._tls = partner, verifiers(partner), tls
        await self.close()
        self._pinned = PinnedServer(partner, self._clock.now)

    async def renew(self) -> None:
        """Close the connections if they are as old as a connection may get. Nothing may be under way."""
        if self._clock.monotonic() - self._opened_at > self._limits.connection_age_s:
            await self.close()

    async def close(self) -> None:
        """Close all connections; the next request opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def post(self, recorded: Recorded, *, still: Callable[[], bool] | None = None) -> Delivery:
        """The delivery that the partner's verified receipt proves. `LinkFaultError` for anything else.

        `still` is asked once there is a connection, right before the first octet goes: whether it may. Raises
        `NotAnyMoreError` if not.
        """
        octets = recorded.message.octets
        place = f"{self._partner.name} {self._partner.url}"
        if len(octets) > self._partner.max_message_octets:
            raise LinkFaultError(
                codes.TOO_LONG,
                side=Side.US,
                place=f"message {recorded.message.message_id}",
                cause=f"{len(octets)} octets, {self._partner.max_message_octets} agreed",
                remedy="raise max_message_octets on both sides, or lower batch_max_tracks",
                turned_away=True,
                one_message=True,
            )
        answer = await self._request("POST", MESSAGES, octets, still)
        if answer.status not in (HTTPStatus.OK, HTTPStatus.UNPROCESSABLE_ENTITY):
            raise self._refused(answer, place)
        return check_receipt(
            answer.body,
            answer.status,
            recorded=recorded,
            partner=self._partner.name,
            keys=self._keys,
            open_receipt=self._open_receipt,
        )

    async def probe(self) -> None:
        """Return when the partner says that it would take messages. `LinkFaultError` otherwise.

        A connection closed right after the handshake is tried again, to tell a refused certificate from an accident.
        """
        try:
            answer = await self._request("GET", HEALTH, None)
        except LinkFaultError as first:
            if first.code is not codes.CLOSED_WITHOUT_ANSWER:
                raise
            try:
                answer = await self._request("GET", HEALTH, None)
            except LinkFaultError as second:
                closed_again = second.code is codes.CLOSED_WITHOUT_ANSWER
                raise (probably_refused(second, self.presented) if closed_again else second) from None
        if answer.status != HTTPStatus.OK:
            raise self._refused(answer, f"{self._partner.name} {self._partner.url}")

    def _refused(self, answer: Answer, place: str) -> LinkFaultError:
        return fault_of_status(
            answer.status,
            place=place,
            retry_after=answer.retry_after,
            public_code=public_code(answer.body),
            now=self._clock.now(),
        )

    async def _request(
        self, method: str, path: str, body: bytes | None, still: Callable[[], bool] | None = None
    ) -> Answer:
        # Each kept connection may have been closed by the partner meanwhile; the last attempt is on a new one.
        attempts = self._limits.in_flight_messages + 1
        for attempt in range(attempts):
            trip = _Trip(still)
            last = attempt + 1 == attempts
            try:
                async with (
                    asyncio.timeout(self._limits.request_timeout_s),
                    self._answered(method, path, body, trip) as answer,
                ):
                    if answer.status == HTTPStatus.MISDIRECTED_REQUEST and not last:
                        continue  # the partner changed its trust since the connection was made
                    return answer
            except (aiohttp.ClientError, PinMismatchError, OSError) as error:
                closed = isinstance(error, aiohttp.ClientConnectionError) and not isinstance(
                    error, aiohttp.ServerTimeoutError
                )
                if trip.reused and closed and not last:
                    continue
                place = f"{self._partner.name} {self._partner.url}"
                raise fault_of_exception(error, place=place, fresh=not trip.reused, presented=self.presented) from None
        raise AssertionError("the last attempt returns or raises")

    @asynccontextmanager
    async def _answered(self, method: str, path: str, body: bytes | None, trip: _Trip) -> AsyncIterator[Answer]:
        headers = {"Content-Type": MEDIA_TYPE} if body is not None else None
        async with self._connections().request(
            method,
            self._partner.url.rstrip("/") + path,
            data=body if body is None or len(body) <= _LARGE else BytesIO(body),
            headers=headers,
            ssl=self._tls.context,
            allow_redirects=False,  # a redirect would carry the message to whom nobody pinned
            trace_request_ctx=trip,
        ) as response:
            text = await response.content.read(MAX_NOTE_OCTETS + 1)
            while text and len(text) <= MAX_NOTE_OCTETS and (more := await response.content.read(MAX_NOTE_OCTETS)):
                text += more
            if len(text) > MAX_NOTE_OCTETS:
                response.close()
                raise LinkFaultError(
                    codes.RECEIPT_UNVERIFIED,
                    side=Side.THEM,
                    place=f"receipt of {self._partner.name}",
                    cause=f"longer than {MAX_NOTE_OCTETS} octets",
                )
            self._compare_clocks(response.headers.get("Date"))
            yield Answer(response.status, text, response.headers.get("Retry-After"))

    def _compare_clocks(self, date: str | None) -> None:
        # Not from the receipt: that of a duplicate rightly carries the time of the first answer.
        if date is None or date == self._date:
            return
        self._date, at = date, http_date(date)
        if at is not None:
            self._skew_s = (at - self._clock.now()).total_seconds()

    def _connections(self) -> aiohttp.ClientSession:
        if self._session is not None:
            return self._session
        trace = aiohttp.TraceConfig()
        trace.on_connection_reuseconn.append(_reused)
        trace.on_request_headers_sent.append(_leaves)  # on a connection, before anything is written to it
        self._opened_at = self._clock.monotonic()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=self._pinned,  # checked in addition to the context that each request names
                limit=self._limits.in_flight_messages,
                keepalive_timeout=self._limits.idle_timeout_s * 0.8,  # we close first: fewer requests meet a closed one
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # a note is never compressed; stops zip bombs
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._limits.connect_timeout_s),
            trace_configs=[trace],
            trust_env=False,  # no proxy that the environment names stands between two gateways
            skip_auto_headers=("Accept-Encoding", "User-Agent"),
        )
        return self._session


async def _reused(_session: object, context: object, _params: object) -> None:
    trip = getattr(context, "trace_request_ctx", None)
    if isinstance(trip, _Trip):
        trip.reused = True


async def _leaves(_session: object, context: object, _params: object) -> None:
    trip = getattr(context, "trace_request_ctx", None)
    if isinstance(trip, _Trip) and trip.still is not None and not trip.still():
        raise NotAnyMoreError


def public_code(body: bytes) -> str:
    """The code of a problem document, for the operator; empty when there is none that looks like one."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    code = document.get("code") if isinstance(document, dict) else None
    return code if isinstance(code, str) and len(code) <= 16 and code.isascii() and code.isprintable() else ""
