"""The pin of the partner's server certificate, checked after the handshake and before the first octet is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import aiohttp

from gateway.errors import LinkError
from gateway.links import codes
from gateway.links.partners import Partner, PeerCertificate, read_peer
from gateway.links.state import LinkFaultError, Side


class PinMismatchError(Exception):
    """Carries the fault through the HTTP client, which knows nothing of ours."""

    def __init__(self, fault: LinkFaultError) -> None:
        super().__init__(str(fault))
        self.fault = fault


class PinnedServer(aiohttp.Fingerprint):
    """aiohttp's hook for fingerprints, widened to a set of public keys (current and next) and to validity.

    aiohttp calls `check` once per connection, in addition to the verification by the TLS context.
    """

    def __init__(self, partner: Partner, now: Callable[[], datetime]) -> None:
        super().__init__(b"\0" * 32)  # the parent wants one digest; `check` below never looks at it
        self._partner = partner
        self._now = now
        self.seen: PeerCertificate | None = None

    def check(self, transport: asyncio.Transport) -> None:
        """Raise `PinMismatchError` unless the server's key is one of the partner's pins."""
        connection = transport.get_extra_info("ssl_object")
        der = connection.getpeercert(binary_form=True) if connection is not None else None
        if der is None:
            raise RuntimeError("a link connected without TLS")
        place = f"{self._partner.name} {self._partner.url}"
        try:
            self.seen = peer = read_peer(der)
        except LinkError as error:
            transport.abort()
            fault = LinkFaultError(error.code, side=Side.THEM, place=place, cause=error.cause, turned_away=True)
            raise PinMismatchError(fault) from None
        if peer.pin in self._partner.tls_pins and peer.starts_at <= self._now() <= peer.ends_at:
            return
        transport.abort()  # nothing of ours has been sent yet, and nothing will be
        raise PinMismatchError(
            LinkFaultError(
                codes.PIN_UNKNOWN,
                side=Side.THEM,
                place=place,
                cause=f"got {peer.subject}, key sha256:{peer.pin}; expected one of {len(self._partner.tls_pins)} pins",
                turned_away=True,
            )
        )
