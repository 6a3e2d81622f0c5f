"""Signed notes (C2SP signed-note), their keys, and the cosignatures of witnesses (C2SP tlog-cosignature).

Standard library and `cryptography` only: an auditor runs this without the gateway.

    text ending in a newline, an empty line, then one or more of
    EM-DASH SPACE name SPACE base64(key id, 4 octets || signature) NEWLINE
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gateway.errors import LedgerError
from gateway.ledger import codes

ED25519 = 0x01
"""A note signed as it stands: logs, receipts."""
COSIGNATURE = 0x04
"""A witness's timestamped Ed25519 cosignature of a checkpoint."""

MAX_NOTE_OCTETS = 1_000_000  # bounds what a stranger makes us parse
MAX_SIGNATURES = 100  # sixteen must be supported; ML-DSA lines of 3 kB each stay under the octet bound

_NAME = re.compile(r"[^\s+]+")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_DASH = "— "


@dataclass(frozen=True)
class Signature:
    """One signature line of a note."""

    name: str
    key_id: bytes
    """Four octets; a hint, not a proof."""
    octets: bytes

    def line(self) -> str:
        """As it stands in the note."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.octets).decode()}\n"


@dataclass(frozen=True)
class Note:
    """A note taken apart, nothing verified."""

    text: str
    """Signed text, with its last newline."""
    signatures: tuple[Signature, ...]

    def octets(self) -> bytes:
        """The note as it travels."""
        return (self.text + "\n" + "".join(signature.line() for signature in self.signatures)).encode()


def _key_id(name: str, algorithm: int, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + bytes([algorithm]) + public).digest()[:4]


def _unbase64(text: str) -> bytes:
    """Decoded octets of canonical base64; `ValueError` for anything else."""
    octets = base64.b64decode(text, validate=True)
    if base64.b64encode(octets).decode() != text:
        raise ValueError("not canonical base64")
    return octets


def check_name(name: str) -> str:
    """`name` if it can name a key: no white space, no plus sign. `LedgerError` LED-004 otherwise."""
    if not _NAME.fullmatch(name) or not name.isprintable():
        raise LedgerError(codes.BAD_KEY, cause="a key's name is not empty and has no space and no plus sign")
    return name


@dataclass(frozen=True)
class Verifier:
    """A public key that verifies notes, as a ``vkey`` text names it."""

    name: str
    algorithm: int
    public: bytes

    @classmethod
    def parse(cls, vkey: str) -> Verifier:
        """The key of ``name+key id+base64(algorithm || key)``; `LedgerError` LED-004 when it is anything else."""
        name, plus, rest = vkey.strip().partition("+")
        key_id, plus2, body = rest.partition("+")
        check_name(name)
        try:
            octets = _unbase64(body)
        except (ValueError, binascii.Error) as error:
            raise LedgerError(codes.BAD_KEY, place=name, cause="the key is not canonical base64") from error
        if not plus or not plus2 or len(octets) != 33 or octets[0] not in (ED25519, COSIGNATURE):
            raise LedgerError(codes.BAD_KEY, place=name, cause="expected an Ed25519 key of algorithm 01 or 04")
        key = cls(name, octets[0], octets[1:])
        if key.key_id.hex() != key_id:
            raise LedgerError(
                codes.BAD_KEY, place=name, cause=f"expected key id {key.key_id.hex()}, observed {key_id[:8]}"
            )
        return key

    @cached_property
    def key_id(self) -> bytes:
        """Four octets that signature lines carry."""
        return _key_id(self.name, self.algorithm, self.public)

    def __str__(self) -> str:
        key = base64.b64encode(bytes([self.algorithm]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{key}"

    def verify(self, text: str, signature: Signature) -> datetime | None:
        """Return if the signature over `text` holds: the cosignature's time, else nothing. `LedgerError` LED-002."""
        octets, message, time = signature.octets, text.encode(), None
        try:
            if self.algorithm == COSIGNATURE:
                if len(octets) != 72:
                    raise InvalidSignature
                seconds = int.from_bytes(octets[:8], "big")
                time = datetime.fromtimestamp(seconds, UTC)
                octets, message = octets[8:], cosigned_text(text, seconds)
            Ed25519PublicKey.from_public_bytes(self.public).verify(octets, message)
        except (InvalidSignature, ValueError, OverflowError, OSError) as error:
            raise LedgerError(codes.BAD_SIGNATURE, place=f"key {self.name}+{self.key_id.hex()}") from error
        return time


def cosigned_text(text: str, seconds: int) -> bytes:
    """What a witness signs for a checkpoint's text at a Unix time."""
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


