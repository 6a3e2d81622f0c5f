"""TLS contexts of the partner side, and their reload without restart.

Every line here closes a bypass that was measured (docs/exchange-protocol.md lists them):

1. TLS 1.3 only, certificates required on both sides.
2. No session tickets: with them a revoked client resumes its old session and is served.
3. The revocation flag stands on the *base* context: verify mode and flags of a handshake come from the context that
   accepted the socket, only certificate, anchors and revocation lists from the one that `sni_callback` puts in.
4. Reload swaps whole contexts: adding to a live one can never take trust away.
5. A new context that cannot be built leaves the old one in use.
"""

from __future__ import annotations

import re
import ssl
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from msgspec import Struct

from gateway.errors import LinkError
from gateway.links import codes

_PEM_CRL = re.compile(rb"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----", re.DOTALL)


class TlsMaterial(Struct, frozen=True, kw_only=True):
    """The files from which contexts are built."""

    certificate: Path
    """Our certificate, PEM, followed by intermediate ones if there are any."""
    key: Path
    """Its private key, PEM, not encrypted."""
    authorities: tuple[Path, ...]
    """PEM files of the authorities that partners' certificates may come from."""
    revocations: tuple[Path, ...] = ()
    """PEM revocation lists, one per authority at least; empty means that revocation is not checked."""


class Expiry(Struct, frozen=True, kw_only=True):
    """Something of ours that ends, and when."""

    what: str
    """``certificate``, ``authority`` or ``revocation list``."""
    subject: str
    ends_at: datetime

    def days_left(self, now: datetime) -> float:
        """Days until it ends; negative when it has."""
        return (self.ends_at - now).total_seconds() / 86_400


class TlsContext(Struct, frozen=True, kw_only=True):
    """One complete context with what ends in it."""

    context: ssl.SSLContext
    expiries: tuple[Expiry, ...]


def server_tls(material: TlsMaterial) -> TlsContext:
    """What partners' connections are accepted with, complete and checked.

    `LinkError` when a file cannot be read, the key is another certificate's, or revocation is checked and an authority
    lacks a list that it signed. A list that is out of date is not an error here: TLS then refuses every certificate of
    that authority (it fails closed), and `expiries` says so.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.num_tickets = 0  # a ticket outlives revocation
    return _complete(context, material)


def client_tls(material: TlsMaterial) -> TlsContext:
    """What one partner is called with; the same checks and errors as `server_tls`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = True
    return _complete(context, material)


class ServerTls:
    """The context that a listening socket holds for life, and the swap behind it."""

    def __init__(self, material: TlsMaterial) -> None:
        self._current = server_tls(material)
        self._base = server_tls(material).context
        self._base.sni_callback = self._choose

    @property
    def base(self) -> ssl.SSLContext:
        """What to listen with."""
        return self._base

    @property
    def current(self) -> TlsContext:
        """What new handshakes use now; a connection made under another context must be made again."""
        return self._current

    def reload(self, material: TlsMaterial) -> None:
        """Let new handshakes use this material. On `LinkError` the former stays in use, untouched."""
        new = server_tls(material)
        # Flags come from the base context: without this a first revocation list would be loaded and never asked.
        self._base.verify_flags = new.context.verify_flags
        self._current = new

    def _choose(self, connection: ssl.SSLObject | ssl.SSLSocket, _name: str | None, _base: ssl.SSLContext) -> None:
        connection.context = self._current.context


def _complete(context: ssl.SSLContext, material: TlsMaterial) -> TlsContext:
    expiries = _inspect(material)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols(["http/1.1"])
    _load(context, material)
    return TlsContext(context=context, expiries=expiries)


def _load(context: ssl.SSLContext, material: TlsMaterial) -> None:
    try:
        # The password is answered, not asked: OpenSSL would prompt on the terminal and hang the node.
        context.load_cert_chain(material.certificate, material.key, password="")
    except ssl.SSLError as error:
        code = codes.KEY_MISMATCH if error.reason == "KEY_VALUES_MISMATCH" else codes.MATERIAL_UNREADABLE
        raise LinkError(code, place=str(material.key), cause=error.reason or "not a PEM key") from None
    except OSError as error:
        raise _unreadable(material.key, error) from None
    for path in material.authorities + material.revocations:
        try:
            context.load_verify_locations(cafile=path)
        except ssl.SSLError as error:
            raise LinkError(codes.MATERIAL_UNREADABLE, place=str(path), cause=error.reason or "not PEM") from None
    if material.revocations:
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF


def _inspect(material: TlsMaterial) -> tuple[Expiry, ...]:
    leaf = _certificates(material.certificate)[0]
    expiries = [Expiry(what="certificate", subject=_name(leaf.subject), ends_at=leaf.not_valid_after_utc)]
    lists = [item for path in material.revocations for item in _revocation_lists(path)]
    for authority in (item for path in material.authorities for item in _certificates(path)):
        subject = _name(authority.subject)
        expiries.append(Expiry(what="authority", subject=subject, ends_at=authority.not_valid_after_utc))
        if material.revocations:
            ends_at = _newest_list_ends(authority, lists, material)
            expiries.append(Expiry(what="revocation list", subject=subject, ends_at=ends_at))
    return tuple(expiries)


def _newest_list_ends(
    authority: x509.Certificate, lists: list[x509.CertificateRevocationList], material: TlsMaterial
) -> datetime:
    key = authority.public_key()
    ends = [
        item.next_update_utc or datetime.max.replace(tzinfo=UTC)
        for item in lists
        if item.issuer == authority.subject and _signed_by(item, key)
    ]
    if not ends:
        raise LinkError(
            codes.REVOCATION_INCOMPLETE,
            place=", ".join(str(path) for path in material.revocations),
            cause=f"no list signed by {_name(authority.subject)}",
        )
    return max(ends)


def _signed_by(item: x509.CertificateRevocationList, key: CertificatePublicKeyTypes) -> bool:
    if not isinstance(key, EllipticCurvePublicKey | RSAPublicKey | Ed25519PublicKey):
        return False
    try:
        return item.is_signature_valid(key)
    except (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError):
        return False


def _certificates(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise _unreadable(path, error) from None
    except ValueError:
        raise LinkError(codes.MATERIAL_UNREADABLE, place=str(path), cause="not a PEM certificate") from None


def _revocation_lists(path: Path) -> list[x509.CertificateRevocationList]:
    try:
        found = [x509.load_pem_x509_crl(block) for block in _PEM_CRL.findall(path.read_bytes())]
    except OSError as error:
        raise _unreadable(path, error) from None
    except ValueError:
        found = []
    if not found:
        raise LinkError(codes.MATERIAL_UNREADABLE, place=str(path), cause="not a PEM revocation list")
    return found


def _unreadable(path: Path, error: OSError) -> LinkError:
    return LinkError(codes.MATERIAL_UNREADABLE, place=str(path), cause=error.strerror or type(error).__name__)


def _name(name: x509.Name) -> str:
    return name.rfc4514_string()
