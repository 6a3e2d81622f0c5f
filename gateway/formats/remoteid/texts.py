"""Octets of the broadcast's text fields as texts that every format can carry."""

from __future__ import annotations

from functools import lru_cache

from gateway.formats.remoteid.messages import REGISTRATION, SERIAL, SESSION, UTM, BasicId
from gateway.track import Identifier

SCHEMES = {SERIAL: "uas_serial", REGISTRATION: "uas_registration", UTM: "uas_utm", SESSION: "uas_session"}
_UUID_OCTETS = 16
_GARBLED = "GARBLED"


def plain(octets: bytes) -> tuple[str, bool]:
    """(the text, whether it was clean): ASCII by the standard, UTF-8 by habit; anything else is written ``\\x9f``."""
    try:
        text = octets.decode("utf-8").strip(" ")
    except UnicodeDecodeError:
        text = ""
    if text.isprintable() and (text or not octets.strip(b" ")):
        return text, True
    return "".join([chr(one) if 0x20 <= one < 0x7F else f"\\x{one:02x}" for one in octets]), False


@lru_cache(maxsize=4_096)
def identifier(message: BasicId) -> Identifier | None:
    """The id of a Basic ID message under its scheme; nothing for an empty one, or one of no declared kind."""
    octets = message.uas_id
    scheme = SCHEMES.get(message.id_type)
    if scheme is None or not octets:
        return None
    if message.id_type == UTM:  # RFC 9562, binary; some write it as text
        padded = octets.ljust(_UUID_OCTETS, b"\0")
        if len(padded) == _UUID_OCTETS:
            digits = padded.hex()
            return Identifier(scheme, "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])))
        return Identifier(scheme, octets.hex(), _GARBLED)
    if message.id_type == SESSION:  # its first octet says which kind of session id the others are
        return Identifier(scheme, octets.hex())
    text, clean = plain(octets)
    return Identifier(scheme, text, None if clean else _GARBLED) if text else None


def octets_of(scheme: str, value: str) -> bytes | None:
    """What a Basic ID message carries for an identifier; nothing when it has no room or no form for it."""
    if scheme in ("uas_utm", "uas_session"):
        try:
            octets = bytes.fromhex(value.replace("-", ""))
        except ValueError:
            return None
        whole = len(octets) == _UUID_OCTETS if scheme == "uas_utm" else 1 <= len(octets) <= 20
        return octets if whole else None
    octets = value.encode("utf-8", "replace")
    return octets if 1 <= len(octets) <= 20 and b"\0" not in octets else None
