"""Who asks for a document: a client by the key of its certificate, or by its name and password.

1. A certificate must end in the configured authority (TLS sees to that) and its key be pinned by a client of the feed.
2. Without such a key, HTTP Basic: the user is the client's name, the password is checked against its scrypt hash.
3. A password is taken over TLS or on loopback only.
4. A check costs some 50 ms and 32 MiB on purpose. So it runs beside the loop, one at a time with a few waiting, and one
   that succeeded is remembered for some minutes, by a keyed digest in memory: a poll every second pays once.
5. An unknown name costs what a known one does, and gets the same answer.
6. After `ATTEMPTS` wrong passwords from one address (IPv6: one /64, which is one caller's to choose from) within
   `WINDOW_S` further ones from there are refused unchecked.
   Certificates and remembered passwords still get in from there: nobody locks out a client behind the same address.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import secrets
import ssl
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path

from msgspec import Struct

from gateway.clock import Clock
from gateway.errors import FeedError
from gateway.feeds import codes
from gateway.feeds.clients import Client
from gateway.feeds.tls import listening_context, proved_pin
from gateway.limits import Limits
from gateway.password import MAX_OCTETS, verify_password
from gateway.policy import View
from gateway.unbroken import in_thread

ATTEMPTS = 5
WINDOW_S = 60.0
REMEMBERED_S = 300.0
_WAITING = 16  # checks that wait for the one under way
_BASIC = "basic "
_MOST_HEADER = 4 * (MAX_OCTETS + 64) // 3 + 16


class _Attempts(Struct):
    """Wrong passwords of one address."""

    wrong: int
    since_s: float


class Authenticator:
    """Tells who the callers of one feed are. Without any clients everybody is the nameless one with `view`."""

    def __init__(self, clients: Sequence[Client], *, view: View, clock: Clock, limits: Limits) -> None:
        """`FeedError` (``FEED-028``) when two clients pin the same key."""
        self._clock = clock
        self._bound = limits.peers_remembered
        self._anonymous = None if clients else Client(name="", pins=frozenset(), view=view, source="")
        self._by_name = {client.name: client for client in clients}
        self._by_pin: dict[str, Client] = {}
        for client in clients:
            for pin in client.pins:
                other = self._by_pin.setdefault(pin.lower(), client)
                if other is not client:
                    raise FeedError(codes.PIN_SHARED, place=f"{other.name} and {client.name}", cause=f"key {pin}")
        self._decoy = next((client.password for client in clients if client.password is not None), None)
        self._key = secrets.token_bytes(32)
        self._remembered: dict[str, tuple[bytes, float]] = {}
        """Client to (keyed digest of the password that was right, until when)."""
        self._attempts: OrderedDict[str, _Attempts] = OrderedDict()
        self._checking = asyncio.Lock()
        self._waiting = 0

    @property
    def takes_passwords(self) -> bool:
        """Whether any client has one, so that asking for it makes sense."""
        return self._decoy is not None

    async def identify(self, connection: ssl.SSLObject | None, header: str | None, address: str) -> Client:
        """The client that calls from an address.

        `FeedError`: ``FEED-062`` for one that is none or proves nothing, ``FEED-027`` for a key that is no client's
        where passwords are not taken, ``FEED-063`` after too many wrong passwords from there.
        """
        if self._anonymous is not None:
            return self._anonymous
        refusal = FeedError(codes.UNPROVED, place=address)
        if connection is not None and connection.getpeercert(binary_form=True) is not None:
            try:
                pin = proved_pin(connection, self._clock.now())
                refusal = FeedError(codes.PIN_REFUSED, place=address, cause=f"public key {pin} is no client's")
            except FeedError as error:
                pin, refusal = "", FeedError(error.code, place=address, cause=error.cause)
            client = self._by_pin.get(pin)
            if client is not None:
                return client
        if header is None or not self.takes_passwords:
            raise refusal
        if connection is None and not _is_loopback(address):
            raise FeedError(codes.UNPROVED, place=address, cause="a password came over a line that is not TLS")
        name, password = _credentials(header, address)
        return await self._by_password(name, password, address)

    async def _by_password(self, name: str, password: str, address: str) -> Client:
        client = self._by_name.get(name)
        known = client is not None and client.password is not None
        digest = self._digest(name, password)
        remembered = self._remembered.get(name)
        if client is not None and remembered is not None:
            right, until_s = remembered
            if self._clock.monotonic() < until_s and hmac.compare_digest(right, digest):
                return client
        self._check_attempts(address)
        stored = client.password if client is not None and known else self._decoy
        assert stored is not None
        is_right = await self._check(password, stored, address)
        if client is None or not known or not is_right:
            self._note_wrong(address)
            raise FeedError(codes.UNPROVED, place=address, cause="name or password is wrong")
        self._remembered[name] = digest, self._clock.monotonic() + REMEMBERED_S
        return client

    async def _check(self, password: str, stored: str, address: str) -> bool:
        """One at a time, in a thread: a flood takes one core's time at most and no more than one check's memory."""
        if self._waiting >= _WAITING:
            raise FeedError(codes.TOO_MANY_ATTEMPTS, place=address, cause=f"{self._waiting} checks are waiting")
        self._waiting += 1
        try:
            async with self._checking:
                self._check_attempts(address)  # others of the same flood may have been wrong meanwhile
                return await in_thread(verify_password, password, stored)
        finally:
            self._waiting -= 1

    def _check_attempts(self, address: str) -> None:
        origin = _origin(address)
        attempts = self._attempts.get(origin)
        if attempts is None:
            return
        left_s = attempts.since_s + WINDOW_S - self._clock.monotonic()
        if left_s <= 0:
            del self._attempts[origin]
        elif attempts.wrong >= ATTEMPTS:
            cause = f"{attempts.wrong} within {WINDOW_S:g} s; the next is looked at in {left_s:.0f} s"
            raise FeedError(codes.TOO_MANY_ATTEMPTS, place=address, cause=cause)

    def _note_wrong(self, address: str) -> None:
        origin = _origin(address)
        attempts = self._attempts.get(origin)
        if attempts is not None:
            attempts.wrong += 1
            return
        if len(self._attempts) >= self._bound:
            self._attempts.popitem(last=False)
        self._attempts[origin] = _Attempts(1, self._clock.monotonic())

    def _digest(self, name: str, password: str) -> bytes:
        return hmac.digest(self._key, f"{len(name)} {name} {password}".encode("utf-8", "surrogatepass"), sha256)


def documents_context(certificate: Path, key: Path, client_ca: Path) -> ssl.SSLContext:
    """What clients connect to: as `listening_context`, but they need no certificate, for they may have a password."""
    context = listening_context(certificate, key, client_ca)
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _credentials(header: str, address: str) -> tuple[str, str]:
    """(name, password) of an Authorization header (RFC 7617)."""
    try:
        if len(header) > _MOST_HEADER or header[: len(_BASIC)].lower() != _BASIC:
            raise ValueError
        text = base64.b64decode(header[len(_BASIC) :].strip(), validate=True).decode("utf-8")
        name, colon, password = text.partition(":")
        if not colon:
            raise ValueError
    except (ValueError, binascii.Error):
        raise FeedError(codes.UNPROVED, place=address, cause="the Authorization header is not Basic") from None
    return name, password


def _origin(address: str) -> str:
    """What wrong passwords are counted by."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return address if found.version == 4 else found.exploded[:19]


def _is_loopback(address: str) -> bool:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback
