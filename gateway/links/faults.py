"""What went wrong on the way to a partner, from the exceptions of the HTTP client and from the answer's status.

Everything that is not a verified receipt ends here. No 4xx is ever a success.
"""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TypeVar

import aiohttp

from gateway.errors import Code
from gateway.links import codes
from gateway.links.pinning import PinMismatchError
from gateway.links.state import LinkFaultError, Side

_E = TypeVar("_E", bound=BaseException)
_CERTIFICATE_ALERTS = ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED")
_WAIT_STATUSES = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.MISDIRECTED_REQUEST,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
"""Refusals that waiting cures; any other status below 500 needs somebody to change something."""
_MESSAGE_STATUSES = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE})
"""Refusals that may be about one message: signed with a key that the partner dropped since, or longer than agreed."""


def fault_of_exception(error: BaseException, *, place: str, fresh: bool, presented: str) -> LinkFaultError:
    """The fault behind an exception of the HTTP client; `fresh` when nothing had been answered on the connection.

    `presented` names our certificate, for the operator.
    """
    pinned = _find(error, PinMismatchError)
    if pinned is not None:
        return pinned.fault
    if isinstance(error, TimeoutError | aiohttp.ConnectionTimeoutError):
        connecting = isinstance(error, aiohttp.ConnectionTimeoutError)
        code = codes.UNREACHABLE if connecting else codes.NO_ANSWER_IN_TIME
        return LinkFaultError(code, side=Side.NETWORK if connecting else Side.THEM, place=place, cause="timed out")
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return _turned_away(codes.THEIR_CERTIFICATE, Side.THEM, place, _reason(error.certificate_error))
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return LinkFaultError(codes.NAME_UNRESOLVED, side=Side.NETWORK, place=place, cause=_reason(error.os_error))
    tls = _find(error, ssl.SSLError)
    if tls is not None and any(word in (tls.reason or "") for word in _CERTIFICATE_ALERTS):
        return _turned_away(
            codes.OUR_CERTIFICATE_REFUSED, Side.US, place, f"presented {presented}; observed alert {tls.reason}"
        )
    if isinstance(error, aiohttp.ClientConnectorError):
        refused = isinstance(error.os_error, ConnectionRefusedError)
        if refused:
            return LinkFaultError(codes.NOT_LISTENING, side=Side.THEM, place=place, cause="connection refused")
        return LinkFaultError(codes.UNREACHABLE, side=Side.NETWORK, place=place, cause=_reason(error.os_error))
    observed = "closed right after the handshake" if fresh else "closed before the answer was complete"
    return LinkFaultError(
        codes.CLOSED_WITHOUT_ANSWER, side=Side.THEM, place=place, cause=f"{observed} ({_reason(error)})"
    )


def fault_of_status(
    status: int, *, place: str, retry_after: str | None, public_code: str, now: datetime
) -> LinkFaultError:
    """The fault that an HTTP status other than the two of receipts states."""
    wait_s = _seconds(retry_after, now)
    cause = f"HTTP {status}" + (f", their code {public_code}" if public_code else "")
    if status in _WAIT_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return LinkFaultError(codes.PARTNER_BUSY, side=Side.THEM, place=place, cause=cause, retry_after_s=wait_s)
    return LinkFaultError(
        codes.PARTNER_REFUSES,
        side=Side.THEM,
        place=place,
        cause=cause,
        turned_away=True,
        one_message=status in _MESSAGE_STATUSES,
        retry_after_s=wait_s,
    )


def probably_refused(fault: LinkFaultError, presented: str) -> LinkFaultError:
    """The same fault once it repeated: TLS 1.3 reports a refused certificate by closing after the handshake."""
    observed = "handshake done, then closed without a reason, twice in a row (TLS 1.3 does that)"
    return _turned_away(
        codes.OUR_CERTIFICATE_REFUSED, Side.US, fault.place, f"presented {presented}; observed {observed}"
    )


def _turned_away(code: Code, side: Side, place: str, cause: str) -> LinkFaultError:
    return LinkFaultError(code, side=side, place=place, cause=cause, turned_away=True)


def _find(error: BaseException | None, kind: type[_E]) -> _E | None:
    """The first of that kind along the chain of causes: aiohttp wraps what asyncio and ssl raise."""
    for _ in range(8):  # no chain of ours is longer; stops a cycle
        if error is None or isinstance(error, kind):
            return error
        error = error.__cause__ or error.__context__
    return None


def _reason(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason
    if isinstance(error, socket.gaierror | OSError) and error.strerror:
        return error.strerror
    return type(error).__name__


def _seconds(retry_after: str | None, now: datetime) -> float | None:
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    at = http_date(retry_after)
    return max(0.0, (at - now).total_seconds()) if at is not None else None


def http_date(text: str) -> datetime | None:
    """The instant of an HTTP date; None for any other text."""
    try:
        return parsedate_to_datetime(text).replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        return None
