"""Passwords of clients that cannot show a certificate: kept as salted scrypt hashes, compared in constant time.

The text form is ``scrypt$LOG2N$R$P$SALT$HASH`` (RFC 7914), salt and hash in base64url without padding.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hmac import compare_digest

LOG2_N, R, P = 15, 8, 1
"""Cost of a new hash: 32 MiB and some 50 ms. A guess costs whoever stole the file as much."""
_SALT_OCTETS = 16
_HASH_OCTETS = 32
_GENERATED_OCTETS = 18
MAX_OCTETS = 1_024
"""Of a password: more is not typed by anybody."""


def hash_password(password: str, *, log2_n: int = LOG2_N, salt: bytes | None = None) -> str:
    """The line to configure for a password. `ValueError` for one that is empty or over `MAX_OCTETS`."""
    octets = _octets(password)
    if not 1 <= len(octets) <= MAX_OCTETS:
        raise ValueError(f"a password has 1 to {MAX_OCTETS} octets")
    salt = secrets.token_bytes(_SALT_OCTETS) if salt is None else salt
    return f"scrypt${log2_n}${R}${P}${_text(salt)}${_text(_scrypt(octets, salt, log2_n, R, P))}"


def verify_password(password: str, stored: str) -> bool:
    """Whether the password is the one of a stored hash. Takes the time that the hash is meant to take: not on a loop.

    `ValueError` for a stored text that is no such hash.
    """
    octets = _octets(password)
    log2_n, r, p, salt, expected = _parts(stored)
    if len(octets) > MAX_OCTETS:
        return False
    return compare_digest(_scrypt(octets, salt, log2_n, r, p), expected)


def generate_password() -> str:
    """A password that nobody guesses: 24 letters, digits, hyphens and underscores (144 bits)."""
    return secrets.token_urlsafe(_GENERATED_OCTETS)


def _octets(password: str) -> bytes:
    """As RFC 8265 has it and RFC 7617 sends it: NFC, UTF-8."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _parts(stored: str) -> tuple[int, int, int, bytes, bytes]:
    scheme, *numbers, salt, expected = stored.split("$") if stored.count("$") == 5 else ("", "", "", "", "", "")
    if scheme != "scrypt":
        raise ValueError("not a scrypt hash")
    log2_n, r, p = (int(number) for number in numbers)
    return log2_n, r, p, _raw(salt), _raw(expected)


def _scrypt(password: bytes, salt: bytes, log2_n: int, r: int, p: int) -> bytes:
    n = 1 << log2_n
    return hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=129 * n * r + 256 * r * p, dklen=_HASH_OCTETS)


def _text(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def _raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