class Signer:
    """A private key that signs notes. Its secret never shows in `repr`, errors or logs."""

    def __init__(self, name: str, private: Ed25519PrivateKey, algorithm: int = ED25519) -> None:
        self.name = check_name(name)
        self._private = private
        self.verifier = Verifier(name, algorithm, private.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, name: str) -> Signer:
        """A fresh key."""
        return cls(name, Ed25519PrivateKey.generate())

    @classmethod
    def parse(cls, skey: str) -> Signer:
        """The key of ``PRIVATE+KEY+name+key id+base64(algorithm || seed)``; `LedgerError` LED-004 otherwise."""
        prefix = "PRIVATE+KEY+"
        text = skey.strip()
        parts = text[len(prefix) :].split("+", 2)
        try:
            name, key_id, body = parts
            octets = _unbase64(body)
            if not text.startswith(prefix) or len(octets) != 33 or octets[0] not in (ED25519, COSIGNATURE):
                raise ValueError
        except (ValueError, binascii.Error):  # the chain would show the text, which is secret
            raise LedgerError(codes.BAD_KEY, cause="expected PRIVATE+KEY+name+8 hex digits+base64") from None
        signer = cls(name, Ed25519PrivateKey.from_private_bytes(octets[1:]), octets[0])
        if signer.verifier.key_id.hex() != key_id:
            raise LedgerError(codes.BAD_KEY, place=name, cause="the key id does not belong to the key")
        return signer

    def secret(self) -> str:
        """The key as text, for its file (mode 0600) and nothing else."""
        body = base64.b64encode(bytes([self.verifier.algorithm]) + self._private.private_bytes_raw()).decode()
        return f"PRIVATE+KEY+{self.name}+{self.verifier.key_id.hex()}+{body}"

    def sign(self, text: str) -> Signature:
        """The signature over a note's text."""
        return Signature(self.name, self.verifier.key_id, self._private.sign(text.encode()))

    def note(self, text: str) -> bytes:
        """`text` as a note with this signature."""
        check_text(text)
        return Note(text, (self.sign(text),)).octets()


def check_text(text: str) -> None:
    """Return if `text` may be signed: it ends in a newline and has no other control characters."""
    if not text.endswith("\n") or _CONTROL.search(text):
        raise LedgerError(codes.NOT_FITTING, cause="a note's text ends in a newline and has no control characters")


def parse_note(octets: bytes) -> Note:
    """The note, taken apart strictly; `LedgerError` LED-001 when it is not one."""
    if len(octets) > MAX_NOTE_OCTETS:
        raise _bad(f"expected at most {MAX_NOTE_OCTETS:,} octets, observed {len(octets):,}")
    try:
        whole = octets.decode()
    except UnicodeDecodeError as error:
        raise _bad("it is not UTF-8") from error
    if _CONTROL.search(whole):
        raise _bad("it has control characters")
    at = whole.rfind("\n\n")
    if at < 0 or not whole.endswith("\n"):
        raise _bad("there is no empty line before signatures")
    lines = whole[at + 2 :].split("\n")[:-1]
    if not 0 < len(lines) <= MAX_SIGNATURES:
        raise _bad(f"expected 1 to {MAX_SIGNATURES} signatures, observed {len(lines)}")
    return Note(whole[: at + 1], tuple(_parse_line(line) for line in lines))


def _parse_line(line: str) -> Signature:
    name, space, body = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not _NAME.fullmatch(name):
        raise _bad("a signature line is malformed")
    try:
        octets = _unbase64(body)
    except (ValueError, binascii.Error) as error:
        raise _bad("a signature is not canonical base64") from error
    if len(octets) < 5:
        raise _bad("a signature is too short")
    return Signature(name, octets[:4], octets[4:])


def _bad(cause: str) -> LedgerError:
    return LedgerError(codes.BAD_NOTE, cause=cause)


def verified(note: Note, keys: Sequence[Verifier]) -> dict[Verifier, datetime | None]:
    """Which of `keys` signed the note, each with the time that a cosignature states.

    Signatures by unknown keys are ignored; one that claims a known key and does not hold is `LedgerError` LED-002.
    """
    found: dict[Verifier, datetime | None] = {}
    by_id = {(key.name, key.key_id): key for key in keys}
    for signature in note.signatures:
        key = by_id.get((signature.name, signature.key_id))
        if key is not None and key not in found:
            found[key] = key.verify(note.text, signature)
    return found


def open_note(octets: bytes, key: Verifier) -> str:
    """The text of a note that `key` signed; `LedgerError` LED-001 to LED-003 otherwise."""
    note = parse_note(octets)
    if key not in verified(note, [key]):
        raise LedgerError(codes.NOT_SIGNED, cause=f"expected a signature by {key.name}+{key.key_id.hex()}")
    return note.text
