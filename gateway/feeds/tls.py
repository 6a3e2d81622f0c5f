"""TLS contexts of feeds that converse, and whose key the peer has proved to hold.

TLS 1.2 is allowed because clients of the field speak nothing newer; what it has and 1.3 has not is switched off: cipher
suites without forward secrecy or authenticated encryption, tickets, renegotiation. A session that 1.2 resumes by its
number brings its certificate along, and that is checked like a fresh one, its validity included.
"""

from __future__ import annotations

import ssl
from datetime import datetime
from pathlib import Path

from cryptography import x509

from gateway.errors import FeedError
from gateway.feeds import codes
from gateway.feeds.pins import spki_pin

_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"  # of TLS 1.2; those of 1.3 are all sound


def listening_context(certificate: Path, key: Path, client_ca: Path) -> ssl.SSLContext:
    """What clients connect to: TLS 1.2 or later, and they must show a certificate that ends in `client_ca`.

    `FeedError` (``FEED-032``) when a file cannot be used. To replace the certificate, load the new files into the
    context that is in use: connections live on.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.num_tickets = 0  # a ticket of TLS 1.3 outlives a withdrawn certificate
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    return _complete(context, certificate, key, client_ca)


def calling_context(certificate: Path, key: Path, ca: Path) -> ssl.SSLContext:
    """What a server of the nation is called with: our certificate; its own must end in `ca` and bear its host's name.

    `FeedError` (``FEED-032``) when a file cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION
    return _complete(context, certificate, key, ca)


def proved_pin(connection: ssl.SSLObject, now: datetime) -> str:
    """Hex SHA-256 of the public key (SPKI) whose possession the peer has proved.

    `FeedError` (``FEED-027``) when there is no certificate, when it is not valid now, or when it cannot be read.
    """
    der = connection.getpeercert(binary_form=True)
    if der is None:
        raise FeedError(codes.PIN_REFUSED, cause="no certificate was shown")
    try:
        certificate = x509.load_der_x509_certificate(der)
        is_valid = certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
        pin = spki_pin(der)
    except Exception as error:  # whatever a library makes of a stranger's certificate, the answer is no
        raise FeedError(codes.PIN_REFUSED, cause=f"certificate cannot be read: {type(error).__name__}") from None
    if not is_valid:
        ends = certificate.not_valid_after_utc
        raise FeedError(codes.PIN_REFUSED, cause=f"certificate with key {pin} is not valid now (until {ends:%Y-%m-%d})")
    return pin


def _complete(context: ssl.SSLContext, certificate: Path, key: Path, ca: Path) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_ciphers(_CIPHERS)
    try:
        # The password is answered, not asked: OpenSSL would prompt on the terminal and hang the node
        context.load_cert_chain(certificate, key, password="")
        context.load_verify_locations(ca)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        cause = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise FeedError(codes.TLS_MATERIAL, place=f"{certificate}, {key}, {ca}", cause=cause) from None
    return context
